"""The bounded queue in front of ingest, shared by both doors, and the workers that empty it into shared commits.

A place is reserved first, from any thread; who gets none answers "busy" at once. A frame that waits while the database
is away is kept in the queue until the database is back or the program ends; the edge still has it either way.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from cloud.ingest.service import FRAMES_PER_COMMIT, Arrived, Ingest
from shared.api import Ack
from shared.backoff import Backoff

log = structlog.get_logger(__name__)

WAITING_MAX = 256
"""Frames; 16 MiB of bytes."""
WORKERS = 2
"""One writes while the other reads the next frames."""

Answer = Callable[[Ack | None], None]
AWAY = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout)
"""The database is away, busy or full: what was asked may be asked again."""


def busy(session: str, lane: int) -> Ack:
    """No room now: wait before sending again."""
    return Ack(session=session, lane=lane, upto=0, credit=0)


class Intake:
    """`reserve`, then `put`; `run` does the work until it is cancelled."""

    def __init__(self, ingest: Ingest, waiting_max: int = WAITING_MAX, workers: int = WORKERS) -> None:
        self._ingest = ingest
        self._waiting_max = waiting_max
        self._workers = workers
        self._lock = threading.Lock()
        self._reserved = 0
        self._queue: deque[tuple[Arrived, Answer]] = deque()
        self._ready = asyncio.Event()

    def reserve(self) -> bool:
        """A place in the queue, or False when it is full. From any thread."""
        with self._lock:
            if self._reserved >= self._waiting_max:
                return False
            self._reserved += 1
            return True

    def put(self, arrived: Arrived, answer: Answer) -> None:
        """Queue a frame in a reserved place; `answer` is called on the loop after the commit."""
        self._queue.append((arrived, answer))
        self._ready.set()

    async def run(self) -> None:
        """Empty the queue. Ends only by an error that is a fault of the program, or by being cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self._workers):
                group.create_task(self._work())

    async def _work(self) -> None:
        backoff = Backoff(0.2, 5.0)
        while True:
            while not self._queue:
                self._ready.clear()
                await self._ready.wait()
            batch = [self._queue.popleft() for _ in range(min(FRAMES_PER_COMMIT, len(self._queue)))]
            while True:
                try:
                    answers: list[Ack | None] = await self._ingest.take([arrived for arrived, _ in batch])
                    break
                except AWAY as error:
                    log.warning("database_away", error=str(error).strip(), frames=len(batch))
                    await asyncio.sleep(backoff.next_s())
                except psycopg.Error as error:  # a fault of ours: the edges keep the frames and say HELLO again
                    log.error("frames_not_kept", error=str(error).strip(), frames=len(batch), exc_info=error)
                    answers = [None] * len(batch)
                    break
            backoff.reset()
            with self._lock:
                self._reserved -= len(batch)
            for (_, answer), ack in zip(batch, answers, strict=True):
                answer(ack)
