"""Sets everything up: ``python3 -m deploy.setup demo|test|lint|pages|lock``, from the repository's root.

Runs on a bare Python, before anything is installed; does nothing when nothing has changed; never asks a question.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
from typing import Iterator  # noqa: UP035 - see deploy/machine.py

from deploy import build_pages, machine, venv

OLDEST, NEWEST = (3, 11), (3, 14)
VERBS = {"demo": "demo", "pages": "demo", "test": "dev", "lint": "dev", "lock": "dev"}
"""Verb -> which locked set of Python packages it needs."""

LOCKED = {"dev": ("dev", ["requirements/build.in"]), "demo": ("demo", ["requirements/build.in"]), "node": ("node", [])}
"""Requirement file -> the extra of pyproject.toml and what else is locked into it. The first constrains the others."""


def say(words: str) -> None:
    """Tell the person what is being done."""
    print(f"set-up: {words}", flush=True)


def main(words: list[str]) -> int:
    """Run one verb; the exit status is 1 when what it needs cannot be had, after one sentence that says what to do."""
    verb = words[0] if len(words) == 1 else ""
    if verb not in VERBS:
        print(f"usage: python3 -m deploy.setup {'|'.join(VERBS)}", file=sys.stderr)
        return 2
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        return _with_another_python(verb)
    try:
        with _alone():
            _set_up(verb)
    except venv.CannotSetUp as trouble:
        print(trouble, file=sys.stderr)
        return 1
    except PermissionError as trouble:
        print(f"{trouble.filename} may not be written by this user: clone into a folder of your own.", file=sys.stderr)
        return 1
    return 0


def _set_up(verb: str) -> None:
    if verb in ("demo", "test"):
        _system_packages(verb)
    venv.ensure(VERBS[verb], say)
    if verb == "test":
        _browser()
    if verb == "lock":
        _lock()
    if verb in ("demo", "test", "pages"):
        fetched = (build_pages.PACKAGES / build_pages.STAMP).exists()  # tests also run what npm has fetched
        _pages(verb == "pages" or (verb == "test" and not fetched))


def _system_packages(verb: str) -> None:
    names = machine.FOR_TESTS if verb == "test" else machine.FOR_DEMO
    absent = machine.missing(names)
    if absent:
        machine.install([need.package for need in absent], say)
        absent = [need for need in machine.missing(names) if need.package != "chromium"]  # see _browser
    if not absent:
        return
    packages = " ".join(need.package for need in absent)
    if verb == "test":
        raise venv.CannotSetUp(
            f"The tests need programs this user may not install: as root run 'apt-get install {packages}', then again."
        )
    for need in absent:
        say(f"{need.package} is not installed, and this user may not install it; {need.absence}.")
    say(f"(To have all of it: apt-get install {packages}, as root. The demo runs without.)")


def _browser() -> None:
    """Where the system has no Chromium that can be driven (Ubuntu has only the snap), Playwright fetches its own."""
    if machine.chromium():
        return
    say("fetching a browser for the tests with 'playwright install chromium'")
    words = [venv.PYTHON, "-m", "playwright", "install", *(["--with-deps"] if os.geteuid() == 0 else []), "chromium"]
    with contextlib.suppress(venv.CannotSetUp):
        venv.run(words, "Fetching a browser")
    if not machine.chromium():
        raise venv.CannotSetUp("The tests need a browser: as root run 'apt-get install chromium', then again.")


def _pages(again: bool) -> None:
    """Build the pages where their sources have changed. Node comes from the machine if new enough, else from PyPI."""
    made_from = build_pages.digest(build_pages.sources())
    stamps = [folder / build_pages.STAMP for folder in build_pages.BUILDS.values()]
    if not again and all(stamp.exists() and stamp.read_text() == made_from for stamp in stamps):
        return
    if not _node_is_new_enough():
        say("this machine has no Node new enough to build the pages: taking it from PyPI")
        venv.install("node", say)
    say("building the pages")
    words = [venv.PYTHON, "-m", "deploy.build_pages", *(["--force"] if again else [])]
    venv.run(words, "Building the pages")


def _node_is_new_enough() -> bool:
    if not shutil.which("node") or not shutil.which("npm"):
        return False
    told = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout
    return build_pages.accepted(told)


def _lock() -> None:
    """Resolve pyproject.toml anew into `requirements/*.txt`: hashes, and no host names."""
    uv = venv.FOLDER / "bin" / "uv"
    tool = str(uv) if uv.exists() else shutil.which("uv")
    if not tool:
        raise venv.CannotSetUp("Locking needs uv: run '.venv/bin/python -m pip install uv', then again.")
    for name, (extra, more) in LOCKED.items():
        words = [tool, "pip", "compile", "pyproject.toml", *more, "--extra", extra, "--universal"]
        words += ["--python-version", "3.11", "--generate-hashes", "--no-annotate", "--no-header", "--upgrade"]
        words += [] if name == "dev" else ["-c", "requirements/dev.txt"]
        say(f"locking requirements/{name}.txt")
        venv.run([*words, "-o", f"requirements/{name}.txt"], f"Locking requirements/{name}.txt")


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One set-up at a time in this folder; a second one waits for the first."""
    folder = venv.ROOT / ".outpost"
    folder.mkdir(exist_ok=True)
    lock = os.open(folder / "setup.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _with_another_python(verb: str) -> int:
    """This Python is too old or too new: find one that fits, and start again with it."""
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found and subprocess.run([found, "-c", "import ssl"], capture_output=True, check=False).returncode == 0:
            return subprocess.run([found, "-m", "deploy.setup", verb], cwd=venv.ROOT, check=False).returncode
    print(
        "Outpost needs Python 3.11 to 3.14: install one (on Debian 12 or later: apt-get install python3).",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
