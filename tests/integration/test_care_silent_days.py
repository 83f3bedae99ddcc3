"""A device that reaches head office directly and is not heard for days: told of once a day, with what came due."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio

from tests.care_office import METFORMIN, CareOffice, Dispenser, plan_body
from tests.notify import PATIENT, Told, telling

HOURLY = {**METFORMIN, "timing": {"times_of_day": [f"{hour:02}:00" for hour in range(24)]}}


@pytest_asyncio.fixture
async def told(pg_uri: str, tmp_path: Path) -> AsyncIterator[Told]:
    """Ana Ruiz has a dispenser that reaches head office; Ben cares for her. It is nine."""
    async with telling(pg_uri, tmp_path) as started:
        await started.patient(PATIENT, "Ana Ruiz")
        await started.staff("mia", "manager", ["alpha"])
        await started.caregiver("Ben", PATIENT, 1)
        await started.channel("Ben", "/ben")
        yield started


async def _silent(told: Told, *items: dict[str, Any]) -> Dispenser:
    """The device has its plan, is heard once, and then no more for ten minutes, which is told."""
    care = CareOffice(told.office, told.office.parts.clock)
    device = await care.device(PATIENT)
    await care.ask("mia", "POST", "/medication-plans", 201, json=plan_body(PATIENT, items=list(items)))
    await device.beat()
    assert await _pass(told, 1 / 6, 1 / 6) == [
        "The device of Ana Ruiz has not been heard since 09:00. Nobody knows whether medicines were taken. Please ask."
    ]
    return device


async def _pass(told: Told, hours: float, step_h: float = 2) -> list[str]:
    """What is told while so much time passes."""
    told.box.got.clear()
    for _ in range(round(hours / step_h)):
        told.pass_time(step_h * 60)
        await told.office.parts.care.dose_clock.tick(wait=True)
        await told.settled()
    return [got.json()["message"].partition("\n")[0] for got in told.box.got]


async def test_a_direct_device_silent_for_days_is_told_of_once_a_day_with_how_many_doses_came_due(told: Told) -> None:
    device = await _silent(told, METFORMIN)
    assert await _pass(told, 22) == [], "whatever comes due within the day"
    again = (
        "The device of Ana Ruiz has still not been heard since 20.11. 09:00. Ana Ruiz was to take Metformin ({}) and"
    )
    more = " Metformin ({}): {} doses since then in all, and nobody knows what became of them. Please ask again."
    assert await _pass(told, 24) == [again.format("20.11. 10:00") + more.format("20:00", 2)]
    assert await _pass(told, 24) == [again.format("21.11. 10:00") + more.format("20:00", 4)]
    told.box.got.clear()
    await device.beat()
    await told.settled()
    assert [got.json()["message"].partition("\n")[0] for got in told.box.got] == [
        "The device of Ana Ruiz is heard again."
    ]


async def test_who_took_a_silent_device_on_is_asked_again_the_next_day(told: Told) -> None:
    await _silent(told, METFORMIN)
    link = told.box.got[0].json()["acknowledge_url"].removeprefix("https://chain.example")
    assert (await told.office.http.post(link)).status_code == 200
    assert await _pass(told, 22) == []
    assert len(await _pass(told, 4)) == 1


async def test_a_direct_device_with_more_doses_than_an_alert_names_is_told_of_every_day(told: Told) -> None:
    await _silent(told, HOURLY)
    assert [len(await _pass(told, 24, 3)) for _ in range(4)] == [1, 1, 1, 1]
    [named] = await told.rows("select cardinality(dose_ids) from alert_logs where topic = 'device_offline'")
    assert named == (40,)


async def test_a_silent_direct_device_with_no_more_doses_due_is_not_told_of_again(told: Told) -> None:
    await _silent(told, {**METFORMIN, "timing": {"times_of_day": ["10:00"], "count": 1}})
    assert len(await _pass(told, 26)) == 1, "of the dose at 10:00, which came due after the first message"
    assert await _pass(told, 48, 4) == []
