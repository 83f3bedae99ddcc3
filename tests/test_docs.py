"""What is written down is there, whole and true: settings, packages, locks, the two commands."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tests.settings_table import PROGRAMS, README, between, models, table

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements/demo.txt", "requirements/dev.txt", "requirements/node.txt")
HOST = re.compile(r"://|--(extra-)?index-url|--find-links|\b[a-z0-9-]+\.(com|org|net|io|dev|local|internal)\b")
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", re.MULTILINE)


def _packages() -> list[Path]:
    found = [ROOT / "tests"]
    for program in ("shared", "edge", "cloud", "firmware_sim", "deploy"):
        folders = {path.parent for path in (ROOT / program).rglob("*.py") if "node_modules" not in path.parts}
        found += [folder for folder in folders if any(path.name != "__init__.py" for path in folder.glob("*.py"))]
    return sorted(found)


def _readmes() -> list[Path]:
    kept = (ROOT / "shared", ROOT / "edge", ROOT / "cloud", ROOT / "firmware_sim", ROOT / "deploy", ROOT / "tests")
    return [ROOT / "README.md", *(path for folder in kept for path in folder.rglob("README.md"))]


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_setting_says_what_it_means(program: str) -> None:
    for model in models(PROGRAMS[program]):
        silent = [name for name, field in model.model_fields.items() if len(field.description or "") < 10]
        assert silent == [], f"{program}: {model.__name__} has settings without a docstring"


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_setting_stands_in_the_deployment_guide_as_it_is(program: str) -> None:
    written = between(program).search(README.read_text())
    assert written is not None
    assert written.group() == table(program), "run python -m tests.settings_table"


@pytest.mark.parametrize("folder", _packages(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_package_says_what_it_is(folder: Path) -> None:
    readme = folder / "README.md"
    assert readme.exists(), f"{folder.relative_to(ROOT)} has no README.md"
    assert len(readme.read_text()) > 300


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_holds_hashes_and_no_host_names(name: str) -> None:
    text = (ROOT / name).read_text()
    assert HOST.findall(text) == []
    entries = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert entries
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_the_npm_lock_holds_hashes_and_no_host_names() -> None:
    text = (ROOT / "package-lock.json").read_text()
    assert '"resolved"' not in text
    assert text.count('"integrity": "sha512-') > 10


def test_all_locks_agree() -> None:
    everything = dict(PIN.findall((ROOT / "requirements/dev.txt").read_text()))
    for name in ("requirements/demo.txt",):
        pins = dict(PIN.findall((ROOT / name).read_text()))
        assert pins.items() <= everything.items()


def test_what_the_project_depends_on_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"]]
    for extra, dependencies in project["optional-dependencies"].items():
        wanted += dependencies if extra != "node" else []
    names = {re.split(r"[\[<>=; ]", dependency)[0].lower().replace("_", "-") for dependency in wanted} - {"outpost"}
    locked = {name.replace("_", "-") for name, _ in PIN.findall((ROOT / "requirements/dev.txt").read_text())}
    assert names - locked == set(), "run make lock"


def test_the_readme_gives_the_two_commands_and_the_makefile_has_them() -> None:
    readme, makefile = (ROOT / "README.md").read_text(), (ROOT / "Makefile").read_text()
    for verb in ("demo", "test"):
        assert f"make {verb}" in readme
        assert re.search(rf"^{verb}:.*## ", makefile, re.MULTILINE)


def test_the_licence_is_the_one_the_project_names() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["license"] == "Apache-2.0"
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text and "END OF TERMS AND CONDITIONS" in text


WALKED = re.compile(r"`((?:\w+/)+\w+\.py)(?:\s+([A-Za-z_][\w.]*)(?:\(\))?)?`")
"""A step of a walk: a file, and what in it: `edge/app/dispatcher.py Dispatcher.submit()`."""


@pytest.mark.parametrize("readme", sorted(_readmes()), ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_readme_walks_through_is_where_it_says(readme: Path) -> None:
    astray = []
    for file, name in WALKED.findall(readme.read_text()):
        path = next((one for one in (ROOT / file, readme.parent / file) if one.exists()), None)
        text = path.read_text() if path else ""
        parts = name.split(".") if name else []
        if path is None or not all(re.search(rf"(?:def|class) {p}\b|^{p}\b", text, re.MULTILINE) for p in parts):
            astray.append(f"{file} {name}".strip())
    assert astray == []
