"""The overview: tiles follow the events, silence shows by itself, each watcher sees its own sites."""

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

from cloud.db.pool import SITES, notify
from shared.clock import Clock
from tests.office import DAY, Office, doctor, running, until, visit


@pytest_asyncio.fixture
async def office(pg_uri: str, tmp_path: Path) -> AsyncIterator[Office]:
    async with running(pg_uri, tmp_path, silent_after_s=1.0) as started:
        await started.person("Asha")
        yield started


@asynccontextmanager
async def _watching(office: Office, name: str = "Asha") -> AsyncIterator[ClientConnection]:
    address = office.url.replace("http", "ws", 1) + "/api/v1/live"
    headers = {"Cookie": await office.cookie(name)}
    async with connect(address, additional_headers=headers, origin=websockets.Origin(office.url)) as socket:
        await socket.send('{"action":"watch","topic":"chain"}')
        yield socket


async def _state(socket: ClientConnection, site: str, **wanted: Any) -> dict[str, Any]:
    """Read until the tile of `site` is as wanted; the message."""
    async with asyncio.timeout(5):
        while True:
            message: dict[str, Any] = orjson.loads(await socket.recv())
            if message["type"] == "state":
                tile: dict[str, Any] = next((t for t in message["state"]["sites"] if t["site"] == site), {})
                if tile and all(tile[name] == value for name, value in wanted.items()):
                    return message


async def _heard(office: Office, site: str) -> None:
    """What a beat leaves."""
    async with office.pool.transaction() as conn:
        await conn.execute(
            "insert into site_state values (%s, 'e', %s, 'mqtt', '{0,3,1}', 'ok', 'b', '1', 1, 1, 's')"
            " on conflict (site) do update set heard_ms = excluded.heard_ms",
            (site, office.parts.clock.now_ms()),
        )
        await notify(conn, SITES, site)


async def test_a_press_changes_the_tile_within_a_second(office: Office) -> None:
    await office.site("alpha", "Alpha Clinic")
    async with _watching(office) as socket:
        first = await _state(socket, "alpha", waiting=0, state="never")
        await office.event("alpha", "day_opened", "2026-11-20", DAY)
        await office.event("alpha", "doctor_added", "d1", doctor(1))
        began = time.monotonic()
        await office.event("alpha", "token_issued", "v1", visit(1))
        message = await _state(socket, "alpha", waiting=1, issued_today=1, doctors_active=1, day="2026-11-20")
        assert time.monotonic() - began < 1.0
        called = visit(1, "called", room="1", called_at=9000)
        await office.event("alpha", "visit_called", "v1", called, 2)
        call = {"token": "A-001", "room": "1", "at_ms": 9000}
        later = await _state(socket, "alpha", waiting=0, called=1, last_call=call)
        await office.event("alpha", "undone", "v1", visit(1), 3)
        last = await _state(socket, "alpha", waiting=1, called=0, last_call=None)
    assert first["seq"] < message["seq"] < later["seq"] < last["seq"]
    assert message["state"]["totals"]["waiting"] == 1
    assert await office.tile("alpha", await office.bearer("Asha")) == last["state"]["sites"][0]


async def test_a_site_that_is_not_heard_turns_silent_by_itself_and_live_again_when_heard(office: Office) -> None:
    await office.site("alpha")
    async with _watching(office) as socket:
        await _state(socket, "alpha", state="never", heard_ms=None)
        await _heard(office, "alpha")
        message = await _state(socket, "alpha", state="live", path="mqtt", unsent=[0, 3, 1])
        assert message["state"]["totals"] | {"live": 1, "unsent": 4} == message["state"]["totals"]
        silent = await _state(socket, "alpha", state="silent")
        assert silent["now_ms"] - silent["state"]["sites"][0]["heard_ms"] >= 1000
        assert silent["state"]["totals"]["silent"] == 1
        await _heard(office, "alpha")
        await _state(socket, "alpha", state="live")


