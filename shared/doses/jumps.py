"""What a clock that is set makes of the time between two doses: of medicines for which it matters. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import NamedTuple

from shared.doses.expansion import Occurrence
from shared.doses.localtime import DAY_MS, HOUR_MS
from shared.doses.plan import Item, Plan


class Stands(NamedTuple):
    """A dose as it stands: when it is due, and what the clock there shows then."""

    id: str
    item_id: str
    due_ms: int
    nominal_local: str
    tz: str


class Jump(NamedTuple):
    """Two doses of one medicine, the second `dose_id`, between which a clock is set. Hours."""

    dose_id: str
    medication: str
    really_h: float
    shown_h: float
    from_local: str
    to_local: str


def jumps(plan: Plan, wanted: Iterable[Occurrence], kept: Iterable[Stands], told: Container[str]) -> Iterator[Jump]:
    """A time-critical medicine several times a day, by the clock, over the hour a clock jumps.

    wanted: the doses as planned now.  kept: those that have rows and are not void.  told: ids of doses that had rows before:
    about those somebody was told then.
    """
    planned, rows = list(wanted), list(kept)
    for item in plan.items:
        if item.policy_class == "TIME_CRITICAL":
            yield from _of(item, planned, rows, told)


def title(jump: Jump) -> str:
    """Of the alert about it."""
    return f"{jump.medication}: {jump.really_h:g} h instead of {jump.shown_h:g} h between two doses"


def says(jump: Jump) -> dict[str, object]:
    """The same as a code and values (`shared.events.CARE_ALERT_FIELDS`)."""
    return {
        "code": "gap", "medicines": [jump.medication], "really_h": round(jump.really_h, 2), "shown_h": round(jump.shown_h, 2),
    }  # fmt: skip


def _of(item: Item, wanted: Iterable[Occurrence], kept: Iterable[Stands], told: Container[str]) -> Iterator[Jump]:
    steps = {step.sequence for step in item.steps if step.mode == "clock"}
    if not steps:
        return
    mine = {one.id: one for one in kept if one.item_id == item.id}
    mine |= {
        one.id: Stands(one.id, one.item_id, one.due_at_ms, one.nominal_local, one.tz) for one in wanted
        if one.item_id == item.id and one.step in steps
    }  # fmt: skip
    for a, b in pairwise(sorted(mine.values(), key=lambda one: (one.due_ms, one.nominal_local, one.tz))):
        shown_ms, really_ms = _shown_ms(b.nominal_local) - _shown_ms(a.nominal_local), b.due_ms - a.due_ms
        if a.tz == b.tz and shown_ms < DAY_MS and shown_ms != really_ms and b.id not in told:
            yield Jump(b.id, item.medication, really_ms / HOUR_MS, shown_ms / HOUR_MS, a.nominal_local, b.nominal_local)


def _shown_ms(nominal_local: str) -> int:
    return round(datetime.fromisoformat(nominal_local).replace(tzinfo=UTC).timestamp() * 1000)
