"""Doses as they are known: rows where something happened, the plan's own expansion where nothing has yet.

A planned dose whose time is over and of which nothing was told is UNKNOWN and marked provisional: nobody was heard.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

from cloud.db.pool import Connection
from cloud.records.counting import last_taken
from cloud.records.zones import device_zone
from shared.clock import iso
from shared.doses.expansion import HORIZON_DAYS, Occurrence, occurrences
from shared.doses.localtime import DAY_MS
from shared.doses.plan import BadPlan, Plan, plan_of
from shared.doses.states import OPEN

SPAN_MS_MAX: Final = 93 * DAY_MS
_COLUMNS: Final = (
    "dose_id", "person_id", "plan_id", "item_id", "step", "revision", "medication", "quantity", "unit", "policy_class",
    "critical", "nominal_local", "tz", "due_ms", "window_open_ms", "on_time_until_ms", "miss_at_ms", "status", "announced_n",
    "taken_ms", "source", "reason", "device_id", "compartment", "version",
)  # fmt: skip
Row = dict[str, Any]


async def of_person(
    conn: Connection, site: str, person_id: str, from_ms: int, until_ms: int, now_ms: int, plan_id: str | None = None
) -> list[Row]:
    """The doses of a person (of one plan) due from `from_ms` (included) to `until_ms` (not), in order."""
    found = await conn.execute(
        f"select {', '.join(_COLUMNS)} from dose_occurrences where site = %s and person_id = %s and due_ms >= %s"
        " and due_ms < %s and (%s::text is null or plan_id = %s)",
        (site, person_id, from_ms, until_ms, plan_id, plan_id),
    )
    rows = [dict(zip(_COLUMNS, row, strict=True)) for row in await found.fetchall()]
    known = {row["dose_id"] for row in rows if row["version"] or row["status"] != "VOIDED"}
    planned: dict[str, Row] = {}
    holds = await _holds(conn, site, person_id)
    open_ = {(row["plan_id"], row["item_id"]) for row in rows if row["status"] in OPEN}
    for plan, changed_ms in await active(conn, site, person_id, plan_id):
        counting = {item.id for item in plan.items if any(step.mode == "from_last_taken" for step in item.steps)}
        for one in occurrences(
            plan, max(from_ms, changed_ms), until_ms, await meals(conn, site, person_id),
            await last_taken(conn, site, plan.id), await device_zone(conn, site, person_id), changed_ms,
        ):  # fmt: skip
            is_next = one.item_id not in counting or (plan.id, one.item_id) not in open_
            if one.id not in known and is_next:
                planned[one.id] = _planned(plan, one, holds, now_ms)
    rows = [*(row for row in rows if row["dose_id"] not in planned), *planned.values()]
    return sorted(rows, key=lambda row: (row["due_ms"], row["medication"], row["dose_id"]))


async def void_planned(conn: Connection, site: str, before: Plan, after: Plan | None, now_ms: int) -> None:
    """Doses that a clinic's plan had and its next revision has not are shown as VOIDED: of those nobody was told of, the
    clinic says nothing. A word of the clinic about one of them stands over it, and so does a later plan that has it again."""
    until_ms = now_ms + HORIZON_DAYS * DAY_MS
    times, zone = await meals(conn, site, before.person_id), await device_zone(conn, site, before.person_id)
    taken = await last_taken(conn, site, before.id)
    kept = {one.id for one in occurrences(after, now_ms, until_ms, times, taken, zone)} if after is not None else set()
    items = {item.id: item for item in before.items}
    for one in occurrences(before, now_ms, until_ms, times, taken, zone):
        if one.id in kept:
            continue
        row = {**_planned(before, one, (), now_ms), "status": "VOIDED", "reason": "the plan changed"}
        given = {name: row[name] for name in _COLUMNS if name != "version"}
        given |= {"status_since_ms": now_ms, "critical": items[one.item_id].critical}
        await conn.execute(
            f"insert into dose_occurrences (site, {', '.join(given)}) values (%s{', %s' * len(given)}) on conflict do nothing",
            [site, *given.values()],
        )


async def active(conn: Connection, site: str, person_id: str, plan_id: str | None = None) -> list[tuple[Plan, int]]:
    """The plans somebody follows, and since when this revision. One that cannot be read is left out: so does the clinic."""
    found = await conn.execute(
        "select plan_id, revision, body, changed_ms from medication_plans where site = %s and person_id = %s"
        " and status = 'active' and (%s::text is null or plan_id = %s) order by plan_id",
        (site, person_id, plan_id, plan_id),
    )
    plans = []
    for id_, revision, body, changed_ms in await found.fetchall():
        try:
            plans.append((plan_of(body, id=id_, person_id=person_id, revision=revision), changed_ms))
        except BadPlan:
            continue
    return plans


async def meals(conn: Connection, site: str, person_id: str) -> dict[str, str]:
    """A person's own times for meals, by code; those nobody has set are not in it."""
    found = await conn.execute("select times from meal_times where site = %s and person_id = %s", (site, person_id))
    row = await found.fetchone()
    return dict(row[0]) if row else {}


