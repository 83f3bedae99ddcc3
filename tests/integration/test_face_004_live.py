"""Seed 004's WebSocket: central and per doctor, snapshots and changes, with the websockets client the seed shows."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import websockets

from edge.app.bus import RELOAD
from edge.domain.booking_commands import (
    AddPerson,
    AddSlot,
    BookVisit,
    ChangePerson,
    DelaySlot,
    NewPerson,
    RegisterVisit,
)
from edge.domain.commands import (
    AddDoctor,
    CallNext,
    CallVisit,
    CancelVisit,
    ChangeDoctor,
    CheckIn,
    CompleteConsultation,
    IssueToken,
    MarkNoShow,
    ParkVisit,
    RemoveDoctor,
    SkipVisit,
    StartConsultation,
    StartWith,
    TransferVisit,
)
from edge.web import central, central_client, queue_feed
from shared import tokens
from shared.ids import new_id
from tests.clinic import DAY, MORNING
from tests.edge_web import Web, hear, web

OPERATOR = {"Authorization": "Bearer operator-key"}
NOON = int(MORNING.timestamp() * 1000)
HOUR = 3_600_000
PATH = "/api/v1/ws/queue"


def connect(site: Web, path: str = PATH, client: Any = None, **headers: str) -> Any:
    """A connection with the cookies of `client`, or with these headers."""
    if client is not None:
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    return websockets.connect(site.url.replace("http", "ws", 1) + path, additional_headers=headers, compression=None)


async def say(socket: Any, **message: Any) -> None:
    """Send a message."""
    await socket.send(json.dumps(message))


@contextlib.asynccontextmanager
async def subscribed(site: Web, path: str = PATH, client: Any = None, **more: Any) -> AsyncIterator[tuple[Any, Any]]:
    """A connection that has subscribed to DAY, and its snapshot."""
    headers = {} if client is not None else OPERATOR
    async with connect(site, path, client, **headers) as socket:
        await say(socket, **{"action": "subscribe", "date": DAY, **more})
        yield socket, await hear(socket, "snapshot")


async def closed_with(socket: Any) -> tuple[int, dict[str, Any] | None]:
    """The close code, and the last message before it, within 5 s."""
    last = None
    async with asyncio.timeout(5):
        try:
            while True:
                last = json.loads(await socket.recv())
        except websockets.ConnectionClosed as closed:
            return (closed.rcvd.code if closed.rcvd else 1006), last


async def book(site: Web, name: str = "John Doe", **values: Any) -> dict[str, Any]:
    """Somebody books with the doctor for in a quarter of an hour; the visit."""
    given = {
        "visit_id": new_id(), "new_person_id": new_id(), "person": NewPerson(name, "+123", "", 45, "male"),
        "doctor_id": site.it.doctor_id, "due_ms": NOON + 900_000, "day": DAY,
    }  # fmt: skip
    if "slot_id" not in values and not site.it.rows("select 1 from slots where doctor_id = ?", given["doctor_id"]):
        await site.it.accepted(AddSlot, slot_id=new_id(), doctor_id=site.it.doctor_id, day=DAY, start_ms=NOON,
                               end_ms=NOON + HOUR, max_capacity=50)  # fmt: skip
    visit: dict[str, Any] = (await site.it.accepted(BookVisit, **{**given, **values}))["visit"]
    return visit


def entries(message: dict[str, Any]) -> list[dict[str, Any]]:
    """All appointments of a central message."""
    return [entry for doctor in message["data"]["doctors"] for entry in doctor["appointments"]]


def queue_statuses(message: dict[str, Any]) -> list[str | None]:
    """What each appointment's queue entry says."""
    return [entry["queue"] and entry["queue"]["status"] for entry in entries(message)]


async def until_seq(socket: Any, kind: str, seq: int) -> list[dict[str, Any]]:
    """Every message of a kind up to that number."""
    heard = []
    async with asyncio.timeout(5):
        while not heard or heard[-1]["seq"] < seq:
            heard.append(await hear(socket, kind))
    return heard


# The seed's own examples


async def test_the_python_example_of_the_seed_runs_as_written(tmp_path: Path) -> None:
    lines: list[str] = []

    async def monitor_central_queue(uri: str) -> None:  # 004, option 3, but for the address and the sign-in
        async with websockets.connect(uri) as websocket:
            await websocket.send(json.dumps({"action": "subscribe", "date": DAY}))
            async for message in websocket:
                data = json.loads(message)
                lines.append(f"Received: {data['type']}")
                if data["type"] in ["snapshot", "update"]:
                    queue = data["data"]
                    lines.append(f"Date: {queue['date']}")
                    lines.append(f"Total: {queue['total_doctors']} doctors, {queue['total_appointments']} appointments")
                    for doctor_data in queue["doctors"]:
                        doctor = doctor_data["doctor"]
                        lines.append(f"Dr. {doctor['name']} ({doctor['specialty']}):")
                        lines.append(
                            f"  {doctor_data['total_appointments']} appointments, "
                            f"{doctor_data['checked_in_count']} checked in"
                        )
                        for appt in doctor_data["appointments"]:
                            status = f"[{appt['queue']['status']}]" if appt["queue"] else ""
                            lines.append(f"    Slot {appt['slot']}: {appt['patient']['name']} {status}")

    async with web(tmp_path) as site:
        await site.it.accepted(ChangeDoctor, doctor_id=site.it.doctor_id, specialization="Cardiology")
        visit = await book(site)
        uri = f"{site.url.replace('http', 'ws')}{PATH}?token=operator-key"
        watching = asyncio.create_task(monitor_central_queue(uri))
        async with asyncio.timeout(5):
            while not lines:
                await asyncio.sleep(0.01)
            answer = await site.http.post(
                "/api/v1/checkins", headers=OPERATOR,
                json={"appointment_id": visit["id"], "patient_id": visit["person_id"]},
            )  # fmt: skip
            assert answer.status_code == 201
            while len(lines) < 12:
                await asyncio.sleep(0.01)
        watching.cancel()
        head = [f"Date: {DAY}", "Total: 1 doctors, 1 appointments", "Dr. Dr. Rao (Cardiology):"]
        assert lines == [
            "Received: snapshot", *head, "  1 appointments, 0 checked in", "    Slot 1: John Doe ",
            "Received: update", *head, "  1 appointments, 1 checked in", "    Slot 1: John Doe [checked_in]",
        ]  # fmt: skip


