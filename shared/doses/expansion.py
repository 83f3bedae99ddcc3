"""From a plan to its doses: each with the moment it is due, for the days ahead.

Times of day are the person's own clock, put into UTC dose by dose, so that a jump of the clock neither loses nor doubles one.
The id of a dose follows from plan, item, step and the time on the clock alone: expanding again gives the same doses.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from shared.doses.days import DAY_MIN, day_before, is_day, minutes
from shared.doses.localtime import DAY_MS, HOUR_MS, MINUTE_MS, local_of, minutes_of, moment_ms, nominal
from shared.doses.model import Item, Plan, Step
from shared.doses.windows import windows

HORIZON_DAYS: Final = 14
LOOK_BEYOND: Final = 400
"""Days on either side of a range that are looked at for the neighbours of a dose, at most: its windows need them."""
DEFAULT_MEAL_TIMES: Final[Mapping[str, str]] = {
    "WAKE": "07:00", "ACM": "07:30", "PCM": "08:30", "ACD": "12:00", "PCD": "13:00", "ACV": "18:00", "PCV": "19:00",
    "HS": "22:00", "MORN": "08:00", "NOON": "12:00", "AFT": "15:00", "EVE": "18:00", "NIGHT": "22:00",
}  # fmt: skip
"""What stands for a meal time that nobody has set for the person."""
_UNIT_MS: Final = {"h": HOUR_MS, "d": DAY_MS, "wk": 7 * DAY_MS, "mo": 30 * DAY_MS}


class Occurrence(NamedTuple):
    """A dose that is planned. Moments are ms since 1970 UTC; nominal_local is what the clock in `tz` shows when it is due."""

    id: str
    plan_id: str
    item_id: str
    step: int
    revision: int
    nominal_local: str
    fold: int
    tz: str
    due_at_ms: int
    window_open_ms: int
    on_time_until_ms: int
    miss_at_ms: int
    quantity: float
    unit: str
    medication: str


class _Due(NamedTuple):
    """wanted: the time on the clock as it was asked for, also one that does not exist; with `fold` it names the dose.

    named_in: the zone that clock is in. What counts hours is named in the plan's own zone, wherever the device is.
    """

    at_ms: int
    step: Step
    wanted: str
    fold: int
    named_in: ZoneInfo


class _Asked(NamedTuple):
    """What is wanted of a plan. zone: in which the person lives now."""

    plan: Plan
    zone: ZoneInfo
    home: ZoneInfo
    from_ms: int
    until_ms: int
    meals: Mapping[str, str]
    taken: Mapping[str, int]
    begins_ms: int | None


def occurrence_id(plan_id: str, item_id: str, step: int, nominal_local: str, fold: int) -> str:
    """32 hex digits. nominal_local: as the plan asks for it, "2026-03-29T02:30", also where that time does not exist."""
    text = "\n".join((plan_id, item_id, str(step), nominal_local, str(fold)))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def occurrences(
    plan: Plan,
    from_ms: int,
    until_ms: int,
    meal_times: Mapping[str, str] | None = None,
    last_taken_ms: Mapping[str, int] | None = None,
    device_tz: str | None = None,
    begins_ms: int | None = None,
) -> list[Occurrence]:
    """The doses due from `from_ms` (included) to `until_ms` (not), by due time, then item. As needed is never due.

    meal_times: the person's own "HH:MM" by code.  last_taken_ms: by item, when it was last taken (or given up): doses that
    count from there give one dose, the next.  device_tz: where the device is; it counts for plans of tz_policy "device"
    alone, and not for what counts hours.

    begins_ms: since when somebody follows the plan. What counts from the last one is not due before: the first, where none was
    taken, is due at the first `first_at` from then on, also of a later day than the plan's first; one that would have been due
    before goes on at its own gaps, as if each had been missed. None: not asked, and such a dose may lie in the past.
    """
    home = ZoneInfo(plan.timezone)
    zone = ZoneInfo(device_tz) if device_tz and plan.tz_policy == "device" else home
    meals = {**DEFAULT_MEAL_TIMES, **(meal_times or {})}
    asked = _Asked(plan, zone, home, from_ms, until_ms, meals, last_taken_ms or {}, begins_ms)
    found = [one for item in plan.items for one in _of_item(asked, item)]
    return sorted(found, key=lambda one: (one.due_at_ms, one.item_id, one.step))


def _of_item(asked: _Asked, item: Item) -> list[Occurrence]:
    dues = list(_around(asked, item))
    made = []
    for place, due in enumerate(dues):
        if not asked.from_ms <= due.at_ms < asked.until_ms:
            continue
        after = dues[place + 1].at_ms - due.at_ms if place + 1 < len(dues) else None
        before = due.at_ms - dues[place - 1].at_ms if place else None
        made.append(_occurrence(asked, item, due, after or before or usual_gap_ms(due.step), before))
    return made


def _occurrence(asked: _Asked, item: Item, due: _Due, gap_ms: int, before_ms: int | None) -> Occurrence:
    plan = asked.plan
    shown, fold = nominal(due.at_ms, asked.zone)
    when = windows(item.policy_class, due.at_ms, gap_ms, before_ms, item.missed_at_share)
    return Occurrence(
        occurrence_id(plan.id, item.id, due.step.sequence, due.wanted, due.fold), plan.id, item.id, due.step.sequence,
        plan.revision, shown, fold, asked.zone.key, due.at_ms, *when, due.step.quantity, item.unit, item.medication,
    )  # fmt: skip


def usual_gap_ms(step: Step) -> int:
    """Between two doses, where a step has only one; of one that counts from the last, how long after it."""
    return step.timing.period * _UNIT_MS[step.timing.period_unit] // step.timing.frequency


def _around(asked: _Asked, item: Item) -> Iterator[_Due]:
    """All doses of the item in the range, the last one before it and the first after it, in order of time, none twice."""
    before: _Due | None = None
    last_ms: int | None = None
    for due in _dues(asked, item):
        if due.at_ms == last_ms:
            continue  # two times of the day that a jump of the clock has put on one moment are one dose
        last_ms = due.at_ms
        if due.at_ms < asked.from_ms:
            before = due
            continue
        if before is not None:
            yield before
            before = None
        yield due
        if due.at_ms >= asked.until_ms:
            return


def _dues(asked: _Asked, item: Item) -> Iterator[_Due]:
    """In order of time, from a dose before the range on; the last of a step may come after the first of the next."""
    if item.as_needed:
        return
    plan = asked.plan
    first = date.fromisoformat(plan.starts_on)
    end = date.fromisoformat(plan.ends_on) if plan.ends_on else None
    steps = []
    for step in item.steps:
        last = end
        if step.days is not None:
            last = first + timedelta(days=step.days - 1)
            last = min(last, end) if end else last
        if last is None or first <= last:
            steps.append(_of_step(asked, item, step, first, last))
        if step.days is None:
            break
        first += timedelta(days=step.days)
    yield from heapq.merge(*steps, key=lambda due: due.at_ms)


def _of_step(asked: _Asked, item: Item, step: Step, first: date, last: date | None) -> Iterator[_Due]:
    if step.mode == "clock":
        return _by_clock(asked, step, first, last)
    begin_ms = moment_ms(first, 0, asked.home)
    end_ms = moment_ms(last + timedelta(days=1), 0, asked.home) if last else asked.until_ms + LOOK_BEYOND * DAY_MS
    if step.mode == "linked":
        return _linked(asked, step, begin_ms, end_ms)
    start_ms = moment_ms(first, minutes_of(step.first_at or asked.meals["WAKE"]), asked.home)
    if step.mode == "elapsed":
        return _every(asked, step, start_ms, end_ms)
    return _from_last(asked, item, step, start_ms, begin_ms, end_ms)


def _counted(asked: _Asked, step: Step, at_ms: int) -> _Due:
    return _Due(at_ms, step, *nominal(at_ms, asked.home), asked.home)


def _every(asked: _Asked, step: Step, start_ms: int, end_ms: int) -> Iterator[_Due]:
    """Every `period` hours of real time, whatever clocks do."""
    gap_ms = usual_gap_ms(step)
    how_many = max(0, -(-(end_ms - start_ms) // gap_ms))
    if step.timing.count is not None:
        how_many = min(how_many, step.timing.count)
    near = (asked.from_ms - start_ms) // gap_ms - 1
    for number in range(max(0, min(near, how_many - 1)), how_many):
        yield _counted(asked, step, start_ms + number * gap_ms)


def _from_last(asked: _Asked, item: Item, step: Step, start_ms: int, begin_ms: int, end_ms: int) -> Iterator[_Due]:
    """One dose: the next, so long after the last one; the first where none was taken, or too long before the step."""
    last_ms, gap_ms = asked.taken.get(item.id), usual_gap_ms(step)
    next_ms = None if last_ms is None else last_ms + gap_ms
    if next_ms is None or next_ms < begin_ms:
        at_ms = start_ms if asked.begins_ms is None else _first(asked, step, start_ms, asked.begins_ms)
    else:
        late_ms = 0 if asked.begins_ms is None else asked.begins_ms - next_ms
        at_ms = next_ms + max(0, -(-late_ms // gap_ms)) * gap_ms
    if at_ms < end_ms:
        yield _counted(asked, step, at_ms)


def _first(asked: _Asked, step: Step, start_ms: int, begins_ms: int) -> int:
    """The first moment from `begins_ms` on at which a clock at home shows when the first dose is due; `start_ms` or later."""
    if start_ms >= begins_ms:
        return start_ms
    day, minute = local_of(begins_ms, asked.home).date(), minutes_of(step.first_at or asked.meals["WAKE"])
    return next(
        at_ms for more in range(3) if (at_ms := moment_ms(day + timedelta(days=more), minute, asked.home)) >= begins_ms
    )


def _linked(asked: _Asked, step: Step, begin_ms: int, end_ms: int) -> Iterator[_Due]:
    """So many minutes after each dose of the other item is due."""
    other = next(item for item in asked.plan.items if item.id == step.linked_item)
    after_ms = step.linked_after_min * MINUTE_MS
    earlier = asked._replace(from_ms=asked.from_ms - after_ms, until_ms=asked.until_ms - after_ms)
    for due in _around(earlier, other):
        at_ms = due.at_ms + after_ms
        if begin_ms <= at_ms < end_ms:
            yield _Due(at_ms, step, *nominal(at_ms, due.named_in), due.named_in)


def _by_clock(asked: _Asked, step: Step, first: date, last: date | None) -> Iterator[_Due]:
    """By times of the person's day, on the days the step has; from a day before the range, or from the first with a count."""
    at_minutes = minutes(step, asked.meals)
    day = first
    if step.timing.count is None:
        since = local_of(asked.from_ms, asked.zone).date()
        day = max(first, day_before(step, min(since, last + timedelta(days=2)) if last else since, first, LOOK_BEYOND))
    horizon = local_of(asked.until_ms, asked.zone).date() + timedelta(days=LOOK_BEYOND)
    left = step.timing.count
    waiting: list[_Due] = []
    while day <= (min(last, horizon) if last else horizon) and left != 0:
        if is_day(step, day, first):
            of_day = at_minutes if left is None else at_minutes[:left]
            left = None if left is None else left - len(of_day)
            made = [_at_minute(asked, step, day, minute) for minute in of_day]
            # a time that a jump of the clock moves on may come after one that stands later in the day, or on the next
            soonest_ms = min(due.at_ms for due in made)
            yield from (due for due in waiting if due.at_ms < soonest_ms)
            waiting = sorted([due for due in waiting if due.at_ms >= soonest_ms] + made, key=lambda due: due.at_ms)
        day += timedelta(days=1)
    yield from waiting


def _at_minute(asked: _Asked, step: Step, day: date, minute: int) -> _Due:
    on, rest = day + timedelta(days=minute // DAY_MIN), minute % DAY_MIN
    wanted = f"{on.isoformat()}T{rest // 60:02}:{rest % 60:02}"
    return _Due(moment_ms(on, rest, asked.zone), step, wanted, 0, asked.zone)
