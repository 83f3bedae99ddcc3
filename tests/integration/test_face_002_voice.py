"""Seed 002 at the clinic: a recording is answered when sound and note are on the disk; staff list and play it."""

from __future__ import annotations

import hashlib
from array import array
from pathlib import Path
from typing import Any

import httpx
import pytest

from edge.app.ports import Busy
from edge.domain.heard import Heard
from edge.domain.utterances import Intent
from firmware_sim.microphone import RATE, as_wav, silence
from shared import blobs as store
from shared.device_api import AUDIO_BYTES_MAX
from tests.dispensers import Ear
from tests.face_002 import BOOT, Ward, served

TAKEN = Heard("i took it", Intent.TAKEN, True, 21.0, 1.1)


async def speak(ward: Ward, wav: bytes, path: str = "", **fields: Any) -> httpx.Response:
    about = {"recorded_at": "2026-11-20T08:00:00Z", "boot_id": BOOT, "device_seq": "1", "language": "en", **fields}
    return await ward.http.post(
        path or ward.path("voice"), files={"audio": ("a.wav", wav, "audio/wav")}, data=about, headers=ward.signed()
    )


async def test_silence_is_stored_and_answered_with_nothing_heard(tmp_path: Path) -> None:
    async with served(tmp_path, Ear()) as ward:
        wav = silence(2.0)
        answer = await speak(ward, wav)
        assert answer.status_code == 202
        sha256 = hashlib.sha256(wav).hexdigest()
        assert answer.json() == {
            "interaction_id": answer.json()["interaction_id"], "sha256": sha256, "status": "stored", "heard": None,
        }  # fmt: skip
        assert (tmp_path / "blobs" / sha256).read_bytes() == wav
        assert ward.site.it.rows("select seconds, media_type, bytes from notes") == [(2.0, "audio/wav", len(wav))]


async def test_what_both_decoders_heard_is_done_and_said_in_the_answer(tmp_path: Path) -> None:
    ear = Ear([TAKEN])
    async with served(tmp_path, ear) as ward:
        await ward.due()
        answer = (await speak(ward, silence(1.5))).json()
        assert (answer["heard"]["act"], answer["heard"]["agreed"], answer["heard"]["asks"]) == ("taken", True, None)
        assert ward.care.dose("2026-11-20T08:00")["status"] == "ON_TIME"
        assert ear.asked == [int(1.5 * 16_000) * 2]


async def test_the_same_recording_sent_again_is_one_note_and_is_not_heard_twice(tmp_path: Path) -> None:
    ear = Ear([TAKEN])
    async with served(tmp_path, ear) as ward:
        await ward.due()
        first, again = await speak(ward, silence(1.0)), await speak(ward, silence(1.0), path="/api/v1/voice/")
        assert first.json() == again.json()
        assert len(ear.asked) == 1
        assert ward.site.it.rows("select count(*) from notes") == [(1,)]


async def test_decoders_that_fail_do_not_lose_the_recording(tmp_path: Path) -> None:
    async with served(tmp_path, Ear([Busy("too many")])) as ward:
        answer = await speak(ward, silence(1.0))
        assert (answer.status_code, answer.json()["heard"]) == (202, None)
        assert ward.site.it.rows("select count(*) from notes") == [(1,)]


async def test_a_sound_already_here_is_noted_by_its_hash(tmp_path: Path) -> None:
    async with served(tmp_path) as ward:
        sha256 = (await speak(ward, silence(1.0))).json()["sha256"]
        body = {"sha256": sha256, "boot_id": BOOT, "device_seq": 2}
        answer = await ward.http.post(ward.path("voice"), json=body, headers=ward.signed())
        assert answer.status_code == 202
        gone = {**body, "sha256": "0" * 64, "device_seq": 3}
        assert (await ward.http.post(ward.path("voice"), json=gone, headers=ward.signed())).status_code == 409


@pytest.mark.parametrize(
    ("wav", "fields", "status"),
    [
        (b"RIFF no sound", {}, 415),
        (silence(16.0), {}, 413),
        (silence(16.0), {"purpose": "note"}, 202),
        (as_wav(array("h", bytes(2 * 121 * RATE))), {"purpose": "note"}, 413),
        (bytes(AUDIO_BYTES_MAX + 1), {}, 413),
        (bytes(AUDIO_BYTES_MAX + 200_000), {}, 413),
        (b"", {}, 422),
        (silence(0.5), {"language": "xx"}, 422),
        (silence(0.5), {"recorded_at": "yesterday"}, 422),
        (silence(0.5), {"device_seq": "0"}, 422),
        (silence(0.5), {"recorded_at": "x" * 5000}, 413),
    ],
)
async def test_what_is_no_recording_is_refused_and_leaves_nothing_half_written(
    tmp_path: Path, wav: bytes, fields: dict[str, str], status: int
) -> None:
    async with served(tmp_path) as ward:
        answer = await speak(ward, wav, **fields)
        assert answer.status_code == status, answer.text
        assert list((tmp_path / "blobs" / "incoming").iterdir()) == []
        kept = ward.site.it.rows("select count(*) from notes")[0][0]
        assert kept == (1 if status == 202 else 0)


