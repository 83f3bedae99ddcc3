"""Doses of a device that reaches head office are due when a clinic's are: after a journey, after the dose they follow."""

from __future__ import annotations

from typing import Any

import pytest

from shared.clock import iso
from tests.care import at
from tests.care_office import METFORMIN, MINUTE_MS, CareOffice, Dispenser, plan_body

ABROAD: dict[str, Any] = {"start": "2026-11-20", "timezone": "America/New_York", "tz_policy": "device"}
IRON: dict[str, Any] = {"id": "b", "medication": "Iron", "dose": 1, "unit": "tablet", "mode": "linked", "linked_item": "a",
                        "linked_after_min": 240}  # fmt: skip
ZINC: dict[str, Any] = {**IRON, "id": "c", "medication": "Zinc", "linked_item": "b", "linked_after_min": 60}


async def _to(care: CareOffice, device: Dispenser, moment: str) -> None:
    care.pass_time((at(moment) - care.now_ms) / MINUTE_MS)
    await device.beat()
    await care.look()


async def _revise(care: CareOffice, plan: dict[str, Any], body: dict[str, Any], revision: int) -> None:
    headers = {"If-Match": str(revision)}
    await care.ask("nina", "PUT", f"/medication-plans/{plan['id']}", json=body, headers=headers)
    await care.look()


async def _due(device: Dispenser) -> list[str]:
    """What the device is to announce: medicine and moment, UTC, of those still open."""
    open_ = [one for one in await device.schedule() if one["status"] in ("PLANNED", "ANNOUNCED")]
    return [f"{one['medication']} {one['due_at_utc'][5:16]}" for one in open_]


async def _knows(device: Dispenser) -> int:
    """The number of the schedule, as the device is told with each heartbeat."""
    return int((await device.beat())["plan_revision"])


@pytest.mark.parametrize(
    ("gap_h", "due", "shown"),
    [(12, "11-21T05:00", "11-21T08:00"), (20, "11-21T09:00", "11-21T12:00")],
    ids=["follows", "waits for the gap"],
)
async def test_case_24_a_journey_keeps_the_gap_of_a_direct_device_as_the_clinic_does(
    care: CareOffice, gap_h: int, due: str, shown: str
) -> None:
    device = await care.device()
    item = {**METFORMIN, "timing": {"times_of_day": ["08:00"]}, "limits": {"min_gap_min": gap_h * 60}}
    plan = await care.ask("nina", "POST", "/medication-plans", 201, json=plan_body(**ABROAD, items=[item]))
    await _to(care, device, "2026-11-20T13:00")
    dose = (await device.schedule())[0]
    assert dose["due_at_utc"] == iso(at("2026-11-20T13:00"))
    await device.tell(device.event("taken", occurrence_id=dose["occurrence_id"]))
    before = await _knows(device)
    await device.tell(device.event("clock_set", data={"timezone": "Africa/Nairobi"}))
    await care.look()
    assert (await _due(device))[:2] == [f"Metformin {due}", "Metformin 11-22T05:00"], "the one after is at its own time"
    planned = [one for one in await device.schedule() if one["status"] == "PLANNED"]
    assert planned[0]["due_at_local"][5:16] == shown
    assert await _knows(device) > before, "or the device would not know that it has to fetch it"
    await _to(care, device, "2026-11-20T23:00")
    await _revise(care, plan, plan_body(**ABROAD, items=[{**item, "dose": 2}]), 1)
    assert (await _due(device))[0] == f"Metformin {due}", "a change of the plan leaves it there"


