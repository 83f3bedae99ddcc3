"""Who is called next: pure functions chosen by name for each queue. All put emergencies first.

order(): the policy, then the places given by hand. Its parts: policies_base (what goes in and out), policies_scores
(`weighted`, `tiered`), policies_turns (`appointment`, `fair`), policies_hand (pins). Whoever orders a queue imports this.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from edge.domain.policies_base import MINUTE_MS, WHY, Ranked, Situation, Visit, wait_minutes
from edge.domain.policies_hand import BEHIND_MAX, Pin, pin_into, with_placed
from edge.domain.policies_scores import BASE, tiered, tiered_priority, weighted, weighted_score
from edge.domain.policies_turns import appointment, appointment_streak, fair, fair_streak

__all__ = [
    "BASE", "BEHIND_MAX", "POLICIES", "POLICY_NAMES", "POLICY_OPTIONS", "WHY", "Option", "Pin", "Policy", "Ranked",
    "Situation", "Visit", "appointment", "describe", "fair", "first", "next_streak", "options_problem", "order",
    "pin_behind_next", "pin_for", "preview", "tiered", "tiered_priority", "wait_minutes", "weighted", "weighted_score",
    "with_options",
]  # fmt: skip

Policy = Callable[[Sequence[Visit], Situation], list[Ranked]]
"""The same visits in calling order, whatever order they came in; knows nothing of pins."""

POLICIES: dict[str, Policy] = {"weighted": weighted, "tiered": tiered, "appointment": appointment, "fair": fair}
POLICY_NAMES = tuple(POLICIES)


class Option(NamedTuple):
    """A whole number that a policy can be given, from `low` to `high`."""

    low: int
    high: int
    default: int
    words: str


POLICY_OPTIONS: dict[str, dict[str, Option]] = {
    "weighted": {},
    "tiered": {},
    "appointment": {},
    "fair": {
        "ratio": Option(1, 9, 2, "Normal visits called for each one of priority"),
        "age_min": Option(5, 240, 30, "Minutes of waiting after which anybody counts as priority"),
    },
}

_DESCRIPTIONS = {
    "weighted": "The most urgent and the longest waiting first: urgency, minutes of waiting and the doctor's load give points.",
    "tiered": "By category: priority paid, follow-up, online, walk-in; a long time since booking counts up to one category.",
    "appointment": "Hour by hour: those booked for the hour and those who walked in during it take turns.",
    "fair": "First come, first served in two lines that take turns: priority and all others; who waited long may use both.",
}


def order(policy: str, waiting: Sequence[Visit], situation: Situation) -> list[Ranked]:
    """The waiting in calling order: as the policy says, then the places given by hand, emergencies before all others.

    The order does not depend on the order of `waiting`. Who was placed by hand is left out of the policy, so it takes no
    turn from the others. Raises KeyError for a policy that is not in POLICY_NAMES.
    """
    rank = POLICIES[policy]
    in_order = rank([visit for visit in waiting if visit["pin"] is None], situation)
    placed = [visit for visit in waiting if visit["pin"] is not None]
    return with_placed(in_order, rank(placed, situation)) if placed else in_order


def first(policy: str, waiting: Sequence[Visit], situation: Situation) -> Ranked | None:
    """Who is called next, and why; None when nobody waits."""
    return next(iter(order(policy, waiting, situation)), None)


def next_streak(policy: str, called: Visit, situation: Situation) -> int:
    """The queue's streak after a call, kept for the next Situation. `called`: the visit as it waited.

    `fair` counts normal visits since the last of priority, `appointment` booked ones since the last walk-in; the others
    keep 0. Emergencies and visits placed by hand are outside the turns and leave it as it was. Starts at 0 when a queue
    gets another policy.
    """
    if policy not in _STREAKS:
        return 0
    if called["is_emergency"] or called["pin"] is not None:
        return situation.streak
    return _STREAKS[policy](called, situation)


def pin_for(policy: str, waiting: Sequence[Visit], situation: Situation, visit: Visit, place: int) -> Pin:
    """The pin with which `visit` stands at `place` of order(), counted from 1; beyond the end means last.

    `visit` may be one of `waiting` or come back to it. Who is no emergency gets no place before one.
    """
    return pin_into(order(policy, _without(visit, waiting), situation), visit, place, situation.now_ms)


def pin_behind_next(policy: str, waiting: Sequence[Visit], situation: Situation, visit: Visit, count: int = 2) -> Pin:
    """The pin that puts a skipped visit behind the next `count` waiting: after its place, or of the line if it was called."""
    numbers = [r.visit["number"] for r in order(policy, waiting, situation)]
    place = numbers.index(visit["number"]) + 1 if visit["number"] in numbers else 1
    return pin_for(policy, waiting, situation, visit, place + count)


def preview(
    waiting: Sequence[Visit], before: str, after: str, situation_before: Situation, situation_after: Situation
) -> list[dict[str, Any]]:
    """What another policy would do to the people waiting now: the new order, each with the place of before."""
    old = {r.visit["number"]: place for place, r in enumerate(order(before, waiting, situation_before), 1)}
    return [
        {"number": r.visit["number"], "token": r.visit["token"], "place_before": old[r.visit["number"]],
         "place_after": place, "why": r.why, "why_code": r.why_code, "why_values": r.why_values}
        for place, r in enumerate(order(after, waiting, situation_after), 1)
    ]  # fmt: skip


def describe(policy: str) -> str:
    """One sentence about a policy, for the form in which it is chosen."""
    return f"{_DESCRIPTIONS[policy]} Emergencies come before all others."


def options_problem(policy: str, options: Mapping[str, int]) -> str | None:
    """What is wrong with a policy's name or options, in a sentence; None when nothing is."""
    if policy not in POLICIES:
        return f"There is no policy {policy!r}; choose one of {', '.join(POLICY_NAMES)}."
    known = POLICY_OPTIONS[policy]
    for name, value in options.items():
        if name not in known:
            return f"The policy {policy} has no option {name!r}."
        low, high = known[name].low, known[name].high
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            return f"{name} is a whole number from {low} to {high}."
    return None


def with_options(situation: Situation, policy: str, options: Mapping[str, int]) -> Situation:
    """The situation with a policy's options set, or their defaults."""
    chosen = {name: options.get(name, option.default) for name, option in POLICY_OPTIONS[policy].items()}
    if policy == "fair":
        return situation._replace(ratio=chosen["ratio"], age_ms=chosen["age_min"] * MINUTE_MS)
    return situation


_STREAKS: dict[str, Callable[[Visit, Situation], int]] = {"fair": fair_streak, "appointment": appointment_streak}


def _without(visit: Visit, waiting: Sequence[Visit]) -> list[Visit]:
    return [other for other in waiting if other["number"] != visit["number"]]
