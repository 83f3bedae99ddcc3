"""The live chain overview: state on joining, then state after each change, at most ten times a second.

One `Overview` a process holds the newest tile of every site. It reads again those of which `outpost_sites` told, and
everything when it begins to listen; once a second it looks which sites have fallen silent, for silence sends no
notification. Watchers keep no queue: each is told "there is something newer" and is given the newest when it can take
it, so that a slow one loses steps in between and costs nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final

import psycopg
import structlog

from cloud.dashboard import chain
from cloud.dashboard.chain import Chain, Tile
from cloud.db.pool import SITES, Pool, notices
from shared.clock import Clock, transport_s

COALESCE_S: Final = 0.1
TICK_S: Final = 1.0
FAILED_S: Final = (0.2, 5.0)
SCOPES_MAX: Final = 200
"""Scopes whose message is kept for the next watcher of the same."""

log = structlog.get_logger(__name__)


class Overview:
    """The tiles as they are now. `seq` grows with every change; `changed` is replaced by a new event each time."""

    def __init__(self, pool: Pool, clock: Clock, silent_after_s: float) -> None:
        self._pool = pool
        self._clock = clock
        self._silent_after_s = silent_after_s
        self._tiles: dict[str, Tile] = {}
        self._dirty: set[str] = set()
        self._everything = True
        self._told = asyncio.Event()
        self._last: dict[frozenset[str] | None, tuple[int, float, bytes]] = {}
        self.seq = 1
        self.changed = asyncio.Event()
        self.ready = asyncio.Event()
        """Set once the tiles were read."""

    async def run(self) -> None:
        """Keep the tiles fresh until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen(), name="overview listens")
            group.create_task(self._refresh(), name="overview reads")
            group.create_task(self._tick(), name="overview ticks")

    def chain(self, sites: frozenset[str] | None) -> Chain:
        """The overview within a scope (None: all)."""
        return chain.chain_of(self.tiles(sites), self._clock)

    def tiles(self, sites: frozenset[str] | None) -> list[Tile]:
        """The newest tiles within a scope (None: all)."""
        return [tile for tile in self._tiles.values() if sites is None or tile.site in sites]

    def tile(self, site: str) -> Tile | None:
        """The newest tile of a site."""
        return self._tiles.get(site)

    def state(self, sites: frozenset[str] | None) -> bytes:
        """The message for watchers of a scope; made once for all that share it."""
        seq, made_s, message = self._last.get(sites, (0, 0.0, b""))
        if seq != self.seq or transport_s() - made_s > COALESCE_S:
            whole = self.chain(sites)
            head = f'{{"type":"state","topic":"chain","seq":{self.seq},"now_ms":{whole.now_ms},'
            message = f'{head}"factor":{whole.factor},"state":{whole.model_dump_json()}}}'.encode()
            if len(self._last) >= SCOPES_MAX:
                self._last.clear()
            self._last[sites] = (self.seq, transport_s(), message)
        return message

    async def _listen(self) -> None:
        wait_s = FAILED_S[0]
        while True:
            try:
                async with self._pool.listening(SITES) as conn:
                    self._tell(None)
                    wait_s = FAILED_S[0]
                    async for site in notices(conn):
                        self._tell(site)
            except psycopg.Error as error:
                log.warning("overview_not_listening", error=str(error), again_in_s=wait_s)
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, FAILED_S[1])

    async def _refresh(self) -> None:
        wait_s = FAILED_S[0]
        while True:
            await self._told.wait()
            self._told.clear()
            everything, sites = self._everything, self._dirty
            self._everything, self._dirty = False, set()
            try:
                await self._read(None if everything else sites)
                wait_s = FAILED_S[0]
            except psycopg.Error as error:
                log.warning("overview_not_read", error=str(error), again_in_s=wait_s)
                self._everything = self._everything or everything
                self._dirty |= sites
                self._told.set()
                await asyncio.sleep(wait_s)
                wait_s = min(wait_s * 2, FAILED_S[1])
            await asyncio.sleep(COALESCE_S)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            now_ms = self._clock.now_ms()
            fresh = [chain.aged(tile, self._clock, now_ms, self._silent_after_s) for tile in self._tiles.values()]
            self._take(fresh)

    def _tell(self, site: str | None) -> None:
        if site is None:
            self._everything = True
        else:
            self._dirty.add(site)
        self._told.set()

    async def _read(self, sites: Iterable[str] | None) -> None:
        async with self._pool.transaction() as conn:
            fresh = await chain.tiles(conn, self._clock, self._silent_after_s, sites)
        self._take(fresh)
        self.ready.set()

    def _take(self, fresh: list[Tile]) -> None:
        different = [tile for tile in fresh if self._tiles.get(tile.site) != tile]
        if not different:
            return
        renamed = any(tile.site not in self._tiles or self._tiles[tile.site].name != tile.name for tile in different)
        self._tiles.update({tile.site: tile for tile in different})
        if renamed:
            self._tiles = dict(sorted(self._tiles.items(), key=lambda item: (item[1].name, item[0])))
        self.seq += 1
        changed, self.changed = self.changed, asyncio.Event()
        changed.set()
