"""What somebody who arrives meets: their queue, its doctors, the next numbers."""

from __future__ import annotations

import sqlite3
from typing import Any

from edge.domain.arrivals import IssueState, RegisterState, blocks
from edge.domain.booking_commands import RegisterVisit
from edge.domain.calling import least_loaded, slot_counter
from edge.domain.commands import CheckIn, IssueToken, ReturnVisit, TransferVisit
from edge.domain.decision import Moment
from edge.domain.flow import ArrivalState, token_counter
from edge.domain.visits import Rules, Wait, new_visit
from edge.store import people, places, states
from edge.store.states import Row
from shared.ids import new_id
from shared.triage import red_flags

_COUNTER = token_counter("' || day || '", "' || s.letter || '")
_MET = (
    "with open_day(day) as (select day from days where closed_ms is null) "
    "select day, q.open, q.waiting, (select value from numbers where name = 'visit'), "
    f"(select value from numbers where name = '{_COUNTER}'), "
    f"{', '.join(f's.{name}' for name in states.SERVICE_COLUMNS.split(', '))} "
    "from services s left join open_day left join queue_counts q on q.service = s.letter where "
)
_MET_OF, _MET_FIRST = _MET + "s.letter = ?", _MET + "s.is_open and ?1 is null order by s.letter limit 1"
"""The open day, who is there, the last numbers given, and the service: of that letter, or the first open one."""


def for_issue(conn: sqlite3.Connection, command: IssueToken, now: Moment) -> IssueState:
    """What a press meets is one row: this is the way of every button."""
    row = conn.execute(_MET_OF if command.service is not None else _MET_FIRST, (command.service,)).fetchone()
    if row is None or row[0] is None:
        return IssueState(states.open_day(conn), states.service(conn, command.service), 0, 0, 0, 0, "")
    day, open_now, ahead, last_visit, last_token = row[0], *(found or 0 for found in row[1:5])
    wanted = states.service_of(row[5:])
    wait = places.promise_at_end(conn, wanted["letter"], ahead, now.now_ms)
    return IssueState(day, wanted, last_token + 1, last_visit + 1, open_now, ahead, new_id(), wait)


def for_arrival(conn: sqlite3.Connection, command: CheckIn | ReturnVisit, now: Moment) -> ArrivalState:
    """The visit that arrives and what it meets in its queue."""
    return arrival(conn, states.visit(conn, command.visit_id), None, now)


def for_transfer(conn: sqlite3.Connection, command: TransferVisit, now: Moment) -> ArrivalState:
    """The visit, and the queue it is sent to."""
    chosen = states.doctor(conn, command.doctor_id)
    letter = chosen["service"] if chosen else command.service
    return arrival(conn, states.visit(conn, command.visit_id), letter or "", now)


def arrival(conn: sqlite3.Connection, visit: Row | None, letter: str | None, now: Moment, **as_if: Any) -> ArrivalState:
    """What a visit meets in the queue of `letter`, or of its own service (None).

    as_if: what will be so of the visit, or of one that is not made yet, once it waits; for the promise.
    """
    day = states.open_day(conn)
    wanted = letter if letter is not None else visit["service"] if visit else ""
    service = states.service(conn, wanted)
    doctors, loads, slot_nos = _staffed(conn, wanted, day)
    counted = conn.execute("select open, waiting from queue_counts where service = ?", (wanted,)).fetchone()
    open_now, ahead = counted or (0, 0)
    number = states.peek(conn, token_counter(day, wanted)) if day else 0
    slot = people.slot(conn, visit["slot_id"]) if visit and visit["slot_id"] else None
    rules, wait = states.rules(conn), Wait()
    if service is not None:
        newcomer = visit or new_visit("", 2**62, day or "", wanted, now)
        newcomer = {**newcomer, "service": wanted, "status": "waiting", "arrived_at": now.now_ms, "pin": None, **as_if}
        if newcomer["doctor_id"] is None and (chosen := least_loaded(doctors, loads, wanted)):
            newcomer["doctor_id"] = chosen["id"]
        wait, ahead = places.promise(conn, newcomer, rules, now.now_ms)
    others = _against(conn, visit, rules) if visit and visit["status"] == "no_show" else []
    return ArrivalState(
        day, visit, service, doctors, loads, slot_nos, number, ahead, open_now, wait, rules, slot, others
    )


def _against(conn: sqlite3.Connection, visit: Row, rules: Rules) -> list[Row]:
    """The person's other visits of the day that stand against this one coming back."""
    if visit["person_id"] is None:
        return []
    others = [v for v in people.visits_on(conn, visit["person_id"], visit["day"]) if v["id"] != visit["id"]]
    return others if blocks(rules, others, visit["doctor_id"]) else []


def _staffed(
    conn: sqlite3.Connection, letter: str, day: str | None
) -> tuple[list[Row], dict[str, int], dict[str, int]]:
    rows = conn.execute(f"select {states.DOCTOR_COLUMNS} from doctors where service = ? order by number", (letter,))
    doctors = [states.doctor_of(row) for row in rows.fetchall()]
    loads = dict(conn.execute(
        "select doctor_id, count(*) from visits indexed by visits_open where "
        "status in ('waiting', 'called', 'in_consultation', 'parked') and service = ? and status <> 'parked' "
        "and doctor_id is not null group by doctor_id", (letter,),
    ))  # fmt: skip
    slot_nos = {d["id"]: states.peek(conn, slot_counter(d["id"], day)) for d in doctors} if day else {}
    return doctors, loads, slot_nos


def for_register(conn: sqlite3.Connection, command: RegisterVisit, now: Moment) -> RegisterState:
    """The queue the person will stand in, who they are, and their visits of today."""
    day, chosen = states.open_day(conn), states.doctor(conn, command.doctor_id)
    known = people.known(conn, command.person_id, command.person)
    today = people.visits_on(conn, known["id"], day) if known and day else []
    letter = chosen["service"] if chosen else command.service
    if letter is None and command.is_emergency and today and not command.override:
        letter = today[0]["service"]  # the visit that is there becomes the emergency, where it is
    service = states.service(conn, letter)
    letter = service["letter"] if service else ""
    urgent = red_flags.effective(command.urgency, command.reason, claimed=command.claimed_by_patient)[0]
    there = arrival(
        conn, today[0] if today else None, letter, now, doctor_id=chosen["id"] if chosen else None,
        urgency=10 if command.is_emergency else urgent, is_emergency=command.is_emergency, category=command.category,
    )  # fmt: skip
    return RegisterState(
        day, service, there.doctors, chosen, there.loads, there.slot_nos, there.number, states.peek(conn, "visit"),
        there.open_visits, there.ahead, known, today, there.wait, there.rules,
    )  # fmt: skip
