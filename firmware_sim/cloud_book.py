"""The book of one site in PostgreSQL, and the few other facts a check asks of it. Reads only."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from firmware_sim.books import RANGES_MAX, Book, BookError, Row, Shelf, Span, limited

FETCH_ROWS = 5_000


@contextmanager
def cloud(database_url: str, site: str | None, epochs: Iterable[str] = ()) -> Iterator[Book]:
    """The book of one site in PostgreSQL, read in one read-only transaction with a snapshot.

    site: None takes the site that owns one of `epochs` (those of the clinic's store), else the only one there is.
    """
    import psycopg  # only this command needs it

    try:
        with psycopg.connect(database_url) as conn:
            conn.read_only, conn.isolation_level = True, psycopg.IsolationLevel.REPEATABLE_READ
            chosen = site or _site_of(conn, list(epochs))
            yield _cloud_book(conn, chosen)
    except psycopg.OperationalError as error:
        raise BookError(f"PostgreSQL does not answer; check --database-url and that it runs: {error}") from error
    except psycopg.errors.UndefinedTable as error:
        raise BookError(
            "this database is not an Outpost cloud, or was never migrated: `python -m cloud migrate`"
        ) from error


def cursors(database_url: str, site: str) -> dict[tuple[str, int], int]:
    """(epoch, lane) -> how far PostgreSQL holds a site's numbers without a hole. Raises psycopg.Error."""
    import psycopg

    with psycopg.connect(database_url) as conn:
        rows = conn.execute("select epoch, lane, upto from cursors where site = %s", (site,)).fetchall()
    return {(epoch, lane): upto for epoch, lane, upto in rows}


def command_states(database_url: str, site: str) -> dict[str, str]:
    """command_id -> state, of the commands head office gave a site. Raises psycopg.Error."""
    import psycopg

    with psycopg.connect(database_url) as conn:
        return dict(conn.execute("select command_id, state from mailbox where site = %s", (site,)).fetchall())


def _site_of(conn: Any, epochs: list[str]) -> str:
    found = conn.execute("select distinct site from epochs where epoch = any(%s)", (epochs,)).fetchall()
    found = found or conn.execute("select site from sites order by site").fetchall()
    if len(found) != 1:
        names = ", ".join(name for (name,) in found[:20]) or "none"
        raise BookError(f"say which site with --site; this cloud knows: {names}")
    return str(found[0][0])


def _cloud_book(conn: Any, site: str) -> Book:
    tables: tuple[tuple[Shelf, str], ...] = (
        ("kept", "select lane, seq, crc from events where site = %s and epoch = %s order by lane, seq"),
        ("late", "select lane, seq, crc from late_events where site = %s and epoch = %s order by lane, seq, crc"),
        ("dead", "select lane, seq, -1 from dead_letters where site = %s and epoch = %s order by lane, seq"),
    )
    every = " union ".join(f"select epoch from {t} where site = %(s)s" for t in ("epochs", "events", "late_events"))
    epochs = sorted(epoch for (epoch,) in conn.execute(every, {"s": site}).fetchall())

    def shelf_rows(shelf: Shelf, query: str, epoch: str) -> Iterator[Row]:
        with conn.cursor(name=f"{shelf}_{epoch}") as cursor:
            cursor.itersize = FETCH_ROWS
            for lane, seq, crc in cursor.execute(query, (site, epoch)):
                yield Row(epoch, lane, seq, crc, shelf)

    def rows() -> Iterator[Row]:
        for epoch in epochs:
            yield from heapq.merge(*(shelf_rows(shelf, query, epoch) for shelf, query in tables))

    query = f"select epoch, lane, first, last from gaps where site = %s limit {RANGES_MAX + 1}"
    spans = limited([Span(*row) for row in conn.execute(query, (site,))])
    cursors = conn.execute("select epoch, lane, upto from cursors where site = %s", (site,)).fetchall()
    counts = {name: int(conn.execute(q, {"s": site}).fetchone()[0]) for name, q in CLOUD_COUNTS.items()}
    return Book(site, sorted(spans), rows(), {}, {(epoch, lane): upto for epoch, lane, upto in cursors}, counts)


CLOUD_COUNTS: dict[str, str] = {
    "events": "select count(*) from events where site = %(s)s",
    "late": "select count(*) from late_events where site = %(s)s",
    "dead_letters": "select count(*) from dead_letters where site = %(s)s",
    "duplicated": "select coalesce(sum(n - 1), 0) from"
    " (select count(*) as n from events where site = %(s)s group by epoch, gseq) t",
    "tokens_twice": "select coalesce(sum(n - 1), 0) from (select count(*) as n from events"
    " where site = %(s)s and kind = 'token_issued' group by epoch, cause) t",
}
"""`duplicated`: one fact kept under two numbers; within an epoch `gseq` is given once."""
