"""May this be taken now? Double doses, gaps and limits, from what was taken before. Pure, so that it works offline.

A guard warns beforehand. What was swallowed already is recorded as it is, whatever the guard says, and somebody is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from shared.doses.localtime import HOUR_MS, MINUTE_MS
from shared.doses.model import Item

HISTORY_HOURS: Final = 24 * 31
"""How far back the longest limit looks."""


class Intake(NamedTuple):
    """Something taken: when (ms since 1970 UTC), and how much, in the item's unit."""

    at_ms: int
    quantity: float


class Allowed(NamedTuple):
    """Go on."""


class Blocked(NamedTuple):
    """Not now. not_before_ms: from when it would be allowed; None: never, for this dose was taken."""

    code: Literal["double_dose", "min_gap", "limit"]
    not_before_ms: int | None


def check(
    item: Item, history: Sequence[Intake], at_ms: int, quantity: float, *, answered: bool = False
) -> Allowed | Blocked:
    """history: what was taken of this item, of all its doses, in any order.  answered: this very dose was taken before.

    The gap counts from the last intake; the limits count what lies within `max_hours` before `at_ms`, a moment exactly
    `max_hours` ago no longer.
    """
    if answered:
        return Blocked("double_dose", None)
    limits = item.limits
    past = sorted(one for one in history if one.at_ms <= at_ms)
    if limits.min_gap_min is not None and past:
        free_ms = past[-1].at_ms + limits.min_gap_min * MINUTE_MS
        if at_ms < free_ms:
            return Blocked("min_gap", max(free_ms, _limit_free_ms(item, past, quantity, at_ms) or 0))
    free_at = _limit_free_ms(item, past, quantity, at_ms)
    return Allowed() if free_at is None else Blocked("limit", free_at)


def _limit_free_ms(item: Item, past: Sequence[Intake], quantity: float, at_ms: int) -> int | None:
    """From when `quantity` fits under the limits; None: it does now. One that is larger than the limit alone never does: then
    when nothing is left in the window, which is the most that can be said."""
    limits = item.limits
    span_ms = limits.max_hours * HOUR_MS
    within = [one for one in past if one.at_ms > at_ms - span_ms]
    for number in range(len(within) + 1):
        left = within[number:]
        fits = limits.max_quantity is None or sum(one.quantity for one in left) + quantity <= limits.max_quantity + 1e-9
        if fits and (limits.max_doses is None or len(left) < limits.max_doses):
            return None if number == 0 else within[number - 1].at_ms + span_ms
    return within[-1].at_ms + span_ms if within else at_ms + span_ms
