"""One live connection as the feed sees it: what it watches, and a small bounded buffer of what is still to be sent."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

from fastapi import WebSocket

from edge.web.states import Topic

BUFFER_MAX: Final = 16
"""Messages a client may be behind."""
SEND_TIMEOUT_S: Final = 10.0
"""Real seconds a client may take for one message."""


class Client:
    """One connection: what it watches and what is still to be sent to it."""

    def __init__(self, socket: WebSocket) -> None:
        self.socket = socket
        self.topic: Topic | None = None
        self.behind = False
        self._buffer: deque[str] = deque()
        self._ready = asyncio.Event()

    def put(self, message: str) -> None:
        """Queue a message, or note that the client is too far behind to be told everything."""
        if len(self._buffer) >= BUFFER_MAX:
            self.behind = True
        else:
            self._buffer.append(message)
        self._ready.set()

    async def send_all(self) -> None:
        """Send what is queued, as it comes. Returns when the client has fallen behind or does not take a message."""
        while not self.behind:
            while self._buffer and not self.behind:
                try:
                    async with asyncio.timeout(SEND_TIMEOUT_S):
                        await self.socket.send_text(self._buffer.popleft())
                except TimeoutError:
                    self.behind = True
            self._ready.clear()
            if not self._buffer and not self.behind:
                await self._ready.wait()
