"""What is wrong with a patient's device is told once, while it is so, and is over when it is over."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from edge.domain.care_commands import AddDevice, ChangeDevice, ClaimDevice, DeviceHeard, DeviceTold, RemoveDevice
from shared.ids import new_id
from tests.care import BOOT, Care, at, care

NUMBERS = itertools.count(1)


async def _heard(it: Care, device_id: str, moment: str, **how: Any) -> None:
    it.it.store.clock.start_ms = at(moment)
    await it.it.accepted(DeviceHeard, device_id=device_id, boot_id=how.pop("boot_id", BOOT), **how)


async def _told(it: Care, device_id: str, event: str, moment: str, **data: Any) -> None:
    it.it.store.clock.start_ms = at(moment)
    await it.it.accepted(
        DeviceTold, device_id=device_id, boot_id=BOOT, device_seq=next(NUMBERS), event=event, at_ms=it.now_ms, data=data
    )


def _open(it: Care) -> list[str]:
    return [title for (title,) in it.it.rows("select title from care_alerts where open order by raised_at, id")]


async def test_a_broken_loudspeaker_is_one_alert_that_ends_when_the_device_no_longer_says_so(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        device_id = await it.device()
        for minute in range(10, 15):
            await _heard(it, device_id, f"2026-11-20T06:{minute}", faults=("speaker",))
        assert _open(it) == ["The device of Ana Torres: its loudspeaker does not work"]
        assert it.alerts() == [("device_fault", 3, "caregiver", 1)]
        await _heard(it, device_id, "2026-11-20T06:15")
        assert len(_open(it)) == 1, "silent about it once may be a loose plug"
        await _heard(it, device_id, "2026-11-20T06:16")
        assert _open(it) == [] and it.alerts() == [("device_fault", 3, "caregiver", 0)]


async def test_each_fault_is_an_alert_of_its_own_and_ends_for_itself(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        device_id = await it.device()
        await _heard(it, device_id, "2026-11-20T06:10", faults=("speaker", "E42 hopper"))
        assert sorted(_open(it)) == [
            "The device of Ana Torres: it reports e42 hopper", "The device of Ana Torres: its loudspeaker does not work",
        ]  # fmt: skip
        for minute in (11, 12):
            await _heard(it, device_id, f"2026-11-20T06:{minute}", faults=("speaker",))
        assert _open(it) == ["The device of Ana Torres: its loudspeaker does not work"]


async def test_a_battery_that_is_low_is_told_once_until_it_is_charged(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        device_id = await it.device()
        for minute, battery in enumerate((16, 15, 14, 16, 15, 20)):
            await _heard(it, device_id, f"2026-11-20T06:{10 + minute}", battery=battery)
        assert _open(it) == ["The device of Ana Torres: its battery is low"]
        await _told(it, device_id, "low_battery", "2026-11-20T06:17")
        assert len(it.alerts()) == 1
        await _heard(it, device_id, "2026-11-20T06:18", battery=25)
        assert _open(it) == []


async def test_a_lid_left_open_is_told_and_closing_it_ends_that(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        device_id = await it.device()
        await _told(it, device_id, "lid_open", "2026-11-20T06:10")
        await _heard(it, device_id, "2026-11-20T06:19")
        assert _open(it) == []
        await _heard(it, device_id, "2026-11-20T06:20")
        assert _open(it) == ["The device of Ana Torres: its lid is open"]
        await _told(it, device_id, "lid_close", "2026-11-20T06:22")
        await _heard(it, device_id, "2026-11-20T06:23")
        assert _open(it) == []


@pytest.mark.parametrize(
    ("data", "title"),
    [
        ({"fault": "motor"}, "The device of Ana Torres: its motor does not move"),
        ({"reason": "jammed"}, "The device of Ana Torres: it reports jammed"),
        ({"fault": 7}, "The device of Ana Torres: it reports a fault"),
    ],
)
async def test_a_fault_told_as_an_event_is_over_an_hour_after_it_was_last_so(
    tmp_path: Path, data: dict[str, Any], title: str
) -> None:
    async with care(tmp_path) as it:
        device_id = await it.device()
        await _told(it, device_id, "fault", "2026-11-20T06:10", **data)
        await _heard(it, device_id, "2026-11-20T06:11")
        await _heard(it, device_id, "2026-11-20T07:09")
        assert _open(it) == [title]
        await _heard(it, device_id, "2026-11-20T07:10")
        assert _open(it) == []


async def test_a_device_that_is_nobodys_or_removed_calls_nobody(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        spare = new_id()
        await it.it.accepted(AddDevice, device_id=spare, device_kind="dispenser", name="Spare", person_id=None,
                             claim_hash=spare, claim_until_ms=it.now_ms + 600_000)  # fmt: skip
        await it.it.accepted(ClaimDevice, claim_hash=spare, public_key_pem="a key")
        await _heard(it, spare, "2026-11-20T06:05", faults=("speaker",))
        assert it.alerts() == []
        device_id = await it.device()
        await _heard(it, device_id, "2026-11-20T06:10", faults=("speaker",))
        await it.it.accepted(ChangeDevice, device_id=device_id, person_id="")
        assert _open(it) == []
        await it.it.accepted(ChangeDevice, device_id=device_id, person_id=it.person_id)
        await _heard(it, device_id, "2026-11-20T06:11", faults=("speaker",))
        assert len(_open(it)) == 1
        await it.it.accepted(RemoveDevice, device_id=device_id)
        assert _open(it) == [] and it.events("care_alert_raised") == it.events("care_alert_ended") == 2


async def test_a_device_that_reports_twenty_faults_does_not_call_twenty_times(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        device_id = await it.device()
        await _heard(it, device_id, "2026-11-20T06:10", faults=tuple(f"e{number}" for number in range(20)))
        await _heard(it, device_id, "2026-11-20T06:11", faults=tuple(f"e{number}" for number in range(20)))
        assert len(_open(it)) == 5
