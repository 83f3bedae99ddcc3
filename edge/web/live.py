"""``ws /api/v1/live``: one feed from the bus, each state made once, the same bytes to everybody who watches it.

`LiveFeed.run` is the one task that listens and makes states; each connection has a small bounded buffer and a task that
empties it. A client that does not read is told to reload and is let go; it never makes the feed wait or grow.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, deque
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import orjson
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

from edge.app.bus import Subscription
from edge.web.audit import Audit
from edge.web.credentials import Credentials, Identity
from edge.web.guards import DISPLAY, KIOSK, STAFF, Level, address_of
from edge.web.live_client import Client
from edge.web.states import TOPICS, States, Topic
from edge.web.wiring import Facts, Wiring
from shared import tokens
from shared.clock import transport_s
from shared.problems import Problem

COALESCE_S: Final = 0.1
"""At least this long between two states of a topic."""
BEAT_S: Final = 2.0
"""Real seconds between beats; a page that hears nothing for three of them says that it is not live."""
REFRESH_S: Final = 15.0
"""A watched state is made anew at least this often: waiting times grow without an event."""
WATCH_WITHIN_S: Final = 60.0
"""A connection that watches nothing by then is closed."""
MESSAGES_PER_S: Final = 10
MESSAGE_BYTES_MAX: Final = 4096
RECHECK_S: Final = 30.0
"""A credential that was taken away ends the live connection within this time."""
LOOK_S: Final = 5.0
LAST_WORD_S: Final = 1.0
LEVELS: Final[dict[str, Level]] = {"display": DISPLAY, "kiosk": KIOSK, "desk": STAFF}
POLICY, TOO_BIG, AGAIN_LATER = 1008, 1009, 1013


class LastWord(NamedTuple):
    """What a client is told before its connection is closed."""

    message: dict[str, Any]
    code: int


class LiveFeed:
    """Keeps everybody who watches up to date."""

    def __init__(self, wiring: Wiring, states: States, audit: Audit) -> None:
        self._wiring, self._states, self._audit = wiring, states, audit
        self._clients: dict[Topic, set[Client]] = {topic: set() for topic in TOPICS}
        self._addresses: Counter[str] = Counter()
        self._made: dict[Topic, tuple[int, bytes]] = {}
        self._valid: set[Topic] = set()
        self._locks = {topic: asyncio.Lock() for topic in TOPICS}
        self._changed = asyncio.Event()
        self._facts = Facts()
        self._beaten_s = transport_s()
        self.sent = 0
        """Messages queued for clients."""
        self.let_go = 0
        """Clients that did not read and were told to reload."""

    @property
    def clients(self) -> int:
        """Connections that are open."""
        return self._addresses.total()

    def is_alive(self) -> bool:
        """Whether the feed beats."""
        return transport_s() - self._beaten_s < 3 * BEAT_S

    async def run(self) -> None:
        """The feed: listen, make states, beat. Until cancelled."""
        subscription = self._wiring.bus.subscribe()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._listen(subscription), name="live:listen")
                group.create_task(self._make_states(), name="live:states")
                group.create_task(self._beat(), name="live:beat")
        finally:
            subscription.close()

    async def _listen(self, subscription: Subscription) -> None:
        async for _ in subscription:  # whatever happened, or RELOAD: what was made before is old
            self._everything_changed()

    def _everything_changed(self) -> None:
        self._valid.clear()
        self._changed.set()

    async def _make_states(self) -> None:
        """Make what changed, at most every COALESCE_S; a change while states are made starts another round."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            for topic, watchers in self._clients.items():
                if watchers and topic not in self._valid:
                    await self._publish(topic)
            await asyncio.sleep(COALESCE_S)

    async def _publish(self, topic: Topic) -> None:
        """Make a state and send it to its watchers, unless they have just this one."""
        seq = self._made[topic][0] if topic in self._made else 0
        try:
            made = await self._state(topic)
        except Problem:
            return  # the database cannot be read: watchers stop hearing states, /health says why
        if made[0] != seq:
            self._send(self._clients[topic], self._message(topic, made))

    async def _state(self, topic: Topic) -> tuple[int, bytes]:
        """The state of a topic and its number; read only when something happened since it was last made."""
        async with self._locks[topic]:
            if topic not in self._valid:
                self._valid.add(topic)  # before reading: a change meanwhile takes it away again
                try:
                    state = orjson.dumps(await self._states.of(topic))
                except BaseException:
                    self._valid.discard(topic)
                    raise
                seq, before = self._made.get(topic, (0, b""))
                if state != before:
                    self._made[topic] = (seq + 1, state)
            return self._made[topic]

    def _message(self, topic: Topic, made: tuple[int, bytes]) -> str:
        head = {"type": "state", "topic": topic, "seq": made[0], **self._wiring.state_envelope()}
        return (orjson.dumps(head)[:-1] + b',"state":' + made[1] + b"}").decode()

    async def _beat(self) -> None:
        refreshed_s = transport_s()
        while True:
            await asyncio.sleep(BEAT_S)
            self._beaten_s = transport_s()
            message = orjson.dumps({"type": "beat", **self._wiring.state_envelope()}).decode()
            for watchers in self._clients.values():
                self._send(watchers, message)
            facts = self._wiring.facts()
            if facts != self._facts or transport_s() - refreshed_s >= REFRESH_S:
                self._facts, refreshed_s = facts, transport_s()
                self._everything_changed()

    def _send(self, clients: Iterable[Client], message: str) -> None:
        for client in clients:
            client.put(message)
            self.sent += 1

    # One connection.

    async def serve(self, socket: WebSocket, credentials: Credentials) -> None:
        """Serve one connection to its end. Refusals: accept, say why, close, so that a page can read them."""
        await socket.accept()
        address, options = address_of(socket), self._wiring.options
        if self.clients >= options.live_max or self._addresses[address] >= options.live_per_address:
            await socket.close(AGAIN_LATER, "too many live connections")
            return
        client = Client(socket)
        self._addresses[address] += 1
        try:
            word = await self._converse(client, credentials)
        finally:
            self._watch(client, None)
            self._addresses[address] -= 1
            if not self._addresses[address]:
                del self._addresses[address]
        if word is not None:
            with contextlib.suppress(TimeoutError, WebSocketDisconnect):
                async with asyncio.timeout(LAST_WORD_S):
                    await socket.send_text(orjson.dumps(word.message).decode())
                    await socket.close(word.code, str(word.message.get("code", word.message["type"])))

    async def _converse(self, client: Client, credentials: Credentials) -> LastWord | None:
        """Hear and send until either ends; what is left to be said, if anything."""
        hearing = asyncio.create_task(self._hear(client, credentials), name="live:hear")
        sending = asyncio.create_task(client.send_all(), name="live:send")
        try:
            await asyncio.wait((hearing, sending), return_when=asyncio.FIRST_COMPLETED)
        finally:
            hearing.cancel()
            sending.cancel()
            ended = await asyncio.gather(hearing, sending, return_exceptions=True)
        for outcome in ended:
            if isinstance(outcome, Exception) and not isinstance(outcome, WebSocketDisconnect | Problem):
                raise outcome
        if client.behind or isinstance(ended[0], Problem):
            self.let_go += 1
            return LastWord({"type": "reload", **self._wiring.state_envelope()}, AGAIN_LATER)
        return ended[0] if isinstance(ended[0], LastWord) else None

    async def _hear(self, client: Client, credentials: Credentials) -> LastWord | None:
        """Do what the client asks until it leaves (None) or must be let go."""
        opened_s = checked_s = transport_s()
        heard: deque[float] = deque(maxlen=MESSAGES_PER_S + 1)
        receiving = asyncio.ensure_future(client.socket.receive())
        try:
            while True:
                done, _ = await asyncio.wait((receiving,), timeout=LOOK_S)
                now_s, topic = transport_s(), client.topic
                if done:
                    message = receiving.result()
                    if message["type"] == "websocket.disconnect":
                        return None
                    receiving = asyncio.ensure_future(client.socket.receive())
                    heard.append(now_s)
                    if len(heard) > MESSAGES_PER_S and now_s - heard[0] < 1.0:
                        return _refusal("too_many", f"More than {MESSAGES_PER_S} messages a second.")
                    if len(message.get("text") or message.get("bytes") or "") > MESSAGE_BYTES_MAX:
                        text = f"A message has at most {MESSAGE_BYTES_MAX} bytes."
                        return LastWord({"type": "error", "code": "too_long", "message": text}, TOO_BIG)
                    topic = _wanted(message.get("text") or "")
                    if topic is None:
                        return _refusal("wrong_shape", "Send {action: watch, topic: display, desk or kiosk}.")
                elif topic is None and now_s - opened_s > WATCH_WITHIN_S:
                    return _refusal("nothing_watched", "Nothing was watched for 60 s.")
                if topic is not None and (done or now_s - checked_s > RECHECK_S):
                    checked_s = now_s
                    who = await _watcher(client.socket, topic, credentials)
                    if isinstance(who, LastWord):
                        return who
                    if done and topic == "desk":
                        await self._audit.saw(who, "feed", "desk")
                if done and topic is not None:
                    made = await self._state(topic)
                    self._watch(client, topic)
                    client.put(self._message(topic, made))
                    if topic not in self._valid:  # changed between reading and joining
                        self._changed.set()
        finally:
            receiving.cancel()

    def _watch(self, client: Client, topic: Topic | None) -> None:
        if client.topic is not None:
            self._clients[client.topic].discard(client)
        client.topic = topic
        if topic is not None:
            self._clients[topic].add(client)


