"""Plays a scenario by itself on a stage of its own: a day in minutes, then what is on both sides is compared.

The clinic is set up in ordinary time first (a claim code lasts ten minutes of domain time, which may be two seconds of
the scenario's), then every program is started again in the scenario's.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import shutil
import signal
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from deploy.demo.care import care_day
from deploy.demo.folder import at_home
from deploy.demo.ports import Ports
from deploy.demo.program import ProgramFailed
from deploy.demo.stage import Stage, short_folder
from firmware_sim.checks import judge, verdict, words_of, write
from firmware_sim.player import Player
from firmware_sim.scenario import Scenario, ScenarioError, load
from shared.clock import Clock

SET_UP = timedelta(minutes=30)
"""How long before the scenario, in its own time, the clinic is set up."""
SETTLE_S = 8.0
"""Real seconds between the start of the scenario's time and its beginning, for the programs to come up."""


async def play_scenario(given: argparse.Namespace) -> int:
    """Play, compare, report; 1 when something is wrong and `--check` asks for it. Raises ProgramFailed."""
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        scenario = load(given.scenario)
    except ScenarioError as trouble:
        raise ProgramFailed(str(trouble)) from trouble
    own = given.folder is None
    folder: Path = short_folder() if own else given.folder
    try:
        with at_home(folder, fresh=True):
            faults = await _play(scenario, folder, given, lambda words: print(f"demo: {words}", flush=True))
    except asyncio.CancelledError:
        print("demo: ended before the scenario was over", file=sys.stderr)
        faults = ["ended before the scenario was over"]
    except BaseException:
        print(f"demo: everything is kept in {folder}", file=sys.stderr)
        raise
    if faults:
        print(f"demo: everything is kept in {folder}; the seed {given.seed} plays the same day again", flush=True)
    elif own:
        shutil.rmtree(folder)
    return 1 if faults and given.check else 0


async def _play(scenario: Scenario, folder: Path, given: argparse.Namespace, said: Callable[[str], None]) -> list[str]:
    begins = scenario.starts - timedelta(seconds=SETTLE_S * scenario.factor)
    stage = Stage(
        folder,
        ports=Ports.free(),
        clock=Clock.starting_at(begins - SET_UP),
        broker=False if given.no_broker else None,
        database_url=given.database_url,
        said=said,
    )
    async with stage:
        if scenario.patients:
            await care_day(stage, scenario.patients)
        said(f"{scenario.name}, seed {given.seed}: {scenario.factor:g} times as fast as life")
        await stage.set_clock(lambda: Clock.starting_at(begins, scenario.factor))
        played = await Player(stage, scenario, given.seed, said).play()
        said("comparing both sides")
        numbers, faults = verdict(await judge(stage, played))
    print(words_of(numbers, faults), flush=True)
    if given.report is not None:
        with contextlib.suppress(FileExistsError):
            given.report.parent.mkdir(parents=True)
        write(numbers, faults, given.report)
    return faults
