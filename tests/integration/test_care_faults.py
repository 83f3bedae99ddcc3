"""What is wrong with a device that reaches head office is told once, while it is so, and is over when it is over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.care_office import ANA, BEN, BOOT, CareOffice, Dispenser
from tests.notify import PATIENT, telling


async def _beat(device: Dispenser, minutes: float = 1, **how: Any) -> None:
    """Time goes on, and the device says how it is."""
    device.care.pass_time(minutes)
    await device.ask("POST", f"/devices/{device.id}/heartbeat", json={"boot_id": BOOT, "mono_ms": 1, **how})


async def _open(care: CareOffice) -> list[str]:
    return [one["title"] for one in await care.ask("nina", "GET", "/alerts") if one["topic"] == "device_fault"]


async def test_each_fault_of_a_direct_device_is_one_alert_that_ends_when_the_device_no_longer_says_so(
    care: CareOffice,
) -> None:
    device = await care.device()
    for _ in range(3):
        await _beat(device, faults=["speaker", "E42  Jam"], battery=14)
    found = await care.ask("nina", "GET", "/alerts")
    assert sorted((one["title"], one["audience"], one["says"]["code"]) for one in found) == [
        ("The device of Ana Ruiz: it reports e42 jam (Kitchen)", "caregiver", "fault"),
        ("The device of Ana Ruiz: its battery is low (Kitchen)", "caregiver", "low_battery"),
        ("The device of Ana Ruiz: its loudspeaker does not work (Kitchen)", "caregiver", "speaker"),
    ]  # fmt: skip
    assert {one["device_id"] for one in found} == {device.id}
    await _beat(device, faults=["speaker"], battery=24)
    assert len(await _open(care)) == 3, "silent about it once may be a loose plug"
    await _beat(device, faults=["speaker"], battery=25)
    assert await _open(care) == ["The device of Ana Ruiz: its loudspeaker does not work (Kitchen)"]
    assert len(await care.rows("select 1 from alert_logs")) == 3


async def test_a_direct_device_whose_lid_stays_open_or_that_tells_of_a_fault_is_told_of_until_it_is_over(
    care: CareOffice,
) -> None:
    device = await care.device()
    await device.tell(device.event("lid_open"), device.event("fault", data={"fault": "motor"}))
    assert await _open(care) == ["The device of Ana Ruiz: its motor does not move (Kitchen)"]
    await _beat(device, 9)
    assert len(await _open(care)) == 1
    await _beat(device, 2)
    assert len(await _open(care)) == 2
    await device.tell(device.event("lid_close"))
    await _beat(device)
    assert await _open(care) == ["The device of Ana Ruiz: its motor does not move (Kitchen)"], "for an hour"
    await _beat(device, 60)
    assert await _open(care) == []


async def test_a_fault_somebody_took_on_is_told_again_after_a_day_where_it_is_still_there(care: CareOffice) -> None:
    device = await care.device()
    await _beat(device, faults=["speaker"])
    [alert] = await care.ask("nina", "GET", "/alerts")
    await care.ask("nina", "POST", f"/alerts/{alert['id']}/acknowledge")
    for hours, acked in ((23, "nina"), (2, None)):
        await _beat(device, hours * 60, faults=["speaker"])
        await care.look()
        await _beat(device, faults=["speaker"])
        assert [one["acked_by"] for one in await care.ask("nina", "GET", "/alerts")] == [acked]


async def test_a_direct_device_that_is_nobodys_calls_nobody_and_one_that_is_given_away_calls_for_its_new_patient(
    care: CareOffice,
) -> None:
    spare = await care.device(None, site="alpha")
    await _beat(spare, faults=["speaker"])
    await spare.tell(spare.event("low_battery"))
    assert await _open(care) == []
    device = await care.device(ANA)
    await _beat(device, faults=["speaker"])
    await care.ask("mia", "PUT", f"/devices/{device.id}", json={"patient_id": BEN})
    await care.look()
    assert await _open(care) == []
    await _beat(device, faults=["speaker"])
    assert await _open(care) == ["The device of Ben Gil: its loudspeaker does not work (Kitchen)"]


async def test_a_caregiver_is_told_of_the_fault_of_a_direct_device_once_in_words(pg_uri: str, tmp_path: Path) -> None:
    async with telling(pg_uri, tmp_path) as told:
        await told.patient(PATIENT, "Ana Ruiz")
        await told.staff("mia", "manager", ["alpha"])
        await told.caregiver("Ben", PATIENT, 1)
        await told.channel("Ben", "/ben")
        device = await CareOffice(told.office, told.office.parts.clock).device(PATIENT)
        for _ in range(3):
            await _beat(device, battery=10)
            await told.settled()
        assert [(got.path, got.json()["message"].partition("\n")[0]) for got in told.box.got] == [
            ("/ben", "The battery of the device of Ana Ruiz is low. Please charge it.")
        ]
