"""Seed 000: doctors and what they do. ``/api/doctors/…``"""

from __future__ import annotations

from collections.abc import Callable

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import Field

from edge.domain import commands
from edge.store import states as state_rows
from edge.store.places import House
from edge.store.states import Row
from edge.web.credentials import Identity
from edge.web.documents import body, errors
from edge.web.face_000_bodies import doctor_object, entry
from edge.web.face_000_common import JSON, REASON_MAX, Common, Line, Patient, of_queue
from edge.web.guards import DISPLAY, DOCTOR, MANAGER, STAFF, doctor_or_manager, own
from edge.web.lookups import own_queue
from edge.web.requests import NoBody, Shape, parsed
from shared.commands import TEXT_MAX, AddDoctor, Command
from shared.ids import new_id
from shared.problems import Problem


class NewDoctor(Shape):
    """A doctor. `service` is a letter, else the first open one; `code` like DOC001 is made when it is not given."""

    name: Line = Field(min_length=1, max_length=TEXT_MAX)
    specialization: Line | None = Field(default=None, max_length=TEXT_MAX)
    code: Line | None = Field(default=None, min_length=1, max_length=40)
    service: str | None = Field(default=None, pattern=r"^[A-Z]$")
    room: Line | None = Field(default=None, max_length=TEXT_MAX)


class Flagged(Patient):
    """Whose visit is an emergency, and why."""

    reason: Line | None = Field(default=None, max_length=REASON_MAX)


