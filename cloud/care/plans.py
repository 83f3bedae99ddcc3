"""Medication plans: written here, sent to the clinic as numbered commands, or followed here for a device that reaches us.

A plan belongs to a person. Who carries it out follows from the person's device: one that reaches head office directly makes
head office its owner ('cloud'), everything else is the clinic's ('site').
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

from psycopg.types.json import Jsonb

from cloud.accounts import audit
from cloud.accounts.people import Account
from cloud.accounts.repeats import reused
from cloud.care import access, direct, dose_planning, doses, stocks
from cloud.care.access import Patient
from cloud.care.delivery import delivery
from cloud.care.reading import checked
from cloud.db.pool import Connection, Pool
from cloud.mailbox.service import Mailbox, MailboxFull
from shared.clock import Clock, iso
from shared.commands import COMMAND_BYTES_MAX, BadCommand
from shared.doses.fhir import requests_of_plan
from shared.doses.plan import Plan, body_of, plan_of
from shared.ids import new_id
from shared.problems import Problem

PLANS_MAX: Final = 50
"""Active plans of one person."""
REASON_MAX: Final = 120
_SPACE: Final = uuid.UUID("6f757470-6f73-4074-8a70-6c616e73706c")
_COLUMNS: Final = (
    "p.site, p.plan_id, p.person_id, p.revision, p.status, p.owner, p.body, p.command_id, p.reason, p.created_by,"
    " p.created_ms, p.changed_ms"
)
Row = dict[str, Any]


class Plans:
    """What may be asked of plans."""

    def __init__(self, pool: Pool, mailbox: Mailbox, clock: Clock) -> None:
        self._pool, self._mailbox, self._clock = pool, mailbox, clock

    async def write(self, account: Account, person_id: str, body: Mapping[str, Any], key: str | None) -> Row:
        """A new plan, revision 1, on its way. The same key and body again: the plan that was made. Raises Problem."""
        plan_id = new_id() if key is None else str(uuid.uuid5(_SPACE, f"{account.id}\n{key}"))
        plan = checked(body, plan_id, person_id, 1)
        async with self._pool.transaction() as conn:
            person = await access.patient(conn, account, person_id)
            await _lock(conn, person.site, person_id)
            known = await _row(conn, plan_id)
            if known is not None:
                if (known["person_id"], known["revision"], known["body"]) != (person_id, 1, body_of(plan)):
                    raise reused("another plan")
                return (await self._shown(conn, [known]))[0]
            count = await conn.execute(
                "select count(*) from medication_plans where site = %s and person_id = %s and status = 'active'",
                (person.site, person_id),
            )
            counted = await count.fetchone()
            if counted is not None and counted[0] >= PLANS_MAX:
                raise Problem(409, f"A person has at most {PLANS_MAX} active plans.", hint="Stop one that is over.")
            now_ms, owner = self._clock.now_ms(), await _owner(conn, person)
            await conn.execute(
                "insert into medication_plans (site, plan_id, person_id, revision, status, owner, body, created_by,"
                " created_ms, changed_ms) values (%s, %s, %s, 1, 'active', %s, %s, %s, %s, %s)",
                (person.site, plan_id, person_id, owner, Jsonb(body_of(plan)), account.actor, now_ms, now_ms),
            )
            await self._send(conn, account.actor, person.site, plan, owner, before=None)
            await audit.write(
                conn, self._clock, account.actor, "plan_written", site=person.site, plan=plan_id, person=person_id, revision=1
            )  # fmt: skip
            return await self._one(conn, plan_id)

    async def revise(
        self, account: Account, plan_id: str, person_id: str, body: Mapping[str, Any], seen: int | None
    ) -> Row:
        """The next revision, if `seen` is the present one. Raises Problem 404, 409, 412, 422."""
        async with self._pool.transaction() as conn:
            row = await self._theirs(conn, account, plan_id)
            if person_id != row["person_id"]:
                raise Problem(
                    422, "A plan stays with its patient.", hint="Stop it, and write one for the other patient."
                )
            if seen != row["revision"]:
                raise Problem(
                    412, f"The plan is at revision {row['revision']} now.", code="revision", revision=row["revision"],
                    hint='Read it again, and send If-Match with its revision, e.g. "3".',
                )  # fmt: skip
            if row["status"] != "active":
                raise Problem(409, "This plan was stopped.", code="plan_stopped", hint="Write a new plan.")
            plan = checked(body, plan_id, person_id, row["revision"] + 1)
            await conn.execute(
                "update medication_plans set revision = %s, body = %s, changed_ms = %s, expanded_until_ms = null"
                " where site = %s and plan_id = %s",
                (plan.revision, Jsonb(body_of(plan)), self._clock.now_ms(), row["site"], plan_id),
            )
            before = checked(row["body"], plan_id, person_id, row["revision"])
            if row["owner"] == "site":
                await doses.void_planned(conn, row["site"], before, plan, self._clock.now_ms())
            await self._send(conn, account.actor, row["site"], plan, row["owner"], before=before)
            await audit.write(
                conn, self._clock, account.actor, "plan_written", site=row["site"], plan=plan_id, person=person_id,
                revision=plan.revision,
            )  # fmt: skip
            return await self._one(conn, plan_id)

    async def stop(self, account: Account, plan_id: str, reason: str) -> Row:
        """End it; a second time changes nothing. Raises Problem 404."""
        async with self._pool.transaction() as conn:
            row = await self._theirs(conn, account, plan_id)
            if row["status"] == "active":
                command_id = None
                if row["owner"] == "site":
                    before = checked(row["body"], plan_id, row["person_id"], row["revision"])
                    await doses.void_planned(conn, row["site"], before, None, self._clock.now_ms())
                    command_id = await self._enqueue(
                        conn, account.actor, row["site"], "stop_plan", {"plan_id": plan_id, "reason": reason}
                    )
                await conn.execute(
                    "update medication_plans set status = 'stopped', reason = %s, changed_ms = %s, expanded_until_ms = null,"
                    " command_id = %s where site = %s and plan_id = %s",
                    (reason, self._clock.now_ms(), command_id, row["site"], plan_id),
                )
                await dose_planning.expand_now(conn, row["site"], plan_id, self._clock.now_ms())
                await audit.write(conn, self._clock, account.actor, "plan_stopped", site=row["site"], plan=plan_id)
            return await self._one(conn, plan_id)

    async def one(self, account: Account, plan_id: str) -> Row:
        """A plan somebody may see. Raises Problem 404."""
        async with self._pool.transaction() as conn:
            row = await self._theirs(conn, account, plan_id, lock=False)
            await access.seen(conn, self._clock, account, "plan_seen", row["site"], row["person_id"], plan=plan_id)
            return (await self._shown(conn, [row]))[0]

    async def many(self, account: Account, person_id: str | None, status: str | None, limit: int) -> list[Row]:
        """Plans somebody may see, the newest first."""
        condition, values = access.scope(account, "p.person_id", "p.site")
        async with self._pool.transaction() as conn:
            found = await conn.execute(
                f"select {_COLUMNS} from medication_plans p where {condition} and (%s::text is null or p.person_id = %s)"
                " and (%s::text is null or p.status = %s) and not exists (select 1 from erasures e where e.site = p.site"
                " and e.person_id = p.person_id) order by p.created_ms desc, p.plan_id limit %s",
                [*values, person_id, person_id, status, status, limit],
            )
            rows = [_dict(row) for row in await found.fetchall()]
            for site, person in sorted({(row["site"], row["person_id"]) for row in rows}):
                await access.seen(conn, self._clock, account, "plan_seen", site, person)
            return await self._shown(conn, rows)

    async def as_fhir(self, account: Account, plan_id: str) -> Row:
        """The plan as a Bundle of MedicationRequests. Raises Problem 404."""
        async with self._pool.transaction() as conn:
            row = await self._theirs(conn, account, plan_id, lock=False)
        plan = plan_of(row["body"], id=plan_id, person_id=row["person_id"], revision=row["revision"])
        entries = [{"resource": one} for one in requests_of_plan(plan)]
        return {"resourceType": "Bundle", "type": "collection", "total": len(entries), "entry": entries}

    async def zone(self, account: Account, person_id: str) -> str:
        """The time zone of a patient's clinic. Raises Problem 404."""
        async with self._pool.transaction() as conn:
            return (await access.patient(conn, account, person_id)).timezone

    async def rehome(self, conn: Connection, site: str, person_id: str, actor: str) -> None:
        """A person's device has changed: plans go to whoever carries them out now, as their next revision."""
        await _lock(conn, site, person_id)
        owner = await _owner(conn, Patient(site, person_id, "", "", ""))
        found = await conn.execute(
            f"select {_COLUMNS} from medication_plans p where site = %s and person_id = %s and status = 'active'"
            " and owner <> %s for update",
            (site, person_id, owner),
        )
        for row in [_dict(one) for one in await found.fetchall()]:
            plan = plan_of(row["body"], id=row["plan_id"], person_id=person_id, revision=row["revision"] + 1)
            now_ms = self._clock.now_ms()
            await conn.execute(
                "update medication_plans set owner = %s, revision = %s, changed_ms = %s, expanded_until_ms = null,"
                " command_id = null where site = %s and plan_id = %s",
                (owner, plan.revision, now_ms, site, plan.id),
            )
            if owner == "cloud":  # the clinic does not announce them any more
                stop = {"plan_id": plan.id, "reason": "followed by a device of head office"}
                await self._enqueue(conn, actor, site, "stop_plan", stop)
            else:  # what was planned here and not yet said is the clinic's now
                await conn.execute(
                    "delete from dose_occurrences where site = %s and plan_id = %s and owner = 'cloud' and due_ms > %s"
                    " and status in ('PLANNED', 'HELD', 'VOIDED')",
                    (site, plan.id, now_ms),
                )
            await self._send(conn, actor, site, plan, owner, before=plan)
        if owner == "site":
            for kind, body in await direct.hand_over(conn, site, person_id, self._clock.now_ms()):
                await self._enqueue(conn, actor, site, kind, body)

    async def _send(
        self, conn: Connection, actor: str, site: str, plan: Plan, owner: str, *, before: Plan | None
    ) -> None:
        """To the clinic by its mailbox; a device that reaches us fetches its schedule. Both take only what a command holds.

        before: the plan's last revision.
        """
        body = {"plan_id": plan.id, "person_id": plan.person_id, "revision": plan.revision, "plan": body_of(plan)}
        if owner == "site":
            command_id = await self._enqueue(conn, actor, site, "apply_plan", body)
            await conn.execute(
                "update medication_plans set command_id = %s where site = %s and plan_id = %s",
                (command_id, site, plan.id),
            )
        else:
            await dose_planning.expand_now(conn, site, plan.id, self._clock.now_ms())
            await stocks.of_plan(conn, site, plan, before, self._clock.now_ms())

    async def _enqueue(self, conn: Connection, actor: str, site: str, kind: str, body: Row) -> str:
        return await enqueue(self._mailbox, conn, site, kind, actor, body)

    async def _theirs(self, conn: Connection, account: Account, plan_id: str, *, lock: bool = True) -> Row:
        row = await _row(conn, plan_id, lock=lock)
        if row is not None:
            condition, values = access.scope(account, "p.person_id", "p.site")
            found = await conn.execute(
                f"select 1 from medication_plans p where p.site = %s and p.plan_id = %s and {condition}",
                [row["site"], plan_id, *values],
            )
            if await found.fetchone() is not None:
                return row
        raise Problem(404, "There is no such plan.", code="no_such_plan", hint="Choose one from the patient's plans.")

    async def _one(self, conn: Connection, plan_id: str) -> Row:
        row = await _row(conn, plan_id)
        assert row is not None
        return (await self._shown(conn, [row]))[0]

    async def _shown(self, conn: Connection, rows: Sequence[Row]) -> list[Row]:
        shown = []
        for row in rows:
            shown.append({
                "id": row["plan_id"], "patient_id": row["person_id"], "site": row["site"], "revision": row["revision"],
                "status": row["status"], "reason": row["reason"], **row["body"], "created_at": iso(row["created_ms"]),
                "changed_at": iso(row["changed_ms"]), "delivery": await delivery(conn, row),
            })  # fmt: skip
        return shown


