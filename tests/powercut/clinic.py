"""A clinic morning against the product's own store and dispatcher, and what must be true of its file afterwards.

The senders behave as the real ones do: a board sends a press again until it is answered and never two at once; a kiosk
sends the same command id again. They note what they were told, and only that.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import orjson

from edge.app.bus import Bus
from edge.app.dispatcher import Accepted, Dispatcher, Gap, NotDone, Refused
from edge.domain import commands
from edge.store.database import FILE, Store
from shared.clock import Clock, transport_s
from shared.codec import crc_of
from shared.events import LANES, Event
from shared.stream import Place

DOCTORS = ("00000000-0000-7000-8000-000000000001", "00000000-0000-7000-8000-000000000002")
BOARDS = ("b1", "b2", "b3")
KIOSKS = ("k1", "k2")
EACH = 6
"""Presses each board and each kiosk makes in one morning."""
PRESSES = (len(BOARDS) + len(KIOSKS)) * EACH
GRACE_S = 0.03


@dataclass
class Told:
    """What the senders were told, by command id. An answer after the power went would be told to nobody, and is a fault."""

    answers: dict[str, Accepted | Refused] = field(default_factory=dict)
    failures: list[NotDone] = field(default_factory=list)

    def tokens(self) -> dict[str, str]:
        """command id -> token, of the presses that were accepted."""
        return {
            name: answer.result["visit"]["token"]
            for name, answer in self.answers.items()
            if isinstance(answer, Accepted) and name.startswith(("board:", "kiosk:"))
        }


class Morning:
    """One start of the edge's core on a folder, with its senders."""

    def __init__(self, folder: Path, told: Told, vfs: str | None = None, synchronous: str = "FULL") -> None:
        self.store = Store(folder, Clock.life(), vfs=vfs, synchronous=synchronous)
        self.dispatcher = Dispatcher(self.store, Bus())
        self.told = told

    async def submit(self, command: commands.Command, place: Place | None = None) -> Accepted | Refused | None:
        """Hand in a command and note the answer; None when it was not done."""
        try:
            answer = await self.dispatcher.submit(command, place)
        except NotDone as failure:
            self.told.failures.append(failure)
            return None
        assert not isinstance(answer, Gap), "a board never skips a number"
        self.told.answers[command.command_id] = answer
        return answer

    async def open(self) -> None:
        """What the day needs; sent again at every start, as the clockwork does."""
        await self.submit(commands.OpenDay(command_id="day:2026-11-20", actor="clock", day="2026-11-20"))
        await self.submit(commands.AddService(command_id="service:A", actor="staff:m", letter="A", name="General"))
        for number, doctor in enumerate(DOCTORS):
            await self.submit(
                commands.AddDoctor(
                    command_id=f"doctor:{number}", actor="staff:m", doctor_id=doctor, name=f"Dr {number}"
                )
            )

    async def board(self, name: str, gone: Callable[[], bool]) -> None:
        """Send the presses of one board, each until it is answered."""
        stream = f"{BOARDS.index(name):016x}"
        for number in range(1, EACH + 1):
            command = commands.IssueToken(command_id=f"board:{name}:{stream}:{number}", actor=f"board:{name}")
            while command.command_id not in self.told.answers:
                if await self.submit(command, Place(stream, number)) is None and gone():
                    return

    async def kiosk(self, name: str, gone: Callable[[], bool]) -> None:
        """Send the presses of one kiosk, all at once."""
        names = [f"kiosk:{name}:{number}" for number in range(EACH)]
        wanted = [n for n in names if n not in self.told.answers]
        while wanted and not gone():
            await asyncio.gather(
                *(self.submit(commands.IssueToken(command_id=n, actor=f"screen:{name}")) for n in wanted)
            )
            wanted = [n for n in wanted if n not in self.told.answers]

    async def doctor(self, doctor: str, random: Random, acts: int) -> None:
        """Call, start, complete; now and then take an act back. Acts are not sent again: a person looks first."""
        for number in range(acts):
            name = f"staff:{doctor[-1]}:{random.random()}:{number}"
            called = await self.submit(commands.CallNext(command_id=name, actor="staff:d", doctor_id=doctor))
            if not isinstance(called, Accepted):
                continue
            visit = called.result["visit"]["id"]
            if random.random() < 0.2:
                await self.submit(commands.Undo(command_id=name + ":u", actor="staff:d", undo_id=name))
                continue
            await self.submit(commands.StartConsultation(command_id=name + ":s", actor="staff:d", visit_id=visit))
            await self.submit(commands.CompleteConsultation(command_id=name + ":c", actor="staff:d", visit_id=visit))

    async def printer(self, random: Random) -> None:
        """Settle the slips that wait, as the effects runner does."""
        try:
            with closing(self.store.reader()) as conn:
                query = "select id from effects where kind = 'print_slip' and state = 'open'"
                rows = conn.execute(query).fetchall()
        except sqlite3.Error:
            return  # the power is off
        for (effect,) in rows:
            await self.submit(
                commands.SettleEffect(
                    command_id=f"effect:{effect}:{random.random()}", actor="printer", effect_id=effect, outcome="done"
                )
            )


