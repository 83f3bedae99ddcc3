"""A page's Socket.IO client for tests: the npm client itself. One node process serves all clients of this process; a
client ends with its `async with`.

async with sio_client(url, auth={"token": token}) as client:
    await client.emit("join-queue", {"doctorId": 1})
    update = await client.hear("queue-update", lambda payload: payload["position"] == 2)
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import functools
import json
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from deploy.build_pages import find_node

SCRIPT = Path(__file__).with_suffix(".mjs")
LINE_BYTES_MAX = 16 * 1024 * 1024
PATIENCE_S = 5.0
GOODBYE_S = 3.0
Transport = Literal["websocket", "polling"]


class Refused(Exception):
    """The server did not let this client in. `message` and `data` as the client's `connect_error` had them."""

    def __init__(self, message: str, data: Any) -> None:
        super().__init__(message)
        self.message = message
        self.data = data


class SioClient:
    """One connection. Everything it was told stands in `heard`, as (event, payload), in the order of arrival."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heard: list[tuple[str, Any]] = []
        self.connected = False
        self.id = ""
        self.transport = ""
        """What it connected by: "websocket" or "polling"; a later upgrade does not show."""
        self.reason: str | None = None
        """Why the last connection ended, in the client's words."""
        self.refused: Refused | None = None
        self._reader, self._writer = reader, writer
        self._changed = asyncio.Condition()
        self._taken: dict[str, int] = {}
        self._answers: dict[int, list[Any] | None] = {}
        self._asked = 0
        self._ended = False

    async def emit(self, event: str, *payload: Any) -> None:
        """Send an event; nobody answers."""
        await self._order(event=event, args=payload, ref=None)

    async def call(self, event: str, *payload: Any) -> Any:
        """Send an event and return what the server's handler answers (its acknowledgement)."""
        self._asked += 1
        ref = self._asked
        await self._order(event=event, args=payload, ref=ref)
        await self._until(lambda: ref in self._answers, f"an answer to {event}", PATIENCE_S + 1)
        said = self._answers.pop(ref)
        assert said is not None, f"the server has no answer to {event}"
        return _one(said)

    async def hear(
        self, event: str, where: Callable[[Any], bool] = lambda payload: True, *, timeout_s: float = PATIENCE_S
    ) -> Any:
        """The payload of the next `event` that fits, from what was heard since the last such call or is still to come.
        It and older ones of that event count as read.
        """
        found: list[Any] = []

        def there() -> bool:
            for at in range(self._taken.get(event, 0), len(self.heard)):
                name, payload = self.heard[at]
                if name == event and where(payload):
                    self._taken[event] = at + 1
                    found.append(payload)
                    return True
            return False

        await self._until(there, event, timeout_s)
        return found[0]

    async def until(self, connected: bool, *, timeout_s: float = PATIENCE_S) -> None:
        """Wait until it is connected, or no longer is."""
        await self._until(lambda: self.connected is connected, f"connected: {connected}", timeout_s)

    async def _until(self, holds: Callable[[], bool], what: str, timeout_s: float) -> None:
        try:
            async with asyncio.timeout(timeout_s), self._changed:
                await self._changed.wait_for(lambda: self._ended or holds())
        except TimeoutError:
            raise AssertionError(f"not within {timeout_s:g} s: {what}; {self._so_far()}") from None
        assert holds() or not self._ended, f"the client ended before {what}; {self._so_far()}"

    def _so_far(self) -> str:
        state = "connected" if self.connected else f"not connected ({self.refused or self.reason})"
        return f"{state}, last heard {self.heard[-5:]}"

    async def _order(self, **words: Any) -> None:
        self._writer.write(json.dumps(words).encode() + b"\n")
        await self._writer.drain()

    async def _read(self) -> None:
        try:
            async for line in self._reader:
                async with self._changed:
                    self._note(json.loads(line))
                    self._changed.notify_all()
        finally:
            async with self._changed:
                self._ended, self.connected = True, False
                self._changed.notify_all()

    def _note(self, told: dict[str, Any]) -> None:
        match told["kind"]:
            case "heard":
                self.heard.append((told["event"], _one(told["args"])))
            case "answered":
                self._answers[told["ref"]] = told["args"]
            case "connected":
                self.connected, self.refused = True, None
                self.id, self.transport = told["id"], told["transport"]
            case "refused":
                self.refused = Refused(told["message"], told["data"])
            case "disconnected":
                self.connected, self.reason = False, told["reason"]


@contextlib.asynccontextmanager
async def sio_client(
    url: str,
    auth: Mapping[str, Any] | None = None,
    cookie: str | None = None,
    *,
    transports: Sequence[Transport] = ("websocket",),
    headers: Mapping[str, str] | None = None,
    reconnect: bool = False,
) -> AsyncIterator[SioClient]:
    """Connect to ``<url>/socket.io/``; raises Refused. `cookie` is a Cookie header. With `reconnect` a connection that
    is lost later comes back by itself, as in a browser.
    """
    reader, writer = await asyncio.open_unix_connection(_node(), limit=LINE_BYTES_MAX)
    client = SioClient(reader, writer)
    reading = asyncio.create_task(client._read(), name="socket.io client")
    try:
        sent = {**(headers or {}), **({"Cookie": cookie} if cookie else {})}
        await client._order(url=url, auth=auth, headers=sent, transports=list(transports), reconnect=reconnect)
        await client._until(lambda: client.connected or client.refused is not None, "a connection", 2 * PATIENCE_S)
        if client.refused is not None:
            raise client.refused
        yield client
    finally:
        await _end(writer, reading)


async def _end(writer: asyncio.StreamWriter, reading: asyncio.Task[None]) -> None:
    """Have it say goodbye, which ends the line."""
    writer.write_eof()
    try:
        async with asyncio.timeout(GOODBYE_S):
            await reading
    finally:
        writer.close()
        await writer.wait_closed()


async def clients_left() -> int:
    """How many clients have not ended."""
    reader, writer = await asyncio.open_unix_connection(_node())
    try:
        writer.write(b'{"count": true}\n')
        return int(json.loads(await reader.readline())["clients"])
    finally:
        writer.close()
        await writer.wait_closed()


def _one(args: list[Any]) -> Any:
    """An event's payload: nearly every event has one value; several come as a list, none as None."""
    return args[0] if len(args) == 1 else args or None


@functools.cache
def _node() -> str:
    """The socket of a node process that ends with this one."""
    folder = tempfile.TemporaryDirectory(prefix="outpost-sio-")
    socket = f"{folder.name}/socket"
    words = [str(find_node().path / "node"), str(SCRIPT), socket]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def end() -> None:
        process.communicate(timeout=GOODBYE_S)
        folder.cleanup()

    atexit.register(end)
    assert process.stdout is not None and process.stdout.readline() == b"listening\n"
    return socket
