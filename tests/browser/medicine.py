"""Medicine at head office under the browser tests: a nurse, a caregiver, patients, alerts and recordings."""

from __future__ import annotations

import io
import wave
from contextlib import AsyncExitStack, aclosing
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
from playwright.async_api import Page
from psycopg.types.json import Jsonb

from deploy.demo.care import care_accounts, verify_inbox
from deploy.demo.seed import password_in
from shared import device_tokens
from shared.clock import Clock
from shared.ids import new_id
from tests.browser.stage import TABLET, Floor, sign_in, signed_in

HOUR_MS = 3_600_000
ANALYSED = 99
"""Version of an analysis a test writes: after all the programs make."""
LISTED = "Ben Lindqvist"
"""How the caregiver is listed."""


class Medicine:
    """What a nurse, a caregiver and devices do beside the browser."""

    def __init__(self, floor: Floor, nurse: httpx.AsyncClient, caregiver: httpx.AsyncClient) -> None:
        self.floor = floor
        self.nurse = nurse
        self.caregiver = caregiver

    @classmethod
    async def of(cls, floor: Floor, stack: AsyncExitStack) -> Medicine:
        """Have the accounts, and sign in with them."""
        stage = floor.stage
        await care_accounts(stage)
        people = [
            await stack.enter_async_context(aclosing(await sign_in(stage.cloud_url, account)))
            for account in (stage.clinic.nurse, stage.clinic.caregiver)
        ]
        return cls(floor, *people)

    @property
    def site(self) -> str:
        """The clinic."""
        return self.floor.stage.clinic.site

    async def page(self, who: httpx.AsyncClient, path: str, size: tuple[int, int] = TABLET) -> Page:
        """A page of head office, opened by somebody."""
        page = await self.floor.visitor(size, storage_state=signed_in(who))
        await page.goto(self.floor.stage.cloud_url + path)
        return page

    async def patient_page(self, person_id: str, more: str = "", size: tuple[int, int] = TABLET) -> Page:
        """The page of a patient, opened by the nurse."""
        return await self.page(self.nurse, f"/pages/patient?site={self.site}&id={person_id}{more}", size)

    async def patient(self, name: str, **more: Any) -> str:
        """Somebody is registered at the clinic; their id, once head office knows them."""
        body = {"name": name, "phone": "+15559901", **more}
        person = (await self.floor.edge.post("/api/v1/patients/", json=body)).raise_for_status().json()["id"]

        async def known() -> bool:
            return (await self.nurse.get(f"/api/v1/patients/{person}")).is_success

        await self.floor.until("head office knows the patient", known)
        return str(person)

    async def plan(self, person: str, *minutes: int, medication: str = "Metformin", **more: Any) -> str:
        """A plan of one medicine, a dose so many minutes from now each, or at the ends of today; its id."""
        now = datetime.now(UTC)
        over = now.hour * 60 + now.minute
        today = [min(max(over + by, 0), 24 * 60 - 1) for by in minutes]
        times = sorted({f"{at // 60:02}:{at % 60:02}" for at in today})
        item = {"medication": medication, "unit": "tablet", "dose": 1, "timing": {"times_of_day": times}, **more}
        start = (now - timedelta(days=1)).date().isoformat()
        body = {"patient_id": person, "start": start, "timezone": "UTC", "items": [item]}
        answer = await self.nurse.post("/api/v1/medication-plans", json=body)
        assert answer.is_success, answer.text
        return str(answer.json()["id"])

    async def look_after(self, person: str) -> None:
        """The caregiver is listed for a patient, by the name they sign in with."""
        body = {"name": LISTED, "relation": "neighbour", "account": self.floor.stage.clinic.caregiver["username"]}
        (await self.nurse.post(f"/api/v1/patients/{person}/caregivers", json=body)).raise_for_status()

    async def nobody_is_looked_after(self) -> None:
        """The caregiver is listed for no one: the beginning of a test."""
        await self.write("delete from patient_caregiver where site = %s", self.site)

    async def no_alerts(self) -> None:
        """Nothing is open: the beginning of a test."""
        await self.write("update alert_logs set is_open = false, ended_ms = raised_ms where is_open")

    async def forget_channels(self) -> None:
        """The caregiver has no channel."""
        for one in (await self.caregiver.get("/api/v1/notifications/channels")).raise_for_status().json():
            (await self.caregiver.delete(f"/api/v1/notifications/channels/{one['id']}")).raise_for_status()

    async def caregiver_is_told_at_the_inbox(self) -> None:
        """The caregiver has one channel, verified: a webhook of the stage."""
        self.floor.stage.clinic.care.pop("inbox", None)
        await verify_inbox(self.floor.stage)

    async def alert(self, person: str | None, title: str, **more: Any) -> str:
        """Head office raises an alert about a patient; its id."""
        now_ms, id_ = Clock.life().now_ms(), new_id()
        row = {
            "site": self.site, "alert_id": id_, "source": "cloud", "person_id": person, "topic": "missed_dose",
            "severity": "warning", "title": title, "hint": "Ask the person.", "audience": "caregiver", "raised_ms": now_ms,
            "expires_ms": now_ms + HOUR_MS, **more,
        }  # fmt: skip
        await self.insert("alert_logs", row)
        await self.write("select pg_notify('outpost_alerts', %s)", self.site)
        return id_

    async def recording(
        self, person: str, transcript: str, *items: dict[str, Any], seconds: float = 6.0, **result: Any
    ) -> str:
        """A device of the patient brings a sound; what was found in it is written as an analysis would; the note's id.

        result: columns of `llm_results`, such as needs_human.
        """
        stage = self.floor.stage
        body = {"kind": "dispenser", "name": "Kitchen", "patient_id": person, "reach": "direct"}
        key = device_tokens.new_key()
        await care_manager(self.floor)
        async with aclosing(await sign_in(stage.cloud_url, MANAGER)) as manager:
            made = (await manager.post("/api/v1/devices", json=body)).raise_for_status().json()
        async with httpx.AsyncClient(base_url=stage.cloud_url, trust_env=False) as device:
            claim = {"claim_code": made["claim_code"], "public_key_pem": device_tokens.public_of(key)}
            device_id = (await device.post("/api/v1/devices/claim", json=claim)).raise_for_status().json()["device_id"]
            token = {"Authorization": f"Bearer {device_tokens.sign(key, device_id)}"}
            form = {"boot_id": "00000000000000b1", "device_seq": "1", "purpose": "note"}
            sound = {"audio": ("note.wav", wav(seconds), "audio/wav")}
            answer = await device.post("/api/v1/voice", data=form, files=sound, headers=token)
            assert answer.is_success, answer.text
        note_id = str(answer.json()["interaction_id"])

        async def analysed() -> bool:
            found = (await self.nurse.get(f"/api/v1/voice/{note_id}")).raise_for_status().json()
            return bool(found["status"] != "stored")

        await self.floor.until("the recording has been looked at", analysed)
        await self.write(
            "update interaction_logs set transcript = %s, status = 'analysed' where interaction_id = %s",
            transcript,
            note_id,
        )
        row = {
            "site": self.site, "pipeline": "note", "subject_id": note_id, "version": ANALYSED, "job_key": new_id(),
            "person_id": person, "source": "model", "model": "made-up", "prompt_version": "1", "schema_version": "1",
            "transcript": transcript, "urgency": 5, "items": Jsonb(list(items)), "created_ms": Clock.life().now_ms(), **result,
        }  # fmt: skip
        await self.insert("llm_results", row)
        return note_id

    async def asked(self, note_id: str, person: str, quote: str, **more: Any) -> None:
        """A question in a recording was answered, as the pipelines write it."""
        row = {
            "site": self.site, "question_id": new_id(), "note_id": note_id, "version": ANALYSED, "person_id": person,
            "topic": "when", "medication": "Metformin", "quote": quote, "answer": "By your plan: Metformin at 08:00.",
            "answered_from": "plan", "sources": Jsonb(["i1"]), "language": "en", "asked_ms": 1, **more,
        }  # fmt: skip
        await self.insert("medication_question_logs", row)

    async def insert(self, table: str, row: dict[str, Any]) -> None:
        """A row of head office's database, as its programs would write it."""
        names = ", ".join(row)
        await self.write(f"insert into {table} ({names}) values ({', '.join(['%s'] * len(row))})", *row.values())

    async def write(self, query: str, *values: object) -> None:
        """Change head office's database as its programs would."""
        async with await psycopg.AsyncConnection.connect(self.floor.stage.database_url, autocommit=True) as conn:
            await conn.execute(query.encode(), values)


MANAGER = {"username": "mia", "password": ""}
"""A manager of the clinic at head office, who adds devices; the password is made with it."""


async def care_manager(floor: Floor) -> None:
    """Have the manager's account, once."""
    if "manager" not in floor.made:
        told = await floor.stage.tool("cloud", "account", "add", MANAGER["username"], "--role", "manager")
        MANAGER["password"] = password_in(told)
        floor.made.add("manager")


def wav(seconds: float, rate: int = 16_000) -> bytes:
    """A WAV file of a quiet saw tooth."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(b"".join((n % 64 * 16).to_bytes(2, "little") for n in range(int(seconds * rate))))
    return file.getvalue()
