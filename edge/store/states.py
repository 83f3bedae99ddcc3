"""From rows to what a rule looks at. Runs on the writer's connection, inside the command's savepoint."""

from __future__ import annotations

import sqlite3
from typing import Any

import orjson

from edge.domain.clinic import AlertState, DayState, DoctorState, EffectState, ServiceState
from edge.domain.commands import (
    AddDoctor,
    AddService,
    ChangeDoctor,
    Command,
    EndAlert,
    OpenDay,
    RaiseAlert,
    RemoveDoctor,
    RenameService,
    SetPolicy,
    SettleEffect,
)
from edge.domain.decision import Moment
from edge.domain.visits import FIELDS, Rules
from edge.store.schema_book import HERE, TO_COME
from shared.ids import new_id

VISIT_COLUMNS = ", ".join(("id", "version", *FIELDS))
_VISIT_NAMES = ("id", "version", *FIELDS)
_VISIT_FLAGS = ("is_emergency", "holds_place", "over_capacity", "doctor_chosen")
_DOCTOR_NAMES = (
    "number", "id", "version", "name", "specialization", "service", "room", "is_active", "is_on_break", "code", "policy",
    "policy_options", "created_at",
)  # fmt: skip
DOCTOR_COLUMNS = ", ".join(_DOCTOR_NAMES)

Row = dict[str, Any]


def visit_of(row: tuple[Any, ...]) -> Row:
    """A row of VISIT_COLUMNS as a dict, truth values and JSON as such."""
    visit = dict(zip(_VISIT_NAMES, row, strict=True))
    for name in _VISIT_FLAGS:
        visit[name] = bool(visit[name])
    if visit["pin"] is not None:
        visit["pin"] = orjson.loads(visit["pin"])
    return visit


def doctor_of(row: tuple[Any, ...]) -> Row:
    """A row of DOCTOR_COLUMNS as a dict, truth values and JSON as such."""
    doctor = dict(zip(_DOCTOR_NAMES, row, strict=True))
    doctor["is_active"], doctor["is_on_break"] = bool(doctor["is_active"]), bool(doctor["is_on_break"])
    doctor["policy_options"] = orjson.loads(doctor["policy_options"])
    return doctor


SERVICE_COLUMNS = "letter, version, name, is_open, policy, policy_options"


def service_of(row: tuple[Any, ...]) -> Row:
    """A row of SERVICE_COLUMNS as a dict."""
    letter, version, name, is_open, policy, options = row
    return {
        "letter": letter, "version": version, "name": name, "is_open": bool(is_open), "policy": policy,
        "policy_options": orjson.loads(options),
    }  # fmt: skip


def peek(conn: sqlite3.Connection, name: str) -> int:
    """The next number of a counter, from 1; the decision that uses it keeps that by `take_number`."""
    row = conn.execute("select value + 1 from numbers where name = ?", (name,)).fetchone()
    return int(row[0]) if row else 1


def open_day(conn: sqlite3.Connection) -> str | None:
    """The service-day that is open."""
    row = conn.execute("select day from days where closed_ms is null").fetchone()
    return row[0] if row else None


def service(conn: sqlite3.Connection, letter: str | None) -> Row | None:
    """A service by letter; None asks for the first open one."""
    if letter is None:
        row = conn.execute(f"select {SERVICE_COLUMNS} from services where is_open order by letter limit 1").fetchone()
    else:
        row = conn.execute(f"select {SERVICE_COLUMNS} from services where letter = ?", (letter,)).fetchone()
    return service_of(row) if row else None


def doctor(conn: sqlite3.Connection, doctor_id: str | None) -> Row | None:
    """A doctor by UUID or by small number."""
    if doctor_id is None:
        return None
    name = "number" if doctor_id.isdecimal() and len(doctor_id) < 10 else "id"
    row = conn.execute(f"select {DOCTOR_COLUMNS} from doctors where {name} = ?", (doctor_id,)).fetchone()
    return doctor_of(row) if row else None


def visit(conn: sqlite3.Connection, visit_id: str) -> Row | None:
    """A visit by UUID or by small number."""
    name = "number" if visit_id.isdecimal() and len(visit_id) < 19 else "id"
    row = conn.execute(f"select {VISIT_COLUMNS} from visits where {name} = ?", (visit_id,)).fetchone()
    return visit_of(row) if row else None


def here(conn: sqlite3.Connection, where: str = "true", values: tuple[Any, ...] = ()) -> list[Row]:
    """Visits of people in the house: of all queues, or of those that `where` names."""
    query = f"select {VISIT_COLUMNS} from visits indexed by visits_open where {HERE} and {where} order by number"
    return [visit_of(row) for row in conn.execute(query, values)]


def visits_where(conn: sqlite3.Connection, where: str, values: tuple[Any, ...]) -> list[Row]:
    """Visits by a condition that an index answers, by number."""
    query = f"select {VISIT_COLUMNS} from visits where {where} order by number"
    return [visit_of(row) for row in conn.execute(query, values)]


