"""The comparison of two books, on books small enough to read."""

from __future__ import annotations

import itertools
import json
import tracemalloc
from pathlib import Path

import pytest

from firmware_sim import books, ledger
from firmware_sim.books import Book, BookError, Row, Span
from firmware_sim.comparison import Report, compare

LIFE, OLD = "00000000000000aa", "00000000000000bb"
LANE = (LIFE, 1)


def kept(*seqs: int, life: str = LIFE, crc: int = 7) -> list[Row]:
    return [Row(life, 1, seq, crc, "kept") for seq in seqs]


def edge(rows: list[Row], head: int, acked: int = 0, spans: list[Span] | None = None, **counts: int) -> Book:
    return Book("s", spans or [], rows, {LANE: head}, {LANE: acked}, counts)


def cloud(rows: list[Row], spans: list[Span] | None = None, **counts: int) -> Book:
    return Book("s", spans or [], sorted(rows), {}, {}, counts)


def test_same_books_have_no_faults() -> None:
    report = compare(edge(kept(1, 2, 3), 3, 3), cloud(kept(1, 2, 3)), final=True)
    assert (report.both, report.lost, report.faults()) == (3, 0, [])


def test_event_that_was_acknowledged_and_is_not_in_postgresql_is_lost() -> None:
    report = compare(edge(kept(1, 2, 3), 3, 2), cloud(kept(1)))
    assert (report.lost, report.waiting) == (1, 1)
    assert report.faults()
    assert "number 2" in report.examples[0]


def test_event_that_was_not_sent_yet_waits_and_is_lost_only_when_nothing_is_on_its_way() -> None:
    assert compare(edge(kept(1, 2), 2), cloud(kept(1))).waiting == 1
    assert compare(edge(kept(1, 2), 2), cloud(kept(1)), final=True).lost == 1


def test_number_that_neither_side_holds_is_lost() -> None:
    assert compare(edge(kept(1, 3), 3, 3), cloud(kept(1, 3))).lost == 1
    assert compare(edge(kept(1), 4, 4), cloud(kept(1))).lost == 3  # at the end of the lane
    assert compare(edge([], 2, 2), cloud([])).lost == 2  # a lane that is empty on both sides


def test_number_inside_a_gap_is_dropped_on_purpose() -> None:
    report = compare(edge(kept(1, 4), 4, 4, [Span(LIFE, 1, 2, 3)]), cloud(kept(1, 4)))
    assert (report.lost, report.passed) == (0, 2)
    report = compare(edge(kept(1, 2), 2, 2), cloud(kept(1), [Span(LIFE, 1, 2, 2)]))
    assert (report.lost, report.passed) == (0, 1)


def test_gap_that_covers_a_part_leaves_the_rest_lost() -> None:
    assert compare(edge(kept(1, 6), 6, 6, [Span(LIFE, 1, 2, 3)]), cloud(kept(1, 6))).lost == 2


def test_same_number_with_another_crc_is_different() -> None:
    report = compare(edge(kept(1), 1, 1), cloud(kept(1, crc=8)))
    assert (report.different, report.both) == (1, 0)
    assert report.faults()


def test_event_the_clinic_never_numbered_is_different_and_one_it_let_go_is_not() -> None:
    assert compare(edge(kept(3), 3, 3), cloud(kept(1, 2, 3))).let_go == 2
    assert compare(edge(kept(1), 1, 1), cloud(kept(1, 2))).different == 1


def test_late_and_dead_events_are_not_lost() -> None:
    late, dead = [Row(LIFE, 1, 2, 7, "late")], [Row(LIFE, 1, 3, -1, "dead")]
    report = compare(edge(kept(1, 2, 3), 3, 3), cloud([*kept(1), *late, *dead]), final=True)
    assert (report.late, report.late_only, report.lost) == (1, 1, 0)


def test_event_of_another_life_of_the_store_is_told_and_not_a_fault() -> None:
    report = compare(edge(kept(1), 1, 1), cloud([*kept(1), *kept(1, 2, life=OLD)]))
    assert (report.other_lives, report.faults()) == (2, [])


@pytest.mark.parametrize(
    "count",
    ["presses_skipped", "presses_without_token", "numbers_twice", "tokens_without_slip", "slips_twice", "tokens_twice"],
)
def test_what_is_wrong_inside_the_clinic_is_a_fault(count: str) -> None:
    assert compare(edge([], 0, **{count: 1}), cloud([])).faults()


def test_press_that_was_neither_accepted_nor_refused_is_a_fault() -> None:
    assert compare(edge([], 0, presses=3, accepted=1, refused=1), cloud([])).faults()


def test_fact_that_postgresql_holds_under_two_numbers_is_a_fault() -> None:
    assert compare(edge([], 0), cloud([], duplicated=1)).faults()


def test_slip_that_waits_is_a_fault_only_when_nothing_is_on_its_way() -> None:
    assert not compare(edge([], 0, slips_waiting=1), cloud([])).faults()
    assert compare(edge([], 0, slips_waiting=1), cloud([]), final=True).faults()


def test_book_out_of_order_is_refused() -> None:
    with pytest.raises(BookError, match="not in order"):
        compare(edge(kept(2, 1), 2, 2), cloud([]))


def test_a_million_events_are_compared_in_the_memory_of_a_few() -> None:
    def rows(many: int) -> itertools.chain[Row]:
        return itertools.chain.from_iterable(kept(seq) for seq in range(1, many + 1))

    def peak(many: int) -> int:
        tracemalloc.start()
        report = compare(Book("s", [], rows(many), {LANE: many}, {LANE: many}), Book("s", [], rows(many)))
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert report.both == many
        return found

    assert peak(50_000) < peak(500) + 100_000


def test_books_saved_as_files_compare_as_the_books_did(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ours, theirs = tmp_path / "edge.jsonl", tmp_path / "cloud.jsonl"
    books.save(edge(kept(1, 2, 3), 3, 3, presses=2, accepted=2, tokens=2), ours)
    books.save(cloud(kept(1, 2, 3)), theirs)
    words = ["--edge-export", str(ours), "--cloud-export", str(theirs), "--json"]
    assert ledger.main(words) == 0
    assert json.loads(capsys.readouterr().out)["both"] == 3
    lines = theirs.read_text().splitlines(keepends=True)
    theirs.write_text("".join([*lines[:2], *lines[3:]]))  # somebody lost a line
    assert ledger.main(words) == 1
    assert json.loads(capsys.readouterr().out)["lost"] == 1


@pytest.mark.parametrize("text", ["", "{}", '{"format": 1}', "nonsense"])
def test_file_that_is_no_book_is_refused_in_words(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "book.jsonl"
    path.write_text(text)
    assert ledger.main(["--edge-export", str(path), "--cloud-export", str(path)]) == 2
    assert "saved by" in capsys.readouterr().err


def test_command_without_both_sides_says_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert ledger.main([]) == 2
    assert "name both sides" in capsys.readouterr().err


def test_every_number_of_the_report_has_words() -> None:
    text = ledger.words_of(Report(site="s", waiting=3, lost=2))
    assert "still waiting" in text
    assert "WRONG: 2 events" in text
