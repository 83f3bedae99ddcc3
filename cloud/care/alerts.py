"""Alerts about patients over all clinics: who needs somebody, who has it, and taking one upon oneself."""

from __future__ import annotations

from typing import Any, Final

from cloud.accounts import audit
from cloud.accounts.people import Account
from cloud.care import access
from cloud.care.plans import enqueue
from cloud.db.pool import ALERTS, Connection, Pool, notify
from cloud.mailbox.service import Mailbox
from shared.clock import Clock, iso
from shared.problems import Problem

EDGE: Final = "edge"
_COLUMNS: Final = (
    "site", "alert_id", "source", "person_id", "topic", "severity", "title", "body", "hint", "dose_ids", "device_id",
    "note_id", "audience", "critical", "rung", "tries", "raised_ms", "expires_ms", "acked_by", "acked_ms", "is_open",
    "ended_ms", "version", "urgency", "says", "found",
)  # fmt: skip
_SHOWN: Final = (
    f"select {', '.join(f'a.{name}' for name in _COLUMNS)}, p.name, case when n.to_look_at then jsonb_build_object("
    "'needs_human', n.needs_human, 'review', n.review, 'raised_by_model', n.raised_by_model) end from alerts_now a"
    " left join persons p on p.site = a.site and p.person_id = a.person_id"
    " left join note_readings n on n.site = a.site and n.note_id = a.note_id"
)
_NAMES: Final = (*_COLUMNS, "name", "asks")
Row = dict[str, Any]


class Alerts:
    """Reads of `alerts_now`, and acts on what is behind it."""

    def __init__(self, pool: Pool, mailbox: Mailbox, clock: Clock) -> None:
        self._pool, self._mailbox, self._clock = pool, mailbox, clock

    async def many(
        self, account: Account, site: str | None, person_id: str | None, open_only: bool, limit: int
    ) -> list[Row]:
        """The worst first: nobody has it, critical, then the newest. Raises Problem 404 for a site that is not theirs."""
        if site is not None:
            account.require(site)
        condition, values = access.scope(account, "a.person_id", "a.site")
        async with self._pool.transaction() as conn:
            found = await conn.execute(
                f"{_SHOWN} where {condition} and (%s::text is null or a.site = %s) and (%s::text is null or a.person_id = %s)"
                " and (not %s or a.is_open) order by a.is_open desc, (a.acked_ms is null) desc, a.critical desc,"
                " a.raised_ms desc, a.alert_id limit %s",
                [*values, site, site, person_id, person_id, open_only, limit],
            )
            rows = [_shown(account, dict(zip(_NAMES, row, strict=True))) for row in await found.fetchall()]
            for seen_site, person in sorted({(row["site"], row["patient_id"]) for row in rows if row["patient_id"]}):
                await access.seen(conn, self._clock, account, "alerts_seen", seen_site, person)
        return rows

    async def acknowledge(self, account: Account, alert_id: str) -> Row:
        """Take it upon oneself, by name. A clinic's own alert is told to the clinic by a command. Twice is once."""
        async with self._pool.transaction() as conn:
            # The row is locked before it is asked what it is part of: one that joins another meanwhile is not taken by itself.
            await conn.execute("select 1 from alert_logs where alert_id = %s for update", (alert_id,))
            row = await self._one(conn, account, alert_id)
            alert_id = row["id"]
            if row["acked_by"] is None:
                now_ms = self._clock.now_ms()
                await conn.execute(
                    "update alert_logs set acked_by = %s, acked_ms = %s where site = %s and alert_id = %s and acked_ms is null",
                    (account.name, now_ms, row["site"], alert_id),
                )
                # Kept beside the row too: a word of the clinic that is under way does not know of it yet.
                await conn.execute(
                    "insert into notification_acknowledgements (site, alert_id, rung, recipient, by_name, at_ms)"
                    " values (%s, %s, %s, %s, %s, %s) on conflict (site, alert_id) do update set rung = excluded.rung,"
                    " recipient = excluded.recipient, by_name = excluded.by_name, at_ms = excluded.at_ms",
                    (row["site"], alert_id, row["rung"], f"account:{account.id}", account.name, now_ms),
                )
                if row["source"] == EDGE:
                    body = {"alert_id": alert_id, "by": account.name}
                    await enqueue(self._mailbox, conn, row["site"], "acknowledge_care_alert", account.actor, body)
                await audit.write(
                    conn, self._clock, account.actor, "alert_acknowledged", site=row["site"], alert=alert_id
                )
                await notify(conn, ALERTS, row["site"])
            return await self._one(conn, account, alert_id)

    async def escalate(self, account: Account, alert_id: str, audience: str, reason: str) -> Row:
        """Have more people told now. Raises Problem 409 for one that is over."""
        async with self._pool.transaction() as conn:
            row = await self._one(conn, account, alert_id)
            if not row["open"]:
                raise Problem(409, "This alert is over.", code="over", hint="Read the list again.")
            alert_id = row["id"]
            await conn.execute(
                "delete from notification_acknowledgements where site = %s and alert_id = %s", (row["site"], alert_id)
            )
            await conn.execute(
                "update alert_logs set audience = %s, rung = 4, severity = 'critical', tries = tries + 1, acked_by = null,"
                " acked_ms = null, version = version + case when source = 'edge' then 0 else 1 end"
                " where site = %s and alert_id = %s",
                (audience, row["site"], alert_id),
            )
            await audit.write(
                conn, self._clock, account.actor, "alert_escalated", site=row["site"], alert=alert_id, audience=audience,
                reason=reason,
            )  # fmt: skip
            await notify(conn, ALERTS, row["site"])
            return await self._one(conn, account, alert_id)

    async def _one(self, conn: Connection, account: Account, alert_id: str) -> Row:
        condition, values = access.scope(account, "a.person_id", "a.site")
        found = await conn.execute(
            f"{_SHOWN} where (a.site, a.alert_id) in (select m.site, coalesce(m.part_of, m.alert_id) from alert_logs m"
            f" where m.alert_id = %s) and {condition}",
            [alert_id, *values],
        )
        row = await found.fetchone()
        if row is None:
            raise Problem(404, "There is no such alert.", hint="Read the list again.")
        return _shown(account, dict(zip(_NAMES, row, strict=True)))


def _shown(account: Account, row: Row) -> Row:
    """asks: why a nurse should look at the alert's recording, None where nobody has to any more, and for caregivers."""
    return {
        "id": row["alert_id"], "site": row["site"], "source": row["source"], "patient_id": row["person_id"],
        "patient_name": row["name"], "topic": row["topic"], "severity": row["severity"], "title": row["title"],
        "body": row["body"], "urgency": row["urgency"], "says": row["says"], "found": row["found"],
        "asks": None if access.only_theirs(account) else row["asks"],
        "hint": row["hint"], "occurrence_ids": row["dose_ids"], "device_id": row["device_id"], "note_id": row["note_id"],
        "audience": row["audience"], "critical": row["critical"], "rung": row["rung"], "tries": row["tries"],
        "raised_at": iso(row["raised_ms"]), "acked_by": row["acked_by"], "open": row["is_open"],
        "acked_at": None if row["acked_ms"] is None else iso(row["acked_ms"]),
        "ended_at": None if row["ended_ms"] is None else iso(row["ended_ms"]),
    }  # fmt: skip
