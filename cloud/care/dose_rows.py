"""Doses of devices that reach head office, as rows: read, changed, logged, and what counts from the last one goes on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cloud.care import dose_alerts, dose_moves, doses, stocks
from cloud.care.dose_rules import Outcome, used
from cloud.db.pool import Connection
from cloud.records import conversations, due
from shared.doses.states import TAKEN, Status
from shared.ids import new_id

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
OVER: Final = TAKEN | {Status.SKIPPED, Status.MISSED, Status.NOT_ANNOUNCED, Status.UNKNOWN, Status.HELD}
"""From these on the next dose counts, where a medicine counts from the last one."""
Row = dict[str, Any]


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
        if outcome.extra:
            given["dose_id"] = None
        if outcome.note:
            given["reason"] = f"{outcome.note}. {given.get('reason', '')}".strip()
        names = ", ".join(given)
        await conn.execute(
            f"insert into dose_event_logs (site, {names}) values (%s{', %s' * len(given)}) on conflict do nothing",
            [site, *given.values()],
        )
        if outcome.act == "announced":
            await conversations.regroup(conn, site, row["person_id"], at_ms)
    if outcome.answered:
        await dose_alerts.end_for(conn, site, row, outcome.act, now_ms)
    now = {**row, **changes}
    less = used(row, now, outcome, log.get("quantity"))
    if less:
        await stocks.count_down(conn, site, row["person_id"], row["plan_id"], row["item_id"], less, now_ms)
    if now["status"] in OVER and changes.keys() & {"status", "taken_ms", "next_action_ms"}:
        await _go_on(conn, site, now, now_ms)
    if changes.keys() & {"status", "taken_ms"}:
        await dose_moves.follow(conn, site, row, now, now_ms)
    return now


async def _go_on(conn: Connection, site: str, row: Row, now_ms: int) -> None:
    """A medicine that counts from the last one: the next is planned anew, from when this one was taken, or was due.

    What was planned to follow is none any more: else it would be said beside the new one.
    """
    plans = await doses.active(conn, site, row["person_id"], row["plan_id"])
    items = [item for plan, _ in plans for item in plan.items if item.id == row["item_id"]]
    if not any(step.mode == "from_last_taken" for item in items for step in item.steps):
        return
    found = await conn.execute(
        "update dose_occurrences set status = 'VOIDED', status_since_ms = %s, next_action_ms = null, version = version + 1"
        " where site = %s and plan_id = %s and item_id = %s and dose_id <> %s and owner = 'cloud' and status = 'PLANNED'"
        " and due_ms >= %s returning person_id, left(nominal_local, 10)",
        (now_ms, site, row["plan_id"], row["item_id"], row["dose_id"], now_ms),
    )
    await due.mark(conn, site, [(one[0], one[1]) for one in await found.fetchall()])
    await conn.execute(
        "update medication_plans set expanded_until_ms = least(expanded_until_ms, %s) where site = %s and plan_id = %s"
        " and expanded_until_ms is not null",
        (min(row["due_ms"], now_ms), site, row["plan_id"]),
    )
