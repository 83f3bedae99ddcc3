"""A medicine that counts from the last one: it begins, and it goes on, whatever came between."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.domain.care_commands import EndHold, SetHold
from tests.care import Care, at, care

EVERY_6_H = {"id": "i", "medication": "Ibuprofen", "mode": "from_last_taken", "first_at": "08:00",
             "timing": {"period": 6, "period_unit": "h"}}  # fmt: skip


def _planned(it: Care) -> list[str]:
    return [nominal for nominal, _ in it.doses("status = 'PLANNED'")]


@pytest.mark.parametrize(
    ("followed", "start", "due"),
    [
        ("2026-11-20T06:00", "2026-11-20", "11-20T08:00"),
        ("2026-11-20T09:00", "2026-11-20", "11-20T08:00"),  # its window is open: said at once
        ("2026-11-20T09:01", "2026-11-20", "11-21T08:00"),
        ("2026-11-20T06:00", "2026-11-17", "11-20T08:00"),
        ("2026-11-20T12:00", "2026-01-01", "11-21T08:00"),
        ("2026-11-20T12:00", "2026-11-23", "11-23T08:00"),
    ],
)
async def test_the_first_dose_is_due_the_next_time_a_clock_shows_when_it_begins(
    tmp_path: Path, followed: str, start: str, due: str
) -> None:
    async with care(tmp_path, followed) as it:
        await it.plan(EVERY_6_H, start=start)
        assert _planned(it) == [due]
        await it.to(f"2026-{due}" if due > followed[5:] else "2026-11-20T09:05", 600)
        assert len(it.voice.said) == 1, "it is said when its time comes, and no other is"


async def test_a_plan_that_is_revised_before_its_first_dose_keeps_it(tmp_path: Path) -> None:
    async with care(tmp_path, "2026-11-20T12:00") as it:
        await it.plan(EVERY_6_H, start="2026-11-20")
        await it.to("2026-11-20T18:00", 3600)
        await it.plan({**EVERY_6_H, "dose": 2}, start="2026-11-20", revision=2)
        assert _planned(it) == ["11-21T08:00"]


async def test_a_revision_while_the_first_dose_is_open_leaves_it_open_and_plans_no_other(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(EVERY_6_H, start="2026-11-20")
        await it.to("2026-11-20T10:30", 600)
        await it.plan({**EVERY_6_H, "limits": {"min_gap_min": 240}}, start="2026-11-20", revision=2)
        assert it.doses("status <> 'VOIDED'") == [("11-20T08:00", "ANNOUNCED")]


async def test_what_follows_such_a_medicine_begins_with_it(tmp_path: Path) -> None:
    iron = {"id": "f", "medication": "Iron", "mode": "linked", "linked_item": "i", "linked_after_min": 60}
    async with care(tmp_path, "2026-11-20T12:00") as it:
        await it.plan(EVERY_6_H, iron, start="2026-11-20")
        assert it.doses() == [("11-21T08:00", "PLANNED"), ("11-21T09:00", "PLANNED")]


async def test_what_follows_such_a_medicine_is_still_due_when_the_plan_changes_in_between(tmp_path: Path) -> None:
    iron = {"id": "f", "medication": "Iron", "mode": "linked", "linked_item": "i", "linked_after_min": 60}
    async with care(tmp_path) as it:
        await it.plan(EVERY_6_H, iron, start="2026-11-20")
        await it.to("2026-11-20T08:30", 600)
        await it.answer()
        await it.look()
        await it.plan({**EVERY_6_H, "dose": 2}, iron, start="2026-11-20", revision=2)
        assert _planned(it) == ["11-20T09:30", "11-20T14:30", "11-20T15:30"]
        await it.to("2026-11-20T09:31")
        assert "Iron" in it.voice.said[-1]


async def test_after_a_day_without_power_it_goes_on_at_its_gaps(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(EVERY_6_H, start="2026-11-20")
        await it.to("2026-11-20T08:30", 600)
        await it.answer()
        await it.look()
        await it.jump("2026-11-21T12:00")
        await it.look()
        await it.look()
        assert it.doses() == [("11-20T08:00", "ON_TIME"), ("11-20T14:30", "NOT_ANNOUNCED"), ("11-21T14:30", "PLANNED")]


async def test_an_open_dose_that_is_held_is_followed_by_the_next_after_the_hold(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(EVERY_6_H, start="2026-11-20")
        await it.to("2026-11-20T08:10", 300)
        await it.it.accepted(
            SetHold, hold_id="h", person_id=it.person_id, from_ms=at("2026-11-20"), until_ms=at("2026-11-20T12:00")
        )
        await it.to("2026-11-20T14:00", 300)
        assert it.doses() == [("11-20T08:00", "HELD"), ("11-20T14:00", "ANNOUNCED")]


async def test_a_dose_released_from_a_hold_is_the_next_and_not_one_of_two(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(EVERY_6_H, start="2026-11-20")
        await it.to("2026-11-20T08:10", 300)
        await it.it.accepted(
            SetHold, hold_id="h", person_id=it.person_id, from_ms=at("2026-11-20"), until_ms=at("2026-11-20T12:00")
        )
        await it.look()
        await it.it.accepted(EndHold, hold_id="h")
        await it.to("2026-11-20T08:30", 300)
        assert it.doses("status = 'ANNOUNCED'") == [("11-20T08:00", "ANNOUNCED")]
        await it.answer()
        await it.to("2026-11-20T14:29", 300)
        assert [one for one in it.doses() if one[1] != "VOIDED"] == [
            ("11-20T08:00", "ON_TIME"),
            ("11-20T14:30", "PLANNED"),
        ]
