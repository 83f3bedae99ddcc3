"""What live connections count."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from edge.web.live_stats import Counters, stats_of


@dataclass
class Time:
    """Stands still until it is moved."""

    now_s: float = 1000.0

    def __call__(self) -> float:
        """Now, in seconds."""
        return self.now_s


def test_connections_count_as_long_as_they_lasted_those_open_until_now() -> None:
    time = Time()
    counters = Counters(time)
    first, _ = counters.connected(), counters.connected()
    time.now_s += 10
    counters.disconnected(first)
    time.now_s += 20
    stats = stats_of([counters])
    assert stats.connected_clients == 1 and stats.average_connection_seconds == pytest.approx((10 + 30) / 2)
    assert stats.uptime_seconds == 30


def test_messages_a_second_are_those_of_the_last_minute() -> None:
    time = Time()
    counters = Counters(time)
    time.now_s += 600
    counters.said(120)
    assert stats_of([counters]).messages_per_second == pytest.approx(2.0)
    time.now_s += 61
    counters.heard()
    stats = stats_of([counters])
    assert stats.messages_per_second == pytest.approx(1 / 60)
    assert stats.messages_in == 1 and stats.messages_out == 120


def test_doors_are_added_up_and_an_empty_one_divides_nothing_by_nothing() -> None:
    one, other = Counters(), Counters()
    one.rooms, other.rooms = (lambda: {"a": 2}), (lambda: {"a": 1, "b": 1})
    one.failed("bad_token")
    one.heard()
    one.said()
    for n in range(100):
        other.delayed(n / 1000)
    stats = stats_of([one, other])
    assert stats.rooms == {"a": 3, "b": 1} and stats.active_rooms == 2
    assert stats.errors == 1 and stats.error_rate == 0.5
    assert stats.latency_ms == pytest.approx((50, 95))
    assert stats_of([Counters()]).average_connection_seconds == 0
