"""Visits on which the clock acts, and people who are nearly next."""

from __future__ import annotations

import sqlite3

from edge.store.schema_book import HERE

RING_MAX = 100
"""Timers acted on at one look; the rest at the next, 200 ms later."""


def due(conn: sqlite3.Connection, now_ms: int, *, misses: bool) -> list[tuple[int, int, str, int]]:
    """(number, version, id, timer) of visits whose timer has come, the oldest first.

    misses: also those of booked and called people who have not come; else only early arrivals, holds and graces that staff set.
    """
    more = "" if misses else "and (status in ('parked', 'waiting') or (status = 'booked' and arrived_at is not null))"
    query = f"select number, version, id, timer_at from visits where timer_at is not null and timer_at <= ? {more}"
    return conn.execute(f"{query} order by timer_at limit ?", (now_ms, RING_MAX)).fetchall()


def agreed(conn: sqlite3.Connection) -> set[str]:
    """Ids of waiting visits whose person agreed to messages and was not told yet that they are next."""
    rows = conn.execute(
        f"select v.id from visits v indexed by visits_open join persons p on p.id = v.person_id where v.{HERE} "
        "and v.status = 'waiting' and p.notify and p.phone <> '' "
        "and not exists (select 1 from results r where r.outcome = 'accepted' "
        "and r.command_id = 'next:' || v.id || ':' || v.service)"
    )
    return {visit_id for (visit_id,) in rows}
