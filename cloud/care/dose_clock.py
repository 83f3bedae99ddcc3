"""The dose clock of head office, for plans it carries out itself: it gives up, and tells. One process at a time does it.

Domain time; nothing happens while time is not trusted. What it decides is `dose_rules`; it only asks when.
"""

from __future__ import annotations

import asyncio
from typing import Final

import psycopg
import psycopg_pool
import structlog
from psycopg.types.json import Jsonb

from cloud.care import dose_alerts, dose_planning, dose_rows, dose_rules
from cloud.db.pool import ALERTS, Connection, Pool, notify
from cloud.records import outages
from shared.clock import Clock
from shared.doses.localtime import DAY_MS, HOUR_MS

TICK_S: Final = 5.0
"""Domain seconds between two looks; never faster than TICK_REAL_S_MIN."""
TICK_REAL_S_MIN: Final = 0.2
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
            await dose_planning.expand_due(conn, now_ms)
            await _offline(conn, now_ms)
            await dose_alerts.end_looked_after(conn, now_ms)
            return await _due(conn, now_ms)


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