async def _watcher(socket: WebSocket, topic: Topic, credentials: Credentials) -> Identity | LastWord:
    """Who watches, or why they may not watch `topic`. Watching is no use of a session: it does not keep it from idling out."""
    who = await credentials.identify(socket, is_use=False)
    if who is None:
        return _refusal("unauthorized", "This needs a sign-in or a paired screen.")
    if who.by_cookie and not tokens.same_origin(socket.headers.get("origin"), socket.headers.get("host")):
        return _refusal("csrf", "This page belongs to another site.")
    if not LEVELS[topic].admits(who):
        return _refusal("not_allowed", f"{topic} is for: {LEVELS[topic].name}.")
    return who


def _refusal(code: str, message: str) -> LastWord:
    return LastWord({"type": "error", "code": code, "message": message}, POLICY)


def install(app: FastAPI, feed: LiveFeed, credentials: Credentials) -> None:
    """Open the door of the feed."""

    @app.websocket("/api/v1/live")
    async def live(socket: WebSocket) -> None:
        await feed.serve(socket, credentials)


def _wanted(text: str) -> Topic | None:
    """The topic of a watch message; None for anything else."""
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(message, dict) or message.get("action") != "watch" or message.get("topic") not in LEVELS:
        return None
    return message["topic"]  # type: ignore[no-any-return]
