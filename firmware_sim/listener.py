"""A TCP or unix listener that knows its connections, so that it can hang up on all of them and be gone."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Listener:
    """Hands each connection to `serve`, at most `connections_max` at once; more are hung up on."""

    def __init__(self, serve: Serve, connections_max: int, line_bytes_max: int = 64 * 1024) -> None:
        self._serve = serve
        self._connections_max = connections_max
        self._line_bytes_max = line_bytes_max
        self._open: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._server: asyncio.Server | None = None
        self.accepted = 0

    async def on_loopback(self, port: int = 0) -> int:
        """Listen on a loopback port, any free one for 0; returns it."""
        self._server = await asyncio.start_server(self._come, "127.0.0.1", port, limit=self._line_bytes_max)
        return int(self._server.sockets[0].getsockname()[1])

    async def on_path(self, path: str) -> None:
        """Listen on a unix socket, which only its owner may use. What lies at `path` from an earlier run is replaced."""
        with suppress(FileNotFoundError):
            os.unlink(path)
        self._server = await asyncio.start_unix_server(self._come, path, limit=self._line_bytes_max)
        os.chmod(path, 0o600)

    def hang_up(self) -> None:
        """Break every connection that stands."""
        for writer in self._open.values():
            writer.transport.abort()

    async def stop(self) -> None:
        """Listen no longer, hang up, and wait until every connection has been let go."""
        if self._server is not None:
            self._server.close()
        tasks = list(self._open)
        self.hang_up()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._server is not None:
            await self._server.wait_closed()

    def _come(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A task of our own for each connection: of asyncio's own, one that `stop` cancels is reported as an error."""
        self.accepted += 1
        if len(self._open) >= self._connections_max:
            writer.transport.abort()
            return
        task = asyncio.create_task(self._attend(reader, writer), name="connection")
        self._open[task] = writer
        task.add_done_callback(self._gone)

    async def _attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._serve(reader, writer)

    def _gone(self, task: asyncio.Task[None]) -> None:
        self._open.pop(task).transport.abort()
