"""Rules about the day, the services, the doctors, the effects and the alerts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from edge.domain import policies, visits
from edge.domain.commands import (
    AddDoctor,
    AddService,
    ChangeDoctor,
    EndAlert,
    OpenDay,
    RaiseAlert,
    RemoveDoctor,
    RenameService,
    ReportClockStep,
    ReportStart,
    SetPolicy,
    SettleCommand,
    SettleEffect,
)
from edge.domain.decision import Change, Decision, Moment, Refusal, Verdict, Write
from edge.domain.slots import message_change
from edge.domain.visits import Status, take_number

Row = dict[str, Any]
DOCTORS_MAX, SERVICES_MAX = 500, 26
CARRY_MS = 4 * 3_600_000
"""Somebody who arrived less than this before the clock was set is still in the house."""


class DayState(NamedTuple):
    """The open day, the visits still open in it, and per service the number its next token would have."""

    open_day: str | None
    was_opened: bool
    open_visits: list[Row]
    """In the house, and booked for a day before the new one."""
    first_numbers: dict[str, int]
    broadcasts: Sequence[Row] = ()
    """Messages that nobody has ended."""


class DoctorState(NamedTuple):
    """The doctor named (None: not there), the service named, and what a new one would get."""

    doctor: Row | None
    service: Row | None
    next_number: int
    doctors: int
    code_taken: bool = False
    open_visits: int = 0
    """Of this doctor: called or inside; for who leaves, all that are in the house or to come."""


class ServiceState(NamedTuple):
    """The service of that letter, if there is one."""

    service: Row | None
    services: int


class EffectState(NamedTuple):
    """The effect's row, if it is still to be settled."""

    effect: Row | None


class AlertState(NamedTuple):
    """The newest alert of the topic, open or not."""

    alert: Row | None
    new_id: str


def open_day(state: DayState, command: OpenDay, now: Moment) -> Verdict:
    """Close what is open by rule, and let tokens count from 1. Needs trusted time: the clockwork sees to that."""
    if state.open_day == command.day:
        return Refusal("already_open", f"{command.day} is open.", "")
    if state.was_opened:
        return Refusal("day_closed", f"{command.day} was open before and is closed.", "Closed days stay closed.")
    first_numbers = dict(state.first_numbers)
    changes = []
    carried = 0
    for visit in state.open_visits:
        if visit["status"] in visits.HERE and _is_still_here(visit, command, now):
            carried += 1
            moved = {**visit, "day": command.day, "version": visit["version"] + 1}
            changes.append(visits.change("visit_carried", moved, "the clock was set forward"))
            letter, _, digits = visit["token"].partition("-")
            first_numbers[letter] = max(first_numbers.get(letter, 1), int(digits) + 1)
        else:
            changes.append(_closed(visit, now))
    ended = [message_change({**message, "ended_at": now.now_ms}) for message in state.broadcasts]
    day = Change("day_opened", command.day, 1, {"day": command.day, "first_numbers": first_numbers})
    result = {"day": command.day, "closed_visits": len(changes) - carried, "carried_visits": carried}
    return Decision([*changes, *ended, day], result=result)


def _is_still_here(visit: Row, command: OpenDay, now: Moment) -> bool:
    """Whether a step of the clock, and not a night, lies between the visit's arrival and now."""
    waited_ms = now.now_ms - visit["arrived_at"]
    return command.step_ms > 0 and waited_ms - command.step_ms < CARRY_MS


def _closed(visit: Row, now: Moment) -> Change:
    """What becomes of a visit when its day ends: inside is completed, waiting for a place cancelled, else not come."""
    by_status = {Status.IN_CONSULTATION: Status.COMPLETED, Status.WAITLISTED: Status.CANCELLED}
    status = by_status.get(Status(visit["status"]), Status.NO_SHOW)
    gone = {
        "ended_at": now.now_ms,
        "timer_at": None,
        "holds_place": status is Status.COMPLETED and visit["holds_place"],
    }
    over = status is Status.COMPLETED and visit["over_capacity"]
    closed = {**visit, **gone, "over_capacity": over, "status": status.value, "version": visit["version"] + 1}
    return visits.change("visit_expired", closed, "the day was closed")


