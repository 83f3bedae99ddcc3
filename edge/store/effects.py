"""What is to be done in the world: open, started, and what became of it. Plain functions on a connection."""

from __future__ import annotations

import sqlite3
from typing import Any, NamedTuple

import orjson

from edge.store.people import NOT_OVER


class Due(NamedTuple):
    """An effect whose turn it is.

    attempts: how often it was begun before.  visit_open, status: of its visit, now.
    """

    id: int
    key: str
    kind: str
    body: dict[str, Any]
    expires_ms: int
    attempts: int
    visit_open: bool
    status: str


_COLUMNS = "id, key, kind, body, expires_ms, attempts"


def next_due(conn: sqlite3.Connection, kind: str, now_ms: int) -> Due | None:
    """The oldest open effect of a kind whose time has come."""
    row = conn.execute(
        f"select {_COLUMNS} from effects where state in ('open', 'started') and state = 'open' and kind = ? "
        "and next_ms <= ? order by id limit 1", (kind, now_ms),
    ).fetchone()  # fmt: skip
    return _due(conn, row) if row else None


_DOSES_OF = (
    "from json_each(effects.body, '$.items') item join doses on doses.id = json_extract(item.value, '$.dose_id')"
)
_NEXT_DOSE_CALL = f"""
select {_COLUMNS} from effects where state in ('open', 'started') and state = 'open' and kind = 'announce_dose'
    and next_ms <= :now and (json_extract(body, '$.device_id') is null) = :ward
order by expires_ms > :now, json_extract(body, '$.words') = 'pre_notice', (select min(doses.announced_n) {_DOSES_OF}),
    (select max(2 * doses.critical + (doses.policy_class = 'TIME_CRITICAL')) {_DOSES_OF}) desc, id limit 1
"""


def next_dose_call(conn: sqlite3.Connection, now_ms: int, *, ward: bool) -> Due | None:
    """The announcement of doses that is to be made next: by the ward's one loudspeaker, or by the patients' own devices.

    First those whose time is over, to be settled; then whom fewest announcements have reached, so that nobody is passed over
    again and again where many are due at once; of those what is critical, and what was asked for first. Words beforehand last.
    """
    row = conn.execute(_NEXT_DOSE_CALL, {"now": now_ms, "ward": ward}).fetchone()
    return _due(conn, row) if row else None


def started(conn: sqlite3.Connection) -> list[Due]:
    """Effects that a crash left between start and end."""
    rows = conn.execute(f"select {_COLUMNS} from effects where state in ('open', 'started') and state = 'started'")
    return [_due(conn, row) for row in rows.fetchall()]


def open_device_alerts(conn: sqlite3.Connection) -> list[str]:
    """Topics of alerts about devices that an earlier life of the program raised and nobody has ended."""
    return [topic for (topic,) in conn.execute("select topic from alerts where open and topic like 'device:%'")]


def waiting(conn: sqlite3.Connection) -> dict[str, int]:
    """How many effects of each kind are still to be done."""
    return dict(conn.execute("select kind, count(*) from effects where state in ('open', 'started') group by kind"))


def start(conn: sqlite3.Connection, effect_id: int, now_ms: int) -> bool:
    """Mark as begun; False when it was cancelled meanwhile. Committed before the first byte leaves."""
    changed = conn.execute(
        "update effects set state = 'started', attempts = attempts + 1, started_ms = ? where id = ? and state = 'open'",
        (now_ms, effect_id),
    )
    return changed.rowcount == 1


def reopen(conn: sqlite3.Connection, due: Due, next_ms: int, reason: str, repeat: bool) -> None:
    """To be tried again, not before `next_ms`. `repeat`: something may have come out, so the next one says so."""
    body = {**due.body, "repeat": True} if repeat else due.body
    conn.execute(
        "update effects set state = 'open', next_ms = ?, reason = ?, body = ? where id = ? and state in ('open', 'started')",
        (next_ms, reason, orjson.dumps(body).decode(), due.id),
    )


def wake(conn: sqlite3.Connection, kind: str, now_ms: int) -> None:
    """Try open effects of a kind now: what they waited for is back."""
    conn.execute("update effects set next_ms = ? where kind = ? and state in ('open', 'started') and next_ms > ?",
                 (now_ms, kind, now_ms))  # fmt: skip


def slip_state(conn: sqlite3.Connection, visit_id: str) -> str:
    """The slip of a visit: "queued", "printed" or "not_printed"."""
    row = conn.execute("select state from effects where key = ?", (f"slip:{visit_id}",)).fetchone()
    if row is None:
        return "not_printed"
    return {"open": "queued", "started": "queued", "done": "printed", "repeated": "printed"}.get(row[0], "not_printed")


def _due(conn: sqlite3.Connection, row: tuple[Any, ...]) -> Due:
    body = orjson.loads(row[3])
    found = conn.execute(f"select {NOT_OVER}, status from visits where id = ?", (body.get("visit_id"),)).fetchone()
    is_open, status = found or (0, "")
    return Due(row[0], row[1], row[2], body, row[4], row[5], bool(is_open), status)
