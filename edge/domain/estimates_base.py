"""What estimates are made of: doctors, people, consultation times, and the distributions behind them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

DEFAULT_CONSULTATION_S = 900.0
"""A consultation's mean before a doctor has a history (decision 11: 15 minutes)."""
DEFAULT_SD_LOG = 0.5
"""Standard deviation of the logarithm of consultation times before there is a history: 2 of 3 are x 0.6 to x 1.65."""
HISTORY_MAX = 50
"""How many of a doctor's latest consultations count."""
PRIOR_WEIGHT = 2.0
"""How many consultations the defaults are worth: (DEFAULT_SD_LOG / 0.35)², as doctors' means differ by 0.35 (log)."""
SHORTEST_S, LONGEST_S = 10.0, 4 * 3600.0
"""Shorter is a slip of the finger and is ignored; longer is a consultation nobody ended and counts as this long."""
OUTLIER_LOG = 1.5
"""A consultation more than 4.5 times longer or shorter than the doctor's median counts as 4.5 times."""
DAY_SD = 0.1
"""How far a day is from other days, relative: the doctors' pace, how many emergencies come. No history narrows this."""
COMES_EARLY_S, COMES_SPREAD_S = 300.0, 420.0
"""Half of those with a booking have come this long before its time; scale of the logistic distribution around that."""
COMES_LATE_S = 120.0
"""When a booking enters the queue, after its time: those who are early wait for it, some are late (ZMS: 2 minutes)."""
NOT_HERE_S = 300.0
"""Who is not here now is not expected sooner than this, also where the time of the booking has passed."""
BOOKED_AHEAD_S, BOOKED_MAX = 7200.0, 0.8
"""`pool_of` looks so far ahead for bookings, and takes them for at most this share of the doctors' time."""
PHASE = 0.125
"""Variance, in starts and for each doctor more than one, of where doctors are in their consultations: 1/6 with a
regular rhythm, 0.12 with log-normal consultations of sigma 0.5."""
Z = 1.2816
"""Standard normal quantile of 90 %: a range goes from the 10 % to the 90 % quantile."""


class Range(NamedTuple):
    """How long until the call, in seconds: eight of ten wait between low and high, half of all at most mid."""

    low_s: float
    mid_s: float
    high_s: float

    def minutes(self) -> tuple[int, int, int]:
        """(low, mid, high) as people read them: mid to the nearest minute, low down and high up to five minutes.

        low <= mid <= high, and high is at least 5.
        """
        low, high = 5 * math.floor(self.low_s / 300), 5 * max(1, math.ceil(self.high_s / 300))
        return low, math.floor(self.mid_s / 60 + 0.5), high


class Server(NamedTuple):
    """A doctor who is open for this queue; who is away or on a break is left out.

    mean_s (above 0), sd_log, known: as `learned` gives them.  called: has called somebody who has not begun.
    busy_since_ms: when the consultation in progress began, or None.  extra_delay_s: as an emergency message announced.
    """

    doctor_id: str
    mean_s: float = DEFAULT_CONSULTATION_S
    sd_log: float = DEFAULT_SD_LOG
    busy_since_ms: int | None = None
    called: bool = False
    extra_delay_s: float = 0.0
    known: int = 0


class Ahead(NamedTuple):
    """Somebody who is here and waits.

    due_ms: None for who is overtaken by bookings whose time has come (a walk-in, a booking that came too late); now or
        before for who is not (a booking whose time has come, an emergency); later for a booking that is early: called
        from then on before those with None, and sooner if nobody else waits. Where the queue's policy lets no booking
        overtake, all are None and no `Due` is given.
    doctor_id: the only doctor who may call them, or None for any.  show_probability: 0..1, that they answer the call.
    """

    visit_id: str
    due_ms: int | None = None
    doctor_id: str | None = None
    show_probability: float = 1.0


class Due(NamedTuple):
    """A booking that is not here, and whom the queue's policy would call before walk-ins.

    show_probability: 0..1, as `still_comes` gives it.
    """

    due_ms: int
    doctor_id: str | None = None
    show_probability: float = 0.85


