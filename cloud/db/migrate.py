"""Numbered SQL files, applied once each, in order.

Each file is one transaction, together with the row that says it was applied; a file that fails leaves nothing. Several
programs may start at once: an advisory lock lets one work and the others find everything done.
"""

from __future__ import annotations

import hashlib
import re
from importlib.resources import files
from typing import NamedTuple

import psycopg

from cloud.db import jobs_schema
from cloud.db.pool import steady
from shared.clock import Clock

LOCK = 0x6F757470  # "outp"
_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")


class Migration(NamedTuple):
    """One file: its number, name, text and the SHA-256 of the text."""

    number: int
    name: str
    text: str
    sha256: str


class MigrationError(Exception):
    """The files and the database do not fit; `hint` says what a person can do."""

    passing = False

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def load() -> list[Migration]:
    """The migrations that came with this program, in order. Raises MigrationError when two share a number."""
    found = []
    for entry in files("cloud.db").joinpath("migrations").iterdir():
        match = _NAME.fullmatch(entry.name)
        if match:
            text = entry.read_text(encoding="utf-8")
            found.append(Migration(int(match[1]), entry.name, text, hashlib.sha256(text.encode()).hexdigest()))
    found.sort()
    numbers = [migration.number for migration in found]
    if len(set(numbers)) != len(numbers):
        raise MigrationError(f"two migrations share a number: {numbers}", "Rename one of the files.")
    return found


def migrate(uri: str, clock: Clock, migrations: list[Migration] | None = None) -> list[str]:
    """Apply what is missing; returns the names applied now. Blocks: call it before serving, or in a thread.

    Raises MigrationError when an applied file was changed since, or the database is newer than the program;
    psycopg.Error when the server is away or a file is wrong.
    """
    wanted = load() if migrations is None else migrations
    applied: list[str] = []
    with psycopg.connect(steady(uri), autocommit=True) as conn:
        conn.execute("set client_min_messages = warning")
        conn.execute("select pg_advisory_lock(%s)", (LOCK,))
        conn.execute(
            "create table if not exists migrations"
            " (number integer primary key, name text not null, sha256 text not null, applied_ms bigint not null)"
        )
        there = {row[0]: (row[1], row[2]) for row in conn.execute("select number, name, sha256 from migrations")}
        _check(wanted, there)
        for migration in wanted:
            if migration.number in there:
                continue
            with conn.transaction():
                conn.execute(migration.text.encode())
                conn.execute(
                    "insert into migrations values (%s, %s, %s, %s)",
                    (migration.number, migration.name, migration.sha256, clock.now_ms()),
                )
            applied.append(migration.name)
        if migrations is None:
            queue = jobs_schema.apply(conn)
            applied += [f"job queue {queue}"] if queue else []
    return applied


def _check(wanted: list[Migration], there: dict[int, tuple[str, str]]) -> None:
    known = {migration.number: migration for migration in wanted}
    for number, (name, sha256) in there.items():
        if number not in known:
            raise MigrationError(
                f"the database has {name}, which this program does not know",
                "Start the newer program this database was migrated by.",
            )
        if known[number].sha256 != sha256:
            raise MigrationError(
                f"{name} was changed after it was applied",
                "Put the file back as it was and write the change as a new migration.",
            )
