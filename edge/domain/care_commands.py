"""What people, devices and the clock ask about medicine. What head office may ask too is in shared/care_commands.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from shared.care_commands import (
    AcknowledgeCareAlert,
    AddDevice,
    ApplyPlan,
    ChangeDevice,
    CorrectDose,
    EndHold,
    RaiseUrgency,
    RemoveDevice,
    SetHold,
    SetMealTimes,
    StopPlan,
    TellDose,
)
from shared.commands import Command

__all__ = [
    "AcknowledgeCareAlert", "AddDevice", "AnswerDose", "ApplyPlan", "CareAlertTimer", "ChangeDevice", "ClaimDevice",
    "CorrectDose", "DeviceHeard", "DeviceSilent", "DeviceTold", "DoseTimer", "EndHold", "ExtendPlan", "NoteUploaded",
    "RaiseCareAlert", "RaiseUrgency", "RegisterNote", "RemoveDevice", "SetHold", "SetMealTimes", "SettleAnnouncement", "Source",
    "StopPlan", "TakeAsNeeded", "TellDose",
]  # fmt: skip

Source = Literal["button", "lid", "weight", "voice", "caregiver", "nurse", "import"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseTimer(Command):
    """The clock has come to something about a person's doses: all that is due now is done in one go, as one announcement.

    at_ms: the moment that was due; asked twice with the same moment it is done once.
    """

    kind: ClassVar[str] = "dose_timer"
    person_id: str
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtendPlan(Command):
    """Plan the doses of the days that have come nearer. `until_ms`: up to where."""

    kind: ClassVar[str] = "extend_plan"
    plan_id: str
    until_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleAnnouncement(Command):
    """What became of an announcement: done (somebody was told), not_done, or unknown (a crash in the middle of it)."""

    kind: ClassVar[str] = "settle_announcement"
    effect_id: int
    outcome: Literal["done", "not_done", "unknown"]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerDose(Command):
    """Somebody answered: took it, skips it, or wants to be told again later.

    dose_id: None is an answer to what was announced last to `person_id`: all doses of that announcement, and no other.
    at_ms: when it was done, which for a device that was away may be hours ago.  uncertainty_s: of that moment.
    snooze_min: for "snoozed".  boot_id, device_seq: the device's own number of what it told.
    """

    kind: ClassVar[str] = "answer_dose"
    act: Literal["taken", "skipped", "snoozed"]
    source: Source
    at_ms: int
    dose_id: str | None = None
    person_id: str | None = None
    uncertainty_s: int = 0
    quantity: float | None = None
    reason: str = ""
    snooze_min: int = 10
    device_id: str | None = None
    boot_id: str | None = None
    device_seq: int | None = None
    note_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeAsNeeded(Command):
    """A medicine taken as needed. swallowed: it is done already, so it is kept whatever the limits say, and somebody is told;
    False asks whether it may be taken now, and is refused with "not before" where it may not."""

    kind: ClassVar[str] = "take_as_needed"
    plan_id: str
    item_id: str
    quantity: float
    source: Source
    at_ms: int
    swallowed: bool = False
    reason: str = ""
    device_id: str | None = None
    note_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceTold(Command):
    """One thing a device told, as it came; its number is judged before the command is made (`Place`).

    event: of `shared.device_api`'s kinds.  at_ms, uncertainty_s: as the edge makes them of the device's clock.
    What follows for a dose (announced, taken, skipped, snoozed, button) is decided here, in the same commit.
    """

    kind: ClassVar[str] = "device_told"
    device_id: str
    boot_id: str
    device_seq: int
    event: str
    at_ms: int
    uncertainty_s: int = 0
    dose_id: str | None = None
    quantity: float | None = None
    data: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceHeard(Command):
    """A device said how it is. Kept as state; a fact is made of it only when something changed, or every 15 minutes.

    stock: units by compartment, as it weighs or counts them; what is known of its medicines follows.
    """

    kind: ClassVar[str] = "device_heard"
    device_id: str
    boot_id: str
    battery: int | None = None
    wifi_dbm: int | None = None
    firmware: str | None = None
    faults: tuple[str, ...] = ()
    stock: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceSilent(Command):
    """A device was not heard for too long. heard_ms: when it was heard last, so that a late look does nothing."""

    kind: ClassVar[str] = "device_silent"
    device_id: str
    heard_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimDevice(Command):
    """A device brings its public key, by the code it was given (`claim_hash`: SHA-256 hex of it)."""

    kind: ClassVar[str] = "claim_device"
    claim_hash: str
    public_key_pem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterNote(Command):
    """A recording is on the disk. heard: what the decoders made of it, None where nobody spoke or none is there."""

    kind: ClassVar[str] = "register_note"
    note_id: str
    recorded_ms: int
    sha256: str
    bytes: int
    seconds: float
    media_type: str
    language: str
    purpose: Literal["command", "note"] = "note"
    person_id: str | None = None
    device_id: str | None = None
    dose_id: str | None = None
    boot_id: str | None = None
    device_seq: int | None = None
    heard: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteUploaded(Command):
    """Head office has the whole sound of a note."""

    kind: ClassVar[str] = "note_uploaded"
    note_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseCareAlert(Command):
    """A patient needs somebody: a red flag in what was said, a cry for help. topic: as in shared.events CARE_ALERT_FIELDS."""

    kind: ClassVar[str] = "raise_care_alert"
    topic: Literal["red_flag", "help"]
    person_id: str | None
    title: str
    body: str
    device_id: str | None = None
    note_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CareAlertTimer(Command):
    """Nobody took an alert upon themselves in time. at_ms: the moment that was due."""

    kind: ClassVar[str] = "care_alert_timer"
    alert_id: str
    at_ms: int
