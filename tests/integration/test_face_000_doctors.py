"""Seed 000 over HTTP: doctors and what they do. One test or more per row of interfaces.md §2."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from edge.domain.commands import AddDoctor, AddService, CallNext, ChangeDoctor, MarkNoShow, StartWith, Undo
from shared.ids import new_id
from tests.edge_web import Web, web
from tests.integration.test_face_000_patients import MANAGER, VISIT, queue, refusal, register

DOCTOR = {
    "id", "uuid", "name", "specialization", "specialty", "code", "service", "room", "is_active", "is_on_break",
    "current_patient_id", "queue_length", "load", "average_consultation_minutes",
}  # fmt: skip
ACTS = ("start-consultation", "complete-consultation", "skip-patient", "flag-emergency")


async def act(site: Web, name: str, patient_id: Any = None, doctor: Any = 1, **headers: str) -> Any:
    """An act of a doctor, asked by a manager unless `headers` hold another credential."""
    body = None if patient_id is None else {"patient_id": patient_id}
    return await site.http.post(f"/api/doctors/{doctor}/{name}", json=body, headers={**MANAGER, **headers})


async def doctors(site: Web) -> list[dict[str, Any]]:
    """All doctors."""
    answer = await site.http.get("/api/doctors", headers=MANAGER)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


@pytest.mark.parametrize("path", ["/api/doctors", "/api/doctors/"])
async def test_get_doctors_is_all_doctors_with_whom_they_have_and_how_many_wait(tmp_path: Path, path: str) -> None:
    async with web(tmp_path) as site:
        away = new_id()
        await site.it.accepted(AddDoctor, doctor_id=away, name="Dr. Ode", specialization="Skin", code="D-7")
        await site.it.accepted(ChangeDoctor, doctor_id=away, is_active=False)
        for name in ("Ann", "Bob", "Cid"):
            await register(site, name=name)
        await site.it.accepted(CallNext, doctor_id=site.it.doctor_id)
        found = (await site.http.get(path, headers=MANAGER)).json()
        assert all(doctor.keys() >= DOCTOR for doctor in found) and [doctor["id"] for doctor in found] == [1, 2]
        rao, ode = found
        assert rao["uuid"] == site.it.doctor_id and rao["code"] == "DOC001" and rao["room"] == "Room 2"
        assert (rao["queue_length"], rao["load"], rao["current_patient_id"]) == (2, 3, None)
        assert rao["average_consultation_minutes"] == 15 and rao["is_active"] is True
        assert (ode["code"], ode["specialization"], ode["specialty"], ode["is_active"]) == (
            "D-7",
            "Skin",
            "Skin",
            False,
        )
        await act(site, "start-consultation", 1)
        assert (await doctors(site))[0]["current_patient_id"] == 1


async def test_a_doctors_average_is_learned_from_consultations(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        for n in range(12):
            await register(site, name=f"P{n}")
            await act(site, "start-consultation", n + 1)
            site.it.pass_time(300)
            assert (await act(site, "complete-consultation")).status_code == 200
        assert 4 < (await doctors(site))[0]["average_consultation_minutes"] < 10


async def test_post_doctors_adds_one_and_answers_it(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await site.it.accepted(AddService, letter="B", name="Lab")
        given = {"name": "Dr. Ode", "specialization": "Skin", "code": "D-7", "service": "B", "room": "4"}
        answer = await site.http.post("/api/doctors", json=given, headers=MANAGER)
        assert answer.status_code == 201 and answer.json().keys() >= DOCTOR
        assert {name: answer.json()[name] for name in given} == given and answer.json()["id"] == 2
        bare = await site.http.post("/api/doctors/", json={"name": "Dr. Lim"}, headers=MANAGER)
        assert bare.json()["code"] == "DOC003" and bare.json()["service"] == "A" and bare.json()["is_active"] is True
        assert [doctor["name"] for doctor in await doctors(site)] == ["Dr. Rao", "Dr. Ode", "Dr. Lim"]


async def test_post_doctors_refuses_a_code_that_is_taken_a_missing_name_and_an_unknown_service(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        one = {"name": "Dr. Ode", "code": "D-7"}
        assert (await site.http.post("/api/doctors", json=one, headers=MANAGER)).status_code == 201
        refusal(await site.http.post("/api/doctors", json=one, headers=MANAGER), 409, "taken")
        made = {"name": "Dr. Lim", "code": "DOC001"}
        refusal(await site.http.post("/api/doctors", json=made, headers=MANAGER), 409, "taken")
        for wrong in (
            {},
            {"name": ""},
            {"name": "  "},
            {"name": 3},
            {"name": "A", "is_active": False},
            {"name": "A" * 121},
        ):
            refusal(await site.http.post("/api/doctors", json=wrong, headers=MANAGER), 422)
        refusal(await site.http.post("/api/doctors", json={"name": "A", "service": "Z"}, headers=MANAGER), 409)
        assert len(await doctors(site)) == 2


async def test_post_doctors_twice_with_one_key_is_one_doctor(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        key = {**MANAGER, "Idempotency-Key": "k"}
        answers = [await site.http.post("/api/doctors", json={"name": "Dr. Ode"}, headers=key) for _ in range(2)]
        assert answers[0].content == answers[1].content and len(await doctors(site)) == 2


async def test_post_doctors_is_for_a_manager(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        refusal(await site.http.post("/api/doctors", json={"name": "A"}), 401)
        for kind in ("kiosk", "display"):
            refusal(await (await site.screen(kind)).post("/api/doctors", json={"name": "A"}), 403)
        for role in ("reception", "nurse", "doctor"):
            await site.add_staff(role, role, doctor_id=site.it.doctor_id if role == "doctor" else None)
            refusal(await site.http.post("/api/doctors", json={"name": "A"}, headers=await site.bearer(role)), 403)


async def test_start_consultation_works_from_waiting_which_calls_too(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await register(site)
        answer = await act(site, "start-consultation/", 1)
        assert answer.status_code == 200
        body = answer.json()
        assert body["doctor"].keys() >= DOCTOR and body["patient"].keys() >= VISIT
        assert body["patient"]["status"] == "in_consultation" and body["patient"]["position"] == 0
        assert body["patient"]["called_at"] == body["patient"]["started_at"] is not None
        assert body["doctor"]["current_patient_id"] == 1 and body["undo_id"]
        (_, called, started) = (await site.http.get("/api/patients/1", headers=MANAGER)).json()["intervals"]
        assert (called["status"], started["status"]) == ("called", "in_consultation")


async def test_start_consultation_works_from_called_and_by_every_kind_of_id(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        made = await register(site)
        await site.it.call()
        for given in (made["id"], str(made["id"]), made["uuid"], made["person_id"]):
            answer = await act(site, "start-consultation", given, doctor=site.it.doctor_id)
            assert answer.json()["patient"]["status"] == "in_consultation", answer.text
            await site.it.accepted(Undo, undo_id=answer.json()["undo_id"])


async def test_start_consultation_is_409_when_the_doctor_has_somebody_inside(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await register(site, name="Ann")
        await register(site, name="Bob")
        await act(site, "start-consultation", 1)
        body = refusal(await act(site, "start-consultation", 2), 409, "doctor_busy")
        assert "A-001" in body["detail"]


@pytest.mark.parametrize("state", [{"is_active": False}, {"is_on_break": True}])
async def test_start_consultation_is_409_when_the_doctor_is_inactive_or_on_break(
    tmp_path: Path, state: dict[str, bool]
) -> None:
    async with web(tmp_path) as site:
        await register(site)
        await site.it.accepted(ChangeDoctor, doctor_id=site.it.doctor_id, **state)
        refusal(await act(site, "start-consultation", 1), 409, "doctor_absent")


async def test_start_consultation_is_409_when_the_visit_is_another_doctors_by_now_or_over(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        other = new_id()
        await site.it.accepted(AddDoctor, doctor_id=other, name="Dr. Ode")
        chosen = await register(site, name="Ann", doctor_id=2)
        refusal(await act(site, "start-consultation", chosen["id"]), 409, "other_doctor")
        called = await register(site, name="Bob")
        await site.it.accepted(StartWith, visit_id=called["uuid"], doctor_id=other)
        refusal(await act(site, "start-consultation", called["id"]), 409)
        await site.it.accepted(MarkNoShow, visit_id=chosen["uuid"])
        refusal(await act(site, "start-consultation", chosen["id"]), 409, "wrong_state")


async def test_a_doctor_may_start_with_somebody_the_clinic_gave_to_a_colleague_and_nobody_chose(tmp_path: Path) -> None:
    """The seed's own example: patient 3 stands in some doctor's queue and doctor 1 begins."""
    async with web(tmp_path) as site:
        await site.it.accepted(AddDoctor, doctor_id=new_id(), name="Dr. Ode")
        await register(site, name="Ann")
        bob = await register(site, name="Bob")
        assert bob["doctor_id"] == 2
        body = (await act(site, "start-consultation", bob["id"])).json()
        assert body["patient"]["doctor_id"] == 1 and body["patient"]["status"] == "in_consultation"


@pytest.mark.parametrize("name", ACTS)
async def test_acts_on_a_doctor_or_patient_who_is_not_there_are_404(tmp_path: Path, name: str) -> None:
    async with web(tmp_path) as site:
        patient = None if name == "complete-consultation" else 1
        for doctor in (9, new_id(), "x", "0", "9" * 40):
            refusal(await act(site, name, patient, doctor=doctor), 404)
        if patient is not None:
            for nobody in (9, "9", new_id(), "x", "9" * 12, 999_999_999_999):
                refusal(await act(site, name, nobody), 404)


@pytest.mark.parametrize("name", ["start-consultation", "skip-patient", "flag-emergency"])
@pytest.mark.parametrize(
    "wrong", [{}, {"patient_id": None}, {"patient_id": 0}, {"patient_id": 1.5}, {"patient_id": True}, {"id": 1}, [1]]
)
async def test_acts_with_a_body_that_does_not_fit_are_422(tmp_path: Path, name: str, wrong: Any) -> None:
    async with web(tmp_path) as site:
        await register(site)
        refusal(await site.http.post(f"/api/doctors/1/{name}", json=wrong, headers=MANAGER), 422)


@pytest.mark.parametrize("name", ["start-consultation", "complete-consultation", "skip-patient"])
async def test_acts_of_a_doctor_are_for_the_doctor_named_in_the_path_or_a_manager(tmp_path: Path, name: str) -> None:
    async with web(tmp_path) as site:
        other = new_id()
        await site.it.accepted(AddDoctor, doctor_id=other, name="Dr. Ode")
        await register(site, doctor_id=1)
        path = f"/api/doctors/1/{name}"
        body = {} if name == "complete-consultation" else {"patient_id": 1}
        refusal(await site.http.post(path, json=body), 401)
        for kind in ("kiosk", "display"):
            refusal(await (await site.screen(kind)).post(path, json=body), 403)
        await site.add_staff("ode", "doctor", "nurse", doctor_id=other)
        for role in ("reception", "nurse"):
            await site.add_staff(role, role)
        for person in ("ode", "reception", "nurse"):
            refusal(await site.http.post(path, json=body, headers=await site.bearer(person)), 403)
        await site.add_staff("rao", "doctor", doctor_id=site.it.doctor_id)
        page = await site.page("rao")
        if name == "complete-consultation":
            await page.post("/api/doctors/1/start-consultation", json={"patient_id": 1})
        assert (await page.post(path, json=body)).status_code == 200
        last = (await site.http.get("/api/patients/1", headers=MANAGER)).json()["intervals"][-1]
        assert last["device"] == "page" and last["actor"].startswith("staff:")


async def test_complete_consultation_has_no_body_ends_the_one_inside_and_says_who_would_be_next(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        for name, urgency in (("Ann", 9), ("Bob", 1), ("Cid", 5)):
            await register(site, name=name, urgency=urgency)
        await act(site, "start-consultation", 1)
        site.it.pass_time(300)
        answer = await act(site, "complete-consultation")
        assert answer.status_code == 200
        body = answer.json()
        assert body["patient"]["status"] == "completed" and body["patient"]["position"] is None
        assert body["doctor"]["current_patient_id"] is None and body["doctor"]["queue_length"] == 2
        assert body["next"]["name"] == "Cid" and body["next"]["status"] == "waiting"
        assert [entry["status"] for entry in await queue(site)] == ["waiting", "waiting"], "it starts nobody"
        assert (await site.it.call())["visit"]["number"] == body["next"]["id"]


async def test_the_next_may_be_a_colleagues_whom_nobody_chose_and_there_may_be_none(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await site.it.accepted(AddDoctor, doctor_id=new_id(), name="Dr. Ode")
        await register(site, name="Ann", doctor_id=1)
        assert (await register(site, name="Bob"))["doctor_name"] == "Dr. Ode"
        await act(site, "start-consultation", 1)
        assert (await act(site, "complete-consultation")).json()["next"]["name"] == "Bob"
        await act(site, "start-consultation", 2)
        await register(site, name="Cid", doctor_id=2)
        assert (await act(site, "complete-consultation")).json()["next"] is None


async def test_complete_consultation_is_409_when_nobody_is_inside_also_when_somebody_was_called(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        refusal(await act(site, "complete-consultation"), 409, "nobody_inside")
        await register(site)
        await site.it.call()
        refusal(await act(site, "complete-consultation"), 409, "nobody_inside")


async def test_complete_consultation_twice_with_one_key_ends_one_and_answers_the_same(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        for name in ("Ann", "Bob"):
            await register(site, name=name)
        await act(site, "start-consultation", 1)
        first = await act(site, "complete-consultation", **{"Idempotency-Key": "done"})
        await act(site, "start-consultation", 2)
        again = await act(site, "complete-consultation", **{"Idempotency-Key": "done"})
        assert again.status_code == 200 and again.content == first.content
        assert [entry["status"] for entry in await queue(site)] == ["in_consultation"]


async def test_an_act_repeated_after_a_restart_is_answered_although_its_state_is_gone(tmp_path: Path) -> None:
    key = {"Idempotency-Key": "done"}
    async with web(tmp_path) as site:
        await register(site)
        await act(site, "start-consultation", 1)
        first = (await act(site, "complete-consultation", **key)).json()
    async with web(tmp_path) as site:
        again = await act(site, "complete-consultation", **key)
        assert again.status_code == 200 and again.json()["patient"] == first["patient"]
        assert again.json()["undo_id"] == first["undo_id"]


async def test_skip_patient_puts_it_behind_the_next_two_and_the_third_time_is_a_no_show(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        for name in ("Ann", "Bob", "Cid", "Dee"):
            await register(site, name=name)
        first = (await act(site, "skip-patient", 1)).json()
        assert first["skips"] == 1 and first["patient"]["status"] == "waiting" and first["patient"]["position"] == 3
        assert [entry["name"] for entry in await queue(site)] == ["Bob", "Cid", "Ann", "Dee"]
        second = (await act(site, "skip-patient/", 1)).json()
        assert second["skips"] == 2 and second["patient"]["position"] == 4
        third = (await act(site, "skip-patient", 1)).json()
        assert third["skips"] == 3 and third["patient"]["status"] == "no_show" and third["patient"]["position"] is None
        undone = await site.http.post("/api/v1/visits/undo", json={"undo_id": third["undo_id"]}, headers=MANAGER)
        assert undone.status_code == 200
        assert (await site.http.get("/api/patients/1", headers=MANAGER)).json()["status"] == "waiting"


async def test_a_called_patient_can_be_skipped_too(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        for name in ("Ann", "Bob", "Cid"):
            await register(site, name=name)
        await site.it.call()
        body = (await act(site, "skip-patient", 1)).json()
        assert body["patient"]["status"] == "waiting" and body["patient"]["position"] == 3


async def test_skip_patient_is_409_for_another_doctors_another_service_and_who_is_inside_or_gone(
    tmp_path: Path,
) -> None:
    async with web(tmp_path) as site:
        await site.it.accepted(AddDoctor, doctor_id=new_id(), name="Dr. Ode")
        await site.it.accepted(AddService, letter="B", name="Lab")
        await register(site, name="Ann", doctor_id=2)
        await register(site, name="Bob", service="B")
        await register(site, name="Cid", doctor_id=1)
        refusal(await act(site, "skip-patient", 1), 409, "other_doctor")
        refusal(await act(site, "skip-patient", 2), 409, "other_service")
        await act(site, "start-consultation", 3)
        refusal(await act(site, "skip-patient", 3), 409, "wrong_state")
        await act(site, "complete-consultation")
        refusal(await act(site, "skip-patient", 3), 409, "wrong_state")


async def test_flag_emergency_puts_somebody_before_all_others(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        for name in ("Ann", "Bob"):
            await register(site, name=name, urgency=9)
        body = {"patient_id": 2, "reason": "chest pain"}
        answer = await site.http.post("/api/doctors/1/flag-emergency/", json=body, headers=MANAGER)
        assert answer.status_code == 200
        patient = answer.json()["patient"]
        assert patient["is_emergency"] is True and patient["urgency"] == 10 and patient["position"] == 1
        assert [entry["name"] for entry in await queue(site)] == ["Bob", "Ann"]
        log = (await site.http.get("/api/patients/2", headers=MANAGER)).json()["intervals"]
        assert log[-1]["reason"] == "chest pain"


async def test_flag_emergency_is_409_when_the_visit_is_over(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        made = await register(site)
        await site.it.accepted(MarkNoShow, visit_id=made["uuid"])
        refusal(await act(site, "flag-emergency", 1), 409, "wrong_state")


async def test_flag_emergency_is_for_all_staff_and_a_doctor_in_the_own_queue(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        other = new_id()
        await site.it.accepted(AddDoctor, doctor_id=other, name="Dr. Ode")
        for name in ("Ann", "Bob", "Cid"):
            await register(site, name=name, doctor_id=1)
        await site.it.issue()
        refusal(await site.http.post("/api/doctors/1/flag-emergency", json={"patient_id": 1}), 401)
        for kind in ("kiosk", "display"):
            screen = await site.screen(kind)
            refusal(await screen.post("/api/doctors/1/flag-emergency", json={"patient_id": 1}), 403)
        for n, role in enumerate(("reception", "nurse"), 1):
            await site.add_staff(role, role)
            answer = await act(site, "flag-emergency", n, **await site.bearer(role))
            assert answer.status_code == 200, role
        await site.add_staff("ode", "doctor", doctor_id=other)
        await site.add_staff("rao", "doctor", doctor_id=site.it.doctor_id)
        ode, rao = await site.bearer("ode"), await site.bearer("rao")
        refusal(await act(site, "flag-emergency", 3, **ode), 403)
        refusal(await act(site, "flag-emergency", 3, doctor=2, **ode), 403)
        assert (await act(site, "flag-emergency", 3, **rao)).status_code == 200
        refusal(await act(site, "flag-emergency", 4, **ode), 403)
        nobodys = await act(site, "flag-emergency", 4, doctor=2, **ode)
        assert nobodys.status_code == 200, "whoever was given to nobody is in every doctor's queue of the service"


async def test_two_doctors_who_start_with_the_same_patient_at_once_get_one_of_them(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await site.it.accepted(AddDoctor, doctor_id=new_id(), name="Dr. Ode")
        await site.it.issue()
        answers = await asyncio.gather(*(act(site, "start-consultation", 1, doctor=doctor) for doctor in (1, 2)))
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        assert sum(doctor["current_patient_id"] == 1 for doctor in await doctors(site)) == 1
