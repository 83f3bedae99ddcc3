"""Reads of seed 002's paths: devices, their schedules and events, notes, alerts of care, stock. Plain rows as dicts."""

from __future__ import annotations

import sqlite3
from typing import Any, Final

import orjson

from edge.store.face_001 import Page, UnknownCursor
from edge.store.states import Row

EVENTS_MAX: Final = 1_000
"""Rows of one list."""
_DEVICE = (
    "d.id, d.device_kind, d.name, d.person_id, d.status, d.created_at, d.claimed_at, d.compartments, d.claim_until, "
    "s.online, s.heard_at, s.battery, s.wifi_dbm, s.firmware, s.faults"
)
_DEVICE_NAMES = tuple(part.partition(".")[2] for part in _DEVICE.split(", "))
_FROM_DEVICES = "from devices d left join device_states s on s.device_id = d.id"
_DOSE = (
    "id, person_id, plan_id, item_id, medication, quantity, unit, policy_class, critical, due_at, window_open, "
    "on_time_until, miss_at, tz, status, status_since, announced_n, taken_at, source, reason, device_id, compartment, "
    "snoozed_until, next_action_at, revision"
)
_NOTE = "id, person_id, device_id, recorded_at, sha256, bytes, seconds, media_type, language, purpose, heard, dose_id, uploaded"
ALERT = (
    "id, version, person_id, topic, severity, title, body, hint, dose_ids, device_id, note_id, rung, audience, critical, "
    "tries, raised_at, acked_by, acked_at, open, next_action_at, says"
)


def rows_of(conn: sqlite3.Connection, names: str, query: str, values: tuple[Any, ...] = ()) -> list[Row]:
    """Rows of `select <names> <query>` as dicts."""
    fields = [name.strip().rpartition(".")[2] for name in names.split(",")]
    return [dict(zip(fields, row, strict=True)) for row in conn.execute(f"select {names} {query}", values)]


def device(conn: sqlite3.Connection, device_id: str) -> Row | None:
    """A device that is ours, with how it is; None when there is none, or not any more."""
    found = _devices(conn, "where d.id = ? and d.status <> 'removed'", (device_id,))
    return found[0] if found else None


def public_key(conn: sqlite3.Connection, device_id: str) -> str | None:
    """The key of a device that may speak."""
    row = conn.execute("select public_key_pem from devices where id = ? and status = 'active'", (device_id,)).fetchone()
    return row[0] if row else None


def devices(conn: sqlite3.Connection, person_id: str | None = None) -> list[Row]:
    """The site's devices by name, of one person or all."""
    where, values = ("and d.person_id = ?", (person_id,)) if person_id is not None else ("", ())
    return _devices(conn, f"where d.status <> 'removed' {where} order by d.name, d.id", values)


def _devices(conn: sqlite3.Connection, where: str, values: tuple[Any, ...]) -> list[Row]:
    found = [
        dict(zip(_DEVICE_NAMES, row, strict=True))
        for row in conn.execute(f"select {_DEVICE} {_FROM_DEVICES} {where}", values)
    ]
    for row in found:
        row["compartments"] = orjson.loads(row["compartments"])
        row["faults"] = orjson.loads(row["faults"]) if row["faults"] else []
        row["online"] = bool(row["online"])
    return found


def device_of_person(conn: sqlite3.Connection, person_id: str) -> list[str]:
    """Devices of somebody that may speak."""
    return [
        row[0]
        for row in conn.execute(
            "select id from devices where person_id = ? and status = 'active' order by id", (person_id,)
        )
    ]


def revision(conn: sqlite3.Connection, person_id: str | None) -> int:
    """Counts every change of a person's plans."""
    (count,) = conn.execute(
        "select coalesce(sum(version), 0) from care_plans where person_id = ?", (person_id,)
    ).fetchone()
    return int(count)


def instructions(conn: sqlite3.Connection, person_id: str, language: str) -> dict[tuple[str, str], str]:
    """What is to be said beside a dose, by plan and item, in a language or else English."""
    found: dict[tuple[str, str], str] = {}
    for plan_id, body in conn.execute("select id, body from care_plans where person_id = ?", (person_id,)):
        for item in orjson.loads(body).get("items", []):
            texts = item.get("instructions") or {}
            text = texts.get(language) or texts.get("en", "") if isinstance(texts, dict) else str(texts)
            found[plan_id, str(item.get("id", ""))] = text
    return found


