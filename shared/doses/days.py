"""Which days a step has, and at which minutes of the person's day: what the calendar says, before any time zone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from shared.doses.localtime import minutes_of
from shared.doses.model import DAYS, Step

DAY_MIN = 24 * 60


def is_day(step: Step, day: date, first: date) -> bool:
    """Whether the step has doses on `day`. first: its first day, from which periods and cycles count."""
    timing = step.timing
    since = (day - first).days
    if timing.cycle_on_days and since % (timing.cycle_on_days + (timing.cycle_off_days or 0)) >= timing.cycle_on_days:
        return False
    if timing.days_of_week and DAYS[day.weekday()] not in timing.days_of_week:
        return False
    if timing.days_of_month and not _is_of_month(timing.days_of_month, day):
        return False
    if timing.period_unit == "wk":
        weeks = ((day - timedelta(days=day.weekday())) - (first - timedelta(days=first.weekday()))).days // 7
        return weeks % timing.period == 0 and (bool(timing.days_of_week) or day.weekday() == first.weekday())
    if timing.period_unit == "mo":
        months = (day.year - first.year) * 12 + day.month - first.month
        return months % timing.period == 0 and (bool(timing.days_of_month) or _is_of_month((first.day,), day))
    return timing.period_unit == "h" or since % timing.period == 0


def _is_of_month(days: tuple[int, ...], day: date) -> bool:
    """A day that the month does not have is its last: nobody goes without for a month because it is short."""
    last = (date(day.year + day.month // 12, day.month % 12 + 1, 1) - timedelta(days=1)).day
    return day.day in days or (day.day == last and days[-1] > last)


def day_before(step: Step, day: date, first: date, look: int) -> date:
    """The last day of the step that lies two days or more before `day`, within `look` days; else the first."""
    for back in range(2, look):
        candidate = day - timedelta(days=back)
        if candidate <= first:
            return first
        if is_day(step, candidate, first):
            return candidate
    return first


def minutes(step: Step, meals: Mapping[str, str]) -> list[int]:
    """Minutes after midnight of each dose of a day, in order; beyond 24 h or before 0 where an offset leads there, or where
    somebody is awake over midnight."""
    timing = step.timing
    if timing.period_unit == "h":
        start, end = 0, DAY_MIN - 1
        if step.waking_only:
            start, end = minutes_of(meals["WAKE"]), minutes_of(meals["HS"])
            end += DAY_MIN if end <= start else 0
        return list(range(start, min(end, start + DAY_MIN - 1) + 1, timing.period * 60 // timing.frequency))
    at = [minutes_of(text) for text in timing.times_of_day]
    return sorted({*at, *(minutes_of(meals[code]) + timing.offset_min for code in timing.when)})
