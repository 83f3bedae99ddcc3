"""A stage, or PostgreSQL alone, for code that is not asynchronous: it lives in a thread with an event loop of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, Protocol, TypeVar

from deploy.demo.postgres import Postgres
from deploy.demo.stage import Stage

T = TypeVar("T")
CALL_S = 180.0
PATIENCE_S = 3.0


class Call(Protocol):
    """Runs a coroutine in the other thread, and gives what came of it."""

    def __call__(self, work: Coroutine[Any, Any, T], /) -> T: ...


@contextlib.contextmanager
def loop_thread() -> Iterator[Call]:
    """An event loop in a thread. Programs started in it end with the thread at the latest."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="stage", daemon=True)
    thread.start()

    def call(work: Coroutine[Any, Any, T], /) -> T:
        return asyncio.run_coroutine_threadsafe(work, loop).result(CALL_S)

    try:
        yield call
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@contextlib.contextmanager
def running_stage(make: Callable[[], Stage]) -> Iterator[tuple[Stage, Call]]:
    """Start the stage that `make` gives, and end it afterwards.

    ``with running_stage(lambda: Stage(short_folder())) as (stage, call): call(stage.devices.do("press", button=1))``
    """

    async def made() -> Stage:
        return make()

    with loop_thread() as call:
        stage = call(made())
        call(stage.__aenter__())
        try:
            yield stage, call
        finally:
            call(stage.stop())


@contextlib.contextmanager
def running_postgres(folder: Path) -> Iterator[Postgres]:
    """A PostgreSQL of one's own in `folder` (short path; see `stage.short_folder`), ended afterwards."""
    with loop_thread() as call:
        postgres = Postgres(folder, folder / "postgres.log", os.environ)
        folder.mkdir(exist_ok=True)
        call(postgres.start())
        try:
            yield postgres
        finally:
            call(postgres.stop(PATIENCE_S))
