"""`ws /api/v1/ws/queue` (seed 004) for head office: all doctors of all its clinics, or of some, on one day."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, NamedTuple

import orjson
import psycopg
from fastapi import APIRouter, WebSocket
from psycopg_pool import PoolTimeout
from starlette.websockets import WebSocketDisconnect

from cloud.accounts.guards import Guards, client_address
from cloud.accounts.people import ROLES, Account
from cloud.dashboard.queue_feed import Channel, QueueFeed, Scope, TooManyChannels
from shared.clock import transport_s
from shared.problems import Problem

CONNECTIONS_MAX: Final = 2_000
MESSAGE_BYTES_MAX: Final = 64 * 1024
"""Room for the names of a thousand clinics; without `sites` a message has at most 4 KiB."""
PLAIN_BYTES_MAX: Final = 4_096
SITES_MAX: Final = 1_000
WRONG_PER_MINUTE: Final = 10
WATCH_WITHIN_S: Final = 60.0
ASK_AGAIN_S: Final = 15.0
"""How often an open connection's session is looked at again."""
ANSWERS_MAX: Final = 64
BYTES_PER_S: Final = 2_000_000
"""What whole states may take of the wire to one client; a big one comes less often than ten times a second."""
SEND_S: Final = 10.0
"""What a client may take for one message; then it is gone."""
POLICY, AGAIN_LATER = 1008, 1013


@dataclass
class Counted:
    """What this process's door has seen, for /metrics. connection_s: of connections that are over."""

    clients: int = 0
    clients_ever: int = 0
    subscriptions: int = 0
    messages_in: int = 0
    messages_out: int = 0
    connection_s: float = 0.0
    errors: Counter[str] = field(default_factory=Counter)


class Limits(NamedTuple):
    """Decision 37."""

    per_address: int = 20
    per_account: int = 10
    messages_per_s: int = 10


class _Ended(Exception):
    """This client must go; it is told why."""

    def __init__(self, code: str, message: str, close: int = POLICY) -> None:
        super().__init__(code)
        self.code, self.message, self.close = code, message, close


