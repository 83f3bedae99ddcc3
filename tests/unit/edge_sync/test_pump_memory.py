"""A large backlog costs the memory of the frames in flight."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from pathlib import Path
from typing import Any

from edge.store import outbox
from edge.sync.links import Inbox
from edge.sync.links import Path as LinkPath
from edge.sync.pump import Pump
from shared.api import Ack, Cursor, HelloAnswer
from shared.clock import Clock, transport_s
from shared.codec import decode_frame
from shared.topics import Sender
from tests.clinic import clinic

WAITING = 60_000
MEMORY_BYTES_MAX = 6_000_000
SESSION = "a" * 16


class InstantCloud:
    """A link whose other end keeps everything and says so at once."""

    path: LinkPath = "mqtt"
    window = 8

    def __init__(self, wake: asyncio.Event) -> None:
        self.inbox = Inbox(wake)
        self.upto = [0, 0, 0]

    async def open(self, wait_s: float) -> None: ...

    def say(self, word: Any) -> None: ...

    def send(self, frame: bytes, lane: int) -> None:
        read = decode_frame(frame)
        assert read.first == self.upto[lane] + 1
        self.upto[lane] = read.last
        self.inbox.put(Ack(session=SESSION, lane=lane, upto=read.last, credit=8), transport_s())

    def follow(self, cursor: Cursor) -> None: ...

    async def close(self) -> None: ...


async def test_memory_stays_flat_while_a_large_backlog_is_sent(tmp_path: Path) -> None:
    async with clinic(tmp_path, Clock.life()) as it:
        conn = it.store.writing.connect()
        place = outbox.place_of(it.store.epoch_no, 2, 0)
        conn.execute(
            "with recursive n(i) as (select 1 union all select i + 1 from n where i < ?) insert into events"
            " select ? + i, ?, 2, i, 1000 + i, ?, 1000 * i, i, 's', 'clock_stepped', 1, 'clock', 'c' || i, 'site', 'site',"
            " i, '{\"step_ms\": ' || i || '}', 0 from n",
            (WAITING, place, it.store.epoch_no, it.store.boot_no),
        )
        conn.execute("update heads set lane2 = ?", (WAITING,))
        conn.close()
        reader = it.store.reader()

        class Host:
            async def read(self, job: Any) -> Any:
                return job(reader)

            async def write(self, function: Any, *arguments: Any) -> Any:
                return await it.dispatcher.writer.run(function, *arguments)

            def unsent(self, counts: list[int]) -> None: ...

            def now_ms(self) -> int:
                return it.store.clock.now_ms()

        wake = asyncio.Event()
        link = InstantCloud(wake)
        answer = HelloAnswer(session=SESSION, cursors=[0, 0, 0], credit=8, server_ms=0, mailbox_stream="b" * 16)
        pump = Pump(Host(), link, answer, Sender("north", it.store.epoch), wake, 5.0)
        gc.collect()
        tracemalloc.start()
        task = asyncio.create_task(pump.up())
        try:
            async with asyncio.timeout(100):
                while link.upto[2] < WAITING:
                    assert not task.done() or task.result() is None
                    await asyncio.sleep(0.05)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            reader.close()
        assert peak < MEMORY_BYTES_MAX, peak
