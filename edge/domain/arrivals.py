"""Somebody is here: with a press of a button, with their name, or with a booking."""

from __future__ import annotations

from typing import Any, NamedTuple

from edge.domain.booking_commands import RegisterVisit
from edge.domain.calling import Doctor, least_loaded, slot_counter
from edge.domain.commands import CheckIn, IssueToken
from edge.domain.decision import Change, Decision, Moment, Refusal, Verdict
from edge.domain.flow import ArrivalState, arrived, back, token_counter
from edge.domain.people import Person, added, same_or_new
from edge.domain.visits import (
    HERE,
    QUEUE_MAX,
    Act,
    Rules,
    Status,
    Visit,
    Wait,
    after,
    change,
    done,
    name_of,
    new_visit,
    no_day,
    refused_act,
    slip,
    take_number,
    take_numbers,
    token_of,
)
from shared.triage import red_flags


class IssueState(NamedTuple):
    """What issuing looks at. `number` and `visit_number` are the next ones, kept when they are used."""

    day: str | None
    service: dict[str, Any] | None
    number: int
    visit_number: int
    open_visits: int
    ahead: int
    new_id: str
    wait: Wait = Wait()


class RegisterState(NamedTuple):
    """What registering looks at. `number` and `visit_number` are the next ones, kept when they are used.

    known: the person asked for, or found by name and phone.  visits_today: of that person, not over, any doctor.
    chosen: the doctor asked for (None: not there).
    """

    day: str | None
    service: dict[str, Any] | None
    doctors: list[Doctor]
    chosen: Doctor | None
    loads: dict[str, int]
    slot_nos: dict[str, int]
    number: int
    visit_number: int
    open_visits: int
    ahead: int
    known: Person | None
    visits_today: list[Visit]
    wait: Wait
    rules: Rules


def issue(state: IssueState, command: IssueToken, now: Moment) -> Verdict:
    """Draw a token for somebody who has just arrived and whose name nobody asks for."""
    if state.day is None:
        return no_day()
    service = state.service
    refusal = _cannot_join(service, state.open_visits) or _bad_urgency(command.urgency)
    if refusal is not None:
        return refusal
    assert service is not None
    visit = new_visit(
        state.new_id, state.visit_number, state.day, service["letter"], now, urgency=command.urgency,
        category=command.category, token=token_of(service["letter"], state.number), arrived_at=now.now_ms,
        promised_low_s=state.wait.low_s, promised_high_s=state.wait.high_s,
    )  # fmt: skip
    effect = slip(visit, service["name"], state.ahead, now)
    writes = [take_numbers(state.visit_number, token_counter(state.day, service["letter"]), state.number)]
    return Decision([change("token_issued", visit)], [effect], {"visit": visit, "ahead": state.ahead}, writes=writes)


def register(state: RegisterState, command: RegisterVisit, now: Moment) -> Verdict:
    """Person (found or made), visit and token in one commit, with the least loaded doctor who can.

    An emergency is never refused: an open visit of that day becomes the emergency and keeps its token.
    """
    if state.day is None:
        return no_day()
    refusal = _cannot_join(state.service, 0 if command.is_emergency else state.open_visits)
    refusal = refusal or _bad_urgency(command.urgency) or _bad_doctor(command, state)
    if refusal is not None:
        return refusal
    service = state.service
    assert service is not None
    person, new_person, refusal = same_or_new(
        state.known, command.person_id, command.person, command.new_person_id, now
    )
    if refusal is not None:
        return refusal
    if state.visits_today and not command.override:
        there = state.visits_today[0]
        if command.is_emergency:
            return _becomes_emergency(state, there, command, now)
        if blocks(state.rules, state.visits_today, _doctor_id(command, state)):
            return double_booking(there)
    doctor_id = _doctor_id(command, state)
    counted, claimed = red_flags.effective(command.urgency, command.reason, claimed=command.claimed_by_patient)
    visit = new_visit(
        command.visit_id, state.visit_number, state.day, service["letter"], now,
        token=token_of(service["letter"], state.number), arrived_at=now.now_ms,
        urgency=10 if command.is_emergency else counted, claimed_urgency=None if command.is_emergency else claimed,
        is_emergency=command.is_emergency, category="EMERGENCY" if command.is_emergency else command.category,
        person_id=person["id"], doctor_id=doctor_id, doctor_chosen=state.chosen is not None, reason=command.reason,
        slot_no=state.slot_nos[doctor_id] if doctor_id else None, language=command.language or person["language"],
        promised_low_s=state.wait.low_s, promised_high_s=state.wait.high_s,
    )  # fmt: skip
    writes = [take_numbers(state.visit_number, token_counter(state.day, service["letter"]), state.number)]
    if doctor_id is not None:
        writes.append(take_number(slot_counter(doctor_id, state.day), visit["slot_no"]))
    changes: list[Change] = [added(new_person)] if new_person else []
    kept = change("token_issued", visit, f"a second visit of the day: {command.override}" if command.override else "")
    effect = slip(visit, service["name"], state.ahead, now)
    return Decision([*changes, kept], [effect], {"visit": visit, "ahead": state.ahead}, writes=writes)


