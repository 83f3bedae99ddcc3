"""Doses that are due at another moment than their plan alone says: after a journey, and after the dose they follow. Pure.

The same at the clinic and at head office, whenever doses are planned: so that planning them again moves nothing back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from shared.doses.expansion import Occurrence
from shared.doses.localtime import DAY_MS, MINUTE_MS, local_of, nominal
from shared.doses.plan import Item, Plan, Step
from shared.doses.states import TAKEN, Status

NOT_TAKEN: Final = (Status.VOIDED, Status.HELD, Status.SKIPPED)
"""Nobody took such a dose, also where somebody was told of it."""
LOOK_BACK_MS: Final = 8 * DAY_MS
"""How far back the last dose of a medicine may lie for its gap to matter: a gap is at most 7 days."""
TO_COME: Final = (Status.PLANNED, Status.VOIDED)
"""What may still be planned at another moment, where nobody was told of it."""


class Known(NamedTuple):
    """A dose as it is kept. due_ms: as it was moved; told: somebody was asked to take it, or may have been."""

    item_id: str
    step: int
    status: Status
    due_ms: int
    tz: str
    taken_ms: int | None
    told: bool


class Ahead(NamedTuple):
    """A dose that may still be moved, by what it is of and when it is due."""

    id: str
    item_id: str
    due_ms: int


class _Last(NamedTuple):
    began_ms: int
    tz: str


def has_linked(plan: Plan) -> bool:
    """Whether any medicine of the plan follows another."""
    return any(step.mode == "linked" for item in plan.items for step in item.steps)


def reach_ms(plan: Plan) -> int:
    """How long before a dose the one may be due that it follows, by way of others too."""
    return MINUTE_MS * sum(
        max((step.linked_after_min for step in item.steps if step.mode == "linked"), default=0) for item in plan.items
    )


def counts_from(status: Status, due_ms: int, taken_ms: int | None) -> int:
    """The moment from which what follows a dose counts: when it was taken, or else when it is due."""
    return taken_ms if status in TAKEN and taken_ms is not None else due_ms


def following(plan: Plan, item_id: str, from_ms: int, ahead: Sequence[Ahead]) -> list[str]:
    """Which doses ahead count from a dose of `item_id` at `from_ms`, and from those in turn."""
    found: list[str] = []
    for item in plan.items:
        for step in item.steps:
            if step.mode == "linked" and step.linked_item == item_id:
                at_ms = from_ms + step.linked_after_min * MINUTE_MS
                for one in ahead:
                    if (one.item_id, one.due_ms) == (item.id, at_ms) and one.id not in found:
                        found += [one.id, *following(plan, item.id, at_ms, ahead)]
    return found


def left_over(plan: Plan, known: Mapping[str, Known]) -> dict[str, tuple[Item, Step]]:
    """Doses ahead that follow one that was taken of a medicine that counts from the last one, with what is to be taken.

    The plan goes on from there, and names them no more.
    """
    counting = {item.id for item in plan.items if any(step.mode == "from_last_taken" for step in item.steps)}
    taken = [row for row in known.values() if row.item_id in counting and row.status in TAKEN]
    steps = {(item.id, step.sequence): (item, step) for item in plan.items for step in item.steps}
    free = {id_: row for id_, row in known.items() if row.status is Status.PLANNED and not row.told}
    ahead = [Ahead(id_, row.item_id, row.due_ms) for id_, row in free.items()]
    found = [
        id_ for row in taken
        for id_ in following(plan, row.item_id, counts_from(row.status, row.due_ms, row.taken_ms), ahead)
    ]  # fmt: skip
    return {id_: steps[of] for id_ in found if (of := (free[id_].item_id, free[id_].step)) in steps}


def moved(plan: Plan, wanted: Sequence[Occurrence], known: Mapping[str, Known], now_ms: int) -> list[Occurrence]:
    """`wanted` in its order, each at the moment at which it is really due.

    A dose that follows another is due so long after that was taken, or else is due now. The first dose of a medicine after
    a journey waits for the medicine's gap after the last one, taken or told; the next is at its own time again.
    wanted: of `occurrences`, by time, from `reach_ms` before the first that matters.  known: the plan's doses due since
    LOOK_BACK_MS ago, by id. One that somebody was told of, or that is over, is not moved.
    """
    if not has_linked(plan) and not any(item.limits.min_gap_min for item in plan.items):
        return list(wanted)
    return _Moves(plan, wanted, known, now_ms).made()


class _Moves:
    def __init__(self, plan: Plan, wanted: Sequence[Occurrence], known: Mapping[str, Known], now_ms: int) -> None:
        self._wanted, self._known, self._now_ms = wanted, known, now_ms
        self._steps = {(item.id, step.sequence): step for item in plan.items for step in item.steps}
        self._gap_ms = {item.id: (item.limits.min_gap_min or 0) * MINUTE_MS for item in plan.items}
        self._at = {(one.item_id, one.due_at_ms): one for one in wanted}
        self._last = _last(known.values())
        self._first: dict[str, str] = {}
        for one in wanted:
            if self._is_ahead(one):
                self._first.setdefault(one.item_id, one.id)
        self._by_ms: dict[str, int] = {}

    def made(self) -> list[Occurrence]:
        return [shifted(one, self._shift_ms(one)) for one in self._wanted]

    def _is_ahead(self, one: Occurrence) -> bool:
        row = self._known.get(one.id)
        if row is None:
            return one.on_time_until_ms >= self._now_ms
        return row.status in TO_COME and not row.told

    def _shift_ms(self, one: Occurrence) -> int:
        if one.id not in self._by_ms:
            self._by_ms[one.id] = self._found_ms(one)
        return self._by_ms[one.id]

    def _found_ms(self, one: Occurrence) -> int:
        row = self._known.get(one.id)
        if not self._is_ahead(one):
            return 0 if row is None else row.due_ms - one.due_at_ms
        by_ms = self._of_lead_ms(one)
        last = self._last.get(one.item_id)
        if last is not None and self._first[one.item_id] == one.id and _is_journey(last.tz, one):
            by_ms = max(by_ms, last.began_ms + self._gap_ms[one.item_id] - one.due_at_ms)
        return by_ms

    def _of_lead_ms(self, one: Occurrence) -> int:
        step = self._steps[one.item_id, one.step]
        if step.mode != "linked":
            return 0
        lead = self._at.get((str(step.linked_item), one.due_at_ms - step.linked_after_min * MINUTE_MS))
        if lead is None:
            return 0
        row = self._known.get(lead.id)
        due_ms = lead.due_at_ms + self._shift_ms(lead)
        return (due_ms if row is None else counts_from(row.status, due_ms, row.taken_ms)) - lead.due_at_ms


def shifted(one: Occurrence, by_ms: int) -> Occurrence:
    """The same dose, with its windows, so much later (negative: earlier)."""
    if not by_ms:
        return one
    due_ms = one.due_at_ms + by_ms
    return one._replace(
        due_at_ms=due_ms, window_open_ms=one.window_open_ms + by_ms, on_time_until_ms=one.on_time_until_ms + by_ms,
        miss_at_ms=one.miss_at_ms + by_ms, nominal_local=nominal(due_ms, ZoneInfo(one.tz))[0],
    )  # fmt: skip


def _last(known: Iterable[Known]) -> dict[str, _Last]:
    """By item, the last dose that was taken, or that somebody was told of and may have taken."""
    found: dict[str, _Last] = {}
    for row in known:
        began_ms = row.taken_ms
        if began_ms is None and row.told and row.status not in NOT_TAKEN:
            began_ms = row.due_ms
        if began_ms is not None and (row.item_id not in found or began_ms > found[row.item_id].began_ms):
            found[row.item_id] = _Last(began_ms, row.tz)
    return found


def _is_journey(tz: str, one: Occurrence) -> bool:
    """Whether clocks where the last dose was show another time than those where this one is."""
    before, now = (local_of(one.due_at_ms, ZoneInfo(name)).utcoffset() for name in (tz, one.tz))
    return before != now
