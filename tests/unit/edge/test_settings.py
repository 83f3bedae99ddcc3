"""Settings: where they come from, what is refused, and that all are explained."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from pydantic import ValidationError

from edge import settings
from edge.settings import NOT_USED, SEED_NAMES, Settings, describe, load, unknown_variables, unused_variables


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder without a .env, and no variables of whoever runs the tests."""
    monkeypatch.chdir(tmp_path)
    for name in unknown_variables() + [f"{settings.PREFIX}{field}".upper() for field in Settings.model_fields]:
        monkeypatch.delenv(name, raising=False)
    for name in (*SEED_NAMES, *NOT_USED):
        monkeypatch.delenv(name, raising=False)


def test_the_environment_wins_over_dotenv_and_dotenv_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "site.toml"
    file.write_text('port = 1\nsite_name = "File"\nticker = "File"\n[printer]\nport = "/dev/p"\n')
    (tmp_path / ".env").write_text(
        "OUTPOST_EDGE_SITE_NAME=Dotenv\nOUTPOST_EDGE_PORT=2\nOUTPOST_CLOUD_PORT=9\nOTHER=x\n"
    )
    monkeypatch.setenv("OUTPOST_EDGE_PORT", "3")
    found = load(file)
    assert (found.port, found.site_name, found.ticker) == (3, "Dotenv", "File")
    assert found.printer is not None and found.printer.columns == 48
    assert load(file, port=4).port == 4


def test_lists_and_tables_in_variables_are_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTPOST_EDGE_BOARDS", '[{"id":"b1","port":"/dev/b","buttons":{"1":"A","2":"B"}}]')
    monkeypatch.setenv("OUTPOST_EDGE_LANGUAGES", '["en","ar"]')
    found = load()
    assert found.boards[0].buttons == {"1": "A", "2": "B"} and found.languages == ["en", "ar"]


@pytest.mark.parametrize("line", [
    "prot = 8000", 'timezone = "Mars/Olympus"', 'languages = ["xx"]', "languages = []", "session_idle_s = 1", "port = 70000",
    '[[boards]]\nid = "b1"\nport = "/dev/x"\nspeed = 9', '[printer]\nport = ""', 'mqtt = "no-port"', 'log_level = "loud"',
])  # fmt: skip
def test_a_file_with_a_wrong_or_unknown_line_is_refused(tmp_path: Path, line: str) -> None:
    file = tmp_path / "site.toml"
    file.write_text(line + "\n")
    with pytest.raises(ValidationError):
        load(file)


def test_a_misspelt_variable_is_told_also_when_it_stands_in_dotenv(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTPOST_EDGE_PROT", "1")
    (tmp_path / ".env").write_text("OUTPOST_EDGE_SITENAME=x\n")
    assert unknown_variables() == ["OUTPOST_EDGE_PROT", "OUTPOST_EDGE_SITENAME"]
    assert unknown_variables({"OUTPOST_EDGE_PORT": "1", "OUTPOST_CLOUD_X": "1"}) == []


def test_the_names_the_documents_give_settings_work_and_ours_stand_over_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (load().default_consultation_min, load().max_early_arrival_min, load().grace_min) == (15, 30, 15)
    assert (load().cors_origins, load().debug, load().secret_key, load().double_booking) == ([], False, "", "day")
    (tmp_path / ".env").write_text(
        "DEFAULT_CONSULTATION_TIME=20\nMAX_EARLY_ARRIVAL=45\nCORS_ORIGIN=https://a.example, https://b.example\nDEBUG=True\n"
    )
    monkeypatch.setenv("SECRET_KEY", "given")
    found = load()
    assert (found.default_consultation_min, found.max_early_arrival_min) == (20, 45)
    assert found.cors_origins == ["https://a.example", "https://b.example"]
    assert (found.debug, found.secret_key) == (True, "given")
    monkeypatch.setenv("OUTPOST_EDGE_MAX_EARLY_ARRIVAL_MIN", "10")
    monkeypatch.setenv("CORS_ORIGIN", "*")
    assert (load().max_early_arrival_min, load().cors_origins) == (10, ["*"])


def test_what_the_documents_name_and_nothing_here_needs_is_accepted_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert unused_variables() == []
    (tmp_path / ".env").write_text("REDIS_HOST=localhost\nREDIS_POOL_SIZE=10\n")
    monkeypatch.setenv("REDIS_URL", "redis://localhost:6379")
    assert load().port == 8000
    assert unused_variables() == ["REDIS_HOST", "REDIS_POOL_SIZE", "REDIS_URL"] and unknown_variables() == []


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "none.toml")


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        load().port = 1


def test_what_is_printed_can_be_used_as_the_file_and_holds_no_secret(tmp_path: Path) -> None:
    given = load(claim_code="ABCD-EFGH", metrics_key="hush", ticker='say "hi" \\ there', printer={"port": "/dev/p"})
    text = describe(given)
    assert "ABCD-EFGH" not in text and "hush" not in text
    for name, field in Settings.model_fields.items():
        assert field.description and name in text
    file = tmp_path / "printed.toml"
    file.write_text(text)
    again = load(file)
    assert again.ticker == given.ticker and again.printer == given.printer and again.services == given.services
    assert tomllib.loads(text)["port"] == 8000
