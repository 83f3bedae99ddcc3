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

from cloud.care import dose_rows, dose_rules, doses
from cloud.db.pool import Connection, Pool
from cloud.records import due
from cloud.records.zones import device_zone
from shared.clock import Clock
from shared.doses.expansion import HORIZON_DAYS, occurrences
from shared.doses.localtime import DAY_MS, HOUR_MS
from shared.doses.plan import BadPlan, plan_of

TICK_S: Final = 5.0
"""Domain seconds between two looks; never faster than TICK_REAL_S_MIN."""
TICK_REAL_S_MIN: Final = 0.2
EXPAND_EVERY_MS: Final = DAY_MS
BATCH: Final = 200
MATTERS_MS: Final = 12 * HOUR_MS
"""A silent device is told of where a dose is due within this."""
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
            await dose_rows.end_looked_after(conn, now_ms)
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
    """Make rows of a plan's doses for HORIZON_DAYS. expanded_ms None: the plan has changed, so what it planned is voided."""
    if expanded_ms is None:
        await void(conn, site, plan_id, now_ms)
    end_ms = now_ms + HORIZON_DAYS * DAY_MS
    if status == "active":
        try:
            plan = plan_of(body, id=plan_id, person_id=person_id, revision=revision)
        except BadPlan as error:
            log.error("plan_unreadable", plan=plan_id, where=error.path)
            return
        meals, taken = await doses.meals(conn, site, person_id), await doses.last_taken(conn, site, plan_id)
        items = {item.id: item for item in plan.items}
        zone = await device_zone(conn, site, person_id)
        for one in occurrences(plan, changed_ms, end_ms, meals, taken, zone):
            await _plan(conn, site, person_id, one, items[one.item_id])
        await hold(conn, site, person_id)
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


async def void(conn: Connection, site: str, plan_id: str, now_ms: int) -> None:
    """What was planned by an earlier revision and is not over is none any more; expanding brings back what stays."""
    found = await conn.execute(
        "update dose_occurrences set status = 'VOIDED', status_since_ms = %s, next_action_ms = null, version = version + 1"
        " where site = %s and plan_id = %s and (owner = 'cloud' or status = 'PLANNED') and miss_at_ms > %s"
        " and status in ('PLANNED', 'ANNOUNCED', 'SNOOZED', 'HELD') returning person_id, left(nominal_local, 10)",
        (now_ms, site, plan_id, now_ms),
    )
    await due.mark(conn, site, [(row[0], row[1]) for row in await found.fetchall()])


async def hold(conn: Connection, site: str, person_id: str) -> None:
    """Planned doses within a hold are held; held ones within none are planned again."""
    within = (
        "exists (select 1 from holds h where h.site = d.site and h.person_id = d.person_id and h.ended_ms is null"
        " and d.due_ms >= h.from_ms and d.due_ms < h.until_ms and (h.plan_id is null or h.plan_id = d.plan_id)"
        " and (h.item_id is null or h.item_id = d.item_id))"
    )
    for before, now, next_, condition in (
        ("('PLANNED', 'ANNOUNCED', 'SNOOZED')", "HELD", "null", within),
        ("('HELD')", "PLANNED", "miss_at_ms", f"not {within}"),
    ):
        found = await conn.execute(
            f"update dose_occurrences d set status = '{now}', next_action_ms = {next_}, version = version + 1"
            f" where site = %s and person_id = %s and owner = 'cloud' and status in {before} and {condition}"
            " returning person_id, left(nominal_local, 10)",
            (site, person_id),
        )
        await due.mark(conn, site, [(row[0], row[1]) for row in await found.fetchall()])


