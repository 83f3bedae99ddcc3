"""Socket.IO at ``/socket.io``, WebSocket and long-polling: seed 000's events for staff and screens, seed 003's for patients.

What is said stands in `socketio_outlet`; here are connections: who they are, what they may ask, and their limits. The
library takes a while to import and most clinics' first connection comes late, so it is imported with that one.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

import orjson
from starlette.requests import HTTPConnection
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send

from edge.store import states
from edge.store.places import House
from edge.store.states import Row
from edge.web.audit import Audit
from edge.web.credentials import Credentials, Identity
from edge.web.face_003_bodies import site_of, track_data
from edge.web.faces import Faces
from edge.web.guards import DISPLAY, STAFF, address_of
from edge.web.live_stats import Counters
from edge.web.origins import as_asked, origin_of
from edge.web.queue_feed import QueueFeed
from edge.web.socketio_line import Line, Outbox
from edge.web.socketio_outlet import SocketOutlet, shown_of
from edge.web.socketio_rooms import Audience, Peer, Rooms
from edge.web.wiring import Wiring
from shared import problems
from shared.clock import iso, transport_s
from shared.problems import Problem

PATH: Final = "/socket.io"
NO_ROOM_S: Final = 60.0
"""A connection that is in no room for so long is disconnected."""
RECHECK_S: Final = 24.0
"""With the pause between two sweeps, a credential that was taken away ends its connections within 30 s."""
BEHIND_MAX: Final = 5_000
"""Messages a client may be behind; a day that closes says one for every visit at once."""
FOLLOWS_MAX: Final = 10
"""Visits one connection may follow: a family."""
MESSAGE_BYTES_MAX: Final = 4096
PING_S, PING_TIMEOUT_S = 25, 20
_LINE: Final = "outpost.line"


class _Json:
    """JSON as Socket.IO's packets want it."""

    @staticmethod
    def dumps(value: Any, **_: Any) -> str:
        return orjson.dumps(value).decode()

    @staticmethod
    def loads(text: str | bytes, **_: Any) -> Any:
        return orjson.loads(text)


