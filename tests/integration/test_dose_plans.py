"""Plans as rows at the clinic: cases 1, 2, 5 and 7 to 13 and 24 of care.md §2.6, through the store, with their numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edge.domain.care_commands import CorrectDose, DeviceTold
from shared.clock import iso
from tests.care import BOOT, Care, at, care

BERLIN: dict[str, Any] = {"timezone": "Europe/Berlin"}
M: dict[str, Any] = {"id": "m", "medication": "Metformin"}


def dues(it: Care, many: int = 99) -> list[str]:
    """When doses are due, UTC, to the minute."""
    rows = it.it.rows("select due_at from doses where status <> 'VOIDED' order by due_at limit ?", many)
    return [iso(due)[5:16] for (due,) in rows]


@pytest.mark.parametrize(
    "moment,times,first",
    [
        ("2026-03-28T00:00", ["08:00"], ["03-28T07:00", "03-29T06:00"]),
        ("2026-10-24T00:00", ["08:00"], ["10-24T06:00", "10-25T07:00"]),
        ("2026-03-29T00:00", ["00:00"], ["03-29T22:00", "03-30T22:00"]),
    ],
    ids=["case 1", "case 2", "case 5"],
)
async def test_daily_doses_over_a_jump_of_the_clock(
    tmp_path: Path, moment: str, times: list[str], first: list[str]
) -> None:
    async with care(tmp_path, moment) as it:
        await it.plan({**M, "times": times}, start=moment[:10], **BERLIN)
        found = dues(it)
        assert [due for due in found if due >= first[0]][:2] == first


async def test_case_08_a_time_critical_medicine_over_a_jump_is_a_note_to_the_clinic_once(tmp_path: Path) -> None:
    async with care(tmp_path, "2026-03-20T06:00") as it:
        item = {**M, "times": ["06:00", "14:00", "22:00"], "policy_class": "TIME_CRITICAL"}
        await it.plan(item, start="2026-03-20", **BERLIN)
        assert it.alerts() == [("time_critical_gap", 4, "clinic", 1)]
        assert it.it.rows("select title, body from care_alerts") == [
            (
                "Metformin: 7 h instead of 8 h between two doses",
                "2026-03-28 22:00 to 2026-03-29 06:00: a clock is set there.",
            )
        ]
        await it.plan(item, start="2026-03-20", revision=2, **BERLIN)
        assert len(it.alerts()) == 1


async def test_case_08_the_jump_is_seen_when_its_days_come_nearer(tmp_path: Path) -> None:
    async with care(tmp_path, "2026-03-14T05:00") as it:
        await it.plan({**M, "times": ["05:00", "21:00"], "policy_class": "TIME_CRITICAL"}, start="2026-03-14", **BERLIN)
        assert it.alerts("topic = 'time_critical_gap'") == []
        await it.to("2026-03-15T06:10", 14_400)
        await it.to("2026-03-16T06:10", 14_400)
        assert len(it.alerts("topic = 'time_critical_gap'")) == 1


async def test_cases_09_to_11_every_other_day_monthly_on_the_31st_and_weekly(tmp_path: Path) -> None:
    async with care(tmp_path, "2026-02-27T00:00") as it:
        await it.plan({**M, "timing": {"times_of_day": ["08:00"], "period": 2, "period_unit": "d"}}, start="2026-02-27")
        assert [due[:5] for due in dues(it, 3)] == ["02-27", "03-01", "03-03"]
    async with care(tmp_path / "monthly", "2026-02-20T00:00") as it:
        timing = {"times_of_day": ["08:00"], "period": 1, "period_unit": "mo"}
        await it.plan({**M, "timing": timing}, start="2026-01-31")
        assert [due[:5] for due in dues(it)] == ["02-28"]
    async with care(tmp_path / "weekly", "2026-11-23T06:00") as it:  # a Monday
        timing = {"times_of_day": ["08:00"], "period": 1, "period_unit": "wk", "days_of_week": ["mon"]}
        await it.plan({**M, "timing": timing}, start="2026-11-23")
        await it.to("2026-11-24T07:00", 3600)
        assert (await it.answer())["status"] == "LATE"
        assert [due[:5] for due in dues(it, 2)] == ["11-23", "11-30"]


async def test_case_12_a_taper_is_its_steps_and_ends(tmp_path: Path) -> None:
    async with care(tmp_path, "2026-11-02T00:00") as it:
        steps = [{"dose": dose, "days": 7, "timing": {"times_of_day": ["08:00"]}} for dose in (20, 10, 5)]
        await it.plan({**M, "unit": "mg", "steps": steps}, start="2026-11-02")
        await it.to("2026-11-12T00:00", 43_200)
        amounts = dict(it.it.rows("select substr(nominal_local, 6, 5), quantity from doses"))
        assert (amounts["11-08"], amounts["11-09"], amounts["11-16"]) == (20.0, 10.0, 5.0)
        assert max(amounts) == "11-22"


async def test_case_13_three_weeks_on_and_one_off(tmp_path: Path) -> None:
    async with care(tmp_path, "2026-11-18T00:00") as it:
        timing = {"times_of_day": ["08:00"], "cycle_on_days": 21, "cycle_off_days": 7}
        await it.plan({**M, "timing": timing}, start="2026-11-02")
        days = [due[:5] for due in dues(it)]
        assert days[:6] == ["11-18", "11-19", "11-20", "11-21", "11-22", "11-30"]


async def moved(it: Care, zone: str) -> None:
    """Ana's device says where it is."""
    (device_id,) = it.it.rows("select id from devices")[0]
    await it.it.accepted(DeviceTold, device_id=device_id, boot_id=BOOT, device_seq=1, event="clock_set", at_ms=it.now_ms,
                         data={"timezone": zone})  # fmt: skip


