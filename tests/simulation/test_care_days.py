"""Medicine through an outage and a power cut, on the real programs: nothing is missed in silence, and the check can fail.

`OUTPOST_CARE_SIMULATIONS` plays more, e.g. ``OUTPOST_CARE_SIMULATIONS="home-outage:7 home-hours:1"``.
"""

from __future__ import annotations

import os
import shutil
from datetime import timedelta

import psycopg
import pytest

from deploy.demo.care import care_day
from deploy.demo.ports import Ports
from deploy.demo.scenario import SET_UP, SETTLE_S
from deploy.demo.stage import Stage, short_folder
from firmware_sim import checks
from firmware_sim.player import Player
from firmware_sim.scenario import load
from shared.clock import Clock

DAYS = [tuple(text.rsplit(":", 1)) for text in os.environ.get("OUTPOST_CARE_SIMULATIONS", "home-hours:7").split()]
HONEST = ("taken", "skipped", "missed", "not_announced", "unknown")


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("name", "seed"), DAYS)
async def test_every_dose_due_through_an_outage_is_said_or_honestly_not_and_none_is_missed_in_silence(
    name: str, seed: str
) -> None:
    folder, scenario = short_folder("outpost-sim-"), load(name)
    begins = scenario.starts - timedelta(seconds=SETTLE_S * scenario.factor)
    async with Stage(folder, ports=Ports.free(), clock=Clock.starting_at(begins - SET_UP), said=print) as stage:
        await care_day(stage, scenario.patients)
        await stage.set_clock(lambda: Clock.starting_at(begins, scenario.factor))
        day = await Player(stage, scenario, int(seed), print).play()
        numbers, faults = checks.verdict(await checks.judge(stage, day, said=print))
        assert faults == [], checks.words_of(numbers, faults)
        assert numbers["doses_due"] == sum(numbers[name] for name in HONEST) > 0
        assert numbers["missed"] == numbers["told"] > 0
        assert numbers["taken"] > 0
        assert numbers["not_heard"] > 0
        assert (numbers["kills"], numbers["lost"], numbers["duplicated"]) == (1, 0, 0)

        stage.inbox.close()  # or somebody is told again meanwhile, of what is still open
        stage.inbox.file.unlink()
        with psycopg.connect(stage.database_url, autocommit=True) as conn:
            conn.execute("update dose_occurrences set status = 'MISSED' where status in ('EARLY', 'ON_TIME', 'LATE')")
        numbers, faults = checks.verdict(await checks.judge(stage, day))
        assert numbers["silent_missed"] == numbers["missed"]
        assert numbers["doses_different"] >= numbers["taken"] > 0
        assert any("told to nobody" in fault for fault in faults)
    shutil.rmtree(folder)
