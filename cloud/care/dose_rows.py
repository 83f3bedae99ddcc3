"""Doses of devices that reach head office, as rows: read, changed, logged, and the alerts that follow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cloud.care.dose_rules import Outcome, rung
from cloud.db.pool import Connection, notify
from cloud.records import conversations, due
from shared.doses import stock
from shared.doses.localtime import DAY_MS
from shared.ids import new_id

ALERTS: Final = "outpost_alerts"
COLUMNS: Final = (
    "dose_id", "person_id", "plan_id", "item_id", "step", "revision", "medication", "quantity", "unit", "policy_class",
    "critical", "nominal_local", "tz", "due_ms", "window_open_ms", "on_time_until_ms", "miss_at_ms", "status",
    "status_since_ms", "announced_n", "taken_ms", "source", "reason", "device_id", "compartment", "snoozed_until_ms",
    "next_action_ms", "last_said_ms", "caregiver_told",
)  # fmt: skip
CHANGED: Final = frozenset((
    "status", "status_since_ms", "announced_n", "taken_ms", "source", "reason", "device_id", "snoozed_until_ms",
    "next_action_ms", "last_said_ms", "caregiver_told",
))  # fmt: skip
Row = dict[str, Any]
HINTS: Final = {
    "missed_dose": "Ask the person whether it was taken, and say so on the dose.",
    "double_dose": "Ask what was taken. Call the poison line or a doctor if it was too much.",
    "dose_limit": "Ask what was taken and how the person is.",
    "device_offline": "Look at the device: power, network. Until it is heard nobody knows what was taken.",
    "low_stock": "Order or refill the medicine.",
}


async def rows(conn: Connection, condition: str, values: Mapping[str, Any]) -> list[Row]:
    """Rows of head office's own, locked until the end of the transaction. condition: over the table's columns."""
    found = await conn.execute(
        f"select {', '.join(COLUMNS)} from dose_occurrences where owner = 'cloud' and {condition}"
        " order by due_ms, dose_id for update",
        values,
    )
    return [dict(zip(COLUMNS, row, strict=True)) for row in await found.fetchall()]


async def apply(conn: Connection, site: str, row: Row, outcome: Outcome, now_ms: int, **log: Any) -> Row:
    """Make an outcome true: the row, a line of the log (`log`: at_ms, source, ...), the day's mark. Returns the row."""
    changes = {name: value for name, value in outcome.changes.items() if name in CHANGED and row[name] != value}
    if changes:
        sets = ", ".join(f"{name} = %s" for name in changes)
        await conn.execute(
            f"update dose_occurrences set version = version + 1, {sets} where site = %s and dose_id = %s",
            [*changes.values(), site, row["dose_id"]],
        )
        await due.mark(conn, site, [(row["person_id"], row["nominal_local"][:10])])
    if outcome.act:
        at_ms = log.pop("at_ms", now_ms)
        given = {
            "event_id": new_id(), "dose_id": row["dose_id"], "person_id": row["person_id"], "item_id": row["item_id"],
            "act": outcome.act, "source": "clock", "at_ms": at_ms, "received_ms": now_ms, **log,
        }  # fmt: skip
        names = ", ".join(given)
        await conn.execute(
            f"insert into dose_event_logs (site, {names}) values (%s{', %s' * len(given)}) on conflict do nothing",
            [site, *given.values()],
        )
        if outcome.act == "announced":
            await conversations.regroup(conn, site, row["person_id"], at_ms)
    if outcome.answered:
        await end_alerts(conn, site, row, outcome.act, now_ms)
    return {**row, **changes}


async def alert(
    conn: Connection, site: str, topic: str, person_id: str, title: str, now_ms: int, *, level: int, critical: bool,
    dose_id: str | None = None, device_id: str | None = None,
) -> None:  # fmt: skip
    """Open an alert, or let the person's open one of that topic grow: more doses, a higher rung. Never a lower one."""
    audience = "clinic" if level >= 4 else "caregiver"
    severity = "critical" if critical or level >= 4 else "warning"
    doses = [dose_id] if dose_id else []
    known = await _belongs_to(conn, site, topic, person_id, device_id, doses, now_ms, title)
    if known is None:
        await conn.execute(
            "insert into alert_logs (site, alert_id, source, person_id, topic, severity, title, hint, dose_ids, device_id,"
            " audience, critical, rung, raised_ms, expires_ms) values (%s, %s, 'cloud', %s, %s, %s, %s, %s, %s, %s, %s, %s, %s,"
            " %s, %s)",
            (site, new_id(), person_id, topic, severity, title[:120], HINTS[topic], doses, device_id, audience, critical,
             level, now_ms, now_ms + DAY_MS),
        )  # fmt: skip
    else:
        await conn.execute(
            "update alert_logs set version = version + 1, title = %s, rung = greatest(rung, %s), critical = critical or %s,"
            " dose_ids = (select array_agg(distinct one) from unnest(dose_ids || %s::text[]) one), expires_ms = %s,"
            " audience = case when rung < %s then %s else audience end,"
            " severity = case when rung < %s then %s else severity end,"
            " acked_by = case when rung < %s then null else acked_by end,"
            " acked_ms = case when rung < %s then null else acked_ms end"
            " where site = %s and alert_id = %s and (rung < %s or not dose_ids @> %s::text[])",
            (title[:120], level, critical, doses, now_ms + DAY_MS, level, audience, level, severity, level, level, site,
             known, level, doses),
        )  # fmt: skip
    await notify(conn, ALERTS, site)


