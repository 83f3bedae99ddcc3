"""Recordings at head office: brought in pieces or whole, heard by those who may, let go in time; and what is listed beside."""

from __future__ import annotations

import hashlib
import io
import wave
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from shared.clock import wall_s
from tests.care_office import (
    ANA,
    BOOT,
    CAM,
    DAY_MS,
    MINUTE_MS,
    NINE_MS,
    CareOffice,
    alert_data,
    dose_event,
    note_data,
    plan_body,
)
from tests.office import EPOCH, Device, person

PIECE = 64 * 1024


def _sound(seconds: float = 3.0, rate: int = 16_000) -> bytes:
    """A WAV file of a saw tooth."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(bytes(n % 251 for n in range(int(seconds * rate) * 2)))
    return file.getvalue()


def _sha(sound: bytes) -> str:
    return hashlib.sha256(sound).hexdigest()


async def _clinic(care: CareOffice, site: str = "alpha") -> Any:
    """Asks as a clinic, by its certified key."""
    key = Device()
    public = key.key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    async with care.office.pool.transaction() as conn:
        await conn.execute(
            "insert into certificates values (%s, %s, %s, %s, 0, %s)",
            (site, EPOCH, f"{site}1", public.decode(), int(wall_s()) + 3600),
        )

    async def ask(method: str, sha256: str, offset: int = 0, total: int = 0, piece: bytes = b"") -> Any:
        headers = {"Authorization": f"Bearer {key.token(f'{site}.{EPOCH}')}"}
        if method == "PUT":
            headers |= {"Upload-Offset": str(offset), "Upload-Length": str(total)}
        return await care.office.http.request(method, f"/api/v1/blobs/{sha256}", headers=headers, content=piece)

    return ask


async def _bring(ask: Any, sound: bytes) -> list[int]:
    statuses = []
    for offset in range(0, len(sound), PIECE):
        answer = await ask("PUT", _sha(sound), offset, len(sound), sound[offset : offset + PIECE])
        statuses.append(answer.status_code)
    return statuses


async def _noted(care: CareOffice, sound: bytes, note_id: str = "note-1", **more: Any) -> None:
    """The clinic tells of a recording of Ana's."""
    data = note_data(ANA, NINE_MS, sha256=_sha(sound), bytes=len(sound), **more)
    await care.office.event("alpha", "note_recorded", note_id, data)
    await care.wait("select 1 from interaction_logs where interaction_id = %s", note_id)


async def test_a_sound_in_pieces_goes_on_where_it_stood_and_is_whole_once_its_hash_is_right(care: CareOffice) -> None:
    ask, sound = await _clinic(care), _sound()
    nothing = await ask("HEAD", _sha(sound))
    assert (nothing.status_code, nothing.headers["upload-offset"]) == (404, "0")
    first = await ask("PUT", _sha(sound), 0, len(sound), sound[:PIECE])
    assert (first.status_code, first.headers["upload-offset"]) == (204, str(PIECE))
    again = await ask("PUT", _sha(sound), 0, len(sound), sound[:PIECE])
    assert (again.status_code, again.headers["upload-offset"]) == (409, str(PIECE))
    assert (await ask("HEAD", _sha(sound))).headers["upload-offset"] == str(PIECE)
    last = await ask("PUT", _sha(sound), PIECE, len(sound), sound[PIECE:])
    assert (last.status_code, last.headers["upload-offset"]) == (201, str(len(sound)))
    assert (await ask("PUT", _sha(sound), 0, len(sound), sound[:PIECE])).status_code == 201, "what is whole stays so"


async def test_a_sound_that_is_not_what_its_name_says_is_begun_anew(care: CareOffice) -> None:
    ask, sound = await _clinic(care), _sound(1)
    wrong = await ask("PUT", "0" * 64, 0, len(sound), sound)
    assert wrong.status_code == 422 and wrong.json()["code"] == "wrong_hash"
    assert (await ask("HEAD", "0" * 64)).status_code == 404
    assert (await ask("PUT", _sha(sound), 0, 11 * 1024 * 1024, sound)).status_code == 422


