"""What happens to a visit between stations: on hold, sent on, back again, made urgent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from edge.domain.calling import Doctor, VisitState, least_loaded, slot_counter
from edge.domain.care_commands import RaiseUrgency
from edge.domain.commands import (
    FlagEmergency,
    LookAtUrgency,
    ParkVisit,
    ResumeVisit,
    ReturnVisit,
    SetUrgency,
    TransferVisit,
)
from edge.domain.decision import Decision, Moment, Refusal, Verdict, Write
from edge.domain.visits import (
    Act,
    Rules,
    Status,
    Visit,
    Wait,
    after,
    done,
    name_of,
    no_day,
    refused_act,
    slip,
    take_number,
    token_of,
)

PARK_MIN, PARK_MAX = 1, 720


class ArrivalState(NamedTuple):
    """What somebody's arrival looks at.

    visit: that arrives, if it exists already.  service: its queue.  doctors: of the service, with `loads` by doctor id.
    number: the next token's.  slot_nos: each doctor's next of the day.  ahead, open_visits: in the queue now.
    slot: the visit's slot, if it has one.
    """

    day: str | None
    visit: Visit | None
    service: dict[str, Any] | None
    doctors: list[Doctor]
    loads: dict[str, int]
    slot_nos: dict[str, int]
    number: int
    ahead: int
    open_visits: int
    wait: Wait
    rules: Rules
    slot: dict[str, Any] | None = None
    others: Sequence[Visit] = ()
    """For somebody who returns: the person's other visits of the day that stand against it."""


def park(state: VisitState, command: ParkVisit, now: Moment) -> Verdict:
    """On hold: out of the queue until somebody, or the clock, lets it wait again."""
    if not PARK_MIN <= command.minutes <= PARK_MAX:
        detail = f"A hold lasts {PARK_MIN} to {PARK_MAX} minutes."
        return Refusal("bad_minutes", detail, "Choose how long it may take.")
    refusal = refused_act(state.visit, Act.PARK)
    if refusal is not None:
        return refusal
    visit = state.visit
    assert visit is not None
    until_ms = now.now_ms + command.minutes * 60_000
    moved, change = after(
        visit, Act.PARK, command.reason, timer_at=until_ms, called_at=None, started_at=None, room=None, recalls=0
    )
    return done(visit, moved, change, command.command_id)


def resume(state: VisitState, command: ResumeVisit, now: Moment) -> Verdict:
    """Waits again; its arrival puts it where it would stand had it not been on hold."""
    refusal = refused_act(state.visit, Act.RESUME)
    if refusal is not None:
        return refusal
    visit = state.visit
    assert visit is not None
    return done(visit, *after(visit, Act.RESUME, timer_at=None), command.command_id)


def transfer(state: ArrivalState, command: TransferVisit, now: Moment) -> Verdict:
    """Send on to another service or doctor. Token and time of arrival stay, so nobody loses the wait they had."""
    refusal = refused_act(state.visit, Act.TRANSFER)
    if refusal is not None:
        return refusal
    visit, service = state.visit, state.service
    assert visit is not None
    if (command.service is None) == (command.doctor_id is None):
        return Refusal("wrong_shape", "A transfer names a service or a doctor.", "Choose one of them.")
    if service is None or not service["is_open"]:
        return Refusal("no_service", "This service is not open.", "Choose another service.")
    chosen = None
    if command.doctor_id is not None:
        chosen = next((d for d in state.doctors if command.doctor_id in (d["id"], str(d["number"]))), None)
        if chosen is None or not chosen["is_active"]:
            return Refusal("not_found", "There is no such doctor here now.", "Choose a doctor from the list.")
    if service["letter"] == visit["service"] and (chosen is None or chosen["id"] == visit["doctor_id"]):
        return Refusal("same_place", f"{name_of(visit)} waits there already.", "Choose another service or doctor.")
    doctor_id = chosen["id"] if chosen else None
    slot_no, writes = _slot_no(state, doctor_id, visit if doctor_id == visit["doctor_id"] else None)
    moved, change = after(
        visit, Act.TRANSFER, command.reason or f"to {chosen['name'] if chosen else service['name']}",
        service=service["letter"], doctor_id=doctor_id, doctor_chosen=chosen is not None, slot_no=slot_no, room=None,
        called_at=None, started_at=None, recalls=0, skips=0, pin=None, timer_at=None,
    )  # fmt: skip
    return done(visit, moved, change, command.command_id, writes=writes)


def come_back(state: ArrivalState, command: ReturnVisit, now: Moment) -> Verdict:
    """Marked as not come, and here after all."""
    return back(state, command.command_id, now)


def back(state: ArrivalState, cause: str, now: Moment) -> Verdict:
    """Waits again as if just arrived, with the token it had."""
    refusal = refused_act(state.visit, Act.RETURN)
    if refusal is not None:
        return refusal
    visit = state.visit
    assert visit is not None
    if state.day is None:
        return no_day()
    if visit["day"] != state.day:
        return Refusal("another_day", f"{name_of(visit)} was on {visit['day']}.", "Register the person anew.")
    if state.others:
        detail = f"This person has {name_of(state.others[0])} today by now."
        return Refusal("double_booking", detail, "Use that one, or cancel it first.")
    return arrived(state, Act.RETURN, cause, now, arrived_at=now.now_ms, ended_at=None, skips=0, pin=None)


