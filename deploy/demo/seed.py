"""What a fresh demo begins with: a clinic, an account on each side, two doctors. Kept in `clinic.json`, mode 0600."""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import aclosing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from deploy.demo.program import ProgramFailed
from shared.ids import new_id

if TYPE_CHECKING:
    from deploy.demo.stage import Stage

SITE, SITE_NAME = "riverside", "Riverside Clinic"
STAFF, OFFICE = "reception", "office"
DOCTORS = (("Dr. Amara Okafor", "Room 1"), ("Dr. Luis Herrera", "Room 2"))
THIRD_DOCTOR = ("Dr. Mei Tanaka", "Room 3", "Paediatrics")
PATIENTS: tuple[dict[str, Any], ...] = (
    {"name": "Ana Torres", "phone": "+15550100", "reason": "Fever / Cold", "urgency": 5},
    {"name": "Bilal Haddad", "phone": "+15550101", "reason": "Follow-up", "urgency": 3},
    {"name": "Chandra Rao", "phone": "+15550102", "reason": "Back pain", "urgency": 6},
    {"name": "Dina Petrov", "phone": "+15550103", "reason": "Vaccination", "urgency": 2},
    {"name": "Elias Mwangi", "phone": "+15550104", "reason": "Cough", "urgency": 4},
)
"""Made-up people."""
APPLIED_S = 60.0


@dataclass
class Clinic:
    """A demo clinic and how to sign in to it."""

    file: Path
    site: str = SITE
    site_name: str = SITE_NAME
    staff: dict[str, str] = field(default_factory=dict)
    office: dict[str, str] = field(default_factory=dict)
    doctors: list[str] = field(default_factory=list)
    nurse: dict[str, str] = field(default_factory=dict)
    """At head office, for patients of this clinic."""
    caregiver: dict[str, str] = field(default_factory=dict)
    care: dict[str, Any] = field(default_factory=dict)
    """Of the demo's medicine: ids of the people at home and on the ward, of plans, the inbox that was verified."""
    ahead_s: int = 0
    """How far the demo's time is ahead of the machine's; it stays so after a restart, for time does not go back."""
    claim_code: str = ""
    """Only while the clinic has not been claimed."""

    def facts(self) -> dict[str, Any]:
        """Everything but the file's place; JSON."""
        return {name: value for name, value in asdict(self).items() if name != "file"}

    def save(self) -> None:
        """Write it so that only this user can read it, and so that a power cut leaves the old or the new one."""
        fresh = self.file.with_suffix(".new")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as out:
            json.dump(self.facts(), out, indent=1)
        fresh.replace(self.file)

    @classmethod
    def load(cls, file: Path) -> Clinic:
        """The clinic an earlier run left in `file`, or an empty one."""
        return cls(file, **json.loads(file.read_text())) if file.exists() else cls(file)


async def first_accounts(stage: Stage) -> Clinic:
    """The clinic with an account on each side: the one that is there, or a new one in an empty database."""
    clinic = Clinic.load(stage.clinic.file)
    if clinic.office:
        return clinic
    stage.said("an empty database: making an account for head office and one for the clinic")
    office, staff = await asyncio.gather(
        stage.tool("cloud", "account", "add", OFFICE, "--role", "office_admin"),
        stage.tool("edge", "staff", "add", STAFF, "--role", "manager"),
    )
    clinic.office = {"username": OFFICE, "password": password_in(office)}
    clinic.staff = {"username": STAFF, "password": password_in(staff)}
    clinic.save()
    return clinic


async def first_claim(stage: Stage) -> None:
    """Have head office know the site, and have a claim code for a clinic that has not been claimed."""
    clinic = stage.clinic
    if clinic.doctors:
        return
    async with aclosing(await signed_in(stage.cloud_url, clinic.office)) as office:
        answer = await office.post("/api/v1/sites", json={"id": clinic.site, "name": clinic.site_name})
        if answer.status_code != httpx.codes.CONFLICT:
            answer.raise_for_status()
        answer = await office.post(f"/api/v1/sites/{clinic.site}/claim-codes")
        clinic.claim_code = answer.raise_for_status().json()["code"]


async def first_doctors(stage: Stage) -> None:
    """Have the doctors, by commands from head office, as a new clinic would get them."""
    clinic = stage.clinic
    if clinic.doctors:
        return
    stage.said("head office adds two doctors")
    async with aclosing(await signed_in(stage.cloud_url, clinic.office)) as office:
        doctors = []
        for name, room in DOCTORS:
            body = {"doctor_id": new_id(), "name": name, "service": "A", "room": room}
            asked = {"kind": "add_doctor", "body": body}
            answer = await office.post(f"/api/v1/sites/{clinic.site}/commands", json=asked)
            answer.raise_for_status()
            doctors.append(body["doctor_id"])
        await _applied(office, clinic.site, len(doctors))
    clinic.doctors = doctors
    clinic.claim_code = ""
    clinic.save()


async def first_people(stage: Stage) -> None:
    """A third doctor and five patients, so that a demo has something to show; only where nobody has a visit yet."""
    clinic = stage.clinic
    async with aclosing(await signed_in(stage.edge_url, clinic.staff)) as edge:
        everything = await edge.get("/api/patients/queue")
        people = await edge.get("/api/v1/patients")
        if everything.raise_for_status().json()["queue"] or people.raise_for_status().json():
            return
        doctors = (await edge.get("/api/doctors")).raise_for_status().json()
        if len(doctors) < len(DOCTORS) + 1:
            stage.said("the clinic adds a third doctor and five patients, all of them made up")
            name, room, specialization = THIRD_DOCTOR
            body = {"name": name, "room": room, "specialization": specialization, "service": "A"}
            (await edge.post("/api/doctors", json=body)).raise_for_status()
        for patient in PATIENTS:
            key = {"Idempotency-Key": f"demo-{patient['name'].replace(' ', '-')}"}
            (await edge.post("/api/patients/register", json=patient, headers=key)).raise_for_status()


def password_in(told: str) -> str:
    """The password in what an "add account" command printed: the last word."""
    words = told.split()
    if not words:
        raise ProgramFailed("an account was made, but no password was printed")
    return words[-1]


async def signed_in(url: str, account: dict[str, str]) -> httpx.AsyncClient:
    """A client of one of the two programs with a person's credential on every request."""
    client = httpx.AsyncClient(base_url=url, trust_env=False, timeout=10.0)
    answer = await client.post("/api/v1/auth/login", json=account)
    answer.raise_for_status()
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    return client


async def _applied(office: httpx.AsyncClient, site: str, count: int) -> None:
    deadline = asyncio.get_running_loop().time() + APPLIED_S
    states: list[str] = []
    while asyncio.get_running_loop().time() < deadline:
        answer = await office.get(f"/api/v1/sites/{site}/commands")
        states = [command["state"] for command in answer.raise_for_status().json()]
        if states.count("applied") >= count:
            return
        await asyncio.sleep(0.1)
    raise ProgramFailed(f"the clinic did not take head office's commands within {APPLIED_S:.0f} s: {states}")
