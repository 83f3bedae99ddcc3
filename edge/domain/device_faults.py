"""What is wrong with a device: one alert for each fault, from when it is told until it is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from edge.domain.care_alerts import put_alert, raise_alert
from edge.domain.care_commands import DeviceHeard
from edge.domain.dosing import Acts, CareState, Row
from shared.doses.localtime import HOUR_MS, MINUTE_MS

TOPIC: Final = "device_fault"
BATTERY, LID, OTHER = "low_battery", "lid_open", "fault"
LOW_PERCENT: Final = 15
CHARGED_PERCENT: Final = 25
"""A battery that was low is no more from here on, so that one about to be empty is not told of again and again."""
LID_OPEN_MS: Final = 10 * MINUTE_MS
"""A lid that is open for longer was forgotten: the medicine lies open, and the device does not see who takes it."""
TOLD_MS: Final = HOUR_MS
"""A fault that came as an event is over when the device has been heard without it for so long since."""
FAULTS_MAX: Final = 5
"""Faults of one device that are told at a time: one that reports more is broken as a whole, and these say so."""
WORD_MAX: Final = 40
WORDS: Final = {
    BATTERY: "its battery is low", LID: "its lid is open", "speaker": "its loudspeaker does not work",
    "motor": "its motor does not move", OTHER: "it reports a fault",
}  # fmt: skip


def heard(acts: Acts, state: CareState, device: Row, command: DeviceHeard) -> None:
    """A device said how it is: tell of what is wrong since now, end what is over. One that is nobody's needs nobody.

    Over is what the device has not said two times running, so that a loose plug is not told of every minute; a battery that
    is charged, a lid that is closed.
    """
    before = set(map(_word, state.device_state["faults"])) if state.device_state else set()
    told = {_word(fault): "heartbeat" for fault in command.faults}
    if command.battery is not None and command.battery <= LOW_PERCENT:
        told[BATTERY] = "heartbeat"
    if state.lid is not None and state.lid["event"] == "lid_open" and acts.now.now_ms - state.lid["at"] >= LID_OPEN_MS:
        told[LID] = "heartbeat"
    for alert in _open(state, device):
        word = alert["says"].get("fault")
        mine = device["person_id"] is not None and alert["person_id"] == device["person_id"]
        if not mine or (word not in told and word not in before and _is_over(alert, command, acts.now.now_ms)):
            put_alert(acts, "care_alert_ended", {**alert, "open": False}, acts.now.now_ms)
    for word, by in told.items():
        raise_fault(acts, state, device, word, by)


def _is_over(alert: Row, command: DeviceHeard, now_ms: int) -> bool:
    if alert["says"].get("fault") == BATTERY:
        return command.battery is not None and command.battery >= CHARGED_PERCENT
    return alert["says"].get("by") != "event" or now_ms - int(alert["raised_at"]) >= TOLD_MS


def told(acts: Acts, state: CareState, device: Row, event: str, data: Mapping[str, Any]) -> None:
    """A device told of a fault, or of its battery, as something that happened."""
    named = next((data[name] for name in ("fault", "code", "reason") if isinstance(data.get(name), str)), OTHER)
    raise_fault(acts, state, device, BATTERY if event == "low_battery" else _word(named), "event")


def raise_fault(acts: Acts, state: CareState, device: Row, word: str, by: str) -> None:
    """One alert for a device and a fault, while it lasts."""
    known = {alert["id"]: alert for alert in (*_open(state, device), *acts.alerts.values())}.values()
    mine = {
        alert["says"].get("fault") for alert in known
        if alert["topic"] == TOPIC and alert["open"] and alert["person_id"] == device["person_id"]
    }  # fmt: skip
    if device["person_id"] is None or word in mine or len(mine) >= FAULTS_MAX:
        return
    person = (state.person or {}).get("name") or "a patient"
    says = {"code": word if word in (BATTERY, LID, "speaker", "motor") else OTHER, "fault": word, "by": by}
    raise_alert(
        acts, state, TOPIC, device["person_id"], f"The device of {person}: {WORDS.get(word) or f'it reports {word}'}",
        device["name"], rung=3, critical=False, device_id=device["id"], says=says,
    )  # fmt: skip


def end_all(acts: Acts, alerts: Sequence[Row]) -> None:
    """The device is somebody else's, or none of ours: what was told of it concerns nobody any more."""
    for alert in alerts:
        if alert["topic"] in (TOPIC, "device_offline") and alert["open"]:
            put_alert(acts, "care_alert_ended", {**alert, "open": False}, acts.now.now_ms)


def _open(state: CareState, device: Row) -> list[Row]:
    return [one for one in state.alerts if one["topic"] == TOPIC and one["device_id"] == device["id"] and one["open"]]


def _word(fault: str) -> str:
    return " ".join(str(fault).split()).casefold()[:WORD_MAX] or OTHER
