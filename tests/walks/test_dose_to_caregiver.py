"""One dose walks from a plan at head office to a caregiver's phone and back. The root README tells it in prose.

Real programs, a real cable that is cut; real time, and for the walk without the internet six times as fast. A dose is due
at the next whole minute.
"""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from deploy.demo.care import add_caregiver, add_dispenser, add_person, care_accounts, drops, tablets, write_plan
from deploy.demo.clips import TAKEN, spoken
from deploy.demo.ports import Ports
from deploy.demo.seed import signed_in
from deploy.demo.stage import Stage, short_folder
from shared.clock import Clock, transport_s

MORNING = datetime(2026, 11, 20, 8, 0, 25, tzinfo=UTC)
"""Half a minute before a plan is written: the next whole minute is not far then."""
HAPPENS_S = 20.0
DUE_S = 90.0
"""A plan says the next whole minute; then the dispenser speaks."""
MISSED_S = 200.0
TOLD_S = 45.0
"""A link that is cut is looked at every few seconds, and longer after each failure."""


@dataclass
class Walk:
    """A home with a dispenser, a person on the ward, and who cares for them."""

    stage: Stage
    clinic: httpx.AsyncClient
    nurse: httpx.AsyncClient
    home: str
    ward: str

    async def plan(self, person_id: str, plan: dict[str, Any]) -> str:
        """A nurse writes a plan at head office; returns once the clinic follows it."""
        plan_id = await write_plan(self.nurse, person_id, plan)
        await eventually(self.doses, lambda found: any(one["plan_id"] == plan_id for one in found), HAPPENS_S)
        return plan_id

    async def doses(self) -> list[dict[str, Any]]:
        """As the clinic's care page has them, by due time."""
        found: list[dict[str, Any]] = (await self.clinic.get("/api/v1/care/doses")).raise_for_status().json()["doses"]
        return found

    async def first(self, plan_id: str) -> dict[str, Any]:
        """The plan's first dose at the clinic."""
        return next(one for one in await self.doses() if one["plan_id"] == plan_id)

    async def at_office(self, plan_id: str) -> dict[str, Any]:
        """The plan's first dose as head office has it."""
        found = (await self.nurse.get(f"/api/v1/medication-plans/{plan_id}/doses")).raise_for_status().json()
        today: list[dict[str, Any]] = [one for one in found if not one["provisional"]]
        return today[0]

    async def recording(self) -> dict[str, Any] | None:
        """What was said at home, as head office has it."""
        found = await self.nurse.get("/api/v1/voice", params={"patient_id": self.home})
        notes: list[dict[str, Any]] = found.raise_for_status().json()
        return notes[0] if notes else None

    async def told(self) -> list[str]:
        """What the caregiver was told about patients."""
        return [str(one["message"]) for one in self.stage.inbox.messages() if "code" not in str(one["message"])]


async def eventually(look: Callable[[], Awaitable[Any]], wanted: Callable[[Any], bool], within_s: float) -> Any:
    """Look until it is as wanted; fails with the last thing seen."""
    ends_s = transport_s() + within_s
    seen = await look()
    while not wanted(seen):
        assert transport_s() < ends_s, seen
        await asyncio.sleep(0.1)
        seen = await look()
    return seen


@pytest.fixture
async def walk(request: pytest.FixtureRequest) -> AsyncIterator[Walk]:
    folder = short_folder()
    clock = Clock.starting_at(MORNING, getattr(request, "param", 1.0))
    async with Stage(folder, ports=Ports.free(), clock=clock) as stage:
        await care_accounts(stage)
        async with (
            aclosing(await signed_in(stage.edge_url, stage.clinic.staff)) as clinic,
            aclosing(await signed_in(stage.cloud_url, stage.clinic.nurse)) as nurse,
        ):
            home = await add_person(clinic, {"name": "Rosa Lindqvist", "phone": "+15550110"})
            ward = await add_person(clinic, {"name": "Tomas Adeyemi", "phone": "+15550111"})
            await add_dispenser(stage, clinic, home)

            async def known() -> set[str]:
                return {one["id"] for one in (await nurse.get("/api/v1/patients")).raise_for_status().json()}

            await eventually(known, lambda found: {home, ward} <= found, HAPPENS_S)
            await add_caregiver(stage, nurse, [home, ward])
            yield Walk(stage, clinic, nurse, home, ward)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.timeout(400)
