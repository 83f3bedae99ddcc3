"""From a change to the rows that show it: a table of functions, one per entity."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any, NamedTuple

import orjson

from edge.domain import estimates
from edge.domain.bookings import SLOT_FIELDS
from edge.domain.decision import Change, Moment
from edge.domain.people import folded
from edge.domain.visits import FIELDS
from edge.store.states import DOCTOR_COLUMNS

_INSERT_VISIT = (
    f"insert or fail into visits({', '.join(FIELDS)}, id, version) values ({', '.join('?' * (len(FIELDS) + 2))})"
)
"""`or fail`: what it wrote before it failed is left to whoever takes the transaction or savepoint back, which is always
done; so SQLite need not copy every page that the row, its indexes and its triggers touch: a fifth of the statement."""
_UPDATE_VISIT = (
    f"update visits set {', '.join(f'{name} = ?' for name in FIELDS)}, version = ? where id = ? and version = ?"
)
_INTERVAL = (
    "insert into visit_intervals(visit, version, status, from_ms, actor, cause, reason, doctor_id, device, kind) "
    "values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_PIN = FIELDS.index("pin")
_ENDS_CONSULTATION = frozenset(("consultation_completed", "visit_transferred", "visit_parked", "visit_expired"))
LEARNED_FROM = 50
"""The last consultations of a doctor that estimates are made from."""


class Conflict(Exception):
    """A row was not at the version the decision was made on. A bug: there is one writer and it decides on what it reads."""


class Source(NamedTuple):
    """Whose command a change follows from, and where it was given."""

    actor: str
    cause: str
    device: str


def visit(conn: sqlite3.Connection, change: Change, source: Source, now: Moment) -> None:
    """Keep the visit as it stands now (compare-and-set on its version) and open its next interval."""
    data = change.data
    values = [data[name] for name in FIELDS]
    if values[_PIN] is not None:
        values[_PIN] = orjson.dumps(values[_PIN]).decode()
    if change.kind in _ENDS_CONSULTATION:
        _note_consultation(conn, change, now)
    if change.version == 1:
        conn.execute(_INSERT_VISIT, (*values, change.id, 1))
    elif conn.execute(_UPDATE_VISIT, (*values, change.version, change.id, change.version - 1)).rowcount != 1:
        raise Conflict(f"visit {change.id} is not at version {change.version - 1}")
    interval = (
        data["number"], change.version, data["status"], now.now_ms, source.actor, source.cause, change.reason,
        data["doctor_id"], source.device, change.kind,
    )  # fmt: skip
    conn.execute(_INTERVAL, interval)
    if change.kind == "undone":
        conn.execute(
            "update visit_intervals set undone = 1 where visit = ? and version = ?",
            (data["number"], change.version - 1),
        )
        _forget_consultation(conn, data["number"], change.version - 1)


def _note_consultation(conn: sqlite3.Connection, change: Change, now: Moment) -> None:
    """A visit leaves the doctor: keep how long it was there, and learn from it."""
    before = conn.execute("select status, doctor_id, started_at from visits where id = ?", (change.id,)).fetchone()
    if before is None or before[0] != "in_consultation" or before[1] is None or change.kind == "visit_expired":
        return
    row = (change.data["number"], change.version, before[1], before[2], now.now_ms)
    conn.execute("insert or replace into consultations values (?, ?, ?, ?, ?)", row)
    _learn(conn, before[1])


def _forget_consultation(conn: sqlite3.Connection, number: int, version: int) -> None:
    query = "delete from consultations where visit = ? and version = ? returning doctor_id"
    row = conn.execute(query, (number, version)).fetchone()
    if row is not None:
        _learn(conn, row[0])


def _learn(conn: sqlite3.Connection, doctor_id: str) -> None:
    rows = conn.execute(
        "select (ended_ms - started_ms) / 1000.0 from consultations where doctor_id = ? order by ended_ms desc limit ?",
        (doctor_id, LEARNED_FROM),
    )
    mean_s, sd_log, n = estimates.learned([duration_s for (duration_s,) in rows])
    conn.execute("insert or replace into doctor_times values (?, ?, ?, ?)", (doctor_id, n, mean_s, sd_log))


def day(conn: sqlite3.Connection, change: Change, source: Source, now: Moment) -> None:
    """Close the day that was open and open this one; its tokens count from the numbers given."""
    conn.execute("update days set closed_ms = ? where closed_ms is null", (now.now_ms,))
    conn.execute("insert into days(day, opened_ms) values (?, ?)", (change.id, now.now_ms))
    for letter, first in change.data["first_numbers"].items():
        conn.execute("insert or replace into numbers values (?, ?)", (f"token:{change.id}:{letter}", first - 1))


def service(conn: sqlite3.Connection, change: Change, source: Source, now: Moment) -> None:
    """Keep the service as it stands now. Not by `or replace`: that would reach into the trigger that opens its counts."""
    d = change.data
    conn.execute(
        "insert into services(letter, version, name, is_open, policy, policy_options) values (?, ?, ?, ?, ?, ?) "
        "on conflict(letter) do update set version = excluded.version, name = excluded.name, is_open = excluded.is_open, "
        "policy = excluded.policy, policy_options = excluded.policy_options",
        (d["letter"], change.version, d["name"], d["is_open"], d["policy"], orjson.dumps(d["policy_options"]).decode()),
    )


def doctor(conn: sqlite3.Connection, change: Change, source: Source, now: Moment) -> None:
    """Keep the doctor as they stand now."""
    d = change.data
    conn.execute(
        f"insert or replace into doctors({DOCTOR_COLUMNS}) values ({', '.join('?' * 13)})",
        (d["number"], change.id, change.version, d["name"], d["specialization"], d["service"], d["room"],
         d["is_active"], d["is_on_break"], d["code"], d["policy"], orjson.dumps(d["policy_options"]).decode(),
         d["created_at"]),
    )  # fmt: skip


def alert(conn: sqlite3.Connection, change: Change, source: Source, now: Moment) -> None:
    """Keep the alert as it stands now; `since_ms` is when it was raised."""
    d = change.data
    conn.execute(
        "insert into alerts values (?, ?, ?, ?, ?, ?, ?) on conflict(id) do update set "
        "version = excluded.version, open = excluded.open",
        (change.id, change.version, d["topic"], d["title"], d["hint"], d["open"], now.now_ms),
    )


def person(conn: sqlite3.Connection, change: Change, source: Source, now: Moment) -> None:
    """Keep the person as they stand now."""
    d = change.data
    conn.execute(
        "insert or replace into persons values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (change.id, change.version, d["name"], folded(d["name"]), d["phone"], d["email"], d["age"], d["gender"],
         d["language"], d["notify"], d["created_at"], d["erased"]),
    )  # fmt: skip


_SLOT_SETS = ", ".join(f"{name} = excluded.{name}" for name in ("version", *SLOT_FIELDS))
_SLOT = (
    f"insert into slots(id, version, {', '.join(SLOT_FIELDS)}) values ({', '.join('?' * (len(SLOT_FIELDS) + 2))}) "
    f"on conflict(id) do update set {_SLOT_SETS}"
)


def slot(conn: sqlite3.Connection, change: Change, source: Source, now: Moment) -> None:
    """Keep the slot as it stands now; the places taken are counted by triggers on visits."""
    conn.execute(_SLOT, (change.id, change.version, *(change.data[name] for name in SLOT_FIELDS)))


def broadcast(conn: sqlite3.Connection, change: Change, source: Source, now: Moment) -> None:
    """Keep the message as it stands now."""
    d = change.data
    conn.execute(
        "insert or replace into broadcasts values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (change.id, change.version, d["doctor_id"], d["day"], d["message"], d["priority"], d["delay_min"], d["sent_at"],
         d["ended_at"]),
    )  # fmt: skip


Projection = Callable[[sqlite3.Connection, Change, Source, Moment], None]
PROJECTIONS: dict[str, Projection] = {
    "visit": visit, "day": day, "service": service, "doctor": doctor, "alert": alert, "person": person, "slot": slot,
    "broadcast": broadcast,
}  # fmt: skip
"""Entity -> function. Entities without rows of their own (slip, command, site, audit) live in the event log alone."""

WRITES: dict[str, str] = {
    "settle_effect": "update effects set state = :state, reason = :reason, ended_ms = :ended_ms where id = :id",
    "take_number": "insert into numbers values (:name, :value) on conflict(name) do update set value = excluded.value",
    "take_numbers": "insert into numbers values ('visit', :visit), (:counter, :value) "
    "on conflict(name) do update set value = excluded.value",
    "set_streak": "insert or replace into queue_states values (:queue, :streak)",
}
"""Named statements for `Write`. Other modules of the store add theirs at import."""


def write(conn: sqlite3.Connection, name: str, values: dict[str, Any]) -> None:
    """Run one named statement; lists and objects among the values are kept as JSON."""
    made = {key: orjson.dumps(one).decode() if isinstance(one, list | dict) else one for key, one in values.items()}
    conn.execute(WRITES[name], made)
