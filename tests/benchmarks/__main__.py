"""``make bench``: measure everything, print a table, write ``bench-<date>.json``."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path

from shared import logs
from shared.clock import Clock, transport_s
from tests.benchmarks import (
    catchup,
    core,
    dose_lateness,
    doses,
    estimates,
    history,
    http,
    live,
    pipelines,
    press,
    startup,
    voice,
)
from tests.benchmarks.measure import Result, as_json, as_table, machine

BENCHES: dict[str, Callable[[Path, float], Awaitable[Result]]] = {
    "http": http.run,
    "history": history.run,
    "core": core.run,
    "press": press.run,
    "startup": startup.run,
    "catchup": catchup.run,
    "estimates": estimates.run,
    "live": live.run,
    "voice": voice.run,
    "doses": doses.run,
    "dose_lateness": dose_lateness.run,
    "pipelines": pipelines.run,
}


def main() -> int:
    """Exit status 0 also when a target is missed: a measurement is no test."""
    parser = argparse.ArgumentParser(prog="make bench ARGS=…", description="Rates beside their limits.")
    parser.add_argument("--only", action="append", choices=BENCHES, help="one of them; may be given again")
    parser.add_argument("--seconds", type=float, default=4.0, help="how long each side of a round runs (default 4)")
    parser.add_argument("--out", type=Path, help="the JSON file (default bench-<date>.json here)")
    given = parser.parse_args()
    logs.configure("error")  # what a program under measure tells of its work would drown the tables
    folder = Path(tempfile.mkdtemp(prefix="outpost-bench-", dir="/tmp"))
    folder.chmod(0o711)
    began, today = transport_s(), Clock.life().now().date()
    try:
        facts = machine(folder)
        print(f"{facts['cores']} cores, {facts['processor']}, {facts['fsync_per_s']:,} fsync/s\n", flush=True)
        results = asyncio.run(_all(given.only or list(BENCHES), folder, given.seconds))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    facts["took_s"] = round(transport_s() - began)
    print(f"{facts['cores']} cores, {facts['processor']}, {facts['fsync_per_s']:,} fsync/s, {facts['took_s']} s")
    out = given.out or Path(f"bench-{_day(today)}.json")
    out.write_text(json.dumps({"machine": facts, "date": _day(today), "results": as_json(results)}, indent=2) + "\n")
    print(f"written to {out}")
    return 0


def _day(day: date) -> str:
    return day.isoformat()


async def _all(names: list[str], folder: Path, seconds: float) -> list[Result]:
    results = []
    for name in names:
        print(f"measuring {name} (load {os.getloadavg()[0]:.1f})", file=sys.stderr, flush=True)
        results.append(await BENCHES[name](folder, seconds))
        print(as_table(results[-1:]) + "\n", flush=True)  # who stops it half-way keeps what was measured
    return results


if __name__ == "__main__":
    sys.exit(main())
