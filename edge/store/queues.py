"""Queues as rules look at them: who waits for a doctor, in which order, and what an arrival meets."""

from __future__ import annotations

import sqlite3
from functools import cache
from zoneinfo import ZoneInfo

import orjson

from edge.domain.calling import BalanceState, CallState, Queue, VisitState, is_open_to_all, only_doctor, slot_counter
from edge.domain.care_commands import RaiseUrgency
from edge.domain.commands import (
    CallNext,
    CallVisit,
    Rebalance,
    StartWith,
    Undo,
    VisitCommand,
)
from edge.domain.decision import Moment, Write
from edge.domain.policies import Situation, with_options
from edge.domain.undoing import UndoState
from edge.domain.visits import Rules
from edge.store import people, states
from edge.store.states import Row

_WITH_DOCTOR = ("waiting", "called", "in_consultation")


Loads = dict[str | None, int]


def situation(
    conn: sqlite3.Connection, policy: tuple[str, str, Row], loads: Loads, rules: Rules, now_ms: int
) -> Situation:
    """What a policy looks at beside the visits."""
    key, name, options = policy
    row = conn.execute("select streak from queue_states where queue = ?", (key,)).fetchone()
    given = Situation(
        now_ms=now_ms, load_of=loads, zone=zone_of(rules.timezone), max_early_ms=rules.early_min * 60_000,
        streak=row[0] if row else 0,
    )  # fmt: skip
    return with_options(given, name, options)


@cache
def zone_of(name: str) -> ZoneInfo:
    """A time zone by name; looked up once."""
    return ZoneInfo(name)


def loads_of(here: list[Row]) -> Loads:
    """Visits waiting, called or in consultation by doctor (decision 9)."""
    loads: Loads = {}
    for visit in here:
        if visit["doctor_id"] is not None and visit["status"] in _WITH_DOCTOR:
            loads[visit["doctor_id"]] = loads.get(visit["doctor_id"], 0) + 1
    return loads


def policy_of(doctor: Row | None, service: Row | None) -> tuple[str, str, Row]:
    """(key, name, options) of the policy that orders a queue: the doctor's own, or else the service's."""
    if doctor is not None and doctor["policy"] is not None:
        return f"doctor:{doctor['id']}", doctor["policy"], doctor["policy_options"]
    if service is None:
        return "service:", "weighted", {}
    return f"service:{service['letter']}", service["policy"], service["policy_options"]


def everybody(conn: sqlite3.Connection) -> dict[str, Row]:
    """All doctors by id."""
    rows = conn.execute(f"select {states.DOCTOR_COLUMNS} from doctors order by number")
    return {doctor["id"]: doctor for doctor in map(states.doctor_of, rows.fetchall())}


def queue_of(conn: sqlite3.Connection, doctor: Row, here: list[Row], rules: Rules, now_ms: int) -> Queue:
    """A doctor's queue among `here`, the visits in the house of the doctor's service."""
    policy = policy_of(doctor, states.service(conn, doctor["service"]))
    doctors = everybody(conn)
    queueing = [v for v in here if v["status"] == "waiting"]
    waiting = [v for v in queueing if only_doctor(v, doctors) in (None, doctor["id"])]
    mine = {v["id"] for v in waiting}
    others = [v for v in queueing if v["id"] not in mine and not v["doctor_chosen"]]
    return Queue(*policy[:2], waiting, others, situation(conn, policy, loads_of(here), rules, now_ms))


def queue_of_visit(conn: sqlite3.Connection, visit: Row, rules: Rules, now_ms: int) -> Queue:
    """The queue a visit stands in: its doctor's, or the service's where it has none."""
    here = states.here(conn, "service = ?", (visit["service"],))
    doctor = states.doctor(conn, visit["doctor_id"])
    if doctor is not None:
        return queue_of(conn, doctor, here, rules, now_ms)
    policy = policy_of(None, states.service(conn, visit["service"]))
    waiting = [v for v in here if v["status"] == "waiting"]
    return Queue(*policy[:2], waiting, [], situation(conn, policy, loads_of(here), rules, now_ms))


def for_call(conn: sqlite3.Connection, command: CallNext | CallVisit | StartWith, now: Moment) -> CallState:
    """The doctor, whom they have, their queue, and the visit named."""
    day, found = states.open_day(conn), states.doctor(conn, command.doctor_id)
    if found is None or day is None:
        return CallState(day, found, None, None)
    here = states.here(conn, "service = ?", (found["service"],))
    held = [v for v in here if v["doctor_id"] == found["id"] and v["status"] in ("called", "in_consultation")]
    held.sort(key=lambda v: v["status"] == "called")  # whoever is inside counts first
    named = states.visit(conn, command.visit_id) if isinstance(command, CallVisit | StartWith) else None
    return CallState(
        day, found, held[0] if held else None, queue_of(conn, found, here, states.rules(conn), now.now_ms), named,
        states.peek(conn, slot_counter(found["id"], day)),
    )  # fmt: skip


