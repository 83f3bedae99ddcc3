"""Byte lines to devices: a serial port or a TCP connection that opens itself again when it is lost.

No thread and no protocol: bytes go to whoever listens. A line says "gone" once when it is lost and "back" once when it
is there again, however often it tries in between.
"""

from __future__ import annotations

import asyncio
import os
import random
import socket
import stat
import termios
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Literal, Protocol

from edge.app.ports import Busy, Offline

UNSENT_BYTES_MAX = 128 * 1024
"""Bytes a device has not taken yet; beyond it a write is refused. The largest slip is far smaller."""
READ_BYTES = 4096
BACK_OFF_S = (0.1, 5.0)
"""First and longest pause between attempts to open; each is drawn at random below its limit, and the limit doubles."""
CONNECT_S = 5.0
STOOD_S = 10.0
"""A line that stood this long begins again with the shortest pause; one that falls at once waits longer each time."""
BAUD = 115_200
LINE_PRINTER_MAJORS = (6, 180)
"""Device numbers of parallel and USB printers, which are no terminals."""

Told = Literal["gone", "back"]


class Handle(Protocol):
    """Something open: a serial port, a socket, a device file."""

    def fileno(self) -> int:
        """Its file descriptor, which must not block."""

    def close(self) -> None:
        """Let it go."""


