"""Seed 004 over HTTP: booking, checking in, and the test page (interfaces section 6)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from edge.domain.booking_commands import AddPerson, AddSlot, BookVisit, ChangeSlot, NewPerson
from edge.domain.commands import AddDoctor, CallNext, CancelVisit, CompleteConsultation, MarkNoShow, StartConsultation
from edge.web import face_004
from shared.ids import new_id
from tests.clinic import DAY, MORNING
from tests.edge_web import Web, web

OPERATOR = {"Authorization": "Bearer operator-key"}
NOON = int(MORNING.timestamp() * 1000)  # 13:30 at the site
HOUR = 3_600_000
JOHN = {"name": "John Doe", "phone": "+1234567890", "age": 45, "gender": "male"}
SHOWN = {"appointment_id", "slot", "status", "patient", "queue", "number_printed", "number"}
MADE = SHOWN | {"token_id", "tracking_token", "tracking_url"}


async def post(site: Web, path: str, said: Any, **headers: str) -> httpx.Response:
    """As the operator, who may what a manager may."""
    return await site.http.post(f"/api/v1/{path}", json=said, headers={**OPERATOR, **headers})


async def person(site: Web, name: str = "Maria") -> str:
    """Somebody registered; gives the id."""
    added = await site.it.accepted(AddPerson, person_id=new_id(), person=NewPerson(name, "98765-43210", age=30))
    return str(added["person"]["id"])


async def slot(site: Web, begins_in_h: float = 1, capacity: int = 2, **values: Any) -> str:
    """An hour of the doctor's; gives the id."""
    start_ms = NOON + int(begins_in_h * HOUR)
    added = await site.it.accepted(
        AddSlot, slot_id=new_id(), doctor_id=values.pop("doctor_id", site.it.doctor_id), day=DAY, start_ms=start_ms,
        end_ms=start_ms + HOUR, max_capacity=capacity, **values,
    )  # fmt: skip
    return str(added["slot"]["id"])


async def booked(site: Web, **values: Any) -> dict[str, Any]:
    """A booking for in ten minutes, by the core."""
    given: dict[str, Any] = {"visit_id": new_id(), "new_person_id": new_id(), "due_ms": NOON + 600_000}
    if "slot_id" not in values:
        given["slot_id"] = await slot(site, 0)
    if "person_id" not in values:
        given["person"] = NewPerson("Maria", "98765-43210")
    visit: dict[str, Any] = (await site.it.accepted(BookVisit, **{**given, **values}))["visit"]
    return visit


# POST /api/v1/appointments


@pytest.mark.parametrize("path", ["appointments", "appointments/"])
async def test_appointments_into_a_slot_answers_the_appointment_and_its_link(tmp_path: Path, path: str) -> None:
    async with web(tmp_path) as site:
        slot_id, patient_id = await slot(site), await person(site)
        answer = await post(site, path, {"slot_id": slot_id, "patient_id": patient_id, "doctor_id": site.it.doctor_id})
        made = answer.json()
        assert answer.status_code == 201 and made.keys() >= MADE
        assert (made["slot"], made["status"], made["queue"], made["number_printed"]) == (1, "confirmed", None, None)
        assert made["patient"] == {"id": patient_id, "name": "Maria", "phone": "98765-43210", "age": 30, "gender": None}
        assert made["token_id"] == made["appointment_id"] and made["slot_id"] == slot_id
        assert made["starts_at"] == "2026-11-20T14:30:00.000+05:30" and made["category"] == "ONLINE"
        track = await site.http.get(f"/api/appointments/track/{made['tracking_token']}")
        assert track.json()["data"]["appointment"]["id"] == made["appointment_id"]
        assert made["tracking_token"] in made["tracking_url"]
        token = await site.http.get(f"/api/v1/tokens/{made['token_id']}", headers=OPERATOR)
        assert token.json()["status"] == "CONFIRMED", "a token of 001 is the same thing"


