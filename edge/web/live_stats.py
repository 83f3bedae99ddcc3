"""What the live connections count: one `Counters` for each door (Socket.IO, seed 004's WebSocket), read for people by
``GET /api/appointments/websocket/stats`` and for machines by ``/metrics``.

Whoever serves a door fills its counters, on the event loop only::

    counters = live_stats.door("socketio", rooms=lambda: {"queue:…": 3})
    began_s = counters.connected()
    counters.heard(); counters.said(len(receivers)); counters.failed("bad_token"); counters.delayed(seconds)
    counters.disconnected(began_s)
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from shared.clock import transport_s

Door = Literal["socketio", "websocket"]
DOORS: Final[tuple[Door, ...]] = ("socketio", "websocket")
RATE_S: Final = 60
"""Messages a second are counted over the last so many seconds."""
LATENCIES_KEPT: Final = 2_000


@dataclass(frozen=True, slots=True)
class LiveStats:
    """A moment of one door, or of all together. rooms: by name, who is in each.

    error_rate: errors for each message in or out.  latency_ms: p50 and p95 from commit to send, 0 before the first.
    """

    connected_clients: int
    active_rooms: int
    rooms: dict[str, int]
    messages_per_second: float
    messages_in: int
    messages_out: int
    average_connection_seconds: float
    errors: int
    error_rate: float
    latency_ms: tuple[float, float]
    uptime_seconds: float


class Counters:
    """Of one door, since the program started."""

    def __init__(self, now_s: Callable[[], float] = transport_s) -> None:
        self._now_s = now_s
        self.started_s = now_s()
        self.rooms: Callable[[], Mapping[str, int]] = dict
        """By room (or subscription), how many are in it."""
        self.clients = self.clients_ever = self.messages_in = self.messages_out = 0
        self.errors: Counter[str] = Counter()
        """By code."""
        self.latencies_s: deque[float] = deque(maxlen=LATENCIES_KEPT)
        self._began_sum_s = self._ended_sum_s = 0.0
        self._seconds: deque[tuple[int, int]] = deque(maxlen=RATE_S)

    def connected(self) -> float:
        """Somebody connected. Returns what `disconnected` is given."""
        began_s = self._now_s()
        self.clients += 1
        self.clients_ever += 1
        self._began_sum_s += began_s
        return began_s

    def disconnected(self, began_s: float) -> None:
        """That connection is over."""
        self.clients -= 1
        self._began_sum_s -= began_s
        self._ended_sum_s += self._now_s() - began_s

    def heard(self) -> None:
        """A message came in."""
        self.messages_in += 1
        self._count(1)

    def said(self, receivers: int = 1) -> None:
        """A message went out to so many."""
        self.messages_out += receivers
        self._count(receivers)

    def failed(self, code: str) -> None:
        """A message or a connection was refused."""
        self.errors[code] += 1

    def delayed(self, seconds: float) -> None:
        """So long it took from a commit until what it changed was handed to the connections."""
        self.latencies_s.append(seconds)

    def connection_sum_s(self) -> float:
        """How long all connections lasted together, those that are open until now."""
        return self._ended_sum_s + self.clients * self._now_s() - self._began_sum_s

    def per_second(self) -> float:
        """Messages a second in and out, over the last RATE_S."""
        now_s = self._now_s()
        recent = sum(count for second, count in self._seconds if second > int(now_s) - RATE_S)
        return recent / min(RATE_S, max(1.0, now_s - self.started_s))

    def uptime_s(self) -> float:
        """Since the program started."""
        return self._now_s() - self.started_s

    def _count(self, messages: int) -> None:
        second = int(self._now_s())
        if self._seconds and self._seconds[-1][0] == second:
            self._seconds[-1] = (second, self._seconds[-1][1] + messages)
        else:
            self._seconds.append((second, messages))


class Registry:
    """The counters of every door."""

    def __init__(self) -> None:
        self.counters: dict[Door, Counters] = {door: Counters() for door in DOORS}

    def door(self, door: Door, rooms: Callable[[], Mapping[str, int]] | None = None) -> Counters:
        """The counters of one door, for whoever serves it. `rooms` tells who is where at the moment it is asked."""
        counters = self.counters[door]
        if rooms is not None:
            counters.rooms = rooms
        return counters

    def of(self, door: Door) -> LiveStats:
        """One door now."""
        return stats_of([self.counters[door]])

    def together(self) -> LiveStats:
        """All doors now."""
        return stats_of(self.counters.values())


def stats_of(doors: Iterable[Counters]) -> LiveStats:
    """What these doors counted, together."""
    given = list(doors)
    rooms: Counter[str] = Counter()
    for counters in given:
        rooms.update(counters.rooms())
    ever = sum(counters.clients_ever for counters in given)
    messages_in = sum(counters.messages_in for counters in given)
    messages_out = sum(counters.messages_out for counters in given)
    errors = sum(counters.errors.total() for counters in given)
    latencies = sorted(each for counters in given for each in counters.latencies_s)
    return LiveStats(
        connected_clients=sum(counters.clients for counters in given), active_rooms=len(rooms),
        rooms=dict(rooms.most_common()), messages_per_second=sum(counters.per_second() for counters in given),
        messages_in=messages_in, messages_out=messages_out,
        average_connection_seconds=sum(counters.connection_sum_s() for counters in given) / ever if ever else 0.0,
        errors=errors, error_rate=errors / max(1, messages_in + messages_out),
        latency_ms=(_share(latencies, 0.5), _share(latencies, 0.95)),
        uptime_seconds=max((counters.uptime_s() for counters in given), default=0.0),
    )  # fmt: skip


def _share(in_order: list[float], share: float) -> float:
    """In ms, the value that so large a share stays under."""
    return 1000 * in_order[min(len(in_order) - 1, int(share * len(in_order)))] if in_order else 0.0
