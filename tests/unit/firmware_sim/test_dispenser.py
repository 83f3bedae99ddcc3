"""A dispenser by itself: what it announces alone, what it keeps for the clinic, and what happens when there is no room."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from firmware_sim.dispenser import EDGE_FIRST_MS, Dispenser
from firmware_sim.dispenser_memory import EVENTS_MAX, RESERVED, Memory
from shared.clock import iso
from shared.device_messages import read_up
from shared.device_tokens import new_key

MINUTE_MS = 60_000
EIGHT_MS = 1_795_161_600_000
DOSE = "a" * 32
_KEY = new_key()


def dose(status: str = "PLANNED", occurrence: str = DOSE) -> dict[str, Any]:
    return {
        "occurrence_id": occurrence, "due_at_utc": iso(EIGHT_MS), "due_at_local": iso(EIGHT_MS), "window_open": iso(EIGHT_MS),
        "on_time_until": iso(EIGHT_MS + 60 * MINUTE_MS), "miss_at": iso(EIGHT_MS + 240 * MINUTE_MS), "medication": "Metformin",
        "quantity": 1, "unit": "tablet", "compartment": 2, "instructions": "", "status": status,
    }  # fmt: skip


def made(folder: Path, *doses: dict[str, Any]) -> tuple[Dispenser, list[dict[str, Any]]]:
    """A device that has its id and a schedule, and its diary."""
    memory = Memory(folder / "d.json", key_pem="", device_id="d", doses=[*doses])
    said: list[dict[str, Any]] = []
    device = Dispenser("d", memory, told=said.append, wall_s=lambda: 0.0)
    return device, said


def welcomed(device: Dispenser, now_ms: int, at_ms: int) -> None:
    device.receive({"t": "welcome", "device_id": "d", "server_time": iso(now_ms), "upto": 0}, now_ms, at_ms)


def days(device: Dispenser, until_ms: int, *, away: bool = True) -> None:
    """Time passes from five minutes before eight; an edge that is there says a word every ten seconds."""
    device.memory.key_pem = device.memory.key_pem or _KEY
    for now_ms in range(EIGHT_MS - 5 * MINUTE_MS, until_ms + 1, 10_000):
        at_ms = now_ms - EIGHT_MS + 10 * MINUTE_MS
        if not away:
            device.receive({"t": "beat", "answer": {"commands": []}}, now_ms, at_ms)
        for message in device.tick(now_ms, at_ms):
            read_up(message)


def test_alone_it_announces_and_repeats_until_it_no_longer_counts_as_on_time(tmp_path: Path) -> None:
    device, said = made(tmp_path, dose())
    days(device, EIGHT_MS + 120 * MINUTE_MS)
    minutes = [round((line["start_ms"] - EIGHT_MS) / MINUTE_MS) for line in said]
    assert minutes == [0, 5, 15, 30, 45, 60]
    assert {line["by"] for line in said} == {"device"}


@pytest.mark.parametrize("status", ["ON_TIME", "SKIPPED", "HELD", "VOIDED"])
def test_a_dose_that_waits_for_nobody_is_not_announced(tmp_path: Path, status: str) -> None:
    device, said = made(tmp_path, dose(status))
    days(device, EIGHT_MS + 60 * MINUTE_MS)
    assert said == []


def test_without_the_time_it_announces_nothing(tmp_path: Path) -> None:
    device, said = made(tmp_path, dose())
    device.knows_time = False
    days(device, EIGHT_MS + 60 * MINUTE_MS)
    assert said == []


def test_an_edge_that_is_there_is_given_the_first_word_and_not_for_ever(tmp_path: Path) -> None:
    device, said = made(tmp_path, dose())
    welcomed(device, EIGHT_MS - 6 * MINUTE_MS, 4 * MINUTE_MS)
    days(device, EIGHT_MS + 10 * MINUTE_MS, away=False)
    assert [line["start_ms"] - EIGHT_MS for line in said] == [EDGE_FIRST_MS]


def test_after_a_power_cut_it_goes_on_with_what_it_announced_and_does_not_begin_anew(tmp_path: Path) -> None:
    device, said = made(tmp_path, dose())
    days(device, EIGHT_MS + MINUTE_MS)
    again = Dispenser("d", Memory.load(tmp_path / "d.json"), told=said.append, wall_s=lambda: 0.0)
    assert again.lamp == "blink"
    days(again, EIGHT_MS + 2 * MINUTE_MS)
    assert len(said) == 1
    assert again.press(EIGHT_MS + 2 * MINUTE_MS, 5)["doses"] == [DOSE]
    assert again.lamp == "off"


def test_a_second_press_is_no_second_dose(tmp_path: Path) -> None:
    device, _ = made(tmp_path, dose())
    days(device, EIGHT_MS + MINUTE_MS)
    device.press(EIGHT_MS + MINUTE_MS, 5)
    device.press(EIGHT_MS + MINUTE_MS + 40_000, 40_005)
    assert [event["kind"] for event in device.memory.events if event["kind"] in ("taken", "button")] == [
        "taken",
        "button",
    ]


def test_an_announcement_that_comes_twice_is_said_once(tmp_path: Path) -> None:
    device, said = made(tmp_path, dose())
    call = {"t": "announce", "id": "g1", "occurrence_ids": [DOSE], "text": "x", "language": "en", "rung": 1,
            "expires_ms": EIGHT_MS + 5 * MINUTE_MS}  # fmt: skip
    welcomed(device, EIGHT_MS, 0)
    for _ in range(2):
        device.receive(call, EIGHT_MS, 0)
    for n in range(10):
        device.tick(EIGHT_MS + n * 1000, n * 1000)
    assert len(said) == 1
    device.receive({**call, "id": "g2", "expires_ms": EIGHT_MS - 1, "occurrence_ids": []}, EIGHT_MS + 20_000, 20_000)
    (late,) = [m for m in device.tick(EIGHT_MS + 20_000, 20_000) if m["t"] == "said"]
    assert (late["ok"], late["reason"]) == (False, "too late")


def test_with_no_room_what_hands_do_is_let_go_first_and_the_numbers_have_no_hole(tmp_path: Path) -> None:
    device, _ = made(tmp_path, dose())
    for n in range(EVENTS_MAX):
        device.lid(n % 2 == 0, EIGHT_MS, n)
    assert len(device.memory.events) == EVENTS_MAX - RESERVED
    device.open_doses[DOSE] = EIGHT_MS
    assert device.press(EIGHT_MS, 1)["counted"]
    assert [event["device_seq"] for event in device.memory.events] == list(range(1, EVENTS_MAX - RESERVED + 2))
    assert device.lamp == "fault"
    assert "events_lost" in device.beat(1)["faults"]
    assert device.memory.lost == RESERVED


def test_a_clinic_that_was_restored_gets_everything_anew_under_a_new_boot(tmp_path: Path) -> None:
    device, _ = made(tmp_path)
    boot = device.boot_id
    for _ in range(3):
        device.press(EIGHT_MS, 1)
    device.memory.acknowledged({boot: 1})
    for _ in range(3):
        device.receive({"t": "kept", "answer": {"upto": {boot: 0}, "results": []}}, EIGHT_MS, 1)
    assert device.boot_id != boot
    assert [(event["boot_id"], event["device_seq"]) for event in device.memory.events] == [
        (device.boot_id, 1), (device.boot_id, 2),
    ]  # fmt: skip


def test_a_battery_that_grows_weak_says_so_once(tmp_path: Path) -> None:
    device, _ = made(tmp_path)
    for percent in (50.0, 14.0, 12.0, 60.0):
        device.charge(percent, EIGHT_MS, 1)
    assert [event["kind"] for event in device.memory.events] == ["low_battery"]


def test_an_empty_compartment_gives_nothing(tmp_path: Path) -> None:
    device, _ = made(tmp_path)
    device.refill("2", 1, EIGHT_MS, 1)
    assert device.take("2", 1, EIGHT_MS, 2)["counted"]
    assert device.take("2", 1, EIGHT_MS, 3) == {"counted": False, "empty": True}
