"""Somebody answers: took it, skips it, wants it later; or a nurse says how it was.

What was swallowed is kept as it is, also against a limit, and somebody is told. One press answers one announcement: all doses
that were said together, and no other. Two that were not said together are never guessed between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from edge.domain.care_alerts import end_for_doses, raise_alert
from edge.domain.care_commands import AnswerDose, CorrectDose
from edge.domain.decision import Moment, Refusal, Verdict
from edge.domain.dose_gaps import move_linked
from edge.domain.dose_stock import count_down
from edge.domain.dosing import Acts, CareState, Row, is_open, item_of, of_ladder
from edge.domain.medication import go_on, say_doses, tell_missed
from shared.doses import guards, ladder
from shared.doses.answers import NERVOUS_MS, SAME_PRESS_MS, SNOOZE_MAX_MIN, extra_before_ms
from shared.doses.localtime import MINUTE_MS
from shared.doses.states import TAKEN, Happening, Status, taken_status

UNSURE_S: Final = 24 * 3600
"""Uncertainty of a moment that nobody can tell."""
FUTURE_MAX_MS: Final = 5 * MINUTE_MS
"""A device's clock may be ahead by so much; what lies further ahead is put to now."""


class _Dose:
    """A row with the names `shared.doses` knows."""

    def __init__(self, row: Row) -> None:
        self.due_at_ms, self.window_open_ms, self.on_time_until_ms = (
            row["due_at"],
            row["window_open"],
            row["on_time_until"],
        )


def answer(state: CareState, command: AnswerDose, now: Moment) -> Verdict:
    """Of one dose, or of the last announcement to a person."""
    acts = Acts(now, command.command_id)
    doses = _meant(state, command, now)
    if isinstance(doses, Refusal):
        return doses
    at_ms = min(command.at_ms, now.now_ms) if command.at_ms > now.now_ms + FUTURE_MAX_MS else command.at_ms
    statuses: dict[str, str] = {}
    for dose in doses:
        if dose["status"] == Status.VOIDED:
            return Refusal(
                "dose_voided", "The plan changed: this dose is none any more.", "Look at the plan as it is now."
            )
        asked, when_ms = _when_untrusted(command, dose, at_ms, now)
        refusal = {"taken": _take, "skipped": _skip, "snoozed": _snooze}[command.act](acts, state, dose, asked, when_ms)
        if refusal is not None:
            return refusal
        statuses[dose["id"]] = acts.doses.get(dose["id"], dose)["status"]
    if command.act != "snoozed":
        settled = {id_ for id_, status in statuses.items() if status == Status.SKIPPED or status in TAKEN}
        end_for_doses(acts, state, settled, _how(doses, command.act, at_ms))
        _tell_skipped(
            acts, state, [dose for dose in doses if dose["status"] != statuses[dose["id"]] == Status.SKIPPED], command
        )
        _quiet(acts, doses)
    acts.result = {"doses": statuses, "status": next(iter(statuses.values())), "alerts": list(acts.alerts)}
    return acts.decision()


def _when_untrusted(command: AnswerDose, dose: Row, at_ms: int, now: Moment) -> tuple[AnswerDose, int]:
    """While nobody vouches for the time, an answer that names its dose is believed about the dose and not about the time: it
    counts as when it was due, and says that this is unsure. Else it would be asked for again once the time is known."""
    if (
        now.trust != "u"
        or command.dose_id is None
        or not is_open(dose)
        or dose["window_open"] <= at_ms < dose["miss_at"]
    ):
        return command, at_ms
    return replace(command, uncertainty_s=UNSURE_S), int(dose["due_at"])


def _meant(state: CareState, command: AnswerDose, now: Moment) -> Sequence[Row] | Refusal:
    """Which doses an answer is to."""
    if command.dose_id is not None:
        if state.dose is None:
            return Refusal("not_found", "There is no such dose.", "Read the list again.")
        return [state.dose]
    said = [dose for dose in state.doses if is_open(dose) and dose["group_id"] is not None]
    if said:
        last = max(said, key=lambda dose: (dose["last_said_at"], dose["due_at"]))["group_id"]
        return [dose for dose in said if dose["group_id"] == last]
    just = [
        dose for dose in state.doses
        if dose["taken_at"] is not None and dose["group_id"] is not None and now.now_ms - dose["status_since"] <= SAME_PRESS_MS
    ]  # fmt: skip
    if just:
        return just
    settled = [dose for dose in state.doses if dose["status"] == Status.SKIPPED or Status(dose["status"]) in TAKEN]
    if command.source == "button" and any(now.now_ms - dose["status_since"] <= NERVOUS_MS for dose in settled):
        return Refusal("nothing_open", "No medicine is due now.", "If something was taken, say which on the care page.")
    unsaid = [dose for dose in state.doses if is_open(dose) and dose["window_open"] <= command.at_ms <= dose["miss_at"]]
    if not unsaid:
        return Refusal("nothing_open", "No medicine is due now.", "If something was taken, say which on the care page.")
    if len({dose["due_at"] for dose in unsaid}) > 1:
        return Refusal("which_dose", "More than one dose is open.", "Say which one.")
    return unsaid


