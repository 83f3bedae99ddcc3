"""A plan written at head office is followed by a real clinic, and what its store says of it is what head office shows.

The network is left out: commands are read from the mailbox and facts from the clinic's outbox, by the code of both.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest_asyncio

from edge.app.dispatcher import Accepted
from shared.commands import command_of
from tests.care import Care, at, care
from tests.care_office import CareOffice, caring, plan_body
from tests.dispensers import ward
from tests.office import until


@dataclass
class Ends:
    """Head office and the clinic alpha. Both begin at 08:00 UTC, which is nine in Madrid."""

    office: CareOffice
    clinic: Care
    taken: int = 0
    told: int = 0

    async def down(self) -> None:
        """The clinic does what its mailbox says."""
        rows = await self.office.rows(
            "select number, command_id, kind, actor, body from mailbox where site = 'alpha' and number > %s order by number",
            self.taken,
        )
        for number, command_id, kind, actor, body in rows:
            outcome = await self.clinic.it.dispatcher.submit(command_of(kind, command_id, actor, body))
            assert isinstance(outcome, Accepted), outcome
            self.taken = number

    async def up(self) -> None:
        """Head office reads what the clinic's store says since."""
        rows = self.clinic.it.rows(
            "select gseq, kind, entity_id, version, data from events where gseq > ? order by gseq", self.told
        )
        for gseq, kind, id_, version, data in rows:
            await self.office.office.event("alpha", kind, id_, orjson.loads(data), version)
            self.told = gseq

        async def read() -> bool:
            behind = await self.office.rows(
                "select 1 from cursors c join (values (0, 'care_alerts'), (1, 'care'), (1, 'book'), (2, 'care_devices')) of"
                " (lane, reader) on of.lane = c.lane where c.site = 'alpha' and c.upto > coalesce((select r.upto"
                " from reader_cursors r where r.reader = of.reader and r.site = c.site and r.epoch = c.epoch"
                " and r.lane = c.lane), 0)"
            )
            return not behind

        await until(read)
        assert await self.office.rows("select * from reader_failures") == []

    async def to(self, moment: str) -> None:
        """Time passes at both ends."""
        await self.clinic.to(moment)
        self.office.clock.start_ms += at(moment) - self.office.now_ms

    async def doses(self, plan: dict[str, Any]) -> list[tuple[str, str]]:
        """(time on the clock, status) of the first day at head office."""
        day = f"from={at('2026-11-20T00:00')}&to={at('2026-11-21T00:00')}"
        rows = await self.office.ask("nina", "GET", f"/medication-plans/{plan['id']}/doses?{day}")
        return [(row["due_at_local"][11:16], row["status"]) for row in rows]


@pytest_asyncio.fixture
async def ends(pg_uri: str, tmp_path: Path) -> AsyncIterator[Ends]:
    async with AsyncExitStack() as stack:
        office = await stack.enter_async_context(caring(pg_uri, tmp_path))
        clinic = await stack.enter_async_context(care(tmp_path / "clinic", "2026-11-20T08:00"))
        both = Ends(office, clinic)
        await both.up()
        yield both


async def _followed(ends: Ends) -> dict[str, Any]:
    body = plan_body(ends.clinic.person_id)
    plan: dict[str, Any] = await ends.office.ask("nina", "POST", "/medication-plans", 201, json=body)
    await ends.down()
    await ends.up()
    return plan


async def test_a_plan_goes_down_and_its_doses_come_back_on_time_and_missed(ends: Ends) -> None:
    plan = await _followed(ends)
    shown = await ends.office.ask("nina", "GET", f"/medication-plans/{plan['id']}")
    assert [one["state"] for one in shown["delivery"]] == ["applied"]
    assert await ends.doses(plan) == [("10:00", "PLANNED"), ("20:00", "PLANNED")]
    await ends.to("2026-11-20T09:05")
    await ends.clinic.answer()
    await ends.up()
    assert await ends.doses(plan) == [("10:00", "ON_TIME"), ("20:00", "PLANNED")]
    await ends.to("2026-11-21T02:00")
    await ends.up()
    assert await ends.doses(plan) == [("10:00", "ON_TIME"), ("20:00", "MISSED")]
    [alert] = await ends.office.ask("nina", "GET", "/alerts")
    assert (alert["topic"], alert["source"]) == ("missed_dose", "edge")
    assert alert["says"] == {"code": "missed", "medicines": ["Metformin"]}
    await ends.office.ask("mia", "POST", f"/alerts/{alert['id']}/acknowledge")
    await ends.down()
    assert ends.clinic.it.rows("select acked_by from care_alerts") == [("mia",)]


async def test_clinic_and_head_office_make_the_same_doses_of_a_plan(ends: Ends) -> None:
    plan = await _followed(ends)
    rows = await ends.office.ask("nina", "GET", f"/medication-plans/{plan['id']}/doses")
    theirs = {row[0]: row[1] for row in ends.clinic.it.rows("select id, due_at from doses")}
    ours = {row["occurrence_id"]: row["due_at_utc"] for row in rows}
    assert ours.keys() == theirs.keys() and len(ours) == 28


