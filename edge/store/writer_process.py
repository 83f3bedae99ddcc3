"""Batches in a child process, over a socket pair: each message is its length (4 bytes) and a pickle.

Both ends are this program, started together; nobody else can reach the socket. The child holds the folder's lock too, so
a new program cannot write before the child of a killed one has finished its last commit and gone.
"""

from __future__ import annotations

import asyncio
import pickle
import socket
import struct
import subprocess
import sys
from collections.abc import Callable
from typing import Any, cast

from edge.domain.decision import Moment
from edge.store.batches import Done, Job
from edge.store.database import Store

LENGTH = struct.Struct(">I")
STOP_WAIT_S = 5.0
"""Real seconds the child gets to finish its last commit when the program stops."""


class ProcessEngine(asyncio.Protocol):
    """See `writer.Engine`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._process: subprocess.Popen[bytes] | None = None
        self._transport: asyncio.WriteTransport | None = None
        self._early: list[bytes] = []
        self._buffer = bytearray()
        self._stopping = False
        self._ended = asyncio.Event()

    def start(self, deliver: Callable[[Done], None], died: Callable[[], None]) -> None:
        self._deliver, self._died = deliver, died
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "edge.store.writer_child", str(theirs.fileno())],
                pass_fds=(theirs.fileno(), self._store.lock_fd),
            )
        self._early.append(_message(self._store.writing))
        self._connecting = asyncio.ensure_future(asyncio.get_running_loop().create_connection(lambda: self, sock=ours))

    def send(self, jobs: list[Job], now: Moment) -> None:
        message = _message((jobs, now))
        if self._transport is None:
            self._early.append(message)
        else:
            self._transport.write(message)

    async def stop(self) -> None:
        self._stopping = True
        await self._connecting
        assert self._process is not None and self._transport is not None
        self._transport.write(_message(None))
        try:
            async with asyncio.timeout(STOP_WAIT_S):
                await self._ended.wait()
                await asyncio.to_thread(self._process.wait)
        except TimeoutError:
            self._process.kill()
            self._process.wait()
        self._transport.close()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)
        for message in self._early:
            self._transport.write(message)
        self._early.clear()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while len(self._buffer) >= LENGTH.size:
            (size,) = LENGTH.unpack_from(self._buffer)
            if len(self._buffer) < LENGTH.size + size:
                return
            done = pickle.loads(memoryview(self._buffer)[LENGTH.size : LENGTH.size + size].tobytes())
            del self._buffer[: LENGTH.size + size]
            self._deliver(done)

    def eof_received(self) -> bool:
        self._end()
        return False

    def connection_lost(self, error: Exception | None) -> None:
        self._end()

    def _end(self) -> None:
        if not self._ended.is_set():
            self._ended.set()
            if not self._stopping:
                self._died()


def _message(value: Any) -> bytes:
    body = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    return LENGTH.pack(len(body)) + body
