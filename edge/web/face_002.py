"""Seed 002 at the clinic: devices, events and voice as the interfaces list them, and ``/api/v1/care/…`` for the care page.

The device paths are the contract of `shared/device_api.py`, the same as at head office. A device proves itself with its own
key (`Credentials`); staff need the level *care*: nurse, doctor or manager.
"""

from __future__ import annotations

from fastapi import APIRouter

from edge.web import face_002_care, face_002_devices, face_002_events, face_002_medicines, face_002_voice
from edge.web.face_002_common import Care
from edge.web.faces import Faces
from edge.web.guards import Guards
from edge.web.requests import Requests
from edge.web.wiring import Wiring


def routes(wiring: Wiring, guards: Guards, requests: Requests, faces: Faces) -> APIRouter:
    """All routes of seed 002."""
    router = APIRouter(prefix="/api/v1")
    care = Care(wiring, guards, requests, faces)
    face_002_devices.install(router, care)
    face_002_events.install(router, care)
    face_002_voice.install(router, care)
    face_002_care.install(router, care)
    face_002_medicines.install(router, care)
    return router
