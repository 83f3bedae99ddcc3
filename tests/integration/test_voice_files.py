"""What is said in a FLAC or Ogg file is heard as in a WAV; what unfolds to hours or is damaged does no harm, and is kept."""

from __future__ import annotations

import hashlib
import io
import json
import tracemalloc
from array import array
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest
import pytest_asyncio
import soundfile

from edge.app.voice_notes import VoiceNotes
from edge.domain.utterances import Intent
from edge.voice import coded
from edge.voice.hearing import FILE_S_MAX, Hearing
from edge.voice.sound import UnfitSound, samples_of
from shared.blobs import Blobs
from shared.device_api import VoiceFields
from tests.care import care
from tests.speech import RATE, said

WORDS = "I took my medicine"
KINDS = [("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("OGG", "OPUS"), ("WAV", "PCM_24")]


def file_of(pcm: bytes, form: str, subtype: str, rate: int = RATE, channels: int = 1) -> bytes:
    """Samples as a file of that kind."""
    out = io.BytesIO()
    with soundfile.SoundFile(out, "w", rate, channels, subtype, format=form) as file:
        file.buffer_write(pcm, dtype="int16")
    return out.getvalue()


@pytest_asyncio.fixture
async def ear() -> AsyncIterator[Hearing]:
    one = Hearing()
    try:
        yield one
    finally:
        await one.stop()


@pytest.mark.parametrize(("form", "subtype"), KINDS, ids=[f"{form} {subtype}" for form, subtype in KINDS])
async def test_the_same_words_are_heard_in_every_kind_of_file(ear: Hearing, form: str, subtype: str) -> None:
    found = await ear.hear_file(file_of(said(WORDS, "rms"), form, subtype), "en")
    assert (found.act, found.agreed, found.asks) == (Intent.TAKEN, True, None)


async def test_a_recording_in_stereo_at_another_rate_is_heard(ear: Hearing) -> None:
    mono = said(WORDS, "rms")
    both = b"".join(mono[at : at + 2] * 2 for at in range(0, len(mono), 2))
    found = await ear.hear_file(file_of(both, "FLAC", "PCM_16", channels=2), "en")
    assert found.act is Intent.TAKEN


def test_a_small_file_of_hours_is_unfolded_as_far_as_is_listened_to_and_no_further() -> None:
    hours = file_of(bytes(2 * RATE * 3_600), "FLAC", "PCM_16")
    assert len(hours) < 500_000, "an hour of silence"
    tracemalloc.start()
    samples = coded.unfolded(hours, 2.0)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(samples) == 2 * RATE
    assert most < 4_000_000


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 24_000, 44_100, 48_000])
def test_a_file_of_another_rate_is_heard_as_plain_samples_of_it_are(rate: int) -> None:
    chance = Random(rate)
    pcm = array("h", [chance.randint(-32_768, 32_767) for _ in range(rate // 10)]).tobytes()
    found, plain = coded.unfolded(file_of(pcm, "FLAC", "PCM_16", rate), 1.0), samples_of(pcm, rate)
    assert len(found) == len(plain) and max(abs(one - two) for one, two in zip(found, plain, strict=True)) <= 1


def test_the_longest_note_is_listened_to_whole() -> None:
    note = file_of(bytes(2 * RATE * int(FILE_S_MAX)), "OGG", "OPUS")
    assert len(coded.unfolded(note, FILE_S_MAX)) / RATE == pytest.approx(FILE_S_MAX, abs=0.1)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"fLaC" + bytes(200), "damaged"),
        (b"OggS" + bytes(200), "damaged"),
        (b"", "damaged"),
        (file_of(said(WORDS, "rms"), "FLAC", "PCM_16")[:9_000] + bytes(9_000), "damaged"),
        (file_of(said(WORDS, "rms"), "FLAC", "PCM_16")[:9_000], "damaged"),
        (file_of(bytes(200_000), "FLAC", "PCM_16", 96_000), "96000 samples a second"),
        (file_of(bytes(4_000), "FLAC", "PCM_16", 4_000), "4000 samples a second"),
        (file_of(bytes(1_920), "FLAC", "PCM_16", channels=6), "6 channels"),
        (file_of(bytes(3_200), "AIFF", "PCM_16"), "AIFF is not heard"),
    ],
)
async def test_what_cannot_be_read_is_said_plainly_and_the_decoders_go_on(ear: Hearing, data: bytes, why: str) -> None:
    with pytest.raises(UnfitSound, match=why):
        await ear.hear_file(data, "en")
    assert (await ear.hear(said(WORDS, "rms"), RATE, "en")).act is Intent.TAKEN


def test_where_nothing_reads_such_files_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "soundfile", None)
    with pytest.raises(UnfitSound, match="cannot be read on this machine"):
        coded.unfolded(file_of(bytes(3_200), "FLAC", "PCM_16"), 2.0)


@pytest.mark.parametrize("broken", [False, True], ids=["whole", "damaged"])
async def test_a_flac_recording_of_a_device_is_kept_and_what_was_said_in_it_noted(
    tmp_path: Path, ear: Hearing, broken: bool
) -> None:
    async with care(tmp_path / "data", "2026-11-20T08:00") as it:
        device_id = await it.device()
        sound = file_of(said(WORDS, "rms"), "FLAC", "PCM_16")
        sound = sound[:200] + bytes(len(sound) - 200) if broken else sound
        blobs = Blobs(tmp_path / "blobs")
        incoming = blobs.begin(len(sound))
        incoming.write(sound)
        sha256 = incoming.finish()
        assert sha256 == hashlib.sha256(sound).hexdigest()
        notes = VoiceNotes(it.it.dispatcher, it.it.store.reader, it.it.store.clock, blobs, ear)
        try:
            answer = await notes.keep(device_id, sha256, VoiceFields(language="en"))
        finally:
            notes.close()
        [(media_type, heard)] = it.it.rows("select media_type, heard from notes")
        assert media_type == "audio/flac"
        said_ = None if heard is None else json.loads(heard)
        if broken:
            assert answer.heard is None and said_ is None
        else:
            assert said_ == answer.heard
            assert said_["act"] == "taken"
        assert blobs.path(sha256) is not None, "kept either way"
