"""Socket.IO at the clinic with the npm client: seed 000's events, seed 003's messages, who hears what, and limits."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets

from edge.app.bus import RELOAD
from edge.domain.booking_commands import (
    AddSlot,
    BookVisit,
    DelaySlot,
    EmergencyMessage,
    EndMessage,
    NewPerson,
    RegisterVisit,
)
from edge.domain.commands import (
    AddDoctor,
    AddService,
    CallNext,
    CancelVisit,
    ChangeDoctor,
    CheckIn,
    CompleteConsultation,
    FlagEmergency,
    MarkNoShow,
    MoveVisit,
    ParkVisit,
    StartConsultation,
    StartWith,
    TransferVisit,
    Undo,
)
from edge.web import queue_feed, socketio_door, socketio_line
from edge.web.app import Public
from shared.ids import new_id
from shared.limits import RateLimit
from tests.clinic import DAY, MORNING
from tests.edge_web import Web, web
from tests.socketio_client import Refused, SioClient, Transport, sio_client

OPERATOR = {"Authorization": "Bearer operator-key"}
STAFF = {"token": "operator-key"}
NOON = int(MORNING.timestamp() * 1000)
each_transport = pytest.mark.parametrize("transport", ["websocket", "polling"])


def cookie_of(client: httpx.AsyncClient) -> str:
    """The Cookie header of a browser."""
    return "; ".join(f"{name}={value}" for name, value in client.cookies.items())


def names(client: SioClient) -> list[str]:
    """The events a client heard, in order."""
    return [event for event, _ in client.heard]


async def register(site: Web, name: str = "John Doe", **values: Any) -> dict[str, Any]:
    """Somebody comes in; the visit."""
    given = {"visit_id": new_id(), "new_person_id": new_id(), "person": NewPerson(name, "+123", "", 45, "male")}
    visit: dict[str, Any] = (await site.it.accepted(RegisterVisit, **{**given, **values}))["visit"]
    return visit


async def post(site: Web, path: str, said: Any = None, method: str = "POST") -> Any:
    """As the operator."""
    answer = await site.http.request(method, path, json=said, headers=OPERATOR)
    assert answer.status_code < 300, answer.text
    return answer.json()


def token_of(site: Web, visit: dict[str, Any]) -> str:
    """The tracking token of a visit."""
    return str(site.app.state.faces.tracking_token(visit))


@contextlib.asynccontextmanager
async def following(site: Web, visit: dict[str, Any], **more: Any) -> AsyncIterator[SioClient]:
    """A phone that follows a visit and has heard its first update."""
    async with sio_client(site.url, **more) as phone:
        await phone.emit("join-queue", {"token": token_of(site, visit)})
        await phone.hear("queue-update")
        yield phone


async def stands(phone: SioClient, visit: dict[str, Any], **queue: Any) -> dict[str, Any]:
    """The next update of a visit whose `queue` says this."""
    told = await phone.hear(
        "queue-update",
        lambda p: p["data"]["appointmentId"] == visit["id"] and p["data"]["queue"].items() >= queue.items(),
    )
    return dict(told["data"])


async def all_told(site: Web) -> None:
    """Wait until everything that happened so far was told."""
    gseq = await site.app.state.faces.last()
    async with asyncio.timeout(5):
        while not site.app.state.doors.feed.has_told(gseq):
            await asyncio.sleep(0.01)


# Seed 000: server to client


@each_transport
async def test_queue_updated_is_the_object_of_the_rest_path(tmp_path: Path, transport: Transport) -> None:
    async with web(tmp_path) as site, sio_client(site.url, STAFF, transports=[transport]) as staff:
        await register(site)
        await register(site, "Ann", urgency=9)
        told = await staff.hear("queue_updated", lambda p: len(p["queue"]) == 2)
        rest = (await site.http.get("/api/patients/queue", headers=OPERATOR)).json()
        assert told == rest and [entry["name"] for entry in told["queue"]] == ["Ann", "John Doe"]
        assert told["stats"] == (await site.http.get("/api/patients/stats", headers=OPERATOR)).json()


async def test_patient_status_changed_comes_for_every_change_of_status_and_no_other(tmp_path: Path) -> None:
    async with web(tmp_path) as site, sio_client(site.url, STAFF) as staff:
        it = site.it
        await it.accepted(AddSlot, slot_id=new_id(), doctor_id=it.doctor_id, day=DAY, start_ms=NOON,
                          end_ms=NOON + 3_600_000, max_capacity=1)  # fmt: skip
        booked = (await it.accepted(BookVisit, visit_id=new_id(), new_person_id=new_id(), person=NewPerson("Bo"),
                                    doctor_id=it.doctor_id, due_ms=NOON))["visit"]  # fmt: skip
        await it.accepted(CheckIn, visit_id=booked["id"])
        await it.accepted(MoveVisit, visit_id=booked["id"], place=1)
        begun = await it.accepted(StartWith, visit_id=booked["id"], doctor_id=it.doctor_id)
        await it.accepted(Undo, undo_id=begun["undo_id"])
        await it.accepted(FlagEmergency, visit_id=booked["id"])
        await it.accepted(CallNext, doctor_id=it.doctor_id)
        await it.accepted(StartConsultation, visit_id=booked["id"])
        await it.accepted(CompleteConsultation, visit_id=booked["id"])
        await staff.hear("patient_status_changed", lambda p: p["status"] == "completed")
        told = [payload for event, payload in staff.heard if event == "patient_status_changed"]
        assert [payload["status"] for payload in told] == [
            "booked", "waiting", "called", "in_consultation", "waiting", "called", "in_consultation", "completed",
        ]  # fmt: skip
        assert told[0].keys() >= {"patient_id", "token_number", "status", "doctor_name", "uuid", "seq", "at"}
        assert told[-1].items() >= {
            "patient_id": booked["number"], "token_number": "A-001", "doctor_name": "Dr. Rao", "uuid": booked["id"],
            "at": "2026-11-20T13:30:00.000+05:30",
        }.items()  # fmt: skip
        seqs = [payload["seq"] for payload in told]
        assert seqs == sorted(set(seqs))


async def test_what_happened_before_the_program_started_is_no_change(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visit = await register(site)
    async with web(tmp_path) as site, sio_client(site.url, STAFF) as staff:
        await site.it.accepted(MoveVisit, command_id=new_id(), visit_id=visit["id"], place=1)
        await staff.hear("queue_updated")
        assert "patient_status_changed" not in names(staff)
        await site.it.accepted(CallNext, command_id=new_id(), doctor_id=site.it.doctor_id)
        assert (await staff.hear("patient_status_changed"))["status"] == "called"


async def test_doctor_status_changed_on_toggle_break_and_leaving_only(tmp_path: Path) -> None:
    async with web(tmp_path) as site, sio_client(site.url, STAFF) as staff:
        await site.it.accepted(ChangeDoctor, doctor_id=site.it.doctor_id, room="Room 9")
        await post(site, "/api/staff/toggle-doctor/1", {"is_on_break": True}, "PUT")
        told = await staff.hear("doctor_status_changed")
        assert (
            told.items() >= {"doctor_id": 1, "doctor_name": "Dr. Rao", "is_active": True, "is_on_break": True}.items()
        )
        await post(site, "/api/staff/toggle-doctor/1", None, "PUT")
        assert (await staff.hear("doctor_status_changed"))["is_active"] is False
        assert names(staff).count("doctor_status_changed") == 2


async def test_emergency_added_whichever_way_it_came_with_the_name_for_staff_alone(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        screen, it = await site.screen("display"), site.it
        async with sio_client(site.url, STAFF) as staff, sio_client(site.url, cookie=cookie_of(screen)) as board:
            added = await post(site, "/api/staff/add-emergency", {"name": "Annapurna"})
            expected = {"patient_id": added["id"], "token_number": "A-001", "name": "Annapurna", "urgency": 10}
            assert (await staff.hear("emergency_added")).items() >= expected.items()
            assert (await board.hear("emergency_added")).items() >= {**expected, "name": None}.items()
            walked_in = await post(site, "/api/patients/register", {"name": "Bobanovic"})
            await post(site, "/api/doctors/1/flag-emergency", {"patient_id": walked_in["id"]})
            assert (await staff.hear("emergency_added"))["name"] == "Bobanovic"
            slot = await it.accepted(AddSlot, slot_id=new_id(), doctor_id=it.doctor_id, day=DAY, start_ms=NOON,
                                     end_ms=NOON + 3_600_000, max_capacity=1)  # fmt: skip
            person = await post(site, "/api/v1/patients/", {"name": "Cyriaca"})
            await post(site, "/api/v1/tokens/emergency/", {"slot_id": slot["slot"]["id"], "patient_id": person["id"]})
            assert (await staff.hear("emergency_added"))["name"] == "Cyriaca"
            assert names(staff).count("emergency_added") == 3
            assert [
                entry["name"] for entry in (await board.hear("queue_updated", lambda p: len(p["queue"]) == 3))["queue"]
            ] == [None] * 3
            assert not any(word in json.dumps(board.heard) for word in ("Annapurna", "Bobanovic", "Cyriaca", "+123"))


async def test_screens_get_names_where_the_site_allows_them(tmp_path: Path) -> None:
    async with web(tmp_path, options={"names_on_screens": True}) as site:
        screen = await site.screen("display")
        async with sio_client(site.url, cookie=cookie_of(screen)) as board:
            await register(site)
            told = await board.hear("queue_updated")
            assert told["queue"][0]["name"] == "John Doe" and "+123" not in json.dumps(told)


async def test_rebalance_is_told_also_when_nobody_moved(tmp_path: Path) -> None:
    async with web(tmp_path) as site, sio_client(site.url, STAFF) as staff:
        await register(site)
        await staff.hear("queue_updated", lambda p: len(p["queue"]) == 1)
        assert (await post(site, "/api/staff/rebalance"))["reassigned"] == 0
        await staff.hear("queue_updated")


async def test_no_call_is_skipped_in_queue_updated_nor_on_the_phone(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visits = [await register(site, f"P{number}") for number in range(4)]
        async with sio_client(site.url, STAFF) as staff, following(site, visits[2]) as phone:
            for visit in visits:
                await site.it.accepted(StartWith, visit_id=visit["id"], doctor_id=site.it.doctor_id)
                await site.it.accepted(CompleteConsultation, visit_id=visit["id"])
            await staff.hear("queue_updated", lambda p: p["stats"]["completed"] == 4 and not p["queue"])
            told = [payload["queue"] for event, payload in staff.heard if event == "queue_updated"]
            called = [entry["token_number"] for queue in told for entry in queue if entry["status"] == "called"]
            assert list(dict.fromkeys(called)) == [visit["token"] for visit in visits]
            await phone.hear("queue-update", lambda p: p["data"]["queue"]["queueStatusCode"] == "completed")
            codes = [
                payload["data"]["queue"]["queueStatusCode"] for event, payload in phone.heard if event == "queue-update"
            ]
            assert codes[-2:] == ["called", "completed"] and set(codes[:-2]) <= {"waiting", "next"}


# Seed 003: client to server, and its answers


@each_transport
async def test_join_queue_answers_the_room_and_how_the_visit_stands(tmp_path: Path, transport: Transport) -> None:
    async with web(tmp_path) as site:
        visit = await register(site)
        async with sio_client(site.url, transports=[transport]) as phone:
            connected = await phone.hear("connected")
            assert connected == {"clientId": phone.id, "serverTime": "2026-11-20T13:30:00.000+05:30"}
            await phone.emit("join-queue", {"token": token_of(site, visit)})
            assert await phone.hear("queue-joined") == {"roomId": f"queue:clinic:{site.it.doctor_id}:{DAY}"}
            update = await phone.hear("queue-update")
            assert names(phone) == ["connected", "queue-joined", "queue-update"]
            track = (await site.http.get(f"/api/appointments/track/{token_of(site, visit)}")).json()
            assert update == {"data": track["data"] | {"appointmentId": visit["id"]}}
            assert update["data"]["queue"].items() >= {"position": 1, "queueStatusCode": "next"}.items()
            for secret in ("John", "+123"):
                assert secret not in json.dumps(update)


async def test_get_queue_status_and_heartbeat_are_answered(tmp_path: Path) -> None:
    async with web(tmp_path) as site, sio_client(site.url) as phone:
        visit = await register(site)
        await phone.emit("get-queue-status", {"token": token_of(site, visit), "lang": "es"})
        status = await phone.hear("queue-status")
        assert status["data"]["appointment"]["tokenNumber"] == "A-001"
        assert (
            status["data"]["queue"]["queueStatus"].startswith("Usted")
            or "siguiente" in status["data"]["queue"]["queueStatus"]
        )
        await phone.emit("heartbeat")
        assert await phone.hear("heartbeat-ack") == {"serverTime": "2026-11-20T13:30:00.000+05:30"}
        await site.it.call()
        await phone.emit("heartbeat", {})
        await phone.hear("heartbeat-ack")
        assert "queue-update" not in names(phone) and "queue-broadcast" not in names(phone), "asking is not joining"


async def test_a_bad_token_is_an_error_with_its_event_and_code(tmp_path: Path) -> None:
    async with web(tmp_path) as site, sio_client(site.url) as phone:
        visit = await register(site)
        token = token_of(site, visit)
        site.it.pass_time(4 * 86_400)
        for event in ("join-queue", "get-queue-status"):
            for said, code in (
                ({"token": "nonsense"}, "tracking_malformed"), ({"token": token[:-8] + "AAAAAAAA"}, "tracking_forged"),
                ({"token": token}, "tracking_expired"), ({}, "wrong_shape"), ("x", "wrong_shape"),
                ({"token": 7}, "wrong_shape"), ([token], "wrong_shape"),
            ):  # fmt: skip
                await phone.emit(event, said)
                error = await phone.hear("error")
                assert (error["event"], error["code"]) == (event, code) and error["message"], said
                await asyncio.sleep(0.11)  # ten a second are allowed


async def test_leave_queue_leaves_every_room_without_a_word(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visit = await register(site)
        async with following(site, visit) as phone, following(site, visit) as other:
            await phone.emit("leave-queue", {})
            await phone.emit("heartbeat")
            await phone.hear("heartbeat-ack")
            heard = len(phone.heard)
            await site.it.call()
            await other.hear("queue-update")
            await phone.emit("heartbeat")
            await phone.hear("heartbeat-ack")
            assert names(phone)[heard:] == ["heartbeat-ack"]
            assert site.app.state.live_stats.of("socketio").rooms == {f"queue:clinic:{site.it.doctor_id}:{DAY}": 1}


async def test_the_example_of_the_seed_moves_a_patient_and_sends_an_emergency(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        first, second = await register(site), await register(site, "Ann")
        async with following(site, second) as phone:
            await site.http.post(
                f"/api/appointments/queue/move/{second['id']}", headers=OPERATOR, content='{"newPosition": 1}'
            )
            update = await phone.hear("queue-update", lambda p: p["data"]["queue"]["position"] == 1)
            assert update["data"]["appointmentId"] == second["id"]
            assert (await phone.hear("queue-broadcast"))["reason"] == "moved"
            sent = await site.http.post(
                f"/api/appointments/queue/emergency/{site.it.doctor_id}", headers=OPERATOR,
                content='{"message": "Doctor is running 30 minutes late", "priority": "high", "estimatedDelay": 30}',
            )  # fmt: skip
            told = await phone.hear("emergency-notification")
            assert told.items() >= {
                "message": "Doctor is running 30 minutes late", "priority": "high", "estimatedDelay": 30,
                "doctorId": site.it.doctor_id, "broadcastId": sent.json()["data"]["broadcastId"],
            }.items()  # fmt: skip
            late = await phone.hear("queue-update", lambda p: p["data"]["emergency"] is not None)
            assert late["data"]["queue"]["estimatedWaitTime"] >= 25
            await site.it.accepted(EndMessage, broadcast_id=told["broadcastId"])
            await phone.hear("queue-update", lambda p: p["data"]["emergency"] is None)
            assert first["token"] == "A-001"


async def test_queue_broadcast_says_why_to_everybody_of_the_doctor_and_day(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        it, other = site.it, new_id()
        await it.accepted(AddDoctor, doctor_id=other, name="Dr. Iyer")
        mine = await register(site, doctor_id=it.doctor_id)
        theirs = await register(site, "Ann", doctor_id=other)
        async with following(site, mine) as phone, following(site, theirs) as elsewhere:
            slot = await it.accepted(AddSlot, slot_id=new_id(), doctor_id=it.doctor_id, day=DAY, start_ms=NOON,
                                     end_ms=NOON + 3_600_000, max_capacity=3)  # fmt: skip
            booked = (await it.accepted(BookVisit, visit_id=new_id(), new_person_id=new_id(), person=NewPerson("Bo"),
                                        slot_id=slot["slot"]["id"]))["visit"]  # fmt: skip
            await it.accepted(DelaySlot, slot_id=slot["slot"]["id"], delay_min=5)
            await it.accepted(CheckIn, visit_id=booked["id"])
            await it.accepted(FlagEmergency, visit_id=booked["id"])
            begun = await it.accepted(StartWith, visit_id=booked["id"], doctor_id=it.doctor_id)
            await it.accepted(CompleteConsultation, visit_id=booked["id"])
            await it.accepted(ChangeDoctor, doctor_id=it.doctor_id, is_on_break=True)
            third = await register(site, "Cy", doctor_id=it.doctor_id)
            await it.accepted(TransferVisit, visit_id=third["id"], doctor_id=other)
            await elsewhere.hear("queue-broadcast", lambda p: p["reason"] == "moved")
            await phone.hear("queue-broadcast", lambda p: p["reason"] == "moved")
            told = [payload for event, payload in phone.heard if event == "queue-broadcast"]
            assert [payload["reason"] for payload in told] == [
                "booked", "delayed", "checked_in", "emergency", "called", "started", "completed", "doctor_status",
                "checked_in", "moved",
            ]  # fmt: skip
            assert {(payload["doctorId"], payload["date"]) for payload in told} == {(it.doctor_id, DAY)}
            assert [p["reason"] for e, p in elsewhere.heard if e == "queue-broadcast"] == ["moved"]
            assert begun["visit"]["status"] == "in_consultation"


async def test_queue_update_comes_when_position_wait_or_status_changes_and_only_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_feed, "REFRESH_S", 0.1)
    async with web(tmp_path) as site:
        ahead, visit = await register(site), await register(site, "Ann")
        async with following(site, visit) as phone:
            await register(site, "Behind")
            await phone.hear("queue-broadcast")
            await site.it.accepted(MoveVisit, visit_id=visit["id"], place=2)  # where it stands anyway
            await phone.hear("queue-broadcast", lambda p: p["reason"] == "moved")
            await all_told(site)
            await site.it.accepted(StartWith, visit_id=ahead["id"], doctor_id=site.it.doctor_id)
            moved = await phone.hear("queue-update", lambda p: p["data"]["queue"]["position"] == 1)
            site.it.pass_time(600)
            waited = await phone.hear("queue-update")  # nothing happened but time
            assert waited["data"]["queue"]["estimatedWaitTime"] < moved["data"]["queue"]["estimatedWaitTime"]
            told = [p["data"]["queue"] for e, p in phone.heard if e == "queue-update"]
            assert all(one != two for one, two in itertools.pairwise(told))


async def test_who_is_sent_on_to_another_doctor_is_moved_to_that_room(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        it, lab = site.it, new_id()
        await it.accepted(AddService, letter="L", name="Lab")
        await it.accepted(AddDoctor, doctor_id=lab, name="Dr. Lab", service="L")
        visit = await register(site)
        async with following(site, visit) as phone:
            await phone.hear("queue-joined")
            await it.accepted(TransferVisit, visit_id=visit["id"], service="L")
            assert await phone.hear("queue-joined") == {"roomId": f"queue:clinic:L:{DAY}"}
            await it.accepted(CallNext, doctor_id=lab)
            assert await phone.hear("queue-joined") == {"roomId": f"queue:clinic:{lab}:{DAY}"}
            assert (await stands(phone, visit, position=0))["appointment"]["doctorName"] == "Dr. Lab"


async def test_a_family_follows_several_visits_in_their_languages(tmp_path: Path) -> None:
    async with web(tmp_path) as site, sio_client(site.url) as phone:
        visits = [await register(site, f"P{number}") for number in range(2)]
        await phone.emit("join-queue", {"token": token_of(site, visits[0]), "lang": "es"})
        await phone.emit("join-queue", {"token": token_of(site, visits[1])})
        await phone.hear("queue-update", lambda p: p["data"]["appointmentId"] == visits[1]["id"])
        await site.it.call()
        spanish = await stands(phone, visits[0], position=0)
        assert spanish["queue"]["queueStatus"] == "Pase ahora, por favor: la sala 2."
        assert (await stands(phone, visits[1], position=1))["queue"]["queueStatusCode"] == "next"


async def test_booked_ones_follow_too_and_hear_of_their_delay(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        it = site.it
        slot = await it.accepted(AddSlot, slot_id=new_id(), doctor_id=it.doctor_id, day=DAY, start_ms=NOON + 3_600_000,
                                 end_ms=NOON + 7_200_000, max_capacity=3)  # fmt: skip
        visit = (await it.accepted(BookVisit, visit_id=new_id(), new_person_id=new_id(), person=NewPerson("Bo"),
                                   slot_id=slot["slot"]["id"]))["visit"]  # fmt: skip
        async with following(site, visit) as phone:
            await it.accepted(DelaySlot, slot_id=slot["slot"]["id"], delay_min=25)
            assert (await phone.hear("queue-update"))["data"]["queue"]["queueStatusCode"] == "delayed"
            await it.accepted(EmergencyMessage, broadcast_id=new_id(), doctor_id=it.doctor_id, message="Fire drill")
            assert (await phone.hear("queue-update"))["data"]["emergency"]["message"] == "Fire drill"


# Who may


async def test_without_a_credential_one_hears_nothing_of_the_queue(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        kiosk = await site.screen("kiosk")
        visit = await register(site)
        token = token_of(site, visit)
        async with (
            sio_client(site.url) as nobody, sio_client(site.url, cookie=cookie_of(kiosk)) as at_kiosk,
            sio_client(site.url, {"token": token}) as by_link, sio_client(site.url, STAFF) as staff,
            following(site, visit) as phone,
        ):  # fmt: skip
            await site.it.call()
            await post(site, "/api/staff/add-emergency", {"name": "Ann"})
            await post(site, "/api/staff/toggle-doctor/1", {"is_on_break": True}, "PUT")
            for event in ("doctor_status_changed", "patient_status_changed", "emergency_added", "queue_updated"):
                await staff.hear(event)
            await phone.hear("queue-broadcast", lambda p: p["reason"] == "doctor_status")
            for one in (nobody, at_kiosk, by_link, phone):
                await one.emit("heartbeat")
                await one.hear("heartbeat-ack")
                assert not any("_" in name for name in names(one)), "000's events are for staff and screens"
            assert names(nobody) == ["connected", "heartbeat-ack"]


async def test_bearer_cookie_and_service_key_are_staff(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await site.add_staff("ana", "nurse")
        page, bearer = await site.page("ana"), await site.bearer("ana")
        key = (await post(site, "/api/v1/service-accounts", {"name": "bot", "roles": []})).get("key")
        access = bearer["Authorization"].removeprefix("Bearer ")
        for more in (
            {"cookie": cookie_of(page)},
            {"auth": {"token": access}},
            {"auth": {"token": key}},
            {"headers": bearer},
        ):
            async with sio_client(site.url, **more) as client:
                visit = await register(site, f"P{len(more)}-{id(more)}")
                told = await client.hear(
                    "queue_updated", lambda p, v=visit: any(e["uuid"] == v["id"] for e in p["queue"])
                )
                assert all(entry["name"] for entry in told["queue"])


@each_transport
async def test_a_token_that_does_not_hold_is_refused(tmp_path: Path, transport: Transport) -> None:
    async with web(tmp_path) as site:
        with pytest.raises(Refused) as refused:
            async with sio_client(site.url, {"token": "guess"}, transports=[transport]):
                pass
        assert refused.value.data["code"] == "unauthorized"


@each_transport
async def test_a_page_of_another_site_is_not_let_in(tmp_path: Path, transport: Transport) -> None:
    async with web(tmp_path, options={"cors_origins": ("https://app.example",)}) as site:
        await site.add_staff("ana", "nurse")
        page = await site.page("ana")
        with pytest.raises(Refused):
            async with sio_client(site.url, STAFF, transports=[transport], headers={"Origin": "http://evil.example"}):
                pass
        there = {"Origin": "https://app.example"}
        async with sio_client(site.url, STAFF, transports=[transport], headers=there) as listed:
            await listed.hear("connected")
            async with sio_client(site.url, cookie=cookie_of(page), transports=[transport], headers=there) as by_cookie:
                await register(site)
                await listed.hear("queue_updated")
                await by_cookie.emit("heartbeat")
                await by_cookie.hear("heartbeat-ack")
                assert "queue_updated" not in names(by_cookie), "cookies are not honoured across origins"
        async with sio_client(
            site.url, cookie=cookie_of(page), transports=[transport], headers={"Origin": site.url}
        ) as own:
            await register(site, "Ann")
            await own.hear("queue_updated")


async def test_a_session_that_ends_ends_its_sockets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_feed, "SWEEP_S", 0.05)
    monkeypatch.setattr(socketio_door, "RECHECK_S", 0.05)
    async with web(tmp_path) as site:
        await site.add_staff("ana", "nurse")
        page, bearer = await site.page("ana"), await site.bearer("ana")
        access = bearer["Authorization"].removeprefix("Bearer ")
        async with (
            sio_client(site.url, cookie=cookie_of(page)) as by_cookie,
            sio_client(site.url, {"token": access}) as program,
        ):
            await page.post("/api/v1/auth/logout")
            assert (await by_cookie.hear("error"))["code"] == "unauthorized"
            await by_cookie.until(connected=False)
            assert program.connected
            await site.http.post("/api/v1/auth/logout", headers=bearer)
            await program.until(connected=False)


async def test_a_socket_in_no_room_is_disconnected_and_one_in_a_room_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_feed, "SWEEP_S", 0.05)
    async with web(tmp_path) as site:
        visit = await register(site)
        async with sio_client(site.url) as idle, following(site, visit) as phone, sio_client(site.url, STAFF) as staff:
            monkeypatch.setattr(socketio_door, "NO_ROOM_S", 0.2)
            assert (await idle.hear("error"))["code"] == "no_room"
            await idle.until(connected=False)
            assert phone.connected and staff.connected
            await phone.emit("leave-queue", {})
            await phone.until(connected=False)
        async with asyncio.timeout(5):
            while site.app.state.doors.sockets._lines:
                await asyncio.sleep(0.02)


# Limits and strangers


@each_transport
async def test_an_address_holds_a_limited_number_of_sockets(tmp_path: Path, transport: Transport) -> None:
    async with web(tmp_path, options={"live_per_address": 2}) as site:
        more = {"auth": STAFF, "transports": [transport]}
        async with sio_client(site.url, **more), sio_client(site.url, **more):
            with pytest.raises(Refused):
                async with sio_client(site.url, **more):
                    pass
        async with asyncio.timeout(5):
            while site.app.state.doors.sockets._lines:
                await asyncio.sleep(0.02)
        async with sio_client(site.url, **more) as client:
            await client.hear("connected")


async def test_more_than_ten_messages_a_second_end_the_connection(tmp_path: Path) -> None:
    async with web(tmp_path) as site, sio_client(site.url, STAFF) as client:
        for _ in range(30):
            await client.emit("heartbeat")
        assert (await client.hear("error"))["code"] == "too_many"
        await client.until(connected=False)


async def test_what_strangers_send_ends_their_line_and_nobody_elses(tmp_path: Path) -> None:
    async with web(tmp_path) as site, sio_client(site.url, STAFF) as staff:
        address = site.url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket"
        for strange in (
            "4", "42", "4}{", "49", '42{"a":1}', '451-["x",{"_placeholder":true,"num":0}]', b"\x04abc", '44"x"', "9", "",
            "40/admin,", '42["join-queue",' + "[" * 2000, "4" * 5000,
        ):  # fmt: skip
            async with websockets.connect(address, compression=None) as socket:
                await socket.recv()
                await socket.send("40")
                await socket.recv()
                await socket.send(strange)
                with contextlib.suppress(TimeoutError, websockets.ConnectionClosed):
                    async with asyncio.timeout(0.2):
                        while True:
                            await socket.recv()
        for query in (
            "",
            "?EIO=3&transport=polling",
            "?EIO=4&transport=carrier-pigeon",
            "?EIO=4&transport=polling&sid=none",
        ):
            answer = await site.http.get(f"/socket.io/{query}")
            assert 400 <= answer.status_code < 500
            answer = await site.http.post(f"/socket.io/{query}", content="40")
            assert 400 <= answer.status_code < 500
        await register(site)
        await staff.hear("queue_updated")


async def test_long_polls_are_no_requests_of_the_public() -> None:
    served: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        served.append(scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body"})

    async def send(message: Any) -> None:
        pass

    layer = Public(app, RateLimit(1, 1.0), Counter(), is_open=False)
    for path in ("/socket.io", "/socket.io", "/socket.io", "/health", "/health"):
        scope = {"type": "http", "method": "GET", "path": path, "headers": [], "client": ("10.0.0.9", 1)}
        await layer(scope, None, send)  # type: ignore[arg-type]
    assert served == ["/socket.io"] * 3 + ["/health"], "the second of the others was too many"


async def test_a_client_that_reads_nothing_is_cut_off_and_nobody_waits_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socketio_line, "SEND_TIMEOUT_S", 0.3)
    monkeypatch.setattr(queue_feed, "SWEEP_S", 0.1)
    async with web(tmp_path) as site, sio_client(site.url, STAFF) as staff:
        sockets = site.app.state.doors.sockets
        slow = await websockets.connect(
            f"{site.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket", compression=None
        )
        await slow.recv()
        await slow.send('40{"token":"operator-key"}')
        await slow.recv()
        slow.transport.pause_reading()
        async with asyncio.timeout(20):
            while len(sockets._rooms.peers) > 1:
                sockets._rooms.say(list(sockets._rooms.peers.values()), "filling", "x" * 500_000)
                await asyncio.sleep(0.05)
        await register(site)
        await staff.hear("queue_updated")
        slow.transport.abort()


async def test_a_slow_client_skips_states_of_the_queue_but_no_call_and_nothing_that_happened(tmp_path: Path) -> None:
    async with web(tmp_path) as site, sio_client(site.url, STAFF, transports=["websocket"]) as slow:
        sio = site.app.state.doors.sockets._sio
        socket = sio.eio.sockets[sio.manager.eio_sid_from_sid(slow.id, "/")]
        polling, held = socket.poll, asyncio.Event()

        async def slowly() -> Any:
            await held.wait()
            return await polling()

        socket.poll = slowly
        async with sio_client(site.url, STAFF) as other:
            for count in range(1, 11):
                await register(site, f"P{count}")
                await other.hear("queue_updated", lambda p, n=count: len(p["queue"]) == n)
            called = await site.it.accepted(CallNext, doctor_id=site.it.doctor_id)
            await other.hear("queue_updated", lambda p: p["queue"][0]["status"] == "called")
            await site.it.accepted(StartConsultation, visit_id=called["visit"]["id"])
            await other.hear("queue_updated", lambda p: p["queue"][0]["status"] == "in_consultation")
        held.set()
        last = await slow.hear("queue_updated", lambda p: p["queue"][0]["status"] == "in_consultation")
        told = [payload for event, payload in slow.heard if event == "queue_updated"]
        assert len(told) <= 4 and any(payload["queue"][0]["status"] == "called" for payload in told)
        assert told[-1] == last and len(last["queue"]) == 10
        happened = [payload["status"] for event, payload in slow.heard if event == "patient_status_changed"]
        assert happened == ["waiting"] * 10 + ["called", "in_consultation"]


async def test_a_client_too_far_behind_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socketio_door, "BEHIND_MAX", 20)
    async with web(tmp_path) as site, sio_client(site.url, STAFF) as client:
        peers = list(site.app.state.doors.sockets._rooms.peers.values())
        for _ in range(50):
            site.app.state.doors.sockets._rooms.say(peers, "filling", 1)
        await client.until(connected=False)
        assert site.app.state.live_stats.of("socketio").errors >= 1


async def test_a_feed_that_fell_behind_tells_how_things_stand(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visit = await register(site)
        async with sio_client(site.url, STAFF) as staff, following(site, visit) as phone:
            feed = site.app.state.doors.feed
            hearing = feed._hear
            feed._hear = lambda event: None  # what happens now is missed
            await site.it.accepted(StartWith, visit_id=visit["id"], doctor_id=site.it.doctor_id)
            await asyncio.sleep(0)
            feed._hear = hearing
            for subscription in site.it.bus._subscriptions:
                subscription._batches.append(RELOAD)
                subscription._ready.set()
            assert (await staff.hear("patient_status_changed"))["status"] == "in_consultation"
            await staff.hear("queue_updated", lambda p: p["queue"][0]["status"] == "in_consultation")
            await phone.hear("queue-update", lambda p: p["data"]["queue"]["queueStatusCode"] == "in_consultation")


async def test_what_the_sockets_do_is_counted(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visit = await register(site)
        async with following(site, visit) as phone, sio_client(site.url, STAFF) as staff:
            await site.it.call()
            await staff.hear("queue_updated")
            await phone.hear("queue-broadcast")
            found = (await site.http.get("/api/appointments/websocket/stats", headers=OPERATOR)).json()["data"]
            assert found["connectedClients"] == 2 and found["messagesIn"] == 1 and found["messagesOut"] >= 6
            rooms = {room["roomId"]: room["clients"] for room in found["rooms"]}
            assert rooms == {"staff:clinic": 1, f"queue:clinic:{site.it.doctor_id}:{DAY}": 1}
            assert found["latencyMs"]["p95"] > 0
        async with asyncio.timeout(5):
            while site.app.state.live_stats.of("socketio").connected_clients:
                await asyncio.sleep(0.02)


async def test_the_library_is_imported_with_the_first_connection(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        assert site.app.state.doors.sockets._sio is None
        async with sio_client(site.url, STAFF), sio_client(site.url):
            assert site.app.state.doors.sockets._sio is not None


async def test_while_nobody_listens_nothing_is_read(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        faces, reads = site.app.state.faces, []
        reading = faces.house_and
        faces.house_and = lambda look: reads.append(1) or reading(look)
        visit = await register(site)
        await all_told(site)
        assert reads == []
        async with following(site, visit) as phone:
            reads.clear()
            await site.it.call()
            await phone.hear("queue-update")
            assert len(reads) == 1


async def test_every_visit_can_be_followed_whatever_became_of_it(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        it = site.it
        slot = (await it.accepted(AddSlot, slot_id=new_id(), doctor_id=it.doctor_id, day=DAY, start_ms=NOON,
                                  end_ms=NOON + 3_600_000, max_capacity=1))["slot"]["id"]  # fmt: skip

        async def book(name: str) -> dict[str, Any]:
            asked = {"visit_id": new_id(), "new_person_id": new_id(), "person": NewPerson(name), "slot_id": slot}
            return dict((await it.accepted(BookVisit, **asked))["visit"])

        booked, waitlisted = await book("Ann"), await book("Bo")
        gone, missed, parked = [await register(site, name) for name in ("Cy", "Dee", "Eve")]
        await it.accepted(CancelVisit, visit_id=gone["id"])
        await it.accepted(MarkNoShow, visit_id=missed["id"])
        await it.accepted(ParkVisit, visit_id=parked["id"], minutes=5)
        async with sio_client(site.url) as phone:
            for visit, code in (
                (booked, "booked"),
                (waitlisted, "waitlisted"),
                (gone, "cancelled"),
                (missed, "no_show"),
                (parked, "on_hold"),
            ):
                await phone.emit("join-queue", {"token": token_of(site, visit)})
                told = await stands(phone, visit)
                assert told["appointment"]["status"] in (code, "confirmed"), told["queue"]


async def test_a_page_that_upgrades_from_polling_is_one_connection(tmp_path: Path) -> None:
    both: list[Transport] = ["polling", "websocket"]
    one = {"live_per_address": 1}
    async with web(tmp_path, options=one) as site, sio_client(site.url, STAFF, transports=both) as client:
        for number in range(4):
            await register(site, f"P{number}")
            await client.hear("queue_updated", lambda p, n=number: len(p["queue"]) == n + 1)
        assert site.app.state.live_stats.of("socketio").connected_clients == 1
