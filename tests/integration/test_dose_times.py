"""When something was swallowed decides what it is: cases 14 to 17 of care.md §2.6, with their numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.domain.care_commands import DeviceTold
from shared.stream import Place
from tests.care import BOOT, at, care

DAILY = {"id": "m", "medication": "Metformin", "times": ["08:00", "20:00"], "stock_units": 10}
MORNING, EVENING = "2026-11-20T08:00", "2026-11-20T20:00"


@pytest.mark.parametrize("taken,status", [("09:00:00", "ON_TIME"), ("09:00:01", "LATE"), ("13:59:59", "LATE")])
async def test_case_14_boundaries_of_twice_a_day(tmp_path: Path, taken: str, status: str) -> None:
    async with care(tmp_path) as it:
        await it.plan(DAILY)
        await it.to(MORNING)
        await it.jump(f"2026-11-20T{taken}")
        assert (await it.answer(dose_id=it.dose(MORNING)["id"]))["status"] == status


@pytest.mark.parametrize("looked", [True, False])
async def test_case_14_taken_when_it_counts_as_missed_stays_missed_and_is_kept(tmp_path: Path, looked: bool) -> None:
    async with care(tmp_path) as it:
        await it.plan(DAILY)
        await it.to("2026-11-20T13:59")
        await it.jump("2026-11-20T14:00")
        if looked:
            await it.look()
        dose_id = it.dose(MORNING)["id"]
        assert (await it.answer(dose_id=dose_id))["status"] == "MISSED"
        await it.answer(dose_id=dose_id)
        assert it.it.rows("select act, reason, dose_id from dose_events where act like 'taken%'") == [
            ("taken", "after miss.", dose_id)
        ]
        assert it.it.rows("select units from stocks") == [(9.0,)]


async def test_case_15_shortly_before_its_window_it_is_the_dose_of_eight_and_not_asked_for_again(
    tmp_path: Path,
) -> None:
    async with care(tmp_path) as it:
        await it.plan(DAILY)
        await it.jump("2026-11-20T06:50")
        assert (await it.answer(dose_id=it.dose(MORNING)["id"]))["status"] == "EARLY"
        await it.to("2026-11-20T08:30")
        assert it.voice.said == [] and it.alerts() == []


async def test_case_15_hours_before_it_is_another_intake_a_nurse_looks_and_eight_is_said_with_a_warning(
    tmp_path: Path,
) -> None:
    async with care(tmp_path, "2026-11-20T02:00") as it:
        await it.plan(DAILY)
        await it.jump("2026-11-20T03:00")
        dose_id = it.dose(MORNING)["id"]
        assert (await it.answer(dose_id=dose_id))["status"] == "PLANNED"
        assert it.alerts() == [("dose_limit", 4, "clinic", 1)]
        await it.to(MORNING)
        assert it.dose(MORNING)["status"] == "ANNOUNCED"
        assert "Careful: you have taken it at 03:00." in it.voice.said[0]
        assert (await it.answer())["status"] == "ON_TIME"
        await it.to(EVENING, 300)
        assert "Careful" not in it.voice.said[-1]


async def test_case_16_what_a_device_sends_again_is_one_event_and_a_double_press_one_dose(tmp_path: Path) -> None:
    async with care(tmp_path, "2026-11-20T07:50") as it:
        await it.plan(DAILY)
        device_id = await it.device()
        await it.to(MORNING)
        stream = f"device:{device_id}:{BOOT}"

        async def press(number: int, seconds: int) -> None:
            told = DeviceTold(
                command_id=f"{stream}:{number}", actor="device", device_id=device_id, boot_id=BOOT, device_seq=number,
                event="button", at_ms=at(MORNING) + seconds * 1000,
            )  # fmt: skip
            await it.it.dispatcher.submit(told, Place(stream, number))

        await press(1, 10)
        await press(1, 10)
        await it.jump("2026-11-20T08:00:50")
        await press(2, 50)
        assert it.it.rows("select act from dose_events where act like 'taken%'") == [("taken",)]
        assert it.it.rows("select count(*) from device_log") == [(2,)]
        assert it.alerts() == [] and it.dose(MORNING)["status"] == "ON_TIME"


async def test_case_17_a_late_answer_near_the_next_dose_is_of_that_one(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(DAILY)
        await it.to("2026-11-20T19:30", 300)
        said = len(it.voice.said)
        answered = await it.answer(source="voice")
        assert answered["doses"] == {it.dose(EVENING)["id"]: "ON_TIME"}
        await it.to("2026-11-20T21:00")
        assert it.dose(MORNING)["status"] == "MISSED" and len(it.voice.said) == said
