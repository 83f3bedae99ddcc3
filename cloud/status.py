"""What the program says of itself: `/`, `/health`, `/metrics`."""

from __future__ import annotations

import asyncio
import hmac
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import Any, Final

import psycopg
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from cloud.dashboard.live import Overview
from cloud.dashboard.queue_sockets import Counted
from cloud.db.pool import Pool
from cloud.feeder import Feeder
from shared import tokens
from shared.clock import Clock, iso, transport_s
from shared.problems import Problem
from shared.traffic import Answers

LOOPBACK: Final = frozenset(("127.0.0.1", "::1"))
CHECK_S: Final = 2.0

_DAYS: Final = """
select v.site, v.status, extract(hour from to_timestamp(coalesce(v.due_ms, v.arrived_ms, v.created_ms) / 1000)
    at time zone coalesce(nullif(s.timezone, ''), 'UTC')), count(*)
from tiles t join visits v on v.site = t.site and v.day = t.day left join site_state s on s.site = t.site
group by 1, 2, 3 order by 1, 2, 3
"""
Source = Callable[[], Awaitable[list[Metric]]]
"""Numbers of a part that are read from the database at each scrape. Raises psycopg.Error when they cannot be."""
BrokerState = Callable[[], str]
"""Gives "ok", "away" or "none"."""
SHOWN: Final = {"ok": "up", "away": "down", "none": "none"}
"""What a part is called in /health; the same words as at a clinic."""


def router(
    pool: Pool,
    feeder: Feeder,
    overview: Overview,
    counted: Counted,
    clock: Clock,
    broker: BrokerState,
    answers: Answers,
    metrics_key: str = "",
    sources: Sequence[Source] = (),
) -> APIRouter:
    """The doors about the program itself; public but for /metrics, which answers this machine, or who has the key."""
    api = APIRouter(tags=["program"])
    registry = CollectorRegistry()
    numbers = _Numbers(feeder, overview, counted, answers)
    registry.register(numbers)
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)

    @api.get("/", response_model=None)
    async def start(request: Request) -> JSONResponse | RedirectResponse:
        """What this is; a browser is sent to the overview."""
        if "text/html" in request.headers.get("accept", ""):
            return RedirectResponse("/pages/chain", 307)
        return JSONResponse(
            {
                "name": "Outpost cloud",
                "version": version("outpost"),
                "site": None,
                "time": iso(clock.now_ms()),
                "docs": "/docs",
                "health": "/health",
            }
        )

    @api.get("/health")
    async def health(response: Response) -> dict[str, Any]:
        """ok, degraded (something is away, work goes on) or, with 503, down: the database does not answer."""
        facts = {
            "database": SHOWN[await _database(pool)],
            "feed": "down" if feeder.failing else "up",
            "broker": SHOWN[broker()],
            "cloud_link": "none",
            "clock": "up" if clock.trusted() else "down",
        }
        status = "down" if facts["database"] == "down" else "degraded" if "down" in facts.values() else "ok"
        response.status_code = 503 if status == "down" else 200
        return {"status": status, **facts, "version": version("outpost"), "time": iso(clock.now_ms())}

    @api.get("/metrics", include_in_schema=False)
    async def metrics(request: Request) -> Response:
        given = tokens.bearer_of(request.headers)
        by_key = bool(metrics_key) and given is not None and hmac.compare_digest(given.encode(), metrics_key.encode())
        is_here = request.client is not None and request.client.host in LOOPBACK
        if not by_key and (not is_here or "x-forwarded-for" in request.headers):
            raise Problem(403, "Metrics are for this machine, or with the metrics key.", hint="Set metrics_key.")
        numbers.days = await _days(pool)
        numbers.more = [metric for source in sources for metric in await _asked(source)]
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return api


async def _days(pool: Pool) -> list[tuple[str, str, int, int]]:
    """Of every site's open day: (site, status, hour of its clock, visits). Nothing while the database is away."""
    try:
        async with asyncio.timeout(CHECK_S), pool.transaction() as conn:
            found = await conn.execute(_DAYS)
            return [(row[0], row[1], int(row[2]), row[3]) for row in await found.fetchall()]
    except (psycopg.Error, TimeoutError):
        return []


async def _asked(source: Source) -> list[Metric]:
    """What a part says of itself; nothing while the database is away."""
    try:
        async with asyncio.timeout(CHECK_S):
            return await source()
    except (psycopg.Error, TimeoutError):
        return []


async def _database(pool: Pool) -> str:
    try:
        async with asyncio.timeout(CHECK_S):
            await pool.check()
    except (psycopg.Error, TimeoutError):
        return "away"
    return "ok"


