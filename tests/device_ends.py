"""Both ends of a device's cable for tests: a real pseudo-terminal, links with faults, simulated devices, our drivers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from edge.devices.transport import Told, Transport, open_line
from edge.domain.tickets import Slip
from firmware_sim.cable import Cable
from firmware_sim.paper import Slip as PaperSlip
from firmware_sim.printer import Printer
from shared.clock import Clock

SLIP = Slip(
    token="A-012", service_name="General", site_name="Riverside Family Clinic", issued_at="20 Nov 2026 09:14", ahead=3,
    qr="https://clinic.example/t/abcdefgh", repeat=False, language="en",
)  # fmt: skip


async def until(condition: Callable[[], bool], within_s: float = 10.0) -> None:
    """Return when `condition` is true; fail when it is not within a bounded time."""
    async with asyncio.timeout(within_s):
        while not condition():
            await asyncio.sleep(0.005)


@asynccontextmanager
async def running(*works: Awaitable[None]) -> AsyncIterator[None]:
    """Run loops beside a test; a loop that fails, fails the test."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        yield
        for task in tasks:
            if task.done():
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


class Memory:
    """Remembers what a transport told."""

    def __init__(self) -> None:
        self.words: list[Told] = []

    def __call__(self, told: Told, why: str) -> None:
        self.words.append(told)


@asynccontextmanager
async def cable(folder: Path, name: str = "line") -> AsyncIterator[tuple[Cable, Transport, list[Told]]]:
    """A plugged-in cable, our transport at its edge end, and what the transport tells."""
    told = Memory()
    it = Cable(folder / name)
    it.terminal.plug()
    line = open_line(str(folder / name), name, told)
    try:
        async with running(it.run(), line.run()):
            assert await line.opened(5)
            yield it, line, told.words
    finally:
        it.terminal.pull()


class PaperTray:
    """A simulated printer on a cable, and the slips that lie in its tray."""

    def __init__(self, wire: Cable, speed_mm_s: float = 0.0) -> None:
        self.slips: list[PaperSlip] = []
        clock = Clock.starting_at(datetime(2026, 11, 20, 9, tzinfo=UTC))
        self.printer = Printer(clock, wire.to_edge.send, self.slips.append, wire.terminal.hear, speed_mm_s=speed_mm_s)
        wire.on_bytes = self.printer.feed

    def tokens(self) -> list[tuple[str | None, bool]]:
        """Token and repeat mark of each whole slip."""
        return [(slip.token, slip.repeat) for slip in self.slips if slip.complete]
