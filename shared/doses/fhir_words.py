"""Codes of FHIR R4 that are followed, and the extensions for what FHIR cannot say."""

from __future__ import annotations

from typing import Final

EXTENSION: Final = "urn:outpost:medication-plan"
"""Base of our own extensions, "#" and the name of the field follow; and the system of our identifiers."""
TRANSLATION: Final = "http://hl7.org/fhir/StructureDefinition/translation"
UCUM: Final = "http://unitsofmeasure.org"
STATUSES: Final = ("active", "on-hold", "cancelled", "completed", "entered-in-error", "stopped", "draft", "unknown")
INTENTS: Final = (
    "proposal", "plan", "order", "original-order", "reflex-order", "filler-order", "instance-order", "option",
)  # fmt: skip
UNITS: Final = ("h", "d", "wk", "mo")
USUAL_TIMES: Final = {
    1: ["08:00"],
    2: ["08:00", "20:00"],
    3: ["08:00", "14:00", "20:00"],
    4: ["08:00", "12:00", "16:00", "20:00"],
}
"""What stands for "twice a day" where the request names no times; the page shows them to be changed."""

OF_PLAN: Final = ("tz_policy", "pre_notice_min")
OF_ITEM: Final = (
    "policy_class", "critical", "compartment", "stock_units", "refill_at_units", "missed_at_share", "form",
)  # fmt: skip
OF_LIMITS: Final = ("max_doses", "max_hours", "min_gap_min")
OF_STEP: Final = ("mode", "first_at", "linked_item", "linked_after_min", "waking_only")
OF_TIMING: Final = ("offset_min", "cycle_on_days", "cycle_off_days", "days_of_month")
LISTS: Final = ("days_of_month",)


def is_before(when: tuple[str, ...] | list[str]) -> bool:
    """Whether FHIR counts the offset of these codes backwards: before a meal."""
    return all(code.startswith("AC") for code in when)


def is_mixed(when: tuple[str, ...] | list[str]) -> bool:
    """Whether FHIR counts the offset of some of these codes backwards, and of others on."""
    return len({code.startswith("AC") for code in when}) > 1
