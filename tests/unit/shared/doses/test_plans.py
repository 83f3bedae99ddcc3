"""Plans as people write them: read exactly, or refused by the name of the field."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.doses.plan import _ITEM, _STEP, BadPlan
from shared.doses.plan_timing import _FIELDS
from tests.dose_plans import read

GOOD: dict[str, Any] = {
    "start": "2026-11-20", "timezone": "Europe/Madrid",
    "items": [{"medication": "Metformin", "unit": "tablet", "dose": 1, "timing": {"times_of_day": ["08:00"]}}],
}  # fmt: skip


def with_item(**more: Any) -> dict[str, Any]:
    return {**GOOD, "items": [{**GOOD["items"][0], **more}]}


def with_timing(**timing: Any) -> dict[str, Any]:
    return with_item(timing=timing)


@pytest.mark.parametrize("body,path", [
    ({**GOOD, "start": None}, "start"), ({**GOOD, "start": "soon"}, "start"), ({**GOOD, "end": "2026-11-01"}, "end"),
    ({**GOOD, "timezone": "Madrid"}, "timezone"), ({**GOOD, "items": []}, "items"), ({**GOOD, "colour": 1}, "colour"),
    (with_item(medication=""), "items[0].medication"), (with_item(dose=0), "items[0].dose"),
    (with_item(dose="1"), "items[0].dose"),
    (with_item(colour=1), "items[0].colour"), (with_item(policy_class="URGENT"), "items[0].policy_class"),
    (with_timing(times_of_day=["8"]), "items[0].timing.times_of_day[0]"),
    (with_timing(times_of_day=["08:00", "08:00"]), "items[0].timing.times_of_day[1]"),
    (with_timing(period=2, times_of_day=["08:00"]), "items[0].timing.period_unit"),  # tim-2
    (with_timing(period=-1, period_unit="d", times_of_day=["08:00"]), "items[0].timing.period"),  # tim-5
    (with_timing(times_of_day=["08:00"], offset_min=5), "items[0].timing.offset_min"),  # tim-9
    (with_timing(times_of_day=["08:00"], when=["ACM"]), "items[0].timing.when"),  # tim-10
    (with_timing(when=["SOON"]), "items[0].timing.when[0]"), (with_timing(), "items[0].timing.times_of_day"),
    (with_timing(period=5, period_unit="h"), "items[0].timing.period"),
    (with_timing(times_of_day=["08:00"], frequency=2), "items[0].timing.frequency"),
    (with_timing(times_of_day=["08:00"], cycle_on_days=5), "items[0].timing.cycle_off_days"),
    (with_timing(times_of_day=[f"{n:02}:00" for n in range(24)] + ["00:30"]), "items[0].timing.times_of_day"),
    (with_item(mode="linked", timing={}, linked_item="nobody"), "items[0].steps[0].linked_item"),
    (with_item(mode="linked", linked_item="nobody"), "items[0].timing"),
    (with_item(linked_after_min=5), "items[0].linked_after_min"),
    (with_item(waking_only=True), "items[0].waking_only"), (with_item(first_at="08:00"), "items[0].first_at"),
    (with_item(as_needed=True), "items[0].timing"), (with_item(missed_at_share=0.9), "items[0].missed_at_share"),
    ({**GOOD, "start": "1926-11-20"}, "start"), (with_item(stock_units=float("nan")), "items[0].stock_units"),
    (
        with_item(mode="elapsed", timing={"period": 30, "period_unit": "d", "days_of_week": ["mon"]}),
        "items[0].timing.days_of_week",
    ),
    (with_item(mode="elapsed", timing={"period": 1, "period_unit": "mo"}), "items[0].timing.period_unit"),
    (with_item(mode="from_last_taken", timing={"period": 8, "period_unit": "h", "count": 3}), "items[0].timing.count"),
    (with_item(mode="elapsed", timing={"frequency": 2, "period": 1, "period_unit": "h"}), "items[0].timing.frequency"),
    (with_timing(frequency=2, period=1, period_unit="h"), "items[0].timing.frequency"),
    (with_timing(times_of_day=["08:00"], period=2, period_unit="d", days_of_week=["mon"]), "items[0].timing.days_of_week"),
    (with_timing(times_of_day=["08:00"], period=1, period_unit="wk", days_of_month=[1]), "items[0].timing.days_of_month"),
    (with_timing(times_of_day=["08:00"], period=2, period_unit="d", cycle_on_days=2, cycle_off_days=1),
     "items[0].timing.cycle_on_days"),
    (with_timing(times_of_day=["08:00"], period=13, period_unit="mo"), "items[0].timing.period"),
    (with_item(steps=[{"dose": 1, "timing": {"times_of_day": ["08:00"]}}]), "items[0].steps"),
])  # fmt: skip
def test_a_plan_that_cannot_be_followed_is_refused_by_the_name_of_the_field(body: dict[str, Any], path: str) -> None:
    with pytest.raises(BadPlan) as refused:
        read(body)
    assert refused.value.path == path and refused.value.message


def test_only_the_last_step_of_a_taper_may_be_without_an_end() -> None:
    steps = [{"dose": 2, "timing": {"times_of_day": ["08:00"]}}, {"dose": 1, "timing": {"times_of_day": ["08:00"]}}]
    body = {**GOOD, "items": [{"medication": "Prednisone", "unit": "tablet", "steps": steps}]}
    with pytest.raises(BadPlan) as refused:
        read(body)
    assert refused.value.path == "items[0].steps[0].days"


def test_medicines_linked_in_a_circle_are_refused() -> None:
    items = [
        {"id": a, "medication": a, "unit": "tablet", "dose": 1, "mode": "linked", "linked_item": b}
        for a, b in (("a", "b"), ("b", "c"), ("c", "b"))
    ]
    with pytest.raises(BadPlan, match="circle"):
        read({**GOOD, "items": items})


def test_two_ways_to_the_same_medicine_are_no_circle() -> None:
    linked = {"unit": "tablet", "steps": [
        {"dose": 1, "mode": "linked", "linked_item": "a", "days": 3}, {"dose": 1, "mode": "linked", "linked_item": "b"},
    ]}  # fmt: skip
    items = [
        {**GOOD["items"][0], "id": "a"},
        {"id": "b", "medication": "B", "unit": "tablet", "dose": 1, "mode": "linked", "linked_item": "a"},
        {"id": "c", "medication": "C", **linked},
    ]
    assert [item.id for item in read({**GOOD, "items": items}).items] == ["a", "b", "c"]


def test_nothing_can_follow_a_medicine_that_is_never_due() -> None:
    items = [
        {"id": "a", "medication": "A", "unit": "tablet", "dose": 1, "as_needed": True},
        {"id": "b", "medication": "B", "unit": "tablet", "dose": 1, "mode": "linked", "linked_item": "a"},
    ]
    with pytest.raises(BadPlan, match="never due"):
        read({**GOOD, "items": items})


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from(["mon", "08:00", "h", "elapsed"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*_ITEM, *_STEP, *_FIELDS]), inner, max_size=4),
    max_leaves=12,
), st.sampled_from([*_ITEM, "items", "start", "end", "timezone", "pre_notice_min"]))  # fmt: skip
def test_whatever_is_written_is_read_or_refused_and_never_breaks(value: Any, name: str) -> None:
    for body in (
        {**GOOD, name: value},
        with_item(**{name: value}),
        with_timing(**{name: value}),
        {**GOOD, "items": [value]},
    ):
        try:
            read(body)
        except BadPlan as refused:
            assert refused.message


def test_fifty_one_medicines_are_too_many() -> None:
    items = [{**GOOD["items"][0], "id": f"m{n}"} for n in range(51)]
    with pytest.raises(BadPlan, match="at most 50"):
        read({**GOOD, "items": items})
