"""What pages and screens show, read from rows. Each read takes milliseconds; all of one state come from one snapshot."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson

from edge.domain import policies
from edge.store import outbox, places, queues, states
from edge.store.face_000 import people_of
from edge.store.schema_book import HERE, TO_COME
from edge.store.states import VISIT_COLUMNS, visit_of
from shared.care_commands import BY_MODEL

Row = dict[str, Any]

NEXT_SHOWN, RECENT_SHOWN, FINISHED_SHOWN, ACTS_SHOWN = 10, 5, 20, 10
BOOKED_SHOWN, DOCTOR_NEXT_SHOWN = 500, 3
PRIORITIES = ("low", "normal", "high", "critical")
LABELS = {
    "call_next": "Called", "recall": "Called again", "start_consultation": "Started",
    "complete_consultation": "Completed", "mark_no_show": "Not come", "undo": "Undone", "call_visit": "Called",
    "start_with": "Started", "skip_visit": "Skipped", "park_visit": "On hold", "resume_visit": "Waits again",
    "transfer_visit": "Sent on", "return_visit": "Returned", "cancel_visit": "Cancelled",
    "flag_emergency": "Made an emergency", "set_urgency": "Urgency set", "move_visit": "Moved", "check_in": "Checked in",
    "register_visit": "Registered", "book_visit": "Booked", "rebalance": "Rebalanced", "timer_due": "By itself",
    "raise_urgency": "Urgency raised", "look_at_urgency": "Looked at",
}  # fmt: skip


@contextmanager
def snapshot(conn: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """All reads inside see the same commit."""
    conn.execute("begin")
    try:
        yield conn
    finally:
        conn.execute("commit")


def services(conn: sqlite3.Connection) -> list[Row]:
    """All services with how many wait for each."""
    counts = dict(
        conn.execute(f"select service, count(*) from visits where {HERE} and status = 'waiting' group by service")
    )
    found = [
        states.service_of(row) for row in conn.execute(f"select {states.SERVICE_COLUMNS} from services order by letter")
    ]
    return [{**service, "waiting": counts.get(service["letter"], 0)} for service in found]


def doctors(conn: sqlite3.Connection) -> list[Row]:
    """All doctors by number."""
    rows = conn.execute(f"select {states.DOCTOR_COLUMNS} from doctors order by number")
    return [states.doctor_of(row) for row in rows]


def kiosk(conn: sqlite3.Connection) -> Row:
    """What a kiosk offers."""
    with snapshot(conn):
        offered = [
            {"letter": s["letter"], "name": s["name"], "waiting": s["waiting"], "is_open": s["is_open"]}
            for s in services(conn)
        ]
        return {"services": offered, "day_open": states.open_day(conn) is not None}


def display(conn: sqlite3.Connection, now_ms: int) -> Row:
    """What the waiting room sees: tokens and rooms, never names.

    `now_calling`: called and not yet begun, newest first; `recent`: the last calls before those; `next`: in calling order.
    `key` changes with each call of a token, so a screen can show every call exactly once.
    rooms: of each doctor here, who is inside (or called) and who of those given to that doctor is next.  anyone: the next
    of those given to nobody yet.  messages: to a doctor's patients and not ended, the most important first, then the newest.
    """
    with snapshot(conn):
        names = {s["letter"]: s["name"] for s in services(conn)}
        staff = doctors(conn)
        people = {d["id"]: d["name"] for d in staff}
        open_now = states.here(conn)
        calling = sorted((v for v in open_now if v["status"] == "called"), key=_last_call(conn), reverse=True)
        day = states.open_day(conn)
        calls = [_call(conn, visit, names, people) for visit in calling]
        recent = _recent(conn, day, {visit["id"] for visit in calling}, names, people)
        waiting = [r.visit for queue in _ranked(conn, open_now, now_ms).values() for r in queue]
        anyone = [v["token"] for v in waiting if v["doctor_id"] is None]
        return {
            "now_calling": calls, "recent": recent, "next": [v["token"] for v in waiting[:NEXT_SHOWN]],
            "waiting": len(waiting), "ticker": "", "day": day, "anyone": anyone[:NEXT_SHOWN],
            "rooms": [_room(conn, doctor, open_now, now_ms) for doctor in staff if doctor["is_active"]],
            "messages": _shown(_messages(conn), staff),
        }  # fmt: skip


def _room(conn: sqlite3.Connection, doctor: Row, here: list[Row], now_ms: int) -> Row:
    """A doctor's room as the waiting room sees it: tokens only."""
    mine = [v for v in here if v["doctor_id"] == doctor["id"]]
    held = [v for status in ("in_consultation", "called") for v in mine if v["status"] == status]
    waiting = [v for v in here if v["status"] == "waiting" and v["doctor_id"] in (None, doctor["id"])]
    following: list[str] = []
    if any(v["doctor_id"] for v in waiting):
        policy = queues.policy_of(doctor, states.service(conn, doctor["service"]))
        situation = queues.situation(conn, policy, queues.loads_of(here), states.rules(conn), now_ms)
        ranked = policies.order(policy[1], [v for v in waiting if v["service"] == doctor["service"]], situation)
        following = [r.visit["token"] for r in ranked if r.visit["doctor_id"]][:DOCTOR_NEXT_SHOWN]
    return {
        "room": doctor["room"], "now": held[0]["token"] if held else None, "next": following,
        "is_on_break": doctor["is_on_break"],
    }  # fmt: skip


