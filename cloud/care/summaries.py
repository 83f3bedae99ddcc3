"""A row a patient and day, and a week: counted anew whenever a dose of that day changed, also by an upload that came late.

The numbers are those of `shared.doses.adherence` with the names of `cloud/insights/numbers.py`, so that a model that words
them is checked against just these. A day is of the patient's own zone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import psycopg
import psycopg_pool
import structlog
from psycopg.types.json import Jsonb

from cloud.care import doses
from cloud.care.summary_texts import texts
from cloud.db.pool import Connection, Pool
from shared.backoff import Backoff
from shared.clock import Clock, local_date, to_ms
from shared.doses import adherence
from shared.doses.states import Status

Row = dict[str, Any]
LOOK_S: Final = 2.0
BATCH: Final = 50
log = structlog.get_logger(__name__)


def counted(rows: Sequence[Row]) -> Row:
    """The numbers of some doses. Shares in per cent, None with nothing due."""
    dated = [(date.fromisoformat(row["nominal_local"][:10]), Status(row["status"])) for row in rows]
    numbers = adherence.numbers(dated)
    by = numbers.counts
    taken = by["EARLY"] + by["ON_TIME"] + by["LATE"]
    return {
        "due": numbers.due, "taken": taken, "on_time": by["ON_TIME"], "late": by["LATE"], "early": by["EARLY"],
        "missed": by["MISSED"], "skipped": by["SKIPPED"], "held": by["HELD"], "unknown": numbers.unknown,
        "not_announced": numbers.not_announced,
        "critical_missed": sum(row["status"] == "MISSED" and row["critical"] for row in rows),
        "taken_percent": _percent(numbers.taking), "on_time_percent": _percent(numbers.timing),
        "days_covered_percent": _percent(numbers.pdc), "holidays": numbers.holidays,
    }  # fmt: skip


def _percent(share: float | None) -> int | None:
    return None if share is None else int(share * 100 + 0.5)


async def between(
    conn: Connection, site: str, person_id: str, first: date, last: date, zone: ZoneInfo, now_ms: int
) -> Row:
    """The numbers of days of the patient's zone, both included."""
    begin, end = _midnight_ms(first, zone), _midnight_ms(last + timedelta(days=1), zone)
    return counted(await doses.of_person(conn, site, person_id, begin, end, now_ms))


def _midnight_ms(day: date, zone: ZoneInfo) -> int:
    return to_ms(datetime(day.year, day.month, day.day, tzinfo=zone))


class Summaries:
    """`run()` until cancelled; `look()` is one look, and what tests call."""

    def __init__(self, pool: Pool, clock: Clock) -> None:
        self._pool, self._clock = pool, clock

    async def run(self) -> None:
        """Look every two seconds; wait longer while the database is away."""
        backoff = Backoff(0.5, 10.0)
        while True:
            try:
                while await self.look():
                    pass
                backoff.reset()
            except (psycopg.Error, psycopg_pool.PoolTimeout) as error:
                log.warning("summaries_wait", error=str(error).strip())
                await asyncio.sleep(backoff.next_s())
                continue
            await asyncio.sleep(LOOK_S)

    async def look(self) -> int:
        """Sum up days that changed, and yesterday of everybody who has a plan; returns how many days."""
        now_ms = self._clock.now_ms()
        async with self._pool.transaction() as conn:
            await self._yesterdays(conn, now_ms)
            found = await conn.execute(
                "delete from summaries_due d using (select site, person_id, day from summaries_due"
                " order by site, person_id, day"
                " limit %s for update skip locked) x where d.site = x.site and d.person_id = x.person_id and d.day = x.day"
                " returning d.site, d.person_id, d.day",
                (BATCH,),
            )
            days = await found.fetchall()
            for site, person_id, day in days:
                zone = await zone_of(conn, site)
                numbers = await between(conn, site, person_id, day, day, zone, now_ms)
                await _keep(conn, "daily_patient_summaries", "day", site, person_id, day, numbers, now_ms)
            for site, person_id, monday in sorted(
                {(site, who, day - timedelta(days=day.weekday())) for site, who, day in days}
            ):
                zone = await zone_of(conn, site)
                numbers = await between(conn, site, person_id, monday, monday + timedelta(days=6), zone, now_ms)
                await _keep(conn, "weekly_patient_summaries", "week", site, person_id, monday, numbers, now_ms)
        return len(days)

    async def _yesterdays(self, conn: Connection, now_ms: int) -> None:
        """Days on which nothing was heard have a summary too: their doses are unknown, and that has to be said."""
        found = await conn.execute("select distinct site from medication_plans where status = 'active'")
        for (site,) in await found.fetchall():
            yesterday = local_date(now_ms, await zone_of(conn, site)) - timedelta(days=1)
            await conn.execute(
                "insert into summaries_due select distinct p.site, p.person_id, %s::date from medication_plans p"
                " where p.site = %s and p.status = 'active' and not exists (select 1 from daily_patient_summaries d"
                " where d.site = p.site and d.person_id = p.person_id and d.day = %s) on conflict do nothing",
                (yesterday, site, yesterday),
            )


async def zone_of(conn: Connection, site: str) -> ZoneInfo:
    """The zone of a clinic, in which its patients' days are counted."""
    found = await conn.execute("select coalesce(nullif(timezone, ''), 'UTC') from site_state where site = %s", (site,))
    row = await found.fetchone()
    return ZoneInfo(row[0] if row else "UTC")


async def _keep(
    conn: Connection, table: str, column: str, site: str, person_id: str, day: date, numbers: Row, now_ms: int
) -> None:
    """A new version where the numbers changed; what a model said of other numbers goes with them."""
    await conn.execute(
        f"insert into {table} as t (site, person_id, {column}, version, numbers, texts, source, generated_ms)"
        " values (%s, %s, %s, 1, %s, %s, 'template', %s)"
        f" on conflict (site, person_id, {column}) do update set version = t.version + 1, numbers = excluded.numbers,"
        " texts = excluded.texts, source = 'template', generated_ms = excluded.generated_ms"
        " where t.numbers <> excluded.numbers",
        (site, person_id, day, Jsonb(numbers), Jsonb(texts(numbers)), now_ms),
    )
