"""What the ledger compares: two books, of a clinic's store (`clinic_book`) and of PostgreSQL (`cloud_book`).

A book is read with plain SQL, in order, one row at a time; nothing is written. It can be saved as a file of JSON lines
and read again, so that the two sides need not be reachable from one machine.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

RANGES_MAX = 100_000
"""Gaps are the one thing held in memory; a site with more of them needs a person, not a ledger."""
_FORMAT = "outpost-ledger-1"

Shelf = Literal["kept", "late", "dead"]


class BookError(Exception):
    """A book cannot be read; the message says what a person can do."""


class Row(NamedTuple):
    """One number of one lane. crc: of the event's canonical form; -1 where only the number is known."""

    epoch: str
    lane: int
    seq: int
    crc: int
    shelf: Shelf


class Span(NamedTuple):
    """Numbers `first` to `last` that were passed on purpose: dropped, thinned or poison."""

    epoch: str
    lane: int
    first: int
    last: int


@dataclass(frozen=True)
class Book:
    """One side. `rows` can be read once, in order of (epoch, lane, seq)."""

    site: str
    spans: list[Span]
    rows: Iterable[Row]
    heads: dict[tuple[str, int], int] = field(default_factory=dict)
    """(epoch, lane) -> the last number given (clinic)."""
    acked: dict[tuple[str, int], int] = field(default_factory=dict)
    """(epoch, lane) -> the cloud's cursor: as the clinic was told it (clinic), as it is (cloud)."""
    counts: dict[str, int] = field(default_factory=dict)


def limited(spans: list[Span]) -> list[Span]:
    """The same list. Raises BookError when it is longer than RANGES_MAX."""
    if len(spans) > RANGES_MAX:
        raise BookError(f"more than {RANGES_MAX} gaps; something drops events all the time, look at the site first")
    return spans


def save(book: Book, path: Path) -> int:
    """Write a book as JSON lines: a heading, then one line a row. Returns the number of rows."""
    heading = {
        "format": _FORMAT,
        "site": book.site,
        "spans": book.spans,
        "heads": [[*key, value] for key, value in book.heads.items()],
        "acked": [[*key, value] for key, value in book.acked.items()],
        "counts": book.counts,
    }
    many = 0
    with path.open("w", encoding="utf-8") as file:
        file.write(json.dumps(heading) + "\n")
        for row in book.rows:
            file.write(json.dumps(row) + "\n")
            many += 1
    return many


@contextmanager
def saved(path: Path) -> Iterator[Book]:
    """A book that `save` wrote."""
    if not path.is_file():
        raise BookError(f"there is no file {path}")
    with path.open(encoding="utf-8", errors="replace") as file:
        try:
            heading = json.loads(next(file, "null"))
            if heading["format"] != _FORMAT:
                raise BookError(f"{path} was saved by another version of the ledger")
            spans = [Span(*span) for span in heading["spans"]]
            heads = {(epoch, lane): value for epoch, lane, value in heading["heads"]}
            acked = {(epoch, lane): value for epoch, lane, value in heading["acked"]}
            site, counts = heading["site"], heading["counts"]
        except (ValueError, KeyError, TypeError) as error:
            raise BookError(f"{path} was not saved by the ledger") from error

        def rows() -> Iterator[Row]:
            for number, line in enumerate(file, start=2):
                try:
                    yield Row(*json.loads(line))
                except (ValueError, TypeError) as error:
                    raise BookError(f"{path} is damaged in line {number}") from error

        yield Book(site, spans, rows(), heads, acked, counts)
