"""Seed 004 at head office: every doctor of every clinic on one WebSocket, told as it happens, never older than it says."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
import pytest_asyncio
import websockets
from websockets.asyncio.client import ClientConnection, connect

from cloud.dashboard.live import Overview
from cloud.db.pool import QUEUE, SITES, notify
from shared.clock import Clock
from tests.office import DAY, HOUR_MS, WAIT_S, Office, booked, doctor, person, running, slot, until, visit

TODAY = "2026-11-20"
D1, D2, D3 = (f"01935b5a-0000-7000-8000-0000000000d{n}" for n in (1, 2, 3))
V1, V2, V3 = (f"01935b5a-0000-7000-8000-0000000000e{n}" for n in (1, 2, 3))
P1 = "01935b5a-0000-7000-8000-0000000000f1"


@pytest_asyncio.fixture
async def office(pg_uri: str, tmp_path: Path) -> AsyncIterator[Office]:
    async with running(pg_uri, tmp_path, silent_after_s=1.0) as started:
        await started.person("Asha", "office")
        yield started


@pytest_asyncio.fixture
async def two_clinics(office: Office) -> Office:
    """Alpha with Dr 1 and Zoë's booking; Beta with Dr 2 and nobody."""
    for site, doctor_id, number in (("alpha", D1, 1), ("beta", D2, 2)):
        await office.site(site)
        await office.event(site, "day_opened", TODAY, DAY)
        await office.event(site, "doctor_added", doctor_id, doctor(number, specialization="Cardiology"))
    await office.event("alpha", "person_added", P1, person("Zoë Núñez"))
    await office.event("alpha", "slot_added", "s1", slot(D1, end_at=2**45))
    zoe = booked(1, doctor_id=D1, person_id=P1, slot_id="s1", slot_no=1, holds_place=True, due_at=HOUR_MS)
    await office.event("alpha", "visit_booked", V1, zoe)
    tables = ("doctors", "days", "persons", "slots", "visits")

    async def read() -> bool:
        async with office.pool.transaction() as conn:
            counts = ", ".join(f"(select count(*) from {table})" for table in tables)
            return await (await conn.execute(f"select {counts}".encode())).fetchone() == (2, 2, 1, 1, 1)

    await until(read)
    return office


def _address(office: Office, more: str = "") -> str:
    return office.url.replace("http", "ws", 1) + "/api/v1/ws/queue" + more


@asynccontextmanager
async def _open(office: Office, name: str = "Asha") -> AsyncIterator[ClientConnection]:
    async with connect(_address(office), additional_headers=await office.bearer(name)) as socket:
        yield socket


async def _say(socket: ClientConnection, **message: Any) -> None:
    await socket.send(orjson.dumps(message).decode())


