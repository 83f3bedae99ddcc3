"""The pure half of the cases of care.md §2.6, under their numbers. The other half is in tests/integration/test_dose_*.py."""

from __future__ import annotations

from datetime import date

from shared.doses import adherence, ladder
from shared.doses.expansion import Occurrence, occurrences
from shared.doses.ladder import Action, next_action
from shared.doses.plan import body_of
from shared.doses.states import Happening, Status, after, taken_status
from tests.dose_plans import DAY, HOUR, MINUTE, at, daily, dues, plan, read, utc


def test_case_01_spring_forward_gives_one_dose_a_day_23_hours_apart() -> None:
    assert dues(plan(daily("08:00")), "2026-03-28", "2026-03-30") == ["03-28T07:00Z", "03-29T06:00Z"]


def test_case_02_autumn_back_gives_one_dose_a_day_25_hours_apart() -> None:
    assert dues(plan(daily("08:00")), "2026-10-24", "2026-10-26") == ["10-24T06:00Z", "10-25T07:00Z"]


def test_case_03_a_time_that_does_not_exist_is_one_dose_at_the_time_that_follows() -> None:
    found = occurrences(plan(daily("02:30")), at("2026-03-29"), at("2026-03-30"))
    assert [(utc(one), one.nominal_local) for one in found] == [("03-29T01:30Z", "2026-03-29T03:30")]


def test_case_04_a_time_that_exists_twice_is_one_dose_at_the_first() -> None:
    found = occurrences(plan(daily("02:30")), at("2026-10-25"), at("2026-10-26"))
    assert [(utc(one), one.fold) for one in found] == [("10-25T00:30Z", 0)]


def test_case_05_midnight_after_the_jump_is_not_lost() -> None:
    found = occurrences(plan(daily("00:00")), at("2026-03-28"), at("2026-03-31"))
    assert "2026-03-30T00:00" in [one.nominal_local for one in found]
    assert utc(found[1]) == "03-29T22:00Z"


def test_case_06_a_missing_midnight_is_one_dose_an_hour_on() -> None:
    found = occurrences(plan(daily("00:00"), "Africa/Cairo"), at("2026-04-23T12:00"), at("2026-04-24T12:00"))
    assert [(utc(one), one.nominal_local) for one in found] == [("04-23T22:00Z", "2026-04-24T01:00")]


def test_case_07_every_eight_hours_elapsed_is_eight_hours_whatever_the_clock_does() -> None:
    eight = plan(
        {"frequency": 1, "period": 8, "period_unit": "h"}, start="2026-03-28", mode="elapsed", first_at="22:00"
    )
    found = occurrences(eight, at("2026-03-28T22:00"), at("2026-03-29T22:00"))
    assert [one.nominal_local[-5:] for one in found] == ["07:00", "15:00", "23:00"]


def test_case_08_three_times_a_day_by_the_clock_are_seven_hours_apart_over_the_jump() -> None:
    found = occurrences(plan(daily("06:00", "14:00", "22:00")), at("2026-03-28T20:00"), at("2026-03-29T06:00"))
    assert [one.nominal_local for one in found] == ["2026-03-28T22:00", "2026-03-29T06:00"]
    assert found[1].due_at_ms - found[0].due_at_ms == 7 * HOUR


def test_case_24_a_traveller_keeps_home_times_or_follows_the_device() -> None:
    home = plan(daily("08:00"), "America/New_York")
    assert dues(home, "2026-06-01", "2026-06-03", device_tz="Africa/Nairobi") == ["06-01T12:00Z", "06-02T12:00Z"]
    device = plan(daily("08:00"), "America/New_York", plan_tz_policy="device")
    assert dues(device, "2026-06-02", "2026-06-03", device_tz="Africa/Nairobi") == ["06-02T05:00Z"]


def test_case_09_every_other_day_does_not_begin_anew_with_the_month() -> None:
    other = plan({**daily("08:00"), "period": 2, "period_unit": "d"}, "UTC", start="2026-02-27")
    assert dues(other, "2026-02-27", "2026-03-05") == ["02-27T08:00Z", "03-01T08:00Z", "03-03T08:00Z"]


def test_case_10_monthly_on_the_31st_is_the_last_of_a_shorter_month() -> None:
    days = ["01-31T08:00Z", "02-28T08:00Z", "03-31T08:00Z", "04-30T08:00Z"]
    from_the_start = plan({**daily("08:00"), "period": 1, "period_unit": "mo"}, "UTC", start="2026-01-31")
    by_name = plan({**daily("08:00"), "period": 1, "period_unit": "mo", "days_of_month": [31]}, "UTC")
    assert dues(from_the_start, "2026-01-01", "2026-05-01") == days
    assert dues(by_name, "2026-01-01", "2026-05-01") == days


def test_case_11_weekly_on_monday_taken_on_tuesday() -> None:
    weekly = plan({**daily("08:00"), "period": 1, "period_unit": "wk", "days_of_week": ["mon"]}, "UTC")
    monday, following = occurrences(weekly, at("2026-11-02"), at("2026-11-10"))
    assert taken_status(at("2026-11-03T07:59"), monday) is Status.LATE and at("2026-11-03T07:59") < monday.miss_at_ms
    assert utc(following) == "11-09T08:00Z", "by the clock the next is on Monday"
    counted = plan(
        {"period": 1, "period_unit": "wk"}, "UTC", start="2026-11-02", mode="from_last_taken", first_at="08:00"
    )
    taken = {"i": at("2026-11-03T07:59")}
    assert dues(counted, "2026-11-02", "2026-11-17", last_taken_ms=taken) == ["11-10T07:59Z"], (
        "counted it is on Tuesday"
    )


