"""Doses that are due at another moment than their plan alone says: after a journey, and after the dose they follow."""

from __future__ import annotations

from typing import Any

import pytest

from shared.doses.expansion import Occurrence, occurrences
from shared.doses.moving import Ahead, Known, following, left_over, moved, reach_ms
from shared.doses.plan import Plan
from shared.doses.states import Status
from tests.dose_plans import HOUR, MINUTE, at, daily, plan, read, utc

NEW_YORK, NAIROBI = "America/New_York", "Africa/Nairobi"
START, END = at("2026-06-01"), at("2026-06-04")


def _known(one: Occurrence, **more: Any) -> Known:
    row = {"item_id": one.item_id, "step": one.step, "status": Status.ON_TIME, "due_ms": one.due_at_ms, "tz": one.tz,
           "taken_ms": None, "told": True}  # fmt: skip
    return Known(**{**row, **more})


def _chain(*after_min: int) -> Plan:
    """A at 07:00, B so long after it, C so long after B."""
    items: list[dict[str, Any]] = [{"id": "a", "medication": "A", "unit": "t", "dose": 1, "timing": daily("07:00")}]
    for lead, name, minutes in zip("abc", "bcd", after_min, strict=False):
        items.append({"id": name, "medication": name, "unit": "t", "dose": 1, "mode": "linked", "linked_item": lead,
                      "linked_after_min": minutes})  # fmt: skip
    return read({"start": "2026-06-01", "timezone": "UTC", "items": items})


@pytest.mark.parametrize(
    ("gap_h", "taken", "due", "shown"),
    [
        (12, "2026-06-01T12:00", "06-02T05:00Z", "2026-06-02T08:00"),
        (20, "2026-06-01T12:00", "06-02T08:00Z", "2026-06-02T11:00"),
        (20, "2026-06-01T14:00", "06-02T10:00Z", "2026-06-02T13:00"),
    ],
)
def test_case_24_the_first_dose_after_a_journey_waits_for_its_gap_and_the_next_is_at_its_own_time(
    gap_h: int, taken: str, due: str, shown: str
) -> None:
    abroad = plan(daily("08:00"), NEW_YORK, plan_tz_policy="device", limits={"min_gap_min": gap_h * 60})
    [last] = occurrences(abroad, START, START + 24 * HOUR)
    wanted = occurrences(abroad, START, END, device_tz=NAIROBI)
    known = {last.id: _known(last, taken_ms=at(taken))}
    _, first, second = moved(abroad, wanted, known, at(taken))
    assert (utc(first), first.nominal_local, utc(second)) == (due, shown, "06-03T05:00Z")
    assert first.miss_at_ms - first.due_at_ms == wanted[1].miss_at_ms - wanted[1].due_at_ms, "its windows go with it"
    again = {**known, first.id: _known(first, status=Status.PLANNED, told=False)}
    assert moved(abroad, wanted, again, at(taken))[1] == first, "planned again it stands there still"
    over = {**known, first.id: _known(first, status=Status.MISSED)}
    assert [utc(one) for one in moved(abroad, wanted, over, at("2026-06-02T12:00"))[1:]] == [due, "06-03T05:00Z"]


@pytest.mark.parametrize(
    ("status", "is_pushed"), [("UNKNOWN", True), ("MISSED", True), ("SKIPPED", False), ("HELD", False)]
)
def test_a_dose_that_may_have_been_taken_keeps_its_gap_and_one_that_was_not_does_not(
    status: str, is_pushed: bool
) -> None:
    abroad = plan(daily("08:00"), NEW_YORK, plan_tz_policy="device", limits={"min_gap_min": 20 * 60})
    [last] = occurrences(abroad, START, START + 24 * HOUR)
    wanted = occurrences(abroad, last.due_at_ms, END, device_tz=NAIROBI)
    first = moved(abroad, wanted, {last.id: _known(last, status=Status(status))}, last.due_at_ms)[0]
    assert utc(first) == ("06-02T08:00Z" if is_pushed else "06-02T05:00Z")


