"""A head office with patients for tests of care: real PostgreSQL, real HTTP, time that a test can move on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from shared import device_tokens
from shared.clock import Clock, to_ms
from shared.doses.expansion import Occurrence, occurrences
from shared.doses.plan import plan_of
from tests.office import Office, person, running, until

ZONE = ZoneInfo("Europe/Madrid")
NINE = datetime(2026, 11, 20, 9, 0, tzinfo=ZONE)
NINE_MS = to_ms(NINE)
MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
ANA, BEN, CAM = (f"01935b5a-0000-7000-8000-0000000000f{number}" for number in (1, 2, 3))
"""Ana and Ben are patients of alpha, Cam of beta; all are made up."""
METFORMIN = {
    "medication": "Metformin", "dose": 1, "unit": "tablet", "timing": {"times_of_day": ["10:00", "20:00"]},
    "policy_class": "STANDARD", "instructions": {"en": "With food.", "es": "Con comida."},
}  # fmt: skip
BOOT = "00000000000000b1"


def plan_body(patient_id: str = ANA, **more: Any) -> dict[str, Any]:
    """A plan of metformin at 10:00 and 20:00, from 20 November 2026."""
    return {
        "patient_id": patient_id,
        "start": "2026-11-20",
        "timezone": "Europe/Madrid",
        "items": [METFORMIN],
        **more,
    }


def dose_data(one: Occurrence, person_id: str, status: str, at_ms: int, **more: Any) -> dict[str, Any]:
    """The data of a clinic's event about a dose."""
    return {
        "person_id": person_id, "plan_id": one.plan_id, "item_id": one.item_id, "step": one.step, "revision": one.revision,
        "medication": one.medication, "quantity": one.quantity, "unit": one.unit, "policy_class": "STANDARD",
        "critical": False, "nominal_local": one.nominal_local, "tz": one.tz, "due_at": one.due_at_ms,
        "window_open": one.window_open_ms, "on_time_until": one.on_time_until_ms, "miss_at": one.miss_at_ms,
        "status": status, "status_since": at_ms, "announced_n": 1, "taken_at": None, "source": None, "reason": "",
        "device_id": None, "compartment": None, "snoozed_until": None, **more,
    }  # fmt: skip


def dose_event(dose_id: str | None, person_id: str, act: str, at_ms: int, **more: Any) -> dict[str, Any]:
    """The data of a clinic's line about what was done."""
    return {
        "dose_id": dose_id, "person_id": person_id, "item_id": "item-1", "act": act, "source": "button", "at": at_ms,
        "uncertainty_s": 1, "quantity": 1, "reason": "", "device_id": None, "boot_id": None, "device_seq": None,
        "note_id": None, "received_at": at_ms, "supersedes": None, **more,
    }  # fmt: skip


def note_data(person_id: str | None, at_ms: int, **more: Any) -> dict[str, Any]:
    """The data of a recording."""
    return {
        "person_id": person_id, "device_id": "dev-1", "recorded_at": at_ms, "sha256": "ab" * 32, "bytes": 64_000,
        "seconds": 2.0, "media_type": "audio/wav", "language": "en", "purpose": "note", "heard": None, "dose_id": None,
        "boot_id": BOOT, "device_seq": 1, "uploaded": False, **more,
    }  # fmt: skip


def alert_data(person_id: str | None, at_ms: int, **more: Any) -> dict[str, Any]:
    """The data of an alert of care."""
    return {
        "person_id": person_id, "topic": "missed_dose", "severity": "warning", "title": "Ana missed: Metformin", "body": "",
        "hint": "Ask the person.", "dose_ids": [], "device_id": None, "note_id": None, "rung": 3, "audience": "caregiver",
        "critical": False, "tries": 1, "raised_at": at_ms, "expires_at": at_ms + DAY_MS, "acked_by": None, "acked_at": None,
        "open": True, **more,
    }  # fmt: skip


