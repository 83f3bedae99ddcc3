"""A whole cloud process for tests, inside the test's own loop: real PostgreSQL, real HTTP and WebSocket on loopback.

`running` starts it; `Office` signs people in, puts events where ingest puts them, and makes clinics' keys.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import jwt
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from psycopg.types.json import Jsonb

from cloud import main
from cloud.accounts import people
from cloud.db import epochs
from cloud.db.pool import EVENTS, Pool, notify
from cloud.settings import Settings
from shared import passwords
from shared.clock import Clock, wall_s
from shared.events import BROADCAST_FIELDS, DOCTOR_FIELDS, KINDS, PERSON_FIELDS, SLOT_FIELDS, VISIT_FIELDS
from tests import quick as quick

PASSWORD = "correct horse 7"
HASH = passwords.hash_password(PASSWORD)
EPOCH = "00000000000000e1"
WAIT_S = 10.0


async def until(what: Callable[[], Awaitable[bool]], wait_s: float = WAIT_S) -> None:
    """Wait for a condition, at most `wait_s`."""
    async with asyncio.timeout(wait_s):
        while not await what():
            await asyncio.sleep(0.02)


@dataclass
class Device:
    """A clinic's key, and what it signs with it."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def csr(self) -> str:
        """A signing request."""
        request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(self.key, hashes.SHA256())
        return request.public_bytes(serialization.Encoding.PEM).decode()

    def token(self, name: str, lifetime_s: int = 300, ago_s: int = 0, algorithm: str = "ES256") -> str:
        """What it shows over HTTPS."""
        now = int(wall_s()) - ago_s
        body = {"sub": name, "iat": now, "exp": now + lifetime_s, "jti": str(now)}
        return jwt.encode(body, self.key if algorithm == "ES256" else "x" * 32, algorithm=algorithm)


