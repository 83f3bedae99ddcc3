"""The one place that feeds everything live but the pages: Socket.IO (seeds 000, 003) and seed 004's WebSocket.

`QueueFeed.run` hears every commit from the bus, so nothing is skipped. What happened is told twice: at once, event by event
(`Outlet.on_visit`, ...), and as a whole in rounds at most every ROUND_S (`Outlet.publish`), from one house that is read once
for everybody. A round is exact: the house of one commit, and with it every event up to that commit and none after it. A visit
that was called and has gone on by then is put back for a round of its own (`queue_calls`): no call is ever skipped.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping, Sequence, Set
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final, NamedTuple

from edge.app.bus import RELOAD, Subscription
from edge.domain.visits import OVER, Status
from edge.store import reads, states
from edge.store.face_000 import people_of
from edge.store.places import House
from edge.store.schema_book import TO_COME
from edge.store.states import Row
from edge.web.faces import Faces
from edge.web.queue_calls import Call, put_back, with_calls
from edge.web.wiring import Wiring
from shared.clock import transport_s
from shared.events import Event
from shared.problems import Problem

ROUND_S: Final = 0.1
"""At least this long between two rounds."""
REST_MAX_S: Final = 0.3
"""After a round that took long the feed rests as long as it took, at most this."""
REFRESH_S: Final = 15.0
"""A round at least this often for who follows a visit: waiting times change without an event."""
SWEEP_S: Final = 5.0
"""Between two looks at connections that are idle or whose credential may have ended."""
PATIENCE_S: Final = 2.0
"""For an event of a commit that was read already, and for who joins while the feed is busy."""
AGAIN_S: Final = 1.0
"""After a database that could not be read."""

SHOWN: Final = frozenset(("visit", "doctor", "person", "slot", "service", "day", "broadcast"))
"""Entities that somebody who watches a queue can see; the others change nothing here."""

Look = Callable[[sqlite3.Connection, House], Any]


class Seen(NamedTuple):
    """What was last heard of a visit that is not over."""

    version: int
    status: str
    doctor_id: str | None
    service: str
    day: str
    is_emergency: bool


class Round(NamedTuple):
    """One telling, of how everything stands at event `gseq`.

    found: what the outlet's look read.  changed: visits as events left them, oldest first.  people: persons asked for.
    called: visits put back to their call (they stand so in `house` too).  held: visits whose call comes in a later round, so
    that nothing is told of them yet (they wait in `house`), with the number of that call.
    has_call: whether it shows a call that was not shown before.  heard_s: when the oldest of what it tells was heard.
    """

    house: House
    gseq: int
    found: Any
    changed: Sequence[Row]
    people: Mapping[str, Row | None]
    called: Sequence[Call] = ()
    held: Mapping[str, int] = {}
    has_call: bool = False
    heard_s: float = 0.0


class _Heard(NamedTuple):
    """A visit as an event left it, that no round has told yet."""

    gseq: int
    visit: Row
    is_call: bool


class Outlet:
    """Somebody who tells others. Everything is called on the event loop and returns at once."""

    def is_heard(self) -> bool:
        """Whether there is anybody to tell; without one nothing is read."""
        return True

    def wants_refresh(self) -> bool:
        """Whether waiting times are to be told as they change."""
        return False

    def on_visit(self, event: Event, visit: Row, before: Seen | None) -> None:
        """A visit changed. before: None for one that is new, or was over."""

    def on_doctor(self, event: Event, doctor: Row, before: Row | None) -> None:
        """A doctor changed."""

    def on_event(self, event: Event) -> None:
        """Anything else that may be shown changed: a message, a person, a slot, a service, the day."""

    def asked_again(self) -> None:
        """Tell in the next round how everything stands, although nothing changed."""

    def commit_heard(self) -> None:
        """All events of a commit were told."""

    def look(self) -> Look:
        """What the next round needs beside the house; runs on the reading thread."""
        return lambda conn, house: None

    def not_read(self) -> None:
        """What the last look wanted could not be read; it is asked again."""

    def strangers(self, changed: Sequence[Row]) -> set[str]:
        """Persons of these visits that a round must bring, by id."""
        return set()

    def publish(self, told: Round) -> None:
        """A round."""

    def reload(self) -> None:
        """Events were missed: what was told is old, and calls may have been skipped."""

    async def sweep(self) -> None:
        """Look at connections that are idle or whose credential may have ended."""


class QueueFeed:
    """Keeps everybody fed. `outlets` are told in this order."""

    def __init__(self, wiring: Wiring, faces: Faces) -> None:
        self._wiring, self._faces = wiring, faces
        self.outlets: list[Outlet] = []
        self.doctors: dict[str, Row] = {}
        self.day: str | None = None
        """The service-day that is open."""
        self.heard_gseq = 0
        """Number of the last event heard."""
        self._seen: dict[str, Seen] = {}
        self._untold: list[_Heard] = []
        self._told_gseq = 0
        self._heard_s: float | None = None
        self._changed = asyncio.Event()
        self._moved = asyncio.Event()
        self._telling = asyncio.Lock()

    async def run(self) -> None:
        """The feed: listen, tell, sweep. Until cancelled."""
        subscription = self._wiring.bus.subscribe()
        try:
            await self._read_anew(is_first=True)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._listen(subscription), name="feed:listen")
                group.create_task(self._tell_in_rounds(), name="feed:rounds")
                group.create_task(self._sweep(), name="feed:sweep")
        finally:
            subscription.close()

    def again(self) -> None:
        """A round although nothing changed: somebody had the queue worked out anew."""
        for outlet in self.outlets:
            outlet.asked_again()
        self._changed.set()

    def has_told(self, gseq: int) -> bool:
        """Whether everything up to that event was told."""
        if self._told_gseq >= gseq:
            return True
        return self.heard_gseq >= gseq and not self._changed.is_set() and not self._telling.locked()

    async def until_told(self, gseq: int) -> None:
        """Wait until everything up to that event was told. Raises Problem 503 when it is not for a long time."""
        await self._until(lambda: self.has_told(gseq))
        if not self.has_told(gseq):
            raise Problem(503, "The queue cannot be read at the moment.", hint="Try again in a few seconds.")

    async def _until(self, holds: Callable[[], bool]) -> None:
        """Wait until it holds; for want of better, PATIENCE_S."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                while not holds():
                    await self._moved.wait()

    def _move(self) -> None:
        """Whoever waits for the feed looks again."""
        self._moved.set()
        self._moved = asyncio.Event()

    @asynccontextmanager
    async def between_rounds(self) -> AsyncIterator[None]:
        """While inside, no round is told: for who joins with something just read."""
        async with self._telling:
            yield

    # Hearing.

    async def _listen(self, subscription: Subscription) -> None:
        async for batch in subscription:
            if batch is RELOAD:
                await self._read_anew()
            else:
                for event in batch:
                    self._hear(event)
            for outlet in self.outlets:
                outlet.commit_heard()
            self._move()

    def _hear(self, event: Event) -> None:
        self.heard_gseq = max(self.heard_gseq, event.gseq)
        if event.entity not in SHOWN:
            return
        self._heard_s = self._heard_s or transport_s()
        self._changed.set()
        if event.entity == "visit":
            self._hear_visit(event, {"id": event.id, "version": event.version, **event.data})
        elif event.entity == "doctor":
            doctor = {"id": event.id, "version": event.version, **event.data}
            before = self.doctors.get(event.id)
            if before is None or before["version"] < event.version:
                self.doctors[event.id] = doctor
                for outlet in self.outlets:
                    outlet.on_doctor(event, doctor, before)
        else:
            if event.entity == "day":
                self.day = event.id
            for outlet in self.outlets:
                outlet.on_event(event)

    def _hear_visit(self, event: Event, visit: Row) -> None:
        before = self._seen.get(event.id)
        if before is not None and before.version >= event.version:
            return  # read anew since
        if Status(visit["status"]) in OVER:
            self._seen.pop(event.id, None)
        else:
            self._seen[event.id] = _seen(visit)
        self._untold.append(_Heard(event.gseq, visit, event.kind == "visit_called"))
        for outlet in self.outlets:
            outlet.on_visit(event, visit, before)

    async def _read_anew(self, *, is_first: bool = False) -> None:
        """What cannot be heard: how things stood at the start, or what was missed while too much happened at once."""
        while True:
            known = list(self._seen)
            try:
                gseq, self.day, visits, doctors = await self._faces.read(partial(_standing, known=known))
                break
            except Problem:
                await asyncio.sleep(AGAIN_S)
        self.heard_gseq = gseq
        if is_first:
            self._seen = {v["id"]: _seen(v) for v in visits if Status(v["status"]) not in OVER}
            self.doctors = {d["id"]: d for d in doctors}
            return
        at = self._faces.now_ms()
        for entity, rows in (("doctor", doctors), ("visit", visits)):
            for row in rows:
                data = {name: value for name, value in row.items() if name not in ("id", "version")}
                self._hear(Event(
                    0, gseq, at, 0, "u", f"{entity}_read", 1, "edge", "", entity, row["id"], row["version"], data
                ))  # fmt: skip
        for outlet in self.outlets:
            outlet.reload()
        self._changed.set()

    # Telling.

    async def _tell_in_rounds(self) -> None:
        while True:
            try:
                async with asyncio.timeout(REFRESH_S):
                    await self._changed.wait()
            except TimeoutError:
                if not any(outlet.wants_refresh() for outlet in self.outlets):
                    continue
            began_s = transport_s()
            pause_s = ROUND_S if await self.tell() else AGAIN_S
            took_s = transport_s() - began_s
            await asyncio.sleep(
                max(pause_s - took_s, min(took_s, REST_MAX_S))
            )  # the rest of the program wants its turn

    async def tell(self) -> bool:
        """One round of everything that happened so far. False: the database could not be read, it is told later."""
        async with self._telling:
            self._changed.clear()
            if any(outlet.is_heard() for outlet in self.outlets):
                done = await self._tell()
            else:
                self._untold.clear()
                self._heard_s, done = None, True
        self._move()
        return done

    async def _tell(self) -> bool:
        looks = [outlet.look() for outlet in self.outlets]
        taken: list[_Heard] = []
        try:
            house, gseq, found = await self._faces.house_and(lambda conn, house: [look(conn, house) for look in looks])
            await self._until(lambda: self.heard_gseq >= gseq)
            taken = [heard for heard in self._untold if heard.gseq <= gseq]
            self._untold = [heard for heard in self._untold if heard.gseq > gseq]
            changed = [heard.visit for heard in taken]
            ids = {id_ for outlet in self.outlets for id_ in outlet.strangers(changed)}
            people = await self._faces.read(partial(_people, ids=ids)) if ids else {}
        except Problem:
            self._untold[:0] = taken
            for outlet in self.outlets:
                outlet.not_read()
            self._changed.set()
            return False
        heard_s, self._heard_s = self._heard_s or transport_s(), transport_s() if self._untold else None
        calls = [Call(heard.gseq, heard.visit) for heard in taken if heard.is_call]
        back, shown = put_back(calls, house)
        for at, called in enumerate(back):
            view, held = with_calls(house, called, [*(call for one in back[at + 1 :] for call in one), *shown])
            for outlet, theirs in zip(self.outlets, found, strict=True):
                outlet.publish(Round(view, gseq, theirs, changed, people, called, held, True, heard_s))
        for outlet, theirs in zip(self.outlets, found, strict=True):
            outlet.publish(Round(house, gseq, theirs, changed, people, (), {}, bool(calls), heard_s))
        self._told_gseq = gseq
        return True

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            for outlet in self.outlets:
                await outlet.sweep()


def _people(conn: sqlite3.Connection, ids: Set[str]) -> dict[str, Row | None]:
    """Persons by id; None for who is not there."""
    return dict.fromkeys(ids) | people_of(conn, [{"person_id": id_} for id_ in ids])


def _seen(visit: Row) -> Seen:
    names = ("version", "status", "doctor_id", "service", "day", "is_emergency")
    return Seen(*(visit[name] for name in names))


def _standing(conn: sqlite3.Connection, known: Sequence[str]) -> tuple[int, str | None, list[Row], list[Row]]:
    """The last event's number, the open day, visits that are not over and those `known` that have ended, the doctors."""
    gseq = int(conn.execute("select gseq from heads").fetchone()[0])
    visits = [*states.here(conn), *states.visits_where(conn, TO_COME, ())]
    ended = set(known) - {visit["id"] for visit in visits}
    gone = (states.visit(conn, visit_id) for visit_id in ended)
    visits += [visit for visit in gone if visit is not None]
    return gseq, states.open_day(conn), visits, reads.doctors(conn)
