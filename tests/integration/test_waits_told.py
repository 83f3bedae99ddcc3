"""What people are told of their wait: on the slip of a button, on the phone, and when a doctor is late or away."""

from __future__ import annotations

from pathlib import Path

from edge.domain.booking_commands import EmergencyMessage
from edge.domain.commands import AddDoctor, CallNext, ChangeDoctor, CompleteConsultation, SetPolicy, StartWith
from edge.store import places
from edge.store.places import Standing
from shared.ids import new_id
from tests.book import register
from tests.clinic import Clinic, clinic

HOUR_S = 3600


def standing(it: Clinic, visit_id: str) -> Standing:
    """Where somebody stands now."""
    conn = it.store.reader()
    try:
        return places.house(conn, it.store.clock.now_ms()).standing[visit_id]
    finally:
        conn.close()


async def late(it: Clinic, delay_min: int) -> None:
    """The doctor's message to everybody."""
    said = {"broadcast_id": new_id(), "doctor_id": it.doctor_id, "message": "An operation takes longer."}
    await it.accepted(EmergencyMessage, **said, delay_min=delay_min)


async def test_a_press_is_told_of_the_delay_that_a_doctor_has_announced(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        before = await it.issue()
        await late(it, 120)
        after = await it.issue()
        assert before["promised_high_s"] < HOUR_S
        assert after["promised_low_s"] > HOUR_S


async def test_a_delay_announced_anew_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        visit = await register(it)
        await late(it, 30)
        it.pass_time(60)
        await late(it, 45)
        it.pass_time(60)
        await late(it, 0)  # a word without a delay takes none back
        wait = standing(it, visit["id"]).wait
        assert wait is not None and 40 * 60 <= wait.mid_s <= 60 * 60


async def test_who_waits_for_a_doctor_on_a_break_is_told_when_another_will_call(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        visit = await register(it)
        await it.accepted(AddDoctor, doctor_id=new_id(), name="Dr. Two")
        await it.accepted(ChangeDoctor, doctor_id=visit["doctor_id"], is_on_break=True)
        assert standing(it, visit["id"]).wait is not None


async def test_who_waits_for_a_doctor_with_an_order_of_their_own_is_told_by_that_order(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        await it.accepted(SetPolicy, doctor_id=it.doctor_id, policy="tiered", options={})
        walk_in = await register(it, doctor_id=it.doctor_id)
        paid = await register(it, doctor_id=it.doctor_id, category="PRIORITY_PAID")
        first, second = standing(it, paid["id"]), standing(it, walk_in["id"])
        assert (first.position, second.position) == (1, 2)
        assert first.wait is not None and second.wait is not None and first.wait.mid_s < second.wait.mid_s


async def test_somebody_a_doctor_begins_with_from_the_waiting_room_is_called_aloud(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        visit = await it.issue()
        started = await it.accepted(StartWith, doctor_id=it.doctor_id, visit_id=visit["id"])
        assert started["visit"]["status"] == "in_consultation"
        ((body,),) = it.rows("select body from effects where kind = 'announce'")
        assert '"words":"call"' in body and visit["token"] in body
        await it.accepted(CompleteConsultation, visit_id=visit["id"])
        assert await it.refused(CallNext, doctor_id=it.doctor_id) == "nobody_waiting"
