"""Visits over HTTP: the real application, a real database, a real server."""

from __future__ import annotations

import asyncio
import dataclasses
import io
from pathlib import Path
from typing import Any

import segno

from edge.app.dispatcher import NotDone
from edge.domain import promises
from edge.domain.commands import AddDoctor, ChangeDoctor, Command
from edge.web.wiring import Wiring
from shared.ids import new_id
from tests.edge_web import web


async def test_a_kiosk_draws_a_token_and_sees_its_slip(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        kiosk = await site.screen("kiosk")
        answer = await kiosk.post("/api/v1/visits", json={"service": "A"})
        assert answer.status_code == 201
        body = answer.json()
        assert body["visit"]["token_number"] == "A-001" and body["ahead"] == 0
        assert body["visit"]["created_at"] == "2026-11-20T13:30:00.000+05:30"
        seen = (await kiosk.get(f"/api/v1/visits/{body['visit']['id']}")).json()
        assert seen["slip"] == "queued" and seen["position"] == 1
        assert (await kiosk.get(f"/api/v1/visits/{seen['number']}/")).json() == seen


async def test_a_kiosk_hears_the_wait_that_the_slip_promises(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        kiosk = await site.screen("kiosk")
        answers = [(await kiosk.post("/api/v1/visits", json={"service": "A"})).json() for _ in range(3)]
        kept = site.it.rows("select promised_low_s, promised_high_s from visits order by number")
        assert [answer["estimate"] for answer in answers] == [promises.minutes(*row) for row in kept]
        assert answers[2]["estimate"]["max"] > answers[2]["estimate"]["min"] > 0
        await site.it.accepted(ChangeDoctor, doctor_id=site.it.doctor_id, is_active=False)
        assert (await kiosk.post("/api/v1/visits", json={"service": "A"})).json()["estimate"] is None


async def test_where_no_slip_came_out_a_phone_reads_the_link_from_the_screen(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        kiosk = await site.screen("kiosk")
        given = (await kiosk.post("/api/v1/visits", json={"service": "A"})).json()
        picture = await kiosk.get(f"/api/v1/visits/{given['visit']['id']}/code.svg")
        assert picture.status_code == 200 and picture.headers["content-type"].startswith("image/svg+xml")
        squares = segno.make_qr(given["tracking_url"], error="l")
        same = io.BytesIO()
        squares.save(
            same, kind="svg", border=4, light="#fff", xmldecl=False, omitsize=True, svgclass=None, lineclass=None
        )
        assert picture.content == same.getvalue(), "the code says what tracking_url says"
        assert b"style" not in picture.content and b"script" not in picture.content
        by_number = f"/api/v1/visits/{given['visit']['number']}/code.svg/"
        assert (await kiosk.get(by_number)).content == picture.content
        assert (await kiosk.get(f"/api/v1/visits/{new_id()}/code.svg")).status_code == 404
        display = await site.screen("display")
        assert (await display.get(by_number)).status_code == 403
        assert (await site.http.get(by_number)).status_code == 401


async def test_a_display_is_told_rooms_and_messages_and_no_name_of_a_patient(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await site.add_staff("ana", "manager")
        desk, display = await site.page("ana"), await site.screen("display")
        person = {"name": "Zebedee Quill", "service": "A"}
        given = [
            (await desk.post("/api/patients/register", json=person | {"name": f"Zebedee {n}"})).json() for n in "abc"
        ]
        await site.it.issue()
        called = (await desk.post(f"/api/v1/doctors/{site.it.doctor_id}/call-next", json={})).json()["visit"]
        for message, priority in (("Late by a little", "normal"), ("Leave the building", "critical")):
            sent = await desk.post(
                f"/api/appointments/queue/emergency/{site.it.doctor_id}",
                json={"message": message, "priority": priority, "estimatedDelay": 20},
            )
            assert sent.status_code == 200, sent.text
        state = (await display.get("/api/v1/display")).json()
        (room,) = state["rooms"]
        assert called["token_number"] == given[0]["token_number"] == room["now"]
        assert room["next"] == [one["token_number"] for one in given[1:]] and room["is_on_break"] is False
        assert len(state["anyone"]) == 1 and state["anyone"][0] not in room["next"]
        assert [(m["message"], m["priority"], m["delay_min"]) for m in state["messages"]] == [
            ("Leave the building", "critical", 20), ("Late by a little", "normal", 20),
        ]  # fmt: skip
        assert state["messages"][0]["doctor"] and state["messages"][0]["room"] == room["room"]
        assert "Zebedee" not in str(state)
        ended = sent.json()["data"]["broadcastId"]
        assert (await desk.post(f"/api/v1/broadcasts/{ended}/end")).status_code == 200
        state = (await display.get("/api/v1/display")).json()
        assert [m["message"] for m in state["messages"]] == ["Late by a little"]


async def test_a_display_gets_a_message_as_sound_where_there_is_a_voice(tmp_path: Path) -> None:
    async def say(message: str) -> bytes:
        return f"RIFF {message}".encode()

    async with web(tmp_path, change=lambda wiring: dataclasses.replace(wiring, say=say)) as site:
        await site.add_staff("ana", "manager")
        desk, display = await site.page("ana"), await site.screen("display")
        await desk.post(f"/api/appointments/queue/emergency/{site.it.doctor_id}", json={"message": "Back at noon"})
        (message,) = (await display.get("/api/v1/display")).json()["messages"]
        heard = await display.get(message["clip"])
        assert heard.status_code == 200 and heard.content == b"RIFF Back at noon"
        assert (await (await site.screen("kiosk")).get(message["clip"])).status_code == 403
        assert (await display.get("/api/v1/announcements/nothing.wav")).status_code == 404


async def test_the_same_double_tap_gives_one_token(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        kiosk = await site.screen("kiosk")
        taps = [
            kiosk.post("/api/v1/visits", json={"service": "A"}, headers={"Idempotency-Key": "tap-1"}) for _ in range(8)
        ]
        answers = await asyncio.gather(*taps)
        assert {answer.status_code for answer in answers} == {201}
        assert {answer.content for answer in answers} == {answers[0].content}
        assert site.it.rows("select count(*) from visits") == [(1,)]


async def test_the_same_key_with_another_body_is_refused_and_does_nothing(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        kiosk = await site.screen("kiosk")
        key = {"Idempotency-Key": "tap-1"}
        assert (await kiosk.post("/api/v1/visits", json={"service": "A"}, headers=key)).status_code == 201
        other = await kiosk.post("/api/v1/visits", json={"service": "A", "urgency": 6}, headers=key)
        assert other.status_code == 422 and other.json()["code"] == "key_reused"
        assert site.it.rows("select count(*) from visits") == [(1,)]
        elsewhere = await site.screen("kiosk")
        assert (await elsewhere.post("/api/v1/visits", json={"urgency": 6}, headers=key)).status_code == 201


async def test_of_two_bodies_sent_at_once_under_one_key_only_one_is_done(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        kiosk = await site.screen("kiosk")
        answers = await asyncio.gather(*(
            kiosk.post("/api/v1/visits", json={"urgency": n}, headers={"Idempotency-Key": "k"}) for n in range(8)
        ))  # fmt: skip
        assert sorted(answer.status_code for answer in answers) == [201, *[422] * 7]
        assert site.it.rows("select count(*) from visits") == [(1,)]


async def test_a_key_holds_across_a_restart(tmp_path: Path) -> None:
    key = {"Idempotency-Key": "tap-1"}
    async with web(tmp_path) as site:
        kiosk = await site.screen("kiosk")
        cookies = dict(kiosk.cookies)
        first = await kiosk.post("/api/v1/visits", json={}, headers=key)
    async with web(tmp_path) as site:
        kiosk = site.browser()
        kiosk.cookies.update(cookies)
        assert (await kiosk.post("/api/v1/visits", json={}, headers=key)).json() == first.json()
        assert (await kiosk.post("/api/v1/visits", json={"urgency": 1}, headers=key)).status_code == 422


async def test_two_doctors_calling_at_once_get_two_different_patients(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        second = new_id()
        await site.it.accepted(AddDoctor, doctor_id=second, name="Dr. Ode", room="Room 3")
        for _ in range(2):
            await site.it.issue()
        await site.add_staff("rao", "doctor", doctor_id=site.it.doctor_id)
        await site.add_staff("ode", "doctor", doctor_id=second)
        rao, ode = await site.page("rao"), await site.page("ode")
        answers = await asyncio.gather(
            rao.post(f"/api/v1/doctors/{site.it.doctor_id}/call-next"), ode.post(f"/api/v1/doctors/{second}/call-next")
        )
        assert [answer.status_code for answer in answers] == [200, 200]
        called = [answer.json()["visit"] for answer in answers]
        assert {visit["token_number"] for visit in called} == {"A-001", "A-002"}
        assert {visit["room"] for visit in called} == {"Room 2", "Room 3"}


async def test_a_visit_is_called_started_completed_and_the_last_act_undone(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await site.it.issue()
        await site.add_staff("ana", "reception")
        desk = await site.page("ana")
        called = (await desk.post(f"/api/v1/doctors/{site.it.doctor_id}/call-next", json={})).json()
        path = f"/api/v1/visits/{called['visit']['id']}"
        assert (await desk.post(f"{path}/recall")).status_code == 200
        assert (await desk.post(f"{path}/start")).json()["visit"]["status"] == "in_consultation"
        ended = (await desk.post(f"{path}/complete")).json()
        assert ended["visit"]["status"] == "completed"
        back = await desk.post("/api/v1/visits/undo", json={"undo_id": ended["undo_id"]})
        assert [visit["status"] for visit in back.json()["visits"]] == ["in_consultation"]
        between = await desk.post("/api/v1/visits/undo", json={"undo_id": called["undo_id"]})
        assert between.status_code == 409 and between.json()["code"] == "came_between"
        missed = await desk.post(f"{path}/no-show")
        assert missed.status_code == 409 and missed.json()["code"] == "wrong_state"
        nobody = await desk.post(f"/api/v1/doctors/{site.it.doctor_id}/call-next")
        assert nobody.status_code == 409 and nobody.json()["hint"]


async def test_a_doctor_acts_on_the_own_queue_only(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        other = new_id()
        await site.it.accepted(AddDoctor, doctor_id=other, name="Dr. Ode", room="Room 3")
        await site.it.issue()
        called = await site.it.call()
        await site.add_staff("ode", "doctor", doctor_id=other)
        await site.add_staff("ana", "nurse")
        ode, ana = await site.page("ode"), await site.page("ana")
        assert (await ode.post(f"/api/v1/doctors/{site.it.doctor_id}/call-next")).status_code == 403
        path = f"/api/v1/visits/{called['visit']['id']}"
        assert (await ode.post(f"{path}/start")).status_code == 403
        assert (await ode.post("/api/v1/visits/undo", json={"undo_id": called["undo_id"]})).status_code == 403
        assert (await ana.post(f"{path}/start")).status_code == 200


async def test_urgency_from_a_kiosk_counts_up_to_seven(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        kiosk = await site.screen("kiosk")
        assert (await kiosk.post("/api/v1/visits", json={"urgency": 10})).json()["visit"]["urgency"] == 7
        assert (await kiosk.post("/api/v1/visits", json={"urgency": 11})).status_code == 422


class Broken:
    """A dispatcher whose disk refuses."""

    async def submit(self, command: Command, *, key: str = "") -> Any:
        raise NotDone("the disk is full", passing=False, hint="Free some space.")


async def test_a_disk_that_refuses_is_answered_503_and_health_says_so(tmp_path: Path) -> None:
    async def refuse() -> None:
        raise NotDone("the disk is full", passing=False, hint="Free some space.")

    def broken(wiring: Wiring) -> Wiring:
        return dataclasses.replace(wiring, dispatcher=Broken(), probe=refuse)

    async with web(tmp_path, change=broken) as site:
        operator = {"Authorization": "Bearer operator-key"}
        answer = await site.http.post("/api/v1/visits", json={}, headers=operator)
        assert answer.status_code == 503 and answer.json()["hint"] == "Free some space."
        signing_in = await site.http.post("/api/v1/auth/login", json={"username": "a", "password": "b"})
        assert signing_in.status_code == 503
        health = await site.http.get("/health")
        assert health.status_code == 503 and health.json()["database"] == "down"
        assert (await site.http.get("/api/v1/kiosk", headers=operator)).status_code == 200
