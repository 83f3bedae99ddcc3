"""Seed 001: tokens (visits that have or had a place), and waiting lists."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from edge.domain.booking_commands import BookVisit, Category
from edge.domain.commands import CancelVisit, MarkNoShow
from edge.domain.visits import Visit
from edge.store import face_001 as rows
from edge.store import people, states
from edge.store.places import House
from edge.store.states import Row
from edge.web.credentials import Identity
from edge.web.documents import body, errors
from edge.web.face_001_bodies import WAITLISTED, token_body
from edge.web.face_001_lists import (
    DAY_QUERY,
    DOCTOR_QUERY,
    PAGE_HEADERS,
    Kit,
    Paged,
    Paging,
    day_of,
    json,
    moment_ms,
    page,
    paged,
    part_of,
    query_id,
    router,
)
from edge.web.faces import SMALL, UUID, given_id
from edge.web.guards import CLINICAL, KIOSK, STAFF, own
from edge.web.lookups import own_queue, visit_of
from edge.web.requests import NoBody, Shape, parsed
from shared.commands import Command
from shared.ids import new_id
from shared.problems import Problem

TokenStatus = Literal["CONFIRMED", "CANCELLED", "NO_SHOW", "COMPLETED"]
NOT_FROM_A_KIOSK: Final = frozenset(("EMERGENCY", "PRIORITY_PAID"))
REASON_MAX: Final = 200
WAITLISTED_ANSWER: Final[dict[int | str, dict[str, Any]]] = {
    202: {"description": "The slot is full: on the waiting list, `status` WAITLISTED, with `position` there."}
}


class Wanted(Shape):
    """A place in a slot for a person. `waitlist` false: rather none than the waiting list. `paid_at`: absent means now.

    `override`: why staff allow a second visit of the day.
    """

    slot_id: str = Field(max_length=64)
    patient_id: str = Field(max_length=64)
    category: Category
    waitlist: bool = True
    paid_at: datetime | None = None
    override: str | None = Field(default=None, min_length=1, max_length=REASON_MAX)


class Emergency(Shape):
    """Somebody who must be seen before all others."""

    slot_id: str = Field(max_length=64)
    patient_id: str = Field(max_length=64)


class Tokens:
    """What the routes of tokens and slots share: finding visits and dressing them."""

    def __init__(self, kit: Kit) -> None:
        self._faces = kit.faces

    async def bodies(self, visits: Iterable[Visit]) -> list[dict[str, Any]]:
        """Tokens as they are at this moment."""
        listed = list(visits)
        around = await self._faces.read(lambda conn: rows.around(conn, listed))
        is_needed = any(visit["status"] == "waiting" for visit in listed)
        house: House | None = await self._faces.house() if is_needed else None
        now_ms = self._faces.now_ms()
        return [token_body(visit, around, self._faces.zone, now_ms, house) for visit in listed]

    async def body(self, visit: Visit | None) -> dict[str, Any] | None:
        """One token; None for none. One on a waiting list says where it stands there."""
        if visit is None:
            return None
        (made,) = await self.bodies([visit])
        if made["status"] == WAITLISTED and visit["slot_id"] is not None:
            entries = await self._faces.read(lambda conn: rows.waiting_for(conn, visit["slot_id"]))
            made["position"] = next((e["position"] for e in entries if e["id"] == visit["id"]), None)
        return made

    async def slot(self, given: str) -> Row:
        """A slot by UUID. Raises Problem 404."""
        slot_id = given_id(given, small=False)
        found = await self._faces.read(lambda conn: people.slot(conn, slot_id))
        if found is None:
            raise Problem(404, "There is no such slot.", hint="Read the list again.")
        return found

    async def doctor_filter(self, given: str | None) -> str | None:
        """The UUID by which a list is narrowed; of a doctor nobody knows, one that fits nothing. Raises Problem 422."""
        if given is None or UUID.fullmatch(given):
            return given.lower() if given else None
        if not SMALL.fullmatch(given):
            raise Problem(422, "doctor_id is a UUID or a number.", errors=[{"field": "doctor_id", "message": "no id"}])
        found = await self._faces.read(lambda conn: states.doctor(conn, given))
        return found["id"] if found else "nobody"

    async def of_slot(self, request: Request, slot_id: str, status: str | None, paging: Paging) -> Response:
        """A slot's tokens by place; behind them those that have none (any more)."""
        found = await self._faces.read(lambda conn: rows.slot_tokens(conn, slot_id, status))
        made = await self.bodies(found)
        made.sort(key=lambda token: (token["token_number"] is None, token["token_number"] or token["number"]))
        some = part_of(made, paging)
        return page(request, some, some.rows)


