"""Seed 004 over HTTP: ``POST /api/v1/appointments``, ``POST /api/v1/checkins``, and its test page.

Who watches the queue hears of both from the feed, like of everything else.
"""

from __future__ import annotations

import sqlite3
from datetime import date as Date
from datetime import datetime
from datetime import time as Time
from typing import Any, Final, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, RedirectResponse
from pydantic import Field

from edge.domain.booking_codes import code_of
from edge.domain.booking_commands import BookVisit, Category, HourSlot, NewPerson
from edge.domain.commands import CheckIn
from edge.domain.people import AGE_MAX, NAME_MAX, PHONE_MAX
from edge.domain.slots import HOUR_MS, left_of_hour, slot_at
from edge.domain.visits import Visit
from edge.store import people, states
from edge.store.places import House
from edge.store.states import Row
from edge.web.credentials import Identity
from edge.web.documents import body, errors
from edge.web.face_000_common import Line, Ref
from edge.web.face_004_bodies import appointment, entry_of, patient_of, position_in
from edge.web.faces import UUID, Faces, given_id
from edge.web.guards import KIOSK, STAFF, Guards, own
from edge.web.lookups import doctor_of, own_queue, visit_of
from edge.web.requests import Requests, Shape, parsed
from edge.web.wiring import Wiring
from shared.clock import to_ms
from shared.commands import Command
from shared.ids import new_id
from shared.problems import Problem

JSON: Final = "application/json"
NOT_FROM_A_KIOSK: Final = frozenset(("EMERGENCY", "PRIORITY_PAID"))
YEARS: Final = range(2000, 2200)
REASON_MAX: Final = 200
WAITLISTED: Final[dict[int | str, dict[str, Any]]] = {
    202: {"description": "The slot is full: on its waiting list, `status` WAITLISTED, with `position` there."}
}
CHECKED_IN: Final[dict[int | str, dict[str, Any]]] = {200: {"description": "Checked in already; nothing changed."}}


class NewPatient(Shape):
    """Somebody as they tell it. The same name and phone are the same person."""

    name: Line = Field(min_length=1, max_length=NAME_MAX)
    phone: Line | None = Field(default=None, max_length=PHONE_MAX)
    age: int | None = Field(default=None, ge=0, le=AGE_MAX)
    gender: Literal["male", "female", "other"] | None = None


class Wanted(Shape):
    """An appointment: who (`patient_id` or `patient`) and when.

    When: `slot_id`; or `doctor_id` with `date` and `time`; or `doctor_id` with `date`, the first free place of that day. No
    `date` means today. Times are site time. `waitlist` false: rather none than the waiting list. `paid_at`: absent means now.
    `override`: why staff allow a second appointment of the day.
    """

    doctor_id: Ref | None = None
    patient_id: str | None = Field(default=None, max_length=64)
    patient: NewPatient | None = None
    slot_id: str | None = Field(default=None, max_length=64)
    date: Date | None = None
    time: str | None = Field(default=None, pattern=r"^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$")
    category: Category = "ONLINE"
    paid_at: datetime | None = None
    reason: Line = Field(default="", max_length=REASON_MAX)
    waitlist: bool = True
    override: Line | None = Field(default=None, min_length=1, max_length=REASON_MAX)


class Arrived(Shape):
    """A patient is here for an appointment."""

    appointment_id: Ref
    patient_id: str = Field(max_length=64)


