"""Measuring: interleaved rounds, medians with their spread, and what machine it was."""

from __future__ import annotations

import os
import platform
import sqlite3
import statistics
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from shared.clock import transport_s

ROUNDS = 3
Side = Callable[[], Awaitable[float]]


@dataclass
class Measured:
    """One figure: the median of its rounds. spread: (greatest - least) / median, of the rounds."""

    name: str
    unit: str
    value: float
    spread: float
    rounds: list[float]
    target: str = ""
    reached: bool | None = None
    """Whether the target of DESIGN section 15 is reached; None where it names none for this figure."""


@dataclass
class Result:
    """What one benchmark found, with remarks a reader needs."""

    bench: str
    figures: list[Measured] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def add(
        self,
        name: str,
        unit: str,
        rounds: Sequence[float],
        target: str = "",
        reach: Callable[[float], bool] | None = None,
    ) -> float:
        """Note a figure; gives its median."""
        value = statistics.median(rounds)
        spread = (max(rounds) - min(rounds)) / value if value else 0.0
        reached = reach(value) if reach else None
        self.figures.append(Measured(name, unit, value, spread, list(rounds), target, reached))
        return value


async def interleaved(sides: Mapping[str, Side], rounds: int = ROUNDS) -> dict[str, list[float]]:
    """Run every side once a round, so that what else the machine does hits all of them alike."""
    found: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(rounds):
        order = list(sides)
        for name in order if number % 2 == 0 else reversed(order):
            found[name].append(await sides[name]())
    return found


def ratios(above: Sequence[float], below: Sequence[float]) -> list[float]:
    """Round by round, one figure over the other."""
    return [a / b for a, b in zip(above, below, strict=True)]


def quantile(values: Sequence[float], share: float) -> float:
    """The value that `share` of the values do not exceed; values must not be empty."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def fsyncs_per_s(folder: Path, seconds: float = 1.0) -> float:
    """1 KiB appended and synced, one after another: the limit of every commit that stands alone."""
    path, block, many = folder / "fsync", bytes(1024), 0
    handle = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        began = transport_s()
        while transport_s() - began < seconds:
            os.write(handle, block)
            os.fdatasync(handle)
            many += 1
        return many / (transport_s() - began)
    finally:
        os.close(handle)
        path.unlink()


def machine(folder: Path) -> dict[str, object]:
    """Cores, processor, fsync/s and versions: without them no figure says anything."""
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    return {
        "cores": len(os.sched_getaffinity(0)),
        "processor": model,
        "fsync_per_s": round(statistics.median(fsyncs_per_s(folder) for _ in range(3))),
        "load_before": os.getloadavg()[0],
        "kernel": platform.release(),
        "python": sys.version.split()[0],
        "sqlite": sqlite3.sqlite_version,
    }


def as_json(results: Sequence[Result]) -> list[dict[str, object]]:
    """Results as plain values."""
    return [asdict(result) for result in results]


def as_table(results: Sequence[Result]) -> str:
    """Results as a person reads them."""
    lines = [f"{'':44}{'median':>12} {'':10}{'spread':>7}  target"]
    for result in results:
        lines.append(result.bench)
        for one in result.figures:
            number = f"{one.value:,.0f}" if abs(one.value) >= 100 else f"{one.value:,.2f}"
            mark = "" if one.reached is None else "  reached" if one.reached else "  NOT REACHED"
            lines.append(f"  {one.name:42}{number:>12} {one.unit:10}{one.spread:>6.0%}  {one.target}{mark}")
        lines += [f"  ({remark})" for remark in result.remarks]
    return "\n".join(lines)
