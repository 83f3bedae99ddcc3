"""What every ordering policy promises, and the two that follow a formula: `weighted` and `tiered`."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.domain import policies
from edge.domain.policies import BASE, POLICY_NAMES, Ranked, Situation, Visit

MINUTE = 60_000
HOUR = 60 * MINUTE
NINE = 1_795_165_200_000
"""2026-11-20 09:00 UTC."""
NOW = Situation(NINE)


def visit(number: int, **values: Any) -> Visit:
    """A walk-in of half past eight."""
    arrived_at = values.get("arrived_at", NINE - 30 * MINUTE)
    return {
        "id": f"v{number}", "number": number, "token": f"A-{number:03}", "service": "A", "status": "waiting",
        "urgency": 5, "is_emergency": False, "category": "WALKIN", "doctor_id": None, "created_at": arrived_at,
        "arrived_at": arrived_at, "due_at": None, "delay_min": 0, "paid_at": None, "skips": 0, "pin": None, **values,
    }  # fmt: skip


def came(number: int, minutes_ago: int, **values: Any) -> Visit:
    """A walk-in who came so many minutes before nine."""
    return visit(number, arrived_at=NINE - minutes_ago * MINUTE, **values)


def numbers(ranked: Sequence[Ranked]) -> list[int]:
    return [r.visit["number"] for r in ranked]


def in_order(policy: str, waiting: Sequence[Visit], situation: Situation = NOW) -> list[int]:
    return numbers(policies.order(policy, waiting, situation))


def _moments(earliest_min: int, latest_min: int) -> st.SearchStrategy[int]:
    """Mostly whole quarters of an hour, so that many are equal."""
    quarters = st.integers(earliest_min // 15, latest_min // 15).map(lambda n: NINE + n * 15 * MINUTE)
    return st.one_of(quarters, st.integers(NINE + earliest_min * MINUTE, NINE + latest_min * MINUTE))


@st.composite
def _visits(draw: st.DrawFn, number: int, pins: bool) -> Visit:
    arrived_at = draw(_moments(-240, 30))
    pin = st.fixed_dictionaries({"at": _moments(-30, 15), "behind": st.lists(st.integers(1, 12), max_size=5)})
    return visit(
        number,
        arrived_at=arrived_at,
        created_at=draw(st.one_of(st.just(arrived_at), _moments(-24 * 60, 30))),
        due_at=draw(st.none() | _moments(-240, 120)),
        delay_min=draw(st.sampled_from([0, 0, 30, 60])),
        paid_at=draw(st.none() | _moments(-240, 30)),
        urgency=draw(st.integers(0, 10)),
        is_emergency=draw(st.sampled_from([False, False, False, True])),
        category=draw(st.sampled_from(list(BASE))),
        doctor_id=draw(st.sampled_from([None, "d1", "d2"])),
        pin=draw(st.none() | pin) if pins else None,
    )


@st.composite
def lines(draw: st.DrawFn, pins: bool = True, most: int = 9) -> list[Visit]:
    """People of every kind who wait for one queue."""
    chosen = draw(st.lists(st.integers(1, 12), unique=True, max_size=most))
    return [draw(_visits(number, pins)) for number in chosen]


any_policy = st.sampled_from(POLICY_NAMES)


@st.composite
def _situations(draw: st.DrawFn) -> Situation:
    load_of: dict[str | None, int] = {"d1": draw(st.integers(0, 9)), "d2": draw(st.integers(0, 9))}
    return Situation(draw(_moments(-30, 30)), load_of, streak=draw(st.integers(0, 4)), ratio=draw(st.integers(1, 4)))


situations = _situations()


@given(any_policy, lines(), situations, st.randoms(use_true_random=False))
def test_the_order_does_not_depend_on_how_the_rows_came(
    policy: str, waiting: list[Visit], situation: Situation, dice: Any
) -> None:
    shuffled = list(waiting)
    dice.shuffle(shuffled)
    assert policies.order(policy, shuffled, situation) == policies.order(policy, waiting, situation)


@given(any_policy, lines(), situations)
def test_everybody_who_waits_has_one_place_and_the_first_is_called(
    policy: str, waiting: list[Visit], situation: Situation
) -> None:
    ordered = policies.order(policy, waiting, situation)
    assert sorted(numbers(ordered)) == sorted(v["number"] for v in waiting)
    assert policies.first(policy, waiting, situation) == (ordered[0] if ordered else None)


@given(any_policy, lines(), situations)
def test_emergencies_stand_before_all_others(policy: str, waiting: list[Visit], situation: Situation) -> None:
    flags = [r.visit["is_emergency"] for r in policies.order(policy, waiting, situation)]
    assert flags == sorted(flags, reverse=True)


@given(st.sampled_from(["weighted", "appointment", "fair"]), lines(pins=False), situations)
def test_among_emergencies_the_first_to_arrive_is_first(
    policy: str, waiting: list[Visit], situation: Situation
) -> None:
    emergencies = [v for v in waiting if v["is_emergency"]]
    by_arrival = sorted(emergencies, key=lambda v: (v["arrived_at"], v["number"]))
    assert in_order(policy, waiting, situation)[: len(emergencies)] == [v["number"] for v in by_arrival]


@given(any_policy, lines(), situations)
def test_every_place_has_a_reason_in_words_and_in_a_form_that_can_be_translated(
    policy: str, waiting: list[Visit], situation: Situation
) -> None:
    for ranked in policies.order(policy, waiting, situation):
        assert ranked.why == policies.WHY[ranked.why_code].format_map(ranked.why_values)
        assert ranked.why.endswith(".") and "{" not in ranked.why
        if ranked.visit["is_emergency"]:
            assert ranked.why == "Emergency: before all others."
        elif ranked.visit["pin"]:
            assert ranked.why == "Placed here by hand."


@pytest.mark.parametrize("policy", POLICY_NAMES)
def test_nobody_waiting_is_no_order(policy: str) -> None:
    assert policies.order(policy, [], NOW) == [] and policies.first(policy, [], NOW) is None


def test_an_unknown_policy_is_an_error() -> None:
    with pytest.raises(KeyError):
        policies.order("random", [], NOW)


# weighted (seed 000)


@given(lines(pins=False), situations)
def test_weighted_is_the_seeds_formula_to_the_last_digit(waiting: list[Visit], situation: Situation) -> None:
    def exactly(v: Visit) -> Fraction:
        minutes = Fraction(max(0, situation.now_ms - v["arrived_at"]), MINUTE)
        load = situation.load_of.get(v["doctor_id"], 0)
        return Fraction(6, 10) * int(v["urgency"]) + minutes * Fraction(3, 10) + load * Fraction(1, 10)

    others = [v for v in waiting if not v["is_emergency"]]
    by_formula = sorted(others, key=lambda v: (-exactly(v), v["arrived_at"], v["number"]))
    ordered = policies.order("weighted", waiting, situation)
    assert numbers(ordered)[len(waiting) - len(others) :] == [v["number"] for v in by_formula]
    for ranked in ordered:
        assert ranked.score == pytest.approx(float(exactly(ranked.visit)), abs=1e-9)


def test_weighted_says_urgency_minutes_and_points() -> None:
    first = policies.first("weighted", [came(1, 12, doctor_id="d1")], NOW)
    assert first is not None and first.score == 5 * 0.6 + 12 * 0.3
    assert first.why == "Urgency 5 and 12 min of waiting give 6.6 points."
    loaded = policies.first("weighted", [came(1, 12, doctor_id="d1")], NOW._replace(load_of={"d1": 3}))
    assert loaded is not None and loaded.score == 5 * 0.6 + 12 * 0.3 + 3 * 0.1
    assert loaded.why == "Urgency 5, 12 min of waiting and 3 with the doctor give 6.9 points."


def test_weighted_counts_the_load_of_each_visits_own_doctor() -> None:
    waiting = [came(1, 10, doctor_id="d1"), came(2, 10, doctor_id="d2"), came(3, 10)]
    assert in_order("weighted", waiting, NOW._replace(load_of={"d1": 1, "d2": 4})) == [2, 1, 3]
    assert in_order("weighted", waiting, NOW._replace(load_of={None: 9})) == [1, 2, 3]


def test_weighted_weighs_three_of_load_like_a_minute() -> None:
    waiting = [came(1, 10), came(2, 9, doctor_id="d2")]
    assert [in_order("weighted", waiting, NOW._replace(load_of={"d2": n})) for n in (2, 3, 4)] == [
        [1, 2],
        [1, 2],
        [2, 1],
    ]


def test_weighted_gives_equal_points_to_who_came_first_whatever_floats_make_of_them() -> None:
    for urgency in range(1, 11):
        waiting = [came(n, 10 + 2 * n, urgency=urgency - n) for n in range(urgency + 1)]
        assert in_order("weighted", waiting) == [v["number"] for v in reversed(waiting)]
    assert in_order("weighted", [came(2, 10), came(1, 10)]) == [1, 2]


@given(lines(), situations, st.integers(0, 5 * HOUR))
def test_weighted_does_not_change_its_order_while_nothing_happens(
    waiting: list[Visit], situation: Situation, later_ms: int
) -> None:
    situation = situation._replace(now_ms=NINE + HOUR)
    later = situation._replace(now_ms=situation.now_ms + later_ms)
    assert in_order("weighted", waiting, situation) == in_order("weighted", waiting, later)


def test_nobody_waits_less_than_no_time_when_the_clock_was_set_back() -> None:
    assert policies.wait_minutes(came(1, -10), NINE) == 0.0
    assert policies.wait_minutes(came(1, 10), NINE + 30_000) == 10.5


# tiered (seed 001)


def test_tiered_gives_the_seeds_worked_example() -> None:
    a, b = came(1, 120, category="ONLINE"), came(2, 30, category="ONLINE")
    assert (policies.tiered_priority(a, NINE), policies.tiered_priority(b, NINE)) == (3.8, 3.95)
    ordered = policies.order("tiered", [b, a], NOW)
    assert [(r.visit["number"], r.score) for r in ordered] == [(1, 3.8), (2, 3.95)]
    assert ordered[0].why == "Online booking, booked 120 min ago: priority 3.8."


@given(lines(pins=False), situations)
def test_tiered_is_the_seeds_formula_with_ties_to_the_better_tier_and_the_earlier_booking(
    waiting: list[Visit], situation: Situation
) -> None:
    def formula(v: Visit) -> Fraction:
        hours = Fraction(max(0, situation.now_ms - v["created_at"]), HOUR)
        return Fraction(BASE[v["category"]]) - min(hours * Fraction(1, 10), Fraction(1))

    others = [v for v in waiting if not v["is_emergency"]]
    key = {v["number"]: (formula(v), BASE[v["category"]], v["created_at"], v["number"]) for v in others}
    ordered = policies.order("tiered", waiting, situation)[len(waiting) - len(others) :]
    assert numbers(ordered) == sorted(key, key=lambda number: key[number])
    for ranked in ordered:
        assert abs(ranked.score - formula(ranked.visit)) <= 0.0051


def test_tiered_lets_a_tier_meet_the_next_but_not_pass_it() -> None:
    old_online, new_followup = came(1, 10 * 60, category="ONLINE"), came(2, 0, category="FOLLOWUP")
    assert policies.tiered_priority(old_online, NINE) == policies.tiered_priority(new_followup, NINE) == 3.0
    assert in_order("tiered", [old_online, new_followup]) == [2, 1]


def test_tiered_puts_a_flagged_visit_into_the_emergency_tier() -> None:
    flagged = came(1, 60, is_emergency=True, urgency=10)
    assert policies.tiered_priority(flagged, NINE) == 0.9
    assert in_order("tiered", [came(2, 90, category="EMERGENCY", is_emergency=True), flagged]) == [2, 1]


# The form in which a policy is chosen


def test_a_preview_shows_both_places_of_everybody() -> None:
    waiting = [came(1, 5, urgency=9), came(2, 20, category="ONLINE"), came(3, 1, category="PRIORITY_PAID", urgency=1)]
    rows = policies.preview(waiting, "weighted", "tiered", NOW, NOW)
    assert [(r["token"], r["place_before"], r["place_after"]) for r in rows] == [
        ("A-003", 3, 1), ("A-002", 1, 2), ("A-001", 2, 3),
    ]  # fmt: skip
    assert rows[0]["why"] == "Priority paid, booked 1 min ago: priority 2.0."


@pytest.mark.parametrize("policy", POLICY_NAMES)
def test_every_policy_describes_itself_and_takes_its_own_defaults(policy: str) -> None:
    assert policies.describe(policy).endswith("Emergencies come before all others.")
    options = policies.POLICY_OPTIONS[policy]
    assert policies.options_problem(policy, {name: option.default for name, option in options.items()}) is None
    assert policies.with_options(NOW, policy, {}) == NOW


def test_options_change_what_fair_counts_with() -> None:
    chosen = policies.with_options(NOW, "fair", {"ratio": 3, "age_min": 45})
    assert (chosen.ratio, chosen.age_ms) == (3, 45 * MINUTE)
    assert policies.with_options(chosen, "weighted", {}) == chosen


@pytest.mark.parametrize("policy,options", [
    ("random", {}), ("weighted", {"ratio": 2}), ("fair", {"ratio": 0}), ("fair", {"ratio": 10}), ("fair", {"age_min": 4}),
    ("fair", {"age_min": 241}), ("fair", {"ratio": True}), ("fair", {"ratio": 2.5}), ("fair", {"ratios": 2}),
])  # fmt: skip
def test_options_outside_their_range_are_named(policy: str, options: dict[str, Any]) -> None:
    problem = policies.options_problem(policy, options)
    assert problem is not None and problem.endswith(".")