async def test_a_body_that_is_no_form_is_refused(tmp_path: Path) -> None:
    async with served(tmp_path) as ward:
        for kind in ("text/plain", "multipart/form-data", "audio/wav"):
            headers = {**ward.signed(), "Content-Type": kind}
            assert (await ward.http.post(ward.path("voice"), content=b"x", headers=headers)).status_code == 415
        headers = {**ward.signed(), "Content-Type": "multipart/form-data; boundary=b"}
        broken = await ward.http.post(ward.path("voice"), content=b"not a form", headers=headers)
        assert broken.status_code == 422
        whole = b'--b\r\nContent-Disposition: form-data; name="audio"; filename="a"\r\n\r\nRIFF'
        cut = await ward.http.post(ward.path("voice"), content=whole, headers=headers)
        assert cut.status_code in (415, 422)
        assert ward.site.it.rows("select count(*) from notes") == [(0,)]


async def test_elsewhere_a_body_stays_as_small_as_before(tmp_path: Path) -> None:
    async with served(tmp_path) as ward:
        answer = await ward.http.post(ward.path("events"), content=b" " * 70_000, headers=ward.signed())
        assert answer.status_code == 413


async def test_a_disk_too_full_for_sounds_says_so_and_when_to_come_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "FREE_BYTES_MIN", 2**62)
    async with served(tmp_path) as ward:
        answer = await speak(ward, silence(1.0))
        assert (answer.status_code, answer.json()["code"]) == (503, "disk_full")
        assert answer.headers["retry-after"]


async def test_recordings_are_listed_and_played_in_parts_for_staff_who_care(tmp_path: Path) -> None:
    async with served(tmp_path, Ear([TAKEN])) as ward:
        wav = silence(1.0)
        note_id = (await speak(ward, wav)).json()["interaction_id"]
        listed = (await ward.http.get("/api/v1/voice/", headers=ward.nurse)).json()
        assert [(one["id"], one["transcript"], one["intent"], one["status"]) for one in listed] == [
            (note_id, "i took it", "taken", "stored")
        ]
        filtered = {"patient_id": ward.care.person_id, "from": "2026-11-20T09:00:00Z"}
        assert (await ward.http.get("/api/v1/voice", params=filtered, headers=ward.nurse)).json() == []
        one = (await ward.http.get(f"/api/v1/voice/{note_id}", headers=ward.nurse)).json()
        assert (one["patient_id"], one["device_id"], one["has_audio"]) == (ward.care.person_id, ward.device_id, True)
        path = f"/api/v1/voice/{note_id}/audio"
        whole = await ward.http.get(path, headers=ward.nurse)
        assert (whole.status_code, whole.headers["content-type"], whole.content) == (200, "audio/wav", wav)
        part = await ward.http.get(f"{path}/", headers={**ward.nurse, "Range": "bytes=10-19"})
        assert (part.status_code, part.content) == (206, wav[10:20])
        assert part.headers["content-range"] == f"bytes 10-19/{len(wav)}"
        assert (await ward.http.get(path, headers={**ward.nurse, "Range": f"bytes={len(wav)}-"})).status_code == 416
        assert (await ward.http.get(path)).status_code == 401
        assert (await ward.http.get(path, headers=ward.signed())).status_code == 403
        nothing = f"/api/v1/voice/{ward.device_id}"
        assert (await ward.http.get(nothing, headers=ward.nurse)).status_code == 404


async def test_a_sound_past_its_time_is_gone_and_its_note_stays(tmp_path: Path) -> None:
    async with served(tmp_path) as ward:
        answer = (await speak(ward, silence(1.0))).json()
        store.Blobs(tmp_path / "blobs").remove(answer["sha256"])
        path = f"/api/v1/voice/{answer['interaction_id']}"
        assert (await ward.http.get(f"{path}/audio", headers=ward.nurse)).status_code == 410
        assert (await ward.http.get(path, headers=ward.nurse)).json()["has_audio"] is False
