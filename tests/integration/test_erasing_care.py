"""Somebody is erased: their medicine is announced no more, nobody is called about them, and their device is nobody's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from edge.app.ports import DeviceError
from edge.domain.booking_commands import ErasePerson
from edge.domain.care_commands import AnswerDose, ApplyPlan, RaiseCareAlert, SetHold, SetMealTimes
from tests.care import Care, at, care

TWICE = {"id": "m", "medication": "Metformin", "times": ["08:00", "20:00"]}
HELD = {"id": "a", "medication": "Aspirin", "times": ["08:00"]}
WEEKLY = {
    "id": "w",
    "medication": "Methotrexate",
    "timing": {"period": 1, "period_unit": "wk", "times_of_day": ["06:30"]},
}


def _facts(it: Care, kind: str) -> list[dict[str, Any]]:
    return [orjson.loads(data) for (data,) in it.it.rows("select data from events where kind = ? order by gseq", kind)]


async def test_after_somebody_is_erased_nothing_of_theirs_is_said_and_head_office_hears_why(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(TWICE)
        await it.to("2026-11-20T08:01")
        assert len(it.voice.said) == 1
        await it.it.accepted(ErasePerson, person_id=it.person_id)
        await it.to("2026-11-22T09:00", every_s=600)
        assert len(it.voice.said) == 1
        assert {status for _, status in it.doses()} == {"VOIDED"}
        assert it.it.rows("select status from care_plans") == [("stopped",)]
        assert it.alerts() == []
        (stopped,) = _facts(it, "plan_stopped")
        assert (stopped["status"], stopped["reason"]) == ("stopped", "erased")
        assert [one["nominal_local"] for one in _facts(it, "dose_voided")] == ["2026-11-20T08:00"]


async def test_a_dose_that_stays_open_for_a_day_is_not_said_after_somebody_is_erased(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(WEEKLY, start="2026-11-20")
        await it.to("2026-11-20T06:31")
        await it.jump("2026-11-20T20:00")
        await it.it.accepted(ErasePerson, person_id=it.person_id)
        await it.to("2026-11-21T12:00", every_s=600)
        assert {status for _, status in it.doses()} == {"VOIDED"} and it.alerts() == []


async def test_an_announcement_that_waits_for_the_loudspeaker_is_not_made_for_somebody_erased(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan({**TWICE, "times": ["08:00"]}, pre_notice_min=30)
        it.voice.fails = DeviceError("busy")
        await it.to("2026-11-20T07:30")
        assert it.it.rows("select state from effects where kind = 'announce_dose'") == [("open",)]
        await it.it.accepted(ErasePerson, person_id=it.person_id)
        it.voice.fails = None
        await it.to("2026-11-20T07:34", every_s=10)
        assert it.voice.said == []


async def test_holds_and_alerts_of_somebody_erased_end_and_name_nobody(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(TWICE, HELD)
        await it.it.accepted(
            SetHold, hold_id="h", person_id=it.person_id, item_id="a", from_ms=at("2026-11-20T00:00"),
            until_ms=at("2026-11-22T00:00"), reason="operation of the knee",
        )  # fmt: skip
        await it.to("2026-11-20T09:01")
        await it.it.accepted(
            RaiseCareAlert, topic="help", person_id=it.person_id, title="Ana Torres calls for help", body="help"
        )
        assert len(it.alerts("open")) == 2
        await it.it.accepted(ErasePerson, person_id=it.person_id)
        assert it.alerts("open") == []
        assert set(it.it.rows("select title, body, says from care_alerts")) == {("Erased", "", "{}")}
        assert [one["title"] for one in _facts(it, "care_alert_ended")] == ["Erased", "Erased"]
        assert it.it.rows("select reason, ended_at is not null from holds") == [("", 1)]
        assert [one["ended_at"] for one in _facts(it, "hold_ended")] == [it.now_ms]
        assert {status for _, status in it.doses("item_id = 'a' and due_at > 1")} == {"VOIDED"}
        await it.to("2026-11-21T12:00", every_s=600)
        assert it.alerts("open") == []


async def test_what_was_taken_by_somebody_erased_stays_as_numbers(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(TWICE)
        await it.to("2026-11-20T08:01")
        await it.answer("taken", reason="Ana said so")
        await it.it.accepted(ErasePerson, person_id=it.person_id)
        assert it.dose("2026-11-20T08:00")["status"] == "ON_TIME"
        assert it.it.rows("select reason from doses where status = 'ON_TIME'") == [("",)]
        assert it.it.rows("select distinct reason from dose_events") == [("",)]


async def test_the_device_of_somebody_erased_is_nobodys_and_its_presses_are_about_nobody(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        device_id = await it.device()
        await it.plan(TWICE)
        await it.to("2026-11-20T08:01")
        assert len(it.devices.told) == 1
        await it.it.accepted(ErasePerson, person_id=it.person_id)
        assert it.it.rows("select person_id, status from devices") == [(None, "active")]
        assert [one["person_id"] for one in _facts(it, "device_changed")][-1] is None
        pressed = {"act": "taken", "source": "button", "at_ms": it.now_ms, "device_id": device_id}
        assert await it.it.refused(AnswerDose, **pressed) == "nothing_open"
        await it.to("2026-11-21T09:00", every_s=600)
        assert len(it.devices.told) == 1 and it.alerts("open") == []


async def test_what_arrives_for_somebody_erased_is_refused(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.it.accepted(ErasePerson, person_id=it.person_id)
        times = {"from_ms": it.now_ms, "until_ms": it.now_ms + 1}
        assert await it.it.refused(SetHold, hold_id="h", person_id=it.person_id, reason="knee", **times) == "no_person"
        assert await it.it.refused(SetMealTimes, person_id=it.person_id, times={"WAKE": "08:00"}) == "no_person"
        plan = {"plan_id": "p", "person_id": it.person_id, "revision": 1, "plan": {}}
        assert await it.it.refused(ApplyPlan, **plan) == "no_person"
