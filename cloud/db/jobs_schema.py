"""The tables of the job queue, procrastinate's own: brought up to the version of the library that is installed.

The library writes its schema once whole, and then numbered files for each version. Which one the database has stands in
`jobs_schema`, so that a newer library finds what it is missing.
"""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Any, Final

import psycopg

_FILE: Final = re.compile(r"(\d\d\.\d\d\.\d\d)_(\d\d)_.+\.sql")


def apply(conn: psycopg.Connection[Any]) -> str | None:
    """Within the caller's lock: make or update the queue's tables; the version they were brought to, None if they stood.

    Each step commits by itself, with the row that says so. Raises psycopg.Error.
    """
    folder = files("procrastinate.sql")
    steps = sorted(
        (match[1], match[2], entry.read_text(encoding="utf-8"))
        for entry in folder.joinpath("migrations").iterdir()
        if (match := _FILE.fullmatch(entry.name))
    )
    newest = f"{steps[-1][0]}_{steps[-1][1]}"
    with conn.transaction():
        conn.execute(
            "create table if not exists jobs_schema (one boolean primary key check (one), version text not null)"
        )
        row = conn.execute("select version from jobs_schema").fetchone()
        if row is None:
            conn.execute(folder.joinpath("schema.sql").read_text(encoding="utf-8").encode())
            conn.execute("insert into jobs_schema values (true, %s)", (newest,))
            return newest
    missing = [(f"{version}_{part}", text) for version, part, text in steps if f"{version}_{part}" > row[0]]
    for name, text in missing:
        with conn.transaction():
            conn.execute(text.encode())
            conn.execute("update jobs_schema set version = %s", (name,))
    return missing[-1][0] if missing else None
