"""What a fresh demo has of medicine: a home with a dispenser, a person on the ward, plans, and a caregiver who is told.

Everything goes through the doors people use: the nurse writes plans at head office, the manager adds the device at the
clinic, somebody types its code into it, and the caregiver enters a webhook and sends back the code that arrived there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import httpx

from deploy.demo.program import ProgramFailed
from deploy.demo.seed import password_in, signed_in
from firmware_sim.patients import Patients
from shared.clock import Clock

if TYPE_CHECKING:
    from deploy.demo.stage import Stage

NURSE, CAREGIVER = "nurse", "ben"
HOME: Final = {"name": "Rosa Lindqvist", "phone": "+15550110", "age": 74}
WARD: Final = {"name": "Tomas Adeyemi", "phone": "+15550111", "age": 58}
"""Made-up people."""
DISPENSER: Final = "home"
HAPPENS_S: Final = 30.0
LOOK_S: Final = 0.1
SOON_S: Final = 5
"""The first dose is due at the next whole minute that is at least so far away: a plan names times by the minute."""
WARD_EVERY_MIN: Final = 4
"""Between the two doses on the ward. A dose is missed at half the gap to the next, so this one is while one watches."""


async def first_care(stage: Stage) -> None:
    """Have all of it, once; what an interrupted start left is gone on with. Raises ProgramFailed, httpx.HTTPError."""
    clinic = stage.clinic
    care = clinic.care
    if care.get("plans"):
        return
    stage.said("medicine: a home with a dispenser, a person on the ward, a caregiver")
    await care_accounts(stage)
    async with (
        aclosing(await signed_in(stage.edge_url, clinic.staff)) as edge,
        aclosing(await signed_in(stage.cloud_url, clinic.nurse)) as nurse,
    ):
        for key, person in (("home", HOME), ("ward", WARD)):
            if key not in care:
                care[key] = await add_person(edge, person)
                clinic.save()
        await add_dispenser(stage, edge, care["home"])
        await until("head office knows the patients", lambda: _knows(nurse, {care["home"], care["ward"]}))
        await add_caregiver(stage, nurse, [care["home"], care["ward"]])
        now = stage.time()
        care["plans"] = [
            await write_plan(nurse, care["home"], tablets(now)), await write_plan(nurse, care["ward"], drops(now))
        ]  # fmt: skip
        clinic.save()
        await until("the clinic follows the plans", lambda: _follows(edge, {care["home"], care["ward"]}))


async def care_accounts(stage: Stage) -> None:
    """A nurse of the clinic at head office, and a caregiver."""
    clinic = stage.clinic
    for name, role, held in ((NURSE, "nurse", clinic.nurse), (CAREGIVER, "caregiver", clinic.caregiver)):
        if not held:
            told = await stage.tool("cloud", "account", "add", name, "--role", role, "--site", clinic.site)
            held |= {"username": name, "password": password_in(told)}
            clinic.save()


async def add_person(edge: httpx.AsyncClient, person: dict[str, Any]) -> str:
    """Enter somebody at the clinic; their id. The same person again is the same."""
    key = {"Idempotency-Key": f"demo-{person['name'].replace(' ', '-')}"}
    answer = await edge.post("/api/v1/patients/", json=person, headers=key)
    return str(answer.raise_for_status().json()["id"])


async def add_dispenser(stage: Stage, edge: httpx.AsyncClient, person_id: str, name: str = DISPENSER) -> str:
    """Add the simulated dispenser for somebody, and type its code into it; the device's id once it is connected."""
    status = (await stage.devices.do("status"))["dispensers"][name]
    if status["device_id"] is None:
        body = {"kind": "dispenser", "name": name.capitalize(), "patient_id": person_id}
        added = (await edge.post("/api/v1/devices", json=body)).raise_for_status().json()
        await stage.devices.do("claim", dispenser=name, code=added["claim_code"])

    async def connected() -> bool:
        return (await stage.devices.do("status"))["dispensers"][name]["device_id"] is not None

    await until("the dispenser is claimed", connected)
    return str((await stage.devices.do("status"))["dispensers"][name]["device_id"])


async def add_caregiver(stage: Stage, nurse: httpx.AsyncClient, person_ids: list[str]) -> None:
    """List the caregiver for these patients; he enters the inbox as his webhook and proves that messages arrive."""
    clinic = stage.clinic
    body = {"name": "Ben Lindqvist", "language": "en", "relation": "neighbour", "account": CAREGIVER}
    for person_id in person_ids:
        listed = (await nurse.get(f"/api/v1/patients/{person_id}/caregivers")).raise_for_status().json()
        if not listed:
            (await nurse.post(f"/api/v1/patients/{person_id}/caregivers", json=body)).raise_for_status()
    await verify_inbox(stage)
    clinic.save()


