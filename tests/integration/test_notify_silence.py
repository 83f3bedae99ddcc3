"""A clinic that is not heard while medicines are due there: told as "not heard", never as "missed"."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio
from psycopg.types.json import Jsonb

from shared.doses.expansion import occurrences
from shared.doses.plan import plan_of
from tests.notify import HOUR_MS, MINUTE_MS, NINE_MS, PATIENT, Told, telling

PLAN: dict[str, Any] = {
    "start": "2026-11-01", "timezone": "Europe/Madrid",
    "items": [
        {"id": "i1", "medication": "Metformin", "dose": 1, "unit": "tablet", "timing": {"times_of_day": ["09:30", "10:05"]}}
    ],
}  # fmt: skip


@pytest_asyncio.fixture
async def told(pg_uri: str, tmp_path: Path) -> AsyncIterator[Told]:
    """Ana Ruiz of alpha takes Metformin at 09:30; Ben cares for her, Nia is a nurse there. It is 09:00 and alpha is heard."""
    async with telling(pg_uri, tmp_path) as started:
        await started.patient(PATIENT, "Ana Ruiz")
        await started.staff("Nia", "nurse", ["alpha"])
        await started.caregiver("Ben", PATIENT, 1)
        await started.plan("plan-1", PATIENT, PLAN)
        for name in ("Ben", "Nia"):
            await started.channel(name, f"/{name.lower()}")
        yield started


async def look(told: Told) -> list[tuple[str, str]]:
    """Let the watchdog look, and everything go out: (path, sentence) so far."""
    await told.office.parts.notifications.watchdog.look()
    await told.settled()
    return sorted((got.path, got.json()["message"].partition("\n")[0]) for got in told.box.got)


async def test_a_dose_that_falls_into_an_outage_is_told_as_not_heard(told: Told) -> None:
    await told.heard(NINE_MS + 20 * MINUTE_MS)
    told.pass_time(29)
    assert await look(told) == [], "nothing was due yet"
    told.pass_time(6.5)
    said = await look(told)
    assert said == [
        ("/ben", "Alpha has not been heard since 09:20. Ana Ruiz was to take Metformin (09:30) since then;"
                 " nobody knows yet whether that was done. Please ask."),
        ("/nia", "Alpha has not been heard since 09:20. Medicines were due there since then;"
                 " nobody knows yet what became of them."),
    ]  # fmt: skip
    assert not any("missed" in sentence or "not confirmed" in sentence for _, sentence in said)
    for _ in range(2):
        told.pass_time(17)
        again = await look(told)
        assert [path for path, _ in again if path == "/ben"] == ["/ben"], "once a day, whatever else comes due in it"


async def test_a_clinic_that_is_silent_with_nothing_due_worries_nobody(told: Told) -> None:
    await told.heard(NINE_MS + 70 * MINUTE_MS)
    told.pass_time(240)
    assert await look(told) == []


async def test_when_the_clinic_is_heard_again_those_who_were_told_hear_it(told: Told) -> None:
    await told.heard(NINE_MS + 20 * MINUTE_MS)
    told.pass_time(36)
    await look(told)
    told.box.got.clear()
    await told.heard(told.now_ms)
    again = [(path, "Alpha is heard again; what was not known is known now.") for path in ("/ben", "/nia")]
    assert await look(told) == again
    assert await look(told) == again, "once"
    assert await told.open_alerts() == []


async def test_a_dose_the_clinic_told_of_before_it_fell_silent_is_not_asked_for(told: Told) -> None:
    plan = plan_of(PLAN, id="plan-1", person_id=PATIENT, revision=1)
    for dose in occurrences(plan, NINE_MS, NINE_MS + 120 * MINUTE_MS):
        await told.dose(dose.id, "Metformin", due_ms=dose.due_at_ms, status="EARLY")
    await told.heard(NINE_MS + 20 * MINUTE_MS)
    told.pass_time(60)
    assert await look(told) == []


async def test_head_office_away_for_an_hour_blames_no_clinic_for_it(told: Told) -> None:
    await told.heard(NINE_MS + 5 * MINUTE_MS)
    told.pass_time(65)
    told.office.parts.notifications.watchdog.started_ms = told.now_ms - 5 * MINUTE_MS
    assert await look(told) == []


async def test_somebody_who_takes_it_on_ends_the_calls(told: Told) -> None:
    await told.heard(NINE_MS + 20 * MINUTE_MS)
    told.pass_time(36)
    await look(told)
    [mine] = [got for got in told.box.got if got.path == "/ben"]
    link = mine.json()["acknowledge_url"].removeprefix("https://chain.example")
    assert (await told.office.http.post(link)).status_code == 200
    told.pass_time(60)
    assert len([path for path, _ in await look(told) if path == "/ben"]) == 1
    assert await told.rows("select count(*) from mailbox") == [(0,)], "the clinic knows nothing of this alert"


DAY_MIN = 24 * 60


async def day_of(told: Told, minutes: int = DAY_MIN) -> list[tuple[str, str]]:
    """What is told while so much time passes, the watchdog looking every half hour."""
    told.box.got.clear()
    for _ in range(minutes // 30):
        told.pass_time(30)
        await look(told)
    return await look(told)


async def test_a_clinic_silent_for_days_is_told_of_once_a_day_with_how_many_doses_came_due(told: Told) -> None:
    await told.heard(NINE_MS + 20 * MINUTE_MS)
    told.pass_time(36.5)
    await look(told)
    await day_of(told, DAY_MIN - 30)
    assert await day_of(told, 30) == [
        ("/ben", "Alpha has still not been heard since 20.11. 09:20. Ana Ruiz was to take Metformin (20.11. 10:05) and"
                 " Metformin (09:30): 3 doses since then in all, and nobody knows what became of them. Please ask again."),
        ("/nia", "Alpha has still not been heard since 20.11. 09:20. Doses that came due there since then: 3,"
                 " of so many patients: 1. Nobody knows yet what became of them."),
    ]  # fmt: skip
    assert await day_of(told, DAY_MIN - 30) == [], "once a day"
    third = await day_of(told, 30)
    assert [path for path, _ in third] == ["/ben", "/nia"]
    assert "(21.11. 10:05) and Metformin (09:30): 5 doses" in third[0][1], "named are those since the day before"


async def test_a_silent_clinic_with_no_more_doses_due_is_not_told_of_again(told: Told) -> None:
    await told.do("""update medication_plans set body = body || '{"end": "2026-11-20"}'""")
    await told.heard(NINE_MS + 20 * MINUTE_MS)
    told.pass_time(36.5)
    await look(told)
    first = await day_of(told)
    assert [sentence for path, sentence in first if path == "/ben"], (
        "the dose at 10:05 came due after the first message"
    )
    assert await day_of(told, 2 * DAY_MIN) == []


async def test_who_took_it_on_is_asked_again_the_next_day_and_hears_once_that_it_is_over(told: Told) -> None:
    await told.heard(NINE_MS + 20 * MINUTE_MS)
    told.pass_time(36.5)
    await look(told)
    for count in (1, 2):
        [mine] = [got for got in told.box.got if got.path == "/ben"]
        link = mine.json()["acknowledge_url"].removeprefix("https://chain.example")
        assert (await told.office.http.post(link)).status_code == 200, count
        assert [path for path, _ in await day_of(told, DAY_MIN - 30) if path == "/ben"] == []
        assert [path for path, _ in await day_of(told, 30) if path == "/ben"] == ["/ben"], "the next day"
    told.box.got.clear()
    await told.heard(told.now_ms)
    assert [path for path, _ in await look(told)] == ["/ben", "/nia"]


async def test_where_nobody_cares_for_a_patient_the_clinics_people_are_told_every_day(told: Told) -> None:
    await told.do("delete from patient_caregiver")
    await told.heard(NINE_MS + 20 * MINUTE_MS)
    told.pass_time(36.5)
    await look(told)
    await day_of(told, DAY_MIN - 30)
    again = await day_of(told, 30)
    assert [path for path, _ in again] == ["/nia"]
    assert "still" in again[0][1]
    assert await day_of(told, DAY_MIN - 30) == [], "once a day"


COUNTING: dict[str, Any] = {
    **PLAN,
    "items": [
        {"id": "i1", "medication": "Ibuprofen", "dose": 1, "unit": "tablet", "mode": "from_last_taken", "first_at": "06:00",
         "timing": {"period": 6, "period_unit": "h"}}
    ],
}  # fmt: skip


async def test_a_medicine_that_counts_from_the_last_one_is_told_of_too_and_each_dose_in_its_turn(told: Told) -> None:
    await told.do("update medication_plans set body = %s", Jsonb(COUNTING))
    taken_ms = NINE_MS - 5 * HOUR_MS - 30 * MINUTE_MS
    await told.dose("d" * 32, "Ibuprofen", taken_ms, "ON_TIME")
    await told.do("update dose_occurrences set taken_ms = %s", taken_ms)
    await told.heard(NINE_MS + 20 * MINUTE_MS)
    told.pass_time(36)
    said = [sentence for path, sentence in await look(told) if path == "/ben"]
    assert len(said) == 1 and "Ibuprofen (09:30)" in said[0], said
    told.pass_time(12.5 * 60)
    await look(told)
    due = await told.rows("select due_ms from notification_unheard_doses order by due_ms")
    assert due == [(taken_ms + n * 6 * HOUR_MS,) for n in (1, 2, 3)]
