"""The site's one database file: opening it, who may, and what a life of it is called.

One program owns the folder: a lock file says so, which a writer in a child process holds too.
One connection writes; readers have their own read-only connections, one per thread. WAL with
``synchronous=FULL``: a commit that returned survives a power cut.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from pathlib import Path
from typing import IO, Any, NamedTuple

from edge.store.migrations import migrate
from shared.clock import Clock, mono_ms, pause_s, transport_s
from shared.events import LANES
from shared.stream import new_stream

FILE = "outpost.db"
CACHED_STATEMENTS = 256
LOCK_WAIT_S = 2.0

# Python asks an adapter for every value that is no int, float, str or bytes, and where none is registered it makes an
# AttributeError and drops it, for every None and every bool of every row: an eighth of the cost of a visit's row.
sqlite3.register_adapter(bool, int)
sqlite3.register_adapter(type(None), {None: None}.get)


class Writing(NamedTuple):
    """What the writer needs to open its connection, also in a process of its own."""

    uri: str
    synchronous: str
    epoch_no: int
    boot_no: int

    def connect(self) -> sqlite3.Connection:
        """The writing connection; only one at a time, in one thread."""
        conn = _connect(self.uri)
        conn.execute("pragma journal_mode = wal")
        conn.execute(f"pragma synchronous = {self.synchronous}")
        conn.execute("pragma wal_autocheckpoint = 2000")
        conn.execute("pragma journal_size_limit = 33554432")
        conn.execute("pragma temp_store = memory")
        conn.execute("pragma cache_size = -16000")
        return conn


class FolderInUse(Exception):
    """Another edge program owns this data folder. Stop it, or choose another folder."""


class Store:
    """Owns the data folder from `__init__` to `close`.

    folder: made if it is not there (0700).  clock: domain time, for the rows this class itself writes.
    vfs: name of the SQLite VFS, for tests that cut the power.  synchronous: FULL, except in tests that show why.
    Raises FolderInUse; sqlite3.DatabaseError when the file is damaged (it is left as it is).
    """

    def __init__(self, folder: Path, clock: Clock, vfs: str | None = None, synchronous: str = "FULL") -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = folder / FILE
        self.clock = clock
        self._uri = self.path.absolute().as_uri() + (f"?vfs={vfs}" if vfs else "")
        self._synchronous = synchronous
        self._lock = _lock(folder / "lock")
        try:
            conn = Writing(self._uri, synchronous, 0, 0).connect()
            try:
                migrate(conn)
                self.clean_stop, self.epoch, self.epoch_no = self._live(conn)
                self.boot = new_stream()
                self.boot_no = self._begin_boot(conn)
            finally:
                conn.close()
        except BaseException:
            self._lock.close()
            raise

    def close(self) -> None:
        """Let the folder go. The writer must have stopped."""
        self._lock.close()

    @property
    def writing(self) -> Writing:
        """For the writer: how to open its connection, and which epoch and boot it writes."""
        return Writing(self._uri, self._synchronous, self.epoch_no, self.boot_no)

    @property
    def lock_fd(self) -> int:
        """Handed to a writer's process, so that the folder stays owned until that has ended too."""
        return self._lock.fileno()

    def reader(self) -> sqlite3.Connection:
        """A read-only connection for one thread. A read must end within 1 s, so that checkpoints run."""
        conn = _connect(self._uri)
        conn.execute("pragma query_only = on")
        conn.execute("pragma cache_size = -4000")
        return conn

    def _live(self, conn: sqlite3.Connection) -> tuple[bool, str, int]:
        """Begin the first epoch of a new store; read the present one of an old."""
        now_ms = self.clock.now_ms()
        conn.execute("begin immediate")
        row = conn.execute("select no, epoch from epochs order by no desc limit 1").fetchone()
        if row is None:
            row = (1, new_stream())
            conn.execute("insert into epochs values (?, ?, ?)", (*row, now_ms))
            conn.executemany("insert into numbers values (?, 0)", [("visit",), ("doctor",)])
            conn.execute("insert into heads values (1, 0, 0, 0, 0)")
            conn.executemany("insert into acked values (?, 0)", [(int(lane),) for lane in LANES])
        clean = conn.execute("select value from meta where key = 'clean_stop'").fetchone()
        conn.execute("insert or replace into meta values ('clean_stop', '0')")
        conn.execute("commit")
        return clean is None or clean[0] == "1", row[1], row[0]

    def _begin_boot(self, conn: sqlite3.Connection) -> int:
        conn.execute("begin immediate")
        values = (self.boot, self.epoch_no, self.clock.now_ms(), mono_ms())
        (number,) = conn.execute(
            "insert into boots(boot, epoch_no, started_ms, mono_ms) values (?, ?, ?, ?) returning no", values
        ).fetchone()
        conn.execute("commit")
        return int(number)


def _connect(uri: str) -> sqlite3.Connection:
    conn = sqlite3.connect(
        uri, uri=True, isolation_level=None, timeout=5.0, check_same_thread=False, cached_statements=CACHED_STATEMENTS
    )
    conn.execute("pragma busy_timeout = 5000")
    return conn


def _lock(path: Path) -> IO[Any]:
    file = path.open("a")
    give_up_s = transport_s() + LOCK_WAIT_S
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except OSError as error:
            if transport_s() >= give_up_s:
                file.close()
                raise FolderInUse(
                    f"another edge program owns {path.parent}; stop it or choose another folder"
                ) from error
            pause_s(0.02)  # a killed program's writer process may need a moment to finish its last commit
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file
