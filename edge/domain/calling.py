"""What doctors do: call, start, complete, skip, move; and who is given whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from edge.domain import policies
from edge.domain.commands import CallNext, CallVisit, MoveVisit, Rebalance, SkipVisit, StartWith, TellNext, VisitCommand
from edge.domain.decision import Change, Decision, Moment, Refusal, Verdict, Write
from edge.domain.notices import notices
from edge.domain.policies import Ranked, Situation
from edge.domain.visits import (
    HINTS,
    Act,
    Rules,
    Status,
    Visit,
    after,
    called_aloud,
    done,
    name_of,
    no_day,
    refused_act,
    take_number,
)

Doctor = dict[str, Any]


class Queue(NamedTuple):
    """A doctor's queue as a call looks at it.

    waiting: of this doctor, and of the service those nobody was given to.  others: those of colleagues whom nobody chose,
    taken when `waiting` is empty, so that nobody sits idle while people wait.  key: whose policy it is.
    """

    key: str
    policy: str
    waiting: Sequence[Visit]
    others: Sequence[Visit]
    situation: Situation


class CallState(NamedTuple):
    """What calling looks at: the doctor, whom they have now, and their queue. `slot_no`: the doctor's next of the day."""

    day: str | None
    doctor: Doctor | None
    held: Visit | None
    queue: Queue | None
    visit: Visit | None = None
    slot_no: int = 0


class VisitState(NamedTuple):
    """What an act on one visit looks at: the visit, its doctor, whom the doctor has in consultation, and the queue."""

    day: str | None
    visit: Visit | None
    doctor: Doctor | None
    in_consultation: Visit | None
    queue: Queue | None = None
    rules: Rules = Rules()


class BalanceState(NamedTuple):
    """Every doctor with the load that nobody can move, and the visits that can be moved, in the order they wait."""

    day: str | None
    doctors: Sequence[Doctor]
    fixed_load: Mapping[str, int]
    movable: Sequence[Visit]
    slot_nos: Mapping[str, int]


def is_open_to_all(visit: Visit, doctors: Mapping[str, Doctor]) -> bool:
    """Whether any doctor of its service may call a waiting visit although it is with another.

    Its doctor left, or calls for another service now; is on a break, unless somebody chose that doctor; or it is an
    emergency that did not ask for one.
    """
    doctor = doctors.get(visit["doctor_id"] or "")
    if doctor is None or not doctor["is_active"] or doctor["service"] != visit["service"]:
        return True
    return not visit["doctor_chosen"] and bool(doctor["is_on_break"] or visit["is_emergency"])


def only_doctor(visit: Visit, doctors: Mapping[str, Doctor]) -> str | None:
    """The one doctor who may call a waiting visit; None where any of its service may. doctors: by id."""
    return None if is_open_to_all(visit, doctors) else str(visit["doctor_id"])


def ordered(queue: Queue) -> list[Ranked]:
    """The waiting in calling order."""
    return policies.order(queue.policy, queue.waiting, queue.situation)


def call_next(state: CallState, command: CallNext, now: Moment) -> Verdict:
    """Send the first of the doctor's queue to the doctor's room."""
    refusal = _not_free(state, holds=Status.CALLED)
    if refusal is not None:
        return refusal
    assert state.doctor is not None and state.queue is not None
    queue = state.queue if state.queue.waiting else state.queue._replace(waiting=state.queue.others)
    first = policies.first(queue.policy, queue.waiting, queue.situation)
    if first is None:
        return Refusal("nobody_waiting", "Nobody is waiting.", "The screen changes by itself when somebody comes.")
    return _called(state, first.visit, command.command_id, first.why, now)


def call_visit(state: CallState, command: CallVisit, now: Moment) -> Verdict:
    """Call a chosen one, whoever stands before it."""
    refusal = _not_free(state, holds=Status.CALLED) or refused_act(state.visit, Act.CALL)
    if refusal is not None:
        return refusal
    assert state.visit is not None
    return _other_service(state) or _called(state, state.visit, command.command_id, "chosen by hand", now)


