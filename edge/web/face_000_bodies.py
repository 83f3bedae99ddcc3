"""Seed 000's bodies: queue, entry, statistics, visit, doctor. The REST paths answer them and Socket.IO sends them.

`id`, `doctor_id` and `patient_id` are small clinic numbers here; the UUID stands beside each (decision 2). Nothing here
reads: a `House`, its people and the statistics come in, words go out. Without `names` there is no name, phone or reason.
"""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from edge.domain.policies import Ranked
from edge.domain.policies_base import Situation, wait_minutes
from edge.domain.policies_scores import weighted_score
from edge.store import face_000 as rows
from edge.store.places import House, Standing
from edge.store.states import Row
from shared.clock import iso, local_date
from shared.statuses import WORDS

_MOMENTS: Final = ("arrived_at", "called_at", "started_at", "ended_at", "due_at")


class Filter(NamedTuple):
    """Which part of the queue is asked for: of one doctor (with those nobody was given to), or of one service."""

    doctor_id: str | None = None
    service: str | None = None


EVERYBODY: Final = Filter()


def queue_object(
    house: House, people: Mapping[str, Row], stats: Row, *, names: bool, wanted: Filter = EVERYBODY
) -> dict[str, Any]:
    """`{queue, stats}`, as `GET /api/patients/queue` answers and `queue_updated` carries.

    people: by person id, of everybody in the house.  stats: of `stats_of`.  names: False for screens.
    """
    return {"queue": [entry(house, people, visit, names=names) for visit in in_order(house, wanted)], "stats": stats}


def stats_of(conn: sqlite3.Connection, house_or_day: House | str, zone: ZoneInfo) -> dict[str, Any]:
    """A day in numbers: of the day that goes on (a House), or of a day by date. Use inside one snapshot."""
    if isinstance(house_or_day, str):
        return {"date": house_or_day, **rows.day_counts(conn, house_or_day, None)}
    day = house_or_day.day or local_date(house_or_day.now_ms, zone).isoformat()
    return {"date": day, **rows.day_counts(conn, day, house_or_day.now_ms)}


def people_of(conn: sqlite3.Connection, house: House) -> dict[str, Row]:
    """The persons in the house by id: what `queue_object` asks for."""
    return rows.people_of(conn, house.here)


def in_order(house: House, wanted: Filter = EVERYBODY) -> list[Row]:
    """Who was called and who is inside, longest first, then the waiting in calling order.

    On hold is not in the queue (decision 11: position null).
    """
    inside = [v for v in house.here if v["status"] in ("called", "in_consultation") and _fits(v, wanted)]
    inside.sort(key=lambda v: (v["called_at"] or 0, v["number"]))
    if wanted.doctor_id is not None:
        waiting: Iterable[Row] = [r.visit for r in house.ranked.get(wanted.doctor_id, ())]
    else:
        letters = [letter for letter in house.services if wanted.service in (None, letter)]
        waiting = heapq.merge(*(_of_service(house, letter) for letter in letters), key=lambda v: _across(house, v))
    return [*inside, *(v for v in waiting if wanted.service in (None, v["service"]))]


def entry(house: House, people: Mapping[str, Row], visit: Row, *, names: bool) -> dict[str, Any]:
    """One line of the queue."""
    stands = house.standing.get(visit["id"])
    doctor = house.doctors.get(visit["doctor_id"])
    return {
        "id": visit["number"], "uuid": visit["id"], "token_number": visit["token"],
        "name": name_of(people, visit) if names else None,
        "urgency": visit["urgency"], "is_emergency": visit["is_emergency"], "status": WORDS[visit["status"]].queue,
        "priority_score": score_of(house, visit), "wait_minutes": round(waited_minutes(house, visit), 2),
        "position": stands.position if stands else None, "estimated_wait_minutes": _wait(stands)[0],
        "estimated_wait_range": _wait(stands)[1],
        "doctor_id": doctor["number"] if doctor else None, "doctor_uuid": visit["doctor_id"],
        "doctor_name": doctor["name"] if doctor else None, "service": visit["service"], "room": visit["room"],
        "why": stands.why if stands else "",
    }  # fmt: skip


