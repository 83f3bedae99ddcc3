"""The project's own Python environment, `.venv`: made, filled from locked requirements, left alone when unchanged.

Standard library only: this runs before anything is installed.
"""

from __future__ import annotations

import glob
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable, Sequence  # noqa: UP035 - see deploy/machine.py

from deploy import machine

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".venv"
PYTHON = FOLDER / "bin" / "python"
STAMP = FOLDER / "outpost-setup.json"
Say = Callable[[str], None]


class CannotSetUp(Exception):
    """The message is one sentence that tells a person what to do."""


def run(words: Sequence[object], what: str, hint: str = "") -> None:
    """Run a program to its end, quietly; when it fails, show the end of what it said. Raises CannotSetUp."""
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "PYTHONWARNINGS": "ignore"}
    command = [str(word) for word in words]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = (done.stdout + done.stderr).strip().splitlines()[-15:]
        raise CannotSetUp("\n".join([*said, f"{what} failed. {hint}".strip()]))


def stamp() -> dict[str, Any]:
    """What the last set-up left behind; empty when there was none or it was interrupted."""
    try:
        found = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def put_stamp(**values: str) -> None:
    """Remember that a step is done; a power cut leaves the old stamp or the new one."""
    fresh = STAMP.with_suffix(".new")
    fresh.write_text(json.dumps({**stamp(), **values}, indent=1))
    fresh.replace(STAMP)


def digest(*parts: object) -> str:
    """A hash over texts and the contents of files."""
    total = hashlib.sha256()
    for part in parts:
        total.update(part.read_bytes() if isinstance(part, Path) else str(part).encode())
        total.update(b"\0")
    return total.hexdigest()


def ensure(kind: str, say: Say) -> None:
    """Have `.venv` with the locked requirements of `kind` ("demo" or "dev") and the project itself, editable."""
    if not _usable():
        _make(say)
    inputs = {
        one: digest(str(ROOT), ROOT / "requirements" / f"{one}.txt", ROOT / "pyproject.toml") for one in ("demo", "dev")
    }
    held = stamp()
    if held.get("kind") in (kind, "dev") and held.get("inputs") == inputs[held["kind"]]:
        return
    put_stamp(kind="", inputs="")
    install(kind, say)
    run(_pip("install", "--quiet", "--no-deps", "--no-build-isolation", "-e", "."), "Installing the project itself")
    put_stamp(kind=kind, inputs=inputs[kind])


def install(kind: str, say: Say) -> None:
    """Install one locked set from `requirements/`; every file is checked against its hash."""
    say(f"installing the Python packages of requirements/{kind}.txt into .venv (a minute or so the first time)")
    run(
        _pip("install", "--quiet", "--require-hashes", "--only-binary", ":all:", "-r", f"requirements/{kind}.txt"),
        "Installing Python packages",
        "Is the package index reachable from here? Run the same command again once it is.",
    )


def _usable() -> bool:
    """Whether `.venv` runs and is of the Python that runs this; one made elsewhere or half removed is not."""
    asked = "import sys; print(sys.version_info[:2], sys.prefix)"
    try:
        told = subprocess.run([PYTHON, "-c", asked], capture_output=True, text=True, check=False).stdout
    except OSError:
        return False
    return told.strip() == f"{sys.version_info[:2]} {FOLDER}" and (_own_pip() or bool(_borrowed_pip()))


def _make(say: Say) -> None:
    say(f"making .venv with Python {'.'.join(map(str, sys.version_info[:3]))}")
    if FOLDER.exists():
        shutil.rmtree(FOLDER)
    if _has_ensurepip() or _install_ensurepip(say):
        run([sys.executable, "-m", "venv", FOLDER], "Making .venv")
        return
    run([sys.executable, "-m", "venv", "--without-pip", FOLDER], "Making .venv")
    if not _borrowed_pip():
        shutil.rmtree(FOLDER)
        raise CannotSetUp(f"This Python has no pip: as root run 'apt-get install {_venv_package()}', then again.")


def _has_ensurepip() -> bool:
    asked = "import ensurepip, venv, sys; sys.exit(not ensurepip.version())"
    return subprocess.run([sys.executable, "-c", asked], capture_output=True, check=False).returncode == 0


def _venv_package() -> str:
    return f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"


def _install_ensurepip(say: Say) -> bool:
    if not sys.base_prefix.startswith("/usr") or sys.base_prefix.startswith("/usr/local"):
        return False  # not the system's Python: its package would not help this one
    return machine.install([_venv_package()], say) and _has_ensurepip()


def _borrowed_pip() -> list[str]:
    """pip from elsewhere that can fill our environment: the system's, or the wheel Debian keeps."""
    system = [sys.executable, "-m", "pip", "--python", str(PYTHON)]
    if subprocess.run([*system, "--version"], capture_output=True, check=False).returncode == 0:
        return system
    wheels = sorted(glob.glob("/usr/share/python-wheels/pip-*.whl"))
    return [str(PYTHON), f"{wheels[-1]}/pip"] if wheels else []


def _pip(*words: str) -> list[str]:
    return [*([str(PYTHON), "-m", "pip"] if _own_pip() else _borrowed_pip()), *words]


def _own_pip() -> bool:
    return any(FOLDER.glob("lib/python3*/site-packages/pip/__main__.py"))