@dataclass
class CareOffice:
    """Head office, clinics alpha and beta, patients, and people to sign in as."""

    office: Office
    clock: Clock
    _headers: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def now_ms(self) -> int:
        """Domain time."""
        return self.clock.now_ms()

    def pass_time(self, minutes: float) -> None:
        """Let domain time go on."""
        self.clock.start_ms += int(minutes * MINUTE_MS)

    async def look(self) -> None:
        """The dose clock looks, and has done what it saw when this returns."""
        await self.office.parts.care.dose_clock.tick(wait=True)

    async def ask(self, who: str, method: str, path: str, status: int = 200, **more: Any) -> Any:
        """Ask as somebody; the answer's JSON. Fails where the status is another one."""
        answer = await self.raw(who, method, path, **more)
        assert answer.status_code == status, (answer.status_code, answer.text)
        return answer.json() if answer.content else None

    async def raw(self, who: str, method: str, path: str, **more: Any) -> Any:
        """Ask as somebody; the whole answer."""
        if who not in self._headers:
            self._headers[who] = await self.office.bearer(who) if who else {}
        headers = {**self._headers[who], **more.pop("headers", {})}
        return await self.office.http.request(method, f"/api/v1{path}", headers=headers, **more)

    async def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What the database holds."""
        async with self.office.pool.transaction() as conn:
            return await (await conn.execute(query, values)).fetchall()

    async def wait(self, query: str, *values: object, count: int = 1) -> list[tuple[Any, ...]]:
        """Wait until so many rows are found."""

        async def there() -> bool:
            return len(await self.rows(query, *values)) == count

        await until(there)
        return await self.rows(query, *values)

    async def doses(self, plan: dict[str, Any], from_ms: int, until_ms: int) -> list[Occurrence]:
        """What a clinic makes of a plan."""
        names = ("start", "end", "timezone", "tz_policy", "pre_notice_min", "items")
        body = {name: plan[name] for name in names if plan.get(name) is not None}
        made = plan_of(body, id=plan["id"], person_id=plan["patient_id"], revision=plan["revision"])
        return occurrences(made, from_ms, until_ms)

    async def applied(self, plan: dict[str, Any], version: int = 1) -> None:
        """The clinic says that it follows the plan."""
        names = ("start", "end", "timezone", "tz_policy", "items")
        data = {
            "person_id": plan["patient_id"], "revision": plan["revision"], "status": "active", "reason": "",
            "plan": {name: plan[name] for name in names if plan.get(name) is not None},
        }  # fmt: skip
        await self.office.event(plan["site"], "plan_applied", plan["id"], data, version)

    async def caregiver(self, account: str, person_id: str = ANA, **more: Any) -> dict[str, Any]:
        """A caregiver with an account of their own."""
        await self.office.person(account, "caregiver", ["alpha"])
        body = {"name": account.title(), "account": account, **more}
        added: dict[str, Any] = await self.ask("mia", "POST", f"/patients/{person_id}/caregivers", 201, json=body)
        return added

    async def device(self, person_id: str | None = ANA, **more: Any) -> Dispenser:
        """A device that reaches head office, claimed by its own key."""
        body = {"kind": "dispenser", "name": "Kitchen", "patient_id": person_id, "reach": "direct", **more}
        made = await self.ask("mia", "POST", "/devices", 201, json=body)
        key = device_tokens.new_key()
        claim = {"claim_code": made["claim_code"], "public_key_pem": device_tokens.public_of(key)}
        claimed = await self.ask("", "POST", "/devices/claim", json=claim)
        return Dispenser(self, claimed["device_id"], key)


@dataclass
class Dispenser:
    """A device with its key."""

    care: CareOffice
    id: str
    key: str
    seq: int = 0

    async def raw(self, method: str, path: str, **more: Any) -> Any:
        """Ask with its own credential."""
        headers = {"Authorization": f"Bearer {device_tokens.sign(self.key, self.id)}", **more.pop("headers", {})}
        return await self.care.office.http.request(method, f"/api/v1{path}", headers=headers, **more)

    async def ask(self, method: str, path: str, status: int = 200, **more: Any) -> Any:
        """The answer's JSON."""
        answer = await self.raw(method, path, **more)
        assert answer.status_code == status, (answer.status_code, answer.text)
        return answer.json() if answer.content else None

    def event(self, kind: str, at_ms: int | None = None, **more: Any) -> dict[str, Any]:
        """Its next event."""
        self.seq += 1
        at = self.care.now_ms if at_ms is None else at_ms
        return {"boot_id": BOOT, "device_seq": self.seq, "kind": kind, "at": at, "mono_ms": 1000 * self.seq, **more}

    async def tell(self, *events: dict[str, Any]) -> Any:
        """Send events."""
        return await self.ask("POST", f"/devices/{self.id}/events", json={"events": list(events)})

    async def beat(self) -> Any:
        """Say that it is there."""
        return await self.ask(
            "POST", f"/devices/{self.id}/heartbeat", json={"boot_id": BOOT, "mono_ms": 1, "battery": 80}
        )

    async def schedule(self) -> list[dict[str, Any]]:
        """Fetch its doses."""
        answer = await self.ask("GET", f"/devices/{self.id}/schedule")
        doses: list[dict[str, Any]] = answer["doses"]
        return doses


@asynccontextmanager
async def caring(pg_uri: str, folder: Path, **more: Any) -> AsyncIterator[CareOffice]:
    """Mia manages alpha, Nina is a nurse of alpha, Bo manages beta, Olga is of head office. It is nine in Madrid."""
    clock = Clock.starting_at(NINE, 1.0001)  # nobody's to set
    async with running(pg_uri, folder, clock, **more) as office:
        care = CareOffice(office, clock)
        for site in ("alpha", "beta"):
            await office.site(site)
        for name, role, sites in (
            ("mia", "manager", ["alpha"]), ("nina", "nurse", ["alpha"]), ("bo", "manager", ["beta"]), ("olga", "office", None),
        ):  # fmt: skip
            await office.person(name, role, sites)
        for site, person_id, name in (("alpha", ANA, "Ana Ruiz"), ("alpha", BEN, "Ben Gil"), ("beta", CAM, "Cam Sol")):
            await office.event(site, "person_added", person_id, person(name))
        await care.wait("select 1 from persons", count=3)
        async with office.pool.transaction() as conn:
            for site in ("alpha", "beta"):
                await conn.execute(
                    "insert into site_state (site, epoch, heard_ms, path, unsent, status, boot, version, clock_now_ms,"
                    " clock_mono_ms, clock_trust, timezone) values (%s, '00000000000000e1', %s, 'https', '{}', 'ok', 'b', '1',"
                    " 0, 0, 's', 'Europe/Madrid')",
                    (site, NINE_MS),
                )
        yield care