def routes(wiring: Wiring, guards: Guards, requests: Requests, faces: Faces) -> APIRouter:
    """The routes."""
    router = APIRouter()
    refusals = errors(401, 403, 404, 409, 415, 503)

    @router.post(
        "/api/v1/appointments", status_code=201, tags=["004: appointments"], openapi_extra=body(Wanted),
        responses={**refusals, **WAITLISTED},
    )  # fmt: skip
    async def book(request: Request) -> Response:
        """Book an appointment (a kiosk or staff; a doctor with themselves)."""
        who = await guards.need(request, KIOSK)
        raw = await request.body()
        wanted = parsed(request, raw, Wanted, who)
        _may_ask(who, wanted)
        values = await _when(faces, who, wanted)
        person = wanted.patient

        def command(command_id: str) -> Command:
            return BookVisit(
                command_id=command_id, actor=who.actor, device=who.device, visit_id=new_id(), new_person_id=new_id(),
                person_id=None if wanted.patient_id is None else given_id(wanted.patient_id, small=False),
                person=NewPerson(person.name, person.phone or "", "", person.age, person.gender) if person else None,
                category=wanted.category, reason=wanted.reason, waitlist=wanted.waitlist, override=wanted.override or "",
                paid_ms=None if wanted.paid_at is None else _moment_ms(wanted.paid_at, faces), **values,
            )  # fmt: skip

        async def work(known: Row | None) -> Row:
            result = await requests.run(request, who, raw, command) if known is None else known
            return await _shown(faces, who, result["visit"], wanted.patient)

        answer = await requests.once(request, who, raw, work)
        return Response(answer, 202 if b'"status":"WAITLISTED"' in answer else 201, media_type=JSON)

    @router.post(
        "/api/v1/checkins", status_code=201, tags=["004: appointments"], openapi_extra=body(Arrived),
        responses={**refusals, **CHECKED_IN},
    )  # fmt: skip
    async def check_in(request: Request) -> Response:
        """A booked patient is here (a kiosk or staff). Much too early, they join the queue by themselves at `admitted_at`."""
        who = await guards.need(request, KIOSK)
        raw = await request.body()
        wanted = parsed(request, raw, Arrived, who)
        if not UUID.fullmatch(wanted.patient_id):
            field = {"field": "patient_id", "message": "not a UUID"}
            raise Problem(422, "patient_id is a UUID.", errors=[field])
        visit = await visit_of(faces, str(wanted.appointment_id))
        if who.kind != "kiosk":
            await own_queue(faces, who, visit)

        def command(command_id: str) -> Command:
            return CheckIn(
                command_id=command_id, actor=who.actor, device=who.device, visit_id=visit["id"],
                person_id=wanted.patient_id.lower(),
            )  # fmt: skip

        async def work(known: Row | None) -> Row:
            result = await requests.run(request, who, raw, command) if known is None else known
            shown = await _shown(faces, who, result["visit"], None)
            joins_ms = result["visit"]["arrived_at" if result["admitted"] else "timer_at"]
            more = {"admitted": result["admitted"], "admitted_at": faces.moment(joins_ms)}
            return {**shown, **more, "already": bool(result.get("already"))}

        answer = await requests.once(request, who, raw, work)
        return Response(answer, 200 if b'"already":true' in answer else 201, media_type=JSON)

    @router.get("/test_websocket.html", include_in_schema=False)
    async def page(request: Request) -> Response:
        """A page that subscribes to a date and shows what it hears (staff)."""
        try:
            await guards.need(request, STAFF)
        except Problem as problem:
            if problem.status == 401 and "text/html" in request.headers.get("accept", ""):
                return RedirectResponse("/pages/sign-in?next=/test_websocket.html", 303)
            raise
        file = wiring.options.static / "test_websocket.html"
        if not file.is_file():
            raise Problem(503, "The pages have not been built.", hint="Run `make pages` once and start again.")
        return FileResponse(file, media_type="text/html; charset=utf-8", headers={"cache-control": "no-cache"})

    return router


def _may_ask(who: Identity, wanted: Wanted) -> None:
    """Raises Problem 403 for what a kiosk may not, 422 for what does not go together."""
    if who.kind == "kiosk":
        if wanted.category in NOT_FROM_A_KIOSK:
            raise Problem(403, f"{wanted.category} is for staff to give.", hint="Ask at the desk.")
        if wanted.paid_at is not None or wanted.override is not None:
            raise Problem(403, "Only staff say when it was paid, or allow a second one.", hint="Ask at the desk.")
    if (wanted.patient_id is None) == (wanted.patient is None):
        raise _unfit("patient_id", "Send patient_id or patient, one of them.")
    if wanted.patient is not None and not wanted.patient.name:
        raise _unfit("patient.name", "A person needs a name.")
    if wanted.slot_id is None and wanted.doctor_id is None:
        raise _unfit("doctor_id", "Send doctor_id, or slot_id.")
    if wanted.slot_id is not None and (wanted.date is not None or wanted.time is not None):
        raise _unfit("slot_id", "A slot has its date and time; send slot_id or those.")


