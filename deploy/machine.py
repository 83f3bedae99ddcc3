"""What the machine itself must have, and how it is taken from the system's package manager.

Standard library only: this runs before anything is installed. Nothing here ever asks a question.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from ctypes.util import find_library
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Sequence  # noqa: UP035 - must at least parse and import on an old Python, to say so kindly

NO_SYSTEM_PACKAGES = "OUTPOST_NO_SYSTEM_PACKAGES"
"""Environment variable: set to 1, the package manager is left alone even where it could be used."""

APT_WAIT_S = 120
"""How long to wait for another program that holds the package manager's lock."""

APT_LIMIT_S = 900
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts")


@dataclass(frozen=True)
class Need:
    """One system package: how to see that it is there, and what its absence means to a person."""

    package: str
    present: Callable[[], bool]
    absence: str


def program(name: str) -> str | None:
    """Where a program is; looks into the sbin folders too, which an ordinary user's PATH may not hold."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"])
    return shutil.which(name, path=path)


def chromium() -> str | None:
    """A Chromium that can be driven: the system's, else one that `playwright install chromium` fetched for this user.

    A launcher that only starts a snap cannot be driven: it sees no temporary folders.
    """
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = program(name)
        if found and b"/snap/bin/" not in Path(found).read_bytes()[:65536]:
            return found
    fetched = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    return next((str(path) for path in sorted(fetched.glob("chromium-*/chrome-linux*/chrome"), reverse=True)), None)


def _font(name: str) -> bool:
    return any(next(Path(folder).rglob(name), None) for folder in FONT_FOLDERS if Path(folder).is_dir())


NEEDS = {
    "mosquitto": Need(
        "mosquitto",
        lambda: program("mosquitto") is not None,
        "no MQTT broker: the clinic syncs with head office over HTTPS instead",
    ),
    "espeak-ng": Need(
        "espeak-ng", lambda: program("espeak-ng") is not None, "no speech: calls are shown on the screen, not spoken"
    ),
    "fonts": Need(
        "fonts-noto-core",
        lambda: _font("NotoSansDevanagari-Regular.ttf"),
        "no fonts beyond Latin: slips in Hindi or Arabic cannot be drawn",
    ),
    "text shaping": Need(
        "libfribidi0",
        lambda: find_library("fribidi") is not None,
        "no text shaping: slips in Hindi or Arabic cannot be drawn",
    ),
    "chromium": Need("chromium", lambda: chromium() is not None, "no browser for the tests of the pages"),
    "flite": Need("flite", lambda: program("flite") is not None, "no voices for the tests that listen to speech"),
    "sox": Need("sox", lambda: program("sox") is not None, "no other pitch and tempo for the voices of the tests"),
}
FOR_DEMO = ("mosquitto", "espeak-ng", "fonts", "text shaping")
FOR_TESTS = (*FOR_DEMO, "chromium", "flite", "sox")


def missing(names: Sequence[str]) -> list[Need]:
    """Those of `names` that this machine does not have."""
    return [NEEDS[name] for name in names if not NEEDS[name].present()]


def apt() -> list[str] | None:
    """The words that install packages here without a question, or None where that is not possible."""
    if os.environ.get(NO_SYSTEM_PACKAGES) == "1" or not shutil.which("apt-get"):
        return None
    words = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", f"DPkg::Lock::Timeout={APT_WAIT_S}", "-qq", "-y"]
    if os.geteuid() == 0:
        return words
    if (
        shutil.which("sudo")
        and subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0
    ):
        return ["sudo", "-n", *words]
    return None


def install(packages: Sequence[str], say: Callable[[str], None]) -> bool:
    """Install packages if that needs no question; says what it does. False: it may not, or it failed."""
    words = apt()
    if words is None:
        return False
    say(f"installing with apt-get: {' '.join(packages)}")
    run = [*words, "install", "--no-install-recommends", *packages]
    for attempt in (1, 2):
        try:
            done = subprocess.run(run, capture_output=True, text=True, check=False, timeout=APT_LIMIT_S)
        except subprocess.TimeoutExpired:
            say(f"apt-get did not finish within {APT_LIMIT_S} seconds")
            return False
        if done.returncode == 0:
            return True
        if attempt == 1:  # a fresh machine has no package lists yet
            say("refreshing the package lists: apt-get update")
            subprocess.run([*words, "update"], capture_output=True, check=False, timeout=APT_LIMIT_S)
    last = (done.stderr.strip().splitlines() or ["it gave no reason"])[-1]
    say(f"apt-get could not install {' '.join(packages)}: {last}")
    return False
