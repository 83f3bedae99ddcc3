"""Seed 000 over HTTP: the desk. One test or more per row of interfaces.md §2; the log has a file of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edge.domain.booking_commands import AddSlot, BookVisit, NewPerson
from edge.domain.commands import AddDoctor, ChangeDoctor, StartWith
from shared.ids import new_id
from tests.edge_web import web
from tests.integration.test_face_000_doctors import DOCTOR, act, doctors
from tests.integration.test_face_000_patients import ENTRY, JOHN, MANAGER, TRACKED, VISIT, queue, refusal, register


@pytest.mark.parametrize("path", ["/api/staff/register-walkin", "/api/staff/register-walkin/"])
async def test_post_staff_register_walkin_answers_as_register(tmp_path: Path, path: str) -> None:
    async with web(tmp_path) as site:
        await site.add_staff("ana", "reception")
        desk = await site.page("ana")
        answer = await desk.post(path, json={**JOHN, "urgency": 9})
        assert answer.status_code == 201 and answer.json().keys() >= TRACKED
        body = answer.json()
        assert body["urgency"] == 9 and body["category"] == "WALKIN" and body["status"] == "waiting"
        refusal(await desk.post(path, json=JOHN), 409, "double_booking")
        refusal(await desk.post(path, json={}), 422)


@pytest.mark.parametrize(
    ("path", "roles"),
    [("register-walkin", {"reception", "nurse", "manager"}),
     ("add-emergency", {"reception", "nurse", "doctor", "manager"})],
)  # fmt: skip
async def test_the_desks_ways_to_register_are_for_whom_the_table_says(
    tmp_path: Path, path: str, roles: set[str]
) -> None:
    async with web(tmp_path) as site:
        refusal(await site.http.post(f"/api/staff/{path}", json={"name": "A"}), 401)
        for kind in ("kiosk", "display"):
            refusal(await (await site.screen(kind)).post(f"/api/staff/{path}", json={"name": "A"}), 403)
        for role in ("reception", "nurse", "doctor", "manager"):
            await site.add_staff(role, role, doctor_id=site.it.doctor_id if role == "doctor" else None)
            bearer = await site.bearer(role)
            answer = await site.http.post(f"/api/staff/{path}", json={"name": role}, headers=bearer)
            assert answer.status_code == (201 if role in roles else 403), role


async def test_post_staff_add_emergency_has_urgency_ten_whatever_is_sent(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await register(site, name="Ann", urgency=10)
        sents: list[dict[str, Any]] = [{}, {"urgency": 3}, {"urgency": 99}, {"urgency": "high"}, {"urgency": None}]
        for n, sent in enumerate(sents):
            answer = await site.http.post("/api/staff/add-emergency", json={"name": f"E{n}", **sent}, headers=MANAGER)
            assert answer.status_code == 201 and answer.json().keys() >= TRACKED
            body = answer.json()
            assert body["urgency"] == 10 and body["is_emergency"] is True and body["category"] == "EMERGENCY"
            assert body["position"] == n + 1, "after the emergencies before it, before all others"
        assert [entry["name"] for entry in await queue(site)] == ["E0", "E1", "E2", "E3", "E4", "Ann"]


async def test_an_emergency_is_never_a_double_booking_the_open_visit_becomes_it_and_keeps_its_token(
    tmp_path: Path,
) -> None:
    async with web(tmp_path) as site:
        first = await register(site, **JOHN)
        body = {"name": "John Doe", "phone": "9999999999", "reason": "collapsed"}
        answer = await site.http.post("/api/staff/add-emergency/", json=body, headers=MANAGER)
        assert answer.status_code == 201
        assert answer.json()["id"] == first["id"] and answer.json()["token_number"] == first["token_number"]
        assert answer.json()["is_emergency"] is True and answer.json()["reason"] == "collapsed"
        assert site.it.rows("select count(*) from visits") == [(1,)]


async def test_somebody_with_a_booking_who_comes_as_an_emergency_waits_at_once_with_a_token(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        now_ms, slot_id = site.it.store.clock.now_ms(), new_id()
        await site.it.accepted(
            AddSlot, slot_id=slot_id, doctor_id=site.it.doctor_id, day="2026-11-20", start_ms=now_ms + 7_200_000,
            end_ms=now_ms + 10_800_000, max_capacity=4,
        )  # fmt: skip
        person = NewPerson("John Doe", "9999999999")
        await site.it.accepted(BookVisit, visit_id=new_id(), new_person_id=new_id(), person=person, slot_id=slot_id)
        body = {"name": "John Doe", "phone": "9999999999", "reason": "collapsed"}
        answer = await site.http.post("/api/staff/add-emergency", json=body, headers=MANAGER)
        assert answer.status_code == 201
        found = answer.json()
        assert (found["id"], found["status"], found["position"], found["token_number"]) == (1, "waiting", 1, "A-001")
        assert found["is_emergency"] is True and found["reason"] == "collapsed"


async def test_add_emergency_needs_a_name_and_a_doctor_who_is_there(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        refusal(await site.http.post("/api/staff/add-emergency", json={"reason": "x"}, headers=MANAGER), 422)
        refusal(
            await site.http.post("/api/staff/add-emergency", json={"name": "A", "doctor_id": 9}, headers=MANAGER), 404
        )


async def test_a_doctor_adds_an_emergency_to_nobodys_or_the_own_queue(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await site.it.accepted(AddDoctor, doctor_id=new_id(), name="Dr. Ode")
        await site.add_staff("rao", "doctor", doctor_id=site.it.doctor_id)
        rao = await site.bearer("rao")
        for given, status in (({}, 201), ({"doctor_id": 1}, 201), ({"doctor_id": 2}, 403)):
            body = {"name": f"E {given}", **given}
            answer = await site.http.post("/api/staff/add-emergency", json=body, headers=rao)
            assert answer.status_code == status, given


async def test_an_emergency_twice_with_one_key_is_one(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        key = {**MANAGER, "Idempotency-Key": "e"}
        answers = [await site.http.post("/api/staff/add-emergency", json={"name": "E"}, headers=key) for _ in range(2)]
        assert answers[0].content == answers[1].content
        assert site.it.rows("select count(*) from visits") == [(1,)]


async def test_post_staff_mark_noshow_acts_at_once_and_can_be_undone(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        made = await register(site)
        await site.it.call()
        answer = await site.http.post("/api/staff/mark-noshow/1/", headers=MANAGER)
        assert answer.status_code == 200 and answer.json().keys() >= VISIT | {"undo_id"}
        assert answer.json()["status"] == "no_show" and answer.json()["position"] is None
        undo = {"undo_id": answer.json()["undo_id"]}
        assert (await site.http.post("/api/v1/visits/undo", json=undo, headers=MANAGER)).status_code == 200
        assert (await queue(site))[0]["status"] == "called"
        by_uuid = await site.http.post(f"/api/staff/mark-noshow/{made['uuid']}", json={}, headers=MANAGER)
        assert by_uuid.json()["status"] == "no_show"


async def test_mark_noshow_takes_a_persons_uuid_and_a_booking_nobody_came_for(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        made = await register(site)
        key = {**MANAGER, "Idempotency-Key": "n"}
        for _ in range(2):
            answer = await site.http.post(f"/api/staff/mark-noshow/{made['person_id']}", headers=key)
            assert answer.status_code == 200 and answer.json()["status"] == "no_show"
        now_ms = site.it.store.clock.now_ms()
        slot_id = new_id()
        await site.it.accepted(
            AddSlot, slot_id=slot_id, doctor_id=site.it.doctor_id, day="2026-11-20", start_ms=now_ms,
            end_ms=now_ms + 3_600_000, max_capacity=4,
        )  # fmt: skip
        booked = new_id()
        await site.it.accepted(
            BookVisit, visit_id=booked, new_person_id=new_id(), person=NewPerson("Bo"), slot_id=slot_id
        )
        answer = await site.http.post(f"/api/staff/mark-noshow/{booked}", headers=MANAGER)
        assert answer.json()["status"] == "no_show" and answer.json()["token_number"] is None


async def test_mark_noshow_refuses_who_is_not_there_inside_or_over(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        for nobody in ("9", new_id(), "x"):
            refusal(await site.http.post(f"/api/staff/mark-noshow/{nobody}", headers=MANAGER), 404)
        await register(site)
        await act(site, "start-consultation", 1)
        refusal(await site.http.post("/api/staff/mark-noshow/1", headers=MANAGER), 409, "wrong_state")
        await act(site, "complete-consultation")
        refusal(await site.http.post("/api/staff/mark-noshow/1", headers=MANAGER), 409, "wrong_state")
        refusal(await site.http.post("/api/staff/mark-noshow/1", json={"why": 1}, headers=MANAGER), 422)


async def test_mark_noshow_is_for_reception_nurse_and_a_doctor_in_the_own_queue(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await site.it.accepted(AddDoctor, doctor_id=new_id(), name="Dr. Ode")
        for name in ("Ann", "Bob", "Cid"):
            await register(site, name=name, doctor_id=1)
        await register(site, name="Dee", doctor_id=2)
        refusal(await site.http.post("/api/staff/mark-noshow/1"), 401)
        for kind in ("kiosk", "display"):
            refusal(await (await site.screen(kind)).post("/api/staff/mark-noshow/1"), 403)
        for n, role in enumerate(("reception", "nurse", "doctor"), 1):
            await site.add_staff(role, role, doctor_id=site.it.doctor_id if role == "doctor" else None)
            answer = await site.http.post(f"/api/staff/mark-noshow/{n}", headers=await site.bearer(role))
            assert answer.status_code == 200, role
        refusal(await site.http.post("/api/staff/mark-noshow/4", headers=await site.bearer("doctor")), 403)


async def test_put_staff_toggle_doctor_flips_without_a_body_and_sets_with_one(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        answer = await site.http.put("/api/staff/toggle-doctor/1", headers=MANAGER)
        assert answer.status_code == 200 and answer.json().keys() >= DOCTOR and answer.json()["is_active"] is False
        assert (await site.http.put("/api/staff/toggle-doctor/1/", json={}, headers=MANAGER)).json()[
            "is_active"
        ] is True
        path = f"/api/staff/toggle-doctor/{site.it.doctor_id}"
        for _ in range(2):
            body = (await site.http.put(path, json={"is_on_break": True}, headers=MANAGER)).json()
            assert body["is_on_break"] is True and body["is_active"] is True
        body = (await site.http.put(path, json={"is_active": False, "is_on_break": False}, headers=MANAGER)).json()
        assert body["is_on_break"] is False and body["is_active"] is False
        assert (await doctors(site))[0]["is_active"] is False


async def test_toggle_doctor_refuses_who_is_not_there_and_what_does_not_fit(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        for nobody in ("9", new_id(), "x"):
            refusal(await site.http.put(f"/api/staff/toggle-doctor/{nobody}", headers=MANAGER), 404)
        unfit: list[Any] = [{"is_active": "no"}, {"is_active": 1}, {"active": True}, [], {"name": "x"}]
        for wrong in unfit:
            refusal(await site.http.put("/api/staff/toggle-doctor/1", json=wrong, headers=MANAGER), 422)
        refusal(await site.http.post("/api/staff/toggle-doctor/1", headers=MANAGER), 405)
        assert (await doctors(site))[0]["is_active"] is True


async def test_toggle_doctor_is_for_reception_and_a_doctor_for_oneself(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        other = new_id()
        await site.it.accepted(AddDoctor, doctor_id=other, name="Dr. Ode")
        path = "/api/staff/toggle-doctor/1"
        refusal(await site.http.put(path), 401)
        for kind in ("kiosk", "display"):
            refusal(await (await site.screen(kind)).put(path), 403)
        await site.add_staff("nurse", "nurse")
        await site.add_staff("ana", "reception")
        await site.add_staff("rao", "doctor", doctor_id=site.it.doctor_id)
        await site.add_staff("ode", "doctor", "nurse", doctor_id=other)
        statuses = {
            name: (await site.http.put(path, headers=await site.bearer(name))).status_code
            for name in ("nurse", "ana", "rao", "ode")
        }
        assert statuses == {"nurse": 403, "ana": 200, "rao": 200, "ode": 403}


@pytest.mark.parametrize("path", ["/api/staff/rebalance", "/api/staff/rebalance/"])
async def test_post_staff_rebalance_gives_the_waiting_to_the_least_loaded_who_can(tmp_path: Path, path: str) -> None:
    async with web(tmp_path) as site:
        for n in range(4):
            await register(site, name=f"P{n}")
        await register(site, name="Chosen", doctor_id=1)
        await site.it.accepted(AddDoctor, doctor_id=new_id(), name="Dr. Ode")
        answer = await site.http.post(path, headers=MANAGER)
        assert answer.status_code == 200
        body = answer.json()
        assert body["recalculated"] == 4 and body["reassigned"] == 2
        assert body["queue"] == await queue(site) and all(entry.keys() >= ENTRY for entry in body["queue"])
        by_name = {entry["name"]: entry["doctor_name"] for entry in body["queue"]}
        assert by_name["Chosen"] == "Dr. Rao" and sorted(by_name.values()) == ["Dr. Ode"] * 2 + ["Dr. Rao"] * 3
        again = (await site.http.post(path, headers=MANAGER)).json()
        assert again["reassigned"] == 0 and again["undo_id"] is None
        undo = await site.http.post("/api/v1/visits/undo", json={"undo_id": body["undo_id"]}, headers=MANAGER)
        assert undo.status_code == 200 and {e["doctor_name"] for e in await queue(site)} == {"Dr. Rao"}


async def test_rebalance_takes_the_waiting_from_a_doctor_who_went_away_and_leaves_who_is_inside(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        first, second = await register(site, name="Ann"), await register(site, name="Bob")
        await site.it.accepted(AddDoctor, doctor_id=new_id(), name="Dr. Ode")
        await site.it.accepted(StartWith, visit_id=first["uuid"], doctor_id=site.it.doctor_id)
        await site.it.accepted(ChangeDoctor, doctor_id=site.it.doctor_id, is_on_break=True)
        assert (await site.http.post("/api/staff/rebalance", headers=MANAGER)).json()["reassigned"] == 1
        by_id = {entry["id"]: entry["doctor_name"] for entry in await queue(site)}
        assert by_id == {first["id"]: "Dr. Rao", second["id"]: "Dr. Ode"}


async def test_rebalance_is_for_reception(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        refusal(await site.http.post("/api/staff/rebalance"), 401)
        for kind in ("kiosk", "display"):
            refusal(await (await site.screen(kind)).post("/api/staff/rebalance"), 403)
        for role, status in (("reception", 200), ("manager", 200), ("nurse", 403), ("doctor", 403)):
            await site.add_staff(role, role, doctor_id=site.it.doctor_id if role == "doctor" else None)
            answer = await site.http.post("/api/staff/rebalance", headers=await site.bearer(role))
            assert answer.status_code == status, role
