"""The verdict of a scenario: everything that can be wrong is done to a good day once, and must be found."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from firmware_sim.checks import Findings, papers, verdict, words_of, write
from firmware_sim.comparison import Report
from firmware_sim.player import Played

CLINIC = {
    "presses": 4, "accepted": 3, "refused": 1, "tokens": 3, "slips": 1, "marked_repeats": 1, "not_printed": 1,
    "slips_waiting": 0, "presses_without_token": 0, "presses_skipped": 0, "numbers_twice": 0, "tokens_twice": 0,
}  # fmt: skip
REQUIRED = [
    "presses", "accepted", "refused", "tokens", "slips", "marked_repeats", "unmarked_repeats", "not_printed",
    "events_edge", "events_cloud", "lost", "duplicated", "late", "outage_s", "catch_up_s",
]  # fmt: skip


def good_day() -> Findings:
    """Four presses, one refused; one slip, one slip broken off and repeated, one not printed."""
    return Findings(
        Played("test", 1, pressed=2, taps={"k1": "A-003", "k2": None}, commands=["c1"]),
        Report(site="s", events_edge=20, events_cloud=20, both=20, clinic=dict(CLINIC)),
        issued={"A-001": "p1", "A-002": "p2", "A-003": "k1"},
        outcomes={"A-001": "done", "A-002": "repeated", "A-003": "not_done"},
        papers=[("A-001", False), ("A-002", True)],
    )


def test_good_day_has_every_number_and_no_fault(tmp_path: Path) -> None:
    numbers, faults = verdict(good_day())
    assert faults == []
    assert {name: numbers[name] for name in ("presses", "tokens", "slips", "marked_repeats", "lost")} == {
        "presses": 4, "tokens": 3, "slips": 1, "marked_repeats": 1, "lost": 0,
    }  # fmt: skip
    assert set(REQUIRED) <= set(numbers)
    assert "Nothing lost" in words_of(numbers, faults)
    write(numbers, faults, tmp_path / "report.json")
    assert json.loads((tmp_path / "report.json").read_text())["ok"] is True


def harm(name: str) -> Callable[[Findings], None]:
    def change(found: Findings) -> None:
        match name:
            case "a press nobody answered":
                found.played.pressed += 1
            case "an accepted press without a token":
                found.report.clinic["presses_without_token"] = 1
            case "a slip that was suppressed":
                found.papers.remove(("A-001", False))
            case "a token without a record":
                found.outcomes.pop("A-003")
            case "an event that is not in the cloud":
                found.report.lost = 1

    return change


@pytest.mark.parametrize(
    "name",
    [
        "a press nobody answered", "an accepted press without a token", "a slip that was suppressed",
        "a token without a record", "an event that is not in the cloud",
    ],
)  # fmt: skip
def test_what_is_lost_is_counted_once(name: str) -> None:
    found = good_day()
    harm(name)(found)
    numbers, faults = verdict(found)
    assert numbers["lost"] == 1
    assert len(faults) == 1
    assert "WRONG" in words_of(numbers, faults)


def test_second_slip_that_does_not_say_so_is_a_fault() -> None:
    found = good_day()
    found.papers.append(("A-001", False))
    numbers, faults = verdict(found)
    assert (numbers["unmarked_repeats"], len(faults)) == (1, 1)


def test_more_answers_than_presses_are_duplicates() -> None:
    found = good_day()
    found.played.pressed -= 1
    numbers, faults = verdict(found)
    assert (numbers["duplicated"], len(faults)) == (1, 1)


@pytest.mark.parametrize("count", ["numbers_twice", "tokens_twice"])
def test_number_that_was_given_twice_is_a_duplicate(count: str) -> None:
    found = good_day()
    found.report.clinic[count] = 1
    numbers, faults = verdict(found)
    assert (numbers["duplicated"], len(faults)) == (1, 1)


@pytest.mark.parametrize(
    "change",
    [
        lambda found: found.played.taps.update(k1="A-099"),
        lambda found: found.unsettled.append("c1 published"),
        lambda found: setattr(found, "unrest", "acknowledgements"),
        lambda found: setattr(found.report, "late", 1),
        lambda found: setattr(found.report, "different", 1),
        lambda found: setattr(found.report, "dead_letters", 1),
        lambda found: found.report.clinic.update(slips_waiting=1),
        lambda found: found.played.faults.append("tap: TimeoutError"),
    ],
)
def test_anything_else_wrong_is_a_fault(change: Callable[[Findings], None], tmp_path: Path) -> None:
    found = good_day()
    change(found)
    numbers, faults = verdict(found)
    assert len(faults) == 1
    write(numbers, faults, tmp_path / "report.json")
    assert json.loads((tmp_path / "report.json").read_text())["ok"] is False


def test_half_a_slip_left_by_a_kill_is_no_slip(tmp_path: Path) -> None:
    tray = tmp_path / "slips.jsonl"
    lines = [
        {"token": "A-001", "repeat": False, "complete": False},
        {"token": "A-001", "repeat": True, "complete": True},
        {"token": None, "repeat": False, "complete": False},
    ]
    tray.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert papers(tray) == [("A-001", True)]
    assert papers(tmp_path / "none") == []
