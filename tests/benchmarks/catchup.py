"""After an outage: events a second into PostgreSQL, acknowledged after the commit, over MQTT and over HTTPS, beside COPY.

The whole stack runs (`deploy.demo.stage.Stage`). The clinic's store is filled while its program is stopped; for each
round head office forgets what it had, as after a restore, and the clinic sends everything again.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg

from deploy.demo.ports import Ports
from deploy.demo.stage import PATIENCE_S, Stage
from edge.app.bus import Bus
from edge.app.dispatcher import Accepted, Dispatcher
from edge.domain import commands
from edge.store import outbox
from edge.store.database import Store
from shared.clock import Clock, transport_s
from shared.codec import encode_frame, fits
from shared.events import LANES
from shared.ids import new_id
from tests.benchmarks.edge import proc_field
from tests.benchmarks.measure import Result, interleaved, ratios

EVENTS, EVENTS_FEW = 60_000, 12_000
DOCTORS = 40
COMMIT_ROWS = 1_600
"""As ingest does: up to 8 frames of 200 events share a commit."""
LIMIT_S = 120.0
LOOK_S = 0.02


async def run(folder: Path, seconds: float) -> Result:
    """`seconds` below 2 measure with fewer events."""
    result = Result("catch-up after an outage (whole stack on this machine)")
    wanted = EVENTS if seconds >= 2 else EVENTS_FEW
    async with Stage(folder / "stage", ports=Ports.free(), edge_settings={"hello_wait_s": "1"}) as stage:
        await stage.crew.stop(("edge",), PATIENCE_S)
        made, wire_bytes = await _fill(stage, wanted)
        memory: list[float] = []
        sides = {"https": lambda: _catch_up(stage, "cut", memory), "copy": lambda: asyncio.to_thread(_copy, stage)}
        if stage.has_broker:
            sides = {"mqtt": lambda: _catch_up(stage, "ok", memory), **sides}
        found = await interleaved(sides)
    if "mqtt" in found:
        result.add("over MQTT", "events/s", found["mqtt"], ">= 20,000/s", lambda x: x >= 20_000)
    result.add("over HTTPS", "events/s", found["https"], ">= 10,000/s", lambda x: x >= 10_000)
    result.add(f"raw COPY, {COMMIT_ROWS:,} rows a commit", "rows/s", found["copy"])
    if "mqtt" in found:
        result.add("MQTT : raw COPY", "", ratios(found["mqtt"], found["copy"]))
    result.add("bytes an event on the wire", "B", [wire_bytes / made], "<= 35 B", lambda x: x <= 35)
    result.add("edge memory at its highest (RSS)", "MB", memory)
    result.remarks.append(f"{made:,} events: visits with their slips and calls, in three lanes; readers run beside it")
    return result


async def _fill(stage: Stage, wanted: int) -> tuple[int, int]:
    """Visits from press to end in the clinic's store; gives the number of events and their bytes as frames."""
    store = Store(stage.edge_database.parent, Clock.life())
    dispatcher = Dispatcher(store, Bus(), process=True)
    dispatcher.start()
    try:
        with closing(store.reader()) as reader:
            while sum(outbox.heads(reader)) < wanted:
                await _hour(dispatcher)
                rows = reader.execute("select id from effects where state in ('open', 'started')").fetchall()
                await _all(dispatcher, [_settled(effect) for (effect,) in rows])
            sizes = [len(frame) for frame in _frames(reader)]
            return sum(outbox.heads(reader)), sum(sizes)
    finally:
        await dispatcher.stop()
        store.close()


async def _hour(dispatcher: Dispatcher) -> None:
    """As many patients as doctors, each from the press to the end of the consultation."""
    who = {"actor": "staff:bench"}
    doctors = [f"00000000-0000-7000-8000-{number:012d}" for number in range(DOCTORS)]
    await _all(
        dispatcher,
        [
            commands.AddDoctor(command_id=f"add:{d}", doctor_id=d, name=f"Dr. {d[-2:]}", room=f"Room {d[-2:]}", **who)
            for d in doctors
        ],
    )
    for _ in range(10):
        await _all(dispatcher, [commands.IssueToken(command_id=new_id(), actor="board:b9") for _ in doctors])
        called = await _all(dispatcher, [commands.CallNext(command_id=new_id(), doctor_id=d, **who) for d in doctors])
        visits = [answer.result["visit"]["id"] for answer in called if isinstance(answer, Accepted)]
        await _all(dispatcher, [commands.StartConsultation(command_id=new_id(), visit_id=v, **who) for v in visits])
        await _all(dispatcher, [commands.CompleteConsultation(command_id=new_id(), visit_id=v, **who) for v in visits])