async def test_silence_is_counted_in_real_seconds_however_fast_the_day_goes(pg_uri: str, tmp_path: Path) -> None:
    clock = Clock.starting_at(Clock.life().now(), 600.0)
    async with running(pg_uri, tmp_path, clock, silent_after_s=30.0) as office:
        await office.person("Asha")
        await office.site("alpha")
        await _heard(office, "alpha")
        await asyncio.sleep(1.2)  # 12 minutes of the clinic's day, and a tick
        assert (await office.tile("alpha", await office.bearer("Asha")))["state"] == "live"


async def test_a_watcher_sees_only_its_own_sites(office: Office) -> None:
    await office.site("alpha")
    await office.site("beta")
    await office.person("Olu", "office", ["beta"])
    async with _watching(office, "Olu") as socket:
        await office.event("alpha", "token_issued", "v1", visit(1))
        await office.event("beta", "day_opened", "2026-11-20", DAY)
        message = await _state(socket, "beta", day="2026-11-20")
        assert [tile["site"] for tile in message["state"]["sites"]] == ["beta"]
        assert message["state"]["totals"]["sites"] == 1


async def test_a_new_site_and_an_alert_show_themselves(office: Office) -> None:
    async with _watching(office) as socket:
        await office.site("alpha", "Alpha")
        await _state(socket, "alpha", alerts_open=0)
        alert = {"topic": "printer", "title": "No paper", "hint": "Put in a roll.", "open": True}
        await office.event("alpha", "alert_raised", "a1", alert)
        await _state(socket, "alpha", alerts_open=1)
        details = (await office.http.get("/api/v1/sites/alpha", headers=await office.bearer("Asha"))).json()
        assert [(a["id"], a["title"]) for a in details["alerts"]] == [("a1", "No paper")]
        await office.event("alpha", "alert_ended", "a1", {**alert, "open": False}, 2)
        await _state(socket, "alpha", alerts_open=0)


async def test_beats_tell_a_page_that_it_is_still_live(office: Office) -> None:
    async with _watching(office) as socket, asyncio.timeout(6):
        beats = 0
        while beats < 2:
            message = orjson.loads(await socket.recv())
            if message["type"] == "beat":
                assert message["factor"] == 1.0
                assert abs(message["now_ms"] - office.parts.clock.now_ms()) < 2000
                beats += 1


@pytest.mark.parametrize("origin", ["here", "http://evil.example", "http://127.0.0.1:8000"])
async def test_nobody_watches_without_a_credential_nor_from_another_site(office: Office, origin: str) -> None:
    headers = {} if origin == "here" else {"Cookie": await office.cookie("Asha")}
    address = office.url.replace("http", "ws", 1) + "/api/v1/live"
    named = websockets.Origin(office.url if origin == "here" else origin)
    async with connect(address, additional_headers=headers, origin=named) as socket, asyncio.timeout(5):
        assert orjson.loads(await socket.recv())["code"] == "not_signed_in"
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008


