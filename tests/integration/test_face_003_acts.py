"""Seed 003 over HTTP, what changes something: move, early arrival, no-show, emergency message."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edge.domain.booking_commands import EmergencyMessage, NewPerson
from edge.domain.commands import AddDoctor, CallNext, CancelVisit, CheckIn, MarkNoShow, TimerDue
from shared.ids import new_id
from tests import book
from tests.edge_web import Web, web
from tests.face_003 import MANAGER, at, hour, look, refused, staff

QUEUE = "/api/appointments/queue"


async def act(site: Web, path: str, body: dict[str, Any] | None = None, headers: dict[str, str] = MANAGER) -> Any:
    """`data` of a write that must succeed."""
    answer = await site.http.post(f"{QUEUE}{path}", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.json()["success"] is True
    return answer.json()["data"]


async def wait_of(site: Web, visit: dict[str, Any]) -> int:
    """How long the visit is told to wait, minutes."""
    return int((await look(site, f"/queue/slot-position/{visit['id']}"))["estimatedWaitTime"])


async def test_a_visit_is_moved_to_the_place_asked_for_and_the_move_is_undone(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visits = [await book.register(site.it) for _ in range(4)]
        data = await act(site, f"/move/{visits[3]['id']}", {"newPosition": 1})
        assert data["appointmentId"] == visits[3]["id"] and data["oldPosition"] == 4 and data["newPosition"] == 1
        assert data["queue"]["position"] == 1 and data["queue"]["queueStatusCode"] == "next"
        small = await act(site, f"/move/{visits[3]['number']}/", {"newPosition": 99})
        assert small["newPosition"] == 4 and small["queue"]["position"] == 4
        await site.http.post("/api/v1/visits/undo", json={"undo_id": small["undoId"]}, headers=MANAGER)
        assert (await look(site, f"/queue/slot-position/{visits[3]['id']}"))["position"] == 1


async def test_the_seeds_fetch_without_a_content_type_moves_a_visit(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visits = [await book.register(site.it) for _ in range(2)]
        bearer = await staff(site, "ana", "reception")
        body, path = json.dumps({"newPosition": 1}), f"{QUEUE}/move/{visits[1]['id']}"
        labelled = {**bearer, "content-type": "text/plain;charset=UTF-8"}
        answer = await site.http.post(path, content=body, headers=labelled)
        assert answer.status_code == 200 and answer.json()["data"]["newPosition"] == 1
        assert (await site.http.post(path, content=body, headers=bearer)).status_code == 200
        page = await site.page("ana")
        by_cookie = await page.post(path, content=body, headers={"content-type": "text/plain"})
        assert by_cookie.status_code == 415
        form = await site.http.post(path, data={"newPosition": "1"}, headers=bearer)
        assert form.status_code == 415


async def test_move_refuses_a_place_that_is_none_and_who_does_not_wait(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visit = await book.register(site.it)
        path = f"{QUEUE}/move/{visit['id']}"
        for wrong in ({"newPosition": 0}, {"newPosition": "1"}, {}, {"newPosition": 1.5}, {"newPosition": 1, "x": 1}):
            assert (await site.http.post(path, json=wrong, headers=MANAGER)).status_code == 422, wrong
        huge = await site.http.post(path, json={"newPosition": 10**30}, headers=MANAGER)
        assert huge.status_code == 200 and huge.json()["data"]["newPosition"] == 1
        missing = await site.http.post(f"{QUEUE}/move/{new_id()}", json={"newPosition": 1}, headers=MANAGER)
        assert missing.status_code == 404
        await site.it.accepted(CallNext, doctor_id=site.it.doctor_id)
        called = await site.http.post(path, json={"newPosition": 1}, headers=MANAGER)
        assert called.status_code == 409 and "called" in called.json()["detail"]


async def test_reception_moves_anybody_a_doctor_the_own_queue_and_nobody_else_moves(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        it, other = site.it, new_id()
        await it.accepted(AddDoctor, doctor_id=other, name="Dr. Ode", room="Room 3")
        mine = await book.register(it, doctor_id=it.doctor_id)
        theirs = await book.register(it, doctor_id=other)
        unassigned = await it.issue()
        await refused(site, "POST", f"/queue/move/{mine['id']}", "kiosk", "display")
        rao = await staff(site, "rao", "doctor", it.doctor_id)
        for visit, status in ((mine, 200), (unassigned, 200), (theirs, 403)):
            answer = await site.http.post(f"{QUEUE}/move/{visit['id']}", json={"newPosition": 1}, headers=rao)
            assert answer.status_code == status
        ana = await staff(site, "ana", "reception")
        await act(site, f"/move/{theirs['id']}", {"newPosition": 1}, ana)
        nell = await staff(site, "nell", "nurse")
        answer = await site.http.post(f"{QUEUE}/move/{mine['id']}", json={"newPosition": 1}, headers=nell)
        assert answer.status_code == 403


async def test_the_same_move_sent_again_under_its_key_gets_the_same_answer(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visits = [await book.register(site.it) for _ in range(3)]
        path, key = f"{QUEUE}/move/{visits[2]['id']}", {**MANAGER, "Idempotency-Key": "k1"}
        first = await site.http.post(path, json={"newPosition": 1}, headers=key)
        await act(site, f"/move/{visits[1]['id']}", {"newPosition": 1})
        again = await site.http.post(path, json={"newPosition": 1}, headers=key)
        assert again.content == first.content
        assert (await look(site, f"/queue/slot-position/{visits[2]['id']}"))["position"] == 2
        other = await site.http.post(path, json={"newPosition": 2}, headers=key)
        assert other.status_code == 422 and other.json()["code"] == "key_reused"


async def test_an_early_arrival_inside_the_limit_joins_the_queue_now(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        slot = await hour(site, "13:50")
        visit = await book.book(site.it, slot["id"], person=NewPerson("Asha Verma", "+9199"))
        kiosk = await site.screen("kiosk")
        answer = await kiosk.post(f"{QUEUE}/early-arrival/{visit['id']}", json={})
        assert answer.status_code == 200
        data = answer.json()["data"]
        assert data["appointmentId"] == visit["id"] and data["status"] == "checked_in"
        assert data["minutesEarly"] == 20 and data["admitted"] is True
        assert data["admittedAt"] == "2026-11-20T13:30:00.000+05:30"
        assert data["queue"]["position"] == 1 and data["tokenNumber"] == "A-001"
        followed = await site.http.get(f"/api/appointments/track/{data['trackingToken']}")
        assert followed.status_code == 200 and data["trackingUrl"].endswith(data["trackingToken"])
        assert "Asha" not in answer.text and "9199" not in answer.text


async def test_who_comes_much_too_early_is_noted_and_joins_by_itself(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        slot = await hour(site, "15:00")
        visit = await book.book(site.it, slot["id"])
        data = await act(site, f"/early-arrival/{visit['number']}")
        assert data["admitted"] is False and data["admittedAt"] == "2026-11-20T14:30:00.000+05:30"
        assert data["minutesEarly"] == 90 and data["status"] == "confirmed" and data["tokenNumber"] is None
        assert data["queue"]["position"] is None and data["queue"]["queueStatusCode"] == "early"
        again = await act(site, f"/early-arrival/{visit['id']}/", {})
        assert again["admitted"] is False and again["admittedAt"] == data["admittedAt"] and again["minutesEarly"] == 90
        site.it.pass_time(3600)
        await site.it.accepted(TimerDue, visit_id=visit["id"], timer_ms=at("14:30"))
        assert (await look(site, f"/queue/slot-position/{visit['id']}"))["position"] == 1


async def test_who_comes_late_is_not_early_and_joins(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visit = await book.book(site.it, (await hour(site, "13:30"))["id"])
        site.it.pass_time(600)
        data = await act(site, f"/early-arrival/{visit['id']}")
        assert data["minutesEarly"] == 0 and data["admitted"] is True


async def test_an_early_arrival_needs_a_booking_of_today(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        it = site.it
        tomorrow = await book.slot(it, 4, at("09:00", "2026-11-21"), day="2026-11-21")
        booked = await book.book(it, tomorrow["id"])
        walkin = await book.register(it)
        cancelled = await book.book(it, (await hour(site, "15:00"))["id"])
        await it.accepted(CancelVisit, visit_id=cancelled["id"])
        for visit, code in ((booked, "another_day"), (walkin, "wrong_state"), (cancelled, "wrong_state")):
            answer = await site.http.post(f"{QUEUE}/early-arrival/{visit['id']}", headers=MANAGER)
            assert answer.status_code == 409 and answer.json()["code"] == code and answer.json()["hint"]
        assert (await site.http.post(f"{QUEUE}/early-arrival/{new_id()}", headers=MANAGER)).status_code == 404
        extra = await site.http.post(f"{QUEUE}/early-arrival/{walkin['id']}", json={"x": 1}, headers=MANAGER)
        assert extra.status_code == 422
        await refused(site, "POST", f"/queue/early-arrival/{booked['id']}", "display")


async def test_an_early_arrival_sent_again_under_its_key_is_no_error(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visit = await book.book(site.it, (await hour(site, "13:45"))["id"])
        path, key = f"{QUEUE}/early-arrival/{visit['id']}", {**MANAGER, "Idempotency-Key": "here"}
        first = await site.http.post(path, headers=key)
        assert first.status_code == 200
        assert (await site.http.post(path, headers=key)).content == first.content
        assert (await site.http.post(path, headers=MANAGER)).status_code == 409


async def test_a_no_show_waits_for_the_grace_and_then_acts(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        it = site.it
        slot = await hour(site, "13:30", 1)
        visit, waits = await book.book(it, slot["id"]), await book.book(it, slot["id"])
        it.pass_time(300)
        path = f"/no-show/{visit['id']}"
        grace = await act(site, path)
        assert grace["appointmentId"] == visit["id"] and grace["outcome"] == "grace" and grace["promoted"] is None
        assert grace["graceEndsAt"] == "2026-11-20T13:45:00.000+05:30" and grace["undoId"]
        longer = await act(site, path, {"gracePeriod": 60})
        assert longer["graceEndsAt"] == "2026-11-20T14:30:00.000+05:30"
        now = await act(site, path, {"gracePeriod": 5})
        assert now["outcome"] == "no_show" and now["graceEndsAt"] is None and now["status"] == "no_show"
        assert now["promoted"]["appointmentId"] == waits["id"]
        undone = await site.http.post("/api/v1/visits/undo", json={"undo_id": now["undoId"]}, headers=MANAGER)
        assert undone.status_code == 200 and book.status(it, visit) == "booked"


async def test_the_grace_counts_from_the_last_call(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        it = site.it
        visit = await book.register(it)
        await it.accepted(CallNext, doctor_id=it.doctor_id)
        it.pass_time(300)
        assert (await act(site, f"/no-show/{visit['id']}"))["graceEndsAt"] == "2026-11-20T13:45:00.000+05:30"
        at_once = await act(site, f"/no-show/{visit['id']}", {"gracePeriod": 0})
        assert at_once["outcome"] == "no_show"


async def test_a_no_show_refuses_what_is_over_and_a_grace_that_is_none(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visit = await book.register(site.it)
        path = f"{QUEUE}/no-show/{visit['id']}"
        for wrong in (-1, 241, "15", 1.5):
            assert (await site.http.post(path, json={"gracePeriod": wrong}, headers=MANAGER)).status_code == 422
        await site.it.accepted(MarkNoShow, visit_id=visit["id"])
        again = await site.http.post(path, headers=MANAGER)
        assert again.status_code == 409 and again.json()["hint"]
        assert (await site.http.post(f"{QUEUE}/no-show/{new_id()}", headers=MANAGER)).status_code == 404


async def test_reception_nurses_and_the_own_doctor_mark_a_no_show(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        it, other = site.it, new_id()
        await it.accepted(AddDoctor, doctor_id=other, name="Dr. Ode", room="Room 3")
        visits = [await book.register(it, doctor_id=it.doctor_id) for _ in range(3)]
        theirs = await book.register(it, doctor_id=other)
        await refused(site, "POST", f"/queue/no-show/{theirs['id']}", "kiosk", "display")
        rao = await staff(site, "rao", "doctor", it.doctor_id)
        assert (await site.http.post(f"{QUEUE}/no-show/{theirs['id']}", headers=rao)).status_code == 403
        who = [rao, await staff(site, "nell", "nurse"), await staff(site, "ana", "reception")]
        for visit, headers in zip(visits, who, strict=True):
            assert (await act(site, f"/no-show/{visit['id']}", None, headers))["outcome"] == "no_show"


async def test_an_emergency_message_reaches_everybody_of_the_doctors_day(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        it = site.it
        here = await book.register(it)
        booked = await book.book(it, (await hour(site, "15:00"))["id"])
        before = await wait_of(site, here)
        ana = await staff(site, "ana", "reception")
        body = {"message": "Doctor is running 30 minutes late", "priority": "critical", "estimatedDelay": 30}
        data = await act(site, f"/emergency/{it.doctor_id}", body, ana)
        assert data["recipients"] == 2 and data["message"] == body["message"] and data["priority"] == "critical"
        assert data["estimatedDelay"] == 30 and data["sentAt"] == "2026-11-20T13:30:00.000+05:30"
        assert await wait_of(site, here) == pytest.approx(before + 30, abs=2)
        token = site.app.state.faces.tracking_token(book.row(it, booked))
        told = (await site.http.get(f"/api/appointments/track/{token}")).json()["data"]
        assert told["emergency"]["broadcastId"] == data["broadcastId"] and told["queueStatusCode"] == "delayed"
        spoken = it.rows("select body from effects where kind = 'announce'")
        assert any("30 minutes late" in body for (body,) in spoken)
        plain = await act(site, "/emergency/1/", {"message": "Please wait"})
        assert plain["priority"] == "high" and plain["estimatedDelay"] == 0


async def test_an_emergency_message_is_as_long_as_a_message_and_for_a_doctor_who_is_here(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        path = f"{QUEUE}/emergency"
        for wrong in (
            {}, {"message": ""}, {"message": "   "}, {"message": "x" * 501}, {"message": "x", "priority": "loud"},
            {"message": "x", "estimatedDelay": -1}, {"message": "x", "estimatedDelay": "30"},
        ):  # fmt: skip
            assert (await site.http.post(f"{path}/1", json=wrong, headers=MANAGER)).status_code == 422, wrong
        good = {"message": "x" * 500}
        assert (await site.http.post(f"{path}/9", json=good, headers=MANAGER)).status_code == 404
        assert (await site.http.post(f"{path}/1", json=good, headers=MANAGER)).status_code == 200


async def test_reception_and_the_doctor_may_send_an_emergency_message(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        it, other = site.it, new_id()
        await it.accepted(AddDoctor, doctor_id=other, name="Dr. Ode", room="Room 3")
        await refused(site, "POST", f"/queue/emergency/{other}", "kiosk", "display")
        body = {"message": "Late"}
        rao = await staff(site, "rao", "doctor", it.doctor_id)
        assert (await site.http.post(f"{QUEUE}/emergency/{other}", json=body, headers=rao)).status_code == 403
        await act(site, f"/emergency/{it.doctor_id}", body, rao)
        nell = await staff(site, "nell", "nurse")
        assert (await site.http.post(f"{QUEUE}/emergency/{other}", json=body, headers=nell)).status_code == 403


async def test_the_same_message_sent_again_under_its_key_is_one_message(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        key, body = {**MANAGER, "Idempotency-Key": "m"}, {"message": "Late"}
        answers = [await site.http.post(f"{QUEUE}/emergency/1", json=body, headers=key) for _ in range(2)]
        assert answers[0].content == answers[1].content
        assert site.it.rows("select count(*) from broadcasts") == [(1,)]


async def test_open_messages_are_listed_for_staff_and_ended(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        it, other = site.it, new_id()
        await it.accepted(AddDoctor, doctor_id=other, name="Dr. Ode", room="Room 3")
        visit = await book.register(it, doctor_id=it.doctor_id)
        for n, doctor_id in enumerate((it.doctor_id, other, it.doctor_id)):
            it.pass_time(60)
            await it.accepted(
                EmergencyMessage, broadcast_id=new_id(), doctor_id=doctor_id, message=f"m{n}", delay_min=10 + 10 * n
            )
        listed = (await site.http.get("/api/v1/broadcasts", headers=MANAGER)).json()
        assert [one["message"] for one in listed] == ["m2", "m1", "m0"]
        assert listed[0].keys() >= {"id", "doctor_id", "message", "priority", "estimated_delay", "sent_at", "ended_at"}
        page = await site.http.get("/api/v1/broadcasts", params={"limit": 2}, headers=MANAGER)
        assert page.headers["x-total-count"] == "3" and len(page.json()) == 2
        rest = await site.http.get(page.headers["link"].split(">")[0][1:], headers=MANAGER)
        assert [one["message"] for one in rest.json()] == ["m0"] and "link" not in rest.headers
        own = (await site.http.get("/api/v1/broadcasts", params={"doctor_id": "2"}, headers=MANAGER)).json()
        assert [one["message"] for one in own] == ["m1"]
        delayed = await wait_of(site, visit)
        ended = await site.http.post(f"/api/v1/broadcasts/{listed[0]['id']}/end", headers=MANAGER)
        assert ended.status_code == 200 and ended.json()["ended_at"]
        assert await wait_of(site, visit) == pytest.approx(delayed - 20, abs=2)  # the one before stands again
        again = await site.http.post(f"/api/v1/broadcasts/{listed[0]['id']}/end/", headers=MANAGER)
        assert again.json() == ended.json()
        left = (await site.http.get("/api/v1/broadcasts/", headers=MANAGER)).json()
        assert [one["message"] for one in left] == ["m1", "m0"]


async def test_messages_are_listed_to_staff_and_ended_by_reception_or_the_doctor(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        it, other = site.it, new_id()
        await it.accepted(AddDoctor, doctor_id=other, name="Dr. Ode", room="Room 3")
        sent = (await it.accepted(EmergencyMessage, broadcast_id=new_id(), doctor_id=other, message="m"))["broadcast"]
        end = f"/api/v1/broadcasts/{sent['id']}/end"
        assert (await site.http.get("/api/v1/broadcasts")).status_code == 401
        assert (await site.http.post(end)).status_code == 401
        for kind in ("kiosk", "display"):
            screen = await site.screen(kind)
            assert (await screen.get("/api/v1/broadcasts")).status_code == 403
            assert (await screen.post(end)).status_code == 403
        rao, nell = await staff(site, "rao", "doctor", it.doctor_id), await staff(site, "nell", "nurse")
        assert (await site.http.get("/api/v1/broadcasts", headers=nell)).status_code == 200
        assert (await site.http.post(end, headers=nell)).status_code == 403
        assert (await site.http.post(end, headers=rao)).status_code == 403
        assert (await site.http.post(f"/api/v1/broadcasts/{new_id()}/end", headers=MANAGER)).status_code == 404
        assert (await site.http.post("/api/v1/broadcasts/1/end", headers=MANAGER)).status_code == 404
        ana = await staff(site, "ana", "reception")
        assert (await site.http.post(end, headers=ana)).status_code == 200


async def test_an_early_arrival_that_was_a_no_show_has_to_return_at_the_desk(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visit = await book.book(site.it, (await hour(site, "13:45"))["id"])
        await site.it.accepted(CheckIn, visit_id=visit["id"])
        await site.it.accepted(MarkNoShow, visit_id=visit["id"])
        answer = await site.http.post(f"{QUEUE}/early-arrival/{visit['id']}", headers=MANAGER)
        assert answer.status_code == 409 and book.status(site.it, visit) == "no_show"
