"""Corners of the visit and the book in which people were stuck, lost or sent twice; each was seen failing once."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

from edge.app.clockwork import Clockwork
from edge.domain.booking_commands import ChangeSlot, NewPerson, RegisterVisit
from edge.domain.commands import (
    AddDoctor,
    AddService,
    CallNext,
    CancelVisit,
    ChangeDoctor,
    CheckIn,
    CompleteConsultation,
    FlagEmergency,
    MarkNoShow,
    OpenDay,
    ParkVisit,
    Rebalance,
    RemoveDoctor,
    RenameService,
    ReturnVisit,
    SetPolicy,
    SkipVisit,
    StartConsultation,
    Undo,
)
from edge.store import effects
from shared.ids import new_id
from tests.book import HOUR_MS, NINE_MS, book, booked, register, row, slot, status
from tests.clinic import Clinic, clinic

TOMORROW, DAY_MS = "2026-11-21", 24 * HOUR_MS


async def second_doctor(it: Clinic, **values: str) -> str:
    """Another doctor of service A."""
    doctor_id = new_id()
    await it.accepted(AddDoctor, doctor_id=doctor_id, name="Dr. Two", **values)
    return doctor_id


async def test_slot_whose_people_drew_numbers_stays_on_its_day_so_that_no_number_comes_twice(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        hour = await slot(it, capacity=1)
        await book(it, hour["id"])
        assert (await booked(it, hour["id"], category="WALKIN"))["visit"]["token"] == "A-001"
        moved = {"day": TOMORROW, "start_ms": NINE_MS + DAY_MS, "end_ms": NINE_MS + DAY_MS + HOUR_MS}
        assert await it.refused(ChangeSlot, slot_id=hour["id"], **moved) == "people_came"
        await it.accepted(OpenDay, day=TOMORROW)
        assert (await it.issue())["token"] == "A-001"


async def test_early_arrival_whose_slot_was_cancelled_and_opened_again_still_draws_a_number_before_it_waits(
    tmp_path: Path,
) -> None:
    async with clinic(tmp_path) as it:
        hour = await slot(it)
        visit = await book(it, hour["id"])
        await it.accepted(CheckIn, visit_id=visit["id"])
        await it.accepted(ChangeSlot, slot_id=hour["id"], status="CANCELLED")
        await it.accepted(ChangeSlot, slot_id=hour["id"], status="ACTIVE")
        assert row(it, visit)["status"] == "booked"
        it.pass_time(1800)
        await it.tick()
        assert (row(it, visit)["status"], row(it, visit)["token"]) == ("waiting", "A-001")


async def test_emergency_goes_to_whichever_doctor_is_free_first(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        other = await second_doctor(it)
        for doctor_id in (it.doctor_id, other):
            await register(it)
            called = await it.accepted(CallNext, doctor_id=doctor_id)
            await it.accepted(StartConsultation, visit_id=called["visit"]["id"])
        for _ in range(2):
            await register(it)
        urgent = await register(it, is_emergency=True)
        (held,) = it.rows("select id from visits where doctor_id = ? and status = 'in_consultation'", other)[0]
        await it.accepted(CompleteConsultation, visit_id=held)
        assert (await it.accepted(CallNext, doctor_id=other))["visit"]["id"] == urgent["id"]


async def test_nobody_waits_for_a_doctor_who_has_left_or_changed_service(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        other = await second_doctor(it)
        chosen = await register(it, doctor_id=other)
        await it.accepted(ChangeDoctor, doctor_id=other, is_active=False)
        assert (await it.call())["visit"]["id"] == chosen["id"]
    async with clinic(tmp_path / "second") as it:
        other = await second_doctor(it)
        chosen = await register(it, doctor_id=other)
        await it.accepted(AddService, letter="L", name="Laboratory")
        await it.accepted(ChangeDoctor, doctor_id=other, service="L")
        assert (await it.call())["visit"]["id"] == chosen["id"]


async def test_doctor_on_a_break_keeps_those_who_chose_them_and_gives_the_others_away(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        other = await second_doctor(it)
        chosen = await register(it, doctor_id=other)
        await register(it)
        spread = await register(it)
        await it.accepted(ChangeDoctor, doctor_id=other, is_on_break=True)
        calls = [(await it.call())["visit"]["id"]]
        await it.accepted(CancelVisit, visit_id=calls[0])
        calls.append((await it.call())["visit"]["id"])
        assert spread["id"] in calls and chosen["id"] not in calls


async def test_doctor_with_a_patient_does_not_change_service_and_is_sent_no_second_one(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        await it.accepted(AddService, letter="B", name="Bones")
        await it.issue()
        called = await it.call()
        await it.accepted(StartConsultation, visit_id=called["visit"]["id"])
        assert await it.refused(ChangeDoctor, doctor_id=it.doctor_id, service="B") == "doctor_busy"


async def test_early_arrival_who_becomes_an_emergency_waits_at_once(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        visit = await book(it, (await slot(it, start_ms=NINE_MS + 2 * HOUR_MS))["id"])
        await it.accepted(CheckIn, visit_id=visit["id"])
        await it.accepted(FlagEmergency, visit_id=visit["id"])
        await it.tick()
        assert status(it, visit) == "waiting"
        assert (await it.call())["visit"]["id"] == visit["id"]


async def test_hold_whose_end_was_taken_back_ends_again_by_itself(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        visit = await it.issue()
        await it.accepted(ParkVisit, visit_id=visit["id"], minutes=5)
        it.pass_time(300)
        await it.tick()
        (undo_id,) = it.rows("select command_id from results where kind = 'timer_due'")[0]
        await it.accepted(Undo, undo_id=undo_id)
        assert status(it, visit) == "parked"
        it.pass_time(15 * 60)
        await it.tick()
        assert status(it, visit) == "waiting"


async def test_third_skip_gives_the_place_to_the_waiting_list(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        hour = await slot(it, capacity=1)
        visit, waits = await book(it, hour["id"]), await book(it, hour["id"])
        it.pass_time(1800)
        await it.accepted(CheckIn, visit_id=visit["id"])
        skips = [(await it.accepted(SkipVisit, visit_id=visit["id"]))["skips"] for _ in range(3)]
        assert skips == [1, 2, 3]
        assert (status(it, visit), status(it, waits)) == ("no_show", "booked")


async def test_walk_in_on_the_waiting_list_gets_a_slip_too(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        hour = await slot(it, capacity=1)
        await book(it, hour["id"])
        await book(it, hour["id"], category="WALKIN")
        conn = it.store.reader()
        due = effects.next_due(conn, "print_slip", it.store.clock.now_ms())
        conn.close()
        assert due is not None and due.visit_open


async def test_undo_does_not_bring_a_booking_back_to_a_time_its_slot_does_not_have_any_more(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        hour = await slot(it)
        visit = await book(it, hour["id"])
        gone = await it.accepted(CancelVisit, visit_id=visit["id"])
        later = NINE_MS + 4 * HOUR_MS
        await it.accepted(ChangeSlot, slot_id=hour["id"], start_ms=later, end_ms=later + HOUR_MS)
        assert await it.refused(Undo, undo_id=gone["undo_id"]) == "slot_moved"


async def test_asking_for_the_grace_again_does_not_make_it_longer(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        await it.issue()
        called = (await it.call())["visit"]
        ends = []
        for _ in range(3):
            ends.append((await it.accepted(MarkNoShow, visit_id=called["id"], grace_min=15))["grace_ends_ms"])
            it.pass_time(240)
        assert len(set(ends)) == 1


async def test_somebody_who_registered_anew_does_not_also_return(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        ada = NewPerson("Ada Sol", "+15550001")
        visit = await register(it, person=ada)
        await it.accepted(MarkNoShow, visit_id=visit["id"])
        await register(it, person=ada)
        assert await it.refused(ReturnVisit, visit_id=visit["id"]) == "double_booking"


async def test_emergency_of_somebody_booked_elsewhere_stays_in_its_own_service(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        await it.accepted(AddService, letter="B", name="Bones")
        bones = new_id()
        await it.accepted(AddDoctor, doctor_id=bones, name="Dr. Bone", service="B")
        hour = await slot(it, doctor_id=bones)
        ada = NewPerson("Ada Sol", "+15550001")
        visit = await book(it, hour["id"], person=ada)
        values = {"visit_id": new_id(), "new_person_id": new_id(), "person": ada, "is_emergency": True}
        urgent = (await it.accepted(RegisterVisit, **values))["visit"]
        assert (urgent["id"], urgent["token"], urgent["service"]) == (visit["id"], "B-001", "B")


async def test_emergency_for_a_doctor_of_another_service_stands_in_that_doctors_queue_with_the_number_it_has(
    tmp_path: Path,
) -> None:
    async with clinic(tmp_path) as it:
        await it.accepted(AddService, letter="B", name="Bones")
        bones = new_id()
        await it.accepted(AddDoctor, doctor_id=bones, name="Dr. Bone", service="B")
        ada = NewPerson("Ada Sol", "+15550001")
        await register(it)
        waits = await register(it, person=ada, service="B")
        urgent = {"new_person_id": new_id(), "person": ada, "is_emergency": True}
        moved = (await it.accepted(RegisterVisit, visit_id=new_id(), **urgent, doctor_id=it.doctor_id))["visit"]
        assert (moved["id"], moved["token"], moved["service"]) == (waits["id"], "B-001", "A")
        assert await it.refused(CallNext, doctor_id=bones) == "nobody_waiting"
        assert (await it.call())["visit"]["id"] == waits["id"]
        numbers = it.rows("select slot_no from visits where doctor_id = ?", it.doctor_id)
        assert sorted(numbers) == [(1,), (2,)]


async def test_emergency_into_a_slot_of_somebody_booked_in_another_service_draws_its_own_services_number(
    tmp_path: Path,
) -> None:
    async with clinic(tmp_path) as it:
        await it.accepted(AddService, letter="B", name="Bones")
        bones = new_id()
        await it.accepted(AddDoctor, doctor_id=bones, name="Dr. Bone", service="B")
        visit = await book(
            it, (await slot(it, doctor_id=bones))["id"], person=(ada := NewPerson("Ada Sol", "+15550001"))
        )
        urgent = await booked(it, (await slot(it))["id"], person=ada, category="EMERGENCY")
        assert (urgent["visit"]["id"], urgent["visit"]["token"]) == (visit["id"], "B-001")


async def test_somebody_on_hold_who_comes_as_an_emergency_waits_again_at_once(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        ada, hour = NewPerson("Ada Sol", "+15550001"), await slot(it)
        held = await register(it, person=ada)
        await register(it)
        for come_in in ("at the desk", "into a slot"):
            await it.accepted(ParkVisit, visit_id=held["id"], minutes=60)
            if come_in == "at the desk":
                await register(it, person=ada, is_emergency=True)
            else:
                await booked(it, hour["id"], person=ada, category="EMERGENCY")
            assert (row(it, held)["status"], row(it, held)["timer_at"]) == ("waiting", None), come_in
        assert (await it.call())["visit"]["id"] == held["id"]


async def test_emergency_sent_to_any_doctor_does_not_wait_for_the_one_it_had_asked_for(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        other = await second_doctor(it)
        ada = NewPerson("Ada Sol", "+15550001")
        await register(it, doctor_id=it.doctor_id)
        await it.call()
        visit = await register(it, person=ada, doctor_id=it.doctor_id)
        assert await it.refused(CallNext, doctor_id=other) == "nobody_waiting"
        await register(it, person=ada, service="A", is_emergency=True)
        assert (await it.accepted(CallNext, doctor_id=other))["visit"]["id"] == visit["id"]


async def test_emergency_given_another_doctor_gets_a_number_of_that_doctors_day(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        other = await second_doctor(it)
        ada = NewPerson("Ada Sol", "+15550001")
        await register(it, doctor_id=other)
        visit = await book(it, (await slot(it))["id"], person=ada)
        assert visit["slot_no"] == 1
        await register(it, person=ada, is_emergency=True, doctor_id=other)
        assert (row(it, visit)["doctor_id"], row(it, visit)["slot_no"]) == (other, 2)
        await register(it, person=ada, is_emergency=True, doctor_id=other)
        assert row(it, visit)["slot_no"] == 2, "given once"


async def test_two_visits_of_a_doctors_day_never_have_one_number(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        other = await second_doctor(it)
        for _ in range(4):
            await register(it)
        await it.accepted(ChangeDoctor, doctor_id=other, is_active=False)
        await it.accepted(Rebalance)
        numbers = it.rows("select doctor_id, slot_no from visits")
        assert len(numbers) == len(set(numbers)) == 4


async def test_clinic_that_was_away_for_three_hours_lets_people_check_in_before_it_misses_anybody(
    tmp_path: Path,
) -> None:
    async with clinic(tmp_path) as it:
        visit = await book(it, (await slot(it))["id"])
        it.pass_time(3 * 3600)
        work = Clockwork(it.store, it.dispatcher, ZoneInfo("UTC"), patience_s=900)
        await work.tick()
        assert status(it, visit) == "booked"
        it.pass_time(900)
        await work.tick()
        work.close()
        assert status(it, visit) == "no_show"


async def test_slip_of_a_check_in_that_was_taken_back_is_printed_when_the_person_comes_after_all(
    tmp_path: Path,
) -> None:
    async with clinic(tmp_path) as it:
        visit = await book(it, (await slot(it))["id"])
        it.pass_time(1800)
        done = await it.accepted(CheckIn, visit_id=visit["id"])
        await it.accepted(Undo, undo_id=done["undo_id"])
        assert it.rows("select state from effects where kind = 'print_slip'") == [("cancelled",)]
        again = await it.accepted(CheckIn, visit_id=visit["id"])
        assert again["visit"]["token"] == done["visit"]["token"]
        assert it.rows("select state from effects where kind = 'print_slip'") == [("open",)]


async def test_doctor_who_leaves_keeps_nobody_who_may_return(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        other = await second_doctor(it)
        visit = await register(it, doctor_id=other)
        await it.accepted(MarkNoShow, visit_id=visit["id"])
        await it.accepted(RemoveDoctor, doctor_id=other)
        await it.accepted(ReturnVisit, visit_id=visit["id"])
        assert (await it.call())["visit"]["id"] == visit["id"]


async def test_service_that_changes_its_name_or_order_while_people_wait_goes_on_counting_them(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        await it.issue()
        await it.accepted(RenameService, letter="A", name="General medicine")
        await it.accepted(SetPolicy, service="A", policy="fair", options={})
        assert it.rows("select open, waiting from queue_counts where service = 'A'") == [(1, 1)]
        called = await it.call()
        await it.accepted(CancelVisit, visit_id=called["visit"]["id"])
        assert it.rows("select open, waiting from queue_counts where service = 'A'") == [(0, 0)]
        await it.issue()
