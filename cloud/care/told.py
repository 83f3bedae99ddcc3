"""What a caregiver says of a dose of their own people: for the clinic to keep, or at once where head office owns the dose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal, NamedTuple

from pydantic import StringConstraints

from cloud.accounts import audit
from cloud.accounts.people import CAREGIVER, Account
from cloud.care import access, direct, dose_alerts, dose_rows, dose_rules, doses, intake
from cloud.care.plans import enqueue
from cloud.db.pool import Connection, Pool
from cloud.mailbox.service import Mailbox
from shared.clock import Clock
from shared.device_api import Body, Id, Ms
from shared.doses.localtime import MINUTE_MS
from shared.doses.states import TAKEN, Status
from shared.problems import Problem

Row = dict[str, Any]
KIND: Final = "tell_dose"
AHEAD_MS: Final = 5 * MINUTE_MS
"""How far a moment may lie ahead, by which two clocks differ."""
AROUND_MS: Final = 2 * 24 * 60 * MINUTE_MS
BACK_MS: Final = 8 * 24 * 60 * MINUTE_MS


class Told(Body):
    """What became of a dose. at: when; now unless said. patient_id: whose it is, for a dose of which nothing was heard yet."""

    act: Literal["taken", "skipped"]
    at: Ms | None = None
    reason: Annotated[str, StringConstraints(max_length=80)] = ""
    patient_id: Id | None = None


class Dose(NamedTuple):
    """A dose as head office knows it."""

    site: str
    id: str
    person_id: str
    status: str


class Telling:
    """Takes what is said; looks first whether the patient is theirs."""

    def __init__(self, pool: Pool, mailbox: Mailbox, clock: Clock) -> None:
        self._pool, self._mailbox, self._clock = pool, mailbox, clock

    async def tell(self, account: Account, dose_id: str, body: Told) -> Row:
        """By somebody who has signed in. Raises Problem 404 for a dose of nobody of theirs, 409 for one that was answered,
        422 for a moment that has not come, 403 for staff, who correct instead."""
        if CAREGIVER not in account.roles:
            raise Problem(403, "This is for the patient's caregivers.", hint="Staff correct the dose, with a reason.")
        async with self._pool.transaction() as conn:
            found = await conn.execute(
                "select site, dose_id, person_id, status from dose_occurrences where dose_id = %s", (dose_id,)
            )
            row = await found.fetchone()
            if row is not None:
                dose = Dose(*row)
                patient = await access.patient(conn, account, dose.person_id)
            else:
                patient = await access.patient(conn, account, body.patient_id or "")
                dose = await self._planned(conn, patient, dose_id)
            if patient.site != dose.site:
                raise access.no_patient()
            by = f"{account.name}: {body.reason}" if body.reason else account.name
            return await self.keep(conn, dose, body.act, body.at, by=by, actor=account.actor)

    async def _planned(self, conn: Connection, patient: access.Patient, dose_id: str) -> Dose:
        """A dose of a plan of which the clinic has told nothing: it was not heard since. Raises Problem 404."""
        now_ms = self._clock.now_ms()
        around = await doses.of_person(conn, patient.site, patient.id, now_ms - AROUND_MS, now_ms + AROUND_MS, now_ms)
        for one in around:
            if one["dose_id"] == dose_id:
                return Dose(patient.site, dose_id, patient.id, one["status"])
        raise Problem(404, "Nothing is known of such a dose yet.", hint="Read the list again.")

    async def keep(self, conn: Connection, dose: Dose, act: str, at_ms: int | None, *, by: str, actor: str) -> Row:
        """On a connection the caller commits. by: a name for people. Raises Problem 409, 422, 503."""
        now_ms = self._clock.now_ms()
        at_ms = now_ms if at_ms is None else at_ms
        if at_ms > now_ms + AHEAD_MS:
            raise Problem(422, "It cannot have been taken in the future.", hint="Correct the time.")
        if at_ms < now_ms - BACK_MS:
            raise Problem(422, "That is more than a week ago.", hint="Ask the clinic to correct it.")
        if Status(dose.status) in TAKEN or dose.status in (Status.SKIPPED, Status.VOIDED):
            raise Problem(409, f"This dose is {dose.status}.", code="wrong_state", hint="Ask the clinic to correct it.")
        if await direct.is_direct(conn, dose.site, dose.person_id):
            await _direct(conn, dose, act, min(at_ms, now_ms), by, now_ms)
            command_id, state = None, direct.APPLIED
        else:
            asked = {"dose_id": dose.id, "person_id": dose.person_id, "act": act, "at_ms": at_ms, "by": by}
            command_id, state = await enqueue(self._mailbox, conn, dose.site, KIND, actor, asked), "published"
        await audit.write(
            conn, self._clock, actor, KIND, site=dose.site, person=dose.person_id, dose=dose.id, said=act,
            command=command_id,
        )  # fmt: skip
        return {"command_id": command_id, "state": state, "site": dose.site}

    async def keep_named(
        self, conn: Connection, site: str, dose: Row, act: Literal["taken", "skipped"], at_ms: int | None, by: str,
        actor: str,
    ) -> None:  # fmt: skip
        """As `keep`, of a dose as `doses_of` gives it."""
        await self.keep(conn, Dose(site, dose["id"], dose["person_id"], dose["status"]), act, at_ms, by=by, actor=actor)

    async def doses_of(self, conn: Connection, site: str, dose_ids: Sequence[str]) -> list[Row]:
        """Doses by due time, with the site's zone: id, person_id, status, due_ms, timezone."""
        found = await conn.execute(
            "select o.dose_id, o.person_id, o.status, o.due_ms, coalesce(nullif(s.timezone, ''), 'UTC')"
            " from dose_occurrences o left join site_state s on s.site = o.site"
            " where o.site = %s and o.dose_id = any(%s) order by o.due_ms, o.dose_id limit 100",
            (site, list(dose_ids)),
        )
        names = ("id", "person_id", "status", "due_ms", "timezone")
        return [dict(zip(names, row, strict=True)) for row in await found.fetchall()]


async def _direct(conn: Connection, dose: Dose, act: str, at_ms: int, by: str, now_ms: int) -> None:
    """Head office carries this plan out itself."""
    named = {"site": dose.site, "dose": dose.id}
    kept = await dose_rows.rows(conn, "site = %(site)s and dose_id = %(dose)s", named)
    if not kept:
        raise Problem(404, "Nothing is known of such a dose yet.", hint="Read the list again.")
    for row in kept:
        if act == "taken":
            outcome = dose_rules.taken(row, at_ms, now_ms, "caregiver", row["device_id"])
            if outcome.act == "taken" and outcome.answered:
                outcome = await intake.guarded(conn, dose.site, row, outcome, at_ms, None)
        else:
            outcome = dose_rules.skipped(row, now_ms, "caregiver", by)
        if not outcome.changes and not outcome.act:
            raise Problem(409, f"This dose is {row['status']}.", code="wrong_state", hint="Read the list again.")
        after = await dose_rows.apply(
            conn, dose.site, row, outcome, now_ms, at_ms=at_ms, source="caregiver", reason=by,
            quantity=row["quantity"] if outcome.act.startswith("taken") else None,
        )  # fmt: skip
        await dose_alerts.follow(conn, dose.site, after, outcome, now_ms)