async def morning(folder: Path, told: Told, seed: int, gone: Callable[[], bool] = lambda: False, **how: Any) -> None:
    """Run one morning until everybody has an answer, or until the power is `gone`."""
    random = Random(seed)
    core = None
    try:
        core = Morning(folder, told, **how)
        core.dispatcher.start()
    except sqlite3.Error:
        assert gone(), "a healthy disk opens"
        if core is not None:
            core.store.close()
        return

    async def work() -> None:
        await core.open()
        parts: list[Awaitable[None]] = [core.board(name, gone) for name in BOARDS]
        parts += [core.kiosk(name, gone) for name in KIOSKS]
        parts += [core.doctor(doctor, random, 2) for doctor in DOCTORS]
        await asyncio.gather(*parts)
        await core.printer(random)

    task = asyncio.create_task(work())
    ends_at: float | None = None
    while not task.done():
        await asyncio.wait([task], timeout=0.005)
        if gone():
            ends_at = ends_at or transport_s() + GRACE_S
            if transport_s() > ends_at:
                task.cancel()  # the machine is off: whoever waits, waits for ever
                break
    await asyncio.gather(task, return_exceptions=True)
    try:
        if not task.cancelled():
            task.result()
        await core.dispatcher.stop()
    finally:
        core.store.close()


def faults(folder: Path, told: Told) -> list[str]:
    """What is wrong with the file in `folder`, given what the senders were told. Empty when nothing is."""
    conn = sqlite3.connect(folder / FILE, isolation_level=None)
    try:
        if conn.execute("pragma integrity_check").fetchall() != [("ok",)]:
            return ["corrupt"]
        if not conn.execute("select 1 from sqlite_schema where name = 'results'").fetchone():
            return ["lost: everything"] if told.answers else []
        return _lost(conn, told) + _wrong(conn)
    except sqlite3.DatabaseError as error:
        return [f"corrupt: {error}"]
    finally:
        conn.close()


def _lost(conn: sqlite3.Connection, told: Told) -> list[str]:
    found = []
    for name, answer in told.answers.items():
        row = conn.execute("select outcome, body from results where command_id = ?", (name,)).fetchone()
        if row is None:
            found.append(f"lost: {name} was answered and is not on disk")
        elif isinstance(answer, Accepted) and (row[0] != "accepted" or orjson.loads(row[1]) != answer.result):
            found.append(f"lost: {name} was answered differently")
    return found


def _wrong(conn: sqlite3.Connection) -> list[str]:
    """Rules about the rows that hold at every moment, whoever was told what."""
    found = []
    for lane in LANES:
        seqs = [seq for (seq,) in conn.execute("select seq from events where lane = ? order by seq", (int(lane),))]
        head = conn.execute(f"select lane{lane:d} from heads").fetchone()
        if seqs != list(range(1, len(seqs) + 1)) or (head and head[0] != len(seqs)):
            found.append(f"wrong: lane {lane:d} has holes")
    if conn.execute("select 1 from events group by gseq having count(*) > 1").fetchone():
        found.append("wrong: one gseq twice")
    columns = "seq, gseq, at_ms, mono_ms, trust, kind, v, actor, cause, entity, entity_id, version, data, crc"
    for row in conn.execute(f"select {columns} from events"):
        event = Event._make((*row[:12], orjson.loads(row[12])))
        if crc_of(event) != row[13]:
            found.append(f"wrong: event {row[0]} does not match its crc")
    issued = conn.execute(
        "select cause, data ->> 'token', entity_id from events where kind = 'token_issued'"
    ).fetchall()
    for column, what in enumerate(("press", "number", "visit")):
        if len({row[column] for row in issued}) != len(issued):
            found.append(f"wrong: one {what} has two tokens")
    presses = "select command_id from results where kind = 'issue_token' and outcome = 'accepted'"
    if {row[0] for row in issued} != {name for (name,) in conn.execute(presses)}:
        found.append("wrong: accepted presses and tokens are not the same")
    if {f"slip:{row[2]}" for row in issued} != {
        key for (key,) in conn.execute("select key from effects where kind = 'print_slip'")
    }:
        found.append("wrong: a token has no slip to be printed")
    if conn.execute("select count(*) from visits").fetchone()[0] != len(issued):
        found.append("wrong: visits and tokens are not the same")
    for stream, upto in conn.execute("select stream, upto from cursors"):
        many = conn.execute("select count(*) from results where command_id like ?", (f"%:{stream}:%",)).fetchone()[0]
        if many != upto:
            found.append(f"wrong: a board's cursor says {upto}, its results {many}")
    return found


def complete(folder: Path) -> list[str]:
    """After everybody has sent again until answered: every press has one token, numbered from 1 without holes."""
    conn = sqlite3.connect(folder / FILE, isolation_level=None)
    try:
        tokens = {t for (t,) in conn.execute("select token from visits")}
    finally:
        conn.close()
    wanted = {f"A-{number:03d}" for number in range(1, PRESSES + 1)}
    return [] if tokens == wanted else [f"wrong: {len(tokens)} tokens of {PRESSES} presses: {sorted(tokens ^ wanted)}"]
