"""What holds for every plan that may be written, in every zone, over every jump of a clock."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import groupby, pairwise
from zoneinfo import ZoneInfo

from hypothesis import example, given
from hypothesis import strategies as st

from shared.doses.expansion import HORIZON_DAYS, Occurrence, occurrences
from shared.doses.plan import Plan, body_of
from tests.dose_plans import DAY, HOUR, MEALS, MINUTE, PLANS, STARTS, ZONES, plan, read


def by_item(found: list[Occurrence]) -> list[list[Occurrence]]:
    ordered = sorted(found, key=lambda one: (one.item_id, one.due_at_ms))
    return [list(doses) for _, doses in groupby(ordered, key=lambda one: one.item_id)]


@given(PLANS, MEALS, STARTS, st.integers(1, HORIZON_DAYS * 24 * 60 - 1), ZONES)
def test_a_range_in_two_parts_gives_the_same_doses_as_in_one(
    plan: Plan, meals: dict[str, str], start: int, split: int, device: str
) -> None:
    end, middle = start + HORIZON_DAYS * DAY, start + split * MINUTE
    whole = occurrences(plan, start, end, meals, device_tz=device)
    parts = [*occurrences(plan, start, middle, meals, device_tz=device)]
    assert parts + occurrences(plan, middle, end, meals, device_tz=device) == whole


@given(PLANS, MEALS, STARTS)
def test_due_times_go_on_and_no_two_doses_share_an_id(plan: Plan, meals: dict[str, str], start: int) -> None:
    found = occurrences(plan, start, start + HORIZON_DAYS * DAY, meals)
    assert all(start <= one.due_at_ms < start + HORIZON_DAYS * DAY for one in found)
    assert len({one.id for one in found}) == len(found)
    for doses in by_item(found):
        assert all(one.due_at_ms < after.due_at_ms for one, after in pairwise(doses))


@given(PLANS, MEALS, STARTS)
def test_a_dose_is_never_open_while_another_of_its_medicine_is(plan: Plan, meals: dict[str, str], start: int) -> None:
    for doses in by_item(occurrences(plan, start, start + HORIZON_DAYS * DAY, meals)):
        for one in doses:
            assert one.window_open_ms <= one.due_at_ms <= one.on_time_until_ms <= one.miss_at_ms
        assert all(one.miss_at_ms <= after.window_open_ms + 1 for one, after in pairwise(doses))


@given(PLANS, STARTS, st.integers(2, 99))
def test_a_new_revision_that_says_the_same_has_the_same_doses(plan: Plan, start: int, revision: int) -> None:
    again = read(body_of(plan), revision)
    end = start + HORIZON_DAYS * DAY
    before, after = occurrences(plan, start, end), occurrences(again, start, end)
    assert [one._replace(revision=0) for one in before] == [one._replace(revision=0) for one in after]


@given(PLANS)
def test_a_plan_written_out_reads_as_the_same_plan(plan: Plan) -> None:
    assert read(body_of(plan)) == plan


@given(st.lists(st.integers(0, 1439), min_size=1, max_size=6, unique=True), ZONES, st.integers(0, 700))
@example([165, 195], "Europe/Berlin", 57)
def test_no_dose_is_lost_to_a_clock_that_jumps(minutes: list[int], zone: str, since: int) -> None:
    """Every time of every day is a dose, at that moment of the clock; times that a jump puts on one moment are one."""
    daily = plan({"times_of_day": [f"{one // 60:02}:{one % 60:02}" for one in minutes]}, zone)
    days = [date(2026, 1, 31) + timedelta(days=since + n) for n in range(7)]
    moments = {
        round(datetime(day.year, day.month, day.day, one // 60, one % 60, tzinfo=ZoneInfo(zone)).timestamp() * 1000)
        for day in days
        for one in minutes
    }
    found = occurrences(daily, min(moments), max(moments) + 1)
    assert {one.due_at_ms for one in found} == moments


@given(ZONES, ZONES, st.integers(1, 50), STARTS)
def test_what_counts_hours_is_the_same_dose_wherever_the_device_is(
    home: str, away: str, hours: int, start: int
) -> None:
    counted = plan({"period": hours, "period_unit": "h"}, home, mode="elapsed", plan_tz_policy="device")
    stayed = occurrences(counted, start, start + 3 * DAY)
    moved = occurrences(counted, start, start + 3 * DAY, device_tz=away)
    assert [(one.id, one.due_at_ms) for one in stayed] == [(one.id, one.due_at_ms) for one in moved]
    assert all(after.due_at_ms - one.due_at_ms == hours * HOUR for one, after in pairwise(stayed))
