"""What a path to the cloud is to the session, whichever it is."""

from __future__ import annotations

import asyncio
from typing import Literal, Protocol

from shared.api import Ack, Beat, Cursor, Hello, HelloAnswer, Numbered, Taken

Path = Literal["mqtt", "https"]
Heard = HelloAnswer | Ack | Numbered
Word = Hello | Beat | Taken

NO_SESSION = "0" * 16
"""In an Ack that says "busy" from somebody who does not know the session."""
HEARD_MAX = 512
"""Answers not yet looked at. Beyond it they are let go: all of them come again or are repeated by the next."""


class LinkDown(ConnectionError):
    """The path does not work, or no longer. Another session may; `hint` is for a person when it stays."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.hint = hint


class NotWelcome(LinkDown):
    """The cloud knows us and does not want us: revoked, or the credential is not good. A person has to act."""


class Inbox:
    """What was heard, and when; sets `wake` with each item. Use it on the loop only."""

    def __init__(self, wake: asyncio.Event) -> None:
        self._wake = wake
        self._items: list[Heard] = []
        self.failure: LinkDown | None = None
        """Why the path is down, once it is."""
        self.heard_s = float("-inf")
        """When the cloud was last heard, transport seconds."""
        self.poked = asyncio.Event()
        """The cloud asks how the site is now: the next beat goes out at once."""

    def put(self, item: Heard | None, now_s: float) -> None:
        """Something was heard; None for a sign of life without content."""
        self.heard_s = now_s
        if item is not None and len(self._items) < HEARD_MAX:
            self._items.append(item)
            self._wake.set()

    def fail(self, failure: LinkDown) -> None:
        """The path is down; the first reason stands."""
        self.failure = self.failure or failure
        self._wake.set()

    def take(self) -> list[Heard]:
        """Everything heard since. Raises the failure once nothing is left."""
        items, self._items = self._items, []
        if not items and self.failure is not None:
            raise self.failure
        return items


class Link(Protocol):
    """One session's path. Opened once, closed once, then thrown away."""

    path: Path
    window: int
    """Frames it can carry at a time."""
    inbox: Inbox

    async def open(self, wait_s: float) -> None:
        """Make the connection. Raises LinkDown; then only `close` is left to call."""

    def say(self, word: Word) -> None:
        """Send a word; its answer, if it has one, comes to the inbox. What cannot be sent is gone."""

    def send(self, frame: bytes, lane: int) -> None:
        """Send a frame; its Ack comes to the inbox. What cannot be sent is gone."""

    def follow(self, cursor: Cursor) -> None:
        """Where the site stands in the command log: for a path that has to ask for commands."""

    async def close(self) -> None:
        """Leave."""
