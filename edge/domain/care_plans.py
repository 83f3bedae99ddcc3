"""Plans at the clinic: followed by revision, planned 14 days ahead, stopped, held; and when a person eats and sleeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from edge.domain import dose_gaps, dose_stock
from edge.domain.care_commands import ApplyPlan, EndHold, ExtendPlan, SetHold, SetMealTimes, StopPlan
from edge.domain.decision import Change, Decision, Moment, Refusal, Verdict, Write
from edge.domain.dosing import DOSE_COLUMNS, Acts, Row, is_open, plan_next, scheduled
from shared.doses import moving
from shared.doses.expansion import DEFAULT_MEAL_TIMES, HORIZON_DAYS, Occurrence, occurrences
from shared.doses.localtime import DAY_MS, HOUR_MS
from shared.doses.plan import BadPlan, Item, Plan, body_of, plan_of
from shared.doses.states import Happening, Status

PLANNED_MAX: Final = 4_000
"""Doses of one plan within the days ahead. More is no plan for a person."""
BACK_MS: Final = 12 * HOUR_MS
"""A plan is planned from so long ago on, so that a dose whose time has just passed can be answered."""
SAID_OF_IT: Final = ("medication", "quantity", "unit")
OF_A_REVISION: Final = (*SAID_OF_IT, "critical", "compartment")
"""What a new revision may make another of a dose that somebody was told of. Its windows stay."""


class PlanState(NamedTuple):
    """person: who it is for.  plan: its row, if the site has it.  doses: its rows due from `BACK_MS` ago on, by id.

    last_taken: by item, when it was last taken.  holds, meal_times: of the person.
    """

    person: Row | None
    plan: Row | None
    doses: Mapping[str, Row]
    last_taken: Mapping[str, int]
    meal_times: Mapping[str, str]
    meal_version: int = 0
    plans: Sequence[Row] = ()
    """All active plans of the person; for what concerns all."""
    hold: Row | None = None
    device: Row | None = None
    stocks: Mapping[str, Row] = MappingProxyType({})
    """What is known to be left, by `<plan>/<item>`."""
    alerts: Sequence[Row] = ()
    """Open, about the person."""


def apply_plan(state: PlanState, command: ApplyPlan, now: Moment) -> Verdict:
    """Follow this revision: doses not touched yet are planned anew, those it does not have are voided, what was stays."""
    if state.person is None or state.person["erased"]:
        return Refusal("no_person", "The clinic does not know this person.", "Register the person at the clinic first.")
    if state.plan is not None and state.plan["revision"] >= command.revision:
        return Refusal("old_revision", f"The clinic follows revision {state.plan['revision']} already.", "")
    try:
        plan = plan_of(command.plan, id=command.plan_id, person_id=command.person_id, revision=command.revision)
    except BadPlan as error:
        return Refusal("bad_plan", str(error), "Correct the plan and send it again.")
    acts = Acts(now, command.command_id)
    until_ms = now.now_ms + HORIZON_DAYS * DAY_MS
    problem = _plan_doses(acts, state, plan, now.now_ms - BACK_MS, until_ms, state.meal_times)
    if problem is not None:
        return problem
    dose_stock.of_plan(acts, state, plan, plan_in(state.plan) if state.plan else None)
    row = {
        "id": plan.id, "version": (state.plan["version"] if state.plan else 0) + 1, "person_id": plan.person_id,
        "revision": plan.revision, "status": "active", "body": body_of(plan), "planned_until": until_ms,
        "changed_at": now.now_ms,
    }  # fmt: skip
    _plan_fact(acts, "plan_applied", row, "")
    acts.result = {"plan_id": plan.id, "revision": plan.revision}
    return acts.decision()


def stop_plan(state: PlanState, command: StopPlan, now: Moment) -> Verdict:
    """Doses that are still open are voided; the rest stays as it was."""
    plan = state.plan
    if plan is None:
        return Refusal("not_found", "There is no such plan here.", "")
    if plan["status"] == "stopped":
        return Decision(result={"plan_id": plan["id"], "already": True})
    acts = Acts(now, command.command_id)
    stop(acts, plan, [dose for dose in state.doses.values() if dose["plan_id"] == plan["id"]], command.reason)
    acts.result = {"plan_id": plan["id"], "already": False}
    return acts.decision()


def stop(acts: Acts, plan: Row, doses: Sequence[Row], reason: str) -> None:
    """The plan ends. doses: its own that are not over; they are none any more."""
    for dose in doses:
        void(acts, dose)
    stopped = {**plan, "version": plan["version"] + 1, "status": "stopped", "changed_at": acts.now.now_ms}
    _plan_fact(acts, "plan_stopped", stopped, reason)


def extend_plan(state: PlanState, command: ExtendPlan, now: Moment) -> Verdict:
    """The days that have come nearer."""
    row = state.plan
    if row is None or row["status"] != "active" or row["planned_until"] >= command.until_ms:
        return Refusal("not_due", "These days are planned already.", "")
    acts = Acts(now, command.command_id)
    problem = _plan_doses(
        acts, state, plan_in(row), row["planned_until"], command.until_ms, state.meal_times, voids=False
    )
    if problem is not None:
        return problem
    acts.writes.append(Write("plan_ahead", {"id": row["id"], "until": command.until_ms}))
    return acts.decision()


def set_meal_times(state: PlanState, command: SetMealTimes, now: Moment) -> Verdict:
    """Doses by meals move with them, those not touched yet."""
    if state.person is None or state.person["erased"]:
        return Refusal("no_person", "The clinic does not know this person.", "")
    for code, time in command.times.items():
        if code not in DEFAULT_MEAL_TIMES or not _is_time(time):
            return Refusal("wrong_shape", f"{code}: a meal time is HH:MM.", "Correct it and send it again.")
    acts = Acts(now, command.command_id)
    times = {str(code): str(time) for code, time in command.times.items()}
    version = state.meal_version + 1
    acts.changes.append(Change("meal_times_set", command.person_id, version, {"times": times}))
    acts.writes.append(Write("put_meal_times", {"person_id": command.person_id, "version": version, "times": times}))
    for row in state.plans:
        problem = _plan_doses(acts, state, plan_in(row), now.now_ms - BACK_MS, row["planned_until"], times)
        if problem is not None:
            return problem
    acts.result = {"person_id": command.person_id, "times": times}
    return acts.decision()


def move_clock(acts: Acts, state: PlanState, zone: str) -> None:
    """The device is in another zone: doses of plans that follow it move with it, those nobody was told of.

    The first of a medicine that would come sooner than its gap after the last one waits for the gap.
    """
    assert state.device is not None
    moved = state._replace(device={**state.device, "timezone": zone})
    now_ms = acts.now.now_ms
    for row in state.plans:
        plan = plan_in(row)
        if plan.tz_policy != "device":
            continue
        ahead = occurrences(plan, now_ms, row["planned_until"], moved.meal_times, moved.last_taken, zone)
        for one in _moved(now_ms, moved, plan, ahead, now_ms, moved.meal_times):
            item = next(item for item in plan.items if item.id == one.item_id)
            known = moved.doses.get(one.id)
            new = planned(one, item, plan, now_ms)
            if known is None:
                acts.put(new)
            elif (
                known["status"] in (Status.PLANNED, Status.VOIDED)
                and not known["asked_n"]
                and known["due_at"] != new["due_at"]
            ):
                acts.fact("dose_moved", {**new, "version": known["version"]})


def set_hold(state: PlanState, command: SetHold, now: Moment) -> Verdict:
    """From now on doses due in that time are held when their time comes; one that is open already is held at once."""
    if state.person is None or state.person["erased"]:
        return Refusal("no_person", "The clinic does not know this person.", "")
    if command.until_ms <= command.from_ms:
        return Refusal("ends_before_start", "A hold ends after it begins.", "Correct the times.")
    acts = Acts(now, command.command_id)
    hold = {
        "person_id": command.person_id, "plan_id": command.plan_id, "item_id": command.item_id, "from_at": command.from_ms,
        "until_at": command.until_ms, "reason": command.reason, "ended_at": None,
    }  # fmt: skip
    acts.changes.append(Change("hold_set", command.hold_id, 1, hold))
    acts.writes.append(Write("put_hold", {"id": command.hold_id, "version": 1, **hold}))
    for dose in state.doses.values():
        named = command.plan_id in (None, dose["plan_id"]) and command.item_id in (None, dose["item_id"])
        began = dose["asked_n"] or dose["due_at"] <= now.now_ms
        if named and began and is_open(dose) and command.from_ms <= dose["due_at"] < command.until_ms:
            held = acts.move(dose, Happening.HELD, reason=command.reason)
            if held is not None:
                plan_next(acts, _item_in(state.plans, held), held)
    acts.result = {"hold_id": command.hold_id}
    return acts.decision()


def end_hold(state: PlanState, command: EndHold, now: Moment) -> Verdict:
    """Doses it held that are not over are planned again."""
    hold = state.hold
    if hold is None:
        return Refusal("not_found", "There is no such hold.", "")
    acts = Acts(now, command.command_id)
    if hold["ended_at"] is None:
        ended = {**hold, "version": hold["version"] + 1, "ended_at": now.now_ms}
        data = {name: value for name, value in ended.items() if name not in ("id", "version")}
        acts.changes.append(Change("hold_ended", hold["id"], ended["version"], data))
        acts.writes.append(Write("put_hold", ended))
        for dose in state.doses.values():
            within = hold["from_at"] <= dose["due_at"] < hold["until_at"]
            if dose["status"] == Status.HELD and within and dose["miss_at"] > now.now_ms:
                acts.move(dose, Happening.RELEASED, reason="", asked_n=0, last_said_at=None, group_id=None)
    acts.result = {"hold_id": hold["id"]}
    return acts.decision()


def plan_in(row: Row) -> Plan:
    """The plan of a row."""
    return plan_of(row["body"], id=row["id"], person_id=row["person_id"], revision=row["revision"])


def _item_in(plans: Sequence[Row], dose: Row) -> Item | None:
    plan = next((plan_in(row) for row in plans if row["id"] == dose["plan_id"]), None)
    return next((item for item in plan.items if item.id == dose["item_id"]), None) if plan else None


def _is_time(value: Any) -> bool:
    hours, _, minutes = str(value).partition(":")
    return (
        isinstance(value, str) and len(value) == 5 and hours.isdecimal() and minutes.isdecimal() and int(hours) < 24 > 0
    )


def _plan_fact(acts: Acts, kind: str, row: Row, reason: str) -> None:
    data = {
        "person_id": row["person_id"],
        "revision": row["revision"],
        "status": row["status"],
        "plan": row["body"],
        "reason": reason,
    }
    acts.changes.append(Change(kind, row["id"], row["version"], data))
    acts.writes.append(Write("put_plan", row))


def _plan_doses(
    acts: Acts,
    state: PlanState,
    plan: Plan,
    from_ms: int,
    until_ms: int,
    meals: Mapping[str, str],
    *,
    voids: bool = True,
) -> Refusal | None:
    """Make rows of what is due, and void what is due no more. A dose that somebody was told of, or that is over, stays.

    voids: a plan that begins or changes, which is not to blame for what lies behind: only what can still be taken on time
    becomes a row. Days that come nearer (False) become rows whole, also after weeks without power.
    """
    wanted = _wanted(acts.now.now_ms, state, plan, from_ms, until_ms, meals, anew=voids)
    if len(wanted) > PLANNED_MAX:
        detail = f"The plan has {len(wanted)} doses in {HORIZON_DAYS} days; at most {PLANNED_MAX} are followed."
        return Refusal("bad_plan", detail, "Divide the plan.")
    items = {item.id: item for item in plan.items}
    dose_gaps.tell_gaps(acts, plan, wanted, state.doses)
    for one in wanted:
        known = state.doses.get(one.id)
        if known is None and (not voids or one.on_time_until_ms >= acts.now.now_ms):
            acts.put(planned(one, items[one.item_id], plan, acts.now.now_ms))
        elif known is not None and known["status"] in (Status.PLANNED, Status.VOIDED) and not known["asked_n"]:
            new = {**planned(one, items[one.item_id], plan, acts.now.now_ms), "version": known["version"]}
            if known["version"] and known["due_at"] != new["due_at"]:
                acts.fact("dose_moved", new)  # head office was told of another moment
            else:
                acts.put(new)
        elif known is not None and (is_open(known) or known["status"] == Status.HELD):
            _say_anew(acts, known, planned(one, items[one.item_id], plan, acts.now.now_ms))
    if voids:
        ids = {one.id for one in wanted}
        for new in dose_gaps.left_over(plan, state.doses):
            if new["id"] not in ids:
                ids.add(new["id"])
                _say_anew(acts, state.doses[new["id"]], new)
        for dose in state.doses.values():
            if dose["plan_id"] == plan.id and dose["id"] not in ids and dose["due_at"] >= from_ms:
                void(acts, dose)
    return None


def _say_anew(acts: Acts, dose: Row, new: Row) -> None:
    """A dose somebody was told of, or that is held, is by a new revision another: it stays where it stands, with what is to be
    taken now. What was said of it is wrong: an announcement that waits is not made, and the next comes at once."""
    if all(dose[name] == new[name] for name in OF_A_REVISION):
        return
    said_at = dose["last_said_at"]
    if any(dose[name] != new[name] for name in SAID_OF_IT) and dose["group_id"] is not None:
        acts.cancel.append(dose["group_id"])
        said_at = min(said_at or dose["due_at"], dose["due_at"])
    taken_over = {name: new[name] for name in OF_A_REVISION}
    acts.fact("dose_moved", {**dose, **taken_over, "revision": new["revision"], "last_said_at": said_at})


def _wanted(
    now_ms: int, state: PlanState, plan: Plan, from_ms: int, until_ms: int, meals: Mapping[str, str], *, anew: bool
) -> list[Occurrence]:
    """The doses due in the range; and of what counts from the last one the next, wherever the range begins.

    That is the one that can still be taken on time: a first one whose time was over before anybody was told of it is due
    at `first_at` of the next day, and a later one goes on at its gaps, as if each had been missed. Without that nothing would
    ever be due again.  anew: of a plan that changed; else one that is open already stands for the next.
    """
    zone = state.device["timezone"] if state.device else None
    steps = {(item.id, step.sequence): step for item in plan.items for step in item.steps}
    counting = {key for key, step in steps.items() if step.mode == "from_last_taken"}
    following = {key: step.linked_item for key, step in steps.items() if step.mode == "linked"}
    begun: dict[str | None, int] = {}
    found = [
        one for one in occurrences(plan, from_ms, until_ms, meals, state.last_taken, zone) if _key(one) not in counting
    ]
    left = counting - {
        (dose["item_id"], dose["step"]) for dose in state.doses.values()
        if dose["plan_id"] == plan.id and is_open(dose)
        and (not anew or (dose["asked_n"] and dose["due_at"] < now_ms - BACK_MS))
    }  # fmt: skip
    for begins_ms in (now_ms - BACK_MS, now_ms) if left else ():
        for one in occurrences(plan, begins_ms, until_ms, meals, state.last_taken, zone, begins_ms):
            if _key(one) in left and _can_begin(one, state.doses.get(one.id), now_ms):
                left.discard(_key(one))
                begun[one.item_id] = begins_ms
                found.append(one)
            elif one.due_at_ms >= from_ms and begun.get(following.get(_key(one))) == begins_ms:
                found.append(one)
    in_order = sorted({one.id: one for one in found}.values(), key=lambda one: (one.due_at_ms, one.item_id, one.step))
    return _moved(now_ms, state, plan, in_order, from_ms, meals)


def _moved(
    now_ms: int, state: PlanState, plan: Plan, wanted: Sequence[Occurrence], from_ms: int, meals: Mapping[str, str]
) -> list[Occurrence]:
    """`wanted`, of which none but those that go on from the last one is due before `from_ms`, as they are really due."""
    zone = state.device["timezone"] if state.device else None
    reach_ms = moving.reach_ms(plan)
    earlier = occurrences(plan, from_ms - reach_ms, from_ms, meals, state.last_taken, zone) if reach_ms else []
    return dose_gaps.moved(plan, earlier, wanted, state.doses, now_ms)


def _key(one: Occurrence) -> tuple[str, int]:
    return one.item_id, one.step


def _can_begin(one: Occurrence, known: Row | None, now_ms: int) -> bool:
    if known is not None and (known["status"] != Status.VOIDED or known["asked_n"]):
        return is_open(known)
    return one.on_time_until_ms >= now_ms


def void(acts: Acts, dose: Row) -> None:
    """A dose that is none any more. One that nobody was told of needs no fact: the new revision says it."""
    if dose["status"] == Status.PLANNED and not dose["asked_n"]:
        gone = {**dose, "status": Status.VOIDED.value, "status_since": acts.now.now_ms, "next_action_at": None}
        acts.put(gone)
    elif is_open(dose) or dose["status"] == Status.HELD:
        acts.move(dose, Happening.VOIDED)


def planned(one: Occurrence, item: Item, plan: Plan, now_ms: int) -> Row:
    """The row of a dose nothing has happened to."""
    nothing = dict.fromkeys(
        ("taken_at", "source", "device_id", "snoozed_until", "last_said_at", "group_id", "next_action_at")
    )
    row = {
        **nothing, "id": one.id, "version": 0, "person_id": plan.person_id, "plan_id": plan.id, "item_id": item.id,
        "step": one.step, "revision": plan.revision, "medication": item.medication, "quantity": one.quantity, "unit": one.unit,
        "policy_class": item.policy_class, "critical": item.critical, "nominal_local": one.nominal_local, "tz": one.tz,
        "due_at": one.due_at_ms, "window_open": one.window_open_ms, "on_time_until": one.on_time_until_ms,
        "miss_at": one.miss_at_ms, "status": Status.PLANNED.value, "status_since": now_ms, "announced_n": 0, "reason": "",
        "compartment": item.compartment, "asked_n": 0, "caregiver_told": False, "pre_noticed": False,
        "pre_notice_min": plan.pre_notice_min,
    }  # fmt: skip
    assert set(row) == set(DOSE_COLUMNS)
    return scheduled(row, now_ms)
