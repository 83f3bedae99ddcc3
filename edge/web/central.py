"""Seed 004's WebSocket: ``/api/v1/ws/queue`` (all doctors of a date) and ``/api/v1/ws/queue/{doctor_id}`` (one of them).

A client subscribes to a date and gets a `snapshot`, then an `update` after each change; with ``"mode": "delta"`` only what
changed. The texts are made once (`central_days`) for everybody who sees the same. A client that is too slow is told
`reload` and given a fresh `snapshot`; one that takes nothing at all is let go. Nobody makes the others wait.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, deque
from typing import Any, Final

import orjson
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

from edge.store import states
from edge.web.audit import Audit
from edge.web.central_board import Board, start_anew
from edge.web.central_client import Client, LastWord, Watching
from edge.web.central_days import View
from edge.web.central_words import Asked, BadMessage, asked_of
from edge.web.credentials import OPEN, Credentials, Identity
from edge.web.face_004_bodies import Names
from edge.web.faces import Faces, given_id
from edge.web.guards import DISPLAY, STAFF, address_of
from edge.web.live_stats import Counters
from edge.web.origins import as_asked, origin_of
from edge.web.queue_feed import QueueFeed
from edge.web.wiring import Wiring
from shared.clock import transport_s
from shared.problems import Problem

WATCH_WITHIN_S: Final = 60.0
"""A connection that subscribes to nothing for so long is closed."""
RECHECK_S: Final = 24.0
"""With the pause between two sweeps, a credential that was taken away ends its connections within 30 s."""
WRONG_PER_MINUTE: Final = 10
LAST_WORD_S: Final = 1.0
POLICY, AGAIN_LATER = 1008, 1013


class Central(Board):
    """Serves the connections."""

    def __init__(
        self, wiring: Wiring, feed: QueueFeed, faces: Faces, credentials: Credentials, counted: Counters, audit: Audit
    ) -> None:
        super().__init__(feed, faces, counted)
        self._audit = audit
        counted.rooms = self.rooms
        self._options, self._credentials = wiring.options, credentials
        self._clients: set[Client] = set()
        self._addresses: Counter[str] = Counter()

    async def serve(self, socket: WebSocket, doctor: str | None) -> None:
        """Serve one connection to its end. Refusals: accept, say why, close, so that a page can read them (decision 35)."""
        await socket.accept()
        address, options = address_of(socket), self._options
        began_s = self._counted.connected()
        self._addresses[address] += 1
        try:
            if self._addresses.total() > options.live_max or self._addresses[address] > options.live_per_address:
                word: LastWord | None = self._refusal("too_many", "Too many live connections.", AGAIN_LATER)
            else:
                word = await self._admitted(socket, address, doctor)
        finally:
            self._counted.disconnected(began_s)
            self._addresses[address] -= 1
            if not self._addresses[address]:
                del self._addresses[address]
        if word is not None:
            with contextlib.suppress(TimeoutError, WebSocketDisconnect):
                async with asyncio.timeout(LAST_WORD_S):
                    if word.message is not None:
                        await socket.send_text(orjson.dumps(word.message).decode())
                    await socket.close(word.code, str((word.message or {}).get("code", "too_slow")))

    async def _admitted(self, socket: WebSocket, address: str, doctor: str | None) -> LastWord | None:
        try:
            who = await self._identified(socket)
            if isinstance(who, LastWord):
                return who
            doctor_id = None if doctor is None else await self._doctor_id(doctor)
            if doctor is not None and doctor_id is None:
                return self._refusal("not_found", "There is no such doctor.")
        except Problem as problem:
            return self._refusal("unavailable", problem.detail, AGAIN_LATER)
        client = Client(socket, who, address)
        self._clients.add(client)
        try:
            return await self._converse(client, doctor_id)
        finally:
            self.watch(client, None)
            self._clients.discard(client)

    async def _identified(self, socket: WebSocket, before: Identity | None = None) -> Identity | LastWord:
        """Who asks, or why they may not."""
        origin = origin_of(socket.headers, self._options.cors_origins)
        if origin == "foreign":
            return self._refusal("origin", "This page belongs to another site.")
        asked = as_asked(socket.scope, None, origin)
        if before is None:
            who = await self._credentials.identify(asked, is_use=False)
        else:
            who = await self._credentials.still(asked, before)
        if who is None:
            return self._refusal("unauthorized", "This needs a sign-in or a paired screen.")
        if not DISPLAY.admits(who):
            return self._refusal("not_allowed", f"This is for: {DISPLAY.name}.")
        return who

    async def _doctor_id(self, given: str) -> str | None:
        try:
            wanted = given_id(given, small=True)
        except Problem:
            return None
        doctor = await self._faces.read(lambda conn: states.doctor(conn, wanted))
        return doctor["id"] if doctor else None

    async def _converse(self, client: Client, doctor_id: str | None) -> LastWord | None:
        """Hear and send until either ends; what is left to be said, if anything."""
        hearing = asyncio.create_task(self._hear(client, doctor_id), name="central:hear")
        sending = client.sending = asyncio.create_task(client.send_all(), name="central:send")
        try:
            await asyncio.wait((hearing, sending), return_when=asyncio.FIRST_COMPLETED)
        finally:
            hearing.cancel()
            sending.cancel()
            ended = await asyncio.gather(hearing, sending, return_exceptions=True)
        for outcome in ended:
            if isinstance(outcome, Exception) and not isinstance(outcome, WebSocketDisconnect):
                raise outcome
        return client.word

    async def _hear(self, client: Client, doctor_id: str | None) -> None:
        """Do what the client asks until it leaves or must be let go."""
        while client.word is None:
            message = await client.socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            self._counted.heard()
            now_s = transport_s()
            if _too_often(client.heard_s, now_s, self._options.live_messages_per_s, 1.0):
                most = self._options.live_messages_per_s
                return client.end(self._refusal("too_many", f"More than {most} messages a second."))
            try:
                await self._answer(client, asked_of(message), doctor_id)
            except BadMessage as bad:
                self._counted.failed(bad.code)
                if _too_often(client.wrong_s, now_s, WRONG_PER_MINUTE - 1, 60.0):
                    return client.end(LastWord(_error(bad.code, str(bad)), POLICY))
                client.tell(_error(bad.code, str(bad)))
            except Problem as problem:
                self._counted.failed("unavailable")
                client.tell(_error("unavailable", problem.detail))

    async def _answer(self, client: Client, asked: Asked, doctor_id: str | None) -> None:
        if asked.action == "ping":
            client.tell({"type": "pong", "timestamp": self._now()})
        elif asked.action == "unsubscribe":
            self.watch(client, None)
            client.start_over()
            client.tell({"type": "unsubscribed"})
        else:
            await self._subscribe(client, asked, doctor_id)
        self._counted.said()

    async def _subscribe(self, client: Client, asked: Asked, doctor_id: str | None) -> None:
        most = self._options.subscriptions_per_account
        same = (o for o in self._clients if o.who.actor == client.who.actor and o.watching is not None)
        if client.who != OPEN and sum(other is not client for other in same) >= most:
            text = f"More than {most} subscriptions of one account."
            return client.end(self._refusal("too_many_subscriptions", text))
        date = asked.date or self._faces.today()
        view = View(self._names_for(client.who), doctor_id)
        if view.names != "none":
            await self._audit.saw(client.who, "feed", f"queue of {date}")
        day = await self.day(date)
        self.watch(client, Watching(day, view, asked.is_delta))
        client.start_over()
        if asked.resume is not None and asked.is_delta:
            missed = day.since(*asked.resume)
            if missed is None:
                return start_anew(client, "resumed_too_late")
            return client.put_all([day.changed(delta, view) for delta in missed] or [day.nothing_new()])
        client.put_all([day.whole("snapshot", view)])

    def _names_for(self, who: Identity) -> Names:
        if STAFF.admits(who):
            return "all"
        return "name" if self._options.names_on_screens else "none"

    async def sweep(self) -> None:
        """Let go of who watches nothing or takes nothing, and of whose credential has ended."""
        self.forget_unwatched()
        for client in list(self._clients):
            now_s = transport_s()
            if client.is_stuck:
                client.end(LastWord(None, AGAIN_LATER))
            elif client.watching is None and now_s - client.idle_since_s > WATCH_WITHIN_S:
                client.end(self._refusal("nothing_watched", f"Nothing was subscribed to for {WATCH_WITHIN_S:.0f} s."))
            elif now_s - client.checked_s > RECHECK_S:
                client.checked_s = now_s
                who = await self._identified(client.socket, client.who)
                if isinstance(who, LastWord):
                    client.end(who)

    def _refusal(self, code: str, message: str, close: int = POLICY) -> LastWord:
        self._counted.failed(code)
        return LastWord(_error(code, message), close)


def _error(code: str, message: str) -> dict[str, Any]:
    return {"type": "error", "code": code, "message": message}


def _too_often(at_s: deque[float], now_s: float, most: int, within_s: float) -> bool:
    """Note one more; whether there were more than `most` within that time."""
    at_s.append(now_s)
    while at_s and at_s[0] <= now_s - within_s:
        at_s.popleft()
    return len(at_s) > most


def install(app: FastAPI, central: Central) -> None:
    """Open both doors."""

    @app.websocket("/api/v1/ws/queue")
    async def queue(socket: WebSocket) -> None:
        await central.serve(socket, None)

    @app.websocket("/api/v1/ws/queue/{doctor_id}")
    async def queue_of_doctor(socket: WebSocket, doctor_id: str) -> None:
        await central.serve(socket, doctor_id)
