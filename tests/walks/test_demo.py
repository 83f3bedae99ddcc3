"""``python -m deploy.demo`` as a person starts it: everything comes up, one press is a token, and it all ends at once."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from deploy.demo.devices import Devices
from deploy.demo.ports import Ports
from deploy.demo.stage import short_folder
from deploy.venv import ROOT
from shared.clock import transport_s

UP_S, HAPPENS_S, ENDS_S = 60.0, 20.0, 5.0


class Demo:
    """A running demo without a terminal, and what it has printed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = Ports.free()
        self.printed = ""

    async def start(self, *words: str) -> None:
        ports = [
            word for name, port in vars(self.ports).items() for word in (f"--{name.replace('_', '-')}-port", str(port))
        ]
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "deploy.demo", "--folder", str(self.folder), *ports, *words,
            cwd=ROOT, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process.stdout is not None
        while data := await self.process.stdout.read(4096):
            self.printed += data.decode()

    async def until(self, pattern: str, within_s: float) -> None:
        await eventually(lambda: re.search(pattern, self.printed) or self.process.returncode is not None, within_s)
        assert re.search(pattern, self.printed), f"it never printed {pattern!r}, but:\n{self.printed}"

    async def end(self, number: signal.Signals = signal.SIGTERM) -> float:
        """Ask it to end; how long that took, in seconds."""
        began_s = transport_s()
        if self.process.returncode is None:
            self.process.send_signal(number)
        await self.process.wait()
        await self._reading
        return transport_s() - began_s

    def processes(self) -> list[str]:
        """Every process of this demo that is left: whatever names its folder."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                words = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
            except OSError:
                continue
            if str(self.folder).encode() in words and int(process.name) != os.getpid():
                found.append(f"{process.name}: {words[:200]!r}")
        return found


async def eventually(true: Callable[[], object], within_s: float) -> None:
    """Wait until it is, or the time is over; whoever calls asserts it."""
    ends_s = transport_s() + within_s
    while not true() and transport_s() < ends_s:
        await asyncio.sleep(0.05)


@pytest.fixture
async def demo() -> AsyncIterator[Demo]:
    one = Demo(short_folder())
    yield one
    if one.process.returncode is None:
        await one.end(signal.SIGKILL)
    await eventually(lambda: not one.processes(), ENDS_S)
    shutil.rmtree(one.folder)


async def test_a_press_becomes_a_token_and_a_slip_and_ctrl_c_leaves_no_process(demo: Demo) -> None:
    await demo.start()
    await demo.until(r"/pages/desk +reception / \S+", UP_S)
    await demo.until(r"head office|sync", HAPPENS_S)
    await Devices(demo.folder / "devices").do("press", button=1)
    await demo.until(r"last token A-006", HAPPENS_S)
    await demo.until(r"slips 6", HAPPENS_S)
    assert demo.processes()
    took_s = await demo.end(signal.SIGINT)
    assert took_s < ENDS_S
    assert demo.process.returncode == 0, demo.printed
    assert demo.processes() == []


async def test_the_demo_goes_on_where_it_was_and_kill_9_leaves_no_process(demo: Demo) -> None:
    await demo.start("--no-broker")
    await demo.until(r"syncing over HTTPS|Syncing over HTTPS", UP_S)
    await Devices(demo.folder / "devices").do("press", button=1)
    await demo.until(r"last token A-006", HAPPENS_S)
    await demo.end(signal.SIGKILL)
    await eventually(lambda: not demo.processes(), ENDS_S)
    assert demo.processes() == []
    demo.printed = ""
    await demo.start("--no-broker")
    await demo.until(r"last token A-006", UP_S)
    await Devices(demo.folder / "devices").do("press", button=1)
    await demo.until(r"last token A-007", HAPPENS_S)
    assert await demo.end() < ENDS_S
    assert demo.processes() == []
