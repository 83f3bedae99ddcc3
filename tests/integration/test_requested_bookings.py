"""A booking that head office asks for: the clinic decides it by the rules of its own desk, and says what became of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edge.domain.booking_commands import ChangeSlot
from shared.commands import RequestBooking
from shared.ids import new_id
from tests.book import HOUR_MS, NINE_MS, slot
from tests.clinic import DAY, Clinic, clinic


def asked(it: Clinic, **values: Any) -> dict[str, Any]:
    """A request for somebody new."""
    ids = {"visit_id": new_id(), "new_person_id": new_id(), "new_slot_id": new_id()}
    return {**ids, "name": "Ada Sol", "phone": "+15550001", "doctor_id": it.doctor_id, "day": DAY, **values}


async def test_head_office_books_a_time_as_the_desk_would(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        visit = (await it.accepted(RequestBooking, **asked(it, time="10:30")))["visit"]
        assert (visit["status"], visit["token"]) == ("booked", None)
        assert it.rows("select max_capacity, places_taken from slots") == [(4, 1)]
        again = asked(it, time="11:30")
        assert await it.refused(RequestBooking, **again) == "double_booking"


async def test_request_for_a_time_between_slots_takes_only_what_they_leave_of_the_hour(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        await slot(it, start_ms=NINE_MS + HOUR_MS // 2)  # 9:30 to 10:30
        await it.accepted(RequestBooking, **asked(it, time="10:45"))
        made = it.rows("select start_at, end_at from slots where places_taken = 1")
        assert made == [(NINE_MS + HOUR_MS * 3 // 2, NINE_MS + HOUR_MS * 2)], "10:30 to 11, beside the other slot"


async def test_request_for_a_time_whose_slot_was_cancelled_is_refused_as_at_the_desk(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        hour = await slot(it)
        await it.accepted(ChangeSlot, slot_id=hour["id"], status="CANCELLED")
        assert await it.refused(RequestBooking, **asked(it, time="09:15")) == "slot_cancelled"
        assert it.rows("select count(*) from slots") == [(1,)], "the doctor is away: no new hour is made over it"


async def test_request_for_a_full_slot_waits_or_is_refused_as_it_says(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        hour = await slot(it, capacity=1)
        await it.accepted(RequestBooking, **asked(it, slot_id=hour["id"], day=None))
        other = {"name": "Ben Ray", "phone": "+15550002", "slot_id": hour["id"], "day": None}
        assert await it.refused(RequestBooking, **asked(it, **other, waitlist=False)) == "full"
        assert (await it.accepted(RequestBooking, **asked(it, **other)))["waitlisted"]


async def test_request_the_clinic_cannot_read_is_refused_and_nothing_is_kept(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        for odd in ({"day": "tomorrow"}, {"time": "25:99"}, {"category": "EMERGENCY"}, {"day": None}):
            assert await it.refused(RequestBooking, **asked(it, **{"time": "10:30", **odd})) == "wrong_shape"
        assert it.rows("select count(*) from visits") == [(0,)]