def language_of(conn: sqlite3.Connection, person_id: str | None) -> str | None:
    """The language a person reads."""
    row = conn.execute("select language from persons where id = ?", (person_id,)).fetchone()
    return row[0] if row else None


def doses(conn: sqlite3.Connection, where: str, values: tuple[Any, ...], limit: int = 2_000) -> list[Row]:
    """Doses by due time. `where`: a condition that an index answers."""
    found = rows_of(conn, _DOSE, f"from doses where {where} order by due_at, id limit {limit}", values)
    for row in found:
        row["critical"] = bool(row["critical"])
    return found


def dose(conn: sqlite3.Connection, dose_id: str) -> Row | None:
    """One dose."""
    found = doses(conn, "id = ?", (dose_id,))
    return found[0] if found else None


def upto(conn: sqlite3.Connection, stream: str) -> int:
    """The last number taken of a stream."""
    row = conn.execute("select upto from cursors where stream = ?", (stream,)).fetchone()
    return int(row[0]) if row else 0


def events(
    conn: sqlite3.Connection, *, device_id: str | None, person_id: str | None, kind: str | None,
    from_ms: int | None, until_ms: int | None, limit: int, cursor: str | None,
) -> Page:  # fmt: skip
    """What devices told and what was done about doses, the newest first.

    Raises UnknownCursor. A cursor is the moment and the id of the last row of the page before.
    """
    told = (
        "select l.at, l.device_id || ':' || l.boot_id || ':' || l.device_seq as id, 'device' as of, l.event as kind, "
        "l.device_id, d.person_id, l.dose_id, l.quantity, l.uncertainty_s, l.data, null as source, '' as reason, "
        "x.status from device_log l left join devices d on d.id = l.device_id left join doses x on x.id = l.dose_id"
    )
    done = (
        "select e.at, e.id, 'dose', e.act, e.device_id, e.person_id, e.dose_id, e.quantity, e.uncertainty_s, null, "
        "e.source, e.reason, x.status from dose_events e left join doses x on x.id = e.dose_id"
    )
    asked = {"device_id = ?": device_id, "person_id = ?": person_id, "kind = ?": kind, "at >= ?": from_ms,
             "at < ?": until_ms}  # fmt: skip
    where = [part for part, value in asked.items() if value is not None]
    values: list[Any] = [value for value in asked.values() if value is not None]
    if cursor is not None:
        at, _, last = cursor.partition("_")
        if not at.isdecimal() or not last:
            raise UnknownCursor(cursor)
        where.append("(at, id) < (?, ?)")
        values += [int(at), last]
    names = "at, id, of, kind, device_id, person_id, dose_id, quantity, uncertainty_s, data, source, reason, status"
    some = rows_of(
        conn, names, f"from ({told} union all {done}) {'where ' + ' and '.join(where) if where else ''} "
        "order by at desc, id desc limit ?", (*values, limit + 1),
    )  # fmt: skip
    for row in some:
        row["data"] = orjson.loads(row["data"]) if row["data"] else None
    after = f"{some[limit - 1]['at']}_{some[limit - 1]['id']}" if len(some) > limit else None
    return Page(some[:limit], len(some[:limit]), after)


def notes(
    conn: sqlite3.Connection, *, person_id: str | None, from_ms: int | None, until_ms: int | None, limit: int
) -> list[Row]:
    """Recordings, the newest first."""
    asked = {"person_id = ?": person_id, "recorded_at >= ?": from_ms, "recorded_at < ?": until_ms}
    where = " and ".join(part for part, value in asked.items() if value is not None) or "true"
    values = tuple(value for value in asked.values() if value is not None)
    return _notes(conn, f"where {where} order by recorded_at desc, id desc limit ?", (*values, limit))


def note(conn: sqlite3.Connection, note_id: str) -> Row | None:
    """One recording."""
    found = _notes(conn, "where id = ?", (note_id,))
    return found[0] if found else None


def note_of_number(conn: sqlite3.Connection, device_id: str, boot_id: str, device_seq: int) -> Row | None:
    """The recording a device sent under this number, when it is here already."""
    found = _notes(conn, "where device_id = ? and boot_id = ? and device_seq = ?", (device_id, boot_id, device_seq))
    return found[0] if found else None


_NOT_ERASED: Final = "not exists (select 1 from persons p where p.id = notes.person_id and p.erased)"
"""What somebody said who is erased since goes nowhere, and goes from the disk with the next look at it."""