async def test_signing_out_ends_what_is_open(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cloud.dashboard.sockets.ASK_AGAIN_S", 0.1)
    cookie = {"Cookie": await office.cookie("Asha"), "X-Outpost": "1"}
    address = office.url.replace("http", "ws", 1) + "/api/v1/live"
    async with connect(address, additional_headers=cookie) as socket, asyncio.timeout(5):
        assert (await office.http.post("/api/v1/auth/logout", headers=cookie)).status_code == 204
        with pytest.raises(websockets.ConnectionClosed) as closed:
            while True:
                await socket.recv()
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 1008


async def test_what_is_no_message_ends_the_connection_and_an_unknown_topic_does_not(office: Office) -> None:
    async with _watching(office) as socket, asyncio.timeout(5):
        await socket.send('{"action":"watch","topic":"desk"}')
        while (message := orjson.loads(await socket.recv()))["type"] != "error":
            pass
        assert message["code"] == "unknown"
        await socket.send("[" * 100_000)
        with pytest.raises(websockets.ConnectionClosed):
            while True:
                await socket.recv()


async def test_a_lost_listening_connection_loses_no_change(office: Office) -> None:
    await office.site("alpha")
    async with _watching(office) as socket:
        await _state(socket, "alpha")
        async with office.pool.transaction() as conn:
            found = await conn.execute(
                "select count(pg_terminate_backend(pid)) from pg_stat_activity"
                " where datname = current_database() and query like 'listen%'"
            )
            assert (await found.fetchone() or (0,))[0] >= 2
        await office.event("alpha", "day_opened", "2026-11-20", DAY)
        await office.event("alpha", "token_issued", "v1", visit(1))
        await _state(socket, "alpha", waiting=1)


async def test_many_changes_at_once_are_told_at_most_ten_times_a_second(office: Office) -> None:
    await office.site("alpha")
    async with _watching(office) as socket:
        await _state(socket, "alpha")
        began = time.monotonic()
        for number in range(1, 101):
            await office.event("alpha", "token_issued", f"v{number}", visit(number))
        await office.event("alpha", "day_opened", "2026-11-20", DAY)
        states = 0
        async with asyncio.timeout(5):
            while True:
                message = orjson.loads(await socket.recv())
                states += message["type"] == "state"
                if message["type"] == "state" and message["state"]["totals"]["waiting"] == 100:
                    break
        assert states <= (time.monotonic() - began) * 10 + 2


async def test_a_watcher_that_does_not_read_holds_up_nobody(office: Office) -> None:
    await office.site("alpha")
    async with _watching(office) as slow, _watching(office) as quick:
        slow.transport.pause_reading()
        await office.event("alpha", "day_opened", "2026-11-20", DAY)
        for number in range(1, 21):
            await office.event("alpha", "token_issued", f"v{number}", visit(number))
            await _state(quick, "alpha", waiting=number)
        slow.transport.resume_reading()
        await _state(slow, "alpha", waiting=20)


async def test_the_site_page_shows_what_its_events_and_commands_say(office: Office) -> None:
    await office.site("alpha")
    headers = await office.bearer("Asha")
    await office.event("alpha", "doctor_added", "d1", doctor(1))
    service = {"letter": "A", "name": "General", "is_open": True, "policy": "weighted"}
    await office.event("alpha", "service_added", "A", service)
    await office.event("alpha", "token_issued", "v1", {"number": "one"})
    order = {"kind": "rename_service", "body": {"letter": "A", "name": "Outpatients"}, "expires_in_s": 60}
    keyed = {**headers, "Idempotency-Key": "k1"}
    first = await office.http.post("/api/v1/sites/alpha/commands", json=order, headers=keyed)
    again = await office.http.post("/api/v1/sites/alpha/commands", json=order, headers=keyed)
    assert (first.status_code, first.json()) == (202, again.json())
    other = {**order, "body": {"letter": "A", "name": "Lab"}}
    assert (await office.http.post("/api/v1/sites/alpha/commands", json=other, headers=keyed)).status_code == 422
    bad = {"kind": "rename_service", "body": {"letter": "A"}}
    assert (await office.http.post("/api/v1/sites/alpha/commands", json=bad, headers=headers)).status_code == 422
    settled = {"kind": "rename_service", "outcome": "applied", "detail": "done"}
    await office.event("alpha", "command_settled", first.json()["command_id"], settled)

    async def get(path: str) -> list[dict[str, Any]]:
        answer = await office.http.get(f"/api/v1/sites/alpha/{path}", headers=headers)
        shown: list[dict[str, Any]] = answer.json()
        return shown

    async def applied() -> bool:
        return [c["state"] for c in await get("commands")] == ["applied"]

    await until(applied)
    assert [(d["id"], d["name"]) for d in await get("doctors")] == [("d1", "Dr 1")]
    assert [(s["letter"], s["name"]) for s in await get("services")] == [("A", "General")]
    shelf = await get("dead-letters")
    assert [(row["shelf"], row["reader"], row["seq"]) for row in shelf] == [("not_applied", "visits", 3)]
    assert (await office.tile("alpha", headers))["dead_letters"] == 1
