"""The two policies that give each visit a number and sort by it: `weighted` (seed 000) and `tiered` (seed 001)."""

from __future__ import annotations

from collections.abc import Sequence

from edge.domain.policies_base import (
    HOUR_MS,
    MINUTE_MS,
    Ranked,
    Situation,
    Visit,
    arrival,
    parted,
    ranked,
    wait_minutes,
    wait_ms,
)

URGENCY_WEIGHT, WAIT_WEIGHT, LOAD_WEIGHT = 0.6, 0.3, 0.1

BASE = {"EMERGENCY": 1, "PRIORITY_PAID": 2, "FOLLOWUP": 3, "ONLINE": 4, "WALKIN": 5}
"""The tier of each category; lower is called earlier."""
BONUS_PER_HOUR, BONUS_MAX = 0.1, 1.0


def weighted_score(visit: Visit, situation: Situation) -> float:
    """Seed 000's `priority_score`: urgency x 0.6 + wait minutes x 0.3 + doctor load x 0.1, not rounded.

    The wait counts from arrival, with fractions. The load is that of the visit's own doctor, 0 without one.
    """
    urgency: int = visit["urgency"]
    minutes = wait_minutes(visit, situation.now_ms)
    return urgency * URGENCY_WEIGHT + minutes * WAIT_WEIGHT + _load(visit, situation) * LOAD_WEIGHT


def weighted(waiting: Sequence[Visit], situation: Situation) -> list[Ranked]:
    """Emergencies by arrival, then the highest `weighted_score` first; ties: earlier arrival, then lower number."""
    emergencies, others = parted(waiting)
    others.sort(key=lambda visit: (-_weighted_exactly(visit, situation), *arrival(visit)))
    return [
        *(ranked(visit, weighted_score(visit, situation), "emergency") for visit in emergencies),
        *(_weighted_why(visit, situation) for visit in others),
    ]


def tiered_priority(visit: Visit, now_ms: int) -> float:
    """Seed 001's priority at this moment, two decimals: base - min(hours since booking x 0.1, 1.0); lowest first.

    An emergency is in the emergency tier whatever its category.
    """
    created_ms: int = visit["created_at"]
    hours = max(0, now_ms - created_ms) / HOUR_MS
    return round(_base(visit) - min(hours * BONUS_PER_HOUR, BONUS_MAX), 2)


def tiered(waiting: Sequence[Visit], situation: Situation) -> list[Ranked]:
    """Emergencies, then the lowest `tiered_priority` first; ties: the better tier, then the earlier booking.

    The bonus never exceeds one tier, so (base, booked at) sorts exactly as the formula does, at every moment.
    """
    in_order = sorted(waiting, key=lambda v: (not v["is_emergency"], _base(v), v["created_at"], v["number"]))
    return [_tiered_why(visit, situation) for visit in in_order]


def _weighted_exactly(visit: Visit, situation: Situation) -> int:
    """`weighted_score` x 200,000, which is a whole number: equal scores are equal here, whatever floats make of them."""
    urgency: int = visit["urgency"]
    return urgency * 120_000 + wait_ms(visit, situation.now_ms) + _load(visit, situation) * 20_000


def _weighted_why(visit: Visit, situation: Situation) -> Ranked:
    score, load = weighted_score(visit, situation), _load(visit, situation)
    minutes = int(wait_minutes(visit, situation.now_ms))
    if load == 0:
        return ranked(visit, score, "weighted", urgency=visit["urgency"], minutes=minutes, points=round(score, 1))
    values = {"urgency": visit["urgency"], "minutes": minutes, "load": load, "points": round(score, 1)}
    return ranked(visit, score, "weighted_load", **values)


def _tiered_why(visit: Visit, situation: Situation) -> Ranked:
    priority = tiered_priority(visit, situation.now_ms)
    if visit["is_emergency"]:
        return ranked(visit, priority, "emergency")
    minutes = max(0, situation.now_ms - visit["created_at"]) // MINUTE_MS
    return ranked(visit, priority, f"tiered_{visit['category'].lower()}", minutes=minutes, priority=priority)


def _base(visit: Visit) -> int:
    return BASE["EMERGENCY" if visit["is_emergency"] else visit["category"]]


def _load(visit: Visit, situation: Situation) -> int:
    return 0 if visit["doctor_id"] is None else situation.load_of.get(visit["doctor_id"], 0)
