"""Seed 002: what devices told and what was done about doses, as one list; and events of the device whose credential it is."""

from __future__ import annotations

from typing import Annotated, Any, Final, get_args
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from edge.store import face_002 as rows
from edge.store.face_001 import UnknownCursor
from edge.store.states import Row
from edge.web.documents import body, errors
from edge.web.face_002_common import LIMIT, Care, From, Limit, Person, Until, json, moment_of, person_id_of
from edge.web.face_002_devices import take_events
from edge.web.faces import UUID
from shared.device_api import EventKind, Events
from shared.problems import Problem

DAYS_MS: Final = 14 * 24 * 3600 * 1000
KINDS: Final = frozenset((*get_args(EventKind), "not_announced", "missed", "unknown", "taken_again", "corrected"))
NEXT: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The newest first.",
        "headers": {"Link": {"description": 'The next page, `rel="next"`.', "schema": {"type": "string"}}},
    }
}


def install(router: APIRouter, care: Care) -> None:
    """GET and POST /events."""

    @router.get("/events", tags=["events"], responses={**errors(401, 403, 503), **NEXT})
    async def events(
        request: Request,
        device_id: Annotated[str | None, Query(max_length=64)] = None,
        patient_id: Person = None,
        kind: Annotated[
            str | None, Query(max_length=40, description="Of a device's event, or an act on a dose.")
        ] = None,
        from_: From = None,
        to: Until = None,
        cursor: Annotated[str | None, Query(max_length=200)] = None,
        limit: Limit = LIMIT,
    ) -> Response:
        """Device and dose events with source and status, the newest first; of the last 14 days without `from` (care)."""
        who = await care.need(request)
        if device_id is not None and not UUID.fullmatch(device_id):
            raise Problem(422, "device_id is a UUID.", errors=[{"field": "device_id", "message": "not a UUID"}])
        if kind is not None and kind not in KINDS:
            raise Problem(422, f"kind is one of {', '.join(sorted(KINDS))}.")
        person_id, until_ms = person_id_of(patient_id), moment_of(to, "to")
        from_ms = moment_of(from_, "from")
        if from_ms is None:
            from_ms = max(0, (until_ms if until_ms is not None else care.faces.now_ms()) - DAYS_MS)
        await care.guards.audit.saw(who, "list", f"care events of {person_id or device_id or 'everybody'}")
        try:
            page = await care.faces.read(
                lambda conn: rows.events(
                    conn, device_id=device_id.lower() if device_id else None, person_id=person_id, kind=kind,
                    from_ms=from_ms, until_ms=until_ms, limit=limit, cursor=cursor,
                )
            )  # fmt: skip
        except UnknownCursor:
            raise Problem(422, "cursor leads nowhere.", hint="Follow the Link of the page before.") from None
        answer = json([_body(care, row) for row in page.rows])
        if page.after is not None:
            query = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
            answer.headers["Link"] = f'<{request.url.path}?{urlencode([*query, ("cursor", page.after)])}>; rel="next"'
        return answer

    @router.post("/events", tags=["events"], responses=errors(401, 403, 415, 503), openapi_extra=body(Events))
    async def tell(request: Request) -> Response:
        """As `POST /devices/{id}/events`, for the device whose credential it is."""
        return await take_events(care, request, await care.device(request, None))


def _body(care: Care, row: Row) -> dict[str, Any]:
    return {
        "id": row["id"], "of": row["of"], "kind": row["kind"], "at": care.iso(row["at"]),
        "uncertainty_s": row["uncertainty_s"], "device_id": row["device_id"], "patient_id": row["person_id"],
        "occurrence_id": row["dose_id"], "quantity": row["quantity"], "source": row["source"], "status": row["status"],
        "reason": row["reason"], "data": row["data"],
    }  # fmt: skip
