"""Seed 000: people at the door and their queue. ``/api/patients/…``, and the desk's ways to register."""

from __future__ import annotations

import sqlite3
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from edge.domain.booking_commands import NewPerson, RegisterVisit
from edge.domain.people import AGE_MAX, EMAIL_MAX, NAME_MAX, PHONE_MAX
from edge.store import face_000 as rows
from edge.store.places import House
from edge.store.states import Row
from edge.web.documents import body, errors
from edge.web.face_000_bodies import EVERYBODY, Filter, stats_of
from edge.web.face_000_common import DAY, JSON, REASON_MAX, Common, Line, Ref, day_of
from edge.web.faces import given_id
from edge.web.guards import CLINICAL, DESK, DISPLAY, KIOSK, STAFF, Level, own
from edge.web.requests import Shape, parsed
from shared.commands import Command
from shared.ids import new_id
from shared.problems import Problem


class Registration(Shape):
    """Somebody who is here. The same name and phone are the same person; a phone alone is a family's."""

    name: Line = Field(min_length=1, max_length=NAME_MAX)
    phone: Line | None = Field(default=None, max_length=PHONE_MAX)
    email: Line | None = Field(default=None, max_length=EMAIL_MAX, pattern=r"^[^@\s]+@[^@\s]+$")
    age: int | None = Field(default=None, ge=0, le=AGE_MAX)
    gender: Literal["male", "female", "other"] | None = None
    language: str | None = Field(default=None, pattern=r"^[a-z]{2,3}(-[A-Za-z]{2,8})?$")
    reason: Line | None = Field(default=None, max_length=REASON_MAX)
    urgency: int | None = Field(default=None, ge=0, le=10)
    service: str | None = Field(default=None, pattern=r"^[A-Z]$")
    doctor_id: Ref | None = None
    person_id: str | None = Field(default=None, max_length=64)
    """A person known already, whose name and phone stay as they are; staff only."""
    notify: bool = False
    """Agreed to messages on the phone."""
    override: Line | None = Field(default=None, min_length=1, max_length=120)
    """Staff's reason to allow a second visit of the day."""


class Emergency(Registration):
    """An emergency is here; urgency is 10 whatever is sent."""

    urgency: Any = None


