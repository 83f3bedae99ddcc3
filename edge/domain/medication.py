"""The clock comes to a person's doses: announce, repeat, tell a caregiver, give up. What was announced is known afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from edge.domain.care_alerts import Say, raise_alert
from edge.domain.care_commands import DoseTimer, SettleAnnouncement
from edge.domain.decision import Decision, Effect, Moment, Refusal, Verdict, Write
from edge.domain.dosing import Acts, CareState, Row, held_by, is_open, item_of, of_ladder, plan_next, scheduled
from shared.doses import ladder
from shared.doses.localtime import DAY_MS, MINUTE_MS
from shared.doses.states import TAKEN, Happening, Status, after

SPEAK_WITHIN_MS: Final = 5 * MINUTE_MS
"""An announcement that could not be made within this time is not made any more: the next one is another. The one loudspeaker
of a ward, which may have many people to tell, has until that next one is asked for."""
TOGETHER_MS: Final = MINUTE_MS
"""Doses of one person that are due within this time are announced together."""


class AnnouncementState(NamedTuple):
    """The effect to be settled and the doses it was about, with what the person's other rules need."""

    effect: Row | None
    doses: Sequence[Row]


def timer_due(state: CareState, command: DoseTimer, now: Moment) -> Verdict:
    """Everything that is due for this person. One announcement for all doses that are to be said now."""
    acts = Acts(now, command.command_id)
    say: list[tuple[Row, ladder.Kind]] = []
    given_up: list[Row] = []
    unanswered: list[Row] = []
    for dose in state.doses:
        action = ladder.next_action(of_ladder(dose), now.now_ms)
        if action is None or action.at_ms > now.now_ms + (TOGETHER_MS if say else 0):
            if dose["next_action_at"] is not None and dose["next_action_at"] <= now.now_ms:
                acts.put(
                    scheduled(dose, now.now_ms)
                )  # what was due then is not any more: a word beforehand slept through
            continue
        hold = held_by(state, dose)
        if hold is not None and action.kind == "pre_notice":
            acts.put(scheduled({**dose, "pre_noticed": True}, now.now_ms))
        elif hold is not None:
            held = acts.move(dose, Happening.HELD, reason=hold["reason"])
            if held is not None:
                go_on(acts, state, held)
        elif action.kind == "miss":
            given_up.append(dose)
        elif action.kind == "caregiver":
            unanswered.append(acts.put(scheduled({**dose, "caregiver_told": True}, now.now_ms)))
        else:
            say.append((dose, action.kind))
    if say:
        _announce(acts, state, say)
    _give_up(acts, state, given_up)
    if is_device_off(state) and (say or unanswered or given_up):
        _device_is_off(acts, state, [*(dose for dose, _ in say), *unanswered, *given_up])
    elif unanswered:
        _tell_caregiver(acts, state, unanswered)
    if not acts.writes:
        return Refusal("not_due", "Nothing of this person is due now.", "")
    return acts.decision()


def _announce(acts: Acts, state: CareState, say: Sequence[tuple[Row, ladder.Kind]]) -> None:
    now_ms = acts.now.now_ms
    person_id = say[0][0]["person_id"]
    pre = all(kind == "pre_notice" for _, kind in say)
    said = [(dose, kind) for dose, kind in say if pre or kind != "pre_notice"]
    group = f"dose:{person_id}:{now_ms}"
    again = any(dose["asked_n"] or dose["announced_n"] for dose, _ in said)
    items = []
    for dose, kind in said:
        item = item_of(state, dose)
        items.append({
            "dose_id": dose["id"], "medication": dose["medication"], "quantity": dose["quantity"], "unit": dose["unit"],
            "compartment": dose["compartment"], "instructions": dict(item.instructions) if item else {},
            "late_rule": dict(item.late_rule) if item and now_ms > dose["on_time_until"] else {},
            "due_at": dose["due_at"],
            "nominal_local": dose["nominal_local"], "taken_before": _taken_before(state, dose),
        })  # fmt: skip
        if kind == "pre_notice":
            acts.put(scheduled({**dose, "pre_noticed": True}, now_ms))
        else:
            told: Row = {
                "asked_n": dose["asked_n"] + 1,
                "last_said_at": now_ms,
                "group_id": group,
                "snoozed_until": None,
            }
            moved = {**dose, **told, "status": _while_asked(dose)}
            acts.put(scheduled(moved, now_ms))
    body = {
        "person_id": person_id, "device_id": state.device["id"] if state.device else None, "items": items,
        "words": "pre_notice" if pre else "again" if again else "due", "language": state.language,
        "name": (state.person or {}).get("name", ""),
    }  # fmt: skip
    acts.effects.append(Effect("announce_dose", group, body, _until_ms(now_ms, said, on_ward=state.device is None)))
    acts.result = {"group": group, "doses": [dose["id"] for dose, _ in said]}