def add_doctor(state: DoctorState, command: AddDoctor, now: Moment) -> Verdict:
    """Add a doctor who calls the patients of one service."""
    if state.doctor is not None:
        return Refusal("taken", "A doctor with this id exists.", "Change that doctor instead.")
    if not command.name.strip():
        return Refusal("no_name", "A doctor needs a name.", "Write the name.")
    if state.service is None:
        return Refusal("no_service", "There is no such service here.", "Add the service first.")
    if state.doctors >= DOCTORS_MAX:
        return Refusal(
            "too_many", f"A site has at most {DOCTORS_MAX} doctors.", "Deactivate is not delete; ask support."
        )
    if state.code_taken:
        return _code_taken(command.code)
    doctor = {
        "number": state.next_number, "name": command.name.strip(), "specialization": command.specialization,
        "service": state.service["letter"], "room": command.room, "is_active": True, "is_on_break": False,
        "code": command.code, "policy": None, "policy_options": {}, "created_at": now.now_ms,
    }  # fmt: skip
    return Decision(
        [Change("doctor_added", command.doctor_id, 1, doctor)],
        result={"doctor": {"id": command.doctor_id, **doctor}},
        writes=[take_number("doctor", state.next_number)],
    )


def change_doctor(state: DoctorState, command: ChangeDoctor, now: Moment) -> Verdict:
    """Change what the command names; the rest stays."""
    if state.doctor is None:
        return Refusal("not_found", "There is no such doctor.", "Choose a doctor from the list.")
    names = ("name", "specialization", "room", "service", "code", "is_active", "is_on_break")
    wanted = {name: getattr(command, name) for name in names if getattr(command, name) is not None}
    if "name" in wanted and not wanted["name"].strip():
        return Refusal("no_name", "A doctor needs a name.", "Write the name.")
    if command.service not in (None, state.doctor["service"]) and state.open_visits:
        return Refusal("doctor_busy", f"{state.doctor['name']} has a patient now.", "Complete that visit first.")
    if command.service is not None and state.service is None:
        return Refusal("no_service", "There is no such service here.", "Add the service first.")
    if state.code_taken:
        return _code_taken(command.code)
    return _doctor_changed(state.doctor, wanted)


def remove_doctor(state: DoctorState, command: RemoveDoctor, now: Moment) -> Verdict:
    """The doctor leaves; what was stays."""
    if state.doctor is None:
        return Refusal("not_found", "There is no such doctor.", "Choose a doctor from the list.")
    if state.open_visits:
        detail = f"{state.doctor['name']} has {state.open_visits} open visits or bookings."
        return Refusal("open_visits", detail, "Transfer or cancel them first.")
    return _doctor_changed(state.doctor, {"is_active": False, "is_on_break": False})


def set_policy(state: DoctorState, command: SetPolicy, now: Moment) -> Verdict:
    """Choose the order of a queue. Only the order from now on changes; nothing is stored with the visits."""
    if command.policy is not None and (problem := policies.options_problem(command.policy, command.options)):
        return Refusal("bad_policy", problem, "Correct it and save again.")
    if command.doctor_id is not None:
        if state.doctor is None:
            return Refusal("not_found", "There is no such doctor.", "Choose a doctor from the list.")
        start = Write("set_streak", {"queue": f"doctor:{state.doctor['id']}", "streak": 0})
        changed = _doctor_changed(state.doctor, {"policy": command.policy, "policy_options": command.options})
        return replace(changed, writes=[start])
    if state.service is None or command.policy is None:
        return Refusal("not_found", "There is no such service.", "Choose a service from the list.")
    names_of = ("letter", "name", "is_open", "policy", "policy_options")
    data = {name: state.service[name] for name in names_of}
    data |= {"policy": command.policy, "policy_options": command.options}
    change = Change("service_changed", data["letter"], state.service["version"] + 1, data)
    start = Write("set_streak", {"queue": f"service:{data['letter']}", "streak": 0})
    return Decision([change], result={"service": data}, writes=[start])


def _doctor_changed(doctor: Row, wanted: Row) -> Decision:
    data = {name: value for name, value in {**doctor, **wanted}.items() if name not in ("id", "version")}
    change = Change("doctor_changed", doctor["id"], doctor["version"] + 1, data)
    return Decision([change], result={"doctor": {"id": doctor["id"], **data}})


def _code_taken(code: str | None) -> Refusal:
    return Refusal("taken", f"The code {code} belongs to another doctor.", "Choose another code.")