def routes(common: Common) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/api", tags=["000: patients"])
    guards, requests, faces = common.guards, common.requests, common.faces
    refusals = errors(401, 403, 404, 409, 415, 422, 503)

    async def register(request: Request, level: Level, shape: type[Registration]) -> Response:
        who = await guards.need(request, level)
        raw = await request.body()
        asked = parsed(request, raw, shape, who)
        urgent = shape is Emergency
        if asked.override and who.kind == "kiosk":
            raise Problem(403, "A second visit of the day is for staff to allow.", hint="Ask the reception.")
        if asked.person_id is not None and who.kind == "kiosk":
            raise Problem(403, "Known persons are for staff to choose.", hint="Ask the reception.")
        person_id = None if asked.person_id is None else given_id(asked.person_id, small=False)
        doctor_id = None if asked.doctor_id is None else given_id(str(asked.doctor_id), small=True)
        if urgent and doctor_id is not None and who.only_doctor:
            own(who, (await common.doctor(doctor_id))["id"])
        person = NewPerson(
            asked.name, asked.phone or "", asked.email or "", asked.age, asked.gender, asked.language,
            asked.notify,
        )  # fmt: skip

        def command(command_id: str) -> Command:
            return RegisterVisit(
                command_id=command_id, actor=who.actor, device=who.device, visit_id=new_id(), new_person_id=new_id(),
                person_id=person_id, person=person, service=asked.service, doctor_id=doctor_id, reason=asked.reason or "",
                urgency=10 if urgent else 5 if asked.urgency is None else asked.urgency,
                claimed_by_patient=who.kind == "kiosk", is_emergency=urgent, language=asked.language,
                override=asked.override or "",
            )  # fmt: skip

        async def work(known: Row | None) -> Row:
            result = await requests.run(request, who, raw, command) if known is None else known
            visit = result["visit"]
            shown = await common.shown(visit)
            return {**common.patient(shown, visit), **faces.tracking(visit)}

        return Response(await requests.once(request, who, raw, work), 201, media_type=JSON)

    @router.post("/patients/register", status_code=201, responses=refusals, openapi_extra=body(Registration))
    async def at_the_door(request: Request) -> Response:
        """Register somebody who is here: person, visit and token in one commit (kiosk or staff).

        From a kiosk `urgency` counts up to 7 until staff confirm it.
        """
        return await register(request, KIOSK, Registration)

    @router.post("/staff/register-walkin", status_code=201, responses=refusals, openapi_extra=body(Registration))
    async def walk_in(request: Request) -> Response:
        """Register a walk-in at the desk (reception, nurse)."""
        return await register(request, DESK, Registration)

    @router.post("/staff/add-emergency", status_code=201, responses=refusals, openapi_extra=body(Emergency))
    async def emergency(request: Request) -> Response:
        """Add an emergency, before all others (reception, nurse, doctor). Somebody with a visit today keeps its token."""
        return await register(request, CLINICAL, Emergency)

    @router.get("/patients/queue", responses=errors(401, 403, 422, 503))
    async def queue(
        request: Request,
        doctor_id: Annotated[str | None, Query(max_length=64)] = None,
        service: Annotated[str | None, Query(pattern=r"^[A-Z]$")] = None,
    ) -> Response:
        """The queue in calling order, and the day in numbers (screen or staff; a screen gets no names).

        First who was called or is inside (position 0), then who waits. `doctor_id`: that doctor's queue, with those of
        the service whom nobody was given to. Numbers are always of the whole clinic.
        """
        who = await guards.need(request, DISPLAY)
        wanted = Filter(await common.wanted_doctor(doctor_id), service) if doctor_id or service else EVERYBODY
        names = common.shows_names(who)
        found = await common.queue(names=names, wanted=wanted)
        if names:
            await guards.audit.saw(who, "list", "queue")
        return Response(orjson.dumps(found), media_type=JSON)

    @router.get("/patients/stats", responses=errors(401, 403, 422, 503))
    async def stats(
        request: Request, date: Annotated[str | None, Query(pattern=DAY, description="Absent means today.")] = None
    ) -> Response:
        """A day in numbers (screen or staff).

        The average wait is of those who were seen or are being called, from arrival to the first call; the longest of
        those who wait now, or of a day that is over the longest there was.
        """
        await guards.need(request, DISPLAY)
        day = day_of(date)

        def look(conn: sqlite3.Connection, house: House) -> Row:
            text = None if day is None else day.isoformat()
            return stats_of(conn, house if text in (None, house.day) else text, faces.zone)

        return Response(orjson.dumps((await faces.house_and(look))[2]), media_type=JSON)

    @router.get("/patients/{patient_id}", responses=errors(401, 403, 404, 503))
    async def one(request: Request, patient_id: str) -> Response:
        """One visit with its log (staff): its number or UUID, or a person's UUID for the open visit of today."""
        who = await guards.need(request, STAFF)
        visit = await common.visit(patient_id)
        await guards.audit.saw_visit(who, visit)
        log = await faces.read(lambda conn: rows.intervals(conn, visit["number"]))
        shown = await common.shown(visit)
        ends = [*(step["from_ms"] for step in log[1:]), None]
        intervals = [
            {
                "version": step["version"], "status": step["status"], "at": faces.moment(step["from_ms"]),
                "until": faces.moment(until), "actor": step["actor"], "device": step["device"], "reason": step["reason"],
                "doctor_id": shown.house.doctors.get(step["doctor_id"], {}).get("number"), "undone": bool(step["undone"]),
            }
            for step, until in zip(log, ends, strict=True)
        ]  # fmt: skip
        return Response(orjson.dumps({**common.patient(shown, visit), "intervals": intervals}), media_type=JSON)

    return router