def _settled(effect: int) -> commands.SettleEffect:
    return commands.SettleEffect(command_id=f"bench:{effect}", actor="effects", effect_id=effect, outcome="done")


async def _all(dispatcher: Dispatcher, orders: list[Any]) -> list[Any]:
    found: list[Any] = []
    for at in range(0, len(orders), 1_000):
        found += await asyncio.gather(*(dispatcher.submit(order) for order in orders[at : at + 1_000]))
    return found


def _frames(reader: Any) -> Iterator[bytes]:
    """Everything the store holds, cut into frames as the uplink cuts it."""
    for lane in LANES:
        after = 0
        while (cut := outbox.cut(reader, int(lane), after)) is not None:
            frame = encode_frame("riverside", cut.epoch, int(lane), cut.boot, cut.events, cut.gaps)
            assert fits(frame), "events of visits are small"
            yield frame
            after = cut.last


async def _catch_up(stage: Stage, broker: Any, memory: list[float]) -> float:
    """Head office forgets, the clinic starts; events a second between the first and the last commit."""
    stage.broker_link.set(broker)
    await asyncio.to_thread(_forget, stage.database_url)
    heads = await asyncio.to_thread(_heads, stage.edge_database)
    async with await psycopg.AsyncConnection.connect(stage.database_url, autocommit=True) as conn:
        await stage.start_edge(wait=False)
        began, ends_at = None, transport_s() + LIMIT_S
        first = kept = 0
        while kept < heads:
            cursor = await conn.execute("select coalesce(sum(upto), 0)::bigint from cursors")
            row = await cursor.fetchone()
            kept, now = int(row[0]) if row else 0, transport_s()
            if kept and began is None:
                began, first = now, kept
            if now > ends_at:
                raise RuntimeError(f"{kept} of {heads} events after {LIMIT_S:.0f} s")
            await asyncio.sleep(LOOK_S)
        took_s = transport_s() - (began or 0.0)
    memory.append(proc_field(stage.crew.programs["edge"].pid or 0, "status", "VmHWM:") / 1024)
    await stage.crew.stop(("edge",), PATIENCE_S)
    return (heads - first) / took_s


def _heads(database: Path) -> int:
    with closing(sqlite3.connect(database)) as conn:
        return int(conn.execute("select lane0 + lane1 + lane2 from heads").fetchone()[0])


def _forget(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as conn:
        conn.execute("truncate events, gaps, late_events, reader_cursors")
        conn.execute("update cursors set upto = 0, received = '{}'")


def _copy(stage: Stage) -> float:
    """The same rows, ready as bytes, by COPY into a temporary table and from there where they are new, with a commit."""
    with psycopg.connect(stage.database_url) as conn:
        conn.execute("drop table if exists bench_events")
        conn.execute("create table bench_events (like events including all)")
        conn.execute("create temp table bench_incoming (like events) on commit delete rows")
        conn.commit()
        blocks, total = [], conn.execute("select count(*) from events").fetchone()
        many = int(total[0]) if total else 0
        conn.commit()
        for at in range(0, many, COMMIT_ROWS):
            query = f"copy (select * from events order by lane, seq offset {at} limit {COMMIT_ROWS}) to stdout (format binary)"
            with conn.cursor() as cursor, cursor.copy(query.encode()) as copy:
                blocks.append(b"".join(bytes(piece) for piece in copy))
        conn.commit()
        began = transport_s()
        for block in blocks:
            with conn.transaction(), conn.cursor() as cursor:
                with cursor.copy("copy bench_incoming from stdin (format binary)") as copy:
                    copy.write(block)
                cursor.execute("insert into bench_events select * from bench_incoming on conflict do nothing")
        took_s = transport_s() - began
        conn.execute("drop table bench_events")
        return many / took_s
