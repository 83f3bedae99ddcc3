"""When, as a plan says it: read, or refused by the name of the field.

FHIR's own rules that are kept: tim-2 a period needs a unit, tim-5 it is not negative, tim-9 an offset needs a `when`,
tim-10 times of day or `when`, not both.
"""

from __future__ import annotations

import re
from typing import Final, cast

from shared.doses.model import DAYS, WHEN, Mode, PeriodUnit, Timing
from shared.doses.plan_reading import At, BadPlan, each

TIME: Final = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d")
TIMES_MAX: Final = 24
"""In a day: also nothing more often than every hour."""
PERIOD_MAX: Final[dict[PeriodUnit, int]] = {"h": 366, "d": 366, "wk": 52, "mo": 12}
_FIELDS = (
    "frequency", "period", "period_unit", "days_of_week", "times_of_day", "when", "offset_min", "count", "cycle_on_days",
    "cycle_off_days", "days_of_month",
)  # fmt: skip


def timing_of(at: At, mode: Mode, *, as_needed: bool, waking_only: bool) -> Timing:
    """Raises BadPlan naming the field. What is taken as needed says nothing of when."""
    at.known(_FIELDS)
    unit = cast(PeriodUnit, at.choice("period_unit", ("h", "d", "wk", "mo"), "d"))
    if at.body.get("period") is not None and at.body.get("period_unit") is None:
        raise BadPlan(at.where("period_unit"), "is missing: a period needs a unit (tim-2)")
    times = each(at, "times_of_day", TIMES_MAX, lambda one: isinstance(one, str) and bool(TIME.fullmatch(one)), "HH:MM")
    when = each(at, "when", TIMES_MAX, lambda one: one in WHEN, f"one of {', '.join(WHEN)}")
    days = each(at, "days_of_week", 7, lambda one: one in DAYS, f"one of {', '.join(DAYS)}")
    month = each(at, "days_of_month", 31, lambda one: type(one) is int and 1 <= one <= 31, "a day from 1 to 31")
    offset = at.whole("offset_min", -24 * 60, 24 * 60)
    if offset is not None and not when:
        raise BadPlan(at.where("offset_min"), "needs a `when` (tim-9)")
    if times and when:
        raise BadPlan(at.where("when"), "stands beside times of day: give one or the other (tim-10)")
    timing = Timing(
        frequency=at.whole("frequency", 1, TIMES_MAX) or max(1, len(times) + len(when)),
        period=at.whole("period", 1, PERIOD_MAX[unit]) or 1, period_unit=unit, days_of_week=tuple(days),
        times_of_day=tuple(sorted(times)), when=tuple(when), offset_min=offset or 0, count=at.whole("count", 1, 10_000),
        cycle_on_days=at.whole("cycle_on_days", 1, 366), cycle_off_days=at.whole("cycle_off_days", 1, 366),
        days_of_month=tuple(sorted(month)),
    )  # fmt: skip
    _check_days(at, timing)
    if mode == "linked":
        if timing != Timing():
            raise BadPlan(at.path, "has no place beside the mode linked: the other medicine says when")
    elif as_needed:
        if timing != Timing() or mode != "clock":
            raise BadPlan(
                at.path, "has no place beside as_needed, which is never due: give limits, such as min_gap_min"
            )
    elif mode in ("elapsed", "from_last_taken"):
        _check_elapsed(at, timing, mode)
    else:
        _check_clock(at, timing, waking_only=waking_only)
    return timing


def _check_days(at: At, timing: Timing) -> None:
    """Days that would contradict one another, or the period."""
    if (timing.cycle_on_days is None) != (timing.cycle_off_days is None):
        raise BadPlan(at.where("cycle_off_days"), "days on and days off go together")
    by_day = timing.period_unit == "h" or (timing.period_unit == "d" and timing.period == 1)
    if timing.cycle_on_days is not None and not by_day:
        raise BadPlan(at.where("cycle_on_days"), "counts days: the period is one day")
    if timing.days_of_week and not (by_day or timing.period_unit == "wk"):
        raise BadPlan(at.where("days_of_week"), "goes with a period of one day, or of weeks")
    if timing.days_of_month and not (by_day or timing.period_unit == "mo"):
        raise BadPlan(at.where("days_of_month"), "goes with a period of one day, or of months")


def _check_elapsed(at: At, timing: Timing, mode: Mode) -> None:
    if timing.period_unit == "mo":
        raise BadPlan(at.where("period_unit"), f"is h, d or wk: the mode {mode} counts hours")
    for name in ("times_of_day", "when", "days_of_week", "days_of_month", "cycle_on_days"):
        if getattr(timing, name):
            raise BadPlan(at.where(name), f"has no place in the mode {mode}, which counts hours")
    if mode == "from_last_taken" and timing.count is not None:
        raise BadPlan(at.where("count"), "has no place in the mode from_last_taken: give the step its days")
    _check_gap(at, timing)


def _check_clock(at: At, timing: Timing, *, waking_only: bool) -> None:
    if timing.period_unit == "h":
        if timing.times_of_day or timing.when:
            raise BadPlan(at.where("times_of_day"), "every so many hours has no times of day besides")
        _check_gap(at, timing)
        if 24 * 60 * timing.frequency % (timing.period * 60) and not waking_only:
            raise BadPlan(at.where("period"), "does not divide a day: use the mode elapsed")
        if timing.period * 60 % timing.frequency:
            raise BadPlan(at.where("frequency"), "does not divide the period into whole minutes")
        return
    given = len(timing.times_of_day) + len(timing.when)
    if not given:
        raise BadPlan(at.where("times_of_day"), "is missing: say when, by times or by meals", "no_times")
    if timing.frequency != given:
        raise BadPlan(at.where("frequency"), "is not the number of times given")


def _check_gap(at: At, timing: Timing) -> None:
    """No more often than every hour."""
    if timing.period_unit == "h" and timing.frequency > timing.period:
        raise BadPlan(at.where("frequency"), f"is more than {TIMES_MAX} times a day")
    if timing.period_unit == "d" and timing.frequency > TIMES_MAX * timing.period:
        raise BadPlan(at.where("frequency"), f"is more than {TIMES_MAX} times a day")