def shown(row: Mapping[str, Any]) -> Row:
    """A dose as people and devices are shown it."""
    zone = ZoneInfo(row["tz"])
    return {
        "occurrence_id": row["dose_id"], "patient_id": row["person_id"], "plan_id": row["plan_id"], "item_id": row["item_id"],
        "revision": row["revision"], "medication": row["medication"], "quantity": row["quantity"], "unit": row["unit"],
        "critical": row["critical"], "due_at_utc": iso(row["due_ms"]), "due_at_local": iso(row["due_ms"], zone),
        "window_open": iso(row["window_open_ms"]), "on_time_until": iso(row["on_time_until_ms"]),
        "miss_at": iso(row["miss_at_ms"]), "status": row["status"], "provisional": bool(row.get("provisional")),
        "announced_n": row["announced_n"], "taken_at": None if row["taken_ms"] is None else iso(row["taken_ms"]),
        "source": row["source"], "reason": row["reason"], "device_id": row["device_id"], "compartment": row["compartment"],
    }  # fmt: skip


def _planned(plan: Plan, one: Occurrence, holds: Sequence[tuple[Any, ...]], now_ms: int) -> Row:
    item = next(item for item in plan.items if item.id == one.item_id)
    held = any(
        from_ms <= one.due_at_ms < until_ms and of_plan in (None, plan.id) and of_item in (None, item.id)
        for from_ms, until_ms, of_plan, of_item in holds
    )
    over = one.miss_at_ms <= now_ms
    return {
        "dose_id": one.id, "person_id": plan.person_id, "plan_id": plan.id, "item_id": item.id, "step": one.step,
        "revision": one.revision, "medication": one.medication, "quantity": one.quantity, "unit": one.unit,
        "policy_class": item.policy_class, "critical": item.critical, "nominal_local": one.nominal_local, "tz": one.tz,
        "due_ms": one.due_at_ms, "window_open_ms": one.window_open_ms, "on_time_until_ms": one.on_time_until_ms,
        "miss_at_ms": one.miss_at_ms, "status": "HELD" if held else "UNKNOWN" if over else "PLANNED",
        "provisional": over and not held, "announced_n": 0, "taken_ms": None, "source": None,
        "reason": "not heard" if over and not held else "", "device_id": None, "compartment": item.compartment,
    }  # fmt: skip


async def _holds(conn: Connection, site: str, person_id: str) -> list[tuple[Any, ...]]:
    found = await conn.execute(
        "select from_ms, until_ms, plan_id, item_id from holds where site = %s and person_id = %s and ended_ms is null",
        (site, person_id),
    )
    return list(await found.fetchall())