def _shown(messages: list[Row], staff: list[Row]) -> list[Row]:
    """Messages as screens get them, with whose patients they are for."""
    named = {d["id"]: (d["name"], d["room"]) for d in staff}
    order = sorted(messages, key=lambda m: (-PRIORITIES.index(m["priority"]), -m["sent_at"]))
    return [
        {**{name: m[name] for name in ("id", "message", "priority", "delay_min")},
         "doctor": named.get(m["doctor_id"], ("", ""))[0], "room": named.get(m["doctor_id"], ("", ""))[1]}
        for m in order
    ]  # fmt: skip


def desk(conn: sqlite3.Connection, now_ms: int) -> Row:
    """What staff see; see `desk_of`."""
    with snapshot(conn):
        return desk_of(conn, places.house(conn, now_ms))


def desk_of(conn: sqlite3.Connection, found: places.House) -> Row:
    """What staff see: who is where and why, who is to come today, what was said to whom, and the last acts.

    doctors: each with whom they have and called, how many wait for them (or for any doctor of the service), and the ids of
    those who are next.  waiting: by service in calling order, with place, wait, score and reason; `raised`: why a model
    raised its urgency, while no staff have said anything of it since, else None.
    booked: of the open day, by time.  missed, finished, last_acts: of the open day, for its tokens count from 1 again and an
    act of a closed day cannot be taken back.  Visits have `person`: {name, phone}, None where not given.
    found: the house at the commit that `conn` sees.
    """
    booked, missed = _to_come(conn, found.day), _missed(conn, found.day)
    ended = conn.execute(
        f"select {VISIT_COLUMNS} from visits where ended_at is not null order by ended_at desc limit ?",
        (FINISHED_SHOWN,),
    )
    finished = [visit for visit in map(visit_of, ended.fetchall()) if visit["day"] == found.day]
    named = people_of(conn, [*found.here, *booked, *missed])

    def dressed(visit: Row) -> Row:
        person = named.get(visit["person_id"] or "", {})
        return {**visit, "person": {name: person.get(name) or None for name in ("name", "phone")}}

    raised = _raised(conn)
    waiting = [
        {**dressed(r.visit), "score": round(r.score, 2), "why": r.why, "standing": found.standing[r.visit["id"]],
         "raised": raised.get(r.visit["id"]), "wait_min": int(policies.wait_minutes(r.visit, found.now_ms))}
        for letter in sorted(found.services) for r in found.ranked[letter]
    ]  # fmt: skip
    people = []
    for doctor in found.doctors.values():
        mine = [dressed(v) for v in found.here if v["doctor_id"] == doctor["id"]]
        current = next((v for v in mine if v["status"] == "in_consultation"), None)
        called = [v for v in mine if v["status"] == "called"]
        queue = [r.visit["id"] for r in found.ranked.get(doctor["id"], ())]
        people.append(
            {
                **doctor,
                "current": current,
                "called": called,
                "next": queue[:DOCTOR_NEXT_SHOWN],
                "waiting": len(queue),
            }
        )
    parked = sorted((v for v in found.here if v["status"] == "parked"), key=lambda v: (v["timer_at"] or 0, v["number"]))
    return {
        "services": [
            {name: found.services[letter][name] for name in ("letter", "name", "is_open", "policy")}
            for letter in sorted(found.services)
        ],
        "doctors": people, "waiting": waiting, "finished": finished,
        "parked": [dressed(visit) for visit in parked], "booked": [dressed(visit) for visit in booked],
        "missed": [dressed(visit) for visit in missed], "broadcasts": _messages(conn),
        "last_acts": _last_acts(conn, found.day), "day": found.day, "unsent": outbox.unsent(conn),
        "alerts": [
            {"topic": topic, "title": title, "hint": hint, "since_ms": since_ms}
            for topic, title, hint, since_ms in conn.execute(
                "select topic, title, hint, since_ms from alerts where open order by since_ms"
            )
        ],
    }  # fmt: skip


