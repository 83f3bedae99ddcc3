"""Pipelines over a real PostgreSQL and the stand-in provider, with notes put where care puts them."""

from __future__ import annotations

import hashlib
import io
import math
import struct
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg.types.json import Jsonb

from cloud.db.pool import NOTES, Pool, open_pool
from cloud.llm.jobs import Options
from cloud.llm.service import Choice, Pipelines
from cloud.mailbox.service import Mailbox
from shared.clock import Clock
from shared.ids import new_id
from tests.office import until
from tests.provider import Stand

SITE = "alpha"
PATIENT = "01935b5a-0000-7000-8000-0000000000f1"
NAME = "Teresa Mendoza"
NOW_MS = 1_763_640_000_000
BIG, SMALL = "groq:openai/gpt-oss-120b", "groq:openai/gpt-oss-20b"
QUICK = Options(workers=2, stalled_s=1.0, look_s=0.2, heartbeat_s=0.3)


def tone(seconds: float = 1.0, loudness: float = 0.3) -> bytes:
    """A WAV that is no silence; with loudness 0 one that is."""
    rate = 8_000
    samples = [int(32_767 * loudness * math.sin(at / 8)) for at in range(int(rate * seconds))]
    made = io.BytesIO()
    with wave.open(made, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return made.getvalue()


@dataclass
class Bench:
    """Everything a test of pipelines needs."""

    pipelines: Pipelines
    pool: Pool
    clock: Clock
    data: Path

    async def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What the database holds."""
        async with self.pool.transaction() as conn:
            return await (await conn.execute(query, values)).fetchall()

    async def do(self, query: str, *values: object) -> None:
        """Change the database."""
        async with self.pool.transaction() as conn:
            await conn.execute(query, values)

    async def patient(self) -> None:
        """PATIENT, her caregiver and her doctor."""
        await self.do("insert into sites (site, name, created_ms) values (%s, 'Alpha', 1) on conflict do nothing", SITE)
        await self.do(
            "insert into persons (site, person_id, ordinal, version, name, phone, email, age, language, notify, created_ms,"
            " erased) values (%s, %s, 1, 1, %s, '+34600111222', '', 67, 'en', false, 1, false)",
            SITE, PATIENT, NAME,
        )  # fmt: skip
        await self.do("insert into caregivers (site, caregiver_id, name) values (%s, 'cg', 'Ramón Ortega')", SITE)
        await self.do(
            "insert into patient_caregiver (site, person_id, caregiver_id) values (%s, %s, 'cg')", SITE, PATIENT
        )

    async def note(self, heard: str | None = None, sound: bytes | None = b"", **more: Any) -> str:
        """A note of PATIENT; sound b"": a tone, None: not here yet. heard: words of the clinic's decoders."""
        note_id = new_id()
        sound = tone() if sound == b"" else sound
        sha256 = hashlib.sha256(sound).hexdigest() if sound is not None else None
        row = {
            "site": SITE, "interaction_id": note_id, "conversation_id": note_id, "person_id": PATIENT, "recorded_ms": NOW_MS,
            "sha256": sha256, "media_type": "audio/wav", "language": "en", "status": "stored",
            "heard": None if heard is None else Jsonb({"words": heard, "act": None, "red_flags": more.pop("flags", [])}),
            **more,
        }  # fmt: skip
        if sound is not None:
            await self.sound(sound)
        names = ", ".join(row)
        await self.do(f"insert into interaction_logs ({names}) values ({', '.join(['%s'] * len(row))})", *row.values())
        await self.do("select pg_notify(%s, %s)", NOTES, SITE)
        return note_id

    async def sound(self, sound: bytes) -> None:
        """Put a sound where uploads end."""
        sha256 = hashlib.sha256(sound).hexdigest()
        folder = self.data / "blobs"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / sha256).write_bytes(sound)
        await self.do(
            "insert into blobs (site, sha256, bytes, created_ms, complete_ms) values (%s, %s, %s, 1, 1) on conflict do nothing",
            SITE, sha256, len(sound),
        )  # fmt: skip

    async def status(self, note_id: str, *wanted: str) -> str:
        """Wait until a note is in one of these states."""
        found = ""

        async def there() -> bool:
            nonlocal found
            found = (await self.rows("select status from interaction_logs where interaction_id = %s", note_id))[0][0]
            return found in wanted

        await until(there)
        return found

    async def result(self, note_id: str) -> dict[str, Any]:
        """The newest version of a note's analysis."""
        async with self.pool.transaction() as conn:
            found = await conn.execute(
                "select * from llm_results where subject_id = %s order by version desc limit 1", (note_id,)
            )
            row = await found.fetchone()
            assert row is not None and found.description is not None
            return dict(zip([one.name for one in found.description], row, strict=True))

    async def drained(self) -> None:
        """Do everything that waits, without a worker of its own: make jobs and run each once."""
        while await self.pipelines.look():
            pass
        for site, key in await self.rows(
            "select site, job_key from llm_jobs where state = 'queued' order by created_ms"
        ):
            await self.pipelines.jobs._work(site, key)


def choice(stand: Stand, **more: Any) -> Choice:
    """Both text models and a speech model of the stand-in, as Groq; the same stand-in is the server of one's own."""
    return Choice(**{
        "groq_key": "gsk_test", "groq_url": stand.url, "server_url": f"{stand.url}/v1", "timeout_s": 5.0, "text": (BIG, SMALL),
        "speech": ("groq:whisper-large-v3-turbo",), "budget_usd": 5.0, **more,
    })  # fmt: skip


@asynccontextmanager
async def bench(pg_uri: str, folder: Path, given: Choice, options: Options = QUICK) -> AsyncIterator[Bench]:
    """Pipelines that do not run by themselves: `drained` does what waits; or run `pipelines.run()`."""
    clock = Clock.life()
    pool = await open_pool(pg_uri, 6)
    pipelines = Pipelines(pool, clock, Mailbox(clock), folder, given, options)
    made = Bench(pipelines, pool, clock, folder)
    try:
        await made.patient()
        yield made
    finally:
        for provider in pipelines._providers.values():
            await provider.close()
        await pool.close()
