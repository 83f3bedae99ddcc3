"""Who hears what over Socket.IO: staff, screens, and those who follow a visit. A message is made once for all its hearers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple

import orjson
from starlette.requests import HTTPConnection

from edge.store.states import Row
from edge.web.credentials import Identity
from edge.web.live_stats import Counters
from shared.clock import transport_s

Audience = Literal["staff", "screens"]
AUDIENCES: Final[tuple[Audience, ...]] = ("staff", "screens")


class Queue(NamedTuple):
    """Whose queue on which date. whose: a doctor's UUID; for a visit without a doctor the letter of its service."""

    whose: str
    date: str

    def room_id(self, site: str) -> str:
        """As 003 names the room."""
        return f"queue:{site}:{self.whose}:{self.date}"


@dataclass(slots=True)
class Followed:
    """A visit a connection follows. since_gseq: the event up to which it was told when it began.

    shown: what the last update was made from.  told: what it said.
    """

    queue: Queue
    language: str | None
    since_gseq: int
    shown: Any = None
    told: dict[str, Any] | None = None

    def is_news(self, shown: Any, data: dict[str, Any]) -> bool:
        """Whether an update with this `data` says anything else than the last one; from now on it is the last."""
        told = {name: data[name] for name in ("appointment", "queue", "emergency")}
        self.shown, is_news, self.told = shown, told != self.told, told
        return is_news


@dataclass(slots=True, eq=False)
class Peer:
    """One connection in the default namespace."""

    sid: str
    eio_sid: str
    address: str
    connection: HTTPConnection
    who: Identity | None
    audience: Audience | None
    began_s: float
    idle_since_s: float = field(default_factory=transport_s)
    checked_s: float = field(default_factory=transport_s)
    follows: dict[str, Followed] = field(default_factory=dict)

    @property
    def is_in_a_room(self) -> bool:
        """Whether it hears anything."""
        return self.audience is not None or bool(self.follows)


class Rooms:
    """Everybody who is connected. `deliver` hands one encoded event to connections, and whether a newer one may replace it."""

    def __init__(
        self, counted: Counters, deliver: Callable[[Iterable[Peer], str, bool], None], site: Callable[[], str]
    ) -> None:
        self._counted, self._deliver, self._site = counted, deliver, site
        self.peers: dict[str, Peer] = {}
        self.audiences: dict[Audience, set[Peer]] = {audience: set() for audience in AUDIENCES}
        self.followers: dict[str, set[Peer]] = {}
        """By visit id."""
        self._queues: dict[Queue, dict[Peer, int]] = {}

    def add(self, peer: Peer) -> None:
        """Somebody connected."""
        self.peers[peer.sid] = peer
        if peer.audience is not None:
            self.audiences[peer.audience].add(peer)

    def remove(self, peer: Peer) -> None:
        """Somebody left."""
        self.leave(peer)
        self.peers.pop(peer.sid, None)
        if peer.audience is not None:
            self.audiences[peer.audience].discard(peer)

    def follow(self, peer: Peer, visit: Row, language: str | None, gseq: int) -> Followed:
        """Follow a visit, read at that event, and the queue it stands in."""
        if visit["id"] in peer.follows:
            self._out(peer, peer.follows[visit["id"]].queue)
        followed = peer.follows[visit["id"]] = Followed(queue_of(visit), language, gseq)
        self.followers.setdefault(visit["id"], set()).add(peer)
        self._in(peer, followed.queue)
        return followed

    def move(self, peer: Peer, followed: Followed, queue: Queue) -> None:
        """The visit stands in another queue now."""
        self._out(peer, followed.queue)
        followed.queue = queue
        self._in(peer, queue)

    def leave(self, peer: Peer) -> None:
        """Follow nothing any more."""
        for visit_id, followed in peer.follows.items():
            self._out(peer, followed.queue)
            self.followers[visit_id].discard(peer)
            if not self.followers[visit_id]:
                del self.followers[visit_id]
        peer.follows.clear()
        peer.idle_since_s = transport_s()

    def in_queues(self, queues: Iterable[Queue]) -> set[Peer]:
        """Who is in any of these rooms."""
        return {peer for queue in queues for peer in self._queues.get(queue, ())}

    def in_queues_of(self, whose: str) -> set[Peer]:
        """Who is in a room of that queue, whatever the date."""
        return self.in_queues(queue for queue in list(self._queues) if queue.whose == whose)

    def say(self, peers: Iterable[Peer], event: str, payload: Any = None, *, until_newer: bool = False) -> int:
        """Tell an event; returns how many were told. until_newer: it says how everything stands, so that who has not got it
        when the next one comes needs it no more."""
        hearers = list(peers)
        if hearers:
            said = [event] if payload is None else [event, payload]
            self._deliver(hearers, orjson.dumps(said).decode(), until_newer)
            self._counted.said(len(hearers))
        return len(hearers)

    def counts(self) -> dict[str, int]:
        """By room, how many are in it."""
        site = self._site()
        found = {f"{audience}:{site}": len(peers) for audience, peers in self.audiences.items() if peers}
        return found | {queue.room_id(site): len(peers) for queue, peers in self._queues.items()}

    def _in(self, peer: Peer, queue: Queue) -> None:
        there = self._queues.setdefault(queue, {})
        there[peer] = there.get(peer, 0) + 1

    def _out(self, peer: Peer, queue: Queue) -> None:
        there = self._queues[queue]
        there[peer] -= 1
        if not there[peer]:
            del there[peer]
        if not there:
            del self._queues[queue]


def queue_of(visit: Row) -> Queue:
    """The queue a visit stands in."""
    return Queue(visit["doctor_id"] or visit["service"], visit["day"])
