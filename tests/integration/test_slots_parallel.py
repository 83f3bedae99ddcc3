"""Two hundred at once for the last place: one gets it, whoever asks, over real HTTP."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.desk_001 import OPERATOR, Desk, Json, desk

AT_ONCE = 200
CATEGORIES = ("ONLINE", "WALKIN", "FOLLOWUP", "PRIORITY_PAID")


async def all_at_once(it: Desk, bodies: list[Json], path: str = "/api/v1/tokens/") -> list[httpx.Response]:
    """Send all of them, each on a connection of its own."""
    limits = httpx.Limits(max_connections=len(bodies))
    async with httpx.AsyncClient(base_url=it.site.url, headers=OPERATOR, limits=limits, timeout=60) as client:
        return list(await asyncio.gather(*(client.post(path, json=body) for body in bodies)))


async def people(it: Desk, count: int) -> list[str]:
    made = [await it.person() for _ in range(count)]
    return [person["id"] for person in made]


@pytest.mark.parametrize("waitlist", [False, True], ids=["refused", "waiting list"])
async def test_200_parallel_requests_for_the_last_place_give_it_exactly_once(tmp_path: Path, waitlist: bool) -> None:
    async with desk(tmp_path) as it:
        slot = await it.slot(capacity=3)
        for _ in range(2):
            await it.token(slot)
        bodies = [
            {"slot_id": slot["id"], "patient_id": person, "category": CATEGORIES[n % 4], "waitlist": waitlist}
            for n, person in enumerate(await people(it, AT_ONCE))
        ]
        answers = await all_at_once(it, bodies)
        others = 202 if waitlist else 409
        assert Counter(answer.status_code for answer in answers) == {201: 1, others: AT_ONCE - 1}
        now = await it.slot_now(slot)
        assert (now["current_capacity"], now["remaining"]) == (3, 0)
        assert now["waiting_list_length"] == (AT_ONCE - 1 if waitlist else 0)
        assert len(await it.places(slot)) == 3
        if waitlist:
            listed = await it.ask("GET", f"/waiting-list/by_slot/?slot_id={slot['id']}&limit=1000")
            order = [(entry["priority"], entry["number"]) for entry in listed]
            assert order == sorted(order) and len({entry["id"] for entry in listed}) == AT_ONCE - 1
        else:
            assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"full"}


async def test_the_same_person_asking_200_times_at_once_gets_one_place(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        slot, person = await it.slot(capacity=50), await it.person()
        body = {"slot_id": slot["id"], "patient_id": person["id"], "category": "ONLINE"}
        answers = await all_at_once(it, [body] * AT_ONCE)
        assert Counter(answer.status_code for answer in answers) == {201: 1, 409: AT_ONCE - 1}
        assert (await it.slot_now(slot))["current_capacity"] == 1


async def test_places_that_come_free_at_once_go_to_different_people_and_none_is_lost(tmp_path: Path) -> None:
    """Forty cancel while forty more ask and emergencies come: the slot stays full and nobody waits beside a free place."""
    async with desk(tmp_path) as it:
        slot = await it.slot(capacity=40)
        holders = [await it.token(slot) for _ in range(40)]
        waits = [await it.token(slot, status=202) for _ in range(20)]
        fresh = [{"slot_id": slot["id"], "patient_id": person, "category": "ONLINE"} for person in await people(it, 40)]

        async def cancel(token: Json) -> Any:
            return await it.raw("DELETE", f"/tokens/{token['id']}/")

        done, asked, urgent = await asyncio.gather(
            asyncio.gather(*(cancel(token) for token in holders)), all_at_once(it, fresh),
            asyncio.gather(*(it.emergency(slot) for _ in range(5))),
        )  # fmt: skip
        assert {answer.status_code for answer in done} == {200} and {answer.status_code for answer in asked} <= {
            201,
            202,
        }
        promoted = [answer.json()["promoted"]["id"] for answer in done if answer.json()["promoted"]]
        assert len(promoted) == len(set(promoted)) and {token["id"] for token in waits} <= set(promoted)
        ((ordinary, beyond),) = it.site.it.rows("select places_taken, extra_taken from slots")
        waiting = (await it.slot_now(slot))["waiting_list_length"]
        assert ordinary == 40 and beyond == sum([(await it.seen(token))["over_capacity"] for token in urgent])
        assert ordinary + beyond + waiting == 40 + 20 + 40 + 5 - 40
        assert len(await it.places(slot)) == ordinary + beyond


async def test_delays_set_at_once_end_as_one_of_them_and_not_as_their_sum(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        slot, after = await it.slot(minutes=60), await it.slot(minutes=120)
        minutes = [5, 10, 15, 20, 25, 30]
        await asyncio.gather(*(
            it.ask("PUT", f"/slots/{slot['id']}/delay/", json={"delay_minutes": n}) for n in minutes for _ in range(5)
        ))  # fmt: skip
        late, passed_on = (await it.slot_now(slot))["delay_minutes"], (await it.slot_now(after))["delay_minutes"]
        assert late in minutes and passed_on == late