class _Bad(Exception):
    """A message that asks for nothing there is; the connection stays open."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class _Asked(NamedTuple):
    action: str
    date: str | None = None
    is_delta: bool = False
    resume: tuple[str, int] | None = None
    sites: frozenset[str] | None = None


class _Client:
    """What one connection watches, and what is to be said to it."""

    def __init__(self, socket: WebSocket, account: Account) -> None:
        self.socket, self.account = socket, account
        self.channel: Channel | None = None
        self.is_delta = False
        self.seq = 0
        """The state it has; 0: none yet."""
        self.answers: deque[str] = deque()
        self.wake = asyncio.Event()
        self.idle_since_s = transport_s()
        self.heard_s: deque[float] = deque()
        self.wrong_s: deque[float] = deque()

    def watch(self, channel: Channel | None) -> None:
        """From now on this and nothing else."""
        if self.channel is not None:
            self.channel.told.discard(self.wake.set)
        self.channel, self.seq, self.idle_since_s = channel, 0, transport_s()
        if channel is not None:
            channel.told.add(self.wake.set)
        self.wake.set()

    def say(self, message: Mapping[str, Any]) -> None:
        """Say something between states. Raises _Ended for a client that asks and does not read."""
        if len(self.answers) >= ANSWERS_MAX:
            raise _Ended("too_slow", "You ask faster than you read.", AGAIN_LATER)
        self.answers.append(orjson.dumps(message).decode())
        self.wake.set()


def queue_router(feed: QueueFeed, guards: Guards, limits: Limits, counted: Counted) -> APIRouter:
    """The door; limits are counted in this process."""
    router = APIRouter()
    door = _Door(feed, guards, limits, counted)

    @router.websocket("/api/v1/ws/queue")
    async def queue(socket: WebSocket) -> None:
        await door.serve(socket)

    return router


class _Door:
    def __init__(self, feed: QueueFeed, guards: Guards, limits: Limits, counted: Counted) -> None:
        self._feed, self._guards, self._limits, self._counted = feed, guards, limits, counted
        self._addresses: Counter[str] = Counter()
        self._clients: set[_Client] = set()

    async def serve(self, socket: WebSocket) -> None:
        """One connection to its end. Refusals: accept, say why, close, so that a page can read them (decision 35)."""
        await socket.accept()
        address = client_address(socket)
        self._addresses[address] += 1
        self._counted.clients += 1
        self._counted.clients_ever += 1
        began_s = transport_s()
        try:
            if self._addresses[address] > self._limits.per_address or self._addresses.total() > CONNECTIONS_MAX:
                raise _Ended("too_many", "Too many live connections; try again in a minute.", AGAIN_LATER)
            await self._admitted(_Client(socket, await self._account(socket)))
        except _Ended as ended:
            self._counted.errors[ended.code] += 1
            await _end(socket, ended)
        finally:
            self._counted.clients -= 1
            self._counted.connection_s += transport_s() - began_s
            self._addresses[address] -= 1
            if not self._addresses[address]:
                del self._addresses[address]

    async def _account(self, socket: WebSocket) -> Account:
        try:
            account = await self._guards.on_socket(socket)
        except Problem as problem:
            raise _Ended("origin", problem.detail) from problem
        except (psycopg.Error, PoolTimeout) as error:
            raise _Ended("unavailable", "The database does not answer.", AGAIN_LATER) from error
        if account is None:
            raise _Ended("unauthorized", "This needs a sign-in at head office.")
        if not account.roles & ROLES:
            raise _Ended("not_allowed", "Your account has no role at head office.")
        return account

    async def _admitted(self, client: _Client) -> None:
        self._clients.add(client)
        why: BaseException | None = None
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._hear(client), name="queue: hears")
                group.create_task(_send(client, self._counted), name="queue: says")
                group.create_task(self._look_after(client), name="queue: looks after")
        except* _Ended as ended:
            why = ended.exceptions[0]
        except* WebSocketDisconnect:
            pass
        finally:
            client.watch(None)
            self._clients.discard(client)
            self._count()
        if why is not None:
            raise why

    async def _hear(self, client: _Client) -> None:
        while True:
            message = await client.socket.receive()
            if message["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(message.get("code", 1000))
            self._counted.messages_in += 1
            if _too_often(client.heard_s, self._limits.messages_per_s, 1.0):
                raise _Ended("too_many", f"More than {self._limits.messages_per_s} messages a second.")
            try:
                await self._answer(client, _asked_of(message))
            except _Bad as bad:
                self._counted.errors[bad.code] += 1
                if _too_often(client.wrong_s, WRONG_PER_MINUTE - 1, 60.0):
                    raise _Ended(bad.code, str(bad)) from bad
                client.say(_error(bad.code, str(bad)))
            except (psycopg.Error, PoolTimeout):
                client.say(_error("unavailable", "The database does not answer; ask again in a moment."))

    async def _answer(self, client: _Client, asked: _Asked) -> None:
        if asked.action == "ping":
            client.say({"type": "pong", "timestamp": self._feed.now()})
        elif asked.action == "unsubscribe":
            client.watch(None)
            self._count()
            client.say({"type": "unsubscribed"})
        else:
            await self._subscribe(client, asked)

    def _count(self) -> None:
        self._counted.subscriptions = sum(client.channel is not None for client in self._clients)

    async def _subscribe(self, client: _Client, asked: _Asked) -> None:
        mine = (o for o in self._clients if o.account.id == client.account.id and o.channel is not None)
        if sum(other is not client for other in mine) >= self._limits.per_account:
            raise _Ended(
                "too_many_subscriptions", f"More than {self._limits.per_account} subscriptions of one account."
            )
        scope: Scope = client.account.sites
        if asked.sites is not None:
            unknown = sorted(s for s in asked.sites if not client.account.sees(s) or not self._feed.knows(s))
            if unknown:
                raise _Bad("no_such_site", f"There is no site {unknown[0][:60]!r}.")
            scope = asked.sites
        try:
            channel = await self._feed.channel(asked.date or self._feed.today(scope), scope)
        except TooManyChannels as error:
            raise _Bad("too_many", "Too many days are watched; try again in a minute.") from error
        client.watch(channel)
        self._count()
        client.is_delta = asked.is_delta
        if asked.resume is not None and asked.is_delta:
            stream, seq = asked.resume
            missed = channel.since(seq) if stream == channel.stream else None
            if missed is None:
                client.say({"type": "reload", "reason": "resumed_too_late"})
                return
            for text in missed or [channel.nothing_new()]:
                client.answers.append(text)
            client.seq = channel.seq
            client.wake.set()

    async def _look_after(self, client: _Client) -> None:
        """End what watches nothing, and what is no longer signed in."""
        looked_s = transport_s()
        while True:
            await asyncio.sleep(min(1.0, ASK_AGAIN_S))
            if client.channel is None and transport_s() - client.idle_since_s > WATCH_WITHIN_S:
                raise _Ended("nothing_watched", f"Nothing was subscribed to for {WATCH_WITHIN_S:.0f} s.")
            if transport_s() - looked_s < ASK_AGAIN_S:
                continue
            looked_s = transport_s()
            try:
                now = await self._guards.still(client.account)
            except (psycopg.Error, PoolTimeout):
                continue  # nobody can say now; asked again
            if now is None or now.sites != client.account.sites or not now.roles & ROLES:
                raise _Ended("unauthorized", "Sign in again.")


async def _send(client: _Client, counted: Counted) -> None:
    """Say answers as they come and states as the client can take them: of whole ones the newest, of deltas each."""
    while True:
        await client.wake.wait()
        client.wake.clear()
        while client.answers:
            await _text(client, counted, client.answers.popleft())
        channel = client.channel
        if channel is None or client.seq == channel.seq:
            continue
        if client.seq == 0:
            client.seq = channel.seq
            await _text(client, counted, channel.whole("snapshot"))
        elif not client.is_delta:
            client.seq = channel.seq
            text = channel.whole("update")
            await _text(client, counted, text)
            await asyncio.sleep(len(text) / BYTES_PER_S)
        else:
            missed, client.seq = channel.since(client.seq), channel.seq
            if missed is None:
                await _text(client, counted, orjson.dumps({"type": "reload", "reason": "too_slow"}).decode())
                missed = [channel.whole("snapshot")]
            for text in missed:
                await _text(client, counted, text)


async def _text(client: _Client, counted: Counted, text: str) -> None:
    counted.messages_out += 1
    try:
        async with asyncio.timeout(SEND_S):
            await client.socket.send_text(text)
    except TimeoutError as error:
        raise _Ended("too_slow", "You do not read.", AGAIN_LATER) from error


def _asked_of(message: Mapping[str, Any]) -> _Asked:
    """What a client's message asks for. Raises _Bad."""
    text: str | bytes = message.get("text") or message.get("bytes") or ""
    size = len(text.encode(errors="replace") if isinstance(text, str) else text)
    if size > MESSAGE_BYTES_MAX:
        raise _Bad("too_long", f"A message has at most {PLAIN_BYTES_MAX} bytes.")
    try:
        said = orjson.loads(text)
    except (orjson.JSONDecodeError, UnicodeEncodeError) as error:
        raise _Bad("not_json", "This is not JSON.") from error
    if not isinstance(said, dict):
        raise _Bad("wrong_shape", 'Send an object like {"action": "subscribe", "date": "2026-11-20"}.')
    if size > PLAIN_BYTES_MAX and not isinstance(said.get("sites"), list):
        raise _Bad("too_long", f"A message has at most {PLAIN_BYTES_MAX} bytes.")
    action = said.get("action")
    if action in ("unsubscribe", "ping"):
        return _Asked(action)
    if action != "subscribe":
        raise _Bad("unknown_action", "The actions are subscribe, unsubscribe and ping.")
    if said.get("mode") not in (None, "snapshot", "delta"):
        raise _Bad("bad_mode", 'The modes are "snapshot" and "delta".')
    is_delta = said.get("mode") == "delta"
    return _Asked(
        "subscribe", _date(said.get("date")), is_delta, _resume(said.get("resume")), _sites(said.get("sites"))
    )


