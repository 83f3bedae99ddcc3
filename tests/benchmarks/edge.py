"""A clinic's program for measuring: started in a folder of its own, asked like a paired kiosk asks it, and ended."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from string import ascii_uppercase

import httpx

from edge.web import door
from shared.clock import transport_s

READY_S = 30.0
LETTERS = ascii_uppercase
"""Every service takes 2,000 people, so measuring needs all 26."""


@dataclass
class Edge:
    """A running clinic. headers: the credential of a paired kiosk."""

    process: asyncio.subprocess.Process
    port: int
    headers: dict[str, str]
    started_s: float

    def pids(self) -> list[int]:
        """The program and its children."""
        found, waiting = [], [self.process.pid]
        while waiting:
            pid = waiting.pop()
            found.append(pid)
            children = Path(f"/proc/{pid}/task/{pid}/children")
            if children.exists():
                waiting += [int(child) for child in children.read_text().split()]
        return found

    def memory_mb(self) -> tuple[float, float]:
        """RSS of the program alone; PSS of it and its children together (shared pages counted once)."""
        rss = proc_field(self.process.pid, "status", "VmRSS:")
        return rss / 1024, sum(proc_field(pid, "smaps_rollup", "Pss:") for pid in self.pids()) / 1024

    def cpu_s(self) -> float:
        """Processor seconds used so far by the program and its children."""
        ticks = 0
        for pid in self.pids():
            words = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(words[11]) + int(words[12])
        return ticks / os.sysconf("SC_CLK_TCK")


def proc_field(pid: int, file: str, name: str) -> int:
    """A number from /proc, e.g. of the line "VmRSS:" of status, in KiB."""
    for line in Path(f"/proc/{pid}/{file}").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1])
    raise LookupError(f"{name} is not in /proc/{pid}/{file}")


def settings(folder: Path, **more: object) -> dict[str, str]:
    """The environment of a clinic in `folder`: 26 services, any free port, and nothing of Outpost from outside."""
    given = {
        "data": folder,
        "port": 0,
        "services": json.dumps([{"letter": letter, "name": f"Service {letter}"} for letter in LETTERS]),
        "log_level": "error",
        **more,
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OUTPOST_")}
    return kept | {f"OUTPOST_EDGE_{name.upper()}": str(value) for name, value in given.items()}


@asynccontextmanager
async def edge(folder: Path, *words: str, headers: dict[str, str] | None = None, **more: object) -> AsyncIterator[Edge]:
    """Run ``python -m <words>`` (the product's own by default) until the block ends. headers: of an earlier kiosk."""
    (folder / door.FILE).unlink(missing_ok=True)
    began = transport_s()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *(words or ("edge", "run")), env=settings(folder, **more)
    )
    try:
        while (found := door.find(folder)) is None:
            if process.returncode is not None or transport_s() - began > READY_S:
                raise RuntimeError("the clinic did not start")
            await asyncio.sleep(0.005)
        kiosk = headers or await _paired(found.url, found.key)
        yield Edge(process, int(found.url.rsplit(":", 1)[1]), kiosk, began)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(10):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()


async def _paired(url: str, key: str) -> dict[str, str]:
    """Pair a kiosk as a person does: a code from somebody who may, then the code typed in at the screen."""
    async with httpx.AsyncClient(base_url=url, trust_env=False, headers={"X-Outpost": "1"}) as client:
        asked = await client.post(
            "/api/v1/screens/codes", json={"kind": "kiosk"}, headers={"Authorization": f"Bearer {key}"}
        )
        paired = await client.post("/api/v1/screens/pair", json={"code": asked.raise_for_status().json()["code"]})
        cookie = paired.raise_for_status().cookies
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in cookie.items()), "X-Outpost": "1"}


async def first_token(port: int, headers: dict[str, str]) -> float:
    """Ask for a token until there is one; gives the moment it came (transport seconds)."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, headers=headers) as client:
        while True:
            try:
                answer = await client.post("/api/v1/visits", json={"service": "A"})
                if answer.status_code == httpx.codes.CREATED:
                    return transport_s()
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.005)
