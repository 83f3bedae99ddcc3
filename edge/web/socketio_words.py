"""What Socket.IO says of an event, in the words of seeds 000 and 003. Values in, payloads out."""

from __future__ import annotations

from typing import Any, Final
from zoneinfo import ZoneInfo

from edge.store.states import Row
from shared.clock import iso
from shared.events import Event
from shared.statuses import WORDS

REASONS: Final[dict[str, str]] = {
    "token_issued": "checked_in", "visit_called": "called", "visit_recalled": "called",
    "consultation_started": "started", "consultation_completed": "completed", "visit_missed": "no_show",
    "undone": "undone", "visit_carried": "moved", "visit_booked": "booked", "visit_waitlisted": "booked",
    "visit_promoted": "promoted", "visit_displaced": "cancelled", "visit_delayed": "delayed",
    "visit_early": "early_arrival", "visit_arrived": "checked_in", "visit_skipped": "moved", "visit_parked": "moved",
    "visit_resumed": "moved", "visit_transferred": "moved", "visit_returned": "checked_in",
    "visit_cancelled": "cancelled", "visit_flagged": "emergency", "visit_triaged": "moved", "visit_moved": "moved",
    "visit_reassigned": "rebalanced", "visit_read": "moved",
}  # fmt: skip
"""Kind of event -> the `reason` of a `queue-broadcast`. A kind that is not here changes no queue."""
_ENDED: Final = {"completed": "completed", "no_show": "no_show", "cancelled": "cancelled"}


def reason_of(event: Event, visit: Row) -> str | None:
    """Why the queue of a visit changed; None: it did not."""
    if event.kind == "visit_expired":
        return _ENDED.get(visit["status"], "moved")
    if event.kind == "token_issued" and visit["is_emergency"]:
        return "emergency"
    return REASONS.get(event.kind)


def status_changed(event: Event, visit: Row, doctor: Row | None, zone: ZoneInfo) -> dict[str, Any]:
    """`patient_status_changed`."""
    return {
        "patient_id": visit["number"], "token_number": visit["token"], "status": WORDS[visit["status"]].queue,
        "doctor_name": doctor["name"] if doctor else None, "uuid": visit["id"], "seq": event.gseq,
        "at": iso(event.at, zone),
    }  # fmt: skip


def doctor_changed(doctor: Row) -> dict[str, Any]:
    """`doctor_status_changed`."""
    return {
        "doctor_id": doctor["number"], "doctor_name": doctor["name"], "is_active": doctor["is_active"],
        "is_on_break": doctor["is_on_break"], "uuid": doctor["id"],
    }  # fmt: skip


def emergency_added(visit: Row, name: str | None) -> dict[str, Any]:
    """`emergency_added`."""
    return {
        "patient_id": visit["number"], "token_number": visit["token"], "name": name, "urgency": visit["urgency"],
        "uuid": visit["id"],
    }  # fmt: skip


def notification(event: Event, zone: ZoneInfo) -> dict[str, Any]:
    """`emergency-notification`."""
    message = event.data
    return {
        "message": message["message"], "priority": message["priority"], "estimatedDelay": message["delay_min"],
        "doctorId": message["doctor_id"], "broadcastId": event.id, "sentAt": iso(message["sent_at"], zone),
    }  # fmt: skip