async def test_what_follows_a_dose_at_a_direct_device_moves_when_that_is_taken_late(care: CareOffice) -> None:
    device = await care.device()
    items = [{**METFORMIN, "id": "a", "timing": {"times_of_day": ["10:00"]}}, IRON, ZINC]
    plan = await care.ask("nina", "POST", "/medication-plans", 201, json=plan_body(items=items))
    await _to(care, device, "2026-11-20T09:00")
    assert (await _due(device))[:3] == ["Metformin 11-20T09:00", "Iron 11-20T13:00", "Zinc 11-20T14:00"]
    dose = (await device.schedule())[0]["occurrence_id"]
    await _to(care, device, "2026-11-20T09:40")
    before = await _knows(device)
    await device.tell(device.event("taken", occurrence_id=dose))
    late = ["Iron 11-20T13:40", "Zinc 11-20T14:40", "Metformin 11-21T09:00"]
    assert (await _due(device))[:3] == late
    assert await _knows(device) > before
    await _revise(care, plan, plan_body(items=[*items[:2], {**ZINC, "dose": 2}]), 1)
    assert (await _due(device))[:3] == late, "planned again they stand there still"
    correction = {"status": "ON_TIME", "taken_at": at("2026-11-20T09:20"), "reason": "seen"}
    await care.ask("nina", "POST", f"/doses/{dose}/correct", 202, json=correction)
    assert (await _due(device))[:2] == ["Iron 11-20T13:20", "Zinc 11-20T14:20"]
    await _to(care, device, "2026-11-20T13:20")
    iron = next(one["occurrence_id"] for one in await device.schedule() if one["medication"] == "Iron")
    await device.tell(device.event("announced", occurrence_id=iron))
    await care.ask("nina", "POST", f"/doses/{dose}/correct", 202, json={"status": "SKIPPED", "reason": "it was not"})
    assert (await _due(device))[:2] == ["Iron 11-20T13:20", "Zinc 11-20T14:20"], (
        "what was said stands where it was said"
    )


async def test_what_follows_a_medicine_that_counts_from_the_last_one_is_due_after_it_was_taken_whatever_is_planned_anew(
    care: CareOffice,
) -> None:
    device = await care.device()
    every = {
        **METFORMIN,
        "id": "a",
        "mode": "from_last_taken",
        "first_at": "10:00",
        "timing": {"period": 6, "period_unit": "h"},
    }
    await care.ask("nina", "POST", "/medication-plans", 201, json=plan_body(tz_policy="device", items=[every, IRON]))
    await _to(care, device, "2026-11-20T09:40")
    await device.tell(device.event("taken", occurrence_id=(await device.schedule())[0]["occurrence_id"]))
    await care.look()
    await device.tell(device.event("clock_set", data={"timezone": "Africa/Nairobi"}))
    await care.look()
    assert await _due(device) == ["Iron 11-20T13:40", "Metformin 11-20T15:40", "Iron 11-20T19:40"]


async def test_a_hold_at_head_office_gives_the_schedule_another_number_so_that_the_device_fetches_it(
    care: CareOffice,
) -> None:
    device = await care.device()
    await care.ask("nina", "POST", "/medication-plans", 201, json=plan_body())
    before = await _knows(device)
    assert (await device.ask("GET", f"/devices/{device.id}/schedule"))["plan_revision"] == before
    await care.look()
    assert await _knows(device) == before, "nothing has changed"
    hold = {"patient_id": plan_body()["patient_id"], "from_at": care.now_ms, "until_at": care.now_ms + 120 * MINUTE_MS,
            "reason": "fasting"}  # fmt: skip
    await care.ask("nina", "POST", "/holds", 202, json=hold)
    assert await _knows(device) > before


async def test_case_8_a_time_critical_medicine_over_the_hour_that_is_set_is_told_to_the_clinic_once(
    care: CareOffice,
) -> None:
    care.pass_time((at("2027-03-20T08:00") - care.now_ms) / MINUTE_MS)
    device = await care.device()
    item = {**METFORMIN, "timing": {"times_of_day": ["06:00", "14:00", "22:00"]}, "policy_class": "TIME_CRITICAL"}
    plan = await care.ask("nina", "POST", "/medication-plans", 201, json=plan_body(start="2027-03-20", items=[item]))
    await device.beat()
    await _revise(care, plan, plan_body(start="2027-03-20", items=[{**item, "dose": 2}]), 1)
    found = await care.ask("nina", "GET", "/alerts")
    assert [(one["topic"], one["audience"], one["title"], one["says"]["code"]) for one in found] == [
        ("time_critical_gap", "clinic", "Metformin: 7 h instead of 8 h between two doses", "gap")
    ]  # fmt: skip
