"""What people said, on its way to head office: by SHA-256, in pieces, gone on with where head office stands.

No lane and in no hurry: one recording at a time, the oldest first, with a pause of full jitter after whatever goes wrong. That
head office has a recording is a fact (`note_uploaded`). Afterwards the sound stays for some days, and then its file goes;
under a full disk what is uploaded goes first. A recording head office refuses is left, counted and told of once.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

import httpx
import structlog

from edge.app.dispatcher import NotDone, Outcome
from edge.domain.care_commands import NoteUploaded
from edge.domain.commands import Command
from edge.store import face_002 as rows
from edge.store.states import Row
from edge.sync.asking import Asking, Refused
from edge.sync.identity import Identity
from edge.sync.links import LinkDown
from shared.backoff import Backoff
from shared.blobs import Blobs, NoRoom
from shared.clock import Clock, transport_s

PIECE_BYTES: Final = 256 * 1024
LOOK_EVERY_S: Final = 5.0
"""Real seconds between two looks for recordings while there are none."""
TIDY_EVERY_S: Final = 300.0
BACK_OFF_S: Final = (1.0, 120.0)
ANSWER_S: Final = 60.0
AT_ONCE: Final = 20
"""Recordings taken from the list at a look."""
LEFT_MAX: Final = 1_000
PATH: Final = "/api/v1/blobs"
DAY_MS: Final = 24 * 3600 * 1000

log = structlog.get_logger("edge.blobs")


class Submit(Protocol):
    """The dispatcher."""

    async def submit(self, command: Command) -> Outcome:
        """Raises NotDone when nothing was kept."""


class BlobUploads:
    """`run` until cancelled. identity: the clinic's credential, once it has one; without, only old sounds are let go.

    keep_days: how long a sound stays here.
    """

    def __init__(
        self, dispatcher: Submit, open_reader: Callable[[], sqlite3.Connection], clock: Clock, blobs: Blobs,
        identity: Callable[[], Identity | None], keep_days: int, back_off_s: tuple[float, float] = BACK_OFF_S,
    ) -> None:  # fmt: skip
        self._dispatcher, self._clock, self._blobs = dispatcher, clock, blobs
        self._identity, self._keep_days, self._back_off_s = identity, keep_days, back_off_s
        self._open_reader = open_reader
        self._reader = open_reader()
        self._asking: Asking | None = None
        self.uploaded = 0
        self.sent_bytes = 0
        self.left: dict[str, str] = {}
        """Recordings head office will not take, or whose sound is not here any more, and why; at most LEFT_MAX."""

    async def run(self) -> None:
        """Upload and tidy up."""
        backoff = Backoff(*self._back_off_s)
        tidy_s = transport_s()
        try:
            while True:
                if transport_s() >= tidy_s:
                    tidy_s = transport_s() + TIDY_EVERY_S
                    await asyncio.to_thread(self.tidy)
                try:
                    busy = await self.step()
                    backoff.reset()
                    await asyncio.sleep(0 if busy else LOOK_EVERY_S)
                except (LinkDown, httpx.HTTPError, NotDone) as error:
                    log.info("recording_waits", why=type(error).__name__)
                    await asyncio.sleep(backoff.next_s())
        finally:
            await self.close()

    async def close(self) -> None:
        """Close its connections."""
        if self._asking is not None:
            await self._asking.close()
            self._asking = None

    async def step(self) -> bool:
        """Upload the oldest recording; False when there is none, or no credential.

        Raises LinkDown, httpx.HTTPError, NotDone: it is tried again.
        """
        identity = self._identity()
        if identity is None:
            return False
        note = self._next()
        if note is None:
            return False
        path = self._blobs.path(note["sha256"])
        if path is None:
            self._leave(note, "its sound is not here any more")
            return True
        try:
            await self._upload(await self._connected(identity), path, note["sha256"])
        except Refused as error:
            self._leave(note, str(error))
            return True
        await self._dispatcher.submit(
            NoteUploaded(command_id=f"uploaded:{note['id']}", actor="sync", note_id=note["id"])
        )
        self.uploaded += 1
        return True

    def tidy(self) -> int:
        """Let go of sounds past their time; with a full disk also of those head office has. Returns how many went.

        What is not uploaded stays as long as there is a head office to wait for.
        """
        conn = self._open_reader()
        try:
            since_ms = self._clock.now_ms() - self._keep_days * DAY_MS
            waits = self._identity() is not None
            kept = rows.sounds_since(conn, since_ms) | (rows.sounds_waiting(conn) if waits else set())
            gone = [name for name in self._blobs.names() if name not in kept and rows.is_noted(conn, name)]
            try:
                self._blobs.need_room()
            except NoRoom:
                gone += rows.sounds_uploaded(conn)
        finally:
            conn.close()
        return sum(self._blobs.remove(name) > 0 for name in dict.fromkeys(gone))

    def _next(self) -> Row | None:
        waiting = rows.notes_to_upload(self._reader, AT_ONCE + len(self.left))
        return next((note for note in waiting if note["id"] not in self.left), None)

    def _leave(self, note: Row, why: str) -> None:
        if len(self.left) < LEFT_MAX:
            self.left[note["id"]] = why
        log.warning("recording_left", note=note["id"], why=why)

    async def _upload(self, asking: Asking, path: Path, sha256: str) -> None:
        """Piece after piece until head office has it whole. Raises Refused, LinkDown, httpx.HTTPError."""
        total = (await asyncio.to_thread(path.stat)).st_size
        offset = await self._standing(asking, sha256)
        was_wrong = False
        while True:
            piece = await asyncio.to_thread(_read, path, offset)
            headers = {
                "upload-offset": str(offset),
                "upload-length": str(total),
                "content-type": "application/octet-stream",
            }
            try:
                answer = await asking.request("PUT", f"/{sha256}", content=piece, headers=headers)
            except Refused as error:
                if error.status == 422 and not was_wrong:  # it came out wrong over there, and is begun anew, once
                    was_wrong, offset = True, 0
                    continue
                if error.status != 409:
                    raise
                again = await self._standing(asking, sha256)
                if again == offset:
                    raise LinkDown("head office stands elsewhere than it says", "") from error
                offset = again
                continue
            self.sent_bytes += len(piece)
            if answer.status_code == 201:
                return
            offset = int(answer.headers.get("upload-offset", offset + len(piece)))
            if offset >= total:
                return

    async def _standing(self, asking: Asking, sha256: str) -> int:
        """How much head office has."""
        try:
            answer = await asking.request("HEAD", f"/{sha256}")
        except Refused as error:
            if error.status == 404:
                return 0
            raise
        return int(answer.headers.get("upload-offset", "0"))

    async def _connected(self, identity: Identity) -> Asking:
        """The client for the credential as it is now: a renewed one gets a client of its own. Raises LinkDown."""
        if self._asking is None or self._asking.identity is not identity:
            await self.close()
            try:
                self._asking = Asking(identity, PATH, check_time=self._clock.trusted(), answer_s=ANSWER_S)
            except (OSError, ValueError) as error:
                raise LinkDown(f"the credential cannot be used ({type(error).__name__})", "") from error
        return self._asking


def _read(path: Path, offset: int) -> bytes:
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(PIECE_BYTES)
