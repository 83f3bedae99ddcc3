"""Seed 001: doctors."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from edge.domain.commands import AddDoctor, ChangeDoctor, RemoveDoctor
from edge.store import reads
from edge.web.documents import body, errors
from edge.web.face_001_bodies import doctor_body
from edge.web.face_001_lists import PAGE_HEADERS, Kit, Paged, json, page, part_of, router
from edge.web.guards import DISPLAY, MANAGER
from edge.web.lookups import doctor_of
from edge.web.requests import NoBody, Shape, parsed
from shared.commands import Command
from shared.ids import new_id
from shared.problems import Problem

TEXT_MAX: Final = 120
CODE, ROOM_MAX = r"^[^\s].{0,30}$", 60


class NewDoctor(Shape):
    """A doctor. `specialization` and `specialty` are one; `service` is the letter of the queue, usually the first."""

    name: str = Field(min_length=1, max_length=TEXT_MAX)
    specialization: str | None = Field(default=None, max_length=TEXT_MAX)
    specialty: str | None = Field(default=None, max_length=TEXT_MAX)
    code: str | None = Field(default=None, pattern=CODE)
    service: str | None = Field(default=None, pattern=r"^[A-Z]$")
    room: str | None = Field(default=None, max_length=ROOM_MAX)


class DoctorNow(NewDoctor):
    """A doctor as they are to be; what is absent stays as it is."""

    is_active: bool | None = None
    is_on_break: bool | None = None


def doctors(kit: Kit) -> APIRouter:
    """/api/v1/doctors: a screen may look, a manager changes."""
    routes = router()
    guards, requests, faces = kit.guards, kit.requests, kit.faces

    @routes.get("/doctors", tags=["doctors"], responses={**errors(401, 403, 503), **PAGE_HEADERS})
    async def all_doctors(
        request: Request, paging: Paged, active: Annotated[bool | None, Query()] = None,
        specialization: Annotated[str | None, Query(max_length=TEXT_MAX)] = None,
    ) -> Response:  # fmt: skip
        """All doctors by number, also those who left (a screen or staff)."""
        await guards.need(request, DISPLAY)
        found = await faces.read(reads.doctors)
        wanted = None if specialization is None else specialization.strip().casefold()
        fits = [
            d for d in found
            if active in (None, d["is_active"]) and wanted in (None, d["specialization"].strip().casefold())
        ]  # fmt: skip
        some = part_of(fits, paging)
        return page(request, some, [doctor_body(doctor, faces.zone) for doctor in some.rows])

    @routes.post(
        "/doctors", status_code=201, tags=["doctors"], responses=errors(401, 403, 409, 415, 503),
        openapi_extra=body(NewDoctor),
    )  # fmt: skip
    async def add_doctor(request: Request) -> Response:
        """Add a doctor (manager)."""
        who = await guards.need(request, MANAGER)
        raw = await request.body()
        wanted = parsed(request, raw, NewDoctor, who)
        specialization = _specialization(wanted)

        def command(command_id: str) -> Command:
            return AddDoctor(
                command_id=command_id, actor=who.actor, device=who.device, doctor_id=new_id(), name=wanted.name.strip(),
                specialization=specialization or "", service=wanted.service, room=(wanted.room or "").strip(),
                code=_trimmed(wanted.code),
            )  # fmt: skip

        async def dress(result: dict[str, Any]) -> Any:
            return doctor_body(result["doctor"], faces.zone)

        return json(await kit.done(request, who, raw, command, dress), 201)

    @routes.get("/doctors/{doctor_id}", tags=["doctors"], responses=errors(401, 403, 404, 503))
    async def one_doctor(request: Request, doctor_id: str) -> Response:
        """One doctor, by UUID or clinic number (a screen or staff)."""
        await guards.need(request, DISPLAY)
        return json(doctor_body(await doctor_of(faces, doctor_id), faces.zone))

    @routes.put(
        "/doctors/{doctor_id}", tags=["doctors"], responses=errors(401, 403, 404, 409, 415, 503),
        openapi_extra=body(DoctorNow),
    )  # fmt: skip
    async def change_doctor(request: Request, doctor_id: str) -> Response:
        """Change a doctor (manager). What is absent keeps its value."""
        who = await guards.need(request, MANAGER)
        raw = await request.body()
        wanted = parsed(request, raw, DoctorNow, who)
        specialization, its_id = _specialization(wanted), (await doctor_of(faces, doctor_id))["id"]

        def command(command_id: str) -> Command:
            return ChangeDoctor(
                command_id=command_id, actor=who.actor, device=who.device, doctor_id=its_id, name=wanted.name.strip(),
                specialization=specialization, service=wanted.service, room=_trimmed(wanted.room),
                code=_trimmed(wanted.code), is_active=wanted.is_active, is_on_break=wanted.is_on_break,
            )  # fmt: skip

        result = await requests.run(request, who, raw, command)
        return json(doctor_body(result["doctor"], faces.zone))

    @routes.delete(
        "/doctors/{doctor_id}", status_code=204, tags=["doctors"], responses=errors(401, 403, 404, 409, 415, 503)
    )
    async def remove_doctor(request: Request, doctor_id: str) -> Response:
        """The doctor leaves (manager): no longer active, the history stays. 409 while visits are open or booked."""
        who = await guards.need(request, MANAGER)
        raw = await request.body()
        parsed(request, raw, NoBody, who)
        its_id = (await doctor_of(faces, doctor_id))["id"]

        def command(command_id: str) -> Command:
            return RemoveDoctor(command_id=command_id, actor=who.actor, device=who.device, doctor_id=its_id)

        await requests.run(request, who, raw, command)
        return Response(status_code=204)

    return routes


def _specialization(wanted: NewDoctor) -> str | None:
    given = {value.strip() for value in (wanted.specialization, wanted.specialty) if value is not None}
    if len(given) > 1:
        raise Problem(422, "specialization and specialty are one.", hint="Send one of them.")
    return next(iter(given), None)


def _trimmed(text: str | None) -> str | None:
    return None if text is None else text.strip()