def _raised(conn: sqlite3.Connection) -> dict[str, str]:
    """Of those who wait, by visit: why a model raised the urgency, where that is the last that was said of it."""
    rows = conn.execute(
        "select v.id, i.reason from visits v join visit_intervals i on i.visit = v.number "
        f"where v.{HERE} and v.status = 'waiting' and v.version > 1 and i.kind = 'visit_triaged' and i.actor = ? "
        "and i.undone = 0 and not exists (select 1 from visit_intervals l where l.visit = i.visit "
        "and l.version > i.version and l.undone = 0 and l.kind in ('visit_triaged', 'visit_flagged'))", (BY_MODEL,),
    )  # fmt: skip
    return dict(rows.fetchall())


def _to_come(conn: sqlite3.Connection, day: str | None) -> list[Row]:
    """Who is booked or on a waiting list for a day and has not joined the queue, by time."""
    rows = conn.execute(
        f"select {VISIT_COLUMNS} from visits where day = ? and {TO_COME} order by due_at is null, due_at, number limit ?",
        (day, BOOKED_SHOWN),
    )
    return [visit_of(row) for row in rows.fetchall()]


def _missed(conn: sqlite3.Connection, day: str | None) -> list[Row]:
    """Who did not come on a day, newest first."""
    rows = conn.execute(
        f"select {VISIT_COLUMNS} from visits where day = ? and status = 'no_show' order by ended_at desc limit ?",
        (day, FINISHED_SHOWN),
    )
    return [visit_of(row) for row in rows.fetchall()]


def _messages(conn: sqlite3.Connection) -> list[Row]:
    """Messages to a doctor's patients that are not ended, oldest first."""
    query = f"select {states.BROADCASTS} from broadcasts where ended_at is null order by sent_at, id"
    return [states.broadcast_of(row) for row in conn.execute(query)]


def intervals(conn: sqlite3.Connection, visit_number: int) -> list[Row]:
    """The visit's log: every status it had, who changed it, why, and whether that was taken back."""
    rows = conn.execute(
        "select version, status, from_ms, actor, cause, reason, undone from visit_intervals where visit = ? order by version",
        (visit_number,),
    )
    names = ("version", "status", "from_ms", "actor", "cause", "reason", "undone")
    return [dict(zip(names, row, strict=True)) for row in rows.fetchall()]