@pytest.mark.parametrize("by_number", [True, False])
async def test_appointments_at_a_time_make_the_hour_with_room_for_four(tmp_path: Path, by_number: bool) -> None:
    async with web(tmp_path) as site:
        said = {"doctor_id": 1 if by_number else site.it.doctor_id, "patient": JOHN, "date": DAY, "time": "16:40"}
        made = (await post(site, "appointments", said)).json()
        assert made["starts_at"] == "2026-11-20T16:40:00.000+05:30"
        assert made["patient"] == {"id": made["patient_id"], **JOHN}
        (row,) = site.it.rows("select start_at, end_at, max_capacity, places_taken, id from slots")
        assert row == (NOON + int(2.5 * HOUR), NOON + int(3.5 * HOUR), 4, 1, made["slot_id"])
        said |= {"patient": {"name": "Ann"}, "time": "16:05:00"}
        second = (await post(site, "appointments", said)).json()
        assert (second["slot_id"], second["slot"]) == (made["slot_id"], 2), "the same hour, the next number of the day"


async def test_an_hour_that_other_slots_leave_in_part_is_made_as_long_as_they_leave_it(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await slot(site, 3)  # 16:30 to 17:30
        made = (
            await post(site, "appointments", {"doctor_id": 1, "patient": JOHN, "date": DAY, "time": "16:10"})
        ).json()
        (row,) = site.it.rows("select start_at, end_at from slots where id = ?", made["slot_id"])
        assert row == (NOON + int(2.5 * HOUR), NOON + 3 * HOUR)


async def test_appointments_on_a_date_take_the_first_free_place_and_no_date_is_today(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        first, second = await slot(site, 1, capacity=1), await slot(site, 2)
        taken = [(await post(site, "appointments", {"doctor_id": 1, "patient": {"name": name}, "date": DAY})).json()
                 for name in ("Ann", "Bob")]  # fmt: skip
        assert [made["slot_id"] for made in taken] == [first, second]
        today = (await post(site, "appointments", {"doctor_id": 1, "patient": {"name": "Cy"}})).json()
        assert (today["date"], today["slot_id"]) == (DAY, second)
        none = await post(site, "appointments", {"doctor_id": 1, "patient": {"name": "Dee"}, "date": "2026-11-21"})
        assert none.status_code == 409 and none.json()["type"].endswith(":no_slot")


async def test_a_full_slot_answers_202_with_a_place_on_the_waiting_list(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        slot_id = await slot(site, capacity=1)
        await post(site, "appointments", {"slot_id": slot_id, "patient": {"name": "Ann"}})
        answer = await post(site, "appointments", {"slot_id": slot_id, "patient": {"name": "Bob"}})
        made = answer.json()
        assert answer.status_code == 202 and made.keys() >= MADE | {"waiting_list_id", "position"}
        assert (made["status"], made["position"]) == ("WAITLISTED", 1)
        listed = (await site.http.get(f"/api/v1/waiting-list/by_slot/?slot_id={slot_id}", headers=OPERATOR)).json()
        assert [entry["id"] for entry in listed] == [made["waiting_list_id"]]
        refused = await post(site, "appointments", {"slot_id": slot_id, "patient": {"name": "Cy"}, "waitlist": False})
        assert refused.status_code == 409 and refused.json()["type"].endswith(":full")


async def test_a_second_appointment_of_the_day_is_refused_unless_staff_say_why(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        slot_id = await slot(site)
        said = {"slot_id": slot_id, "patient": JOHN}
        first = (await post(site, "appointments", said)).json()
        second = await post(site, "appointments", said)
        assert second.status_code == 409 and second.json()["type"].endswith(":double_booking")
        allowed = await post(site, "appointments", {**said, "override": "two children"})
        assert allowed.status_code == 201 and allowed.json()["patient"]["id"] == first["patient"]["id"]


async def test_appointments_that_nothing_can_hold_are_refused(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        cancelled, over = await slot(site, 1), await slot(site, -2)
        await site.it.accepted(ChangeSlot, slot_id=cancelled, status="CANCELLED")
        who = {"patient": JOHN}
        for said, status, code in [
            ({"slot_id": cancelled}, 409, "slot_cancelled"), ({"slot_id": over}, 409, "past"),
            ({"doctor_id": 1, "date": DAY, "time": "14:40"}, 409, "slot_cancelled"),
            ({"doctor_id": 1, "date": DAY, "time": "09:00"}, 409, "past"),
            ({"doctor_id": 1, "date": "2026-11-19", "time": "09:00"}, 409, "past"),
            ({"slot_id": new_id()}, 404, "not_found"), ({"slot_id": "7"}, 404, "not_found"),
            ({"doctor_id": 99, "date": DAY}, 404, "not_found"), ({"doctor_id": new_id(), "date": DAY}, 404, "not_found"),
        ]:  # fmt: skip
            answer = await post(site, "appointments", {**who, **said})
            assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (status, code), said
        for patient_id in (new_id(), "12"):
            missing = await post(site, "appointments", {"doctor_id": 1, "time": "18:00", "patient_id": patient_id})
            assert missing.status_code == 404, "a small number is never a person"
        assert not site.it.rows("select 1 from visits") and not site.it.rows("select 1 from persons")


async def test_appointments_that_do_not_fit_are_422(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        for said in (
            {}, {"doctor_id": 1}, {"doctor_id": 1, "patient": JOHN, "patient_id": "x"}, {"patient": JOHN, "date": DAY},
            {"slot_id": "x", "date": DAY, "patient": JOHN}, {"doctor_id": 1, "patient": {"name": "  "}},
            {"doctor_id": 1, "patient": {"name": "A", "age": 200}}, {"doctor_id": 1, "patient": JOHN, "time": "24:00"},
            {"doctor_id": 1, "patient": JOHN, "date": "tomorrow"}, {"doctor_id": 1, "patient": JOHN, "date": "9999-01-01"},
            {"doctor_id": 1, "patient": JOHN, "category": "VIP"}, {"doctor_id": 1, "patient": JOHN, "paid_at": "soon"},
            {"doctor_id": 1, "patient": JOHN, "paid_at": "0001-01-01T00:00:00"}, {"doctor_id": 1, "patient": JOHN, "more": 1},
            {"doctor_id": True, "patient": JOHN}, [], "x",
        ):  # fmt: skip
            answer = await post(site, "appointments", said)
            assert answer.status_code == 422, said


async def test_a_slot_of_another_doctor_is_422(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await site.it.accepted(AddDoctor, doctor_id=new_id(), name="Dr. Iyer")
        answer = await post(site, "appointments", {"slot_id": await slot(site), "doctor_id": 2, "patient": JOHN})
        assert answer.status_code == 422 and "another doctor" in answer.json()["detail"]


async def test_paid_at_counts_and_without_an_offset_it_is_site_time(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        said = {"slot_id": await slot(site), "patient": JOHN, "paid_at": "2026-11-20T13:00:00"}
        assert (await post(site, "appointments", said)).status_code == 201
        assert site.it.rows("select paid_at from visits") == [(NOON - HOUR // 2,)]


async def test_the_same_key_books_once_and_answers_the_same_bytes(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        said = {"slot_id": await slot(site), "patient": JOHN}
        answers = await asyncio.gather(
            *(post(site, "appointments", said, **{"Idempotency-Key": "k"}) for _ in range(3))
        )
        assert {(a.status_code, a.content) for a in answers} == {(201, answers[0].content)}
        assert len(site.it.rows("select 1 from visits")) == 1
        other = await post(site, "appointments", {**said, "patient": {"name": "Z"}}, **{"Idempotency-Key": "k"})
        assert other.status_code == 422


async def test_a_bearer_may_send_json_that_browsers_label_text(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        said = f'{{"doctor_id": 1, "patient": {{"name": "A"}}, "date": "{DAY}", "time": "18:00"}}'
        answer = await site.http.post(
            "/api/v1/appointments", content=said, headers={**OPERATOR, "Content-Type": "text/plain"}
        )
        assert answer.status_code == 201


async def test_a_kiosk_books_but_reads_of_a_person_only_what_it_wrote(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        kiosk, slot_id, known = await site.screen("kiosk"), await slot(site, capacity=9), await person(site)
        path = "/api/v1/appointments"
        typed = await kiosk.post(path, json={"slot_id": slot_id, "patient": JOHN})
        assert typed.status_code == 201 and typed.json()["patient"] == {"id": typed.json()["patient_id"], **JOHN}
        by_id = (await kiosk.post(path, json={"slot_id": slot_id, "patient_id": known})).json()
        assert by_id["patient"] == {"id": known, "name": "#2", "phone": None, "age": None, "gender": None}
        assert "Maria" not in str(by_id) and "98765-43210" not in str(by_id)
        for more in (
            {"category": "EMERGENCY"},
            {"category": "PRIORITY_PAID"},
            {"override": "x"},
            {"paid_at": "2026-11-20T13:00:00"},
        ):
            refused = await kiosk.post(path, json={"slot_id": slot_id, "patient": {"name": "B"}, **more})
            assert refused.status_code == 403, more


async def test_who_may_not_book_or_check_in(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        screen = await site.screen("display")
        other = (await site.it.accepted(AddDoctor, doctor_id=new_id(), name="Dr. Iyer"))["doctor"]["id"]
        await site.add_staff("iyer", "doctor", doctor_id=other)
        iyer = await site.bearer("iyer")
        visit = await booked(site)
        arrived = {"appointment_id": visit["id"], "patient_id": visit["person_id"]}
        for path, said in (("appointments", {"doctor_id": 1, "patient": JOHN}), ("checkins", arrived)):
            assert (await site.http.post(f"/api/v1/{path}", json=said)).status_code == 401
            assert (await screen.post(f"/api/v1/{path}", json=said)).status_code == 403
            assert (await site.http.post(f"/api/v1/{path}", json=said, headers=iyer)).status_code == 403
        mine = {"doctor_id": 2, "patient": JOHN, "time": "18:00"}
        assert (await site.http.post("/api/v1/appointments", json=mine, headers=iyer)).status_code == 201


# POST /api/v1/checkins


@pytest.mark.parametrize("path", ["checkins", "checkins/"])
async def test_checkins_answer_the_appointment_with_its_place(tmp_path: Path, path: str) -> None:
    async with web(tmp_path) as site:
        visit = await booked(site)
        said = {"appointment_id": visit["id"], "patient_id": visit["person_id"]}
        answer = await post(site, path, said)
        made = answer.json()
        assert answer.status_code == 201 and made.keys() >= SHOWN | {"admitted", "tracking_token", "tracking_url"}
        assert (made["status"], made["number_printed"], made["admitted"]) == ("confirmed", "A-001", True)
        assert made["queue"] == {
            "position": 1, "checked_in_at": "2026-11-20T13:30:00.000+05:30", "called_at": None, "completed_at": None,
            "status": "checked_in",
        }  # fmt: skip
        assert made["patient"]["name"] == "Maria"
        again = await post(site, path, said)
        assert again.status_code == 200 and again.json()["number_printed"] == "A-001"
        by_number = await post(site, path, {**said, "appointment_id": visit["number"]})
        assert by_number.status_code == 200


async def test_much_too_early_one_is_noted_and_joins_later(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visit = await booked(site, slot_id=await slot(site, 3), due_ms=None)
        answer = await post(site, "checkins", {"appointment_id": visit["id"], "patient_id": visit["person_id"]})
        made = answer.json()
        assert (answer.status_code, made["admitted"], made["queue"], made["number_printed"]) == (201, False, None, None)
        assert made["admitted_at"] == "2026-11-20T16:00:00.000+05:30"
        again = await post(site, "checkins", {"appointment_id": visit["id"], "patient_id": visit["person_id"]})
        assert (again.status_code, again.json()["admitted_at"]) == (200, made["admitted_at"])


async def test_checkins_that_cannot_be_are_refused(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        it, other = site.it, await person(site, "Someone Else")
        slot_id = await slot(site, 0, capacity=9)
        visits = {
            name: await booked(site, slot_id=slot_id, person=NewPerson(name))
            for name in ("cancelled", "over", "theirs", "missed")
        }  # fmt: skip
        far = (await it.accepted(AddSlot, slot_id=new_id(), doctor_id=it.doctor_id, day="2026-11-21",
                                 start_ms=NOON + 24 * HOUR, end_ms=NOON + 25 * HOUR, max_capacity=1))["slot"]["id"]  # fmt: skip
        visits["another_day"] = await booked(site, slot_id=far, due_ms=None, person=NewPerson("far"))
        await it.accepted(CancelVisit, visit_id=visits["cancelled"]["id"])
        over = {"appointment_id": visits["over"]["id"], "patient_id": visits["over"]["person_id"]}
        await post(site, "checkins", over)
        await it.accepted(CallNext, doctor_id=it.doctor_id)
        await it.accepted(StartConsultation, visit_id=visits["over"]["id"])
        await it.accepted(CompleteConsultation, visit_id=visits["over"]["id"])
        for name, code in (("cancelled", "wrong_state"), ("over", "wrong_state"), ("another_day", "another_day")):
            said = {"appointment_id": visits[name]["id"], "patient_id": visits[name]["person_id"]}
            answer = await post(site, "checkins", said)
            assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (409, code), name
        theirs = await post(site, "checkins", {"appointment_id": visits["theirs"]["id"], "patient_id": other})
        assert theirs.status_code == 422 and theirs.json()["type"].endswith(":other_person")
        for unknown in (new_id(), 999, "nonsense"):
            answer = await post(site, "checkins", {"appointment_id": unknown, "patient_id": other})
            assert answer.status_code == 404, unknown
        for bad in ({}, {"appointment_id": 1}, {"patient_id": other}, {"appointment_id": 1, "patient_id": 7},
                    {"appointment_id": 1, "patient_id": "7"}):  # fmt: skip
            assert (await post(site, "checkins", bad)).status_code == 422, bad
        await it.accepted(MarkNoShow, visit_id=visits["missed"]["id"])
        back = {"appointment_id": visits["missed"]["id"], "patient_id": visits["missed"]["person_id"]}
        returned = await post(site, "checkins", back)
        assert returned.status_code == 201 and returned.json()["queue"]["status"] == "checked_in"


async def test_a_kiosk_checks_in_without_reading_names(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visit, kiosk = await booked(site), await site.screen("kiosk")
        said = {"appointment_id": visit["id"], "patient_id": visit["person_id"]}
        answer = await kiosk.post("/api/v1/checkins", json=said)
        assert answer.status_code == 201 and answer.json()["patient"]["name"] == "A-001"
        assert "Maria" not in answer.text and "98765-43210" not in answer.text
        key = {"Idempotency-Key": "once"}
        first, second = [await kiosk.post("/api/v1/checkins", json=said, headers=key) for _ in range(2)]
        assert (first.status_code, first.content) == (second.status_code, second.content)


# The rest


async def test_openapi_lists_both_paths_once_as_the_seed_writes_them(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        paths = (await site.http.get("/openapi.json")).json()["paths"]
        for path, statuses in (("appointments", {"201", "202"}), ("checkins", {"201", "200"})):
            assert paths[f"/api/v1/{path}"]["post"]["responses"].keys() >= statuses | {
                "401",
                "403",
                "404",
                "409",
                "422",
            }
            assert f"/api/v1/{path}/" not in paths


async def test_the_test_page_is_for_staff_and_leads_others_to_sign_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    static = tmp_path / "static"
    async with web(tmp_path / "clinic", options={"static": static}) as site:
        path, html = "/test_websocket.html", {"Accept": "text/html"}
        assert (await site.http.get(path)).status_code == 401
        led = await site.http.get(path, headers=html)
        assert (led.status_code, led.headers["location"]) == (303, "/pages/sign-in?next=/test_websocket.html")
        assert (await (await site.screen("display")).get(path, headers=html)).status_code == 403
        assert (await site.http.get(path, headers=OPERATOR)).status_code == 503, "not built yet"
        static.mkdir()
        (static / "test_websocket.html").write_text("<title>Central</title>")
        answer = await site.http.get(path, headers=OPERATOR)
        assert answer.status_code == 200 and "Central" in answer.text
        assert answer.headers["content-type"].startswith("text/html")


def test_the_hour_of_a_cancelled_slot_is_not_made_again() -> None:
    slots = [{"start_at": 0, "end_at": 1000, "status": "CANCELLED"}]
    with pytest.raises(face_004.Problem):
        face_004._hour_slot(slots, DAY, 0, 500, 4)