def _date(given: Any) -> str | None:
    if given is None:
        return None
    with contextlib.suppress(ValueError):
        if isinstance(given, str) and len(given) == len("YYYY-MM-DD"):
            return date.fromisoformat(given).isoformat()
    raise _Bad("bad_date", "A date is written YYYY-MM-DD.")


def _resume(given: Any) -> tuple[str, int] | None:
    if given is None:
        return None
    if isinstance(given, dict):
        stream, seq = given.get("stream"), given.get("seq")
        if isinstance(stream, str) and isinstance(seq, int) and not isinstance(seq, bool) and seq >= 0:
            return stream, seq
    raise _Bad("bad_resume", 'A resume is {"stream": "…", "seq": 12}, as a snapshot or delta had them.')


def _sites(given: Any) -> frozenset[str] | None:
    if given is None:
        return None
    if isinstance(given, list) and 0 < len(given) <= SITES_MAX and all(isinstance(site, str) for site in given):
        return frozenset(given)
    raise _Bad("bad_sites", f'`sites` is a list of 1 to {SITES_MAX} ids, like ["riverside"].')


def _too_often(at_s: deque[float], most: int, within_s: float) -> bool:
    """Note one more; whether there were more than `most` within that time."""
    now_s = transport_s()
    at_s.append(now_s)
    while at_s[0] <= now_s - within_s:
        at_s.popleft()
    return len(at_s) > most


def _error(code: str, message: str) -> dict[str, str]:
    return {"type": "error", "code": code, "message": message}


async def _end(socket: WebSocket, why: _Ended) -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError, TimeoutError):  # it may have left in the meantime
        async with asyncio.timeout(SEND_S):
            await socket.send_text(orjson.dumps(_error(why.code, why.message)).decode())
            await socket.close(why.close, why.code)
