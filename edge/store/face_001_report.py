"""Seed 001's daily report: a service-day in numbers, in all and by doctor. Reads that day's rows only (index visits_day)."""

from __future__ import annotations

import math
import sqlite3
from dataclasses import dataclass, field
from typing import Any, Final

from edge.domain.booking_commands import CATEGORIES
from edge.store import states
from edge.store.states import Row

STATUS_WORDS: Final = {"completed": "COMPLETED", "no_show": "NO_SHOW", "cancelled": "CANCELLED"}
"""Of visits that are over; all others are CONFIRMED, but for the waiting list, which holds no tokens."""
_VISITS: Final = (
    "select doctor_id, category, status, is_emergency, over_capacity, case when v.status in "
    "('called', 'in_consultation', 'completed') then (select min(i.from_ms) from visit_intervals i where i.visit = v.number "
    "and i.status in ('called', 'in_consultation') and i.undone = 0 and i.from_ms >= v.arrived_at) - v.arrived_at end "
    "from visits v where v.day = ?"
)
"""Each visit with its wait in ms, arrival to first call, of people who were seen or are being called: who gave up waited for
nothing, and would only blur how long a wait takes."""
_PROMOTED: Final = (
    "select v.doctor_id, count(distinct v.number) from visits v join visit_intervals was on was.visit = v.number "
    "join visit_intervals became on became.visit = v.number and became.version = was.version + 1 where v.day = ? "
    "and was.status = 'waitlisted' and became.status in ('booked', 'waiting') and not v.is_emergency group by v.doctor_id"
)
_SLOTS: Final = "select doctor_id, max_capacity, places_taken from slots where day = ? and status <> 'CANCELLED'"


@dataclass(slots=True)
class Tally:
    """What is counted, for a doctor or for the day."""

    by_category: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CATEGORIES, 0))
    by_status: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("CONFIRMED", "CANCELLED", "NO_SHOW", "COMPLETED"), 0)
    )
    waiting_list: int = 0
    promoted: int = 0
    over_capacity: int = 0
    waits_ms: list[int] = field(default_factory=list)
    slots: int = 0
    capacity: int = 0
    places_taken: int = 0

    def body(self) -> Row:
        """The totals as they are answered. Rates are 0 to 1 (null without anything to count), waits in minutes."""
        tokens, missed = sum(self.by_category.values()), self.by_status["NO_SHOW"]
        expected = tokens - self.by_status["CANCELLED"]
        waits = sorted(self.waits_ms)
        return {
            "slots": self.slots, "tokens": tokens, "by_category": self.by_category, "by_status": self.by_status,
            "waiting_list": self.waiting_list, "promoted": self.promoted,
            "emergencies_over_capacity": self.over_capacity,
            "no_show_rate": round(missed / expected, 3) if expected else None,
            "average_wait_minutes": _minutes(sum(waits) / len(waits)) if waits else None,
            "p90_wait_minutes": _minutes(waits[math.ceil(0.9 * len(waits)) - 1]) if waits else None,
            "capacity": self.capacity, "places_taken": self.places_taken,
            "capacity_used": round(self.places_taken / self.capacity, 3) if self.capacity else None,
        }  # fmt: skip


def daily(conn: sqlite3.Connection, day: str, doctor: Row | None) -> Row:
    """`{totals, doctors}` of a service-day, or of one doctor's. Doctors who work here now, and all who had anything."""
    total, by_doctor = Tally(), dict[str | None, Tally]()
    if doctor is None:
        by_doctor = {id_: Tally() for (id_,) in conn.execute("select id from doctors where is_active order by number")}
    else:
        by_doctor = {doctor["id"]: Tally()}

    def both(doctor_id: str | None) -> list[Tally]:
        if doctor is not None and doctor_id != doctor["id"]:
            return []
        return [total, by_doctor.setdefault(doctor_id, Tally())]

    for doctor_id, category, status, is_emergency, over_capacity, wait_ms in conn.execute(_VISITS, (day,)):
        for tally in both(doctor_id):
            if status == "waitlisted":
                tally.waiting_list += 1
                continue
            tally.by_category["EMERGENCY" if is_emergency else category] += 1
            tally.by_status[STATUS_WORDS.get(status, "CONFIRMED")] += 1
            tally.over_capacity += bool(is_emergency and over_capacity)
            if wait_ms is not None:
                tally.waits_ms.append(wait_ms)
    for doctor_id, promoted in conn.execute(_PROMOTED, (day,)).fetchall():
        for tally in both(doctor_id):
            tally.promoted += promoted
    for doctor_id, capacity, taken in conn.execute(_SLOTS, (day,)).fetchall():
        for tally in both(doctor_id):
            tally.slots += 1
            tally.capacity += capacity
            tally.places_taken += taken
    by_doctor.pop(None, None)
    return {
        "totals": total.body(),
        "doctors": [_of_doctor(conn, id_, tally) for id_, tally in by_doctor.items() if id_],
    }


def _of_doctor(conn: sqlite3.Connection, doctor_id: str, tally: Tally) -> dict[str, Any]:
    found = states.doctor(conn, doctor_id)
    return {"doctor_id": doctor_id, "name": found["name"] if found else "", **tally.body()}


def _minutes(ms: float) -> float:
    return round(ms / 60_000, 1)
