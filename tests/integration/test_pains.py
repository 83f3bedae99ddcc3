"""What people suffer from with other systems (reference: queues, section 3), each turned into a promise."""

from __future__ import annotations

import asyncio
from pathlib import Path

from edge.domain.booking_commands import BookVisit, NewPerson, RegisterVisit
from edge.domain.commands import (
    AddDoctor,
    CallNext,
    CallVisit,
    CheckIn,
    CompleteConsultation,
    SetPolicy,
    StartWith,
    Undo,
)
from edge.store import places
from shared.ids import new_id
from tests.book import book, register, row, slot, status
from tests.clinic import clinic
from tests.edge_web import hear, web


async def test_pain_4_two_calls_at_once_are_both_shown_and_both_stay_among_the_last_five(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        other = new_id()
        await site.it.accepted(AddDoctor, doctor_id=other, name="Dr. Two", room="Room 9")
        tokens = {(await site.it.issue())["token"] for _ in range(2)}
        async with site.live(await site.screen("display")) as screen:
            await screen.send('{"action":"watch","topic":"display"}')
            await hear(screen, "state")
            await asyncio.gather(
                site.it.accepted(CallNext, doctor_id=site.it.doctor_id), site.it.accepted(CallNext, doctor_id=other)
            )
            state = await hear(screen, "state", lambda m: len(m["state"]["now_calling"]) == 2)
            assert {call["token"] for call in state["state"]["now_calling"]} == tokens
            for doctor_id in (site.it.doctor_id, other):
                held = site.it.rows("select id from visits where doctor_id = ?", doctor_id)[0][0]
                await site.it.accepted(StartWith, doctor_id=doctor_id, visit_id=held)
            state = await hear(screen, "state", lambda m: len(m["state"]["recent"]) == 2)
            assert {call["token"] for call in state["state"]["recent"]} == tokens


async def test_pain_5_screen_that_slept_for_two_days_shows_the_truth_on_reconnect(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        display = await site.screen("display")
        async with site.live(display) as screen:
            await screen.send('{"action":"watch","topic":"display"}')
            await hear(screen, "state")
        site.it.pass_time(2 * 24 * 3600)
        await site.it.tick()
        token = (await site.it.issue())["token"]
        async with site.live(display) as screen:
            await screen.send('{"action":"watch","topic":"display"}')
            state = await hear(screen, "state")
            assert state["state"]["next"] == [token] and state["now_ms"] == site.it.store.clock.now_ms()


async def test_pain_6_no_number_twice_and_no_patient_called_twice_whoever_asks_at_once(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        doctors = [new_id() for _ in range(5)]
        for doctor_id in doctors:
            await it.accepted(AddDoctor, doctor_id=doctor_id, name="Dr.")
        issued = await asyncio.gather(*(it.issue() for _ in range(60)))
        assert len({visit["token"] for visit in issued}) == 60
        called = await asyncio.gather(*(it.accepted(CallNext, doctor_id=doctor_id) for doctor_id in doctors))
        assert len({one["visit"]["id"] for one in called}) == 5


async def test_pain_7_double_tap_makes_one_token_also_with_a_name(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        kiosk = await site.screen("kiosk")
        body, key = {"name": "Ada Sol", "phone": "+15550001"}, {"Idempotency-Key": "one-touch"}
        taps = await asyncio.gather(*(kiosk.post("/api/patients/register", json=body, headers=key) for _ in range(4)))
        assert {tap.status_code for tap in taps} == {201}
        assert len({tap.json()["token_number"] for tap in taps}) == 1
        assert site.it.rows("select count(*) from visits") == [(1,)]


async def test_pain_8_two_normal_one_priority_is_chosen_in_a_form_and_nobody_starves(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        await it.accepted(SetPolicy, service="A", policy="fair", options={"ratio": 2, "age_min": 240})
        normal = [await register(it, urgency=5) for _ in range(5)]
        urgent = [await register(it, urgency=8) for _ in range(3)]
        order = []
        for _ in range(8):
            called = (await it.call())["visit"]
            order.append(called["id"])
            done = await it.accepted(StartWith, doctor_id=it.doctor_id, visit_id=called["id"])
            await it.accepted(CompleteConsultation, visit_id=done["visit"]["id"])
        first_seven = [0, 0, 1, 0, 0, 1, 0]
        assert [int(one in {v["id"] for v in urgent}) for one in order[:7]] == first_seven
        assert {v["id"] for v in normal} <= set(order)


async def test_pain_9_a_chosen_patient_is_called_whoever_stands_before(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        await it.issue()
        chosen = await it.issue()
        called = await it.accepted(CallVisit, doctor_id=it.doctor_id, visit_id=chosen["id"])
        assert called["visit"]["token"] == "A-002"
        await it.accepted(Undo, undo_id=called["undo_id"])
        assert (await it.call())["visit"]["token"] == "A-001"


async def test_pain_11_faster_doctor_takes_patients_nobody_chose_a_doctor_for(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        fast = new_id()
        await it.accepted(AddDoctor, doctor_id=fast, name="Dr. Fast")
        chosen = await register(it, doctor_id=it.doctor_id)
        spread = [await register(it) for _ in range(3)]
        seen = []
        for _ in range(3):
            called = (await it.accepted(CallNext, doctor_id=fast))["visit"]
            seen.append(called["id"])
            await it.accepted(StartWith, doctor_id=fast, visit_id=called["id"])
            await it.accepted(CompleteConsultation, visit_id=called["id"])
        assert set(seen) == {visit["id"] for visit in spread}
        assert await it.refused(CallNext, doctor_id=fast) == "nobody_waiting"
        assert status(it, chosen) == "waiting", "who asked for a doctor waits for that doctor"


async def test_pain_13_same_person_is_not_booked_twice_nor_with_two_doctors_at_once(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        other = new_id()
        await it.accepted(AddDoctor, doctor_id=other, name="Dr. Two")
        mine, theirs = await slot(it), await slot(it, doctor_id=other)
        ada = NewPerson("Ada Sol", "+15550001")
        values = {"new_person_id": new_id(), "person": ada}
        both = await asyncio.gather(*(
            it.do(BookVisit, visit_id=new_id(), slot_id=one["id"], **values) for one in (mine, theirs)
        ))  # fmt: skip
        assert sorted(type(one).__name__ for one in both) == ["Accepted", "Refused"]


async def test_pain_14_no_show_marked_wrongly_is_taken_back_in_one_step_and_a_late_one_simply_checks_in(
    tmp_path: Path,
) -> None:
    async with clinic(tmp_path) as it:
        hour = await slot(it)
        visit, late = await book(it, hour["id"]), await book(it, hour["id"])
        it.pass_time(3600 + 15 * 60)
        await it.tick()
        assert (status(it, visit), status(it, late)) == ("no_show", "no_show")
        acts = it.rows("select command_id from results where kind = 'timer_due' order by id")
        await it.accepted(Undo, undo_id=acts[0][0])
        assert status(it, visit) == "booked"
        back = await it.accepted(CheckIn, visit_id=late["id"])
        assert back["visit"]["status"] == "waiting" and back["visit"]["token"]


async def test_pain_17_wait_that_was_promised_is_kept_with_the_visit_and_grows_with_the_queue(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        first, *_, last = [await register(it) for _ in range(6)]
        assert row(it, first)["promised_low_s"] < 5 * 60
        assert row(it, last)["promised_low_s"] < 5 * 900 < row(it, last)["promised_high_s"]
        conn = it.store.reader()
        house = places.house(conn, it.store.clock.now_ms())
        conn.close()
        waits = [house.standing[r.visit["id"]].wait for r in house.ranked[it.doctor_id]]
        mids = [wait.mid_s for wait in waits if wait]
        assert mids == sorted(mids) and len(mids) == 6


async def test_pain_10_kiosk_and_desk_say_the_same_number_and_it_starts_at_one(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        values = {"visit_id": new_id(), "new_person_id": new_id(), "person": NewPerson("Ada Sol")}
        assert (await it.accepted(RegisterVisit, **values))["visit"]["token"] == "A-001"
        assert (await it.issue())["token"] == "A-002"
