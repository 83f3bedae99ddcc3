"""Emergency messages that are not ended, and how honest the promised waits of a day were."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request, Response

from edge.domain.booking_commands import EndMessage
from edge.domain.estimates import Accuracy
from edge.store import face_003 as rows
from edge.store.states import Row
from edge.web.documents import body, errors
from edge.web.face_003_acts import DESK_OR_DOCTOR
from edge.web.face_003_asked import DayAsked, day_of
from edge.web.faces import Faces, given_id
from edge.web.guards import MANAGER, STAFF, Guards, own
from edge.web.lookups import doctor_of
from edge.web.requests import NoBody, Requests, parsed
from edge.web.wiring import Wiring
from shared.problems import Problem


def routes(wiring: Wiring, guards: Guards, requests: Requests, faces: Faces) -> APIRouter:
    """The paths /api/v1/broadcasts and /api/v1/reports/promises."""
    router = APIRouter(prefix="/api/v1")

    @router.get("/broadcasts", tags=["broadcasts"], responses=errors(401, 403, 404, 503))
    async def listed(
        request: Request,
        doctor_id: Annotated[str | None, Query(max_length=64, description="Only of this doctor.")] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        cursor: Annotated[str | None, Query(max_length=64, description="The id of the last one seen.")] = None,
    ) -> Response:
        """Emergency messages that are not ended, newest first (staff). The next page is in the header `Link`."""
        await guards.need(request, STAFF)
        doctor = await doctor_of(faces, doctor_id) if doctor_id is not None else None
        every = await faces.read(lambda conn: rows.broadcasts(conn, doctor["id"] if doctor else None))
        ids = [message["id"] for message in every]
        first = ids.index(cursor) + 1 if cursor in ids else 0
        page = every[first : first + limit]
        headers = {"X-Total-Count": str(len(every))}
        if page and first + limit < len(every):
            asked = request.url.include_query_params(cursor=page[-1]["id"], limit=limit)
            headers["Link"] = f'<{asked.path}?{asked.query}>; rel="next"'
        return _json([_message(message, faces) for message in page], headers)

    @router.post(
        "/broadcasts/{broadcast_id}/end", tags=["broadcasts"],
        responses=errors(401, 403, 404, 415, 422, 503), openapi_extra=body(NoBody),
    )  # fmt: skip
    async def end(request: Request, broadcast_id: str) -> Response:
        """What the message said is over; its delay leaves the estimates (reception; a doctor the own). Twice is once."""
        who = await guards.need(request, DESK_OR_DOCTOR)
        raw = await request.body()
        parsed(request, raw, NoBody, who)
        id_ = given_id(broadcast_id, small=False)
        found = await faces.read(lambda conn: rows.broadcast(conn, id_))
        if found is None:
            raise Problem(404, "There is no such message.", hint="Read the list again.")
        own(who, found["doctor_id"])

        def command(cid: str) -> EndMessage:
            return EndMessage(command_id=cid, actor=who.actor, device=who.device, broadcast_id=id_)

        result = await requests.run(request, who, raw, command)
        return _json(_message(result["broadcast"], faces))

    @router.get("/reports/promises", tags=["reports"], responses=errors(401, 403, 503))
    async def promises(request: Request, date: DayAsked = None) -> Response:
        """How honest the waits promised at arrival were (manager): of those called on a day, the share whose wait lay in the
        range they were told, the mean error of its middle, and by how much people were promised too little (below 0) or
        too much. `unpromised`: nobody could say, because no doctor was here when they came."""
        await guards.need(request, MANAGER)
        day = day_of(date, faces.today())
        found = await faces.read(lambda conn: rows.promises(conn, day))
        by_service = {letter: _accuracy(scored) for letter, scored in found.by_service.items()}
        return _json({"date": day, **_accuracy(found.all), "unpromised": found.unpromised, "services": by_service})

    return router


def _message(message: Row, faces: Faces) -> dict[str, Any]:
    return {
        **{name: message[name] for name in ("id", "doctor_id", "message", "priority")}, "date": message["day"],
        "estimated_delay": message["delay_min"], "sent_at": faces.moment(message["sent_at"]),
        "ended_at": faces.moment(message["ended_at"]),
    }  # fmt: skip


def _accuracy(scored: Accuracy) -> dict[str, float]:
    return {name: round(value, 3) for name, value in asdict(scored).items()}


def _json(answer: Any, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(answer), media_type="application/json", headers=headers)
