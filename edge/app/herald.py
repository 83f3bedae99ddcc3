"""Notices what no single command sees: that somebody has become the next in their queue, and asks to have them told."""

from __future__ import annotations

import asyncio
import sqlite3

from edge.app.bus import Bus
from edge.app.dispatcher import Dispatcher, NotDone
from edge.domain.commands import TellNext
from edge.store import places, timers
from edge.store.database import Store

LOOK_EVERY_S = 1.0
"""Real seconds between two looks while things happen; a look orders every queue."""


class Herald:
    """`run()` until cancelled; `look()` is one look, and what tests call."""

    def __init__(self, store: Store, dispatcher: Dispatcher, bus: Bus) -> None:
        self._store, self._dispatcher = store, dispatcher
        self._wake = bus.wake("herald")
        self._connection: sqlite3.Connection | None = None

    async def run(self) -> None:
        """Look after every commit, at most once a second."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self.look()
            except NotDone as error:
                if error.bug:
                    raise
                self._wake.set()  # the disk refuses; the same look again
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Have everybody told who is next now. A person is told once in each service."""
        for visit_id, service in await asyncio.to_thread(self._next):
            command_id = f"next:{visit_id}:{service}"
            await self._dispatcher.submit(TellNext(command_id=command_id, actor="herald", visit_id=visit_id))

    def _next(self) -> list[tuple[str, str]]:
        """(visit, service) of those who are next and agreed to messages. Not on the event loop: long queues take a while."""
        if self._connection is None:
            self._connection = self._store.reader()
        asked = timers.agreed(self._connection)
        if not asked:
            return []
        house = places.house(self._connection, self._store.clock.now_ms())
        waiting = {visit["id"]: visit["service"] for visit in house.here if visit["status"] == "waiting"}
        return [
            (visit_id, service) for visit_id, service in waiting.items()
            if visit_id in asked and house.standing[visit_id].position == 1
        ]  # fmt: skip
