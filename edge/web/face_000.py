"""Seed 000 over HTTP: its patients, doctors and staff paths, word for word. What "patient" means there is a visit.

Bodies are in `face_000_bodies`, which Socket.IO sends too; routes in `face_000_patients`, `_doctors` and `_staff`.
"""

from __future__ import annotations

from fastapi import APIRouter

from edge.web import face_000_doctors, face_000_patients, face_000_staff
from edge.web.face_000_common import Common
from edge.web.faces import Faces
from edge.web.guards import Guards
from edge.web.requests import Requests
from edge.web.states import States
from edge.web.wiring import Wiring
from shared.http import add_routes


def routes(wiring: Wiring, guards: Guards, requests: Requests, states: States, faces: Faces) -> APIRouter:
    """Every path of interfaces.md section 2."""
    common = Common(wiring, guards, requests, faces)
    router = APIRouter()
    add_routes(router, *(part.routes(common) for part in (face_000_patients, face_000_doctors, face_000_staff)))
    return router
