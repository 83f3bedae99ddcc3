"""Promised waits beside the waits there were, on simulated clinic days; and beside the seeds' fixed 15 minutes.

A clinic has 2 to 5 doctors, who need 6 to 25 minutes each (log-normal, sigma 0.4 to 0.6; on one day 8 % faster or
slower than on another) and of whom the program knows nothing: it starts with 15 minutes and learns. Half of the
doctors' time is booked, the rest comes as it comes, twice as many in the first hours; 10 to 20 % of those booked never
come, the others around 5 minutes before their time, give or take 12; now and then an emergency goes before all. In half
of the clinics everybody has their doctor and each doctor a queue, in the other half the doctors share one.

The order is that of a clinic with appointments: emergencies; bookings whose time has come, unless they came more than
15 minutes late; then everybody as they came; last the bookings that are early (30 minutes at most: before that they do
not count as here). Promises are made on arrival, from what the clinic knows then.
"""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from pathlib import Path
from typing import NamedTuple

from edge.domain.estimates import (
    Ahead,
    Due,
    Range,
    Server,
    accuracy,
    backlog,
    learned,
    pool_of,
    run_ahead,
    still_comes,
)
from tests.benchmarks.measure import ROUNDS, Result, ratios

CLINICS, DAYS = 6, 10
"""Of each kind, a round."""
OPEN_S, LAST_ARRIVAL_S, MORNING_S = 8 * 3600, 7 * 3600, 9000
EARLY_S, LATE_S = 30 * 60, 15 * 60
WAY_S = (10.0, 60.0)
"""From the call to the beginning of the consultation."""
FIXED_S = 15 * 60


class Promise(NamedTuple):
    """What somebody was told on arrival, by several ways of telling, and what came of it."""

    own_queue: bool
    walk_in: bool
    doctors: int
    """Who may call them."""
    ahead: int
    told: Range
    quick: Range
    """As `backlog` has it."""
    told_by_who_knows: Range
    """As `run_ahead` has it from the doctors' true times of that day."""
    waited_s: float


@dataclass(eq=False)
class Doctor:
    """A doctor and, in `took_s`, what the clinic saw of them."""

    id: str
    mean_s: float
    sd_log: float
    took_s: list[float] = field(default_factory=list)
    today: float = 1.0
    visit: Visit | None = None
    called_s: float = 0.0
    since_s: float | None = None

    @property
    def true_s(self) -> float:
        """What a visit takes today from the call to the end, on average."""
        return self.mean_s * self.today + sum(WAY_S) / 2


@dataclass(eq=False)
class Visit:
    """arrives_s None: never comes."""

    id: str
    doctor: Doctor | None
    arrives_s: float | None
    due_s: float | None = None
    emergency: bool = False
    called_s: float = 0.0

    @property
    def doctor_id(self) -> str | None:
        """As `Ahead` and `Due` ask for it."""
        return None if self.doctor is None else self.doctor.id

    def order(self, now_s: float) -> tuple[int, float]:
        """The key of the calling order."""
        assert self.arrives_s is not None
        if self.emergency:
            return 0, self.arrives_s
        if self.due_s is None or self.arrives_s > self.due_s + LATE_S:
            return 2, self.arrives_s
        return (1 if self.due_s <= now_s else 3), self.due_s

    def due_ms(self, now_s: float) -> int | None:
        """As `Ahead` asks for it."""
        rank, moment_s = self.order(now_s)
        return None if rank == 2 else int(moment_s * 1000)


