"""Reads of seed 001's face: one page of persons, slots or tokens with how many there are in all; waiting lists; places.

Without a day, lists go over everything there ever was, newest first; a `Page` says where the next one begins.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import orjson

from edge.domain.policies import BASE
from edge.domain.visits import Visit
from edge.store import states
from edge.store.people import PERSON_COLUMNS, SLOT_COLUMNS, person_of, slot_of
from edge.store.schema_book import TO_COME
from edge.store.states import VISIT_COLUMNS, Row, visit_of

IDS_AT_ONCE: Final = 500
"""Placeholders in one statement."""
NEWEST_SEARCHED: Final = 50_000
"""How many visits back a search goes that names no slot, person or day: some months, and a tenth of a second on a Pi."""
SLOT_STATUSES: Final = {
    "ACTIVE": "status = 'ACTIVE' and delay_min = 0", "DELAYED": "status = 'ACTIVE' and delay_min > 0",
    "CANCELLED": "status = 'CANCELLED'",
}  # fmt: skip
TOKEN_STATUSES: Final = {
    "CONFIRMED": "status in ('booked', 'waiting', 'called', 'in_consultation', 'parked')",
    "CANCELLED": "status = 'cancelled'", "NO_SHOW": "status = 'no_show'", "COMPLETED": "status = 'completed'",
}  # fmt: skip
_BARE_PHONE: Final = "replace(replace(phone, ' ', ''), '-', '')"
_ALL_TOKENS: Final = (
    "select (select count(*) from visits) - (select count(*) from visits indexed by visits_booked "
    f"where {TO_COME} and status = 'waitlisted')"
)
"""Read from two small indexes, however many visits there were."""


class Page(NamedTuple):
    """Some rows of a list. total: of the whole list.  after: id of the last row when more follow, else None."""

    rows: list[Row]
    total: int
    after: str | None


class SlotFilter(NamedTuple):
    """None does not narrow. status: a key of SLOT_STATUSES."""

    doctor_id: str | None = None
    day: str | None = None
    status: str | None = None


class TokenFilter(NamedTuple):
    """None does not narrow. status: a key of TOKEN_STATUSES."""

    slot_id: str | None = None
    doctor_id: str | None = None
    person_id: str | None = None
    day: str | None = None
    status: str | None = None
    category: str | None = None


class Around(NamedTuple):
    """What a token says beside its own row.

    places: by visit id, its place in its slot.  updated_ms: by visit id, its last change.  starts_ms: by slot id.
    mean_s: by doctor id, what a consultation takes, learned; usual_s: of doctors of whom nothing was learned.
    """

    places: dict[str, int]
    updated_ms: dict[str, int]
    starts_ms: dict[str, int]
    mean_s: dict[str, float]
    usual_s: int


class UnknownCursor(Exception):
    """The row a page was to begin behind is not there (any more)."""


def persons(conn: sqlite3.Connection, search: str, phones: Sequence[str], after: str | None, limit: int) -> Page:
    """Persons by name. search: a folded part of the name, or of the phone, whose blanks and dashes do not matter.
    phones: one of these, whole; empty: everybody.

    Whoever was erased is not listed.
    """
    folded = "+folded" if phones else "folded"  # with + the planner goes by the phone, not through all names in order
    terms, values = [f"{folded} > ''"], list[Any]()
    if search:
        terms.append(f"(instr(folded, ?) or instr(phone, ?) or instr({_BARE_PHONE}, ?))")
        values += [search, search, _bare(search)]
    if phones:
        terms.append(f"phone in ({_marks(phones)}) and phone <> ''")
        values += phones
    where = " and ".join(terms)
    (total,) = conn.execute(f"select count(*) from persons where {where}", values).fetchone()
    if after is not None:
        last = conn.execute("select folded, phone, id from persons where id = ? and folded > ''", (after,)).fetchone()
        where += f" and ({folded}, phone, id) > (?, ?, ?)"
        values += _known(last)
    query = f"select {PERSON_COLUMNS} from persons where {where} order by folded, phone, id limit ?"
    return _page([person_of(row) for row in conn.execute(query, (*values, limit + 1))], total, limit)


def _bare(search: str) -> str:
    """A phone as it is compared; for what is no phone, what no phone contains."""
    bare = search.replace(" ", "").replace("-", "")
    return bare if bare.removeprefix("+").isdecimal() else "?"


def slots(conn: sqlite3.Connection, wanted: SlotFilter, after: str | None, limit: int) -> Page:
    """Slots of a day by start; of all days the latest first. Each with `waiting_list_length`."""
    terms, values = ["true"], list[Any]()
    for name, value in (("doctor_id", wanted.doctor_id), ("day", wanted.day)):
        if value is not None:
            terms.append(f"{name} = ?")
            values.append(value)
    if wanted.status is not None:
        terms.append(SLOT_STATUSES[wanted.status])
    where = " and ".join(terms)
    (total,) = conn.execute(f"select count(*) from slots where {where}", values).fetchone()
    sign, way = (">", "asc") if wanted.day is not None else ("<", "desc")
    if after is not None:
        last = conn.execute("select day, start_at, id from slots where id = ?", (after,)).fetchone()
        where += f" and (day, start_at, id) {sign} (?, ?, ?)"
        values += _known(last)
    query = f"select {SLOT_COLUMNS} from slots where {where} order by day {way}, start_at {way}, id {way} limit ?"
    page = _page([slot_of(row) for row in conn.execute(query, (*values, limit + 1))], total, limit)
    return page._replace(rows=with_waiting(conn, page.rows))


def with_waiting(conn: sqlite3.Connection, found: Iterable[Row]) -> list[Row]:
    """The slots, each with `waiting_list_length`: how many wait for a place in it."""
    listed = list(found)
    counts: dict[str, int] = {}
    for ids in _some([slot["id"] for slot in listed]):
        query = (
            f"select slot_id, count(*) from visits indexed by visits_slot where slot_id in ({_marks(ids)}) "
            "and status = 'waitlisted' group by slot_id"
        )
        counts |= dict(conn.execute(query, ids).fetchall())
    return [{**slot, "waiting_list_length": counts.get(slot["id"], 0)} for slot in listed]


def tokens(conn: sqlite3.Connection, wanted: TokenFilter, after: str | None, limit: int) -> Page:
    """Visits that are or were tokens (not on a waiting list), newest first.

    Doctor, status and category alone, without slot, person or day, look at the newest NEWEST_SEARCHED visits.
    """
    terms, values = ["status <> 'waitlisted'"], list[Any]()
    has_index = wanted.slot_id is not None or wanted.person_id is not None or wanted.day is not None
    if not has_index and wanted != TokenFilter():
        terms.append("number > (select max(number) from visits) - ?")
        values.append(NEWEST_SEARCHED)
    named = (
        ("slot_id", wanted.slot_id), ("doctor_id", wanted.doctor_id), ("person_id", wanted.person_id), ("day", wanted.day)
    )  # fmt: skip
    for name, value in named:
        if value is not None:
            terms.append(f"{name} = ?")
            values.append(value)
    if wanted.status is not None:
        terms.append(TOKEN_STATUSES[wanted.status])
    if wanted.category == "EMERGENCY":
        terms.append("(is_emergency or category = 'EMERGENCY')")
    elif wanted.category is not None:
        terms.append("category = ? and not is_emergency")
        values.append(wanted.category)
    where = " and ".join(terms)
    counting = f"select count(*) from visits where {where}" if wanted != TokenFilter() else _ALL_TOKENS
    (total,) = conn.execute(counting, values).fetchone()
    if after is not None:
        values += _known(conn.execute("select number from visits where id = ?", (after,)).fetchone())
        where += " and number < ?"
    query = f"select {VISIT_COLUMNS} from visits where {where} order by number desc limit ?"
    return _page([visit_of(row) for row in conn.execute(query, (*values, limit + 1))], total, limit)


def slot_tokens(conn: sqlite3.Connection, slot_id: str, status: str | None) -> list[Visit]:
    """All of a slot that are or were tokens, by number; a slot has at most some thousand."""
    more = f"and {TOKEN_STATUSES[status]}" if status is not None else ""
    return states.visits_where(conn, f"slot_id = ? and status <> 'waitlisted' {more}", (slot_id,))


def waiting(conn: sqlite3.Connection, doctor_id: str | None, day: str | None) -> list[Visit]:
    """Everybody on a waiting list: by day, then slot by slot in promotion order, each with `position` in the own list.

    Few: a closed day has nobody.
    """
    more = "and doctor_id = ?" if doctor_id is not None else ""
    query = (
        f"select {VISIT_COLUMNS} from visits indexed by visits_booked where {TO_COME} and status = 'waitlisted' {more}"
    )
    entries = [visit_of(row) for row in conn.execute(query, (doctor_id,) if doctor_id is not None else ())]
    starts = _starts(conn, entries)
    entries.sort(key=lambda v: (v["day"], starts.get(v["slot_id"], 0), v["slot_id"], promotion_key(v)))
    positions: dict[str, int] = {}
    for entry in entries:
        entry["position"] = positions[entry["slot_id"]] = positions.get(entry["slot_id"], 0) + 1
    return [entry for entry in entries if day is None or entry["day"] == day]


def waiting_for(conn: sqlite3.Connection, slot_id: str) -> list[Visit]:
    """Who waits for a place in one slot, in promotion order, each with `position`."""
    found = states.visits_where(conn, "slot_id = ? and status = 'waitlisted'", (slot_id,))
    return [{**v, "position": place} for place, v in enumerate(sorted(found, key=promotion_key), 1)]


def around(conn: sqlite3.Connection, visits: Iterable[Visit]) -> Around:
    """What these visits' tokens say beside their rows."""
    listed = list(visits)
    by_number = {visit["number"]: visit["id"] for visit in listed}
    updated: dict[str, int] = {}
    for some in _some(list(by_number)):
        query = (
            "select v.number, i.from_ms from visits v join visit_intervals i on i.visit = v.number and "
            f"i.version = v.version where v.number in ({_marks(some)})"
        )
        updated |= {by_number[number]: from_ms for number, from_ms in conn.execute(query, some)}
    means = dict(conn.execute("select doctor_id, mean_s from doctor_times where n > 0").fetchall())
    usual_s = states.rules(conn).consultation_min * 60
    return Around(_places(conn, listed), updated, _starts(conn, listed), means, usual_s)