def routes(common: Common) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/api/doctors", tags=["000: doctors"])
    guards, requests, faces = common.guards, common.requests, common.faces
    refusals = errors(401, 403, 404, 409, 415, 422, 503)

    @router.get("", responses=errors(401, 403, 503))
    async def every(request: Request) -> Response:
        """All doctors by number, with whom they have and how many wait for them (screen or staff)."""
        await guards.need(request, DISPLAY)
        shown = await common.shown()
        found = [doctor_object(shown.house, doctor, shown.minutes) for doctor in shown.house.doctors.values()]
        return Response(orjson.dumps(found), media_type=JSON)

    @router.post("", status_code=201, responses=errors(401, 403, 409, 415, 422, 503), openapi_extra=body(NewDoctor))
    async def add(request: Request) -> Response:
        """Add a doctor (manager)."""
        who = await guards.need(request, MANAGER)
        raw = await request.body()
        asked = parsed(request, raw, NewDoctor, who)

        def command(command_id: str) -> Command:
            return AddDoctor(
                command_id=command_id, actor=who.actor, device=who.device, doctor_id=new_id(), name=asked.name,
                specialization=asked.specialization or "", service=asked.service, room=asked.room or "", code=asked.code,
            )  # fmt: skip

        async def work(known: Row | None) -> Row:
            result = await requests.run(request, who, raw, command) if known is None else known
            return common.doctor_body(await common.shown(), result["doctor"]["id"])

        return Response(await requests.once(request, who, raw, work), 201, media_type=JSON)

    @router.post("/{doctor_id}/start-consultation", responses=refusals, openapi_extra=body(Patient))
    async def start(request: Request, doctor_id: str) -> Response:
        """Begin with somebody who waits, which calls them too, or who was called (the doctor named, or a manager)."""
        who, doctor, raw = await _theirs(common, request, doctor_id)
        asked = parsed(request, raw, Patient, who)

        async def work(known: Row | None) -> Row:
            if known is None:
                visit = await common.visit(asked.patient_id)
                known = await requests.run(
                    request, who, raw,
                    lambda cid: commands.StartWith(
                        command_id=cid, actor=who.actor, device=who.device, visit_id=visit["id"], doctor_id=doctor["id"]
                    ),
                )  # fmt: skip
            return await common.acted(known, doctor["id"])

        return Response(await requests.once(request, who, raw, work), media_type=JSON)

    @router.post("/{doctor_id}/complete-consultation", responses=refusals, openapi_extra=body(NoBody))
    async def complete(request: Request, doctor_id: str) -> Response:
        """End the consultation there is; starts nobody. `next` is who would be called (the doctor named, or a manager)."""
        who, doctor, raw = await _theirs(common, request, doctor_id)
        parsed(request, raw, NoBody, who)

        async def work(known: Row | None) -> Row:
            if known is None:
                inside = await faces.read(
                    lambda conn: state_rows.here(conn, "status = 'in_consultation' and doctor_id = ?", (doctor["id"],))
                )
                if not inside:
                    detail = f"{doctor['name']} has nobody in consultation."
                    raise Problem(409, detail, code="nobody_inside", hint="Start a consultation first.")
                known = await requests.run(
                    request, who, raw, _on(commands.CompleteConsultation, who, inside[0]["id"])
                )  # fmt: skip
            answer = await common.acted(known, doctor["id"])
            first = next_of(await faces.house(), doctor)
            if first is None:
                return {**answer, "next": None}
            shown = await common.shown(first)
            return {**answer, "next": entry(shown.house, shown.people, first, names=True)}

        return Response(await requests.once(request, who, raw, work), media_type=JSON)

    @router.post("/{doctor_id}/skip-patient", responses=refusals, openapi_extra=body(Patient))
    async def skip(request: Request, doctor_id: str) -> Response:
        """Put somebody behind the next two; the third time is a no-show (the doctor named, or a manager)."""
        who, doctor, raw = await _theirs(common, request, doctor_id)
        asked = parsed(request, raw, Patient, who)

        async def work(known: Row | None) -> Row:
            if known is None:
                visit = await common.visit(asked.patient_id)
                of_queue(visit, doctor)
                known = await requests.run(request, who, raw, _on(commands.SkipVisit, who, visit["id"]))
            return {**await common.acted(known, doctor["id"]), "skips": known["skips"]}

        return Response(await requests.once(request, who, raw, work), media_type=JSON)

    @router.post("/{doctor_id}/flag-emergency", responses=refusals, openapi_extra=body(Flagged))
    async def flag(request: Request, doctor_id: str) -> Response:
        """Make somebody an emergency, before all others (staff; a doctor in the own queue)."""
        who = await guards.need(request, STAFF)
        doctor = await common.doctor(doctor_id)
        own(who, doctor["id"])
        raw = await request.body()
        asked = parsed(request, raw, Flagged, who)

        async def work(known: Row | None) -> Row:
            if known is None:
                visit = await common.visit(asked.patient_id)
                await own_queue(faces, who, visit)
                known = await requests.run(
                    request, who, raw,
                    lambda cid: commands.FlagEmergency(
                        command_id=cid, actor=who.actor, device=who.device, visit_id=visit["id"],
                        reason=asked.reason or "",
                    ),
                )  # fmt: skip
            return await common.acted(known, doctor["id"])

        return Response(await requests.once(request, who, raw, work), media_type=JSON)

    return router


def next_of(house: House, doctor: Row) -> Row | None:
    """Whom the doctor's next call would take: the first of the own queue, else of colleagues' whom nobody chose."""
    for ranked in house.ranked.get(doctor["id"], ()):
        return ranked.visit
    others = (ranked.visit for ranked in house.ranked.get(doctor["service"], ()))
    return next((visit for visit in others if not visit["doctor_chosen"]), None)


async def _theirs(common: Common, request: Request, doctor_id: str) -> tuple[Identity, Row, bytes]:
    """Who asks, the doctor in the path, and the body, where the caller is that doctor or a manager. Raises Problem."""
    who = await common.guards.need(request, DOCTOR)
    doctor = await common.doctor(doctor_id)
    doctor_or_manager(who, doctor["id"])
    return who, doctor, await request.body()


def _on(kind: type[commands.VisitCommand], who: Identity, visit_id: str) -> Callable[[str], Command]:
    return lambda cid: kind(command_id=cid, actor=who.actor, device=who.device, visit_id=visit_id)