def start_with(state: CallState, command: StartWith, now: Moment) -> Verdict:
    """Begin with a visit: one called to this doctor, or one that waits, which calls it too (seed 000)."""
    refusal = _not_free(state, holds=Status.IN_CONSULTATION) or refused_act(state.visit, Act.START)
    if refusal is not None:
        return refusal
    visit, doctor = state.visit, state.doctor
    assert visit is not None and doctor is not None
    waiting = state.queue.waiting if state.queue else ()
    theirs = visit["doctor_id"] in (None, doctor["id"]) or any(one["id"] == visit["id"] for one in waiting)
    if not theirs and (visit["doctor_chosen"] or visit["status"] != Status.WAITING):
        return Refusal(
            "other_doctor", f"{name_of(visit)} is another doctor's.", "Transfer it first, or choose another."
        )
    refusal = _other_service(state)
    if refusal is not None:
        return refusal
    if visit["status"] == Status.CALLED:
        moved, change = after(visit, Act.START, started_at=now.now_ms, timer_at=None)
        return done(visit, moved, change, command.command_id)
    if state.held is not None and state.held["id"] != visit["id"]:
        return _holds(doctor, state.held)
    called, calling = after(visit, Act.CALL, **_to(state, visit, now))
    moved, change = after(called, Act.START, started_at=now.now_ms)
    writes = _numbered(state, visit, called) + _streak(state, visit, now)
    return Decision(
        [calling, change], [called_aloud(moved, command.command_id, now, begun=True)],
        {"visit": moved, "undo_id": command.command_id}, writes=writes, before=[dict(visit)],
        undo_writes=_old_streak(state),
    )  # fmt: skip


def act_on(act: Act, state: VisitState, command: VisitCommand, now: Moment) -> Verdict:
    """Recall, start or complete one visit, as the table allows."""
    refusal = refused_act(state.visit, act)
    if refusal is not None:
        return refusal
    visit = state.visit
    assert visit is not None
    cause = command.command_id
    if act is Act.RECALL:
        miss_at = now.now_ms + state.rules.grace_min * 60_000 if state.rules.auto_no_show else None
        moved, change = after(visit, act, recalls=visit["recalls"] + 1, timer_at=miss_at)
        return done(visit, moved, change, cause, called_aloud(moved, cause, now))
    if act is Act.START:
        if visit["status"] == Status.WAITING:
            return Refusal("wrong_state", f"{name_of(visit)} is waiting now.", HINTS[Status.WAITING])
        if state.in_consultation is not None:
            return _holds(state.doctor or {"name": "The doctor"}, state.in_consultation)
        return done(visit, *after(visit, act, started_at=now.now_ms, timer_at=None), cause)
    assert act is Act.COMPLETE
    return done(visit, *after(visit, act, ended_at=now.now_ms, timer_at=None), cause)


def skipped(state: VisitState, command: SkipVisit, now: Moment) -> Verdict:
    """Behind the next two of its queue. The last skip, which misses, is `bookings.skip`."""
    refusal = refused_act(state.visit, Act.SKIP)
    if refusal is not None:
        return refusal
    visit = state.visit
    assert visit is not None
    skips = visit["skips"] + 1
    queue = state.queue
    assert queue is not None
    pin = policies.pin_behind_next(queue.policy, queue.waiting, queue.situation, visit)
    moved, change = after(visit, Act.SKIP, skips=skips, pin=pin, called_at=None, recalls=0, room=None, timer_at=None)
    return done(visit, moved, change, command.command_id, result={"skips": skips})


def tell_next(state: VisitState, command: TellNext, now: Moment) -> Verdict:
    """Tell somebody that they are next. Nothing of the visit changes."""
    visit = state.visit
    if visit is None or visit["status"] != Status.WAITING:
        return Refusal("moved", "The visit does not wait any more.", "")
    told = notices("next", visit, now, command.command_id, room=(state.doctor or {}).get("room", ""))
    return Decision([], told, {"visit_id": visit["id"]})


def move(state: VisitState, command: MoveVisit, now: Moment) -> Verdict:
    """Give a waiting visit a place by hand."""
    if command.place < 1:
        return Refusal("bad_place", "A place is a number from 1.", "Send a number from 1.")
    refusal = refused_act(state.visit, Act.MOVE)
    if refusal is not None:
        return refusal
    visit, queue = state.visit, state.queue
    assert visit is not None and queue is not None
    ranked = ordered(queue)
    old = _place(ranked, visit)
    pin = policies.pin_for(queue.policy, queue.waiting, queue.situation, visit, command.place)
    moved, change = after(visit, Act.MOVE, f"moved from place {old} by hand", pin=pin)
    others = [moved if v["id"] == visit["id"] else v for v in queue.waiting]
    new = _place(ordered(queue._replace(waiting=others)), moved)
    return done(visit, moved, change, command.command_id, result={"old_position": old, "new_position": new})


