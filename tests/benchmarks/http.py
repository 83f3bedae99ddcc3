"""Durable tokens over HTTP, beside the same POST that does nothing and the empty GET, all on the same server."""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks.edge import LETTERS, Edge, edge
from tests.benchmarks.load import Order, Outcome, load
from tests.benchmarks.measure import ROUNDS, Result, ratios

SIDES = {
    "issue": ("POST", "/api/v1/visits", LETTERS),
    "nothing": ("POST", "/bench/nothing", LETTERS),
    "empty": ("GET", "/bench/empty", ""),
}
DEAD_PRINTER = '{"port": "/nonexistent/printer"}'


async def run(folder: Path, seconds: float) -> Result:
    """A fresh clinic each round, for its queues hold 2,000 people each; the three sides one after another in it."""
    result = Result("tokens over HTTP (a paired kiosk, a printer that is dead)")
    rates: dict[str, list[float]] = {name: [] for name in SIDES}
    p95: dict[str, list[float]] = {name: [] for name in SIDES}
    duplicates = 0
    for number in range(ROUNDS):
        async with edge(folder / f"http-{number}", "tests.benchmarks.server", printer=DEAD_PRINTER) as program:
            for name in SIDES if number % 2 == 0 else reversed(SIDES):
                many = await _side(program, name, 16, seconds)
                rates[name].append(many.per_s)
                duplicates += many.duplicates
                few = await _side(program, name, 8, seconds / 2)
                p95[name].append(few.p95_ms)
                duplicates += few.duplicates
    result.add("token, 16 clients", "/s", rates["issue"])
    result.add("same POST doing nothing", "/s", rates["nothing"])
    result.add("empty GET", "/s", rates["empty"])
    result.add(
        "token : same POST doing nothing", "", ratios(rates["issue"], rates["nothing"]), ">= 0.5", lambda x: x >= 0.5
    )
    result.add("token, 8 clients, p95", "ms", p95["issue"], "<= 10 ms", lambda x: x <= 10)
    result.add("same POST doing nothing, p95", "ms", p95["nothing"])
    result.add("tokens that came twice", "", [duplicates] * ROUNDS, "0", lambda x: x == 0)
    return result


async def _side(program: Edge, name: str, clients: int, seconds: float) -> Outcome:
    method, path, letters = SIDES[name]
    found = await load(Order(program.port, method, path, program.headers, letters, clients, seconds))
    wrong = {status: many for status, many in found.statuses.items() if not status.startswith("2")}
    if wrong:
        raise RuntimeError(f"{method} {path} answered {wrong}")
    return found
