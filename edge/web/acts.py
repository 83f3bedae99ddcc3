"""What people do with one visit, under /api/v1/visits/{id}: one line in ACTS each; and the visit as it stands (decision 32)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import Field

from edge.domain import commands
from edge.domain.visits import Visit
from edge.store import effects, people
from edge.store import states as tables
from edge.store.places import House
from edge.web.credentials import Identity
from edge.web.documents import body, errors
from edge.web.faces import Faces
from edge.web.guards import CLINICAL, KIOSK, Guards, Level, own
from edge.web.lookups import doctor_of, no_visit, own_queue, visit_of
from edge.web.requests import NoBody, Requests, Shape, parsed
from edge.web.states import visit_body
from edge.web.wiring import Wiring
from shared.commands import Command
from shared.problems import Problem

Row = dict[str, Any]
REASON_MAX: Final = 500
_MADE: Final = ("skips", "old_position", "new_position", "admitted", "minutes_early", "already", "outcome")
"""What some acts answer beside the visit, as the rule said it."""


class Why(Shape):
    """For the visit's log."""

    reason: str = Field(default="", max_length=REASON_MAX)


class Called(Shape):
    """To whose room; a doctor who leaves it out calls to the own, others to the visit's doctor's."""

    doctor_id: str | int | None = None


class Parked(Why):
    """For how long; it waits again by itself then."""

    minutes: int = Field(ge=1, le=720)


class Transferred(Why):
    """Where to: the letter of a service, or a doctor. One of the two."""

    service: str | None = Field(default=None, pattern=r"^[A-Z]$")
    doctor_id: str | int | None = None


class Triaged(Why):
    """As staff see it, 0 to 10."""

    urgency: int = Field(ge=0, le=10)


class LookedAt(Shape):
    """The urgency that was seen; refused when it is another by now."""

    urgency: int = Field(ge=0, le=10)


class Moved(Shape):
    """From 1; beyond the end means last."""

    place: int = Field(ge=1)


class Act(NamedTuple):
    """An act: the command, its body, and what it means. `place` and the like go into the command as they came."""

    kind: type[commands.VisitCommand]
    shape: type[Shape]
    meaning: str
    level: Level = CLINICAL


ACTS: Final[dict[str, Act]] = {
    "call": Act(commands.CallVisit, Called, "Call this one, whoever stands before it."),
    "recall": Act(commands.Recall, NoBody, "Call a called visit once more."),
    "start": Act(commands.StartConsultation, NoBody, "The called visit is in the room."),
    "complete": Act(commands.CompleteConsultation, NoBody, "The doctor has finished with the visit."),
    "no-show": Act(commands.MarkNoShow, NoBody, "It did not come: act at once."),
    "skip": Act(commands.SkipVisit, NoBody, "Behind the next two waiting; the third time it counts as not come."),
    "park": Act(commands.ParkVisit, Parked, "Put it on hold; it waits again by itself."),
    "resume": Act(commands.ResumeVisit, NoBody, "A visit on hold waits again, where its arrival puts it."),
    "transfer": Act(commands.TransferVisit, Transferred, "Send it on to another service or doctor; the token stays."),
    "return": Act(commands.ReturnVisit, NoBody, "Marked as not come, and here after all: waits as if just arrived."),
    "cancel": Act(commands.CancelVisit, Why, "Cancel it; `promoted`: who got its place. A second time changes nothing."),
    "urgency": Act(commands.SetUrgency, Triaged, "Say how urgent it is; this confirms what the patient said."),
    "looked-at": Act(commands.LookAtUrgency, LookedAt, "A model raised it and somebody has looked; the urgency stays."),
    "flag-emergency": Act(commands.FlagEmergency, Why, "It is an emergency: before all others."),
    "move": Act(commands.MoveVisit, Moved, "Give it a place by hand."),
    "check-in": Act(
        commands.CheckIn, NoBody, "A booked person is here. Much too early, it joins by itself at `admitted_at`.", KIOSK
    ),
}  # fmt: skip


