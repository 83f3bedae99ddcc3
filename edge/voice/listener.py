"""From what was heard to what is done: one conversation for each device, kept moving by recordings and by a countdown.

The note is on the disk before any of this. Commands go through the dispatcher, and are submitted until they are kept; words
go out by the device's announce port, after the commit and never in its way. A countdown lives in memory; `recover` finds at
the next start what it would have told, and calls.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Protocol
from zoneinfo import ZoneInfo

import structlog

from edge.app.dispatcher import Accepted, Outcome, until_done
from edge.app.ports import DeviceError, DoseAnnouncement, DoseDevice
from edge.app.voice_notes import SaidNote
from edge.domain.care_commands import AnswerDose, RaiseCareAlert, TakeAsNeeded
from edge.domain.commands import Command
from edge.domain.utterances import AS_NEEDED, Needed
from edge.store import spoken
from edge.voice.dialogue import Call, Conversation, Intake, Now, Record, Stage, Turn, run_out, turn
from edge.voice.dialogue_words import said
from edge.voice.heard import Heard
from shared.clock import Clock, utc

DEVICES_MAX: Final = 1_000
"""Devices whose conversation is kept; the one quiet longest goes for one more, unless it counts down."""
TICK_S: Final = 0.2
"""Real seconds between two looks at the clock while a device counts down."""
WORDS_EXPIRE_S: Final = 60
"""Domain seconds after which an answer of ours is too late to be said."""
LATE_S: Final = 120
"""A recording older than this came from a device that was away: nobody waits for a question any more."""
HALF_DAY_MS: Final = 12 * 3_600_000
TITLES: Final = {"help": "Somebody asks for help", "red_flag": "Somebody said something alarming"}

log = structlog.get_logger("edge.voice")


class Submits(Protocol):
    """The dispatcher."""

    async def submit(self, command: Command) -> Outcome:
        """Raises NotDone when nothing was kept."""


@dataclass
class _Line:
    """One device: what it waits for, and what is under way for it."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    conversation: Conversation | None = None
    countdown: asyncio.Task[None] | None = None
    cry: SaidNote | None = None
    """The recording a countdown is about."""