async def test_a_snapshot_has_every_field_of_the_seed_and_the_added_ones(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        it = site.it
        await it.accepted(ChangeDoctor, doctor_id=it.doctor_id, specialization="Cardiology")
        second = new_id()
        await it.accepted(AddDoctor, doctor_id=second, name="Dr. Iyer", specialization="Neurology", code="NEU")
        visit = await book(site)
        await it.accepted(CheckIn, visit_id=visit["id"])
        press = await it.accepted(
            RegisterVisit, visit_id=new_id(), new_person_id=new_id(), person=NewPerson("Ann"), doctor_id="2"
        )
        await it.issue()
        async with subscribed(site) as (_, snapshot):
            data = snapshot["data"]
            assert data.keys() >= {
                "date",
                "total_appointments",
                "total_doctors",
                "doctors",
                "timestamp",
                "unassigned",
                "seq",
            }
            assert (data["date"], data["total_appointments"], data["total_doctors"]) == (DAY, 2, 2)
            assert data["timestamp"] == "2026-11-20T13:30:00.000+05:30"
            rao, iyer = data["doctors"]
            assert rao["doctor"].items() >= {
                "id": it.doctor_id, "name": "Dr. Rao", "code": "DOC001", "specialty": "Cardiology",
            }.items()  # fmt: skip
            assert (iyer["doctor"]["code"], iyer["doctor"]["id"]) == ("NEU", second)
            assert {name: rao[name] for name in rao.keys() - {"doctor", "appointments"}} == {
                "total_appointments": 1, "checked_in_count": 1, "is_active": True, "is_on_break": False,
                "capacity": 50, "remaining": 49,
            }  # fmt: skip
            (entry,) = rao["appointments"]
            assert entry == {
                "appointment_id": visit["id"], "slot": 1, "status": "confirmed", "number": visit["number"],
                "number_printed": "A-001",
                "patient": {"id": visit["person_id"], "name": "John Doe", "phone": "+123", "age": 45, "gender": "male"},
                "queue": {
                    "position": 1, "checked_in_at": "2026-11-20T13:30:00.000+05:30", "called_at": None,
                    "completed_at": None, "status": "checked_in",
                },
            }  # fmt: skip
            assert iyer["appointments"][0]["appointment_id"] == press["visit"]["id"]
            (nobodys,) = data["unassigned"]
            assert nobodys["number_printed"] == "A-003" and nobodys["slot"] is None, "outside the counts"
            assert nobodys["patient"] == {"id": None, "name": "A-003", "phone": None, "age": None, "gender": None}


async def test_statuses_are_the_words_of_decision_6(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        it = site.it
        visits = {}
        for name in (
            "booked",
            "waitlisted",
            "waiting",
            "called",
            "parked",
            "completed",
            "missed",
            "never",
            "cancelled",
        ):
            visits[name] = await book(site, name)
        for name in ("called", "completed", "parked", "missed", "waiting"):
            await it.accepted(CheckIn, visit_id=visits[name]["id"])
        await it.accepted(StartWith, visit_id=visits["completed"]["id"], doctor_id=it.doctor_id)
        await it.accepted(CompleteConsultation, visit_id=visits["completed"]["id"])
        await it.accepted(ParkVisit, visit_id=visits["parked"]["id"], minutes=5)
        await it.accepted(CancelVisit, visit_id=visits["cancelled"]["id"])
        await it.accepted(MarkNoShow, visit_id=visits["never"]["id"])
        await it.accepted(MarkNoShow, visit_id=visits["missed"]["id"])
        await it.accepted(CallVisit, visit_id=visits["called"]["id"], doctor_id=it.doctor_id)
        full = (await it.accepted(AddSlot, slot_id=new_id(), doctor_id=it.doctor_id, day=DAY, start_ms=NOON + HOUR,
                                  end_ms=NOON + 2 * HOUR, max_capacity=1))["slot"]["id"]  # fmt: skip
        await book(site, "taker", slot_id=full, doctor_id=None, due_ms=None)
        await it.accepted(CancelVisit, visit_id=visits["waitlisted"]["id"])
        assert (await book(site, "waitlisted", slot_id=full, doctor_id=None, due_ms=None))["status"] == "waitlisted"
        async with subscribed(site) as (_, snapshot):
            shown = {entry["patient"]["name"]: entry for entry in entries(snapshot)}
            assert {name: (entry["status"], entry["queue"] and entry["queue"]["status"]) for name, entry in shown.items()} == {
                "booked": ("confirmed", None), "waiting": ("confirmed", "checked_in"), "called": ("confirmed", "called"),
                "parked": ("confirmed", "on_hold"), "completed": ("completed", "completed"),
                "missed": ("no_show", "no_show"), "never": ("no_show", None), "taker": ("confirmed", None),
            }, "waitlisted and cancelled ones are left out"  # fmt: skip
            positions = {name: entry["queue"]["position"] for name, entry in shown.items() if entry["queue"]}
            assert positions == {"called": 0, "waiting": 1, "parked": None, "completed": None, "missed": None}
            assert shown["completed"]["queue"]["completed_at"] == "2026-11-20T13:30:00.000+05:30"
            (doctor,) = snapshot["data"]["doctors"]
            assert (doctor["total_appointments"], doctor["checked_in_count"]) == (8, 5)


# Messages


async def test_a_day_with_nothing_has_a_snapshot_too_and_no_date_is_today(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await book(site)
        async with subscribed(site, date="2030-01-01") as (socket, snapshot):
            assert snapshot["data"]["date"] == "2030-01-01" and entries(snapshot) == []
            assert snapshot["data"]["total_doctors"] == 1, "active doctors are listed also with nothing booked"
            await say(socket, action="subscribe")
            assert (await hear(socket, "snapshot"))["data"]["date"] == DAY


async def test_ping_and_unsubscribe_are_answered_and_then_nothing_comes(tmp_path: Path) -> None:
    async with web(tmp_path) as site, subscribed(site) as (socket, _), subscribed(site) as (other, _):
        await say(socket, action="ping")
        assert await hear(socket, "pong") == {"type": "pong", "timestamp": "2026-11-20T13:30:00.000+05:30"}
        await say(socket, action="unsubscribe")
        assert json.loads(await socket.recv()) == {"type": "unsubscribed"}
        await book(site)
        await hear(other, "update")
        await say(socket, action="ping")
        assert json.loads(await socket.recv())["type"] == "pong", "no update came before it"
        await say(socket, action="subscribe", date=DAY)
        assert len(entries(await hear(socket, "snapshot"))) == 1


async def test_a_new_subscribe_replaces_the_old_one(tmp_path: Path) -> None:
    async with web(tmp_path) as site, subscribed(site, date="2030-01-01") as (socket, _):
        await say(socket, action="subscribe", date=DAY)
        assert (await hear(socket, "snapshot"))["data"]["date"] == DAY
        await site.it.accepted(AddDoctor, doctor_id=new_id(), name="Dr. Iyer")  # changes both dates
        assert (await hear(socket, "update"))["data"]["date"] == DAY
        await say(socket, action="ping")
        assert json.loads(await socket.recv())["type"] == "pong"


async def test_a_message_that_is_none_is_answered_with_an_error_and_the_connection_stays(tmp_path: Path) -> None:
    async with web(tmp_path, options={"live_messages_per_s": 50}) as site:
        for message, code in (
            ("no json", "not_json"), (b"\x00\xff", "not_json"), ("[]", "wrong_shape"), ("{}", "unknown_action"),
            ('{"action":"dance"}', "unknown_action"), ('{"action":"subscribe","date":"tomorrow"}', "bad_date"),
            ('{"action":"subscribe","date":"2026-02-30"}', "bad_date"), ('{"action":"subscribe","date":20261120}', "bad_date"),
            ('{"action":"subscribe","mode":"fast"}', "bad_mode"), ('{"action":"subscribe","resume":{"seq":"x"}}', "bad_resume"),
            ('{"action":"ping","x":"' + "y" * 5000 + '"}', "too_long"),
        ):  # fmt: skip
            async with connect(site, **OPERATOR) as socket:
                await socket.send(message)
                error = await hear(socket, "error")
                assert error.keys() == {"type", "code", "message"} and error["code"] == code and error["message"]
                await say(socket, action="ping")
                assert (await hear(socket, "pong"))["type"] == "pong"


async def test_ten_wrong_messages_in_a_minute_end_the_connection(tmp_path: Path) -> None:
    async with web(tmp_path, options={"live_messages_per_s": 50}) as site, connect(site, **OPERATOR) as socket:
        for _ in range(9):
            await socket.send("no json")
            assert (await hear(socket, "error"))["code"] == "not_json"
        await say(socket, action="ping")
        await hear(socket, "pong")
        await socket.send("no json")
        assert (await closed_with(socket))[0] == 1008


async def test_more_than_ten_messages_a_second_end_the_connection(tmp_path: Path) -> None:
    async with web(tmp_path) as site, connect(site, **OPERATOR) as socket:
        for _ in range(30):
            await say(socket, action="ping")
        code, last = await closed_with(socket)
        assert code == 1008 and last is not None and last["code"] == "too_many"


# Updates


async def test_whatever_face_causes_it_everybody_of_the_date_gets_an_update(tmp_path: Path) -> None:
    async with web(tmp_path) as site, subscribed(site) as (socket, _), subscribed(site) as (second, _):
        it = site.it
        second_doctor = new_id()
        await it.accepted(AddDoctor, doctor_id=second_doctor, name="Dr. Iyer")
        assert (await hear(socket, "update"))["data"]["total_doctors"] == 2

        async def told(path: str, said: Any = None, method: str = "POST") -> tuple[dict[str, Any], dict[str, Any]]:
            answer = await site.http.request(method, path, json=said, headers=OPERATOR)
            assert answer.status_code < 300, answer.text
            return answer.json(), await hear(socket, "update")

        here, update = await told("/api/patients/register", {"name": "Ann", "doctor_id": 1})
        assert queue_statuses(update) == ["checked_in"]
        _, update = await told("/api/doctors/1/start-consultation", {"patient_id": here["id"]})
        assert queue_statuses(update) == ["called"], "the call is told by itself, although one command did both"
        assert queue_statuses(await hear(socket, "update")) == ["in_consultation"]
        _, update = await told("/api/doctors/1/complete-consultation")
        assert queue_statuses(update) == ["completed"]
        slot, update = await told("/api/v1/slots/", {
            "doctor": second_doctor, "start_time": "2026-11-20T15:00:00", "end_time": "2026-11-20T16:00:00", "max_capacity": 1,
        })  # fmt: skip
        assert update["data"]["doctors"][1]["remaining"] == 1
        person = await it.accepted(AddPerson, person_id=new_id(), person=NewPerson("Bob"))
        token, update = await told(
            "/api/v1/tokens/", {"slot_id": slot["id"], "patient_id": person["person"]["id"], "category": "ONLINE"}
        )
        assert [entry["patient"]["name"] for entry in entries(update)] == ["Ann", "Bob"]
        assert (update["data"]["doctors"][1]["capacity"], update["data"]["doctors"][1]["remaining"]) == (1, 0)
        _, update = await told("/api/v1/checkins", {"appointment_id": token["id"], "patient_id": token["patient_id"]})
        assert update["data"]["doctors"][1]["checked_in_count"] == 1, "arrived, also when too early for the queue"
        assert queue_statuses(update)[1] is None
        _, update = await told(f"/api/v1/tokens/{token['id']}/", method="DELETE")
        assert [entry["patient"]["name"] for entry in entries(update)] == ["Ann"]
        _, update = await told("/api/staff/toggle-doctor/2", {"is_on_break": True}, "PUT")
        assert update["data"]["doctors"][1]["is_on_break"] is True
        others = await until_seq(second, "update", update["seq"])
        assert others[-1] == update, "everybody hears the same"


async def test_several_changes_within_a_tenth_of_a_second_share_an_update(tmp_path: Path) -> None:
    async with web(tmp_path) as site, subscribed(site) as (socket, first):
        await asyncio.gather(*(site.it.issue() for _ in range(60)))
        update = await hear(socket, "update", lambda m: len(m["data"]["unassigned"]) == 60)
        assert update["seq"] - first["seq"] < 20


async def test_no_call_falls_between_two_updates_however_fast_it_goes_on(tmp_path: Path) -> None:
    async with web(tmp_path) as site, subscribed(site) as (socket, _), subscribed(site, mode="delta") as (deltas, _):
        it = site.it
        doctors = [it.doctor_id, new_id()]
        await it.accepted(AddDoctor, doctor_id=doctors[1], name="Dr. Iyer")
        expected: list[list[str]] = [[], []]
        for _ in range(8):
            await it.issue()
        for turn in range(8):
            called = (await it.accepted(CallNext, doctor_id=doctors[turn % 2]))["visit"]
            expected[turn % 2].append(called["token"])
            await it.accepted(StartConsultation, visit_id=called["id"])
            await it.accepted(CompleteConsultation, visit_id=called["id"])
        seen: list[str] = []
        order = ("checked_in", "called", "in_consultation", "completed")
        stage: dict[str, int] = {}
        async with asyncio.timeout(5):
            while True:
                update = await hear(socket, "update")
                seen += [e["number_printed"] for e in entries(update) if e["queue"]["status"] == "called"]
                for entry in entries(update):
                    at = order.index(entry["queue"]["status"])
                    assert at >= stage.get(entry["number_printed"], 0), "nobody goes back"
                    stage[entry["number_printed"]] = at
                if queue_statuses(update) == ["completed"] * 8:
                    break
        for of_doctor in expected:
            assert [token for token in dict.fromkeys(seen) if token in of_doctor] == of_doctor
        heard = await until_seq(deltas, "delta", update["seq"])
        changes = [c["appointment"] for delta in heard for c in delta["data"]["changes"] if "appointment" in c]
        called_in_deltas = [a["number_printed"] for a in changes if a["queue"]["status"] == "called"]
        for of_doctor in expected:
            assert [token for token in dict.fromkeys(called_in_deltas) if token in of_doctor] == of_doctor


async def test_everybody_behind_moves_up_and_is_told_so(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visits = [await book(site, name) for name in ("Ann", "Bob", "Cy")]
        for visit in visits:
            await site.it.accepted(CheckIn, visit_id=visit["id"])
        async with subscribed(site) as (socket, snapshot), subscribed(site, mode="delta") as (deltas, _):
            assert [entry["queue"]["position"] for entry in entries(snapshot)] == [1, 2, 3]
            await site.it.call()
            assert [entry["queue"]["position"] for entry in entries(await hear(socket, "update"))] == [0, 1, 2]
            told = (await hear(deltas, "delta"))["data"]["changes"]
            assert {c["appointment"]["patient"]["name"]: c["appointment"]["queue"]["position"] for c in told} == {
                "Ann": 0, "Bob": 1, "Cy": 2,
            }  # fmt: skip


async def test_the_same_patient_called_twice_at_once_is_shown_twice(tmp_path: Path) -> None:
    async with web(tmp_path) as site, subscribed(site) as (socket, _):
        it = site.it
        await it.issue()
        await hear(socket, "update")
        async with site.app.state.doors.feed.between_rounds():
            first = await it.call()
            await it.accepted(SkipVisit, visit_id=first["visit"]["id"])
            it.pass_time(1)
            second = await it.call()
            await it.accepted(StartConsultation, visit_id=second["visit"]["id"])
        times = []
        async with asyncio.timeout(5):
            while True:
                (entry,) = entries(await hear(socket, "update"))
                if entry["queue"]["status"] == "called":
                    times.append(entry["queue"]["called_at"][17:19])
                if entry["queue"]["status"] == "in_consultation":
                    break
        assert times == ["00", "01"]


async def test_a_subscription_is_never_older_than_the_last_commit(tmp_path: Path) -> None:
    async with web(tmp_path) as site, subscribed(site) as (other, _):
        for count in range(1, 12):
            await site.it.issue()  # its update is still on the way when the next one subscribes
            async with subscribed(site) as (_, snapshot):
                assert len(snapshot["data"]["unassigned"]) == count
        await hear(other, "update", lambda m: len(m["data"]["unassigned"]) == 11)


async def test_who_it_is_changes_on_the_screens_when_it_is_corrected(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visit = await book(site)
        async with subscribed(site) as (socket, _):
            await site.it.accepted(ChangePerson, person_id=visit["person_id"], changes={"name": "Jane Doe"})
            assert entries(await hear(socket, "update"))[0]["patient"]["name"] == "Jane Doe"


async def test_a_doctor_who_left_goes_from_the_list_and_one_with_visits_stays(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        it, second = site.it, new_id()
        await it.accepted(AddDoctor, doctor_id=second, name="Dr. Iyer")
        visit = await book(site)
        async with subscribed(site) as (socket, _), subscribed(site, mode="delta") as (deltas, _):
            await it.accepted(RemoveDoctor, doctor_id=second)
            assert (await hear(socket, "update"))["data"]["total_doctors"] == 1
            gone = (await hear(deltas, "delta"))["data"]
            assert gone["changes"] == [{"doctor_id": second, "doctor_removed": True}]
            assert gone["totals"] == {"total_appointments": 1, "total_doctors": 1}
            await it.accepted(CheckIn, visit_id=visit["id"])
            await it.accepted(ChangeDoctor, doctor_id=it.doctor_id, is_active=False)
            update = await hear(socket, "update", lambda m: not m["data"]["doctors"][0]["is_active"])
            assert len(entries(update)) == 1


# Per doctor


@pytest.mark.parametrize("by_number", [True, False])
async def test_per_doctor_the_data_is_one_doctors_entry(tmp_path: Path, by_number: bool) -> None:
    async with web(tmp_path) as site:
        it, second = site.it, new_id()
        await it.accepted(AddDoctor, doctor_id=second, name="Dr. Iyer", specialization="Neurology")
        path = f"{PATH}/{2 if by_number else second}"
        async with (
            subscribed(site, path) as (socket, snapshot),
            subscribed(site, path + "/", mode="delta") as (deltas, _),
        ):
            data = snapshot["data"]
            assert data.keys() >= {
                "date",
                "doctor",
                "total_appointments",
                "checked_in_count",
                "appointments",
                "timestamp",
            }
            assert (data["doctor"]["id"], data["date"], data["appointments"]) == (second, DAY, [])
            await book(site, doctor_id=it.doctor_id)
            assert (await hear(socket, "update"))["data"]["appointments"] == [], "told, whichever doctor it concerns"
            assert (await hear(deltas, "delta"))["data"]["changes"] == []
            await it.accepted(
                RegisterVisit, visit_id=new_id(), new_person_id=new_id(), person=NewPerson("Ann"), doctor_id=second
            )
            update = await hear(socket, "update", lambda m: bool(m["data"]["appointments"]))
            assert update["data"]["appointments"][0]["patient"]["name"] == "Ann"
            assert update["data"]["checked_in_count"] == 1
            delta = await hear(deltas, "delta", lambda m: bool(m["data"]["changes"]))
            assert delta["data"]["totals"]["checked_in_count"] == 1


async def test_an_unknown_doctor_is_told_and_closed(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        for unknown in ("99", new_id(), "Smith"):
            async with connect(site, f"{PATH}/{unknown}", **OPERATOR) as socket:
                code, last = await closed_with(socket)
                assert code == 1008 and last is not None and last["code"] == "not_found"


# Delta and resume


def applied(data: dict[str, Any], delta: dict[str, Any]) -> dict[str, Any]:
    """What a client makes of a snapshot's data and a delta, as the interface describes it."""
    doctors = {entry["doctor"]["id"]: entry for entry in data["doctors"]}
    for change in delta["data"]["changes"]:
        doctor_id = change["doctor_id"]
        if change.get("doctor_removed"):
            del doctors[doctor_id]
            continue
        if doctor_id is None:
            listed = data["unassigned"]
        else:
            entry = doctors.setdefault(doctor_id, {"appointments": []})
            entry |= change.get("counts", {})
            if "doctor" in change:
                entry["doctor"] = change["doctor"]
            listed = entry["appointments"]
        gone = change.get("removed") or change.get("appointment", {}).get("appointment_id")
        listed[:] = [one for one in listed if one["appointment_id"] != gone]
        if "appointment" in change:
            listed.append(change["appointment"])
            listed.sort(key=lambda one: (one["slot"] is None, one["slot"] or 0, one["number"]))
    in_order = sorted(doctors.values(), key=lambda entry: entry["doctor"]["number"])
    return {**data, **delta["data"]["totals"], "doctors": in_order, "seq": delta["seq"]}


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_deltas_lead_to_what_a_snapshot_shows(tmp_path: Path, seed: int) -> None:
    import random

    chance = random.Random(seed)
    async with web(tmp_path) as site, subscribed(site) as (whole, _), subscribed(site, mode="delta") as (socket, first):
        it, second = site.it, new_id()
        await it.accepted(AddDoctor, doctor_id=second, name="Dr. Iyer")
        visits: list[str] = []
        for turn in range(60):
            doctor_id = chance.choice((it.doctor_id, second))
            visit_id = chance.choice(visits) if visits else ""
            acts = [
                lambda: it.do(IssueToken),
                lambda d=doctor_id: it.do(CallNext, doctor_id=d),
                lambda d=doctor_id, n=turn: it.do(RegisterVisit, visit_id=new_id(), new_person_id=new_id(),
                                                  person=NewPerson(f"P{n}"), doctor_id=d),
                lambda v=visit_id: it.do(StartConsultation, visit_id=v),
                lambda v=visit_id: it.do(CompleteConsultation, visit_id=v),
                lambda v=visit_id: it.do(SkipVisit, visit_id=v),
                lambda v=visit_id: it.do(CancelVisit, visit_id=v),
                lambda v=visit_id: it.do(ParkVisit, visit_id=v, minutes=1),
                lambda v=visit_id, d=doctor_id: it.do(TransferVisit, visit_id=v, doctor_id=d),
                lambda d=doctor_id: it.do(ChangeDoctor, doctor_id=d, is_on_break=chance.random() < 0.5),
            ]  # fmt: skip
            outcome = await chance.choice(acts)()
            visit = getattr(outcome, "result", {}).get("visit")
            if visit:
                visits.append(visit["id"])
        await book(site, "the last one", due_ms=NOON + 1_200_000)
        last = await hear(whole, "update", lambda m: any(e["patient"]["name"] == "the last one" for e in entries(m)))
        shown, seq = first["data"], first["seq"]
        for delta in await until_seq(socket, "delta", last["seq"]):
            assert (delta["prev"], delta["stream"]) == (seq, first["stream"])
            seq, shown = delta["seq"], applied(shown, delta)
        assert {**shown, "timestamp": ""} == {**last["data"], "timestamp": ""}


async def test_a_delta_grows_with_the_change_and_not_with_the_queue(tmp_path: Path) -> None:
    async with web(tmp_path) as site, subscribed(site) as (whole, _), subscribed(site, mode="delta") as (socket, _):
        sizes = {}
        for count in (5, 80):
            while site.it.rows("select count(*) from visits")[0][0] < count:
                await site.it.issue()
            await hear(whole, "update", lambda m, n=count: len(m["data"]["unassigned"]) == n)
            await site.it.issue()
            update = await hear(whole, "update", lambda m, n=count: len(m["data"]["unassigned"]) == n + 1)
            (delta, *_) = [d for d in await until_seq(socket, "delta", update["seq"]) if d["seq"] == update["seq"]]
            sizes[count] = (len(json.dumps(delta)), len(json.dumps(update)))
        assert sizes[80][0] < 1.1 * sizes[5][0] and sizes[80][1] > 8 * sizes[5][1], sizes


async def test_who_comes_back_gets_what_was_missed_and_nothing_else(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        async with subscribed(site, mode="delta") as (_, snapshot):
            known = {"stream": snapshot["stream"], "seq": snapshot["seq"]}
        assert snapshot["data"]["stream"] == known["stream"] and snapshot["data"]["seq"] == known["seq"]
        async with connect(site, **OPERATOR) as socket:
            await say(socket, action="subscribe", date=DAY, mode="delta", resume=known)
            nothing = json.loads(await socket.recv())
            assert (nothing["type"], nothing["prev"], nothing["seq"]) == ("delta", known["seq"], known["seq"])
            assert nothing["data"]["changes"] == []
        async with subscribed(site) as (whole, _):
            await site.it.issue()
            await hear(whole, "update")
            called = await site.it.call()
            await site.it.accepted(StartConsultation, visit_id=called["visit"]["id"])
            last = await hear(whole, "update", lambda m: queue_statuses(m) == ["in_consultation"])
        async with connect(site, **OPERATOR) as socket:
            await say(socket, action="subscribe", date=DAY, mode="delta", resume=known)
            shown, statuses = snapshot["data"], []
            for delta in await until_seq(socket, "delta", last["seq"]):
                assert delta["prev"] == shown["seq"]
                shown = applied(shown, delta)
                statuses += [
                    c["appointment"]["queue"]["status"] for c in delta["data"]["changes"] if "appointment" in c
                ]
            assert {**shown, "timestamp": ""} == {**last["data"], "timestamp": ""}
            assert "called" in statuses, "the call that was missed is among it"
            await site.it.issue()
            assert (await hear(socket, "delta"))["prev"] == shown["seq"]


@pytest.mark.parametrize("resume", [{"stream": "0123456789abcdef", "seq": 1}, {"seq": 999}])
async def test_who_comes_back_too_late_is_told_to_reload(tmp_path: Path, resume: dict[str, Any]) -> None:
    async with web(tmp_path) as site, subscribed(site, mode="delta") as (_, first), connect(site, **OPERATOR) as socket:
        await say(socket, action="subscribe", date=DAY, mode="delta", resume={"stream": first["stream"], **resume})
        assert json.loads(await socket.recv()) == {"type": "reload", "reason": "resumed_too_late"}
        assert json.loads(await socket.recv())["type"] == "snapshot"


# Who may


async def test_without_a_credential_it_says_why_and_closes(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        kiosk = await site.screen("kiosk")
        for path, client, headers, code in (
            (PATH, None, {}, "unauthorized"), (f"{PATH}/1", None, {}, "unauthorized"),
            (f"{PATH}?token=guess", None, {}, "unauthorized"), (PATH, kiosk, {}, "not_allowed"),
            (PATH, None, {"Authorization": "Bearer guess"}, "unauthorized"),
            (PATH, None, {**OPERATOR, "Origin": "http://evil.example"}, "origin"),
        ):  # fmt: skip
            async with connect(site, path, client, **headers) as socket:
                closed, last = await closed_with(socket)
                assert closed == 1008 and last is not None and (last["type"], last["code"]) == ("error", code), path


async def test_cookie_bearer_and_a_token_in_the_address_all_do(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await site.add_staff("ana", "nurse")
        page, bearer = await site.page("ana"), await site.bearer("ana")
        token = bearer["Authorization"].removeprefix("Bearer ")
        for path, client, headers in ((PATH, page, {}), (PATH, None, bearer), (f"{PATH}?token={token}", None, {}),
                                      (PATH, page, {"Origin": site.url})):  # fmt: skip
            async with connect(site, path, client, **headers) as socket:
                await say(socket, action="subscribe")
                assert (await hear(socket, "snapshot"))["data"]["date"] == DAY


async def test_a_page_of_an_origin_that_is_listed_may_with_a_token_but_not_with_the_cookie(tmp_path: Path) -> None:
    async with web(tmp_path, options={"cors_origins": ("https://app.example",)}) as site:
        await site.add_staff("ana", "nurse")
        page, there = await site.page("ana"), {"Origin": "https://app.example"}
        async with connect(site, f"{PATH}?token=operator-key", **there) as socket:
            await say(socket, action="subscribe")
            await hear(socket, "snapshot")
        async with connect(site, PATH, page, **there) as socket:
            assert (await closed_with(socket))[1]["code"] == "unauthorized"  # type: ignore[index]


@pytest.mark.parametrize("names", [False, True])
async def test_a_screen_sees_tokens_where_names_would_stand_unless_the_site_allows_names(
    tmp_path: Path, names: bool
) -> None:
    async with web(tmp_path, options={"names_on_screens": names}) as site:
        visit = await book(site)
        screen = await site.screen("display")
        async with (
            subscribed(site, client=screen) as (socket, snapshot),
            subscribed(site, client=screen, mode="delta") as (deltas, _),
        ):
            shown = "John Doe" if names else f"#{visit['number']}"
            assert entries(snapshot)[0]["patient"] == {
                "id": None,
                "name": shown,
                "phone": None,
                "age": None,
                "gender": None,
            }
            await site.it.accepted(CheckIn, visit_id=visit["id"])
            update, delta = await hear(socket, "update"), await hear(deltas, "delta")
            patient = {"id": None, "name": "John Doe" if names else "A-001", "phone": None, "age": None, "gender": None}
            assert entries(update)[0]["patient"] == patient == delta["data"]["changes"][0]["appointment"]["patient"]
            for message in (snapshot, update, delta):
                assert "+123" not in json.dumps(message) and (names or "John" not in json.dumps(message))


async def test_a_session_that_ends_ends_the_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_feed, "SWEEP_S", 0.05)
    monkeypatch.setattr(central, "RECHECK_S", 0.05)
    async with web(tmp_path) as site:
        await site.add_staff("ana", "nurse")
        page, bearer = await site.page("ana"), await site.bearer("ana")
        async with subscribed(site, client=page) as (socket, _), connect(site, **bearer) as program:
            await say(program, action="subscribe")
            await hear(program, "snapshot")
            await page.post("/api/v1/auth/logout")
            code, last = await closed_with(socket)
            assert code == 1008 and last is not None and last["code"] == "unauthorized"
            await say(program, action="ping")
            await hear(program, "pong")  # another session of the same account goes on
            await site.http.post("/api/v1/auth/logout", headers=bearer)
            assert (await closed_with(program))[0] == 1008


async def test_an_access_token_that_runs_out_ends_nothing_while_its_session_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_feed, "SWEEP_S", 0.05)
    monkeypatch.setattr(central, "RECHECK_S", 0.05)
    async with web(tmp_path) as site:
        await site.add_staff("bot", "nurse")
        bearer = await site.bearer("bot")
        async with connect(site, **bearer) as program:
            await say(program, action="subscribe")
            await hear(program, "snapshot")
            later_s = tokens.wall_s() + 1_000
            monkeypatch.setattr(tokens, "wall_s", lambda: later_s)
            assert (await site.http.get("/api/v1/auth/me", headers=bearer)).status_code == 401
            (client,) = site.app.state.doors.central._clients
            checked_s = client.checked_s
            async with asyncio.timeout(5):
                while client.checked_s == checked_s:
                    await asyncio.sleep(0.02)
            await site.it.issue()
            await hear(program, "update")


async def test_a_connection_that_subscribes_to_nothing_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_feed, "SWEEP_S", 0.02)
    monkeypatch.setattr(central, "WATCH_WITHIN_S", 0.1)
    async with web(tmp_path) as site, subscribed(site) as (watching, _), connect(site, **OPERATOR) as socket:
        code, last = await closed_with(socket)
        assert code == 1008 and last is not None and last["code"] == "nothing_watched"
        await say(watching, action="ping")
        await hear(watching, "pong")


# Limits


async def test_an_address_holds_a_limited_number_of_connections(tmp_path: Path) -> None:
    async with web(tmp_path, options={"live_per_address": 2}) as site:
        async with subscribed(site), subscribed(site), connect(site, **OPERATOR) as third:
            code, last = await closed_with(third)
            assert code == 1013 and last is not None and last["code"] == "too_many"
        async with asyncio.timeout(5):
            while site.app.state.live_stats.of("websocket").connected_clients:
                await asyncio.sleep(0.01)
        async with subscribed(site):
            pass


async def test_an_account_holds_a_limited_number_of_subscriptions(tmp_path: Path) -> None:
    async with web(tmp_path, options={"subscriptions_per_account": 2}) as site:
        await site.add_staff("ana", "nurse")
        page = await site.page("ana")
        async with (
            subscribed(site, client=page),
            subscribed(site, client=page) as (second, _),
            connect(site, client=page) as third,
        ):
            await say(second, action="subscribe", date="2030-01-01")  # the same subscription, another date
            await hear(second, "snapshot")
            await say(third, action="subscribe")
            code, last = await closed_with(third)
            assert code == 1008 and last is not None and last["code"] == "too_many_subscriptions"
            async with subscribed(site):
                pass  # another account


async def test_a_slow_client_is_told_to_reload_and_given_a_fresh_snapshot(tmp_path: Path) -> None:
    async with web(tmp_path) as site, subscribed(site, mode="delta") as (socket, _):
        (client,) = site.app.state.doors.central._clients
        sending = client.socket.send_text
        held = asyncio.Event()

        async def slowly(text: str) -> None:
            await held.wait()
            await sending(text)

        client.socket.send_text = slowly
        async with subscribed(site) as (other, _):
            for count in range(1, central_client.BUFFER_MAX + 4):
                await site.it.issue()
                await hear(other, "update", lambda m, n=count: len(m["data"]["unassigned"]) == n)
            held.set()
            await hear(socket, "reload", lambda m: m["reason"] == "too_slow")
            snapshot = json.loads(await socket.recv())
            assert snapshot["type"] == "snapshot"
            seq, waiting = snapshot["seq"], len(snapshot["data"]["unassigned"])
            await site.it.issue()
            await hear(other, "update")
            while waiting < count + 1:
                delta = await hear(socket, "delta")
                assert delta["prev"] == seq
                seq, waiting = delta["seq"], waiting + len(delta["data"]["changes"])


async def test_a_slow_client_of_whole_states_skips_states_but_no_call(tmp_path: Path) -> None:
    async with web(tmp_path) as site, subscribed(site) as (socket, _):
        (client,) = site.app.state.doors.central._clients
        sending, held = client.socket.send_text, asyncio.Event()

        async def slowly(text: str) -> None:
            await held.wait()
            await sending(text)

        client.socket.send_text = slowly
        async with subscribed(site) as (other, _):
            for count in itertools.count(1):
                await site.it.issue()
                await hear(other, "update", lambda m, n=count: len(m["data"]["unassigned"]) == n)
                if count == 2 * central_client.BUFFER_MAX:
                    break
            called = await site.it.call()
            await hear(other, "update", lambda m: "called" in queue_statuses(m))
            await site.it.accepted(StartConsultation, visit_id=called["visit"]["id"])
            last = await hear(other, "update", lambda m: "in_consultation" in queue_statuses(m))
        held.set()
        heard = await until_seq(socket, "update", last["seq"])
        assert len(heard) < 6 and any("called" in queue_statuses(update) for update in heard)


async def test_a_client_that_reads_nothing_is_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(central_client, "SEND_TIMEOUT_S", 0.3)
    monkeypatch.setattr(queue_feed, "SWEEP_S", 0.1)
    async with web(tmp_path) as site, subscribed(site) as (reading, _):
        slow = await connect(site, **OPERATOR)
        await say(slow, action="subscribe")
        await hear(slow, "snapshot")
        slow.transport.pause_reading()
        (client,) = [c for c in site.app.state.doors.central._clients if c.socket.client.port == slow.local_address[1]]
        async with asyncio.timeout(20):
            while client in site.app.state.doors.central._clients:
                client.put(json.dumps({"type": "update", "filling": "x" * 1_000_000}))
                await asyncio.sleep(0.02)
        await site.it.issue()
        await hear(reading, "update")
        slow.transport.abort()


async def test_a_feed_that_fell_behind_reads_everything_anew_and_says_so(tmp_path: Path) -> None:
    async with web(tmp_path) as site, subscribed(site) as (socket, _), subscribed(site, mode="delta") as (deltas, _):
        feed = site.app.state.doors.feed
        visit = await site.it.issue()
        await hear(socket, "update")
        await hear(deltas, "delta")
        hearing = feed._hear
        feed._hear = lambda event: None  # what happens now is missed
        called = await site.it.call()
        await site.it.accepted(StartConsultation, visit_id=visit["id"])
        await asyncio.sleep(0)
        feed._hear = hearing
        for subscription in site.it.bus._subscriptions:
            subscription._batches.append(RELOAD)
            subscription._ready.set()
        for one in (socket, deltas):
            await hear(one, "reload", lambda m: m["reason"] == "behind")
            assert queue_statuses(await hear(one, "snapshot")) == ["in_consultation"]
        await site.it.accepted(CompleteConsultation, visit_id=called["visit"]["id"])
        assert queue_statuses(await hear(socket, "update")) == ["completed"]
        await hear(deltas, "delta")


async def test_the_text_is_made_once_for_everybody_who_sees_the_same(tmp_path: Path) -> None:
    async with web(tmp_path) as site, subscribed(site) as (one, _), subscribed(site) as (two, _):
        day = site.app.state.doors.central._days[DAY]
        made, making = [], day._date_body
        day._date_body = lambda names: made.append(names) or making(names)
        await site.it.issue()
        assert await one.recv() == await two.recv()
        assert made == ["all"]


async def test_a_database_that_cannot_be_read_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_feed, "AGAIN_S", 0.05)
    async with web(tmp_path) as site, subscribed(site) as (socket, _):
        faces = site.app.state.faces
        reading, failures = faces.house_and, 3

        async def failing(look: Any) -> Any:
            nonlocal failures
            if failures:
                failures -= 1
                raise queue_feed.Problem(503, "no")
            return await reading(look)

        faces.house_and = failing
        await site.it.issue()
        called = await site.it.call()
        await site.it.accepted(StartConsultation, visit_id=called["visit"]["id"])
        assert queue_statuses(await hear(socket, "update", lambda m: bool(entries(m)))) == ["called"]
        assert queue_statuses(await hear(socket, "update")) == ["in_consultation"]


async def test_what_the_connections_do_is_counted(tmp_path: Path) -> None:
    async with web(tmp_path) as site, subscribed(site) as (socket, _), subscribed(site, f"{PATH}/1") as _:
        await site.it.issue()
        await hear(socket, "update")
        await socket.send("no json")
        await hear(socket, "error")
        found = site.app.state.live_stats.of("websocket")
        assert found.connected_clients == 2 and found.rooms == {DAY: 1, f"{DAY}:{site.it.doctor_id}": 1}
        assert found.messages_in == 3 and found.messages_out >= 4 and found.errors == 1
        assert 0 < found.latency_ms[0] < 5000


async def test_a_delay_of_a_slot_does_not_disturb_what_is_shown(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visit = await book(site)
        async with subscribed(site) as (socket, first):
            await site.it.accepted(DelaySlot, slot_id=visit["slot_id"], delay_min=20)
            await site.it.accepted(CheckIn, visit_id=visit["id"])
            update = await hear(socket, "update", lambda m: queue_statuses(m) == ["checked_in"])
            assert update["seq"] > first["seq"]
