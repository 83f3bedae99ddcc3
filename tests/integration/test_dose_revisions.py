"""A plan is revised while a dose is open, and while a stock is counted: what is said and known is what holds now."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest

from edge.app.ports import DeviceError
from edge.domain.care_commands import EndHold, SetHold
from tests.care import Care, at, care

TWO = {"id": "m", "medication": "Metformin", "times": ["08:00", "20:00"], "dose": 2}
ONE = {**TWO, "dose": 1}


async def test_a_dose_cut_after_it_was_said_is_said_again_at_once_with_the_new_amount(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(TWO)
        await it.to("2026-11-20T08:16")
        assert all("2 tablets" in said for said in it.voice.said) and len(it.voice.said) == 3
        await it.plan(ONE, revision=2)
        await it.to("2026-11-20T08:17")
        assert len(it.voice.said) == 4 and "1 tablet of" in it.voice.said[-1] and it.voice.said[-1].startswith("Again")
        assert it.dose("2026-11-20T08:00")["status"] == "ANNOUNCED"
        await it.answer()
        assert it.it.rows("select quantity, revision, status from doses where nominal_local = '2026-11-20T08:00'") == [
            (1.0, 2, "ON_TIME")
        ]
        [(told,)] = it.it.rows("select data from events where kind = 'dose_moved'")
        assert (orjson.loads(told)["quantity"], orjson.loads(told)["status"]) == (1, "ANNOUNCED")


async def test_a_revision_that_changes_nothing_of_a_dose_says_nothing_twice(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(TWO)
        await it.to("2026-11-20T08:07")
        said = len(it.voice.said)
        await it.plan({**TWO, "refill_at_units": 3}, revision=2)
        await it.to("2026-11-20T08:14")
        assert len(it.voice.said) == said and it.events("dose_moved") == 0


async def test_an_announcement_that_waits_is_not_made_with_the_old_amount(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(TWO)
        it.voice.fails = DeviceError("busy")
        await it.to("2026-11-20T08:00")
        await it.plan(ONE, revision=2)
        it.voice.fails = None
        await it.to("2026-11-20T08:06", 10)
        assert len(it.voice.said) == 1 and "1 tablet of" in it.voice.said[0]


@dataclass
class Interrupted:
    """A loudspeaker that fails the first time, and meanwhile somebody does something. said: what it says afterwards."""

    meanwhile: Callable[[], Awaitable[object]]
    said: list[str] = field(default_factory=list)
    failed: bool = False

    async def say(self, words: str, language: str) -> None:
        """Fail once, then remember."""
        if not self.failed:
            self.failed = True
            await self.meanwhile()
            raise DeviceError("busy")
        self.said.append(words)


@pytest.mark.parametrize("what", ["answered", "changed"])
async def test_an_announcement_that_is_tried_again_is_not_made_of_what_was_answered_or_changed_meanwhile(
    tmp_path: Path, what: str
) -> None:
    async with care(tmp_path) as it:
        await it.plan(TWO)
        voice = Interrupted(it.answer if what == "answered" else lambda: it.plan(ONE, revision=2))
        it.voice = voice  # type: ignore[assignment]
        await it.to("2026-11-20T08:06", 3)
        assert voice.failed and not any("2 tablets" in said for said in voice.said)
        assert len(voice.said) == (0 if what == "answered" else 1)


async def test_a_dose_put_off_is_said_with_the_new_amount_when_its_time_comes(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(TWO)
        await it.to("2026-11-20T08:01")
        await it.answer("snoozed", snooze_min=20)
        await it.plan(ONE, revision=2)
        await it.to("2026-11-20T08:20")
        assert len(it.voice.said) == 1
        await it.to("2026-11-20T08:22")
        assert "1 tablet of" in it.voice.said[-1] and len(it.voice.said) == 2


async def test_a_held_dose_that_is_released_is_said_with_the_new_amount(tmp_path: Path) -> None:
    async with care(tmp_path) as it:
        await it.plan(TWO)
        await it.to("2026-11-20T08:01")
        hold = {"hold_id": "h", "person_id": it.person_id, "from_ms": at("2026-11-20"), "until_ms": at("2026-11-21")}
        await it.it.accepted(SetHold, **hold)
        await it.plan(ONE, revision=2)
        assert it.dose("2026-11-20T08:00")["status"] == "HELD"
        await it.it.accepted(EndHold, hold_id="h")
        await it.to("2026-11-20T08:03")
        assert "1 tablet of" in it.voice.said[-1]


def _stock(it: Care) -> list[tuple[Any, ...]]:
    return it.it.rows("select units, medication, compartment from stocks")


@pytest.mark.parametrize(("revised", "left"), [({}, 9.0), ({"dose": 0.5}, 9.0), ({"stock_units": 30}, 30.0)])
async def test_a_revision_sets_the_stock_anew_only_where_it_says_another_number(
    tmp_path: Path, revised: dict[str, Any], left: float
) -> None:
    async with care(tmp_path) as it:
        await it.plan({**ONE, "stock_units": 10})
        await it.to("2026-11-20T08:01")
        await it.answer()
        assert _stock(it) == [(9.0, "Metformin", None)]
        await it.plan({**ONE, "stock_units": 10, **revised}, revision=2)
        assert _stock(it) == [(left, "Metformin", None)]
        await it.to("2026-11-20T20:01", 600)
        await it.answer()
        assert _stock(it)[0][0] == left - revised.get("dose", 1)


async def test_a_stock_goes_with_its_medicine_to_another_compartment_and_a_new_medicine_begins_with_its_own(
    tmp_path: Path,
) -> None:
    async with care(tmp_path) as it:
        await it.plan({**ONE, "stock_units": 10, "compartment": 1})
        await it.to("2026-11-20T08:01")
        await it.answer()
        new = {"id": "v", "medication": "Vitamin D", "times": ["09:00"], "stock_units": 10, "compartment": 1}
        await it.plan({**ONE, "stock_units": 10, "compartment": 2}, new, revision=2)
        assert _stock(it) == [(9.0, "Metformin", 2), (10.0, "Vitamin D", 1)]
        versions = it.it.rows(
            "select version from events where kind = 'stock_changed' and entity_id = 'plan/m' order by gseq"
        )
        assert versions == sorted(versions) and len(set(versions)) == len(versions) == 3