def test_a_dose_that_was_taken_late_at_home_is_pushed_by_no_journey() -> None:
    at_home = plan(daily("08:00", "20:00"), "Europe/Madrid", plan_tz_policy="device", limits={"min_gap_min": 12 * 60})
    morning = occurrences(at_home, START, END)[0]
    known = {morning.id: _known(morning, taken_ms=morning.due_at_ms + 3 * HOUR)}
    same_clock = occurrences(at_home, START, END, device_tz="Europe/Berlin")
    assert moved(at_home, same_clock, known, morning.due_at_ms) == same_clock


def test_what_follows_a_dose_counts_from_when_that_was_taken_and_so_does_what_follows_it_in_turn() -> None:
    chain = _chain(240, 60)
    wanted = occurrences(chain, START, END)
    lead = wanted[0]
    late = {lead.id: _known(lead, status=Status.LATE, taken_ms=lead.due_at_ms + 40 * MINUTE)}
    found = [utc(one) for one in moved(chain, wanted, late, lead.due_at_ms)]
    assert found[:4] == ["06-01T07:00Z", "06-01T11:40Z", "06-01T12:40Z", "06-02T07:00Z"]
    told = {**late, wanted[1].id: _known(wanted[1], status=Status.ANNOUNCED)}
    stands = [utc(one) for one in moved(chain, wanted, told, lead.due_at_ms)]
    assert stands[1:3] == ["06-01T11:00Z", "06-01T12:00Z"], "one that was said stands, and what follows it with it"
    missed = {lead.id: _known(lead, status=Status.MISSED, taken_ms=lead.due_at_ms + 9 * HOUR)}
    assert moved(chain, wanted, missed, lead.due_at_ms) == wanted, "one that stays missed moves nothing"


def test_what_is_to_be_taken_with_another_dose_goes_with_it() -> None:
    both = _chain(0)
    wanted = occurrences(both, START, START + 24 * HOUR)
    late = {wanted[0].id: _known(wanted[0], status=Status.EARLY, taken_ms=wanted[0].due_at_ms - 30 * MINUTE)}
    assert [utc(one) for one in moved(both, wanted, late, wanted[0].due_at_ms)] == ["06-01T07:00Z", "06-01T06:30Z"]


def test_the_dose_that_another_follows_may_lie_as_far_back_as_the_chain_is_long() -> None:
    assert (reach_ms(_chain(240, 60)), reach_ms(_chain())) == (5 * HOUR, 0)


def test_of_the_doses_ahead_those_that_count_from_this_one_are_found_by_their_moments() -> None:
    ahead = [
        Ahead("b1", "b", 11 * HOUR),
        Ahead("c1", "c", 12 * HOUR),
        Ahead("b2", "b", 35 * HOUR),
        Ahead("a2", "a", 11 * HOUR),
    ]
    assert following(_chain(240, 60), "a", 7 * HOUR, ahead) == ["b1", "c1"]
    assert following(_chain(240, 60), "b", 11 * HOUR, ahead) == ["c1"]
    assert following(_chain(240, 60), "a", 8 * HOUR, ahead) == []


def test_what_follows_a_dose_from_which_the_plan_has_gone_on_is_still_due() -> None:
    body = {"start": "2026-06-01", "timezone": "UTC", "items": [
        {"id": "a", "medication": "A", "unit": "t", "dose": 1, "mode": "from_last_taken", "first_at": "07:00",
         "timing": {"period": 6, "period_unit": "h"}},
        {"id": "b", "medication": "B", "unit": "t", "dose": 3, "mode": "linked", "linked_item": "a", "linked_after_min": 60},
    ]}  # fmt: skip
    counting = read(body)
    lead, follower = occurrences(counting, START, END)
    late_ms = lead.due_at_ms + 40 * MINUTE
    taken = {lead.id: _known(lead, taken_ms=late_ms)}
    waits = _known(follower, status=Status.PLANNED, told=False, due_ms=late_ms + HOUR)
    assert follower.id not in {one.id for one in occurrences(counting, START, END, last_taken_ms={"a": late_ms})}
    [(id_, (item, step))] = left_over(counting, {**taken, follower.id: waits}).items()
    assert (id_, item.id, step.quantity) == (follower.id, "b", 3)
    assert left_over(counting, {**taken, follower.id: waits._replace(told=True)}) == {}, (
        "that one stands as it was said"
    )
    assert left_over(counting, {**taken, follower.id: waits._replace(due_ms=late_ms)}) == {}, "it follows another"