def rebalance(state: BalanceState, command: Rebalance, now: Moment) -> Verdict:
    """Give each visit that nobody chose a doctor for to the least loaded doctor who can, first come first."""
    if state.day is None:
        return no_day()
    loads = dict(state.fixed_load)
    numbers = dict(state.slot_nos)
    changes: list[Change] = []
    before: list[Visit] = []
    for visit in state.movable:
        chosen = least_loaded(state.doctors, loads, visit["service"], visit["doctor_id"])
        if chosen is None:
            continue
        loads[chosen["id"]] = loads.get(chosen["id"], 0) + 1
        if chosen["id"] == visit["doctor_id"]:
            continue
        slot_no = numbers[chosen["id"]]
        numbers[chosen["id"]] = slot_no + 1
        before.append(dict(visit))
        changes.append(after(visit, Act.REASSIGN, "rebalanced", doctor_id=chosen["id"], slot_no=slot_no)[1])
    writes = [
        take_number(slot_counter(doctor_id, state.day), numbers[doctor_id] - 1)
        for doctor_id, value in state.slot_nos.items() if numbers[doctor_id] != value
    ]  # fmt: skip
    result = {"recalculated": len(state.movable), "reassigned": len(changes), "undo_id": command.command_id}
    return Decision(changes, [], result, writes=writes, before=before or None)


def least_loaded(
    doctors: Sequence[Doctor], loads: Mapping[str, int], service: str, keep: str | None = None
) -> Doctor | None:
    """The doctor of a service who is here and has the fewest; among equals `keep`, then the lowest number."""
    able = [d for d in doctors if d["service"] == service and d["is_active"] and not d["is_on_break"]]
    return min(able, key=lambda d: (loads.get(d["id"], 0), d["id"] != keep, d["number"]), default=None)


def slot_counter(doctor_id: str, day: str) -> str:
    """The counter of a doctor's visits of one day."""
    return f"slot:{day}:{doctor_id}"


def _place(ranked: Sequence[Ranked], visit: Visit) -> int:
    return next((i for i, r in enumerate(ranked, 1) if r.visit["id"] == visit["id"]), 0)


def _not_free(state: CallState, holds: Status) -> Refusal | None:
    """Why the doctor cannot take somebody. `holds`: CALLED refuses one that was called too, not only one inside."""
    if state.day is None:
        return no_day()
    doctor = state.doctor
    if doctor is None:
        return Refusal("not_found", "There is no such doctor.", "Choose a doctor from the list.")
    if not doctor["is_active"] or doctor["is_on_break"]:
        return Refusal("doctor_absent", f"{doctor['name']} is not here now.", "Set the doctor to present first.")
    held = state.held
    if held is not None and (holds is Status.CALLED or held["status"] == Status.IN_CONSULTATION):
        return _holds(doctor, held)
    return None


def _holds(doctor: Doctor, held: Visit) -> Refusal:
    return Refusal("doctor_busy", f"{doctor['name']} has {name_of(held)} now.", HINTS[Status(held["status"])])


def _other_service(state: CallState) -> Refusal | None:
    assert state.visit is not None and state.doctor is not None
    if state.visit["service"] == state.doctor["service"]:
        return None
    detail = f"{name_of(state.visit)} waits for another service."
    return Refusal("other_service", detail, "Transfer it to this doctor first.")


def _called(state: CallState, visit: Visit, cause: str, why: str, now: Moment) -> Decision:
    moved, change = after(visit, Act.CALL, why, **_to(state, visit, now))
    return done(
        visit, moved, change, cause, called_aloud(moved, cause, now),
        writes=_numbered(state, visit, moved) + _streak(state, visit, now), undo_writes=_old_streak(state),
    )  # fmt: skip


def _to(state: CallState, visit: Visit, now: Moment) -> dict[str, Any]:
    doctor = state.doctor
    assert doctor is not None
    slot_no = visit["slot_no"] if _has_number(state, visit) else state.slot_no
    return {
        "called_at": now.now_ms, "doctor_id": doctor["id"], "room": doctor["room"], "slot_no": slot_no, "timer_at": None,
    }  # fmt: skip


def _has_number(state: CallState, visit: Visit) -> bool:
    """Whether the visit has its number in this doctor's day."""
    return visit["slot_no"] is not None and state.doctor is not None and visit["doctor_id"] == state.doctor["id"]


def _numbered(state: CallState, visit: Visit, moved: Visit) -> list[Write]:
    if _has_number(state, visit):
        return []
    return [take_number(slot_counter(moved["doctor_id"], visit["day"]), moved["slot_no"])]


def _streak(state: CallState, visit: Visit, now: Moment) -> list[Write]:
    """Policies whose lines take turns count the calls; the others keep nothing."""
    queue = state.queue
    if queue is None:
        return []
    streak = policies.next_streak(queue.policy, visit, queue.situation)
    return [] if streak == queue.situation.streak else [Write("set_streak", {"queue": queue.key, "streak": streak})]


def _old_streak(state: CallState) -> list[Write]:
    queue = state.queue
    return [Write("set_streak", {"queue": queue.key, "streak": queue.situation.streak})] if queue else []
