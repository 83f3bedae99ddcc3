"""What head office may ask of a site about medicine and devices. `shared/commands.py` lists them beside the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from shared.command import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyPlan(Command):
    """Follow this revision of a plan from now on. `plan` is the body of `shared.doses.plan`; the site checks it again.

    A revision not greater than the one the site has is refused; so is a person the site does not know.
    """

    kind: ClassVar[str] = "apply_plan"
    plan_id: str
    person_id: str
    revision: int
    plan: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class StopPlan(Command):
    """End a plan: doses that are planned are voided, what was stays."""

    kind: ClassVar[str] = "stop_plan"
    plan_id: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetMealTimes(Command):
    """When this person wakes, eats and sleeps: FHIR code ("ACM", "PCV", "HS" ...) to "HH:MM" of their own day."""

    kind: ClassVar[str] = "set_meal_times"
    person_id: str
    times: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetHold(Command):
    """Give nothing from `from_ms` to `until_ms` (UTC): of one item, of one plan, or of everything of the person."""

    kind: ClassVar[str] = "set_hold"
    hold_id: str
    person_id: str
    from_ms: int
    until_ms: int
    plan_id: str | None = None
    item_id: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndHold(Command):
    """Take a hold back; doses it held that are not over are planned again."""

    kind: ClassVar[str] = "end_hold"
    hold_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddDevice(Command):
    """A device of this site: `device_kind` is "dispenser", "panel" or "speaker".

    claim_hash, claim_until_ms: SHA-256 (hex) of the code with which the device brings its key, and how long it is good.
    """

    kind: ClassVar[str] = "add_device"
    device_id: str
    device_kind: str
    name: str
    person_id: str | None = None
    claim_hash: str | None = None
    claim_until_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeDevice(Command):
    """Change what is not None; `person_id` "" takes the device from whoever has it."""

    kind: ClassVar[str] = "change_device"
    device_id: str
    name: str | None = None
    person_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveDevice(Command):
    """The device's key is good for nothing any more; what it told stays."""

    kind: ClassVar[str] = "remove_device"
    device_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgeCareAlert(Command):
    """Somebody has taken an alert upon themselves. `by` is a name for people, e.g. "Nurse Ana"."""

    kind: ClassVar[str] = "acknowledge_care_alert"
    alert_id: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectDose(Command):
    """Somebody who knows says what became of a dose: `status` is ON_TIME, LATE, EARLY, SKIPPED or MISSED.

    taken_ms: when it was swallowed, for the first three; the status kept follows from it.
    """

    kind: ClassVar[str] = "correct_dose"
    dose_id: str
    status: str
    taken_ms: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TellDose(Command):
    """A caregiver says what became of a dose: `act` is "taken" or "skipped", at `at_ms` (UTC), by `by`, a name for people.

    Taken as an answer of that moment, not as a correction: a dose somebody answered before is not changed by it, and what
    was taken once more is kept and told.
    """

    kind: ClassVar[str] = "tell_dose"
    dose_id: str
    person_id: str
    act: str
    at_ms: int
    by: str = ""


BY_MODEL: Final = "cloud:model"
"""Whose command it is when a language model found something: staff are asked to look at what came of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseUrgency(Command):
    """Head office found a visit more urgent; actor BY_MODEL: a language model did. Applied only where it is a raise.

    reason: codes of what was found (red flags of `shared.triage`, complaints of the model's list), joined by ", ".
    """

    kind: ClassVar[str] = "raise_urgency"
    visit_id: str
    urgency: int
    reason: str = ""


CARE = (
    ApplyPlan, StopPlan, SetMealTimes, SetHold, EndHold, AddDevice, ChangeDevice, RemoveDevice, AcknowledgeCareAlert,
    CorrectDose, RaiseUrgency, TellDose,
)  # fmt: skip
