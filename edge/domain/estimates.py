"""How long somebody will wait: the queue run ahead, as a range.

What is known: who waits and in which order, which bookings are still to come, which doctors are open, since when each
has had somebody, and how long each one's consultations took lately. What is assumed: consultations are log-normal and
independent. The run moves means and variances, nothing random: the same values give the same answer.

A wait is from `now_ms` until the call, in seconds; moments (`..._ms`) are in ms since 1970 UTC.

`run_ahead` for a whole queue, `backlog` for one more at its end in constant time, `learned` for a doctor's pace,
`accuracy` for how honest the promises were.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from edge.domain.estimates_base import (
    BOOKED_AHEAD_S,
    BOOKED_MAX,
    COMES_SPREAD_S,
    DAY_SD,
    DEFAULT_CONSULTATION_S,
    DEFAULT_SD_LOG,
    HISTORY_MAX,
    PHASE,
    PRIOR_WEIGHT,
    Accuracy,
    Ahead,
    Due,
    Pool,
    Range,
    Server,
    Z,
    lead_of,
    learned,
    left_of,
    quantile,
    residual,
    still_comes,
    unsure_of,
)
from edge.domain.estimates_run import Run, at_level

__all__ = [
    "BOOKED_AHEAD_S",
    "BOOKED_MAX",
    "COMES_SPREAD_S",
    "DAY_SD",
    "DEFAULT_CONSULTATION_S",
    "DEFAULT_SD_LOG",
    "HISTORY_MAX",
    "PHASE",
    "PRIOR_WEIGHT",
    "Accuracy",
    "Ahead",
    "Due",
    "Pool",
    "Range",
    "Server",
    "Z",
    "accuracy",
    "backlog",
    "learned",
    "pool_of",
    "quantile",
    "residual",
    "run_ahead",
    "still_comes",
]


def pool_of(servers: Sequence[Server], now_ms: int, due: Iterable[Due] = ()) -> Pool | None:
    """The doctors of one queue as `backlog` takes them, None without any. Keep it for as long as nothing changes much.

    due: bookings that will be called before whoever is at the end of the queue, also those who are here early (with a
        probability of 1); those of the next BOOKED_AHEAD_S count.
    """
    if not servers:
        return None
    rate = math.fsum(1 / server.mean_s for server in servers)
    shares = [1 / (server.mean_s * rate) for server in servers]
    left = [left_of(server, now_ms)[0] for server in servers]
    until_ms = now_ms + BOOKED_AHEAD_S * 1000
    booked = math.fsum(booking.show_probability for booking in due if booking.due_ms <= until_ms)
    return Pool(
        mean_s=len(servers) / rate,
        sd_log=math.sqrt(math.fsum(share * server.sd_log**2 for share, server in zip(shares, servers, strict=True))),
        servers_count=len(servers),
        residual_s=math.fsum(share * each for share, each in zip(shares, left, strict=True)) if min(left) > 0 else 0.0,
        known=len(servers) / math.fsum(1 / (server.known + PRIOR_WEIGHT) for server in servers) - PRIOR_WEIGHT,
        booked=min(BOOKED_MAX, booked / (rate * BOOKED_AHEAD_S)),
    )


def backlog(
    ahead_count: int,
    mean_s: float = DEFAULT_CONSULTATION_S,
    sd_log: float = DEFAULT_SD_LOG,
    servers_count: int = 1,
    residual_s: float | None = None,
    known: float = 0.0,
    booked: float = 0.0,
) -> Range | None:
    """The wait behind ahead_count people in one queue, in constant time; None without doctors.

    What `run_ahead` says of the last in a queue of walk-ins, the doctors being alike and bookings coming evenly.
    residual_s: what the doctors' consultations have left, on average; 0 where one is free; None where it is not known.
    known: how many consultations a doctor's mean was learned from.  booked: share of the doctors' time that goes to
        bookings not here yet, 0..BOOKED_MAX.
    Of c renewal processes laid over each other the k-th start is at f + (m/c) ((k - 1) - (c - 1) (1 + s²) / 2), with f
    the residual, m the mean and s² the squared variation of a consultation.
    """
    if servers_count < 1:
        return None
    square = math.expm1(sd_log**2)
    half, each = min(1.0, (1 + square) / 2), mean_s / servers_count
    left_s = mean_s * half if residual_s is None else residual_s
    if left_s <= 0 and ahead_count == 0:
        return Range(0.0, 0.0, 0.0)
    at_s = max(
        left_s + each * (ahead_count - (servers_count - 1) * half),
        min(left_s, mean_s) / servers_count * (ahead_count + lead_of(half, ahead_count, servers_count)),
    )
    slower = 1 / (1 - min(booked, BOOKED_MAX))
    at_s *= slower
    starts = (ahead_count + 1 + at_s * booked / each) * square + min(ahead_count + 1, PHASE * (servers_count - 1))
    starts += min(at_s, 2 * COMES_SPREAD_S) * booked / each
    variance = min((each * slower) ** 2 * starts, at_s**2 / (ahead_count + 1) * slower)
    variance += at_s**2 * (unsure_of(sd_log, known) / servers_count + DAY_SD**2)
    return Range(quantile(at_s, variance, -Z), quantile(at_s, variance, 0), quantile(at_s, variance, Z))


def accuracy(promises: Sequence[tuple[float, float, float, float]]) -> Accuracy:
    """Score promises, each (low_s, mid_s, high_s, actual_s). Covered: low <= actual <= high. Of none, all is 0."""
    count = len(promises)
    if count == 0:
        return Accuracy(0, 0.0, 0.0, 0.0)
    return Accuracy(
        count,
        math.fsum(abs(mid - actual) for _, mid, _, actual in promises) / count,
        sum(low <= actual <= high for low, _, high, actual in promises) / count,
        math.fsum(mid - actual for _, mid, _, actual in promises) / count,
    )


def run_ahead(
    queue: Sequence[Ahead], due: Sequence[Due], servers: Sequence[Server], now_ms: int
) -> dict[str, Range | None]:
    """The wait of everybody in `queue`, by visit id; None where no doctor is here who may call them.

    queue: in calling order.  due: in any order.
    Always the doctor who is free first takes the next for them: of those who wait the first in calling order, but a
    booking whose time has come before anyone who may be overtaken. Everyone takes the doctor's mean times the
    probability that they show. Where there are bookings the queue is run three times, for low, mid and high: a queue
    that goes slowly meets more bookings whose time has come. Nobody gets less than somebody before them whom the same
    doctors may call. O(n log d) for n people and d doctors.
    """
    found: dict[str, Range | None] = dict.fromkeys([one.visit_id for one in queue])
    if not servers:
        return found
    levels = (-Z, 0.0, Z)
    if due or any(one.due_ms is not None and one.due_ms > now_ms for one in queue):
        low, mid, high = (at_level(Run(queue, due, servers, now_ms, z).taken(), z) for z in levels)
    else:
        taken = Run(queue, due, servers, now_ms, 0.0).taken()
        low, mid, high = (at_level(taken, z) for z in levels)
    for visit_id, mid_s in mid.items():
        found[visit_id] = Range(min(low[visit_id], mid_s), mid_s, max(mid_s, high[visit_id]))
    return found
