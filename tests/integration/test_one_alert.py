"""What somebody said once is one alert, whoever finds it first: the clinic in its recording, or head office in the same one."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from cloud.llm import care_rows
from cloud.records.joining import Seen, belongs
from tests.care_office import alert_data, note_data
from tests.notify import HOUR_MS, MINUTE_MS, PATIENT, Told, telling
from tests.office import until

NOTE, OTHER_NOTE = "note-1", "note-2"
WORDS = "I have chest pain"
CLINICS = "al-1"


@pytest_asyncio.fixture
async def told(pg_uri: str, tmp_path: Path) -> AsyncIterator[Told]:
    """Ana Ruiz of alpha has the caregiver Ben; Nurse Nia works there; both are told on channels of their own."""
    async with telling(pg_uri, tmp_path) as started:
        await started.patient(PATIENT, "Ana Ruiz")
        await started.staff("Nia", "nurse", ["alpha"])
        await started.caregiver("Ben", PATIENT, 1)
        await started.channel("Ben", "/ben")
        await started.channel("Nia", "/nia")
        yield started


async def clinic_raises(told: Told, version: int = 1, **more: Any) -> None:
    """The clinic's word about its alert arrives."""
    said = {"topic": "red_flag", "title": "Somebody said something alarming", "body": "chest_pain"}
    data = alert_data(
        PATIENT, more.pop("raised_at", told.now_ms), severity="critical", critical=True, rung=4, audience="clinic",
        note_id=NOTE, dose_ids=[], **{**said, **more},
    )  # fmt: skip
    await told.office.event("alpha", "care_alert_raised", CLINICS, data, version)

    async def there() -> bool:
        return await told.rows("select 1 from alert_logs where alert_id = %s and version >= %s", CLINICS, version) != []

    await until(there)


async def head_office_reads(told: Told, note: str = NOTE, words: str = WORDS) -> None:
    """The note arrives with what the clinic's decoders wrote down, and rules read it."""
    heard = {"words": words, "act": None, "red_flags": []}
    sha256 = hashlib.sha256(note.encode()).hexdigest()
    await told.office.event("alpha", "note_recorded", note, note_data(PATIENT, told.now_ms, heard=heard, sha256=sha256))

    async def read() -> bool:
        return await told.rows("select 1 from llm_results where subject_id = %s", note) != []

    await until(read)


async def transcript_says(told: Told, urgency: int, words: str, topic: str = "red_flag") -> None:
    """A model has listened to the recording, and finds this."""
    async with told.office.pool.transaction() as conn:
        note = await care_rows.note(conn, "alpha", NOTE)
        assert note is not None
        severity, says = ("critical" if urgency >= 9 else "warning"), {"code": "", "words": words}
        await care_rows.raise_spoken(conn, note, topic, severity, "Listen to it.", urgency, says, told.now_ms)


async def alerts(told: Told, open_only: bool = True) -> list[dict[str, Any]]:
    """What the nurse sees on the page of alerts."""
    headers = await told.office.bearer("Nia")
    answer = await told.office.http.get(f"/api/v1/alerts?open={str(open_only).lower()}", headers=headers)
    found: list[dict[str, Any]] = answer.json()
    return found


async def take(told: Told, alert_id: str) -> None:
    headers = await told.office.bearer("Nia")
    answer = await told.office.http.post(f"/api/v1/alerts/{alert_id}/acknowledge", json={}, headers=headers)
    assert answer.status_code == 200, answer.text


async def messages(told: Told) -> list[str]:
    """Where messages went, once nothing is on its way any more."""
    await told.settled()
    return sorted(got.path for got in told.box.got)


