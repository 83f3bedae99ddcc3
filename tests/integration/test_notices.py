"""What people are told on their phone: once, in time, and only if they agreed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

from edge.app.effects import EffectsRunner, Site
from edge.app.herald import Herald
from edge.app.ports import DeviceError, NoRoute, Notice
from edge.domain.booking_commands import ChangePerson, DelaySlot, EmergencyMessage, NewPerson
from edge.domain.commands import CancelVisit, MarkNoShow, SkipVisit, Undo
from shared.ids import new_id
from tests.book import book, register, slot
from tests.clinic import Clinic, clinic


class Phone:
    """A door that keeps what it was handed."""

    def __init__(self) -> None:
        self.heard: list[Notice] = []
        self.refuses = 0
        self.is_set_up = True

    async def send(self, notice: Notice) -> None:
        """Take a notice, or refuse as often as asked."""
        if not self.is_set_up:
            raise NoRoute("no way to send messages is set")
        if self.refuses:
            self.refuses -= 1
            raise DeviceError("the gateway does not answer", begun=True)
        self.heard.append(notice)


@asynccontextmanager
async def told(it: Clinic, phone: Phone | None) -> AsyncIterator[EffectsRunner]:
    """The runner of effects with this door."""
    site = Site("Riverside", ZoneInfo("UTC"), "en", ("en",))
    yield EffectsRunner(it.store, it.dispatcher, it.bus, site, None, None, phone)


async def drain(runner: EffectsRunner) -> None:
    """Everything whose time has come."""
    while await runner.step("notify"):
        pass


AGREED = {"phone": "+15550009", "notify": True}


async def test_booking_promotion_delay_and_cancellation_are_told_in_this_order(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it, told(it, phone := Phone()) as runner:
        hour = await slot(it, capacity=1)
        first = await book(it, hour["id"])
        await book(it, hour["id"], person=NewPerson("Ana", **AGREED))  # type: ignore[arg-type]
        await drain(runner)
        phone.heard.clear()
        await it.accepted(DelaySlot, slot_id=hour["id"], delay_min=20)
        await it.accepted(CancelVisit, visit_id=first["id"])
        await drain(runner)
        topics = [(notice.topic, notice.phone) for notice in phone.heard]
        assert topics == [("delayed", "+1555000000"), ("cancelled", "+1555000000"), ("promoted", "+15550009")]


async def test_somebody_who_becomes_the_next_is_told_once(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it, told(it, phone := Phone()) as runner:
        herald = Herald(it.store, it.dispatcher, it.bus)
        await it.issue()
        ana = await register(it, person=NewPerson("Ana", **AGREED), urgency=1)  # type: ignore[arg-type]
        await herald.look()
        await drain(runner)
        assert phone.heard == []
        await it.call()
        for _ in range(2):
            await herald.look()
        await drain(runner)
        assert [(notice.topic, notice.visit_id) for notice in phone.heard] == [("next", ana["id"])]


async def test_who_is_marked_as_not_come_is_told_whoever_marked_it(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it, told(it, phone := Phone()) as runner:
        by_hand, skipped, taken_back = [
            await register(it, person=NewPerson(name, **AGREED))  # type: ignore[arg-type]
            for name in ("Ana", "Ben", "Cy")
        ]
        booked = await book(it, (await slot(it))["id"], person=NewPerson("Dee", **AGREED))  # type: ignore[arg-type]
        await drain(runner)
        phone.heard.clear()
        await it.accepted(MarkNoShow, visit_id=by_hand["id"])
        for _ in range(3):
            await it.accepted(SkipVisit, visit_id=skipped["id"])
        act = await it.accepted(MarkNoShow, visit_id=taken_back["id"])
        await it.accepted(Undo, undo_id=act["undo_id"])
        it.pass_time(3600 + 15 * 60)
        await it.tick()
        await drain(runner)
        missed = [notice.visit_id for notice in phone.heard if notice.topic == "missed"]
        assert missed == [by_hand["id"], skipped["id"], booked["id"]]


async def test_message_to_a_doctors_patients_reaches_those_who_agreed(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it, told(it, phone := Phone()) as runner:
        await register(it, person=NewPerson("Ana", **AGREED))  # type: ignore[arg-type]
        await register(it, person=NewPerson("Ben", "+15550010"))
        values = {"broadcast_id": new_id(), "doctor_id": it.doctor_id, "message": "Dr. Rao is 30 minutes late"}
        done = await it.accepted(EmergencyMessage, **values, delay_min=30)
        await drain(runner)
        assert done["recipients"] == 2
        assert [(notice.phone, notice.values["delay_min"]) for notice in phone.heard] == [("+15550009", 30)]


async def test_notice_that_failed_is_tried_again_and_says_that_it_may_be_the_second(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it, told(it, phone := Phone()) as runner:
        phone.refuses = 1
        await book(it, (await slot(it))["id"])
        await drain(runner)
        assert phone.heard == []
        it.pass_time(60)
        await drain(runner)
        assert [notice.repeat for notice in phone.heard] == [True]


async def test_notice_that_is_too_late_and_one_of_somebody_who_no_longer_agrees_are_not_sent_and_say_why(
    tmp_path: Path,
) -> None:
    async with clinic(tmp_path) as it, told(it, phone := Phone()) as runner:
        hour = await slot(it, capacity=5)
        ana = await book(it, hour["id"], person=NewPerson("Ana", **AGREED))  # type: ignore[arg-type]
        await it.accepted(ChangePerson, person_id=ana["person_id"], changes={"notify": False})
        await drain(runner)
        await book(it, hour["id"])
        it.pass_time(25 * 3600)
        await drain(runner)
        assert phone.heard == []
        reasons = [reason for (reason,) in it.rows("select reason from effects where kind = 'notify' order by id")]
        assert reasons == ["the person does not want messages", "too late"]
        assert runner.devices["messenger"] == "ok"


async def test_head_office_that_sends_no_messages_is_said_once_and_is_nothing_that_does_not_work(
    tmp_path: Path,
) -> None:
    async with clinic(tmp_path) as it, told(it, phone := Phone()) as runner:
        phone.is_set_up = False
        hour = await slot(it, capacity=5)
        for name in ("Ana", "Ben"):
            await book(it, hour["id"], person=NewPerson(name, **AGREED))  # type: ignore[arg-type]
        await drain(runner)
        assert runner.devices["messenger"] == "none"
        assert it.rows("select topic, open from alerts") == [("device:messenger", 1)]
        assert {state for (state,) in it.rows("select state from effects where kind = 'notify'")} == {"not_done"}
        phone.is_set_up = True
        await book(it, hour["id"], person=NewPerson("Cem", **AGREED))  # type: ignore[arg-type]
        await drain(runner)
        assert runner.devices["messenger"] == "ok" and len(phone.heard) == 1
        assert it.rows("select open from alerts") == [(0,)]


async def test_clinic_without_a_way_to_send_keeps_what_was_not_told(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it, told(it, None) as runner:
        await book(it, (await slot(it))["id"])
        await drain(runner)
        ended = it.rows("select data ->> 'outcome', data ->> 'reason' from events where kind = 'notice_ended'")
        assert ended == [("not_done", "no messenger here")]