async def test_a_clinic_hears_only_what_it_has_brought_whole_itself(care: CareOffice) -> None:
    alpha, beta, sound = await _clinic(care), await _clinic(care, "beta"), _sound()
    assert await _bring(alpha, sound) == [204, 201]
    assert (await beta("HEAD", _sha(sound))).status_code == 404
    one_byte = await beta("PUT", _sha(sound), 0, len(sound), sound[:1])
    assert one_byte.status_code == 204
    await care.office.event("beta", "note_recorded", "stolen", note_data(CAM, NINE_MS, sha256=_sha(sound)))
    await care.wait("select 1 from interaction_logs")
    await care.ask("bo", "GET", "/voice/stolen/audio", 404)


async def test_a_recording_is_listed_at_once_and_heard_when_its_sound_is_here(care: CareOffice) -> None:
    ask, sound = await _clinic(care), _sound()
    await _noted(care, sound)
    [listed] = await care.ask("nina", "GET", f"/voice?patient_id={ANA}")
    assert (listed["id"], listed["status"], listed["has_audio"], listed["items"]) == ("note-1", "stored", False, [])
    early = await care.ask("nina", "GET", "/voice/note-1/audio", 404)
    assert early["code"] == "not_here_yet"
    await _bring(ask, sound)
    whole = await care.raw("nina", "GET", "/voice/note-1/audio")
    assert (whole.status_code, whole.content, whole.headers["content-type"]) == (200, sound, "audio/wav")
    part = await care.raw("nina", "GET", "/voice/note-1/audio", headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, sound[100:200])
    acts = {row[0] for row in await care.rows("select act from audit where detail->>'person' = %s", ANA)}
    assert {"recording_heard"} <= acts


async def test_a_sound_past_its_time_is_gone_and_says_so(care: CareOffice) -> None:
    ask, sound = await _clinic(care), _sound()
    await _noted(care, sound)
    await _bring(ask, sound)
    care.office.parts.care.sounds.blobs.need_room()
    care.pass_time(181 * DAY_MS / MINUTE_MS)
    assert await care.office.parts.care.sounds.tidy() == 1
    gone = await care.ask("nina", "GET", "/voice/note-1/audio", 410)
    assert gone["code"] == "gone"
    assert (await care.ask("nina", "GET", "/voice/note-1"))["has_audio"] is False


async def test_a_sound_two_clinics_have_stays_while_one_of_them_may_hear_it(care: CareOffice) -> None:
    alpha, beta, sound = await _clinic(care), await _clinic(care, "beta"), _sound()
    await _noted(care, sound)
    await _bring(alpha, sound)
    await _bring(beta, sound)
    await care.office.event("alpha", "person_erased", ANA, person("", phone="", erased=True), 2)
    await care.wait("select 1 from blobs where site = 'alpha' and gone_ms is not null")
    assert await care.office.parts.care.sounds.tidy() == 0
    await care.ask("nina", "GET", "/voice/note-1/audio", 410)
    assert (await beta("HEAD", _sha(sound))).status_code == 200


async def test_a_device_brings_a_recording_in_a_form_and_the_same_number_is_one_recording(care: CareOffice) -> None:
    device, sound = await care.device(), _sound()
    form = {"recorded_at": str(NINE_MS - 1000), "boot_id": BOOT, "device_seq": "7", "language": "es", "purpose": "note"}
    files = {"audio": ("note.wav", sound, "audio/wav")}
    first = await device.ask("POST", f"/devices/{device.id}/voice", 202, data=form, files=files)
    again = await device.ask("POST", "/voice", 202, data=form, files=files)
    assert first == again and (first["sha256"], first["status"], first["heard"]) == (_sha(sound), "stored", None)
    [note] = await care.ask("nina", "GET", "/voice")
    assert (note["id"], note["language"], note["patient_id"], note["has_audio"]) == (
        first["interaction_id"],
        "es",
        ANA,
        True,
    )
    assert note["conversation_id"] is not None
    by_sha = {"sha256": _sha(sound), "boot_id": BOOT, "device_seq": 8}
    second = await device.ask("POST", f"/devices/{device.id}/voice", 202, json=by_sha)
    assert second["interaction_id"] != first["interaction_id"]


