"""HTTP of plans and doses: see `plans` and `doses`. Both spellings of the path work, as decision 24 says."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Header, Path, Query, Response

from cloud.accounts.guards import Guards
from cloud.accounts.people import Account
from cloud.accounts.repeats import Key
from cloud.care import doses
from cloud.care.bodies import FhirImport, PlanBody, Stop
from cloud.care.plans import Plans
from cloud.care.reading import of_fhir
from cloud.db.pool import Pool
from shared.clock import Clock
from shared.device_api import Ms
from shared.doses.localtime import DAY_MS
from shared.doses.states import Status
from shared.problems import Problem

IfMatch = Annotated[str | None, Header(alias="If-Match", max_length=40)]
PlanId = Annotated[str, Path(max_length=64)]
Limit = Annotated[int, Query(ge=1, le=500)]
Row = dict[str, Any]
BEHIND_MS: Final = 7 * DAY_MS
AHEAD_MS: Final = 14 * DAY_MS


def revision_of(if_match: str | None) -> int | None:
    """`"3"`, `3` or `W/"3"` -> 3; anything else matches nothing."""
    text = (if_match or "").removeprefix("W/").strip('"')
    return int(text) if text.isascii() and text.isdigit() else None


def plans_router(plans: Plans, pool: Pool, guards: Guards, clock: Clock) -> APIRouter:
    """`/api/v1/medication-plans/…`."""
    router = APIRouter(prefix="/api/v1/medication-plans", tags=["plans"])
    care, caregiver = Depends(guards.care), Depends(guards.caregiver)

    @router.get("")
    async def list_plans(
        account: Account = caregiver,
        patient_id: Annotated[str | None, Query(max_length=64)] = None,
        status: Literal["active", "stopped"] | None = None,
        limit: Limit = 100,
    ) -> list[Row]:
        """Plans of a patient, or of all patients you may see, the newest first."""
        return await plans.many(account, patient_id, status, limit)

    @router.post("", status_code=201)
    async def write_plan(body: PlanBody, response: Response, account: Account = care, key: Key = None) -> Row:
        """Write a plan. It goes to the patient's clinic as a command, or to a device that reaches head office; `delivery`
        says how far it is. 422 names the item that does not fit."""
        plan = await plans.write(account, body.patient_id, body.plan(), key)
        response.headers["ETag"] = f'"{plan["revision"]}"'
        return plan

    @router.post("/import-fhir", status_code=201)
    async def import_fhir(body: FhirImport, response: Response, account: Account = care, key: Key = None) -> Row:
        """Make a plan of FHIR R4 MedicationRequests. 422 names what is not understood; nothing is dropped."""
        zone = body.timezone or await plans.zone(account, body.patient_id)
        plan = await plans.write(account, body.patient_id, of_fhir(body.resource, zone), key)
        response.headers["ETag"] = f'"{plan["revision"]}"'
        return plan

    @router.get("/{plan_id}")
    async def one_plan(plan_id: PlanId, response: Response, account: Account = caregiver) -> Row:
        """One plan, and how far its revision is."""
        plan = await plans.one(account, plan_id)
        response.headers["ETag"] = f'"{plan["revision"]}"'
        return plan

    @router.put("/{plan_id}")
    async def revise_plan(
        plan_id: PlanId, body: PlanBody, response: Response, account: Account = care, if_match: IfMatch = None
    ) -> Row:
        """The plan's next revision. `If-Match` is the revision you saw; planned doses of the old one are VOIDED."""
        plan = await plans.revise(account, plan_id, body.patient_id, body.plan(), revision_of(if_match))
        response.headers["ETag"] = f'"{plan["revision"]}"'
        return plan

    @router.delete("/{plan_id}")
    async def stop_plan(
        plan_id: PlanId, account: Account = care, reason: Annotated[str, Query(max_length=120)] = "", body: Stop | None = None
    ) -> Row:  # fmt: skip
        """Stop a plan; what was taken stays. The reason in the query or the body."""
        return await plans.stop(account, plan_id, reason or (body.reason if body else ""))

    @router.get("/{plan_id}/fhir")
    async def plan_as_fhir(plan_id: PlanId, account: Account = caregiver) -> Row:
        """The plan as a FHIR R4 Bundle of MedicationRequests; imported again it is the same plan."""
        return await plans.as_fhir(account, plan_id)

    @router.get("/{plan_id}/doses")
    async def doses_of_plan(
        plan_id: PlanId,
        account: Account = caregiver,
        from_: Annotated[Ms | None, Query(alias="from", description="ISO 8601 or ms; left out: 7 days ago.")] = None,
        to: Annotated[Ms | None, Query(description="Not included; left out: 14 days from now.")] = None,
        status: Status | None = None,
    ) -> list[Row]:
        """What became of each dose, and what is planned. `provisional`: nobody was heard yet, so nobody knows."""
        now_ms = clock.now_ms()
        begin = from_ if from_ is not None else now_ms - BEHIND_MS
        end = to if to is not None else max(begin, now_ms) + AHEAD_MS
        if end < begin or end - begin > doses.SPAN_MS_MAX:
            raise Problem(422, "Ask for a stretch of at most 93 days, its end after its begin.")
        plan = await plans.one(account, plan_id)
        async with pool.transaction() as conn:
            rows = await doses.of_person(conn, plan["site"], plan["patient_id"], begin, end, now_ms, plan_id)
        return [doses.shown(row) for row in rows if status is None or row["status"] == status]

    return router
