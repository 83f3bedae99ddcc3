"""The link in a message lets a caregiver say what became of the doses it was about: their own people's, named by time."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from cloud.notify.link_doses import moment
from shared.clock import to_ms
from tests.notify import HOUR_MS, MINUTE_MS, NINE, NINE_MS, PATIENT, Told, telling

DOSE, LATER = "d" * 32, "e" * 32
DUE_MS = NINE_MS - HOUR_MS


@pytest_asyncio.fixture
async def told(pg_uri: str, tmp_path: Path) -> AsyncIterator[Told]:
    """Ana Ruiz of alpha has the caregiver Ben."""
    async with telling(pg_uri, tmp_path) as started:
        await started.patient(PATIENT, "Ana Ruiz")
        await started.caregiver("Ben", PATIENT, 1)
        await started.channel("Ben", "/ben")
        yield started


async def link_of(told: Told, *dose_ids: str) -> str:
    """The path of the link in the message about a missed dose."""
    for number, dose_id in enumerate(dose_ids):
        await told.dose(dose_id, "Metformin", due_ms=DUE_MS + number * 30 * MINUTE_MS)
    await told.alert("a1", dose_ids=list(dose_ids))
    return str((await told.got(1))[0].json()["acknowledge_url"]).removeprefix("https://chain.example")


async def say(told: Told, path: str, **form: Any) -> Any:
    return await told.office.http.post(f"{path}/dose", data={name: str(value) for name, value in form.items()})


async def asked(told: Told) -> list[tuple[Any, ...]]:
    """What the clinic was told of doses."""
    return await told.rows(
        "select body->>'dose_id', body->>'act', (body->>'at_ms')::bigint, body->>'by', actor from mailbox"
        " where site = 'alpha' and kind = 'tell_dose' order by number"
    )


async def test_the_page_of_a_link_shows_the_time_of_the_dose_and_names_nobody_and_no_medicine(told: Told) -> None:
    path = await link_of(told, DOSE)
    page = await told.office.http.get(path)
    assert page.status_code == 200
    assert "Due 08:00" in page.text and "It was taken" in page.text
    assert "Ana" not in page.text and "Metformin" not in page.text
    assert await asked(told) == [], "looking says nothing"


async def test_what_a_caregiver_says_by_the_link_goes_to_the_clinic_as_theirs_and_takes_the_alert_on(
    told: Told,
) -> None:
    path = await link_of(told, DOSE)
    page = await say(told, path, due=DUE_MS, act="taken", time="08:20")
    assert page.status_code == 200 and "passed on to the clinic" in page.text
    ((dose_id, act, at_ms, by, actor),) = await asked(told)
    assert (dose_id, act, at_ms, by) == (DOSE, "taken", DUE_MS + 20 * MINUTE_MS, "Ben")
    assert actor.startswith("link:account:")
    assert await told.open_alerts() == []
    lines = await told.rows("select actor, detail->>'said', detail->>'dose' from audit where act = 'tell_dose'")
    assert lines == [(actor, "taken", DOSE)]


async def test_of_two_doses_the_one_that_is_named_by_its_time_is_answered_and_the_other_stays_asked(told: Told) -> None:
    path = await link_of(told, DOSE, LATER)
    page = await say(told, path, due=DUE_MS + 30 * MINUTE_MS, act="skipped")
    assert "Due 08:00" in page.text and "Due 08:30" not in page.text
    assert [(one[0], one[1]) for one in await asked(told)] == [(LATER, "skipped")]


async def test_a_link_says_nothing_of_doses_that_are_not_the_caregivers_or_were_answered(told: Told) -> None:
    path = await link_of(told, DOSE)
    await told.do("update dose_occurrences set status = 'ON_TIME' where dose_id = %s", DOSE)
    assert "Due" not in (await told.office.http.get(path)).text
    assert "passed on" not in (await say(told, path, due=DUE_MS, act="taken", time="08:00")).text
    await told.do("update dose_occurrences set status = 'MISSED' where dose_id = %s", DOSE)
    await told.do("delete from patient_caregiver where site = 'alpha'")
    assert "Due" not in (await told.office.http.get(path)).text, "no caregiver of hers any more"
    assert "passed on" not in (await say(told, path, due=DUE_MS, act="taken", time="08:00")).text
    assert await asked(told) == []


async def test_a_form_that_is_not_whole_or_a_link_that_is_made_up_or_over_says_nothing(told: Told) -> None:
    path = await link_of(told, DOSE)
    for form in (
        {"due": "x", "act": "taken"},
        {"due": DUE_MS, "act": "eaten"},
        {"due": DUE_MS, "act": "taken", "time": "25"},
    ):
        assert (await say(told, path, **form)).status_code == 422
    assert (await say(told, path, due="9" * 2_000, act="taken")).status_code == 413
    future = await say(told, path, due=DUE_MS, act="taken", time="13:00")
    assert future.status_code == 422
    forged = path[:-1] + ("A" if path[-1] != "A" else "B")
    assert (await say(told, forged, due=DUE_MS, act="taken", time="08:00")).status_code == 400
    told.pass_time(8 * 24 * 60)
    assert (await say(told, path, due=DUE_MS, act="taken", time="08:00")).status_code == 410
    assert await asked(told) == []


@pytest.mark.parametrize(("language", "words"), [("hi", "नहीं ली गई"), ("es", "No se tomó"), ("ar", "لم تُؤخذ")])
async def test_the_page_is_in_the_language_of_the_message(told: Told, language: str, words: str) -> None:
    await told.do("update persons set language = %s", language)
    await told.do("update caregivers set language = %s", language)
    path = await link_of(told, DOSE)
    page = (await told.office.http.get(path)).text
    assert words in page
    assert re.search(rf"lang='{language}' dir='{'rtl' if language == 'ar' else 'ltr'}'", page)


def test_a_time_is_the_one_nearest_to_when_it_was_due_also_over_midnight() -> None:
    late = to_ms(NINE.replace(hour=23, minute=50))
    assert moment(late, "00:10", "Europe/Madrid") == late + 20 * MINUTE_MS
    assert moment(late, "23:30", "Europe/Madrid") == late - 20 * MINUTE_MS
