"""Seed 001: waiting lists."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from edge.domain.visits import Visit
from edge.store import face_001 as rows
from edge.web.documents import errors
from edge.web.face_001_bodies import entry_body
from edge.web.face_001_lists import (
    DAY_QUERY,
    DOCTOR_QUERY,
    PAGE_HEADERS,
    Kit,
    Paged,
    Paging,
    day_of,
    page,
    part_of,
    router,
)
from edge.web.face_001_tokens import Tokens
from edge.web.guards import STAFF
from shared.problems import Problem


def waiting_lists(kit: Kit, shared: Tokens) -> APIRouter:
    """/api/v1/waiting-list."""
    routes = router()
    guards, faces = kit.guards, kit.faces

    def listed(request: Request, found: list[Visit], paging: Paging) -> Response:
        some, now_ms = part_of(found, paging), faces.now_ms()
        return page(request, some, [entry_body(visit, faces.zone, now_ms) for visit in some.rows])

    @routes.get("/waiting-list", tags=["waiting list"], responses={**errors(401, 403, 503), **PAGE_HEADERS})
    async def all_waiting(
        request: Request, paging: Paged, doctor_id: Annotated[str | None, DOCTOR_QUERY] = None,
        date: Annotated[str | None, DAY_QUERY] = None,
    ) -> Response:  # fmt: skip
        """Who waits for a place, slot by slot in promotion order (staff)."""
        who = await guards.need(request, STAFF)
        await guards.audit.saw(who, "list", "waiting lists")
        wanted, day = await shared.doctor_filter(doctor_id), day_of(date)
        return listed(request, await faces.read(lambda conn: rows.waiting(conn, wanted, day)), paging)

    @routes.get(
        "/waiting-list/by_slot", tags=["waiting list"], responses={**errors(400, 401, 403, 404, 503), **PAGE_HEADERS}
    )
    async def waiting_for_slot(
        request: Request, paging: Paged, slot_id: Annotated[str | None, Query(max_length=64)] = None
    ) -> Response:
        """Who waits for a place in one slot, in promotion order (staff). `slot_id` is required: 400 without it."""
        who = await guards.need(request, STAFF)
        if not slot_id:
            raise Problem(400, "slot_id is missing.", hint="Ask with ?slot_id= and the id of a slot.")
        slot = await shared.slot(slot_id)
        await guards.audit.saw(who, "list", f"waiting list of slot {slot['id']}")
        return listed(request, await faces.read(lambda conn: rows.waiting_for(conn, slot["id"])), paging)

    return routes
