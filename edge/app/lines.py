"""Says when a device's line is gone and when it is back, once each, so that a silent button is not a quiet morning."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from typing import Literal

from edge.app.dispatcher import Dispatcher, until_done
from edge.domain.commands import EndAlert, RaiseAlert
from edge.store.database import Store

TOLD_MAX = 64
"""What may wait to be said; each line's last word is what counts, so the oldest go first."""


class Lines:
    """`told` is handed to each transport; `run` is one named task of the program."""

    def __init__(self, store: Store, dispatcher: Dispatcher, on_back: Mapping[str, Callable[[], None]]) -> None:
        """on_back: what to do at once when the line of that name is back."""
        self._boot, self._dispatcher, self._on_back = store.boot, dispatcher, on_back
        self._told: deque[tuple[str, Literal["gone", "back"], str]] = deque(maxlen=TOLD_MAX)
        self._wake = asyncio.Event()
        self._count = 0

    def told(self, name: str, word: Literal["gone", "back"], why: str) -> None:
        """A line was lost or is there again."""
        self._told.append((name, word, why))
        self._wake.set()
        if word == "back" and name in self._on_back:
            self._on_back[name]()

    async def run(self) -> None:
        """Raise and end alerts, in the order of what was told."""
        while True:
            self._wake.clear()
            while self._told:
                await until_done(partial(self._say, *self._told.popleft()))
            await self._wake.wait()

    async def _say(self, name: str, word: Literal["gone", "back"], why: str) -> None:
        self._count += 1
        command_id, topic = f"line:{self._boot}:{self._count}", f"line:{name}"
        if word == "back":
            await self._dispatcher.submit(EndAlert(command_id=command_id, actor="edge", topic=topic))
            return
        hint = f"Check the cable and the power of the {name}; it is found again by itself."
        title = f"{name[:1].upper()}{name[1:]} does not answer ({why})"
        await self._dispatcher.submit(
            RaiseAlert(command_id=command_id, actor="edge", topic=topic, title=title[:200], hint=hint)
        )
