"""Where those who wait stand, and how old what the cloud knows is.

The clinic decides who is next, by policies, turns and places given by hand that no event carries. So it says itself, with
its beats, where everybody stands (`site_state.standing`), and the cloud shows just that. For who is not told of (arrived
within the last two seconds, beyond the first 250, or at a clinic whose program is older) a plain rule stands in: behind
those of the same queue who are told of, emergencies first, then by arrival. The wait is then what was promised at
arrival, less what has passed of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

Row = Mapping[str, Any]
"""A row of `visits`."""
Wait = tuple[int, int, int]
"""Shortest, likely, longest, in minutes."""
STEP_MIN = 5
"""People read waits in steps of five minutes: from, down; to, up."""


class Place(NamedTuple):
    """position: 1 is next, 0 called or inside.  wait: None where nobody can say.  no_doctor: because no doctor is here."""

    position: int
    wait: Wait | None = None
    no_doctor: bool = False


def told_of(standing: Iterable[Sequence[Any]] | None) -> dict[int, Place]:
    """What the clinic told, by the small number of the visit."""
    told = {}
    for number, position, low, mid, high in standing or ():
        wait = None if low is None or mid is None or high is None else (low, mid, high)
        told[number] = Place(position, wait, wait is None)
    return told


def places(visits: Iterable[Row], told: Mapping[int, Place], now_ms: int) -> dict[str, Place]:
    """Where the visits of one site's day stand, by their id; those not in the queue are left out."""
    found: dict[str, Place] = {}
    waiting = []
    for visit in visits:
        if visit["status"] in ("called", "in_consultation"):
            found[visit["visit_id"]] = Place(0, (0, 0, 0))
        elif visit["status"] == "waiting":
            waiting.append(visit)
    newest = {visit["number"]: visit["ordinal"] for visit in sorted(waiting, key=lambda visit: int(visit["ordinal"]))}

    def its(visit: Row) -> Place | None:
        """What was told of it. Of two with one number, from a store that was restored, the newer is meant."""
        return told.get(visit["number"]) if newest[visit["number"]] == visit["ordinal"] else None

    in_service: Counter[str] = Counter()
    with_doctor: Counter[tuple[str, str | None]] = Counter()
    for visit in sorted(waiting, key=lambda visit: (not visit["is_emergency"], its(visit) is None, *_arrival(visit))):
        service, doctor_id = visit["service"], visit["doctor_id"]
        before = in_service[service]
        if doctor_id is not None:  # a doctor's queue holds those of the service who have no doctor yet
            before = with_doctor[service, doctor_id] + with_doctor[service, None]
        found[visit["visit_id"]] = its(visit) or Place(before + 1, _promised(visit, now_ms))
        in_service[service] += 1
        with_doctor[service, doctor_id] += 1
    return found


def as_of_ms(row: Mapping[str, Any], now_ms: int) -> int | None:
    """Up to which moment the cloud knows all that happened in a clinic's queue; None when it knows nothing.

    row: complete_ms, complete_upto, read_upto and read_ms of `rows.FACTS`. The last time the clinic said that it has
    nothing to send, once readers have come so far; or the moment of the last event that was read.
    """
    known = []
    if row["complete_ms"] is not None and (row["read_upto"] or 0) >= row["complete_upto"]:
        known.append(row["complete_ms"])
    if row["read_ms"] is not None:
        known.append(min(row["read_ms"], now_ms))
    return max(known, default=None)


def _arrival(visit: Row) -> tuple[int, int]:
    return (visit["arrived_ms"] or visit["created_ms"], visit["number"])


def _promised(visit: Row, now_ms: int) -> Wait | None:
    low_s, high_s, since_ms = visit["promised_low_s"], visit["promised_high_s"], visit["arrived_ms"]
    if low_s is None or high_s is None or since_ms is None:
        return None
    passed_s = max(0, now_ms - since_ms) / 1000
    if passed_s >= high_s:
        return None
    low_s, high_s = max(0.0, low_s - passed_s), high_s - passed_s
    low, high = int(low_s // 60) // STEP_MIN * STEP_MIN, -(-int(high_s // 60 + 1) // STEP_MIN) * STEP_MIN
    return low, round((low_s + high_s) / 120), high
