"""The only way in: whatever happens becomes a command and is handed to `Dispatcher.submit()`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from edge.app.bus import Bus
from edge.app.deciders import DECIDERS
from edge.domain.commands import Command
from edge.store.database import Store
from edge.store.ledger import Accepted, Gap, Order, Outcome, Refused
from edge.store.writer import NotDone, Writer
from shared.stream import Place

__all__ = ["Accepted", "Dispatcher", "Gap", "NotDone", "Outcome", "Refused", "until_done"]


class Dispatcher:
    """Belongs to one event loop. When `submit` returns, the result is on disk."""

    def __init__(self, store: Store, bus: Bus, *, process: bool = False) -> None:
        """`process`: the writer works in a child process of its own, as it does in the clinic's program."""
        self.writer = Writer(store, bus.publish, process=process)

    def start(self) -> None:
        """Start the writer."""
        self.writer.start()

    async def stop(self) -> None:
        """Finish what was handed in; later commands get NotDone."""
        await self.writer.stop()

    async def submit(self, command: Command, place: Place | None = None, source: str = "", key: str = "") -> Outcome:
        """Carry out a command.

        place: its number in its sender's stream, for boards and the mailbox; a number seen before gets its old answer.
        source: whose stream it is ("board:b1", "mailbox"); only with a place, default the actor.
        key: the beginning of its command_id that is the sender's own key; the same key for another command is refused.
        Raises NotDone when nothing was kept: the same command may be sent again.
        """
        load, decide = DECIDERS[type(command)]
        return await self.writer.execute(Order(command, place, source or command.actor, load, decide, key))


AGAIN_S = 0.5
"""Real seconds between two tries of something that must be kept, while the disk refuses."""


async def until_done(submit: Callable[[], Awaitable[object]]) -> None:
    """Submit again while the disk refuses, every half second; a bug goes up."""
    while True:
        try:
            await submit()
            return
        except NotDone as error:
            if error.bug:
                raise
            await asyncio.sleep(AGAIN_S)
