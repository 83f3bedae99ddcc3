"""What a medication plan consists of: items, their steps, and when in each. `plan.py` reads one, or says what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WHEN: Final = ("WAKE", "ACM", "PCM", "ACD", "PCD", "ACV", "PCV", "HS", "MORN", "NOON", "AFT", "EVE", "NIGHT")
"""FHIR EventTiming codes that are understood: before (A) and after (P) breakfast (CM), lunch (CD) and dinner (CV)."""

PeriodUnit = Literal["h", "d", "wk", "mo"]
Mode = Literal["clock", "elapsed", "from_last_taken", "linked"]
PolicyClass = Literal["TIME_CRITICAL", "STANDARD"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """When, within each period. `frequency` times each `period` `period_unit`.

    times_of_day: "HH:MM" of the person's day.  when: codes of WHEN, each `offset_min` minutes after (negative: before) the
    person's own time for it.  days_of_week: only on these; a weekly timing without is on the weekday of the step's first day.
    days_of_month: only on these, and a monthly one without on that of the first; a day that a month lacks is its last.
    count: so many doses in all.  cycle_on_days, cycle_off_days: n days on, m days off, from the step's first day; both or none.
    """

    frequency: int = 1
    period: int = 1
    period_unit: PeriodUnit = "d"
    days_of_week: tuple[str, ...] = ()
    times_of_day: tuple[str, ...] = ()
    when: tuple[str, ...] = ()
    offset_min: int = 0
    count: int | None = None
    cycle_on_days: int | None = None
    cycle_off_days: int | None = None
    days_of_month: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A part of a course; steps follow one another (a taper). days: how long it lasts, None: to the plan's end.

    mode: "clock" by the person's day; "elapsed" every `period` hours (days of 24 h, weeks of 7) from the first dose, whatever
    clocks do; "from_last_taken" so long after the last one was taken; "linked" `linked_after_min` after `linked_item`.
    first_at: "HH:MM" of the first dose, for the modes elapsed and from_last_taken; else when the person wakes. A plan that is
    followed only after that time has passed begins at `first_at` of the next day (from_last_taken).
    waking_only: an hourly dose only between waking and bedtime.
    """

    sequence: int
    quantity: float
    timing: Timing
    mode: Mode = "clock"
    days: int | None = None
    linked_item: str | None = None
    linked_after_min: int = 0
    first_at: str | None = None
    waking_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What must never be exceeded, scheduled or not: max_quantity, max_doses within `max_hours`; min_gap_min between two."""

    max_quantity: float | None = None
    max_doses: int | None = None
    max_hours: int = 24
    min_gap_min: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One medicine. unit: "tablet", "ml" ...  critical: a missed one goes to the clinic at once.

    instructions, late_rule: by language, said aloud as they stand.  compartment: of the dispenser, from 1.
    stock_units: how many there were when the plan was written.  refill_at_units: tell somebody from then on.
    missed_at_share: the share of the time to the next dose after which one counts as missed, as the clinic sets it for this
    medicine; None: the default of its class (`windows`).
    """

    id: str
    medication: str
    unit: str
    steps: tuple[Step, ...]
    code: str = ""
    form: str = ""
    route: str = ""
    as_needed: bool = False
    as_needed_reason: str = ""
    limits: Limits = field(default_factory=Limits)
    instructions: Mapping[str, str] = field(default_factory=dict)
    late_rule: Mapping[str, str] = field(default_factory=dict)
    policy_class: PolicyClass = "STANDARD"
    critical: bool = False
    compartment: int | None = None
    stock_units: float | None = None
    refill_at_units: float | None = None
    missed_at_share: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """starts_on, ends_on: ISO dates in `timezone`, both included; ends_on None: until it is stopped.

    tz_policy: "home" keeps the times of `timezone` wherever the person is; "device" follows the device.
    pre_notice_min: tell beforehand, so many minutes before it is due; None: do not.
    """

    id: str
    person_id: str
    revision: int
    starts_on: str
    timezone: str
    items: tuple[Item, ...]
    ends_on: str | None = None
    tz_policy: Literal["home", "device"] = "home"
    pre_notice_min: int | None = None