def tokens(kit: Kit, shared: Tokens) -> APIRouter:
    """/api/v1/tokens."""
    routes = router()
    guards, faces = kit.guards, kit.faces

    async def booked(request: Request, who: Identity, raw: bytes, wanted: Wanted) -> Response:
        slot = await shared.slot(wanted.slot_id)
        own(who, slot["doctor_id"])
        person_id = given_id(wanted.patient_id, small=False)
        paid_ms = None if wanted.paid_at is None else moment_ms(wanted.paid_at, faces.zone, "paid_at")

        def command(command_id: str) -> Command:
            return BookVisit(
                command_id=command_id, actor=who.actor, device=who.device, visit_id=new_id(), new_person_id=new_id(),
                person_id=person_id, slot_id=slot["id"], category=wanted.category, paid_ms=paid_ms,
                waitlist=wanted.waitlist, override=wanted.override or "",
            )  # fmt: skip

        async def dress(result: dict[str, Any]) -> Any:
            made = await shared.body(result["visit"]) or {}
            return made | faces.tracking(result["visit"])

        answer = await kit.done(request, who, raw, command, dress)
        return json(answer, 202 if f'"status":"{WAITLISTED}"'.encode() in answer else 201)

    @routes.get("/tokens", tags=["tokens"], responses={**errors(401, 403, 503), **PAGE_HEADERS})
    async def all_tokens(
        request: Request, paging: Paged, slot_id: Annotated[str | None, Query(max_length=64)] = None,
        doctor_id: Annotated[str | None, DOCTOR_QUERY] = None, patient_id: Annotated[str | None, Query(max_length=64)] = None,
        date: Annotated[str | None, DAY_QUERY] = None, status: Annotated[TokenStatus | None, Query()] = None,
        category: Annotated[Category | None, Query()] = None,
    ) -> Response:  # fmt: skip
        """Tokens, newest first; without `date` of all days (staff). Who is on a waiting list has none yet.

        `doctor_id`, `status` and `category` without a slot, a patient or a date look at the newest 50,000 visits.
        """
        who = await guards.need(request, STAFF)
        wanted = rows.TokenFilter(
            query_id(slot_id, "slot_id"), await shared.doctor_filter(doctor_id), query_id(patient_id, "patient_id"),
            day_of(date), status, category,
        )  # fmt: skip
        found = await paged(faces.read(lambda conn: rows.tokens(conn, wanted, paging.cursor, paging.limit)))
        if wanted.person_id is None:
            await guards.audit.saw(who, "list", "tokens")
        else:
            await guards.audit.saw(who, "person", wanted.person_id)
        return page(request, found, await shared.bodies(found.rows))

    @routes.post(
        "/tokens", status_code=201, tags=["tokens"], openapi_extra=body(Wanted),
        responses={**errors(401, 403, 404, 409, 415, 503), **WAITLISTED_ANSWER},
    )  # fmt: skip
    async def ask_for_token(request: Request) -> Response:
        """A place in a slot (a kiosk or staff; a doctor in the own slots), or a place on its waiting list."""
        who = await guards.need(request, KIOSK)
        raw = await request.body()
        wanted = parsed(request, raw, Wanted, who)
        if who.kind == "kiosk":
            if wanted.category in NOT_FROM_A_KIOSK:
                raise Problem(403, f"{wanted.category} is for staff to give.", hint="Ask at the desk.")
            if wanted.paid_at is not None or wanted.override is not None:
                raise Problem(403, "Only staff say when it was paid, or allow a second visit.", hint="Ask at the desk.")
        return await booked(request, who, raw, wanted)

    @routes.post(
        "/tokens/emergency", status_code=201, tags=["tokens"], responses=errors(401, 403, 404, 409, 415, 503),
        openapi_extra=body(Emergency),
    )  # fmt: skip
    async def insert_emergency(request: Request) -> Response:
        """Before all others, also into a full slot (reception, nurse or doctor). An open visit of that day becomes it."""
        who = await guards.need(request, CLINICAL)
        raw = await request.body()
        wanted = parsed(request, raw, Emergency, who)
        asked = Wanted(slot_id=wanted.slot_id, patient_id=wanted.patient_id, category="EMERGENCY")
        return await booked(request, who, raw, asked)

    @routes.get("/tokens/{token_id}", tags=["tokens"], responses=errors(401, 403, 404, 503))
    async def one_token(request: Request, token_id: str) -> Response:
        """One token, by UUID or clinic number (staff). One on a waiting list has the status WAITLISTED."""
        who = await guards.need(request, STAFF)
        visit = await visit_of(faces, token_id)
        await guards.audit.saw_visit(who, visit)
        return json(await shared.body(visit))

    @routes.delete("/tokens/{token_id}", tags=["tokens"], responses=errors(401, 403, 404, 409, 415, 503))
    async def cancel_token(request: Request, token_id: str) -> Response:
        """Cancel (reception, nurse or doctor); the first of the waiting list gets the place. Again: the same answer."""
        who = await guards.need(request, CLINICAL)
        raw = await request.body()
        parsed(request, raw, NoBody, who)
        visit = await visit_of(faces, token_id)
        await own_queue(faces, who, visit)

        def command(command_id: str) -> Command:
            return CancelVisit(command_id=command_id, actor=who.actor, device=who.device, visit_id=visit["id"])

        result = await kit.requests.run(request, who, raw, command)
        if result.get("already"):
            earlier = await faces.read(lambda conn: rows.cancelled_by(conn, visit))
            result = earlier or result
        return json(await freed(result))

    @routes.post(
        "/tokens/{token_id}/no_show", tags=["tokens"], responses=errors(401, 403, 404, 409, 415, 503),
        openapi_extra=body(NoBody),
    )  # fmt: skip
    async def mark_no_show(request: Request, token_id: str) -> Response:
        """Did not come (reception, nurse or doctor): at once; the first of the waiting list gets the place."""
        who = await guards.need(request, CLINICAL)
        raw = await request.body()
        parsed(request, raw, NoBody, who)
        visit = await visit_of(faces, token_id)
        await own_queue(faces, who, visit)

        def command(command_id: str) -> Command:
            return MarkNoShow(command_id=command_id, actor=who.actor, device=who.device, visit_id=visit["id"])

        return json(await kit.done(request, who, raw, command, freed))

    async def freed(result: dict[str, Any]) -> dict[str, Any]:
        made = await shared.body(result["visit"]) or {}
        return {**made, "promoted": await shared.body(result["promoted"]), "undo_id": result["undo_id"]}

    return routes
