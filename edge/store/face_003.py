"""What seed 003 asks of the rows: a doctor's day hour by hour, its statistics, and how honest the promises of a day were.

A day is found by the index visits_day, so years of history cost nothing.
"""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from itertools import groupby
from typing import NamedTuple

from edge.domain import estimates, policies
from edge.domain.estimates import Accuracy
from edge.domain.suggestions import HOUR_MS, Hour
from edge.domain.visits import Status
from edge.store import people, queues, states
from edge.store.places import House, show_share
from edge.store.states import Row

HourOf = Callable[[int], int]
"""From a moment to the begin of its hour on the site's clock, ms."""
NOT_THERE = frozenset((Status.CANCELLED, Status.WAITLISTED))
"""Who has no part in a doctor's day."""
TO_SEE = frozenset((Status.BOOKED, Status.WAITING))
EXPECTED = frozenset((Status.BOOKED, Status.WAITING, Status.CALLED, Status.IN_CONSULTATION, Status.PARKED))
FREE_HOURS = range(9, 17)
"""Hours that can be suggested for a doctor who has no slots that day: any time can be booked then (decision 5)."""


def day_of(conn: sqlite3.Connection, doctor_id: str, day: str) -> list[Row]:
    """All visits with this doctor on a service-day, by number."""
    return states.visits_where(conn, "day = ? and +doctor_id = ?", (day, doctor_id))


def names_of(conn: sqlite3.Connection, visits: Iterable[Row]) -> dict[str, str]:
    """Names by person id, of those who have one."""
    ids = {visit["person_id"] for visit in visits if visit["person_id"] is not None}
    found = (people.person(conn, id_) for id_ in ids)
    return {person["id"]: person["name"] for person in found if person is not None and not person["erased"]}


def time_of(visit: Row) -> int:
    """The moment that says in which hour a visit falls (decision 5): of the booking, else of arrival."""
    moments = (visit["due_at"], visit["arrived_at"], visit["created_at"])
    return int(next(moment for moment in moments if moment is not None))


def in_calling_order(conn: sqlite3.Connection, house: House, doctor: Row, visits: Iterable[Row]) -> list[Row]:
    """Of these visits of one doctor, those booked or waiting, in the order they would be called if all came when booked."""
    wanted = {visit["id"]: visit for visit in visits if visit["status"] in TO_SEE}
    here = [ranked.visit for ranked in house.ranked.get(doctor["id"], ())]
    known = {visit["id"] for visit in here}
    # Who waits for a service that the doctor has left meanwhile stands in no queue of the doctor's, but still in the hour.
    here += [v for v in wanted.values() if v["status"] == Status.WAITING and v["id"] not in known]
    to_come = [
        {**v, "arrived_at": max(time_of(v), house.now_ms + 1)} for v in wanted.values() if v["status"] == Status.BOOKED
    ]
    policy = queues.policy_of(doctor, house.services.get(doctor["service"]))
    situation = queues.situation(conn, policy, house.loads, house.rules, house.now_ms)
    order = policies.order(policy[1], [*here, *to_come], situation)
    return [wanted[ranked.visit["id"]] for ranked in order if ranked.visit["id"] in wanted]


class Slot(NamedTuple):
    """An hour of a doctor's day. in_order: those booked or waiting, as they would be called.  others: the rest."""

    start_ms: int
    capacity: int
    in_order: list[Row]
    others: list[Row]


def hours_of(conn: sqlite3.Connection, house: House, doctor: Row, day: str, hour_of: HourOf) -> list[Slot]:
    """A doctor's day by the hours of the site's clock, those that have a slot or a visit."""
    visits = [v for v in day_of(conn, doctor["id"], day) if v["status"] != Status.CANCELLED]
    places = _places(conn, doctor["id"], day, hour_of)
    in_order: dict[int, list[Row]] = defaultdict(list)
    others: dict[int, list[Row]] = defaultdict(list)
    for visit in in_calling_order(conn, house, doctor, visits):
        in_order[hour_of(time_of(visit))].append(visit)
    for visit in visits:
        if visit["status"] not in TO_SEE:
            others[hour_of(time_of(visit))].append(visit)
    return [
        Slot(start, places.get(start, usual_capacity(house)), in_order[start], others[start])
        for start in sorted({*places, *in_order, *others})
    ]  # fmt: skip


