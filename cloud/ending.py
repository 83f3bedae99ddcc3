"""How a program of the cloud ends: when it is asked to, and at the latest `END_S` later.

Parts that say goodbye to a database which has gone itself would wait for it half a minute. Nothing is lost by not waiting:
what was acknowledged is committed, and what was not is done again by whoever comes next.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from typing import Final

import structlog

END_S: Final = 3.0
"""What a program gets from being asked to end until it is ended."""

log = structlog.get_logger(__name__)


def on_stop(stop: Callable[[], None]) -> None:
    """Call `stop` in the running loop at SIGTERM or SIGINT; `END_S` after the first the process exits with status 1."""
    loop, asked = asyncio.get_running_loop(), threading.Event()

    def told() -> None:
        if not asked.is_set():
            asked.set()
            end = threading.Timer(END_S, _end_now)
            end.daemon = True  # who is quicker is not held up
            end.start()
        stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told)


def _end_now() -> None:
    log.warning("ended_without_waiting", after_s=END_S)
    os._exit(1)
