"""After-commit fan-out inside the edge. Bounded: who falls behind is told to read everything again."""

from __future__ import annotations

import asyncio
from collections import deque
from enum import Enum
from typing import Literal

from shared.events import Event

EFFECTS = "effects:"
BEHIND_MAX = 1000
"""Batches a listener may be behind before it is told RELOAD."""


class _Reload(Enum):
    RELOAD = "reload"


RELOAD = _Reload.RELOAD
"""Said instead of a batch to a listener that fell behind: what it knows is old, read the state again."""


class Subscription:
    """`async for batch in subscription` yields lists of events, or RELOAD. Close it when done."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._batches: deque[list[Event] | Literal[_Reload.RELOAD]] = deque()
        self._ready = asyncio.Event()

    def __aiter__(self) -> Subscription:
        return self

    async def __anext__(self) -> list[Event] | Literal[_Reload.RELOAD]:
        while not self._batches:
            self._ready.clear()
            await self._ready.wait()
        return self._batches.popleft()

    def close(self) -> None:
        """Hear no more."""
        self._bus._subscriptions.discard(self)

    def _put(self, events: list[Event]) -> None:
        if len(self._batches) >= BEHIND_MAX:
            self._batches.clear()
            self._batches.append(RELOAD)
        else:
            self._batches.append(events)
        self._ready.set()


class Bus:
    """Belongs to one event loop. `wake(name)` is an event set after a commit; whoever waits clears it first."""

    def __init__(self) -> None:
        self._subscriptions: set[Subscription] = set()
        self._wakes: dict[str, asyncio.Event] = {}

    def subscribe(self) -> Subscription:
        """Hear every batch from now on."""
        subscription = Subscription(self)
        self._subscriptions.add(subscription)
        return subscription

    def wake(self, name: str) -> asyncio.Event:
        """The event of that name ("herald", "uplink", ...): set after every commit. "effects:<kind>" is set after those that
        asked for effects of that kind, so that nobody looks for what is not there with every token."""
        return self._wakes.setdefault(name, asyncio.Event())

    def publish(self, events: list[Event], effects: frozenset[str] = frozenset()) -> None:
        """Tell everybody. Never blocks, never fails. effects: the kinds that were asked for."""
        if events:
            for subscription in self._subscriptions:
                subscription._put(events)
        for name, wake in self._wakes.items():
            if not name.startswith(EFFECTS) or name.removeprefix(EFFECTS) in effects:
                wake.set()
