"""Which hour to suggest: scores, expected waits."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge.domain.suggestions import HOUR_MS, Hour, expected_waits, score, suggest

NINE = 1_700_000 * HOUR_MS


def hour(number: int, remaining: int = 4, capacity: int = 4, delay_min: int = 0) -> Hour:
    """An hour of the day, counted from nine."""
    at = NINE + number * HOUR_MS
    return Hour(at, at, capacity, capacity - remaining, remaining, None, delay_min)


def test_an_empty_hour_that_was_wished_for_gets_all_points() -> None:
    assert score(hour(0), 0.0, 0) == 100 and score(hour(0), 0.0, None) == 100


@given(st.integers(0, 9), st.integers(1, 9), st.floats(0, 1e6), st.integers(0, 23), st.integers(0, 720))
def test_a_score_is_from_0_to_100(remaining: int, capacity: int, wait_s: float, off: int, delay: int) -> None:
    one = hour(0, remaining, capacity, delay)
    assert 0 <= score(one, wait_s, off) <= 100 and 0 <= score(one, wait_s, None) <= 100


def test_fewer_places_a_longer_wait_more_distance_and_a_late_doctor_each_cost_points() -> None:
    best = score(hour(0), 0.0, 0)
    worse = (
        score(hour(0, 1), 0.0, 0),
        score(hour(0), 600.0, 0),
        score(hour(0), 0.0, 2),
        score(hour(0, 4, 4, 15), 0, 0),
    )
    assert all(one < best for one in worse)


def test_full_hours_are_left_out_and_equal_ones_stand_by_the_clock() -> None:
    found = suggest([hour(2), hour(0), hour(1, 0)], {}, 900.0, 0.0, NINE - HOUR_MS, None)
    assert [one.hour for one in found] == [hour(0), hour(2)]


def test_one_more_waits_behind_those_booked_for_the_same_hour_and_what_is_left_of_the_one_before() -> None:
    waits = expected_waits(
        [NINE, NINE + HOUR_MS, NINE + 2 * HOUR_MS], {NINE: 6.0, NINE + HOUR_MS: 1.0}, 900.0, 0.0, NINE
    )
    assert waits == {NINE: 5400.0, NINE + HOUR_MS: 2700.0, NINE + 2 * HOUR_MS: 0.0}


def test_the_queue_of_now_is_worked_off_before_a_later_hour() -> None:
    waits = expected_waits([NINE, NINE + HOUR_MS], {}, 900.0, 4000.0, NINE - 1_000_000)
    assert waits == {NINE: 3000.0, NINE + HOUR_MS: 0.0}


def test_a_doctor_who_is_late_makes_everybody_of_the_hour_wait_that_long() -> None:
    (one,) = suggest([hour(0, 2, 4, 30)], {NINE: 2.0}, 900.0, 0.0, NINE - HOUR_MS, None)
    assert one.wait_s == 1800 + 2 * 900
