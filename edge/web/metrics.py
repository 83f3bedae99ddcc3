"""What the clinic tells Prometheus (interfaces §8), made when it is asked for: from rows, and from counters that are kept
anyway. The library is imported at the first scrape, so that a start does not pay for it.

Names are `outpost_...`. A Grafana dashboard for them is deploy/grafana/outpost.json.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import shutil
import sqlite3
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from edge.store import day_numbers, effects, outbox, states
from edge.web.faces import Faces
from edge.web.live import LiveFeed
from edge.web.live_stats import DOORS, Registry
from edge.web.wiring import Wiring
from shared.clock import wall_s
from shared.timings import Timings

Values = Mapping[Any, float]
"""By a tuple of label values."""


class Read(NamedTuple):
    """What one scrape reads, all of one commit."""

    day: str
    numbers: day_numbers.DayNumbers
    effects: dict[tuple[str, str], int]
    waiting: dict[str, int]
    unsent: list[int]
    lag_ms: list[int]
    dead_letters: int
    file: str


class Metrics:
    """Collects. `requests` and `times` are counted by the layer around every request."""

    def __init__(self, wiring: Wiring, faces: Faces, feed: LiveFeed, live: Registry, reads: Timings) -> None:
        self._wiring, self._faces, self._feed, self._live, self._reads = wiring, faces, feed, live, reads
        self._process: Any = None

    async def text(
        self, requests: Mapping[tuple[str, int], int], times: Timings, parts: Mapping[str, str]
    ) -> bytes:  # fmt: skip
        """A scrape. parts: each "up", "down" or "none". Raises Problem 503."""
        await asyncio.to_thread(importlib.import_module, "prometheus_client")  # nobody waits for a first scrape
        from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector, generate_latest

        read = await self._faces.read(self._look)
        out = _Families()
        self._clinic(out, read)
        self._live_doors(out)
        self._parts(out, read, parts)
        out.counter("http_requests", "Answers by route and status.", ("route", "status"), {
            (route, str(status)): n for (route, status), n in requests.items()
        })  # fmt: skip
        out.histogram("http_request_seconds", "From a request until its answer begins.", "route", times)
        out.histogram("database_seconds", "Reading from the database, by query.", "query", self._reads)
        if self._process is None:
            self._process = CollectorRegistry()
            ProcessCollector(registry=self._process)
            PlatformCollector(registry=self._process)
        registry = CollectorRegistry()
        registry.register(out)
        return bytes(generate_latest(registry) + generate_latest(self._process))

    def _look(self, conn: sqlite3.Connection) -> Read:
        zone = self._faces.zone
        day = states.open_day(conn) or self._faces.today()
        (letters,) = conn.execute("select count(*) from dead_letters").fetchone()
        return Read(
            day, day_numbers.day_numbers(conn, day, lambda ms: datetime.fromtimestamp(ms / 1000, zone).hour),
            day_numbers.effects(conn), effects.waiting(conn), outbox.unsent(conn),
            day_numbers.lag_ms(conn, self._faces.now_ms()), letters, day_numbers.path(conn),
        )  # fmt: skip

    def _clinic(self, out: _Families, read: Read) -> None:
        """The day that is open, else today."""
        day = read.numbers
        out.gauge("appointments", "Visits of the day by status.", ("status",), _one(day.statuses))
        hours = {(f"{hour:02}",): n for hour, n in sorted(day.hours.items())}
        out.gauge("appointments_by_hour", "Visits of the day by hour of the site's clock.", ("hour",), hours)
        average = day.wait_ms / day.waits / 1000 if day.waits else 0.0
        out.gauge("average_wait_seconds", "From arrival to the call, of those seen or called that day.", value=average)
        out.gauge(
            "no_show_rate", "Of the day's visits that are over, who did not come (0 to 1).", value=day.no_show_rate
        )
        out.gauge("early_arrivals", "Booked for the day and here before their time.", value=day.early)
        out.gauge("booked_arrivals", "Booked for the day and here.", value=day.booked_here)

    def _live_doors(self, out: _Families) -> None:
        doors = {door: self._live.counters[door] for door in DOORS}
        clients = {(door,): counted.clients for door, counted in doors.items()} | {("pages",): self._feed.clients}
        out.gauge("connected_clients", "Live connections.", ("door",), clients)
        rooms = {door: counted.rooms() for door, counted in doors.items()}
        out.gauge(
            "active_rooms",
            "Rooms or dates with somebody in them.",
            ("door",),
            _one({d: len(r) for d, r in rooms.items()}),
        )
        members = {door: sum(found.values()) for door, found in rooms.items()}
        out.gauge("subscriptions", "Who is in those rooms, all together.", ("door",), _one(members))
        said: dict[tuple[str, str], int] = {("pages", "out"): self._feed.sent}
        for door, counted in doors.items():
            said[door, "in"], said[door, "out"] = counted.messages_in, counted.messages_out
        out.counter("live_messages", "Live messages since the start.", ("door", "direction"), said)
        rates = {door: counted.per_second() for door, counted in doors.items()}
        out.gauge("live_messages_per_second", "In and out, over the last minute.", ("door",), _one(rates))
        ever = {door: counted.clients_ever for door, counted in doors.items()}
        out.counter("live_connections", "Live connections since the start.", ("door",), _one(ever))
        lasted = {door: counted.connection_sum_s() for door, counted in doors.items()}
        out.counter(
            "live_connection_seconds", "How long they lasted, those still open until now.", ("door",), _one(lasted)
        )
        errors = {(door, code): n for door, counted in doors.items() for code, n in counted.errors.items()}
        out.counter("live_errors", "Messages and connections refused.", ("door", "code"), errors)
        out.counter(
            "live_let_go", "Clients of pages that did not read and were told to reload.", value=self._feed.let_go
        )
        latency = {
            (door, str(share)): ms / 1000
            for door in DOORS
            for share, ms in zip((0.5, 0.95), self._live.of(door).latency_ms, strict=True)
        }
        out.gauge("feed_latency_seconds", "From a commit to the send, of the last 2000.", ("door", "quantile"), latency)
        out.gauge("uptime_seconds", "Since the program started.", value=self._live.together().uptime_seconds)

    def _parts(self, out: _Families, read: Read, parts: Mapping[str, str]) -> None:
        commits, failed = self._wiring.commits()
        out.counter("commits", "Transactions on the disk.", ("outcome",), {("done",): commits, ("failed",): failed})
        lanes = {(str(lane),): n for lane, n in enumerate(read.unsent)}
        out.gauge("unsent_events", "Events head office has not acknowledged, by lane.", ("lane",), lanes)
        lags = {(str(lane),): ms / 1000 for lane, ms in enumerate(read.lag_ms)}
        out.gauge("sync_lag_seconds", "Age of the oldest of them.", ("lane",), lags)
        out.gauge(
            "effects", "Slips, calls and notices by state; settled ones of a week.", ("kind", "state"), read.effects
        )
        out.gauge("effects_waiting", "Slips, calls and notices still to be done.", ("kind",), _one(read.waiting))
        out.gauge("dead_letters", "Events nobody could take; a person has to look.", value=read.dead_letters)
        out.counter("cache_reads", "Reads of the whole queue, kept or made anew.", ("outcome",), {
            ("hit",): self._faces.houses_kept, ("miss",): self._faces.houses_made,
        })  # fmt: skip
        disk = shutil.disk_usage(os.path.dirname(read.file))
        out.gauge("disk_free_bytes", "Free where the database is.", value=disk.free)
        out.gauge("disk_size_bytes", "Size of the disk where the database is.", value=disk.total)
        out.gauge("database_bytes", "Size of the database and its log.", value=_size(read.file))
        clock = self._wiring.clock
        out.gauge("clock_trusted", "Whether somebody vouches for the time.", value=clock.trusted())
        ahead_s = clock.now_ms() / 1000 - wall_s()
        out.gauge("clock_ahead_seconds", "The clinic's time less the system's.", value=ahead_s)
        up = {(name,): float(state == "up") for name, state in parts.items() if state in ("up", "down")}
        out.gauge("up", "Whether a part is up.", ("part",), up)


class _Families:
    """What a registry collects: families of one scrape."""

    def __init__(self) -> None:
        self._made: list[Any] = []

    def collect(self) -> Iterable[Any]:
        return self._made

    def gauge(
        self, name: str, meaning: str, labels: tuple[str, ...] = (),
        values: Values | None = None, value: float = 0.0,
    ) -> None:  # fmt: skip
        from prometheus_client.metrics_core import GaugeMetricFamily

        self._add(GaugeMetricFamily(f"outpost_{name}", meaning, labels=labels), labels, values, value)

    def counter(
        self, name: str, meaning: str, labels: tuple[str, ...] = (),
        values: Values | None = None, value: float = 0.0,
    ) -> None:  # fmt: skip
        from prometheus_client.metrics_core import CounterMetricFamily

        self._add(CounterMetricFamily(f"outpost_{name}", meaning, labels=labels), labels, values, value)

    def histogram(self, name: str, meaning: str, label: str, timings: Timings) -> None:
        from prometheus_client.metrics_core import HistogramMetricFamily

        family = HistogramMetricFamily(f"outpost_{name}", meaning, labels=(label,))
        for named, buckets, total in timings.each():
            family.add_metric((named,), buckets, total)
        self._made.append(family)

    def _add(self, family: Any, labels: tuple[str, ...], values: Values | None, value: float) -> None:
        for labelled, each in (values or {}).items() if labels else [((), value)]:
            family.add_metric(labelled, float(each))
        self._made.append(family)


def _one(values: Values) -> Values:
    """Values by one label."""
    return {(name,): value for name, value in values.items()}


def _size(file: str) -> int:
    return sum(os.path.getsize(name) for name in (file, f"{file}-wal") if os.path.exists(name))
