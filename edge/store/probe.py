"""A small write, for those who ask whether the database can be written, and what can be known of a store from outside."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from edge.store.database import FILE


def write(conn: sqlite3.Connection) -> None:
    """Through `Writer.run`: when it returns, this machine's disk takes commits."""
    conn.execute("insert or replace into meta values ('probe', '1')")


def epoch(folder: Path) -> str | None:
    """The epoch of the store in `folder`, also while its program runs; None when there is no store yet."""
    if not (folder / FILE).exists():
        return None
    with closing(look(folder)) as conn:
        row = conn.execute("select epoch from epochs order by no desc limit 1").fetchone()
    return row[0] if row else None


def look(folder: Path) -> sqlite3.Connection:
    """A read-only connection from another program than the one that owns the folder."""
    return sqlite3.connect(f"{(folder / FILE).absolute().as_uri()}?mode=ro", uri=True)
