"""Where everybody stands: place in the queue, the wait as a range, and why. Made from rows at each reading, never stored."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from edge.domain import estimates, policies
from edge.domain.calling import only_doctor
from edge.domain.estimates import DEFAULT_CONSULTATION_S, DEFAULT_SD_LOG, Ahead, Due, Range, Server
from edge.domain.policies import Ranked
from edge.domain.visits import Rules, Wait
from edge.store import queues, states
from edge.store.schema_book import HERE, TO_COME
from edge.store.states import Row

SHOW_SHARE = 0.85
"""How many of those booked come, before a clinic's own share is known."""
OVERTAKEN = ("appointment", "tiered")
"""Policies that call somebody booked before people who were here earlier."""
AHEAD_MS = 12 * 3_600_000
LATE_MS = 3_600_000
"""Who comes later than this after the booked time waits like somebody without a booking."""
SHOWN_FROM = 30
"""Bookings that must be over before the clinic's own share is believed."""


class Standing(NamedTuple):
    """position: 1 is next to be called by its doctor (or service), 0 called or inside.  wait: None while no doctor is here.

    score, why, why_code, why_values: of the policy; empty for those not waiting.
    """

    position: int
    wait: Range | None = None
    score: float = 0.0
    why: str = ""
    why_code: str = ""
    why_values: dict[str, Any] = {}  # noqa: RUF012 - never changed


class House(NamedTuple):
    """Everybody in the house at one commit, and where each stands.

    here: visits waiting, called, inside or on hold.  ranked: by queue key, the waiting in calling order: of each service
    under its letter (all doctors merged), of each doctor under the doctor's id.  standing: by visit id.
    """

    now_ms: int
    day: str | None
    rules: Rules
    services: dict[str, Row]
    doctors: dict[str, Row]
    here: list[Row]
    ranked: dict[str, list[Ranked]]
    standing: dict[str, Standing]
    loads: dict[str | None, int]
    delays_s: dict[str, float]
    """By doctor id: what open emergency messages add."""
    messages: dict[str, Row]
    """By doctor id: the newest emergency message that is not ended."""


def house(conn: sqlite3.Connection, now_ms: int) -> House:
    """Read it. Costs grow with the people in the house, not with those who were."""
    rules, day = states.rules(conn), states.open_day(conn)
    services = {
        s["letter"]: s for s in map(states.service_of, conn.execute(f"select {states.SERVICE_COLUMNS} from services"))
    }
    rows = conn.execute(f"select {states.DOCTOR_COLUMNS} from doctors order by number")
    doctors = {d["id"]: d for d in map(states.doctor_of, rows.fetchall())}
    here = states.here(conn)
    loads = queues.loads_of(here)
    delays_s = _delays(conn)
    ranked: dict[str, list[Ranked]] = {}
    standing = {v["id"]: Standing(0) for v in here if v["status"] in ("called", "in_consultation")}
    for letter, service in services.items():
        of_service = [v for v in here if v["service"] == letter]
        waiting = [v for v in of_service if v["status"] == "waiting"]
        ranked[letter] = _ranked(conn, None, service, waiting, loads, rules, now_ms)
        able = [d for d in doctors.values() if d["service"] == letter]
        for doctor in able:
            own = [v for v in waiting if only_doctor(v, doctors) in (None, doctor["id"])]
            ranked[doctor["id"]] = _ranked(conn, doctor, service, own, loads, rules, now_ms)
        if waiting:
            in_turn = _in_turn(ranked, letter, able, doctors)
            waits = _waits(conn, service, in_turn, of_service, able, delays_s, rules, now_ms)
            places = dict(_places(ranked, letter, able, doctors))
            for one in ranked[letter]:
                id_ = one.visit["id"]
                standing[id_] = Standing(places[id_], waits.get(id_), one.score, one.why, one.why_code, one.why_values)
    return House(now_ms, day, rules, services, doctors, here, ranked, standing, loads, delays_s, _messages(conn))


def show_share(conn: sqlite3.Connection) -> float:
    """The share of bookings whose person came, of the last 500 that are over; SHOW_SHARE before there are enough."""
    rows = conn.execute(
        "select status from (select status, ended_at from visits where ended_at is not null order by ended_at desc limit 2000) "
        "where status in ('completed', 'no_show') limit 500"
    ).fetchall()
    if len(rows) < SHOWN_FROM:
        return SHOW_SHARE
    return float(sum(status == "completed" for (status,) in rows) / len(rows))