def _until_ms(now_ms: int, said: Sequence[tuple[Row, ladder.Kind]], *, on_ward: bool) -> int:
    """Until when an announcement is worth making."""
    until_ms = now_ms + SPEAK_WITHIN_MS
    if on_ward:
        again = [
            at
            for dose, kind in said
            if kind != "pre_notice"
            for at in ladder.repeats_ms(of_ladder(dose))
            if at > now_ms
        ]
        until_ms = max(until_ms, min(again, default=0))
    return min([until_ms, *(int(dose["miss_at"]) for dose, _ in said)])


def _taken_before(state: CareState, dose: Row) -> str | None:
    """When this medicine was taken since half-way from the dose before, on the person's clock; else None. Said as a warning."""
    since_ms = 2 * dose["due_at"] - dose["miss_at"]
    taken = [one.at_ms for one in state.history.get(dose["item_id"], ()) if one.at_ms > since_ms]
    if not taken:
        return None
    return datetime.fromtimestamp(max(taken) / 1000, UTC).astimezone(ZoneInfo(dose["tz"])).strftime("%H:%M")


def _while_asked(dose: Row) -> str:
    """A snooze is over once it is announced again; whether it was heard is known when the announcement is settled."""
    if dose["status"] != Status.SNOOZED:
        return str(dose["status"])
    return (Status.ANNOUNCED if dose["announced_n"] else Status.PLANNED).value


def _tell_caregiver(acts: Acts, state: CareState, doses: Sequence[Row]) -> None:
    """Rung 3: one alert for all that was not answered; of what was never said it says that."""
    raise_alert(
        acts, state, "missed_dose", doses[0]["person_id"], "", rung=3, critical=any(dose["critical"] for dose in doses),
        dose_ids=[dose["id"] for dose in doses], say=say_doses(acts, state),
    )  # fmt: skip


_OVER: Final = {
    Happening.TIME_OVER: "missed", Happening.TIME_OVER_UNHEARD: "unknown", Happening.TIME_OVER_UNSAID: "not_announced",
}  # fmt: skip


def _give_up(acts: Acts, state: CareState, doses: Sequence[Row]) -> None:
    """Missed only if somebody was told of it; else it is our own failure, or nobody knows."""
    missed: list[Row] = []
    unsaid: list[Row] = []
    for dose in doses:
        if _was_silent(state, dose):
            happening = Happening.TIME_OVER_UNHEARD
        elif after(Status(dose["status"]), Happening.TIME_OVER) is not None and dose["announced_n"]:
            happening = Happening.TIME_OVER
        else:
            happening = Happening.TIME_OVER_UNSAID
        moved = acts.move(dose, happening)
        if moved is None:
            continue
        acts.log(moved, _OVER[happening], "clock", min(moved["miss_at"], acts.now.now_ms))
        if happening is Happening.TIME_OVER:
            missed.append(moved)
        elif happening is Happening.TIME_OVER_UNSAID and not is_device_off(
            state
        ):  # else the device's own alert names it
            unsaid.append(moved)
        go_on(acts, state, moved)
    tell_missed(acts, state, missed, unsaid)


def tell_missed(acts: Acts, state: CareState, missed: Sequence[Row], unsaid: Sequence[Row] = ()) -> None:
    """Nobody misses a dose in silence: the caregiver is told, or where it matters the clinic. One alert for all of them.

    unsaid: doses whose time passed and that nobody was told of, which is our failure and said to be.
    """
    doses = [*missed, *unsaid]
    if not doses:
        return
    to_clinic = any(_goes_to_clinic(state, dose) for dose in missed) or any(dose["critical"] for dose in unsaid)
    raise_alert(
        acts, state, "missed_dose", doses[0]["person_id"], "", rung=4 if to_clinic else 3,
        critical=any(dose["critical"] for dose in doses), dose_ids=[dose["id"] for dose in doses], say=say_doses(acts, state),
    )  # fmt: skip


def say_doses(acts: Acts, state: CareState, reason: str = "") -> Say:
    """What an alert about doses says of each, as it stands within this decision. What is answered meanwhile is left out."""

    def say(dose_ids: Sequence[str]) -> tuple[str, str, Row]:
        known = {dose["id"]: dose for dose in state.doses} | acts.doses
        doses = sorted((known[id_] for id_ in dose_ids if id_ in known), key=lambda dose: (dose["due_at"], dose["id"]))
        of: dict[str, list[Row]] = {"missed": [], "unsaid": [], "unanswered": [], "skipped": []}
        for dose in doses:
            if code := _said_of(dose):
                of[code].append(dose)
        person = (state.person or {}).get("name") or "A patient"
        told = "; ".join(f"{_TOLD[code]}: {_names(those)}" for code, those in of.items() if those)
        code = next((code for code in ("missed", "unanswered", "unsaid", "skipped") if of[code]), "unanswered")
        if code == "missed" and of["unsaid"]:
            code = "missed_unsaid"
        names = {
            "medicines": [] if code == "unsaid" else medicines_of(of.get(code, of["missed"])),
            "unsaid": medicines_of(of["unsaid"]),
            "unanswered": medicines_of(of["unanswered"]) if code.startswith("missed") else [],
        }
        says: Row = {"code": code} | {name: those for name, those in names.items() if those}
        body = "; ".join(part for part in (_when([dose for dose in doses if _said_of(dose)]), reason) if part)
        return f"{person} {told}", body, says

    return say


