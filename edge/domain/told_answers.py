"""What a caregiver says at head office of a dose: an answer like any other, of the moment they name."""

from __future__ import annotations

from typing import Final

from edge.domain import dose_answers
from edge.domain.care_commands import AnswerDose, TellDose
from edge.domain.decision import Moment, Refusal, Verdict
from edge.domain.dosing import CareState
from shared.doses.localtime import MINUTE_MS
from shared.doses.states import TAKEN, Status

AHEAD_MS: Final = 5 * MINUTE_MS
"""How far a moment may lie ahead, by which two clocks differ."""


def tell(state: CareState, command: TellDose, now: Moment) -> Verdict:
    """The dose is answered by its caregiver. One that was answered already stays as it is: they may have asked too late."""
    dose = state.dose
    if dose is None or dose["person_id"] != command.person_id:
        return Refusal("not_found", "There is no such dose.", "Read the list again.")
    if command.act not in ("taken", "skipped"):
        return Refusal("bad_status", f"{command.act} is nothing to say of a dose.", "Say taken or skipped.")
    if command.at_ms > now.now_ms + AHEAD_MS:
        return Refusal("wrong_time", "It cannot have been taken in the future.", "Correct the time.")
    if dose["taken_at"] is not None or Status(dose["status"]) in TAKEN or dose["status"] == Status.SKIPPED:
        return Refusal("wrong_state", f"This dose is {dose['status']}.", "Ask the clinic to correct it.")
    return dose_answers.answer(
        state,
        AnswerDose(
            command_id=command.command_id, actor=command.actor, device=command.device, dose_id=dose["id"],
            act="taken" if command.act == "taken" else "skipped", source="caregiver",
            at_ms=min(command.at_ms, now.now_ms), reason=command.by[:200],
        ),
        now,
    )  # fmt: skip
