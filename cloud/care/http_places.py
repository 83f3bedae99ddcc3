"""HTTP of what the pages of medicine stand on: clinics somebody cares for, their doctors, one patient, and what was asked of
a patient's clinic and how far that is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query

from cloud.accounts.guards import Guards
from cloud.accounts.people import Account
from cloud.care import access, told
from cloud.db.pool import Pool
from shared.clock import Clock, iso

SITES_MAX: Final = 1000
DOCTORS_MAX: Final = 500
KINDS: Final = ("set_meal_times", "set_hold", "end_hold", "correct_dose", told.KIND)
"""Commands about a patient that are not a plan's: a plan says its own `delivery`."""
Id = Annotated[str, Path(max_length=64)]
Row = dict[str, Any]


def places_router(pool: Pool, guards: Guards, clock: Clock) -> APIRouter:
    """`/api/v1/care/sites…`, `/api/v1/patients/{id}` and `/api/v1/patients/{id}/requests`."""
    router = APIRouter(prefix="/api/v1", tags=["care"])
    anybody, care, caregiver = Depends(guards.watcher), Depends(guards.care), Depends(guards.caregiver)

    @router.get("/care/sites")
    async def sites(account: Account = anybody) -> Row:
        """Clinics you may see (a caregiver: those of the own patients), with their zone, when they were heard last
        (null: never), and the time it is."""
        if access.only_theirs(account):
            condition = "exists (select 1 from account_patients ap where ap.account_id = %s and ap.site = s.site)"
            values: list[Any] = [account.id]
        else:
            condition, values = "(%s::text[] is null or s.site = any(%s))", [access.sites_of(account)] * 2
        async with pool.transaction() as conn:
            found = await conn.execute(
                "select s.site, s.name, coalesce(nullif(t.timezone, ''), 'UTC'), t.heard_ms from sites s left join site_state t"
                f" on t.site = s.site where {condition} order by lower(s.name), s.site limit %s",
                [*values, SITES_MAX],
            )
            rows = await found.fetchall()
        return {
            "now_ms": clock.now_ms(),
            "factor": clock.factor,
            "sites": [dict(zip(("id", "name", "timezone", "heard_ms"), row, strict=True)) for row in rows],
        }

    @router.get("/care/sites/{site}/doctors")
    async def doctors(site: Annotated[str, Path(max_length=40)], account: Account = care) -> list[Row]:
        """The doctors of a clinic, by name: whom a patient may be given."""
        account.require(site)
        async with pool.transaction() as conn:
            found = await conn.execute(
                "select doctor_id, name, specialization, is_active from doctors where site = %s order by lower(name), doctor_id"
                " limit %s",
                (site, DOCTORS_MAX),
            )
            names = ("id", "name", "specialization", "is_active")
            return [dict(zip(names, row, strict=True)) for row in await found.fetchall()]

    @router.get("/patients/{patient_id}")
    async def patient(patient_id: Id, account: Account = caregiver) -> Row:
        """One patient; a caregiver sees the name, language and clinic alone."""
        async with pool.transaction() as conn:
            one = await access.patient(conn, account, patient_id)
            await access.seen(conn, clock, account, "care_seen", one.site, one.id)
            shown: Row = {
                "id": one.id, "site": one.site, "name": one.name, "language": one.language, "timezone": one.timezone,
            }  # fmt: skip
            if not access.only_theirs(account):
                found = await conn.execute(
                    "select phone, age, gender from persons where site = %s and person_id = %s", (one.site, one.id)
                )
                row = await found.fetchone()
                shown |= dict(zip(("phone", "age", "gender"), row or (None, None, None), strict=True))
        return shown

    @router.get("/patients/{patient_id}/requests")
    async def requests(
        patient_id: Id, account: Account = care, limit: Annotated[int, Query(ge=1, le=100)] = 20
    ) -> list[Row]:
        """What was asked of the patient's clinic beside plans, the newest first: published, received, applied, failed."""
        return await _asked(pool, account, patient_id, KINDS, limit)

    @router.get("/patients/{patient_id}/told")
    async def said(
        patient_id: Id, account: Account = caregiver, limit: Annotated[int, Query(ge=1, le=100)] = 20
    ) -> list[Row]:
        """What caregivers said of the patient's doses, the newest first, and how far each is at the clinic."""
        return await _asked(pool, account, patient_id, (told.KIND,), limit)

    return router


async def _asked(pool: Pool, account: Account, patient_id: str, kinds: Sequence[str], limit: int) -> list[Row]:
    async with pool.transaction() as conn:
        one = await access.patient(conn, account, patient_id)
        found = await conn.execute(
            "select m.command_id, m.kind, m.state, m.detail, m.body->>'dose_id', m.published_ms from mailbox m"
            " where m.site = %(site)s and m.kind = any(%(kinds)s) and (m.body->>'person_id' = %(person)s"
            " or m.body->>'hold_id' in (select hold_id from holds h where h.site = %(site)s and h.person_id = %(person)s)"
            " or m.body->>'dose_id' in (select dose_id from dose_occurrences o where o.site = %(site)s"
            " and o.person_id = %(person)s)) order by m.published_ms desc, m.number desc limit %(limit)s",
            {"site": one.site, "person": one.id, "kinds": list(kinds), "limit": limit},
        )
        names = ("id", "kind", "state", "detail", "occurrence_id")
        return [{**dict(zip(names, row[:5], strict=True)), "at": iso(row[5])} for row in await found.fetchall()]
