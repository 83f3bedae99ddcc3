"""Batches on a thread of this program."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable

from edge.domain.decision import Moment
from edge.store.batches import BATCH_MAX, Batches, Done, Job
from edge.store.database import Store


class ThreadEngine:
    """See `writer.Engine`."""

    def __init__(self, store: Store) -> None:
        self._writing = store.writing
        self._sent: queue.SimpleQueue[tuple[list[Job], Moment] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="writer", daemon=True)

    def start(self, deliver: Callable[[Done], None], died: Callable[[], None]) -> None:
        self._loop, self._deliver, self._died = asyncio.get_running_loop(), deliver, died
        self._thread.start()

    def send(self, jobs: list[Job], now: Moment) -> None:
        self._sent.put((jobs, now))

    async def stop(self) -> None:
        self._sent.put(None)
        await asyncio.to_thread(self._thread.join)
        await asyncio.sleep(0)  # the answers of the last batch were handed to the loop just now

    def _work(self) -> None:
        try:
            batches = Batches(self._writing)
            while (first := self._sent.get()) is not None:
                jobs, now = list(first[0]), first[1]
                ended = False
                while len(jobs) < BATCH_MAX and not self._sent.empty():
                    more = self._sent.get()
                    if more is None:
                        ended = True
                        break
                    jobs += more[0]
                    now = more[1]
                carried = 0
                while carried < len(jobs):
                    done = batches.carry_out(jobs[carried : carried + BATCH_MAX], now)
                    carried += len(done.answers)
                    self._tell(done)
                if ended:
                    break
            batches.close()
        except BaseException:
            self._call(self._died)
            raise

    def _tell(self, done: Done) -> None:
        self._call(self._deliver, done)

    def _call(self, function: Callable[..., None], *arguments: Done) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *arguments)
        except RuntimeError:
            return  # the loop is closed: the program is going, and whoever asked has gone with it
