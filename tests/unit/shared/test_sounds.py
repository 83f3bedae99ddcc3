"""A sound is known by its own bytes: its kind and its length, whatever its sender calls it."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
import wave
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.sounds import UnknownSound, facts_of, pcm_of


def wav(seconds: float, rate: int = 16_000, channels: int = 1, width: int = 2) -> bytes:
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(bytes(int(seconds * rate) * channels * width))
    return made.getvalue()


@pytest.mark.parametrize(("rate", "channels", "width"), [(16_000, 1, 2), (44_100, 2, 2), (8_000, 1, 1)])
def test_a_wav_file_says_how_long_it_lasts(tmp_path: Path, rate: int, channels: int, width: int) -> None:
    file = tmp_path / "a"
    file.write_bytes(wav(2.5, rate, channels, width))
    facts = facts_of(file)
    assert (facts.media_type, facts.seconds, facts.rate) == ("audio/wav", 2.5, rate)
    assert len(pcm_of(file, facts) or b"") == int(2.5 * rate) * 2


def test_two_channels_become_one_and_eight_bits_sixteen(tmp_path: Path) -> None:
    file = tmp_path / "a"
    stereo = wav(0.0, 16_000, 2)
    data = struct.pack("<4h", 100, 300, -2, -4)
    file.write_bytes(stereo[:40] + struct.pack("<I", 8) + data)
    assert pcm_of(file, facts_of(file)) == struct.pack("<2h", 200, -3)
    small = wav(0.0, 8_000, 1, 1)
    file.write_bytes(small[:40] + struct.pack("<I", 2) + bytes((128, 255)))
    assert pcm_of(file, facts_of(file)) == struct.pack("<2h", 0, 127 << 8)


def test_a_recorder_that_was_cut_off_before_it_wrote_the_length_is_read_all_the_same(tmp_path: Path) -> None:
    file = tmp_path / "a"
    whole = wav(1.0)
    file.write_bytes(whole[:40] + b"\xff\xff\xff\xff" + whole[44:])
    assert facts_of(file).seconds == 1.0


@pytest.mark.parametrize(("kind", "media_type"), [("flac", "audio/flac"), ("ogg", "audio/ogg")])
def test_coded_sounds_say_how_long_they_last(tmp_path: Path, kind: str, media_type: str) -> None:
    sox = shutil.which("sox")
    assert sox is not None, "sox is not installed; `make test` installs it"
    source, file = tmp_path / "a.wav", tmp_path / f"a.{kind}"
    source.write_bytes(wav(3.0))
    subprocess.run([sox, source, file], check=True, capture_output=True)
    facts = facts_of(file)
    assert facts.media_type == media_type
    assert abs(facts.seconds - 3.0) < 0.1
    assert pcm_of(file, facts) is None


@given(st.binary(max_size=200), st.sampled_from([b"", b"RIFF\0\0\0\0WAVE", b"fLaC", b"OggS", b"RIFF\0\0\0\0WAVEfmt "]))
def test_any_other_bytes_are_an_unknown_sound_and_nothing_worse(
    tmp_path_factory: pytest.TempPathFactory, rest: bytes, begin: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "fuzz-sound"
    file.write_bytes(begin + rest)
    try:
        facts = facts_of(file)
    except UnknownSound:
        return
    assert facts.seconds >= 0
