"""PostgreSQL as the demo runs it: its own child, in its own folder, gone when it is stopped."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from deploy.demo import postgres
from deploy.demo.postgres import Postgres
from deploy.demo.stage import short_folder
from deploy.demo.threaded import running_postgres


@pytest.fixture
def folder() -> Iterator[Path]:
    made = short_folder()
    yield made
    shutil.rmtree(made)


def test_what_was_committed_is_there_after_a_restart_and_nothing_runs_in_between(folder: Path) -> None:
    with running_postgres(folder / "pg") as server:
        with psycopg.connect(server.uri("postgres"), autocommit=True) as connection:
            connection.execute("create table kept (n int)")
            connection.execute("insert into kept values (7)")
        assert server.program is not None
        pid = server.program.pid
    assert not Path(f"/proc/{pid}").exists()
    with running_postgres(folder / "pg") as server, psycopg.connect(server.uri("postgres")) as connection:
        assert connection.execute("select n from kept").fetchall() == [(7,)]


def test_nobody_else_may_look_into_the_database(folder: Path) -> None:
    with running_postgres(folder / "pg") as server:
        assert server.data.stat().st_mode & 0o077 == 0
        assert (folder / "pg" / "socket").stat().st_mode & 0o077 == 0
        with psycopg.connect(server.uri("postgres")) as connection:
            assert connection.execute("show listen_addresses").fetchone() == ("",)


def test_a_path_too_long_for_a_socket_is_refused_at_once(folder: Path) -> None:
    with pytest.raises(ValueError, match="too long"):
        Postgres(folder / ("x" * 90), folder / "log", os.environ)


def test_programs_in_a_private_home_are_copied_whole_and_no_permission_is_changed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "_open_to_all", lambda binaries: False)
    package = postgres._package_binaries()
    before = [(path, path.stat().st_mode) for path in (package, *package.parents)]
    server = Postgres(folder / "pg", folder / "log", os.environ)
    server._user = "nobody"
    (folder / "pg").mkdir()
    copied = server._reachable(package)
    assert copied.is_relative_to(folder)
    assert all(path.stat().st_mode & 0o005 for path in (copied, *copied.glob("*")))
    told = subprocess.run([copied / "postgres", "--version"], capture_output=True, text=True, check=False)
    assert told.stdout.startswith("postgres (PostgreSQL)"), told.stderr
    assert before == [(path, path.stat().st_mode) for path in (package, *package.parents)]
