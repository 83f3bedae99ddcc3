"""Seed 001's REST: doctors, patients, slots, tokens, waiting lists, the daily report. One module each; this one joins them.

Every path is served with and without the last slash; the OpenAPI document spells them with it, as the seed does.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from edge.store.face_001_report import daily
from edge.web.documents import errors
from edge.web.face_001_doctors import doctors
from edge.web.face_001_lists import DAY_QUERY, Kit, day_of, json, router, spelled
from edge.web.face_001_patients import patients
from edge.web.face_001_slots import slots
from edge.web.face_001_tokens import Tokens, tokens
from edge.web.face_001_waiting import waiting_lists
from edge.web.faces import Faces
from edge.web.guards import MANAGER, Guards
from edge.web.lookups import doctor_of
from edge.web.requests import Requests
from edge.web.states import States
from edge.web.wiring import Wiring
from shared.http import add_routes

__all__ = ["routes", "spelled"]


def routes(wiring: Wiring, guards: Guards, requests: Requests, states: States, faces: Faces) -> APIRouter:
    """Everything of seed 001 under /api/v1."""
    kit = Kit(guards, requests, faces)
    shared = Tokens(kit)
    all_routes = APIRouter()
    add_routes(
        all_routes, doctors(kit), patients(kit), slots(kit, shared), tokens(kit, shared), waiting_lists(kit, shared),
        _reports(kit),
    )  # fmt: skip
    return all_routes


def _reports(kit: Kit) -> APIRouter:
    """/api/v1/reports."""
    found = router()
    faces = kit.faces

    @found.get("/reports/daily", tags=["reports"], responses=errors(401, 403, 404, 503))
    async def report(
        request: Request, date: Annotated[str | None, DAY_QUERY] = None,
        doctor_id: Annotated[str | None, Query(max_length=64, description="Of this doctor alone.")] = None,
    ) -> Response:  # fmt: skip
        """A service-day in numbers, in all and by doctor (manager); without `date` today."""
        await kit.guards.need(request, MANAGER)
        day = day_of(date) or faces.today()
        doctor = None if doctor_id is None else await doctor_of(faces, doctor_id)
        return json({"date": day, **await faces.read(lambda conn: daily(conn, day, doctor))})

    return found
