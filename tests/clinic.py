"""A clinic's core for tests: real store and dispatcher in a folder, time that stands still until it is moved."""

from __future__ import annotations

import functools
import itertools
import sqlite3
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from edge.app.bus import Bus
from edge.app.clockwork import Clockwork
from edge.app.dispatcher import Accepted, Dispatcher, Gap, Outcome, Refused
from edge.domain.commands import AddDoctor, AddService, CallNext, Command, IssueToken, OpenDay
from edge.store.database import FILE, Store
from edge.store.migrations import migrate
from shared.clock import Clock
from shared.ids import new_id

MORNING = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
DAY = "2026-11-20"


def standing_clock(moment: datetime = MORNING) -> Clock:
    """Domain time that stands still; move it with `clock.start_ms += ...`."""
    return Clock(int(moment.timestamp() * 1000), 0, 0.0)


@dataclass
class Clinic:
    """The core of one clinic with service A "General" and one doctor in Room 2, the day open."""

    store: Store
    bus: Bus
    dispatcher: Dispatcher
    doctor_id: str = field(default_factory=new_id)
    _ids: Any = field(default_factory=itertools.count)

    def pass_time(self, seconds: float) -> None:
        """Let domain time go on."""
        self.store.clock.start_ms += int(seconds * 1000)

    async def do(self, kind: type[Command], **values: Any) -> Outcome:
        """Submit a command with a fresh id unless one is given."""
        values.setdefault("command_id", f"test:{next(self._ids)}")
        return await self.dispatcher.submit(kind(actor=values.pop("actor", "staff:test"), **values))

    async def accepted(self, kind: type[Command], **values: Any) -> dict[str, Any]:
        """Submit a command that must be accepted; returns its result."""
        outcome = await self.do(kind, **values)
        assert isinstance(outcome, Accepted), outcome
        return outcome.result

    async def refused(self, kind: type[Command], **values: Any) -> str:
        """Submit a command that must be refused; returns the code."""
        outcome = await self.do(kind, **values)
        assert isinstance(outcome, Refused), outcome
        return outcome.code

    async def tick(self) -> None:
        """The clock looks once at what is due."""
        work = Clockwork(self.store, self.dispatcher, ZoneInfo("UTC"))
        try:
            await work.tick()
        finally:
            work.close()

    async def issue(self, **values: Any) -> dict[str, Any]:
        """Somebody presses for service A; returns the visit."""
        visit: dict[str, Any] = (await self.accepted(IssueToken, **values))["visit"]
        return visit

    async def call(self) -> dict[str, Any]:
        """The doctor calls the next; returns visit and undo_id."""
        return await self.accepted(CallNext, doctor_id=self.doctor_id)

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Read on a connection of its own."""
        conn = self.store.reader()
        try:
            return conn.execute(query, values).fetchall()
        finally:
            conn.close()


@asynccontextmanager
async def clinic(
    folder: Path, clock: Clock | None = None, prepared: bool = True, **store: Any
) -> AsyncIterator[Clinic]:
    """Open the core in `folder`; with `prepared` a new one gets its service, doctor and open day."""
    if "vfs" not in store:
        _begin_migrated(folder)
    opened = Store(folder, clock or standing_clock(), **store)
    readers: list[sqlite3.Connection] = []
    connect = opened.reader

    def reader() -> sqlite3.Connection:
        readers.append(connect())
        return readers[-1]

    opened.reader = reader  # type: ignore[method-assign]
    bus = Bus()
    dispatcher = Dispatcher(opened, bus)
    dispatcher.start()
    it = Clinic(opened, bus, dispatcher)
    try:
        if prepared and not it.rows("select 1 from services"):
            await it.accepted(AddService, letter="A", name="General")
            await it.accepted(AddDoctor, doctor_id=it.doctor_id, name="Dr. Rao", room="Room 2")
            await it.accepted(OpenDay, day=DAY)
        elif prepared:
            it.doctor_id = it.rows("select id from doctors")[0][0]
        yield it
    finally:
        await dispatcher.stop()
        for one in readers:  # the program keeps them for life; a process of tests would have no file left to open
            one.close()
        opened.close()


def _begin_migrated(folder: Path) -> None:
    """Spare a new store its migrations: it begins with the file they leave behind."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (folder / FILE).exists():
        (folder / FILE).write_bytes(_migrated())


@functools.cache
def _migrated() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / FILE
        conn = sqlite3.connect(file, isolation_level=None)
        conn.execute("pragma journal_mode = wal")
        migrate(conn)
        conn.close()
        return file.read_bytes()


def count(conn: sqlite3.Connection, table: str) -> int:
    """A job for the writer: rows of a table."""
    return int(conn.execute(f"select count(*) from {table}").fetchone()[0])


def fail(conn: sqlite3.Connection) -> None:
    """A job with a bug."""
    raise ValueError("a bug")


def write_and_fail(conn: sqlite3.Connection, name: str) -> None:
    """A job with a bug that shows after its first write."""
    conn.execute("insert into meta values (?, '')", (name,))
    raise ValueError("a bug after a write")


__all__ = [
    "DAY",
    "MORNING",
    "Accepted",
    "Clinic",
    "Gap",
    "Refused",
    "clinic",
    "count",
    "fail",
    "standing_clock",
    "write_and_fail",
]
