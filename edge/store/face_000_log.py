"""What happened, newest first, page by page, for as long as the clinic remembers.

The newest part comes from the events, which are kept for two weeks and know every kind. What is older comes from the
visits' own intervals, which are kept for ever: day by day backwards, by the index on the day, so that a page costs the
same with ten days of history and with ten years. There the kind of an event is what the state table allows between two
states, and "visit_changed" where it allows several.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import orjson

from edge.domain.visits import NEXT
from edge.store.outbox import place_of
from edge.store.states import Row
from shared.events import KINDS, Lane

SCANNED_MAX: Final = 20_000
"""Rows looked at for one page; a filter that fits few of them gives a short page and a cursor to go on."""
EVENT_KINDS: Final = frozenset(name for name, kind in KINDS.items() if kind.lane is Lane.CARE) | {"visit_changed"}
_PLACE: Final = re.compile(r"e(\d{1,19})")
_INTERVAL: Final = re.compile(r"v(\d{4}-\d\d-\d\d):(\d{1,15}):(\d{1,15}):(\d{1,9})")
_EVENTS: Final = "place, epoch_no, seq, at_ms, kind, actor, entity, entity_id, version, data"
_FIRST: Final = {"waiting": "token_issued", "booked": "visit_booked", "waitlisted": "visit_waitlisted"}
_BETWEEN: Final[dict[tuple[str, str], set[str]]] = {}
for (_before, _act), (_after, _kind) in NEXT.items():
    _BETWEEN.setdefault((_before.value, _after.value), set()).add(_kind)


class BadCursor(Exception):
    """No cursor of ours."""


class Asked(NamedTuple):
    """Which entries. day: an ISO date with its first and last moment (exclusive) in site time, ms."""

    limit: int
    cursor: str | None = None
    kind: str | None = None
    doctor_id: str | None = None
    day: tuple[str, int, int] | None = None


class Entry(NamedTuple):
    """One thing that happened. id: the same whichever source it was read from. visit: its number. details: in words."""

    id: str
    at_ms: int
    event: str
    visit: int | None
    token: str | None
    doctor_id: str | None
    actor: str
    details: dict[str, Any]


def page(conn: sqlite3.Connection, asked: Asked) -> tuple[list[Entry], str | None]:
    """(entries, cursor of the next page or None at the end). Raises BadCursor. Use inside one snapshot."""
    found: list[Entry] = []
    for scanned, (entry, cursor) in enumerate(_backwards(conn, asked), 1):
        if entry is not None:
            found.append(entry)
        if len(found) >= asked.limit or scanned >= SCANNED_MAX:
            return found, cursor
    return found, None


def _backwards(conn: sqlite3.Connection, asked: Asked) -> Iterator[tuple[Entry | None, str]]:
    """Everything from the cursor on, as (entry, or None where the filter leaves it out; cursor after it)."""
    before, day_after = _begin(asked.cursor)
    if day_after is None:
        yield from _of_events(conn, asked, before)
    yield from _of_intervals(conn, asked, day_after)


def _begin(cursor: str | None) -> tuple[int | None, tuple[str, tuple[int, int, int]] | None]:
    if cursor is None:
        return None, None
    if found := _PLACE.fullmatch(cursor):
        return int(found[1]), None
    if found := _INTERVAL.fullmatch(cursor):
        return None, (found[1], (int(found[2]), int(found[3]), int(found[4])))
    raise BadCursor


def _of_events(conn: sqlite3.Connection, asked: Asked, before: int | None) -> Iterator[tuple[Entry | None, str]]:
    for (epoch_no,) in conn.execute("select no from epochs order by no desc").fetchall():
        low, high = place_of(epoch_no, Lane.CARE, 0), place_of(epoch_no, Lane.TELEMETRY, 0)
        if before is not None:
            high = min(high, before)
        if asked.day is not None:
            high = _first_at(conn, low, high, asked.day[2])
        query = f"select {_EVENTS} from events where place > ? and place < ? order by place desc"
        for row in conn.execute(query, (low, high)):
            if asked.day is not None and row[3] < asked.day[1]:
                break
            yield _event(conn, row, asked), f"e{row[0]}"


def _first_at(conn: sqlite3.Connection, low: int, high: int, at_ms: int) -> int:
    """The first place in (low, high) whose event is not before a moment, by halving; `high` when there is none.

    Within a lane time goes on with the numbers, but for a clock that somebody sets back.
    """
    last = conn.execute(
        "select place from events where place > ? and place < ? order by place desc limit 1", (low, high)
    ).fetchone()
    if last is None:
        return high
    high = last[0] + 1
    while high - low > 1:
        middle = (low + high) // 2
        row = conn.execute(
            "select place, at_ms from events where place >= ? and place < ? order by place limit 1", (middle, high)
        ).fetchone()
        if row is None or row[1] >= at_ms:
            high = middle
        else:
            low = row[0]
    return high


def _event(conn: sqlite3.Connection, row: tuple[Any, ...], asked: Asked) -> Entry | None:
    _, epoch_no, seq, at_ms, kind, actor, entity, entity_id, version, text = row
    if asked.kind not in (None, kind) or (asked.doctor_id and asked.doctor_id not in f"{entity_id} {text}"):
        return None
    data = orjson.loads(text)
    doctor_id = entity_id if entity == "doctor" else data.get("doctor_id")
    if asked.doctor_id not in (None, doctor_id):
        return None
    if entity != "visit":
        named = f"e{epoch_no}.{seq}"
        return Entry(named, at_ms, kind, None, data.get("token"), doctor_id, actor, _details(entity, entity_id, data))
    why = conn.execute(
        "select reason, device, undone from visit_intervals where visit = ? and version = ?", (data["number"], version)
    ).fetchone() or ("", "", 0)
    details = {"status": data["status"], "reason": why[0], "device": why[1], "undone": bool(why[2])}
    details |= {"uuid": entity_id, **{name: data[name] for name in ("urgency", "is_emergency", "room")}}
    named = f"v{data['number']}.{version}"
    return Entry(named, at_ms, kind, data["number"], data["token"], doctor_id, actor, details)


def _details(entity: str, entity_id: str, data: Row) -> dict[str, Any]:
    """What may stand in a log: of a person only who it was."""
    if entity == "person":
        return {"person_id": entity_id}
    return {"entity": entity, "uuid": entity_id, **data}


def _of_intervals(
    conn: sqlite3.Connection, asked: Asked, after: tuple[str, tuple[int, int, int]] | None
) -> Iterator[tuple[Entry | None, str]]:
    oldest = conn.execute(
        "select at_ms from events where place > ? and place < ? order by place limit 1",
        _held(conn),
    ).fetchone()
    until_ms = oldest[0] if oldest else None
    day = asked.day[0] if asked.day else after[0] if after else _day_before(conn, None)
    while day is not None:
        rows = _day(conn, day)
        if after is not None and after[0] == day:
            rows = [row for row in rows if row[:3] < after[1]]
        for row in rows:
            if until_ms is None or row[0] < until_ms:
                yield _interval(row, asked), f"v{day}:{row[0]}:{row[1]}:{row[2]}"
        day = None if asked.day else _day_before(conn, day)


def _held(conn: sqlite3.Connection) -> tuple[int, int]:
    """The range of the oldest epoch that still has events of the lane of care."""
    for (no,) in conn.execute("select no from epochs order by no").fetchall():
        held = place_of(no, Lane.CARE, 0), place_of(no, Lane.TELEMETRY, 0)
        if conn.execute("select 1 from events where place > ? and place < ? limit 1", held).fetchone():
            return held
    return 0, 0


def _day_before(conn: sqlite3.Connection, day: str | None) -> str | None:
    query = "select max(day) from visits" + (" where day < ?" if day else "")
    (found,) = conn.execute(query, (day,) if day else ()).fetchone()
    return found if found is None else str(found)


def _day(conn: sqlite3.Connection, day: str) -> list[tuple[Any, ...]]:
    """The intervals of a service-day's visits, newest first: (from_ms, number, version, status, status before, ...)."""
    rows = conn.execute(
        "select i.from_ms, i.visit, i.version, i.status, b.status, v.id, v.token, i.doctor_id, i.actor, i.reason, i.device, "
        "i.undone from visits v join visit_intervals i on i.visit = v.number "
        "left join visit_intervals b on b.visit = i.visit and b.version = i.version - 1 where v.day = ?", (day,),
    )  # fmt: skip
    return sorted(rows.fetchall(), key=lambda row: row[:3], reverse=True)


def _interval(row: tuple[Any, ...], asked: Asked) -> Entry | None:
    at_ms, number, version, status, before, uuid, token, doctor_id, actor, reason, device, undone = row
    kinds = {_FIRST.get(status, "visit_changed")} if version == 1 else _BETWEEN.get((before, status), set())
    kind = "undone" if reason.startswith("undo of ") else next(iter(kinds)) if len(kinds) == 1 else "visit_changed"
    if asked.kind not in (None, kind) or asked.doctor_id not in (None, doctor_id):
        return None
    details = {"status": status, "reason": reason, "device": device, "undone": bool(undone), "uuid": uuid}
    return Entry(f"v{number}.{version}", at_ms, kind, number, token, doctor_id, actor, details)
