"""What is wrong with a device: one alert for each fault, from when it is told until it is over (`shared.device_faults`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from edge.domain.care_alerts import put_alert, raise_alert
from edge.domain.care_commands import DeviceHeard
from edge.domain.dosing import Acts, CareState, Row
from shared import device_faults
from shared.device_faults import TOPIC


def heard(acts: Acts, state: CareState, device: Row, command: DeviceHeard) -> None:
    """A device said how it is: tell of what is wrong since now, end what is over. One that is nobody's needs nobody."""
    how = device_faults.Heard(
        command.faults, state.device_state["faults"] if state.device_state else (), command.battery,
        (state.lid["event"], state.lid["at"]) if state.lid is not None else None, acts.now.now_ms,
    )  # fmt: skip
    for alert in _open(state, device):
        told = device_faults.Told(alert["says"].get("fault", ""), alert["says"].get("by", ""), int(alert["raised_at"]))
        mine = device["person_id"] is not None and alert["person_id"] == device["person_id"]
        if not mine or device_faults.is_over(told, how):
            put_alert(acts, "care_alert_ended", {**alert, "open": False}, acts.now.now_ms)
    _tell(acts, state, device, device_faults.reported(how), "heartbeat")


def told(acts: Acts, state: CareState, device: Row, event: str, data: Mapping[str, Any]) -> None:
    """A device told of a fault, or of its battery, as something that happened."""
    _tell(acts, state, device, [device_faults.of_event(event, data)], "event")


def _tell(acts: Acts, state: CareState, device: Row, words: Iterable[str], by: str) -> None:
    """One alert for a device and a fault, while it lasts."""
    if device["person_id"] is None:
        return
    known = {alert["id"]: alert for alert in (*_open(state, device), *acts.alerts.values())}.values()
    mine = {
        str(alert["says"].get("fault")) for alert in known
        if alert["topic"] == TOPIC and alert["open"] and alert["person_id"] == device["person_id"]
    }  # fmt: skip
    for word in device_faults.fresh(words, mine):
        raise_alert(
            acts, state, TOPIC, device["person_id"], device_faults.title((state.person or {}).get("name", ""), word),
            device["name"], rung=device_faults.RUNG, critical=False, device_id=device["id"],
            says=device_faults.says(word, by),
        )  # fmt: skip


def end_all(acts: Acts, alerts: Sequence[Row]) -> None:
    """The device is somebody else's, or none of ours: what was told of it concerns nobody any more."""
    for alert in alerts:
        if alert["topic"] in (TOPIC, "device_offline") and alert["open"]:
            put_alert(acts, "care_alert_ended", {**alert, "open": False}, acts.now.now_ms)


def _open(state: CareState, device: Row) -> list[Row]:
    return [one for one in state.alerts if one["topic"] == TOPIC and one["device_id"] == device["id"] and one["open"]]
