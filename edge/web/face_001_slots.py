"""Seed 001: slots, their delay, and their tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from edge.domain.booking_commands import AddSlot, ChangeSlot, DelaySlot
from edge.domain.slots import CAPACITY_MAX, DELAY_MAX_MIN
from edge.store import face_001 as rows
from edge.store import people, states
from edge.store.states import Row
from edge.web.documents import body, errors
from edge.web.face_001_bodies import entry_body, slot_body
from edge.web.face_001_lists import (
    DAY_QUERY,
    DOCTOR_QUERY,
    PAGE_HEADERS,
    RECEPTION_OR_DOCTOR,
    Kit,
    Paged,
    day_of,
    json,
    moment_ms,
    page,
    paged,
    router,
)
from edge.web.face_001_tokens import Tokens, TokenStatus
from edge.web.faces import given_id
from edge.web.guards import KIOSK, RECEPTION, STAFF, own
from edge.web.lookups import doctor_of
from edge.web.requests import Shape, parsed
from shared.clock import local_date
from shared.commands import Command
from shared.ids import new_id
from shared.problems import Problem

SlotStatus = Literal["ACTIVE", "DELAYED", "CANCELLED"]


class NewSlot(Shape):
    """Bookable time. `doctor` and `doctor_id` are one. Times without an offset are site time."""

    doctor: str | None = Field(default=None, max_length=64)
    doctor_id: str | None = Field(default=None, max_length=64)
    start_time: datetime
    end_time: datetime
    max_capacity: int = Field(ge=1, le=CAPACITY_MAX)


class SlotNow(Shape):
    """A slot as it is to be; what is absent stays as it is. CANCELLED sends its visits to the waiting list."""

    start_time: datetime | None = None
    end_time: datetime | None = None
    max_capacity: int | None = Field(default=None, ge=1, le=CAPACITY_MAX)
    status: Literal["ACTIVE", "CANCELLED"] | None = None


class Delay(Shape):
    """How late the slot begins, in minutes: set, not added. 0 takes the delay away."""

    delay_minutes: int = Field(ge=0, le=DELAY_MAX_MIN)


def slots(kit: Kit, tokens: Tokens) -> APIRouter:
    """/api/v1/slots."""
    routes = router()
    guards, requests, faces = kit.guards, kit.requests, kit.faces
    zone = faces.zone

    async def known(given: str) -> Row:
        slot_id = given_id(given, small=False)
        found = await faces.read(lambda conn: _slot(conn, slot_id))
        if found is None:
            raise Problem(404, "There is no such slot.", hint="Read the list again.")
        return found

    async def after(slot_id: str) -> dict[str, Any]:
        """The slot as it stands, places counted."""
        return slot_body(await known(slot_id), zone)

    @routes.get("/slots", tags=["slots"], responses={**errors(401, 403, 503), **PAGE_HEADERS})
    async def all_slots(
        request: Request, paging: Paged, doctor_id: Annotated[str | None, DOCTOR_QUERY] = None,
        date: Annotated[str | None, DAY_QUERY] = None, status: Annotated[SlotStatus | None, Query()] = None,
    ) -> Response:  # fmt: skip
        """Slots of a day by start; without `date` of all days, the latest first (a kiosk or staff)."""
        await guards.need(request, KIOSK)
        wanted = rows.SlotFilter(await tokens.doctor_filter(doctor_id), day_of(date), status)
        found = await paged(faces.read(lambda conn: rows.slots(conn, wanted, paging.cursor, paging.limit)))
        return page(request, found, [slot_body(slot, zone) for slot in found.rows])

    @routes.post(
        "/slots", status_code=201, tags=["slots"], responses=errors(401, 403, 404, 409, 415, 503),
        openapi_extra=body(NewSlot),
    )  # fmt: skip
    async def add_slot(request: Request) -> Response:
        """Open bookable time of a doctor (reception)."""
        who = await guards.need(request, RECEPTION)
        raw = await request.body()
        wanted = parsed(request, raw, NewSlot, who)
        start_ms = moment_ms(wanted.start_time, zone, "start_time")
        end_ms = moment_ms(wanted.end_time, zone, "end_time")
        doctor_id = (await doctor_of(faces, _doctor(wanted)))["id"]
        day = local_date(start_ms, zone).isoformat()

        def command(command_id: str) -> Command:
            return AddSlot(
                command_id=command_id, actor=who.actor, device=who.device, slot_id=new_id(), doctor_id=doctor_id,
                day=day, start_ms=start_ms, end_ms=end_ms, max_capacity=wanted.max_capacity,
            )  # fmt: skip

        async def dress(result: dict[str, Any]) -> Any:
            return slot_body({**result["slot"], "waiting_list_length": 0}, zone)

        return json(await kit.done(request, who, raw, command, dress), 201)

    @routes.get("/slots/{slot_id}", tags=["slots"], responses=errors(401, 403, 404, 503))
    async def one_slot(request: Request, slot_id: str) -> Response:
        """One slot (a kiosk or staff)."""
        await guards.need(request, KIOSK)
        return json(await after(slot_id))

    @routes.put(
        "/slots/{slot_id}", tags=["slots"], responses=errors(401, 403, 404, 409, 415, 503), openapi_extra=body(SlotNow)
    )
    async def change_slot(request: Request, slot_id: str) -> Response:
        """Change time, capacity or status (reception). New places go to the waiting list in the same commit."""
        who = await guards.need(request, RECEPTION)
        raw = await request.body()
        wanted = parsed(request, raw, SlotNow, who)
        its_id = given_id(slot_id, small=False)
        start_ms = None if wanted.start_time is None else moment_ms(wanted.start_time, zone, "start_time")
        end_ms = None if wanted.end_time is None else moment_ms(wanted.end_time, zone, "end_time")

        def command(command_id: str) -> Command:
            return ChangeSlot(
                command_id=command_id, actor=who.actor, device=who.device, slot_id=its_id,
                day=None if start_ms is None else local_date(start_ms, zone).isoformat(), start_ms=start_ms,
                end_ms=end_ms, max_capacity=wanted.max_capacity, status=wanted.status,
            )  # fmt: skip

        result = await requests.run(request, who, raw, command)
        positions = {entry["id"]: entry for entry in await faces.read(lambda conn: rows.waiting_for(conn, its_id))}
        now_ms = faces.now_ms()
        moved = [positions.get(visit["id"], {**visit, "position": None}) for visit in result["moved_to_waiting_list"]]
        return json({
            **await after(its_id), "promoted": await tokens.bodies(result["promoted"]),
            "moved_to_waiting_list": [entry_body(visit, zone, now_ms) for visit in moved],
        })  # fmt: skip

    @routes.put(
        "/slots/{slot_id}/delay", tags=["slots"], responses=errors(401, 403, 404, 409, 415, 503),
        openapi_extra=body(Delay),
    )  # fmt: skip
    async def delay_slot(request: Request, slot_id: str) -> Response:
        """The slot begins late (reception, or its doctor). Later slots of that doctor's day follow."""
        who = await guards.need(request, RECEPTION_OR_DOCTOR)
        raw = await request.body()
        minutes = parsed(request, raw, Delay, who).delay_minutes
        slot = await known(slot_id)
        own(who, slot["doctor_id"])

        def command(command_id: str) -> Command:
            return DelaySlot(
                command_id=command_id, actor=who.actor, device=who.device, slot_id=slot["id"], delay_min=minutes
            )

        result = await requests.run(request, who, raw, command)
        affected = [{"id": one["id"], "delay_minutes": one["delay_min"]} for one in result["affected_slots"]]
        ids = result["affected_visits"]
        found = await faces.read(lambda conn: [v for v in (states.visit(conn, one) for one in ids) if v is not None])
        told = [{"id": token["id"], "estimated_time": token["estimated_time"]} for token in await tokens.bodies(found)]
        return json({**await after(slot["id"]), "affected_slots": affected, "affected_tokens": told})

    @routes.get("/slots/{slot_id}/tokens", tags=["slots"], responses={**errors(401, 403, 404, 503), **PAGE_HEADERS})
    async def tokens_of_slot(
        request: Request, slot_id: str, paging: Paged, status: Annotated[TokenStatus | None, Query()] = None
    ) -> Response:
        """The slot's tokens by place; behind them those that have none (any more) (staff)."""
        who = await guards.need(request, STAFF)
        its_id = (await known(slot_id))["id"]
        await guards.audit.saw(who, "list", f"tokens of slot {its_id}")
        return await tokens.of_slot(request, its_id, status, paging)

    return routes


def _slot(conn: Any, slot_id: str) -> Row | None:
    found = people.slot(conn, slot_id)
    return rows.with_waiting(conn, [found])[0] if found else None


def _doctor(wanted: NewSlot) -> str:
    given = {value for value in (wanted.doctor, wanted.doctor_id) if value is not None}
    if len(given) != 1:
        detail = "doctor and doctor_id are one." if given else "doctor: a slot is of a doctor."
        raise Problem(422, detail, hint="Send one of them.", errors=[{"field": "doctor", "message": detail}])
    return given.pop()
