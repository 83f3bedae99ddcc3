"""``/api/v1/care/medicines`` and ``…/as-needed``: what people take by their plans, and what they take when needed."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import Field

from edge.domain.care_commands import TakeAsNeeded
from edge.store import medicines as rows
from edge.store.states import Row
from edge.web.documents import body, errors
from edge.web.face_002_care import REASON_MAX
from edge.web.face_002_common import Care, Person, json, person_id_of
from edge.web.requests import parsed
from shared.device_api import Body, Id, Ms


class AsNeeded(Body):
    """A medicine as needed. `swallowed`: it is done already and is kept whatever the limits say."""

    plan_id: Id
    item_id: Id
    quantity: Annotated[float, Field(gt=0, le=1_000)]
    at: Ms | None = None
    swallowed: bool = False
    reason: Annotated[str, Field(max_length=REASON_MAX)] = ""


def install(router: APIRouter, care: Care) -> None:
    """The routes."""

    @router.get("/care/medicines", tags=["care"], responses=errors(401, 403, 503))
    async def medicines(request: Request, patient_id: Person = None) -> Response:
        """The medicines of all plans that are followed, by name (care)."""
        who = await care.need(request)
        person_id = person_id_of(patient_id)
        await care.guards.audit.saw(who, "list", f"medicines of {person_id or 'everybody'}")
        found = await care.faces.read(lambda conn: rows.medicines(conn, person_id))
        names = await care.names(plan.person_id for plan, _ in found)
        return json([{
            "patient_id": plan.person_id, "patient_name": names.get(plan.person_id), "plan_id": plan.id,
            "item_id": item.id, "medication": item.medication, "unit": item.unit, "as_needed": item.as_needed,
        } for plan, item in found])  # fmt: skip

    @router.get("/care/as-needed", tags=["care"], responses=errors(401, 403, 503))
    async def listed(request: Request, patient_id: Person = None) -> Response:
        """Medicines as needed with whether each may be taken now, and if not, why and from when on (care)."""
        who = await care.need(request)
        person_id, now_ms = person_id_of(patient_id), care.faces.now_ms()
        await care.guards.audit.saw(who, "list", f"medicines as needed of {person_id or 'everybody'}")
        found = await care.faces.read(lambda conn: rows.medicines_as_needed(conn, now_ms, person_id))
        names = await care.names(one.plan.person_id for one in found)
        return json([_body(care, one, names) for one in found])

    @router.post("/care/as-needed", status_code=201, tags=["care"],
                 responses=errors(401, 403, 404, 409, 415, 503), openapi_extra=body(AsNeeded))  # fmt: skip
    async def take(request: Request) -> Response:
        """Give a medicine as needed, or note one already swallowed (care). 409 says not before when it may be taken."""
        who = await care.need(request)
        raw = await request.body()
        given = parsed(request, raw, AsNeeded, who)
        at_ms = care.faces.now_ms() if given.at is None else given.at

        def command(cid: str) -> TakeAsNeeded:
            return TakeAsNeeded(
                command_id=cid, actor=who.actor, device=who.device, plan_id=given.plan_id, item_id=given.item_id,
                quantity=given.quantity, source="nurse", at_ms=at_ms, swallowed=given.swallowed, reason=given.reason,
            )  # fmt: skip

        async def dress(result: Row) -> Row:
            return result

        return await care.done(request, who, raw, command, dress, 201)


def _body(care: Care, one: rows.AsNeeded, names: dict[str, str]) -> dict[str, Any]:
    """`blocked`: null where it may be taken now; else min_gap, limit or on_hold, and `not_before` from when it may."""
    return {
        "patient_id": one.plan.person_id, "patient_name": names.get(one.plan.person_id), "plan_id": one.plan.id,
        "item_id": one.item.id, "medication": one.item.medication, "quantity": one.quantity, "unit": one.item.unit,
        "reason": one.item.as_needed_reason, "max_hours": one.item.limits.max_hours, "taken_at": care.iso(one.taken_ms),
        "blocked": one.against.code if one.against else None,
        "not_before": care.iso(one.against.not_before_ms) if one.against else None,
    }  # fmt: skip