class Transport:
    """A line that keeps itself open while `run` runs. Belongs to one event loop.

    name: for people, e.g. "printer /dev/ttyUSB0".  tell: called with "gone" or "back" and the reason, each once.
    on_bytes, on_gone: set by the driver before `run`.
    """

    def __init__(
        self, name: str, opener: Callable[[], Awaitable[Handle]], tell: Callable[[Told, str], None] | None = None,
        back_off_s: tuple[float, float] = BACK_OFF_S,
    ) -> None:  # fmt: skip
        self.name = name
        self.on_bytes: Callable[[bytes], None] = lambda data: None
        self.on_gone: Callable[[], None] = lambda: None
        self._opener = opener
        self._tell = tell or (lambda told, why: None)
        self._back_off_s = back_off_s
        self._handle: Handle | None = None
        self._unsent = bytearray()
        self._empty = asyncio.Event()
        self._lost = asyncio.Event()
        self._opened = asyncio.Event()
        self._why = "not opened yet"
        self._said: Told | None = None
        self._reset = False

    @property
    def is_open(self) -> bool:
        """Whether bytes can leave now."""
        return self._handle is not None

    @property
    def unsent(self) -> int:
        """Bytes the device has not taken yet."""
        return len(self._unsent)

    async def run(self) -> None:
        """Open, carry, and open again, until cancelled."""
        longest = self._back_off_s[0]
        try:
            while True:
                try:
                    handle = await self._opener()
                except OSError as error:
                    self._say("gone", str(error))
                    await asyncio.sleep(random.uniform(longest / 2, longest))
                    longest = min(longest * 2, self._back_off_s[1])
                    continue
                opened_s = asyncio.get_running_loop().time()
                self._begin(handle)
                await self._lost.wait()
                if not self._reset:  # a line we closed ourselves, to ask a silent device anew, is not told as gone
                    self._say("gone", self._why)
                self._reset = False
                stood = asyncio.get_running_loop().time() - opened_s >= STOOD_S
                longest = self._back_off_s[0] if stood else min(longest * 2, self._back_off_s[1])
                await asyncio.sleep(random.uniform(longest / 2, longest))
        finally:
            self._drop("stopped")

    def write(self, data: bytes) -> None:
        """Hand over bytes. Raises Offline when the line is gone, Busy when the device takes nothing; then none are kept."""
        if self._handle is None:
            raise Offline(f"{self.name}: {self._why}")
        if len(self._unsent) + len(data) > UNSENT_BYTES_MAX:
            raise Busy(f"{self.name} does not take its bytes ({len(self._unsent)} wait)")
        self._unsent += data
        self._empty.clear()
        self._flush()

    async def drained(self, wait_s: float) -> None:
        """Return when the device has taken every byte. Raises Offline when the line is lost, Busy after `wait_s`."""
        waits = [asyncio.ensure_future(self._empty.wait()), asyncio.ensure_future(self._lost.wait())]
        try:
            await asyncio.wait(waits, timeout=wait_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if self._handle is None:
            raise Offline(f"{self.name}: {self._why}")
        if self._unsent:
            raise Busy(f"{self.name} has not taken {len(self._unsent)} bytes after {wait_s:g} s")

    async def opened(self, wait_s: float) -> bool:
        """Whether the line is open, waiting at most `wait_s` for it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._opened.wait()
        return self.is_open

    def reset(self, why: str) -> None:
        """Close the line, bytes not taken included, and open it anew: it stands but does not answer."""
        self._reset = self._handle is not None
        self._drop(why)

    def _begin(self, handle: Handle) -> None:
        self._handle = handle
        self._lost.clear()
        self._empty.set()
        self._opened.set()
        asyncio.get_running_loop().add_reader(handle.fileno(), self._readable)
        self._say("back", "")

    def _drop(self, why: str) -> None:
        handle, self._handle = self._handle, None
        if handle is None:
            return
        loop = asyncio.get_running_loop()
        loop.remove_reader(handle.fileno())
        loop.remove_writer(handle.fileno())
        with suppress(OSError):  # a device that is gone may refuse even to be closed
            handle.close()
        self._unsent.clear()
        self._why = why
        self._opened.clear()
        self._lost.set()
        self.on_gone()

    def _readable(self) -> None:
        if self._handle is None:
            return
        try:
            data = os.read(self._handle.fileno(), READ_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            self._drop(error.strerror or str(error))
            return
        if data:
            self.on_bytes(data)
        else:
            self._drop("the other end hung up")

    def _flush(self) -> None:
        if self._handle is None:
            return
        loop, fd = asyncio.get_running_loop(), self._handle.fileno()
        try:
            while self._unsent:
                del self._unsent[: os.write(fd, self._unsent)]
        except BlockingIOError:
            loop.add_writer(fd, self._flush)
            return
        except OSError as error:
            self._drop(error.strerror or str(error))
            return
        loop.remove_writer(fd)
        self._empty.set()

    def _say(self, told: Told, why: str) -> None:
        if self._said != told:  # the first "back" too: it ends what an earlier life of the program told
            self._tell(told, why)
        self._said = told


def open_line(port: str, name: str, tell: Callable[[Told, str], None] | None = None, baud: int = BAUD) -> Transport:
    """The line a setting names: ``tcp://host:port``, or the path of a serial port or USB printer."""
    if port.startswith("tcp://"):
        host, _, number = port.removeprefix("tcp://").rpartition(":")
        if not host or not number.isdigit():
            raise ValueError(f"{port!r} is not tcp://host:port")
        return Transport(f"{name} {port}", lambda: _connect(host, int(number)), tell)
    return Transport(f"{name} {port}", lambda: _open_serial(port, baud), tell)


class _File:
    """A device file that is no terminal."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def fileno(self) -> int:
        return self._fd

    def close(self) -> None:
        os.close(self._fd)


async def _open_serial(path: str, baud: int) -> Handle:
    """Open exclusively; never touch RTS or DTR, which a pty does not have. Raises OSError."""
    device = os.stat(path)
    if stat.S_ISCHR(device.st_mode) and os.major(device.st_rdev) in LINE_PRINTER_MAJORS:
        return _File(os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY))
    import serial

    try:
        port: Handle = serial.Serial(path, baud, timeout=0, write_timeout=0, exclusive=True)
    except termios.error as error:  # an adapter that drops out while it is opened; not an OSError by itself
        raise OSError(*error.args) from error
    return port


async def _connect(host: str, port: int) -> Handle:
    """Connect within a bounded time. Raises OSError."""
    loop = asyncio.get_running_loop()
    (family, kind, protocol, _, address), *_ = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    connection = socket.socket(family, kind, protocol)
    connection.setblocking(False)
    try:
        async with asyncio.timeout(CONNECT_S):
            await loop.sock_connect(connection, address)
    except TimeoutError as error:
        connection.close()
        raise OSError(f"no connection to {host}:{port} within {CONNECT_S:g} s") from error
    except BaseException:
        connection.close()
        raise
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 10_000)
    return connection