class _Numbers:
    """Read at each scrape. The names are those of the clinic's own metrics, with the site as a label."""

    def __init__(self, feeder: Feeder, overview: Overview, counted: Counted, answers: Answers) -> None:
        self._feeder = feeder
        self._overview = overview
        self._counted = counted
        self._answers = answers
        self._started_s = transport_s()
        self.days: list[tuple[str, str, int, int]] = []
        """Set before each scrape, as `more` is."""
        self.more: list[Metric] = []

    def collect(self) -> Iterator[Metric]:
        """The numbers now."""
        yield from self._program()
        yield from self._sites()
        yield from self._door()
        yield from self.more

    def _sites(self) -> Iterator[Metric]:
        statuses: Counter[tuple[str, str]] = Counter()
        hours: Counter[tuple[str, str]] = Counter()
        for site, status, hour, count in self.days:
            statuses[site, status] += count
            if status not in ("cancelled", "waitlisted"):
                hours[site, f"{hour:02}"] += count
        yield _gauge("appointments", "Visits of the open day by status.", ("site", "status"), statuses)
        yield _gauge("appointments_by_hour", "Visits of the open day by hour there.", ("site", "hour"), hours)
        tiles = self._overview.tiles(None)
        over = {tile.site: tile.completed_today + tile.no_show_today for tile in tiles}
        yield _gauge("average_wait_seconds", "From joining the queue to the call.", ("site",), {
            (tile.site,): tile.wait_mean_s or 0 for tile in tiles
        })  # fmt: skip
        yield _gauge("no_show_rate", "Of visits that are over (0 to 1).", ("site",), {
            (tile.site,): tile.no_show_today / over[tile.site] if over[tile.site] else 0 for tile in tiles
        })  # fmt: skip
        yield _gauge("early_arrivals", "Booked, and here before their time.", ("site",), {
            (tile.site,): tile.early_today for tile in tiles
        })  # fmt: skip
        yield _gauge("promises_kept_rate", "Promised waits that held (0 to 1).", ("site",), {
            (tile.site,): tile.kept_today / tile.promised_today for tile in tiles if tile.promised_today
        })  # fmt: skip

    def _door(self) -> Iterator[Metric]:
        counted, door = self._counted, "websocket"
        yield _gauge("connected_clients", "Live connections.", ("door",), {(door,): counted.clients})
        yield _gauge("subscriptions", "Days that are watched.", ("door",), {(door,): counted.subscriptions})
        said = {(door, "in"): counted.messages_in, (door, "out"): counted.messages_out}
        yield _counter("live_messages", "Live messages since the start.", ("door", "direction"), said)
        ever = {(door,): counted.clients_ever}
        yield _counter("live_connections", "Live connections since the start.", ("door",), ever)
        lasted = {(door,): counted.connection_s}
        yield _counter("live_connection_seconds", "How long those lasted that are over.", ("door",), lasted)
        errors = {(door, code): n for code, n in counted.errors.items()}
        yield _counter("live_errors", "Messages and connections refused.", ("door", "code"), errors)

    def _program(self) -> Iterator[Metric]:
        yield _counter("http_requests", "Answers by route and status.", ("route", "status"), self._answers.by_status)
        times = HistogramMetricFamily(
            "outpost_http_request_seconds", "From a request until its answer begins.", labels=["route"]
        )
        for route, buckets, total in self._answers.times.each():
            times.add_metric([route], buckets, total)
        yield times
        yield GaugeMetricFamily(
            "outpost_uptime_seconds", "Since the program started.", value=transport_s() - self._started_s
        )
        yield CounterMetricFamily("outpost_reader_batches", "Batches readers did.", value=self._feeder.batches)
        yield CounterMetricFamily(
            "outpost_reader_failures", "Batches the database failed.", value=self._feeder.failures
        )
        totals = self._overview.chain(None).totals
        sites = GaugeMetricFamily("outpost_sites", "Sites by state.", labels=["state"])
        for state in ("live", "silent", "never"):
            sites.add_metric([state], getattr(totals, state))
        yield sites
        for name, meaning in (
            ("waiting", "People waiting in all sites."),
            ("unsent", "Events the sites have not sent yet."),
            ("alerts_open", "Alerts that need somebody."),
            ("dead_letters", "Events on a shelf."),
            ("late", "Events of stores that were replaced."),
        ):
            yield GaugeMetricFamily(f"outpost_{name}", meaning, value=getattr(totals, name))


def _gauge(name: str, meaning: str, labels: tuple[str, ...], values: Mapping[Any, float]) -> Metric:
    family = GaugeMetricFamily(f"outpost_{name}", meaning, labels=labels)
    for at, value in values.items():
        family.add_metric(list(at), value)
    return family


def _counter(name: str, meaning: str, labels: tuple[str, ...], values: Mapping[Any, float]) -> Metric:
    family = CounterMetricFamily(f"outpost_{name}", meaning, labels=labels)
    for at, value in values.items():
        family.add_metric(list(at), value)
    return family