def test_case_12_a_taper_changes_its_amount_on_the_day_and_ends() -> None:
    steps = [{"dose": dose, "timing": daily("08:00"), "days": 7} for dose in (20, 10, 5)]
    found = occurrences(plan(zone="UTC", start="2026-11-02", steps=steps), at("2026-11-01"), at("2026-12-31"))
    amounts = {one.nominal_local[5:10]: one.quantity for one in found}
    assert (amounts["11-08"], amounts["11-09"], amounts["11-15"], amounts["11-16"]) == (20, 10, 10, 5)
    assert max(amounts) == "11-22" and len(found) == 21


def test_case_13_three_weeks_on_and_one_off() -> None:
    pill = plan({**daily("08:00"), "cycle_on_days": 21, "cycle_off_days": 7}, "UTC", start="2026-11-02")
    days = [one[:5] for one in dues(pill, "2026-11-20", "2026-12-02")]
    assert days == ["11-20", "11-21", "11-22", "11-30", "12-01"]


def twice_a_day(day: str = "2026-11-02") -> list[Occurrence]:
    return occurrences(plan(daily("08:00", "20:00"), "UTC"), at(day), at(day) + DAY)


def on_the_ladder(one: Occurrence, status: Status = Status.PLANNED, **more: int) -> ladder.Dose:
    return ladder.Dose(
        status, "STANDARD", one.due_at_ms, one.window_open_ms, one.on_time_until_ms, one.miss_at_ms,
        announced_n=more.get("announced_n", 0), last_said_ms=more.get("last_said_ms"),
    )  # fmt: skip


def test_case_14_an_hour_late_is_on_time_a_second_more_is_late_and_at_14_it_is_missed() -> None:
    morning = twice_a_day()[0]
    assert taken_status(at("2026-11-02T09:00:00"), morning) is Status.ON_TIME
    assert taken_status(at("2026-11-02T09:00:01"), morning) is Status.LATE
    assert morning.miss_at_ms == at("2026-11-02T14:00:00")
    said = on_the_ladder(morning, Status.ANNOUNCED, announced_n=1, last_said_ms=at("2026-11-02T09:00"))._replace(
        caregiver_told=True
    )
    assert next_action(said, morning.miss_at_ms) == Action(morning.miss_at_ms, "miss", 4)


def test_case_15_before_the_window_it_is_early() -> None:
    morning = twice_a_day()[0]
    assert taken_status(at("2026-11-02T06:50"), morning) is Status.EARLY
    assert taken_status(at("2026-11-02T07:00"), morning) is Status.ON_TIME


def test_case_17_half_past_seven_in_the_evening_is_within_the_evening_dose_alone() -> None:
    said = at("2026-11-02T19:30")
    assert [one.nominal_local[-5:] for one in twice_a_day() if one.window_open_ms <= said < one.miss_at_ms] == ["20:00"]


def test_case_19_when_the_power_is_back_at_11_it_is_said_and_at_15_it_was_never_said() -> None:
    morning = on_the_ladder(twice_a_day()[0])
    at_11, at_15 = next_action(morning, at("2026-11-02T11:00")), next_action(morning, at("2026-11-02T15:00"))
    assert at_11 is not None and at_11.kind == "announce" and at_15 is not None and at_15.kind == "miss"
    assert after(Status.PLANNED, Happening.TIME_OVER_UNSAID) is Status.NOT_ANNOUNCED
    assert taken_status(at("2026-11-02T11:05"), twice_a_day()[0]) is Status.LATE


def test_case_20_what_is_told_late_makes_of_a_missed_dose_what_it_was_and_of_the_numbers_too() -> None:
    morning, day = twice_a_day()[0], date(2026, 11, 2)
    found = after(Status.MISSED, Happening.TAKEN, taken_status(at("2026-11-02T08:05"), morning))
    assert found is Status.ON_TIME
    assert adherence.numbers([(day, Status.MISSED)]).taking == 0
    assert adherence.numbers([(day, found)]).taking == 1


def test_case_22_a_clock_that_steps_back_five_minutes_announces_nothing_again() -> None:
    due_ms = twice_a_day()[0].due_at_ms
    said = on_the_ladder(twice_a_day()[0], Status.ANNOUNCED, announced_n=1, last_said_ms=due_ms)
    action = next_action(said, due_ms - 4 * MINUTE)
    assert action == Action(due_ms + 5 * MINUTE, "repeat", 2), "only the repeat that was to come anyway"


def test_case_23_a_changed_plan_leaves_the_doses_it_does_not_change() -> None:
    before = plan(daily("08:00", "20:00"), "UTC")
    body = body_of(before)
    body["items"][0]["steps"][0]["timing"]["times_of_day"] = ["08:00", "21:00"]
    old, new = (
        {one.nominal_local[-5:]: one.id for one in occurrences(one_plan, at("2026-11-02"), at("2026-11-03"))}
        for one_plan in (before, read(body, revision=2))
    )
    assert old["08:00"] == new["08:00"] and old["20:00"] not in new.values() and set(new) == {"08:00", "21:00"}


def test_case_25_a_hold_is_no_part_of_the_number_and_a_skip_is_and_calls_nobody() -> None:
    days = [date(2026, 11, day) for day in range(20, 24)]
    held = [(day, Status.HELD) for day in days[:3]]
    found = adherence.numbers([*held, (days[3], Status.SKIPPED)])
    assert (found.due, found.taking, found.counts["HELD"]) == (1, 0.0, 3)
    assert next_action(on_the_ladder(twice_a_day()[0], Status.SKIPPED), at("2026-11-02T09:30")) is None
