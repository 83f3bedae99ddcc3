"""Seed 001's doctors and patients (persons) over HTTP."""

from __future__ import annotations

from pathlib import Path

from tests.desk_001 import NOBODY, desk

DOCTOR = {
    "id", "name", "specialization", "created_at", "specialty", "code", "number", "is_active", "is_on_break", "service", "room",
}  # fmt: skip
PERSON = {"id", "name", "phone", "email", "created_at", "age", "gender", "language", "notify"}


async def test_post_doctors_adds_a_doctor_with_every_field_and_a_code_of_its_number(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        wanted = {"name": " Dr. John Smith ", "specialization": "Cardiology"}
        made = await it.ask("POST", "/doctors/", 201, json=wanted)
        assert made.keys() == DOCTOR
        assert (made["name"], made["code"], made["number"]) == ("Dr. John Smith", "DOC002", 2)
        assert made["specialization"] == made["specialty"] == "Cardiology"
        assert made["created_at"] == "2026-11-20T13:30:00.000+05:30" and made["is_active"] is True
        other = await it.doctor("Dr. Wu", specialty="Skin", code="SKIN-1", room="Room 9", service="A")
        assert (other["specialization"], other["code"], other["room"]) == ("Skin", "SKIN-1", "Room 9")


async def test_post_doctors_refuses_a_taken_code_and_what_does_not_fit(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        await it.doctor(code="X1")
        refused = await it.raw("POST", "/doctors/", json={"name": "Dr. Wu", "code": "X1"})
        assert refused.status_code == 409 and "X1" in refused.json()["detail"] and refused.json()["hint"]
        for wrong in ({}, {"name": ""}, {"name": "  "}, {"name": "x" * 121}, {"name": 5}, {"name": "Wu", "colour": "red"},
                      {"name": "Wu", "specialization": "a", "specialty": "b"}):  # fmt: skip
            assert (await it.raw("POST", "/doctors/", json=wrong)).status_code == 422, wrong
        assert len(await it.ask("GET", "/doctors/")) == 2


async def test_the_same_key_sent_again_adds_one_doctor_and_gets_the_same_answer(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        key = {"Idempotency-Key": "again"}
        sent = [await it.raw("POST", "/doctors/", json={"name": "Dr. Wu"}, headers=key) for _ in range(2)]
        assert sent[0].content == sent[1].content and {answer.status_code for answer in sent} == {201}
        assert len(await it.ask("GET", "/doctors/")) == 2
        assert (await it.raw("POST", "/doctors/", json={"name": "Dr. Wo"}, headers=key)).status_code == 422


async def test_get_doctors_lists_and_narrows_by_active_and_specialization(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        heart, skin = (
            await it.doctor("Dr. Ode", specialization="Heart"),
            await it.doctor("Dr. Wu", specialization="Skin"),
        )
        await it.ask("DELETE", f"/doctors/{skin['id']}/", 204)
        listed = await it.raw("GET", "/doctors/")
        assert [doctor["number"] for doctor in listed.json()] == [1, 2, 3]
        assert listed.headers["X-Total-Count"] == "3" and "Link" not in listed.headers
        assert [d["id"] for d in await it.ask("GET", "/doctors/?active=false")] == [skin["id"]]
        assert [d["id"] for d in await it.ask("GET", "/doctors/?specialization=heart")] == [heart["id"]]
        assert await it.ask("GET", "/doctors/?specialization=Heart&active=false") == []
        assert (await it.raw("GET", "/doctors/?active=perhaps")).status_code == 422


async def test_a_screen_sees_doctors(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        screen = await it.site.screen("display")
        assert (await screen.get("/api/v1/doctors/")).json()[0]["name"] == "Dr. Rao"


async def test_get_one_doctor_by_uuid_or_number_and_404_for_nobody(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        made = await it.doctor()
        for given in (made["id"], made["id"].upper(), "2"):
            assert await it.ask("GET", f"/doctors/{given}/") == made
        for wrong in (NOBODY, "99", "x", "x" * 300, "%00"):
            assert (await it.raw("GET", f"/doctors/{wrong}/")).status_code == 404


async def test_put_doctor_changes_what_is_sent_and_keeps_the_rest(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        made = await it.doctor(specialization="Heart", code="H1", room="Room 3")
        changed = await it.ask("PUT", f"/doctors/{made['id']}/", json={"name": "Dr. New", "specialty": "Lungs"})
        assert changed == {**made, "name": "Dr. New", "specialization": "Lungs", "specialty": "Lungs"}
        rest = await it.ask("PUT", f"/doctors/{made['id']}/", json={"name": "Dr. New", "is_on_break": True})
        assert rest["is_on_break"] and rest["code"] == "H1" and rest["room"] == "Room 3"
        assert await it.ask("GET", f"/doctors/{made['id']}/") == rest


async def test_put_doctor_refuses_without_a_name_for_nobody_and_with_a_taken_code(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        made = await it.doctor(code="H1")
        assert (await it.raw("PUT", f"/doctors/{made['id']}/", json={"room": "Room 4"})).status_code == 422
        assert (await it.raw("PUT", f"/doctors/{NOBODY}/", json={"name": "Dr. New"})).status_code == 404
        first = it.site.it.doctor_id
        assert (await it.raw("PUT", f"/doctors/{first}/", json={"name": "Dr. Rao", "code": "H1"})).status_code == 409
        same = await it.raw("PUT", f"/doctors/{made['id']}/", json={"name": "Dr. Ode", "code": "H1"})
        assert same.status_code == 200


async def test_delete_doctor_is_refused_while_bookings_exist_then_deactivates_and_keeps_the_history(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path) as it:
        made = await it.doctor()
        token = await it.token(await it.slot(doctor=made["id"]))
        refused = await it.raw("DELETE", f"/doctors/{made['id']}/")
        assert refused.status_code == 409 and refused.json()["code"] == "open_visits"
        await it.ask("DELETE", f"/tokens/{token['id']}/")
        assert (await it.raw("DELETE", f"/doctors/{made['id']}/")).status_code == 204
        assert (await it.ask("GET", f"/doctors/{made['id']}/"))["is_active"] is False
        assert (await it.seen(token))["doctor_id"] == made["id"]
        assert (await it.raw("DELETE", f"/doctors/{NOBODY}/")).status_code == 404
        gone = await it.raw("POST", "/tokens/", json={
            "slot_id": token["slot_id"], "patient_id": token["patient_id"], "category": "ONLINE"})  # fmt: skip
        assert gone.status_code == 409 and gone.json()["code"] == "doctor_absent"


async def test_post_patients_registers_a_person_and_makes_no_visit(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        wanted = {"name": " Jane Doe ", "phone": "+1234567890", "email": "jane@example.com"}
        made = await it.ask("POST", "/patients/", 201, json=wanted)
        assert made.keys() == PERSON and made["name"] == "Jane Doe"
        assert (made["age"], made["gender"], made["language"]) == (None, None, None)
        bare = await it.ask("POST", "/patients/", 201, json={"name": "Jo"})
        assert (bare["phone"], bare["email"]) == ("", "")
        whole = await it.person("Ida", age=41, gender="female", language="hi", notify=True)
        assert (whole["age"], whole["gender"], whole["language"], whole["notify"]) == (41, "female", "hi", True)
        assert await it.ask("GET", "/tokens/") == []


async def test_post_patients_refuses_what_does_not_fit(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        wrong = [
            {}, {"name": ""}, {"name": " "}, {"name": "x" * 121}, {"name": "Jo", "phone": "1" * 41}, {"name": "Jo", "age": -1},
            {"name": "Jo", "age": 151}, {"name": "Jo", "age": "41"}, {"name": "Jo", "email": "no address"},
            {"name": "Jo", "gender": "x"}, {"name": "Jo", "language": "Hindi"}, {"name": "Jo", "doctor": "x"}, {"name": None},
        ]  # fmt: skip
        for body in wrong:
            answer = await it.raw("POST", "/patients/", json=body)
            assert answer.status_code == 422 and answer.json()["hint"], body
        assert await it.ask("GET", "/patients/") == []


async def test_get_patients_finds_by_a_part_of_the_name_and_by_the_whole_phone(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        jane, joao = await it.person("Jane Doe", phone="+1234567890"), await it.person("JOÃO Silva", phone="999 111")
        await it.person("Adam", phone="+1234567890")

        async def names(query: str) -> list[str]:
            return [person["name"] for person in await it.ask("GET", f"/patients/{query}")]

        assert await names("") == ["Adam", "Jane Doe", "JOÃO Silva"]
        assert await names("?q=doe") == ["Jane Doe"] and await names("?q=jo%C3%A3o") == [joao["name"]]
        assert await names("?q=999") == ["JOÃO Silva"]
        assert await names("?phone=%2B1234567890") == ["Adam", "Jane Doe"]
        assert await names("?phone=+1234567890") == ["Adam", "Jane Doe"], "a + that nobody escaped"
        assert await names("?phone=%2B1234567890&q=jan") == [jane["name"]]
        assert await names("?phone=12345") == [] and await names("?q=%25") == []
        await it.person("Spaced Phone", phone="+44 20-7946 0")
        assert await names("?q=2079460") == await names("?q=%2B44%2020%207946") == ["Spaced Phone"], "as it is dialled"


async def test_get_one_patient_and_404_for_nobody_and_for_a_small_number(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        made = await it.person()
        assert await it.ask("GET", f"/patients/{made['id']}/") == made
        for wrong in (NOBODY, "1", "x"):
            assert (await it.raw("GET", f"/patients/{wrong}/")).status_code == 404


async def test_put_patient_changes_what_is_sent_and_null_takes_away(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        made = await it.person("Jane", email="jane@example.com", age=40)
        changed = await it.ask("PUT", f"/patients/{made['id']}/", json={"name": "Jane Doe", "age": None})
        assert changed == {**made, "name": "Jane Doe", "age": None}
        assert await it.ask("GET", f"/patients/{made['id']}/") == changed
        assert (await it.raw("PUT", f"/patients/{made['id']}/", json={"phone": "1"})).status_code == 422
        assert (await it.raw("PUT", f"/patients/{NOBODY}/", json={"name": "Jane"})).status_code == 404


async def test_delete_patient_is_refused_while_a_visit_is_open_then_erases_and_is_gone(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        made = await it.person("Jane Doe", phone="+1234567890")
        token = await it.token(await it.slot(), patient_id=made["id"])
        refused = await it.raw("DELETE", f"/patients/{made['id']}/")
        assert refused.status_code == 409 and refused.json()["hint"]
        await it.ask("DELETE", f"/tokens/{token['id']}/")
        assert (await it.raw("DELETE", f"/patients/{made['id']}/")).status_code == 204
        for method, sent in (("GET", {}), ("PUT", {"json": {"name": "Jane"}}), ("DELETE", {})):
            assert (await it.raw(method, f"/patients/{made['id']}/", **sent)).status_code == 404
        assert await it.ask("GET", "/patients/") == []
        assert (await it.seen(token))["patient_id"] == made["id"], "the visit stays and keeps no name"
        assert it.site.it.rows("select name, phone from persons") == [("", "")]
        again = await it.raw("POST", "/tokens/", json={
            "slot_id": token["slot_id"], "patient_id": made["id"], "category": "ONLINE"})  # fmt: skip
        assert again.status_code == 404
