"""The clock of doses after it slept, was held up or was wrong: one row that is out of date silences nobody."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from edge.app.dose_calls import DoseCalls
from edge.domain.care_alerts import DOSES_MAX
from edge.domain.care_commands import DeviceTold, EndHold, SetHold
from edge.store.care_rows import forget_device_log
from tests.care import BOOT, DAY_S, Voice, at, care

ONCE = {"id": "m", "medication": "Metformin", "times": ["08:00"]}


async def test_a_word_beforehand_that_was_slept_through_does_not_silence_the_dose(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(ONCE, pre_notice_min=30)
        await it.jump("2026-11-20T07:55")
        await it.look()
        assert it.voice.said == []
        await it.to("2026-11-20T08:00")
        assert len(it.voice.said) == 1 and it.dose("2026-11-20T08:00")["status"] == "ANNOUNCED"


async def test_a_word_beforehand_of_a_held_medicine_is_not_said_and_others_are_announced(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(ONCE, plan_id="held", pre_notice_min=30)
        await it.plan({"id": "a", "medication": "Aspirin", "times": ["08:00"]}, plan_id="other")
        await it.it.accepted(
            SetHold,
            hold_id="h",
            person_id=it.person_id,
            plan_id="held",
            from_ms=at("2026-11-20"),
            until_ms=at("2026-11-21"),
        )
        await it.to("2026-11-20T08:01")
        assert it.dose("2026-11-20T08:00", plan_id="held")["status"] == "HELD"
        assert len(it.voice.said) == 1 and "Aspirin" in it.voice.said[0] and "Metformin" not in it.voice.said[0]


async def test_after_two_weeks_without_power_the_doses_of_today_are_announced(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(ONCE)
        await it.jump("2026-12-05T07:30")
        await it.look()
        await it.to("2026-12-05T08:00")
        assert len(it.voice.said) == 1 and it.dose("2026-12-05T08:00")["status"] == "ANNOUNCED"
        assert {status for _, status in it.doses("due_at < 1796400000000")} == {"NOT_ANNOUNCED"}


async def test_a_dose_released_after_a_hold_and_never_said_again_is_not_called_missed(tmp_path: Path) -> None:
    from edge.app.ports import DeviceError

    async with care(tmp_path) as it:
        await it.plan(ONCE)
        await it.to("2026-11-20T08:01")
        await it.it.accepted(
            SetHold, hold_id="h", person_id=it.person_id, from_ms=at("2026-11-20"), until_ms=at("2026-11-21")
        )
        assert it.dose("2026-11-20T08:00")["status"] == "HELD"
        it.voice.fails = DeviceError("no sound", passing=False)
        await it.it.accepted(EndHold, hold_id="h")
        await it.to("2026-11-20T20:05", 300)
        dose = it.dose("2026-11-20T08:00")
        assert (dose["status"], dose["next_action_at"]) == ("NOT_ANNOUNCED", None)


async def test_a_patient_who_was_told_late_has_ten_minutes_before_a_caregiver_is_told(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan({**ONCE, "times": ["08:00", "20:00"]})
        await it.jump("2026-11-20T11:00")
        await it.to("2026-11-20T11:09")
        assert len(it.voice.said) == 1 and it.alerts() == []
        await it.to("2026-11-20T11:12")
        assert it.alerts() == [("missed_dose", 3, "caregiver", 1)]


async def test_a_dose_announced_before_a_hold_is_said_again_as_a_repeat(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(ONCE)
        await it.to("2026-11-20T08:01")
        await it.it.accepted(
            SetHold, hold_id="h", person_id=it.person_id, from_ms=at("2026-11-20"), until_ms=at("2026-11-21")
        )
        await it.it.accepted(EndHold, hold_id="h")
        await it.to("2026-11-20T08:03")
        assert len(it.voice.said) == 2 and it.voice.said[1].startswith("Again")


class Dying(Voice):
    """A loudspeaker that is heard, and never ends: the power goes."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = asyncio.Event()

    async def say(self, words: str, language: str) -> None:
        """Heard, and no end."""
        self.said.append(words)
        self.heard.set()
        await asyncio.Event().wait()


async def test_the_power_goes_while_a_dose_is_said_and_the_next_rung_says_again(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(ONCE)
        await it.jump("2026-11-20T08:00")
        await it.clock.look()
        dying = Dying()
        calls = DoseCalls(it.it.store, it.it.dispatcher, it.it.bus, dying, None, "en")
        speaks = asyncio.create_task(calls.run())
        await asyncio.wait_for(dying.heard.wait(), 10)
        speaks.cancel()
        await asyncio.gather(speaks, return_exceptions=True)
        calls.close()
        assert not dying.said[0].startswith("Again")
    async with care(tmp_path, "2026-11-20T08:01") as it:
        calls = DoseCalls(it.it.store, it.it.dispatcher, it.it.bus, it.voice, None, "en")
        await calls.recover()
        calls.close()
        await it.to("2026-11-20T08:04")
        assert it.voice.said == [] and it.dose("2026-11-20T08:00")["status"] == "PLANNED"
        await it.to("2026-11-20T08:05")
        assert len(it.voice.said) == 1 and it.voice.said[0].startswith("Again")
        assert it.dose("2026-11-20T08:00")["status"] == "ANNOUNCED"


async def test_a_clock_that_is_set_forward_calls_no_device_silent(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(ONCE)
        await it.device()
        await it.to("2026-11-20T06:10")
        await it.jump("2026-11-20T07:40")
        await it.look()
        assert it.alerts() == []


async def test_raw_lines_of_devices_go_after_ninety_days_and_what_became_of_doses_stays(tmp_path: Path) -> None:
    async with care(tmp_path, "2026-11-20T07:50") as it:
        await it.plan(ONCE)
        device_id = await it.device()
        await it.to("2026-11-20T08:00")
        values = {"device_id": device_id, "boot_id": BOOT, "event": "button"}
        await it.it.accepted(DeviceTold, **values, device_seq=1, at_ms=it.now_ms)
        writer = it.it.dispatcher.writer
        assert await writer.run(forget_device_log, it.now_ms + 90 * DAY_S * 1000) == 0
        assert await writer.run(forget_device_log, it.now_ms + 90 * DAY_S * 1000 + 1) == 1
        assert it.dose("2026-11-20T08:00")["status"] == "ON_TIME"
        assert it.it.rows("select count(*) from dose_events where act = 'taken'") == [(1,)]


async def test_more_missed_doses_than_one_alert_names_are_told_by_the_next(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        hourly = [f"{hour:02}:00" for hour in range(24)]
        drops = [{"id": name, "medication": f"Drops {name}", "times": hourly} for name in ("left", "right")]
        await it.plan(*drops)
        await it.to("2026-11-21T06:00", 150)
        missed = {row[0] for row in it.it.rows("select id from doses where status = 'MISSED'")}
        named = [
            json.loads(row[0]) for row in it.it.rows("select dose_ids from care_alerts where topic = 'missed_dose'")
        ]
        assert len(missed) > DOSES_MAX and missed <= {dose for doses in named for dose in doses}
        assert max(map(len, named)) <= DOSES_MAX and len(named) == 2