async def test_what_is_no_sound_or_too_long_or_not_here_is_refused_by_name(care: CareOffice) -> None:
    device = await care.device()
    path = f"/devices/{device.id}/voice"
    await device.ask("POST", path, 415, files={"audio": ("x.wav", b"no sound at all", "audio/wav")})
    await device.ask(
        "POST", path, 413, data={"purpose": "command"}, files={"audio": ("x.wav", _sound(16), "audio/wav")}
    )
    await device.ask("POST", path, 422, data={"language": "en"}, files={"other": ("x.wav", b"short", "audio/wav")})
    missing = await device.ask("POST", path, 409, json={"sha256": "a" * 64})
    assert missing["code"] == "not_here"
    await device.ask("POST", path, 422, json={"sha256": "no"})
    folder = care.office.parts.care.sounds.blobs.folder
    assert [one.name for one in folder.iterdir() if one.is_file()] == [], "nothing of it stays on the disk"


async def test_recordings_of_another_clinic_do_not_exist(care: CareOffice) -> None:
    await _noted(care, _sound())
    assert await care.ask("bo", "GET", "/voice") == []
    await care.ask("bo", "GET", "/voice/note-1", 404)
    await care.ask("bo", "GET", "/voice/note-1/audio", 404)
    await care.ask("olga", "GET", "/voice", 403)
    answer = await care.office.http.head(f"/api/v1/blobs/{'a' * 64}")
    assert answer.status_code == 401


async def test_a_recording_shows_its_alerts_and_what_was_understood(care: CareOffice) -> None:
    await _noted(care, _sound())
    await care.office.event(
        "alpha", "care_alert_raised", "al-1", alert_data(ANA, NINE_MS, topic="red_flag", note_id="note-1")
    )
    await care.wait("select 1 from alert_logs")
    await care.wait("select 1 from llm_results")  # the rules' own, in which nothing was found
    async with care.office.pool.transaction() as conn:
        await conn.execute(
            "insert into llm_results (site, pipeline, subject_id, version, job_key, source, prompt_version, schema_version,"
            " urgency, items, created_ms) values ('alpha', 'note', 'note-1', 9, 'k', 'rules', '1', '1', 8,"
            """ '[{"kind": "symptom", "value": "chest pain", "quote": "my chest hurts", "start_s": 0.4, "end_s": 1.2}]', 1)"""
        )
    note = await care.ask("nina", "GET", "/voice/note-1")
    assert note["alerts"] == ["al-1"] and note["items"][0]["quote"] == "my chest hurts"


async def test_events_of_devices_and_doses_are_one_list_in_pages(care: CareOffice) -> None:
    device = await care.device()
    await care.ask("nina", "POST", "/medication-plans", 201, json=plan_body())
    dose = (await device.schedule())[0]["occurrence_id"]
    care.pass_time(60)
    await device.tell(
        device.event("announced", occurrence_id=dose),
        device.event("taken", occurrence_id=dose),
        device.event("lid_open", data={"compartment": 2}),
    )
    await care.office.event("alpha", "dose_event_logged", "le-1", dose_event(None, ANA, "taken", NINE_MS))
    await care.wait("select 1 from dose_event_logs", count=3)
    everything = await care.ask("nina", "GET", f"/events?patient_id={ANA}")
    assert len(everything) == 6 and everything[0]["at"] >= everything[-1]["at"]
    taken = [one for one in everything if one["kind"] == "taken" and one["of"] == "device_event"]
    assert [(one["status"], one["occurrence_id"]) for one in taken] == [("ON_TIME", dose)]
    page = await care.raw("nina", "GET", f"/events?patient_id={ANA}&limit=4")
    rest = await care.raw("nina", "GET", page.headers["link"].split(">")[0].removeprefix("</api/v1"))
    assert page.json() + rest.json() == everything and "link" not in rest.headers
    assert [one["kind"] for one in await care.ask("nina", "GET", "/events?kind=lid_open")] == ["lid_open"]
    assert await care.ask("bo", "GET", "/events") == []
    await care.ask("nina", "GET", "/events?cursor=nowhere", 422)