async def _when(faces: Faces, who: Identity, wanted: Wanted) -> dict[str, Any]:
    """Where in the book: what the command takes. Raises Problem."""
    if wanted.slot_id is not None:
        slot_id = given_id(wanted.slot_id, small=False)
        slot = await faces.read(lambda conn: people.slot(conn, slot_id))
        if slot is None:
            raise Problem(404, "There is no such slot.", hint="Read the list again.")
        if wanted.doctor_id is not None and (await doctor_of(faces, str(wanted.doctor_id)))["id"] != slot["doctor_id"]:
            raise _unfit("slot_id", "This slot is another doctor's.")
        own(who, slot["doctor_id"])
        return {"slot_id": slot_id}
    doctor = await doctor_of(faces, str(wanted.doctor_id))
    own(who, doctor["id"])
    day = wanted.date or Date.fromisoformat(faces.today())
    if day.year not in YEARS:
        raise _unfit("date", f"A date is between {YEARS.start} and {YEARS.stop - 1}.")
    if wanted.time is None:
        return {"doctor_id": doctor["id"], "day": day.isoformat()}
    due = datetime.combine(day, Time.fromisoformat(wanted.time), faces.zone)
    hour_ms = to_ms(due.replace(minute=0, second=0))
    due_ms = to_ms(due)

    def look(conn: sqlite3.Connection) -> tuple[list[Row], int]:
        around = people.slots_around(conn, doctor["id"], hour_ms, hour_ms + HOUR_MS)
        return around, states.rules(conn).consultation_min

    around, consultation_min = await faces.read(look)
    hour = _hour_slot(around, day.isoformat(), hour_ms, due_ms, max(1, 60 // consultation_min))
    return {"doctor_id": doctor["id"], "day": day.isoformat(), "due_ms": due_ms, "hour_slot": hour}


def _hour_slot(around: list[Row], day: str, hour_ms: int, due_ms: int, capacity: int) -> HourSlot | None:
    """The slot to make where the doctor has none: the clock hour, or what other slots leave of it (decision 5).

    Raises Problem 409 when the time was a slot's and that was cancelled: the doctor is away.
    """
    here = slot_at(around, due_ms)
    if here is not None and here["status"] == "CANCELLED":
        raise Problem(409, "This slot was cancelled.", code="slot_cancelled", hint="Choose another time.")
    if here is not None:
        return None
    start_ms, end_ms = left_of_hour(around, hour_ms, due_ms)
    return HourSlot(new_id(), day, start_ms, end_ms, capacity)


async def _shown(faces: Faces, who: Identity, visit: Visit, given: NewPatient | None) -> Row:
    """The appointment as the snapshot has it, and what its maker needs. Who is at a kiosk reads back what they wrote."""

    def look(conn: sqlite3.Connection, house: House) -> tuple[Row | None, Row | None, int | None]:
        waiting = [v["id"] for v in people.waitlist(conn, visit["slot_id"])] if visit["status"] == "waitlisted" else []
        place = waiting.index(visit["id"]) + 1 if visit["id"] in waiting else None
        return people.person(conn, visit["person_id"]), states.doctor(conn, visit["doctor_id"]), place

    house, _, (person, doctor, place) = await faces.house_and(look)
    stands = house.standing.get(visit["id"])
    entry = entry_of(visit, patient_of(person))
    entry = entry._replace(position=position_in(entry, stands.position if stands else None, None))
    shown = appointment(entry, faces.zone, "none" if who.kind == "kiosk" else "all")
    if who.kind == "kiosk":
        shown["patient"] |= {"id": visit["person_id"], **(given.model_dump() if given is not None else {})}
    if visit["status"] == "waitlisted":
        shown |= {"status": "WAITLISTED", "waiting_list_id": visit["id"], "position": place}
    return {
        **shown, "token_id": visit["id"], "patient_id": visit["person_id"], "doctor_id": visit["doctor_id"],
        "doctor_name": doctor["name"] if doctor else None, "slot_id": visit["slot_id"], "date": visit["day"],
        "starts_at": faces.moment(visit["due_at"]), "category": visit["category"],
        "check_in_code": code_of(visit["id"]), **faces.tracking(visit),
    }  # fmt: skip


def _moment_ms(value: datetime, faces: Faces) -> int:
    if value.year not in YEARS:
        raise _unfit("paid_at", f"paid_at is between {YEARS.start} and {YEARS.stop - 1}.")
    return to_ms(value if value.tzinfo is not None else value.replace(tzinfo=faces.zone))


def _unfit(field: str, message: str) -> Problem:
    return Problem(422, message, errors=[{"field": field, "message": message}])