async def verify_inbox(stage: Stage) -> None:
    """Have the caregiver told at the inbox where it is now. Its code arrives there, as it would on a phone."""
    care = stage.clinic.care
    if care.get("inbox") == stage.inbox.url:
        return
    async with aclosing(await signed_in(stage.cloud_url, stage.clinic.caregiver)) as ben:
        for older in (await ben.get("/api/v1/notifications/channels")).raise_for_status().json():
            (await ben.delete(f"/api/v1/notifications/channels/{older['id']}")).raise_for_status()
        before = stage.inbox.code()
        asked = {"kind": "webhook", "address": stage.inbox.url, "language": "en", "timezone": "UTC"}
        channel = (await ben.post("/api/v1/notifications/channels", json=asked)).raise_for_status().json()

        async def code() -> bool:
            return stage.inbox.code() not in (None, before)

        await until("the code of the caregiver's inbox arrives", code)
        verified = await ben.post(
            f"/api/v1/notifications/channels/{channel['id']}/verify", json={"code": stage.inbox.code()}
        )
        verified.raise_for_status()
    care["inbox"] = stage.inbox.url
    stage.clinic.save()


async def write_plan(nurse: httpx.AsyncClient, person_id: str, plan: dict[str, Any]) -> str:
    """Write a plan at head office; its id. It goes to the clinic as a command."""
    answer = await nurse.post("/api/v1/medication-plans", json={"patient_id": person_id, **plan})
    if answer.is_error:
        raise ProgramFailed(f"head office did not take a plan: {answer.text[:300]}")
    return str(answer.json()["id"])


def tablets(clock: Clock) -> dict[str, Any]:
    """At home: one due at the next minute, and one an hour later."""
    now = clock.now() + timedelta(seconds=SOON_S + 59)
    return plan_at(clock, "Metformin", "tablet", _minutes(now, now + timedelta(hours=1)), compartment=1)


def drops(clock: Clock) -> dict[str, Any]:
    """On the ward: due at the next minute, not on time any more a minute later, and missed another minute later."""
    due = clock.now() + timedelta(seconds=SOON_S + 59)
    return plan_at(clock, "Timolol", "drop", _minutes(due, due + timedelta(minutes=WARD_EVERY_MIN)))


def plan_at(clock: Clock, medication: str, unit: str, times: Iterable[str], **more: Any) -> dict[str, Any]:
    """A plan with one dose at each of these times of day ("HH:MM", UTC), from yesterday on."""
    item = {
        "id": medication.lower().replace(" ", "-"), "medication": medication, "unit": unit, "dose": 1,
        "timing": {"times_of_day": sorted(set(times))}, **more,
    }  # fmt: skip
    start = (clock.now() - timedelta(days=1)).date().isoformat()
    return {"start": start, "timezone": "UTC", "items": [item]}


def _minutes(*moments: datetime) -> list[str]:
    return [f"{at:%H:%M}" for at in moments]


async def care_day(stage: Stage, patients: Patients) -> None:
    """Set up a scenario's people with medicine: those at home first, the caregiver of all, and a plan for each."""
    clinic = stage.clinic
    stage.said(f"medicine for {patients.home} at home and {patients.ward} on the ward")
    await care_accounts(stage)
    async with (
        aclosing(await signed_in(stage.edge_url, clinic.staff)) as edge,
        aclosing(await signed_in(stage.cloud_url, clinic.nurse)) as nurse,
    ):
        people: list[dict[str, Any]] = []
        for number in range(patients.home + patients.ward):
            body = {"name": f"Patient {number + 1}", "phone": f"+155501{number + 20}"}
            people.append({"id": await add_person(edge, body), "home": number < patients.home})
        for one in people:
            if one["home"]:
                await add_dispenser(stage, edge, one["id"])
        ids = {str(one["id"]) for one in people}
        await until("head office knows the patients", lambda: _knows(nurse, ids))
        await add_caregiver(stage, nurse, sorted(ids))
        for number, one in enumerate(people):
            plan = plan_at(stage.time(), f"Medicine {number + 1}", "tablet", patients.times(number))
            await write_plan(nurse, one["id"], plan)
        clinic.care["people"] = people
        await until("the clinic follows the plans", lambda: _follows(edge, ids))


async def until(what: str, true: Callable[[], Awaitable[bool]], within_s: float = HAPPENS_S) -> None:
    """Look until it is. Raises ProgramFailed, naming what did not happen."""
    try:
        async with asyncio.timeout(within_s):
            while not await true():  # noqa: ASYNC110 - asked of programs that cannot wake us
                await asyncio.sleep(LOOK_S)
    except TimeoutError:
        raise ProgramFailed(f"{what}: that did not happen within {within_s:.0f} s") from None


async def _knows(nurse: httpx.AsyncClient, person_ids: set[str]) -> bool:
    found = (await nurse.get("/api/v1/patients")).raise_for_status().json()
    return person_ids <= {one["id"] for one in found}


async def _follows(edge: httpx.AsyncClient, person_ids: set[str]) -> bool:
    doses = (await edge.get("/api/v1/care/doses")).raise_for_status().json()["doses"]
    return person_ids <= {one["patient_id"] for one in doses}
