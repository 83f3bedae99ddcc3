"""Seed 004 over all clinics: the days that are watched, kept as they are now, and what is told to whoever watches them.

One `QueueFeed` a process. `outpost_queue` tells of a site whose queue may have changed, whichever worker made it so; its
watched days are read again, at most ten times a second for all that changed, and compared with what was shown. A
`Channel` is a day and some sites; its states are numbered, and the last differences are kept for those who resume.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple

import orjson
import psycopg
import structlog

from cloud.dashboard import boards
from cloud.dashboard.boards import Board, Change
from cloud.dashboard.live import Overview
from cloud.db.pool import Pool
from cloud.mailbox.watch import Watch
from shared.backoff import Backoff
from shared.clock import Clock, iso, transport_s

COALESCE_S: Final = 0.1
TICK_S: Final = 1.0
KEPT_S: Final = 60.0
"""How long a channel that nobody watches is kept for those who come back."""
CHANNELS_MAX: Final = 500
KEPT_CHANGES_MAX: Final = 5_000
"""Changes kept in a channel for those who resume."""
WHOLE_S: Final = 1.0
"""How long the text of a whole state is used again: it says how long ago each clinic was heard."""
Scope = frozenset[str] | None
"""Sites; None for all there are."""

log = structlog.get_logger(__name__)


class TooManyChannels(Exception):
    """There is no room for another day or choice of sites."""


class Delta(NamedTuple):
    """What became different between two numbers. sites: of whom something is told."""

    prev: int
    seq: int
    text: str
    size: int


class Channel:
    """A day of some sites. `seq` counts its states; `told` holds what is called after each."""

    def __init__(self, feed: QueueFeed, day: str, scope: Scope) -> None:
        self._feed, self.day, self.scope = feed, day, scope
        self.stream = secrets.token_hex(8)
        self.seq = 1
        self.told: set[Callable[[], None]] = set()
        self.unwatched_s = transport_s()
        self._past: deque[Delta] = deque()
        self._past_changes = 0
        self._wholes: dict[str, tuple[int, float, str]] = {}

    def covers(self, site: str) -> bool:
        """Whether a site is shown here."""
        return self.scope is None or site in self.scope

    def publish(self, changes: Sequence[Change], sites: Iterable[str]) -> None:
        """Number a new state and tell it. sites: of which something is different, be it only how they are heard."""
        self.seq += 1
        data = {
            "date": self.day, "totals": self._totals(), "changes": [change.said() for change in changes],
            "sites": [self._feed.site(site) for site in sites], "timestamp": self._feed.now(),
        }  # fmt: skip
        message = {"type": "delta", "stream": self.stream, "seq": self.seq, "prev": self.seq - 1, "data": data}
        self._past.append(Delta(self.seq - 1, self.seq, orjson.dumps(message).decode(), len(changes) + 1))
        self._past_changes += len(changes) + 1
        while self._past_changes > KEPT_CHANGES_MAX and len(self._past) > 1:
            self._past_changes -= self._past.popleft().size
        for tell in list(self.told):
            tell()

    def since(self, seq: int) -> list[str] | None:
        """The deltas after a state; None when they are not known any more."""
        missed = [delta.text for delta in self._past if delta.seq > seq]
        return missed if seq <= self.seq and len(missed) == self.seq - seq else None

    def nothing_new(self) -> str:
        """A delta for somebody who resumes and missed nothing."""
        data = {"date": self.day, "totals": self._totals(), "changes": [], "sites": [], "timestamp": self._feed.now()}
        message = {"type": "delta", "stream": self.stream, "seq": self.seq, "prev": self.seq, "data": data}
        return orjson.dumps(message).decode()

    def whole(self, kind: str) -> str:
        """The state as a `snapshot` or `update`, made once for all who want it."""
        seq, made_s, text = self._wholes.get(kind, (0, 0.0, ""))
        if seq == self.seq and transport_s() - made_s < WHOLE_S:
            return text
        doctors, unassigned = [], []
        for board in self._boards():
            site = self._feed.site(board.site.id)
            tail = b',"site":' + orjson.dumps(site) + b"}"
            doctors += [orjson.Fragment(block + tail) for block in board.blocks()]
            unassigned += [orjson.Fragment(entry.text[:-1] + tail) for entry in board.unassigned()]
        data = {
            "date": self.day, **self._totals(), "doctors": doctors, "unassigned": unassigned,
            "sites": [self._feed.site(board.site.id) for board in self._boards()], "stream": self.stream,
            "seq": self.seq, "timestamp": self._feed.now(),
        }  # fmt: skip
        text = orjson.dumps({"type": kind, "stream": self.stream, "seq": self.seq, "data": data}).decode()
        self._wholes[kind] = (self.seq, transport_s(), text)
        return text

    def _boards(self) -> list[Board]:
        mine = [board for (site, day), board in self._feed.boards.items() if day == self.day and self.covers(site)]
        return sorted(mine, key=lambda board: (board.site.name, board.site.id))

    def _totals(self) -> dict[str, int]:
        heads = [head for board in self._boards() for head in board.heads.values()]
        return {
            "total_appointments": sum(head.counts["total_appointments"] for head in heads), "total_doctors": len(heads),
        }  # fmt: skip


class QueueFeed:
    """Keeps the watched days. `overview` knows which sites there are, and when each was heard."""

    def __init__(self, pool: Pool, clock: Clock, overview: Overview, watch: Watch) -> None:
        self._pool, self._clock, self._overview = pool, clock, overview
        self.boards: dict[tuple[str, str], Board] = {}
        self._channels: dict[tuple[str, Scope], Channel] = {}
        self._states: dict[str, str] = {}
        self._dirty: set[str] = set()
        self._everything = False
        self._told = asyncio.Event()
        self._lock = asyncio.Lock()
        watch.listen(self._tell)

    async def run(self) -> None:
        """Keep watched days fresh until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._refresh(), name="queues are read")
            group.create_task(self._tick(), name="queues tick")

    async def channel(self, day: str, scope: Scope) -> Channel:
        """A day of some sites, as it is now. Raises TooManyChannels, psycopg.Error."""
        await self._overview.ready.wait()
        async with self._lock:
            found = self._channels.get((day, scope))
            if found is None:
                self._make_room()
                missing = [s for s in self._sites(scope) if (s, day) not in self.boards]
                if missing:
                    for site, board in (await self._read(missing, day)).items():
                        self.boards[site, day] = board
                found = self._channels[day, scope] = Channel(self, day, scope)
            return found

    def today(self, scope: Scope) -> str:
        """The newest service-day that is open at these sites, else today's date (UTC)."""
        days = [tile.day for tile in self._overview.tiles(scope) if tile.day is not None]
        return max(days, default=self._clock.now().date().isoformat())

    def knows(self, site: str) -> bool:
        """Whether there is such a site."""
        return self._overview.tile(site) is not None

    def now(self) -> str:
        """The moment, as messages tell it."""
        return iso(self._clock.now_ms())

    def site(self, site: str) -> dict[str, Any]:
        """A clinic, and how long ago it was heard: seconds on a wrist watch."""
        tile = self._overview.tile(site)
        if tile is None:
            return {"id": site, "name": site, "heard_s_ago": None, "as_of": None, "state": "never"}
        ago_s: float | None = None
        if tile.heard_ms is not None:
            ago_s = round(max(0.0, self._clock.real_s((self._clock.now_ms() - tile.heard_ms) / 1000)), 1)
        as_of = None if tile.as_of_ms is None else iso(tile.as_of_ms)
        return {"id": site, "name": tile.name, "heard_s_ago": ago_s, "as_of": as_of, "state": tile.state}

    @property
    def watching(self) -> int:
        """Days and choices of sites that are watched."""
        return sum(bool(channel.told) for channel in self._channels.values())

    def _tell(self, site: str | None) -> None:
        if site is None:
            self._everything = True
        else:
            self._dirty.add(site)
        self._told.set()

    def _sites(self, scope: Scope) -> list[str]:
        return [tile.site for tile in self._overview.tiles(scope)]

    async def _read(self, sites: Sequence[str], day: str) -> dict[str, Board]:
        async with self._pool.transaction() as conn:
            return await boards.read(conn, sites, day, self._clock.now_ms())

    async def _refresh(self) -> None:
        backoff = Backoff(0.2, 5.0)
        while True:
            await self._told.wait()
            self._told.clear()
            everything, dirty = self._everything, self._dirty
            self._everything, self._dirty = False, set()
            try:
                async with self._lock:
                    await self._again(None if everything else dirty)
                backoff.reset()
            except psycopg.Error as error:
                log.warning("queues_not_read", error=str(error).strip())
                self._everything = self._everything or everything
                self._dirty |= dirty
                self._told.set()
                await asyncio.sleep(backoff.next_s())
            await asyncio.sleep(COALESCE_S)

    async def _again(self, dirty: set[str] | None) -> None:
        """Read the watched days of these sites (None: of all) and tell what is different."""
        for day in {day for day, _ in self._channels}:
            channels = [channel for (its, _), channel in self._channels.items() if its == day]
            there = {site for site, its in self.boards if its == day}
            wanted = {site for channel in channels for site in self._sites(channel.scope)} | there
            sites = wanted if dirty is None else {s for s in dirty if s in there or any(c.covers(s) for c in channels)}
            if not sites:
                continue
            steps: list[dict[str, Board]] = [{}, {}]
            async with self._pool.transaction() as conn:
                fresh = await boards.read(conn, sorted(sites), day, self._clock.now_ms())
                for site, board in fresh.items():
                    before = self.boards.get((site, day))
                    if before is not None:
                        with_calls = await boards.with_calls(conn, before, board)
                        if with_calls is not None:
                            steps[0][site] = with_calls
                    steps[1][site] = board
            if steps[0]:
                self._show(day, channels, steps[0])
                await asyncio.sleep(COALESCE_S)  # so that whoever takes whole states gets this one too
            self._show(day, channels, steps[1])

    def _show(self, day: str, channels: Sequence[Channel], fresh: dict[str, Board]) -> None:
        different: dict[str, list[Change]] = {}
        for site, board in fresh.items():
            before = self.boards.get((site, day)) or Board(board.site, {}, {})
            found = boards.changes(before, board)
            self.boards[site, day] = board
            if found:
                different[site] = found
        for channel in channels:
            mine = [site for site in different if channel.covers(site)]
            if mine:
                channel.publish([change for site in mine for change in different[site]], mine)

    async def _tick(self) -> None:
        """Tell which clinics have fallen silent or are heard again; read those that a watched day lacks; forget days nobody
        watches.

        A clinic is lacking that was told of while the overview did not know it yet.
        """
        while True:
            await asyncio.sleep(TICK_S)
            states = {tile.site: tile.state for tile in self._overview.tiles(None)}
            turned = {site for site, state in states.items() if self._states.get(site, state) != state}
            self._states = dict(states)
            async with self._lock:
                for channel in list(self._channels.values()):
                    mine = sorted(
                        site for site in turned if channel.covers(site) and (site, channel.day) in self.boards
                    )
                    if mine:
                        channel.publish([], mine)
                    for site in self._sites(channel.scope):
                        if (site, channel.day) not in self.boards:
                            self._tell(site)
                self._forget()

    def _make_room(self) -> None:
        """Room for another channel: of those nobody watches, the one left longest ago goes. Raises TooManyChannels."""
        if len(self._channels) >= CHANNELS_MAX:
            unwatched = [(channel.unwatched_s, key) for key, channel in self._channels.items() if not channel.told]
            if not unwatched:
                raise TooManyChannels
            del self._channels[min(unwatched, key=lambda one: one[0])[1]]

    def _forget(self) -> None:
        now_s = transport_s()
        for key, channel in list(self._channels.items()):
            if channel.told:
                channel.unwatched_s = now_s
            elif now_s - channel.unwatched_s > KEPT_S:
                del self._channels[key]
        days = {day for day, _ in self._channels}
        for site, day in list(self.boards):
            if day not in days or not any(c.covers(site) for c in self._channels.values() if c.day == day):
                del self.boards[site, day]
