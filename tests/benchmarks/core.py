"""Durable commands inside the edge with 64 submitters, beside raw SQLite that does nothing but commit as many rows."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from edge.app.bus import Bus
from edge.app.dispatcher import Accepted, Dispatcher
from edge.domain.commands import AddService, IssueToken, OpenDay
from edge.store.database import Store
from shared.clock import Clock, transport_s
from tests.benchmarks.edge import LETTERS
from tests.benchmarks.measure import Result, interleaved, ratios

SUBMITTERS = 64
ROW_BYTES = 600
"""Of the raw row; a token's rows (event, result, visit, effect, counters) are about three times as much."""


async def run(folder: Path, seconds: float) -> Result:
    """The dispatcher as the clinic's program runs it (the writer in a process of its own), and as tests run it."""
    result = Result("durable commands inside the edge (64 submitters; each issues a token)")
    commits: dict[str, list[float]] = {"process": [], "thread": []}

    async def ours(process: bool) -> float:
        name = "process" if process else "thread"
        found, each = await _dispatcher(folder / f"core-{name}-{len(commits[name])}", seconds, process)
        commits[name].append(each)
        return found

    found = await interleaved({
        "process": lambda: ours(True),
        "thread": lambda: ours(False),
        "raw64": lambda: asyncio.to_thread(_raw, folder, seconds, SUBMITTERS),
        "raw1": lambda: asyncio.to_thread(_raw, folder, seconds, 1),
    })  # fmt: skip
    result.add("commands, writer in its own process", "/s", found["process"], ">= 10,000/s", lambda x: x >= 10_000)
    result.add("commands to a commit", "", commits["process"])
    result.add("commands, writer on a thread", "/s", found["thread"])
    result.add(f"raw SQLite, {SUBMITTERS} rows a commit", "rows/s", found["raw64"])
    result.add("raw SQLite, 1 row a commit", "rows/s", found["raw1"])
    result.add("commands : raw rows", "", ratios(found["process"], found["raw64"]))
    return result


async def _dispatcher(folder: Path, seconds: float, process: bool) -> tuple[float, float]:
    """Commands per second, and commands to a commit."""
    store = Store(folder, Clock.life())
    dispatcher = Dispatcher(store, Bus(), process=process)
    dispatcher.start()
    try:
        for letter in LETTERS:
            await dispatcher.submit(AddService(command_id=letter, actor="bench", letter=letter, name=letter))
        await dispatcher.submit(OpenDay(command_id="day", actor="bench", day="2026-11-20"))
        ends_at = transport_s() + seconds
        done = 0

        async def submitter(number: int) -> None:
            nonlocal done
            sent = 0
            while transport_s() < ends_at:
                letter = LETTERS[(sent * SUBMITTERS + number) % len(LETTERS)]
                command = IssueToken(command_id=f"b:{number}:{sent}", actor="bench", service=letter)
                if not isinstance(await dispatcher.submit(command), Accepted):
                    return  # all queues are full: 52,000 people wait
                sent += 1
                done += 1

        before, began = dispatcher.writer.commits, transport_s()
        await asyncio.gather(*(submitter(number) for number in range(SUBMITTERS)))
        took_s = transport_s() - began
        return done / took_s, done / max(1, dispatcher.writer.commits - before)
    finally:
        await dispatcher.stop()
        store.close()


def _raw(folder: Path, seconds: float, rows: int) -> float:
    path = folder / f"raw-{rows}.db"
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        conn.execute("pragma journal_mode = wal")
        conn.execute("pragma synchronous = full")
        conn.execute("create table t(id integer primary key, body blob not null) strict")
        body, many, began = bytes(ROW_BYTES), 0, transport_s()
        while transport_s() - began < seconds:
            conn.execute("begin immediate")
            for _ in range(rows):
                conn.execute("insert into t(body) values (?)", (body,))
            conn.execute("commit")
            many += rows
        return many / (transport_s() - began)
