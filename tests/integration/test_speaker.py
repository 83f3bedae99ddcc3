"""Sound, strictly one after another: our speaker, the simulated loudspeaker on TCP, and programs that play."""

from __future__ import annotations

import asyncio
import io
import itertools
import json
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge.app.ports import DeviceError, Offline
from edge.devices import speaker as driver
from edge.devices.speaker import open_speaker
from edge.voice.speech import Speech
from firmware_sim.speaker import Speaker
from shared.clock import Clock


def tone(length_ms: int) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as clip:
        clip.setparams((1, 2, 8000, 0, "NONE", ""))
        clip.writeframes(bytes(2 * 8 * length_ms))
    return out.getvalue()


async def short_clip(words: str, language: str) -> bytes:
    return tone(60)


@asynccontextmanager
async def loudspeaker(folder: Path, factor: float = 1.0) -> AsyncIterator[Speaker]:
    it = Speaker(Clock.starting_at(datetime(2026, 11, 20, 9, tzinfo=UTC), factor), folder)
    await it.start()
    try:
        yield it
    finally:
        await it.stop()


def diary(folder: Path) -> list[dict[str, int]]:
    return [json.loads(line) for line in (folder / "said.jsonl").read_text().splitlines()]


async def test_calls_asked_for_at_once_are_heard_one_after_another_and_whole(tmp_path: Path) -> None:
    async with loudspeaker(tmp_path) as device:
        speaker = open_speaker(f"tcp://127.0.0.1:{device.port}", short_clip)
        await asyncio.gather(*(speaker.say(f"call {n}", "en") for n in range(6)))
        said = diary(tmp_path)
        assert len(said) == 6
        assert device.overlaps == 0
        assert all(b["start_ms"] >= a["end_ms"] for a, b in itertools.pairwise(said))
        assert all(line["end_ms"] - line["start_ms"] >= line["length_ms"] for line in said)
        assert {line["length_ms"] for line in said} == {60}


async def test_two_clinics_on_one_loudspeaker_are_seen_to_overlap(tmp_path: Path) -> None:
    async with loudspeaker(tmp_path) as device:
        both = [open_speaker(f"tcp://127.0.0.1:{device.port}", short_clip) for _ in range(2)]
        await asyncio.gather(*(speaker.say("call", "en") for speaker in both))
        assert device.overlaps == 1


async def test_a_clip_lasts_as_long_in_domain_time_and_the_scenario_does_not_wait_for_it(tmp_path: Path) -> None:
    async def long_clip(words: str, language: str) -> bytes:
        return tone(5_000)

    async with loudspeaker(tmp_path, factor=100.0) as device:
        begun = asyncio.get_running_loop().time()
        await open_speaker(f"tcp://127.0.0.1:{device.port}", long_clip).say("a long story", "en")
        assert asyncio.get_running_loop().time() - begun < 3
        assert diary(tmp_path)[0]["end_ms"] - diary(tmp_path)[0]["start_ms"] >= 5_000


async def test_real_speech_goes_from_words_to_the_loudspeaker(tmp_path: Path) -> None:
    async with loudspeaker(tmp_path, factor=50.0) as device:
        speaker = open_speaker(f"tcp://127.0.0.1:{device.port}", Speech(tmp_path / "clips").clip)
        await speaker.say("Token A, 0 1 2, please go to Room 2.", "en")
        assert diary(tmp_path)[0]["length_ms"] > 1_000


async def test_a_loudspeaker_that_is_not_there_has_played_nothing(tmp_path: Path) -> None:
    async with loudspeaker(tmp_path) as device:
        port = device.port
    with pytest.raises(Offline) as caught:
        await open_speaker(f"tcp://127.0.0.1:{port}", short_clip).say("call", "en")
    assert (caught.value.begun, caught.value.passing) == (False, True)


async def test_a_loudspeaker_that_never_answers_is_given_up_and_may_have_played(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "BEYOND_S", 0.2)
    async with loudspeaker(tmp_path) as device:
        device.broken = True
        speaker = open_speaker(f"tcp://127.0.0.1:{device.port}", short_clip)
        with pytest.raises(Offline) as caught:
            await speaker.say("call", "en")
        assert caught.value.begun
        device.broken = False
        await speaker.say("call", "en")


async def test_rubbish_and_giants_are_refused_by_the_loudspeaker(tmp_path: Path) -> None:
    async with loudspeaker(tmp_path) as device:
        for sent in (b"\xff\xff\xff\xff", b"\x00\x00\x00\x00", b"\x00\x00\x00\x04nope"):
            reader, writer = await asyncio.open_connection("127.0.0.1", device.port)
            writer.write(sent)
            assert await reader.read() == b""
            writer.transport.abort()
        assert (device.refused, device.said) == (3, 0)


async def test_a_program_plays_the_clip_from_its_standard_input(tmp_path: Path) -> None:
    speaker = open_speaker(f"command:sh -c 'cat >> {tmp_path}/heard'", short_clip)
    await asyncio.gather(speaker.say("one", "en"), speaker.say("two", "en"))
    assert (tmp_path / "heard").read_bytes() == tone(60) * 2


@pytest.mark.parametrize(
    ("command", "passing", "begun"),
    [("no-such-player -q", False, False), ("sh -c 'cat >/dev/null; exit 3'", True, True)],
)
async def test_a_program_that_cannot_play_says_why(command: str, passing: bool, begun: bool) -> None:
    with pytest.raises(DeviceError) as caught:
        await open_speaker(f"command:{command}", short_clip).say("call", "en")
    assert (caught.value.passing, caught.value.begun) == (passing, begun)


async def test_a_clip_that_is_no_sound_is_refused_before_anything_is_sent() -> None:
    async def bad_clip(words: str, language: str) -> bytes:
        return b"not a wav"

    with pytest.raises(DeviceError) as caught:
        await open_speaker("tcp://127.0.0.1:9", bad_clip).say("call", "en")
    assert not caught.value.passing


@pytest.mark.parametrize("target", ["", "tcp://", "tcp://host", "udp://host:1", "command:"])
def test_a_setting_that_names_no_loudspeaker_is_an_error(target: str) -> None:
    with pytest.raises(ValueError):
        open_speaker(target, short_clip)
