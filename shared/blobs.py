"""Sounds on disk, each under its SHA-256: there whole or not at all, synced before anybody is told that it is.

``<data>/blobs/<sha256>`` are whole; ``<data>/blobs/incoming`` holds what is not yet: a stream that is being written, and
recordings that devices bring piece by piece and go on with after a cut. Files block, so callers use a thread.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

SHA256: Final = re.compile(r"[0-9a-f]{64}")
FREE_BYTES_MIN: Final = 2 * 1024**3
"""With less free on the disk no sound is taken; doses and the queue have it."""
INCOMING_MAX: Final = 32
"""Recordings under way at a time; the one untouched longest is let go for one more, and begins anew."""
READ_BYTES: Final = 64 * 1024


class NoRoom(OSError):
    """The disk is too full for sounds. Passing: it may be taken later."""


class TooLarge(ValueError):
    """More came than may, or than was announced. The same will never be taken."""


class WrongHash(ValueError):
    """What came is not what its name says; it was thrown away, so begin anew."""


class Standing(ValueError):
    """The piece does not begin where we stand. `offset`: go on from there."""

    def __init__(self, offset: int) -> None:
        super().__init__(f"go on from byte {offset}")
        self.offset = offset


class Incoming:
    """One stream on its way to disk. End it with `finish` or `drop`."""

    def __init__(self, blobs: Blobs, path: Path, bytes_max: int) -> None:
        self._blobs, self._path, self._bytes_max = blobs, path, bytes_max
        self._file = path.open("wb")
        self._hash = hashlib.sha256()
        self.bytes = 0

    def write(self, data: bytes) -> None:
        """Add bytes. Raises TooLarge, NoRoom (nothing of it stays), OSError."""
        self.bytes += len(data)
        if self.bytes > self._bytes_max:
            self.drop()
            raise TooLarge(f"more than {self._bytes_max} bytes")
        self._hash.update(data)
        self._file.write(data)

    def head(self, count: int) -> bytes:
        """The first `count` bytes of what came so far."""
        self._file.flush()
        with self._path.open("rb") as file:
            return file.read(count)

    @property
    def path(self) -> Path:
        """Where it lies until `finish`; everything written so far can be read there."""
        self._file.flush()
        return self._path

    def finish(self) -> str:
        """Sync it and give it its name; returns the SHA-256. When this returns a power cut does not take it away."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        sha256 = self._hash.hexdigest()
        self._blobs.adopt(self._path, sha256)
        return sha256

    def drop(self) -> None:
        """Throw it away; after `finish` this does nothing."""
        self._file.close()
        self._path.unlink(missing_ok=True)


class Blobs:
    """The folder. Used from several threads: each file is one caller's at a time.

    free_bytes: what the disk has left.  owner: tells the streams of programs apart that share the folder.
    """

    def __init__(self, folder: Path, free_bytes: Callable[[], int] | None = None, owner: str = "") -> None:
        self.folder, self._owner = folder, owner
        self._incoming = folder / "incoming"
        self._incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._free_bytes = free_bytes or (lambda: shutil.disk_usage(folder).free)
        self._count = 0
        for left in self._incoming.glob(
            f"stream-{owner}-*"
        ):  # of a program that was killed: its sender was told nothing
            left.unlink(missing_ok=True)

    def begin(self, bytes_max: int) -> Incoming:
        """A stream whose hash is not known yet. Raises NoRoom."""
        self.need_room()
        self._count += 1
        return Incoming(self, self._incoming / f"stream-{self._owner}-{self._count}", bytes_max)

    def path(self, sha256: str) -> Path | None:
        """Where a whole sound lies; None when it is not here (any more)."""
        path = self.folder / sha256
        return path if SHA256.fullmatch(sha256) and path.is_file() else None

    def standing(self, sender: str, sha256: str, *, proof: bool = False) -> int:
        """How many bytes of a recording are on disk for this sender. proof: as for `append`."""
        whole = None if proof else self.path(sha256)
        if whole is not None:
            return whole.stat().st_size
        path = self._partial(sender, sha256)
        return path.stat().st_size if path.exists() else 0

    def append(
        self, sender: str, sha256: str, offset: int, total: int, data: bytes, bytes_max: int, *, proof: bool = False
    ) -> tuple[int, bool]:
        """Add a piece of a recording; returns where we stand and whether it is whole, and all of it is on disk.

        proof: the sender has to bring all of it, also where somebody else has brought the same before.
        Raises Standing (not the next piece), TooLarge, WrongHash (thrown away), NoRoom, OSError.
        """
        if total > bytes_max or offset + len(data) > total:
            raise TooLarge(f"a recording has at most {bytes_max} bytes")
        whole = None if proof else self.path(sha256)
        if whole is not None:
            return whole.stat().st_size, True
        path = self._partial(sender, sha256)
        have = path.stat().st_size if path.exists() else 0
        if offset != have:
            raise Standing(have)
        self.need_room()
        if not have:
            self._make_way()
        with path.open("ab") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        have += len(data)
        if have < total:
            return have, False
        if _hash_of(path) != sha256:
            path.unlink()
            raise WrongHash("the recording is not what its sha256 says")
        self.adopt(path, sha256)
        return have, True

    def adopt(self, path: Path, sha256: str) -> None:
        """Give a synced file of `incoming` its name, so that it stays."""
        path.replace(self.folder / sha256)
        for folder in (self.folder, self._incoming):
            _sync(folder)

    def remove(self, sha256: str) -> int:
        """Let a sound go; returns the bytes that are free now."""
        path = self.path(sha256)
        if path is None:
            return 0
        size = path.stat().st_size
        path.unlink(missing_ok=True)
        return size

    def names(self) -> Iterator[str]:
        """The sounds that are here."""
        return (path.name for path in self.folder.iterdir() if SHA256.fullmatch(path.name))

    def need_room(self) -> None:
        """Raises NoRoom when the disk is too full for sounds."""
        if self._free_bytes() < FREE_BYTES_MIN:
            raise NoRoom("the disk is too full for sounds")

    def _partial(self, sender: str, sha256: str) -> Path:
        return self._incoming / f"part-{hashlib.sha256(sender.encode()).hexdigest()[:16]}-{sha256}"

    def _make_way(self) -> None:
        parts = sorted(self._incoming.glob("part-*"), key=_touched)
        for path in parts[: max(0, len(parts) - INCOMING_MAX + 1)]:
            path.unlink(missing_ok=True)


def _touched(path: Path) -> float:
    with suppress(FileNotFoundError):
        return path.stat().st_mtime
    return 0.0


def _hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
