"""One connection of seed 004's WebSocket: what it watches, and a small bounded buffer of what is still to be sent to it."""

from __future__ import annotations

import asyncio
from collections import deque
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson
from fastapi import WebSocket

from edge.web.credentials import Identity
from shared.clock import transport_s

if TYPE_CHECKING:
    from edge.web.central_days import Day, View

BUFFER_MAX: Final = 16
"""Messages a client may be behind before it is told to reload."""
SEND_TIMEOUT_S: Final = 10.0
"""Real seconds a client may take for one message; then it is gone."""


class Keep(Enum):
    """Whether a message may give way to a newer one that says more."""

    ANSWER = 0
    STATE = 1
    """Of what is watched: a change, or the whole with a call that was not told before. Nothing takes its place."""
    UNTIL_NEWER = 2
    """The whole state: a newer one takes its place."""


class LastWord(NamedTuple):
    """What a client is told before its connection is closed."""

    message: dict[str, Any] | None
    code: int


class Watching(NamedTuple):
    """What a client subscribed to."""

    day: Day
    view: View
    is_delta: bool


class Client:
    """One connection."""

    def __init__(self, socket: WebSocket, who: Identity, address: str) -> None:
        self.socket, self.who, self.address = socket, who, address
        self.watching: Watching | None = None
        self.idle_since_s = self.checked_s = transport_s()
        self.word: LastWord | None = None
        self.sending_since_s: float | None = None
        self.sending: asyncio.Task[None] | None = None
        self.heard_s: deque[float] = deque()
        self.wrong_s: deque[float] = deque()
        self._buffer: deque[tuple[str, Keep]] = deque()
        self._ready = asyncio.Event()

    def put(self, text: str, keep: Keep = Keep.ANSWER) -> bool:
        """Queue a message. False: too far behind, it was not queued."""
        if keep is not Keep.ANSWER and self._buffer and self._buffer[-1][1] is Keep.UNTIL_NEWER:
            self._buffer.pop()
        elif len(self._buffer) >= BUFFER_MAX:
            return False
        self._buffer.append((text, keep))
        self._ready.set()
        return True

    def put_all(self, texts: list[str]) -> None:
        """Queue what somebody who has just subscribed begins with, however much it is."""
        self._buffer.extend((text, Keep.STATE) for text in texts)
        self._ready.set()

    def start_over(self) -> None:
        """Forget states of what was watched before; answers stay."""
        self._buffer = deque((text, keep) for text, keep in self._buffer if keep is Keep.ANSWER)

    def start_anew(self, *texts: str) -> None:
        """Forget what is queued and say this instead; the last is the whole state."""
        self._buffer.clear()
        for text in texts[:-1]:
            self._buffer.append((text, Keep.ANSWER))
        self._buffer.append((texts[-1], Keep.STATE))
        self._ready.set()

    def tell(self, message: dict[str, Any]) -> None:
        """Queue an answer; a client that asks and does not read is let go."""
        if not self.put(orjson.dumps(message).decode()):
            self.end(LastWord(None, 1013))

    def end(self, word: LastWord) -> None:
        """Send nothing more but `word`; a message the client has not taken yet is given up."""
        self.word = self.word or word
        self._ready.set()
        if self.sending_since_s is not None and self.sending is not None:
            self.sending.cancel()

    @property
    def is_stuck(self) -> bool:
        """Whether the client has not taken a message for too long."""
        return self.sending_since_s is not None and transport_s() - self.sending_since_s > SEND_TIMEOUT_S

    async def send_all(self) -> None:
        """Send what is queued, as it comes. Returns when there is a last word."""
        while self.word is None:
            while self._buffer and self.word is None:
                text, _ = self._buffer.popleft()
                self.sending_since_s = transport_s()
                try:
                    await self.socket.send_text(text)
                finally:
                    self.sending_since_s = None
            self._ready.clear()
            if not self._buffer and self.word is None:
                await self._ready.wait()
