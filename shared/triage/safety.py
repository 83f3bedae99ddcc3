"""What counts in the end when rules, words and a model each say something: a model may raise, and nothing lowers."""

from __future__ import annotations

from typing import Final, NamedTuple

MODEL_MAX: Final = 9
"""A model alone never makes somebody a 10."""
REVIEW_ABOVE: Final = 3
"""A raise by more than this carries a badge: a nurse looks."""
NOT_ANALYSED: Final = 5


class Verdict(NamedTuple):
    """urgency: 0 to 10.  raised_by_model: by how much it stands above what the rules say.  review: a nurse should look."""

    urgency: int
    raised_by_model: int
    review: bool


def final(rules: int, red_flags: int, model: int | None) -> Verdict:
    """care.md §4.6: max(rules, red flags, min(model, 9)).

    rules, red_flags: 0 to 10, 0 for nothing found.  model: what a model said, or None where there is none, where it did not
    answer in time or in shape, or where it is not sure: then the result is never below 5.
    Whatever the model says, the result is never below what it would be without the rules' own findings being met.
    """
    floor = max(0, min(10, rules), min(10, red_flags))
    if model is None:
        return Verdict(max(floor, NOT_ANALYSED), 0, False)
    urgency = max(floor, min(max(0, model), MODEL_MAX))
    return Verdict(urgency, urgency - floor, urgency - floor > REVIEW_ABOVE)