async def _belongs_to(
    conn: Connection,
    site: str,
    topic: str,
    person_id: str,
    device_id: str | None,
    doses: list[str],
    now_ms: int,
    title: str,
) -> str | None:
    """The open alert that is about this: one that names these doses already, else one nobody has taken on.

    What somebody has taken on takes in nothing new, for nobody would be told of it; but who has taken on a device that is
    off has what comes of it too, for a day. Each medicine that runs out has its own.
    """
    named = "(cardinality(%(doses)s::text[]) > 0 and dose_ids @> %(doses)s::text[])"
    found = await conn.execute(
        "select alert_id from alert_logs where site = %(site)s and source = 'cloud' and topic = %(topic)s"
        " and person_id = %(person)s and is_open and device_id is not distinct from %(device)s"
        " and (topic <> 'low_stock' or starts_with(title, %(medicine)s))"
        f" and ({named} or acked_ms is null or (topic = 'device_offline' and acked_ms > %(since)s))"
        f" order by {named} desc, raised_ms, alert_id limit 1 for update",
        {
            "site": site,
            "topic": topic,
            "person": person_id,
            "device": device_id,
            "doses": doses,
            "since": now_ms - DAY_MS,
            "medicine": f"{stock.medicine_of(title)}:",
        },
    )
    row = await found.fetchone()
    return None if row is None else str(row[0])


async def end_low_stock(conn: Connection, site: str, person_id: str, medication: str, now_ms: int) -> None:
    """There is enough of a medicine again."""
    ended = await conn.execute(
        "update alert_logs set is_open = false, ended_ms = %s, version = version + 1 where site = %s and source = 'cloud'"
        " and topic = 'low_stock' and person_id = %s and is_open and starts_with(title, %s)",
        (now_ms, site, person_id, f"{stock.medicine_of(stock.title(medication, 0))}:"),
    )
    if ended.rowcount:
        await notify(conn, ALERTS, site)


async def end_looked_after(conn: Connection, now_ms: int) -> None:
    """Alerts of head office's own that somebody took on a day ago are over: what is still wrong raises the next."""
    found = await conn.execute(
        "update alert_logs set is_open = false, ended_ms = %s, version = version + 1 where is_open and acked_ms <= %s"
        " and source in ('cloud', 'llm') and topic <> 'device_offline' returning site",
        (now_ms, now_ms - DAY_MS),
    )
    for (site,) in set(await found.fetchall()):
        await notify(conn, ALERTS, site)


async def follow(conn: Connection, site: str, row: Row, outcome: Outcome, now_ms: int) -> None:
    """The alert an outcome asks for."""
    if not outcome.alert:
        return
    name = await _name(conn, site, row["person_id"])
    if outcome.alert == "missed_dose":
        missed = row["status"] == "MISSED"
        before = await conn.execute(
            "select status, due_ms from dose_occurrences where site = %s and plan_id = %s and item_id = %s and due_ms < %s"
            " and due_ms > %s and status in ('EARLY', 'ON_TIME', 'LATE', 'SKIPPED', 'MISSED') order by due_ms",
            (site, row["plan_id"], row["item_id"], row["due_ms"], row["due_ms"] - 31 * DAY_MS),
        )
        earlier = [{"status": one[0], "due_ms": one[1]} for one in await before.fetchall()]
        level = 4 if row["status"] == "SKIPPED" else rung(row, earlier) if missed else 3
        words = {"MISSED": "missed", "SKIPPED": "skips"}.get(row["status"], "has not answered:")
        await alert(conn, site, outcome.alert, row["person_id"], f"{name} {words} {row['medication']}", now_ms, level=level,
                    critical=bool(row["critical"]), dose_id=row["dose_id"])  # fmt: skip
        return
    await alert(conn, site, outcome.alert, row["person_id"], f"{name}: {row['medication']}", now_ms, level=4, critical=True,
                dose_id=row["dose_id"])  # fmt: skip


async def end_alerts(conn: Connection, site: str, row: Row, how: str, now_ms: int) -> None:
    """Alerts about doses all of which are answered are over, and say how."""
    ended = await conn.execute(
        "update alert_logs a set is_open = false, ended_ms = %s, body = %s, version = version + 1 where site = %s"
        " and source = 'cloud' and topic = 'missed_dose' and is_open and dose_ids @> array[%s] and not exists ("
        " select 1 from dose_occurrences d where d.site = a.site and d.dose_id = any(a.dose_ids)"
        " and d.status not in ('EARLY', 'ON_TIME', 'LATE', 'SKIPPED', 'HELD', 'VOIDED'))",
        (now_ms, how, site, row["dose_id"]),
    )
    if ended.rowcount:
        await notify(conn, ALERTS, site)


async def _name(conn: Connection, site: str, person_id: str) -> str:
    found = await conn.execute("select name from persons where site = %s and person_id = %s", (site, person_id))
    row = await found.fetchone()
    return str(row[0]) if row and row[0] else "A patient"
