"""``/health`` for everybody, ``/metrics`` for this machine: is it up, and how much of what."""

from __future__ import annotations

import asyncio
import hmac
import sqlite3
from collections import Counter
from typing import Any, Final

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from edge.app.dispatcher import NotDone
from edge.domain.account_commands import ConfirmClock
from edge.web.credentials import is_loopback
from edge.web.documents import body, errors
from edge.web.guards import RECEPTION, Guards
from edge.web.live import LiveFeed
from edge.web.metrics import Metrics
from edge.web.requests import Requests, Shape, parsed
from edge.web.wiring import Wiring
from shared import tokens
from shared.clock import transport_s
from shared.problems import Problem
from shared.timings import Timings

PROBE_EVERY_S: Final = 2.0
"""The database is written for a health check at most this often, however many ask."""
PROBE_TIMEOUT_S: Final = 3.0
CONFIRM_WITHIN_MS: Final = 5 * 60_000
HINTS: Final[dict[str, str]] = {
    "database": "The disk refuses writes: check free space and the SD card; no token is given until it is well again.",
    "feed": "Screens are not told of changes: restart the program.",
    "cloud_link": "Head office is not reached; the clinic goes on. Check the internet line; nothing is lost.",
    "broker": "Messages go over HTTPS instead of MQTT. Check that port 8883 is not blocked.",
    "clock": "The time is not trusted, so no new day opens. Connect the network, or confirm it: edge confirm-time.",
    "printer": "Look at the ticket printer: paper, cover, cable, power. Numbers are on the screen meanwhile.",
    "speaker": "Look at the loudspeaker and its cable. Calls are on the screen meanwhile.",
}


class Health:
    """Looks at the parts. `status` is "ok" or "degraded"; only a database that cannot be written makes it 503."""

    def __init__(self, wiring: Wiring, feed: LiveFeed, metrics: Metrics) -> None:
        self._wiring, self._feed, self._metrics = wiring, feed, metrics
        self._probed_s = -PROBE_EVERY_S
        self._database = "up"
        self._probing = asyncio.Lock()
        self.requests: Counter[tuple[str, int]] = Counter()
        self.times = Timings()
        """From a request until its answer begins, by route."""

    async def look(self) -> dict[str, Any]:
        """The answer of /health: each part "up" or "down" ("none" where there is no such thing)."""
        facts = self._wiring.facts()
        parts = {
            "database": await self._database_state(),
            "feed": "up" if self._feed.is_alive() else "down",
            "cloud_link": facts.link,
            "broker": facts.broker,
            "clock": "up" if self._wiring.clock.trusted() else "down",
            **{name: "down" if state not in ("up", "none") else state for name, state in facts.parts.items()},
        }
        wrong = [name for name, state in parts.items() if state == "down"]
        return {
            "status": "degraded" if wrong else "ok", **parts, "version": self._wiring.options.version,
            "hints": {name: HINTS[name] for name in wrong if name in HINTS},
        }  # fmt: skip

    async def _database_state(self) -> str:
        async with self._probing:
            if transport_s() - self._probed_s >= PROBE_EVERY_S:
                try:
                    async with asyncio.timeout(PROBE_TIMEOUT_S):
                        await self._wiring.probe()
                    self._database = "up"
                except (NotDone, TimeoutError, sqlite3.Error):
                    self._database = "down"
                self._probed_s = transport_s()
            return self._database

    async def metrics(self) -> bytes:
        """Prometheus text."""
        parts = {name: state for name, state in (await self.look()).items() if state in ("up", "down")}
        return await self._metrics.text(self.requests, self.times, parts)


class Shown(Shape):
    """The time a person read and found right, so that a page left open cannot confirm another one."""

    now_ms: int


def routes(wiring: Wiring, health: Health, guards: Guards, requests: Requests) -> APIRouter:
    """/health, /metrics and the confirmation of the time."""
    router = APIRouter(tags=["health"])

    @router.post(
        "/api/v1/clock/confirm", status_code=204, responses=errors(401, 403, 409, 415, 503), openapi_extra=body(Shown)
    )
    async def confirm(request: Request) -> Response:
        """Say that the time shown is right (reception or manager), where a person vouches for it."""
        who = await guards.need(request, RECEPTION)
        raw = await request.body()
        shown, clock = parsed(request, raw, Shown, who), wiring.clock
        if abs(clock.now_ms() - shown.now_ms) > CONFIRM_WITHIN_MS * max(1.0, clock.factor):
            raise Problem(409, "That is not the time shown any more.", code="wrong_time", hint="Read it again.")
        await requests.run(
            request, who, raw, lambda cid: ConfirmClock(command_id=cid, actor=who.actor, shown_ms=shown.now_ms)
        )
        clock.confirmed = True
        return Response(status_code=204)

    @router.get("/health", responses=errors(503))
    async def look(request: Request) -> Response:
        """Up or down, part by part. 503 only when the database cannot be written."""
        answer = await health.look()
        return Response(
            orjson.dumps(answer), 503 if answer["database"] == "down" else 200, media_type="application/json",
            headers={"cache-control": "no-store"},
        )  # fmt: skip

    @router.get("/metrics", response_class=PlainTextResponse, responses=errors(403, 503))
    async def metrics(request: Request) -> Response:
        """Prometheus text, for this machine or with the metrics key."""
        key, given = wiring.options.metrics_key, tokens.bearer_of(request.headers)
        by_key = bool(key) and given is not None and hmac.compare_digest(given.encode(), key.encode())
        if not by_key and not is_loopback(request):
            raise Problem(403, "Metrics are for this machine, or with the metrics key.", hint="Set metrics_key.")
        return Response(await health.metrics(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return router
