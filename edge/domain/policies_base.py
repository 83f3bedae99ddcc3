"""What every ordering policy is given and answers: visits and a situation in, visits with their reasons out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, tzinfo
from types import MappingProxyType
from typing import Any, NamedTuple

Visit = dict[str, Any]

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS


class Ranked(NamedTuple):
    """A visit at its place in the order, with its score and, in a sentence, why it stands there.

    score: what the policy goes by; each policy says what that is. It explains, it is not what was sorted by.
    why_code, why_values: the same reason for translation; WHY[why_code] is the English sentence.
    """

    visit: Visit
    score: float
    why: str
    why_code: str
    why_values: dict[str, str | int | float]


class Situation(NamedTuple):
    """What an order depends on beside the visits.

    load_of: by doctor id, the visits waiting, called or in consultation; a visit without a doctor has load 0.
    zone, slot_ms: `appointment` counts slots of this length from midnight of the site.
    max_early_ms: how long before its slot a booked visit normally joins the queue; `appointment` says when it is earlier.
    streak: visits of the first line called in a row since the last of the second, see `policies.next_streak`.
    ratio, age_ms: of `fair`: normal visits for each one of priority; the wait after which anybody counts as priority.
    """

    now_ms: int
    load_of: Mapping[str | None, int] = MappingProxyType({})
    zone: tzinfo = UTC
    slot_ms: int = HOUR_MS
    max_early_ms: int = 30 * MINUTE_MS
    streak: int = 0
    ratio: int = 2
    age_ms: int = 30 * MINUTE_MS


_TIERS = {
    "emergency": "Emergency", "priority_paid": "Priority paid", "followup": "Follow-up", "online": "Online booking",
    "walkin": "Walk-in",
}  # fmt: skip
WHY: dict[str, str] = {
    "emergency": "Emergency: before all others.",
    "by_hand": "Placed here by hand.",
    "weighted": "Urgency {urgency} and {minutes} min of waiting give {points} points.",
    "weighted_load": "Urgency {urgency}, {minutes} min of waiting and {load} with the doctor give {points} points.",
    **{f"tiered_{c}": f"{name}, booked {{minutes}} min ago: priority {{priority}}." for c, name in _TIERS.items()},
    "appointment_begun": "Booked for {due}, paid {paid}; the hour has begun.",
    "appointment_begun_unpaid": "Booked for {due}, made {made}; the hour has begun.",
    "appointment_delayed": "Booked for {due}, delayed {delay} min; that time has come.",
    "appointment_early": "Booked for {due}, begins {begins}: after all whose hour has begun.",
    "appointment_too_early": "Booked for {due} and here long before: after all whose hour has begun.",
    "appointment_late": "Booked for {due}, came {came} when that hour was over: as a walk-in.",
    "appointment_walkin": "Walk-in, came {came}: takes turns with those booked for {hour}.",
    "fair_normal": "Waited {minutes} min: first come, first served.",
    "fair_paid": "Priority paid, waited {minutes} min: one after each {ratio} of the others.",
    "fair_urgent": "Urgency {urgency}, waited {minutes} min: one after each {ratio} of the others.",
    "fair_aged": "Waited {minutes} min, over {limit}: counts as priority too.",
}
"""The English sentence of every why_code."""


def ranked(visit: Visit, score: float, code: str, **values: str | int | float) -> Ranked:
    """The visit with its reason in words."""
    return Ranked(visit, score, WHY[code].format_map(values), code, values)


def wait_minutes(visit: Visit, now_ms: int) -> float:
    """Minutes with fractions since arrival; never negative, also when the clock was set back."""
    return wait_ms(visit, now_ms) / MINUTE_MS


def wait_ms(visit: Visit, now_ms: int) -> int:
    """The same in milliseconds."""
    arrived_ms: int = visit["arrived_at"]
    return max(0, now_ms - arrived_ms)


def arrival(visit: Visit) -> tuple[int, int]:
    """Sorts by first come, first served; two of one moment by number, so no two visits are equal."""
    return visit["arrived_at"], visit["number"]


def parted(waiting: Sequence[Visit]) -> tuple[list[Visit], list[Visit]]:
    """The emergencies in order of arrival, and all others as they came."""
    emergencies = sorted((visit for visit in waiting if visit["is_emergency"]), key=arrival)
    return emergencies, [visit for visit in waiting if not visit["is_emergency"]]
