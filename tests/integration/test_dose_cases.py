"""The 25 cases of care.md §2.6 through the clinic's own store, with their numbers (1 to 8 and 24 are pure: test_expansion)."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.app.ports import DeviceError
from edge.domain.care_commands import (
    AcknowledgeCareAlert,
    CorrectDose,
    DeviceTold,
    EndHold,
    SetHold,
    StopPlan,
    TakeAsNeeded,
)
from shared.clock import Clock
from tests.care import BOOT, Care, at, care

DAILY = {"id": "m", "medication": "Metformin", "times": ["08:00", "20:00"]}
ONCE = {"id": "m", "medication": "Metformin", "times": ["08:00"]}


async def test_a_dose_that_is_due_is_said_and_one_press_makes_it_taken_on_time(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(DAILY)
        await it.to("2026-11-20T08:00")
        assert it.voice.said == [
            "It is time for your medicine, Ana Torres. 1 tablet of Metformin. Please press the button when you have taken it."
        ]
        assert it.dose("2026-11-20T08:00")["status"] == "ANNOUNCED"
        await it.to("2026-11-20T08:03")
        assert (await it.answer())["status"] == "ON_TIME"
        await it.to("2026-11-20T09:30")
        assert len(it.voice.said) == 1 and it.alerts() == []


async def test_a_dose_nobody_answers_is_repeated_told_to_a_caregiver_and_missed(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(DAILY)
        await it.to("2026-11-20T08:59")
        assert len(it.voice.said) == 5 and all(
            words.startswith("Again") for words in it.voice.said[1:]
        )  # 0, 5, 15, 30, 45
        assert it.alerts() == []
        await it.to("2026-11-20T09:01")
        assert it.alerts() == [("missed_dose", 3, "caregiver", 1)]
        await it.to("2026-11-20T14:01")
        assert it.dose("2026-11-20T08:00")["status"] == "MISSED"


@pytest.mark.parametrize(
    "minutes,status", [(-61, "EARLY"), (-60, "ON_TIME"), (60, "ON_TIME"), (61, "LATE"), (359, "LATE")]
)
async def test_when_it_was_taken_says_what_it_counts_as(tmp_path: Path, minutes: int, status: str) -> None:
    async with care(tmp_path, "2026-11-20T05:00") as it:
        await it.plan(DAILY)
        dose = it.dose("2026-11-20T08:00")
        taken = at("2026-11-20T08:00") + minutes * 60_000
        it.it.store.clock.start_ms = taken
        await it.look()
        assert (await it.answer(dose_id=dose["id"]))["status"] == status


async def test_a_dose_is_answered_alone_and_another_of_the_day_stays(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(DAILY)
        await it.to("2026-11-20T08:00")
        await it.answer()
        assert it.doses("due_at < 1795219200000") == [("11-20T08:00", "ON_TIME"), ("11-20T20:00", "PLANNED")]


async def test_one_press_answers_what_was_said_together_and_no_other_dose(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(
            ONCE,
            {"id": "a", "medication": "Aspirin", "times": ["08:00"]},
            {"id": "b", "medication": "Iron", "times": ["08:30"]},
        )
        await it.to("2026-11-20T08:10")
        answered = await it.answer()
        assert sorted(answered["doses"].values()) == ["ON_TIME", "ON_TIME"]
        assert it.dose("2026-11-20T08:30")["status"] == "PLANNED"
        again = await it.answer()
        assert set(again["doses"]) == set(answered["doses"]) and it.events("dose_taken") == 2


async def test_an_answer_is_never_guessed_between_two_doses_nobody_announced(tmp_path: Path) -> None:
    async with care(tmp_path, "2026-11-20T07:50") as it:
        await it.plan(ONCE, {"id": "b", "medication": "Iron", "times": ["08:30"]})
        from edge.domain.care_commands import AnswerDose

        values = {"act": "taken", "source": "voice", "at_ms": it.now_ms, "person_id": it.person_id}
        assert await it.it.refused(AnswerDose, **values) == "which_dose"


async def test_a_second_intake_of_one_dose_is_kept_and_told_and_a_nervous_second_press_is_not_one(
    tmp_path: Path,
) -> None:
    async with care(tmp_path) as it:
        await it.plan(ONCE)
        await it.to("2026-11-20T08:01")
        await it.answer()
        await it.to("2026-11-20T08:02")
        await it.answer()
        assert it.alerts() == []
        await it.to("2026-11-20T08:30")
        dose = it.dose("2026-11-20T08:00")
        await it.answer(dose_id=dose["id"], source="weight")
        assert it.alerts() == [("double_dose", 4, "clinic", 1)]
        assert it.it.rows("select act from dose_events where act like 'taken%' order by at") == [
            ("taken",),
            ("taken_again",),
        ]


async def test_case_18_as_needed_has_a_gap_and_a_limit_and_what_was_swallowed_is_kept(tmp_path: Path) -> None:
    item = {
        "id": "p", "medication": "Paracetamol", "unit": "g", "as_needed": True,
        "limits": {"min_gap_min": 240, "max_doses": 4, "max_hours": 24},
    }  # fmt: skip
    async with care(tmp_path, "2026-11-20T00:00") as it:
        await it.plan(item)
        asked = {"plan_id": "plan", "item_id": "p", "quantity": 1.0, "source": "button"}
        for hour in (0, 5, 10, 15):
            it.it.store.clock.start_ms = at("2026-11-20T00:00") + hour * 3_600_000
            await it.it.accepted(TakeAsNeeded, **asked, at_ms=it.now_ms)
        it.it.store.clock.start_ms = at("2026-11-20T17:00")
        outcome = await it.it.do(TakeAsNeeded, **asked, at_ms=it.now_ms)
        assert (outcome.code, outcome.detail) == ("limit", "Paracetamol: not before 00:00.")  # type: ignore[union-attr]
        it.it.store.clock.start_ms = at("2026-11-20T20:00")
        outcome = await it.it.do(TakeAsNeeded, **asked, at_ms=it.now_ms)
        assert (outcome.code, outcome.detail) == ("limit", "Paracetamol: not before 00:00.")  # type: ignore[union-attr]
        done = await it.it.accepted(TakeAsNeeded, **asked, at_ms=it.now_ms, swallowed=True)
        assert done["blocked"] == "limit" and it.alerts() == [("dose_limit", 4, "clinic", 1)]


async def test_case_19_after_hours_without_power_it_is_said_once_and_can_still_be_taken_late(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(DAILY)
        await it.to("2026-11-20T06:30")
        await it.jump("2026-11-20T11:00")
        await it.look()
        await it.look()
        assert len(it.voice.said) == 1
        assert (await it.answer())["status"] == "LATE"


async def test_case_19_after_the_whole_window_without_power_it_is_our_failure_and_not_the_patients(
    tmp_path: Path,
) -> None:
    async with care(tmp_path) as it:
        await it.plan(DAILY)
        await it.jump("2026-11-20T15:00")
        await it.look()
        assert it.voice.said == [] and it.dose("2026-11-20T08:00")["status"] == "NOT_ANNOUNCED"


async def test_case_19_a_silent_device_is_one_alert_and_its_doses_are_unknown(tmp_path: Path) -> None:
    async with care(tmp_path, "2026-11-20T06:00") as it:
        await it.plan(DAILY, {"id": "a", "medication": "Aspirin", "times": ["08:30"]})
        await it.device()
        it.devices.fails = DeviceError("not connected")
        await it.to("2026-11-20T15:00")
        assert it.alerts() == [("device_offline", 3, "caregiver", 1)]
        assert it.dose("2026-11-20T08:00")["status"] == "UNKNOWN"


async def test_case_20_what_a_device_tells_late_replaces_missed_and_ends_the_alert(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(DAILY)
        device_id = await it.device()
        await it.to("2026-11-20T08:02")
        assert len(it.devices.told) == 1
        dose = it.dose("2026-11-20T08:00")
        await it.to("2026-11-20T14:05")
        assert it.dose("2026-11-20T08:00")["status"] == "MISSED"
        await it.jump("2026-11-20T16:00")
        told = await it.it.accepted(
            DeviceTold,
            device_id=device_id,
            boot_id=BOOT,
            device_seq=1,
            event="taken",
            at_ms=at("2026-11-20T08:05"),
            dose_id=dose["id"],
        )
        assert told["status"] == "ON_TIME"
        assert it.alerts("topic = 'missed_dose'") == [("missed_dose", 3, "caregiver", 0)]
        assert it.it.rows("select body from care_alerts where topic = 'missed_dose'") == [("taken at 08:05",)]


async def test_case_21_while_the_time_is_not_trusted_nothing_is_said_and_nothing_is_missed(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(DAILY)
        it.it.store.clock.trust = "person"
        it.it.store.clock.confirmed = False
        await it.to("2026-11-20T20:30", 600)
        assert it.voice.said == [] and it.dose("2026-11-20T08:00")["status"] == "PLANNED"
        it.it.store.clock.confirmed = True
        await it.look()
        assert it.dose("2026-11-20T08:00")["status"] == "NOT_ANNOUNCED" and len(it.voice.said) == 1


async def test_case_22_a_clock_that_steps_back_says_nothing_twice(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(DAILY)
        await it.to("2026-11-20T08:00")
        await it.jump("2026-11-20T07:55")
        await it.to("2026-11-20T08:04")
        assert len(it.voice.said) == 1


async def test_case_23_a_changed_plan_voids_what_is_ahead_and_leaves_what_was(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(DAILY)
        await it.to("2026-11-20T08:00")
        await it.answer()
        await it.to("2026-11-20T12:00", 3600)
        await it.plan({**DAILY, "times": ["08:00", "21:00"]}, revision=2)
        assert it.doses("due_at < 1795219200000") == [
            ("11-20T08:00", "ON_TIME"), ("11-20T20:00", "VOIDED"), ("11-20T21:00", "PLANNED"),
        ]  # fmt: skip
        assert it.events("dose_voided") == 0  # the new revision says it
        await it.to("2026-11-20T20:30", 600)
        assert len(it.voice.said) == 1


async def test_case_25_a_hold_is_no_miss_and_a_skip_counts_and_calls_nobody_for_an_ordinary_medicine(
    tmp_path: Path,
) -> None:
    async with care(tmp_path) as it:
        await it.plan(ONCE)
        await it.it.accepted(
            SetHold,
            hold_id="h",
            person_id=it.person_id,
            from_ms=at("2026-11-20"),
            until_ms=at("2026-11-23"),
            reason="operation",
        )
        await it.to("2026-11-23T08:00", 900)
        assert it.voice.said[:-1] == [] and [status for _, status in it.doses("due_at < 1795413600000")] == ["HELD"] * 3
        assert (await it.answer("skipped", "voice", reason="feels sick"))["status"] == "SKIPPED"
        await it.to("2026-11-23T20:30", 900)
        assert it.alerts() == []


async def test_a_hold_that_ends_plans_the_doses_that_are_still_ahead(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(DAILY)
        await it.it.accepted(
            SetHold, hold_id="h", person_id=it.person_id, from_ms=at("2026-11-20"), until_ms=at("2026-11-21")
        )
        await it.to("2026-11-20T08:10")
        assert it.dose("2026-11-20T08:00")["status"] == "HELD"
        await it.it.accepted(EndHold, hold_id="h")
        await it.to("2026-11-20T08:12")
        assert it.dose("2026-11-20T08:00")["status"] == "ANNOUNCED"


async def test_a_critical_medicine_goes_to_the_clinic_again_and_again_and_then_to_head_office(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan({**ONCE, "critical": True, "policy_class": "TIME_CRITICAL"})
        await it.to("2026-11-20T08:16")
        assert it.alerts() == [("missed_dose", 3, "caregiver", 1)]
        await it.to("2026-11-20T10:01")
        assert it.alerts() == [("missed_dose", 4, "clinic", 1)]
        await it.to("2026-11-20T11:35")
        assert it.alerts() == [("missed_dose", 4, "office", 1)]
        assert it.it.rows("select tries, next_action_at from care_alerts") == [(4, None)]


async def test_two_missed_in_a_row_go_to_the_clinic_and_one_does_not(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(ONCE)
        await it.to("2026-11-20T20:01", 300)
        assert it.alerts() == [("missed_dose", 3, "caregiver", 1)]
        await it.to("2026-11-21T20:01", 300)
        assert it.alerts() == [("missed_dose", 4, "clinic", 1)]


async def test_a_dose_missed_after_somebody_took_on_the_one_before_is_told_anew(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(DAILY)
        await it.to("2026-11-20T13:00", 300)
        await _take_on(it)
        await it.to("2026-11-20T21:30", 300)
        assert it.alerts() == [("missed_dose", 3, "caregiver", 1), ("missed_dose", 3, "caregiver", 1)]
        assert it.it.rows("select count(*) from care_alerts where acked_at is null") == [(1,)]
        await it.to("2026-11-21T02:00", 300)
        assert it.alerts()[1:] == [("missed_dose", 4, "clinic", 1)], "two in a row"


async def test_what_comes_of_a_dose_stays_with_who_took_its_alert_on(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(ONCE)
        await it.to("2026-11-20T13:00", 300)
        assert it.dose("2026-11-20T08:00")["status"] == "ANNOUNCED"
        await _take_on(it)
        await it.to("2026-11-20T20:01", 300)
        assert it.dose("2026-11-20T08:00")["status"] == "MISSED"
        assert it.it.rows("select open, acked_by from care_alerts") == [(1, "Nurse Nia")]


async def test_an_alert_somebody_took_on_is_over_after_a_day_and_the_next_begins_from_the_start(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(ONCE)
        await it.to("2026-11-20T20:00", 300)
        await _take_on(it)
        await it.to("2026-11-21T19:59", 300)
        assert [open_ for *_, open_ in it.alerts()] == [1, 1]
        await it.to("2026-11-21T20:05", 60)
        assert [open_ for *_, open_ in it.alerts()] == [0, 1]


async def test_an_alert_nobody_took_on_may_be_told_again_for_a_day_after_each_dose_it_takes_in(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(ONCE)
        await it.to("2026-11-22T12:00", 300)
        [(doses, expires_ms)] = it.it.rows("select json_array_length(dose_ids), expires_at from care_alerts")
        assert doses == 3 and expires_ms > at("2026-11-23T08:00")


async def _take_on(it: Care) -> None:
    [(alert_id,)] = it.it.rows("select id from care_alerts where open and acked_at is null")
    await it.it.accepted(AcknowledgeCareAlert, alert_id=alert_id, by="Nurse Nia")


async def test_a_loudspeaker_that_fails_is_our_failure_and_not_a_missed_dose(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(DAILY)
        it.voice.fails = DeviceError("no sound", passing=False)
        await it.to("2026-11-20T14:05")
        assert it.dose("2026-11-20T08:00")["status"] == "NOT_ANNOUNCED"


async def test_a_snooze_ends_with_the_time_in_which_a_dose_is_on_time(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(ONCE)
        await it.to("2026-11-20T08:01")
        assert (await it.answer("snoozed", snooze_min=20))["status"] == "SNOOZED"
        await it.to("2026-11-20T08:20")
        assert len(it.voice.said) == 1
        await it.to("2026-11-20T08:22")
        assert len(it.voice.said) == 2 and it.voice.said[1].startswith("Again")
        await it.answer("snoozed", snooze_min=120)
        assert it.it.rows("select (snoozed_until - due_at) / 60000 from doses where status = 'SNOOZED'") == [(120,)]


async def test_a_medicine_that_counts_from_the_last_one_moves_with_it(tmp_path: Path) -> None:
    timing = {"period": 6, "period_unit": "h"}
    async with care(tmp_path) as it:
        await it.plan({"id": "i", "medication": "Ibuprofen", "mode": "from_last_taken", "first_at": "08:00", "timing": timing},
                      start="2026-11-20")  # fmt: skip
        await it.to("2026-11-20T08:30")
        await it.answer()
        await it.look()
        assert it.doses("status = 'PLANNED'") == [("11-20T14:30", "PLANNED")]


async def test_a_dose_that_follows_another_moves_when_that_was_taken_late(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(
            {"id": "a", "medication": "Levothyroxine", "times": ["07:00"]},
            {"id": "b", "medication": "Iron", "mode": "linked", "linked_item": "a", "linked_after_min": 240},
        )
        await it.to("2026-11-20T07:40")
        await it.answer()
        assert it.it.rows("select min(due_at) from doses where item_id = 'b' and status = 'PLANNED'") == [
            (at("2026-11-20T11:40"),)
        ]


async def test_stock_counts_down_and_says_when_to_refill_once(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan({**ONCE, "stock_units": 3, "refill_at_units": 2})
        for day in (20, 21):
            await it.to(f"2026-11-{day}T08:00", 1800)
            await it.answer()
        assert it.it.rows("select units, days_left from stocks") == [(1.0, 1.0)]
        assert it.alerts() == [("low_stock", 3, "caregiver", 1)]


@pytest.mark.parametrize(
    "revised", [{"stock_units": 30}, {"refill_at_units": 0}], ids=["a larger stock", "a lower mark"]
)
async def test_a_revision_that_says_there_is_enough_ends_what_was_told_of_the_stock(
    tmp_path: Path, revised: dict[str, int]
) -> None:
    async with care(tmp_path) as it:
        low = {**ONCE, "stock_units": 3, "refill_at_units": 2}
        await it.plan(low)
        await it.to("2026-11-20T08:00", 1800)
        await it.answer()
        assert it.alerts() == [("low_stock", 3, "caregiver", 1)]
        await it.plan({**low, "dose": 2}, revision=2)
        assert it.alerts() == [("low_stock", 3, "caregiver", 1)], "another change: there is no more than before"
        await it.plan({**low, "dose": 2, **revised}, revision=3)
        assert it.alerts() == [("low_stock", 3, "caregiver", 0)]
        await it.plan({**low, "dose": 2, "stock_units": 1}, revision=4)
        assert sorted(it.alerts()) == [("low_stock", 3, "caregiver", 0), ("low_stock", 3, "caregiver", 1)], (
            "little is told"
        )


async def test_a_nurse_corrects_what_was_said_and_the_log_keeps_both(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(ONCE)
        await it.to("2026-11-20T20:05", 300)
        dose = it.dose("2026-11-20T08:00")
        assert dose["status"] == "MISSED"
        done = await it.it.accepted(
            CorrectDose,
            dose_id=dose["id"],
            status="ON_TIME",
            taken_ms=at("2026-11-20T08:20"),
            reason="seen by the nurse",
        )
        assert done["status"] == "ON_TIME"
        assert it.it.rows("select act, reason from dose_events order by received_at desc, id limit 1") == [
            ("corrected", "seen by the nurse")
        ]
        assert it.alerts() == [("missed_dose", 3, "caregiver", 0)]


async def test_a_stopped_plan_says_nothing_more(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(DAILY)
        await it.it.accepted(StopPlan, plan_id="plan")
        await it.to("2026-11-20T20:30", 900)
        assert it.voice.said == [] and {status for _, status in it.doses()} == {"VOIDED"}


async def test_a_plan_that_is_stopped_leaves_the_doses_of_another_plan(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(ONCE)
        await it.plan({"id": "v", "medication": "Vitamin D", "times": ["08:00"]}, plan_id="other")
        await it.it.accepted(StopPlan, plan_id="plan")
        await it.to("2026-11-20T08:01")
        assert len(it.voice.said) == 1 and "Vitamin D" in it.voice.said[0] and "Metformin" not in it.voice.said[0]


async def test_days_ahead_are_planned_as_they_come(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(ONCE)
        assert len(it.doses()) == 14
        await it.to("2026-11-25T06:00", 43_200)
        assert it.doses()[-1][0] == "12-08T08:00"


def test_the_clock_of_these_tests_stands_still() -> None:
    assert Clock(5, 0, 0.0).now_ms() == 5
