"""No dose is lost in silence: what was never said, what is skipped, what is held, and what is told together."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.app.ports import DeviceError
from edge.domain.care_commands import AnswerDose, CorrectDose, DeviceHeard, DeviceTold, SetHold, TakeAsNeeded
from tests.care import BOOT, at, care

CRITICAL = {"id": "i", "medication": "Insulin", "times": ["08:00"], "critical": True, "policy_class": "TIME_CRITICAL"}
ONCE = {"id": "m", "medication": "Metformin", "times": ["08:00"]}


async def test_a_critical_dose_that_is_skipped_after_its_caregiver_was_told_goes_to_the_clinic(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(CRITICAL)
        await it.to("2026-11-20T08:16")
        assert it.alerts("open") == [("missed_dose", 3, "caregiver", 1)]
        assert (await it.answer("skipped", reason="feels sick"))["status"] == "SKIPPED"
        assert it.alerts("open") == [("missed_dose", 4, "clinic", 1)]


async def test_a_critical_dose_nobody_was_told_of_goes_to_the_clinic(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(CRITICAL)
        it.voice.fails = DeviceError("no sound", passing=False)
        await it.to("2026-11-20T10:01")
        assert it.dose("2026-11-20T08:00")["status"] == "NOT_ANNOUNCED"
        assert it.alerts("open") == [("missed_dose", 4, "clinic", 1)]
        assert "was not told of: Insulin" in it.it.rows("select title from care_alerts")[0][0]


async def test_a_dose_whose_whole_time_passed_without_power_is_told_as_not_announced(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(ONCE)
        await it.jump("2026-11-20T21:00")
        await it.look()
        assert it.dose("2026-11-20T08:00")["status"] == "NOT_ANNOUNCED"
        assert it.it.rows("select topic, rung, title from care_alerts") == [
            ("missed_dose", 3, "Ana Torres was not told of: Metformin")
        ]


async def test_doses_missed_together_are_one_alert_that_names_them_all(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(
            CRITICAL, {"id": "v", "medication": "Vitamin D", "times": ["08:00"], "policy_class": "TIME_CRITICAL"}
        )
        await it.to("2026-11-20T10:01")
        assert it.alerts("open") == [("missed_dose", 4, "clinic", 1)]
        ((title,),) = it.it.rows("select title from care_alerts")
        assert "Insulin" in title and "Vitamin D" in title


@pytest.mark.parametrize("minutes", ["soon", None, [1], 1e300, {}])
async def test_what_a_device_writes_for_minutes_never_stops_its_events(tmp_path: Path, minutes: object) -> None:
    async with care(tmp_path) as it:
        await it.plan(ONCE)
        device_id = await it.device()
        await it.to("2026-11-20T08:01")
        told = {"device_id": device_id, "boot_id": BOOT, "at_ms": it.now_ms}
        await it.it.accepted(DeviceTold, **told, device_seq=1, event="snoozed", data={"minutes": minutes})
        assert it.dose("2026-11-20T08:00")["status"] == "SNOOZED"


async def test_a_dose_a_nurse_corrects_counts_for_limits_and_stock_as_it_was(tmp_path: Path) -> None:
    item = {**ONCE, "stock_units": 10, "limits": {"min_gap_min": 240}}
    async with care(tmp_path) as it:
        await it.plan(item, {"id": "p", "medication": "Paracetamol", "as_needed": True, "limits": {"min_gap_min": 240}})
        await it.to("2026-11-20T20:05", 300)
        dose = it.dose("2026-11-20T08:00")
        await it.it.accepted(
            CorrectDose, dose_id=dose["id"], status="LATE", taken_ms=at("2026-11-20T19:00"), reason="seen"
        )
        assert it.it.rows("select units from stocks") == [(9.0,)]
        asked = {"plan_id": "plan", "item_id": "m", "quantity": 1.0, "source": "button", "at_ms": it.now_ms}
        assert (await it.it.do(TakeAsNeeded, **asked)).code == "min_gap"  # type: ignore[union-attr]
        await it.it.accepted(CorrectDose, dose_id=dose["id"], status="MISSED", reason="it was another patient")
        assert it.it.rows("select units from stocks") == [(10.0,)]
        await it.it.accepted(TakeAsNeeded, **asked)


async def test_a_medicine_that_counts_from_the_last_one_goes_on_after_a_hold(tmp_path: Path) -> None:
    timing = {"period": 6, "period_unit": "h"}
    async with care(tmp_path) as it:
        await it.plan({"id": "i", "medication": "Ibuprofen", "mode": "from_last_taken", "first_at": "08:00", "timing": timing},
                      start="2026-11-20")  # fmt: skip
        await it.it.accepted(
            SetHold, hold_id="h", person_id=it.person_id, from_ms=at("2026-11-20"), until_ms=at("2026-11-20T12:00")
        )
        await it.to("2026-11-20T14:01", 300)
        assert it.doses() == [("11-20T08:00", "HELD"), ("11-20T14:00", "ANNOUNCED")]


async def test_a_dose_taken_against_a_hold_is_kept_and_told(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(ONCE)
        await it.it.accepted(
            SetHold,
            hold_id="h",
            person_id=it.person_id,
            from_ms=at("2026-11-20"),
            until_ms=at("2026-11-21"),
            reason="operation",
        )
        await it.to("2026-11-20T08:01")
        dose = it.dose("2026-11-20T08:00")
        assert (await it.answer(dose_id=dose["id"]))["status"] == "ON_TIME"
        assert it.alerts() == [("dose_limit", 4, "clinic", 1)]


async def test_a_dose_taken_after_it_counted_as_missed_puts_off_the_next_that_counts_from_it(tmp_path: Path) -> None:
    timing = {"period": 6, "period_unit": "h"}
    async with care(tmp_path) as it:
        await it.plan({"id": "i", "medication": "Ibuprofen", "mode": "from_last_taken", "first_at": "08:00", "timing": timing},
                      start="2026-11-20")  # fmt: skip
        await it.to("2026-11-20T13:00", 300)
        dose = it.dose("2026-11-20T08:00")
        assert dose["status"] == "MISSED" and it.doses("status = 'PLANNED'") == [("11-20T14:00", "PLANNED")]
        said = len(it.voice.said)
        await it.answer(dose_id=dose["id"])
        await it.to("2026-11-20T18:55", 300)
        assert len(it.voice.said) == said, "an hour after it was taken it was asked for again"
        assert it.doses("status = 'PLANNED'") == [("11-20T19:00", "PLANNED")]


async def test_a_snoozed_dose_answered_after_its_time_and_before_the_clock_was_missed(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(ONCE)
        await it.to("2026-11-20T08:01")
        await it.answer("snoozed", snooze_min=30)
        await it.jump("2026-11-20T20:30")
        await it.answer(dose_id=it.dose("2026-11-20T08:00")["id"])
        assert it.dose("2026-11-20T08:00")["status"] == "MISSED"
        assert it.alerts("open") == [("missed_dose", 3, "caregiver", 1)]


async def test_a_dose_the_device_said_alone_and_nobody_answered_is_told_once_the_device_is_back(tmp_path: Path) -> None:
    async with care(tmp_path, "2026-11-20T06:00") as it:
        await it.plan(ONCE)
        device_id = await it.device()
        it.devices.fails = DeviceError("not connected")
        await it.to("2026-11-20T20:30", 300)
        assert it.alerts("open") == [("device_offline", 3, "caregiver", 1)]
        dose = it.dose("2026-11-20T08:00")
        await it.it.accepted(DeviceHeard, device_id=device_id, boot_id=BOOT)
        told = {"device_id": device_id, "boot_id": BOOT, "device_seq": 1, "event": "announced", "dose_id": dose["id"]}
        await it.it.accepted(DeviceTold, **told, at_ms=at("2026-11-20T08:00"))
        assert it.dose("2026-11-20T08:00")["status"] == "MISSED"
        assert it.alerts("open") == [("missed_dose", 3, "caregiver", 1)]


async def test_a_dose_that_is_said_late_says_what_the_clinic_wrote_for_a_late_one(tmp_path: Path) -> None:
    late = {"late_rule": {"en": "If it is past noon, skip this one."}}
    async with care(tmp_path) as it:
        await it.plan({**ONCE, **late})
        await it.to("2026-11-20T08:00")
        await it.answer()
        await it.jump("2026-11-21T11:00")
        await it.look()
        assert [late["late_rule"]["en"] in words for words in it.voice.said] == [False, True]


async def test_a_press_after_an_answer_takes_no_dose_that_was_not_said_yet(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(ONCE, {"id": "a", "medication": "Aspirin", "times": ["08:45"]})
        await it.to("2026-11-20T08:00")
        await it.answer()
        await it.to("2026-11-20T08:05")
        assert await it.it.refused(
            AnswerDose, act="taken", source="button", at_ms=it.now_ms, person_id=it.person_id
        ) == ("nothing_open")
        await it.to("2026-11-20T08:45")
        assert it.dose("2026-11-20T08:45")["status"] == "ANNOUNCED" and "Aspirin" in it.voice.said[-1]


async def test_a_dose_a_device_names_while_the_time_is_not_trusted_is_taken_and_not_said_again(tmp_path: Path) -> None:
    async with care(tmp_path, "2026-11-19T22:00") as it:
        await it.plan({**ONCE, "times": ["08:00", "20:00"]})
        device_id = await it.device()
        clock = it.it.store.clock
        clock.trust, clock.confirmed = "person", False
        told = {"device_id": device_id, "boot_id": BOOT, "device_seq": 1, "event": "taken", "at_ms": it.now_ms}
        await it.it.accepted(DeviceTold, **told, dose_id=it.dose("2026-11-20T08:00")["id"])
        clock.confirmed, clock.start_ms = True, at("2026-11-20T08:20")
        await it.look()
        assert it.devices.told == [] and it.alerts() == []
        assert it.dose("2026-11-20T08:00")["status"] == "ON_TIME"
        assert it.it.rows("select uncertainty_s from dose_events where act = 'taken'") == [(86_400,)]
