"""The product's own schema, writer and dispatcher on a disk that loses power, fills up, or fails to sync."""

from __future__ import annotations

import shutil
from pathlib import Path
from random import Random

import pytest

from tests.powercut import clinic
from tests.powercut.clinic import Told, morning
from tests.powercut.disk import Disk
from tests.powercut.vfs import attached

# The power is off: a thread that finds no disk may die with it.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
CUTS = 300
CUTS_OFF = 40


async def life(folder: Path, seed: int, cut_at: int | None, synchronous: str = "FULL") -> tuple[Disk, Told]:
    """One morning on a disk, ended by the cut or at its end; both are a loss of power."""
    told = Told()
    with attached(Disk(folder, cut_at)) as disk:
        await morning(folder, told, seed, gone=lambda: disk.dead, vfs="cut", synchronous=synchronous)
        disk.crash(folder.with_name(folder.name + "-after"), seed)
    assert disk.errors == []
    return disk, told


async def cut_once(tmp_path: Path, seed: int, operations: int, synchronous: str) -> list[str]:
    """Cut the power at a seeded operation, start again on what the disk kept, and let everybody send again."""
    folder, after = tmp_path / f"{seed}", tmp_path / f"{seed}-after"
    folder.mkdir()
    disk, told = await life(folder, seed, Random(seed).randint(1, operations), synchronous)
    found = clinic.faults(after, told)
    if not found:
        before = told.tokens()
        await morning(after, told, seed + 1)
        changed = {name for name, token in before.items() if told.tokens().get(name) != token}
        found = clinic.faults(after, told) + clinic.complete(after) + [f"changed: {name}" for name in changed]
    shutil.rmtree(folder)
    shutil.rmtree(after)
    return [f"seed {seed}, operation {disk.cut_at}: {fault}" for fault in found]


async def cuts(tmp_path: Path, many: int, synchronous: str) -> list[list[str]]:
    (tmp_path / "whole").mkdir()
    whole, told = await life(tmp_path / "whole", 0, None, synchronous)
    assert len(told.tokens()) == clinic.PRESSES
    assert not told.failures
    return [await cut_once(tmp_path, seed, whole.operations, synchronous) for seed in range(1, many + 1)]


@pytest.mark.timeout(300)
async def test_three_hundred_power_cuts_lose_nothing_that_was_answered(tmp_path: Path) -> None:
    found = await cuts(tmp_path, CUTS, "FULL")
    assert [fault for faults in found for fault in faults] == []


async def test_with_synchronous_off_the_same_power_cuts_do_lose_what_was_answered(tmp_path: Path) -> None:
    found = await cuts(tmp_path, CUTS_OFF, "OFF")
    assert sum(any("lost" in fault or "corrupt" in fault for fault in faults) for faults in found) > CUTS_OFF // 4
