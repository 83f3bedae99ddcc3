"""The words each of the four faces has for a visit's status (decision 6 of the interfaces): one table for both programs."""

from __future__ import annotations

from typing import Final, NamedTuple


class Words(NamedTuple):
    """A status as each face says it. None: the face leaves such a visit out, or has no queue entry for it."""

    queue: str
    """000"""
    token: str | None
    """001"""
    appointment: str
    """003"""
    central: str | None
    """004: of the appointment"""
    central_queue: str | None
    """004: of its queue entry; a visit that never arrived has none, whatever stands here"""


WORDS: Final[dict[str, Words]] = {
    "booked": Words("booked", "CONFIRMED", "confirmed", "confirmed", None),
    "waitlisted": Words("waitlisted", None, "waitlisted", None, None),
    "waiting": Words("waiting", "CONFIRMED", "checked_in", "confirmed", "checked_in"),
    "called": Words("called", "CONFIRMED", "called", "confirmed", "called"),
    "in_consultation": Words("in_consultation", "CONFIRMED", "in_consultation", "confirmed", "in_consultation"),
    "parked": Words("parked", "CONFIRMED", "on_hold", "confirmed", "on_hold"),
    "completed": Words("completed", "COMPLETED", "completed", "completed", "completed"),
    "no_show": Words("no_show", "NO_SHOW", "no_show", "no_show", "no_show"),
    "cancelled": Words("cancelled", "CANCELLED", "cancelled", None, None),
}
