"""Devices for medicine, how they are, and recordings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from edge.domain import device_faults
from edge.domain.care_alerts import put_alert, raise_alert
from edge.domain.care_commands import (
    AddDevice,
    ChangeDevice,
    ClaimDevice,
    DeviceHeard,
    DeviceSilent,
    NoteUploaded,
    RegisterNote,
    RemoveDevice,
)
from edge.domain.decision import Change, Decision, Moment, Refusal, Verdict, Write
from edge.domain.dose_stock import weighed
from edge.domain.dosing import Acts, CareState, Row
from shared.doses.localtime import HOUR_MS, MINUTE_MS
from shared.events import DEVICE_FIELDS, NOTE_FIELDS

REPORT_EVERY_MS: Final = 15 * MINUTE_MS
"""A device that is as before is said to be so no more often."""
MATTERS_MS: Final = HOUR_MS
"""A silent device is alarming when a dose is due within this, or open."""
KINDS: Final = ("dispenser", "panel", "speaker")
DEVICES_MAX: Final = 2_000


class DeviceState(NamedTuple):
    """device: the one named.  person_known: the person named is one of the site's.  devices: how many the site has."""

    device: Row | None
    person_known: bool
    taken: bool
    """The person named has another device already."""
    devices: int
    alerts: Sequence[Row] = ()
    """Open, about this device."""


class NoteState(NamedTuple):
    """note: the one named.  person: of the device, where the note names none."""

    note: Row | None
    person_id: str | None


def add_device(state: DeviceState, command: AddDevice, now: Moment) -> Verdict:
    """A device of this site; it brings its key by its code."""
    if state.device is not None:
        return Refusal("taken", "A device with this id exists.", "Change that one instead.")
    if command.device_kind not in KINDS:
        return Refusal("wrong_shape", f"A device is one of {', '.join(KINDS)}.", "")
    if not command.name.strip():
        return Refusal("no_name", "A device needs a name.", "Write where it stands.")
    refusal = _person(state, command.person_id)
    if refusal is not None:
        return refusal
    if state.devices >= DEVICES_MAX:
        return Refusal("too_many", f"A site has at most {DEVICES_MAX} devices.", "Remove those that are gone.")
    row = {
        "id": command.device_id, "version": 0, "device_kind": command.device_kind, "name": command.name.strip(),
        "person_id": command.person_id, "status": "unclaimed", "created_at": now.now_ms, "claimed_at": None, "compartments": {},
        "claim_hash": command.claim_hash, "claim_until": command.claim_until_ms, "public_key_pem": None,
        "timezone": None,
    }  # fmt: skip
    return _kept("device_added", row)


def _person(state: DeviceState, person_id: str | None) -> Refusal | None:
    if person_id and not state.person_known:
        return Refusal("no_person", "The clinic does not know this person.", "Register the person first.")
    if person_id and state.taken:
        return Refusal("has_device", "This person has a device already.", "Take that one from the person first.")
    return None


def change_device(state: DeviceState, command: ChangeDevice, now: Moment) -> Verdict:
    """Its name, and whose it is."""
    if state.device is None or state.device["status"] == "removed":
        return Refusal("not_found", "There is no such device.", "Read the list again.")
    refusal = _person(state, command.person_id)
    if refusal is not None:
        return refusal
    wanted: Row = {}
    if command.name is not None and command.name.strip():
        wanted["name"] = command.name.strip()
    if command.person_id is not None:
        wanted["person_id"] = command.person_id or None
    changed = _kept("device_changed", {**state.device, **wanted})
    if wanted.get("person_id", state.device["person_id"]) == state.device["person_id"]:
        return changed
    return _without_alerts(changed, state, command.command_id, now)


def remove_device(state: DeviceState, command: RemoveDevice, now: Moment) -> Verdict:
    """Its key is good for nothing any more."""
    if state.device is None:
        return Refusal("not_found", "There is no such device.", "Read the list again.")
    if state.device["status"] == "removed":
        return Decision(result={"device_id": state.device["id"], "already": True})
    gone = {"status": "removed", "person_id": None, "public_key_pem": None, "claim_hash": None, "claim_until": None}
    return _without_alerts(_kept("device_removed", {**state.device, **gone}), state, command.command_id, now)


def claim_device(state: DeviceState, command: ClaimDevice, now: Moment) -> Verdict:
    """The device's key, once for a code."""
    device = state.device
    if (
        device is None
        or device["status"] == "removed"
        or device["claim_until"] is None
        or device["claim_until"] < now.now_ms
    ):
        return Refusal("bad_code", "This code is unknown, used or too old.", "Make a new code for the device.")
    claimed = {"public_key_pem": command.public_key_pem, "status": "active", "claimed_at": now.now_ms}
    return _kept("device_changed", {**device, **claimed, "claim_hash": None, "claim_until": None})


def _without_alerts(done: Decision, state: DeviceState, cause: str, now: Moment) -> Decision:
    acts = Acts(now, cause)
    device_faults.end_all(acts, state.alerts)
    return replace(done, changes=[*done.changes, *acts.changes], writes=[*done.writes, *acts.writes])