async def _read(care: CareOffice, version: int, note_id: str = "note-1", **more: Any) -> None:
    """A recording was analysed, as the pipelines write it."""
    row = {
        "site": "alpha", "pipeline": "note", "subject_id": note_id, "version": version, "job_key": f"{note_id}:{version}",
        "person_id": ANA, "source": "model", "model": "groq:big", "prompt_version": "1", "schema_version": "1", "urgency": 6,
        "created_ms": version, **more,
    }  # fmt: skip
    names = ", ".join(row)
    async with care.office.pool.transaction() as conn:
        await conn.execute(
            f"insert into llm_results ({names}) values ({', '.join(['%s'] * len(row))})", list(row.values())
        )


async def _asked(care: CareOffice, version: int, quote: str, answer: str, answered_from: str, sources: str) -> None:
    async with care.office.pool.transaction() as conn:
        await conn.execute(
            "insert into medication_question_logs (site, question_id, note_id, version, person_id, topic, medication, quote,"
            " start_s, end_s, answer, answered_from, sources, language, asked_ms) values ('alpha', %s, 'note-1', %s, %s,"
            " 'when', 'Metformin', %s, 1.5, 2.5, %s, %s, %s, 'en', 1)",
            (f"q{version}{quote}", version, ANA, quote, answer, answered_from, sources),
        )


async def test_a_question_stands_beside_its_recording_with_the_answer_and_what_it_is_from(care: CareOffice) -> None:
    await _noted(care, _sound())
    await care.wait("select 1 from llm_results")
    await _read(care, 10)
    await _asked(care, 10, "When do I take it?", "By your plan: Metformin at 09:00.", "plan", '["i1"]')
    await _read(care, 11)
    await _asked(care, 11, "When do I take it?", "By your plan: Metformin at 08:00.", "plan", '["i1"]')
    await _asked(care, 11, "And if I stop?", "Please ask your clinic about this.", "clinic", "[]")
    await _read(care, 12, source="rules", model=None)  # no model answered the next time: nothing is taken away by that
    note = await care.ask("nina", "GET", "/voice/note-1")
    answered = {one["quote"]: one for one in note["questions"]}
    assert answered["When do I take it?"] == {
        "topic": "when", "medication": "Metformin", "quote": "When do I take it?", "start_s": 1.5, "end_s": 2.5,
        "answer": "By your plan: Metformin at 08:00.", "language": "en", "answered_from": "plan", "sources": ["i1"],
        "understood_by": "groq:big",
    }  # fmt: skip
    assert answered["And if I stop?"]["answered_from"] == "clinic"
    (listed,) = await care.ask("nina", "GET", f"/voice?patient_id={ANA}")
    assert listed["questions"] == note["questions"]


