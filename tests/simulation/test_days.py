"""Whole days on the real programs: seeds x scenarios, judged by the checks of `firmware_sim`, which must be able to fail.

`OUTPOST_SIMULATIONS` plays more, e.g. ``OUTPOST_SIMULATIONS="outage-day:7 outage-day:8 short-outage:1"``. A failure
names scenario and seed; the same seed plays the same day.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from deploy.demo.ports import Ports
from deploy.demo.scenario import SET_UP, SETTLE_S
from deploy.demo.stage import Stage, short_folder
from firmware_sim import checks, ledger
from firmware_sim.player import Played, Player
from firmware_sim.scenario import load
from shared.clock import Clock

DAYS = [tuple(text.rsplit(":", 1)) for text in os.environ.get("OUTPOST_SIMULATIONS", "short-outage:7").split()]
REQUIRED = frozenset([
    "presses", "accepted", "refused", "tokens", "slips", "marked_repeats", "unmarked_repeats", "not_printed",
    "events_edge", "events_cloud", "lost", "duplicated", "late", "outage_s", "catch_up_s",
])  # fmt: skip


@asynccontextmanager
async def played(name: str, seed: int) -> AsyncIterator[tuple[Stage, Played]]:
    """A stage on which a scenario has just been played."""
    folder, scenario = short_folder("outpost-sim-"), load(name)
    begins = scenario.starts - timedelta(seconds=SETTLE_S * scenario.factor)
    try:
        async with Stage(folder, ports=Ports.free(), clock=Clock.starting_at(begins - SET_UP), said=print) as stage:
            await stage.set_clock(lambda: Clock.starting_at(begins, scenario.factor))
            yield stage, await Player(stage, scenario, seed, print).play()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("name", "seed"), DAYS)
async def test_day_with_an_outage_and_a_kill_loses_nothing_and_the_check_can_fail(
    name: str, seed: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with played(name, int(seed)) as (stage, day):
        found = await checks.judge(stage, day)
        numbers, faults = checks.verdict(found)
        assert faults == [], checks.words_of(numbers, faults)
        assert numbers.keys() >= REQUIRED
        assert numbers["presses"] == numbers["accepted"] + numbers["refused"] >= load(name).people.many
        assert numbers["tokens"] == numbers["accepted"]
        assert numbers["kills"] == 1
        assert numbers["undone"] < numbers["acts"]
        assert numbers["outage_s"] >= load(name).outage_s() - 120
        words = ["--edge-db", str(stage.edge_database), "--database-url", stage.database_url, "--final"]
        assert ledger.main(words) == 0

        a_slip_is_suppressed(stage.devices.folder / "slips.jsonl")
        a_row_is_deleted(stage.database_url)
        numbers, faults = checks.verdict(await checks.judge(stage, day))
        assert (numbers["lost_slips"], numbers["lost_events"], numbers["lost"]) == (1, 1, 2)
        assert len(faults) == 2
        assert ledger.main(words) == 1
        checks.write(numbers, faults, tmp_path / "report.json")
        assert json.loads((tmp_path / "report.json").read_text())["ok"] is False
        assert "WRONG: 1 events" in capsys.readouterr().out


def a_slip_is_suppressed(tray: Path) -> None:
    """One whole slip, of a token that has no other."""
    lines = tray.read_text().splitlines(keepends=True)
    tokens = [json.loads(line)["token"] for line in lines]
    gone = next(i for i, token in enumerate(tokens) if token and tokens.count(token) == 1)
    tray.write_text("".join(lines[:gone] + lines[gone + 1 :]))


def a_row_is_deleted(database_url: str) -> None:
    """One event in the middle of a lane."""
    with psycopg.connect(database_url, autocommit=True) as conn:
        query = "delete from events where lane = 1 and seq = (select max(seq) / 2 from events where lane = 1)"
        assert conn.execute(query).rowcount == 1