async def test_the_clinic_first_then_head_office_is_one_alert_told_once_and_taken_once(told: Told) -> None:
    await clinic_raises(told)
    assert await messages(told) == ["/ben", "/nia"]
    await head_office_reads(told)
    assert await messages(told) == ["/ben", "/nia"], "nobody is told a second time"
    [one] = await alerts(told)
    assert (one["id"], one["source"], one["body"], one["urgency"]) == (CLINICS, "edge", "chest_pain", 9)
    assert [found["says"] for found in one["found"]] == [{"code": "chest_pain", "words": "chest pain"}]
    await take(told, CLINICS)
    assert [alert for alert in await alerts(told) if alert["acked_by"] is None] == []
    assert await told.rows("select kind, body->>'alert_id', body->>'by' from mailbox") == [
        ("acknowledge_care_alert", CLINICS, "Nia")
    ]


async def test_head_office_first_and_the_clinics_word_hours_later_is_one_alert_told_once(told: Told) -> None:
    await head_office_reads(told)
    [before] = await alerts(told)
    assert (before["source"], before["urgency"]) == ("llm", 9)
    assert await messages(told) == ["/ben", "/nia"]
    link = told.box.got[0].json()["acknowledge_url"].removeprefix("https://chain.example")
    told.box.got.clear()
    raised_at = told.now_ms
    told.pass_time(25)
    await clinic_raises(told, raised_at=raised_at)
    [one] = await alerts(told)
    assert (one["id"], one["source"]) == (CLINICS, "edge")
    assert [found["says"]["words"] for found in one["found"]] == ["chest pain"]
    assert await messages(told) == [], "it was told already"
    assert "Thank you" in (await told.office.http.post(link)).text, "the link that was sent before is good for it"
    assert await told.open_alerts() == []
    assert await told.rows("select kind, body->>'alert_id' from mailbox") == [("acknowledge_care_alert", CLINICS)]
    told.pass_time(180)
    assert await messages(told) == [], "nobody else is called"


async def test_who_had_the_page_open_before_the_clinics_word_came_takes_the_one_alert(told: Told) -> None:
    await head_office_reads(told)
    [before] = await alerts(told)
    await clinic_raises(told)
    await take(told, before["id"])
    assert await told.open_alerts() == []
    assert await told.rows("select body->>'alert_id' from mailbox") == [(CLINICS,)]


async def test_the_ladder_goes_on_from_where_it_stood_when_the_clinics_word_came(told: Told) -> None:
    await head_office_reads(told)
    assert await messages(told) == ["/ben", "/nia"]
    await clinic_raises(told)
    told.pass_time(30.1)
    assert await messages(told) == ["/ben", "/nia", "/nia"], "the clinic once more, as nobody answered"


async def test_more_urgency_is_told_once_more_and_says_so_and_less_changes_nothing(told: Told) -> None:
    await clinic_raises(told)
    await head_office_reads(told)
    assert await messages(told) == ["/ben", "/nia"]
    told.box.got.clear()
    await transcript_says(told, 10, "I cannot breathe")
    assert await messages(told) == ["/ben", "/nia"]
    assert {got.json()["message"].split(". ")[0] for got in told.box.got} == {"More urgent than told before"}
    told.box.got.clear()
    await transcript_says(told, 8, "it hurts a little")
    assert await messages(told) == []
    [one] = await alerts(told)
    assert (one["urgency"], one["critical"], one["found"][0]["says"]["words"]) == (10, True, "I cannot breathe")


async def test_a_warning_of_head_office_that_the_clinic_makes_critical_is_told_once_more(told: Told) -> None:
    await head_office_reads(told, words="I cough blood")
    [before] = await alerts(told)
    assert (before["urgency"], before["critical"]) == (8, False)
    assert await messages(told) == ["/ben", "/nia"]
    await clinic_raises(told)
    [one] = await alerts(told)
    assert (one["urgency"], one["critical"]) == (9, True)
    assert await messages(told) == ["/ben", "/ben", "/nia", "/nia"]


HELP = {"topic": "help", "title": "Somebody asks for help", "body": ""}


