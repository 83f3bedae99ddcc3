"""Places given by hand: a manual move, a skip, and what becomes of them when the queue goes on."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.domain import policies
from edge.domain.policies import POLICY_NAMES, Situation, Visit
from edge.domain.policies_base import ranked
from edge.domain.policies_hand import pin_into, with_placed
from tests.unit.edge.test_policies import (
    MINUTE,
    NOW,
    any_policy,
    came,
    in_order,
    lines,
    numbers,
    situations,
    visit,
)

SIX = [came(n, 10 - n) for n in range(1, 7)]
"""1 to 6, in this order in every policy."""


def moved(waiting: list[Visit], number: int, place: int, policy: str = "weighted", now: Situation = NOW) -> list[Visit]:
    """The same people after one was moved by hand."""
    chosen = next(v for v in waiting if v["number"] == number)
    pin = policies.pin_for(policy, waiting, now, chosen, place)
    return [{**v, "pin": pin} if v is chosen else v for v in waiting]


def skipped(waiting: list[Visit], number: int, count: int = 2) -> list[Visit]:
    """The same people after one was skipped."""
    chosen = next(v for v in waiting if v["number"] == number)
    pin = policies.pin_behind_next("weighted", waiting, NOW, chosen, count)
    return [{**v, "pin": pin} if v is chosen else v for v in waiting]


def without(waiting: list[Visit], *gone: int) -> list[Visit]:
    return [v for v in waiting if v["number"] not in gone]


@given(any_policy, lines(), situations, st.integers(1, 12), st.integers(1, 12))
def test_a_visit_moved_by_hand_stands_at_exactly_that_place(
    policy: str, waiting: list[Visit], situation: Situation, number: int, place: int
) -> None:
    chosen = next((v for v in waiting if v["number"] == number), visit(number))
    others = [v for v in waiting if v is not chosen]
    pin = policies.pin_for(policy, waiting, situation, chosen, place)
    after = policies.order(policy, [*others, {**chosen, "pin": pin}], situation)
    emergencies = sum(v["is_emergency"] for v in others)
    low, high = (1, emergencies + 1) if chosen["is_emergency"] else (emergencies + 1, len(others) + 1)
    assert numbers(after).index(number) + 1 == min(max(place, low), high)
    assert [n for n in numbers(after) if n != number] == in_order(policy, others, situation)


@given(any_policy, lines(), situations, st.data())
def test_a_move_that_is_undone_gives_the_order_of_before(
    policy: str, waiting: list[Visit], situation: Situation, data: st.DataObject
) -> None:
    before = policies.order(policy, waiting, situation)
    for _ in range(3 if waiting else 0):
        number = data.draw(st.sampled_from(numbers(before)))
        after = moved(waiting, number, data.draw(st.integers(1, 12)), policy, situation)
        back = [{**v, "pin": next(w["pin"] for w in waiting if w["number"] == v["number"])} for v in after]
        assert policies.order(policy, back, situation) == before


@given(st.sampled_from(["weighted", "tiered"]), lines(pins=False), situations, st.data())
def test_moves_change_nobody_elses_order_however_many_are_made(
    policy: str, waiting: list[Visit], situation: Situation, data: st.DataObject
) -> None:
    expected = in_order(policy, waiting, situation)
    for _ in range(6 if waiting else 0):
        number, place = data.draw(st.sampled_from(expected)), data.draw(st.integers(1, 12))
        waiting = moved(waiting, number, place, policy, situation)
        after = in_order(policy, waiting, situation)
        assert [n for n in after if n != number] == [n for n in expected if n != number]
        expected = after


@given(any_policy, lines(pins=False), situations, st.data())
def test_moves_hold_while_the_queue_is_called_empty(
    policy: str, waiting: list[Visit], situation: Situation, data: st.DataObject
) -> None:
    """Each call takes the first of the screen; the others stand as the screen showed them."""
    for _ in range(4 if waiting else 0):
        number = data.draw(st.sampled_from([v["number"] for v in waiting]))
        waiting = moved(waiting, number, data.draw(st.integers(1, 12)), policy, situation)
    shown = in_order(policy, waiting, situation)
    while waiting:
        first = policies.order(policy, waiting, situation)[0].visit
        situation = situation._replace(streak=policies.next_streak(policy, first, situation))
        waiting = without(waiting, first["number"])
        shown = shown[1:]
        assert in_order(policy, waiting, situation) == shown


@pytest.mark.parametrize("policy", POLICY_NAMES)
def test_a_place_beyond_the_end_means_last_and_one_before_the_head_means_first(policy: str) -> None:
    assert in_order(policy, moved(SIX, 2, 99, policy)) == [1, 3, 4, 5, 6, 2]
    assert in_order(policy, moved(SIX, 5, 0, policy)) == [5, 1, 2, 3, 4, 6]


def test_nobody_is_placed_before_an_emergency_by_hand() -> None:
    waiting = [came(8, 1, is_emergency=True), *SIX, came(9, 0, is_emergency=True)]
    assert in_order("weighted", moved(waiting, 6, 1)) == [8, 9, 6, 1, 2, 3, 4, 5]
    assert in_order("weighted", moved(waiting, 9, 1)) == [9, 8, 1, 2, 3, 4, 5, 6]
    assert in_order("weighted", moved(waiting, 8, 5)) == [9, 8, 1, 2, 3, 4, 5, 6]
    later = [*moved(SIX, 6, 1), came(8, 0, is_emergency=True)]
    assert in_order("weighted", later) == [8, 6, 1, 2, 3, 4, 5]


def test_somebody_placed_behind_others_moves_up_as_they_are_called() -> None:
    waiting = moved(SIX, 6, 4)
    assert in_order("weighted", waiting) == [1, 2, 3, 6, 4, 5]
    assert in_order("weighted", without(waiting, 1, 3)) == [2, 6, 4, 5]
    assert in_order("weighted", without(waiting, 1, 2, 3)) == [6, 4, 5]


def test_who_comes_later_and_goes_before_does_not_undo_a_place() -> None:
    waiting = [*moved(SIX, 6, 3), came(7, 0, urgency=10)]
    assert in_order("weighted", waiting) == [7, 1, 2, 6, 3, 4, 5]


def test_moving_one_on_draws_nobody_along_who_was_placed_behind_it() -> None:
    waiting = moved(moved(SIX, 6, 1), 5, 2)
    assert in_order("weighted", waiting) == [6, 5, 1, 2, 3, 4]
    assert in_order("weighted", moved(waiting, 6, 99)) == [5, 1, 2, 3, 4, 6]


def test_one_who_was_missed_and_comes_again_draws_nobody_along() -> None:
    waiting = moved(moved(SIX, 6, 1), 5, 2)
    returned = [*without(waiting, 6), visit(6, arrived_at=NOW.now_ms + MINUTE)]
    assert in_order("weighted", returned, NOW._replace(now_ms=NOW.now_ms + 2 * MINUTE)) == [5, 1, 2, 3, 4, 6]


def test_the_later_of_two_places_stands_although_the_clock_was_set_back() -> None:
    waiting = moved(SIX, 6, 1)
    earlier = NOW._replace(now_ms=NOW.now_ms - 20 * MINUTE)
    assert in_order("weighted", moved(waiting, 5, 1, "weighted", earlier)) == [5, 6, 1, 2, 3, 4]


def test_a_place_far_behind_names_at_most_fifty() -> None:
    waiting = [came(n, 100 - n) for n in range(1, 101)]
    placed = moved(waiting, 1, 90)
    pin = next(v["pin"] for v in placed if v["number"] == 1)
    assert pin == {"at": NOW.now_ms, "behind": list(range(90, 40, -1))}
    assert in_order("weighted", placed).index(1) == 89


def test_a_skipped_visit_stands_behind_the_next_two() -> None:
    assert in_order("weighted", skipped(SIX, 1)) == [2, 3, 1, 4, 5, 6]
    assert in_order("weighted", skipped(SIX, 3, count=1)) == [1, 2, 4, 3, 5, 6]
    assert in_order("weighted", skipped(SIX, 6)) == [1, 2, 3, 4, 5, 6]


def test_two_who_are_skipped_in_turn_pass_each_other() -> None:
    waiting = skipped(skipped(SIX, 1), 2)
    assert in_order("weighted", waiting) == [3, 1, 2, 4, 5, 6]
    waiting = skipped(without(waiting, 3), 1)
    assert in_order("weighted", waiting) == [2, 4, 1, 5, 6]


def test_a_called_visit_that_is_skipped_comes_back_behind_the_next_two() -> None:
    called: dict[str, Any] = {**SIX[0], "status": "called"}
    pin = policies.pin_behind_next("weighted", SIX[1:], NOW, called)
    assert in_order("weighted", [*SIX[1:], {**called, "status": "waiting", "pin": pin}]) == [2, 3, 1, 4, 5, 6]


def test_who_is_placed_by_hand_takes_no_turn_of_the_others() -> None:
    """In `fair` with one to one, a normal visit put last leaves its turn to the next normal one."""
    waiting = [came(1, 9), came(2, 8), came(3, 7), came(11, 6, urgency=8), came(12, 5, urgency=8)]
    one_to_one = NOW._replace(ratio=1)
    assert in_order("fair", waiting, one_to_one) == [1, 11, 2, 12, 3]
    assert in_order("fair", moved(waiting, 1, 9, "fair", one_to_one), one_to_one) == [2, 11, 3, 12, 1]


def test_places_given_in_one_moment_are_given_in_the_order_of_the_numbers() -> None:
    pin = {"at": NOW.now_ms, "behind": []}
    waiting = [*without(SIX, 1, 2), {**SIX[0], "pin": pin, "urgency": 1}, {**SIX[1], "pin": pin}]
    assert in_order("weighted", waiting) == [2, 1, 3, 4, 5, 6]


def test_who_stood_before_one_placed_by_hand_stays_before_it_when_a_turn_changes_their_own_order() -> None:
    """[7, 3, placed]: the turns of the policy put 3 before 7; once 3 is called, the placed one still stands behind 7."""
    first, second, placed = came(7, 9), came(3, 8), came(5, 7)
    pin = pin_into([ranked(first, 0.0, "by_hand"), ranked(second, 0.0, "by_hand")], placed, 3, NOW.now_ms)
    held = ranked({**placed, "pin": pin}, 0.0, "by_hand")
    turned = [ranked(second, 0.0, "by_hand"), ranked(first, 0.0, "by_hand")]
    assert numbers(with_placed(turned, [held])) == [3, 7, 5]
    assert numbers(with_placed(turned[1:], [held])) == [7, 5]
