"""What is read of clinics' queues: facts about sites, the visits of a day with their people, doctors and places."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from psycopg.rows import dict_row

from cloud.db.pool import Connection
from cloud.queues import standing
from cloud.queues.standing import Place
from shared.clock import Clock, iso, local_date

Rows = list[dict[str, Any]]
UTC: Final = ZoneInfo("UTC")

FACTS: Final = """
select s.site, s.name, st.heard_ms, coalesce(st.timezone, '') as timezone, st.standing, st.complete_ms,
    st.complete_upto, r.upto as read_upto, t.day as open_day,
    (select e.dated_ms from events_dated e where e.site = s.site and e.epoch = st.epoch and e.lane = 1 and e.seq = r.upto)
        as read_ms
from sites s left join site_state st on st.site = s.site left join tiles t on t.site = s.site
left join reader_cursors r on r.reader = 'visits' and r.site = s.site and r.epoch = st.epoch and r.lane = 1
where s.site = any(%s)
"""
"""Lane 1 is the queue's (shared.events.Lane.CARE)."""

_VISITS: Final = """
select v.*, p.name, p.phone, p.age, p.gender, coalesce(p.erased, false) as erased
from visits v left join persons p on p.site = v.site and p.person_id = v.person_id
"""
_DOCTORS: Final = """
select site, doctor_id, number, name, specialization, service, room, is_active, is_on_break, code
from doctors where site = any(%s) order by site, number, doctor_id
"""
_PLACES: Final = """
with taken as (
    select site, slot_id, count(*) as n from visits
    where site = any(%(sites)s) and day = %(day)s and holds_place and slot_id is not null group by site, slot_id
)
select s.site, s.doctor_id, sum(s.max_capacity) as capacity, sum(case when s.end_ms + s.delay_min * 60000 > %(now)s
    then greatest(0, s.max_capacity - coalesce(taken.n, 0) - s.lent) else 0 end) as remaining
from slots s left join taken using (site, slot_id)
where s.site = any(%(sites)s) and s.day = %(day)s and s.status <> 'CANCELLED' group by s.site, s.doctor_id
"""


class Site(NamedTuple):
    """A clinic as it is known now. as_of_ms: up to when all that happened in its queue is known; None: nothing is."""

    id: str
    name: str
    zone: ZoneInfo
    heard_ms: int | None
    as_of_ms: int | None
    open_day: str | None
    told: dict[int, Place]

    def heard_s_ago(self, clock: Clock) -> float | None:
        """Real seconds since the clinic was last heard; None: never."""
        return (
            None if self.heard_ms is None else round(max(0.0, clock.real_s((clock.now_ms() - self.heard_ms) / 1000)), 1)
        )

    def shown(self, clock: Clock) -> dict[str, Any]:
        """What stands beside everything that is shown of a clinic, so that nothing old looks new."""
        as_of = None if self.as_of_ms is None else iso(self.as_of_ms, self.zone)
        return {"id": self.id, "name": self.name, "heard_s_ago": self.heard_s_ago(clock), "as_of": as_of}

    def today(self, now_ms: int) -> str:
        """The service-day that is open, else the date there."""
        return self.open_day or local_date(now_ms, self.zone).isoformat()


async def sites(conn: Connection, wanted: Collection[str], now_ms: int) -> dict[str, Site]:
    """Facts about sites; those that do not exist are left out."""
    return {
        row["site"]: Site(
            row["site"], row["name"], ZoneInfo(row["timezone"]) if row["timezone"] else UTC, row["heard_ms"],
            standing.as_of_ms(row, now_ms), row["open_day"], standing.told_of(row["standing"]),
        )
        for row in await read(conn, FACTS, (list(wanted),))
    }  # fmt: skip


async def visits_of(conn: Connection, sites: Collection[str], day: str) -> Rows:
    """All visits of a day with their people, whatever became of them."""
    return await read(conn, _VISITS + "where v.site = any(%s) and v.day = %s", (list(sites), day))


async def waiting_of(conn: Connection, site: str, day: str) -> Rows:
    """Those who wait on a day."""
    return await read(conn, _VISITS + "where v.site = %s and v.day = %s and v.status = 'waiting'", (site, day))


async def visit(conn: Connection, site: str, visit_id: str) -> dict[str, Any] | None:
    """One visit with its person."""
    found = await read(conn, _VISITS + "where v.site = %s and v.visit_id = %s", (site, visit_id))
    return found[0] if found else None


async def doctors_of(conn: Connection, sites: Collection[str]) -> Rows:
    """All doctors of sites, those who left too."""
    return await read(conn, _DOCTORS, (list(sites),))


async def places_of(
    conn: Connection, sites: Collection[str], day: str, now_ms: int
) -> dict[tuple[str, str], tuple[int, int]]:
    """By (site, doctor): ordinary places of the slots of a day, and how many of them can still be booked."""
    found = await read(conn, _PLACES, {"sites": list(sites), "day": day, "now": now_ms})
    return {(row["site"], row["doctor_id"]): (int(row["capacity"]), int(row["remaining"])) for row in found}


async def read(conn: Connection, statement: str, values: Sequence[Any] | dict[str, Any]) -> Rows:
    """Rows by the names of their columns."""
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(statement.encode(), values)
        return await cursor.fetchall()