class Pool(NamedTuple):
    """Doctors taken together, in the order of what `backlog` asks: ``backlog(ahead_count, *pool)``."""

    mean_s: float
    sd_log: float
    servers_count: int
    residual_s: float
    known: float
    booked: float


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How honest promises were. bias_s: mean of mid - actual, below 0 where people waited longer than promised."""

    count: int
    mean_abs_error_s: float
    covered_share: float
    bias_s: float


def learned(durations_s: Sequence[float]) -> tuple[float, float, int]:
    """(mean_s, sd_log, n) of a doctor's consultations, for `Server`.

    durations_s: oldest first, the last HISTORY_MAX count; best from the call to the end, so that the way to the room is
        in it.  n: how many of those were used.
    Mean mu and variance sigma² of the logarithms, both drawn towards the defaults as if PRIOR_WEIGHT more consultations
    had been like them; the mean of a log-normal is exp(mu + sigma²/2). One that nobody ended moves it little.
    """
    logs = sorted(math.log(min(took_s, LONGEST_S)) for took_s in durations_s[-HISTORY_MAX:] if took_s >= SHORTEST_S)
    n = len(logs)
    if n == 0:
        return DEFAULT_CONSULTATION_S, DEFAULT_SD_LOG, 0
    median = (logs[(n - 1) // 2] + logs[n // 2]) / 2
    logs = [min(max(each, median - OUTLIER_LOG), median + OUTLIER_LOG) for each in logs]
    own_mu = math.fsum(logs) / n
    squares = math.fsum((each - own_mu) ** 2 for each in logs)
    variance = (PRIOR_WEIGHT * DEFAULT_SD_LOG**2 + squares) / (PRIOR_WEIGHT + n - 1)
    prior_mu = math.log(DEFAULT_CONSULTATION_S) - DEFAULT_SD_LOG**2 / 2
    mu = (PRIOR_WEIGHT * prior_mu + n * own_mu) / (PRIOR_WEIGHT + n)
    return math.exp(mu + variance / 2), math.sqrt(variance), n


def residual(mean_s: float, sd_log: float, elapsed_s: float) -> tuple[float, float]:
    """(mean, variance) of what is left of a consultation that has lasted elapsed_s: not below 0, growing when overdue.

    For a log-normal X with parameters mu and sigma, and Phi the standard normal distribution function,
    E[X^k | X > e] = exp(k mu + k² sigma² / 2) Phi((mu + k sigma² - ln e) / sigma) / Phi((mu - ln e) / sigma).
    More than 30 sigma over is taken as 30.
    """
    if elapsed_s <= 1:
        return mean_s, mean_s**2 * math.expm1(sd_log**2)
    if sd_log < 0.01:
        return max(0.0, mean_s - elapsed_s), 0.0
    mu = math.log(mean_s) - sd_log**2 / 2
    over = min((math.log(elapsed_s) - mu) / sd_log, 30.0)
    elapsed_s = math.exp(mu + sd_log * over)
    longer = math.erfc(over / math.sqrt(2))
    first = mean_s * math.erfc((over - sd_log) / math.sqrt(2)) / longer
    second = mean_s**2 * math.exp(sd_log**2) * math.erfc((over - 2 * sd_log) / math.sqrt(2)) / longer
    return max(0.0, first - elapsed_s), max(0.0, second - first**2)


def still_comes(show_share: float, late_s: float) -> float:
    """The probability that a booking comes which has not come late_s after its time (before it: below 0); for `Due`.

    show_share: of all bookings, those that come. Bayes, those who come doing so around COMES_EARLY_S before the time.
    """
    left = 1 / (1 + math.exp(min(50.0, (late_s + COMES_EARLY_S) / COMES_SPREAD_S)))
    return show_share * left / (show_share * left + (1 - show_share))


def quantile(mean: float, variance: float, z: float) -> float:
    """Quantile of a gamma distributed wait (Wilson and Hilferty's cube), z being a standard normal's; never below 0."""
    if mean < 0.001:
        return 0.0
    square = variance / (mean * mean)
    return float(mean * max(0.0, 1 - square / 9 + z * math.sqrt(square) / 3) ** 3)


def left_of(server: Server, now_ms: int) -> tuple[float, float]:
    """(mean, variance) of the seconds until the doctor can call; (0, 0) of who is free, else the mean is at least 1."""
    if server.busy_since_ms is None and not server.called and server.extra_delay_s <= 0:
        return 0.0, 0.0
    left_s, variance = max(0.0, server.extra_delay_s), 0.0
    if server.busy_since_ms is not None:
        now_s, var = residual(server.mean_s, server.sd_log, (now_ms - server.busy_since_ms) / 1000)
        left_s, variance = left_s + now_s, variance + var
    if server.called:
        whole_s, var = residual(server.mean_s, server.sd_log, 0)
        left_s, variance = left_s + whole_s, variance + var
    return max(1.0, left_s), variance


def lead_of(half: float, place: int, doctors: int) -> float:
    """How many starts are expected by the time of start number `place` (from 0), less `place`.

    half: (1 + s²) / 2, so many in the long run. The first of many doctors start by pure chance: then it is 1. The way
    from the one to the other was fitted to simulated queues of 1 to 8 doctors.
    """
    return half + (1 - half) * max(0.0, 1 - 2 * (place + 1) / doctors)


def unsure_of(sd_log: float, known: float) -> float:
    """Relative variance of a mean learned from so many consultations."""
    return sd_log**2 / (known + PRIOR_WEIGHT)