def _take(acts: Acts, state: CareState, dose: Row, command: AnswerDose, at_ms: int) -> Refusal | None:
    item = item_of(state, dose)
    quantity = command.quantity if command.quantity is not None else dose["quantity"]
    if Status(dose["status"]) in TAKEN:
        if abs(at_ms - (dose["taken_at"] or 0)) <= SAME_PRESS_MS:
            return None
        acts.log(dose, "taken_again", command.source, at_ms, **_told(command, quantity))
        _warn(acts, state, dose, "double_dose", "twice", f"{dose['medication']}: this dose was taken before.")
        return None
    if at_ms >= dose["miss_at"]:
        return _after_miss(acts, state, dose, command, at_ms, quantity)
    if at_ms < extra_before_ms(dose["due_at"], dose["window_open"]):
        return _extra(acts, state, dose, command, at_ms, quantity)
    if dose["status"] == Status.HELD:
        _warn(acts, state, dose, "dose_limit", "on_hold", f"{dose['medication']}: taken although it is on hold.")
    blocked = guards.check(item, state.history.get(dose["item_id"], ()), at_ms, quantity) if item else None
    moved = acts.move(
        dose, Happening.TAKEN, taken_status(at_ms, _Dose(dose)), taken_at=at_ms, source=command.source,
        device_id=command.device_id or dose["device_id"], reason=command.reason, snoozed_until=None,
    )  # fmt: skip
    if moved is None:
        return Refusal("wrong_state", f"This dose is {dose['status']}.", "Read the list again.")
    acts.log(moved, "taken", command.source, at_ms, **_told(command, quantity))
    if isinstance(blocked, guards.Blocked):
        soon = blocked.code == "min_gap"
        words = "taken too soon after the last one" if soon else "more than the limit was taken"
        _warn(acts, state, dose, "dose_limit", "too_soon" if soon else "too_much", f"{dose['medication']}: {words}.")
    count_down(acts, state, moved["plan_id"], moved["item_id"], quantity)
    go_on(acts, state, moved)
    move_linked(acts, state, dose, moved)
    return None


def _after_miss(
    acts: Acts, state: CareState, dose: Row, command: AnswerDose, at_ms: int, quantity: float
) -> Refusal | None:
    """Taken when it counted as missed already: kept as it was, for limits and stock too, and the dose stays missed."""
    if dose["taken_at"] is not None and abs(at_ms - dose["taken_at"]) <= SAME_PRESS_MS:
        return None
    if is_open(dose):  # the clock has not come to it yet
        was_said = dose["announced_n"] and dose["status"] != Status.PLANNED
        happening = Happening.TIME_OVER if was_said else Happening.TIME_OVER_UNSAID
        dose = acts.move(dose, happening) or dose
        if happening is Happening.TIME_OVER:
            tell_missed(acts, state, [dose])
    told = {**_told(command, quantity), "reason": f"after miss. {command.reason}".strip()}
    acts.log(dose, "taken" if dose["taken_at"] is None else "taken_again", command.source, at_ms, **told)
    acts.put({**dose, "taken_at": at_ms})
    count_down(acts, state, dose["plan_id"], dose["item_id"], quantity)
    go_on(acts, state, dose)
    return None


def _extra(acts: Acts, state: CareState, dose: Row, command: AnswerDose, at_ms: int, quantity: float) -> Refusal | None:
    """Taken long before its time: another intake, which a nurse looks at. The dose is still announced, with a warning."""
    told = {**_told(command, quantity), "reason": f"long before its time. {command.reason}".strip()}
    acts.log(
        None, "taken", command.source, at_ms, person_id=dose["person_id"], item_id=dose["item_id"], plan_id=dose["plan_id"],
        **told,
    )  # fmt: skip
    _warn(acts, state, dose, "dose_limit", "early", f"{dose['medication']}: taken long before its time.")
    count_down(acts, state, dose["plan_id"], dose["item_id"], quantity)
    return None


def _skip(acts: Acts, state: CareState, dose: Row, command: AnswerDose, at_ms: int) -> Refusal | None:
    if dose["status"] == Status.SKIPPED:
        return None
    if Status(dose["status"]) in TAKEN:
        return Refusal("taken", "This dose was taken.", "A nurse can correct it on the care page.")
    moved = acts.move(dose, Happening.SKIPPED, reason=command.reason, source=command.source, snoozed_until=None)
    if moved is None:
        return Refusal("wrong_state", f"This dose is {dose['status']}.", "Read the list again.")
    acts.log(moved, "skipped", command.source, at_ms, **_told(command, None))
    go_on(acts, state, moved)
    return None