@pytest.mark.parametrize(
    "policy,gap_h,due,shown",
    [
        ("device", 12, "06-02T05:00", "2026-06-02T08:00"),
        ("device", 20, "06-02T08:00", "2026-06-02T11:00"),
        ("home", 12, "06-02T12:00", "2026-06-02T08:00"),
    ],
    ids=["follows", "waits for the gap", "stays at home"],
)
async def test_case_24_from_new_york_to_nairobi(tmp_path: Path, policy: str, gap_h: int, due: str, shown: str) -> None:
    async with care(tmp_path, "2026-06-01T11:00") as it:
        item = {**M, "times": ["08:00"], "limits": {"min_gap_min": gap_h * 60}}
        await it.plan(item, start="2026-06-01", timezone="America/New_York", tz_policy=policy)
        await it.device()
        await it.to("2026-06-01T12:00", 600)
        await it.answer()
        await moved(it, "Africa/Nairobi")
        assert dues(it, 2) == ["06-01T12:00", due]
        assert it.it.rows("select nominal_local from doses order by due_at limit 1 offset 1") == [(shown,)]
        await moved(it, "No/Where")
        assert dues(it, 2) == ["06-01T12:00", due]
        assert it.dose("2026-06-01T08:00")["due_at"] == at("2026-06-01T12:00")


async def test_case_24_a_plan_that_is_changed_while_somebody_is_away_keeps_the_gap(tmp_path: Path) -> None:
    async with care(tmp_path, "2026-06-01T11:00") as it:
        item = {**M, "times": ["08:00"], "limits": {"min_gap_min": 20 * 60}}
        where = {"start": "2026-06-01", "timezone": "America/New_York", "tz_policy": "device"}
        await it.plan(item, **where)
        await it.device()
        await it.to("2026-06-01T12:00", 600)
        await it.answer()
        await moved(it, "Africa/Nairobi")
        await it.to("2026-06-02T00:30", 3600)
        await it.plan({**item, "dose": 2}, **where, revision=2)
        assert dues(it, 3) == ["06-01T12:00", "06-02T08:00", "06-03T05:00"]


async def test_a_plan_that_is_changed_leaves_a_dose_where_the_one_it_follows_has_put_it(tmp_path: Path) -> None:
    iron = {"id": "b", "medication": "Iron", "mode": "linked", "linked_item": "i", "linked_after_min": 240}
    async with care(tmp_path, "2026-11-20T06:00") as it:
        await it.plan({**M, "id": "i", "times": ["07:00"]}, iron)
        await it.to("2026-11-20T07:40", 600)
        await it.answer()
        await it.plan({**M, "id": "i", "times": ["07:00"]}, {**iron, "dose": 2}, revision=2)
        assert dues(it, 3) == ["11-20T07:00", "11-20T11:40", "11-21T07:00"]
        first = it.dose("2026-11-20T07:00")["id"]
        await it.it.accepted(
            CorrectDose, dose_id=first, status="ON_TIME", taken_ms=at("2026-11-20T07:20"), reason="seen"
        )
        assert dues(it, 2) == ["11-20T07:00", "11-20T11:20"]
