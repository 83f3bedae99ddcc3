"""A served clinic with Ana, a plan and a device that signs its requests, for tests of seed 002's paths."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from edge.app.voice_notes import Hears, VoiceNotes
from edge.web.wiring import Wiring
from shared import device_tokens
from tests.care import Care, clock_at
from tests.edge_web import Web, web

MOMENT = "2026-11-20T07:59"
BOOT = "00000000000000b1"
OPERATOR = {"Authorization": "Bearer operator-key"}


@dataclass
class Ward:
    """`device_id` is Ana's dispenser, `key` its private key; `nurse` the headers of a nurse."""

    site: Web
    care: Care
    device_id: str
    key: str
    nurse: dict[str, str]

    @property
    def http(self) -> httpx.AsyncClient:
        """A client without a credential."""
        return self.site.http

    def signed(self, key: str | None = None, device_id: str | None = None) -> dict[str, str]:
        """The device's credential."""
        token = device_tokens.sign(key or self.key, device_id or self.device_id)
        return {"Authorization": f"Bearer {token}"}

    def path(self, rest: str) -> str:
        """A path of the device's own."""
        return f"/api/v1/devices/{self.device_id}/{rest}"

    async def tell(self, *events: dict[str, Any], **headers: str) -> httpx.Response:
        """The device sends events."""
        return await self.http.post(
            self.path("events"), json={"events": list(events)}, headers={**self.signed(), **headers}
        )

    async def due(self) -> str:
        """The 08:00 dose is announced by the clinic's clock; its id."""
        await self.care.to("2026-11-20T08:00")
        return str(self.care.dose("2026-11-20T08:00")["id"])


def event(seq: int, kind: str = "button", **more: Any) -> dict[str, Any]:
    """An event of the device."""
    return {
        "boot_id": BOOT,
        "device_seq": seq,
        "kind": kind,
        "at": "2026-11-20T08:00:00Z",
        "mono_ms": seq * 1000,
        **more,
    }


@asynccontextmanager
async def served(
    folder: Path, hears: Hears | None = None, options: dict[str, Any] | None = None, *, key: str | None = None
) -> AsyncIterator[Ward]:
    """Serve the clinic. hears: its decoders.  key: of a device that was there before."""

    def change(wiring: Wiring) -> Wiring:
        if hears is None or wiring.notes is None:
            return wiring
        notes = VoiceNotes(wiring.dispatcher, wiring.open_reader, wiring.clock, wiring.notes.blobs, hears)  # type: ignore[arg-type]
        return replace(wiring, notes=notes)

    async with web(folder, clock_at(MOMENT), change, options) as site:
        care = await patient(site)
        try:
            if not site.it.rows("select 1 from devices"):
                await care.plan({"medication": "Metformin", "times": ["08:00", "20:00"], "compartment": 2,
                                 "instructions": {"en": "with food"}})  # fmt: skip
                await site.add_staff("nurse", "nurse")
            device_id, key = await claimed(site, care.person_id) if key is None else (_device(site), key)
            yield Ward(site, care, device_id, key, await site.bearer("nurse"))
        finally:
            care.clock.close()


async def patient(site: Web) -> Care:
    """Ana, registered at the desk."""
    known = site.it.rows("select id from persons")
    if known:
        return Care(site.it, known[0][0])
    body = {"name": "Ana Torres", "phone": "+15550100"}
    answer = await site.http.post("/api/v1/patients/", json=body, headers=OPERATOR)
    assert answer.status_code == 201, answer.text
    return Care(site.it, answer.json()["id"])


async def claimed(site: Web, person_id: str) -> tuple[str, str]:
    """A manager adds a dispenser for somebody, and it brings its key; its id and key."""
    body = {"kind": "dispenser", "name": "Kitchen", "patient_id": person_id}
    added = await site.http.post("/api/v1/devices", json=body, headers=OPERATOR)
    assert added.status_code == 201, added.text
    key = device_tokens.new_key()
    asked = {"claim_code": added.json()["claim_code"], "public_key_pem": device_tokens.public_of(key)}
    answer = await site.http.post("/api/v1/devices/claim", json=asked)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["device_id"]), key


def _device(site: Web) -> str:
    return str(site.it.rows("select id from devices where status = 'active'")[0][0])
