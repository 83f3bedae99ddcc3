"""Who is cared for by whom: patients of a site, their caregivers and doctors, their day, and what is held back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import psycopg

from cloud.accounts import audit
from cloud.accounts.people import Account
from cloud.care import access, direct
from cloud.care.bodies import Correction, NewCaregiver, NewHold, NewMedication
from cloud.care.plans import enqueue
from cloud.db.pool import Connection, Pool
from cloud.mailbox.service import Mailbox
from shared.clock import Clock, iso
from shared.ids import new_id
from shared.problems import Problem

COUNTED_MAX: Final = 100
"""Recordings to look at that the list of patients counts of one patient; their page shows all."""
_TO_LOOK_AT: Final = (
    "(select count(*) from (select 1 from (select r.subject_id as note_id from llm_results r where r.site = p.site"
    " and r.person_id = p.person_id and r.pipeline = 'note' and (r.needs_human or r.review) and not r.seen"
    " union select i.interaction_id from interaction_logs i where i.site = p.site and i.person_id = p.person_id"
    " and i.status = 'failed') may cross join lateral (select o.to_look_at from note_readings o"
    " where o.site = p.site and o.note_id = may.note_id limit 1) open"
    f" where open.to_look_at limit {COUNTED_MAX}) found)"
)
"""Recordings of a patient `p` that ask for a person; those somebody has looked at are not gone through again."""
Row = dict[str, Any]
CAREGIVERS_MAX: Final = 20
HOLD_MS_MAX: Final = round(timedelta(days=366).total_seconds() * 1000)


class People:
    """Reads and acts; each looks first whether the patient is the account's."""

    def __init__(self, pool: Pool, mailbox: Mailbox, clock: Clock) -> None:
        self._pool, self._mailbox, self._clock = pool, mailbox, clock

    async def patients(self, account: Account, site: str | None, sought: str, limit: int) -> list[Row]:
        """Patients by name. sought: a part of the name or phone."""
        if site is not None:
            account.require(site)
        condition, values = access.scope(account, "p.person_id", "p.site")
        async with self._pool.transaction() as conn:
            found = await conn.execute(
                "select p.site, p.person_id, p.name, p.phone, p.age, p.gender, p.language,"
                " exists (select 1 from medication_plans m where m.site = p.site and m.person_id = p.person_id"
                " and m.status = 'active'),"
                f" coalesce(n.open, 0), coalesce(n.nobody, 0), {_TO_LOOK_AT} from persons p"
                " left join lateral (select count(*) as open, count(*) filter (where a.acked_ms is null) as nobody"
                " from alerts_now a where a.site = p.site and a.person_id = p.person_id and a.is_open) n on true"
                f" where not p.erased and {condition} and (%s::text is null or p.site = %s)"
                " and (%s = '' or position(lower(%s) in lower(p.name)) > 0 or position(%s in p.phone) > 0)"
                " order by lower(p.name), p.person_id limit %s",
                [*values, site, site, sought, sought, sought, limit],
            )
            names = ("site", "id", "name", "phone", "age", "gender", "language", "has_plan", "open_alerts",
                     "alerts_nobody_has", "notes_to_look_at")  # fmt: skip
            return [dict(zip(names, row, strict=True)) for row in await found.fetchall()]

    async def caregivers(self, account: Account, person_id: str) -> list[Row]:
        """Who is told of a patient, in their order."""
        async with self._pool.transaction() as conn:
            patient = await access.patient(conn, account, person_id)
            found = await conn.execute(
                "select c.caregiver_id, c.name, c.language, c.relation, p.place, a.name from patient_caregiver p"
                " join caregivers c on c.site = p.site and c.caregiver_id = p.caregiver_id"
                " left join accounts a on a.id = c.account_id"
                " where p.site = %s and p.person_id = %s order by p.place, c.name",
                (patient.site, patient.id),
            )
            names = ("id", "name", "language", "relation", "place", "account")
            return [dict(zip(names, row, strict=True)) for row in await found.fetchall()]

    async def add_caregiver(self, account: Account, person_id: str, body: NewCaregiver) -> Row:
        """List somebody. Raises Problem 409 above CAREGIVERS_MAX, 422 for an account nobody has."""
        async with self._pool.transaction() as conn:
            patient = await access.patient(conn, account, person_id)
            found = await conn.execute(
                "select count(*) from patient_caregiver where site = %s and person_id = %s", (patient.site, patient.id)
            )
            (count,) = await found.fetchone() or (0,)
            if count >= CAREGIVERS_MAX:
                raise Problem(
                    409, f"A patient has at most {CAREGIVERS_MAX} caregivers.", hint="Take one from the list first."
                )
            known = await _account(conn, body.account)
            caregiver_id = new_id()
            if known is not None:
                same = await conn.execute(
                    "select caregiver_id from caregivers where site = %s and account_id = %s", (patient.site, known)
                )
                row = await same.fetchone()
                caregiver_id = row[0] if row else caregiver_id
            await conn.execute(
                "insert into caregivers (site, caregiver_id, name, language, relation, account_id, created_ms)"
                " values (%s, %s, %s, %s, %s, %s, %s) on conflict do nothing",
                (patient.site, caregiver_id, body.name, body.language, body.relation, known, self._clock.now_ms()),
            )
            await conn.execute(
                "insert into patient_caregiver (site, person_id, caregiver_id, place) values (%s, %s, %s, %s)"
                " on conflict (site, person_id, caregiver_id) do update set place = excluded.place",
                (patient.site, patient.id, caregiver_id, body.place),
            )
            await audit.write(
                conn,
                self._clock,
                account.actor,
                "caregiver_added",
                site=patient.site,
                person=patient.id,
                caregiver=caregiver_id,
            )
        return {"id": caregiver_id, **body.model_dump()}

    async def remove_caregiver(self, account: Account, person_id: str, caregiver_id: str) -> None:
        """Nothing of this patient is told to them any more. Raises Problem 404."""
        async with self._pool.transaction() as conn:
            patient = await access.patient(conn, account, person_id)
            gone = await conn.execute(
                "delete from patient_caregiver where site = %s and person_id = %s and caregiver_id = %s",
                (patient.site, patient.id, caregiver_id),
            )
            if not gone.rowcount:
                raise Problem(404, "There is no such caregiver of this patient.", hint="Read the list again.")
            await audit.write(
                conn,
                self._clock,
                account.actor,
                "caregiver_removed",
                site=patient.site,
                person=patient.id,
                caregiver=caregiver_id,
            )

    async def doctors(self, account: Account, person_id: str) -> list[Row]:
        """The doctors of a patient."""
        async with self._pool.transaction() as conn:
            patient = await access.patient(conn, account, person_id)
            found = await conn.execute(
                "select d.doctor_id, d.name, d.specialization from patient_doctor p join doctors d on d.site = p.site"
                " and d.doctor_id = p.doctor_id where p.site = %s and p.person_id = %s order by d.name",
                (patient.site, patient.id),
            )
            return [dict(zip(("id", "name", "specialization"), row, strict=True)) for row in await found.fetchall()]

    async def set_doctor(self, account: Account, person_id: str, doctor_id: str, *, is_one: bool) -> None:
        """Give the patient this doctor, or no longer. Raises Problem 404 for a doctor the clinic does not have."""
        async with self._pool.transaction() as conn:
            patient = await access.patient(conn, account, person_id)
            found = await conn.execute(
                "select 1 from doctors where site = %s and doctor_id = %s", (patient.site, doctor_id)
            )
            if await found.fetchone() is None:
                raise Problem(404, "The clinic has no such doctor.", hint="Choose one of the clinic's doctors.")
            if is_one:
                await conn.execute(
                    "insert into patient_doctor values (%s, %s, %s, %s) on conflict do nothing",
                    (patient.site, patient.id, doctor_id, self._clock.now_ms()),
                )
            else:
                await conn.execute(
                    "delete from patient_doctor where site = %s and person_id = %s and doctor_id = %s",
                    (patient.site, patient.id, doctor_id),
                )

    async def meal_times(self, account: Account, person_id: str) -> Row:
        """When somebody wakes, eats and sleeps, as far as anybody has said."""
        async with self._pool.transaction() as conn:
            patient = await access.patient(conn, account, person_id)
            found = await conn.execute(
                "select times from meal_times where site = %s and person_id = %s", (patient.site, patient.id)
            )
            row = await found.fetchone()
            return {"patient_id": patient.id, "times": row[0] if row else {}}

    async def set_meal_times(self, account: Account, person_id: str, times: Row) -> Row:
        """Tell the clinic; doses by meals move once it has applied that."""
        return await self._ask(account, person_id, "set_meal_times", {"times": times})

    async def hold(self, account: Account, body: NewHold) -> Row:
        """Hold doses back. Raises Problem 422 for an end before the beginning or beyond a year."""
        if not body.from_at < body.until_at <= body.from_at + HOLD_MS_MAX:
            raise Problem(422, "A hold ends after it begins, and lasts at most a year.")
        asked = {"hold_id": new_id(), "from_ms": body.from_at, "until_ms": body.until_at, "reason": body.reason}
        asked |= {name: value for name in ("plan_id", "item_id") if (value := getattr(body, name)) is not None}
        return {**await self._ask(account, body.patient_id, "set_hold", asked), "hold_id": asked["hold_id"]}

    async def holds(self, account: Account, person_id: str) -> list[Row]:
        """Holds of a patient nobody ended."""
        async with self._pool.transaction() as conn:
            patient = await access.patient(conn, account, person_id)
            found = await conn.execute(
                "select hold_id, plan_id, item_id, from_ms, until_ms, reason from holds where site = %s and person_id = %s"
                " and ended_ms is null order by from_ms",
                (patient.site, patient.id),
            )
            return [
                {
                    "id": row[0], "plan_id": row[1], "item_id": row[2], "from_at": iso(row[3]), "until_at": iso(row[4]),
                    "reason": row[5],
                }
                for row in await found.fetchall()
            ]  # fmt: skip

    async def end_hold(self, account: Account, hold_id: str) -> Row:
        """End a hold. Raises Problem 404."""
        async with self._pool.transaction() as conn:
            found = await conn.execute("select person_id from holds where hold_id = %s", (hold_id,))
            row = await found.fetchone()
        if row is None:
            raise Problem(404, "There is no such hold.", hint="Read the list again.")
        return await self._ask(account, row[0], "end_hold", {"hold_id": hold_id}, named=False)

    async def correct(self, account: Account, dose_id: str, body: Correction) -> Row:
        """Say what became of a dose. The clinic decides; what was said before stays in the record. Raises Problem 404."""
        async with self._pool.transaction() as conn:
            found = await conn.execute("select person_id from dose_occurrences where dose_id = %s", (dose_id,))
            row = await found.fetchone()
        if row is None:
            raise Problem(404, "Nothing is known of such a dose yet.", hint="Read the list again.")
        asked: Row = {"dose_id": dose_id, "status": body.status, "reason": body.reason}
        if body.taken_at is not None:
            asked["taken_ms"] = body.taken_at
        return await self._ask(account, row[0], "correct_dose", asked, named=False)

    async def _ask(self, account: Account, person_id: str, kind: str, body: Row, *, named: bool = True) -> Row:
        """A command to the patient's clinic; `state` says how far it is, at GET /api/v1/sites/{site}/commands. For a patient
        whose device reaches head office it is done at once, and there is no command."""
        async with self._pool.transaction() as conn:
            patient = await access.patient(conn, account, person_id)
            if await direct.is_direct(conn, patient.site, patient.id):
                await direct.carry_out(conn, patient.site, patient.id, kind, body, self._clock.now_ms())
                await audit.write(conn, self._clock, account.actor, kind, site=patient.site, person=patient.id)
                return {"command_id": None, "state": direct.APPLIED, "site": patient.site}
            asked = {"person_id": patient.id, **body} if named else body
            command_id = await enqueue(self._mailbox, conn, patient.site, kind, account.actor, asked)
            await audit.write(
                conn, self._clock, account.actor, kind, site=patient.site, person=patient.id, command=command_id
            )
        return {"command_id": command_id, "state": "published", "site": patient.site}

    async def medications(self, account: Account, site: str) -> list[Row]:
        """The catalogue of a site."""
        account.require(site)
        async with self._pool.transaction() as conn:
            found = await conn.execute(
                "select medication_id, name, code, form, route, unit from medications where site = %s order by lower(name)"
                " limit 1000",
                (site,),
            )
            return [
                dict(zip(("id", "name", "code", "form", "route", "unit"), row, strict=True))
                for row in await found.fetchall()
            ]

    async def add_medication(self, account: Account, body: NewMedication) -> Row:
        """Add one. Raises Problem 409 where it is there."""
        account.require(body.site)
        made = {"id": new_id(), **body.model_dump()}
        async with self._pool.transaction() as conn:
            try:
                await conn.execute(
                    "insert into medications (site, medication_id, name, code, form, route, unit, created_ms)"
                    " values (%(site)s, %(id)s, %(name)s, %(code)s, %(form)s, %(route)s, %(unit)s, %(now)s)",
                    {**made, "now": self._clock.now_ms()},
                )
            except psycopg.errors.UniqueViolation as error:
                raise Problem(409, f"{body.name} is in the catalogue.", code="taken") from error
        return made


async def _account(conn: Connection, name: str | None) -> str | None:
    """The id of a caregiver's account. Raises Problem 422 for a name nobody has."""
    if name is None:
        return None
    found = await conn.execute(
        "select id from accounts where lower(name) = lower(%s) and is_active and roles @> array['caregiver']", (name,)
    )
    row = await found.fetchone()
    if row is None:
        raise Problem(
            422, "There is no caregiver account of that name.", hint="Make the account first, with the role caregiver."
        )
    return str(row[0])