async def _hear(socket: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(WAIT_S):
        heard: dict[str, Any] = orjson.loads(await socket.recv())
    return heard


async def _until(socket: ClientConnection, doctors: int, appointments: int) -> dict[str, Any]:
    """The first state with so many of each."""
    while True:
        message = await _hear(socket)
        data = message["data"]
        if (data["total_doctors"], data["total_appointments"]) == (doctors, appointments):
            return message


async def _closed(socket: ClientConnection) -> tuple[int, str]:
    """(close code, error code) of a connection that is ended."""
    code = ""
    async with asyncio.timeout(WAIT_S):
        try:
            while True:
                message = orjson.loads(await socket.recv())
                code = message["code"] if message["type"] == "error" else code
        except websockets.ConnectionClosed as closed:
            assert closed.rcvd is not None
            return closed.rcvd.code, code


async def test_a_snapshot_comes_at_once_with_every_active_doctor_of_every_clinic(two_clinics: Office) -> None:
    async with _open(two_clinics) as socket:
        await _say(socket, action="subscribe", date=TODAY)
        message = await _until(socket, doctors=2, appointments=1)
        data = message["data"]
        assert message["type"] in ("snapshot", "update")
        first, second = data["doctors"]
        assert first["doctor"] == {
            "id": D1, "name": "Dr 1", "code": "DOC001", "specialty": "Cardiology", "specialization": "Cardiology",
            "number": 1,
        }  # fmt: skip
        assert {name: first[name] for name in ("is_active", "is_on_break", "capacity", "remaining")} == {
            "is_active": True, "is_on_break": False, "capacity": 4, "remaining": 3
        }  # fmt: skip
        assert (first["total_appointments"], first["checked_in_count"]) == (1, 0)
        assert first["appointments"] == [
            {
                "appointment_id": V1, "slot": 1, "status": "confirmed", "queue": None, "number_printed": None, "number": 1,
                "patient": {
                    "id": P1, "name": "Zoë Núñez", "phone": "+34 600 000 000", "age": 45, "gender": "female",
                },
            }
        ]  # fmt: skip
        assert (second["doctor"]["id"], second["appointments"]) == (D2, [])
        assert [d["site"]["id"] for d in data["doctors"]] == ["alpha", "beta"]
        assert first["site"]["name"] == "Alpha" and "heard_s_ago" in first["site"]
        assert data["unassigned"] == [] and data["date"] == TODAY and data["timestamp"]
        await _say(socket, action="subscribe", date="2031-01-01")
        empty = await _hear(socket)
        while empty["data"]["date"] == TODAY:
            empty = await _hear(socket)
        assert (empty["type"], empty["data"]["total_appointments"], len(empty["data"]["doctors"])) == ("snapshot", 0, 2)


async def test_booking_check_in_and_call_reach_a_watcher_within_a_second(two_clinics: Office) -> None:
    office = two_clinics
    async with _open(office) as socket:
        await _say(socket, action="subscribe", date=TODAY)
        await _until(socket, 2, 1)
        zoe = {"doctor_id": D1, "person_id": P1, "slot_no": 1, "arrived_at": 5000}
        story = [
            ("beta", "visit_booked", V2, 1, booked(2, doctor_id=D2, slot_no=1, due_at=HOUR_MS), V2, None),
            ("alpha", "visit_arrived", V1, 2, visit(1, **zoe), V1, "checked_in"),
            ("alpha", "visit_called", V1, 3, visit(1, "called", room="1", called_at=6000, **zoe), V1, "called"),
        ]
        took = []
        for site, kind, id_, version, data, wanted, status in story:
            began = time.monotonic()
            await office.event(site, kind, id_, data, version)
            while True:
                message = await _hear(socket)
                assert message["type"] == "update"
                shown = {a["appointment_id"]: a for d in message["data"]["doctors"] for a in d["appointments"]}
                if wanted in shown and (shown[wanted]["queue"] or {}).get("status") == status:
                    break
            took.append(time.monotonic() - began)
        assert min(took) < 1.0, took
        assert shown[V1]["queue"] == {
            "position": 0, "checked_in_at": "1970-01-01T00:00:05.000+00:00",
            "called_at": "1970-01-01T00:00:06.000+00:00", "completed_at": None, "status": "called",
        }  # fmt: skip
        assert message["data"]["doctors"][0]["checked_in_count"] == 1


async def test_a_clinic_that_was_told_of_before_anybody_knew_it_is_shown_a_moment_later(
    two_clinics: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    overview = two_clinics.parts.overview
    await until(lambda: _knows_both(overview))
    known = overview.tiles
    two_clinics.parts.changed._listeners.clear()  # what its queue had to say was said before
    monkeypatch.setattr(overview, "tiles", lambda sites: [tile for tile in known(sites) if tile.site != "beta"])
    async with _open(two_clinics) as socket:
        await _say(socket, action="subscribe", date=TODAY)
        await _until(socket, doctors=1, appointments=1)
        monkeypatch.undo()
        await _until(socket, doctors=2, appointments=1)


async def _knows_both(overview: Overview) -> bool:
    return len(overview.tiles(None)) == 2


async def test_no_call_is_left_out_however_many_events_come_at_once(two_clinics: Office) -> None:
    office = two_clinics
    async with _open(office) as socket:
        await _say(socket, action="subscribe", date=TODAY)
        await _until(socket, 2, 1)
        steps = (("waiting", None), ("called", 6000), ("in_consultation", 6000), ("completed", 6000))
        async with office.pool.transaction() as conn:  # the site sends all of it in one frame, after an outage
            await conn.execute("select pg_advisory_xact_lock(hashtextextended('reader/visits/alpha', 0))")
            for version, (status, called_ms) in enumerate(steps, 1):
                data = visit(7, status, doctor_id=D1, slot_no=7, called_at=called_ms)
                await office.event("alpha", "visit_called", V2, data, version)
        seen = []
        while "completed" not in seen:
            message = await _hear(socket)
            shown = {a["appointment_id"]: a for d in message["data"]["doctors"] for a in d["appointments"]}
            if V2 in shown:
                seen.append(shown[V2]["queue"]["status"])
        assert "called" in seen, seen


async def test_a_watcher_of_some_clinics_hears_of_those_only(two_clinics: Office) -> None:
    office = two_clinics
    await office.person("Olu", "office", ["beta"])
    async with _open(office) as socket, _open(office, "Olu") as olu:
        await _say(socket, action="subscribe", date=TODAY, sites=["nowhere"])
        assert (await _hear(socket))["code"] == "no_such_site"
        await _say(olu, action="subscribe", date=TODAY, sites=["alpha"])
        assert (await _hear(olu))["code"] == "no_such_site", "another's clinic answers as one that is not there"
        await _say(socket, action="subscribe", date=TODAY, sites=["beta"])
        await _say(olu, action="subscribe", date=TODAY)
        for one in (socket, olu):
            assert [d["doctor"]["id"] for d in (await _hear(one))["data"]["doctors"]] == [D2]
        await office.event("alpha", "token_issued", V2, visit(2, doctor_id=D1))
        await office.event("beta", "token_issued", V3, visit(3, doctor_id=D2, slot_no=1))
        for one in (socket, olu):
            data = (await _hear(one))["data"]
            assert [a["appointment_id"] for d in data["doctors"] for a in d["appointments"]] == [V3]


async def test_delta_mode_tells_only_what_changed_and_goes_on_where_it_was(two_clinics: Office) -> None:
    office = two_clinics
    async with _open(office) as socket:
        await _say(socket, action="subscribe", date=TODAY)
        await _until(socket, 2, 1)
        await _say(socket, action="subscribe", date=TODAY, mode="delta")
        snapshot = await _hear(socket)
        assert snapshot["type"] == "snapshot"
        await office.event("beta", "token_issued", V2, visit(2, doctor_id=D2, slot_no=1))
        delta = await _hear(socket)
        while not delta["data"]["changes"]:
            delta = await _hear(socket)
        assert (delta["type"], delta["stream"]) == ("delta", snapshot["stream"])
        assert delta["seq"] == delta["prev"] + 1
        (change,) = delta["data"]["changes"]
        assert (change["doctor_id"], change["site"], change["counts"]["checked_in_count"]) == (D2, "beta", 1)
        assert (change["appointment"]["appointment_id"], change["appointment"]["queue"]["position"]) == (V2, 1)
        assert delta["data"]["totals"] == {"total_appointments": 2, "total_doctors": 2}
    await office.event("beta", "visit_cancelled", V2, visit(2, "cancelled", doctor_id=D2, slot_no=1), 2)
    await office.event("beta", "doctor_changed", D2, doctor(2, is_active=False), 2)
    async with _open(office) as socket:
        await _say(socket, action="subscribe", date=TODAY)
        await _until(socket, 1, 1)
        last = {"stream": delta["stream"], "seq": delta["seq"]}
        await _say(socket, action="subscribe", date=TODAY, mode="delta", resume=last)
        changes, seq = [], delta["seq"]
        while not any(change.get("doctor_removed") for change in changes):
            missed = await _hear(socket)
            assert (missed["type"], missed["prev"]) == ("delta", seq), "none is left out"
            changes, seq = changes + missed["data"]["changes"], missed["seq"]
        assert [c["removed"] for c in changes if "removed" in c] == [V2]
        await _say(socket, action="subscribe", date=TODAY, mode="delta", resume={**last, "stream": "another"})
        reload = await _hear(socket)
        while reload["type"] == "delta":
            reload = await _hear(socket)
        assert (reload["type"], (await _hear(socket))["type"]) == ("reload", "snapshot")


@pytest.mark.parametrize("credential", ["bearer", "cookie", "query"])
async def test_a_cookie_a_bearer_header_and_a_token_in_the_address_open_it(office: Office, credential: str) -> None:
    bearer = await office.bearer("Asha")
    token = bearer["Authorization"].removeprefix("Bearer ")
    headers = {"bearer": bearer, "cookie": {"Cookie": await office.cookie("Asha")}, "query": {}}[credential]
    address = _address(office, f"/?token={token}" if credential == "query" else "")
    async with connect(address, additional_headers=headers, origin=websockets.Origin(office.url)) as socket:
        await _say(socket, action="ping")
        pong = await _hear(socket)
        assert pong["type"] == "pong" and pong["timestamp"]


@pytest.mark.parametrize("case", ["nothing", "wrong_token", "foreign_page"])
async def test_nobody_else_gets_in_and_each_is_told_why(office: Office, case: str) -> None:
    cookie = {"Cookie": await office.cookie("Asha")}
    address = _address(office, "?token=eyJhbGciOiJub25lIn0.e30." if case == "wrong_token" else "")
    foreign = case == "foreign_page"
    origin = websockets.Origin("http://evil.example" if foreign else office.url)
    async with connect(address, additional_headers=cookie if foreign else {}, origin=origin) as socket:
        assert await _closed(socket) == (1008, "origin" if foreign else "unauthorized")


async def test_messages_that_ask_for_nothing_there_is_are_answered_and_ten_in_a_minute_are_enough(
    office: Office,
) -> None:
    wrong = [
        ("{", "not_json"), ("[]", "wrong_shape"), ('{"action":"dance"}', "unknown_action"),
        ('{"action":"subscribe","date":"20-11-2026"}', "bad_date"), ('{"action":"subscribe","mode":"x"}', "bad_mode"),
        ('{"action":"subscribe","resume":1}', "bad_resume"), ('{"action":"subscribe","sites":"alpha"}', "bad_sites"),
        ('{"action":"ping","x":"' + "x" * 5000 + '"}', "too_long"), ('{"action":"subscribe","date":7}', "bad_date"),
    ]  # fmt: skip
    async with _open(office) as socket:
        for text, code in wrong:
            await socket.send(text)
            assert (await _hear(socket))["code"] == code
            await asyncio.sleep(0.11)
        await _say(socket, action="unsubscribe")
        assert (await _hear(socket))["type"] == "unsubscribed", "nine did not end it"
        await socket.send("{")
        assert await _closed(socket) == (1008, "not_json")


async def test_after_unsubscribe_nothing_more_comes(two_clinics: Office) -> None:
    office = two_clinics
    async with _open(office) as socket, _open(office) as other:
        for one in (socket, other):
            await _say(one, action="subscribe", date=TODAY)
            await _until(one, 2, 1)
        await _say(socket, action="unsubscribe")
        while (await _hear(socket))["type"] != "unsubscribed":
            pass
        await office.event("beta", "token_issued", V2, visit(2, doctor_id=D2, slot_no=1))
        await _until(other, 2, 2)
        await _say(socket, action="ping")
        assert (await _hear(socket))["type"] == "pong"


async def test_too_many_connections_subscriptions_and_messages_are_refused(pg_uri: str, tmp_path: Path) -> None:
    limits = {"live_per_address": 4, "subscriptions_per_account": 2, "live_messages_per_s": 5}
    async with running(pg_uri, tmp_path, **limits) as office:
        await office.person("Asha")
        async with _open(office) as first, _open(office) as second, _open(office) as third, _open(office) as fourth:
            async with _open(office) as fifth:
                assert await _closed(fifth) == (1013, "too_many")
            for one in (first, second, third):
                await _say(one, action="subscribe", date=TODAY)
            assert await _closed(third) == (1008, "too_many_subscriptions")
            await _say(first, action="subscribe", date="2026-11-21")
            assert (await _hear(first))["type"] == "snapshot", "its own former subscription does not count"
            for _ in range(6):
                await _say(fourth, action="ping")
            assert await _closed(fourth) == (1008, "too_many")


async def test_who_watches_nothing_and_who_has_signed_out_are_let_go(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloud.dashboard.queue_sockets.ASK_AGAIN_S", 0.2)
    bearer = await office.bearer("Asha")
    async with connect(_address(office), additional_headers=bearer) as watching:
        await _say(watching, action="subscribe", date=TODAY)
        assert (await _hear(watching))["type"] == "snapshot"
        monkeypatch.setattr("cloud.dashboard.queue_sockets.WATCH_WITHIN_S", 0.3)
        async with connect(_address(office), additional_headers=bearer) as idle:
            assert await _closed(idle) == (1008, "nothing_watched")
        assert (await office.http.post("/api/v1/auth/logout", headers=bearer)).status_code == 204
        assert await _closed(watching) == (1008, "unauthorized")


async def _heard(office: Office, site: str, standing: str | None = None) -> None:
    """What a beat leaves."""
    async with office.pool.transaction() as conn:
        now_ms = office.parts.clock.now_ms()
        await conn.execute(
            "insert into site_state values (%s, 'e', %s, 'mqtt', '{0,0,0}', 'ok', 'b', '1', 1, 1, 's', %s, 0, %s, %s)"
            " on conflict (site) do update set heard_ms = excluded.heard_ms, standing = excluded.standing",
            (site, now_ms, now_ms, "Asia/Kolkata", standing),
        )
        await notify(conn, SITES, site)
        await notify(conn, QUEUE, site)


async def test_every_state_says_how_long_ago_each_clinic_was_heard_and_silence_is_told(two_clinics: Office) -> None:
    office = two_clinics
    await _heard(office, "beta")
    async with _open(office) as socket:
        await _say(socket, action="subscribe", date=TODAY, mode="delta", sites=["beta"])
        message = await _hear(socket)
        while message["type"] != "delta" or message["data"]["sites"][0]["state"] != "silent":
            message = await _hear(socket)
        assert message["data"]["sites"][0]["heard_s_ago"] >= 1.0
        await _say(socket, action="subscribe", date=TODAY)
        (alpha, beta) = (await _hear(socket))["data"]["doctors"]
        assert (alpha["site"]["heard_s_ago"], beta["site"]["state"]) == (None, "silent")
        assert beta["site"]["heard_s_ago"] >= 1.0 and beta["site"]["as_of"]
        await _heard(office, "beta")
        while (await _hear(socket))["data"]["doctors"][1]["site"]["state"] != "live":
            pass


async def test_the_place_is_what_the_clinic_says_and_times_are_the_clinics(two_clinics: Office) -> None:
    office = two_clinics
    await office.event("alpha", "token_issued", V2, visit(2, doctor_id=D1, slot_no=2, arrived_at=2000))
    await office.event("alpha", "token_issued", V3, visit(3, doctor_id=D1, slot_no=3, arrived_at=3000))

    def places(message: dict[str, Any]) -> dict[int, int]:
        waiting = [a for a in message["data"]["doctors"][0]["appointments"] if a["queue"]]
        return {a["number"]: a["queue"]["position"] for a in waiting}

    async with _open(office) as socket:
        await _say(socket, action="subscribe", date=TODAY, sites=["alpha"])
        while places(await _hear(socket)) != {2: 1, 3: 2}:
            pass
        await _heard(office, "alpha", "[[3, 1, 0, 4, 10], [2, 2, 10, 15, 20]]")
        while places(message := await _hear(socket)) != {3: 1, 2: 2}:
            pass
        shown = message["data"]["doctors"][0]["appointments"]
        assert shown[1]["queue"]["checked_in_at"] == "1970-01-01T05:30:02.000+05:30"


async def test_who_was_erased_or_never_gave_a_name_is_shown_by_the_token(two_clinics: Office) -> None:
    office = two_clinics
    blank = person("", phone="", age=None, gender=None, language=None, erased=True)
    await office.event(
        "alpha", "visit_completed", V1, visit(1, "completed", doctor_id=D1, person_id=P1), 2, entity="visit"
    )
    await office.event("alpha", "token_issued", V2, visit(2))
    await office.event("alpha", "person_erased", P1, blank, 2)
    nobody = {"phone": None, "age": None, "gender": None}
    async with _open(office) as socket:
        await _say(socket, action="subscribe", date=TODAY, sites=["alpha"])
        while True:
            data = (await _hear(socket))["data"]
            (shown,) = data["doctors"][0]["appointments"]
            if data["unassigned"] and shown["patient"]["name"] == "A-001":
                break
        assert shown["patient"] == {"id": P1, "name": "A-001", **nobody}
        (alone,) = data["unassigned"]
        assert (alone["patient"], alone["site"]["id"]) == ({"id": None, "name": "A-002", **nobody}, "alpha")
        assert data["total_appointments"] == 1, "who has no doctor yet stands outside the counts"


async def test_a_listener_that_was_cut_off_misses_nothing(two_clinics: Office) -> None:
    office = two_clinics
    async with _open(office) as socket:
        await _say(socket, action="subscribe", date=TODAY)
        await _until(socket, 2, 1)
        async with office.pool.transaction() as conn:
            await conn.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
                " and query like 'listen%'"
            )
        await office.event("beta", "token_issued", V2, visit(2, doctor_id=D2, slot_no=1))
        await _until(socket, 2, 2)


async def test_a_watcher_that_does_not_read_holds_up_nobody_and_gets_the_newest(two_clinics: Office) -> None:
    office = two_clinics
    async with _open(office) as slow, _open(office) as quick:
        for one in (slow, quick):
            await _say(one, action="subscribe", date=TODAY)
            await _until(one, 2, 1)
        slow.transport.pause_reading()
        for number in range(2, 12):
            id_ = f"01935b5a-0000-7000-8000-0000000001{number:02}"
            await office.event("beta", "token_issued", id_, visit(number, doctor_id=D2, slot_no=number))
            await _until(quick, 2, number)
        slow.transport.resume_reading()
        await _until(slow, 2, 11)


async def test_without_a_date_the_day_that_is_open_is_meant(pg_uri: str, tmp_path: Path) -> None:
    clock = Clock.life()
    async with running(pg_uri, tmp_path, clock) as office:
        await office.person("Asha")
        await office.site("alpha")
        async with _open(office) as socket:
            await _say(socket, action="subscribe")
            assert (await _hear(socket))["data"]["date"] == clock.now().date().isoformat()
            await office.event("alpha", "day_opened", "2031-05-05", {**DAY, "day": "2031-05-05"})
            date = ""
            while date != "2031-05-05":
                await _say(socket, action="subscribe")
                date = (await _hear(socket))["data"]["date"]
                await asyncio.sleep(0.15)


async def test_the_test_page_is_for_who_is_signed_in_and_others_are_sent_to_sign_in(
    pg_uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    static = tmp_path / "static"
    static.mkdir()
    monkeypatch.setattr("cloud.main.STATIC", static)
    async with running(pg_uri, tmp_path) as office:
        await office.person("Asha", "office")
        path, browser, asha = "/test_websocket.html", {"Accept": "text/html"}, await office.bearer("Asha")
        led = await office.http.get(path, headers=browser)
        assert (led.status_code, led.headers["location"]) == (303, f"/pages/sign-in?next={path}")
        assert (await office.http.get(path)).status_code == 401
        assert (await office.http.get(path, headers=asha)).status_code == 503, "not built yet"
        (static / "test_websocket.html").write_text("<title>Central</title>")
        page = await office.http.get(path + "/", headers=asha)
        assert (page.status_code, page.headers["cache-control"]) == (200, "no-cache") and "Central" in page.text