def routes(wiring: Wiring, guards: Guards, requests: Requests, faces: Faces) -> APIRouter:
    """GET /api/v1/visits/{visit_id} and the acts under it."""
    router = APIRouter(prefix="/api/v1/visits", tags=["visits"])
    zone = wiring.options.zone

    @router.get("/{visit_id}", responses=errors(401, 403, 404, 503))
    async def one(request: Request, visit_id: str) -> Response:
        """One visit (UUID or clinic number): its place, the wait as a range in minutes, why it stands there, its slip (kiosk
        or staff; the person and the reason for staff only). `position`: 1 is next, 0 called or inside, null not in a queue."""
        who = await guards.need(request, KIOSK)
        id_ = (await visit_of(faces, visit_id))["id"]

        def look(conn: sqlite3.Connection, house: House) -> tuple[Visit | None, str, Row | None]:
            visit = tables.visit(conn, id_)
            person = people.person(conn, visit["person_id"]) if visit and visit["person_id"] else None
            return visit, effects.slip_state(conn, id_), person

        house, _, (visit, slip, person) = await faces.house_and(look)
        if visit is None:
            raise no_visit()
        shown = {**visit_body(visit, zone), **standing_body(house, visit, faces), "slip": slip}
        if who.kind != "kiosk":
            await guards.audit.saw_visit(who, visit)
            shown |= {"person": _person(person), "reason": visit["reason"] or None}
        return _json(shown)

    def add(name: str, act: Act) -> None:
        async def act_on_visit(request: Request, visit_id: str) -> Response:
            who = await guards.need(request, act.level)
            raw = await request.body()
            wanted = parsed(request, raw, act.shape, who).model_dump()
            visit = await visit_of(faces, visit_id)
            if who.kind != "kiosk":
                await own_queue(faces, who, visit)
            values = await _values(faces, who, visit, act.kind, wanted)

            def command(cid: str) -> Command:
                return act.kind(command_id=cid, actor=who.actor, device=who.device, visit_id=visit["id"], **values)

            result = await requests.run(request, who, raw, command)
            return _json(_answer(result, faces, zone_body, with_link=act.kind is commands.CheckIn))

        who_may = "kiosk or staff" if act.level is KIOSK else "reception or nurse; a doctor in the own queue"
        router.add_api_route(
            f"/{{visit_id}}/{name}", act_on_visit, methods=["POST"], name=f"{name} visit",
            description=f"{act.meaning} ({who_may})", openapi_extra=body(act.shape),
            responses=errors(401, 403, 404, 409, 415, 422, 503),
        )  # fmt: skip

    def zone_body(visit: Visit) -> Row:
        return visit_body(visit, zone)

    for name, act in ACTS.items():
        add(name, act)
    return router


def standing_body(house: House, visit: Visit, faces: Faces) -> Row:
    """Where a visit stands, in our own words."""
    place = house.standing.get(visit["id"])
    wait = place.wait.minutes() if place and place.wait else (0, 0, 0) if place and place.position == 0 else None
    doctor = house.doctors.get(visit["doctor_id"] or "")
    return {
        "position": place.position if place else None, "estimated_wait_minutes": wait[1] if wait else None,
        "estimated_wait_range": {"min": wait[0], "max": wait[2]} if wait else None,
        "why": place.why if place else "", "why_code": place.why_code if place else "",
        "why_values": place.why_values if place else {}, "due_at": faces.moment(visit["due_at"]),
        "delay_minutes": visit["delay_min"], "day": visit["day"], "category": visit["category"],
        "doctor_name": doctor["name"] if doctor else None, "arrived_at": faces.moment(visit["arrived_at"]),
    }  # fmt: skip


async def _values(faces: Faces, who: Identity, visit: Visit, kind: type[Command], wanted: Row) -> Row:
    """What the command takes beside the visit. Raises Problem 403, 404, 422."""
    if kind is commands.MoveVisit:
        return {"place": min(wanted["place"], 1_000_000)}
    if "doctor_id" not in wanted:
        return wanted
    given = wanted["doctor_id"]
    if given is None and kind is commands.CallVisit:
        given = who.doctor_id or visit["doctor_id"]
        if given is None:
            raise Problem(
                422, "doctor_id: Say to which doctor.", errors=[{"field": "doctor_id", "message": "Missing."}]
            )
    if given is None:
        return wanted
    doctor = await doctor_of(faces, str(given))
    if kind is commands.CallVisit:
        own(who, doctor["id"])
    return {**wanted, "doctor_id": doctor["id"]}


def _answer(result: Row, faces: Faces, zone_body: Callable[[Visit], Row], *, with_link: bool) -> Row:
    """`{visit, undo_id}` and what the rule says beside them."""
    visit: Visit = result["visit"]
    answer: Row = {"visit": zone_body(visit), "undo_id": result.get("undo_id")}
    answer |= {name: result[name] for name in _MADE if name in result}
    if "promoted" in result:
        answer["promoted"] = zone_body(result["promoted"]) if result["promoted"] else None
    if with_link:
        joins_ms = result.get("admitted_at_ms") or (
            visit["timer_at"] if not result["admitted"] else visit["arrived_at"]
        )
        answer |= {"admitted_at": faces.moment(joins_ms), "ahead": result.get("ahead"), **faces.tracking(visit)}
    return answer


def _person(person: Row | None) -> Row | None:
    if person is None or person["erased"]:
        return None
    return {name: person[name] for name in ("id", "name", "phone", "age", "gender", "language")}


def _json(answer: Row) -> Response:
    return Response(orjson.dumps(answer), media_type="application/json")
