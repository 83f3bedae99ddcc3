"""Set-up does what is missing, says what it does, asks nothing, and does nothing twice."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from deploy import machine, setup, venv

NOWHERE = machine.Need("no-such-package", lambda: False, "nothing is shown")


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What set-up said; on a machine where nothing may be installed and one package is missing."""
    words: list[str] = []
    monkeypatch.setattr(setup, "say", words.append)
    monkeypatch.setitem(machine.NEEDS, "mosquitto", NOWHERE)
    monkeypatch.setenv(machine.NO_SYSTEM_PACKAGES, "1")
    return words


def test_the_demo_goes_on_without_a_package_and_says_what_that_means(said: list[str]) -> None:
    setup._system_packages("demo")
    assert any("no-such-package" in words and "nothing is shown" in words for words in said)


def test_the_tests_say_in_one_sentence_what_to_install(said: list[str]) -> None:
    with pytest.raises(venv.CannotSetUp, match=r"as root run 'apt-get install no-such-package'") as trouble:
        setup._system_packages("test")
    assert "\n" not in str(trouble.value)


def test_where_nothing_may_be_installed_nothing_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(machine.NO_SYSTEM_PACKAGES, "1")
    monkeypatch.setattr(subprocess, "run", lambda *words, **more: pytest.fail("it ran something"))
    assert machine.install(["no-such-package"], lambda words: None) is False


def test_a_launcher_of_a_snap_is_not_taken_for_a_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    launcher = tmp_path / "chromium"
    launcher.write_text("#!/bin/sh\nexec /snap/bin/chromium\n")
    launcher.chmod(0o755)
    monkeypatch.setattr(machine, "program", lambda name: str(launcher) if name == "chromium" else None)
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "browsers"))
    assert machine.chromium() is None
    fetched = tmp_path / "browsers" / "chromium-1234" / "chrome-linux" / "chrome"
    fetched.parent.mkdir(parents=True)
    fetched.touch()
    assert machine.chromium() == str(fetched)
    launcher.write_text("#!/bin/sh\nexec /usr/lib/chromium/chromium\n")
    assert machine.chromium() == str(launcher)


def test_without_a_browser_the_tests_say_in_one_sentence_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[object] = []
    monkeypatch.setattr(machine, "chromium", lambda: None)
    monkeypatch.setattr(venv, "run", lambda words, what: ran.extend(words))
    with pytest.raises(venv.CannotSetUp, match="as root run 'apt-get install chromium'"):
        setup._browser()
    assert ran[1:4] == ["-m", "playwright", "install"]


def test_an_interrupted_step_leaves_no_mark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(venv, "STAMP", tmp_path / "stamp.json")
    monkeypatch.setattr(venv, "_usable", lambda: True)

    def stops(kind: str, say: object) -> None:
        raise venv.CannotSetUp("the network went away")

    monkeypatch.setattr(venv, "install", stops)
    for _ in range(2):
        with pytest.raises(venv.CannotSetUp):
            venv.ensure("demo", print)


def test_a_second_run_does_nothing_and_a_changed_lock_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    (tmp_path / "requirements").mkdir()
    for name in ("requirements/demo.txt", "requirements/dev.txt", "pyproject.toml"):
        (tmp_path / name).write_text("one")
    monkeypatch.setattr(venv, "ROOT", tmp_path)
    monkeypatch.setattr(venv, "STAMP", tmp_path / "stamp.json")
    monkeypatch.setattr(venv, "_usable", lambda: True)
    monkeypatch.setattr(venv, "_pip", lambda *words: [])
    monkeypatch.setattr(venv, "run", lambda words, what, hint="": None)
    monkeypatch.setattr(venv, "install", lambda kind, say: done.append(kind))
    venv.ensure("demo", print)
    venv.ensure("demo", print)
    assert done == ["demo"]
    venv.ensure("dev", print)
    venv.ensure("demo", print)
    assert done == ["demo", "dev"], "what the tests need holds what the demo needs"
    (tmp_path / "requirements/dev.txt").write_text("two")
    venv.ensure("dev", print)
    assert done == ["demo", "dev", "dev"]


def test_a_program_that_fails_is_told_with_its_words_and_a_hint() -> None:
    with pytest.raises(venv.CannotSetUp, match=r"(?s)disk full.*Making it failed\. Buy a disk\."):
        venv.run([sys.executable, "-c", "print('disk full'); exit(1)"], "Making it", "Buy a disk.")


def test_an_unknown_verb_says_which_there_are() -> None:
    words = [sys.executable, "-m", "deploy.setup", "everything"]
    done = subprocess.run(words, cwd=venv.ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "demo|pages|test" in done.stderr
