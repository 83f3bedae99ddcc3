"""Single keys from a terminal, without Enter; nothing where there is no terminal."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import termios
import tty
from collections.abc import AsyncIterator

KEYS_WAITING_MAX = 32
"""Keys pressed faster than they are done; more are dropped."""


@contextlib.asynccontextmanager
async def keys() -> AsyncIterator[asyncio.Queue[str]]:
    """A queue of the keys pressed; "" when the terminal is gone. Leaves the terminal as it was."""
    queue: asyncio.Queue[str] = asyncio.Queue(KEYS_WAITING_MAX)
    if not sys.stdin.isatty():
        yield queue
        return
    handle = sys.stdin.fileno()
    loop = asyncio.get_running_loop()

    def pressed() -> None:
        try:
            data = os.read(handle, KEYS_WAITING_MAX)
        except OSError:
            data = b""
        if not data:
            loop.remove_reader(handle)
        for key in data.decode(errors="ignore") or [""]:
            with contextlib.suppress(asyncio.QueueFull):
                queue.put_nowait(key)

    before = termios.tcgetattr(handle)
    tty.setcbreak(handle)
    loop.add_reader(handle, pressed)
    try:
        yield queue
    finally:
        loop.remove_reader(handle)
        with contextlib.suppress(termios.error):
            termios.tcsetattr(handle, termios.TCSADRAIN, before)
