"""Which hours of a doctor's day are good for one more booking (seed 003): a score of 100, and the wait expected there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

HOUR_MS: Final = 3_600_000
WAIT_MAX_S, DELAY_MAX_MIN, OFF_MAX_H = 7200.0, 60, 8
"""From here on a wait, a delay or a distance from the hour wished for gives no points any more."""
POINTS: Final = {"free": 35.0, "wait": 30.0, "near": 25.0, "punctual": 10.0}
"""What an hour can get for free places, a short wait, being near the hour wished for, and a doctor who is not late."""


class Hour(NamedTuple):
    """An hour that can be booked. at_ms: what a booking in it would be for.  remaining: places free, of `capacity`."""

    start_ms: int
    at_ms: int
    capacity: int
    booked: int
    remaining: int
    slot_id: str | None = None
    delay_min: int = 0


class Suggestion(NamedTuple):
    """An hour with the wait to expect there and its score, of 100."""

    hour: Hour
    wait_s: float
    score: float


def suggest(
    hours: Sequence[Hour],
    work: Mapping[int, float],
    mean_s: float,
    backlog_s: float,
    now_ms: int,
    hours_off: Mapping[int, int] | None,
) -> list[Suggestion]:
    """Hours with a place free, best first, of equal ones the earlier.

    work: by begin of each hour, how many are still expected in it.  mean_s: of the doctor's consultations.
    backlog_s: work that waits in front of the doctor now; 0 for another day.  hours_off: by begin, how far from the hour
    wished for; None when none was.
    """
    waits = expected_waits([hour.start_ms for hour in hours], work, mean_s, backlog_s, now_ms)
    found = []
    for hour in hours:
        if hour.remaining < 1:
            continue
        before_s = work.get(hour.start_ms, 0.0) * mean_s
        wait_s = max(waits[hour.start_ms] - before_s, hour.delay_min * 60.0) + before_s
        off = None if hours_off is None else hours_off[hour.start_ms]
        found.append(Suggestion(hour, wait_s, score(hour, wait_s, off)))
    return sorted(found, key=lambda one: (-one.score, one.hour.start_ms))


def expected_waits(
    starts_ms: Sequence[int], work: Mapping[int, float], mean_s: float, backlog_s: float, now_ms: int
) -> dict[int, float]:
    """By begin of an hour, how long one more booked for it would wait: behind what is left over from the hours before it
    and behind those booked for the same hour."""
    waits: dict[int, float] = {}
    carried_s, free_from_ms = backlog_s, now_ms
    for start_ms in sorted({*starts_ms, *work}):
        begins_ms = max(start_ms, now_ms)
        carried_s = max(0.0, carried_s - max(0, begins_ms - free_from_ms) / 1000)
        free_from_ms = begins_ms
        carried_s += work.get(start_ms, 0.0) * mean_s
        waits[start_ms] = carried_s
    return waits


def score(hour: Hour, wait_s: float, off_h: int | None) -> float:
    """Points of 100. Without an hour wished for, nearness is left out and the rest makes up the 100."""
    shares = {
        "free": hour.remaining / max(1, hour.capacity), "wait": 1 - min(wait_s, WAIT_MAX_S) / WAIT_MAX_S,
        "punctual": 1 - min(hour.delay_min, DELAY_MAX_MIN) / DELAY_MAX_MIN,
    }  # fmt: skip
    if off_h is not None:
        shares["near"] = 1 - min(off_h, OFF_MAX_H) / OFF_MAX_H
    whole = sum(POINTS[name] for name in shares)
    return round(100 * sum(POINTS[name] * min(1.0, share) for name, share in shares.items()) / whole, 1)
