"""The end of a service-day: what becomes of everybody, what stays, and a clock that was set in the morning."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from edge.domain.booking_commands import EmergencyMessage
from edge.domain.commands import CheckIn, OpenDay, ParkVisit, StartConsultation
from shared.ids import new_id
from tests.book import HOUR_MS, NINE_MS, book, row, slot, status
from tests.clinic import Clinic, clinic

TOMORROW, DAY_MS = "2026-11-21", 24 * HOUR_MS


async def test_day_ends_and_everybody_is_settled_by_rule_while_tomorrows_bookings_stay(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        hour = await slot(it, capacity=1)
        absent, waits = await book(it, hour["id"]), await book(it, hour["id"])
        later = await slot(it, day=TOMORROW, start_ms=NINE_MS + DAY_MS)
        tomorrow = await book(it, later["id"])
        await it.issue()
        inside = (await it.call())["visit"]
        await it.accepted(StartConsultation, visit_id=inside["id"])
        waiting, parked = await it.issue(), await it.issue()
        await it.accepted(ParkVisit, visit_id=parked["id"], minutes=600)
        it.pass_time(16 * 3600)
        done = await it.accepted(OpenDay, day=TOMORROW)
        assert done["closed_visits"] == 5 and done["carried_visits"] == 0
        ended = {name: status(it, visit) for name, visit in locals_of(absent, waits, inside, waiting, parked).items()}
        assert ended == {
            "absent": "no_show", "waits": "cancelled", "inside": "completed", "waiting": "no_show", "parked": "no_show",
        }  # fmt: skip
        assert status(it, tomorrow) == "booked"
        assert (await it.issue())["token"] == "A-001"
        assert it.rows("select count(*) from visits where timer_at is not null and ended_at is not null") == [(0,)]


def locals_of(*visits: dict[str, object]) -> dict[str, dict[str, object]]:
    """The visits of the first test by the name each has there."""
    return dict(zip(("absent", "waits", "inside", "waiting", "parked"), visits, strict=True))


async def test_booking_of_today_is_checked_in_today_and_not_a_day_early(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        later = await slot(it, day=TOMORROW, start_ms=NINE_MS + DAY_MS)
        visit = await book(it, later["id"])
        assert await it.refused(CheckIn, visit_id=visit["id"]) == "another_day"
        it.pass_time(24 * 3600)
        await it.tick()
        it.pass_time(1800)
        assert (await it.accepted(CheckIn, visit_id=visit["id"]))["visit"]["token"] == "A-001"


async def test_clock_set_forward_in_the_morning_sends_nobody_home(tmp_path: Path) -> None:
    """A Pi without a battery clock wakes on yesterday evening; network time comes when people are waiting already."""
    async with clinic(tmp_path, prepared=False) as it:
        await prepare(it, datetime(2026, 11, 19, 20, 0, tzinfo=UTC))
        first, second = await it.issue(), await it.issue()
        it.pass_time(600)
        step_s = (datetime(2026, 11, 20, 8, 10, tzinfo=UTC) - datetime(2026, 11, 19, 20, 10, tzinfo=UTC)) / timedelta(
            seconds=1
        )
        it.pass_time(step_s)
        done = await it.accepted(OpenDay, day="2026-11-20", step_ms=int(step_s * 1000))
        assert (done["carried_visits"], done["closed_visits"]) == (2, 0)
        assert [status(it, first), status(it, second)] == ["waiting", "waiting"]
        assert row(it, first)["day"] == "2026-11-20"
        assert (await it.issue())["token"] == "A-003", "no printed number comes twice"


async def test_night_sends_everybody_home_also_after_an_old_step_of_the_clock(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        visit = await it.issue()
        it.pass_time(16 * 3600)
        await it.accepted(OpenDay, day=TOMORROW, step_ms=3 * HOUR_MS)
        assert status(it, visit) == "no_show"


async def test_message_of_yesterday_is_over_today(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        await it.accepted(EmergencyMessage, broadcast_id=new_id(), doctor_id=it.doctor_id, message="Late", delay_min=30)
        it.pass_time(24 * 3600)
        await it.accepted(OpenDay, day=TOMORROW)
        assert it.rows("select count(*) from broadcasts where ended_at is null") == [(0,)]


async def test_undo_does_not_reach_into_a_closed_day(tmp_path: Path) -> None:
    from edge.domain.commands import Undo

    async with clinic(tmp_path) as it:
        await it.issue()
        called = await it.call()
        it.pass_time(24 * 3600)
        await it.accepted(OpenDay, day=TOMORROW)
        assert await it.refused(Undo, undo_id=called["undo_id"]) == "came_between"


async def prepare(it: Clinic, moment: datetime) -> None:
    """A clinic whose clock is wrong."""
    from edge.domain.commands import AddDoctor, AddService

    it.store.clock.start_ms = int(moment.timestamp() * 1000)
    await it.accepted(AddService, letter="A", name="General")
    await it.accepted(AddDoctor, doctor_id=it.doctor_id, name="Dr. Rao", room="Room 2")
    await it.accepted(OpenDay, day=moment.date().isoformat())
