"""What pages show: the store's reads, dressed with the site's name and the facts that are not in the store.

The same states go over ``GET /api/v1/{display,desk,kiosk}`` and over the live feed. Reading happens on one thread of its
own with a connection of its own, so that a long list never makes a press wait.
"""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final, Literal, TypeVar
from zoneinfo import ZoneInfo

from edge.store import places, reads
from edge.web.wiring import Wiring
from shared.clock import iso, transport_s
from shared.problems import Problem
from shared.timings import Timings, query_of

Topic = Literal["display", "desk", "kiosk"]
TOPICS: Final[tuple[Topic, ...]] = ("display", "desk", "kiosk")
CLIPS_KNOWN_MAX: Final = 200
"""Calls and messages whose clip can be asked for: those shown last."""
_MOMENTS: Final = ("created_at", "called_at", "started_at", "ended_at")
_STAFF_MOMENTS: Final = ("arrived_at", "due_at", "timer_at")
_STAFF_AS_IS: Final = (
    "category", "claimed_urgency", "delay_min", "doctor_chosen", "over_capacity", "person_id", "slot_id", "skips",
)  # fmt: skip
_AS_IS: Final = ("id", "number", "service", "status", "urgency", "is_emergency", "doctor_id", "room")

T = TypeVar("T")
Clip = Callable[[], Awaitable[bytes]]
HouseAnd = Callable[[Callable[[sqlite3.Connection, places.House], Any]], Awaitable[tuple[places.House, int, Any]]]
Row = dict[str, Any]


def visit_body(visit: Row, zone: ZoneInfo) -> Row:
    """A visit as HTTP and live messages show it: moments as ISO 8601 in site time."""
    body = {name: visit[name] for name in _AS_IS}
    body["token_number"] = visit["token"]
    for name in _MOMENTS:
        moment = visit[name]
        body[name] = None if moment is None else iso(moment, zone)
    body["version"] = visit["version"]
    return body


class States:
    """Reads states. Use from the event loop; `close` when done."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring
        self._zone = wiring.options.zone
        self._thread = ThreadPoolExecutor(1, "reads")
        self._connection: sqlite3.Connection | None = None
        self._clips: OrderedDict[str, Clip] = OrderedDict()
        self.timings = Timings()
        """How long reading took, by query."""
        self.house_and: HouseAnd | None = None
        """Where the house of a commit is already made for others, so that it is not made twice; see `Faces`."""

    async def of(self, topic: Topic) -> Row:
        """The state of a topic now."""
        now_ms = self._wiring.clock.now_ms()
        if topic == "display":
            return self._display(await self.read(lambda conn: reads.display(conn, now_ms)))
        if topic == "kiosk":
            return {**self._site(), **await self.read(reads.kiosk), "printer": self._wiring.facts().printer}
        if self.house_and is None:
            return self._desk(await self.read(lambda conn: reads.desk(conn, now_ms)))
        return self._desk((await self.house_and(reads.desk_of))[2])

    async def read(self, look: Callable[[sqlite3.Connection], T], query: str | None = None) -> T:
        """Run `look` on the reading thread. Raises Problem 503 when the file cannot be read.

        query: under which name its time is counted; None: that of `look`.
        """
        name = query or query_of(look)

        def run() -> T:
            if self._connection is None:
                self._connection = self._wiring.open_reader()
            began_s = transport_s()
            try:
                return look(self._connection)
            finally:
                self.timings.took(name, transport_s() - began_s)

        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, run)
        except sqlite3.Error as error:
            raise Problem(503, f"The database cannot be read ({error}).", hint="Call support.") from error

    def clip_of(self, key: str) -> Clip | None:
        """Makes the WAV of a call or a message that a display was shown; raises DeviceError."""
        return self._clips.get(key)

    def close(self) -> None:
        """Stop the reading thread."""

        def close() -> None:
            if self._connection is not None:
                self._connection.close()

        self._thread.submit(close)
        self._thread.shutdown()

    def _site(self) -> Row:
        options = self._wiring.options
        return {"site_name": options.site_name, "languages": options.languages, "timezone": options.zone.key}

    def _display(self, state: Row) -> Row:
        """A call's key names who called, so screens get a digest of it; the same call keeps the same one."""
        for call in (*state["recent"], *state["now_calling"]):
            call["key"] = key = hashlib.sha256(call["key"].encode()).hexdigest()[:24]
            clip = self._wiring.clip
            call["clip"] = self._keep(key, partial(clip, call["token"], call["room"])) if clip else None
        for message in state["messages"]:
            key, say = hashlib.sha256(f"message:{message['id']}".encode()).hexdigest()[:24], self._wiring.say
            message["clip"] = self._keep(key, partial(say, message["message"])) if say else None
        return {**self._site(), **state, "ticker": self._wiring.options.ticker}

    def _keep(self, key: str, clip: Clip) -> str:
        """Where a display gets what it was shown as sound."""
        self._clips[key] = clip
        self._clips.move_to_end(key)
        while len(self._clips) > CLIPS_KNOWN_MAX:
            self._clips.popitem(last=False)
        return f"/api/v1/announcements/{key}.wav"

    def _desk(self, state: Row) -> Row:
        facts = self._wiring.facts()
        for doctor in state["doctors"]:
            doctor["current"] = None if doctor["current"] is None else self._staff_body(doctor["current"])
            doctor["called"] = [self._staff_body(visit) for visit in doctor["called"]]
        state["waiting"] = [
            {**self._staff_body(visit), **{name: visit[name] for name in ("why", "score", "wait_min", "raised")},
             **_standing_body(visit["standing"])}
            for visit in state["waiting"]
        ]  # fmt: skip
        for name in ("parked", "booked", "missed"):
            state[name] = [self._staff_body(visit) for visit in state[name]]
        state["finished"] = [visit_body(visit, self._zone) for visit in state["finished"]]
        for message in state["broadcasts"]:
            message["sent_at"] = iso(message["sent_at"], self._zone)
            del message["ended_at"]
        link = {"state": facts.link, "unsent": sum(state.pop("unsent"))}
        return {**self._site(), **state, "printer": facts.printer, "link": link}

    def _staff_body(self, visit: Row) -> Row:
        """A visit as staff see it: with name, phone and reason."""
        moments = {name: None if visit[name] is None else iso(visit[name], self._zone) for name in _STAFF_MOMENTS}
        return {
            **visit_body(visit, self._zone), **moments, **{name: visit[name] for name in _STAFF_AS_IS},
            **visit["person"], "reason": visit["reason"] or None,
        }  # fmt: skip


def _standing_body(standing: places.Standing) -> Row:
    """Place and wait of somebody who waits; the wait in minutes, None while no doctor is here."""
    low, mid, high = standing.wait.minutes() if standing.wait else (None, None, None)
    return {
        "position": standing.position, "wait": None if mid is None else {"min": low, "mid": mid, "max": high},
        "why_code": standing.why_code, "why_values": standing.why_values,
    }  # fmt: skip
