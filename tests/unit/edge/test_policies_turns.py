"""Two lines that take turns: `fair` and `appointment`, from call to call."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.domain import policies
from edge.domain.policies import POLICY_NAMES, Situation, Visit
from tests.unit.edge.test_policies import HOUR, MINUTE, NINE, NOW, came, in_order, lines, numbers, situations, visit


def called_one_by_one(policy: str, waiting: list[Visit], situation: Situation) -> list[int]:
    """The numbers in the order they are called, each time ordering anew what is left."""
    left, called = list(waiting), []
    while left:
        first = policies.first(policy, left, situation)
        assert first is not None
        situation = situation._replace(streak=policies.next_streak(policy, first.visit, situation))
        left.remove(first.visit)
        called.append(first.visit["number"])
    return called


@given(st.sampled_from(POLICY_NAMES), lines(pins=False), situations)
def test_the_order_on_the_screen_is_the_order_of_the_calls(
    policy: str, waiting: list[Visit], situation: Situation
) -> None:
    assert called_one_by_one(policy, waiting, situation) == in_order(policy, waiting, situation)


@given(st.sampled_from(["fair", "appointment"]), lines(pins=False), situations, st.integers(1, 20))
def test_emergencies_and_who_was_placed_by_hand_are_outside_the_turns(
    policy: str, waiting: list[Visit], situation: Situation, number: int
) -> None:
    assert policies.next_streak(policy, visit(number, is_emergency=True), situation) == situation.streak
    placed = visit(99, pin={"at": NINE, "behind": []})
    assert policies.next_streak(policy, placed, situation) == situation.streak
    without = in_order(policy, waiting, situation)
    assert [n for n in in_order(policy, [*waiting, placed], situation) if n != 99] == without


def test_policies_without_turns_count_nothing() -> None:
    assert policies.next_streak("weighted", visit(1), NOW._replace(streak=3)) == 0
    assert policies.next_streak("tiered", visit(1), NOW._replace(streak=3)) == 0


# fair


def test_fair_calls_two_normal_ones_for_each_of_priority() -> None:
    normal = [came(n, 20 - n) for n in range(1, 6)]
    priority = [came(11, 29, urgency=7), came(12, 28, category="PRIORITY_PAID"), came(13, 1, urgency=10)]
    assert in_order("fair", [*priority, *normal]) == [1, 2, 11, 3, 4, 12, 5, 13]
    assert in_order("fair", [*priority, *normal], NOW._replace(streak=1)) == [1, 11, 2, 3, 12, 4, 5, 13]
    assert in_order("fair", [*priority, *normal], NOW._replace(ratio=1)) == [1, 11, 2, 12, 3, 13, 4, 5]


def test_fair_gives_a_turn_at_once_to_priority_that_comes_after_many_normal_calls() -> None:
    assert in_order("fair", [came(1, 20), came(2, 0, urgency=8)], NOW._replace(streak=40)) == [2, 1]


def test_fair_counts_who_waited_long_as_priority_too() -> None:
    waiting = [came(1, 31), came(2, 10), came(3, 9), came(4, 30, urgency=8)]
    assert in_order("fair", waiting, NOW._replace(streak=2)) == [1, 2, 3, 4]
    younger = [came(1, 30), came(2, 10), came(3, 9), came(4, 30, urgency=8)]
    assert in_order("fair", younger, NOW._replace(streak=2)) == [4, 1, 2, 3]


def test_fair_counts_an_old_normal_visit_for_the_line_that_had_the_turn() -> None:
    old = came(1, 90)
    assert [policies.next_streak("fair", old, NOW._replace(streak=n)) for n in (0, 1, 2)] == [1, 2, 0]
    assert [policies.next_streak("fair", came(2, 5), NOW._replace(streak=n)) for n in (0, 1, 2)] == [1, 2, 3]
    assert [policies.next_streak("fair", came(3, 5, urgency=9), NOW._replace(streak=n)) for n in (0, 1, 2)] == [0, 0, 0]


@given(lines(pins=False), situations)
def test_fair_never_calls_a_normal_visit_before_one_that_came_earlier(
    waiting: list[Visit], situation: Situation
) -> None:
    rest = [r.visit for r in policies.order("fair", waiting, situation) if not r.visit["is_emergency"]]
    for line in ([v for v in rest if v["urgency"] >= 7 or v["category"] == "PRIORITY_PAID"],
                 [v for v in rest if v["urgency"] < 7 and v["category"] != "PRIORITY_PAID"]):  # fmt: skip
        assert [v["number"] for v in line] == [
            v["number"] for v in sorted(line, key=lambda v: (v["arrived_at"], v["number"]))
        ]


def turns_of(waiting: list[Visit], ratio: int, endless: dict[str, Any]) -> dict[int, int]:
    """At which call each number is called, when each minute two more of one kind come and one is called."""
    situation = NOW._replace(ratio=ratio)
    left, turns = list(waiting), {}
    for call in range(1, 121):
        situation = situation._replace(now_ms=situation.now_ms + MINUTE)
        left += [visit(1_000 + 2 * call + i, arrived_at=situation.now_ms, **endless) for i in range(2)]
        first = policies.first("fair", left, situation)
        assert first is not None
        situation = situation._replace(streak=policies.next_streak("fair", first.visit, situation))
        left.remove(first.visit)
        turns[first.visit["number"]] = call
    return turns


@pytest.mark.parametrize("ratio", [1, 2, 5, 9])
def test_fair_calls_every_normal_visit_in_time_however_much_priority_comes(ratio: int) -> None:
    before = [came(n, 20, urgency=9) for n in range(1, 31)]
    turns = turns_of([*before, *(came(100 + n, 1) for n in range(1, 13))], ratio, {"urgency": 9})
    for place in range(1, 13):
        assert turns[100 + place] <= place + (place - 1) // ratio


@pytest.mark.parametrize("ratio", [1, 2, 5, 9])
def test_fair_calls_every_visit_of_priority_in_time_however_many_normal_ones_come(ratio: int) -> None:
    before = [came(n, 20) for n in range(1, 31)]
    turns = turns_of([*before, *(came(100 + n, 1, urgency=9) for n in range(1, 6))], ratio, {})
    for place in range(1, 6):
        assert turns[100 + place] <= len(before) + place * (ratio + 1)


def test_fair_says_whose_turn_it_is() -> None:
    waiting = [came(1, 12), came(2, 40), came(3, 5, urgency=8), came(4, 3, category="PRIORITY_PAID")]
    why = {r.visit["number"]: r.why for r in policies.order("fair", waiting, NOW)}
    assert why == {
        1: "Waited 12 min: first come, first served.",
        2: "Waited 40 min, over 30: counts as priority too.",
        3: "Urgency 8, waited 5 min: one after each 2 of the others.",
        4: "Priority paid, waited 3 min: one after each 2 of the others.",
    }


# appointment (seed 003)


def booked(number: int, due_min: int, came_min: int = -30, paid_min: int | None = -60, **values: Any) -> Visit:
    """Booked for so many minutes after nine; came and paid as many after nine."""
    return visit(
        number, category="ONLINE", due_at=NINE + due_min * MINUTE, arrived_at=NINE + came_min * MINUTE,
        created_at=NINE - 3 * HOUR, paid_at=None if paid_min is None else NINE + paid_min * MINUTE, **values,
    )  # fmt: skip


def test_appointment_orders_the_booked_of_one_hour_by_payment() -> None:
    waiting = [booked(1, 0, paid_min=-5), booked(2, 45, paid_min=-70), booked(3, 15, paid_min=None), booked(4, 30)]
    assert in_order("appointment", waiting) == [3, 2, 4, 1]
    assert in_order("appointment", [booked(6, 0), booked(5, 0)]) == [5, 6]


def test_appointment_keeps_who_came_early_in_the_hour_of_the_booking() -> None:
    waiting = [booked(1, 60, came_min=-30), booked(2, 15, came_min=-5), came(3, 1), came(4, 20)]
    assert in_order("appointment", waiting) == [4, 3, 2, 1]
    at_ten = Situation(NINE + HOUR)
    assert in_order("appointment", waiting, at_ten) == [4, 3, 2, 1]
    assert in_order("appointment", [booked(1, 60), came(5, -61)], at_ten) == [1, 5]


def test_appointment_calls_the_early_only_when_nobody_else_waits() -> None:
    before_nine = Situation(NINE - MINUTE)
    assert in_order("appointment", [booked(1, 0), came(2, 1)], before_nine) == [2, 1]
    assert in_order("appointment", [booked(1, 0), came(2, -1)], NOW._replace(now_ms=NINE + 2 * MINUTE)) == [1, 2]
    assert in_order("appointment", [booked(1, 0)], before_nine) == [1]


def test_appointment_lets_booked_and_walk_ins_of_an_hour_take_turns_and_the_booked_begin() -> None:
    now = Situation(NINE + 30 * MINUTE)
    waiting = [*(booked(n, 0, paid_min=n) for n in (1, 2, 3)), *(came(10 + n, -n) for n in (1, 2, 3, 4, 5))]
    assert in_order("appointment", waiting, now) == [1, 11, 2, 12, 3, 13, 14, 15]
    assert called_one_by_one("appointment", waiting, now) == [1, 11, 2, 12, 3, 13, 14, 15]
    assert in_order("appointment", waiting, now._replace(streak=1)) == [11, 1, 12, 2, 13, 3, 14, 15]


def test_appointment_serves_an_earlier_hour_before_a_later_one() -> None:
    now = Situation(NINE + 2 * HOUR)
    waiting = [booked(1, 70), came(2, -5), booked(3, 10), came(4, -65), came(5, -50)]
    assert in_order("appointment", waiting, now) == [3, 2, 5, 1, 4]


def test_appointment_goes_on_with_the_turn_in_the_next_hour() -> None:
    now = Situation(NINE + 2 * HOUR)
    waiting = [booked(1, 10), booked(2, 70), booked(3, 75, paid_min=-50), came(4, -65), came(5, -70)]
    assert in_order("appointment", waiting, now) == [1, 4, 2, 5, 3]
    assert called_one_by_one("appointment", waiting, now) == [1, 4, 2, 5, 3]


def test_appointment_keeps_walk_ins_before_the_early_when_the_clock_was_set_back() -> None:
    waiting = [came(1, -70), booked(2, 60)]
    assert in_order("appointment", waiting, Situation(NINE + 30 * MINUTE)) == [1, 2]


def test_appointment_takes_a_late_arrival_as_a_walk_in_of_its_arrival() -> None:
    now = Situation(NINE + 90 * MINUTE)
    in_time, late = booked(1, 5, came_min=59), booked(2, 5, came_min=60)
    assert in_order("appointment", [late, came(3, -61), came(4, -1), in_time], now) == [1, 4, 2, 3]
    assert policies.next_streak("appointment", late, now._replace(streak=1)) == 0
    assert policies.next_streak("appointment", in_time, now._replace(streak=1)) == 2


def test_appointment_moves_an_hour_by_its_delay() -> None:
    waiting = [booked(1, 15, delay_min=30), came(2, -20)]
    assert in_order("appointment", waiting, Situation(NINE + 29 * MINUTE)) == [2, 1]
    assert in_order("appointment", waiting, Situation(NINE + 30 * MINUTE)) == [1, 2]
    hour_later = [booked(1, 15, delay_min=60, came_min=80), came(2, -50), booked(3, 70)]
    assert in_order("appointment", hour_later, Situation(NINE + 90 * MINUTE)) == [2, 1, 3]


@given(lines(pins=False), situations, st.integers(0, 59), st.booleans())
def test_appointment_lets_nobody_who_comes_in_a_later_hour_overtake(
    waiting: list[Visit], situation: Situation, minute: int, books: bool
) -> None:
    """At ten somebody of the hour of ten joins: who was due before ten stands where they stood."""
    situation = situation._replace(now_ms=NINE + HOUR + minute * MINUTE)
    ordered = policies.order("appointment", waiting, situation)
    due = [r for r in ordered if r.visit["is_emergency"] or r.score >= minute + 1]
    newcomer = booked(99, 60, came_min=60) if books else came(99, -60)
    after = in_order("appointment", [*waiting, newcomer], situation)
    assert after[: len(due)] == numbers(due)


def test_appointment_counts_hours_on_the_sites_clock() -> None:
    """Half past nine in Kolkata is 04:00 UTC: the hour of nine there begins at 03:30 UTC."""
    four = NINE - 5 * HOUR
    kolkata = Situation(four, zone=ZoneInfo("Asia/Kolkata"))
    waiting = [visit(1, arrived_at=four - 31 * MINUTE), visit(2, arrived_at=four - 29 * MINUTE)]
    due = visit(3, arrived_at=four - HOUR, due_at=four + 10 * MINUTE, created_at=four - HOUR)
    assert in_order("appointment", [*waiting, due], kolkata) == [1, 3, 2]
    assert policies.order("appointment", [due], kolkata)[0].why == "Booked for 09:40, made 08:30; the hour has begun."


def test_appointment_keeps_its_hours_through_a_change_of_the_clock() -> None:
    """In Madrid 25 Oct 2026 has the hour from two to three twice; they are two hours, one after the other."""
    first_half_past_two = 1_792_888_200_000
    madrid = Situation(first_half_past_two + 2 * HOUR, zone=ZoneInfo("Europe/Madrid"))
    waiting = [
        visit(1, arrived_at=first_half_past_two + HOUR),
        visit(2, arrived_at=first_half_past_two + HOUR - MINUTE, due_at=first_half_past_two + HOUR),
        visit(3, arrived_at=first_half_past_two),
    ]
    assert in_order("appointment", waiting, madrid) == [3, 2, 1]
    assert {r.why_values.get("came") for r in policies.order("appointment", waiting, madrid)} == {"02:30", None}


def test_appointment_says_why_in_the_sites_time() -> None:
    zone = timezone(timedelta(hours=1))
    now = Situation(NINE + 10 * MINUTE, zone=zone)
    waiting = [
        booked(1, 0, paid_min=-48), booked(2, 15, paid_min=-601), booked(3, 30, paid_min=None), booked(4, 60),
        booked(5, 240), booked(6, -60, came_min=5), booked(7, 0, delay_min=10), came(8, -3),
    ]  # fmt: skip
    assert {r.visit["number"]: r.why for r in policies.order("appointment", waiting, now)} == {
        1: "Booked for 10:00, paid 09:12; the hour has begun.",
        2: "Booked for 10:15, paid 2026-11-19 23:59; the hour has begun.",
        3: "Booked for 10:30, made 07:00; the hour has begun.",
        4: "Booked for 11:00 and here long before: after all whose hour has begun.",
        5: "Booked for 14:00 and here long before: after all whose hour has begun.",
        6: "Booked for 09:00, came 10:05 when that hour was over: as a walk-in.",
        7: "Booked for 10:00, delayed 10 min; that time has come.",
        8: "Walk-in, came 10:03: takes turns with those booked for 10:00.",
    }
    soon = policies.first("appointment", [booked(1, 60)], now._replace(now_ms=NINE + 40 * MINUTE))
    assert soon is not None and soon.why == "Booked for 11:00, begins 11:00: after all whose hour has begun."
