"""Seed 000 over HTTP: people at the door, the queue, the day in numbers. One test or more per row of interfaces.md §2."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from edge.domain.booking_commands import AddSlot, BookVisit, ErasePerson, NewPerson
from edge.domain.commands import (
    AddDoctor,
    AddService,
    CallNext,
    ChangeDoctor,
    CompleteConsultation,
    MarkNoShow,
    MoveVisit,
    OpenDay,
    ParkVisit,
    ReturnVisit,
    SetPolicy,
    SkipVisit,
    StartWith,
    TransferVisit,
    Undo,
)
from edge.web.face_000_bodies import people_of, queue_object, visit_object
from shared.ids import new_id
from tests.clinic import MORNING
from tests.edge_web import Web, web

MANAGER = {"Authorization": "Bearer operator-key"}
JOHN = {"name": "John Doe", "phone": "9999999999", "reason": "Fever / Cold", "urgency": 7}
VISIT = {
    "id", "uuid", "token_number", "name", "phone", "reason", "urgency", "is_emergency", "priority_score", "status",
    "doctor_id", "doctor_name", "position", "estimated_wait_minutes", "estimated_wait_range", "created_at",
}  # fmt: skip
TRACKED = VISIT | {"tracking_token", "tracking_url"}
ENTRY = {
    "id", "uuid", "token_number", "name", "urgency", "is_emergency", "status", "priority_score", "wait_minutes",
    "position", "estimated_wait_minutes", "doctor_id", "doctor_name", "why",
}  # fmt: skip
STATS = {
    "waiting", "called", "in_consultation", "completed", "no_show", "cancelled", "emergencies", "total_today",
    "average_wait_minutes", "longest_wait_minutes", "active_doctors",
}  # fmt: skip
PROBLEM = {"type", "title", "status", "detail", "instance", "hint", "message"}


async def register(site: Web, **given: Any) -> dict[str, Any]:
    """Somebody registers at the desk; the visit."""
    answer = await site.http.post("/api/patients/register", json={"name": "Ann", **given}, headers=MANAGER)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def queue(site: Web, query: str = "") -> list[dict[str, Any]]:
    """The queue as staff see it."""
    answer = await site.http.get(f"/api/patients/queue{query}", headers=MANAGER)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["queue"]
    return found


async def stats(site: Web, query: str = "") -> dict[str, Any]:
    """The day in numbers."""
    answer = await site.http.get(f"/api/patients/stats{query}", headers=MANAGER)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def refusal(answer: httpx.Response, status: int, code: str = "") -> dict[str, Any]:
    """The problem a refused request answers, in the one shape all have."""
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    assert answer.headers["content-type"] == "application/problem+json" and body.keys() >= PROBLEM
    assert body["message"] == body["detail"] and body["hint"]
    assert code in ("", body["code"]), body
    return body


@pytest.mark.parametrize("path", ["/api/patients/register", "/api/patients/register/"])
async def test_post_patients_register_answers_the_visit_with_a_token_and_a_tracking_link(
    tmp_path: Path, path: str
) -> None:
    async with web(tmp_path) as site:
        kiosk = await site.screen("kiosk")
        answer = await kiosk.post(path, json=JOHN)
        assert answer.status_code == 201
        body = answer.json()
        assert body.keys() >= TRACKED
        assert body["id"] == 1 and len(body["uuid"]) == 36 and body["token_number"] == "A-001"
        assert (body["name"], body["phone"], body["reason"]) == ("John Doe", "9999999999", "Fever / Cold")
        assert body["status"] == "waiting" and body["position"] == 1 and body["is_emergency"] is False
        assert body["doctor_id"] == 1 and body["doctor_name"] == "Dr. Rao"
        assert body["created_at"] == "2026-11-20T13:30:00.000+05:30"
        assert (
            body["estimated_wait_range"]["min"] <= body["estimated_wait_minutes"] <= body["estimated_wait_range"]["max"]
        )
        assert body["tracking_url"].endswith(body["tracking_token"])


async def test_register_needs_only_a_name_and_takes_nulls_for_what_is_unknown(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        first = await register(site, name=" Ann  Lee ")
        assert first["name"] == "Ann Lee" and first["phone"] is None and first["urgency"] == 5
        nulls = dict.fromkeys(
            ("phone", "email", "age", "gender", "language", "reason", "urgency", "service", "doctor_id")
        )
        assert (await register(site, name="Bo", **nulls))["id"] == 2


async def test_register_keeps_what_is_told_beside_the_name(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await site.it.accepted(AddService, letter="B", name="Lab")
        more = {"email": "a@example.org", "age": 41, "gender": "female", "language": "hi", "service": "B"}
        body = await register(site, **more)
        assert body["token_number"] == "B-001" and body["service"] == "B"
        kept = site.it.rows("select email, age, gender, language from persons where id = ?", body["person_id"])
        assert kept == [("a@example.org", 41, "female", "hi")]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "   "}, ""),
        ({"name": "A", "urgency": 11}, "urgency"),
        ({"name": "A", "urgency": "7"}, "urgency"),
        ({"name": "A", "urgency": True}, "urgency"),
        ({"name": "A", "age": -1}, "age"),
        ({"name": "A", "gender": "?"}, "gender"),
        ({"name": "A", "phone": 999}, "phone"),
        ({"name": "A", "email": "nobody"}, "email"),
        ({"name": "A\u0000B"}, "name"),
        ({"name": "A" * 121}, "name"),
        ({"name": "A", "reason": "x" * 501}, "reason"),
        ({"name": "A", "service": "General"}, "service"),
        ({"name": "A", "priority": 1}, "priority"),
        ([], "body"),
    ],
)
async def test_register_says_which_field_does_not_fit(tmp_path: Path, wrong: Any, field: str) -> None:
    async with web(tmp_path) as site:
        body = refusal(await site.http.post("/api/patients/register", json=wrong, headers=MANAGER), 422)
        assert field in body["detail"]
        assert site.it.rows("select count(*) from visits, persons") == [(0,)]


async def test_register_with_an_unknown_doctor_is_404_and_with_a_closed_service_409(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        for doctor_id in (9, "9", new_id(), "no-id"):
            answer = await site.http.post(
                "/api/patients/register", json={"name": "A", "doctor_id": doctor_id}, headers=MANAGER
            )
            refusal(answer, 404)
        answer = await site.http.post("/api/patients/register", json={"name": "A", "service": "Z"}, headers=MANAGER)
        refusal(answer, 409, "no_service")


async def test_register_with_a_doctor_by_number_text_or_uuid_chooses_that_doctor(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await site.it.accepted(AddDoctor, doctor_id=new_id(), name="Dr. Ode")
        for doctor_id in (1, "1", site.it.doctor_id):
            assert (await register(site, name=f"P {doctor_id!r}", doctor_id=doctor_id))["doctor_name"] == "Dr. Rao"


async def test_register_gives_people_to_the_least_loaded_doctor_who_is_here(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        away, busy = new_id(), new_id()
        await site.it.accepted(AddDoctor, doctor_id=busy, name="Dr. Ode")
        await site.it.accepted(AddDoctor, doctor_id=away, name="Dr. Lim")
        await site.it.accepted(ChangeDoctor, doctor_id=away, is_on_break=True)
        names = [(await register(site, name=f"P{n}"))["doctor_name"] for n in range(4)]
        assert names == ["Dr. Rao", "Dr. Ode", "Dr. Rao", "Dr. Ode"]


async def test_register_finds_somebody_again_by_name_and_phone_and_never_by_phone_alone(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        first = await register(site, name="Ann Lee", phone="123")
        family = await register(site, name="Bob Lee", phone="123")
        assert family["person_id"] != first["person_id"]
        await site.it.accepted(MarkNoShow, visit_id=first["uuid"])
        again = await register(site, name="ANN  lee", phone="123")
        assert again["person_id"] == first["person_id"] and again["name"] == "Ann Lee"
        nameless_phone = await register(site, name="Ann Lee")
        assert nameless_phone["person_id"] != first["person_id"]


async def test_staff_register_somebody_known_whose_name_and_phone_stay_and_a_kiosk_may_not(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        ann = (
            await site.http.post("/api/v1/patients", json={"name": "Ann", "phone": "+1 555"}, headers=MANAGER)
        ).json()
        here = await register(site, name="ann b.", person_id=ann["id"])
        assert (here["person_id"], here["name"], here["phone"]) == (ann["id"], "Ann", "+1 555")
        assert site.it.rows("select count(*) from persons") == [(1,)]
        again = {"name": "Ann", "person_id": ann["id"]}
        path = "/api/patients/register"
        assert (await site.http.post(path, json=again, headers=MANAGER)).json()["code"] == "double_booking"
        for nobody in (new_id(), "7"):
            answer = await site.http.post(path, json={**again, "person_id": nobody}, headers=MANAGER)
            assert answer.status_code == 404
        assert (await (await site.screen("kiosk")).post(path, json=again)).status_code == 403


async def test_register_twice_on_one_day_is_409_and_names_the_visit_there_is(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await register(site, **JOHN)
        body = refusal(
            await site.http.post("/api/patients/register", json=JOHN, headers=MANAGER), 409, "double_booking"
        )
        assert "A-001" in body["detail"]
        assert site.it.rows("select count(*) from visits") == [(1,)]


async def test_staff_may_allow_a_second_visit_of_the_day_with_a_reason_and_a_kiosk_may_not(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await register(site, **JOHN)
        kiosk = await site.screen("kiosk")
        refusal(await kiosk.post("/api/patients/register", json={**JOHN, "override": "please"}), 403)
        assert (await register(site, **JOHN, override="came back with the results"))["token_number"] == "A-002"


async def test_from_a_kiosk_urgency_counts_up_to_seven_and_from_staff_as_given(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        kiosk = await site.screen("kiosk")
        claimed = (await kiosk.post("/api/patients/register", json={"name": "A", "urgency": 10})).json()
        assert claimed["urgency"] == 7 and claimed["claimed_urgency"] == 10
        assert (await register(site, name="B", urgency=9))["urgency"] == 9


async def test_register_twice_with_one_key_is_one_visit_and_the_same_answer_also_when_time_has_passed(
    tmp_path: Path,
) -> None:
    key = {**MANAGER, "Idempotency-Key": "tap"}
    async with web(tmp_path) as site:
        taps = [site.http.post("/api/patients/register", json=JOHN, headers=key) for _ in range(6)]
        answers = await asyncio.gather(*taps)
        site.it.pass_time(600)
        answers.append(await site.http.post("/api/patients/register/", json=JOHN, headers=key))
        assert {answer.status_code for answer in answers} == {201}
        assert {answer.content for answer in answers} == {answers[0].content}
        assert site.it.rows("select count(*) from visits") == [(1,)]
        other = await site.http.post("/api/patients/register", json={"name": "B"}, headers=key)
        refusal(other, 422, "key_reused")
    async with web(tmp_path) as site:
        again = await site.http.post("/api/patients/register", json=JOHN, headers=key)
        assert again.status_code == 201 and again.json()["uuid"] == answers[0].json()["uuid"]
        assert site.it.rows("select count(*) from visits") == [(1,)]


async def test_register_is_for_a_kiosk_or_staff(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        refusal(await site.http.post("/api/patients/register", json=JOHN), 401)
        display = await site.screen("display")
        refusal(await display.post("/api/patients/register", json=JOHN), 403)
        for role in ("reception", "nurse", "doctor", "manager"):
            await site.add_staff(role, role, doctor_id=site.it.doctor_id if role == "doctor" else None)
            answer = await site.http.post(
                "/api/patients/register", json={"name": role}, headers=await site.bearer(role)
            )
            assert answer.status_code == 201, role


async def test_register_takes_json_labelled_as_text_from_a_program_but_not_from_a_page(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        text, label = b'{"name": "A"}', {"content-type": "text/plain"}
        kiosk = await site.screen("kiosk")
        refusal(await kiosk.post("/api/patients/register", content=text, headers=label), 415)
        answer = await site.http.post("/api/patients/register", content=text, headers={**MANAGER, **label})
        assert answer.status_code == 201


@pytest.mark.parametrize("path", ["/api/patients/queue", "/api/patients/queue/"])
async def test_get_patients_queue_is_the_queue_in_calling_order_with_the_day_in_numbers(
    tmp_path: Path, path: str
) -> None:
    async with web(tmp_path) as site:
        for name, urgency in (("Ann", 2), ("Bob", 9), ("Cid", 5)):
            await register(site, name=name, urgency=urgency)
        body = (await site.http.get(path, headers=MANAGER)).json()
        assert body.keys() == {"queue", "stats"} and body["stats"].keys() >= STATS
        assert all(entry.keys() >= ENTRY for entry in body["queue"])
        assert [entry["name"] for entry in body["queue"]] == ["Bob", "Cid", "Ann"]
        assert [entry["position"] for entry in body["queue"]] == [1, 2, 3]
        assert [entry["id"] for entry in body["queue"]] == [2, 3, 1]
        assert all(entry["why"].startswith("Urgency") for entry in body["queue"])
        assert body["stats"]["waiting"] == 3 and body["stats"] == await stats(site)


async def test_priority_score_is_the_seeds_formula_with_minutes_in_fractions(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await register(site, name="Ann", urgency=7)
        site.it.pass_time(90)
        await register(site, name="Bob", urgency=3)
        site.it.pass_time(10)
        by_name = {entry["name"]: entry for entry in await queue(site)}
        load = 2
        assert by_name["Ann"]["priority_score"] == pytest.approx(7 * 0.6 + (100 / 60) * 0.3 + load * 0.1, abs=1e-6)
        assert by_name["Bob"]["priority_score"] == pytest.approx(3 * 0.6 + (10 / 60) * 0.3 + load * 0.1, abs=1e-6)
        assert by_name["Ann"]["wait_minutes"] == 1.67
        later = await queue(site)
        assert sorted(later, key=lambda entry: -entry["priority_score"]) == later


async def test_emergencies_stand_before_all_others_whatever_their_score(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await site.it.accepted(AddService, letter="B", name="Lab")
        await register(site, name="Old")
        site.it.pass_time(7200)
        await site.http.post("/api/staff/add-emergency", json={"name": "First"}, headers=MANAGER)
        await site.http.post("/api/staff/add-emergency", json={"name": "Second", "service": "B"}, headers=MANAGER)
        assert [entry["name"] for entry in await queue(site)] == ["First", "Second", "Old"]


async def test_the_queue_begins_with_who_was_called_or_is_inside_and_leaves_out_who_is_on_hold(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visits = [await register(site, name=name) for name in ("Ann", "Bob", "Cid")]
        await site.it.accepted(CallNext, doctor_id=site.it.doctor_id)
        await site.it.accepted(ParkVisit, visit_id=visits[1]["uuid"], minutes=10)
        found = await queue(site)
        assert [(e["name"], e["status"], e["position"]) for e in found] == [("Ann", "called", 0), ("Cid", "waiting", 1)]
        assert found[0]["estimated_wait_minutes"] == 0
        held = (await site.http.get(f"/api/patients/{visits[1]['id']}", headers=MANAGER)).json()
        assert held["status"] == "parked" and held["position"] is None and held["estimated_wait_minutes"] is None


async def test_once_called_wait_and_score_stand_still(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await register(site, urgency=5)
        site.it.pass_time(600)
        await site.it.call()
        site.it.pass_time(3600)
        (entry,) = await queue(site)
        assert entry["wait_minutes"] == 10 and entry["priority_score"] == pytest.approx(5 * 0.6 + 10 * 0.3 + 0.1)


async def test_the_queue_by_doctor_holds_whom_that_doctor_would_call_and_by_service_one_service(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await site.it.accepted(AddDoctor, doctor_id=new_id(), name="Dr. Ode")
        await site.it.accepted(AddService, letter="B", name="Lab")
        await register(site, name="Ann", doctor_id=1)
        await register(site, name="Bob", doctor_id=2)
        await site.it.issue()
        await register(site, name="Cid", service="B")
        of_rao = await queue(site, "?doctor_id=1")
        assert [entry["name"] for entry in of_rao] == ["Ann", None] and of_rao == await queue(
            site, f"?doctor_id={site.it.doctor_id}"
        )
        assert [entry["name"] for entry in await queue(site, "?service=B")] == ["Cid"]
        assert await queue(site, "?service=B&doctor_id=1") == []
        await site.it.call()
        assert [(e["name"], e["status"]) for e in await queue(site, "?doctor_id=1&service=A")] == [
            ("Ann", "called"), (None, "waiting"),
        ]  # fmt: skip


@pytest.mark.parametrize("query", ["doctor_id=9", "doctor_id=x", "service=Z", "service=General", "service=%00"])
async def test_the_queue_of_a_doctor_or_service_that_is_not_there_is_422(tmp_path: Path, query: str) -> None:
    async with web(tmp_path) as site:
        refusal(await site.http.get(f"/api/patients/queue?{query}", headers=MANAGER), 422)


async def test_the_list_keeps_each_doctors_own_order_when_policies_differ_or_somebody_was_moved(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        other = new_id()
        await site.it.accepted(AddDoctor, doctor_id=other, name="Dr. Ode")
        await site.it.accepted(SetPolicy, doctor_id=other, policy="fair", options={})
        visits = {}
        for n, doctor in enumerate((1, 1, 1, 2, 2, 2)):
            visits[n] = await register(site, name=f"P{n}", urgency=n, doctor_id=doctor)
        await site.it.accepted(MoveVisit, visit_id=visits[0]["uuid"], place=1)
        await site.it.accepted(SkipVisit, visit_id=visits[5]["uuid"])
        found = await queue(site)
        for doctor in (1, 2):
            places = [entry["position"] for entry in found if entry["doctor_id"] == doctor]
            assert places == sorted(places), found
            own = [entry["id"] for entry in await queue(site, f"?doctor_id={doctor}")]
            assert own == [entry["id"] for entry in found if entry["doctor_id"] == doctor]


async def test_a_screen_gets_the_queue_without_names_unless_the_site_allows_it(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await register(site, **JOHN)
        display = await site.screen("display")
        seen = await display.get("/api/patients/queue")
        assert seen.status_code == 200 and seen.json()["queue"][0]["name"] is None
        assert not any(word in seen.text for word in ("John", "9999999999", "Fever"))
    async with web(tmp_path, options={"names_on_screens": True}) as site:
        display = await site.screen("display")
        seen = await display.get("/api/patients/queue")
        assert seen.json()["queue"][0]["name"] == "John Doe"
        assert not any(word in seen.text for word in ("9999999999", "Fever"))


async def test_a_queue_made_without_names_has_none_even_where_the_people_are_known(tmp_path: Path) -> None:
    """Socket.IO hands the same people to staff and to screens."""
    async with web(tmp_path) as site:
        await register(site, **JOHN)
        faces = site.app.state.faces
        house = await faces.house()
        people = await faces.read(lambda conn: people_of(conn, house))
        assert queue_object(house, people, {}, names=True)["queue"][0]["name"] == "John Doe"
        assert queue_object(house, people, {}, names=False)["queue"][0]["name"] is None
        bare = visit_object(house, people, house.here[0], faces.zone, names=False)
        assert bare["name"] is bare["phone"] is bare["reason"] is None


@pytest.mark.parametrize("path", ["/api/patients/queue", "/api/patients/stats", "/api/doctors"])
async def test_queue_stats_and_doctors_are_for_screens_and_staff(tmp_path: Path, path: str) -> None:
    async with web(tmp_path) as site:
        refusal(await site.http.get(path), 401)
        refusal(await (await site.screen("kiosk")).get(path), 403)
        assert (await (await site.screen("display")).get(path)).status_code == 200
        await site.add_staff("ana", "nurse")
        assert (await site.http.get(f"{path}/", headers=await site.bearer("ana"))).status_code == 200


async def test_get_patients_stats_counts_the_day(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visits = [await register(site, name=f"P{n}") for n in range(6)]
        for visit in visits[:2]:
            site.it.pass_time(600)
            await site.it.accepted(StartWith, visit_id=visit["uuid"], doctor_id=site.it.doctor_id)
            if visit is visits[0]:
                await site.it.accepted(CompleteConsultation, visit_id=visit["uuid"])
        await site.it.accepted(MarkNoShow, visit_id=visits[2]["uuid"])
        await site.http.post("/api/doctors/1/flag-emergency", json={"patient_id": 4}, headers=MANAGER)
        found = await stats(site)
        assert found.keys() >= STATS
        assert {name: found[name] for name in STATS} == {
            "waiting": 3, "called": 0, "in_consultation": 1, "completed": 1, "no_show": 1, "cancelled": 0,
            "emergencies": 1, "total_today": 6, "average_wait_minutes": 15.0, "longest_wait_minutes": 20.0,
            "active_doctors": 1,
        }  # fmt: skip


async def test_waits_are_of_people_who_were_seen_and_count_to_the_first_call(tmp_path: Path) -> None:
    """queues.md, pain 17: averages that include abandoned entries."""
    async with web(tmp_path) as site:
        await site.it.accepted(AddService, letter="B", name="Lab")
        gone, seen = await register(site, name="Gone"), await register(site, name="Seen")
        site.it.pass_time(600)
        await site.it.accepted(StartWith, visit_id=seen["uuid"], doctor_id=site.it.doctor_id)
        site.it.pass_time(6000)
        await site.it.accepted(MarkNoShow, visit_id=gone["uuid"])
        await site.it.accepted(TransferVisit, visit_id=seen["uuid"], service="B")
        assert (await stats(site))["average_wait_minutes"] == 0, "back in a queue: the wait goes on"
        other = new_id()
        await site.it.accepted(AddDoctor, doctor_id=other, name="Lab desk", service="B")
        site.it.pass_time(6000)
        await site.it.accepted(StartWith, visit_id=seen["uuid"], doctor_id=other)
        assert (await stats(site))["average_wait_minutes"] == 10.0


async def test_the_wait_of_somebody_who_returned_counts_from_the_return(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        made = await register(site)
        await site.it.call()
        await site.it.accepted(MarkNoShow, visit_id=made["uuid"])
        site.it.pass_time(3600)
        await site.it.accepted(ReturnVisit, visit_id=made["uuid"])
        site.it.pass_time(300)
        await site.it.accepted(StartWith, visit_id=made["uuid"], doctor_id=site.it.doctor_id)
        assert (await stats(site))["average_wait_minutes"] == 5.0


async def test_a_call_that_was_taken_back_ends_no_wait(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await register(site)
        called = await site.it.call()
        await site.it.accepted(Undo, undo_id=called["undo_id"])
        site.it.pass_time(600)
        await site.it.call()
        assert (await stats(site))["average_wait_minutes"] == 10.0


async def test_stats_of_another_date_are_of_that_day_and_of_a_day_with_nothing_zero(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        seen = await register(site)
        site.it.pass_time(1200)
        await site.it.accepted(StartWith, visit_id=seen["uuid"], doctor_id=site.it.doctor_id)
        await site.it.accepted(CompleteConsultation, visit_id=seen["uuid"])
        site.it.pass_time(86_400)
        await site.it.accepted(OpenDay, day="2026-11-21")
        assert (await stats(site))["total_today"] == 0
        before = await stats(site, "?date=2026-11-20")
        assert before["completed"] == 1 and before["longest_wait_minutes"] == 20.0 and before["date"] == "2026-11-20"
        assert (await stats(site, "?date=2031-01-01"))["total_today"] == 0
        assert await stats(site, "?date=2026-11-21") == await stats(site)


@pytest.mark.parametrize("date", ["today", "2026-13-01", "20261120", "1763596800", "2026-11-20T10:00", "٢٠٢٦-١١-٢٠"])
async def test_stats_of_what_is_no_date_are_422(tmp_path: Path, date: str) -> None:
    async with web(tmp_path) as site:
        refusal(await site.http.get("/api/patients/stats", params={"date": date}, headers=MANAGER), 422)


async def test_get_patients_id_is_the_visit_with_its_log(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        kiosk = await site.screen("kiosk")
        made = (await kiosk.post("/api/patients/register", json=JOHN)).json()
        site.it.pass_time(60)
        await site.it.call()
        await site.add_staff("ana", "nurse")
        nurse = await site.bearer("ana")
        body = (await site.http.get(f"/api/patients/{made['id']}", headers=nurse)).json()
        assert body.keys() >= VISIT | {"intervals"}
        assert (body["name"], body["phone"], body["reason"]) == ("John Doe", "9999999999", "Fever / Cold")
        assert [step["status"] for step in body["intervals"]] == ["waiting", "called"]
        assert body["intervals"][0]["device"].startswith("kiosk:") and body["intervals"][0]["actor"].startswith(
            "kiosk:"
        )
        assert body["intervals"][0]["until"] == body["intervals"][1]["at"] == "2026-11-20T13:31:00.000+05:30"
        assert body["intervals"][1]["doctor_id"] == 1 and body["intervals"][1]["until"] is None
        for same in (made["uuid"], made["uuid"].upper(), f"{made['id']}/"):
            assert (await site.http.get(f"/api/patients/{same}", headers=nurse)).json() == body


async def test_a_persons_uuid_means_that_persons_open_visit_of_today(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        made = await register(site)
        path = f"/api/patients/{made['person_id']}"
        assert (await site.http.get(path, headers=MANAGER)).json()["id"] == made["id"]
        await site.it.accepted(MarkNoShow, visit_id=made["uuid"])
        refusal(await site.http.get(path, headers=MANAGER), 404)
        assert (await site.http.get(f"/api/patients/{made['uuid']}", headers=MANAGER)).status_code == 200


@pytest.mark.parametrize(
    "given",
    [
        "9",
        "0",
        "-1",
        "1.5",
        "abc",
        "9" * 30,
        "99999999999999999999",
        "%00",
        "A-001",
        "01a1f998-d4b0-7157-a27c-ca174b323439",
    ],
)
async def test_get_patients_id_of_nobody_is_404(tmp_path: Path, given: str) -> None:
    async with web(tmp_path) as site:
        await register(site)
        refusal(await site.http.get(f"/api/patients/{given}", headers=MANAGER), 404)


async def test_get_patients_id_is_for_staff_only(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await register(site)
        refusal(await site.http.get("/api/patients/1"), 401)
        for kind in ("kiosk", "display"):
            refusal(await (await site.screen(kind)).get("/api/patients/1"), 403)


async def test_every_status_has_its_word_and_a_booked_visit_has_no_place_in_the_queue(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        start_ms = int(MORNING.timestamp() * 1000) + 2 * 3_600_000
        slot_id = new_id()
        await site.it.accepted(
            AddSlot, slot_id=slot_id, doctor_id=site.it.doctor_id, day="2026-11-20", start_ms=start_ms,
            end_ms=start_ms + 3_600_000, max_capacity=1,
        )  # fmt: skip
        for name in ("Ann", "Bob"):
            await site.it.accepted(
                BookVisit, visit_id=new_id(), new_person_id=new_id(), person=NewPerson(name), slot_id=slot_id
            )
        found = [(await site.http.get(f"/api/patients/{n}", headers=MANAGER)).json() for n in (1, 2)]
        assert [visit["status"] for visit in found] == ["booked", "waitlisted"]
        assert all(visit["position"] is None and visit["token_number"] is None for visit in found)
        assert await queue(site) == []
        counted = await stats(site)
        assert counted["booked"] == 1 and counted["waitlisted"] == 1 and counted["waiting"] == 0


async def test_somebody_whose_data_was_erased_has_a_visit_without_a_name(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        made = await register(site, **JOHN)
        await site.it.accepted(MarkNoShow, visit_id=made["uuid"])
        await site.it.accepted(ErasePerson, person_id=made["person_id"])
        body = (await site.http.get("/api/patients/1", headers=MANAGER)).json()
        assert body["name"] is None and body["phone"] is None and body["token_number"] == "A-001"


async def test_a_bare_press_of_the_button_stands_in_the_queue_without_a_name(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await site.it.issue()
        (entry,) = await queue(site)
        assert entry["name"] is None and entry["token_number"] == "A-001" and entry["doctor_id"] is None
