"""A dispenser on a real pseudo-terminal, our driver at the other end, the rules of doses and the real store behind it."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.domain.care_commands import AnswerDose
from edge.domain.heard import Ask, Heard
from edge.domain.utterances import Intent
from firmware_sim.microphone import silence
from shared.device_api import Heartbeat
from tests.dispensers import ward

EIGHT = {"medication": "Metformin", "times": ["08:00"], "compartment": 2}
TAKEN = Heard("i took it", Intent.TAKEN, True, 20.0, 1.2)


async def test_a_device_claims_gets_its_schedule_announces_and_a_press_is_a_dose_taken(tmp_path: Path) -> None:
    async with ward(tmp_path) as it:
        await it.care.plan(EIGHT)
        device_id = await it.claim()
        await it.until(lambda: len(it.device.firmware.memory.doses) >= 13)
        assert it.device.firmware.memory.doses[0]["compartment"] == 2
        await it.until(lambda: it.device.firmware.lamp == "blink", passing=True)
        await it.until(lambda: it.statuses() == ["ANNOUNCED"], passing=True)
        (said,) = it.device.said()
        assert said["by"] == "edge"
        assert said["had_clip"]
        assert "Metformin" in said["text"]
        it.device.firmware.press(*it.device.now())
        await it.until(lambda: it.statuses() == ["ON_TIME"])
        await it.until(lambda: it.device.firmware.lamp == "off" and not it.device.firmware.memory.events)
        ((source, told_by),) = it.care.it.rows("select source, device_id from doses where status = 'ON_TIME'")
        assert (source, told_by) == ("button", device_id)


async def test_a_schedule_too_large_for_a_line_brings_the_soonest_doses_and_the_clinic_goes_on(tmp_path: Path) -> None:
    async with ward(tmp_path) as it:
        hours = [f"{hour:02d}:00" for hour in range(24)]
        await it.care.plan(*({"medication": f"Hourly {letter}", "times": hours} for letter in "AB"))
        device_id = await it.claim()
        await it.until(lambda: bool(it.device.firmware.memory.doses))
        known, brought = it.intake.schedule(device_id).doses, it.device.firmware.memory.doses
        assert 200 < len(brought) < len(known)
        assert [one["occurrence_id"] for one in brought] == [one.occurrence_id for one in known[: len(brought)]]
        await it.until(lambda: it.statuses() == ["ANNOUNCED"] * 2, passing=True)


async def test_a_press_is_acknowledged_only_after_it_is_on_the_disk(tmp_path: Path) -> None:
    async with ward(tmp_path) as it:
        await it.care.plan(EIGHT)
        await it.claim()
        await it.until(lambda: it.device.firmware.lamp == "blink", passing=True)
        assert it.cable is not None
        it.cable.to_device.set("cut")
        it.device.firmware.press(*it.device.now())
        await it.until(lambda: it.statuses() == ["ON_TIME"])
        assert it.device.firmware.memory.events, "no answer came, so the device keeps it"
        it.cable.to_device.set("perfect")
        await it.until(lambda: not it.device.firmware.memory.events)
        assert it.told("taken") == 1
        assert it.care.events("dose_taken") == 1


@pytest.mark.parametrize("kind", ["one_byte", "lossy", "slow"])
async def test_over_every_kind_of_line_each_thing_a_hand_does_is_told_once(tmp_path: Path, kind: str) -> None:
    async with ward(tmp_path) as it:
        await it.claim()
        assert it.cable is not None
        it.cable.set(kind, seed=5)  # type: ignore[arg-type]
        firmware = it.device.firmware
        for n in range(6):
            firmware.lid(n % 2 == 0, *it.device.now())
            firmware.press(*it.device.now())
        await it.until(lambda: not firmware.memory.events, within_s=60)
        assert (it.told("lid_open"), it.told("lid_close"), it.told("button")) == (3, 3, 6)


async def test_a_power_cut_of_the_device_loses_nothing_it_counted(tmp_path: Path) -> None:
    async with ward(tmp_path) as it:
        await it.care.plan(EIGHT)
        await it.claim()
        await it.until(lambda: it.device.firmware.lamp == "blink", passing=True)
        assert it.cable is not None
        it.cable.set("cut", 0)
        it.device.firmware.press(*it.device.now())
        it.device.power(False)
        it.device.power(True)
        assert len(it.device.firmware.memory.events) == 1
        it.cable.set("perfect", 0)
        await it.until(lambda: it.statuses() == ["ON_TIME"])
        boots = it.care.it.rows("select distinct boot_id from device_log")
        await it.until(lambda: it.told("boot") == 2)
        assert len(boots) >= 1


async def test_while_the_clinic_is_away_the_device_announces_alone_and_tells_it_afterwards(tmp_path: Path) -> None:
    async with ward(tmp_path) as it:
        await it.care.plan(EIGHT)
        await it.claim()
        await it.until(lambda: len(it.device.firmware.memory.doses) >= 13)
        it.device.firmware.silent = True
        it.device.firmware._heard_edge_ms = -100_000
        await it.until(lambda: len(it.device.said()) == 1, passing=True)
        assert it.device.said()[0]["by"] == "device"
        it.device.firmware.press(*it.device.now())
        it.device.firmware.silent = False
        await it.until(lambda: it.statuses() == ["ON_TIME"])
        assert it.told("announced") == 1


async def test_a_dose_the_device_announced_alone_is_not_announced_again_by_the_clinic(tmp_path: Path) -> None:
    async with ward(tmp_path) as it:
        await it.care.plan(EIGHT)
        await it.claim()
        await it.until(lambda: len(it.device.firmware.memory.doses) >= 13)
        firmware = it.device.firmware
        dose = firmware.memory.doses[0]["occurrence_id"]
        firmware.memory.said[dose] = [it.care.now_ms]
        await it.until(lambda: it.statuses() == ["ANNOUNCED"], passing=True)
        assert it.device.said() == []


async def test_a_dose_answered_at_the_desk_puts_the_devices_lamp_out(tmp_path: Path) -> None:
    async with ward(tmp_path) as it:
        await it.care.plan(EIGHT)
        await it.claim()
        await it.until(lambda: it.device.firmware.lamp == "blink", passing=True)
        dose_id = next(iter(it.device.firmware.open_doses))
        await it.care.it.accepted(AnswerDose, act="taken", source="nurse", at_ms=it.care.now_ms, dose_id=dose_id)
        await it.until(lambda: it.device.firmware.lamp == "off")


async def test_a_hand_that_takes_from_the_compartment_answers_when_the_lid_closes(tmp_path: Path) -> None:
    async with ward(tmp_path) as it:
        await it.care.plan(EIGHT)
        await it.claim()
        firmware = it.device.firmware
        firmware.refill("2", 10, *it.device.now())
        await it.until(lambda: firmware.lamp == "blink", passing=True)
        firmware.lid(True, *it.device.now())
        firmware.take("2", 1, *it.device.now())
        firmware.lid(False, *it.device.now())
        await it.until(lambda: it.statuses() == ["ON_TIME"])
        assert it.care.it.rows("select source from doses where status = 'ON_TIME'") == [("weight",)]
        assert it.told("weight") == 1


async def test_a_changed_plan_reaches_the_device_at_once(tmp_path: Path) -> None:
    async with ward(tmp_path) as it:
        await it.care.plan(EIGHT)
        await it.claim()
        await it.until(lambda: len(it.device.firmware.memory.doses) >= 13)
        await it.care.plan({"medication": "Metformin", "times": ["09:30"]}, revision=2)
        await it.until(lambda: all("T09:30" in d["due_at_local"] for d in it.device.firmware.memory.doses))


async def test_a_device_whose_loudspeaker_is_broken_says_so_and_the_dose_counts_as_not_announced(
    tmp_path: Path,
) -> None:
    async with ward(tmp_path) as it:
        await it.care.plan(EIGHT)
        await it.claim()
        it.device.firmware.broken_speaker = True
        query = "select reason from effects where kind = 'announce_dose' and state = 'not_done'"
        await it.until(lambda: bool(it.care.it.rows(query)), passing=True)
        assert "speaker" in it.care.it.rows(query)[0][0]
        assert it.statuses() == []


async def test_a_cable_pulled_while_it_announces_leaves_it_unknown_and_never_said_twice(tmp_path: Path) -> None:
    async with ward(tmp_path) as it:
        await it.care.plan(EIGHT)
        await it.claim()
        await it.until(lambda: it.device.firmware._saying is not None, passing=True)
        assert it.cable is not None
        it.cable.cable("out")
        query = "select state from effects where kind = 'announce_dose'"
        await it.until(lambda: it.care.it.rows(query) == [("unknown",)])
        it.cable.cable("in")
        await it.until(lambda: len(it.device.said()) == 1, passing=True)


async def test_a_key_that_was_taken_away_opens_nothing(tmp_path: Path) -> None:
    from edge.domain.care_commands import RemoveDevice

    async with ward(tmp_path) as it:
        device_id = await it.claim()
        await it.care.it.accepted(RemoveDevice, device_id=device_id)
        before = it.told()
        it.device.power(False)
        it.device.power(True)
        it.device.firmware.press(*it.device.now())
        tried = it.device.firmware  # a word of the clinic that was still on the line may spare it the greeting
        await it.until(lambda: tried._next_hello_ms > 0 or tried._next_events_ms > 0)
        assert it.told() == before
        assert it.device.firmware.memory.events


async def test_a_wrong_code_is_refused_and_another_device_cannot_use_a_code_twice(tmp_path: Path) -> None:
    async with ward(tmp_path) as it:
        it.device.firmware.memory.claim_code = "WRONGCODE2"
        await it.until(lambda: it.drivers[0].link.counts.messages >= 1)  # type: ignore[union-attr]
        assert it.device.firmware.memory.device_id is None
        device_id = await it.claim()
        assert it.device.firmware.memory.device_id == device_id


async def test_what_somebody_says_over_a_cable_is_kept_heard_and_done(tmp_path: Path) -> None:
    async with ward(tmp_path) as it:
        await it.care.plan(EIGHT)
        await it.claim()
        await it.until(lambda: it.statuses() == ["ANNOUNCED"], passing=True)
        it.ear.next.append(TAKEN)
        said = it.say(silence(1.5))
        await it.until(lambda: it.statuses() == ["ON_TIME"])
        await it.until(lambda: not it.device.firmware.sounds)
        assert it.device.firmware.heard[-1]["heard"]["act"] == "taken"
        assert (tmp_path / "blobs" / said["sha256"]).read_bytes() == silence(1.5)
        assert it.care.it.rows("select source from doses where status = 'ON_TIME'") == [("voice",)]


async def test_a_recording_cut_in_the_middle_goes_on_where_the_clinic_stands(tmp_path: Path) -> None:
    async with ward(tmp_path) as it:
        await it.claim()
        assert it.cable is not None
        it.say(silence(6.0))
        await it.until(lambda: (it.device.firmware._sound_at or 0) >= 48 * 1024)
        it.cable.cable("out")
        await it.until(lambda: it.device.firmware._welcome)
        it.cable.cable("in")
        await it.until(lambda: not it.device.firmware.sounds, within_s=30)
        assert it.care.it.rows("select bytes from notes") == [(len(silence(6.0)),)]


async def test_only_half_heard_is_asked_and_not_done_and_help_is_an_alert_at_once(tmp_path: Path) -> None:
    async with ward(tmp_path) as it:
        await it.care.plan(EIGHT)
        await it.claim()
        await it.until(lambda: it.statuses() == ["ANNOUNCED"], passing=True)
        it.ear.next += [
            Heard("i took it", Intent.TAKEN, False, 20.0, 1.2, asks=Ask.CONFIRM),
            Heard("help me", Intent.HELP, False, 20.0, 1.0, asks=Ask.HELP),
        ]
        it.say()
        await it.until(lambda: not it.device.firmware.sounds)
        assert it.device.firmware.heard[-1]["heard"]["asks"] == "confirm"
        assert it.statuses() == ["ANNOUNCED"]
        it.say(silence(2.0))
        await it.until(lambda: not it.device.firmware.sounds)
        assert [topic for topic, *_ in it.care.alerts()] == ["help"]


async def test_a_device_that_only_asks_gets_the_announcement_with_its_next_heartbeat_once(tmp_path: Path) -> None:
    async with ward(tmp_path) as it:
        await it.care.plan(EIGHT)
        device_id = await it.claim()
        it.device.power(False)
        assert it.cable is not None
        it.cable.cable("out")
        await it.until(lambda: not it.medicine.is_connected(device_id))
        beat = Heartbeat(boot_id="c" * 16, mono_ms=1)
        assert (await it.intake.heartbeat(device_id, beat)).commands == []
        query = "select state from effects where kind = 'announce_dose'"
        await it.until(lambda: it.care.it.rows(query) == [("unknown",)], passing=True)
        (left,) = (await it.intake.heartbeat(device_id, Heartbeat(boot_id="c" * 16, mono_ms=2))).commands
        assert (left["t"], left["rung"]) == ("announce", 1)
        assert "Metformin" in left["text"]
        assert (await it.intake.heartbeat(device_id, Heartbeat(boot_id="c" * 16, mono_ms=3))).commands == []
