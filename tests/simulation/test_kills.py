"""kill -9 of the clinic's real program under presses of the simulated board: every press one token, every token one slip.

`OUTPOST_KILLS` plays other seeds than the kept ones, e.g. ``OUTPOST_KILLS="7 8 9"``. A failure names its seed; all
moments of a run derive from it. What the machine makes of a moment differs from run to run, as with a real power cut.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest

from deploy.demo.ports import Ports
from deploy.demo.stage import Stage, short_folder
from firmware_sim import checks
from firmware_sim.control import Control
from firmware_sim.player import Played
from shared.clock import Clock, transport_s

KEPT = ("7",)
"""One that found nothing yet, and every seed that ever failed."""
SEEDS = [int(seed) for seed in os.environ.get("OUTPOST_KILLS", " ".join(KEPT)).split()]
ROUNDS = 20
START_UP_KILLS = 2
"""Rounds in which the power goes again while the program starts."""
START_UP_S = 1.2
NEAR_S, FAR_S = 0.003, 0.060
"""Half of the kills fall close around the commit of the press, the others up to the middle of its slip."""
SPEED_MM_S = 1_200
"""Of the printer: still slow enough to be left in the middle of a slip, fast enough for the slips of a round."""
WAIT_S = 15.0
LOOK_S = 0.001
MORNING = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
"""Far from midnight: the numbers of a day begin anew."""


class Round(NamedTuple):
    """What happens between two starts of the program."""

    presses: int
    killed_at: int
    """The kill follows this press of the round; the later ones meet a dead or starting clinic."""
    after_s: float
    """From the board's counting of the press to the kill."""
    alone: bool
    """Only the program itself is killed, and its writer must find out; otherwise all its processes, as the power does."""
    again_s: float | None
    """Killed once more, so long into its start."""


def rounds_of(seed: int) -> list[Round]:
    """All moments of a run."""
    random = Random(seed)
    twice = random.sample(range(ROUNDS), START_UP_KILLS)
    rounds = []
    for number in range(ROUNDS):
        presses = random.randint(1, 4)
        killed_at, after_s = random.randint(1, presses), random.choice((NEAR_S, FAR_S)) * random.random()
        again_s = random.uniform(0.0, START_UP_S) if number in twice else None
        rounds.append(Round(presses, killed_at, after_s, random.random() < 0.5, again_s))
    return rounds


class Morning:
    """A stage, the finger on its board's button, and the hand that pulls the plug."""

    def __init__(self, stage: Stage, control: Control) -> None:
        self.stage, self._control = stage, control
        self.made = 0
        self.kills = 0

    async def play(self, one: Round) -> None:
        """Press, kill in the middle, go on pressing, start again."""
        reached = self.made + one.killed_at
        async with asyncio.TaskGroup() as group:
            group.create_task(self._press(one.presses))
            while await self.counted() < reached:
                await asyncio.sleep(LOOK_S)
            await asyncio.sleep(one.after_s)
            await self.kill(one.alone)
            if one.again_s is not None:
                await self.stage.start_edge(wait=False)
                await asyncio.sleep(one.again_s)
                await self.kill(one.alone)
            await self.stage.start_edge()
        assert len(self.writers()) == 1, f"writers beside the program's own: {self.writers()}"

    async def _press(self, many: int) -> None:
        for _ in range(many):
            answer = await self.stage.devices.do("press", button=1)
            assert answer["counted"], answer
            self.made += 1

    async def kill(self, alone: bool) -> None:
        """kill -9 of the clinic's program, `alone` or with the processes it started; it stays away."""
        self.kills += 1
        program = self.stage.crew.programs["edge"]
        if not alone:
            await program.kill()
            return
        assert program.running and program.pid is not None, program.last_words()
        program.wanted = False
        os.kill(program.pid, signal.SIGKILL)
        await program.wait()

    async def counted(self) -> int:
        """The presses the board itself counted."""
        status = await self._control.do("status")
        return int(status["boards"]["board"]["pressed"])

    def writers(self) -> list[int]:
        """The writer processes of this clinic that are there: ids of those that work in the stage's folder."""
        return [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if _is_writer(entry, self.stage.folder)]


def _is_writer(process: Path, folder: Path) -> bool:
    try:
        words = (process / "cmdline").read_bytes().split(b"\0")
        return b"edge.store.writer_child" in words and (process / "cwd").readlink() == folder.resolve()
    except OSError:  # it has ended, or is somebody else's
        return False


async def until(reached: Callable[[], bool]) -> bool:
    """Wait until it is so; False when it is not within the limit."""
    ends_s = transport_s() + WAIT_S
    while not reached():
        if transport_s() > ends_s:
            return False
        await asyncio.sleep(0.02)
    return True


@asynccontextmanager
async def morning() -> AsyncIterator[Morning]:
    """A clinic with head office behind it, without a broker."""
    folder = short_folder("outpost-kills-")
    control = Control(folder / "devices")
    try:
        async with Stage(folder, ports=Ports.free(), clock=Clock.starting_at(MORNING), broker=False) as stage:
            yield Morning(stage, control)
    finally:
        control.close()
        shutil.rmtree(folder, ignore_errors=True)


def tokens(store: Path) -> tuple[list[str], list[str], str]:
    """The tokens of all visits in the order of their numbers, those of accepted presses, and what SQLite thinks."""
    with closing(sqlite3.connect(store.absolute().as_uri() + "?mode=ro", uri=True)) as conn:
        visits = [token for (token,) in conn.execute("select token from visits order by number")]
        accepted = "select body ->> '$.visit.token' from results where kind = 'issue_token' and outcome = 'accepted'"
        answers = [token for (token,) in conn.execute(accepted + " order by id")]
        (health,) = conn.execute("pragma integrity_check").fetchone()
    return visits, answers, str(health)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("seed", SEEDS)
async def test_twenty_kills_of_the_clinics_program_under_presses_give_every_press_one_token(seed: int) -> None:
    print(f"seed {seed}")
    async with morning() as clinic:
        stage = clinic.stage
        await stage.devices.do("printer", state="speed", mm_s=SPEED_MM_S)
        for number, one in enumerate(rounds_of(seed), start=1):
            print(f"round {number}: {one}")
            await clinic.play(one)
        played = Played("twenty kills", seed, pressed=await clinic.counted(), kills=clinic.kills)
        found = await checks.judge(stage, played, WAIT_S)
        numbers, faults = checks.verdict(found)
        words = checks.words_of(numbers, faults)
        print(words)
        status = await stage.devices.do("status")
        board, printer = status["boards"]["board"], status["printer"]

        assert faults == [], words
        assert clinic.kills == ROUNDS + START_UP_KILLS
        assert board["pressed"] == board["acknowledged"] == clinic.made, (
            "the board counted and was answered every press"
        )
        assert (board["refused"], board["full"], board["lost_in_power_cuts"], board["streams"]) == (0, 0, 0, 1)
        wanted = [f"A-{number:03d}" for number in range(1, clinic.made + 1)]
        assert tokens(stage.edge_database) == (wanted, wanted, "ok")
        assert set(found.issued) == set(wanted) and len(set(found.issued.values())) == clinic.made
        assert set(found.outcomes) == set(wanted), "every token's slip was settled"
        not_printed = {token for token, outcome in found.outcomes.items() if outcome in ("not_done", "unknown")}
        assert {token for token, _ in found.papers} | not_printed == set(wanted), "a slip on paper, or a record of none"
        assert (numbers["unmarked_repeats"], printer["unmarked_repeats"]) == (0, 0)

        await clinic.kill(alone=True)
        assert await until(lambda: clinic.writers() == []), "a writer outlived its program"
