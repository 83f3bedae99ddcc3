"""From when a dose is due to when it counts as early, on time, late and missed.

Source: ISMP guideline for timely administration, as in care.md §2.2; made for acute care, so these are defaults that a
clinic sets by the class of the medicine. "Half gap": once the next dose is nearer than the last, the usual leaflet says skip.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from shared.doses.localtime import DAY_MS, HOUR_MS, MINUTE_MS
from shared.doses.model import PolicyClass

CRITICAL_MS: Final = 30 * MINUTE_MS
CRITICAL_MISS_MS: Final = 2 * HOUR_MS
USUAL_MS: Final = 60 * MINUTE_MS
SELDOM_MS: Final = 120 * MINUTE_MS
OFTEN_SHARE: Final = 0.25
DAILY_MS: Final = 23 * HOUR_MS
"""A day is 23 hours long when clocks are put forward, and still a day."""
MISS_DAILY_MS: Final = 12 * HOUR_MS
MISS_SELDOM_MS: Final = 24 * HOUR_MS


class Windows(NamedTuple):
    """Moments, ms since 1970 UTC: taken before `window_open_ms` is not this dose; until `on_time_until_ms` is on time; until
    `miss_at_ms` is late; afterwards it is missed."""

    window_open_ms: int
    on_time_until_ms: int
    miss_at_ms: int


def windows(
    policy: PolicyClass, due_ms: int, gap_ms: int, before_ms: int | None = None, missed_at_share: float | None = None
) -> Windows:
    """gap_ms: to the next dose of the same medicine.  before_ms: from the one before; None: as to the next.

    On time, by the nearer neighbour.  TIME_CRITICAL: ±30 min.  More often than every 4 h: ±25 % of the gap.  Up to more than
    once a day: ±60 min.  Daily and rarer: ±120 min.  Never more than 25 % of the gap, so that no two windows meet.
    Missed at half the gap to the next, at most 12 h (daily) or 24 h (rarer); TIME_CRITICAL at due + 2 h if that is sooner.
    missed_at_share: what a clinic has set instead of the half and its caps, at most 0.75.
    """
    near_ms = min(gap_ms, gap_ms if before_ms is None else before_ms)
    quarter_ms = round(near_ms * OFTEN_SHARE)
    side_ms = USUAL_MS if near_ms < DAILY_MS else SELDOM_MS
    side_ms = min(CRITICAL_MS if policy == "TIME_CRITICAL" else side_ms, quarter_ms)
    miss_ms = gap_ms // 2
    if missed_at_share is not None:
        miss_ms = round(gap_ms * missed_at_share)
    elif gap_ms >= DAILY_MS:
        miss_ms = min(miss_ms, MISS_DAILY_MS if gap_ms < 2 * DAY_MS else MISS_SELDOM_MS)
    if policy == "TIME_CRITICAL":
        miss_ms = min(miss_ms, CRITICAL_MISS_MS)
    return Windows(due_ms - side_ms, due_ms + side_ms, due_ms + max(side_ms, miss_ms))
