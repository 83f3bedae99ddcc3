"""What a disk would hold: a model of the files below one folder, of what was synced and what was only written.

The real files take every operation, so a program sees a healthy disk. At `cut_at` the power goes: that operation
may reach the platter in part, and every later one fails. `crash` then lays out, in another folder, one state the disk
could have been left in: synced operations kept, and of the others a seeded subset, torn at 512 bytes. Shared memory
(``-shm``) is lost, as it is when a machine loses power.
"""

from __future__ import annotations

import itertools
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

OK, IOERR, FULL, IOERR_FSYNC = 0, 10, 13, 10 | (4 << 8)  # SQLite's result codes
SECTOR = 512

Operation = tuple[str, int, bytes]
"""("write", at, data), ("truncate", size, b""), ("create", 0, b"") or ("delete", 0, b"")."""


class _File:
    """One path on the platter: `durable` (None: no such file) and what was done since, oldest first."""

    def __init__(self, durable: bytearray | None) -> None:
        self.durable = durable
        self.pending: list[Operation] = []


class Disk:
    """The files below `folder`. `cut_at`: operation number (from 1) at which the power goes; None: never."""

    def __init__(self, folder: Path, cut_at: int | None = None) -> None:
        self.folder = os.path.realpath(folder)
        self.cut_at = cut_at
        self.operations = 0  # open for create, write, truncate, sync, delete
        self.syncs = 0
        self.dead = False
        self.full = False  # writes that would make a file longer answer "disk is full"
        self.fail_syncs = 0  # so many of the next syncs fail, and the disk lives on
        self.errors: list[BaseException] = []  # of this file itself; a test must find it empty
        self._files: dict[str, _File] = {}
        self._open: dict[int, str] = {}
        self.lock = threading.RLock()

    def _step(self) -> bool:
        """Count one operation; False when the power is off after it."""
        self.operations += 1
        if self.cut_at is not None and self.operations >= self.cut_at:
            self.dead = True
        return not self.dead

    def _file(self, path: str) -> _File:
        if path not in self._files:
            self._files[path] = _File(bytearray(Path(path).read_bytes()) if os.path.exists(path) else None)
        return self._files[path]

    def _logged(self, handle: int) -> _File | None:
        path = self._open.get(handle)
        return None if path is None else self._files[path]

    def opened(self, path: str | None, handle: int, may_create: bool, really: Callable[[], int]) -> int:
        if path is None or not path.startswith(self.folder + os.sep):
            self._open.pop(handle, None)
            return really()
        if self.dead:
            return IOERR
        file = self._file(path)
        if may_create and not os.path.exists(path):
            file.pending.append(("create", 0, b""))
            if not self._step():
                return IOERR
        self._open[handle] = path
        return really()

    def moved(self, handle: int, data: bytes | None, at: int, really: Callable[[], int]) -> int:
        file = self._logged(handle)
        if file is None:
            return really()
        if self.dead:
            return IOERR
        if data is None:
            return really()
        if self.full and at + len(data) > os.path.getsize(self._open[handle]):
            return FULL
        file.pending.append(("write", at, data))
        return really() if self._step() else IOERR

    def truncated(self, handle: int, size: int, really: Callable[[], int]) -> int:
        file = self._logged(handle)
        if file is None:
            return really()
        if self.dead:
            return IOERR
        file.pending.append(("truncate", size, b""))
        return really() if self._step() else IOERR

    def synced(self, handle: int, really: Callable[[], int]) -> int:
        file = self._logged(handle)
        if file is None:
            return really()
        if self.dead or not self._step():
            return IOERR
        if self.fail_syncs:
            self.fail_syncs -= 1
            return IOERR_FSYNC
        self.syncs += 1
        if any(what == "create" for what, _, _ in file.pending):
            self._directory_synced()
        for operation in file.pending:
            file.durable = _after(file.durable, operation)
        file.pending.clear()
        return OK  # the real file is not synced: nothing real depends on it, and 300 cuts take a third of the time

    def _directory_synced(self) -> None:
        """SQLite syncs the folder with the first sync of a new file: names that were deleted before stay deleted."""
        for file in self._files.values():
            gone = max((i for i, (what, _, _) in enumerate(file.pending) if what == "delete"), default=-1)
            if gone >= 0:
                file.durable, file.pending = None, file.pending[gone + 1 :]

    def deleted(self, path: str, synced: bool, really: Callable[[], int]) -> int:
        if not path.startswith(self.folder + os.sep):
            return really()
        if self.dead:
            return IOERR
        file = self._file(path)
        file.pending.append(("delete", 0, b""))
        if not self._step():
            return IOERR
        if synced:
            file.durable, file.pending = None, []
        return really()

    def crash(self, target: Path, seed: int) -> None:
        """Lay out in `target` (made here) what the disk would hold had the power gone now. Other files are copied."""
        with self.lock:
            random = Random(seed)
            shutil.copytree(self.folder, target, ignore=lambda _, names: [n for n in names if n.endswith("-shm")])
            for path, file in sorted(self._files.items()):
                if path.endswith("-shm"):
                    continue
                content = None if file.durable is None else bytearray(file.durable)
                for operation in file.pending:
                    for kept in _survivors(operation, random):
                        content = _after(content, kept)
                place = target / os.path.relpath(path, self.folder)
                place.unlink(missing_ok=True)
                if content is not None:
                    place.write_bytes(content)


def _after(content: bytearray | None, operation: Operation) -> bytearray | None:
    what, at, data = operation
    if what == "delete":
        return None
    content = bytearray() if content is None else content
    if what == "truncate":
        del content[at:]
    elif what == "write":
        content.extend(bytes(max(0, at - len(content))))
        content[at : at + len(data)] = data
    return content


def _survivors(op: Operation, random: Random) -> Iterator[Operation]:
    """What of one unsynced operation reached the disk: all, nothing, or some of its sectors, or rubbish."""
    fate = random.random()
    if op[0] != "write" or fate < 0.4:
        if fate < 0.6:
            yield op
        return
    if fate < 0.7:
        return
    _, at, data = op
    cuts = [0, *range(SECTOR - at % SECTOR, len(data), SECTOR), len(data)]
    for start, end in itertools.pairwise(cuts):
        if random.random() < 0.5:
            yield "write", at + start, data[start:end]
        elif random.random() < 0.2:
            yield "write", at + start, random.randbytes(end - start)
