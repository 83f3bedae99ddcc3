"""From a plan to its doses: days, times, steps and windows. What holds for all plans is in test_properties.py."""

from __future__ import annotations

import pytest

from shared.doses.expansion import occurrence_id, occurrences
from tests.dose_plans import DAY, at, daily, dues, plan, read, utc


def test_weekdays_days_of_the_month_and_cycles_are_their_days_alone() -> None:
    assert dues(plan({**daily("08:00"), "days_of_week": ["mon", "thu"]}, "UTC"), "2026-11-02", "2026-11-09") == [
        "11-02T08:00Z", "11-05T08:00Z",
    ]  # fmt: skip
    assert dues(plan({**daily("08:00"), "days_of_month": [1, 31]}, "UTC"), "2026-10-30", "2026-12-02") == [
        "10-31T08:00Z", "11-01T08:00Z", "11-30T08:00Z", "12-01T08:00Z",
    ]  # fmt: skip
    cycle = plan({**daily("08:00"), "cycle_on_days": 2, "cycle_off_days": 1}, "UTC", start="2026-11-01")
    assert dues(cycle, "2026-11-01", "2026-11-07") == ["11-01T08:00Z", "11-02T08:00Z", "11-04T08:00Z", "11-05T08:00Z"]


def test_every_other_week_and_every_third_month_count_from_the_first_day() -> None:
    weekly = plan({**daily("08:00"), "period": 2, "period_unit": "wk"}, "UTC", start="2026-11-04")
    assert dues(weekly, "2026-11-01", "2026-12-10") == ["11-04T08:00Z", "11-18T08:00Z", "12-02T08:00Z"]
    monthly = plan({**daily("08:00"), "period": 1, "period_unit": "mo"}, "UTC", start="2026-01-31")
    assert dues(monthly, "2026-02-01", "2026-04-01") == ["02-28T08:00Z", "03-31T08:00Z"]


def test_meals_are_the_persons_own_and_an_offset_counts_from_them() -> None:
    before = plan({"when": ["ACM", "ACV"], "offset_min": -30}, "UTC")
    assert dues(before, "2026-11-01", "2026-11-02") == ["11-01T07:00Z", "11-01T17:30Z"]
    assert dues(before, "2026-11-01", "2026-11-02", meal_times={"ACM": "09:00"}) == ["11-01T08:30Z", "11-01T17:30Z"]


def test_an_offset_over_midnight_is_the_next_day() -> None:
    late = plan({"when": ["HS"], "offset_min": 180}, "UTC")
    assert dues(late, "2026-11-01", "2026-11-03") == ["11-01T01:00Z", "11-02T01:00Z"]


def test_a_taper_is_one_plan_whose_steps_follow_one_another() -> None:
    taper = plan(zone="UTC", start="2026-11-01", steps=[
        {"dose": 3, "timing": daily("08:00"), "days": 2}, {"dose": 2, "timing": daily("08:00"), "days": 1},
        {"dose": 1, "timing": daily("08:00"), "days": 1},
    ])  # fmt: skip
    found = occurrences(taper, at("2026-11-01"), at("2026-12-01"))
    assert [one.quantity for one in found] == [3, 3, 2, 1]
    assert len({one.id for one in found}) == 4


def test_from_last_taken_is_the_next_one_alone_and_moves_with_what_was_taken() -> None:
    every = plan({"period": 6, "period_unit": "h"}, "UTC", start="2026-11-01", mode="from_last_taken", first_at="08:00")
    assert dues(every, "2026-11-01", "2026-11-15") == ["11-01T08:00Z"]
    assert dues(every, "2026-11-01", "2026-11-15", last_taken_ms={"i": at("2026-11-01T09:10")}) == ["11-01T15:10Z"]


@pytest.mark.parametrize(
    ("begins", "due"),
    [
        ("2026-10-30T12:00", "11-01T07:00Z"),
        ("2026-11-01T07:00", "11-01T07:00Z"),
        ("2026-11-01T07:01", "11-02T07:00Z"),
        ("2026-11-09T23:30", "11-10T07:00Z"),  # half past midnight of the 10th where the person lives
    ],
)
def test_the_first_of_what_counts_from_the_last_one_is_due_when_its_time_next_comes(begins: str, due: str) -> None:
    every = plan({"period": 6, "period_unit": "h"}, start="2026-11-01", mode="from_last_taken", first_at="08:00")
    assert dues(every, "2026-10-01", "2026-12-01", begins_ms=at(begins)) == [due]


def test_what_counts_from_the_last_one_goes_on_at_its_gaps_after_days_in_which_nobody_asked() -> None:
    every = plan({"period": 6, "period_unit": "h"}, "UTC", start="2026-11-01", mode="from_last_taken", first_at="08:00")
    asked = {"last_taken_ms": {"i": at("2026-11-03T09:10")}}
    assert dues(every, "2026-11-01", "2026-11-15", **asked, begins_ms=at("2026-11-03T15:10")) == ["11-03T15:10Z"]
    assert dues(every, "2026-11-01", "2026-11-15", **asked, begins_ms=at("2026-11-05T12:00")) == ["11-05T15:10Z"]


def test_a_step_that_has_not_begun_begins_on_its_own_day() -> None:
    taper = plan(zone="UTC", start="2026-11-01", steps=[
        {"dose": 2, "timing": {"period": 6, "period_unit": "h"}, "mode": "from_last_taken", "first_at": "08:00", "days": 7},
        {"dose": 1, "timing": {"period": 12, "period_unit": "h"}, "mode": "from_last_taken", "first_at": "09:00"},
    ])  # fmt: skip
    assert dues(taper, "2026-11-01", "2026-12-01", begins_ms=at("2026-11-02T12:00")) == ["11-03T08:00Z", "11-08T09:00Z"]
    assert dues(taper, "2026-11-01", "2026-12-01", begins_ms=at("2026-11-10T12:00")) == ["11-11T09:00Z"]


