"""Rows of persons and slots, and what booking looks at."""

from __future__ import annotations

import sqlite3
from typing import Any

from edge.domain.booking_commands import (
    AddPerson,
    ChangePerson,
    ErasePerson,
    NewPerson,
)
from edge.domain.bookings import SLOT_FIELDS, in_promotion_order
from edge.domain.decision import Moment
from edge.domain.people import FIELDS, PersonState, folded
from edge.store import states
from edge.store.states import Row

PERSON_NAMES = ("id", "version", *FIELDS)
PERSON_COLUMNS = ", ".join(PERSON_NAMES)
SLOT_NAMES = ("id", "version", *SLOT_FIELDS, "places_taken", "extra_taken")
SLOT_COLUMNS = ", ".join(SLOT_NAMES)
NOT_OVER = "status not in ('completed', 'no_show', 'cancelled')"


def person_of(row: tuple[Any, ...]) -> Row:
    """A row of PERSON_COLUMNS as a dict, truth values as such."""
    person = dict(zip(PERSON_NAMES, row, strict=True))
    person["notify"], person["erased"] = bool(person["notify"]), bool(person["erased"])
    return person


def slot_of(row: tuple[Any, ...]) -> Row:
    """A row of SLOT_COLUMNS as a dict."""
    return dict(zip(SLOT_NAMES, row, strict=True))


def person(conn: sqlite3.Connection, person_id: str | None) -> Row | None:
    """A person by UUID."""
    row = conn.execute(f"select {PERSON_COLUMNS} from persons where id = ?", (person_id,)).fetchone()
    return person_of(row) if row else None


def known(conn: sqlite3.Connection, person_id: str | None, given: NewPerson | None) -> Row | None:
    """The person asked for, or one whose folded name and phone are both those given."""
    if person_id is not None:
        return person(conn, person_id)
    if given is None or not given.phone:
        return None
    row = conn.execute(
        f"select {PERSON_COLUMNS} from persons where folded = ? and phone = ? and not erased order by created_at limit 1",
        (folded(given.name), given.phone),
    ).fetchone()
    return person_of(row) if row else None


def slot(conn: sqlite3.Connection, slot_id: str | None) -> Row | None:
    """A slot by UUID."""
    row = conn.execute(f"select {SLOT_COLUMNS} from slots where id = ?", (slot_id,)).fetchone()
    return slot_of(row) if row else None


def slots_of(conn: sqlite3.Connection, doctor_id: str, day: str) -> list[Row]:
    """All slots of a doctor's day, by start, cancelled ones too."""
    query = f"select {SLOT_COLUMNS} from slots where doctor_id = ? and day = ? order by start_at, id"
    return [slot_of(row) for row in conn.execute(query, (doctor_id, day))]


def slots_around(conn: sqlite3.Connection, doctor_id: str, start_ms: int, end_ms: int) -> list[Row]:
    """A doctor's slots that overlap [start_ms, end_ms), by start, cancelled ones too."""
    query = (
        f"select {SLOT_COLUMNS} from slots where doctor_id = ? and start_at < ? and end_at > ? order by start_at, id"
    )
    return [slot_of(row) for row in conn.execute(query, (doctor_id, end_ms, start_ms))]


def visits_on(conn: sqlite3.Connection, person_id: str, day: str) -> list[Row]:
    """A person's visits of a day that are not over, those in the house first."""
    found = states.visits_where(conn, f"person_id = ? and day = ? and {NOT_OVER}", (person_id, day))
    return sorted(found, key=lambda v: v["status"] in ("booked", "waitlisted"))


def waitlist(conn: sqlite3.Connection, slot_id: str) -> list[Row]:
    """Who waits for a place in a slot, first first."""
    return in_promotion_order(states.visits_where(conn, "slot_id = ? and status = 'waitlisted'", (slot_id,)))


def for_person(conn: sqlite3.Connection, command: AddPerson | ChangePerson | ErasePerson, now: Moment) -> PersonState:
    """The person, and how many of their visits are not over."""
    (count,) = conn.execute(
        f"select count(*) from visits where person_id = ? and {NOT_OVER}", (command.person_id,)
    ).fetchone()
    return PersonState(person(conn, command.person_id), count)
