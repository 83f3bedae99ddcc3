"""Sounds of recordings at head office: brought in pieces by clinics and devices, or whole in a form; played; let go.

A sound lies on disk under its SHA-256 (`shared/blobs.py`); `blobs` has a row for each site that has brought all of it, and
only these may hear it. All processes of one head office share the folder.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final, NamedTuple

import psycopg
import psycopg_pool
import structlog

from cloud.care.devices import Asking
from cloud.db.pool import NOTES, Connection, Pool, notify
from cloud.records import conversations
from shared.blobs import Blobs, NoRoom, Standing, TooLarge, WrongHash
from shared.clock import Clock
from shared.device_api import AUDIO_BYTES_MAX, COMMAND_S_MAX, NOTE_S_MAX, VoiceAnswer, VoiceFields
from shared.doses.localtime import DAY_MS
from shared.ids import new_id
from shared.problems import Problem
from shared.sounds import SoundFacts, UnknownSound, facts_of
from shared.uploads import no_room

TIDY_S: Final = 600.0
TIDY_BATCH: Final = 500
PAST_MS_MAX: Final = 14 * DAY_MS

log = structlog.get_logger(__name__)


class Stand(NamedTuple):
    """Bytes of a sound that are here, and whether that is all of it."""

    offset: int
    whole: bool


class Sounds:
    """keep_days: how long a sound stays. `run` until cancelled lets those go that are past it."""

    def __init__(self, pool: Pool, clock: Clock, folder: Path, keep_days: int, owner: str = "") -> None:
        self._pool, self._clock, self._keep_ms = pool, clock, keep_days * DAY_MS
        self.blobs = Blobs(folder, owner=owner)

    async def standing(self, site: str, sha256: str) -> int:
        """Where a site stands with a sound: 0 for one it has brought nothing of."""
        row = await self._row(site, sha256)
        if row is not None and row[1] is not None:
            return int(row[0])
        return await asyncio.to_thread(lambda: self.blobs.standing(site, sha256, proof=True))

    async def take(self, site: str, sha256: str, offset: int, total: int, data: bytes) -> Stand:
        """Keep a piece. Raises Problem 409 (with `offset`, where we stand), 413, 422 (begin anew), 503 (no room)."""
        row = await self._row(site, sha256)
        if row is not None and row[1] is not None:
            return Stand(int(row[0]), True)
        try:
            have, whole = await asyncio.to_thread(
                lambda: self.blobs.append(site, sha256, offset, total, data, AUDIO_BYTES_MAX, proof=True)
            )
        except Standing as error:
            raise Problem(
                409, f"The next byte is {error.offset}.", code="offset", headers={"Upload-Offset": str(error.offset)},
                offset=error.offset, hint="Go on from there.",
            ) from error  # fmt: skip
        except TooLarge as error:
            raise Problem(413, f"A sound has at most {AUDIO_BYTES_MAX} bytes.") from error
        except WrongHash as error:
            raise Problem(422, "It is not what its SHA-256 says.", code="wrong_hash", hint="Send it anew.") from error
        except NoRoom as error:
            raise no_room() from error
        async with self._pool.transaction() as conn:
            await self._keep(conn, site, sha256, total, have, whole=whole)
        return Stand(have, whole)

    async def note(self, device: Asking, sha256: str, about: VoiceFields, *, brought: bool) -> VoiceAnswer:
        """Note a recording of a device. brought: its sound came with it. The same number again gets the same answer.

        Raises Problem 409 for a sound that is not here, 413 for one that is too long, 415 for no sound.
        """
        row = await self._row(device.site, sha256)
        path = self.blobs.path(sha256) if brought or (row is not None and row[1] is not None) else None
        if path is None:
            raise Problem(409, "This sound is not here.", code="not_here", hint="Send the sound first.")
        try:
            facts = await asyncio.to_thread(_checked, path, about.purpose)
        except Problem:
            await self._drop_unknown(sha256)
            raise
        size, now_ms = (await asyncio.to_thread(path.stat)).st_size, self._clock.now_ms()
        recorded_ms = now_ms if about.recorded_at is None else min(max(about.recorded_at, now_ms - PAST_MS_MAX), now_ms)
        async with self._pool.transaction() as conn:
            await conn.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"device/{device.id}",))
            found = await conn.execute(
                "select interaction_id, sha256 from interaction_logs where site = %s and device_id = %s"
                " and ((boot_id = %s and device_seq = %s) or (%s and sha256 = %s))",
                (device.site, device.id, about.boot_id, about.device_seq, about.device_seq is None, sha256),
            )
            known = await found.fetchone()
            if known is not None:
                return VoiceAnswer(interaction_id=known[0], sha256=known[1])
            await self._keep(conn, device.site, sha256, size, size, whole=True)
            note_id = new_id()
            await conn.execute(
                "insert into interaction_logs (site, interaction_id, person_id, device_id, recorded_ms, sha256, bytes, seconds,"
                " media_type, language, purpose, dose_id, boot_id, device_seq, uploaded)"
                " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, (select dose_id from dose_occurrences where site = %s"
                " and dose_id = %s and person_id = %s), %s, %s, true)",
                (device.site, note_id, device.person_id, device.id, recorded_ms, sha256, size, round(facts.seconds, 2),
                 facts.media_type, about.language, about.purpose, device.site, about.occurrence_id, device.person_id,
                 about.boot_id, about.device_seq),
            )  # fmt: skip
            if device.person_id is not None:
                await conversations.regroup(conn, device.site, device.person_id, recorded_ms)
        return VoiceAnswer(interaction_id=note_id, sha256=sha256)

    async def path(self, site: str, sha256: str | None) -> Path:
        """Where a recording's sound lies. Raises Problem 404 while it is still at the clinic, 410 once it was let go."""
        row = None if sha256 is None else await self._row(site, sha256, gone_too=True)
        if sha256 is None or row is None or (row[1] is None and row[2] is None):
            raise Problem(404, "The sound is not here yet.", code="not_here_yet", hint="Ask again, or at the clinic.")
        path = None if row[2] is not None else self.blobs.path(sha256)
        if path is None:
            raise Problem(
                410, "This sound is not kept any more.", code="gone", hint="What was understood is still there."
            )
        return path

    async def run(self) -> None:
        """Let old sounds go, again and again."""
        while True:
            try:
                await self.tidy()
            except (psycopg.OperationalError, psycopg_pool.PoolTimeout) as error:
                log.warning("sounds_without_database", error=type(error).__name__)
            await asyncio.sleep(TIDY_S)

    async def tidy(self) -> int:
        """Let go of sounds past their time, and of those of erased people; returns how many files went.

        Raises psycopg.Error.
        """
        now_ms = self._clock.now_ms()
        async with self._pool.transaction() as conn:
            await conn.execute(
                "update blobs set gone_ms = %s where gone_ms is null and coalesce(complete_ms, created_ms) < %s",
                (now_ms, now_ms - self._keep_ms),
            )
            found = await conn.execute(
                "select distinct sha256 from blobs b where gone_ms is not null and received > 0 and not exists (select 1 from"
                " blobs o where o.sha256 = b.sha256 and o.gone_ms is null and o.complete_ms is not null) limit %s",
                (TIDY_BATCH,),
            )
            names = [row[0] for row in await found.fetchall()]
            gone = await asyncio.to_thread(lambda: sum(self.blobs.remove(name) > 0 for name in names))
            await conn.execute("update blobs set received = 0 where gone_ms is not null and sha256 = any(%s)", (names,))
        return gone

    async def _keep(self, conn: Connection, site: str, sha256: str, total: int, have: int, *, whole: bool) -> None:
        now_ms = self._clock.now_ms()
        await conn.execute(
            "insert into blobs (site, sha256, bytes, received, created_ms, complete_ms) values (%s, %s, %s, %s, %s, %s)"
            " on conflict (site, sha256) do update set bytes = excluded.bytes, received = excluded.received,"
            " complete_ms = coalesce(blobs.complete_ms, excluded.complete_ms), gone_ms = null",
            (site, sha256, total, have, now_ms, now_ms if whole else None),
        )
        if whole:
            await notify(conn, NOTES, site)

    async def _drop_unknown(self, sha256: str) -> None:
        """A file that is not taken, and that nobody else has brought."""
        async with self._pool.transaction() as conn:
            found = await conn.execute("select 1 from blobs where sha256 = %s limit 1", (sha256,))
            if await found.fetchone() is None:
                await asyncio.to_thread(self.blobs.remove, sha256)

    async def _row(self, site: str, sha256: str, *, gone_too: bool = False) -> tuple[Any, ...] | None:
        async with self._pool.transaction() as conn:
            found = await conn.execute(
                "select bytes, complete_ms, gone_ms from blobs where site = %s and sha256 = %s and (%s or gone_ms is null)",
                (site, sha256, gone_too),
            )
            return await found.fetchone()


def _checked(path: Path, purpose: str) -> SoundFacts:
    """What kind of sound it is, if it is one that is taken. Raises Problem 413, 415."""
    try:
        facts = facts_of(path)
    except UnknownSound as error:
        raise Problem(415, f"{error}.", hint="Send WAV, FLAC or Ogg.") from error
    seconds_max = COMMAND_S_MAX if purpose == "command" else NOTE_S_MAX
    if facts.seconds > seconds_max:
        raise Problem(413, f"A {purpose} lasts at most {seconds_max} s.", hint="Send it as a note, or in parts.")
    return facts
