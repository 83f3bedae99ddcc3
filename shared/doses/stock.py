"""How much is left of a medicine: how long it lasts, and when it is time to tell somebody. Pure."""

from __future__ import annotations

from typing import Final, Literal

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


def news(item: Item | None, units: float, *, was_low: bool) -> Literal["low", "enough"] | None:
    """What is to be told of so much: "low" where the mark was passed just now, "enough" where there is more than it marks, so
    that what was told is over. was_low: the mark was reached before; False too where nobody knew."""
    if is_low(item, units):
        return None if was_low else "low"
    return "enough"


def of_revision(item: Item, was: Item | None, known: float | None) -> float | None:
    """How much there is by a plan that is new or was changed; None where it says nothing new of it.

    was: the medicine before, known: what is known to be left. A revision that says the same number as the one before leaves
    what was counted since.
    """
    if item.stock_units is not None and (known is None or was is None or was.stock_units != item.stock_units):
        return item.stock_units
    return known if item != was else None


def title(medication: str, units: float) -> str:
    """Of the alert about it."""
    return f"{medication[:_NAME_CHARS]}: {units:g} left"


def medicine_of(alert_title: str) -> str:
    """Which medicine an alert with such a title is about, as far as it names it: so alerts of several are told apart."""
    return alert_title.rpartition(":")[0]


def is_about(alert_title: str, medication: str) -> bool:
    """Whether an alert with such a title is about this medicine."""
    return medicine_of(alert_title) == medication[:_NAME_CHARS]
