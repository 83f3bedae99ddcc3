"""What a device told, and what follows for a dose, in one commit."""

from __future__ import annotations

from typing import Final
from zoneinfo import available_timezones

from edge.domain import device_faults
from edge.domain.care_commands import AnswerDose, DeviceTold, Source
from edge.domain.care_plans import move_clock
from edge.domain.decision import Change, Moment, Refusal, Verdict, Write
from edge.domain.dose_answers import answer
from edge.domain.dose_stock import refilled
from edge.domain.dosing import Acts, CareState, Row, is_open, scheduled
from edge.domain.medication import tell_missed
from shared.device_faults import EVENTS
from shared.doses.states import Happening, Status

SNOOZE_MIN: Final = 10
_ANSWERS: Final = {
    "taken": "taken", "button": "taken", "answered": "taken", "skipped": "skipped", "snoozed": "snoozed",
}  # fmt: skip


def device_told(state: CareState, command: DeviceTold, now: Moment) -> Verdict:
    """What a device told is kept; what it says of a dose is done in the same commit.

    A refusal of what it says is no refusal of the event.
    """
    device = state.device
    if device is None:
        return Refusal("not_found", "There is no such device.", "Add the device first.")
    acts = Acts(now, command.command_id)
    status, reason = None, None
    data = command.data or {}
    if command.event == "announced" and state.dose is not None:
        status = _device_announced(acts, state, state.dose, command)
    elif command.event in _ANSWERS:
        act = (
            data.get("act")
            if command.event == "answered" and data.get("act") in ("taken", "skipped", "snoozed")
            else None
        )
        told = AnswerDose(
            command_id=command.command_id, actor=command.actor, act=act or _ANSWERS[command.event],  # type: ignore[arg-type]
            source=_source_of(command), at_ms=command.at_ms, dose_id=command.dose_id, person_id=device["person_id"],
            uncertainty_s=command.uncertainty_s, quantity=command.quantity, reason=str(data.get("reason", ""))[:200],
            snooze_min=_minutes(data.get("minutes")), device_id=device["id"], boot_id=command.boot_id,
            device_seq=command.device_seq,
        )  # fmt: skip
        done = answer(state, told, now)
        if isinstance(done, Refusal):
            reason = done.code
        else:
            acts.changes += done.changes
            acts.writes += done.writes
            acts.cancel += done.cancel
            status = done.result["status"]
    elif command.event in EVENTS:
        device_faults.told(acts, state, device, command.event, data)
    elif command.event == "clock_set":
        _clock_set(acts, state, data)
    elif command.event == "refilled":
        units = data.get("units")
        if isinstance(units, int | float) and units >= 0:  # if the device knows
            refilled(acts, state, str(data.get("compartment")), float(units))
    _log_event(acts, command)
    acts.result = {"status": status, "reason": reason}
    return acts.decision()


def _minutes(given: object) -> int:
    """For how long it is put off. A device may write anything: what is no number counts as none, and stops nothing."""
    return given if type(given) is int else SNOOZE_MIN


def _clock_set(acts: Acts, state: CareState, data: Row) -> None:
    """A device that says where it is (`timezone`, IANA). What is no zone is kept in its log and changes nothing."""
    zone, device = data.get("timezone"), state.device
    if device is None or not isinstance(zone, str) or zone == device["timezone"] or zone not in available_timezones():
        return
    acts.writes.append(Write("put_device", {**device, "timezone": zone}))
    if state.ahead is not None:
        move_clock(acts, state.ahead, zone)


def _source_of(command: DeviceTold) -> Source:
    source = str((command.data or {}).get("source", ""))
    known: dict[str, Source] = {"lid": "lid", "weight": "weight", "voice": "voice"}
    return known.get(source, "button")


def _device_announced(acts: Acts, state: CareState, dose: Row, command: DeviceTold) -> str:
    """The device said it itself. Told late, it makes of "we never said it" a dose that was missed."""
    acts.log(dose, "announced", "device", command.at_ms, device_id=command.device_id, boot_id=command.boot_id,
             device_seq=command.device_seq, uncertainty_s=command.uncertainty_s)  # fmt: skip
    if is_open(dose):
        said = max(command.at_ms, dose["last_said_at"] or 0)
        moved = acts.move(
            dose, Happening.ANNOUNCED, announced_n=dose["announced_n"] + 1, asked_n=max(1, dose["asked_n"]), last_said_at=said,
            group_id=dose["group_id"] or f"dose:{dose['person_id']}:{dose['due_at']}",
        )  # fmt: skip
    elif dose["status"] in (Status.NOT_ANNOUNCED, Status.UNKNOWN):
        moved = acts.move(dose, Happening.HEARD_ANNOUNCED, announced_n=dose["announced_n"] + 1)
        if moved is not None:
            tell_missed(acts, state, [moved])  # that the device was away is over; that it was missed is not
    else:
        moved = acts.put(scheduled({**dose, "announced_n": dose["announced_n"] + 1}, acts.now.now_ms))
    return str((moved or dose)["status"])


def _log_event(acts: Acts, command: DeviceTold) -> None:
    data = {
        "device_id": command.device_id, "boot_id": command.boot_id, "device_seq": command.device_seq, "event": command.event,
        "at": command.at_ms, "uncertainty_s": command.uncertainty_s, "dose_id": command.dose_id, "quantity": command.quantity,
        "data": command.data,
    }  # fmt: skip
    acts.changes.append(
        Change("device_event_logged", f"{command.device_id}:{command.boot_id}:{command.device_seq}", 1, data)
    )
    acts.writes.append(Write("log_device_event", data))
