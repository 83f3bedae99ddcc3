"""Compares two books number by number, in the memory of one row a side."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import groupby

from firmware_sim.books import Book, BookError, Row, Span

EXAMPLES_MAX = 5
LANES = ("alerts", "care", "telemetry")


@dataclass
class Report:
    """What the comparison found. The numbers under `FAULTS` must be 0."""

    site: str = ""
    events_edge: int = 0
    events_cloud: int = 0
    both: int = 0
    lost: int = 0
    waiting: int = 0
    different: int = 0
    duplicated: int = 0
    late: int = 0
    late_only: int = 0
    passed: int = 0
    dead_letters: int = 0
    let_go: int = 0
    other_lives: int = 0
    clinic: dict[str, int] = field(default_factory=dict)
    examples: list[str] = field(default_factory=list)

    def faults(self) -> list[str]:
        """What is wrong, as sentences; empty when nothing is."""
        numbers = {**self.clinic, **{name: value for name, value in asdict(self).items() if isinstance(value, int)}}
        return [words.format(numbers[name]) for name, words in FAULTS.items() if numbers.get(name)]


FAULTS: dict[str, str] = {
    "lost": "{} events of the clinic are not in PostgreSQL, nor noted as dropped",
    "different": "{} numbers hold different events at the clinic and in PostgreSQL (a cloned or damaged store)",
    "duplicated": "{} events are in PostgreSQL twice, or tokens were issued twice for one press",
    "unanswered": "{} presses were neither accepted nor refused",
    "presses_skipped": "{} numbers of a button board were passed without an answer",
    "presses_without_token": "{} accepted presses have no token",
    "numbers_twice": "{} token numbers were given twice in one day",
    "tokens_without_slip": "{} tokens have no slip and no record that none was printed",
    "slips_twice": "{} slips were settled twice",
}


def compare(edge: Book, cloud: Book, final: bool = False) -> Report:
    """Compare two books. `final`: nothing is on its way any more, so what waits counts as lost."""
    report = Report(site=cloud.site or edge.site, clinic=dict(edge.counts))
    report.dead_letters = max(edge.counts.get("dead_letters", 0), cloud.counts.get("dead_letters", 0))
    report.duplicated = cloud.counts.get("duplicated", 0)
    report.duplicated += max(cloud.counts.get("tokens_twice", 0), edge.counts.get("tokens_twice", 0))
    report.clinic["unanswered"] = edge.counts.get("presses", 0) - sum(
        edge.counts.get(name, 0) for name in ("accepted", "refused")
    )
    if final:
        report.clinic["tokens_without_slip"] = edge.counts.get("tokens_without_slip", 0) + edge.counts.get(
            "slips_waiting", 0
        )
    lives = {epoch for epoch, _ in edge.heads} | {epoch for epoch, _ in edge.acked}
    comparison = _Comparison(report, edge, cloud, lives, final)
    for number, rows in groupby(_merged(edge.rows, cloud.rows), key=lambda pair: pair[0]):
        comparison.number(number, [(side, row) for _, side, row in rows])
    comparison.end()
    return report


_Number = tuple[str, int, int]


def _merged(edge: Iterable[Row], cloud: Iterable[Row]) -> Iterator[tuple[_Number, str, Row]]:
    def tagged(rows: Iterable[Row], side: str) -> Iterator[tuple[_Number, str, Row]]:
        last: _Number = ("", 0, 0)
        for row in rows:
            number = row[:3]
            if number < last:
                raise BookError(f"the book of the {side} is not in order at {number}; save it again")
            last = number
            yield number, side, row

    return heapq.merge(tagged(edge, "clinic"), tagged(cloud, "cloud"), key=lambda pair: pair[0])


class _Comparison:
    """Walks the numbers of both sides upwards; what neither holds and no gap covers is lost as well."""

    def __init__(self, report: Report, edge: Book, cloud: Book, lives: set[str], final: bool) -> None:
        self.report, self.edge, self.cloud, self.final, self.lives = report, edge, cloud, final, lives
        self.passed_edge, self.passed_cloud = _Spans(edge.spans), _Spans(cloud.spans)
        self.passed = _Spans([*edge.spans, *cloud.spans])
        self.lane: tuple[str, int] | None = None
        self.expected = 1
        self.seen: set[tuple[str, int]] = set()

    def number(self, number: _Number, rows: list[tuple[str, Row]]) -> None:
        epoch, lane, seq = number
        if (epoch, lane) != self.lane:
            self._finish_lane()
            self.lane, self.expected = (epoch, lane), 1
            self.seen.add(self.lane)
        self._hole(self.expected, seq - 1)
        self.expected = seq + 1
        report = self.report
        ours = next((row.crc for side, row in rows if side == "clinic"), None)
        kept = next((row.crc for side, row in rows if side == "cloud" and row.shelf == "kept"), None)
        late = [row.crc for side, row in rows if row.shelf == "late"]
        dead = any(row.shelf == "dead" for _, row in rows)
        report.events_edge += ours is not None
        report.events_cloud += kept is not None
        report.late += len(late)
        report.late_only += bool(late) and kept is None
        if ours is None:
            self._only_in_cloud(number, kept is not None)
        elif kept == ours:
            report.both += 1
        elif kept is not None:
            self._note("different", number)
        elif dead or ours in late:
            pass
        elif late:
            self._note("different", number)
        elif self.passed_cloud.covers(epoch, lane, seq):
            report.passed += 1
        elif self.final or seq <= self.edge.acked.get((epoch, lane), 0) or epoch not in self.lives:
            self._note("lost", number)
        else:
            report.waiting += 1

    def _only_in_cloud(self, number: _Number, kept: bool) -> None:
        epoch, lane, seq = number
        if not kept or self.passed_edge.covers(epoch, lane, seq):
            return
        if epoch not in self.lives:
            self.report.other_lives += 1
        elif seq > self.edge.heads.get((epoch, lane), 0):
            self._note("different", number)  # the clinic never gave this number: its store is an older copy
        else:
            self.report.let_go += 1

    def _hole(self, first: int, last: int) -> None:
        """Numbers `first` to `last` of the present lane are events on neither side."""
        if first > last or self.lane is None:
            return
        epoch, lane = self.lane
        if epoch not in self.lives:  # an earlier life of the store: its start may be past its retention here
            return
        covered = self.passed.within(epoch, lane, first, last)
        self.report.passed += covered
        if covered <= last - first:
            self._note("lost", (epoch, lane, first), last - first + 1 - covered)

    def _finish_lane(self) -> None:
        if self.lane is not None:
            self._hole(self.expected, self.edge.heads.get(self.lane, 0))

    def end(self) -> None:
        self._finish_lane()
        for lane, head in self.edge.heads.items():
            if lane not in self.seen and head:
                self.lane = lane
                self._hole(1, head)

    def _note(self, what: str, number: _Number, many: int = 1) -> None:
        setattr(self.report, what, getattr(self.report, what) + many)
        if len(self.report.examples) < EXAMPLES_MAX:
            epoch, lane, seq = number
            upto = f" to {seq + many - 1}" if many > 1 else ""
            self.report.examples.append(f"{what}: life {epoch}, lane {lane} ({LANES[lane]}), number {seq}{upto}")


class _Spans:
    """Gaps by lane, for looking up; few, so lists will do."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self._lanes: dict[tuple[str, int], list[tuple[int, int]]] = {}
        for span in spans:
            self._lanes.setdefault((span.epoch, span.lane), []).append((span.first, span.last))

    def covers(self, epoch: str, lane: int, seq: int) -> bool:
        return self.within(epoch, lane, seq, seq) == 1

    def within(self, epoch: str, lane: int, first: int, last: int) -> int:
        """How many of the numbers `first` to `last` are inside gaps."""
        many, at = 0, first
        for start, end in sorted(self._lanes.get((epoch, lane), ())):
            start, end = max(start, at), min(end, last)
            if start <= end:
                many, at = many + end - start + 1, end + 1
        return many