@pytest.mark.parametrize("office_first", [False, True], ids=["the clinic first", "head office first"])
async def test_help_that_the_clinic_hears_and_a_sign_of_danger_in_the_same_recording_are_one_alert_told_once(
    told: Told, office_first: bool
) -> None:
    if not office_first:
        await clinic_raises(told, **HELP)
        assert await messages(told) == ["/ben", "/nia"]
    await head_office_reads(told)
    assert await messages(told) == ["/ben", "/nia"]
    if office_first:
        await clinic_raises(told, **HELP)
    [one] = await alerts(told)
    assert (one["id"], one["topic"], one["critical"], one["urgency"]) == (CLINICS, "help", True, 9)
    assert [(found["topic"], found["says"]["words"]) for found in one["found"]] == [("red_flag", "chest pain")]
    assert await messages(told) == ["/ben", "/nia"], "one sentence, told once"
    told.box.got.clear()
    await transcript_says(told, 10, "I cannot breathe")
    assert await messages(told) == ["/ben", "/nia"]
    for got in told.box.got:
        assert "More urgent than told before. Ana Ruiz may be in danger" in got.json()["message"], "the graver word"
    await take(told, CLINICS)
    assert await told.open_alerts() == []


@pytest.mark.parametrize("office_first", [False, True], ids=["the clinic first", "head office first"])
async def test_a_sign_of_danger_that_the_clinic_hears_and_help_that_a_model_hears_are_one_alert(
    told: Told, office_first: bool
) -> None:
    if not office_first:
        await clinic_raises(told)
    await head_office_reads(told, words="please come")
    await transcript_says(told, 6, "", topic="help")
    assert await messages(told) == ["/ben", "/nia"]
    told.box.got.clear()
    if office_first:
        await clinic_raises(told)
        assert await messages(told) == ["/ben", "/nia"], "9 is more than 6"
    [one] = await alerts(told)
    assert (one["id"], one["topic"], one["severity"], one["urgency"]) == (CLINICS, "red_flag", "critical", 9)
    assert [found["topic"] for found in one["found"]] == ["help"]
    told.box.got.clear()
    told.pass_time(1)
    assert await messages(told) == []


async def test_help_that_turns_out_to_be_a_sign_of_danger_when_a_model_listens_stays_one_alert(told: Told) -> None:
    await head_office_reads(told, words="please come")
    await transcript_says(told, 6, "", topic="help")
    await transcript_says(told, 9, "chest pain")
    [one] = await alerts(told)
    assert (one["source"], one["topic"], one["critical"], one["urgency"]) == ("llm", "red_flag", True, 9)
    await transcript_says(told, 6, "", topic="help")
    assert [alert["topic"] for alert in await alerts(told)] == ["red_flag"], "less is no second alert"


async def test_another_sentence_is_another_alert(told: Told) -> None:
    await clinic_raises(told)
    await head_office_reads(told)
    await head_office_reads(told, OTHER_NOTE)
    assert sorted(alert["note_id"] for alert in await alerts(told)) == [NOTE, OTHER_NOTE]
    await take(told, CLINICS)
    assert len(await told.open_alerts()) == 1


async def test_what_is_worse_than_somebody_took_on_waits_for_somebody_anew(told: Told) -> None:
    await clinic_raises(told)
    await head_office_reads(told)
    await take(told, CLINICS)
    told.box.got.clear()
    await transcript_says(told, 9, "chest pain")
    assert await messages(told) == [] and await told.open_alerts() == [], "no more than is known"
    await transcript_says(told, 10, "I cannot breathe")
    [waiting] = [alert for alert in await alerts(told) if alert["acked_by"] is None]
    assert (waiting["source"], waiting["urgency"], waiting["id"] == CLINICS) == ("llm", 10, False)
    assert await messages(told) == ["/ben", "/nia"]


@pytest.mark.parametrize("word", [{"acked_by": "Ines"}, {"open": False}], ids=["taken on", "over"])
async def test_what_head_office_finds_after_the_clinics_alert_was_dealt_with_stands_alone(
    told: Told, word: dict[str, Any]
) -> None:
    acked = {"acked_at": told.now_ms - MINUTE_MS} if "acked_by" in word else {}
    await clinic_raises(told, raised_at=told.now_ms - HOUR_MS, **word, **acked)
    await told.do("update alert_logs set ended_ms = raised_ms + 1 where not is_open")
    await head_office_reads(told)
    waiting = [alert for alert in await alerts(told) if alert["acked_by"] is None]
    assert [alert["source"] for alert in waiting] == ["llm"]