def for_visit(conn: sqlite3.Connection, command: VisitCommand | RaiseUrgency, now: Moment) -> VisitState:
    """The visit named, its doctor, whom that doctor has in consultation, and the rules."""
    found = states.visit(conn, command.visit_id)
    its_doctor = states.doctor(conn, found["doctor_id"]) if found else None
    inside = None
    if found and its_doctor:
        rows = states.here(conn, "status = 'in_consultation' and doctor_id = ?", (its_doctor["id"],))
        inside = next((v for v in rows if v["id"] != found["id"]), None)
    return VisitState(states.open_day(conn), found, its_doctor, inside, None, states.rules(conn))


def for_place(conn: sqlite3.Connection, command: VisitCommand, now: Moment) -> VisitState:
    """As `for_visit`, with the queue."""
    state = for_visit(conn, command, now)
    if state.visit is None:
        return state
    return state._replace(queue=queue_of_visit(conn, state.visit, state.rules, now.now_ms))


def for_balance(conn: sqlite3.Connection, command: Rebalance, now: Moment) -> BalanceState:
    """All doctors; loads that stay; and the waiting that nobody chose a doctor for, in the order they arrived."""
    day, here = states.open_day(conn), states.here(conn)
    doctors = [
        states.doctor_of(r) for r in conn.execute(f"select {states.DOCTOR_COLUMNS} from doctors order by number")
    ]
    known = {d["id"]: d for d in doctors}
    movable = [
        v for v in here if v["status"] == "waiting" and (not v["doctor_chosen"] or is_open_to_all(v, known))
    ]  # fmt: skip
    moving = {v["id"] for v in movable}
    fixed = loads_of([v for v in here if v["id"] not in moving])
    slot_nos = {d["id"]: states.peek(conn, slot_counter(d["id"], day)) for d in doctors} if day else {}
    movable.sort(key=lambda v: (not v["is_emergency"], v["arrived_at"], v["number"]))
    return BalanceState(day, doctors, {k: n for k, n in fixed.items() if k}, movable, slot_nos)


def for_undo(conn: sqlite3.Connection, command: Undo, now: Moment) -> UndoState:
    """What the named command left, what stands now, and what came between."""
    day = states.open_day(conn)
    row = conn.execute("select outcome, undo from results where command_id = ?", (command.undo_id,)).fetchone()
    if row is None or row[1] is None:
        return UndoState(day, row is not None, row[0] if row else "", None, [], [], [], [], [])
    kept = orjson.loads(row[1])
    before: list[Row] = kept["before"]
    rules = states.rules(conn)
    now_rows, between, busy, taken = [], [], [], []
    slots, waitlists = {}, {}
    for was in before:
        is_now = states.visit(conn, was["id"])
        assert is_now is not None, "visits are never deleted"
        for name, value in is_now.items():
            was.setdefault(name, value)  # an act of before the visit had this field
        now_rows.append(is_now)
        if is_now["version"] != kept["after"][was["id"]]:
            between.append(f"{is_now['token'] or is_now['number']} is {is_now['status'].replace('_', ' ')}")
        if was["status"] in ("called", "in_consultation") and was["doctor_id"]:
            condition = "status in ('called', 'in_consultation') and doctor_id = ? and id <> ?"
            others = states.here(conn, condition, (was["doctor_id"], was["id"]))
            if others and (its := states.doctor(conn, was["doctor_id"])):
                busy.append(its["name"])
        slot = people.slot(conn, was["slot_id"])
        if slot is not None:
            slots[slot["id"]], waitlists[slot["id"]] = slot, people.waitlist(conn, slot["id"])
        if is_now["ended_at"] is not None and was["person_id"] is not None:
            others = [v for v in people.visits_on(conn, was["person_id"], was["day"]) if v["id"] != was["id"]]
            if rules.double_booking == "doctor_day":
                others = [v for v in others if v["doctor_id"] == was["doctor_id"]]
            if others:
                taken.append(was["token"] or str(was["number"]))
    open_keys, spoken = _effects_of(conn, kept["effects"])
    writes = [Write(name, values) for name, values in kept.get("writes", [])]
    return UndoState(
        day,
        True,
        row[0],
        before,
        now_rows,
        between,
        open_keys,
        spoken,
        busy,
        slots,
        waitlists,
        rules,
        writes,
        taken,
    )


def _effects_of(conn: sqlite3.Connection, keys: list[str]) -> tuple[list[str], list[tuple[str, str, str]]]:
    """Of the effects a command asked for: those not begun, and calls that were spoken."""
    open_keys, spoken = [], []
    for key in keys:
        effect = conn.execute("select kind, state, body from effects where key = ?", (key,)).fetchone()
        if effect is None:
            continue
        body = orjson.loads(effect[2])
        if effect[1] == "open":
            open_keys.append(key)
        elif effect[0] == "announce" and effect[1] in ("started", "done", "unknown") and body["words"] == "call":
            spoken.append((body["visit_id"], body["token"], body["room"]))
    return open_keys, spoken
