"""Head office asks a clinic for an appointment: the clinic decides, and its answer is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from shared.clock import Clock, to_ms
from shared.commands import command_of
from tests.office import DAY, HOUR_MS, Office, booked, doctor, person, running, slot, until

ZONE = ZoneInfo("Asia/Kolkata")
NINE = datetime(2026, 11, 20, 9, 0, tzinfo=ZONE)
NINE_MS = to_ms(NINE)
D1, D2 = "01935b5a-0000-7000-8000-0000000000d1", "01935b5a-0000-7000-8000-0000000000d2"
P1, S1, S2, S3 = (f"01935b5a-0000-7000-8000-0000000000f{n}" for n in (1, 2, 3, 4))
NOBODY = "01935b5a-0000-7000-8000-00000000dead"
ZOE = {"name": "Zoë Núñez", "phone": "+34 600 000 000", "age": 45, "gender": "female"}
PATH = "/api/v1/appointments"


@pytest_asyncio.fixture
async def office(pg_uri: str, tmp_path: Path) -> AsyncIterator[Office]:
    async with running(pg_uri, tmp_path, Clock.starting_at(NINE, 1.0001)) as started:  # nobody's to set
        await started.person("Asha", "office")
        for site, doctor_id in (("alpha", D1), ("beta", D2)):
            await started.site(site)
            await started.event(site, "day_opened", DAY["day"], DAY)
            await started.event(site, "doctor_added", doctor_id, doctor(1))
        await started.event("alpha", "person_added", P1, person("Ravi Rao", phone=""))
        times = {"start_at": NINE_MS, "end_at": NINE_MS + HOUR_MS}
        await started.event("alpha", "slot_added", S1, slot(D1, **times))
        await started.event("alpha", "slot_added", S2, slot(D1, **times, status="CANCELLED"))
        await started.event("alpha", "slot_added", S3, slot(D1, start_at=NINE_MS - HOUR_MS, end_at=NINE_MS - 1))

        async def read() -> bool:
            async with started.pool.transaction() as conn:
                found = await conn.execute("select (select count(*) from slots), (select count(*) from doctors)")
                return await found.fetchone() == (3, 2)

        await until(read)
        yield started


async def post(office: Office, name: str = "Asha", key: str | None = None, **body: Any) -> Any:
    headers = await office.bearer(name) | ({"Idempotency-Key": key} if key else {})
    return await office.http.post(PATH, json=body, headers=headers)


async def mailbox(office: Office) -> list[tuple[str, str, str, dict[str, Any]]]:
    async with office.pool.transaction() as conn:
        found = await conn.execute("select site, command_id, kind, body from mailbox order by published_ms, number")
        return [(row[0], row[1], row[2], row[3]) for row in await found.fetchall()]


async def status_of(office: Office, appointment_id: str) -> dict[str, Any]:
    answer = await office.http.get(f"{PATH}/{appointment_id}", headers=await office.bearer("Asha"))
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def test_an_appointment_is_asked_of_the_doctors_clinic_and_answered_as_requested(office: Office) -> None:
    answer = await post(office, doctor_id=D1, patient=ZOE, date="2026-11-21", time="09:30")
    body = answer.json()
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"{PATH}/{body['appointment_id']}"
    assert body == {
        "appointment_id": body["appointment_id"], "token_id": body["appointment_id"], "number": None,
        "number_printed": None, "slot": None, "status": "requested", "patient": {"id": None, **ZOE}, "queue": None,
        "doctor_id": D1, "slot_id": None, "date": "2026-11-21", "time": "09:30", "category": "ONLINE",
        "tracking_token": None, "tracking_url": None, "voucher": None, "command_id": body["command_id"],
        "site": {"id": "alpha", "name": "Alpha", "heard_s_ago": None, "as_of": body["site"]["as_of"]},
    }  # fmt: skip
    ((site, command_id, kind, sent),) = await mailbox(office)
    assert (site, command_id, kind) == ("alpha", body["command_id"], "request_booking")
    made = command_of(kind, command_id, "cloud:x", sent)
    shown = {name: getattr(made, name) for name in ("visit_id", "doctor_id", "day", "time", "name", "age", "waitlist")}
    assert shown == {
        "visit_id": body["appointment_id"], "doctor_id": D1, "day": "2026-11-21", "time": "09:30", "name": "Zoë Núñez",
        "age": 45, "waitlist": True,
    }  # fmt: skip
    assert (await office.http.post(f"{PATH}/", json={}, headers=await office.bearer("Asha"))).status_code == 422


async def test_a_slot_or_a_known_person_can_be_named(office: Office) -> None:
    answer = await post(office, slot_id=S1, patient_id=P1, category="PRIORITY_PAID", paid_at="2026-11-20T08:00:00")
    assert answer.status_code == 202
    assert answer.json()["patient"] == {"id": P1, "name": "Ravi Rao", "phone": None, "age": 45, "gender": "female"}
    ((_, _, _, sent),) = await mailbox(office)
    assert (sent["slot_id"], sent["person_id"], "name" in sent) == (S1, P1, False)
    async with office.pool.transaction() as conn:
        found = await conn.execute("select act, site from audit order by id desc limit 1")
        assert await found.fetchone() == ("appointment_requested", "alpha")


async def test_the_clinics_yes_is_told_and_of_the_patient_nothing_stays_in_the_mailbox(office: Office) -> None:
    body = (await post(office, doctor_id=D1, patient=ZOE, date="2026-11-21", time="09:30")).json()
    assert (await status_of(office, body["appointment_id"]))["status"] == "requested"
    ((_, _, _, sent),) = await mailbox(office)
    await office.event("alpha", "person_added", sent["new_person_id"], person("Zoë Núñez"))
    due_ms = to_ms(datetime(2026, 11, 21, 9, 30, tzinfo=ZONE))
    visit = booked(7, day="2026-11-21", doctor_id=D1, person_id=sent["new_person_id"], due_at=due_ms, slot_no=1)
    await office.event("alpha", "visit_booked", body["appointment_id"], visit)
    settled = {"kind": "request_booking", "outcome": "applied", "detail": ""}
    await office.event("alpha", "command_settled", body["command_id"], settled)

    async def told() -> bool:
        confirmed = (await status_of(office, body["appointment_id"]))["status"] == "confirmed"
        return confirmed and "name" not in (await mailbox(office))[0][3]

    await until(told)
    shown = await status_of(office, body["appointment_id"])
    assert (shown["slot"], shown["number"], shown["patient"]["name"], shown["date"]) == (
        1,
        7,
        "Zoë Núñez",
        "2026-11-21",
    )
    assert not {"name", "phone", "age", "gender"} & (await mailbox(office))[0][3].keys()
    await office.event("alpha", "visit_waitlisted", body["appointment_id"], {**visit, "status": "waitlisted"}, 2)

    async def waits() -> bool:
        return (await status_of(office, body["appointment_id"]))["status"] == "waitlisted"

    await until(waits)


async def test_the_clinics_no_is_told_with_its_reason(office: Office) -> None:
    body = (await post(office, doctor_id=D1, patient=ZOE, date="2026-11-21", waitlist=False)).json()
    settled = {"kind": "request_booking", "outcome": "failed", "detail": "This slot is full."}
    await office.event("alpha", "command_settled", body["command_id"], settled)

    async def declined() -> bool:
        shown = await status_of(office, body["appointment_id"])
        return (shown["status"], shown["detail"]) == ("declined", "This slot is full.")

    await until(declined)


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"doctor_id": NOBODY, "date": "2026-11-21", "patient": ZOE}, 404, "not_found"),
        ({"slot_id": NOBODY, "patient": ZOE}, 404, "not_found"),
        ({"slot_id": S1, "doctor_id": D2, "patient": ZOE}, 404, "not_found"),
        ({"doctor_id": D1, "date": "2026-11-21", "patient_id": NOBODY}, 404, "not_found"),
        ({"doctor_id": D1, "site": "nowhere", "date": "2026-11-21", "patient": ZOE}, 404, "not_found"),
        ({"slot_id": S2, "patient": ZOE}, 409, "slot_cancelled"),
        ({"slot_id": S3, "patient": ZOE}, 409, "past"),
        ({"doctor_id": D1, "date": "2026-11-18", "patient": ZOE}, 409, "past"),
        ({"doctor_id": D1, "date": "2026-11-21"}, 422, "wrong_shape"),
        ({"doctor_id": D1, "date": "2026-11-21", "patient": ZOE, "patient_id": P1}, 422, "wrong_shape"),
        ({"doctor_id": D1, "patient": ZOE}, 422, "wrong_shape"),
        ({"doctor_id": "1", "date": "2026-11-21", "patient": ZOE}, 422, "wrong_shape"),
        ({"doctor_id": D1, "date": "2026-11-21", "time": "25:00", "patient": ZOE}, 422, "wrong_shape"),
        ({"doctor_id": D1, "date": "2026-11-21", "patient": {**ZOE, "name": " "}}, 422, "wrong_shape"),
        ({"doctor_id": D1, "date": "2026-11-21", "patient": ZOE, "category": "EMERGENCY"}, 422, "wrong_shape"),
        ({"doctor_id": D1, "date": "2026-11-21", "patient": {**ZOE, "name": "a\x00b"}}, 422, "wrong_shape"),
        ({"doctor_id": D1, "date": "2026-11-21", "patient": ZOE, "extra": 1}, 422, "wrong_shape"),
    ],
)
async def test_what_cannot_be_is_refused_at_once(office: Office, asked: dict[str, Any], status: int, code: str) -> None:
    answer = await post(office, **asked)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert await mailbox(office) == []


async def test_another_regions_doctor_is_as_one_that_is_not_there(office: Office) -> None:
    await office.person("Olu", "office", ["beta"])
    assert (await post(office, "Olu", doctor_id=D1, date="2026-11-21", patient=ZOE)).status_code == 404
    mine = (await post(office, "Olu", doctor_id=D2, date="2026-11-21", patient=ZOE)).json()
    theirs = (await post(office, doctor_id=D1, date="2026-11-21", patient=ZOE)).json()
    olu = await office.bearer("Olu")
    assert (await office.http.get(f"{PATH}/{mine['appointment_id']}", headers=olu)).status_code == 200
    assert (await office.http.get(f"{PATH}/{theirs['appointment_id']}", headers=olu)).status_code == 404
    assert (await office.http.get(f"{PATH}/{NOBODY}", headers=olu)).status_code == 404
    nobody = await office.http.post(PATH, json={"doctor_id": D1, "date": "2026-11-21", "patient": ZOE})
    assert nobody.status_code == 401
    foreign = {"Cookie": await office.cookie("Olu")}
    assert (await office.http.post(PATH, json={}, headers=foreign)).status_code == 403


async def test_the_same_key_asks_once_also_at_the_same_time(office: Office) -> None:
    asked = {"doctor_id": D1, "date": "2026-11-21", "patient": ZOE}
    answers = await asyncio.gather(*(post(office, key="k1", **asked) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["appointment_id"] for answer in answers}) == 1
    assert len(await mailbox(office)) == 1
    other = await post(office, key="k1", **{**asked, "date": "2026-11-22"})
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    assert (await post(office, key="k2", **asked)).json()["appointment_id"] != answers[0].json()["appointment_id"]
