"""Recordings of devices: kept on the disk first, then heard, then noted; and what was said is done.

A recording is answered only when its sound is synced and its note is committed. Hearing happens in between, so that the note
holds what was heard; a power cut there keeps the sound, and the device, which had no answer, sends the rest again.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

import structlog

from edge.app.device_intake import Submit
from edge.app.dispatcher import Accepted, Refused
from edge.app.ports import DeviceError
from edge.domain.care_commands import AnswerDose, RaiseCareAlert, RegisterNote
from edge.domain.heard import Heard
from edge.domain.utterances import CRITICAL, Intent
from edge.store import face_002 as rows
from edge.store.states import Row
from shared.blobs import Blobs
from shared.clock import Clock
from shared.device_api import AUDIO_BYTES_MAX, COMMAND_S_MAX, NOTE_S_MAX, VoiceAnswer, VoiceFields
from shared.ids import new_id
from shared.sounds import SoundFacts, UnknownSound, facts_of, pcm_of

ACTS: Final = {
    Intent.TAKEN: "taken", Intent.TAKEN_ALL: "taken", Intent.SKIP: "skipped", Intent.SNOOZE: "snoozed",
}  # fmt: skip
"""What is done about a dose; nothing else that is said changes one."""
SNOOZE_MIN: Final = 10
PAST_MS_MAX: Final = 14 * 24 * 3600 * 1000
AHEAD_MS: Final = 60_000

log = structlog.get_logger("edge.voice")


class Hears(Protocol):
    """The offline decoders (`edge.voice.hearing.Hearing`)."""

    async def hear(self, pcm: bytes, rate: int, language: str) -> Heard:
        """pcm: 16 bit mono, little-endian. Raises DeviceError, ValueError (a sound they do not take)."""

    async def hear_file(self, data: bytes, language: str) -> Heard:
        """A FLAC, Ogg or WAV file, as it came. Raises DeviceError, ValueError (damaged, or nothing here reads it)."""


class SaidNote(NamedTuple):
    """A recording whose note is committed. recorded_ms: when it was said, domain time."""

    id: str
    person_id: str | None
    device_id: str
    language: str
    recorded_ms: int


class Listens(Protocol):
    """Who talks with the person: reads back, asks, counts down (`edge.voice.listener.Listener`)."""

    async def answer(self, note: SaidNote, heard: Heard | None) -> None:
        """What follows is on the disk when this returns. heard: None where the decoders could not hear it."""


class NoteRefused(ValueError):
    """This recording is not taken, now or later. code: "too_large", "wrong_media_type", "not_here", "not_found"."""

    def __init__(self, code: str, detail: str, hint: str = "") -> None:
        super().__init__(detail)
        self.code, self.hint = code, hint


class VoiceNotes:
    """Belongs to one event loop. hears: None where the clinic has no decoders: sounds are kept, nothing is heard."""

    bytes_max: Final = AUDIO_BYTES_MAX

    def __init__(
        self, dispatcher: Submit, open_reader: Callable[[], sqlite3.Connection], clock: Clock, blobs: Blobs,
        hears: Hears | None = None,
    ) -> None:  # fmt: skip
        self.blobs = blobs
        self._dispatcher, self._clock, self._hears = dispatcher, clock, hears
        self._reader = open_reader()
        self.listener: Listens | None = None
        """Answers people where there is one; without, nothing is asked, and only what needs no question is done."""

    def close(self) -> None:
        """Let the reading connection go."""
        self._reader.close()

    async def keep(self, device_id: str, sha256: str, about: VoiceFields) -> VoiceAnswer:
        """Note a sound that is on the disk, and do what was said in it; the same number again gets the same answer.

        Raises NoteRefused, NotDone (nothing was noted: ask again), OSError.
        """
        known = self._known(device_id, about)
        if known is not None:
            return VoiceAnswer(interaction_id=known["id"], sha256=known["sha256"], heard=known["heard"])
        path = self.blobs.path(sha256)
        if path is None:
            raise NoteRefused("not_here", "This sound is not here.", "Send the sound first.")
        facts, size = await asyncio.to_thread(lambda: (checked(path, about.purpose), path.stat().st_size))
        heard = await self._heard(path, facts, about.language)
        note = await self._noted(device_id, sha256, about, size, facts, heard)
        if self.listener is not None:
            said = SaidNote(note["id"], note["person_id"], device_id, about.language, note["recorded_at"])
            await self.listener.answer(said, heard)
        elif heard is not None and not heard.silent:
            await self._act(device_id, note, about, heard)
        return VoiceAnswer(interaction_id=note["id"], sha256=sha256, heard=_told(heard))

    def _known(self, device_id: str, about: VoiceFields) -> Row | None:
        if about.boot_id is None or about.device_seq is None:
            return None
        return rows.note_of_number(self._reader, device_id, about.boot_id, about.device_seq)

    async def _heard(self, path: Path, facts: SoundFacts, language: str) -> Heard | None:
        """What the decoders made of it; None where there are none, or they cannot: the sound is kept all the same."""
        if self._hears is None:
            return None
        pcm = await asyncio.to_thread(pcm_of, path, facts)
        try:
            if pcm is None:
                return await self._hears.hear_file(await asyncio.to_thread(path.read_bytes), language)
            return await self._hears.hear(pcm, facts.rate, language)
        except (DeviceError, ValueError) as error:
            log.warning("not_heard", why=str(error), sound=path.name, media_type=facts.media_type)
            return None

    async def _noted(
        self, device_id: str, sha256: str, about: VoiceFields, size: int, facts: SoundFacts, heard: Heard | None
    ) -> Row:  # fmt: skip
        now_ms = self._clock.now_ms()
        recorded_ms = now_ms if about.recorded_at is None else min(max(about.recorded_at, now_ms - PAST_MS_MAX), now_ms)
        number = f"{about.boot_id}:{about.device_seq}" if about.boot_id and about.device_seq else sha256
        command = RegisterNote(
            command_id=f"note:{device_id}:{number}", actor=f"device:{device_id}", note_id=new_id(),
            recorded_ms=recorded_ms, sha256=sha256, bytes=size, seconds=round(facts.seconds, 2),
            media_type=facts.media_type, language=about.language, purpose=about.purpose, device_id=device_id,
            dose_id=self._dose(device_id, about.occurrence_id), boot_id=about.boot_id, device_seq=about.device_seq,
            heard=_told(heard),
        )  # fmt: skip
        outcome = await self._dispatcher.submit(command)
        if isinstance(outcome, Refused):
            raise NoteRefused(outcome.code, outcome.detail, outcome.hint)
        assert isinstance(outcome, Accepted)
        note = rows.note(self._reader, str(outcome.result["note_id"]))
        assert note is not None, "it was committed"
        return note

    def _dose(self, device_id: str, occurrence_id: str | None) -> str | None:
        """The dose a device names, if it is its person's."""
        device = rows.device(self._reader, device_id)
        dose = rows.dose(self._reader, occurrence_id) if occurrence_id else None
        mine = device is not None and dose is not None and dose["person_id"] == device["person_id"]
        return occurrence_id if mine else None

    async def _act(self, device_id: str, note: Row, about: VoiceFields, heard: Heard) -> None:
        """Help and red flags at once, from either decoder; an answer to a dose only where nothing has to be asked first."""
        if heard.act in CRITICAL:
            topic = "help" if heard.act is Intent.HELP else "red_flag"
            await self._dispatcher.submit(
                RaiseCareAlert(
                    command_id=f"said:{note['id']}", actor=f"device:{device_id}", topic=topic,  # type: ignore[arg-type]
                    person_id=note["person_id"], device_id=device_id, note_id=note["id"],
                    title="Somebody asks for help" if topic == "help" else "Somebody said something alarming",
                    body=", ".join(heard.red_flags),
                )
            )  # fmt: skip
            return
        act = ACTS.get(heard.act)
        if act is None or heard.asks is not None or note["person_id"] is None:
            return
        await self._dispatcher.submit(
            AnswerDose(
                command_id=f"said:{note['id']}", actor=f"device:{device_id}", act=act, source="voice",  # type: ignore[arg-type]
                at_ms=note["recorded_at"], dose_id=note["dose_id"], person_id=note["person_id"], note_id=note["id"],
                snooze_min=heard.minutes or SNOOZE_MIN, device_id=device_id, boot_id=about.boot_id,
                device_seq=about.device_seq,
            )
        )  # fmt: skip


def checked(path: Path, purpose: str) -> SoundFacts:
    """What kind of sound it is, if it is one we take. Raises NoteRefused."""
    try:
        facts = facts_of(path)
    except UnknownSound as error:
        raise NoteRefused("wrong_media_type", f"{error}.", "Send WAV, FLAC or Ogg.") from error
    seconds_max = COMMAND_S_MAX if purpose == "command" else NOTE_S_MAX
    if facts.seconds > seconds_max:
        raise NoteRefused("too_large", f"A {purpose} lasts at most {seconds_max} s.", "Send it as a note, or in parts.")
    return facts


def _told(heard: Heard | None) -> dict[str, Any] | None:
    """`heard` of an answer and of a note: what was heard, and what has to be asked; None for silence."""
    record = heard.record() if heard is not None else None
    return (
        record
        if record is None or heard is None
        else {**record, "asks": None if heard.asks is None else str(heard.asks)}
    )
