"""An alert that grows says all it is about; and too much of another medicine is another alert."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from edge.app.ports import DeviceError
from edge.domain.care_commands import AcknowledgeCareAlert, TakeAsNeeded
from tests.care import Care, care

METFORMIN = {"id": "m", "medication": "Metformin", "times": ["08:00"]}
ASPIRIN = {"id": "a", "medication": "Aspirin", "times": ["08:30"]}
OFTEN = {"unit": "tablet", "as_needed": True, "limits": {"min_gap_min": 240}}


def _alerts(it: Care, where: str = "open") -> list[tuple[str, str]]:
    return it.it.rows(f"select title, body from care_alerts where {where} order by raised_at, id")


def _says(it: Care) -> dict[str, Any]:
    [(says,)] = it.it.rows("select says from care_alerts where open")
    return dict(orjson.loads(says))


async def test_an_alert_that_takes_in_another_dose_still_names_the_first(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(METFORMIN, ASPIRIN)
        await it.to("2026-11-20T10:01")
        assert _alerts(it) == [("Ana Torres has not answered: Metformin", "Metformin 1 tablet, 08:00")]
        await it.to("2026-11-20T10:31", 600)
        assert _alerts(it) == [
            ("Ana Torres has not answered: Metformin, Aspirin", "Metformin 1 tablet, 08:00; Aspirin 1 tablet, 08:30")
        ]
        assert _says(it)["medicines"] == ["Metformin", "Aspirin"]


async def test_has_not_answered_becomes_missed_when_it_is_and_nobody_is_told_later_for_it(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(METFORMIN, ASPIRIN)
        await it.to("2026-11-20T20:00", 600)
        assert it.dose("2026-11-20T08:00")["status"] == "MISSED"
        assert _alerts(it)[0][0] == "Ana Torres missed: Metformin; has not answered: Aspirin"
        assert (_says(it)["code"], _says(it)["medicines"], _says(it)["unanswered"]) == (
            "missed",
            ["Metformin"],
            ["Aspirin"],
        )
        await it.to("2026-11-20T20:30", 600)
        assert _alerts(it) == [
            ("Ana Torres missed: Metformin, Aspirin", "Metformin 1 tablet, 08:00; Aspirin 1 tablet, 08:30")
        ]
        assert it.alerts() == [("missed_dose", 3, "caregiver", 1)] and it.it.rows("select tries from care_alerts") == [
            (2,)
        ]


async def test_who_was_never_told_is_not_said_to_have_given_no_answer(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(METFORMIN)
        it.voice.fails = DeviceError("no sound", passing=False)
        await it.to("2026-11-20T10:01", 300)
        assert _alerts(it)[0][0] == "Ana Torres was not told of: Metformin"
        assert (_says(it)["code"], _says(it)["unsaid"]) == ("unsaid", ["Metformin"])


async def test_a_dose_answered_meanwhile_is_no_longer_named(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(METFORMIN, ASPIRIN)
        await it.to("2026-11-20T10:31", 600)
        await it.answer(dose_id=it.dose("2026-11-20T08:00")["id"])
        await it.to("2026-11-20T20:31", 600)
        assert _alerts(it) == [("Ana Torres missed: Aspirin", "Aspirin 1 tablet, 08:30")]


async def _swallowed(it: Care, item: str) -> None:
    await it.it.accepted(
        TakeAsNeeded, plan_id="plan", item_id=item, quantity=1.0, source="button", at_ms=it.now_ms, swallowed=True
    )


async def test_too_much_of_another_medicine_is_an_alert_of_its_own_and_more_of_the_same_grows_it(
    tmp_path: Path,
) -> None:
    async with care(tmp_path) as it:
        await it.plan(
            {"id": "p", "medication": "Paracetamol", **OFTEN}, {"id": "i", "medication": "Ibuprofen", **OFTEN}
        )
        for item in ("p", "p", "i", "i"):
            await _swallowed(it, item)
            it.it.pass_time(60)
        assert [title for title, _ in _alerts(it)] == [
            "Ana Torres took Paracetamol against its limit", "Ana Torres took Ibuprofen against its limit",
        ]  # fmt: skip
        told = it.events("care_alert_escalated")
        await _swallowed(it, "p")
        assert it.events("care_alert_escalated") == told + 1 and len(_alerts(it)) == 2
        [(alert_id,)] = it.it.rows("select id from care_alerts where title like '%Paracetamol%'")
        await it.it.accepted(AcknowledgeCareAlert, alert_id=alert_id, by="Nurse Nina")
        await _swallowed(it, "p")
        assert len(_alerts(it, "open and acked_at is null")) == 2, "what somebody has taken on takes in nothing new"


async def test_one_dose_taken_twice_and_then_a_third_time_says_so_each_time(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(METFORMIN)
        await it.to("2026-11-20T08:01")
        dose_id = it.dose("2026-11-20T08:00")["id"]
        for _ in range(3):
            await it.answer(dose_id=dose_id)
            it.it.pass_time(600)
        assert len(_alerts(it)) == 1 and it.events("care_alert_raised") == it.events("care_alert_escalated") == 1