class SocketDoor(SocketOutlet):
    """The ASGI application under PATH."""

    def __init__(
        self, wiring: Wiring, feed: QueueFeed, faces: Faces, credentials: Credentials, counted: Counters, audit: Audit
    ) -> None:
        rooms = Rooms(counted, self._deliver, wiring.site)
        super().__init__(wiring, feed, rooms, counted)
        counted.rooms = rooms.counts
        self._faces, self._credentials, self._audit = faces, credentials, audit
        self._lines: dict[str, Line] = {}
        self._addresses: Counter[str] = Counter()
        self._building = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._sio: Any = None
        self._inner: Any = None
        self._packet: Any = None

    def routes(self) -> tuple[Route, WebSocketRoute]:
        """Its two routes, for the router's list: a mount would ask for the slash that `Hardened` has taken."""
        return Route(PATH, self, methods=None), WebSocketRoute(PATH, self)

    async def stop(self) -> None:
        """End the library's own task."""
        if self._sio is not None:
            await self._sio.shutdown()

    # Transport.

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or WebSocket."""
        connection = HTTPConnection(scope)
        session = connection.query_params.get("sid")
        refused = self._refused(connection, is_new=session is None)
        if refused is not None:
            if scope["type"] == "http":
                return await problems.response(refused, scope["path"])(scope, receive, send)
            await receive()
            return await send({"type": "websocket.close", "code": 1008, "reason": refused.detail})
        if self._inner is None:
            async with self._building:
                if self._inner is None:
                    await self._build()
        if scope["type"] == "websocket":
            line = self._lines.get(session or "") or Line(address_of(connection))
            scope, receive, send = {**scope, _LINE: line}, line.receiving(receive), line.sending(send)
        await self._inner(scope, receive, send)
        return None

    def _refused(self, connection: HTTPConnection, *, is_new: bool) -> Problem | None:
        options, address = self._wiring.options, address_of(connection)
        if origin_of(connection.headers, options.cors_origins) == "foreign":
            self._counted.failed("origin")
            return Problem(
                403, "This page belongs to another site.", code="origin", hint="See the setting cors_origin."
            )
        if is_new and (len(self._lines) >= options.live_max or self._addresses[address] >= options.live_per_address):
            self._counted.failed("too_many")
            return Problem(429, "Too many live connections.", hint="Close some pages.", retry_after_s=5)
        return None

    async def _build(self) -> None:
        """Import the library, on a thread so that nobody waits for it, and make the server."""
        socketio, packet = await asyncio.to_thread(lambda: (
            importlib.import_module("socketio"), importlib.import_module("engineio.packet")
        ))  # fmt: skip
        quiet = logging.getLogger("outpost.socketio")
        quiet.setLevel(logging.CRITICAL)  # it logs what strangers send; what matters is counted here
        self._packet = packet
        self._sio = sio = socketio.AsyncServer(
            async_mode="asgi", async_handlers=False, cors_allowed_origins=[], max_http_buffer_size=MESSAGE_BYTES_MAX,
            http_compression=False, json=_Json, ping_interval=PING_S, ping_timeout=PING_TIMEOUT_S, logger=quiet,
            engineio_logger=quiet,
        )  # fmt: skip
        sio.on("connect", self._connect)
        sio.on("disconnect", self._disconnect)
        for event, handler in {
            "join-queue": self._join, "leave-queue": self._leave, "get-queue-status": self._status,
            "heartbeat": self._heartbeat,
        }.items():  # fmt: skip
            sio.on(event, handler)
        sio.eio.create_queue = Outbox
        sio.eio.on("connect", self._opened)
        sio.eio.on("message", self._heard)
        sio.eio.on("disconnect", self._closed)
        self._inner = socketio.ASGIApp(sio, socketio_path=PATH)

    async def _opened(self, eio_sid: str, environ: dict[str, Any]) -> Any:
        line = environ["asgi.scope"].get(_LINE) or Line(address_of(HTTPConnection(environ["asgi.scope"])))
        self._lines[eio_sid] = line
        self._addresses[line.address] += 1
        return await self._sio._handle_eio_connect(eio_sid, environ)

    async def _heard(self, eio_sid: str, data: Any) -> None:
        """A packet of a client. Binary ones are none of ours, and their attachments would pile up."""
        line = self._lines.get(eio_sid)
        if line is None:
            return
        if line.hears_too_much(self._wiring.options.live_messages_per_s):
            await self._let_go(eio_sid, "too_many", "Too many messages a second.")
        elif not isinstance(data, str) or data[:1] in ("5", "6"):
            await self._let_go(eio_sid, "bad_packet", "This is no packet of ours.")
        else:
            try:
                await self._sio._handle_eio_message(eio_sid, data)
            except Exception as error:  # whatever a stranger sends ends the stranger's connection, and only that
                await self._let_go(eio_sid, "bad_packet", f"This is no packet of ours ({type(error).__name__}).")

    async def _closed(self, eio_sid: str, reason: str) -> None:
        line = self._lines.pop(eio_sid, None)
        if line is not None:
            self._addresses[line.address] -= 1
            if not self._addresses[line.address]:
                del self._addresses[line.address]
        await self._sio._handle_eio_disconnect(eio_sid, reason)

    def _deliver(self, peers: Iterable[Peer], text: str, until_newer: bool) -> None:
        """Queue an encoded event. Not by the library's `emit`, which makes a task for each and knows no limit."""
        packet = self._packet.Packet(self._packet.MESSAGE, "2" + text)  # one for all: it keeps its encoded form
        for peer in peers:
            socket = self._sio.eio.sockets.get(peer.eio_sid)
            if socket is None or socket.closed:
                continue
            if socket.queue.qsize() >= BEHIND_MAX:
                self._later(self._cut(peer.eio_sid, "too_slow"))
            elif until_newer:
                socket.queue.put_state(packet)
            else:
                socket.queue.put_nowait(packet)

    async def _let_go(self, eio_sid: str, code: str, message: str) -> None:
        """Say why, disconnect, and a moment later cut the line."""
        self._counted.failed(code)
        sid = self._sio.manager.sid_from_eio_sid(eio_sid, "/")
        if sid is not None and (peer := self._rooms.peers.get(sid)) is not None:
            self._rooms.say([peer], "error", {"message": message, "code": code, "event": None})
            await self._sio.disconnect(sid)
        self._later(self._cut(eio_sid, None, 1.0))

    async def _cut(self, eio_sid: str, code: str | None, after_s: float = 0.0) -> None:
        await asyncio.sleep(after_s)
        if code is not None and eio_sid in self._lines:
            self._counted.failed(code)
        if (line := self._lines.get(eio_sid)) is not None:
            line.cut()
        socket = self._sio.eio.sockets.get(eio_sid)
        if socket is not None and not socket.closed:
            await socket.close(wait=False, abort=True, reason=self._sio.reason.SERVER_DISCONNECT)

    def _later(self, work: Any) -> None:
        task = asyncio.create_task(work, name="socketio:later")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # Connections.

    async def _connect(self, sid: str, environ: dict[str, Any], auth: Any = None) -> None:
        eio_sid = self._sio.manager.eio_sid_from_sid(sid, "/")
        scope = environ["asgi.scope"]
        token = auth.get("token") if isinstance(auth, dict) else None
        token = token if isinstance(token, str) and token else None
        connection = as_asked(scope, token, origin_of(HTTPConnection(scope).headers, self._wiring.options.cors_origins))
        who = await self._credentials.identify(connection, is_use=False)
        if who is None and token is not None:
            await self._only_tracking(token)
        await self._noted(who)
        peer = Peer(
            sid, eio_sid, self._lines[eio_sid].address, connection, who, _audience(who), self._counted.connected()
        )
        self._rooms.add(peer)
        said = {"clientId": sid, "serverTime": self._now()}
        self._later(self._greet(peer, said))

    async def _only_tracking(self, token: str) -> None:
        """A token that signs nobody in may still be a link's. Raises what the library refuses with."""
        try:
            await self._faces.tracked(token)
        except Problem as problem:
            self._counted.failed("unauthorized")
            refused = importlib.import_module("socketio.exceptions").ConnectionRefusedError
            raise refused("This token does not hold.", {"code": "unauthorized", "hint": problem.hint}) from problem

    async def _noted(self, who: Identity | None) -> None:
        """Staff hear the queue with names. Raises what the library refuses with, where that cannot be noted."""
        audience = _audience(who)
        if who is None or audience is None or not self._sees_names(audience):
            return
        try:
            await self._audit.saw(who, "feed", "queue events")
        except Problem as problem:
            self._counted.failed("unavailable")
            refused = importlib.import_module("socketio.exceptions").ConnectionRefusedError
            raise refused(problem.detail, {"code": "unavailable", "hint": problem.hint}) from problem

    async def _greet(self, peer: Peer, said: dict[str, Any]) -> None:
        self._rooms.say([peer], "connected", said)

    async def _disconnect(self, sid: str, reason: str) -> None:
        peer = self._rooms.peers.get(sid)
        if peer is not None:
            self._rooms.remove(peer)
            self._counted.disconnected(peer.began_s)

    async def sweep(self) -> None:
        """Let go of who is in no room, of whose credential has ended, and of lines that say nothing or take nothing."""
        by_line = {peer.eio_sid for peer in self._rooms.peers.values()}
        for eio_sid, line in list(self._lines.items()):
            if line.is_stuck:
                self._later(self._cut(eio_sid, "too_slow"))
            elif eio_sid not in by_line and transport_s() - line.opened_s > NO_ROOM_S:
                self._later(self._cut(eio_sid, "no_room"))
        for peer in list(self._rooms.peers.values()):
            now_s = transport_s()
            if not peer.is_in_a_room:
                if now_s - peer.idle_since_s > NO_ROOM_S:
                    await self._let_go(peer.eio_sid, "no_room", f"In no room for {NO_ROOM_S:.0f} s.")
            elif peer.who is not None and now_s - peer.checked_s > RECHECK_S:
                peer.checked_s = now_s
                who = await self._credentials.still(peer.connection, peer.who)
                if _audience(who) != peer.audience:
                    await self._let_go(peer.eio_sid, "unauthorized", "The sign-in has ended.")

    # What a client may ask (seed 003).

    async def _join(self, sid: str, *said: Any) -> None:
        peer = self._asking(sid)
        if peer is None:
            return
        try:
            token, language = _asked(said)
            visit = await self._faces.tracked(token)
            if len(peer.follows) >= FOLLOWS_MAX and visit["id"] not in peer.follows:
                raise Problem(409, f"One connection follows at most {FOLLOWS_MAX} visits.", code="too_many")
            async with self._feed.between_rounds():
                house, gseq, visit = await self._as_it_stands(visit)
                if sid not in self._rooms.peers:
                    return
                site = site_of(self._wiring)
                followed = self._rooms.follow(peer, visit, language, gseq)
                self.note(visit)
                data = track_data(house, visit, site, language)
                followed.is_news(shown_of(house, visit), data)
                self._rooms.say([peer], "queue-joined", {"roomId": followed.queue.room_id(site.id)})
                self._rooms.say([peer], "queue-update", {"data": data})
        except Problem as problem:
            self._refuse(peer, "join-queue", problem)

    async def _leave(self, sid: str, *said: Any) -> None:
        peer = self._asking(sid)
        if peer is not None:
            self._rooms.leave(peer)

    async def _status(self, sid: str, *said: Any) -> None:
        peer = self._asking(sid)
        if peer is None:
            return
        try:
            token, language = _asked(said)
            house, _, visit = await self._as_it_stands(await self._faces.tracked(token))
            data = track_data(house, visit, site_of(self._wiring), language)
            self._rooms.say([peer], "queue-status", {"data": data})
        except Problem as problem:
            self._refuse(peer, "get-queue-status", problem)

    async def _heartbeat(self, sid: str, *said: Any) -> None:
        peer = self._asking(sid)
        if peer is not None:
            self._rooms.say([peer], "heartbeat-ack", {"serverTime": self._now()})

    def _asking(self, sid: str) -> Peer | None:
        peer = self._rooms.peers.get(sid)
        if peer is not None:
            self._counted.heard()
        return peer

    async def _as_it_stands(self, visit: Row) -> tuple[House, int, Row]:
        """The house and the visit at the last commit, and the number of its last event."""
        id_ = visit["id"]
        house, gseq, found = await self._faces.house_and(lambda conn, house: states.visit(conn, id_))
        return house, gseq, found or visit

    def _refuse(self, peer: Peer, event: str, problem: Problem) -> None:
        code = problem.body()["type"].rpartition(":")[2]
        self._counted.failed(code)
        self._rooms.say([peer], "error", {"message": problem.detail, "code": code, "event": event})

    def _now(self) -> str:
        return iso(self._faces.now_ms(), self._faces.zone)


def _audience(who: Identity | None) -> Audience | None:
    if who is None:
        return None
    return "staff" if STAFF.admits(who) else "screens" if DISPLAY.admits(who) else None


def _asked(said: tuple[Any, ...]) -> tuple[str, str | None]:
    """Token and language of a message. Raises Problem."""
    asked = said[0] if said else None
    token = asked.get("token") if isinstance(asked, dict) else None
    if not isinstance(token, str):
        raise Problem(400, "Send {token: the tracking token}.", code="wrong_shape")
    language = asked.get("lang") if isinstance(asked, dict) else None
    return token, language if isinstance(language, str) else None
