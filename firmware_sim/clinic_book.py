"""The book of a clinic's store: the SQLite file, in use or not, read from one snapshot and never written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from firmware_sim.books import RANGES_MAX, Book, BookError, Row, Span, limited

EPOCH_SPAN = 1 << 50  # of events.place: epoch number * EPOCH_SPAN + lane * 2^48 + seq


@contextmanager
def clinic(path: Path) -> Iterator[Book]:
    """The book of a clinic's store, read from a snapshot; the running edge is not disturbed."""
    if not path.is_file():
        raise BookError(f"there is no file {path}; name the clinic's outpost.db")
    with closing(sqlite3.connect(path.absolute().as_uri() + "?mode=ro", uri=True, isolation_level=None)) as conn:
        try:
            conn.execute("pragma query_only = on")
            conn.execute("pragma busy_timeout = 5000")
            conn.execute("begin")  # one snapshot for everything
            epochs = sorted((epoch, no) for no, epoch in conn.execute("select no, epoch from epochs"))
            yield _clinic_book(conn, epochs)
        except sqlite3.DatabaseError as error:
            raise BookError(f"{path} is not a clinic's store this ledger can read: {error}") from error


def _clinic_book(conn: sqlite3.Connection, epochs: list[tuple[str, int]]) -> Book:
    def rows() -> Iterator[Row]:
        for epoch, no in epochs:
            found = conn.execute(
                "select lane, seq, crc from events where place > ? and place < ? order by place",
                (no * EPOCH_SPAN, (no + 1) * EPOCH_SPAN),
            )
            for lane, seq, crc in found:
                yield Row(epoch, lane, seq, crc, "kept")

    names = {no: epoch for epoch, no in epochs}
    present = names[max(names)] if names else ""
    query = f"select epoch_no, lane, first, last from gaps order by lane, first limit {RANGES_MAX + 1}"
    spans = limited([Span(names[no], lane, first, last) for no, lane, first, last in conn.execute(query)])
    heads = {
        (present, lane): value
        for lane, value in enumerate(conn.execute("select lane0, lane1, lane2 from heads").fetchone())
    }
    acked = {(present, lane): seq for lane, seq in conn.execute("select lane, seq from acked")}
    (site,) = conn.execute("select max(value) from meta where key = 'site'").fetchone()
    counts = {name: conn.execute(query).fetchone()[0] for name, query in CLINIC_COUNTS.items()}
    return Book(site or "", sorted(spans), rows(), heads, acked, counts)


_SLIPS = (
    "select entity_id, data ->> 'outcome' as outcome from events where kind in ('slip_printed', 'slip_not_printed')"
)
_ISSUED = (
    "select entity_id, cause, data ->> 'day' as day, data ->> 'token' as token from events where kind = 'token_issued'"
)
_PRESSES = "select * from results where kind = 'issue_token'"
_OPEN = "select body ->> 'visit_id' from effects where kind = 'print_slip' and state in ('open', 'started')"
_NUMBERED = (  # presses from boards: the command_id ends in ":<stream>:<number>"
    "select rtrim(command_id, '0123456789') as stream, cast(replace(command_id, rtrim(command_id, '0123456789'), '')"
    " as integer) as number from results where kind = 'issue_token' and actor like 'board:%'"
)
CLINIC_COUNTS: dict[str, str] = {
    "presses": f"select count(*) from ({_PRESSES})",
    "accepted": f"select count(*) from ({_PRESSES} and outcome = 'accepted')",
    "refused": f"select count(*) from ({_PRESSES} and outcome = 'refused')",
    "presses_skipped": "select coalesce(sum(most - least + 1 - many), 0) from (select max(number) as most,"
    f" min(number) as least, count(*) as many from ({_NUMBERED}) group by stream)",
    "presses_without_token": f"select count(*) from ({_PRESSES} and outcome = 'accepted') r"
    f" where r.command_id not in (select cause from ({_ISSUED}))",
    "tokens": f"select count(*) from ({_ISSUED})",
    "tokens_twice": f"select coalesce(sum(n - 1), 0) from (select count(*) as n from ({_ISSUED}) group by cause)",
    "numbers_twice": f"select coalesce(sum(n - 1), 0) from (select count(*) as n from ({_ISSUED}) group by day, token)",
    "slips": f"select count(*) from ({_SLIPS}) where outcome = 'done'",
    "marked_repeats": f"select count(*) from ({_SLIPS}) where outcome = 'repeated'",
    "not_printed": f"select count(*) from ({_SLIPS}) where outcome in ('not_done', 'unknown')",
    "slips_twice": f"select coalesce(sum(n - 1), 0) from (select count(*) as n from ({_SLIPS}) group by entity_id)",
    "slips_waiting": f"select count(*) from ({_ISSUED}) where entity_id in ({_OPEN})",
    "tokens_without_slip": f"select count(*) from ({_ISSUED}) where entity_id not in (select entity_id from ({_SLIPS}))"
    f" and entity_id not in ({_OPEN})",
    "effects_open": "select count(*) from effects where state in ('open', 'started')",
    "events": "select count(*) from events",
    "dead_letters": "select count(*) from dead_letters",
}
"""What the clinic says about itself, each as one query. Every count is over what the store still holds."""
