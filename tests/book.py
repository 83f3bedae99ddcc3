"""The appointment book for tests, beside `tests.clinic`: a slot, people, bookings, in few words."""

from __future__ import annotations

from typing import Any

from edge.domain.booking_commands import AddSlot, BookVisit, NewPerson, RegisterVisit
from shared.ids import new_id
from tests.clinic import DAY, MORNING, Clinic

NINE_MS = int(MORNING.timestamp() * 1000) + 3_600_000
"""One hour after the clinic of the tests opens."""
HOUR_MS = 3_600_000


async def slot(it: Clinic, capacity: int = 2, start_ms: int = NINE_MS, **values: Any) -> dict[str, Any]:
    """Open an hour of the doctor."""
    given = {
        "slot_id": new_id(), "doctor_id": it.doctor_id, "day": DAY, "start_ms": start_ms, "end_ms": start_ms + HOUR_MS,
        "max_capacity": capacity, **values,
    }  # fmt: skip
    made: dict[str, Any] = (await it.accepted(AddSlot, **given))["slot"]
    return made


async def book(it: Clinic, slot_id: str, name: str = "", **values: Any) -> dict[str, Any]:
    """Book a place for somebody new; returns the visit."""
    return (await booked(it, slot_id, name, **values))["visit"]  # type: ignore[no-any-return]


async def booked(it: Clinic, slot_id: str, name: str = "", **values: Any) -> dict[str, Any]:
    """Book a place for somebody new; returns the whole result."""
    values.setdefault("person", NewPerson(name or f"Person {new_id()[-6:]}", "+1555000000", notify=True))
    return await it.accepted(BookVisit, visit_id=new_id(), new_person_id=new_id(), slot_id=slot_id, **values)


async def register(it: Clinic, name: str = "", **values: Any) -> dict[str, Any]:
    """Somebody is here and gives a name; returns the visit."""
    values.setdefault("person", NewPerson(name or f"Person {new_id()[-6:]}", "+1555000000"))
    done = await it.accepted(RegisterVisit, visit_id=new_id(), new_person_id=new_id(), **values)
    return done["visit"]  # type: ignore[no-any-return]


def status(it: Clinic, visit: dict[str, Any]) -> str:
    """The visit's status now."""
    return str(it.rows("select status from visits where id = ?", visit["id"])[0][0])


def row(it: Clinic, visit: dict[str, Any]) -> dict[str, Any]:
    """The visit as it stands now."""
    from edge.store import states

    conn = it.store.reader()
    try:
        found = states.visit(conn, visit["id"])
        assert found is not None
        return found
    finally:
        conn.close()
