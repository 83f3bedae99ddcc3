"""A disk that is full or fails to sync: nobody is told "accepted" for what is not on disk, and the store works again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from edge.app.dispatcher import Accepted, NotDone, Refused
from edge.domain import commands
from tests.powercut import clinic
from tests.powercut.clinic import Morning, Told
from tests.powercut.disk import Disk
from tests.powercut.vfs import attached

WAIT_S = 10.0
Fault = Callable[[Morning, Disk], None]


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[tuple[Morning, Disk]]:
    """A started clinic on a disk with faults to inject."""
    with attached(Disk(folder)) as disk:
        core = Morning(folder, Told(), vfs="cut")
        core.dispatcher.start()
        try:
            await core.open()
            yield core, disk
        finally:
            await core.dispatcher.stop()
            core.store.close()
    assert disk.errors == []


async def press(core: Morning, name: str) -> Accepted | Refused | None:
    async with asyncio.timeout(WAIT_S):
        return await core.submit(commands.IssueToken(command_id=f"kiosk:{name}", actor="screen:k"))


async def presses(core: Morning, first: int, many: int) -> list[Accepted | Refused | None]:
    """Presses handed in together, so that they share commits."""
    return await asyncio.gather(*(press(core, f"k1:{number}") for number in range(first, first + many)))


async def told_is_kept(core: Morning, disk: Disk, after: Path) -> None:
    """The power goes now: whatever anybody was told is on the disk, and nothing about it is wrong."""
    told = Told(dict(core.told.answers))
    disk.crash(after, seed=1)
    assert clinic.faults(after, told) == []


async def test_full_disk_refuses_presses_and_tells_nobody_accepted_until_there_is_room(tmp_path: Path) -> None:
    async with opened(tmp_path / "a") as (core, disk):
        assert all(isinstance(answer, Accepted) for answer in await presses(core, 0, 20))
        disk.full = True
        answers = await presses(core, 100, 200)
        assert any(answer is None for answer in answers)
        failures = core.told.failures
        assert failures
        assert all(failure.hint for failure in failures)
        assert {failure.passing for failure in failures} == {False}  # sending again at once will not help
        disk.full = False
        again = await presses(core, 100, 200)
        assert all(isinstance(answer, Accepted) for answer in again)
        tokens = core.told.tokens()
        assert len(set(tokens.values())) == len(tokens) == 220
        await told_is_kept(core, disk, tmp_path / "after")


async def test_store_at_its_page_limit_fails_single_commands_and_loses_none_that_were_answered(tmp_path: Path) -> None:
    async with opened(tmp_path / "a") as (core, disk):
        limit = await core.dispatcher.writer.run(lambda conn: conn.execute("pragma page_count").fetchone()[0] + 6)
        await core.dispatcher.writer.run(lambda conn: conn.execute(f"pragma max_page_count = {limit}").fetchall())
        answers = await presses(core, 0, 200)
        assert any(answer is None for answer in answers)
        refused = len(core.told.failures)
        await core.dispatcher.writer.run(lambda conn: conn.execute("pragma max_page_count = 1000000").fetchall())
        assert all(isinstance(answer, Accepted) for answer in await presses(core, 0, 200))
        assert len(core.told.failures) == refused
        await told_is_kept(core, disk, tmp_path / "after")


@pytest.mark.parametrize("syncs", [1, 2, 3])
async def test_commit_that_fails_is_answered_with_what_is_on_disk(tmp_path: Path, syncs: int) -> None:
    async with opened(tmp_path / "a") as (core, disk):
        await presses(core, 0, 10)
        disk.fail_syncs = syncs
        first = await presses(core, 100, 20)
        while disk.fail_syncs:
            first += await presses(core, 200, 20)
        assert core.dispatcher.writer.failed_commits + len(core.told.failures) > 0
        assert all(failure.passing for failure in core.told.failures)  # it may well work now
        again = await presses(core, 100, 20)
        assert all(isinstance(answer, Accepted) for answer in again)
        tokens = core.told.tokens()
        assert len(set(tokens.values())) == len(tokens)
        await told_is_kept(core, disk, tmp_path / "after")


async def test_disk_that_answers_nothing_for_a_while_fails_commands_at_once_and_then_works(tmp_path: Path) -> None:
    async with opened(tmp_path / "a") as (core, disk):
        await presses(core, 0, 5)
        disk.dead = True
        assert await presses(core, 100, 20) == [None] * 20
        assert await presses(core, 100, 20) == [None] * 20
        disk.dead = False
        assert all(isinstance(answer, Accepted) for answer in await presses(core, 100, 20))
        await told_is_kept(core, disk, tmp_path / "after")


async def test_stopped_core_says_so_instead_of_waiting(tmp_path: Path) -> None:
    async with opened(tmp_path / "a") as (core, _):
        await core.dispatcher.stop()
        with pytest.raises(NotDone):
            await core.dispatcher.submit(commands.IssueToken(command_id="kiosk:x", actor="screen:k"))
