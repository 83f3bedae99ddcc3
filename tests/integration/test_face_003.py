"""Seed 003 over HTTP, what is looked at: following a visit by its link, and a doctor's day by the hour."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from edge.domain.booking_commands import ChangeSlot, DelaySlot, EmergencyMessage, NewPerson
from edge.domain.commands import (
    AddDoctor,
    AddService,
    CallNext,
    CancelVisit,
    ChangeDoctor,
    CheckIn,
    CompleteConsultation,
    MarkNoShow,
    OpenDay,
    ParkVisit,
    SetPolicy,
    StartConsultation,
    StartWith,
)
from edge.store import face_003 as rows
from shared.ids import new_id
from shared.tracking import TrackingKey
from tests import book
from tests.clinic import DAY
from tests.edge_web import web
from tests.face_003 import MANAGER, at, hour, look, refused, token_of, track

# --- following a visit ------------------------------------------------------------------------------------------------


async def test_track_shows_the_visit_and_its_place_to_whoever_holds_the_link(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await book.register(site.it)
        visit = await book.register(
            site.it, person=NewPerson("Asha Verma", "+91 99", "asha@example.org"), reason="ingrown toenail"
        )
        data = await track(site, visit)
        assert data["appointment"] == {
            "id": visit["id"], "tokenNumber": "A-002", "hospitalId": "clinic", "hospitalName": "Riverside",
            "doctorId": site.it.doctor_id, "doctorName": "Dr. Rao", "room": "Room 2", "date": DAY,
            "slotStart": "2026-11-20T13:00:00.000+05:30", "slotEnd": "2026-11-20T14:00:00.000+05:30",
            "status": "checked_in", "bookedFor": None,
        }  # fmt: skip
        assert data["queue"]["position"] == 2 and data["patientsAhead"] == 1
        assert data["queueStatusCode"] == "waiting"
        low, high = data["estimatedWaitRange"]["min"], data["estimatedWaitRange"]["max"]
        assert low <= data["queue"]["estimatedWaitTime"] <= high
        assert data["queue"]["queueStatus"].startswith("1 person is before you.")
        assert data["emergency"] is None and data["stale"] is False
        assert data["asOf"] == "2026-11-20T13:30:00.000+05:30"
        assert data["appointmentId"] == visit["id"]


async def test_track_says_the_time_booked_beside_the_hour_it_falls_in(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        slot = await hour(site, "15:00", 4)
        visit = await book.book(site.it, slot["id"], due_ms=at("15:30"))
        told = (await track(site, visit))["appointment"]
        assert told["bookedFor"] == "2026-11-20T15:30:00.000+05:30"
        assert told["slotStart"] == "2026-11-20T15:00:00.000+05:30"


async def test_track_tells_no_name_no_phone_and_no_reason(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        person = NewPerson("Asha Verma", "+919900", "asha@example.org")
        visit = await book.register(site.it, person=person, reason="ingrown toenail")
        for path in ("track", "refresh-queue"):
            told = (await site.http.get(f"/api/appointments/{path}/{token_of(site, visit)}")).text
            assert not any(
                private in told for private in ("Asha", "9900", "example.org", "toenail", visit["person_id"])
            )


async def test_refresh_answers_the_queue_and_every_path_works_with_a_slash(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visit = await book.register(site.it)
        token = token_of(site, visit)
        plain = await site.http.get(f"/api/appointments/refresh-queue/{token}")
        assert plain.json()["data"]["queue"]["queueStatus"] == "You are next. Please stay near Room 2."
        assert plain.json()["data"]["queue"]["position"] == 1
        for path in ("refresh-queue", "track"):
            slash = await site.http.get(f"/api/appointments/{path}/{token}/")
            assert slash.status_code == 200 and slash.json()["data"]["queue"] == plain.json()["data"]["queue"]


async def test_what_the_phone_shows_is_never_older_than_the_last_commit(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visits = [await book.register(site.it) for _ in range(4)]
        last = visits[-1]
        for ahead in (2, 1, 0):
            called = await site.it.accepted(CallNext, doctor_id=site.it.doctor_id)
            for path in ("track", "refresh-queue"):
                answer = await site.http.get(f"/api/appointments/{path}/{token_of(site, last)}")
                assert answer.json()["data"]["patientsAhead"] == ahead
            await site.it.accepted(StartConsultation, visit_id=called["visit"]["id"])
            await site.it.accepted(CompleteConsultation, visit_id=called["visit"]["id"])
        await site.it.accepted(CallNext, doctor_id=site.it.doctor_id)
        data = await track(site, last)
        assert data["queue"]["position"] == 0 and data["queue"]["queueStatus"] == "Please go to Room 2 now."


async def test_the_sentence_is_in_the_language_asked_for_else_the_visits_own(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visit = await book.register(site.it, language="es")
        assert (await track(site, visit))["queue"]["queueStatus"].startswith("Usted es el siguiente")
        assert (await track(site, visit, lang="hi"))["queue"]["queueStatus"].startswith("अगली बारी")
        assert (await track(site, visit, lang="ar"))["queue"]["queueStatus"].startswith("دورك")
        assert (await track(site, visit, lang="klingon"))["queue"]["queueStatus"].startswith("Usted")


async def test_every_state_of_a_visit_has_its_code_and_sentence(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        it = site.it
        slot = await hour(site, "15:00", 1)
        full = await book.book(it, slot["id"])
        waits = await book.book(it, slot["id"])

        async def says(visit: dict[str, Any]) -> tuple[str, str, str]:
            data = await track(site, visit)
            return data["queueStatusCode"], data["appointment"]["status"], data["queue"]["queueStatus"]

        assert await says(full) == ("booked", "confirmed", "Booked for 15:00. Please check in when you arrive.")
        assert (await says(waits))[:2] == ("waitlisted", "waitlisted")
        await it.accepted(DelaySlot, slot_id=slot["id"], delay_min=30)
        assert await says(full) == ("delayed", "confirmed", "Dr. Rao is running about 30 minutes late.")
        await it.accepted(DelaySlot, slot_id=slot["id"], delay_min=0)
        await it.accepted(CheckIn, visit_id=full["id"])
        assert await says(full) == ("early", "confirmed", "You are early. You will join the queue at 14:30.")
        await it.accepted(CancelVisit, visit_id=waits["id"])
        assert (await says(waits))[:2] == ("cancelled", "cancelled")

        first, second = await book.register(it), await book.register(it)
        assert (await says(first))[0] == "next"
        assert (await says(second))[0] == "waiting"
        await it.accepted(CallNext, doctor_id=it.doctor_id)
        assert (await says(first))[:2] == ("called", "called")
        await it.accepted(StartConsultation, visit_id=first["id"])
        assert (await says(first))[:2] == ("in_consultation", "in_consultation")
        await it.accepted(ParkVisit, visit_id=first["id"], minutes=10)
        assert await says(first) == ("on_hold", "on_hold", "You are on hold. Please speak to the desk.")
        await it.accepted(StartWith, visit_id=second["id"], doctor_id=it.doctor_id)
        await it.accepted(CompleteConsultation, visit_id=second["id"])
        assert (await says(second))[:2] == ("completed", "completed")
        await it.accepted(MarkNoShow, visit_id=first["id"])
        assert (await says(first))[:2] == ("no_show", "no_show")


async def test_nobody_is_promised_a_wait_while_no_doctor_is_here(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visits = [await book.register(site.it) for _ in range(2)]
        await site.it.accepted(ChangeDoctor, doctor_id=site.it.doctor_id, is_on_break=True)
        data = await track(site, visits[1])
        assert data["queue"]["estimatedWaitTime"] is None and data["estimatedWaitRange"] is None
        assert data["queue"]["queueStatus"] == "1 person is before you. No doctor is here yet."


async def test_an_emergency_message_is_on_the_phones_it_concerns(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        other = new_id()
        await site.it.accepted(AddDoctor, doctor_id=other, name="Dr. Ode", room="Room 3")
        mine = await book.register(site.it, doctor_id=site.it.doctor_id)
        theirs = await book.register(site.it, doctor_id=other)
        before = (await track(site, mine))["queue"]["estimatedWaitTime"]
        await site.it.accepted(
            EmergencyMessage, broadcast_id=new_id(), doctor_id=site.it.doctor_id, message="Running late", delay_min=30
        )
        told = (await track(site, mine))["emergency"]
        assert told["message"] == "Running late" and told["priority"] == "high" and told["estimatedDelay"] == 30
        assert (await track(site, mine))["queue"]["estimatedWaitTime"] >= before + 25
        assert (await track(site, theirs))["emergency"] is None


async def test_a_link_that_is_malformed_forged_or_expired_is_refused_with_400_and_says_which(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visit = await book.register(site.it)
        good, key = token_of(site, visit), site.app.state.faces._wiring.tracking_key
        now_ms = site.it.store.clock.now_ms()
        stranger = TrackingKey.load_or_make(tmp_path / "another.key")
        wrong = {
            "not-a-token": "malformed", good.rpartition(".")[0]: "malformed",
            stranger.sign(visit["id"], "clinic", visit["doctor_id"], now_ms, now_ms + 10_000): "forged",
            key.sign(visit["id"], "elsewhere", visit["doctor_id"], now_ms, now_ms + 10_000): "forged",
            key.sign(visit["id"], "clinic", new_id(), now_ms, now_ms + 10_000): "forged",
            key.sign(visit["id"], "clinic", visit["doctor_id"], now_ms - 20_000, now_ms - 10_000): "expired",
        }  # fmt: skip
        for path in ("track", "refresh-queue"):
            for token, kind in wrong.items():
                answer = await site.http.get(f"/api/appointments/{path}/{token}")
                assert answer.status_code == 400, (path, kind)
                body = answer.json()
                assert body["type"] == f"urn:outpost:problem:tracking_{kind}" and body["hint"]
                assert body["message"] == body["detail"]


async def test_a_link_ends_a_day_after_its_service_day(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visit = await book.register(site.it)
        token = token_of(site, visit)
        site.it.pass_time((at("23:59", "2026-11-21") - at("13:30")) / 1000)
        assert (await site.http.get(f"/api/appointments/track/{token}")).status_code == 200
        site.it.pass_time(120)
        answer = await site.http.get(f"/api/appointments/track/{token}")
        assert answer.status_code == 400 and answer.json()["code"] == "tracking_expired"


async def test_a_link_to_a_visit_that_is_gone_answers_404(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        now_ms = site.it.store.clock.now_ms()
        token = site.app.state.faces._wiring.tracking_key.sign(new_id(), "clinic", None, now_ms, now_ms + 10_000)
        for path in ("track", "refresh-queue"):
            answer = await site.http.get(f"/api/appointments/{path}/{token}")
            assert answer.status_code == 404 and answer.json()["hint"]


async def test_following_needs_no_sign_in_but_is_limited_by_address(tmp_path: Path) -> None:
    async with web(tmp_path, options={"public_per_minute": 1}) as site:
        visit = await book.register(site.it)
        path = f"/api/appointments/track/{token_of(site, visit)}"
        answers = [await site.http.get(path) for _ in range(130)]
        assert answers[0].status_code == 200 and answers[-1].status_code == 429
        assert int(answers[-1].headers["retry-after"]) >= 1


# --- a doctor's day by the hour ---------------------------------------------------------------------------------------


async def test_slot_based_shows_the_day_by_the_hours_of_the_sites_clock(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        it = site.it
        slot = await hour(site, "15:00", 4)
        booked = await book.book(it, slot["id"], "Ben Ode")
        late = await book.book(it, slot["id"], "Cara Li", due_ms=at("15:45"))
        here = await book.register(it, "Asha Verma")
        gone = await book.book(it, slot["id"], "Dan Cho")
        await it.accepted(CancelVisit, visit_id=gone["id"])
        data = await look(site, f"/queue/slot-based/{it.doctor_id}")
        assert data["doctorId"] == it.doctor_id and data["date"] == DAY
        assert [(s["timeSlot"], s["capacity"]) for s in data["slots"]] == [("13:00-14:00", 4), ("15:00-16:00", 4)]
        now, later = data["slots"]
        assert now["startTime"] == "2026-11-20T13:00:00.000+05:30" and now["endTime"].startswith("2026-11-20T14:00")
        (entry,) = now["appointments"]
        assert entry["appointmentId"] == here["id"] and entry["tokenNumber"] == "A-001"
        assert entry["patientName"] == "Asha Verma" and entry["status"] == "checked_in"
        assert entry["position"] == 1 and entry["slotPosition"] == 1 and entry["estimatedWaitTime"] == 0
        assert [e["appointmentId"] for e in later["appointments"]] == [booked["id"], late["id"]]
        assert [e["slotPosition"] for e in later["appointments"]] == [1, 2]
        assert [e["position"] for e in later["appointments"]] == [None, None]
        assert later["appointments"][0]["tokenNumber"] is None and later["appointments"][0]["status"] == "confirmed"
        small = await look(site, "/queue/slot-based/1", date=DAY)
        assert small["slots"] == data["slots"]
        assert (await look(site, "/queue/slot-based/1", date="2026-11-21"))["slots"] == []


async def test_inside_an_hour_of_appointments_who_paid_first_stands_first(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        it = site.it
        await it.accepted(SetPolicy, service="A", policy="appointment", options={})
        slot = await hour(site, "15:00", 4)
        paid = [await book.book(it, slot["id"], paid_ms=at(clock)) for clock in ("12:30", "12:10", "12:20")]
        (only,) = (await look(site, "/queue/slot-based/1"))["slots"]
        assert [e["appointmentId"] for e in only["appointments"]] == [paid[i]["id"] for i in (1, 2, 0)]


async def test_a_long_slots_places_are_shared_out_over_its_hours(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await hour(site, "15:30", 9, end_ms=at("17:00"))
        slots = (await look(site, "/queue/slot-based/1"))["slots"]
        assert [(s["timeSlot"], s["capacity"]) for s in slots] == [("15:00-16:00", 3), ("16:00-17:00", 6)]


async def test_slot_based_is_for_staff_and_knows_its_doctors_and_dates(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await refused(site, "GET", "/queue/slot-based/1", "kiosk", "display")
        path = "/api/appointments/queue/slot-based"
        assert (await site.http.get(f"{path}/99", headers=MANAGER)).status_code == 404
        assert (await site.http.get(f"{path}/{new_id()}", headers=MANAGER)).status_code == 404
        assert (await site.http.get(f"{path}/smith", headers=MANAGER)).status_code == 404
        for date in ("20-11-2026", "2026-02-30", "0001-01-01", "20261120", "x"):
            answer = await site.http.get(f"{path}/1", params={"date": date}, headers=MANAGER)
            assert answer.status_code == 422 and answer.json()["errors"][0]["field"] == "date"


async def test_overlaps_names_those_whose_times_meet(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        it = site.it
        slot = await hour(site, "15:00", 4)
        a, b, c = [
            await book.book(it, slot["id"], due_ms=at(clock), name=name)
            for clock, name in (("15:00", "Ann"), ("15:10", "Ben"), ("15:40", "Cara"))
        ]
        path = f"/api/appointments/queue/slot-overlaps/{it.doctor_id}"
        wanted = {"slotStartTime": "2026-11-20T15:00:00", "slotEndTime": "2026-11-20T10:30:00Z"}
        answer = await site.http.post(path, json=wanted, headers=MANAGER)
        assert answer.status_code == 200 and answer.json()["success"] is True
        data = answer.json()["data"]
        assert data["hasOverlaps"] is True and data["totalAppointments"] == 3 and data["capacity"] == 4
        assert data["overlaps"] == [{
            "appointmentIds": [a["id"], b["id"]], "startTime": "2026-11-20T15:00:00.000+05:30",
            "endTime": "2026-11-20T15:25:00.000+05:30",
        }]  # fmt: skip
        assert [e["appointmentId"] for e in data["queue"]] == [a["id"], b["id"], c["id"]]
        assert [e["patientName"] for e in data["queue"]] == ["Ann", "Ben", "Cara"]
        by_clock = {"slotStartTime": "15:30", "slotEndTime": "16:00"}
        half = (await site.http.post(f"{path}/", params={"date": DAY}, json=by_clock, headers=MANAGER)).json()["data"]
        assert half["hasOverlaps"] is False and half["totalAppointments"] == 1 and half["capacity"] == 2
        other = await site.http.post(path, params={"date": "2026-11-21"}, json=by_clock, headers=MANAGER)
        assert other.json()["data"]["totalAppointments"] == 0


async def test_overlaps_refuses_an_end_before_the_start_and_what_is_no_time(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        path = "/api/appointments/queue/slot-overlaps/1"
        await refused(site, "POST", "/queue/slot-overlaps/1", "kiosk", "display")
        for start, end in (
            ("16:00", "15:00"), ("15:00", "15:00"), ("15:00", "later"), ("25:00", "26:00"), ("2026-11-20", "2027-11-20"),
            ("0001-01-01", "0001-01-02"),
        ):  # fmt: skip
            body = {"slotStartTime": start, "slotEndTime": end}
            assert (await site.http.post(path, json=body, headers=MANAGER)).status_code == 422, body
        assert (await site.http.post(path, json={"slotStartTime": "15:00"}, headers=MANAGER)).status_code == 422
        good = {"slotStartTime": "15:00", "slotEndTime": "16:00"}
        missing = await site.http.post("/api/appointments/queue/slot-overlaps/77", json=good, headers=MANAGER)
        assert missing.status_code == 404


async def test_slot_position_is_the_place_inside_the_hour(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        it = site.it
        slot = await hour(site, "14:00", 4)
        first, second = await book.book(it, slot["id"]), await book.book(it, slot["id"])
        data = await look(site, f"/queue/slot-position/{second['number']}")
        assert data == {
            "appointmentId": second["id"], "timeSlot": "14:00-15:00", "slotPosition": 2, "totalInSlot": 2,
            "position": None, "estimatedWaitTime": None,
        }  # fmt: skip
        await it.accepted(CheckIn, visit_id=second["id"])
        data = await look(site, f"/queue/slot-position/{second['id']}")
        assert data["slotPosition"] == 1 and data["position"] == 1 and data["totalInSlot"] == 2
        assert (await look(site, f"/queue/slot-position/{first['id']}"))["slotPosition"] == 2


async def test_slot_position_refuses_who_is_neither_booked_nor_waiting(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visit = await book.register(site.it)
        await site.it.accepted(CallNext, doctor_id=site.it.doctor_id)
        await refused(site, "GET", f"/queue/slot-position/{visit['id']}", "kiosk", "display")
        path = "/api/appointments/queue/slot-position"
        answer = await site.http.get(f"{path}/{visit['id']}", headers=MANAGER)
        assert answer.status_code == 409 and "called" in answer.json()["detail"]
        assert (await site.http.get(f"{path}/{new_id()}", headers=MANAGER)).status_code == 404


async def test_a_walk_in_without_a_doctor_has_a_place_in_its_hour_too(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        first, second = await site.it.issue(), await site.it.issue()
        assert first["doctor_id"] is None
        data = await look(site, f"/queue/slot-position/{second['id']}")
        assert data["slotPosition"] == 2 and data["totalInSlot"] == 2 and data["timeSlot"] == "13:00-14:00"


async def test_who_waits_for_a_doctor_who_changed_to_another_service_still_has_a_place(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visit = await book.register(site.it)
        await site.it.accepted(AddService, letter="L", name="Lab")
        await site.it.accepted(ChangeDoctor, doctor_id=site.it.doctor_id, service="L")
        assert (await look(site, f"/queue/slot-position/{visit['id']}"))["slotPosition"] == 1
        ((entry,),) = [s["appointments"] for s in (await look(site, "/queue/slot-based/1"))["slots"]]
        assert entry["appointmentId"] == visit["id"]
        assert (await track(site, visit))["queueStatusCode"] == "next"


async def test_suggestions_put_the_free_hour_near_the_one_wished_for_first(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        it = site.it
        two = [await hour(site, clock, 4) for clock in ("15:00", "16:00", "17:00")]
        for _ in range(4):
            await book.book(it, two[0]["id"])
        for _ in range(3):
            await book.book(it, two[1]["id"])
        kiosk = await site.screen("kiosk")
        path = f"/api/appointments/queue/suggest-slots/{it.doctor_id}"
        answer = await kiosk.get(path, params={"date": DAY, "preferredHour": 16})
        assert answer.status_code == 200
        found = answer.json()["data"]["suggestions"]
        assert [s["timeSlot"] for s in found] == ["17:00-18:00", "16:00-17:00"]
        assert [s["remaining"] for s in found] == [4, 1] and [s["currentAppointments"] for s in found] == [0, 3]
        assert found[0]["priorityScore"] > found[1]["priorityScore"] and found[0]["priorityScore"] <= 100
        assert found[0]["estimatedWaitTime"] < found[1]["estimatedWaitTime"]
        assert found[0]["slotId"] == two[2]["id"] and found[0]["startTime"] == "2026-11-20T17:00:00.000+05:30"
        near = await kiosk.get(path, params={"date": DAY, "preferredHour": 17})
        far = await kiosk.get(path, params={"date": DAY, "preferredHour": 9})
        scores = [a.json()["data"]["suggestions"][0]["priorityScore"] for a in (near, answer, far)]
        assert scores == sorted(scores, reverse=True) and len(set(scores)) == 3
        assert (await kiosk.get(f"{path}/")).json()["data"]["preferredHour"] is None


async def test_a_late_doctor_makes_an_hour_a_worse_suggestion(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        slot = await hour(site, "15:00", 4)
        (before,) = (await look(site, "/queue/suggest-slots/1"))["suggestions"]
        await site.it.accepted(DelaySlot, slot_id=slot["id"], delay_min=30)
        (after,) = (await look(site, "/queue/suggest-slots/1"))["suggestions"]
        assert after["priorityScore"] < before["priorityScore"]
        assert after["estimatedWaitTime"] == before["estimatedWaitTime"] + 30 and after["delay"] == 30


async def test_a_doctor_without_slots_is_suggested_by_the_clock_from_now_on(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        found = (await look(site, "/queue/suggest-slots/1", preferredHour=19))["suggestions"]
        assert {s["timeSlot"][:2] for s in found} == {"13", "14", "15", "16", "19"}
        assert all(s["slotId"] is None and s["remaining"] == 4 for s in found)
        tomorrow = (await look(site, "/queue/suggest-slots/1", date="2026-11-21"))["suggestions"]
        assert len(tomorrow) == 8 and all(s["priorityScore"] == 100 for s in tomorrow)
        assert (await look(site, "/queue/suggest-slots/1", date="2026-11-19"))["suggestions"] == []


async def test_hours_of_a_doctor_whose_only_slots_were_cancelled_are_not_suggested(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        for clock in ("14:00", "15:00"):
            slot = await hour(site, clock, 4)
            await site.it.accepted(ChangeSlot, slot_id=slot["id"], status="CANCELLED")
        found = (await look(site, "/queue/suggest-slots/1"))["suggestions"]
        assert {s["timeSlot"][:2] for s in found} == {"13", "16"}, "who would be booked into them is refused"


async def test_a_full_past_or_cancelled_hour_and_an_absent_doctor_are_not_suggested(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        full = await hour(site, "15:00", 1)
        await book.book(site.it, full["id"])
        await hour(site, "12:00", 4)
        assert (await look(site, "/queue/suggest-slots/1"))["suggestions"] == []
        await hour(site, "16:00", 4)
        assert len((await look(site, "/queue/suggest-slots/1"))["suggestions"]) == 1
        await site.it.accepted(ChangeDoctor, doctor_id=site.it.doctor_id, is_active=False)
        assert (await look(site, "/queue/suggest-slots/1"))["suggestions"] == []


async def test_suggestions_are_for_kiosks_and_staff_and_refuse_an_hour_that_is_none(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await refused(site, "GET", "/queue/suggest-slots/1", "display")
        path = "/api/appointments/queue/suggest-slots"
        for wrong in (-1, 24, "two", 1.5):
            answer = await site.http.get(f"{path}/1", params={"preferredHour": wrong}, headers=MANAGER)
            assert answer.status_code == 422, wrong
        assert (await site.http.get(f"{path}/42", headers=MANAGER)).status_code == 404
        assert (await site.http.get(f"{path}/1", params={"date": "soon"}, headers=MANAGER)).status_code == 422


async def test_statistics_count_a_doctors_day(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        it = site.it
        slot = await hour(site, "14:00", 4)
        early, punctual = await book.book(it, slot["id"]), await book.book(it, slot["id"])
        missing = await book.book(it, slot["id"])
        cancelled = await book.book(it, slot["id"])
        await it.accepted(CancelVisit, visit_id=cancelled["id"])
        walkin = await book.register(it)
        it.pass_time(10 * 60)
        await it.accepted(CheckIn, visit_id=early["id"])  # 20 minutes before its time
        await it.accepted(StartWith, visit_id=walkin["id"], doctor_id=it.doctor_id)
        it.pass_time(8 * 60)
        await it.accepted(CompleteConsultation, visit_id=walkin["id"])
        it.pass_time(12 * 60)
        await it.accepted(CheckIn, visit_id=punctual["id"])
        await it.accepted(StartWith, visit_id=early["id"], doctor_id=it.doctor_id)
        it.pass_time(4 * 60)
        await it.accepted(CompleteConsultation, visit_id=early["id"])
        await it.accepted(MarkNoShow, visit_id=missing["id"])
        data = await look(site, f"/queue/statistics/{it.doctor_id}", date=DAY)
        assert data == {
            "doctorId": it.doctor_id, "date": DAY, "totalAppointments": 4, "averageWaitTime": 15.0,
            "peakHours": [{"hour": 14, "count": 3}, {"hour": 13, "count": 1}],
            "noShowRate": 0.333, "noShows": 1, "earlyArrivals": {"count": 1, "rate": 0.5, "averageMinutes": 20.0},
            "completed": 2, "waiting": 1, "averageConsultationTime": 6.0,
        }  # fmt: skip


async def test_an_undone_call_is_in_no_statistics(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        it = site.it
        visit = await book.register(it)
        it.pass_time(5 * 60)
        called = await it.accepted(CallNext, doctor_id=it.doctor_id)
        undone = await site.http.post("/api/v1/visits/undo", json={"undo_id": called["undo_id"]}, headers=MANAGER)
        assert undone.status_code == 200
        assert (await look(site, "/queue/statistics/1"))["averageWaitTime"] is None
        it.pass_time(15 * 60)
        await it.accepted(StartWith, visit_id=visit["id"], doctor_id=it.doctor_id)
        assert (await look(site, "/queue/statistics/1"))["averageWaitTime"] == 20.0


async def test_statistics_of_an_empty_day_have_nothing_to_average(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        data = await look(site, "/queue/statistics/1", date="2025-01-01")
        assert data["totalAppointments"] == 0 and data["noShowRate"] == 0 and data["peakHours"] == []
        assert data["averageWaitTime"] is None and data["averageConsultationTime"] is None


async def test_statistics_of_yesterday_stay_when_the_day_is_closed(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        it = site.it
        visit = await book.register(it)
        await it.accepted(StartWith, visit_id=visit["id"], doctor_id=it.doctor_id)
        await it.accepted(CompleteConsultation, visit_id=visit["id"])
        it.pass_time(24 * 3600)
        await it.accepted(OpenDay, day="2026-11-21")
        assert (await look(site, "/queue/statistics/1", date=DAY))["completed"] == 1
        assert (await look(site, "/queue/statistics/1"))["completed"] == 0


async def test_statistics_are_for_staff(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await refused(site, "GET", "/queue/statistics/1", "kiosk", "display")
        assert (await site.http.get("/api/appointments/queue/statistics/9", headers=MANAGER)).status_code == 404
        wrong = await site.http.get("/api/appointments/queue/statistics/1", params={"date": "9"}, headers=MANAGER)
        assert wrong.status_code == 422


async def test_live_statistics_tell_each_door_and_all_together(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        counters = site.app.state.live_stats
        socketio = counters.door("socketio", rooms=lambda: {"queue:clinic:d:2026-11-20": 2})
        socketio.connected()
        socketio.heard()
        socketio.said(2)
        counters.door("websocket").failed("bad_date")
        data = await look(site, "/websocket/stats")
        fields = {
            "connectedClients", "activeRooms", "rooms", "messagesPerSecond", "messagesIn", "messagesOut",
            "averageConnectionSeconds", "errors", "errorRate", "latencyMs", "uptimeSeconds",
        }  # fmt: skip
        assert fields <= data.keys() and fields == data["socketIO"].keys() == data["webSocket"].keys()
        assert data["messagesIn"] == 1 and data["messagesOut"] == 2 and data["errors"] == 1
        assert {"roomId": "queue:clinic:d:2026-11-20", "clients": 2} in data["rooms"]
        assert data["socketIO"]["errors"] == 0 and data["webSocket"]["errors"] == 1
        assert data["latencyMs"].keys() == {"p50", "p95"}


async def test_live_statistics_are_for_managers(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await refused(site, "GET", "/websocket/stats", "kiosk", "display")
        await site.add_staff("ana", "reception")
        ana = await site.bearer("ana")
        assert (await site.http.get("/api/appointments/websocket/stats", headers=ana)).status_code == 403


async def test_the_document_lists_every_path_of_the_seed_once_and_what_its_errors_mean(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        paths = (await site.http.get("/openapi.json")).json()["paths"]
        listed = {
            "/track/{token}": "get", "/refresh-queue/{token}": "get", "/queue/slot-based/{doctorId}": "get",
            "/queue/slot-overlaps/{doctorId}": "post", "/queue/slot-position/{appointmentId}": "get",
            "/queue/suggest-slots/{doctorId}": "get", "/queue/statistics/{doctorId}": "get",
            "/queue/move/{appointmentId}": "post", "/queue/early-arrival/{appointmentId}": "post",
            "/queue/no-show/{appointmentId}": "post", "/queue/emergency/{doctorId}": "post", "/websocket/stats": "get",
        }  # fmt: skip
        for path, method in listed.items():
            assert paths[f"/api/appointments{path}"].keys() == {method}, path
        assert "400" in paths["/api/appointments/track/{token}"]["get"]["responses"]


async def test_years_of_history_are_not_looked_at_for_one_day(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        looked_at: list[str] = []

        def count(conn: sqlite3.Connection) -> None:
            conn.set_trace_callback(looked_at.append)
            rows.statistics(conn, site.it.doctor_id, DAY, lambda ms: ms)
            rows.promises(conn, DAY)
            conn.set_trace_callback(None)
            for query in looked_at:
                for step in conn.execute(f"explain query plan {query}").fetchall():
                    assert "SCAN" not in step[-1] and "consultations_doctor" not in step[-1], (query, step)

        await site.app.state.faces.read(count)
        assert len(looked_at) >= 4
