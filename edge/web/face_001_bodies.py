"""Seed 001's bodies: doctor, person, slot, token, waiting-list entry. Rows come in, words go out; nothing here reads.

Ids are UUIDs; doctors and visits add their small `number` (decision 2). `token_number` is the place in the slot, computed;
`number_printed` is what stands on paper (decision 4).
"""

from __future__ import annotations

from typing import Any, Final
from zoneinfo import ZoneInfo

from edge.domain.policies import tiered_priority
from edge.domain.visits import Visit
from edge.store.face_001 import Around
from edge.store.places import House
from edge.store.states import Row
from shared.clock import iso
from shared.statuses import WORDS

WAITLISTED: Final = "WAITLISTED"
"""`status` of who asked for a token and got a place on the waiting list."""


def doctor_body(doctor: Row, zone: ZoneInfo) -> dict[str, Any]:
    """A doctor (decision 7)."""
    return {
        "id": doctor["id"], "number": doctor["number"], "name": doctor["name"],
        "specialization": doctor["specialization"], "specialty": doctor["specialization"],
        "code": doctor["code"] or f"DOC{doctor['number']:03d}", "service": doctor["service"], "room": doctor["room"],
        "is_active": doctor["is_active"], "is_on_break": doctor["is_on_break"],
        "created_at": iso(doctor["created_at"], zone),
    }  # fmt: skip


def person_body(person: Row, zone: ZoneInfo) -> dict[str, Any]:
    """A person. Phone and email are "" when unknown, the others null."""
    names = ("id", "name", "phone", "email", "age", "gender", "language", "notify")
    return {**{name: person[name] for name in names}, "created_at": iso(person["created_at"], zone)}


def slot_body(slot: Row, zone: ZoneInfo) -> dict[str, Any]:
    """A slot. `current_capacity` counts ordinary places and emergencies beyond them (decision 13)."""
    cancelled = slot["status"] == "CANCELLED"
    status = "CANCELLED" if cancelled else "DELAYED" if slot["delay_min"] else "ACTIVE"
    free = slot["max_capacity"] - slot["places_taken"] - slot["lent"]
    return {
        "id": slot["id"], "doctor": slot["doctor_id"], "doctor_id": slot["doctor_id"], "date": slot["day"],
        "start_time": iso(slot["start_at"], zone), "end_time": iso(slot["end_at"], zone),
        "max_capacity": slot["max_capacity"], "current_capacity": slot["places_taken"] + slot["extra_taken"],
        "status": status, "delay_minutes": slot["delay_min"], "remaining": 0 if cancelled else max(0, free),
        "lent": slot["lent"], "waiting_list_length": slot["waiting_list_length"],
        "created_at": iso(slot["created_at"], zone),
    }  # fmt: skip


def token_body(
    visit: Visit, around: Around, zone: ZoneInfo, now_ms: int, house: House | None = None, position: int | None = None
) -> dict[str, Any]:
    """A visit as 001's token; one on a waiting list has `waiting_list_id` and `position` there, and no place yet.

    house: makes the expected time of who waits now exact; without it, it is what was promised on arrival.
    """
    told_ms = expected_ms(visit, around, now_ms, house)
    body = {
        "id": visit["id"], "number": visit["number"], "slot_id": visit["slot_id"], "doctor_id": visit["doctor_id"],
        "patient_id": visit["person_id"], "token_number": around.places.get(visit["id"]),
        "number_printed": visit["token"], "priority": tiered_priority(visit, now_ms), "category": category_of(visit),
        "status": WORDS[visit["status"]].token or WAITLISTED, "visit_status": WORDS[visit["status"]].queue,
        "over_capacity": visit["over_capacity"], "date": visit["day"],
        "estimated_time": _iso(told_ms, zone), "actual_time": _iso(visit["started_at"], zone),
        "created_at": iso(visit["created_at"], zone),
        "updated_at": _iso(around.updated_ms.get(visit["id"], visit["created_at"]), zone),
    }  # fmt: skip
    if visit["status"] == "waitlisted":
        body |= {"waiting_list_id": visit["id"], "position": position}
    return body


def entry_body(visit: Visit, zone: ZoneInfo, now_ms: int) -> dict[str, Any]:
    """An entry of a waiting list; `visit` has its `position`."""
    return {
        "id": visit["id"], "number": visit["number"], "slot_id": visit["slot_id"], "doctor_id": visit["doctor_id"],
        "patient_id": visit["person_id"], "category": category_of(visit), "priority": tiered_priority(visit, now_ms),
        "position": visit["position"], "number_printed": visit["token"], "date": visit["day"],
        "created_at": iso(visit["created_at"], zone),
    }  # fmt: skip


def category_of(visit: Visit) -> str:
    """Its category; whoever was made an emergency later is one."""
    return "EMERGENCY" if visit["is_emergency"] else str(visit["category"])


def expected_ms(visit: Visit, around: Around, now_ms: int, house: House | None) -> int | None:
    """When the visit is expected to begin; once it has begun or is over, when it was expected to. None: unknown.

    Who is booked begins after those who have a place before it in its slot, at the doctor's usual pace.
    """
    status: str = visit["status"]
    if status == "booked":
        due_ms: int = int(visit["due_at"]) + visit["delay_min"] * 60_000
        if visit["due_at"] == around.starts_ms.get(visit["slot_id"]):
            before = around.places.get(visit["id"], 1) - 1
            due_ms += int(before * around.mean_s.get(visit["doctor_id"], around.usual_s) * 1000)
        return max(due_ms, now_ms)
    if status == "waiting" and house is not None:
        stands = house.standing.get(visit["id"])
        if stands is not None and stands.position == 0:
            return now_ms
        return None if stands is None or stands.wait is None else house.now_ms + int(stands.wait.mid_s * 1000)
    if status == "called":
        return now_ms
    if status == "parked":
        until_ms: int | None = visit["timer_at"]
        return until_ms
    return None if status == "waitlisted" else _promised_ms(visit)


def _promised_ms(visit: Visit) -> int | None:
    """As it was told on arrival, or before that by the booking."""
    if visit["arrived_at"] is not None and visit["promised_low_s"] is not None:
        return int(visit["arrived_at"] + (visit["promised_low_s"] + visit["promised_high_s"]) * 500)
    return None if visit["due_at"] is None else int(visit["due_at"]) + visit["delay_min"] * 60_000


def _iso(moment_ms: int | None, zone: ZoneInfo) -> str | None:
    return None if moment_ms is None else iso(moment_ms, zone)