@pytest.mark.parametrize("why", ["needs_human", "review"])
async def test_a_recording_that_asks_for_a_person_says_so_until_somebody_by_name_has_looked(
    care: CareOffice, why: str
) -> None:
    await _noted(care, _sound())
    await care.wait("select 1 from llm_results")
    await _read(care, 10)
    note = await care.ask("nina", "GET", "/voice/note-1")
    assert (note["to_look_at"], note["looked_by"]) == (False, None)
    await _read(care, 11, **{why: True}, raised_by_model=4)
    note = await care.ask("nina", "GET", "/voice/note-1")
    assert note[why] and note["to_look_at"] and (note["urgency"], note["raised_by_model"]) == (6, 4)
    people = {one["id"]: one["notes_to_look_at"] for one in await care.ask("nina", "GET", "/patients")}
    assert people[ANA] == 1 and sum(people.values()) == 1
    assert [one["id"] for one in await care.ask("nina", "GET", "/voice?to_look_at=true&from=0")] == ["note-1"]
    seen = await care.ask("nina", "POST", "/voice/note-1/looked-at")
    assert (seen["to_look_at"], seen["looked_by"], seen["urgency"]) == (False, "nina", 6), "the urgency stays"
    assert seen[why], "why it asked stays too"
    again = await care.ask("mia", "POST", "/voice/note-1/looked-at")
    assert (again["looked_by"], again["looked_at"]) == ("nina", seen["looked_at"]), "who looked first stands"
    assert await care.ask("nina", "GET", "/voice?to_look_at=true&from=0") == []
    assert {one["notes_to_look_at"] for one in await care.ask("nina", "GET", "/patients")} == {0}
    lines = await care.rows(
        "select c.name, a.site, a.detail->>'note', a.detail->>'person' from audit a"
        " join accounts c on a.actor = 'cloud:' || c.id where a.act = 'recording_looked_at'"
    )
    assert lines == [("nina", "alpha", "note-1", ANA)]
    await _read(care, 12, **{why: True})
    note = await care.ask("nina", "GET", "/voice/note-1")
    assert note["to_look_at"], "an analysis after that asks anew"
    stale = await care.ask("nina", "POST", "/voice/note-1/looked-at", json={"version": 11})
    assert stale["to_look_at"], "who saw the one before has not seen this one"
    assert sum(one["notes_to_look_at"] for one in await care.ask("nina", "GET", "/patients")) == 1
    assert not (await care.ask("mia", "POST", "/voice/note-1/looked-at", json={"version": 12}))["to_look_at"]


async def test_the_alert_of_a_recording_says_why_a_nurse_should_look_until_one_has(care: CareOffice) -> None:
    await _noted(care, _sound())
    await care.office.event(
        "alpha", "care_alert_raised", "al-1", alert_data(ANA, NINE_MS, topic="red_flag", note_id="note-1")
    )
    await care.wait("select 1 from alert_logs")
    await care.wait("select 1 from llm_results")
    await _read(care, 11, review=True, raised_by_model=5)
    await care.caregiver("cleo")
    (alert,) = await care.ask("nina", "GET", "/alerts")
    assert alert["asks"] == {"needs_human": False, "review": True, "raised_by_model": 5}
    assert [one["asks"] for one in await care.ask("cleo", "GET", "/alerts")] == [None], "it is for the clinic"
    await care.ask("nina", "POST", "/voice/note-1/looked-at")
    (after,) = await care.ask("nina", "GET", "/alerts")
    assert after["asks"] is None
    assert {**after, "asks": alert["asks"]} == alert, "nothing else of the alert has changed"


async def test_a_recording_nobody_could_read_asks_for_a_person(care: CareOffice) -> None:
    await _noted(care, _sound())
    await care.wait("select 1 from llm_results")
    async with care.office.pool.transaction() as conn:
        await conn.execute("delete from llm_results")
        await conn.execute("update interaction_logs set status = 'failed'")
    assert (await care.ask("nina", "GET", "/voice/note-1"))["to_look_at"]
    assert sum(one["notes_to_look_at"] for one in await care.ask("nina", "GET", "/patients")) == 1
    assert not (await care.ask("nina", "POST", "/voice/note-1/looked-at"))["to_look_at"]
    assert sum(one["notes_to_look_at"] for one in await care.ask("nina", "GET", "/patients")) == 0


async def test_only_who_cares_for_a_patient_takes_the_badge_of_a_recording_away(care: CareOffice) -> None:
    await _noted(care, _sound())
    await care.wait("select 1 from llm_results")
    await _read(care, 11, needs_human=True)
    await care.caregiver("cleo")
    await care.ask("bo", "POST", "/voice/note-1/looked-at", 404)
    await care.ask("cleo", "POST", "/voice/note-1/looked-at", 403)
    await care.ask("olga", "POST", "/voice/note-1/looked-at", 403)
    assert (await care.ask("nina", "GET", "/voice/note-1"))["to_look_at"]
