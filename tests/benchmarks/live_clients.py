"""Many who watch, in a process of their own: ``python -m tests.benchmarks.live_clients`` reads one JSON order.

Each client is a bare WebSocket: it finds the newest token in every message and notes when it first saw it. It prints
"ready" when all have their first state; at the end of its input it prints what they heard, as JSON. Times are
CLOCK_MONOTONIC, which the one who issues tokens reads too.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

import uvloop

from shared.clock import transport_s

AT_ONCE = 100
"""Connections opened together."""
PATIENCE_S = 60.0


@dataclass
class Watch:
    """Who watches what. kind: "whole" or "delta" (seed 004's WebSocket), "socketio" (staff), "phones" (one visit each)."""

    port: int
    kind: str
    clients: int
    key: str
    date: str
    tokens: list[str] = field(default_factory=list)
    """Tracking tokens, for phones."""


@dataclass
class Heard:
    """messages, bytes: of all clients. seen: by token number, when each client first had it or a later one; for phones under
    0 whatever they heard."""

    messages: int
    bytes: int
    seen: dict[int, list[float]]
    first_bytes: int
    """Of the state a client begins with."""
    lost: int


MARKS = {"whole": b'"number_printed":"Z-', "delta": b'"number_printed":"Z-', "socketio": b'"token_number":"Z-'}


class Crowd:
    """All clients of a process."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.mark = MARKS.get(watch.kind, b"")
        self.heard = Heard(0, 0, {}, 0, 0)
        self.ready = 0
        self.all_ready = asyncio.Event()

    def is_ready(self, first: int) -> None:
        """One more client has its first state."""
        self.heard.first_bytes = first
        self.ready += 1
        if self.ready == self.watch.clients:
            self.all_ready.set()


class Client(asyncio.Protocol):
    """One connection."""

    def __init__(self, crowd: Crowd, number: int) -> None:
        self._crowd, self._number = crowd, number
        self._buffer = bytearray()
        self._is_open = self._is_ready = False
        self._newest = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        watch = self._crowd.watch
        path = "/socket.io/?EIO=4&transport=websocket" if self._speaks_socketio else "/api/v1/ws/queue"
        self._transport.write((
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{watch.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
            + ("" if self._speaks_socketio else f"Authorization: Bearer {watch.key}\r\n") + "\r\n"
        ).encode())  # fmt: skip

    @property
    def _speaks_socketio(self) -> bool:
        return self._crowd.watch.kind in ("socketio", "phones")

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer
        buffer += data
        if not self._is_open:
            head, found, rest = buffer.partition(b"\r\n\r\n")
            if not found:
                return
            if not head.startswith(b"HTTP/1.1 101"):
                raise RuntimeError(head.decode())
            self._is_open = True
            self._buffer = buffer = rest
            if not self._speaks_socketio:
                more = {"mode": "delta"} if self._crowd.watch.kind == "delta" else {}
                self._say(json.dumps({"action": "subscribe", "date": self._crowd.watch.date, **more}))
        while True:
            begin, length = 2, buffer[1] & 127 if len(buffer) >= 2 else 0
            if length == 126:
                begin, length = 4, int.from_bytes(buffer[2:4], "big")
            elif length == 127:
                begin, length = 10, int.from_bytes(buffer[2:10], "big")
            if len(buffer) < begin + length or len(buffer) < 2:
                return
            kind, payload = buffer[0] & 15, bytes(buffer[begin : begin + length])
            del buffer[: begin + length]
            if kind == 9:
                self._frame(10, payload)
            elif kind in (1, 0):
                self._heard(payload)

    def _heard(self, payload: bytes) -> None:
        crowd = self._crowd
        if self._speaks_socketio:
            if payload[:1] == b"0":
                self._say("40" + json.dumps({"token": crowd.watch.key} if crowd.watch.kind == "socketio" else {}))
                return
            if payload[:1] == b"2":
                self._say("3")
                return
            if payload.startswith(b'42["connected"'):
                if crowd.watch.kind == "phones":
                    token = crowd.watch.tokens[self._number % len(crowd.watch.tokens)]
                    self._say("42" + json.dumps(["join-queue", {"token": token}]))
                else:
                    self._is_ready = True
                    crowd.is_ready(0)
                return
            if not payload.startswith((b'42["queue_updated"', b'42["queue-update"')):
                return
        if not self._is_ready:
            self._is_ready = True
            crowd.is_ready(len(payload))
            return
        now_s = transport_s()
        crowd.heard.messages += 1
        crowd.heard.bytes += len(payload)
        if crowd.watch.kind == "phones":
            crowd.heard.seen.setdefault(0, []).append(now_s)
            return
        at = payload.rfind(crowd.mark)
        if at >= 0:
            begin = at + len(crowd.mark)
            newest = int(payload[begin : payload.index(b'"', begin)])
            for number in range(self._newest + 1, newest + 1):
                crowd.heard.seen.setdefault(number, []).append(now_s)
            self._newest = max(self._newest, newest)

    def _say(self, text: str) -> None:
        self._frame(1, text.encode())

    def _frame(self, kind: int, payload: bytes) -> None:
        length = bytes([128 | len(payload)]) if len(payload) < 126 else b"\xfe" + len(payload).to_bytes(2, "big")
        self._transport.write(bytes([128 | kind]) + length + bytes(4) + payload)

    def connection_lost(self, error: Exception | None) -> None:
        self._crowd.heard.lost += 1


async def watch_all(watch: Watch) -> Heard:
    """Connect everybody, say "ready", and listen until the input ends."""
    loop, crowd = asyncio.get_running_loop(), Crowd(watch)
    for first in range(0, watch.clients, AT_ONCE):
        await asyncio.gather(*(
            loop.create_connection(lambda number=number: Client(crowd, number), "127.0.0.1", watch.port)  # type: ignore[misc]
            for number in range(first, min(first + AT_ONCE, watch.clients))
        ))  # fmt: skip
    async with asyncio.timeout(PATIENCE_S):
        await crowd.all_ready.wait()
    crowd.heard.lost = 0
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    return crowd.heard


class Watchers:
    """A running process of watchers."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def end(self) -> Heard:
        """Have them stop, and what they heard."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        found = json.loads(await self._process.stdout.read())
        return Heard(**{**found, "seen": {int(number): times for number, times in found["seen"].items()}})


@asynccontextmanager
async def watching(watch: Watch) -> AsyncIterator[Watchers]:
    """Watchers in a process of their own, all connected."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.benchmarks.live_clients",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        limit=2**26,
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        process.stdin.write(json.dumps(asdict(watch)).encode() + b"\n")
        await process.stdin.drain()
        async with asyncio.timeout(PATIENCE_S):
            if (await process.stdout.readline()).strip() != b"ready":
                raise RuntimeError("the watchers did not get in")
        yield Watchers(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


if __name__ == "__main__":
    order = Watch(**json.loads(sys.stdin.readline()))
    sys.stdout.buffer.write(json.dumps(asdict(uvloop.run(watch_all(order)))).encode())
