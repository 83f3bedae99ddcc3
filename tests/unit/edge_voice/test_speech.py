"""Words to clips: the real espeak-ng where it is, and a store that stays bounded."""

from __future__ import annotations

import asyncio
import io
import os
import wave
from pathlib import Path

import pytest

from edge.app.ports import DeviceError
from edge.domain.words import LANGUAGES, call
from edge.voice.speech import VOICES, WORDS_CHARS_MAX, Speech


def length_s(wav: bytes) -> float:
    with wave.open(io.BytesIO(wav)) as clip:
        assert (clip.getnchannels(), clip.getsampwidth()) == (1, 2)
        return float(clip.getnframes() / clip.getframerate())


def clips(folder: Path) -> list[Path]:
    return list(folder.glob("*.wav"))


def fake_program(folder: Path, script: str) -> str:
    program = folder / "speak"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return str(program)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_call_is_spoken_in_each_language_the_clinic_has(tmp_path: Path, language: str) -> None:
    speech = Speech(tmp_path / "clips")
    assert speech.available()
    assert 1.0 < length_s(await speech.clip(call("A-012", "Room 2", language), language)) < 20


def test_every_language_of_the_clinic_has_a_voice() -> None:
    assert set(VOICES) == set(LANGUAGES)


async def test_the_same_words_are_made_once_and_found_again_by_the_next_program(tmp_path: Path) -> None:
    first = Speech(tmp_path)
    wav = await first.clip("Token A 1", "en")
    again = Speech(tmp_path, program="no-such-program")
    assert await again.clip("Token  A 1 ", "en") == wav
    assert (first.made, again.made, again.found) == (1, 0, 1)


async def test_two_languages_do_not_share_a_clip(tmp_path: Path) -> None:
    speech = Speech(tmp_path)
    assert await speech.clip("Token A 1", "en") != await speech.clip("Token A 1", "es")


async def test_a_missing_program_says_what_to_install_and_that_trying_again_is_no_use(tmp_path: Path) -> None:
    with pytest.raises(DeviceError) as caught:
        await Speech(tmp_path, program="no-such-program").clip("hello", "en")
    assert not caught.value.passing
    assert "espeak-ng" in caught.value.hint


async def test_a_program_that_fails_leaves_nothing_in_the_store(tmp_path: Path) -> None:
    program = fake_program(tmp_path, "cat >/dev/null; echo broken voice >&2; exit 1")
    with pytest.raises(DeviceError, match="broken voice") as caught:
        await Speech(tmp_path / "clips", program=program).clip("hello", "en")
    assert caught.value.passing
    assert not (tmp_path / "clips").exists()


async def test_words_that_look_like_options_are_only_said(tmp_path: Path) -> None:
    program = fake_program(tmp_path, f'echo "$@" > {tmp_path}/seen; cat > {tmp_path}/words; exit 1')
    with pytest.raises(DeviceError):
        await Speech(tmp_path, program=program).clip("--path=/etc " + "x" * 1000, "en")
    assert "/etc" not in (tmp_path / "seen").read_text()
    assert len((tmp_path / "words").read_text()) <= WORDS_CHARS_MAX


async def test_nothing_to_say_is_an_error_and_no_clip(tmp_path: Path) -> None:
    with pytest.raises(DeviceError):
        await Speech(tmp_path).clip(" \n ", "en")


async def test_the_store_stays_within_its_bytes_and_the_clip_unused_longest_goes(tmp_path: Path) -> None:
    speech = Speech(tmp_path)
    size = len(await speech.clip("number 0", "en"))
    speech = Speech(tmp_path, store_bytes_max=int(size * 3.5))
    for number in range(1, 3):
        await speech.clip(f"number {number}", "en")
    for age_s, path in enumerate(sorted(clips(tmp_path), key=lambda p: p.stat().st_mtime_ns, reverse=True), 1):
        os.utime(path, (1_000_000 - age_s, 1_000_000 - age_s))
    await speech.clip("number 0", "en")
    await speech.clip("number 3", "en")
    made = speech.made
    await speech.clip("number 0", "en")
    assert speech.made == made, "the clip that was just used must not go"
    await speech.clip("number 1", "en")
    assert speech.made == made + 1, "the clip unused longest must go"
    assert sum(p.stat().st_size for p in clips(tmp_path)) <= size * 3.5


async def test_clips_asked_for_at_once_are_made_one_after_another(tmp_path: Path) -> None:
    speech = Speech(tmp_path)
    clips = await asyncio.gather(*(speech.clip("Token A 7", "en") for _ in range(5)))
    assert len(set(clips)) == 1
    assert (speech.made, speech.found) == (1, 4)