def visit_object(
    house: House, people: Mapping[str, Row], visit: Row, zone: ZoneInfo, *, names: bool = True
) -> dict[str, Any]:
    """A visit as `register`, `/api/patients/{id}` and the acts answer it; of any day and status."""
    person = people.get(visit["person_id"] or "", {})
    return {
        **entry(house, people, visit, names=names),
        "person_id": visit["person_id"], "phone": person.get("phone") or None if names else None,
        "reason": (visit["reason"] or None) if names else None, "claimed_urgency": visit["claimed_urgency"],
        "category": visit["category"], "date": visit["day"], "created_at": iso(visit["created_at"], zone),
        **{name: None if visit[name] is None else iso(visit[name], zone) for name in _MOMENTS},
    }  # fmt: skip


def doctor_object(house: House, doctor: Row, minutes: Mapping[str, float]) -> dict[str, Any]:
    """A doctor. minutes: learned consultation times by doctor id."""
    mine = [visit for visit in house.here if visit["doctor_id"] == doctor["id"]]
    inside = next((v for v in mine if v["status"] == "in_consultation"), None)
    called = next((v for v in mine if v["status"] == "called"), None)
    return {
        "id": doctor["number"], "uuid": doctor["id"], "name": doctor["name"], "specialization": doctor["specialization"],
        "specialty": doctor["specialization"], "code": doctor["code"] or f"DOC{doctor['number']:03d}",
        "service": doctor["service"], "room": doctor["room"], "is_active": doctor["is_active"],
        "is_on_break": doctor["is_on_break"], "current_patient_id": inside["number"] if inside else None,
        "called_patient_id": called["number"] if called else None,
        "queue_length": sum(visit["status"] == "waiting" for visit in mine), "load": house.loads.get(doctor["id"], 0),
        "average_consultation_minutes": minutes.get(doctor["id"], float(house.rules.consultation_min)),
    }  # fmt: skip


def name_of(people: Mapping[str, Row], visit: Row) -> str | None:
    """Whose visit it is; None for a bare button press and for somebody whose data was erased."""
    return people.get(visit["person_id"] or "", {}).get("name") or None


def score_of(house: House, visit: Row) -> float:
    """000's `priority_score`, whatever policy orders the queue; once called it stands still. Six decimals are exact."""
    if visit["arrived_at"] is None:
        visit = {**visit, "arrived_at": _until_ms(house, visit)}
    situation = Situation(now_ms=_until_ms(house, visit), load_of=house.loads)
    return round(weighted_score(visit, situation), 6)


def waited_minutes(house: House, visit: Row) -> float:
    """From arrival to the call, to the end without one, or till now. Before arrival nobody waits."""
    return 0.0 if visit["arrived_at"] is None else wait_minutes(visit, _until_ms(house, visit))


def _until_ms(house: House, visit: Row) -> int:
    for ended_ms in (visit["called_at"], visit["ended_at"]):
        if ended_ms is not None:
            return int(ended_ms)
    return house.now_ms


def _wait(stands: Standing | None) -> tuple[int | None, dict[str, int] | None]:
    """(middle, range) in minutes: 0 for somebody called or inside, None where nothing can be said."""
    if stands is None:
        return None, None
    if stands.position == 0:
        return 0, {"min": 0, "max": 0}
    if stands.wait is None:
        return None, None
    low, middle, high = stands.wait.minutes()
    return middle, {"min": low, "max": high}


def _fits(visit: Row, wanted: Filter) -> bool:
    return wanted.service in (None, visit["service"]) and wanted.doctor_id in (None, visit["doctor_id"])


def _of_service(house: House, letter: str) -> Iterator[Row]:
    """A service's waiting, all doctors merged. Each doctor's keep the order that doctor calls them in."""
    merged = house.ranked.get(letter, [])
    place = {ranked.visit["id"]: at for at, ranked in enumerate(merged)}
    queues = [_only(merged, None)]
    queues += [_only(house.ranked.get(id_, []), id_) for id_, d in house.doctors.items() if d["service"] == letter]
    known = {doctor_id for doctor_id, d in house.doctors.items() if d["service"] == letter}
    queues.append([r.visit for r in merged if r.visit["doctor_id"] is not None and r.visit["doctor_id"] not in known])
    return heapq.merge(*queues, key=lambda v: (not v["is_emergency"], place[v["id"]]))


def _only(ranked: Iterable[Ranked], doctor_id: str | None) -> list[Row]:
    return [r.visit for r in ranked if r.visit["doctor_id"] == doctor_id]


def _across(house: House, visit: Row) -> tuple[bool, float, int, int]:
    """Between services, which have no common order: emergencies, then 000's score, which is what this list promises."""
    urgent = visit["is_emergency"]
    return not urgent, 0.0 if urgent else -score_of(house, visit), visit["arrived_at"], visit["number"]