def slot_of(conn: sqlite3.Connection, house: House, doctor: Row, start_ms: int, visits: list[Row]) -> Slot:
    """A part of a doctor's day in which these visits fall."""
    others = [visit for visit in visits if visit["status"] not in TO_SEE]
    return Slot(start_ms, 0, in_calling_order(conn, house, doctor, visits), others)


def hour_of_visit(conn: sqlite3.Connection, house: House, visit: Row, start_ms: int, hour_of: HourOf) -> list[Row]:
    """Those booked or waiting of a visit's hour, as its doctor would call them; of its service where it has no doctor."""
    doctor = house.doctors.get(visit["doctor_id"] or "")
    if doctor is not None:
        in_order = in_calling_order(conn, house, doctor, day_of(conn, doctor["id"], visit["day"]))
    else:
        in_order = [r.visit for r in house.ranked.get(visit["service"], ()) if r.visit["doctor_id"] is None]
    return [one for one in in_order if hour_of(time_of(one)) == start_ms]


def usual_capacity(house: House) -> int:
    """Places of an hour that no slot says anything about (decision 5)."""
    return max(1, 60 // house.rules.consultation_min)


def capacity_between(
    conn: sqlite3.Connection, house: House, doctor_id: str, day: str, start_ms: int, end_ms: int
) -> int:
    """How many a doctor can have between two moments: as the slots say, or as long as consultations usually are."""
    slots = _open_slots(conn, doctor_id, day)
    shares: list[float] = [
        slot["max_capacity"] * _common_ms(slot, start_ms, end_ms) / (slot["end_at"] - slot["start_at"])
        for slot in slots
    ]
    if sum(shares) > 0:
        return round(sum(shares))
    return max(1, (end_ms - start_ms) // (house.rules.consultation_min * 60_000))


def mean_s(conn: sqlite3.Connection, house: House, doctor_id: str) -> float:
    """A doctor's mean consultation, learned or as set."""
    row = conn.execute("select mean_s from doctor_times where doctor_id = ? and n > 0", (doctor_id,)).fetchone()
    return float(row[0]) if row else house.rules.consultation_min * 60.0


class DayPlan(NamedTuple):
    """What suggesting looks at, see `suggestions.suggest`."""

    hours: list[Hour]
    work: dict[int, float]
    mean_s: float
    backlog_s: float


def plan(conn: sqlite3.Connection, house: House, doctor: Row, day: str, hour_of: HourOf, free: list[int]) -> DayPlan:
    """The hours of a doctor's day that can be booked: those its slots cover, or where there are none those in `free`, but for
    those of a slot that was cancelled: the doctor is away then."""
    visits = [v for v in day_of(conn, doctor["id"], day) if v["status"] not in NOT_THERE]
    counted = Counter(hour_of(time_of(v)) for v in visits if v["status"] != Status.NO_SHOW)
    to_come = Counter(hour_of(time_of(v)) for v in visits if v["status"] == Status.BOOKED)
    share, is_today, mean = show_share(conn), day == house.day, mean_s(conn, house, doctor["id"])
    late_min = int(house.delays_s.get(doctor["id"], 0.0) // 60) if is_today else 0
    every = people.slots_of(conn, doctor["id"], day)
    slots = [slot for slot in every if slot["status"] != "CANCELLED"]
    hours = []
    if slots:
        for start_ms in sorted({h for slot in slots for h in _hours_in(slot, hour_of)}):
            hours.append(_hour(start_ms, slots, counted[start_ms], house.now_ms, late_min))
    else:
        capacity = usual_capacity(house)
        for start_ms in free:
            if any(_common_ms(slot, start_ms, start_ms + HOUR_MS) for slot in every):
                continue
            at_ms, remaining = max(start_ms, house.now_ms), max(0, capacity - counted[start_ms])
            is_over = start_ms + HOUR_MS <= house.now_ms
            hours.append(
                Hour(start_ms, at_ms, capacity, counted[start_ms], 0 if is_over else remaining, None, late_min)
            )
    here = [v for v in house.here if v["doctor_id"] == doctor["id"]] if is_today else []
    waiting = len(house.ranked.get(doctor["id"], ())) if is_today else 0
    inside = sum(v["status"] in (Status.CALLED, Status.IN_CONSULTATION) for v in here)
    work = {start_ms: count * share for start_ms, count in to_come.items()}
    return DayPlan(hours, work, mean, (waiting + inside / 2) * mean)


class DayStatistics(NamedTuple):
    """A doctor's day in numbers. Averages in minutes, None where there is nothing to average; rates from 0 to 1.

    average_wait: from arrival, or from being sent to this doctor, to the call; of those who came when called.
    no_show_rate: of those whose visit is over.  early_rate: of those with a booking who have arrived.
    """

    total: int
    average_wait: float | None
    hours: list[tuple[int, int]]
    no_show_rate: float
    no_shows: int
    early: int
    early_rate: float
    early_minutes: float | None
    completed: int
    waiting: int
    average_consultation: float | None


def statistics(conn: sqlite3.Connection, doctor_id: str, day: str, hour_of: HourOf) -> DayStatistics:
    """Count a doctor's day. `hours`: (begin in ms, visits), the busiest first. What was undone does not count."""
    visits = [v for v in day_of(conn, doctor_id, day) if v["status"] not in NOT_THERE]
    status = Counter(v["status"] for v in visits)
    gone = {v["number"] for v in visits if v["status"] == Status.NO_SHOW}
    waits = [wait_s for number, wait_s in _waits(conn, doctor_id, day) if number not in gone]
    booked = [v for v in visits if v["due_at"] is not None and v["arrived_at"] is not None]
    early = [v["due_at"] - v["arrived_at"] for v in booked if v["arrived_at"] < v["due_at"]]
    over = status[Status.COMPLETED] + status[Status.NO_SHOW]
    took = [
        (ended_ms - started_ms) / 60_000
        for started_ms, ended_ms in conn.execute(
            "select c.started_ms, c.ended_ms from visits v join consultations c on c.visit = v.number "
            "where v.day = ? and +c.doctor_id = ?", (day, doctor_id),
        )
    ]  # fmt: skip
    return DayStatistics(
        total=len(visits), average_wait=_mean([wait_s / 60 for wait_s in waits]),
        hours=sorted(Counter(hour_of(time_of(v)) for v in visits).items(), key=lambda h: (-h[1], h[0])),
        no_show_rate=status[Status.NO_SHOW] / over if over else 0.0, no_shows=status[Status.NO_SHOW],
        early=len(early), early_rate=len(early) / len(booked) if booked else 0.0,
        early_minutes=_mean([early_ms / 60_000 for early_ms in early]), completed=status[Status.COMPLETED],
        waiting=status[Status.WAITING], average_consultation=_mean(took),
    )  # fmt: skip


def broadcasts(conn: sqlite3.Connection, doctor_id: str | None) -> list[Row]:
    """Emergency messages that are not ended, newest first: of one doctor, or of all."""
    query = (
        f"select {states.BROADCASTS} from broadcasts where ended_at is null and (?1 is null or doctor_id = ?1) "
        "order by sent_at desc, id"
    )
    return [states.broadcast_of(row) for row in conn.execute(query, (doctor_id,))]


def broadcast(conn: sqlite3.Connection, broadcast_id: str) -> Row | None:
    """An emergency message, ended or not."""
    row = conn.execute(f"select {states.BROADCASTS} from broadcasts where id = ?", (broadcast_id,)).fetchone()
    return states.broadcast_of(row) if row else None


class Promises(NamedTuple):
    """A day's promises, scored: all, and by service letter.  unpromised: called although no doctor was there at arrival."""

    all: Accuracy
    by_service: dict[str, Accuracy]
    unpromised: int


def promises(conn: sqlite3.Connection, day: str) -> Promises:
    """How long people were told they would wait on a day, and how long they did: from joining the queue to the first call.

    The middle of a range stands for what was promised. Who was put on hold before a call is left out: that wait was asked
    for; so is who was never called.
    """
    columns = "v.number, v.service, v.promised_low_s, v.promised_high_s, i.status, i.from_ms"
    rows = conn.execute(
        f"select {columns} from visits v join visit_intervals i on i.visit = v.number "
        "where v.day = ? and i.undone = 0 order by v.number, i.version", (day,),
    )  # fmt: skip
    scored: dict[str, list[tuple[float, float, float, float]]] = defaultdict(list)
    unpromised = 0
    for (_, letter, low_s, high_s), log in groupby(rows, key=lambda row: row[:4]):
        waited_s = _first_wait_s((status, from_ms) for *_, status, from_ms in log)
        if waited_s is None:
            continue
        if low_s is None:
            unpromised += 1
            continue
        scored[letter].append((low_s, (low_s + high_s) / 2, high_s, waited_s))
    every = [one for of_service in scored.values() for one in of_service]
    by_service = {letter: estimates.accuracy(of_service) for letter, of_service in sorted(scored.items())}
    return Promises(estimates.accuracy(every), by_service, unpromised)


def _first_wait_s(log: Iterable[tuple[str, int]]) -> float | None:
    """From joining the queue to the first call after it; None without one, or with a hold between."""
    since: int | None = None
    for status, from_ms in log:
        if status in (Status.NO_SHOW, Status.PARKED):
            since = None
            if status == Status.PARKED:
                return None
        elif status == Status.WAITING and since is None:
            since = from_ms
        elif status in (Status.CALLED, Status.IN_CONSULTATION) and since is not None:
            return (from_ms - since) / 1000
    return None


def _waits(conn: sqlite3.Connection, doctor_id: str, day: str) -> list[tuple[int, float]]:
    """(visit number, seconds) of everybody called to this doctor that day, the first time each."""
    rows = conn.execute(
        "select v.number, v.arrived_at, i.status, i.from_ms, i.doctor_id from visits v "
        "join visit_intervals i on i.visit = v.number where v.day = ? and i.undone = 0 order by v.number, i.version", (day,),
    )  # fmt: skip
    found = []
    for (number, arrived_ms), log in groupby(rows, key=lambda row: row[:2]):
        since = arrived_ms
        for _, _, status, from_ms, its_doctor in log:
            if status in (Status.CALLED, Status.IN_CONSULTATION):
                if its_doctor == doctor_id and since is not None:
                    found.append((number, max(0, from_ms - since) / 1000))
                    break
                since = None
            elif status == Status.WAITING and since is None:
                since = from_ms
    return found


def _open_slots(conn: sqlite3.Connection, doctor_id: str, day: str) -> list[Row]:
    return [slot for slot in people.slots_of(conn, doctor_id, day) if slot["status"] != "CANCELLED"]


def _hours_in(slot: Row, hour_of: HourOf) -> list[int]:
    first, last = hour_of(slot["start_at"]), hour_of(slot["end_at"] - 1)
    return list(range(first, last + 1, HOUR_MS))[:48]


def _common_ms(slot: Row, start_ms: int, end_ms: int) -> int:
    return int(max(0, min(slot["end_at"], end_ms) - max(slot["start_at"], start_ms)))


def _places(conn: sqlite3.Connection, doctor_id: str, day: str, hour_of: HourOf) -> dict[int, int]:
    """By begin of an hour, the places its slots have there: a long slot's are shared out over its hours."""
    shares: dict[int, float] = defaultdict(float)
    for slot in _open_slots(conn, doctor_id, day):
        for start_ms in _hours_in(slot, hour_of):
            common_ms = _common_ms(slot, start_ms, start_ms + HOUR_MS)
            shares[start_ms] += slot["max_capacity"] * common_ms / (slot["end_at"] - slot["start_at"])
    return {start_ms: round(share) for start_ms, share in shares.items()}


def _hour(start_ms: int, slots: list[Row], booked: int, now_ms: int, late_min: int) -> Hour:
    """An hour as its slots leave it: bookable where a slot that is not over has a place."""
    end_ms = start_ms + HOUR_MS
    there = [slot for slot in slots if _common_ms(slot, start_ms, end_ms) > 0]
    shares = [s["max_capacity"] * _common_ms(s, start_ms, end_ms) / (s["end_at"] - s["start_at"]) for s in there]
    capacity = max(1, round(sum(shares)))
    free = [
        slot for slot in there
        if slot["places_taken"] + slot["lent"] < slot["max_capacity"] and min(end_ms, slot["end_at"]) > now_ms
    ]  # fmt: skip
    left = sum(slot["max_capacity"] - slot["places_taken"] - slot["lent"] for slot in free)
    first = free[0] if free else there[0]
    at_ms = max(first["start_at"], start_ms)
    delay_min = max(late_min, first["delay_min"])
    return Hour(start_ms, at_ms, capacity, booked, max(0, min(left, capacity - booked)), first["id"], delay_min)


def _mean(values: list[float]) -> float | None:
    return round(sum(values) / len(values), 1) if values else None
