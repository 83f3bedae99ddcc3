"""A Socket.IO transport under our control: what is still to be sent, how long that may take, and how it is cut off.

engineio queues without limit for a client that does not read, and a close of its own waits until that client does. Here an
outbox lets a whole state give way to a newer one, and a line ends at once: whatever is sent then fails, and whoever waits
to receive hears that the client has gone.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import Any, Final

from starlette.types import Message, Receive, Send

from shared.clock import transport_s

SEND_TIMEOUT_S: Final = 10.0
"""Real seconds a client may take for one message."""


class Outbox(asyncio.Queue[Any]):
    """What engineio still has to send to one client. Nothing but a state of `put_state` ever gives way."""

    _state: Any = None

    def put_state(self, packet: Any) -> None:
        """Queue a whole state, last of all; a state that was put this way before and not yet taken gives way to it."""
        older, self._state = self._state, packet
        self.put_nowait(packet)  # first, so that who waits in `join` never finds everything done in between
        waiting: deque[Any] = self._queue  # type: ignore[attr-defined]
        if older is not None and older in waiting:
            waiting.remove(older)
            self.task_done()


class Line:
    """One transport session."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.opened_s = transport_s()
        self.heard_s: deque[float] = deque()
        self.sending_since_s: float | None = None
        self._sender: asyncio.Task[Any] | None = None
        self._gone = asyncio.Event()

    @property
    def is_stuck(self) -> bool:
        """Whether the client has not taken a message for too long."""
        return self.sending_since_s is not None and transport_s() - self.sending_since_s > SEND_TIMEOUT_S

    def cut(self) -> None:
        """End it now, also for whoever waits in `send` for a client that reads nothing."""
        self._gone.set()
        if self.sending_since_s is not None and self._sender is not None:
            self._sender.cancel()  # the library takes any exception of a send for the end of the connection

    def hears_too_much(self, most_per_s: int) -> bool:
        """Note a message from the client; whether there are too many of them."""
        now_s = transport_s()
        self.heard_s.append(now_s)
        while self.heard_s[0] <= now_s - 1.0:
            self.heard_s.popleft()
        return len(self.heard_s) > most_per_s

    def sending(self, send: Send) -> Send:
        """`send` of a WebSocket within this line."""

        async def watched(message: Message) -> None:
            if self._gone.is_set():
                raise ConnectionError("cut off")
            self._sender, self.sending_since_s = asyncio.current_task(), transport_s()
            try:
                await send(message)
            finally:
                self.sending_since_s = None

        return watched

    def receiving(self, receive: Receive) -> Receive:
        """`receive` of a WebSocket within this line."""

        async def until_gone() -> Message:
            if not self._gone.is_set():
                receiving = asyncio.ensure_future(receive())
                gone = asyncio.ensure_future(self._gone.wait())
                try:
                    await asyncio.wait((receiving, gone), return_when=asyncio.FIRST_COMPLETED)
                    if receiving.done():
                        return receiving.result()
                finally:
                    gone.cancel()
                    receiving.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await asyncio.gather(receiving, gone, return_exceptions=True)
            return {"type": "websocket.disconnect", "code": 1013}

        return until_gone
