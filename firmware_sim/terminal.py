"""The far end of a serial cable: a pseudo-terminal with a name in a folder, as a device holds it."""

from __future__ import annotations

import asyncio
import errno
import os
import tty
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

UNSENT_BYTES_MAX = 64 * 1024
READ_BYTES = 4096


class Terminal:
    """A pty whose edge side is reachable as `path` (a symbolic link). `on_bytes` gets what the edge writes.

    `pull` hangs up and removes the path, as an unplugged USB cable does; `plug` makes a new one in its place.
    The device keeps the edge's side open itself, so that an edge that closes and opens again is not a hang-up.
    """

    def __init__(self, path: Path, on_bytes: Callable[[bytes], None]) -> None:
        self.path = path
        self._on_bytes = on_bytes
        self._master = self._slave = -1
        self._unsent = bytearray()
        self._reading = False
        self.lost = 0

    def plug(self) -> None:
        """Open the pty and show it under its path. Call it on the event loop."""
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        new = self.path.with_name(self.path.name + ".new")
        new.unlink(missing_ok=True)
        new.symlink_to(os.ttyname(self._slave))
        new.replace(self.path)
        self.hear(True)

    def pull(self) -> None:
        """Hang up and remove the path. What was not read yet is lost."""
        if self._master < 0:
            return
        self.hear(False)
        asyncio.get_running_loop().remove_writer(self._master)
        self.path.unlink(missing_ok=True)
        os.close(self._master)
        os.close(self._slave)
        self._master = self._slave = -1
        self._unsent.clear()

    @property
    def plugged(self) -> bool:
        """Whether the cable is in."""
        return self._master >= 0

    def hear(self, on: bool) -> None:
        """Read, or leave the bytes in the line (a printer whose buffer is full)."""
        if self._master < 0 or on == self._reading:
            return
        loop = asyncio.get_running_loop()
        if on:
            loop.add_reader(self._master, self._readable)
        else:
            loop.remove_reader(self._master)
        self._reading = on

    def send(self, data: bytes) -> None:
        """Towards the edge; bytes beyond a bounded buffer are lost when nobody reads."""
        if self._master < 0 or len(self._unsent) + len(data) > UNSENT_BYTES_MAX:
            self.lost += len(data)
            return
        self._unsent += data
        self._write()

    def _write(self) -> None:
        loop = asyncio.get_running_loop()
        with suppress(BlockingIOError):
            while self._unsent:
                del self._unsent[: os.write(self._master, self._unsent)]
        if self._unsent:
            loop.add_writer(self._master, self._write)
        else:
            loop.remove_writer(self._master)

    def _readable(self) -> None:
        try:
            data = os.read(self._master, READ_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            data = b""
        if data:
            self._on_bytes(data)
