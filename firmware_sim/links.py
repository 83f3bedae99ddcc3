"""Links between a device and the edge, and between the edge and the cloud, with the faults real ones have.

`Link` sits between a pseudo-terminal and a device, one for each direction. `Proxy` is a piece of network: a TCP relay
that can be cut, slowed, or left half open (connections stand, nothing passes).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Literal, get_args

from firmware_sim.listener import Listener

Kind = Literal["perfect", "one_byte", "lossy", "slow", "cut"]
KINDS: tuple[Kind, ...] = get_args(Kind)
WAITING_BYTES_MAX = 256 * 1024
"""Bytes under way in one direction; more are lost, as in a line without flow control."""
SLOW_BYTES_S = 960
"""9,600 baud."""
LOSSY_RATE = 0.08
"""Chance, per piece of up to 16 bytes, to be lost, damaged or doubled."""
PIECE_BYTES = 16


def pieces(kind: Kind, data: bytes, rng: random.Random) -> Iterator[bytes]:
    """What comes out at the other end of a link, piece by piece."""
    match kind:
        case "perfect":
            yield data
        case "one_byte":
            yield from (data[i : i + 1] for i in range(len(data)))
        case "slow":
            yield from (data[i : i + PIECE_BYTES] for i in range(0, len(data), PIECE_BYTES))
        case "lossy":
            for i in range(0, len(data), PIECE_BYTES):
                yield from _through_noise(data[i : i + PIECE_BYTES], rng)
        case "cut":
            return


def _through_noise(piece: bytes, rng: random.Random) -> Iterator[bytes]:
    fate = rng.random() / LOSSY_RATE
    if fate < 0.5:
        return
    if fate < 0.8:
        at = rng.randrange(len(piece))
        piece = piece[:at] + bytes((piece[at] ^ 1 << rng.randrange(8),)) + piece[at + 1 :]
    elif fate < 1:
        yield piece
    yield piece


class Link:
    """One direction. `send` takes bytes, `deliver` gets what arrives, in order. `wait_room` is the flow control."""

    def __init__(self, deliver: Callable[[bytes], None], kind: Kind = "perfect", seed: int = 0) -> None:
        self._deliver = deliver
        self._waiting = bytearray()
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self.lost = 0
        self.set(kind, seed)

    def set(self, kind: Kind, seed: int = 0) -> None:
        """Become another kind of link; bytes under way are lost when it is cut."""
        self.kind: Kind = kind
        self._rng = random.Random(seed)
        if kind == "cut":
            self.lost += len(self._waiting)
            self._waiting.clear()
            self._room.set()

    def send(self, data: bytes) -> None:
        """Put bytes in; never waits."""
        if self.kind == "cut" or len(self._waiting) + len(data) > WAITING_BYTES_MAX:
            self.lost += len(data)
            return
        self._waiting += data
        self._arrived.set()

    @property
    def waiting(self) -> int:
        """Bytes under way."""
        return len(self._waiting)

    async def run(self) -> None:
        """Carry until cancelled."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            data = bytes(self._waiting[:4096])
            del self._waiting[:4096]
            if self._waiting:
                self._arrived.set()
            for piece in pieces(self.kind, data, self._rng):
                if self.kind == "cut":
                    break
                self._deliver(piece)
                if self.kind == "slow":
                    await asyncio.sleep(len(piece) / SLOW_BYTES_S)
                elif self.kind == "one_byte":
                    await asyncio.sleep(0)
            await asyncio.sleep(0)


State = Literal["ok", "cut", "half_open"]


class Proxy:
    """A TCP relay on a loopback port, towards `host`:`port`.

    "ok" relays with `latency_ms` each way; "cut" breaks what stands and refuses what comes; "half_open" lets
    connections stand, and nothing passes until "ok", when waiting bytes go on (a stalled link) or "cut".
    """

    CHUNK_BYTES = 64 * 1024
    CONNECTIONS_MAX = 64

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listener = Listener(self._serve, self.CONNECTIONS_MAX)
        self._passing = asyncio.Event()
        self._passing.set()
        self.state: State = "ok"
        self.latency_ms = 0
        self.port = 0

    @property
    def connections(self) -> int:
        """How many came so far."""
        return self._listener.accepted

    async def start(self, port: int = 0) -> int:
        """Listen on loopback; returns the port."""
        self.port = await self._listener.on_loopback(port)
        return self.port

    def set(self, state: State, latency_ms: int | None = None) -> None:
        """Change the link's state, its latency, or both."""
        self.state = state
        if latency_ms is not None:
            self.latency_ms = latency_ms
        if state == "half_open":
            self._passing.clear()
        else:
            self._passing.set()
        if state == "cut":
            self._listener.hang_up()

    async def stop(self) -> None:
        """Close the port and every connection."""
        self.set("cut")
        await self._listener.stop()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._passing.wait()
        if self.state == "cut":
            return
        try:
            far_reader, far = await asyncio.open_connection(*self._target)
        except OSError:
            return  # nobody behind this network: hanging up is all a link can say
        there = asyncio.create_task(self._relay(reader, far))
        back = asyncio.create_task(self._relay(far_reader, writer))
        try:
            await asyncio.wait((there, back), return_when=asyncio.FIRST_COMPLETED)
        finally:
            there.cancel()
            back.cancel()
            far.transport.abort()
            await asyncio.gather(there, back, return_exceptions=True)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(self.CHUNK_BYTES):
                if self.latency_ms:
                    await asyncio.sleep(self.latency_ms / 1000)
                await self._passing.wait()
                if self.state == "cut":
                    return
                writer.write(data)
                await writer.drain()