def add_service(state: ServiceState, command: AddService, now: Moment) -> Verdict:
    """Add what a patient can queue for."""
    if len(command.letter) != 1 or not ("A" <= command.letter <= "Z"):
        return Refusal("bad_letter", "A service's letter is one of A to Z.", "Choose a letter.")
    if state.service is not None:
        return Refusal("taken", f"{command.letter} is {state.service['name']}.", "Choose another letter.")
    if not command.name.strip():
        return Refusal("no_name", "A service needs a name.", "Write the name.")
    data = {
        "letter": command.letter,
        "name": command.name.strip(),
        "is_open": True,
        "policy": "weighted",
        "policy_options": {},
    }
    return Decision([Change("service_added", command.letter, 1, data)], result={"service": data})


def rename_service(state: ServiceState, command: RenameService, now: Moment) -> Verdict:
    """Give it another name; the letter and the tokens stay."""
    if state.service is None:
        return Refusal("not_found", f"There is no service {command.letter}.", "Choose a service from the list.")
    if not command.name.strip():
        return Refusal("no_name", "A service needs a name.", "Write the name.")
    data = {name: state.service[name] for name in ("letter", "is_open", "policy", "policy_options")}
    data |= {"name": command.name.strip()}
    change = Change("service_changed", command.letter, state.service["version"] + 1, data)
    return Decision([change], result={"service": data})


_SLIPS = {
    "done": "slip_printed",
    "repeated": "slip_printed",
    "not_done": "slip_not_printed",
    "unknown": "slip_not_printed",
}


def settle_effect(state: EffectState, command: SettleEffect, now: Moment) -> Verdict:
    """Keep what became of an effect, and say so as a fact about its visit."""
    effect = state.effect
    if effect is None:
        return Refusal("not_found", "That effect is settled already.", "")
    write = Write(
        "settle_effect",
        {"id": command.effect_id, "state": command.outcome, "reason": command.reason, "ended_ms": now.now_ms},
    )
    body, outcome = effect["body"], command.outcome
    if effect["kind"] == "print_slip":
        data = {"token": body["token"], "outcome": outcome, "reason": command.reason, "repeat": outcome == "repeated"}
        change = Change(_SLIPS[outcome], body["visit_id"], 1, data)
    elif effect["kind"] == "notify":
        data = {"topic": body["topic"], "visit_id": body["visit_id"], "outcome": outcome, "reason": command.reason}
        change = Change("notice_ended", effect["key"], 1, data)
    else:
        data = {"token": body["token"], "outcome": outcome, "reason": command.reason}
        change = Change("announcement_ended", effect["key"], 1, data)
    return Decision([change], writes=[write])


def settle_command(state: None, command: SettleCommand, now: Moment) -> Verdict:
    """Tell the cloud what became of a command that could not be run."""
    return Decision([settled(command.settled_id, command.settled_kind, command.outcome, command.detail)])


def settled(command_id: str, kind: str, outcome: str, detail: str) -> Change:
    """The fact that a command from the cloud was applied, failed or expired."""
    return Change("command_settled", command_id, 1, {"kind": kind, "outcome": outcome, "detail": detail})


def raise_alert(state: AlertState, command: RaiseAlert, now: Moment) -> Verdict:
    """Open an alert, once per topic."""
    if state.alert is not None and state.alert["open"]:
        return Refusal("already_open", "This is known.", "")
    data = {"topic": command.topic, "title": command.title, "hint": command.hint, "open": True}
    return Decision([Change("alert_raised", state.new_id, 1, data)])


def end_alert(state: AlertState, command: EndAlert, now: Moment) -> Verdict:
    """Close the topic's alert."""
    alert = state.alert
    if alert is None or not alert["open"]:
        return Refusal("not_found", "There is no such alert.", "")
    data = {name: alert[name] for name in ("topic", "title", "hint")} | {"open": False}
    return Decision([Change("alert_ended", alert["id"], alert["version"] + 1, data)])


def report_start(state: int, command: ReportStart, now: Moment) -> Verdict:
    """`state` is the number of starts before this one."""
    data = {"version": command.version, "boot": command.boot, "reason": command.reason}
    return Decision([Change("site_started", "site", state + 1, data)], writes=[take_number("site", state + 1)])


def report_clock_step(state: int, command: ReportClockStep, now: Moment) -> Verdict:
    """`state` is the number of facts about the site before this one."""
    stepped = Change("clock_stepped", "site", state + 1, {"step_ms": command.step_ms})
    return Decision([stepped], writes=[take_number("site", state + 1)])