def cancelled_by(conn: sqlite3.Connection, visit: Visit) -> Row | None:
    """What the command that cancelled this visit answered, while that is kept (7 days)."""
    row = conn.execute(
        "select r.body from visit_intervals i join results r on r.command_id = i.cause and r.kind = 'cancel_visit' "
        "where i.visit = ? and i.version = ?", (visit["number"], visit["version"]),
    ).fetchone()  # fmt: skip
    return orjson.loads(row[0]) if row else None


def promotion_key(visit: Visit) -> tuple[int, int, int]:
    """Sorts a waiting list: the lowest priority value first, then the earliest (decision 12)."""
    return BASE[visit["category"]], visit["created_at"], visit["number"]


def _places(conn: sqlite3.Connection, visits: list[Visit]) -> dict[str, int]:
    """By visit id: its place among those who have one in its slot: emergencies as they came, then by priority."""
    of_slot: dict[str, list[tuple[int, int, int, str]]] = {}
    for ids in _some(sorted({visit["slot_id"] for visit in visits if visit["slot_id"] is not None})):
        query = (
            "select slot_id, is_emergency, category, coalesce(arrived_at, created_at), created_at, number, id from visits "
            f"indexed by visits_slot where slot_id in ({_marks(ids)}) and (holds_place or over_capacity)"
        )
        for slot_id, urgent, category, came_at, created_at, number, visit_id in conn.execute(query, ids):
            key = (0, came_at, number, visit_id) if urgent else (BASE[category], created_at, number, visit_id)
            of_slot.setdefault(slot_id, []).append(key)
    return {key[-1]: place for keys in of_slot.values() for place, key in enumerate(sorted(keys), 1)}


def _starts(conn: sqlite3.Connection, visits: Iterable[Visit]) -> dict[str, int]:
    starts: dict[str, int] = {}
    for ids in _some(sorted({visit["slot_id"] for visit in visits if visit["slot_id"] is not None})):
        query = f"select id, start_at from slots where id in ({_marks(ids)})"
        starts |= dict(conn.execute(query, ids).fetchall())
    return starts


def _page(rows: list[Row], total: int, limit: int) -> Page:
    """Of rows that were asked for with one more than `limit`."""
    return Page(rows[:limit], total, rows[limit - 1]["id"] if len(rows) > limit else None)


def _known(row: tuple[Any, ...] | None) -> tuple[Any, ...]:
    if row is None:
        raise UnknownCursor
    return row


def _some(values: list[Any]) -> Iterable[list[Any]]:
    return (values[at : at + IDS_AT_ONCE] for at in range(0, len(values), IDS_AT_ONCE))


def _marks(values: Sequence[Any]) -> str:
    return ", ".join("?" * len(values))
