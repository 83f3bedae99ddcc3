"""The control socket: one JSON object a line in, one a line out. Both ends of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

LINE_BYTES_MAX = 16 * 1024
ANSWER_BYTES_MAX = 64 * 1024

Do = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


class BadRequest(ValueError):
    """The control socket was asked for something that does not exist; the message says what does."""


async def converse(do: Do, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one connection until it ends."""
    try:
        while line := await reader.readline():
            try:
                request = json.loads(line)
                if not isinstance(request, dict):
                    raise BadRequest("a request is a JSON object")
                answer = {"ok": True, **await do(request)}
            except (BadRequest, ValueError, TypeError) as error:
                answer = {"ok": False, "error": str(error)}
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
    except (ConnectionError, ValueError):
        pass  # the other side hung up, or sent a line without an end


class Control:
    """The other end of the control socket, for scenarios, the demo and tests. One request at a time."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "control.sock"
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._turn = asyncio.Lock()

    async def do(self, verb: str, **values: Any) -> dict[str, Any]:
        """Send one request and return its answer. Raises BadRequest when it was refused, OSError when nobody is there."""
        async with self._turn:
            if self._reader is None or self._writer is None:
                self._reader, self._writer = await asyncio.open_unix_connection(str(self._path), limit=ANSWER_BYTES_MAX)
            self._writer.write(json.dumps({"do": verb, **values}).encode() + b"\n")
            line = await self._reader.readline()
        if not line:
            raise ConnectionError("the devices have hung up")
        answer: dict[str, Any] = json.loads(line)
        if not answer.pop("ok"):
            raise BadRequest(answer["error"])
        return answer

    def close(self) -> None:
        """Hang up."""
        if self._writer is not None:
            self._writer.transport.abort()
        self._reader = self._writer = None
