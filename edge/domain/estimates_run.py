"""The run behind `estimates.run_ahead`: doctors become free one after another and take the next."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from heapq import heapify, heappop, heapreplace
from typing import NamedTuple

from edge.domain.estimates_base import (
    COMES_LATE_S,
    DAY_SD,
    NOT_HERE_S,
    PHASE,
    Ahead,
    Due,
    Server,
    lead_of,
    left_of,
    quantile,
    unsure_of,
)


class Taken(NamedTuple):
    """A call in the run, since_s and a gamma distributed time from now. line: 0 if any doctor may call, else theirs."""

    visit_id: str
    line: int
    since_s: float
    mean_s: float
    variance: float


def at_level(taken: Sequence[Taken], z: float) -> dict[str, float]:
    """The quantile of each wait, none below that of somebody before them whom the same doctors may call."""
    floors: dict[int, float] = {0: 0.0}
    waits = {}
    for one in taken:
        wait_s = max(one.since_s + quantile(one.mean_s, one.variance, z), floors[0], floors.get(one.line, 0.0))
        floors[one.line] = waits[one.visit_id] = wait_s
    return waits


class _Entry(NamedTuple):
    """Somebody in a line. key: the place in calling order; of bookings, their time (s). visit_id: None if not here."""

    key: float
    visit_id: str | None
    shows: float
    firm: bool


class _Line:
    """Whom the same doctors may call: `waiting` in calling order, `early` and `coming` bookings by their time."""

    __slots__ = ("coming", "early", "number", "waiting")

    def __init__(self, number: int) -> None:
        self.number = number
        self.waiting: deque[_Entry] = deque()
        self.early: deque[_Entry] = deque()
        self.coming: deque[_Entry] = deque()


class _Doctor:
    """A doctor in the run.

    free_s: when the stretch of work they are in ends; before_var: variance of its start, stretch_var: of its length.
    later_s: how much later than free_s that is expected where it matters who it is, see `Run._spread`.
    half_s, half_var: what is left of a consultation one comes upon: mean E[X²] / 2E[X], second moment E[X³] / 3E[X].
    second: E[X²] of a consultation.  square: its squared variation.  unsure: relative variance of the mean.
    """

    __slots__ = (
        "before_var", "free_s", "half_s", "half_var", "later_s", "line",
        "mean_s", "rate", "second", "square", "stretch_var", "unsure",
    )  # fmt: skip

    def __init__(self, number: int, server: Server, now_ms: int) -> None:
        self.line = _Line(number)
        self.mean_s, self.rate = server.mean_s, 1 / server.mean_s
        self.square = math.expm1(server.sd_log**2)
        self.second = server.mean_s**2 * math.exp(server.sd_log**2)
        self.half_s = min(server.mean_s, self.second / server.mean_s / 2)
        self.half_var = server.mean_s**2 * math.exp(3 * server.sd_log**2) / 3 - self.half_s**2
        self.unsure = unsure_of(server.sd_log, server.known)
        self.free_s, self.stretch_var = left_of(server, now_ms)
        self.before_var = self.later_s = 0.0

    @property
    def ready_s(self) -> float:
        """From when the doctor counts as starting consultations at an even rate (may be below 0)."""
        return self.free_s + self.later_s - self.half_s


class Run:
    """One run of the queue. level: how many standard deviations slower than expected everything is taken to go.

    It matters for one thing: which bookings have come by the time a doctor is free.
    """

    def __init__(
        self, queue: Sequence[Ahead], due: Sequence[Due], servers: Sequence[Server], now_ms: int, level: float
    ) -> None:
        self.level = level
        self.common = _Line(0)
        self.doctors = [_Doctor(number, server, now_ms) for number, server in enumerate(servers, 1)]
        lines = {server.doctor_id: doctor.line for server, doctor in zip(servers, self.doctors, strict=True)}
        self.here = 0
        for place, one in enumerate(queue):
            line = self.common if one.doctor_id is None else lines.get(one.doctor_id)
            if line is not None:
                self.here += 1
                if one.due_ms is None or one.due_ms <= now_ms:
                    entry = _Entry(place, one.visit_id, one.show_probability, one.due_ms is not None)
                    line.waiting.append(entry)
                else:
                    line.early.append(_Entry((one.due_ms - now_ms) / 1000, one.visit_id, one.show_probability, False))
        for booking in due:
            line = self.common if booking.doctor_id is None else lines.get(booking.doctor_id)
            if line is not None:
                comes_s = max((booking.due_ms - now_ms) / 1000 + COMES_LATE_S, NOT_HERE_S)
                line.coming.append(_Entry(comes_s, None, booking.show_probability, False))
        self.booked = False
        for line in (self.common, *lines.values()):
            line.early = deque(sorted(line.early, key=lambda entry: entry.key))
            line.coming = deque(sorted(line.coming, key=lambda entry: entry.key))
            self.booked = self.booked or bool(line.early or line.coming)
        self.shared = bool(self.common.waiting or self.common.early or self.common.coming)
        total = math.fsum(doctor.rate for doctor in self.doctors)
        self.unsure = DAY_SD**2 + math.fsum((doctor.rate / total) ** 2 * doctor.unsure for doctor in self.doctors)
        self.rate, self.active, self.starts, self.done_var = 0.0, 0, 0.0, 0.0
        self.calls: list[Taken] = []

    def taken(self) -> list[Taken]:
        """Everybody here who is called, in the order of the calls."""
        for doctor in self.doctors:
            if doctor.free_s <= 0:
                self._take(doctor, 0.0)
        if self.shared:
            self._spread()
        order = sorted(self.doctors, key=lambda doctor: doctor.ready_s)
        ready = [doctor.ready_s for doctor in order]
        heap = [(doctor.free_s, number) for number, doctor in enumerate(order)]
        heapify(heap)
        while self.here and heap:
            at_s, number = heap[0]
            while self.active < len(order) and (self.active <= number or ready[self.active] <= at_s):
                self.rate += order[self.active].rate
                self.active += 1
            if self._take(order[number], at_s):
                heapreplace(heap, (order[number].free_s, number))
            else:
                heappop(heap)
        return self.calls

    def _spread(self) -> None:
        """Let busy doctors who share a queue become free one after another; `later_s` keeps the difference.

        The first of several to be free is free before any of them is expected to be. By the time t a doctor has started
        (t - f) / m + (1 + s²) / 2 consultations on average (renewal theory; nothing where that is below 0, and where it
        is above 0 from the beginning, t / f until the two meet). The k-th start of all is where those sum to
        k - 1 + `_lead`: exact for one doctor, and for any number of them where s = 1.
        """
        busy = sorted((doctor for doctor in self.doctors if doctor.free_s >= 1), key=lambda doctor: doctor.ready_s)
        if len(busy) < 2:
            return
        turns: list[tuple[float, float]] = []
        for doctor in busy:
            if doctor.ready_s >= 0:
                turns.append((doctor.ready_s, doctor.rate))
            else:
                first = 1 / doctor.free_s
                turns.append((0.0, first))
                turns.append((-doctor.ready_s * doctor.free_s / (doctor.mean_s - doctor.free_s), doctor.rate - first))
        turns.sort()
        half = math.fsum(doctor.half_s * doctor.rate for doctor in busy) / len(busy)
        slope, lag, turned = 0.0, 0.0, 0
        for place, doctor in enumerate(busy):
            starts = place + lead_of(half, place, len(busy))
            while turned < len(turns) and (slope <= 0 or turns[turned][0] * slope - lag < starts):
                slope += turns[turned][1]
                lag += turns[turned][0] * turns[turned][1]
                turned += 1
            at_s = (starts + lag) / slope
            if at_s < doctor.ready_s:
                at_s = doctor.ready_s + doctor.mean_s / 2
            doctor.later_s, doctor.free_s = doctor.free_s - at_s, at_s

    def _take(self, doctor: _Doctor, at_s: float) -> bool:
        """Let the doctor, free at at_s, take the next for them; False where there will be nobody."""
        self.done_var += doctor.stretch_var * doctor.rate**2
        own_var = doctor.before_var + doctor.stretch_var
        shared_var = self._shared_var(at_s)
        seen_s = at_s
        if self.booked:
            variance = min(own_var, shared_var) if self.shared else own_var
            seen_s = quantile(
                at_s, variance + at_s**2 * (self.unsure if self.shared else doctor.unsure + DAY_SD**2), self.level
            )
        found = self._next(doctor.line, seen_s)
        if found is None:
            return False
        line, queue = found
        entry = queue.popleft()
        if entry.visit_id is None and entry.key > seen_s:
            at_s, own_var = entry.key, 0.0
        if line is self.common:
            self.starts += entry.shows if at_s > 0 else 0.0
            own_var, unsure, doctor.later_s = shared_var, self.unsure, 0.0
        else:
            unsure = doctor.unsure + DAY_SD**2
        if entry.visit_id is not None:
            self.here -= 1
            call = 0.0, max(0.0, at_s + doctor.later_s), own_var
            if queue is line.early and at_s > 0:
                call = self._from_due(entry.key, seen_s, call, doctor, line is self.common)
            since_s, mean_s, variance = call
            self.calls.append(Taken(entry.visit_id, line.number, since_s, mean_s, variance + mean_s**2 * unsure))
        takes_s = entry.shows * doctor.mean_s
        doctor.free_s, doctor.before_var = at_s + takes_s, own_var
        doctor.stretch_var = max(0.0, entry.shows * doctor.second - takes_s**2)
        return True

    def _from_due(
        self, due_s: float, seen_s: float, call: tuple[float, float, float], doctor: _Doctor, shared: bool
    ) -> tuple[float, float, float]:
        """When a booking that came early is called: (since_s, mean_s, variance after that).

        call: what the run says.  shared: any doctor may call.
        From its time on it waits for the next doctor to be free, or for a few, not for the uncertain queue behind it.
        Where it is called before its time since nobody else waits, walk-ins may still come and pass it: not in the
        middle, but at the upper end it is called at its time.
        """
        rate, doctors = (self.rate, self.active) if shared else (doctor.rate, 1)
        before = max(0, int((seen_s - due_s) * rate))
        if before >= doctors:
            return call
        half = doctor.half_s * doctor.rate
        spare = min(1.0, doctor.half_var * doctor.rate**2 + PHASE * (doctors - 1)) + before * doctor.square
        met = due_s, (before + lead_of(half, before, doctors)) / rate, spare / rate**2
        return met if seen_s >= due_s or self.level > 0 else call

    def _shared_var(self, at_s: float) -> float:
        """Variance of the next start in the common line, expected at at_s.

        Of the work that all have done by then and of where each is in theirs; at most that of starts by pure chance.
        """
        if at_s <= 0:
            return 0.0
        phase = min(self.starts + 1, PHASE * (self.active - 1))
        return min((self.done_var + phase) / self.rate**2, at_s**2 / (self.starts + 1))

    def _next(self, own: _Line, at_s: float) -> tuple[_Line, deque[_Entry]] | None:
        """Who is next for the doctor of the line `own`, free at at_s: the first of what is given."""
        common = self.common
        if common.waiting and not (own.waiting and own.waiting[0].key < common.waiting[0].key):
            waiting = common, common.waiting
        else:
            waiting = own, own.waiting
        if not self.booked or (waiting[1] and waiting[1][0].firm):
            return waiting if waiting[1] else None
        early = _first((common, common.early), (own, own.early))
        coming = _first((common, common.coming), (own, own.coming))
        booked = _first(early, coming)
        if booked[1] and booked[1][0].key <= at_s:
            return booked
        return next((one for one in (waiting, early, coming) if one[1]), None)


def _first(one: tuple[_Line, deque[_Entry]], other: tuple[_Line, deque[_Entry]]) -> tuple[_Line, deque[_Entry]]:
    """The one whose time comes first; `other` where `one` is empty."""
    return one if one[1] and not (other[1] and other[1][0].key < one[1][0].key) else other