def _ranked(conn: sqlite3.Connection, here: list[Row], now_ms: int) -> dict[str, list[policies.Ranked]]:
    """Per service: all its waiting visits in the order its policy calls them, whichever doctor they are with."""
    rules = states.rules(conn)
    ranked = {}
    for row in conn.execute(f"select {states.SERVICE_COLUMNS} from services order by letter").fetchall():
        service = states.service_of(row)
        of_service = [v for v in here if v["service"] == service["letter"]]
        waiting = [v for v in of_service if v["status"] == "waiting"]
        if waiting:
            policy = queues.policy_of(None, service)
            situation = queues.situation(conn, policy, queues.loads_of(of_service), rules, now_ms)
            ranked[service["letter"]] = policies.order(policy[1], waiting, situation)
    return ranked


def _call(conn: sqlite3.Connection, visit: Row, names: dict[str, str], people: dict[str, str]) -> Row:
    key, at_ms = conn.execute(
        "select cause, from_ms from visit_intervals where visit = ? and status = 'called' and undone = 0 "
        "order by version desc limit 1", (visit["number"],),
    ).fetchone() or (visit["id"], visit["called_at"])  # fmt: skip
    return {
        "key": f"call:{key}", "token": visit["token"], "room": visit["room"] or "", "called_at_ms": at_ms,
        "doctor": people.get(visit["doctor_id"] or "", ""), "service": names.get(visit["service"], visit["service"]),
        "recall": visit["recalls"],
    }  # fmt: skip


def _last_call(conn: sqlite3.Connection) -> Any:
    def moment(visit: Row) -> tuple[int, int]:
        row = conn.execute(
            "select max(from_ms) from visit_intervals where visit = ? and status = 'called' and undone = 0",
            (visit["number"],),
        ).fetchone()
        return (row[0] or visit["called_at"] or 0, visit["number"])

    return moment


def _recent(
    conn: sqlite3.Connection, day: str | None, calling: set[str], names: dict[str, str], people: dict[str, str]
) -> list[Row]:
    """The last calls of the day whose visits are not being called any more, newest first."""
    inside = [v for v in states.here(conn, "status = 'in_consultation'") if v["day"] == day]
    ended = conn.execute(
        f"select {VISIT_COLUMNS} from visits where ended_at is not null order by ended_at desc limit ?",
        (4 * RECENT_SHOWN,),
    ).fetchall()
    seen = [
        v for v in [*inside, *map(visit_of, ended)] if v["called_at"] and v["day"] == day and v["id"] not in calling
    ]
    newest = sorted(seen, key=lambda v: (v["called_at"], v["number"]), reverse=True)[:RECENT_SHOWN]
    return [_call(conn, visit, names, people) for visit in newest]


def _last_acts(conn: sqlite3.Connection, day: str | None) -> list[Row]:
    """The newest acts that could be undone, with the token (None before one was drawn) and the name of whom each
    was about; of visits of the open day or of days to come."""
    rows = conn.execute(
        "select command_id, kind, undo, actor, at_ms from results where undo is not null order by id desc limit ?",
        (ACTS_SHOWN,),
    ).fetchall()
    acts = []
    for command_id, kind, undo, actor, at_ms in rows:
        before = orjson.loads(undo)["before"]
        if day is None or any(visit["day"] < day for visit in before):
            continue
        token, name = _called(conn, before[0]["id"]) if before else ("", None)
        acts.append(
            {
                "undo_id": command_id,
                "kind": kind,
                "label": LABELS.get(kind, kind),
                "token": token,
                "name": name,
                "actor": actor,
                "at_ms": at_ms,
            }
        )
    return acts


def _called(conn: sqlite3.Connection, visit_id: str) -> tuple[str | None, str | None]:
    """What a visit's person is called by: (token, name)."""
    query = "select v.token, p.name from visits v left join persons p on p.id = v.person_id where v.id = ?"
    token, name = conn.execute(query, (visit_id,)).fetchone()
    return token, name or None
