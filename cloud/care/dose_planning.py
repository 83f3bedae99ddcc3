"""Doses of devices that reach head office, made for 14 days ahead: anew each day, and whenever their plans change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import structlog

from cloud.care import dose_moves, dose_rules, doses
from cloud.db.pool import Connection
from cloud.records import due
from cloud.records.counting import last_taken
from cloud.records.zones import device_zone
from shared.doses import moving
from shared.doses.expansion import HORIZON_DAYS, Occurrence, occurrences
from shared.doses.localtime import DAY_MS
from shared.doses.model import Item
from shared.doses.moving import Known
from shared.doses.plan import BadPlan, Plan, plan_of
from shared.doses.states import Status

EXPAND_EVERY_MS: Final = DAY_MS
BATCH: Final = 200
"""Plans at one look; the rest at the next."""
BEHIND_MS: Final = 2 * DAY_MS
"""So long before the first dose that is open a revision is asked whether it has it: another zone may put it a day back."""
OF_A_REVISION: Final = (Status.ANNOUNCED, Status.SNOOZED, Status.HELD)
"""Somebody was told of these, or they are held: a revision says what is to be taken, not where they stand."""

log = structlog.get_logger(__name__)


async def expand_due(conn: Connection, now_ms: int) -> None:
    """Plans that have changed, or whose days ahead have grown short."""
    found = await conn.execute(
        "select site, plan_id, person_id, revision, status, body, changed_ms, expanded_until_ms from medication_plans"
        " where owner = 'cloud' and (expanded_until_ms is null or (status = 'active' and expanded_until_ms < %s))"
        " order by site, plan_id limit %s for update skip locked",
        (now_ms + HORIZON_DAYS * DAY_MS - EXPAND_EVERY_MS, BATCH),
    )
    for row in await found.fetchall():
        await expand(conn, now_ms, *row)


async def expand(
    conn: Connection, now_ms: int, site: str, plan_id: str, person_id: str, revision: int, status: str, body: Any,
    changed_ms: int, expanded_ms: int | None,
) -> None:  # fmt: skip
    """Make rows of a plan's doses for HORIZON_DAYS. expanded_ms None: the plan has changed, and what it has not is voided.

    A dose that somebody was told of stays where it stands, as long as the plan still has it.
    """
    end_ms = now_ms + HORIZON_DAYS * DAY_MS
    kept: list[str] = []
    if status == "active":
        try:
            plan = plan_of(body, id=plan_id, person_id=person_id, revision=revision)
        except BadPlan as error:
            log.error("plan_unreadable", plan=plan_id, where=error.path)
            return
        if expanded_ms is None:
            begin_ms = min(changed_ms, await _first_open_ms(conn, site, plan_id, now_ms) - BEHIND_MS)
        else:
            begin_ms = max(changed_ms, min(expanded_ms, now_ms) - BEHIND_MS)
        known = await dose_moves.known(conn, site, plan_id, min(begin_ms, now_ms - moving.LOOK_BACK_MS))
        meals, taken = await doses.meals(conn, site, person_id), await last_taken(conn, site, plan_id)
        zone = await device_zone(conn, site, person_id)
        wanted, anew = (
            occurrences(plan, begin_ms, end_ms, meals, taken, zone, begins_ms) for begins_ms in (None, changed_ms)
        )
        wanted = dose_rules.begun(plan, wanted, anew, known, changed_ms)
        reach_ms = moving.reach_ms(plan)
        earlier = occurrences(plan, begin_ms - reach_ms, begin_ms, meals, taken, zone) if reach_ms else []
        wanted = moving.moved(plan, [*earlier, *wanted], known, now_ms)[len(earlier) :]
        await dose_moves.tell_jumps(conn, site, plan, wanted, begin_ms, now_ms)
        kept = await _keep(conn, site, plan, wanted, known, changed_ms)
    if expanded_ms is None:
        await _void(conn, site, plan_id, kept, now_ms)
    if kept:
        await dose_moves.hold(conn, site, person_id, now_ms)
    await conn.execute(
        "update medication_plans set expanded_until_ms = %s where site = %s and plan_id = %s", (end_ms, site, plan_id)
    )


async def _keep(
    conn: Connection, site: str, plan: Plan, wanted: Sequence[Occurrence], known: Mapping[str, Known], changed_ms: int
) -> list[str]:
    """Make rows of a plan's doses, or leave them as they are; returns the ids of all that are in the plan."""
    items, is_new = {item.id: item for item in plan.items}, False
    kept = [one.id for one in wanted]
    for one in wanted:
        stands = known[one.id].status if one.id in known else None
        if stands in OF_A_REVISION:
            await _say_anew(conn, site, one.id, one.quantity, plan.revision, items[one.item_id])
        elif one.due_at_ms >= changed_ms or stands is Status.PLANNED:
            is_new = await _plan(conn, site, plan.person_id, one, items[one.item_id]) or is_new
    for id_, (item, step) in moving.left_over(plan, known).items():
        if id_ not in kept:
            kept.append(id_)
            await _say_anew(conn, site, id_, step.quantity, plan.revision, item)
    if is_new:
        await dose_moves.rescheduled(conn, site, plan.id)
    return kept