def ids_since(conn: sqlite3.Connection, day: str, limit: int) -> list[tuple[str, str]]:
    """(id, day) of the visits of a day and of all later ones, the earliest first, at most `limit`."""
    return conn.execute("select id, day from visits where day >= ? order by day limit ?", (day, limit)).fetchall()


def rules(conn: sqlite3.Connection) -> Rules:
    """The settings that rules look at."""
    return Rules(**{name: orjson.loads(value) for name, value in conn.execute("select name, value from rules")})


def keep_rules(conn: sqlite3.Connection, wanted: Rules) -> None:
    """A job for the writer: from now on rules look at these."""
    for name, value in wanted._asdict().items():
        conn.execute("insert or replace into rules values (?, ?)", (name, orjson.dumps(value).decode()))


def for_day(conn: sqlite3.Connection, command: OpenDay, now: Moment) -> DayState:
    """People in the house or booked for a day before, and the first number of each service: 1."""
    was_opened = conn.execute("select 1 from days where day = ?", (command.day,)).fetchone() is not None
    firsts = {letter: 1 for (letter,) in conn.execute("select letter from services")}
    late = visits_where(conn, f"{TO_COME} and day < ?", (command.day,))
    messages = [broadcast_of(r) for r in conn.execute(f"select {BROADCASTS} from broadcasts where ended_at is null")]
    return DayState(open_day(conn), was_opened, [*here(conn), *late], firsts, messages)


BROADCASTS = "id, version, doctor_id, day, message, priority, delay_min, sent_at, ended_at"


def broadcast_of(row: tuple[Any, ...]) -> Row:
    """A row of BROADCASTS as a dict."""
    return dict(zip(BROADCASTS.split(", "), row, strict=True))


def for_doctor(
    conn: sqlite3.Connection, command: AddDoctor | ChangeDoctor | RemoveDoctor | SetPolicy, now: Moment
) -> DoctorState:
    """The doctor, the service named, and for a new one the next small number."""
    found = doctor(conn, command.doctor_id)
    named = getattr(command, "service", None)
    is_new = isinstance(command, AddDoctor)
    wanted = service(conn, named) if is_new or named is not None else None
    (count,) = conn.execute("select count(*) from doctors").fetchone()
    code = getattr(command, "code", None)
    made = "code is null and printf('DOC%03d', number)"  # what faces show of a doctor who was given no code
    taken = conn.execute(f"select id from doctors where code = ?1 or {made} = ?1", (code,)).fetchone() if code else None
    open_now = 0
    if isinstance(command, RemoveDoctor) and found is not None:
        (open_now,) = conn.execute(
            f"select (select count(*) from visits where {HERE} and doctor_id = ?1) + "
            f"(select count(*) from visits where {TO_COME} and doctor_id = ?1)", (found["id"],),
        ).fetchone()  # fmt: skip
    if isinstance(command, ChangeDoctor) and found is not None and named is not None:
        (open_now,) = conn.execute(
            f"select count(*) from visits where {HERE} and doctor_id = ? and status in ('called', 'in_consultation')",
            (found["id"],),
        ).fetchone()
    number = peek(conn, "doctor") if is_new and found is None else 0
    code_taken = taken is not None and taken[0] != (found["id"] if found else None)
    return DoctorState(found, wanted, number, count, code_taken, open_now)


def for_service(conn: sqlite3.Connection, command: AddService | RenameService, now: Moment) -> ServiceState:
    """The service of that letter."""
    (count,) = conn.execute("select count(*) from services").fetchone()
    return ServiceState(service(conn, command.letter), count)


def for_effect(conn: sqlite3.Connection, command: SettleEffect, now: Moment) -> EffectState:
    """The effect, while it is still open or started."""
    row = conn.execute(
        "select id, key, kind, body from effects where id = ? and state in ('open', 'started')", (command.effect_id,)
    ).fetchone()
    if row is None:
        return EffectState(None)
    return EffectState({"id": row[0], "key": row[1], "kind": row[2], "body": orjson.loads(row[3])})


def for_alert(conn: sqlite3.Connection, command: RaiseAlert | EndAlert, now: Moment) -> AlertState:
    """The newest alert of the topic."""
    row = conn.execute(
        "select id, version, topic, title, hint, open from alerts where topic = ? order by since_ms desc, id desc limit 1",
        (command.topic,),
    ).fetchone()
    names = ("id", "version", "topic", "title", "hint", "open")
    return AlertState(dict(zip(names, row, strict=True)) if row else None, new_id())


def nothing(conn: sqlite3.Connection, command: Command, now: Moment) -> None:
    """For rules that look at nothing but the command."""


def site_version(conn: sqlite3.Connection, command: Command, now: Moment) -> int:
    """How many facts about the site itself were given numbers before."""
    return peek(conn, "site") - 1