async def enqueue(mailbox: Mailbox, conn: Connection, site: str, kind: str, actor: str, body: Row) -> str:
    """Put a command of care into a clinic's mailbox; returns its id. Raises Problem 422 (too large, wrong) or 503 (full)."""
    try:
        return (await mailbox.enqueue(conn, site, kind, actor, body)).command_id
    except MailboxFull as error:
        raise Problem(503, f"{error}.", code="mailbox_full", hint=error.hint, retry_after_s=30) from error
    except BadCommand as error:
        raise Problem(422, str(error), code="bad_command") from error
    except ValueError as error:
        raise Problem(
            422, f"The plan is too large for a clinic: at most {COMMAND_BYTES_MAX} bytes travel in one command.",
            code="plan_too_large", hint="Put some of the medicines into a second plan, or shorten the instructions.",
        ) from error  # fmt: skip


async def _owner(conn: Connection, person: Patient) -> str:
    found = await conn.execute(
        "select 1 from devices where site = %s and person_id = %s and owner = 'cloud' and status <> 'removed' limit 1",
        (person.site, person.id),
    )
    return "site" if await found.fetchone() is None else "cloud"


async def _lock(conn: Connection, site: str, person_id: str) -> None:
    await conn.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"plans/{site}/{person_id}",))


async def _row(conn: Connection, plan_id: str, *, lock: bool = False) -> Row | None:
    end = " for update" if lock else ""
    found = await conn.execute(
        f"select {_COLUMNS} from medication_plans p where p.plan_id = %s order by p.site limit 1{end}", (plan_id,)
    )
    row = await found.fetchone()
    return None if row is None else _dict(row)


def _dict(row: Sequence[Any]) -> Row:
    names = ("site", "plan_id", "person_id", "revision", "status", "owner", "body", "command_id", "reason", "created_by",
             "created_ms", "changed_ms")  # fmt: skip
    return dict(zip(names, row, strict=True))
