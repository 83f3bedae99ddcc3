"""Reads of seed 000's face: a visit by any of its ids, people by name, a day in numbers, a visit's log."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from edge.store import states
from edge.store.people import PERSON_COLUMNS, person_of, visits_on
from edge.store.states import Row

IDS_AT_ONCE = 500
"""Placeholders in one statement."""
COUNTED = (
    "booked", "waitlisted", "waiting", "called", "in_consultation", "parked", "completed", "no_show", "cancelled",
)  # fmt: skip
_MINUTE_MS = 60_000.0


def visit(conn: sqlite3.Connection, given: str) -> Row | None:
    """A visit by small number or UUID; by a person's UUID that person's open visit of today (decision 1)."""
    found = states.visit(conn, given)
    day = states.open_day(conn)
    if found is not None or day is None:
        return found
    return next(iter(visits_on(conn, given, day)), None)


def people_of(conn: sqlite3.Connection, visits: Iterable[Row]) -> dict[str, Row]:
    """The persons of these visits by id; a bare button press has none."""
    ids = list({visit["person_id"] for visit in visits if visit["person_id"] is not None})
    found: dict[str, Row] = {}
    for first in range(0, len(ids), IDS_AT_ONCE):
        some = ids[first : first + IDS_AT_ONCE]
        query = f"select {PERSON_COLUMNS} from persons where id in ({', '.join('?' * len(some))})"
        found |= {person["id"]: person for person in map(person_of, conn.execute(query, some))}
    return found


def consultation_minutes(conn: sqlite3.Connection) -> dict[str, float]:
    """By doctor id: what a consultation takes, learned; doctors without a history are left out."""
    return dict(conn.execute("select doctor_id, round(mean_s / 60.0, 1) from doctor_times where n > 0").fetchall())


def day_counts(conn: sqlite3.Connection, day: str, now_ms: int | None) -> Row:
    """A day in numbers. now_ms: of the day that goes on; None for one that is over.

    Waits count from arrival to the first call and only for people who were seen or are being called: who gave up would
    make the clinic look slow or quick without anybody having waited so long (queues.md, pain 17). The longest is of the
    people waiting now; of a day that is over, the longest there was.
    """
    counts = dict.fromkeys(COUNTED, 0)
    emergencies, longest_ms = 0, 0
    for status, number, urgent, since_ms in conn.execute(
        "select status, count(*), sum(is_emergency), min(arrived_at) from visits where day = ? group by status", (day,)
    ):
        counts[status] = number
        emergencies += urgent
        if status == "waiting" and now_ms is not None:
            longest_ms = max(0, now_ms - since_ms)
    mean_ms, most_ms = conn.execute(
        "select avg(waited), max(waited) from (select (select min(i.from_ms) from visit_intervals i where "
        "i.visit = v.number and i.status in ('called', 'in_consultation') and i.undone = 0 and i.from_ms >= v.arrived_at) "
        "- v.arrived_at as waited from visits v where v.day = ? and v.status in ('called', 'in_consultation', 'completed'))",
        (day,),
    ).fetchone()  # fmt: skip
    if now_ms is None:
        longest_ms = most_ms or 0
    (active,) = conn.execute("select count(*) from doctors where is_active").fetchone()
    return {
        **counts, "emergencies": emergencies, "total_today": sum(counts.values()),
        "average_wait_minutes": round((mean_ms or 0) / _MINUTE_MS, 1),
        "longest_wait_minutes": round(longest_ms / _MINUTE_MS, 1), "active_doctors": active,
    }  # fmt: skip


def intervals(conn: sqlite3.Connection, number: int) -> list[Row]:
    """The log of a visit, oldest first: every state it had, since when, who, on which device, why, and whether undone."""
    names = ("version", "status", "from_ms", "actor", "device", "reason", "doctor_id", "undone")
    query = f"select {', '.join(names)} from visit_intervals where visit = ? order by version"
    return [dict(zip(names, row, strict=True)) for row in conn.execute(query, (number,))]