_TOLD: Final = {
    "missed": "missed", "unsaid": "was not told of", "unanswered": "has not answered", "skipped": "skips",
}  # fmt: skip


def _said_of(dose: Row) -> str:
    if dose["status"] == Status.MISSED:
        return "missed"
    if dose["status"] == Status.NOT_ANNOUNCED or (is_open(dose) and not dose["announced_n"]):
        return "unsaid"
    if is_open(dose) or dose["status"] == Status.UNKNOWN:
        return "unanswered"
    return "skipped" if dose["status"] == Status.SKIPPED else ""


def _goes_to_clinic(state: CareState, dose: Row) -> bool:
    """A critical medicine, two in a row, or three in seven days, this one counted."""
    before = [
        one for one in state.doses
        if one["plan_id"] == dose["plan_id"] and one["item_id"] == dose["item_id"] and one["due_at"] < dose["due_at"]
        and (one["status"] in (Status.MISSED, Status.SKIPPED) or Status(one["status"]) in TAKEN)
    ]  # fmt: skip
    row = 1
    for one in reversed(before):
        if one["status"] != Status.MISSED:
            break
        row += 1
    week = 1 + sum(one["status"] == Status.MISSED and one["due_at"] > dose["due_at"] - 7 * DAY_MS for one in before)
    return ladder.clinic_is_told(critical=bool(dose["critical"]), missed_in_a_row=row, missed_in_a_week=week)


def _device_is_off(acts: Acts, state: CareState, doses: Sequence[Row]) -> None:
    """One alert about the device says it, instead of one for each dose: what was taken nobody knows."""
    assert state.device is not None
    person = (state.person or {}).get("name") or "a patient"
    name = state.device["name"]

    def say(dose_ids: Sequence[str]) -> tuple[str, str, Row]:
        known = {dose["id"]: dose for dose in state.doses} | acts.doses
        return (
            f"The device of {person} is not heard",
            f"{name}; {_when([known[id_] for id_ in dose_ids if id_ in known])}",
            {},
        )

    raise_alert(
        acts, state, "device_offline", doses[0]["person_id"], "", rung=3,
        critical=any(dose["critical"] for dose in doses), dose_ids=[dose["id"] for dose in doses],
        device_id=state.device["id"], say=say,
    )  # fmt: skip


def is_device_off(state: CareState) -> bool:
    """Whether the person's device is known to be off."""
    return state.device is not None and state.device_state is not None and not state.device_state["online"]


def _was_silent(state: CareState, dose: Row) -> bool:
    """Whether the person's device was not heard since before the window opened: then nobody knows what was taken."""
    if state.device is None or dose["announced_n"]:
        return False
    return state.device_state is None or bool(state.device_state["heard_at"] < dose["window_open"])


def go_on(acts: Acts, state: CareState, dose: Row) -> None:
    """A medicine that counts from the last one: plan the next anew, from when this one was taken, or was due."""
    plan_next(acts, item_of(state, dose), dose)


def _names(doses: Sequence[Row]) -> str:
    return ", ".join(medicines_of(doses))


def medicines_of(doses: Sequence[Row]) -> list[str]:
    """What the doses are of, each named once."""
    return list(dict.fromkeys(str(dose["medication"]) for dose in doses))


def _when(doses: Sequence[Row]) -> str:
    return "; ".join(
        f"{dose['medication']} {dose['quantity']:g} {dose['unit']}, {dose['nominal_local'][-5:]}" for dose in doses
    )


def settle(state: AnnouncementState, command: SettleAnnouncement, now: Moment) -> Verdict:
    """An announcement ended. Done: its doses are announced. Otherwise nobody was told, and the next rung says so."""
    effect = state.effect
    if effect is None:
        return Refusal("not_found", "That announcement is settled already.", "")
    acts = Acts(now, command.command_id)
    acts.writes.append(Write(
        "settle_effect",
        {"id": command.effect_id, "state": command.outcome, "reason": command.reason, "ended_ms": now.now_ms},
    ))  # fmt: skip
    if effect["body"]["words"] != "pre_notice":
        for dose in state.doses:
            if command.outcome == "done" and is_open(dose):
                acts.move(dose, Happening.ANNOUNCED, announced_n=dose["announced_n"] + 1)
            act = "announced" if command.outcome == "done" else "not_announced"
            acts.log(dose, act, "clock", now.now_ms, reason=command.reason, device_id=effect["body"]["device_id"])
    return acts.decision()


def nothing(values: dict[str, Any]) -> Decision:
    """A result without anything having happened."""
    return Decision(result=values)