async def test_a_dose_said_at_home_is_answered_aloud_and_one_missed_on_the_ward_reaches_the_caregiver(
    walk: Walk,
) -> None:
    stage = walk.stage
    home = await walk.plan(walk.home, tablets(stage.time()))
    ward = await walk.plan(walk.ward, drops(stage.time()))

    async def announced() -> list[dict[str, Any]]:
        return stage.devices.announced("home")

    (said,) = await eventually(announced, lambda found: len(found) == 1, DUE_S)
    assert "Metformin" in said["text"] and said["ok"] and said["had_clip"]
    dose = await eventually(lambda: walk.first(home), lambda one: one["status"] == "ANNOUNCED", HAPPENS_S)
    assert dose["announced"] == 1

    file = await spoken(TAKEN, stage.folder / "clips")
    await stage.devices.do("say", dispenser="home", file=str(file))
    dose = await eventually(lambda: walk.first(home), lambda one: one["status"] == "ON_TIME", HAPPENS_S)
    assert dose["source"] == "voice"
    seen = await eventually(lambda: walk.at_office(home), lambda one: one["status"] == "ON_TIME", HAPPENS_S)
    assert seen["occurrence_id"] == dose["id"]
    thanked = await eventually(announced, lambda found: len(found) > 1, HAPPENS_S)
    assert "Noted" in thanked[1]["text"]
    note = await eventually(walk.recording, lambda found: found is not None and found["has_audio"], HAPPENS_S)
    sound = (await walk.nurse.get(f"/api/v1/voice/{note['id']}/audio")).raise_for_status().content
    assert hashlib.sha256(sound).hexdigest() == note["sha256"], "head office has what was said, whole"

    assert len(stage.devices.said()) == 1, "the ward's dose was said once, by the clinic's loudspeaker"
    dose = await eventually(lambda: walk.first(ward), lambda one: one["status"] == "MISSED", MISSED_S)
    assert dose["announced"] == 1
    told = await eventually(walk.told, lambda found: any("Timolol" in one for one in found), HAPPENS_S)
    assert all("Tomas Adeyemi" in one and "Timolol" in one for one in told)
    await eventually(lambda: walk.at_office(ward), lambda one: one["status"] == "MISSED", HAPPENS_S)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("walk", [6.0], indirect=True, ids=["six times as fast"])
async def test_without_the_internet_a_dose_is_said_and_logged_and_the_caregiver_is_told_once_it_is_back(
    walk: Walk,
) -> None:
    stage = walk.stage
    home = await walk.plan(walk.home, tablets(stage.time()))
    ward = await walk.plan(walk.ward, drops(stage.time()))
    stage.cut_link()

    await eventually(lambda: walk.first(home), lambda one: one["status"] == "ANNOUNCED", DUE_S)
    await stage.devices.do("press", dispenser="home")
    dose = await eventually(lambda: walk.first(home), lambda one: one["status"] == "ON_TIME", HAPPENS_S)
    assert (dose["source"], dose["announced"]) == ("button", 1)
    dose = await eventually(lambda: walk.first(ward), lambda one: one["status"] == "MISSED", MISSED_S)
    assert dose["announced"] == 1
    assert await walk.told() == [], "nobody could be told yet"
    waits = [(await walk.at_office(one))["status"] for one in (home, ward)]
    assert not {"ON_TIME", "MISSED"} & set(waits), "head office does not guess"

    stage.restore_link()
    told = await eventually(walk.told, lambda found: any("Timolol" in one for one in found), TOLD_S)
    assert all("Tomas Adeyemi" in one for one in told)
    await eventually(lambda: walk.at_office(home), lambda one: one["status"] == "ON_TIME", HAPPENS_S)
    await eventually(lambda: walk.at_office(ward), lambda one: one["status"] == "MISSED", HAPPENS_S)
    announced = [one["occurrence_ids"] for one in stage.devices.announced("home") if one["occurrence_ids"]]
    assert announced == [[(await walk.first(home))["id"]]], "said once"
