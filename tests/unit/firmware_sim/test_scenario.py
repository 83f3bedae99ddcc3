"""The scenario language: what it accepts, what it refuses in words, and that a seed decides everything."""

from __future__ import annotations

from pathlib import Path

import pytest

from firmware_sim import scenario
from firmware_sim.scenario import ScenarioError, load

DAY = """
about = "a test"
day = 2026-11-20
from = "09:00"
until = "12:00"
factor = 60
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "a.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("name", scenario.names())
@pytest.mark.parametrize("seed", range(20))
def test_shipped_scenarios_fit_into_their_day_whatever_the_seed(name: str, seed: int) -> None:
    day = load(name)
    happenings = day.happenings(seed)
    assert happenings == day.happenings(seed)
    assert happenings == sorted(happenings, key=lambda h: h.at_s)
    assert all(0 <= h.at_s <= day.until_s for h in happenings)


@pytest.mark.parametrize("seed", range(20))
def test_outage_day_has_what_the_demo_check_promises(seed: int) -> None:
    day = load("outage-day")
    happenings = day.happenings(seed)
    presses = [h for h in happenings if h.do in ("press", "tap")]
    assert len(presses) >= 200
    assert day.outage_s() == 3 * 3600
    assert sum(h.do == "kill edge" for h in happenings) == 1
    assert any(h.values.get("bounce") for h in presses)
    assert any(h.values.get("twice") for h in presses)
    cut = next(h.at_s for h in happenings if h.do == "cut link")
    assert sum(cut < h.at_s < cut + 3 * 3600 for h in presses) > 40


def test_another_seed_gives_another_day() -> None:
    assert load("outage-day").happenings(1) != load("outage-day").happenings(2)


def test_step_with_a_duration_ends_after_it(tmp_path: Path) -> None:
    text = DAY + '[[at]]\ntime = "10:30"\ndo = "cut link"\nfor = "15m"\n[[at]]\ntime = "09:00"\ndo = "press"\n'
    day = load(written(tmp_path, text))
    assert [(h.at_s, h.do) for h in day.happenings(1)] == [(0, "press"), (5400, "cut link"), (6300, "restore link")]
    assert day.outage_s() == 900


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("about = 1", "day"),
        (DAY.replace("factor = 60", "factor = 0"), "factor"),
        (DAY.replace('"12:00"', '"08:00"'), "until"),
        (DAY.replace('"12:00"', '"25:00"'), "until"),
        (DAY + "speed = 3", "speed"),
        (DAY + "[people]\nmany = -1", "many"),
        (DAY + "[people]\nmany = 1\nbounce = 2", "bounce"),
        (DAY + '[people]\nmany = 1\nfrom = "08:00"', "outside"),
        (DAY + "[people]\nmeny = 1", "meny"),
        (DAY + '[doctors]\nway = ["1m"]', "way"),
        (DAY + '[doctors]\nway = ["1m", "soon"]', "way"),
        (DAY + '[[at]]\ntime = "10:00"\ndo = "explode"', "explode"),
        (DAY + '[[at]]\ntime = "10:00"\ndo = "cut link"', "for"),
        (DAY + '[[at]]\ntime = "11:30"\ndo = "cut link"\nfor = "3h"', "outside"),
        (DAY + '[[at]]\ntime = "10:00"\ndo = "press"\nfor = "3h"', "for"),
        ("about = ", "a.toml"),
    ],
)
def test_what_is_wrong_with_a_file_is_named(tmp_path: Path, text: str, word: str) -> None:
    with pytest.raises(ScenarioError, match=word):
        load(written(tmp_path, text))


def test_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ScenarioError, match="outage-day"):
        load("holiday")


def test_command_shows_scenarios_and_what_happens_in_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert scenario.main([]) == 0
    assert "outage-day" in capsys.readouterr().out
    assert scenario.main(["outage-day", "--seed", "7"]) == 0
    assert "10:30:00  cut link" in capsys.readouterr().out
    assert scenario.main(["holiday"]) == 2