def _tell_skipped(acts: Acts, state: CareState, doses: Sequence[Row], command: AnswerDose) -> None:
    """The clinic hears of a critical medicine that is skipped. After alerts about the doses are over: this is another one."""
    critical = [dose for dose in doses if dose["critical"]]
    if critical:
        raise_alert(
            acts, state, "missed_dose", critical[0]["person_id"], "", rung=4, critical=True,
            dose_ids=[dose["id"] for dose in critical], say=say_doses(acts, state, command.reason),
        )  # fmt: skip


def _snooze(acts: Acts, state: CareState, dose: Row, command: AnswerDose, at_ms: int) -> Refusal | None:
    minutes = max(1, min(command.snooze_min, SNOOZE_MAX_MIN))
    until_ms = ladder.snooze_until_ms(of_ladder(dose), acts.now.now_ms, minutes)
    if until_ms is None or not is_open(dose):
        return Refusal("too_late", "This dose cannot be put off any more.", "Take it now, or skip it.")
    moved = acts.move(dose, Happening.SNOOZED, snoozed_until=until_ms)
    if moved is None:
        return Refusal("wrong_state", f"This dose is {dose['status']}.", "Read the list again.")
    acts.log(moved, "snoozed", command.source, at_ms, **_told(command, None))
    return None


def _told(command: AnswerDose, quantity: float | None) -> Row:
    return {
        "quantity": quantity, "reason": command.reason, "uncertainty_s": command.uncertainty_s, "device_id": command.device_id,
        "boot_id": command.boot_id, "device_seq": command.device_seq, "note_id": command.note_id,
    }  # fmt: skip


def _warn(acts: Acts, state: CareState, dose: Row, topic: str, code: str, words: str) -> None:
    person = (state.person or {}).get("name") or "A patient"
    raise_alert(
        acts, state, topic, dose["person_id"], f"{person}, {words}", "", rung=4, critical=True, dose_ids=[dose["id"]],
        says={"code": code, "medicines": [dose["medication"]]},
    )  # fmt: skip


def _how(doses: Sequence[Row], act: str, at_ms: int) -> str:
    """Why an alert is over, e.g. "taken at 08:05"."""
    local = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(ZoneInfo(doses[0]["tz"]))
    return f"{act} at {local:%H:%M}"


def _quiet(acts: Acts, doses: Sequence[Row]) -> None:
    """An announcement that has not begun is not made for doses that are answered."""
    acts.cancel += [group for group in {dose["group_id"] for dose in doses} if group is not None]


def correct(state: CareState, command: CorrectDose, now: Moment) -> Verdict:
    """Somebody who knows says how it was. What was said before stays in the log."""
    dose = state.dose
    if dose is None:
        return Refusal("not_found", "There is no such dose.", "Read the list again.")
    acts = Acts(now, command.command_id)
    if command.status in TAKEN:
        at_ms = command.taken_ms if command.taken_ms is not None else dose["due_at"]
        if at_ms > now.now_ms:
            return Refusal("wrong_time", "It cannot have been taken in the future.", "Correct the time.")
        moved = acts.move(
            dose,
            Happening.TAKEN,
            taken_status(at_ms, _Dose(dose)),
            taken_at=at_ms,
            source="nurse",
            reason=command.reason,
        )
    elif command.status == Status.SKIPPED:
        at_ms, moved = (
            now.now_ms,
            acts.move(dose, Happening.SKIPPED, taken_at=None, source="nurse", reason=command.reason),
        )
    elif command.status == Status.MISSED:
        at_ms, moved = (
            now.now_ms,
            acts.move(dose, Happening.CORRECTED, taken_at=None, source="nurse", reason=command.reason),
        )
    else:
        return Refusal("bad_status", f"{command.status} is nothing to correct to.", "Choose taken, skipped or missed.")
    if moved is None:
        return Refusal("wrong_state", f"This dose is {dose['status']}.", "Read the list again.")
    acts.log(moved, "corrected", "nurse", at_ms, reason=command.reason, quantity=dose["quantity"])
    counts = (moved["taken_at"] is not None) - (dose["taken_at"] is not None)
    if counts:  # what was taken after all is gone from the stock, and what was not is there again
        count_down(acts, state, dose["plan_id"], dose["item_id"], counts * dose["quantity"])
    go_on(acts, state, moved)
    move_linked(acts, state, dose, moved)
    end_for_doses(acts, state, {dose["id"]}, f"corrected: {command.status}")
    acts.result = {"dose_id": dose["id"], "status": moved["status"]}
    return acts.decision()
