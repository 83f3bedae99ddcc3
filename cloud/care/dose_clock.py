"""The dose clock of head office, for plans it carries out itself: expands, gives up, tells. One process at a time does it.

Domain time; nothing happens while time is not trusted. What it decides is `dose_rules`; it only asks when.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import psycopg
import psycopg_pool
import structlog
from psycopg.types.json import Jsonb

from cloud.care import dose_alerts, dose_moves, dose_rows, dose_rules, doses
from cloud.db.pool import ALERTS, Connection, Pool, notify
from cloud.records import due, outages
from cloud.records.counting import last_taken
from cloud.records.zones import device_zone
from shared.clock import Clock
from shared.doses import moving
from shared.doses.expansion import HORIZON_DAYS, Occurrence, occurrences
from shared.doses.localtime import DAY_MS, HOUR_MS
from shared.doses.model import Item
from shared.doses.plan import BadPlan, plan_of
from shared.doses.states import Status

TICK_S: Final = 5.0
"""Domain seconds between two looks; never faster than TICK_REAL_S_MIN."""
TICK_REAL_S_MIN: Final = 0.2
EXPAND_EVERY_MS: Final = DAY_MS
BATCH: Final = 200
MATTERS_MS: Final = 12 * HOUR_MS
"""A silent device is told of where a dose is due within this."""
BEHIND_MS: Final = 2 * DAY_MS
"""So long before the first dose that is open a revision is asked whether it has it: another zone may put it a day back."""
OF_A_REVISION: Final = (Status.ANNOUNCED, Status.SNOOZED, Status.HELD)
"""Somebody was told of these, or they are held: a revision says what is to be taken, not where they stand."""
LOCK: Final = "care/dose clock"

log = structlog.get_logger(__name__)


class DoseClock:
    """Runs until cancelled."""

    def __init__(self, pool: Pool, clock: Clock) -> None:
        self._pool, self._clock = pool, clock

    async def run(self) -> None:
        """Look again and again; a database that is away is waited for."""
        while True:
            await asyncio.sleep(max(TICK_REAL_S_MIN, self._clock.real_s(TICK_S)))
            try:
                await self.tick()
            except (psycopg.OperationalError, psycopg_pool.PoolTimeout) as error:
                log.warning("dose_clock_without_database", error=type(error).__name__)

    async def tick(self, *, wait: bool = False) -> int:
        """Look once; returns how many doses were decided. 0 as well where another is at it, unless it is to `wait`.

        Raises psycopg.Error.
        """
        if not self._clock.trusted():
            return 0
        now_ms = self._clock.now_ms()
        async with self._pool.transaction() as conn:
            if not await _lock(conn, wait=wait):
                return 0
            await _expand(conn, now_ms)
            await _offline(conn, now_ms)
            await dose_alerts.end_looked_after(conn, now_ms)
            return await _due(conn, now_ms)


async def _expand(conn: Connection, now_ms: int) -> None:
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
    wanted: list[Occurrence] = []
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
        earlier = occurrences(plan, begin_ms - moving.reach_ms(plan), begin_ms, meals, taken, zone)
        wanted = moving.moved(plan, [*earlier, *wanted], known, now_ms)[len(earlier) :]
        await dose_moves.tell_jumps(conn, site, plan, wanted, begin_ms, now_ms)
        items, is_new = {item.id: item for item in plan.items}, False
        for one in wanted:
            stands = known[one.id].status if one.id in known else None
            if stands in OF_A_REVISION:
                await _say_anew(conn, site, one, items[one.item_id])
            elif one.due_at_ms >= changed_ms or stands is Status.PLANNED:
                is_new = await _plan(conn, site, person_id, one, items[one.item_id]) or is_new
        if is_new:
            await dose_moves.rescheduled(conn, site, plan_id)
    if expanded_ms is None:
        await _void(conn, site, plan_id, [one.id for one in wanted], now_ms)
    if wanted:
        await hold(conn, site, person_id, now_ms)
    await conn.execute(
        "update medication_plans set expanded_until_ms = %s where site = %s and plan_id = %s", (end_ms, site, plan_id)
    )


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


async def hold(conn: Connection, site: str, person_id: str, now_ms: int) -> None:
    """Doses within a hold are held; held ones within none, that are not over, are planned again as if nobody had said them."""
    within = (
        "exists (select 1 from holds h where h.site = d.site and h.person_id = d.person_id and h.ended_ms is null"
        " and d.due_ms >= h.from_ms and d.due_ms < h.until_ms and (h.plan_id is null or h.plan_id = d.plan_id)"
        " and (h.item_id is null or h.item_id = d.item_id))"
    )
    for sets, condition in (
        ("status = 'HELD', next_action_ms = d.due_ms", f"status in ('PLANNED', 'ANNOUNCED', 'SNOOZED') and {within}"),
        (
            "status = 'PLANNED', next_action_ms = miss_at_ms, announced_n = 0, last_said_ms = null, caregiver_told = false,"
            " snoozed_until_ms = null",
            f"status = 'HELD' and miss_at_ms > %(now)s and not {within}",
        ),
    ):
        found = await conn.execute(
            f"update dose_occurrences d set {sets}, status_since_ms = %(now)s, version = version + 1"
            f" where site = %(site)s and person_id = %(person)s and owner = 'cloud' and {condition}"
            " returning person_id, left(nominal_local, 10), plan_id",
            {"site": site, "person": person_id, "now": now_ms},
        )
        changed = await found.fetchall()
        await due.mark(conn, site, [(row[0], row[1]) for row in changed])
        for plan_id in sorted({row[2] for row in changed}):
            await dose_moves.rescheduled(conn, site, plan_id)


async def heard(conn: Connection, site: str, device_id: str, now_ms: int) -> None:
    """A device is back: its alert is over, and what nobody knew is settled once it has told what it kept."""
    await conn.execute(
        "update alert_logs set is_open = false, ended_ms = %s, body = 'heard again', version = version + 1 where site = %s"
        " and source = 'cloud' and topic = 'device_offline' and device_id = %s and is_open",
        (now_ms, site, device_id),
    )
    await notify(conn, ALERTS, site)
    await conn.execute(
        "update dose_occurrences d set next_action_ms = %s from devices v where v.site = %s and v.device_id = %s"
        " and d.site = v.site and d.person_id = v.person_id and d.owner = 'cloud' and d.status = 'UNKNOWN'"
        " and d.due_ms > %s",
        (now_ms + dose_rules.SETTLE_MS, site, device_id, now_ms - 31 * DAY_MS),
    )


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


async def _say_anew(conn: Connection, site: str, one: Occurrence, item: Item) -> None:
    """What a revision makes of a dose that somebody was told of. Its windows stay, and how often it was said."""
    given = {"medication": one.medication, "quantity": one.quantity, "unit": one.unit, "critical": item.critical,
             "compartment": item.compartment}  # fmt: skip
    await conn.execute(
        f"update dose_occurrences set ({', '.join(given)}) = row({', '.join(['%s'] * len(given))}), revision = %s,"
        " version = version + 1 where site = %s and dose_id = %s and owner = 'cloud'"
        f" and ({', '.join(given)}) is distinct from ({', '.join(['%s'] * len(given))})",
        [*given.values(), one.revision, site, one.id, *given.values()],
    )


async def _due(conn: Connection, now_ms: int) -> int:
    found = await conn.execute(
        "select site, dose_id from dose_occurrences where owner = 'cloud' and next_action_ms <= %s"
        " order by next_action_ms limit %s",
        (now_ms, BATCH),
    )
    decided = 0
    for site, dose_id in await found.fetchall():
        for row in await dose_rows.rows(
            conn, "site = %(site)s and dose_id = %(dose)s", {"site": site, "dose": dose_id}
        ):
            outcome = dose_rules.due(row, now_ms, heard_ms=await _heard_ms(conn, site, row["person_id"]))
            if outcome.act == "caregiver":
                later = dose_rules.next_action_ms({**row, "caregiver_told": True})
                outcome = outcome._replace(changes={**outcome.changes, "next_action_ms": later})
            after = await dose_rows.apply(conn, site, row, outcome, now_ms)
            await dose_alerts.follow(conn, site, after, outcome, now_ms)
            decided += 1
    return decided


async def _heard_ms(conn: Connection, site: str, person_id: str) -> int | None:
    found = await conn.execute(
        "select max(h.heard_ms) from device_heartbeats h join devices d on d.site = h.site and d.device_id = h.device_id"
        " where d.site = %s and d.person_id = %s and d.owner = 'cloud' and d.status = 'active'",
        (site, person_id),
    )
    row = await found.fetchone()
    return row[0] if row else None


async def _offline(conn: Connection, now_ms: int) -> None:
    """Devices that have fallen silent: said once for each, and an alert where it comes to matter."""
    found = await conn.execute(
        "select d.site, d.device_id, h.version, h.heard_ms, h.battery, h.wifi_dbm, h.firmware, h.faults from devices d"
        " join lateral (select * from device_heartbeats h where h.site = d.site and h.device_id = d.device_id"
        " order by ordinal desc, version desc limit 1) h on true where d.owner = 'cloud' and d.status = 'active'"
        " and h.online and h.heard_ms < %s limit %s",
        (now_ms - dose_rules.OFFLINE_MS, BATCH),
    )
    for site, device, version, heard_ms, battery, wifi, firmware, faults in await found.fetchall():
        await conn.execute(
            "insert into device_heartbeats (site, device_id, ordinal, version, online, heard_ms, battery, wifi_dbm, firmware,"
            " faults) values (%s, %s, 1, %s, false, %s, %s, %s, %s, %s) on conflict do nothing",
            (site, device, version + 1, heard_ms, battery, wifi, firmware, Jsonb(faults)),
        )
    await _silent(conn, now_ms)


async def _silent(conn: Connection, now_ms: int) -> None:
    """A device that is not heard while doses come near is told of, whenever that begins to be so; what comes of it, joins.
    While more come due it is told of once a day again."""
    found = await conn.execute(
        "select d.site, d.device_id, d.person_id, bool_or(o.critical) from devices d join lateral (select online"
        " from device_heartbeats h where h.site = d.site and h.device_id = d.device_id order by ordinal desc, version desc"
        " limit 1) h on not h.online join dose_occurrences o on o.site = d.site and o.person_id = d.person_id"
        " and o.owner = 'cloud' and o.status in ('PLANNED', 'ANNOUNCED', 'SNOOZED') and o.next_action_ms is not null"
        " and o.due_ms <= %s where d.owner = 'cloud' and d.status = 'active' and not exists (select 1 from alert_logs a"
        " where a.site = d.site and a.source = 'cloud' and a.topic = 'device_offline' and a.device_id = d.device_id"
        " and a.is_open) group by d.site, d.device_id, d.person_id limit %s",
        (now_ms + MATTERS_MS, BATCH),
    )
    for site, device, person, critical in await found.fetchall():
        await dose_alerts.not_heard(conn, site, person, device, now_ms, critical=critical)
    begun = await outages.begin_days(
        conn, now_ms,
        "a.source = 'cloud' and a.topic = %(topic)s and exists (select 1 from dose_occurrences o where o.site = a.site"
        " and o.person_id = a.person_id and o.owner = 'cloud' and o.due_ms > a.expires_ms - %(day)s and o.due_ms <= %(now)s"
        " and o.status in ('UNKNOWN', 'PLANNED', 'ANNOUNCED', 'SNOOZED'))",
        {"topic": outages.DEVICE},
    )  # fmt: skip
    for site in sorted(begun):
        await notify(conn, ALERTS, site)


async def _lock(conn: Connection, *, wait: bool) -> bool:
    if wait:
        await conn.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (LOCK,))
        return True
    found = await conn.execute("select pg_try_advisory_xact_lock(hashtextextended(%s, 0))", (LOCK,))
    row = await found.fetchone()
    return bool(row and row[0])
