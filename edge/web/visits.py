"""Our own visits over HTTP: the kiosk's button, call next, undo. What is done with one visit stands in `acts`.

``POST /api/v1/visits`` is the hot route: it reads raw bytes, looks its credential up, hands in one command and answers
raw bytes; no dependency is resolved and no model is built for the answer.
"""

from __future__ import annotations

from typing import Any, Final

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from pydantic import Field
from starlette.routing import Route

from edge.domain import commands, promises
from edge.web.documents import body, errors
from edge.web.faces import Faces
from edge.web.guards import CLINICAL, KIOSK, Guards, own
from edge.web.lookups import doctor_of
from edge.web.requests import NoBody, Requests, Shape, parsed
from edge.web.states import visit_body
from edge.web.wiring import Wiring
from shared.commands import Command
from shared.problems import Problem

JSON: Final = "application/json"
ISSUE: Final = "/api/v1/visits"
KIOSK_URGENCY_MAX: Final = 7
"""What counts from a kiosk until staff confirm (decision 8)."""


class Arrival(Shape):
    """Somebody wants a token. `service` is a letter; without one the first open service. `urgency` 0 to 10, usually 5."""

    service: str | None = Field(default=None, pattern=r"^[A-Z]$")
    urgency: int = Field(default=5, ge=0, le=10)


class Undo(Shape):
    """The `undo_id` an act answered with."""

    undo_id: str = Field(min_length=1, max_length=200)


def routes(wiring: Wiring, guards: Guards, requests: Requests, faces: Faces) -> APIRouter:
    """The routes under /api/v1/visits and /api/v1/doctors."""
    router = APIRouter(prefix="/api/v1", tags=["visits"])
    zone = wiring.options.zone

    @router.post(
        "/visits", status_code=201, responses=errors(401, 403, 409, 415, 422, 503), openapi_extra=body(Arrival)
    )
    async def issue(request: Request) -> Response:
        """Draw a token for somebody who has arrived (kiosk or staff). It is on disk when the answer comes.

        `estimate`: the wait promised, in minutes, the same as on the slip; null while no doctor is here.
        """
        who = await guards.need(request, KIOSK)
        raw = await request.body()
        wanted = parsed(request, raw, Arrival, who)
        urgency = min(wanted.urgency, KIOSK_URGENCY_MAX) if who.kind == "kiosk" else wanted.urgency

        def command(command_id: str) -> Command:
            return commands.IssueToken(
                command_id=command_id, actor=who.actor, device=who.device, service=wanted.service, urgency=urgency
            )

        result = await requests.run(request, who, raw, command)
        visit = result["visit"]
        low_s, high_s = visit["promised_low_s"], visit["promised_high_s"]
        estimate = None if low_s is None or high_s is None else promises.minutes(low_s, high_s)
        answer = {
            "visit": visit_body(visit, zone), "ahead": result["ahead"], "estimate": estimate, **faces.tracking(visit),
        }  # fmt: skip
        return Response(orjson.dumps(answer), 201, media_type=JSON)

    @router.post("/visits/undo", responses=errors(401, 403, 404, 409, 415, 422, 503), openapi_extra=body(Undo))
    async def undo(request: Request) -> Response:
        """Take an act back, if nothing came between (staff; a doctor only what the doctor did)."""
        who = await guards.need(request, CLINICAL)
        raw = await request.body()
        undo_id = parsed(request, raw, Undo, who).undo_id
        if who.only_doctor and not undo_id.startswith(f"http:{who.actor}:"):
            raise Problem(403, "This was done by somebody else.", hint="Ask them, or a manager, to undo it.")

        def command(command_id: str) -> Command:
            return commands.Undo(command_id=command_id, actor=who.actor, device=who.device, undo_id=undo_id)

        result = await requests.run(request, who, raw, command)
        return _json({"visits": [visit_body(visit, zone) for visit in result["visits"]]})

    @router.post(
        "/doctors/{doctor_id}/call-next",
        responses=errors(401, 403, 404, 409, 415, 422, 503),
        openapi_extra=body(NoBody),
    )
    async def call_next(request: Request, doctor_id: str) -> Response:
        """Call whoever the queue puts first to this doctor's room (reception or nurse; a doctor for the own queue)."""
        who = await guards.need(request, CLINICAL)
        raw = await request.body()
        parsed(request, raw, NoBody, who)
        doctor = await doctor_of(faces, doctor_id)
        own(who, doctor["id"])

        def command(command_id: str) -> Command:
            return commands.CallNext(
                command_id=command_id, actor=who.actor, device=who.device, doctor_id=doctor["id"]
            )  # fmt: skip

        result = await requests.run(request, who, raw, command)
        return _json({"visit": visit_body(result["visit"], zone), "undo_id": result["undo_id"]})

    return router


def hot_route(router: APIRouter) -> Route:
    """The route that issues, as Starlette runs it: the same function without FastAPI's layers around it, which take a
    third of its time and give it nothing. The router's own stays for /openapi.json."""
    (found,) = [r for r in router.routes if isinstance(r, APIRoute) and r.path == ISSUE and r.methods == {"POST"}]
    return Route(ISSUE, found.endpoint, methods=["POST"])


def _json(answer: Any) -> Response:
    return Response(orjson.dumps(answer), media_type=JSON)
