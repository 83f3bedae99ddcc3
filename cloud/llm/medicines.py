"""Which of somebody's medicines are to be taken now, as far as head office knows. Pure.

A medicine is given where its plan is followed, has begun and is not over, and no hold on it is in force or to come. In
doubt it is not: then nobody is told of it as one to be taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from difflib import SequenceMatcher
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from shared.doses.localtime import local_of
from shared.doses.plan import Item, Plan

ALIKE: Final = 0.8
"""How like the name in the plan a medicine's name as said must be, 0 to 1."""
_STRENGTH: Final = re.compile(r"\s+\d.*$")


class Hold(NamedTuple):
    """Nothing is given up to `until_ms`: of one item, of one plan, or of everything (both None)."""

    plan_id: str | None
    item_id: str | None
    until_ms: int


class Medicine(NamedTuple):
    """item: as the plan that is followed has it; None for one that stands in no such plan any more."""

    name: str
    item: Item | None
    given: bool


def medicines(plans: Sequence[Plan], holds: Sequence[Hold], before: Iterable[str], now_ms: int) -> tuple[Medicine, ...]:
    """plans: those that are followed.  before: names that stood in a plan of the person at any time."""
    now = [Medicine(item.medication, item, _given(plan, item, holds, now_ms)) for plan in plans for item in plan.items]
    known = {substance(one.name) for one in now}
    return (*now, *(Medicine(name, None, False) for name in dict.fromkeys(before) if substance(name) not in known))


def meant(said: str | None, all_: Sequence[Medicine]) -> Medicine | None:
    """The one medicine a question is about; None in doubt.

    Where none was named: the only one there is or was. Names that differ in strength alone are one medicine, and of these
    the one that stands in a plan is meant; a name that was said just so comes before those that are only like it.
    """
    if said is None or not said.strip():
        return all_[0] if len(all_) == 1 else None
    words = substance(said)
    alike = [one for one in all_ if substance(one.name) == words] or [one for one in all_ if _same(words, one.name)]
    if len({substance(one.name) for one in alike}) != 1:
        return None
    planned = [one for one in alike if one.item is not None]
    return planned[0] if len(planned) == 1 else None if planned else alike[0]


def substance(name: str) -> str:
    """A name without its strength, folded: "Metformin 500 mg" is "metformin"."""
    return _STRENGTH.sub("", " ".join(name.casefold().split()))


def _same(said: str, name: str) -> bool:
    whole = substance(name)
    first = whole.split()[0] if whole else whole
    return any(
        said == one or SequenceMatcher(None, said, one, autojunk=False).ratio() >= ALIKE for one in (whole, first)
    )


def _given(plan: Plan, item: Item, holds: Sequence[Hold], now_ms: int) -> bool:
    if any(
        now_ms < one.until_ms and one.plan_id in (None, plan.id) and one.item_id in (None, item.id) for one in holds
    ):
        return False
    today = local_of(now_ms, ZoneInfo(plan.timezone)).date()
    first = date.fromisoformat(plan.starts_on)
    if today < first or (plan.ends_on is not None and today > date.fromisoformat(plan.ends_on)):
        return False
    if any(step.timing.count is not None for step in item.steps):
        return False  # whether the last of so many was taken is not known here
    days = [step.days for step in item.steps]
    return None in days or today < first + timedelta(days=sum(one for one in days if one is not None))
