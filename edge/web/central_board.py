"""The dates that are watched over seed 004's WebSocket: they learn from the feed and tell who watches them."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from edge.store import face_004
from edge.store.face_000 import people_of
from edge.store.places import House
from edge.store.states import Row
from edge.web.central_client import Client, Keep, Watching
from edge.web.central_days import Day, Delta
from edge.web.face_004_bodies import patient_of
from edge.web.faces import Faces
from edge.web.live_stats import Counters
from edge.web.queue_feed import Look, Outlet, QueueFeed, Round, Seen
from shared.clock import iso, transport_s
from shared.events import Event

KEEP_DAY_S: Final = 120.0
"""A date that nobody watches is kept so long for those who come back."""
DAYS_MAX: Final = 100
"""Dates kept; beyond that those that nobody watches go at once."""


class _Read(NamedTuple):
    """What was read of a date."""

    visits: Sequence[Row]
    people: Mapping[str, Row]
    places: dict[str, tuple[int, int]]

    def teach(self, day: Day) -> None:
        """Let the date know it."""
        for visit in self.visits:
            day.learn(visit)
        day.learn_people({id_: patient_of(person) for id_, person in self.people.items()})
        day.learn_places(self.places)


class Board(Outlet):
    """Keeps the dates."""

    def __init__(self, feed: QueueFeed, faces: Faces, counted: Counters) -> None:
        self._feed, self._faces, self._counted = feed, faces, counted
        self._days: dict[str, Day] = {}
        self._watching: dict[str, set[Client]] = {}
        self._unwatched_s: dict[str, float] = {}
        self._touched: set[str] = set()
        self._anew = False
        self._asked: tuple[set[str], bool] = (set(), False)

    async def day(self, date: str) -> Day:
        """A date as it stands at the last commit. Raises Problem 503."""
        gseq = await self._faces.last()
        if (day := self._days.get(date)) is not None and day.gseq < gseq:
            await self._feed.until_told(gseq)
        if (day := self._days.get(date)) is None:
            async with self._feed.between_rounds():
                day = self._days.get(date) or await self._new_day(date)
        return day

    async def _new_day(self, date: str) -> Day:
        """Begin to keep a date."""
        house, gseq, found = await self._faces.house_and(lambda conn, house: _read(conn, date, house))
        if len(self._days) >= DAYS_MAX:
            self.forget_unwatched()
        day = self._days[date] = Day(date, self._faces.zone, self._now)
        self._unwatched_s[date] = transport_s()
        day.gseq = gseq
        found.teach(day)
        day.tell(house)
        return day

    def watch(self, client: Client, watching: Watching | None) -> None:
        """From now on this client is told of that and of nothing else."""
        if client.watching is not None:
            before = client.watching.day.date
            self._watching[before].discard(client)
            if not self._watching[before]:
                del self._watching[before]
                self._unwatched_s[before] = transport_s()
        client.watching = watching
        client.idle_since_s = transport_s()
        if watching is not None:
            self._days.setdefault(watching.day.date, watching.day)
            self._watching.setdefault(watching.day.date, set()).add(client)
            self._unwatched_s.pop(watching.day.date, None)

    def rooms(self) -> dict[str, int]:
        """How many watch each date, or one doctor of it."""
        found: dict[str, int] = {}
        for date, clients in self._watching.items():
            for client in clients:
                doctor_id = client.watching.view.doctor_id if client.watching else None
                name = f"{date}:{doctor_id}" if doctor_id else date
                found[name] = found.get(name, 0) + 1
        return found

    # What the feed tells.

    def is_heard(self) -> bool:
        """While a date is kept, also for those who come back to it."""
        return bool(self._days)

    def on_visit(self, event: Event, visit: Row, before: Seen | None) -> None:
        """Its date may have other places left."""
        self._touched.update({visit["day"], before.day if before else visit["day"]} & self._days.keys())

    def on_event(self, event: Event) -> None:
        """Persons as they are now; slots change what a date has left."""
        if event.entity == "person":
            patient = patient_of({"id": event.id, **event.data})
            for day in self._days.values():
                if day.knows_person(event.id):
                    day.learn_people({event.id: patient})
        elif event.entity in ("slot", "day"):
            self._touched.update(self._days)

    def reload(self) -> None:
        """What is kept is old, and calls may have been skipped."""
        self._anew = True

    def look(self) -> Look:
        """(whether all is new, by date what was read): all of it, or what the slots of touched dates have left."""
        touched, self._touched = self._touched & self._days.keys(), set()
        self._asked, self._anew = (touched, self._anew), False
        if self._asked[1]:
            dates = list(self._days)
            return lambda conn, house: (True, {date: _read(conn, date, house) for date in dates})
        return lambda conn, house: (
            False, {date: _Read((), {}, face_004.places(conn, date, house.now_ms)) for date in touched}
        )  # fmt: skip

    def strangers(self, changed: Sequence[Row]) -> set[str]:
        """Persons of these visits whom their date does not know."""
        dates = ((self._days.get(visit["day"]), visit["person_id"]) for visit in changed)
        return {id_ for day, id_ in dates if day is not None and id_ is not None and not day.knows_person(id_)}

    def not_read(self) -> None:
        """Ask for it again."""
        self._touched |= self._asked[0]
        self._anew |= self._asked[1]

    def publish(self, told: Round) -> None:
        """Tell what became different to everybody who watches."""
        all_new, found = told.found
        people = {id_: patient_of(person) for id_, person in told.people.items()}
        for date, day in self._days.items():
            if date in found:
                found[date].teach(day)
            for visit in told.changed:
                day.learn(visit)
            day.learn_people(people)
            delta = day.tell(told.house, told.called, told.held)
            if not told.called:
                day.gseq = max(day.gseq, told.gseq)
            if delta is not None and not all_new:
                self._send(day, delta, has_call=told.has_call, heard_s=told.heard_s)
        if all_new:
            for client in [client for clients in self._watching.values() for client in clients]:
                start_anew(client, "behind")

    def _send(self, day: Day, delta: Delta, *, has_call: bool, heard_s: float | None = None) -> None:
        clients = self._watching.get(day.date)
        if not clients:
            return
        deltas: dict[object, str] = {}
        keep = Keep.STATE if has_call else Keep.UNTIL_NEWER
        for client in clients:
            watching = client.watching
            assert watching is not None
            if not watching.is_delta:
                took = client.put(day.whole("update", watching.view), keep)
            else:
                if watching.view not in deltas:
                    deltas[watching.view] = day.changed(delta, watching.view)
                took = client.put(deltas[watching.view], Keep.STATE)
            if not took:
                start_anew(client, "too_slow")
        self._counted.said(len(clients))
        if heard_s is not None:
            self._counted.delayed(transport_s() - heard_s)

    def forget_unwatched(self) -> None:
        """Let go of dates that nobody has watched for a while."""
        since_s = transport_s() - KEEP_DAY_S
        for date, unwatched_s in list(self._unwatched_s.items()):
            if unwatched_s < since_s or len(self._days) > DAYS_MAX:
                del self._unwatched_s[date]
                if date not in self._watching:
                    self._days.pop(date, None)

    def _now(self) -> str:
        return iso(self._faces.now_ms(), self._faces.zone)


def start_anew(client: Client, reason: str) -> None:
    """Tell a client that it missed something, and how everything stands."""
    watching = client.watching
    assert watching is not None
    client.start_anew(f'{{"type":"reload","reason":"{reason}"}}', watching.day.whole("snapshot", watching.view))


def _read(conn: sqlite3.Connection, date: str, house: House) -> _Read:
    """All of a date."""
    visits = face_004.visits_of(conn, date)
    return _Read(visits, people_of(conn, visits), face_004.places(conn, date, house.now_ms))
