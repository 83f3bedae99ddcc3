"""How fast a clinic is there, how much memory it takes, and what it costs while nothing happens."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.benchmarks.edge import LETTERS, edge, first_token
from tests.benchmarks.load import Order, load
from tests.benchmarks.measure import ROUNDS, Result

REST_S = 3.0
"""After the first token, before idleness is measured: what is loaded late is loaded by then."""


async def run(folder: Path, seconds: float) -> Result:
    """A new clinic a round, so that idle means idle: none has slips of an earlier burst left to settle."""
    result = Result("the edge program")
    starts, rss, pss, busy, idle = [], [], [], [], []
    for number in range(ROUNDS):
        home = folder / f"startup-{number}"
        async with edge(home) as program:
            headers = program.headers
            if not await first_token(program.port, headers):
                raise RuntimeError("no token")
        async with edge(home, headers=headers) as program:
            starts.append(await first_token(program.port, headers) - program.started_s)
            alone, together = program.memory_mb()
            rss.append(alone)
            pss.append(together)
            await asyncio.sleep(REST_S)
            before = program.cpu_s()
            await asyncio.sleep(seconds * 2)
            idle.append((program.cpu_s() - before) / (seconds * 2) * 100)
            await load(Order(program.port, "POST", "/api/v1/visits", headers, LETTERS, 16, seconds))
            busy.append(program.memory_mb()[1])
    result.add("start to first token", "s", starts, "<= 2 s", lambda x: x <= 2)
    result.add("memory, program alone (RSS)", "MB", rss)
    result.add("memory, with the writer's process (PSS)", "MB", pss, "<= 120 MB", lambda x: x <= 120)
    result.add("memory after a burst of tokens (PSS)", "MB", busy)
    result.add("processor while idle", "% core", idle, "<= 1 %", lambda x: x <= 1)
    return result