def _ranked(
    conn: sqlite3.Connection,
    doctor: Row | None,
    service: Row,
    waiting: list[Row],
    loads: queues.Loads,
    rules: Rules,
    now_ms: int,
) -> list[Ranked]:
    if not waiting:
        return []
    policy = queues.policy_of(doctor, service)
    return policies.order(policy[1], waiting, queues.situation(conn, policy, loads, rules, now_ms))


def _places(
    ranked: dict[str, list[Ranked]], letter: str, able: list[Row], doctors: dict[str, Row]
) -> list[tuple[str, int]]:
    """A visit that waits for one doctor stands in that doctor's queue, one that any may call in the service's."""
    found = [(r.visit["id"], place) for place, r in enumerate(ranked[letter], 1)]
    for doctor in able:
        found += [
            (r.visit["id"], place) for place, r in enumerate(ranked[doctor["id"]], 1)
            if only_doctor(r.visit, doctors) == doctor["id"]
        ]  # fmt: skip
    return found


def _in_turn(
    ranked: Mapping[str, Sequence[Ranked]], letter: str, able: list[Row], doctors: dict[str, Row]
) -> list[Ranked]:
    """The service's queue as its doctors will call: the places that hold those who wait for a doctor with an order of
    that doctor's own are filled in that order."""
    merged = list(ranked[letter])
    for doctor in able:
        if doctor["policy"] is None:
            continue
        own = [r for r in ranked[doctor["id"]] if only_doctor(r.visit, doctors) == doctor["id"]]
        places, turn = {r.visit["id"] for r in own}, iter(own)
        merged = [next(turn) if r.visit["id"] in places else r for r in merged]
    return merged


def _waits(
    conn: sqlite3.Connection,
    service: Row,
    ranked: Sequence[Ranked],
    of_service: list[Row],
    able: list[Row],
    delays_s: dict[str, float],
    rules: Rules,
    now_ms: int,
) -> dict[str, Range | None]:
    """The service's queue run ahead with the doctors who are here and, where they go before others, bookings to come."""
    servers = [_server(conn, d, of_service, delays_s) for d in able if d["is_active"] and not d["is_on_break"]]
    doctors = {doctor["id"]: doctor for doctor in able}
    overtaken = {id_: queues.policy_of(doctor, service)[1] in OVERTAKEN for id_, doctor in doctors.items()}
    of_all = queues.policy_of(None, service)[1] in OVERTAKEN
    queue = []
    for one in ranked:
        only = only_doctor(one.visit, doctors)
        booked_first = of_all if only is None else overtaken[only]
        queue.append(Ahead(one.visit["id"], _from_ms(one.visit, now_ms) if booked_first else None, only))
    booking = [doctor for doctor in able if overtaken[doctor["id"]]]
    return dict(estimates.run_ahead(queue, _dues(conn, booking, rules, now_ms) if booking else [], servers, now_ms))


def _dues(conn: sqlite3.Connection, able: list[Row], rules: Rules, now_ms: int) -> list[Due]:
    """Bookings of these doctors that are still to come."""
    share = show_share(conn)
    booked = (
        visit for doctor in able for visit in states.visits_where(
            conn, f"{TO_COME} and doctor_id = ? and due_at between ? and ? and status = 'booked'",
            (doctor["id"], now_ms - rules.grace_min * 60_000, now_ms + AHEAD_MS),
        )
    )  # fmt: skip
    return [_due(visit, share, now_ms) for visit in booked]


def _from_ms(visit: Row, now_ms: int) -> int | None:
    """From when nobody overtakes a waiting visit, see `estimates.Ahead`: an emergency at once, a walk-in never."""
    if visit["is_emergency"]:
        return int(visit["arrived_at"])
    if visit["due_at"] is None:
        return None
    due_ms = int(visit["due_at"]) + visit["delay_min"] * 60_000
    late = visit["arrived_at"] > due_ms + LATE_MS
    return None if late else due_ms


def _due(visit: Row, share: float, now_ms: int) -> Due:
    due_ms = visit["due_at"] + visit["delay_min"] * 60_000
    return Due(due_ms, visit["doctor_id"], estimates.still_comes(share, (now_ms - due_ms) / 1000))