async def expand_now(conn: Connection, site: str, plan_id: str, now_ms: int) -> None:
    """A plan of head office's own has changed: its doses follow in the same transaction."""
    found = await conn.execute(
        "select site, plan_id, person_id, revision, status, body, changed_ms, null from medication_plans"
        " where site = %s and plan_id = %s and owner = 'cloud'",
        (site, plan_id),
    )
    for row in await found.fetchall():
        await expand(conn, now_ms, *row)


async def moved(conn: Connection, site: str, person_id: str) -> None:
    """The person's device is in another zone: plans that follow it are planned anew at the next look."""
    await conn.execute(
        "update medication_plans set expanded_until_ms = null where site = %s and person_id = %s and owner = 'cloud'"
        " and status = 'active' and body->>'tz_policy' = 'device'",
        (site, person_id),
    )


async def _first_open_ms(conn: Connection, site: str, plan_id: str, now_ms: int) -> int:
    """When the first dose of a plan was due that may still be answered; now_ms where none is."""
    found = await conn.execute(
        "select least(%s, min(due_ms)) from dose_occurrences where site = %s and plan_id = %s and owner = 'cloud'"
        " and miss_at_ms > %s and status in ('PLANNED', 'ANNOUNCED', 'SNOOZED', 'HELD')",
        (now_ms, site, plan_id, now_ms),
    )
    row = await found.fetchone()
    return now_ms if row is None else int(row[0])


async def _void(conn: Connection, site: str, plan_id: str, kept: list[str], now_ms: int) -> None:
    """What was planned by an earlier revision, is not over and not in this one is none any more. A held dose that was due
    stays held."""
    found = await conn.execute(
        "update dose_occurrences set status = 'VOIDED', status_since_ms = %s, next_action_ms = null, version = version + 1"
        " where site = %s and plan_id = %s and (owner = 'cloud' or status = 'PLANNED') and miss_at_ms > %s"
        " and (status in ('PLANNED', 'ANNOUNCED', 'SNOOZED') or (status = 'HELD' and due_ms > %s))"
        " and dose_id <> all(%s) returning person_id, left(nominal_local, 10)",
        (now_ms, site, plan_id, now_ms, now_ms, kept),
    )
    await due.mark(conn, site, [(row[0], row[1]) for row in await found.fetchall()])


async def _plan(conn: Connection, site: str, person_id: str, one: Occurrence, item: Item) -> bool:
    """Keep a dose of which nobody was told; whether that is news."""
    given = {
        "site": site, "dose_id": one.id, "owner": "cloud", "person_id": person_id, "plan_id": one.plan_id,
        "item_id": one.item_id, "step": one.step, "revision": one.revision, "medication": one.medication,
        "quantity": one.quantity, "unit": one.unit, "policy_class": item.policy_class, "critical": item.critical,
        "nominal_local": one.nominal_local, "tz": one.tz, "due_ms": one.due_at_ms, "window_open_ms": one.window_open_ms,
        "on_time_until_ms": one.on_time_until_ms, "miss_at_ms": one.miss_at_ms, "status": "PLANNED",
        "status_since_ms": one.due_at_ms, "compartment": item.compartment, "next_action_ms": one.miss_at_ms,
    }  # fmt: skip
    sets = ", ".join(f"{name} = excluded.{name}" for name in given if name not in ("site", "dose_id"))
    done = await conn.execute(
        f"insert into dose_occurrences as d ({', '.join(given)}) values ({', '.join(['%s'] * len(given))})"
        f" on conflict (site, dose_id) do update set {sets}, version = d.version + 1, announced_n = 0, last_said_ms = null,"
        " snoozed_until_ms = null, caregiver_told = false where d.status in ('VOIDED', 'PLANNED')"
        f" and ({', '.join(f'd.{name}' for name in given)}) is distinct from"
        f" ({', '.join(f'excluded.{name}' for name in given)})",
        list(given.values()),
    )
    return done.rowcount > 0


async def _say_anew(conn: Connection, site: str, dose_id: str, quantity: float, revision: int, item: Item) -> None:
    """What a revision makes of a dose that stays where it stands. Its windows stay, and how often it was said."""
    given = {"medication": item.medication, "quantity": quantity, "unit": item.unit, "critical": item.critical,
             "compartment": item.compartment}  # fmt: skip
    await conn.execute(
        f"update dose_occurrences set ({', '.join(given)}) = row({', '.join(['%s'] * len(given))}), revision = %s,"
        " version = version + 1 where site = %s and dose_id = %s and owner = 'cloud'"
        f" and ({', '.join(given)}) is distinct from ({', '.join(['%s'] * len(given))})",
        [*given.values(), revision, site, dose_id, *given.values()],
    )
