"""The writer in a process of its own: the same promises as on a thread."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edge.app.bus import Bus
from edge.app.dispatcher import Dispatcher, NotDone, Refused
from edge.domain.commands import AddService, IssueToken, OpenDay
from edge.domain.decision import Moment
from edge.store import batches
from edge.store.database import FolderInUse, Store
from tests.clinic import DAY, count, fail, standing_clock, write_and_fail


async def open_core(folder: Path) -> tuple[Store, Dispatcher]:
    store = Store(folder, standing_clock())
    dispatcher = Dispatcher(store, Bus(), process=True)
    dispatcher.start()
    return store, dispatcher


async def prepare(dispatcher: Dispatcher) -> None:
    await dispatcher.submit(AddService(command_id="s", actor="t", letter="A", name="General"))
    await dispatcher.submit(OpenDay(command_id="d", actor="clock", day=DAY))


async def issue(dispatcher: Dispatcher, n: int) -> Any:
    return await dispatcher.submit(IssueToken(command_id=f"i{n}", actor="kiosk:1", service="A"))


async def test_presses_at_once_share_commits_and_each_gets_its_own_token(tmp_path: Path) -> None:
    store, dispatcher = await open_core(tmp_path)
    await prepare(dispatcher)
    before = dispatcher.writer.commits
    outcomes = await asyncio.gather(*(issue(dispatcher, n) for n in range(300)))
    assert {o.result["visit"]["token"] for o in outcomes} == {f"A-{n:03d}" for n in range(1, 301)}
    assert dispatcher.writer.commits - before < 100
    assert await dispatcher.writer.run(count, "visits") == 300
    await dispatcher.stop()
    store.close()
    again = Store(tmp_path, standing_clock())
    assert again.clean_stop
    again.close()


async def test_job_with_a_bug_fails_alone(tmp_path: Path) -> None:
    store, dispatcher = await open_core(tmp_path)
    await prepare(dispatcher)
    with pytest.raises(ValueError, match="a bug"):
        await dispatcher.writer.run(fail)
    assert (await issue(dispatcher, 1)).result["visit"]["token"] == "A-001"
    await dispatcher.stop()
    store.close()


async def test_presses_beside_a_job_that_fails_are_done_once_each_and_in_their_order(tmp_path: Path) -> None:
    store, dispatcher = await open_core(tmp_path)
    await prepare(dispatcher)
    many = [
        issue(dispatcher, n) if n % 20 else dispatcher.writer.run(write_and_fail, f"left by {n}") for n in range(1, 100)
    ]
    outcomes = await asyncio.gather(*many, return_exceptions=True)
    tokens = [o.result["visit"]["token"] for o in outcomes if not isinstance(o, BaseException)]
    assert tokens == [f"A-{n:03d}" for n in range(1, 96)]
    assert [str(o) for o in outcomes if isinstance(o, BaseException)] == ["a bug after a write"] * 4
    assert await dispatcher.writer.run(count, "visits") == 95
    assert await dispatcher.writer.run(count, "meta where key like 'left by %'") == 0
    await dispatcher.stop()
    store.close()


async def test_refused_press_takes_no_number(tmp_path: Path) -> None:
    store, dispatcher = await open_core(tmp_path)
    await prepare(dispatcher)
    bad = IssueToken(command_id="bad", actor="kiosk:1", service="A", urgency=99)
    first, refused, second = await asyncio.gather(issue(dispatcher, 1), dispatcher.submit(bad), issue(dispatcher, 2))
    assert isinstance(refused, Refused)
    assert await dispatcher.submit(bad) == replace(refused, repeated=True)
    assert [o.result["visit"]["token"] for o in (first, second)] == ["A-001", "A-002"]
    assert [o.result["visit"]["number"] for o in (first, second)] == [1, 2]
    await dispatcher.stop()
    store.close()


@pytest.mark.parametrize("work_s", [0.0, 60.0], ids=["quick disk", "slow disk"])
def test_where_a_commit_is_quick_the_first_answers_leave_while_others_are_worked_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, work_s: float
) -> None:
    monkeypatch.setattr(batches, "WORK_MIN_S", work_s)
    monkeypatch.setattr(batches, "WORK_COMMITS", 0)
    store = Store(tmp_path, standing_clock())
    writer = batches.Batches(store.writing)
    jobs = [batches.Call(count, ("visits",)) for _ in range(50)]
    done = writer.carry_out(jobs, Moment(0, 0, "s"))
    assert (len(done.answers), done.commits) == ((1, 1) if work_s == 0 else (50, 1))
    writer.close()
    store.close()


async def test_writer_that_is_killed_answers_nobody_and_says_that_it_died(tmp_path: Path) -> None:
    store, dispatcher = await open_core(tmp_path)
    await prepare(dispatcher)
    child = dispatcher.writer._engine._process  # type: ignore[attr-defined]
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    async with asyncio.timeout(5):
        with pytest.raises(NotDone):
            await issue(dispatcher, 1)
        await dispatcher.writer.died.wait()
    store.close()
    store, dispatcher = await open_core(tmp_path)
    assert not store.clean_stop
    assert (await issue(dispatcher, 1)).result["visit"]["token"] == "A-001"
    await dispatcher.stop()
    store.close()


def test_second_program_in_the_same_folder_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.store.database.LOCK_WAIT_S", 0.1)
    store = Store(tmp_path, standing_clock())
    with pytest.raises(FolderInUse, match="another edge program"):
        Store(tmp_path, standing_clock())
    store.close()


def test_killed_program_takes_its_writer_with_it_and_the_next_one_finds_every_answered_token(tmp_path: Path) -> None:
    program = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from tests.integration.test_writer_process import open_core, prepare, issue\n"
        "async def main():\n"
        "    store, dispatcher = await open_core(Path(sys.argv[1]))\n"
        "    await prepare(dispatcher)\n"
        "    for n in range(100000):\n"
        "        print((await issue(dispatcher, n)).result['visit']['token'], flush=True)\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        told = [child.stdout.readline().strip() for _ in range(50)]
        child.send_signal(signal.SIGKILL)
        told += child.stdout.read().split()
    store = Store(tmp_path, standing_clock())
    assert not store.clean_stop
    kept = {row[0] for row in store.reader().execute("select token from visits")}
    assert set(told) <= kept and len(told) == len(set(told))
    store.close()