async def test_what_head_office_found_and_somebody_took_on_leaves_the_clinics_word_to_wait_for_somebody(
    told: Told,
) -> None:
    await head_office_reads(told)
    [before] = await alerts(told)
    await take(told, before["id"])
    await clinic_raises(told)
    assert await told.open_alerts() == [CLINICS]


async def test_the_clinics_own_acknowledgement_ends_it_for_head_office_too(told: Told) -> None:
    await head_office_reads(told)
    told.pass_time(1)
    await clinic_raises(told, acked_by="Ines", acked_at=told.now_ms)
    [one] = await alerts(told)
    assert (one["id"], one["acked_by"]) == (CLINICS, "Ines")
    assert await told.open_alerts() == []


async def test_a_word_the_clinic_sent_before_it_knew_who_took_it_on_calls_nobody_again(told: Told) -> None:
    await clinic_raises(told)
    await take(told, CLINICS)
    told.box.got.clear()
    await clinic_raises(told, version=2, tries=2)
    [one] = await alerts(told)
    assert one["acked_by"] == "Nia"
    assert await messages(told) == []


async def test_the_same_bytes_that_came_by_two_ways_are_one_sentence(told: Told) -> None:
    await clinic_raises(told)
    await head_office_reads(told)
    sha256 = hashlib.sha256(NOTE.encode()).hexdigest()
    heard = {"words": WORDS, "act": None, "red_flags": []}
    await told.office.event(
        "alpha", "note_recorded", OTHER_NOTE, note_data(PATIENT, told.now_ms, heard=heard, sha256=sha256)
    )

    async def read() -> bool:
        return await told.rows("select 1 from alert_logs where note_id = %s", OTHER_NOTE) != []

    await until(read)
    assert [alert["id"] for alert in await alerts(told)] == [CLINICS]


async def test_a_patient_is_marked_with_the_alerts_nobody_has_taken_on(told: Told) -> None:
    await clinic_raises(told)
    await head_office_reads(told, OTHER_NOTE)
    headers = await told.office.bearer("Nia")
    [patient] = (await told.office.http.get("/api/v1/patients", headers=headers)).json()
    assert (patient["open_alerts"], patient["alerts_nobody_has"]) == (2, 2)
    await take(told, CLINICS)
    [patient] = (await told.office.http.get("/api/v1/patients", headers=headers)).json()
    assert (patient["open_alerts"], patient["alerts_nobody_has"]) == (2, 1)


def seen(acked_ms: int | None = None, ended_ms: int | None = None, urgency: int = 9, raised_ms: int = 100) -> Seen:
    return Seen("id", raised_ms, acked_ms, ended_ms, urgency)


@pytest.mark.parametrize(
    ("own", "clinics", "joins"),
    [
        (seen(), seen(), True),
        (seen(), seen(raised_ms=9_000_000), True),
        (seen(urgency=10), seen(), True),
        (seen(acked_ms=120), seen(), False),
        (seen(ended_ms=120), seen(), False),
        (seen(), seen(acked_ms=99), False),
        (seen(), seen(acked_ms=100), True),
        (seen(urgency=10), seen(acked_ms=100), False),
        (seen(), seen(ended_ms=99), False),
        (seen(), seen(ended_ms=100), True),
    ],
    ids=[
        "both wait", "hours apart", "more urgent", "ours was taken on", "ours is over", "theirs was taken on before",
        "theirs was taken on since", "by somebody who knew of less", "theirs was over before", "theirs is over since",
    ],
)  # fmt: skip
def test_alerts_of_one_recording_join_unless_one_was_dealt_with_before_the_other(
    own: Seen, clinics: Seen, joins: bool
) -> None:
    assert belongs(own, clinics) is joins
