"""Reads of seed 004's face: the visits of a date, and what its slots have left."""

from __future__ import annotations

import sqlite3

from edge.store import states
from edge.store.states import Row


def visits_of(conn: sqlite3.Connection, day: str) -> list[Row]:
    """All visits of a date, whatever became of them."""
    return states.visits_where(conn, "day = ?", (day,))


def places(conn: sqlite3.Connection, day: str, now_ms: int) -> dict[str, tuple[int, int]]:
    """By doctor id: ordinary places of that date's slots, and how many of them can still be booked."""
    rows = conn.execute(
        "select doctor_id, sum(max_capacity), "
        "sum(iif(end_at + delay_min * 60000 > ?, max_capacity - places_taken - lent, 0)) "
        "from slots where day = ? and status <> 'CANCELLED' group by doctor_id", (now_ms, day),
    )  # fmt: skip
    return {doctor_id: (capacity, remaining) for doctor_id, capacity, remaining in rows}
