"""The appointment book: places in slots, the waiting list, and what a place that comes free leads to.

Ordinary places are held by a constraint of the database (`places_taken + lent <= max_capacity`); emergencies beyond them
are counted apart. Nobody is promoted before an ordinary place is free, and nobody is pushed out of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from edge.domain.arrivals import blocks, double_booking, join, joins_at, off_hold
from edge.domain.booking_commands import BookVisit
from edge.domain.calling import Doctor, VisitState, skipped, slot_counter
from edge.domain.commands import CancelVisit, MarkNoShow, SkipVisit, TimerDue
from edge.domain.decision import Change, Decision, Effect, Moment, Refusal, Verdict
from edge.domain.flow import ArrivalState, arrived, place_in, token_counter
from edge.domain.notices import notices
from edge.domain.people import Person, added, same_or_new
from edge.domain.policies import BASE
from edge.domain.visits import (
    HERE,
    SKIPS_MAX,
    Act,
    Rules,
    Status,
    Visit,
    after,
    change,
    done,
    new_visit,
    refused_act,
    slip,
    take_number,
    token_of,
)
from shared.commands import RequestBooking

Slot = dict[str, Any]
"""A slot as a row: shared.events.SLOT_FIELDS, `id`, `version`, and `places_taken`, `extra_taken` as they are now."""

WAITLIST_MAX: Final = 200
"""People on the waiting list of one slot; one more is refused."""


class BookState(NamedTuple):
    """What booking looks at. `number`, `visit_number`, `slot_no` are the next ones, kept when they are used.

    slot: found for the command; None with `hour_slot` in the command makes that one.  waitlisted: on its list now.
    known: the person.  visits_that_day: of that person, not over, on the day of the slot.  arrival: of the first of
    those, for an emergency that was booked.
    """

    day: str | None
    doctor: Doctor | None
    service: dict[str, Any] | None
    slot: Slot | None
    waitlisted: int
    number: int
    visit_number: int
    slot_no: int
    known: Person | None
    visits_that_day: list[Visit]
    arrival: ArrivalState
    rules: Rules


class Requested(NamedTuple):
    """A request of head office as the booking it asks for, with what that looks at."""

    book: BookState
    asked: BookVisit


class FreeState(NamedTuple):
    """What giving a place back looks at: the visit, its slot, and who waits for a place there, first first."""

    day: str | None
    visit: Visit | None
    slot: Slot | None
    waitlist: Sequence[Visit]
    last_call_ms: int | None
    rules: Rules


class SkipState(NamedTuple):
    """The visit with its queue, and what its last skip frees."""

    place: VisitState
    free: FreeState


class TimerState(NamedTuple):
    """The visit whose timer rang, with what each of the acts that may follow looks at."""

    free: FreeState
    arrival: ArrivalState | None


def book(state: BookState, command: BookVisit, now: Moment) -> Verdict:
    """Give somebody a place, or a place on the waiting list. An emergency always gets in."""
    doctor, slot = state.doctor, state.slot
    refusal = _cannot_book(state, command, now)
    if refusal is not None:
        return refusal
    assert doctor is not None and state.service is not None
    person, new_person, refusal = same_or_new(
        state.known, command.person_id, command.person, command.new_person_id, now
    )
    if refusal is not None:
        return refusal
    emergency = command.category == "EMERGENCY"
    if state.visits_that_day and not command.override:
        if emergency:
            return _becomes_emergency(state, command, now)
        if blocks(state.rules, state.visits_that_day, doctor["id"]):
            return double_booking(state.visits_that_day[0])
    changes: list[Change] = [added(new_person)] if new_person else []
    if slot is None:
        assert command.hour_slot is not None
        slot = new_slot(command.hour_slot.slot_id, doctor["id"], *command.hour_slot[1:], now)
        changes.append(slot_change("slot_added", slot))
    holds, over = place_in(slot)
    waits = over and not emergency
    if waits and not command.waitlist:
        return Refusal("full", "This slot is full.", "Choose another time, or ask to be put on the waiting list.")
    if waits and state.waitlisted >= WAITLIST_MAX:
        return Refusal("waitlist_full", "The waiting list of this slot is full.", "Choose another time.")
    here = command.category in ("WALKIN", "EMERGENCY") and slot["day"] == state.day
    visit = _booked(state, command, slot, person, here, now)
    visit |= {"holds_place": holds, "over_capacity": over and emergency, "is_emergency": emergency}
    if waits:
        visit |= {"status": Status.WAITLISTED.value, "timer_at": None}
    writes = [
        take_number("visit", state.visit_number), take_number(slot_counter(doctor["id"], slot["day"]), state.slot_no)
    ]  # fmt: skip
    effects: list[Effect] = []
    if here:
        writes.append(take_number(token_counter(slot["day"], visit["service"]), state.number))
        effects.append(slip(visit, state.service["name"], state.arrival.ahead, now))
    kind = "visit_waitlisted" if waits else "token_issued" if here else "visit_booked"
    reason = f"a second visit of the day: {command.override}" if command.override else ""
    if not here:
        effects += notices("waitlisted" if waits else "booked", visit, now, command.command_id)
    result = {"visit": visit, "waitlisted": waits, "ahead": state.arrival.ahead, "position": state.waitlisted + 1}
    return Decision([*changes, change(kind, visit, reason)], effects, result, writes=writes)


def book_requested(state: Requested | None, command: RequestBooking, now: Moment) -> Verdict:
    """Head office asks for a place: the same rules as at the desk. Who is here already is booked here, not there."""
    if state is None or command.category not in ("ONLINE", "PRIORITY_PAID", "FOLLOWUP"):
        return Refusal("wrong_shape", "Head office sent a booking this clinic cannot read.", "Update the clinic.")
    return book(state.book, state.asked, now)


def cancel(state: FreeState, command: CancelVisit, now: Moment) -> Verdict:
    """Cancel a visit; the first of the waiting list gets its place in the same commit."""
    visit = state.visit
    if visit is not None and visit["status"] == Status.CANCELLED:
        return Decision(result={"visit": visit, "undo_id": None, "promoted": None, "already": True})
    refusal = refused_act(visit, Act.CANCEL)
    if refusal is not None:
        return refusal
    assert visit is not None
    told = notices("cancelled", visit, now, command.command_id)
    return _frees(state, Act.CANCEL, command.reason, command.command_id, now, told)


def skip(state: SkipState, command: SkipVisit, now: Moment) -> Verdict:
    """Behind the next two of its queue; the third time it counts as not come, and its place is given away."""
    visit = state.place.visit
    if visit is None or visit["skips"] + 1 < SKIPS_MAX or refused_act(visit, Act.SKIP) is not None:
        return skipped(state.place, command, now)
    told = notices("missed", visit, now, command.command_id)
    verdict = _frees(
        state.free, Act.MISS, "skipped three times", command.command_id, now, told, skips=visit["skips"] + 1
    )
    verdict.result["skips"] = visit["skips"] + 1
    return verdict


def miss(state: FreeState, command: MarkNoShow, now: Moment) -> Verdict:
    """Somebody did not come: at once, or when the grace after booked time and last call is over."""
    act = Act.MISS if command.grace_min is None else Act.GRACE
    refusal = refused_act(state.visit, act)
    if refusal is not None:
        return refusal
    visit = state.visit
    assert visit is not None
    if command.grace_min is not None:
        begun = [state.last_call_ms or 0]
        if visit["due_at"] is not None:
            begun.append(visit["due_at"] + visit["delay_min"] * 60_000)
        ends_ms = max(begun) + command.grace_min * 60_000
        if ends_ms > now.now_ms:
            moved, changed = after(visit, Act.GRACE, "unless it appears in time", timer_at=ends_ms)
            result = {"outcome": "grace", "grace_ends_ms": ends_ms, "promoted": None}
            return done(visit, moved, changed, command.command_id, result=result)
    return _frees(state, Act.MISS, "", command.command_id, now, notices("missed", visit, now, command.command_id))


def timer_due(state: TimerState, command: TimerDue, now: Moment) -> Verdict:
    """The clock acts: an early arrival joins, a hold ends, somebody who has not come is missed."""
    visit = state.free.visit
    if visit is None or visit["timer_at"] != command.timer_ms:
        return Refusal("moved", "The visit does not wait for this any more.", "")
    if visit["status"] == Status.PARKED:
        return done(visit, *after(visit, Act.RESUME, "the hold is over", timer_at=None), command.command_id)
    if visit["status"] == Status.BOOKED and visit["arrived_at"] is not None:
        assert state.arrival is not None
        return join(state.arrival, command.command_id, now)
    refusal = refused_act(visit, Act.MISS)
    if refusal is not None:
        return refusal
    told = notices("missed", visit, now, command.command_id)
    return _frees(state.free, Act.MISS, "not come in time", command.command_id, now, told)


def promote(
    slot: Slot, waitlist: Sequence[Visit], free: int, day: str | None, rules: Rules, cause: str, now: Moment
) -> tuple[list[Visit], list[Change], list[Effect]]:
    """Give `free` places to the first of the waiting list: (visits, changes, notices)."""
    promoted: list[Visit] = []
    changes: list[Change] = []
    told: list[Effect] = []
    if slot["status"] == "CANCELLED" or slot["end_at"] + slot["delay_min"] * 60_000 <= now.now_ms:
        return promoted, changes, told
    for visit in waitlist[: max(0, free)]:
        early = visit["arrived_at"] is not None and visit["token"] is None
        here = visit["arrived_at"] is not None and visit["day"] == day and not early
        status = Status.WAITING if here else Status.BOOKED
        values = {"status": status.value, "holds_place": True, "delay_min": slot["delay_min"]}
        timer_at = (
            None if here else joins_at(visit, rules) if early else missed_at(visit, slot["delay_min"], rules, now)
        )
        moved, changed = after(visit, Act.PROMOTE, **values, timer_at=timer_at)
        promoted.append(moved)
        changes.append(changed)
        told += notices("promoted", moved, now, cause)
    return promoted, changes, told


def in_promotion_order(waitlist: Sequence[Visit]) -> list[Visit]:
    """The lowest priority value first, then the earliest (decision 12); the same at every moment, see `policies`."""
    return sorted(waitlist, key=lambda v: (BASE[v["category"]], v["created_at"], v["number"]))


def missed_at(visit: Visit, delay_min: int, rules: Rules, now: Moment) -> int | None:
    """When a booked person who has not come is missed, ms; None where the clock misses nobody."""
    if not rules.auto_no_show:
        return None
    return int(max(visit["due_at"] + delay_min * 60_000, now.now_ms)) + rules.grace_min * 60_000


def new_slot(
    slot_id: str, doctor_id: str, day: str, start_ms: int, end_ms: int, max_capacity: int, now: Moment
) -> Slot:
    """A slot nobody has a place in yet."""
    return {
        "id": slot_id, "version": 1, "doctor_id": doctor_id, "day": day, "start_at": start_ms, "end_at": end_ms,
        "max_capacity": max_capacity, "status": "ACTIVE", "own_delay_min": 0, "delay_min": 0, "lent": 0,
        "created_at": now.now_ms, "places_taken": 0, "extra_taken": 0,
    }  # fmt: skip


def slot_change(kind: str, slot: Slot) -> Change:
    """The fact that the slot stands like this now."""
    return Change(kind, slot["id"], slot["version"], {name: slot[name] for name in SLOT_FIELDS})


SLOT_FIELDS: Final = (
    "doctor_id", "day", "start_at", "end_at", "max_capacity", "status", "own_delay_min", "delay_min", "lent", "created_at",
)  # fmt: skip


def _cannot_book(state: BookState, command: BookVisit, now: Moment) -> Refusal | None:
    if command.slot_id is not None and state.slot is None:
        return Refusal("not_found", "There is no such slot.", "Read the list again.")
    if state.doctor is None:
        return Refusal("not_found", "There is no such doctor.", "Choose a doctor from the list.")
    if not state.doctor["is_active"]:
        return Refusal("doctor_absent", f"{state.doctor['name']} does not work here now.", "Choose another doctor.")
    slot = state.slot
    if slot is None and command.hour_slot is None:
        return Refusal("no_slot", f"{state.doctor['name']} has no time to book that day.", "Choose another day.")
    if slot is not None and slot["status"] == "CANCELLED":
        return Refusal("slot_cancelled", "This slot was cancelled.", "Choose another time.")
    ends_ms = slot["end_at"] + slot["delay_min"] * 60_000 if slot else command.hour_slot.end_ms  # type: ignore[union-attr]
    if ends_ms <= now.now_ms:
        return Refusal("past", "This time is over.", "Choose a later time.")
    return None


def _booked(state: BookState, command: BookVisit, slot: Slot, person: Person, here: bool, now: Moment) -> Visit:
    assert state.doctor is not None
    service = state.doctor["service"]
    due_ms = slot["start_at"] if command.due_ms is None else command.due_ms
    visit = new_visit(
        command.visit_id, state.visit_number, slot["day"], service, now, status=Status.BOOKED.value,
        category=command.category, person_id=person["id"], doctor_id=state.doctor["id"], doctor_chosen=True,
        slot_id=slot["id"], slot_no=state.slot_no, due_at=due_ms, delay_min=slot["delay_min"],
        paid_at=now.now_ms if command.paid_ms is None else command.paid_ms, reason=command.reason,
        language=command.language or person["language"],
    )  # fmt: skip
    if command.category == "EMERGENCY":
        visit |= {"urgency": 10}
    if not here:
        return {**visit, "timer_at": missed_at(visit, slot["delay_min"], state.rules, now)}
    wait = state.arrival.wait
    return {
        **visit, "status": Status.WAITING.value, "arrived_at": now.now_ms, "promised_low_s": wait.low_s,
        "promised_high_s": wait.high_s, "token": token_of(service, state.number),
    }  # fmt: skip


def _becomes_emergency(state: BookState, command: BookVisit, now: Moment) -> Verdict:
    there = state.visits_that_day[0]
    urgent = {"is_emergency": True, "urgency": 10, "claimed_urgency": None, "category": "EMERGENCY", "pin": None}
    if there["status"] not in HERE and there["day"] == state.day:
        return arrived(state.arrival, Act.ARRIVE, command.command_id, now, arrived_at=now.now_ms, **urgent)
    if there["status"] == Status.WAITLISTED:  # of a coming day: an emergency always gets in
        holds, over = place_in(state.slot if state.slot and state.slot["id"] == there["slot_id"] else None)
        timer_at = missed_at(there, there["delay_min"], state.rules, now)
        urgent |= {"status": Status.BOOKED.value, "holds_place": holds, "over_capacity": over, "timer_at": timer_at}
    moved, flagged = after(there, Act.FLAG, "came as an emergency", **{**urgent, **off_hold(there)})
    return done(there, moved, flagged, command.command_id, result={"ahead": 0, "waitlisted": False})


def _frees(
    state: FreeState, act: Act, reason: str, cause: str, now: Moment, told: list[Effect], **more_of_it: Any
) -> Decision:
    visit, slot = state.visit, state.slot
    assert visit is not None
    gone = {"ended_at": now.now_ms, "timer_at": None, "holds_place": False, "over_capacity": False}
    moved, changed = after(visit, act, reason, **gone, **more_of_it)
    promoted: list[Visit] = []
    changes: list[Change] = []
    if slot is not None and visit["holds_place"]:
        free = slot["max_capacity"] - slot["lent"] - (slot["places_taken"] - 1)
        waitlist = in_promotion_order(state.waitlist)
        promoted, changes, more = promote(slot, waitlist, free, state.day, state.rules, cause, now)
        told = told + more
    result = {"promoted": promoted[0] if promoted else None, "outcome": "no_show" if act is Act.MISS else "cancelled"}
    return done(visit, moved, changed, cause, changes=changes, effects=told, result=result)
