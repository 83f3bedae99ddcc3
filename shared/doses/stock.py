"""How much is left of a medicine: how long it lasts, and when it is time to tell somebody. Pure."""

from __future__ import annotations

from typing import Final

from shared.doses.plan import Item

NOISE_UNITS: Final = 0.5
"""What a device weighs may differ by less than this from what is known, and nothing was taken or put in."""
_NAME_CHARS: Final = 80
"""Of a medicine's name, in the title of an alert."""


def days_left(item: Item | None, units: float) -> float | None:
    """How long it lasts at the plan's pace; None where that is not by the day."""
    if item is None or item.as_needed or item.steps[-1].timing.period_unit != "d":
        return None
    step = item.steps[-1]
    a_day = step.quantity * step.timing.frequency / step.timing.period
    return round(units / a_day, 1) if a_day else None


def differs(before: float | None, weighed: float) -> bool:
    """Whether what a device weighs is news. before: what was known; None: nothing."""
    return before is None or abs(before - weighed) >= NOISE_UNITS


def is_low(item: Item | None, units: float) -> bool:
    """Whether the plan's mark for a refill is reached."""
    return item is not None and item.refill_at_units is not None and units <= item.refill_at_units


def became_low(item: Item | None, before: float | None, units: float) -> bool:
    """Whether it is time to tell somebody: the mark was passed just now. before: how much there was; None: nobody knew."""
    return is_low(item, units) and (before is None or not is_low(item, before))


def title(medication: str, units: float) -> str:
    """Of the alert about it."""
    return f"{medication[:_NAME_CHARS]}: {units:g} left"


def medicine_of(alert_title: str) -> str:
    """Which medicine an alert with such a title is about, as far as it names it: so alerts of several are told apart."""
    return alert_title.rpartition(":")[0]


def is_about(alert_title: str, medication: str) -> bool:
    """Whether an alert with such a title is about this medicine."""
    return medicine_of(alert_title) == medication[:_NAME_CHARS]