def _kept(kind: str, row: Row) -> Decision:
    row = {**row, "version": row["version"] + 1}
    data = {name: row[name] for name in DEVICE_FIELDS}
    shown = {name: value for name, value in row.items() if name not in ("claim_hash", "public_key_pem")}
    return Decision(
        [Change(kind, row["id"], row["version"], data)], writes=[Write("put_device", row)], result={"device": shown}
    )


def heard(state: CareState, command: DeviceHeard, now: Moment) -> Verdict:
    """How it is, what is wrong with it, and what is left in it. A device that is back ends the alert that it was away."""
    device = state.device
    if device is None:
        return Refusal("not_found", "There is no such device.", "Add the device first.")
    acts = Acts(now, command.command_id)
    before = state.device_state
    how: Row = {
        "online": True, "heard_at": now.now_ms, "battery": command.battery, "wifi_dbm": command.wifi_dbm,
        "firmware": command.firmware, "faults": list(command.faults),
    }  # fmt: skip
    told = (
        before is None
        or not before["online"]
        or any(before[name] != how[name] for name in ("faults", "firmware"))
        or now.now_ms - before["reported_at"] >= REPORT_EVERY_MS
    )
    _keep_state(acts, device, before, how, command.boot_id, command.stock, told=told)
    weighed(acts, state, device["id"], command.stock)
    for alert in state.alerts:
        if alert["topic"] == "device_offline" and alert["device_id"] == device["id"] and alert["open"]:
            put_alert(acts, "care_alert_ended", {**alert, "open": False, "body": "heard again"}, now.now_ms)
    device_faults.heard(acts, state, device, command)
    return acts.decision()


def _keep_state(
    acts: Acts, device: Row, before: Row | None, how: Row, boot_id: str, stock: Mapping[str, float], *, told: bool
) -> None:
    version = (before["version"] if before else 0) + told
    reported = acts.now.now_ms if told else before["reported_at"] if before else acts.now.now_ms
    if told:
        acts.changes.append(Change("device_heard", device["id"], version, how))
    row = {
        "device_id": device["id"], "version": version, "boot_id": boot_id, "reported_at": reported, "stock": dict(stock), **how
    }  # fmt: skip
    acts.writes.append(Write("put_device_state", row))


def silent(state: CareState, command: DeviceSilent, now: Moment) -> Verdict:
    """One alert for the device, instead of one for every dose it may have kept to itself."""
    device, before = state.device, state.device_state
    if device is None or before is None or not before["online"] or before["heard_at"] != command.heard_ms:
        return Refusal("not_due", "The device was heard meanwhile.", "")
    acts = Acts(now, command.command_id)
    names = ("online", "heard_at", "battery", "wifi_dbm", "firmware", "faults")
    how = {**{name: before[name] for name in names}, "online": False}
    _keep_state(acts, device, before, how, before["boot_id"], before["stock"], told=True)
    matters = [
        one for one in state.doses if one["next_action_at"] is not None and one["due_at"] <= now.now_ms + MATTERS_MS
    ]
    if matters and device["person_id"] is not None:
        person = (state.person or {}).get("name") or "a patient"
        title = f"The device of {person} is not heard"
        critical = any(dose["critical"] for dose in matters)
        raise_alert(acts, state, "device_offline", device["person_id"], title, device["name"], rung=3, critical=critical,
                    device_id=device["id"])  # fmt: skip
    return acts.decision()


def register_note(state: NoteState, command: RegisterNote, now: Moment) -> Verdict:
    """The recording is on the disk before this: the fact is useful before its sound is anywhere else."""
    if state.note is not None:
        return Decision(result={"note_id": state.note["id"], "already": True})
    row: dict[str, Any] = {
        "id": command.note_id, "version": 1, "person_id": command.person_id or state.person_id, "device_id": command.device_id,
        "recorded_at": command.recorded_ms, "sha256": command.sha256, "bytes": command.bytes, "seconds": command.seconds,
        "media_type": command.media_type, "language": command.language, "purpose": command.purpose, "heard": command.heard,
        "dose_id": command.dose_id, "boot_id": command.boot_id, "device_seq": command.device_seq, "uploaded": False,
    }  # fmt: skip
    data = {name: row[name] for name in NOTE_FIELDS}
    return Decision(
        [Change("note_recorded", command.note_id, 1, data)], writes=[Write("put_note", row)],
        result={"note_id": command.note_id, "already": False},
    )  # fmt: skip


def note_uploaded(state: NoteState, command: NoteUploaded, now: Moment) -> Verdict:
    """Head office has its sound."""
    if state.note is None:
        return Refusal("not_found", "There is no such note.", "")
    if state.note["uploaded"]:
        return Decision(result={"note_id": state.note["id"], "already": True})
    row = {**state.note, "version": state.note["version"] + 1, "uploaded": True}
    data = {name: row[name] for name in NOTE_FIELDS}
    return Decision([Change("note_uploaded", row["id"], row["version"], data)], writes=[Write("put_note", row)])
