"""Keeps all readers running: woken by `outpost_events`, and by a slow poll for what a lost notification hid."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import psycopg
import structlog

from cloud.db.pool import EVENTS, Pool, notices
from cloud.feed import Reader, Step, run_reader, sites_behind
from shared.clock import Clock

POLL_S: Final = 5.0
BUSY_S: Final = 0.05
FAILED_S: Final = (0.2, 5.0)
"""First and longest wait after the database failed; doubled in between."""
WORKERS: Final = 3
"""Batches at once in this process; each holds a connection of the pool."""

log = structlog.get_logger(__name__)
_Key = tuple[str, str]


class Feeder:
    """Runs `readers` over every site until cancelled. `batches` and `failures` count what was done."""

    def __init__(self, pool: Pool, readers: Sequence[Reader], clock: Clock, poll_s: float = POLL_S) -> None:
        self._pool = pool
        self._readers = {reader.name: reader for reader in readers}
        self._clock = clock
        self._poll_s = poll_s
        self._due: dict[_Key, None] = {}  # bounded: one for each reader and site
        self._running: set[_Key] = set()
        self._wake = asyncio.Condition()
        self.batches = 0
        self.failures = 0
        self.failing = False
        """Whether the last batch was failed by the database."""

    async def run(self) -> None:
        """Run until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen(), name="feeder listens")
            group.create_task(self._poll(), name="feeder polls")
            for number in range(WORKERS):
                group.create_task(self._work(), name=f"feeder {number}")

    async def _listen(self) -> None:
        wait_s = FAILED_S[0]
        while True:
            try:
                async with self._pool.listening(EVENTS) as conn:
                    await self._look_everywhere()  # what came before we listened
                    wait_s = FAILED_S[0]
                    async for site in notices(conn):
                        await self._add([(name, site) for name in self._readers])
            except psycopg.Error as error:
                log.warning("feeder_not_listening", error=str(error), again_in_s=wait_s)
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, FAILED_S[1])

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(self._poll_s)
            try:
                await self._look_everywhere()
            except psycopg.Error as error:
                log.warning("feeder_poll_failed", error=str(error), again_in_s=self._poll_s)

    async def _look_everywhere(self) -> None:
        for reader in self._readers.values():
            async with self._pool.transaction() as conn:
                sites = await sites_behind(conn, reader)
            await self._add([(reader.name, site) for site in sites])

    async def _work(self) -> None:
        failed_s = FAILED_S[0]
        while True:
            key = await self._take()
            step = Step.BUSY
            try:
                step = await run_reader(self._pool, self._readers[key[0]], key[1], self._clock)
                self.batches += step is not Step.BUSY
                failed_s, self.failing = FAILED_S[0], False
            except psycopg.Error as error:
                self.failures += 1
                self.failing = True
                log.warning("reader_failed", reader=key[0], site=key[1], error=str(error), again_in_s=failed_s)
                await asyncio.sleep(failed_s)
                failed_s = min(failed_s * 2, FAILED_S[1])
            finally:
                self._running.discard(key)
            if step is Step.BUSY:
                await asyncio.sleep(BUSY_S)
            if step is not Step.IDLE:
                await self._add([key])
            else:
                async with self._wake:
                    self._wake.notify()  # the same key may have been woken while it ran

    async def _add(self, keys: Sequence[_Key]) -> None:
        async with self._wake:
            for key in keys:
                self._due[key] = None
            self._wake.notify_all()

    async def _take(self) -> _Key:
        async with self._wake:
            while True:
                key = next((key for key in self._due if key not in self._running), None)
                if key is not None:
                    del self._due[key]
                    self._running.add(key)
                    return key
                await self._wake.wait()
