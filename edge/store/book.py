"""What the appointment book's rules look at: slots, bookings, waiting lists, timers, messages."""

from __future__ import annotations

import sqlite3
from datetime import date, datetime, time, timedelta
from typing import cast

from edge.domain.booking_commands import (
    AddSlot,
    BookVisit,
    Category,
    ChangeSlot,
    DelaySlot,
    EmergencyMessage,
    EndMessage,
    HourSlot,
    NewPerson,
)
from edge.domain.bookings import BookState, FreeState, Requested, SkipState, TimerState
from edge.domain.calling import slot_counter
from edge.domain.commands import CancelVisit, MarkNoShow, SkipVisit, TimerDue
from edge.domain.decision import Moment
from edge.domain.slots import HOUR_MS, MessageState, SlotState, left_of_hour, slot_at
from edge.store import states
from edge.store.arrivals import arrival
from edge.store.people import SLOT_COLUMNS, known, slot, slot_of, slots_around, slots_of, visits_on, waitlist
from edge.store.queues import for_place, zone_of
from edge.store.schema_book import HERE, TO_COME
from edge.store.states import Row
from shared.clock import to_ms
from shared.commands import RequestBooking


def for_request(conn: sqlite3.Connection, command: RequestBooking, now: Moment) -> Requested | None:
    """What booking looks at for a request of head office; None for a day or a time that is none."""
    rules, slot_id = states.rules(conn), command.slot_id
    due_ms, hour = None, None
    try:
        on = date.fromisoformat(command.day or "") if command.slot_id is None else None
        if on is not None and command.time is not None:
            at = datetime.combine(on, time.fromisoformat(command.time), zone_of(rules.timezone))
            due_ms, begins_ms = to_ms(at), to_ms(at.replace(minute=0, second=0, microsecond=0))
            its_doctor = states.doctor(conn, command.doctor_id)
            around = slots_around(conn, its_doctor["id"], begins_ms, begins_ms + HOUR_MS) if its_doctor else []
            there = slot_at(around, due_ms)
            slot_id = there["id"] if there else None  # one that was cancelled is refused by the rule, as at the desk
            span = left_of_hour(around, begins_ms, due_ms)
            hour = HourSlot(command.new_slot_id, on.isoformat(), *span, max(1, 60 // rules.consultation_min))
    except ValueError:
        return None
    who = None
    if command.person_id is None:
        who = NewPerson(
            command.name or "", command.phone or "", age=command.age, gender=command.gender, language=command.language
        )
    asked = BookVisit(
        # what is no category is refused by the rule
        command_id=command.command_id, actor=command.actor, device="cloud", visit_id=command.visit_id,
        new_person_id=command.new_person_id, person_id=command.person_id, person=who, slot_id=slot_id,
        doctor_id=command.doctor_id, day=command.day if due_ms is None else None, due_ms=due_ms, hour_slot=hour,
        category=cast(Category, command.category), paid_ms=command.paid_ms,
        waitlist=command.waitlist, language=command.language,
    )  # fmt: skip
    return Requested(for_book(conn, asked, now), asked)


def for_book(conn: sqlite3.Connection, command: BookVisit, now: Moment) -> BookState:
    """Doctor, slot, person, the person's visits of that day, and the next numbers."""
    day = states.open_day(conn)
    if command.slot_id is not None:
        found = slot(conn, command.slot_id)
        its_doctor = states.doctor(conn, found["doctor_id"]) if found else None
    else:
        its_doctor = states.doctor(conn, command.doctor_id)
        found = _slot_for(conn, its_doctor["id"], command, now.now_ms) if its_doctor else None
    letter = its_doctor["service"] if its_doctor else ""
    on = found["day"] if found else command.hour_slot.day if command.hour_slot else command.day or day or ""
    who = known(conn, command.person_id, command.person)
    that_day = visits_on(conn, who["id"], on) if who else []
    urgent = command.category == "EMERGENCY"
    due_ms = command.due_ms or (found["start_at"] if found else None)
    joins, doctor_id = letter, its_doctor["id"] if its_doctor else None
    if that_day and urgent and not command.override:  # becomes the emergency where it is
        joins, doctor_id = that_day[0]["service"], that_day[0]["doctor_id"]
    there = arrival(
        conn, that_day[0] if that_day else None, joins, now, doctor_id=doctor_id,
        is_emergency=urgent, urgency=10 if urgent else 5, category=command.category, due_at=due_ms,
    )  # fmt: skip
    slot_no = states.peek(conn, slot_counter(its_doctor["id"], on)) if its_doctor else 0
    return BookState(
        day, its_doctor, there.service, found, len(waitlist(conn, found["id"])) if found else 0, there.number,
        states.peek(conn, "visit"), slot_no, who, that_day, there, there.rules,
    )  # fmt: skip


def _slot_for(conn: sqlite3.Connection, doctor_id: str, command: BookVisit, now_ms: int) -> Row | None:
    """The slot around the time asked for; or of a day the first with a free place that is not over, else the first."""
    if command.due_ms is not None:
        row = conn.execute(
            f"select {SLOT_COLUMNS} from slots where doctor_id = ? and start_at <= ? and end_at > ? and status <> 'CANCELLED' "
            "order by start_at desc limit 1", (doctor_id, command.due_ms, command.due_ms),
        ).fetchone()  # fmt: skip
        return slot_of(row) if row else None
    to_come = [
        s for s in slots_of(conn, doctor_id, command.day or "") if s["status"] != "CANCELLED" and s["end_at"] > now_ms
    ]
    free = (s for s in to_come if s["places_taken"] + s["lent"] < s["max_capacity"])
    return next(free, to_come[0] if to_come else None)


def for_free(
    conn: sqlite3.Connection, command: CancelVisit | MarkNoShow | SkipVisit | TimerDue, now: Moment
) -> FreeState:
    """The visit, its slot, who waits for a place there, and when it was last called."""
    found = states.visit(conn, command.visit_id)
    its_slot = slot(conn, found["slot_id"]) if found and found["slot_id"] else None
    last_call_ms = None
    if found and found["called_at"] is not None:
        (last_call_ms,) = conn.execute(
            "select max(from_ms) from visit_intervals where visit = ? and status = 'called' and undone = 0 "
            "and kind in ('visit_called', 'visit_recalled', '')",
            (found["number"],),
        ).fetchone()
    waiting = waitlist(conn, its_slot["id"]) if its_slot else []
    return FreeState(states.open_day(conn), found, its_slot, waiting, last_call_ms, states.rules(conn))


def for_skip(conn: sqlite3.Connection, command: SkipVisit, now: Moment) -> SkipState:
    """The visit with its queue, and what its last skip frees."""
    return SkipState(for_place(conn, command, now), for_free(conn, command, now))


def for_timer(conn: sqlite3.Connection, command: TimerDue, now: Moment) -> TimerState:
    """As `for_free`; for an early arrival also what it meets in its queue."""
    free = for_free(conn, command, now)
    early = free.visit is not None and free.visit["status"] == "booked" and free.visit["arrived_at"] is not None
    return TimerState(free, arrival(conn, free.visit, None, now) if early else None)


def for_slot(conn: sqlite3.Connection, command: AddSlot | ChangeSlot | DelaySlot, now: Moment) -> SlotState:
    """The slot, all of its doctor's day, and the visits and waiting list they have."""
    found = slot(conn, command.slot_id)
    doctor_id = command.doctor_id if isinstance(command, AddSlot) else found["doctor_id"] if found else None
    its_doctor = states.doctor(conn, doctor_id)
    asked = getattr(command, "day", None)
    days = sorted({day for day in (asked, found["day"] if found else None) if day is not None})
    of_day = [one for day in days for one in slots_of(conn, its_doctor["id"], day)] if its_doctor else []
    beside = [] if isinstance(command, DelaySlot) else _beside(conn, its_doctor, days)
    visits = {
        one["id"]: states.visits_where(conn, "slot_id = ? and status in ('booked', 'waiting')", (one["id"],))
        for one in ([] if isinstance(command, AddSlot) else of_day)
    }
    waiting = waitlist(conn, found["id"]) if found else []
    return SlotState(states.open_day(conn), its_doctor, found, of_day, visits, waiting, states.rules(conn), beside)


def _beside(conn: sqlite3.Connection, its_doctor: Row | None, days: list[str]) -> list[Row]:
    """The doctor's slots of the days before and after these."""
    if its_doctor is None:
        return []
    near = {(date.fromisoformat(day) + timedelta(days=step)).isoformat() for day in days for step in (-1, 1)}
    return [one for day in sorted(near - set(days)) for one in slots_of(conn, its_doctor["id"], day)]


def for_message(conn: sqlite3.Connection, command: EmergencyMessage | EndMessage, now: Moment) -> MessageState:
    """The doctor and everybody of the doctor's day who is here or to come; or the message named."""
    day = states.open_day(conn)
    row = conn.execute(f"select {states.BROADCASTS} from broadcasts where id = ?", (command.broadcast_id,)).fetchone()
    found = states.broadcast_of(row) if row else None
    if isinstance(command, EndMessage):
        return MessageState(day, None, found, [])
    its_doctor = states.doctor(conn, command.doctor_id)
    if its_doctor is None or day is None:
        return MessageState(day, its_doctor, found, [])
    to_come = states.visits_where(conn, f"{TO_COME} and doctor_id = ? and day = ?", (its_doctor["id"], day))
    here = states.visits_where(
        conn,
        f"{HERE} and service = ? and (doctor_id = ? or doctor_id is null)",
        (its_doctor["service"], its_doctor["id"]),
    )
    return MessageState(day, its_doctor, found, [*here, *to_come], its_doctor["room"])
