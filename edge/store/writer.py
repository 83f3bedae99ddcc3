"""The front of the one writer: hands jobs over in order and tells each sender what became of its job.

The work itself (`batches.py`) is done either on a thread of this program or in a child process. A thread shares the
interpreter's lock with the web server, so under load each of a command's twenty statements waits for its turn; the child
process does not. Tests that look into SQLite use the thread; the clinic's program uses the process.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from edge.domain.decision import Moment
from edge.store.batches import Call, Done, Job, NotDone
from edge.store.database import Store
from edge.store.ledger import Order, Outcome
from edge.store.writer_process import ProcessEngine
from edge.store.writer_thread import ThreadEngine
from shared.clock import mono_ms
from shared.events import Event

__all__ = ["NotDone", "Writer"]

WAITING_MAX = 4096
"""Jobs that may queue; beyond it the sender is told to come again, which it can, because nothing was kept."""

T = TypeVar("T")


class Engine(Protocol):
    """Where batches are carried out. `deliver` is called on the event loop, in the order of sending."""

    def start(self, deliver: Callable[[Done], None], died: Callable[[], None]) -> None:
        """Begin; `died` is called when it ends without having been asked to."""

    def send(self, jobs: list[Job], now: Moment) -> None:
        """Take jobs over. What was sent while a commit ran shares the next one."""

    async def stop(self) -> None:
        """Finish what was sent, then end."""


class Writer:
    """Start it, submit to it from one event loop, stop it. `on_commit(events, effects)` runs on that loop after each commit."""

    def __init__(
        self, store: Store, on_commit: Callable[[list[Event], frozenset[str]], None], *, process: bool = False
    ) -> None:
        self._clock = store.clock
        self._on_commit = on_commit
        self._engine: Engine = ProcessEngine(store) if process else ThreadEngine(store)
        self._unsent: list[Job] = []
        self._futures: list[asyncio.Future[Any]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped = False
        self.died: asyncio.Event = asyncio.Event()
        """Set when the engine ended by itself: the program must end too, and start anew."""
        self.commits = 0
        self.failed_commits = 0

    def start(self) -> None:
        """Call it on the event loop that will submit."""
        self._loop = asyncio.get_running_loop()
        self._engine.start(self._deliver, self._die)

    async def stop(self) -> None:
        """Finish what was handed in and note that the stop was clean; later jobs get NotDone."""
        if not self._stopped:
            self._stopped = True
            self._flush()
            await self._engine.stop()

    def counted(self) -> tuple[int, int]:
        """Commits since the start, and commits that failed."""
        return self.commits, self.failed_commits

    async def execute(self, order: Order) -> Outcome:
        """Carry out one order; returns after the commit. Raises NotDone."""
        return await self._queued(order)  # type: ignore[no-any-return]

    async def run(self, function: Callable[..., T], *arguments: Any) -> T:
        """Run `function(conn, *arguments)` in a savepoint of the next commit. Raises NotDone, or what it raises.

        The function is one of a module (no lambda, no bound method), and arguments and result can be pickled, so that
        it can run in the writer's process.
        """
        return await self._queued(Call(function, arguments))  # type: ignore[no-any-return]

    def _queued(self, job: Job) -> asyncio.Future[Any]:
        assert self._loop is not None, "start() first"
        if self._stopped:
            raise NotDone("the clinic's program is stopping", passing=True, hint="Try again in a few seconds.")
        if len(self._futures) >= WAITING_MAX:
            raise NotDone("too many things at once", passing=True, hint="Try again in a few seconds.")
        future: asyncio.Future[Any] = self._loop.create_future()
        if not self._unsent:
            self._loop.call_soon(self._flush)  # all that this round of the loop hands in goes over together
        self._unsent.append(job)
        self._futures.append(future)
        return future

    def _flush(self) -> None:
        if self._unsent:
            jobs, self._unsent = self._unsent, []
            trust = self._clock.trust[0] if self._clock.trusted() else "u"
            self._engine.send(jobs, Moment(self._clock.now_ms(), mono_ms(), trust))  # type: ignore[arg-type]

    def _deliver(self, done: Done) -> None:
        """Answer the oldest waiting, one per answer: jobs are carried out in the order they were handed in."""
        count = len(done.answers)
        futures, self._futures = self._futures[:count], self._futures[count:]
        self.commits += done.commits
        self.failed_commits += done.failed_commits
        for future, answer in zip(futures, done.answers, strict=True):
            if future.done():
                continue
            if isinstance(answer, BaseException):
                future.set_exception(answer)
            else:
                future.set_result(answer)
        if done.events or done.effects:
            self._on_commit(list(done.events), done.effects)

    def _die(self) -> None:
        self._stopped = True
        futures, self._futures = self._futures, []
        for future in futures:
            if not future.done():
                future.set_exception(NotDone("the writer ended", passing=True, hint="Try again in a few seconds."))
        self.died.set()