def check_in(state: ArrivalState, command: CheckIn, now: Moment) -> Verdict:
    """A booked person is here: joins the queue, or, when much too early, joins it by itself later.

    Checking in again changes nothing and is no error (`already`). Somebody marked as not come returns.
    """
    visit = state.visit
    if visit is None:
        return Refusal("not_found", "There is no such booking.", "Look for it by name, or register the person anew.")
    if command.person_id is not None and command.person_id != visit["person_id"]:
        return Refusal("other_person", "This booking is somebody else's.", "Look for the person's own booking.")
    if state.day is None:
        return no_day()
    status = Status(visit["status"])
    if visit["day"] != state.day:
        return Refusal("another_day", f"This booking is for {visit['day']}.", "Book a place for today instead.")
    urgent = visit["is_emergency"]
    if status in HERE or (_is_early(visit) and not urgent):
        return Decision(result={"visit": visit, "already": True, "admitted": status is not Status.BOOKED})
    if status is Status.NO_SHOW:
        return back(state, command.command_id, now)
    if status is Status.WAITLISTED and not urgent:
        hint = "They get a place when one comes free; in an emergency add them as one."
        return Refusal("waitlisted", f"{name_of(visit)} is on the waiting list of a full slot.", hint)
    refusal = refused_act(visit, Act.ARRIVE)
    if refusal is not None:
        return refusal
    opens_ms = joins_at(visit, state.rules)
    early_min = max(0, (visit["due_at"] - now.now_ms) // 60_000) if visit["due_at"] is not None else 0
    if now.now_ms < opens_ms and not urgent:
        moved, early = after(visit, Act.EARLY, arrived_at=now.now_ms, timer_at=opens_ms)
        result = {"admitted": False, "admitted_at_ms": opens_ms, "minutes_early": early_min}
        return done(visit, moved, early, command.command_id, result=result)
    verdict = arrived(state, Act.ARRIVE, command.command_id, now, arrived_at=now.now_ms)
    if isinstance(verdict, Decision):
        verdict.result["minutes_early"] = early_min
    return verdict


def join(state: ArrivalState, command_id: str, now: Moment) -> Verdict:
    """The limit for early arrivals has come: who arrived before it joins the queue now. The wait counts from arrival."""
    visit = state.visit
    if visit is None or not _is_early(visit):
        return Refusal("wrong_state", "This visit does not wait for its time any more.", "")
    return arrived(state, Act.ARRIVE, command_id, now)


def joins_at(visit: Visit, rules: Rules) -> int:
    """From when on a booked person may join the queue, ms."""
    return 0 if visit["due_at"] is None else int(visit["due_at"]) - rules.early_min * 60_000


def blocks(rules: Rules, visits_today: list[Visit], doctor_id: str | None) -> bool:
    """Whether visits of the same person and day stand against another one."""
    if rules.double_booking == "doctor_day":
        return any(visit["doctor_id"] == doctor_id for visit in visits_today)
    return bool(visits_today)


def double_booking(there: Visit) -> Refusal:
    """The person has a visit that day."""
    hint = "Use that one, or let staff allow a second with a reason."
    return Refusal("double_booking", f"This person has {name_of(there)} on {there['day']} already.", hint)


def _is_early(visit: Visit) -> bool:
    return visit["status"] == Status.BOOKED and visit["arrived_at"] is not None


def _doctor_id(command: RegisterVisit, state: RegisterState) -> str | None:
    if state.chosen is not None:
        return str(state.chosen["id"])
    assert state.service is not None
    found = least_loaded(state.doctors, state.loads, state.service["letter"])
    return str(found["id"]) if found else None


def _bad_doctor(command: RegisterVisit, state: RegisterState) -> Refusal | None:
    if command.doctor_id is None:
        return None
    if state.chosen is None:
        return Refusal("not_found", "There is no such doctor.", "Choose a doctor from the list.")
    if not state.chosen["is_active"]:
        return Refusal("doctor_absent", f"{state.chosen['name']} does not work here now.", "Choose another doctor.")
    return None


def _becomes_emergency(state: RegisterState, there: Visit, command: RegisterVisit, now: Moment) -> Verdict:
    reason = command.reason or there["reason"]
    urgent: dict[str, Any] = {
        "is_emergency": True, "urgency": 10, "claimed_urgency": None, "reason": reason, "pin": None,
    }  # fmt: skip
    if there["status"] not in (Status.CALLED, Status.IN_CONSULTATION):
        urgent |= _sent_to(state, there, command)
    if there["status"] in (Status.BOOKED, Status.WAITLISTED):
        here = ArrivalState(
            state.day, there, state.service, state.doctors, state.loads, state.slot_nos, state.number, 0,
            state.open_visits, state.wait, state.rules,
        )  # fmt: skip
        return arrived(here, Act.ARRIVE, command.command_id, now, arrived_at=now.now_ms, **urgent)
    writes = []
    doctor_id = urgent.get("doctor_id", there["doctor_id"])
    if doctor_id != there["doctor_id"]:
        urgent["slot_no"] = state.slot_nos[doctor_id] if doctor_id else None
        writes += [take_number(slot_counter(doctor_id, there["day"]), urgent["slot_no"])] if doctor_id else []
    moved, flagged = after(there, Act.FLAG, "came as an emergency", **urgent, **off_hold(there))
    return done(there, moved, flagged, command.command_id, result={"ahead": 0}, writes=writes)


def off_hold(visit: Visit) -> dict[str, Any]:
    """What ends a hold of somebody who comes as an emergency; nothing for anybody else."""
    return {"status": Status.WAITING.value, "timer_at": None} if visit["status"] == Status.PARKED else {}


def _sent_to(state: RegisterState, there: Visit, command: RegisterVisit) -> dict[str, Any]:
    """Where somebody who has a visit is to be seen as an emergency: with the doctor chosen, or with whoever of the service
    asked for is free first."""
    assert state.service is not None
    if state.chosen is not None:
        return {"service": state.chosen["service"], "doctor_id": state.chosen["id"], "doctor_chosen": True}
    if state.service["letter"] == there["service"]:
        return {} if command.service is None else {"doctor_chosen": False}
    doctor_id = _doctor_id(command, state)
    return {"service": state.service["letter"], "doctor_id": doctor_id, "doctor_chosen": False}


def _bad_urgency(value: int) -> Refusal | None:
    if 0 <= value <= 10:
        return None
    return Refusal("bad_urgency", "Urgency is a number from 0 to 10.", "Send a number from 0 to 10.")


def _cannot_join(service: dict[str, Any] | None, open_visits: int) -> Refusal | None:
    if service is None or not service["is_open"]:
        return Refusal("no_service", "This service is not open.", "Choose another service, or ask at the desk.")
    if open_visits >= QUEUE_MAX:
        return Refusal("queue_full", f"{service['name']} has {QUEUE_MAX} people waiting.", "Please ask at the desk.")
    return None