@dataclass
class Office:
    """A running cloud."""

    parts: main.Parts
    url: str
    http: httpx.AsyncClient
    _seqs: dict[tuple[str, str, int], itertools.count[int]] = field(default_factory=dict)

    @property
    def pool(self) -> Pool:
        """Its pool."""
        return self.parts.pool

    async def person(self, name: str, role: str = "office_admin", sites: list[str] | None = None) -> str:
        """Add an account with PASSWORD."""
        async with self.pool.transaction() as conn:
            return await people.add(conn, self.parts.clock, name, HASH, [role], sites)

    async def bearer(self, name: str) -> dict[str, str]:
        """Sign in; the headers of a program."""
        answer = await self.http.post("/api/v1/auth/login", json={"username": name, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    async def cookie(self, name: str) -> str:
        """Sign in as a page does; the cookie header."""
        answer = await self.http.post(
            "/api/v1/auth/login", json={"username": name, "password": PASSWORD, "cookie": True}
        )
        assert answer.status_code == 200, answer.text
        secret = answer.cookies["outpost_office"]
        self.http.cookies.clear()
        return f"outpost_office={secret}"

    async def site(self, site: str, name: str = "", epoch: str = EPOCH) -> None:
        """Add a site that has a store."""
        await self.parts.sites.add(site, name or site.title(), "test")
        async with self.pool.transaction() as conn:
            await epochs.register(conn, site, epoch, self.parts.clock.now_ms())

    async def event(self, site: str, kind: str, id_: str, data: dict[str, Any], version: int = 1, **more: Any) -> None:
        """Keep an event as ingest keeps it, move the cursor and tell."""
        epoch, lane = more.get("epoch", EPOCH), int(more.get("lane", KINDS[kind].lane if kind in KINDS else 1))
        entity = more.get("entity", KINDS[kind].entity if kind in KINDS else "other")
        seq = next(self._seqs.setdefault((site, epoch, lane), itertools.count(1)))
        async with self.pool.transaction() as conn:
            await conn.execute(
                "insert into events values (%s, %s, %s, %s, %s, 'b', %s, 0, 's', %s, 1, 'test', 'c', %s, %s, %s, %s, 0)",
                (site, epoch, lane, seq, seq, self.parts.clock.now_ms(), kind, entity, id_, version, Jsonb(data)),
            )
            await conn.execute(
                "insert into cursors values (%s, %s, %s, %s, int8multirange(int8range(1, %s))) on conflict"
                " (site, epoch, lane) do update set upto = excluded.upto, received = excluded.received",
                (site, epoch, lane, seq, seq + 1),
            )
            await notify(conn, EVENTS, site)

    async def tile(self, site: str, headers: dict[str, str]) -> dict[str, Any]:
        """One tile of the overview."""
        answer = await self.http.get("/api/v1/chain", headers=headers)
        return next(tile for tile in answer.json()["sites"] if tile["site"] == site)


def visit(number: int, status: str = "waiting", **more: Any) -> dict[str, Any]:
    """The data of a visit of somebody who is here."""
    data = {
        **visit_of_before(number, status), "person_id": None, "slot_id": None, "slot_no": None, "holds_place": False,
        "over_capacity": False, "due_at": None, "delay_min": 0, "paid_at": None, "timer_at": None, "reason": "",
        "claimed_urgency": None, "doctor_chosen": False, "skips": 0, "pin": None, "language": None,
        "promised_low_s": None, "promised_high_s": None, **more,
    }  # fmt: skip
    assert set(data) == VISIT_FIELDS
    return data


def booked(number: int, **more: Any) -> dict[str, Any]:
    """The data of a visit of somebody who is to come."""
    return visit(number, "booked", **{"token": None, "arrived_at": None, **more})


def visit_of_before(number: int, status: str = "waiting", **more: Any) -> dict[str, Any]:
    """The data of a visit as it was before there was an appointment book."""
    return {
        "number": number, "token": f"A-{number:03}", "service": "A", "day": "2026-11-20", "status": status,
        "urgency": 5, "is_emergency": False, "category": "WALKIN", "doctor_id": None, "room": None,
        "created_at": 1000 + number, "arrived_at": 1000 + number, "called_at": None, "started_at": None,
        "ended_at": None, "recalls": 0, **more,
    }  # fmt: skip


def doctor(number: int, **more: Any) -> dict[str, Any]:
    """The data of a doctor."""
    data = {
        **doctor_of_before(number), "code": f"DOC{number:03d}", "policy": None, "policy_options": {}, "created_at": 1,
        **more,
    }  # fmt: skip
    assert set(data) == DOCTOR_FIELDS
    return data


def doctor_of_before(number: int, **more: Any) -> dict[str, Any]:
    """The data of a doctor as it was before doctors had a code and a policy."""
    return {
        "number": number, "name": f"Dr {number}", "specialization": "", "service": "A", "room": str(number),
        "is_active": True, "is_on_break": False, **more,
    }  # fmt: skip


def person(name: str, **more: Any) -> dict[str, Any]:
    """The data of a person."""
    data = {
        "name": name, "phone": "+34 600 000 000", "email": "", "age": 45, "gender": "female", "language": "en",
        "notify": False, "created_at": 1, "erased": False, **more,
    }  # fmt: skip
    assert set(data) == PERSON_FIELDS
    return data


def slot(doctor_id: str, **more: Any) -> dict[str, Any]:
    """The data of a slot."""
    data = {
        "doctor_id": doctor_id, "day": "2026-11-20", "start_at": HOUR_MS, "end_at": 2 * HOUR_MS, "max_capacity": 4,
        "status": "ACTIVE", "own_delay_min": 0, "delay_min": 0, "lent": 0, "created_at": 1, **more,
    }  # fmt: skip
    assert set(data) == SLOT_FIELDS
    return data


def broadcast(doctor_id: str, **more: Any) -> dict[str, Any]:
    """The data of a message to everybody of a doctor's day."""
    data = {
        "doctor_id": doctor_id, "day": "2026-11-20", "message": "The doctor is late.", "priority": "high",
        "delay_min": 20, "sent_at": 5000, "ended_at": None, **more,
    }  # fmt: skip
    assert set(data) == BROADCAST_FIELDS
    return data


HOUR_MS = 3_600_000
DAY = {"day": "2026-11-20", "first_numbers": {"A": 1}}


@asynccontextmanager
async def running(pg_uri: str, folder: Path, clock: Clock | None = None, **more: Any) -> AsyncIterator[Office]:
    """Start a cloud; it is gone afterwards."""
    settings = Settings(**{"database_url": pg_uri, "data": folder / "cloud", "port": 0, **more})
    async with main.assemble(settings, clock or Clock.life(), serving=True) as parts:
        config = uvicorn.Config(
            main.create_app(parts), port=0, lifespan="off", log_config=None, timeout_graceful_shutdown=1
        )
        server = main.Server(config, parts.close)
        work = asyncio.create_task(main.run_parts(parts))
        serving = asyncio.create_task(server.serve())
        try:
            async with asyncio.timeout(WAIT_S):
                while not server.started:
                    await asyncio.sleep(0.01)
            port = server.servers[0].sockets[0].getsockname()[1]
            url = f"http://127.0.0.1:{port}"
            async with httpx.AsyncClient(base_url=url, timeout=WAIT_S) as client:
                yield Office(parts, url, client)
        finally:
            server.stop()
            await serving
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
