"""HTTP load from a process of its own: ``python -m tests.benchmarks.load`` reads one JSON order, prints one JSON answer.

Clients are keep-alive connections, each with one request under way. They speak just enough HTTP/1.1 to count: status,
Content-Length, body.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from typing import Any

import uvloop

from shared.clock import transport_s


@dataclass
class Order:
    """What to send. `letters`: bodies rotate through these services; empty for no body."""

    port: int
    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    letters: str = ""
    clients: int = 16
    seconds: float = 3.0
    warm_s: float = 0.5


@dataclass
class Outcome:
    """What came back: answers per second, latency in ms, statuses, and tokens that came twice."""

    per_s: float
    p50_ms: float
    p95_ms: float
    statuses: dict[str, int]
    duplicates: int


class Client(asyncio.Protocol):
    """One connection: sends, waits for the whole answer, sends again."""

    def __init__(self, order: Order, number: int, run: Run) -> None:
        self._order, self._number, self._run = order, number, run
        self._buffer = b""
        self._sent_s = 0.0
        self._sends = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        self._send()

    def _send(self) -> None:
        order = self._order
        body = b""
        if order.letters:
            letter = order.letters[(self._sends * order.clients + self._number) % len(order.letters)]
            body = b'{"service":"%s"}' % letter.encode()
        lines = [f"{order.method} {order.path} HTTP/1.1", "Host: bench", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in order.headers.items()]
        if order.method == "POST":
            lines += ["Content-Type: application/json", f"Idempotency-Key: {secrets.token_hex(8)}"]
        self._sends += 1
        self._sent_s = transport_s()
        self._transport.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        at = head.lower().find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(rest) < length:
            return
        self._buffer = rest[length:]
        self._run.answered(head[9:12].decode(), (transport_s() - self._sent_s) * 1000, rest[:length])
        if self._run.going():
            self._send()
        else:
            self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        self._run.left(error)


class Run:
    """Counts what comes back between the end of the warm-up and the end."""

    def __init__(self, order: Order) -> None:
        self._order = order
        now = transport_s()
        self._from_s, self._until_s = now + order.warm_s, now + order.warm_s + order.seconds
        self._latencies: list[float] = []
        self._statuses: dict[str, int] = {}
        self._tokens: set[bytes] = set()
        self._duplicates = 0
        self._there = order.clients
        self.over = asyncio.Event()

    def going(self) -> bool:
        return transport_s() < self._until_s

    def answered(self, status: str, took_ms: float, body: bytes) -> None:
        if self._from_s <= transport_s() < self._until_s:
            self._latencies.append(took_ms)
        self._statuses[status] = self._statuses.get(status, 0) + 1
        at = body.find(b'"token_number":"') if self._order.path.endswith("/visits") else -1
        if at >= 0:
            token = body[at + 16 : body.index(b'"', at + 16)]
            self._duplicates += token in self._tokens
            self._tokens.add(token)

    def left(self, error: Exception | None) -> None:
        if error is not None:
            self._statuses["broken"] = self._statuses.get("broken", 0) + 1
        self._there -= 1
        if not self._there:
            self.over.set()

    def outcome(self) -> Outcome:
        found = sorted(self._latencies) or [0.0]
        p50, p95 = found[len(found) // 2], found[min(len(found) - 1, int(0.95 * len(found)))]
        return Outcome(len(self._latencies) / self._order.seconds, p50, p95, self._statuses, self._duplicates)


async def drive(order: Order) -> Outcome:
    """Run one order to its end."""
    loop, run = asyncio.get_running_loop(), Run(order)
    for number in range(order.clients):
        await loop.create_connection(lambda number=number: Client(order, number, run), "127.0.0.1", order.port)  # type: ignore[misc]
    async with asyncio.timeout(order.seconds + order.warm_s + 30):
        await run.over.wait()
    return run.outcome()


async def load(order: Order) -> Outcome:
    """Run an order in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.benchmarks.load", stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    out, _ = await process.communicate(json.dumps(asdict(order)).encode())
    if process.returncode:
        raise RuntimeError("the load process failed")
    return Outcome(**json.loads(out))


if __name__ == "__main__":
    print(json.dumps(asdict(uvloop.run(drive(Order(**json.loads(sys.stdin.read())))))))
