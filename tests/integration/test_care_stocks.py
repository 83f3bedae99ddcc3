"""What is left of a medicine of a patient whose device reaches head office: counted and told as at a clinic."""

from __future__ import annotations

from typing import Any

from tests.care_office import BOOT, HOUR_MS, METFORMIN, NINE_MS, CareOffice, Dispenser, plan_body

LOW: dict[str, Any] = {**METFORMIN, "id": "m", "compartment": 2, "stock_units": 3, "refill_at_units": 2}


async def _home(care: CareOffice, item: dict[str, Any]) -> tuple[Dispenser, dict[str, Any]]:
    device = await care.device()
    plan = await care.ask("nina", "POST", "/medication-plans", 201, json=plan_body(items=[item]))
    await device.beat()
    return device, plan


async def _revise(care: CareOffice, plan: dict[str, Any], item: dict[str, Any], revision: int) -> None:
    headers = {"If-Match": str(revision)}
    await care.ask("nina", "PUT", f"/medication-plans/{plan['id']}", json=plan_body(items=[item]), headers=headers)


async def _take(care: CareOffice, device: Dispenser) -> str:
    """The first dose is taken at its time."""
    care.pass_time((NINE_MS + HOUR_MS - care.now_ms) / 60_000)
    dose = (await device.schedule())[0]["occurrence_id"]
    await device.tell(device.event("taken", occurrence_id=dose))
    return str(dose)


async def _stands(care: CareOffice) -> tuple[list[float], list[str]]:
    """Units left, and what is told of them now."""
    units = [float(row[0]) for row in await care.rows("select units from stocks")]
    alerts = await care.ask("nina", "GET", "/alerts")
    return units, [one["title"] for one in alerts if one["topic"] == "low_stock"]


async def test_the_stock_of_a_plan_at_head_office_is_counted_down_and_told_of_until_a_revision_says_there_is_more(
    care: CareOffice,
) -> None:
    device, plan = await _home(care, LOW)
    assert await _stands(care) == ([3.0], [])
    dose = await _take(care, device)
    await device.tell(device.event("taken", occurrence_id=dose))
    assert await _stands(care) == ([2.0], ["Metformin: 2 left"]), "one press, however often it comes"
    await _revise(care, plan, {**LOW, "dose": 2}, 1)
    assert await _stands(care) == ([2.0], ["Metformin: 2 left"]), "there is no more than before"
    await _revise(care, plan, {**LOW, "dose": 2, "stock_units": 30}, 2)
    assert await _stands(care) == ([30.0], [])
    await care.ask("nina", "POST", f"/doses/{dose}/correct", 202, json={"status": "SKIPPED", "reason": "it lay there"})
    assert await _stands(care) == ([31.0], []), "what was not taken after all is there"


async def test_a_compartment_that_is_filled_or_a_mark_that_is_lowered_ends_what_was_told_of_the_stock(
    care: CareOffice,
) -> None:
    device, plan = await _home(care, LOW)
    await _take(care, device)
    await device.tell(device.event("refilled", data={"compartment": 1, "units": 30}))
    await device.tell(device.event("refilled", data={"compartment": 2, "units": True}))
    assert await _stands(care) == ([2.0], ["Metformin: 2 left"])
    await device.tell(device.event("refilled", data={"compartment": 2, "units": 30}))
    assert await _stands(care) == ([30.0], [])
    await device.tell(device.event("refilled", data={"compartment": 2, "units": 1}))
    assert await _stands(care) == ([1.0], ["Metformin: 1 left"])
    await _revise(care, plan, {**LOW, "refill_at_units": 0}, 1)
    assert await _stands(care) == ([1.0], [])


async def test_a_dose_from_a_compartment_that_a_direct_device_weighs_is_not_counted_down_a_second_time(
    care: CareOffice,
) -> None:
    device, _ = await _home(care, LOW)
    await device.ask("POST", f"/devices/{device.id}/heartbeat", json={"boot_id": BOOT, "mono_ms": 2, "stock": {"2": 8}})
    await _take(care, device)
    assert await _stands(care) == ([8.0], []), "its scale says so with the next heartbeat"
