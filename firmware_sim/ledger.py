"""The ledger: is everything the clinic wrote down also in PostgreSQL, once, and the same?

It compares sets of (epoch, lane, seq, crc) and ships with the product: ``python -m firmware_sim ledger --edge-db
outpost.db --database-url postgresql://…`` reads both sides and changes nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict
from pathlib import Path

from firmware_sim import books, clinic_book, cloud_book
from firmware_sim.books import Book, BookError
from firmware_sim.comparison import Report, compare


def words_of(report: Report) -> str:
    """The report as a person reads it."""
    clinic = report.clinic
    lines = [f"Ledger of site {report.site or '(unnamed)'}", ""]
    lines += [
        f"  {value:>9,}  {words}"
        for value, words in (
            (report.events_edge, "events held by the clinic"),
            (report.events_cloud, "events in PostgreSQL"),
            (report.both, "in both, and the same"),
            (report.let_go, "in PostgreSQL only: the clinic keeps what was acknowledged for 14 days"),
            (report.other_lives, "in PostgreSQL only: from another life of the clinic's store"),
            (report.waiting, "still waiting at the clinic to be sent"),
            (report.late, "on the late shelf: from a store that was replaced"),
            (report.passed, "dropped on purpose, each noted as a gap"),
            (report.dead_letters, "on the dead-letter shelf: PostgreSQL would not take them"),
        )
    ]
    lines += ["", "  what the clinic's store says about itself (presses: the last 7 days)"]
    lines += [
        f"  {clinic.get(name, 0):>9,}  {words}"
        for name, words in (
            ("presses", "presses"),
            ("accepted", "accepted"),
            ("refused", "refused, each with a reason"),
            ("tokens", "tokens"),
            ("slips", "slips printed"),
            ("marked_repeats", "slips printed again, marked as a repeat"),
            ("not_printed", "not printed, and noted so"),
            ("slips_waiting", "slips waiting for the printer"),
        )
    ]
    faults = report.faults()
    lines += ["", *(f"WRONG: {fault}" for fault in faults), *(f"  {example}" for example in report.examples)]
    lines.append("Something is wrong." if faults else "Nothing lost, nothing twice, nothing different.")
    return "\n".join(lines)


def audit(edge_db: Path, database_url: str, site: str | None = None, final: bool = False) -> Report:
    """Compare a clinic's store with PostgreSQL. Raises BookError when one cannot be read."""
    with (
        clinic_book.clinic(edge_db) as edge,
        cloud_book.cloud(database_url, site, {epoch for epoch, _ in edge.heads}) as cloud,
    ):
        return compare(edge, cloud, final)


def main(words: list[str] | None = None) -> int:
    """``python -m firmware_sim ledger``; returns the exit status: 0 all is well, 1 something is wrong, 2 not read."""
    args = _parser().parse_args(words)
    try:
        with ExitStack() as stack:
            edge = _side(stack, args.edge_db and clinic_book.clinic(args.edge_db), args.edge_export)
            known = {epoch for epoch, _ in edge.heads} if edge else set()
            cloud = _side(
                stack, args.database_url and cloud_book.cloud(args.database_url, args.site, known), args.cloud_export
            )
            book = edge or cloud
            if args.save is not None:
                if book is None or (edge and cloud):
                    raise BookError("to save a book, name one side only")
                print(f"{books.save(book, args.save):,} rows written to {args.save}")
                return 0
            if edge is None or cloud is None:
                raise BookError("name both sides: --edge-db or --edge-export, and --database-url or --cloud-export")
            report = compare(edge, cloud, args.final)
    except BookError as error:
        print(f"The ledger could not be read: {error}", file=sys.stderr)
        return 2
    faults = report.faults()
    print(json.dumps({**asdict(report), "faults": faults}, indent=2) if args.json else words_of(report))
    return 1 if faults else 0


def _side(stack: ExitStack, live: AbstractContextManager[Book] | None, export: Path | None) -> Book | None:
    if live and export:
        raise BookError("name each side once: the database or the saved book")
    if live:
        return stack.enter_context(live)
    return stack.enter_context(books.saved(export)) if export else None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m firmware_sim ledger",
        description="Compare what a clinic wrote down with what PostgreSQL holds. Reads only. Exit status: 0 all is "
        "well, 1 something is wrong, 2 a side could not be read.",
    )
    parser.add_argument("--edge-db", type=Path, metavar="FILE", help="the clinic's outpost.db; it may be in use")
    parser.add_argument("--database-url", metavar="URL", help="the cloud's PostgreSQL")
    parser.add_argument("--edge-export", type=Path, metavar="FILE", help="instead of --edge-db: a book saved there")
    parser.add_argument("--cloud-export", type=Path, metavar="FILE", help="instead of --database-url: a saved book")
    parser.add_argument("--save", type=Path, metavar="FILE", help="save the one side named as a book, and stop")
    parser.add_argument("--site", metavar="S", help="id of the site; found by the clinic's store when not given")
    parser.add_argument("--final", action="store_true", help="nothing is on its way: what waits counts as lost")
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON")
    return parser
