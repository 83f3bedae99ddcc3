"""One child program: started in a process group of its own, ended with its whole group, its words kept in a log."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

_CHILD = str(Path(__file__).with_name("child.py"))
LAST_LINES = 15
LOG_BYTES_MAX = 20 * 1024 * 1024
"""A log larger than this when its program starts is begun anew; the one before is kept as `.old`."""


class ProgramFailed(Exception):
    """A program ended, or did not get ready; the message holds its last words and the hint what to do."""


class Program:
    """A program and how to start and end it. Not started by making it.

    stop_signal: what asks it to end in good order; also sent by the kernel when we die ourselves.
    user: whose rights it runs with, only possible for root; None for our own.
    """

    def __init__(
        self,
        name: str,
        words: Sequence[str],
        *,
        folder: Path,
        log: Path,
        environment: Mapping[str, str],
        stop_signal: signal.Signals = signal.SIGTERM,
        user: str | None = None,
    ) -> None:
        self.name = name
        self.words = list(words)
        self.folder = folder
        self.log = log
        self.environment = dict(environment)
        self.stop_signal = stop_signal
        self.user = user
        self._process: asyncio.subprocess.Process | None = None
        self.wanted = False
        """Whether it should be running: false before `start` and from the moment we end it."""

    @property
    def pid(self) -> int | None:
        """Its process id; None when it has never run."""
        return self._process.pid if self._process else None

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Start it; returns at once, before it is ready."""
        assert not self.running, f"{self.name} runs already"
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES_MAX:
            self.log.replace(self.log.with_suffix(".old"))
        guard = [sys.executable, "-I", "-S", _CHILD, str(os.getpid()), str(int(self.stop_signal)), self.user or "-"]
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *guard,
                *self.words,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=self.environment,
                process_group=0,
            )
        self.wanted = True

    async def wait(self) -> int:
        """Its exit status, once it has ended; negative for a signal."""
        assert self._process is not None
        return await self._process.wait()

    async def stop(self, patience_s: float) -> None:
        """Ask it to end, and after `patience_s` seconds end it and everything it started."""
        self.wanted = False
        if not self.running:
            return
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(self.stop_signal)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await self._process.wait()
        await self.kill()

    async def kill(self) -> None:
        """End it as a power cut does, with everything it started. Does nothing when it has ended."""
        self.wanted = False
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()

    def last_words(self, lines: int = LAST_LINES) -> str:
        """The end of its log."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - 16_384))
            return "\n".join(log.read().decode(errors="replace").splitlines()[-lines:])
