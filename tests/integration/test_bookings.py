"""The appointment book's promises, on a real store with time that stands still."""

from __future__ import annotations

from pathlib import Path

from edge.domain.booking_commands import BookVisit, ChangeSlot, DelaySlot, NewPerson, RegisterVisit
from edge.domain.commands import CancelVisit, CheckIn, MarkNoShow, ReturnVisit, Undo
from edge.domain.visits import Rules
from edge.store import states
from shared.ids import new_id
from tests.book import HOUR_MS, NINE_MS, book, booked, register, row, slot, status
from tests.clinic import clinic


async def test_number_is_drawn_on_arrival_and_never_at_booking(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        visit = await book(it, (await slot(it))["id"])
        assert visit["status"] == "booked" and visit["token"] is None
        it.pass_time(1800)
        done = await it.accepted(CheckIn, visit_id=visit["id"])
        assert (done["visit"]["status"], done["visit"]["token"]) == ("waiting", "A-001")
        assert done["visit"]["promised_high_s"] is not None
        again = await it.accepted(CheckIn, visit_id=visit["id"])
        assert again["already"] and again["visit"]["token"] == "A-001"


async def test_full_slot_puts_on_the_waiting_list_and_a_cancelled_place_goes_to_the_best_category_first(
    tmp_path: Path,
) -> None:
    async with clinic(tmp_path) as it:
        hour = await slot(it, capacity=1)
        first = await book(it, hour["id"])
        later = await booked(it, hour["id"], category="ONLINE")
        it.pass_time(60)
        better = await booked(it, hour["id"], category="FOLLOWUP")
        assert later["waitlisted"] and better["waitlisted"]
        wanted = {"visit_id": new_id(), "new_person_id": new_id(), "person": NewPerson("Late"), "slot_id": hour["id"]}
        assert await it.refused(BookVisit, **wanted, waitlist=False) == "full"
        gone = await it.accepted(CancelVisit, visit_id=first["id"])
        assert gone["promoted"]["id"] == better["visit"]["id"]
        assert status(it, better["visit"]) == "booked" and status(it, later["visit"]) == "waitlisted"
        assert it.rows("select places_taken from slots") == [(1,)]


async def test_cancelling_twice_gives_the_same_answer_and_does_nothing(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        hour = await slot(it, capacity=1)
        visit = await book(it, hour["id"])
        waits = [await book(it, hour["id"]) for _ in range(2)]
        await it.accepted(CancelVisit, visit_id=visit["id"])
        again = await it.accepted(CancelVisit, visit_id=visit["id"])
        assert again["already"] and [status(it, one) for one in waits] == ["booked", "waitlisted"]


async def test_undo_of_a_cancel_brings_the_visit_back_over_capacity_and_pushes_nobody_out(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        hour = await slot(it, capacity=1)
        first, second = await book(it, hour["id"]), await book(it, hour["id"])
        gone = await it.accepted(CancelVisit, visit_id=first["id"])
        await it.accepted(Undo, undo_id=gone["undo_id"])
        back, promoted = row(it, first), row(it, second)
        assert (back["status"], back["holds_place"], back["over_capacity"]) == ("booked", False, True)
        assert (promoted["status"], promoted["holds_place"]) == ("booked", True)
        assert it.rows("select places_taken, extra_taken from slots") == [(1, 1)]


async def test_emergency_enters_a_full_slot_and_nobody_is_promoted_until_an_ordinary_place_is_free(
    tmp_path: Path,
) -> None:
    async with clinic(tmp_path) as it:
        hour = await slot(it, capacity=1)
        first, waiting = await book(it, hour["id"]), await book(it, hour["id"])
        urgent = await book(it, hour["id"], category="EMERGENCY")
        assert (urgent["status"], urgent["over_capacity"], urgent["token"]) == ("waiting", True, "A-001")
        gone = await it.accepted(CancelVisit, visit_id=urgent["id"])
        assert gone["promoted"] is None and status(it, waiting) == "waitlisted"
        gone = await it.accepted(CancelVisit, visit_id=first["id"])
        assert gone["promoted"]["id"] == waiting["id"]


async def test_second_visit_of_the_day_is_refused_naming_the_first_and_an_emergency_never_is(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        hour = await slot(it)
        person = NewPerson("Ada Sol", "+15550001")
        first = await book(it, hour["id"], person=person)
        values = {"visit_id": new_id(), "new_person_id": new_id(), "person": person}
        assert await it.refused(RegisterVisit, **values) == "double_booking"
        assert (await it.accepted(RegisterVisit, **values, override="asked by Dr. Rao"))["visit"]["token"] == "A-001"
        await it.accepted(CancelVisit, visit_id=values["visit_id"])
        urgent = await it.accepted(RegisterVisit, **{**values, "visit_id": new_id()}, is_emergency=True)
        assert urgent["visit"]["id"] == first["id"] and urgent["visit"]["status"] == "waiting"
        assert urgent["visit"]["is_emergency"] and urgent["visit"]["urgency"] == 10


async def test_family_sharing_a_phone_stays_two_people(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        ada = await register(it, person=NewPerson("Ada Sol", "+15550001"))
        ben = await register(it, person=NewPerson("Ben Sol", "+15550001"))
        assert ada["person_id"] != ben["person_id"]
        await it.dispatcher.writer.run(states.keep_rules, Rules(double_booking="doctor_day"))
        assert it.rows("select count(*) from persons") == [(2,)]


async def test_early_arrival_joins_by_itself_at_the_limit(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        visit = await book(it, (await slot(it))["id"])
        early = await it.accepted(CheckIn, visit_id=visit["id"])
        assert not early["admitted"] and early["minutes_early"] == 60 and early["visit"]["status"] == "booked"
        await it.tick()
        assert status(it, visit) == "booked"
        it.pass_time(1800)
        await it.tick()
        joined = row(it, visit)
        assert (joined["status"], joined["token"]) == ("waiting", "A-001")
        assert joined["arrived_at"] == early["visit"]["arrived_at"], "the wait counts from arrival"


async def test_booked_person_who_does_not_come_is_missed_after_the_grace_and_may_return(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        hour = await slot(it, capacity=1)
        visit, waits = await book(it, hour["id"]), await book(it, hour["id"])
        it.pass_time(3600 + 14 * 60)
        await it.tick()
        assert status(it, visit) == "booked"
        it.pass_time(60)
        await it.tick()
        assert (status(it, visit), status(it, waits)) == ("no_show", "booked")
        back = await it.accepted(ReturnVisit, visit_id=visit["id"])
        assert (
            back["visit"]["status"] == "waiting"
            and back["visit"]["over_capacity"]
            and back["visit"]["token"] == "A-001"
        )


async def test_grace_before_a_no_show_ends_by_itself_and_one_step_takes_it_back(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        await it.issue()
        called = (await it.call())["visit"]
        waits = await it.accepted(MarkNoShow, visit_id=called["id"], grace_min=15)
        assert waits["outcome"] == "grace" and status(it, called) == "called"
        it.pass_time(15 * 60)
        await it.tick()
        assert status(it, called) == "no_show"
        (undo_id,) = it.rows("select command_id from results where kind = 'timer_due'")[0]
        await it.accepted(Undo, undo_id=undo_id)
        await it.tick()
        assert status(it, called) == "called", "the clock does not do again what was taken back"


async def test_delay_is_set_not_added_and_what_free_time_does_not_take_up_is_passed_on(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        nine = await slot(it)
        ten = await slot(it, start_ms=NINE_MS + HOUR_MS)
        noon = await slot(it, start_ms=NINE_MS + 3 * HOUR_MS)
        visit = await book(it, ten["id"])
        for _ in range(2):
            done = await it.accepted(DelaySlot, slot_id=nine["id"], delay_min=30)
        assert done["slot"]["delay_min"] == 30
        assert dict(it.rows("select id, delay_min from slots")) == {nine["id"]: 30, ten["id"]: 30, noon["id"]: 0}
        assert row(it, visit)["delay_min"] == 30
        await it.accepted(DelaySlot, slot_id=nine["id"], delay_min=90)
        assert dict(it.rows("select id, delay_min from slots"))[noon["id"]] == 30
        await it.accepted(DelaySlot, slot_id=nine["id"], delay_min=0)
        assert {delay for (delay,) in it.rows("select delay_min from slots")} == {0}
        assert row(it, visit)["delay_min"] == 0


async def test_cancelled_slot_sends_its_visits_to_the_waiting_list_and_tells_them(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        hour = await slot(it)
        visits = [await book(it, hour["id"]) for _ in range(2)]
        done = await it.accepted(ChangeSlot, slot_id=hour["id"], status="CANCELLED")
        assert len(done["moved_to_waiting_list"]) == 2
        assert [status(it, one) for one in visits] == ["waitlisted", "waitlisted"]
        assert it.rows("select places_taken from slots") == [(0,)]
        told = it.rows("select count(*) from effects where kind = 'notify' and key like 'notice:displaced:%'")
        assert told == [(2,)]
        opened = await it.accepted(ChangeSlot, slot_id=hour["id"], status="ACTIVE")
        assert len(opened["promoted"]) == 2


async def test_larger_capacity_gives_the_new_places_away_in_the_same_commit(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        hour = await slot(it, capacity=1)
        visits = [await book(it, hour["id"]) for _ in range(4)]
        assert await it.refused(ChangeSlot, slot_id=hour["id"], max_capacity=0) == "bad_capacity"
        done = await it.accepted(ChangeSlot, slot_id=hour["id"], max_capacity=3)
        assert [one["id"] for one in done["promoted"]] == [visits[1]["id"], visits[2]["id"]]
        assert await it.refused(ChangeSlot, slot_id=hour["id"], max_capacity=2) == "capacity_taken"


async def test_notices_are_kept_only_for_people_who_agreed(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        hour = await slot(it)
        await book(it, hour["id"], person=NewPerson("No Thanks", "+15550003", notify=False))
        await book(it, hour["id"], person=NewPerson("No Phone", "", notify=True))
        assert it.rows("select count(*) from effects where kind = 'notify'") == [(0,)]