def _server(conn: sqlite3.Connection, doctor: Row, of_service: list[Row], delays_s: dict[str, float]) -> Server:
    row = conn.execute("select mean_s, sd_log, n from doctor_times where doctor_id = ?", (doctor["id"],)).fetchone()
    mean_s, sd_log, known = row or (DEFAULT_CONSULTATION_S, DEFAULT_SD_LOG, 0)
    mine = [v for v in of_service if v["doctor_id"] == doctor["id"]]
    inside = next((v for v in mine if v["status"] == "in_consultation"), None)
    return Server(
        doctor_id=doctor["id"], mean_s=mean_s, sd_log=sd_log,
        busy_since_ms=inside["started_at"] if inside else None, called=any(v["status"] == "called" for v in mine),
        extra_delay_s=delays_s.get(doctor["id"], 0.0), known=known,
    )  # fmt: skip


def _messages(conn: sqlite3.Connection) -> dict[str, Row]:
    query = f"select {states.BROADCASTS} from broadcasts where ended_at is null order by sent_at, id"
    return {message["doctor_id"]: message for message in map(states.broadcast_of, conn.execute(query))}


def _delays(conn: sqlite3.Connection) -> dict[str, float]:
    """By doctor, in seconds: the newest delay that was announced and is not ended takes the place of those before."""
    rows = conn.execute(
        "select doctor_id, delay_min * 60.0 from broadcasts where ended_at is null and delay_min > 0 order by sent_at, id"
    )
    return dict(rows.fetchall())


def promise(conn: sqlite3.Connection, newcomer: Row, rules: Rules, now_ms: int) -> tuple[Wait, int]:
    """(what somebody is told who joins the queue of a service now, how many go before them).

    newcomer: the visit as it will wait. Costs grow with the queue; `promise_at_end` does not.
    """
    service = states.service(conn, newcomer["service"])
    if service is None:
        return Wait(), 0
    of_service = [v for v in states.here(conn, "service = ?", (service["letter"],)) if v["id"] != newcomer["id"]]
    waiting = [*(v for v in of_service if v["status"] == "waiting"), newcomer]
    rows = conn.execute(
        f"select {states.DOCTOR_COLUMNS} from doctors where service = ? order by number", (service["letter"],)
    )
    able = [states.doctor_of(row) for row in rows.fetchall()]
    loads, doctors = queues.loads_of(of_service), {doctor["id"]: doctor for doctor in able}
    by_queue = {service["letter"]: _ranked(conn, None, service, waiting, loads, rules, now_ms)}
    for doctor in able:
        if doctor["policy"] is not None:
            theirs = [v for v in waiting if only_doctor(v, doctors) in (None, doctor["id"])]
            by_queue[doctor["id"]] = _ranked(conn, doctor, service, theirs, loads, rules, now_ms)
    ranked = _in_turn(by_queue, service["letter"], able, doctors)
    waits = _waits(conn, service, ranked, of_service, able, _delays(conn), rules, now_ms)
    own = (None, newcomer["doctor_id"]) if newcomer["doctor_id"] else None
    before = 0
    for one in ranked:
        if one.visit["id"] == newcomer["id"]:
            break
        before += own is None or one.visit["doctor_id"] in own
    return _told(waits.get(newcomer["id"])), before


_HELD = " union all ".join(
    f"select doctor_id, {since} from visits indexed by visits_open where {HERE} and service = :service and status = '{status}'"
    for status, since in (("called", "null"), ("in_consultation", "started_at"))
)
"""Whom doctors have: with since when, or null for one that was called and has not begun. Two lookups, not one scan."""


def promise_at_end(conn: sqlite3.Connection, letter: str, ahead: int, now_ms: int) -> Wait:
    """What somebody is told who joins at the end, in the same time however long the queue is: for the button."""
    rows = conn.execute(
        "select d.id, t.mean_s, t.sd_log, t.n from doctors d left join doctor_times t on t.doctor_id = d.id "
        "where d.service = ? and d.is_active and not d.is_on_break", (letter,),
    ).fetchall()  # fmt: skip
    if not rows:
        return Wait()  # nobody calls here now: nothing can be promised, and nobody need be looked for
    held, delays_s = dict(conn.execute(_HELD, {"service": letter}).fetchall()), _delays(conn)
    servers = [
        Server(id_, mean_s or DEFAULT_CONSULTATION_S, sd_log or DEFAULT_SD_LOG, held.get(id_),
               id_ in held and held[id_] is None, delays_s.get(id_, 0.0), known or 0)
        for id_, mean_s, sd_log, known in rows
    ]  # fmt: skip
    pool = estimates.pool_of(servers, now_ms)
    return _told(estimates.backlog(ahead, *pool)) if pool else Wait()


def _told(wait: Range | None) -> Wait:
    return Wait(int(wait.low_s), int(wait.high_s)) if wait else Wait()