def test_a_linked_dose_follows_each_dose_of_the_other() -> None:
    both = read({"start": "2026-11-01", "timezone": "UTC", "items": [
        {"id": "a", "medication": "Levothyroxine", "unit": "tablet", "dose": 1, "timing": daily("07:00")},
        {
            "id": "b", "medication": "Iron", "unit": "tablet", "dose": 1, "mode": "linked", "linked_item": "a",
            "linked_after_min": 240,
        },
    ]})  # fmt: skip
    found = occurrences(both, at("2026-11-01"), at("2026-11-02"))
    assert [(one.item_id, utc(one)) for one in found] == [("a", "11-01T07:00Z"), ("b", "11-01T11:00Z")]


def test_hourly_doses_may_keep_to_waking_hours() -> None:
    awake = plan({"period": 4, "period_unit": "h"}, "UTC", waking_only=True)
    assert dues(awake, "2026-11-01", "2026-11-02") == ["11-01T07:00Z", "11-01T11:00Z", "11-01T15:00Z", "11-01T19:00Z"]


def test_who_is_awake_at_night_has_waking_hours_too() -> None:
    awake = plan({"period": 4, "period_unit": "h"}, "UTC", start="2026-11-01", waking_only=True)
    night = {"WAKE": "20:00", "HS": "06:00"}
    assert dues(awake, "2026-11-01", "2026-11-02T12:00", meal_times=night) == [
        "11-01T20:00Z", "11-02T00:00Z", "11-02T04:00Z",
    ]  # fmt: skip


def test_a_step_that_ends_late_at_night_keeps_the_first_dose_of_the_next() -> None:
    both = plan(zone="UTC", start="2026-11-01", steps=[
        {"dose": 2, "timing": {"when": ["HS"], "offset_min": 180}, "days": 1}, {"dose": 1, "timing": daily("00:30")},
    ])  # fmt: skip
    assert dues(both, "2026-11-01", "2026-11-04") == ["11-02T00:30Z", "11-02T01:00Z", "11-03T00:30Z"]


def test_a_count_ends_a_course_and_as_needed_is_never_due() -> None:
    assert (
        len(dues(plan({**daily("08:00", "20:00"), "count": 5}, "UTC", start="2026-11-01"), "2026-11-01", "2026-12-01"))
        == 5
    )
    assert dues(plan(as_needed=True), "2026-01-01", "2027-01-01") == []


def test_both_ends_of_a_plan_are_days_of_it() -> None:
    short = plan(daily("08:00"), "UTC", start="2026-11-02", plan_end="2026-11-03")
    assert dues(short, "2026-10-01", "2026-12-01") == ["11-02T08:00Z", "11-03T08:00Z"]


def test_the_id_of_a_dose_does_not_depend_on_the_revision_or_the_moment() -> None:
    before = occurrences(plan(daily("08:00"), "UTC"), at("2026-11-01"), at("2026-11-02"))[0]
    assert before.id == occurrence_id("p", "i", 1, "2026-11-01T08:00", 0) and len(before.id) == 32


@pytest.mark.parametrize("gap,opens,on_time,miss", [
    (2, 30, 30, 60), (4, 60, 60, 120), (8, 60, 60, 240), (12, 60, 60, 360), (24, 120, 120, 720), (72, 120, 120, 24 * 60),
])  # fmt: skip
def test_windows_follow_how_often_a_medicine_is_taken(gap: int, opens: int, on_time: int, miss: int) -> None:
    timing = {"period": gap, "period_unit": "h"}
    dose = occurrences(plan(timing, "UTC", start="2026-11-01", mode="elapsed"), at("2026-11-05"), at("2026-11-10"))[0]
    minutes = [
        (moment - dose.due_at_ms) // 60_000 for moment in (dose.window_open_ms, dose.on_time_until_ms, dose.miss_at_ms)
    ]
    assert minutes == [-opens, on_time, miss]


def test_the_nearer_neighbour_says_how_wide_a_window_is() -> None:
    first, second = occurrences(plan(daily("08:00", "08:40"), "UTC"), at("2026-11-02"), at("2026-11-03"))
    assert [(moment - second.due_at_ms) // 60_000 for moment in second[9:12]] == [-10, 10, 700]
    assert first.miss_at_ms <= second.window_open_ms


def test_a_clinic_may_say_itself_when_a_medicine_counts_as_missed() -> None:
    pill = plan(daily("08:00"), "UTC", missed_at_share=0.75)
    dose = occurrences(pill, at("2026-11-02"), at("2026-11-03"))[0]
    assert dose.miss_at_ms - dose.due_at_ms == 18 * 60 * 60_000


def test_a_time_critical_medicine_has_half_an_hour_and_is_missed_after_two() -> None:
    dose = occurrences(plan(daily("08:00"), "UTC", policy_class="TIME_CRITICAL"), at("2026-11-01"), at("2026-11-02"))[0]
    assert [(moment - dose.due_at_ms) // 60_000 for moment in dose[9:12]] == [-30, 30, 120]


def test_a_daily_dose_is_still_daily_when_the_clock_jumps() -> None:
    for start in ("2026-03-28T12:00", "2026-10-24T12:00"):
        dose = occurrences(plan(daily("08:00")), at(start), at(start) + DAY)[0]
        assert (dose.on_time_until_ms - dose.due_at_ms) // 60_000 == 120
