"""The demo's own folder: short, this user's, and used by one demo at a time."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from deploy.demo.seed import Clinic
from deploy.demo.stage import prepare_folder
from deploy.venv import ROOT


class Busy(Exception):
    """Another demo runs in this folder; the message says which process."""


def default_folder() -> Path:
    """One for each user and clone, so that two of them do not meet. Never under a home, which may be private and long."""
    clone = hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]
    return Path("/tmp") / f"outpost-{os.geteuid()}-{clone}"


@contextlib.contextmanager
def at_home(folder: Path, *, fresh: bool = False) -> Iterator[Path]:
    """Hold the folder; with `fresh`, empty it first. Raises Busy while another demo holds it.

    A folder that an earlier demo did not finish filling is emptied: half a clinic is none.
    """
    prepare_folder(folder)
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(
                f"A demo of this clone runs already (pid {os.read(lock, 20).decode().strip()}): end it first."
            ) from None
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
        if fresh or not _whole(folder):
            _empty(folder)
        yield folder
    finally:
        os.close(lock)


def _whole(folder: Path) -> bool:
    """Whether all of a demo is there: its parts belong together and none can be replaced alone."""
    parts = ("edge/outpost.db", "cloud/authority")
    return all((folder / part).exists() for part in parts) and bool(Clinic.load(folder / "clinic.json").doctors)


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.name == "lock":
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