class Clinic:
    """Days on end in one clinic."""

    def __init__(self, rng: random.Random, own_queues: bool) -> None:
        self._rng, self._own_queues = rng, own_queues
        self._doctors = [
            Doctor(f"d{number}", math.exp(rng.uniform(math.log(360), math.log(1500))), rng.uniform(0.4, 0.6))
            for number in range(rng.randint(2, 5))
        ]
        self._no_shows, self._demand = rng.uniform(0.1, 0.2), rng.uniform(0.9, 1.05)
        self._came, self._booked = 9, 10

    def day(self) -> Iterator[Promise]:
        """One day, until everybody was seen."""
        rng, number = self._rng, count()
        for doctor in self._doctors:
            doctor.today = math.exp(rng.gauss(0, 0.08))
        visits = list(self._visits())
        self._coming = [visit for visit in visits if visit.due_s is not None]
        self._waiting: list[Visit] = []
        self._happens: list[tuple[float, int, Callable[[float], None]]] = []
        self._number, self._promised = number, list[tuple[Visit, Promise]]()
        for visit in visits:
            if visit.arrives_s is not None:
                self._at(visit.arrives_s, self._arrival(visit))
        while self._happens:
            now_s, _, happens = heappop(self._happens)
            happens(now_s)
        self._booked += sum(visit.due_s is not None for visit in visits)
        self._came += sum(visit.due_s is not None and visit.arrives_s is not None for visit in visits)
        for visit, promise in self._promised:
            assert visit.arrives_s is not None
            yield promise._replace(waited_s=visit.called_s - visit.arrives_s)

    def _visits(self) -> Iterator[Visit]:
        rng, number = self._rng, count()
        rates = [1 / (doctor.mean_s + sum(WAY_S) / 2) for doctor in self._doctors]
        for doctor, rate in zip(self._doctors, rates, strict=True):
            step_s = (1 - self._no_shows) / (rate * self._demand * 0.5)
            at_s = rng.uniform(0, step_s)
            while at_s < LAST_ARRIVAL_S:
                due_s = round(at_s / 300) * 300.0
                comes_s = max(0.0, due_s - EARLY_S, due_s + rng.gauss(-300, 720))
                arrives_s = None if rng.random() < self._no_shows else comes_s
                yield Visit(f"v{next(number)}", doctor if self._own_queues else None, arrives_s, due_s)
                at_s += step_s
        for share, emergency in ((0.47, False), (0.03, True)):
            at_s = 0.0
            while True:
                busy = 1.0 if emergency else 1.5 if at_s < MORNING_S else 0.72
                at_s += rng.expovariate(sum(rates) * self._demand * share * busy)
                if at_s > LAST_ARRIVAL_S:
                    break
                doctor_or_none = rng.choices(self._doctors, rates)[0] if self._own_queues else None
                yield Visit(f"v{next(number)}", doctor_or_none, at_s, emergency=emergency)

    def _at(self, moment_s: float, happens: Callable[[float], None]) -> None:
        heappush(self._happens, (moment_s, next(self._number), happens))

    def _arrival(self, visit: Visit) -> Callable[[float], None]:
        def arrives(now_s: float) -> None:
            self._waiting.append(visit)
            if visit.due_s is not None:
                self._coming.remove(visit)
            self._promised.append((visit, self._promise(visit, now_s)))
            for doctor in self._able(visit):
                if doctor.visit is None:
                    self._call(doctor, now_s)
                    break

        return arrives

    def _able(self, visit: Visit) -> list[Doctor]:
        return self._doctors if visit.doctor is None else [visit.doctor]

    def _call(self, doctor: Doctor, now_s: float) -> None:
        rng = self._rng
        mine = [visit for visit in self._waiting if visit.doctor in (None, doctor)]
        if not mine:
            return
        visit = min(mine, key=lambda one: one.order(now_s))
        self._waiting.remove(visit)
        visit.called_s = doctor.called_s = now_s
        doctor.visit, doctor.since_s = visit, None
        begins_s = now_s + rng.uniform(*WAY_S)
        mu = math.log(doctor.mean_s * doctor.today) - doctor.sd_log**2 / 2

        def begins(now_s: float) -> None:
            doctor.since_s = now_s

        def ends(now_s: float) -> None:
            doctor.took_s.append(now_s - doctor.called_s)
            doctor.visit = doctor.since_s = None
            self._call(doctor, now_s)

        self._at(begins_s, begins)
        self._at(begins_s + rng.lognormvariate(mu, doctor.sd_log), ends)

    def _promise(self, visit: Visit, now_s: float) -> Promise:
        now_ms, came = int(now_s * 1000), self._came / self._booked
        order = sorted(self._waiting, key=lambda one: one.order(now_s))
        queue = [Ahead(one.id, one.due_ms(now_s), one.doctor_id) for one in order]
        due = [
            Due(int(one.due_s * 1000), one.doctor_id, still_comes(came, now_s - one.due_s))
            for one in self._coming
            if one.due_s is not None and now_s < one.due_s + LATE_S
        ]
        servers = [self._server(doctor, *learned(doctor.took_s)) for doctor in self._doctors]
        knowing = [self._server(doctor, doctor.true_s, doctor.sd_log, 10**6) for doctor in self._doctors]
        told = run_ahead(queue, due, servers, now_ms)[visit.id]
        told_by_who_knows = run_ahead(queue, due, knowing, now_ms)[visit.id]
        mine = {doctor.id for doctor in self._able(visit)}
        early = [Due(one.due_ms, one.doctor_id, 1.0) for one in queue if one.due_ms is not None and one.due_ms > now_ms]
        pool = pool_of(
            [server for server in servers if server.doctor_id in mine], now_ms,
            [one for one in due + early if one.doctor_id is None or one.doctor_id in mine],
        )  # fmt: skip
        ahead = sum(one.doctor is visit.doctor for one in order[: order.index(visit)])
        assert pool is not None
        quick = backlog(ahead, *pool)
        assert told is not None and told_by_who_knows is not None and quick is not None
        return Promise(
            self._own_queues, visit.order(now_s)[0] == 2, len(mine), ahead, told, quick, told_by_who_knows, 0.0
        )

    def _server(self, doctor: Doctor, mean_s: float, sd_log: float, known: int) -> Server:
        since_ms = None if doctor.since_s is None else int(doctor.since_s * 1000)
        called = doctor.visit is not None and doctor.since_s is None
        return Server(doctor.id, mean_s, sd_log, since_ms, called, known=known)


