"""A booked person is here and says so at the kiosk: ``POST /api/v1/visits/arrive``.

What they bring is the credential for their own visit: the link they were given (its signature is checked), or the eight
digits that go with it. Nothing is listed and nothing personal is answered; whatever fits nothing gets the same answer.
"""

from __future__ import annotations

import sqlite3
from datetime import date, timedelta
from typing import Final

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import Field

from edge.domain import booking_codes, promises
from edge.domain.commands import CheckIn
from edge.domain.visits import Visit
from edge.store import states as tables
from edge.store.states import Row
from edge.web.credentials import Identity
from edge.web.documents import body, errors
from edge.web.faces import Faces
from edge.web.guards import KIOSK, Guards
from edge.web.lookups import own_queue
from edge.web.requests import Requests, Shape, parsed
from edge.web.states import visit_body
from edge.web.wiring import Wiring
from shared.commands import Command
from shared.limits import RateLimit
from shared.problems import Problem

CODE_CHARS_MAX: Final = 800
"""A link with its token."""
TRIES_BURST, TRIES_PER_MINUTE = 20, 10
"""Of one kiosk. Among 200 bookings a guess a time fits one in 500,000: some five weeks of guessing day and night."""
VISITS_LOOKED_AT_MAX: Final = 50_000


class Here(Shape):
    """The link as it was scanned, its token, or the eight digits that go with it."""

    code: str = Field(min_length=1, max_length=CODE_CHARS_MAX)


def routes(wiring: Wiring, guards: Guards, requests: Requests, faces: Faces) -> APIRouter:
    """The route."""
    router = APIRouter(prefix="/api/v1/visits", tags=["visits"])
    zone = wiring.options.zone
    tries = RateLimit(TRIES_BURST, TRIES_PER_MINUTE)

    @router.post("/arrive", responses=errors(400, 401, 403, 404, 409, 415, 422, 503), openapi_extra=body(Here))
    async def arrive(request: Request) -> Response:
        """A booked person is here, by the code of their link, scanned or typed (kiosk or staff).

        `admitted` false: much too early, they join the queue by themselves at `admitted_at`. `already`: nothing changed.
        No answer has a name. 404 whatever the code is that fits none; 429 after too many at one kiosk.
        """
        who = await guards.need(request, KIOSK)
        raw = await request.body()
        wanted = parsed(request, raw, Here, who)
        _slowed(tries, who)
        visit = await _meant(faces, wanted.code.strip())
        if who.kind != "kiosk":
            await own_queue(faces, who, visit)

        def command(command_id: str) -> Command:
            return CheckIn(command_id=command_id, actor=who.actor, device=who.device, visit_id=visit["id"])

        result = await requests.run(request, who, raw, command)
        return Response(orjson.dumps(await _answer(faces, result)), media_type="application/json")

    async def _answer(faces: Faces, result: Row) -> Row:
        visit: Visit = result["visit"]
        ahead = result.get("ahead")
        if ahead is None:
            place = await faces.standing(visit["id"])
            ahead = max(0, place.position - 1) if place and place.position is not None else 0
        low_s, high_s = visit["promised_low_s"], visit["promised_high_s"]
        admitted = bool(result["admitted"])
        return {
            "visit": visit_body(visit, zone), "ahead": ahead, "admitted": admitted,
            "admitted_at": faces.moment(visit["arrived_at" if admitted else "timer_at"]),
            "due_at": faces.moment(visit["due_at"]), "already": bool(result.get("already")),
            "estimate": None if low_s is None or high_s is None else promises.minutes(low_s, high_s),
            **faces.tracking(visit),
        }  # fmt: skip

    return router


def _slowed(tries: RateLimit, who: Identity) -> None:
    """Raises Problem 429 when too much was tried at one kiosk."""
    wait_s = tries.wait_s(who.actor)
    if wait_s:
        raise Problem(
            429, "Too many codes were tried here.", hint="Wait a minute, or go to the desk.", retry_after_s=wait_s
        )


async def _meant(faces: Faces, code: str) -> Visit:
    """The visit that a link, a token or eight digits mean. Raises Problem 400, 404."""
    token = code.rpartition("#")[2]
    if token.count(".") == 2:
        return await faces.tracked(token)
    digits, today = booking_codes.typed(code), faces.today()
    since = (date.fromisoformat(today) - timedelta(days=1)).isoformat()

    def look(conn: sqlite3.Connection) -> Visit | None:
        found = booking_codes.meant(digits, tables.ids_since(conn, since, VISITS_LOOKED_AT_MAX), today)
        return tables.visit(conn, found) if found else None

    visit = await faces.read(look) if digits else None
    if visit is None:
        raise Problem(
            404, "No booking has this code.", code="no_booking", hint="Look at the code again, or go to the desk."
        )
    return visit