async def test_a_changed_plan_a_hold_meals_a_correction_and_a_stop_reach_the_clinic(ends: Ends) -> None:
    plan = await _followed(ends)
    person_id, path = ends.clinic.person_id, f"/medication-plans/{plan['id']}"
    await ends.to("2026-11-20T09:05")
    await ends.clinic.answer()
    later = plan_body(person_id, items=[{**plan_body()["items"][0], "timing": {"times_of_day": ["10:00", "21:00"]}}])
    await ends.office.ask("nina", "PUT", path, json=later, headers={"If-Match": "1"})
    await ends.down()
    await ends.up()
    assert await ends.doses(plan) == [("10:00", "ON_TIME"), ("20:00", "VOIDED"), ("21:00", "PLANNED")]
    hold = {"patient_id": person_id, "from_at": at("2026-11-20T19:00"), "until_at": at("2026-11-20T21:00")}
    held = await ends.office.ask("nina", "POST", "/holds", 202, json=hold)
    await ends.office.ask("nina", "PUT", f"/patients/{person_id}/meal-times", 202, json={"times": {"ACM": "07:15"}})
    ten = ends.clinic.dose("2026-11-20T10:00")
    correction = {"status": "SKIPPED", "reason": "It was found on the floor."}
    await ends.up()
    await ends.office.ask("nina", "POST", f"/doses/{ten['id']}/correct", 202, json=correction)
    await ends.down()
    await ends.up()
    assert await ends.doses(plan) == [("10:00", "SKIPPED"), ("20:00", "VOIDED"), ("21:00", "HELD")]
    assert [one["id"] for one in await ends.office.ask("nina", "GET", f"/patients/{person_id}/holds")] == [
        held["hold_id"]
    ]
    assert (await ends.office.ask("nina", "GET", f"/patients/{person_id}/meal-times"))["times"]["ACM"] == "07:15"
    await ends.office.ask("nina", "DELETE", f"{path}?reason=over")
    await ends.down()
    await ends.up()
    stopped = await ends.office.ask("nina", "GET", path)
    assert (stopped["status"], [one["state"] for one in stopped["delivery"]]) == ("stopped", ["applied"])


async def test_a_device_of_the_clinic_is_seen_at_head_office_as_it_is(ends: Ends) -> None:
    device_id = await ends.clinic.device()
    await ends.up()
    await ends.office.wait("select 1 from device_heartbeats")
    [shown] = await ends.office.ask("nina", "GET", "/devices")
    assert (shown["id"], shown["status"], shown["reach"], shown["online"]) == (device_id, "active", "clinic", True)
    body = {"kind": "dispenser", "name": "Bedside", "patient_id": None, "site": "alpha"}
    made = await ends.office.ask("mia", "POST", "/devices", 201, json=body)
    await ends.down()
    await ends.up()
    names = {row[0]: row[1] for row in ends.clinic.it.rows("select id, name from devices")}
    assert names[made["id"]] == "Bedside"
    assert (await ends.office.ask("nina", "GET", f"/devices/{made['id']}"))["status"] == "unclaimed"


async def test_a_dispenser_says_where_it_is_and_head_office_expects_the_doses_there_as_the_clinic_does(
    pg_uri: str, tmp_path: Path
) -> None:
    async with caring(pg_uri, tmp_path) as office, ward(tmp_path / "clinic", "2026-11-20T08:00") as it:
        ends = Ends(office, it.care)
        await ends.up()
        await it.claim()
        body = plan_body(it.care.person_id, tz_policy="device")
        plan = await office.ask("nina", "POST", "/medication-plans", 201, json=body)
        await ends.down()

        async def both() -> tuple[dict[str, int], dict[str, int]]:
            await ends.up()
            rows = await office.ask("nina", "GET", f"/medication-plans/{plan['id']}/doses")
            ours = {one["occurrence_id"]: at(one["due_at_utc"][:16]) for one in rows if one["status"] == "PLANNED"}
            theirs = dict(it.care.it.rows("select id, due_at from doses where status = 'PLANNED'"))
            return ours, {dose: due for dose, due in theirs.items() if dose in ours}

        for number, (zone, evening) in enumerate((("UTC", "20:00"), ("Africa/Nairobi", "17:00")), 1):
            it.device.firmware.travel(zone, *it.device.now())
            await it.until(lambda: it.told("clock_set") > number)  # noqa: B023
            ours, theirs = await both()
            assert ours == theirs
            assert min(ours.values()) <= at(f"2026-11-20T{evening}") in ours.values(), zone
            told = await office.rows(
                "select data->>'timezone' from device_events where kind = 'clock_set' order by at_ms, event_id"
            )
            assert told[-1] == (zone,)
