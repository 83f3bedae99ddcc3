"""Hears what is notified with a site, whichever program notified it, and wakes whoever waits for that site.

One connection that listens for each `Watch`. That of the mailbox channel also hears pokes: somebody wants to know how a
site is now, and whoever can reach the site asks it.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import structlog

from cloud.db.pool import MAILBOX, POKE, Connection, Pool, notices, notify
from shared.backoff import Backoff

log = structlog.get_logger(__name__)


async def poke(conn: Connection, site: str) -> None:
    """Ask a site, once `conn` commits, to say at once how it is; its answer is a beat."""
    await notify(conn, MAILBOX, POKE + site)


class Watch:
    """`run` listens until it is cancelled; `waiting(site)` gives an event that is set when there may be something."""

    def __init__(self, pool: Pool, channel: str = MAILBOX) -> None:
        self._pool = pool
        self._channel = channel
        self._waiting: dict[str, set[asyncio.Event]] = defaultdict(set)
        self._listeners: list[Callable[[str | None], None]] = []
        self._pokers: list[Callable[[str], None]] = []
        self.closed = False
        """The program is going: nobody should wait any more."""

    def listen(self, told: Callable[[str | None], None]) -> None:
        """Call `told(site)` on each notice; None when notices may have been missed."""
        self._listeners.append(told)

    def listen_pokes(self, poked: Callable[[str], None]) -> None:
        """Call `poked(site)` when somebody asks how a site is."""
        self._pokers.append(poked)

    @contextmanager
    def waiting(self, site: str) -> Iterator[asyncio.Event]:
        """An event that is set when this site was told of, a poke included, so that a poll that is held open ends."""
        event = asyncio.Event()
        self._waiting[site].add(event)
        try:
            yield event
        finally:
            self._waiting[site].discard(event)
            if not self._waiting[site]:
                del self._waiting[site]

    def close(self) -> None:
        """Let everybody who waits go, so that a server that stops has not to wait for them."""
        self.closed = True
        for events in self._waiting.values():
            for event in events:
                event.set()

    async def run(self) -> None:
        """Listen; when the database goes away, come back to it and wake everybody once."""
        backoff = Backoff(0.2, 5.0)
        while True:
            try:
                async with self._pool.listening(self._channel) as conn:
                    backoff.reset()
                    self._tell(None)
                    async for told in notices(conn):
                        self._tell(told)
            except psycopg.Error as error:
                log.warning("database_away", error=str(error).strip())
                await asyncio.sleep(backoff.next_s())

    def _tell(self, told: str | None) -> None:
        site = told
        if told is not None and told.startswith(POKE):
            site = told.removeprefix(POKE)
            for poked in self._pokers:
                poked(site)
        else:
            for listener in self._listeners:
                listener(told)
        for one in [site] if site is not None else list(self._waiting):
            for event in self._waiting.get(one, ()):
                event.set()
