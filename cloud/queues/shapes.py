"""How seed 004 shows a visit and a doctor; the same words and fields as at the clinic (edge/web/face_004_bodies.py)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from cloud.queues.standing import Place
from shared.clock import iso
from shared.statuses import WORDS, Words

Row = Mapping[str, Any]
STRANGE = Words("", None, "", None, None)
"""A status this program does not know, of a newer clinic: left out where words are needed."""


def words(status: str) -> Words:
    """The words for a status."""
    return WORDS.get(status, STRANGE)


def is_listed(visit: Row) -> bool:
    """Whether seed 004 shows it at all (decision 6)."""
    return words(visit["status"]).central is not None


def moment(ms: int | None, zone: ZoneInfo) -> str | None:
    """ISO 8601 with offset, in the site's time."""
    return None if ms is None else iso(ms, zone)


def appointment(visit: Row, place: Place | None, zone: ZoneInfo) -> dict[str, Any]:
    """One visit, with its person."""
    return {
        "appointment_id": visit["visit_id"], "slot": visit["slot_no"], "status": words(visit["status"]).central,
        "patient": patient(visit), "queue": _queue(visit, place, zone), "number_printed": visit["token"],
        "number": visit["number"],
    }  # fmt: skip


def patient(visit: Row) -> dict[str, Any]:
    """Whose visit it is; where nobody knows a name, or it was erased, the printed token stands for it."""
    if visit["name"] is None or visit["erased"]:
        name = visit["token"] or f"#{visit['number']}"
        return {"id": visit["person_id"], "name": name, "phone": None, "age": None, "gender": None}
    return {
        "id": visit["person_id"], "name": visit["name"], "phone": visit["phone"] or None, "age": visit["age"],
        "gender": visit["gender"],
    }  # fmt: skip


def doctor(row: Row) -> dict[str, Any]:
    """Who a doctor is."""
    return {
        "id": row["doctor_id"], "name": row["name"], "code": code_of(row), "specialty": row["specialization"],
        "specialization": row["specialization"], "number": row["number"],
    }  # fmt: skip


def code_of(row: Row) -> str:
    """As people write it; made from the small number when the clinic gave none (decision 7)."""
    return row["code"] or f"DOC{row['number']:03d}"


def _queue(visit: Row, place: Place | None, zone: ZoneInfo) -> dict[str, Any] | None:
    word = words(visit["status"]).central_queue
    if word is None or visit["arrived_ms"] is None:
        return None
    return {
        "position": place.position if place else None, "checked_in_at": moment(visit["arrived_ms"], zone),
        "called_at": moment(visit["called_ms"], zone),
        "completed_at": moment(visit["ended_ms"], zone) if visit["status"] == "completed" else None, "status": word,
    }  # fmt: skip
