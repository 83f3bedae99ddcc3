"""What people are told on their phone, and until when it is worth telling. The outgoing door is a port of the application.

A notice is an effect of the kind "notify". The store keeps it only for people who agreed and gave a phone number.
"""

from __future__ import annotations

from typing import Any, Final

from edge.domain.decision import Effect, Moment

EXPIRY_MIN: Final = {
    "booked": 24 * 60, "waitlisted": 24 * 60, "promoted": 12 * 60, "delayed": 120, "next": 10, "cancelled": 24 * 60,
    "displaced": 24 * 60, "message": 60, "missed": 12 * 60,
}  # fmt: skip
"""Topic -> minutes after which it would only confuse."""


def notice(topic: str, visit: dict[str, Any], now: Moment, cause: str, **values: str | int) -> Effect:
    """Tell the person of a visit. One per topic, visit and cause, whoever asks again.

    values: what the words need beside the visit, e.g. `delay_min`.
    """
    body = {
        "topic": topic, "visit_id": visit["id"], "person_id": visit["person_id"], "token": visit["token"],
        "doctor_id": visit["doctor_id"], "due_at": visit["due_at"], "language": visit["language"], "values": values,
    }  # fmt: skip
    return Effect("notify", f"notice:{topic}:{visit['id']}:{cause}", body, now.now_ms + EXPIRY_MIN[topic] * 60_000)


def notices(topic: str, visit: dict[str, Any], now: Moment, cause: str, **values: str | int) -> list[Effect]:
    """None for a visit whose person nobody knows."""
    return [notice(topic, visit, now, cause, **values)] if visit["person_id"] is not None else []