def flag(state: VisitState, command: FlagEmergency, now: Moment) -> Verdict:
    """Before all others from now on."""
    refusal = refused_act(state.visit, Act.FLAG)
    if refusal is not None:
        return refusal
    visit = state.visit
    assert visit is not None
    reason = command.reason or "flagged as an emergency"
    values: dict[str, Any] = {"is_emergency": True, "urgency": 10, "claimed_urgency": None, "pin": None}
    if visit["status"] == Status.BOOKED and visit["arrived_at"] is not None:
        values["timer_at"] = now.now_ms  # here already, and too early to wait: the clock admits it at its next look
    moved, change = after(visit, Act.FLAG, reason, **values)
    return done(visit, moved, change, command.command_id)


def set_urgency(state: VisitState, command: SetUrgency, now: Moment) -> Verdict:
    """Staff's word counts as given, and confirms what the patient said."""
    if not 0 <= command.urgency <= 10:
        return Refusal("bad_urgency", "Urgency is a number from 0 to 10.", "Send a number from 0 to 10.")
    refusal = refused_act(state.visit, Act.TRIAGE)
    if refusal is not None:
        return refusal
    visit = state.visit
    assert visit is not None
    moved, change = after(visit, Act.TRIAGE, command.reason, urgency=command.urgency, claimed_urgency=None)
    return done(visit, moved, change, command.command_id)


def raise_urgency(state: VisitState, command: RaiseUrgency, now: Moment) -> Verdict:
    """Head office found it more urgent. Only ever a raise; what staff or rules said stands otherwise."""
    visit = state.visit
    if visit is not None and command.urgency <= visit["urgency"]:
        return Decision(result={"raised": False, "urgency": visit["urgency"]})
    refusal = refused_act(visit, Act.TRIAGE)
    if refusal is not None:
        return refusal
    if not 0 <= command.urgency <= 10:
        return Refusal("bad_urgency", "Urgency is a number from 0 to 10.", "")
    assert visit is not None
    moved, change = after(visit, Act.TRIAGE, command.reason[:500], urgency=command.urgency)
    return done(visit, moved, change, command.command_id, result={"raised": True, "urgency": command.urgency})


def looked_at(state: VisitState, command: LookAtUrgency, now: Moment) -> Verdict:
    """Staff have looked at what a model raised. Nothing changes but that the log says so, and the mark at the desk goes."""
    visit = state.visit
    refusal = refused_act(visit, Act.TRIAGE)
    if refusal is not None:
        return refusal
    assert visit is not None
    if visit["urgency"] != command.urgency:  # raised once more, and nobody has seen that
        return Refusal("wrong_state", f"Its urgency is {visit['urgency']} by now.", "Look at it again.")
    moved, change = after(visit, Act.TRIAGE, "looked at")
    return done(visit, moved, change, command.command_id)


def arrived(state: ArrivalState, act: Act, cause: str, now: Moment, **values: Any) -> Verdict:
    """A visit that exists joins the queue: it draws a token unless it has one, gets a doctor and a promise."""
    visit, service = state.visit, state.service
    assert visit is not None and state.day is not None
    if service is None:
        return Refusal("no_service", "This service is not open.", "Ask at the desk.")
    fields: dict[str, Any] = {"called_at": None, "started_at": None, "recalls": 0, "room": None, "timer_at": None}
    fields |= values
    writes: list[Write] = []
    if visit["token"] is None:
        fields["token"] = token_of(service["letter"], state.number)
        writes.append(take_number(token_counter(state.day, service["letter"]), state.number))
    if visit["doctor_id"] is None and fields.get("doctor_id") is None:
        chosen = least_loaded(state.doctors, state.loads, service["letter"])
        fields["doctor_id"] = chosen["id"] if chosen else None
    doctor_id = fields.get("doctor_id", visit["doctor_id"])
    slot_no, numbered = _slot_no(state, doctor_id, visit if doctor_id == visit["doctor_id"] else None)
    fields["slot_no"], writes = slot_no, writes + numbered
    if visit["slot_id"] is not None and not visit["holds_place"]:
        fields["holds_place"], fields["over_capacity"] = place_in(state.slot)
    fields |= {"promised_low_s": state.wait.low_s, "promised_high_s": state.wait.high_s}
    moved, change = after(visit, act, **fields)
    paper = slip(moved, service["name"], state.ahead, now)  # one that came out already is not asked for again: same key
    return done(
        visit, moved, change, cause, paper, writes=writes,
        result={"ahead": state.ahead, "admitted": True, "status": Status.WAITING.value},
    )  # fmt: skip


def place_in(slot: dict[str, Any] | None) -> tuple[bool, bool]:
    """(holds a place, is over capacity) for somebody who comes into a slot now. Nothing known of the slot: over."""
    if slot is None:
        return False, True
    free = slot["places_taken"] + slot["lent"] < slot["max_capacity"]
    return free, not free


def token_counter(day: str, letter: str) -> str:
    """The counter of a service's tokens of one day."""
    return f"token:{day}:{letter}"


def _slot_no(state: ArrivalState, doctor_id: str | None, visit: Visit | None) -> tuple[int | None, list[Write]]:
    """The visit's number in the doctor's day: the one it has, else the next."""
    if visit is not None and visit["slot_no"] is not None:
        return visit["slot_no"], []
    if doctor_id is None or state.day is None:
        return None, []
    number = state.slot_nos[doctor_id]
    return number, [take_number(slot_counter(doctor_id, state.day), number)]