def promises(seed: int, clinics: int = CLINICS, days: int = DAYS) -> list[Promise]:
    """Everything told in so many clinics of each kind; the same for the same seed."""
    rng = random.Random(seed)
    found: list[Promise] = []
    for own_queues in (True, False):
        for _ in range(clinics):
            clinic = Clinic(rng, own_queues)
            for _ in range(days):
                found += clinic.day()
    return found


def error_min(told: Sequence[Promise], by: Callable[[Promise], float]) -> float:
    """The mean distance between what was told and what came, in minutes."""
    return statistics.fmean(abs(by(one) - one.waited_s) for one in told) / 60


def told_s(one: Promise) -> float:
    """Ours."""
    return one.told.mid_s


def fixed_s(one: Promise) -> float:
    """The seeds' way: 15 minutes for each of the people ahead."""
    return float(one.ahead * FIXED_S)


def fixed_shared_s(one: Promise) -> float:
    """More than the seeds say: the people ahead shared out to the doctors."""
    return one.ahead * FIXED_S / one.doctors


def inside(told: Sequence[Promise], by: Callable[[Promise], Range]) -> float:
    """The share of waits inside the range; half a second is no difference."""
    return accuracy(
        [(by(one).low_s - 0.5, by(one).mid_s, by(one).high_s + 0.5, one.waited_s) for one in told]
    ).covered_share


def inside_as_read(told: Sequence[Promise]) -> float:
    """The same of the ranges as people read them, in minutes."""
    ranges = [(one.told.minutes(), one.waited_s / 60) for one in told]
    return sum(low <= waited <= high for (low, _, high), waited in ranges) / len(ranges)


async def run(folder: Path, seconds: float) -> Result:
    """Three rounds with seeds of their own. Nothing here depends on the machine."""
    result = Result(f"promised waits (simulated: {2 * CLINICS} clinics, {DAYS} days a round)")
    every = [promises(seed) for seed in range(1, ROUNDS + 1)]
    _figures(result, "", every)
    _figures(result, "own queues: ", [[one for one in told if one.own_queue] for told in every])
    shared = [[one for one in told if not one.own_queue] for told in every]
    _figures(result, "shared queue: ", shared)
    kind = [error_min(told, told_s) / error_min(told, fixed_shared_s) for told in shared]
    result.add("shared queue: promise : fixed / doctors", "", kind)
    walk_ins = [[one for one in told if one.walk_in] for told in every]
    quick = [error_min(told, lambda one: one.quick.mid_s) / error_min(told, fixed_s) for told in walk_ins]
    result.add(
        "walk-ins: promise : fixed", "", [error_min(told, told_s) / error_min(told, fixed_s) for told in walk_ins]
    )
    result.add("walk-ins, in constant time: promise : fixed", "", quick)
    covered = [100 * inside(told, lambda one: one.quick) for told in walk_ins]
    result.add("walk-ins, in constant time: inside", "%", covered, ">= 80 %", lambda x: x >= 80)
    result.remarks += [
        f"{sum(map(len, every)):,} promises, each from what the clinic knew on arrival; the same on every machine",
        "fixed: 15 minutes x people ahead; fixed / doctors: kinder than the seeds, shared out to the doctors",
        "true times known: told by the same run from each doctor's own times of that day; what is left is chance",
    ]
    return result


def _figures(result: Result, name: str, rounds: Sequence[Sequence[Promise]]) -> None:
    error, fixed = [error_min(told, told_s) for told in rounds], [error_min(told, fixed_s) for told in rounds]
    knowing = [error_min(told, lambda one: one.told_by_who_knows.mid_s) for told in rounds]
    result.add(f"{name}wait", "min", [statistics.fmean(one.waited_s for one in told) / 60 for told in rounds])
    result.add(f"{name}error of the promise", "min", error)
    result.add(f"{name}error of the fixed 15 minutes", "min", fixed)
    result.add(f"{name}promise : fixed", "", ratios(error, fixed), "<= 0.5", lambda x: x <= 0.5)
    result.add(f"{name}true times known : fixed", "", ratios(knowing, fixed))
    covered = [100 * inside(told, lambda one: one.told) for told in rounds]
    result.add(f"{name}inside the range", "%", covered, ">= 80 %", lambda x: x >= 80)
    result.add(f"{name}inside as people read it", "%", [100 * inside_as_read(told) for told in rounds])
