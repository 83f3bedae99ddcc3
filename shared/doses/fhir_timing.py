"""FHIR R4 Timing.repeat: how often, when, and for how long; with the rules tim-2, tim-5, tim-9 and tim-10."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from shared.doses.fhir_words import UNITS, USUAL_TIMES, is_before, is_mixed
from shared.doses.model import DAYS, WHEN
from shared.doses.plan_reading import At, BadPlan, each, only

_BOUNDS = ("boundsPeriod", "boundsDuration")
_REPEAT = ("count", "frequency", "period", "periodUnit", "dayOfWeek", "timeOfDay", "when", "offset")
_TIMES_MAX: Final = 24
Json = dict[str, Any]


class Bounds(NamedTuple):
    """start, end: days of the person, both included.  amount, unit: how long instead; d, wk or mo."""

    start: date | None = None
    end: date | None = None
    amount: int | None = None
    unit: str = "d"

    def days(self, start: date, path: str) -> int | None:
        """How many, from `start` on; None: without end. A month is that of the calendar."""
        if self.end is not None:
            if self.end < start:
                raise BadPlan(f"{path}.boundsPeriod.end", "is before the start")
            return (self.end - start).days + 1
        if self.amount is None or self.unit != "mo":
            return None if self.amount is None else self.amount * {"d": 1, "wk": 7}[self.unit]
        month = start.month - 1 + self.amount
        year, month = start.year + month // 12, month % 12 + 1
        for day in range(start.day, 0, -1):
            try:
                return (date(year, month, day) - start).days
            except ValueError:
                continue  # the month is shorter
        raise AssertionError("every month has a first day")


def bounds_of(at: At, step: Json, zone: str) -> Bounds:
    """How long a step lasts. A moment that it starts at is the first dose of one that counts hours."""
    if at.body.get("boundsDuration") is not None:
        duration = at.part("boundsDuration")
        only(duration, ("value", "unit", "code", "system"))
        unit = duration.text("code") or duration.text("unit")
        if unit not in ("d", "wk", "mo"):
            raise BadPlan(duration.path, "is in d, wk or mo")
        amount = duration.whole("value", 1, 3660)
        if amount is None:
            raise BadPlan(duration.where("value"), "is missing")
        return Bounds(amount=amount, unit=unit)
    period = at.part("boundsPeriod")
    only(period, ("start", "end", "id"))
    start, time = _day(period, "start", zone)
    if time is not None and step.get("mode") == "elapsed":
        step.setdefault("first_at", time)
    return Bounds(start, _day(period, "end", zone)[0])


def _day(at: At, name: str, zone: str) -> tuple[date | None, str | None]:
    """The day of a dateTime, and the time of day if it has one, as the person's clock shows them."""
    text = at.text(name)
    try:
        if "T" not in text:
            return (date.fromisoformat(text) if text else None), None
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise BadPlan(at.where(name), "has a time without its offset")
        local = moment.astimezone(ZoneInfo(zone))
    except (ValueError, OverflowError) as error:
        raise BadPlan(at.where(name), "is a date, YYYY-MM-DD, or a moment with its offset") from error
    return local.date(), local.strftime("%H:%M")


def limits_as_needed(at: At) -> Json:
    """ "As needed, every four hours" is a gap; "as needed, three times a day" a limit."""
    only(at, ("frequency", "period", "periodUnit", *_BOUNDS))
    if all(at.body.get(name) is None for name in ("frequency", "period")):
        return {}
    frequency, period, unit = _how_often(at)
    if unit == "mo":
        raise BadPlan(at.where("periodUnit"), "is h, d or wk for what is taken as needed")
    hours = period * {"h": 1, "d": 24, "wk": 168}[unit]
    if unit == "h":
        return {"min_gap_min": max(1, hours * 60 // frequency)}
    return {"max_doses": frequency, "max_hours": hours}


def timing_of(at: At, step: Json) -> Json:
    """Timing and mode of a step. What it says by extensions stands in `step` already."""
    own = step.get("timing", {})
    mode = step.get("mode")
    if mode == "linked":
        only(at, _BOUNDS)
        return {}
    if not at.body:
        raise BadPlan(at.path, "is missing")
    only(at, _REPEAT, _BOUNDS)
    frequency, period, unit = _how_often(at)
    days = each(at, "dayOfWeek", 7, lambda one: one in DAYS, f"one of {', '.join(DAYS)}")
    when = each(at, "when", _TIMES_MAX, lambda one: one in WHEN, f"one of {', '.join(WHEN)}")
    times = [one[:5] for one in each(at, "timeOfDay", _TIMES_MAX, _is_minute, "HH:MM:00")]
    timing: Json = {"period": period, "period_unit": unit}
    if at.body.get("count") is not None:
        timing["count"] = at.whole("count", 1, 10_000)
    offset = at.whole("offset", 0, 24 * 60)
    if offset is not None and not when:
        raise BadPlan(at.where("offset"), "needs a `when` (tim-9)")
    if times and when:
        raise BadPlan(at.where("when"), "stands beside timeOfDay (tim-10)")
    if offset and is_mixed(when):
        raise BadPlan(at.where("offset"), "counts backwards from some of these meals, and on from others")
    counts = unit == "h" or mode in ("elapsed", "from_last_taken")
    if not times and not when and not counts:
        times = _usual_times(at, frequency, period, unit, days)
    if days:
        timing["days_of_week"] = days
    if times:
        timing["times_of_day"] = times
    if when:
        timing |= {"when": when, "offset_min": (offset or 0) * (-1 if is_before(when) else 1)}
    if at.body.get("frequency") is not None:
        timing["frequency"] = _a_day(at, frequency, len(times) + len(when), unit, days, counts=counts)
    return {"mode": mode or ("elapsed" if unit == "h" else "clock"), "timing": {**timing, **own}}


def _how_often(at: At) -> tuple[int, int, str]:
    """Frequency, period and its unit."""
    if at.body.get("period") is not None and at.body.get("periodUnit") is None:
        raise BadPlan(at.where("periodUnit"), "is missing: a period needs a unit (tim-2)")
    unit = at.choice("periodUnit", UNITS, "d")
    period = at.number("period", 0, 1e6)
    if period is not None and (period != int(period) or period < 1):
        raise BadPlan(at.where("period"), "is a whole number from 1")
    return at.whole("frequency", 1, _TIMES_MAX * 7) or 1, int(period or 1), unit


def _is_minute(one: Any) -> bool:
    return isinstance(one, str) and len(one) == 8 and one.endswith(":00")


def _usual_times(at: At, frequency: int, period: int, unit: str, days: list[str]) -> list[str]:
    """Where a request says how often, and not when."""
    if unit == "wk" and days and frequency == len(days):
        frequency = 1
    if frequency > 1 and (unit != "d" or period > 1):
        raise BadPlan(at.where("timeOfDay"), "is missing: say on which days, and at what times")
    if frequency not in USUAL_TIMES:
        raise BadPlan(at.where("timeOfDay"), "is missing: more than four times a day need their times")
    return USUAL_TIMES[frequency]


def _a_day(at: At, frequency: int, given: int, unit: str, days: list[str], *, counts: bool) -> int:
    """How often on each day. FHIR counts all days of a week, a plan those of one day."""
    if unit != "wk" or counts:
        return frequency
    if frequency != given * max(1, len(days)) or (not days and frequency > 1):
        raise BadPlan(
            at.where("frequency"), "is not what the days and times come to: say on which days, and at what times"
        )
    return given