def notes_to_upload(conn: sqlite3.Connection, limit: int) -> list[Row]:
    """Recordings head office does not have yet, the oldest first."""
    return _notes(conn, f"where uploaded = 0 and {_NOT_ERASED} order by recorded_at limit ?", (limit,))


def sounds_since(conn: sqlite3.Connection, from_ms: int) -> set[str]:
    """Sounds of recordings made since `from_ms`, but not of people who are erased."""
    query = f"select sha256 from notes where recorded_at >= ? and {_NOT_ERASED}"
    return {row[0] for row in conn.execute(query, (from_ms,))}


def sounds_waiting(conn: sqlite3.Connection) -> set[str]:
    """Sounds head office does not have yet, and will be given."""
    return {row[0] for row in conn.execute(f"select sha256 from notes where uploaded = 0 and {_NOT_ERASED}")}


def sounds_uploaded(conn: sqlite3.Connection) -> list[str]:
    """Sounds head office has of every recording they are of, the oldest first."""
    query = "select sha256 from notes group by sha256 having min(uploaded) = 1 order by max(recorded_at)"
    return [row[0] for row in conn.execute(query)]


def is_noted(conn: sqlite3.Connection, sha256: str) -> bool:
    """Whether a sound belongs to a recording; one that does not is just being brought."""
    return conn.execute("select 1 from notes where sha256 = ? limit 1", (sha256,)).fetchone() is not None


def alerts_of_notes(conn: sqlite3.Connection, note_ids: list[str]) -> dict[str, list[str]]:
    """Alerts raised because of recordings, by recording."""
    found: dict[str, list[str]] = {}
    marks = ",".join("?" * len(note_ids))
    for note_id, alert_id in conn.execute(f"select note_id, id from care_alerts where note_id in ({marks})", note_ids):
        found.setdefault(note_id, []).append(alert_id)
    return found


def _notes(conn: sqlite3.Connection, where: str, values: tuple[Any, ...]) -> list[Row]:
    found = rows_of(conn, _NOTE, f"from notes {where}", values)
    for row in found:
        row["heard"] = orjson.loads(row["heard"]) if row["heard"] else None
        row["uploaded"] = bool(row["uploaded"])
    return found


def alerts(conn: sqlite3.Connection, *, open_only: bool, person_id: str | None, limit: int) -> list[Row]:
    """Alerts of care: open ones first, then the newest."""
    where = ["open"] if open_only else []
    where += ["person_id = ?"] if person_id is not None else []
    values = (person_id,) if person_id is not None else ()
    found = rows_of(
        conn, ALERT, f"from care_alerts {'where ' + ' and '.join(where) if where else ''} "
        "order by open desc, raised_at desc, id desc limit ?", (*values, limit),
    )  # fmt: skip
    return [alert_of(row) for row in found]


def alert(conn: sqlite3.Connection, alert_id: str) -> Row | None:
    """One alert of care."""
    found = rows_of(conn, ALERT, "from care_alerts where id = ?", (alert_id,))
    return alert_of(found[0]) if found else None


def alert_of(row: Row) -> Row:
    """A row of ALERT, truth values and JSON as such."""
    row["dose_ids"], row["says"] = orjson.loads(row["dose_ids"]), orjson.loads(row["says"])
    row["open"], row["critical"] = bool(row["open"]), bool(row["critical"])
    return row


def holds(conn: sqlite3.Connection, person_id: str | None) -> list[Row]:
    """Holds that nobody ended, of one person or all."""
    names = "id, person_id, plan_id, item_id, from_at, until_at, reason, ended_at"
    where, values = ("and person_id = ?", (person_id,)) if person_id is not None else ("", ())
    return rows_of(conn, names, f"from holds where ended_at is null {where} order by from_at, id limit 1000", values)


def stock(conn: sqlite3.Connection, person_id: str | None) -> list[Row]:
    """How much of each medicine is left, what runs out first before the others."""
    names = "id, person_id, plan_id, item_id, medication, device_id, compartment, units, days_left"
    where, values = ("where person_id = ?", (person_id,)) if person_id is not None else ("", ())
    return rows_of(conn, names, f"from stocks {where} order by days_left is null, days_left, id limit 1000", values)


def names(conn: sqlite3.Connection, person_ids: set[str]) -> dict[str, str]:
    """Names of people whose data is not erased."""
    marks = ",".join("?" * len(person_ids))
    return dict(conn.execute(f"select id, name from persons where not erased and id in ({marks})", tuple(person_ids)))