async def heard(conn: Connection, site: str, device_id: str, now_ms: int) -> None:
    """A device is back: its alert is over, and what nobody knew is settled once it has told what it kept."""
    await conn.execute(
        "update alert_logs set is_open = false, ended_ms = %s, body = 'heard again', version = version + 1 where site = %s"
        " and source = 'cloud' and topic = 'device_offline' and device_id = %s and is_open",
        (now_ms, site, device_id),
    )
    await conn.execute("select pg_notify(%s, %s)", (dose_rows.ALERTS, site))
    await conn.execute(
        "update dose_occurrences d set next_action_ms = %s from devices v where v.site = %s and v.device_id = %s"
        " and d.site = v.site and d.person_id = v.person_id and d.owner = 'cloud' and d.status = 'UNKNOWN'"
        " and d.due_ms > %s",
        (now_ms + dose_rules.SETTLE_MS, site, device_id, now_ms - 31 * DAY_MS),
    )


async def _plan(conn: Connection, site: str, person_id: str, one: Any, item: Any) -> None:
    given = {
        "site": site, "dose_id": one.id, "owner": "cloud", "person_id": person_id, "plan_id": one.plan_id,
        "item_id": one.item_id, "step": one.step, "revision": one.revision, "medication": one.medication,
        "quantity": one.quantity, "unit": one.unit, "policy_class": item.policy_class, "critical": item.critical,
        "nominal_local": one.nominal_local, "tz": one.tz, "due_ms": one.due_at_ms, "window_open_ms": one.window_open_ms,
        "on_time_until_ms": one.on_time_until_ms, "miss_at_ms": one.miss_at_ms, "status": "PLANNED",
        "status_since_ms": one.due_at_ms, "compartment": item.compartment, "next_action_ms": one.miss_at_ms,
    }  # fmt: skip
    sets = ", ".join(f"{name} = excluded.{name}" for name in given if name not in ("site", "dose_id"))
    await conn.execute(
        f"insert into dose_occurrences as d ({', '.join(given)}) values ({', '.join(['%s'] * len(given))})"
        f" on conflict (site, dose_id) do update set {sets}, version = d.version + 1, announced_n = 0, last_said_ms = null,"
        " snoozed_until_ms = null, caregiver_told = false where d.status in ('VOIDED', 'PLANNED')",
        list(given.values()),
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
            await dose_rows.follow(conn, site, after, outcome, now_ms)
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
    """Devices that have fallen silent: said once for each, and an alert where it matters."""
    found = await conn.execute(
        "select d.site, d.device_id, d.name, d.person_id, h.version, h.heard_ms, h.battery, h.wifi_dbm, h.firmware, h.faults,"
        " coalesce(nullif(p.name, ''), 'a patient') from devices d join lateral (select * from device_heartbeats h"
        " where h.site = d.site and h.device_id = d.device_id order by ordinal desc, version desc limit 1) h on true"
        " left join persons p on p.site = d.site and p.person_id = d.person_id where d.owner = 'cloud'"
        " and d.status = 'active' and h.online and h.heard_ms < %s limit %s",
        (now_ms - dose_rules.OFFLINE_MS, BATCH),
    )
    for site, device, label, person, version, heard_ms, battery, wifi, firmware, faults, name in await found.fetchall():
        await conn.execute(
            "insert into device_heartbeats (site, device_id, ordinal, version, online, heard_ms, battery, wifi_dbm, firmware,"
            " faults) values (%s, %s, 1, %s, false, %s, %s, %s, %s, %s) on conflict do nothing",
            (site, device, version + 1, heard_ms, battery, wifi, firmware, Jsonb(faults)),
        )
        matters = await conn.execute(
            "select dose_id, critical from dose_occurrences where site = %s and person_id = %s and owner = 'cloud'"
            " and next_action_ms is not null and due_ms <= %s",
            (site, person, now_ms + MATTERS_MS),
        )
        open_doses = await matters.fetchall()
        if open_doses:
            await dose_rows.alert(
                conn, site, "device_offline", person, f"The device of {name} is not heard ({label})", now_ms, level=3,
                critical=any(row[1] for row in open_doses), device_id=device,
            )  # fmt: skip


async def _lock(conn: Connection, *, wait: bool) -> bool:
    if wait:
        await conn.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (LOCK,))
        return True
    found = await conn.execute("select pg_try_advisory_xact_lock(hashtextextended(%s, 0))", (LOCK,))
    row = await found.fetchone()
    return bool(row and row[0])