class Listener:
    """Belongs to one event loop. devices: None where nothing speaks to people; then only commands come of it."""

    def __init__(
        self, dispatcher: Submits, open_reader: Callable[[], sqlite3.Connection], clock: Clock, zone: ZoneInfo,
        devices: DoseDevice | None,
    ) -> None:  # fmt: skip
        self._dispatcher, self._clock, self._zone, self._devices = dispatcher, clock, zone, devices
        self._reader = open_reader()
        self._lines: OrderedDict[str, _Line] = OrderedDict()
        self._saying: set[asyncio.Task[None]] = set()
        self._closing = asyncio.Event()

    async def close(self) -> None:
        """Stop countdowns and words under way; a call that was due is made by `recover` after the next start."""
        self._closing.set()
        tasks = [line.countdown for line in self._lines.values() if line.countdown is not None]
        for task in (*tasks, *self._saying):
            task.cancel()
        await asyncio.gather(*tasks, *self._saying, return_exceptions=True)
        self._reader.close()

    async def run(self) -> None:
        """Call for what a stop left untold, then be there until cancelled."""
        try:
            await self.recover()
            await self._closing.wait()
        finally:
            await self.close()

    async def recover(self) -> int:
        """After a start: call for every cry that nobody was told of and nobody called off. Gives how many."""
        cries = spoken.cries_untold(self._reader, self._clock.now_ms())
        for cry in cries:
            call = Call(str(cry.heard["words"]), tuple(cry.heard["red_flags"]))
            await self._call(call, cry.note_id, cry.person_id, cry.device_id)
        return len(cries)

    def waits_for(self, device_id: str) -> Conversation | None:
        """What a device was asked last and has not answered."""
        line = self._lines.get(device_id)
        return line.conversation if line is not None else None

    async def answer(self, note: SaidNote, heard: Heard | None) -> None:
        """Take a turn: what follows is on the disk when this returns, and words are on their way.

        heard: None where the decoders could not hear it (busy, failed, a sound they do not take): the button answers.
        """
        line = self._line(note.device_id)
        async with line.turn:
            now = self._now()
            if now.now_ms - note.recorded_ms > LATE_S * 1000:
                await self._late(note, heard)
                return
            if heard is None:
                self._say(note, said("button", note.language))
                return
            if heard.silent:
                return
            doses = spoken.open_doses(self._reader, note.person_id, now.now_ms)
            before = line.conversation
            if heard.act in AS_NEEDED or (before is not None and before.intent in AS_NEEDED):
                now = now._replace(needed=self._needed(note, now.now_ms))
            await self._follow(line, note, turn(before, heard, doses, now, note.language))

    async def _late(self, note: SaidNote, heard: Heard | None) -> None:
        """Nobody is asked; what both decoders heard is kept, and a cry is passed on without a countdown."""
        if heard is None or heard.silent:
            return
        if heard.critical:
            await self._call(Call(heard.words, heard.red_flags), note.id, note.person_id, note.device_id)
            return
        doses = spoken.open_doses(self._reader, note.person_id, note.recorded_ms)
        found = turn(None, heard, doses, Now(note.recorded_ms, ""), note.language)
        if found.record is not None and found.record.act != "snoozed":
            await self._keep(found.record, note)

    async def _follow(self, line: _Line, note: SaidNote, found: Turn) -> None:
        """Keep, call, then say; a countdown goes on in the background."""
        say = found.say
        if found.record is not None and not await self._keep(found.record, note):
            say = found.otherwise
        if found.intake is not None and not await self._take(found.intake, note):
            say = found.otherwise
        if found.call is not None:
            about = line.cry or note
            await self._call(found.call, about.id, about.person_id, about.device_id)
        before, line.conversation = line.conversation, found.conversation
        if found.conversation is None or found.conversation is not before:
            if line.countdown is not None and line.countdown is not asyncio.current_task():
                line.countdown.cancel()
            line.countdown = line.cry = None
            if found.conversation is not None and found.conversation.stage is Stage.COUNTDOWN:
                line.cry = note
                line.countdown = asyncio.create_task(
                    self._count_down(line, note, found.conversation), name=f"countdown {note.device_id}"
                )
        self._say(note, say)

    async def _count_down(self, line: _Line, note: SaidNote, waiting: Conversation) -> None:
        while self._clock.now_ms() < waiting.until_ms:
            with suppress(TimeoutError):
                async with asyncio.timeout(TICK_S):
                    await self._closing.wait()
                    return
        async with line.turn:
            if line.conversation is waiting:
                await self._follow(line, note, run_out(waiting, note.language))

    async def _keep(self, record: Record, note: SaidNote) -> bool:
        """Submit an answer for each of its doses; whether all were accepted."""
        kept = True
        for dose_id in record.dose_ids:
            command = AnswerDose(
                command_id=f"said:{note.id}:{dose_id}", actor=f"device:{note.device_id}", act=record.act,
                source="voice", at_ms=record.at_ms, dose_id=dose_id, person_id=note.person_id, note_id=note.id,
                snooze_min=record.minutes or 10, device_id=note.device_id,
            )  # fmt: skip
            kept = isinstance(await self._submitted(command), Accepted) and kept
        return kept

    async def _take(self, intake: Intake, note: SaidNote) -> bool:
        """Submit a medicine as needed; whether it was accepted."""
        one = intake.needed
        command = TakeAsNeeded(
            command_id=f"said:{note.id}:{one.plan_id}/{one.item_id}", actor=f"device:{note.device_id}",
            plan_id=one.plan_id, item_id=one.item_id, quantity=one.quantity, source="voice", at_ms=intake.at_ms,
            swallowed=intake.swallowed, device_id=note.device_id, note_id=note.id,
        )  # fmt: skip
        return isinstance(await self._submitted(command), Accepted)

    async def _call(self, call: Call, note_id: str, person_id: str | None, device_id: str | None) -> None:
        topic = "red_flag" if call.red_flags else "help"
        command = RaiseCareAlert(
            command_id=f"cry:{note_id}", actor=f"device:{device_id}", topic="red_flag" if call.red_flags else "help",
            person_id=person_id, title=TITLES[topic], body=", ".join(call.red_flags), device_id=device_id,
            note_id=note_id,
        )  # fmt: skip
        await self._submitted(command)

    async def _submitted(self, command: Command) -> Outcome:
        """Submit until it is on the disk. A bug goes up."""
        found: list[Outcome] = []

        async def submit() -> None:
            found.append(await self._dispatcher.submit(command))

        await until_done(submit)
        return found[0]

    def _say(self, note: SaidNote, text: str) -> None:
        """Put words on their way. They are not waited for, and not said again: the next recording is answered anyhow."""
        if not text or self._devices is None:
            return
        task = asyncio.create_task(self._said(self._devices, note, text), name=f"say {note.device_id}")
        self._saying.add(task)
        task.add_done_callback(self._saying.discard)

    async def _said(self, devices: DoseDevice, note: SaidNote, text: str) -> None:
        words = DoseAnnouncement(
            id=f"answer:{note.id}:{self._clock.now_ms()}", dose_ids=(), text=text, language=note.language,
            compartments=(), rung=0, expires_ms=self._clock.now_ms() + WORDS_EXPIRE_S * 1000,
        )  # fmt: skip
        try:
            await devices.announce(note.device_id, words)
        except DeviceError as error:
            log.warning("answer_not_said", device=note.device_id, why=str(error), hint=error.hint)

    def _line(self, device_id: str) -> _Line:
        line = self._lines.setdefault(device_id, _Line())
        self._lines.move_to_end(device_id)
        if len(self._lines) > DEVICES_MAX:
            quiet = (name for name, one in self._lines.items() if one.countdown is None and not one.turn.locked())
            oldest = next(quiet, None)
            if oldest is not None and oldest != device_id:
                del self._lines[oldest]
        return line

    def _now(self) -> Now:
        now_ms = self._clock.now_ms()
        return Now(now_ms, self._read(now_ms))

    def _needed(self, note: SaidNote, now_ms: int) -> list[tuple[Needed, str]]:
        """The person's medicines as needed, each with from when it may be taken as people read it."""
        return [
            (one, "" if one.not_before_ms is None else self._read(one.not_before_ms, now_ms))
            for one in spoken.needed(self._reader, note.person_id, now_ms)
        ]

    def _read(self, ms: int, now_ms: int | None = None) -> str:
        """ "8:05"; with the day where the time alone could be taken for an earlier one."""
        here = utc(ms).astimezone(self._zone)
        day = f"{here:%Y-%m-%d} " if now_ms is not None and ms - now_ms >= HALF_DAY_MS else ""
        return f"{day}{here.hour}:{here.minute:02d}"
