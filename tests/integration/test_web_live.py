"""The live feed over real WebSockets."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
import websockets

from edge.domain.commands import StartConsultation
from edge.web import credentials, live, live_client
from shared import clock
from tests.clinic import MORNING
from tests.edge_web import Web, hear, web

OPERATOR = {"Authorization": "Bearer operator-key"}


async def watch(socket: Any, topic: str) -> dict[str, Any]:
    """Watch a topic; returns its first state message."""
    await socket.send(json.dumps({"action": "watch", "topic": topic}))
    return await hear(socket, "state")


async def closed_with(socket: Any) -> tuple[int, dict[str, Any] | None]:
    """The close code, and the last message before it, within 5 s."""
    last = None
    async with asyncio.timeout(5):
        try:
            while True:
                last = json.loads(await socket.recv())
        except websockets.ConnectionClosed as closed:
            assert closed.rcvd is not None
            return closed.rcvd.code, last


async def test_a_display_shows_a_call_within_a_second_and_hears_beats(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        screen = await site.screen("display")
        async with site.live(screen) as socket:
            first = await watch(socket, "display")
            assert first["topic"] == "display" and first["state"]["waiting"] == 0
            assert first["state"]["site_name"] == "Riverside" and first["factor"] == 0.0
            assert first["now_ms"] == int(MORNING.timestamp() * 1000)
            await site.it.issue()
            await hear(socket, "state", lambda m: m["state"]["next"] == ["A-001"])
            began_s = clock.transport_s()
            await site.it.call()
            called = await hear(socket, "state", lambda m: bool(m["state"]["now_calling"]))
            assert clock.transport_s() - began_s < 1.0
            call = called["state"]["now_calling"][0]
            assert (call["token"], call["room"], call["doctor"]) == ("A-001", "Room 2", "Dr. Rao")
            assert called["seq"] > first["seq"]
            beat = await hear(socket, "beat")
            assert set(beat) == {"type", "now_ms", "factor"}
            sound = await screen.get(call["clip"])
            assert sound.status_code == 200 and sound.content == b"RIFF A-001 Room 2"
            assert (await site.browser().get(call["clip"])).status_code == 401


async def test_a_call_keeps_its_key_and_a_recall_gets_another(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await site.it.issue()
        called = await site.it.call()
        path = "/api/v1/display"
        first = (await site.http.get(path, headers=OPERATOR)).json()["now_calling"][0]["key"]
        again = (await site.http.get(path, headers=OPERATOR)).json()["now_calling"][0]["key"]
        assert first == again
        recall = f"/api/v1/visits/{called['visit']['id']}/recall"
        assert (await site.http.post(recall, headers=OPERATOR)).status_code == 200
        anew = (await site.http.get(path, headers=OPERATOR)).json()["now_calling"][0]
        assert anew["key"] != first and anew["recall"] == 1


async def test_everybody_gets_the_same_bytes_made_once(tmp_path: Path) -> None:
    async with web(tmp_path) as site, site.live(**OPERATOR) as one, site.live(**OPERATOR) as two:
        for socket in (one, two):
            await watch(socket, "desk")
        made = 0
        read = site.app.state.feed._states.of

        async def counted(topic: Any) -> Any:
            nonlocal made
            made += 1
            return await read(topic)

        site.app.state.feed._states.of = counted
        await site.it.issue()
        states = [await hear(socket, "state", lambda m: len(m["state"]["waiting"]) == 1) for socket in (one, two)]
        assert states[0] == states[1] and made == 1


async def test_a_burst_is_told_in_few_states_and_the_last_is_whole(tmp_path: Path) -> None:
    async with web(tmp_path) as site, site.live(**OPERATOR) as socket:
        first = await watch(socket, "kiosk")
        for _ in range(60):
            await site.it.issue()
        last = await hear(socket, "state", lambda m: m["state"]["services"][0]["waiting"] == 60)
        assert last["seq"] - first["seq"] <= 20


async def test_no_change_falls_between_reading_and_joining(tmp_path: Path) -> None:
    async with web(tmp_path) as site, site.live(**OPERATOR) as socket:
        feed = site.app.state.feed
        read = feed._states.of

        async def slow(topic: Any) -> Any:
            state = await read(topic)
            if not site.it.rows("select 1 from visits"):
                await site.it.issue()  # happens after this state was read and before the client has joined
                await asyncio.sleep(0.3)
            return state

        feed._states.of = slow
        await socket.send(json.dumps({"action": "watch", "topic": "kiosk"}))
        await hear(socket, "state", lambda m: m["state"]["services"][0]["waiting"] == 1)


@pytest.mark.parametrize("kind,topic,code", [
    ("", "display", "unauthorized"), ("", "desk", "unauthorized"), ("display", "desk", "not_allowed"),
    ("display", "kiosk", "not_allowed"), ("kiosk", "display", "not_allowed"),
])  # fmt: skip
async def test_without_the_right_credential_it_says_why_and_closes(
    tmp_path: Path, kind: str, topic: str, code: str
) -> None:
    async with web(tmp_path) as site:
        client = await site.screen(kind) if kind else None
        async with site.live(client) as socket:
            await socket.send(json.dumps({"action": "watch", "topic": topic}))
            assert await closed_with(socket) == (1008, {"type": "error", "code": code, "message": _any()})


async def test_a_page_of_another_site_cannot_use_the_cookie(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await site.add_staff("ana", "reception")
        page = await site.page("ana")
        async with site.live(page, Origin="http://evil.example") as socket:
            await socket.send(json.dumps({"action": "watch", "topic": "desk"}))
            code, last = await closed_with(socket)
            assert code == 1008 and last is not None and last["code"] == "csrf"
        async with site.live(page, Origin=site.url) as socket:
            assert (await watch(socket, "desk"))["type"] == "state"


@pytest.mark.parametrize("message", ["no json", "[]", '{"action":"watch","topic":"staff"}', '{"action":"x"}', b"\x00"])
async def test_a_message_that_is_none_of_ours_ends_the_connection(tmp_path: Path, message: Any) -> None:
    async with web(tmp_path) as site, site.live(**OPERATOR) as socket:
        await socket.send(message)
        code, last = await closed_with(socket)
        assert code == 1008 and last is not None and last["code"] == "wrong_shape"


async def test_a_message_beyond_four_kib_is_not_read(tmp_path: Path) -> None:
    async with web(tmp_path) as site, site.live(**OPERATOR) as socket:
        await socket.send(" " * 5000)
        code, _ = await closed_with(socket)
        assert code == 1009


async def test_more_than_ten_messages_a_second_end_the_connection(tmp_path: Path) -> None:
    async with web(tmp_path) as site, site.live(**OPERATOR) as socket:
        for _ in range(30):
            await socket.send('{"action":"watch","topic":"kiosk"}')
        code, last = await closed_with(socket)
        assert code == 1008 and last is not None and last["code"] == "too_many"


async def test_an_address_holds_a_limited_number_of_connections(tmp_path: Path) -> None:
    async with web(tmp_path, options={"live_per_address": 2}) as site:
        async with site.live(**OPERATOR) as one, site.live(**OPERATOR) as two:
            await watch(one, "kiosk")
            await watch(two, "kiosk")
            async with site.live(**OPERATOR) as three:
                assert (await closed_with(three))[0] == 1013
        await gone(site, 0)
        async with site.live(**OPERATOR) as again:
            await watch(again, "kiosk")


async def test_a_client_that_does_not_read_is_let_go_and_nobody_waits_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_client, "SEND_TIMEOUT_S", 0.5)
    async with web(tmp_path) as site, site.live(**OPERATOR) as reading:
        await watch(reading, "desk")
        slow = await site.live(**OPERATOR)
        await watch(slow, "desk")
        slow.transport.pause_reading()
        feed = site.app.state.feed
        big = "x" * 400_000
        for _ in range(40):
            for client in tuple(feed._clients["desk"]):
                if client.socket.client.port == slow.local_address[1]:
                    client.put(json.dumps({"type": "beat", "now_ms": 0, "factor": 1, "filling": big}))
            await asyncio.sleep(0)
        await gone(site, 1)
        assert feed.let_go == 1
        await site.it.issue()
        await hear(reading, "state", lambda m: len(m["state"]["waiting"]) == 1)
        slow.transport.abort()


async def test_a_client_that_fell_behind_is_told_to_reload(tmp_path: Path) -> None:
    async with web(tmp_path) as site, site.live(**OPERATOR) as socket:
        await watch(socket, "desk")
        (client,) = site.app.state.feed._clients["desk"]
        for _ in range(live_client.BUFFER_MAX + 1):
            client.put('{"type":"beat","now_ms":0,"factor":1}')
        code, last = await closed_with(socket)
        assert code == 1013 and last is not None and last["type"] == "reload"


async def test_a_credential_taken_away_ends_the_live_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LOOK_S", 0.05)
    monkeypatch.setattr(live, "RECHECK_S", 0.1)
    async with web(tmp_path) as site:
        await site.add_staff("ana", "reception")
        page = await site.page("ana")
        async with site.live(page) as socket:
            await watch(socket, "desk")
            await page.post("/api/v1/auth/logout")
            code, last = await closed_with(socket)
            assert code == 1008 and last is not None and last["code"] == "unauthorized"


async def test_watching_does_not_keep_a_session_from_idling_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LOOK_S", 0.05)
    monkeypatch.setattr(live, "RECHECK_S", 0.1)
    async with web(tmp_path, options={"session_idle_ms": 600_000}) as site:
        await site.add_staff("ana", "reception")
        page = await site.page("ana")
        async with site.live(page) as socket:
            await watch(socket, "desk")
            later_s = clock.wall_s() + 700
            monkeypatch.setattr(credentials, "wall_s", lambda: later_s)
            assert (await closed_with(socket))[0] == 1008


async def test_the_desk_sees_doctors_waiting_reasons_and_the_last_act(tmp_path: Path) -> None:
    async with web(tmp_path) as site, site.live(**OPERATOR) as socket:
        await watch(socket, "desk")
        await site.it.issue()
        await site.it.issue()
        called = await site.it.call()
        await site.it.accepted(StartConsultation, visit_id=called["visit"]["id"])
        seen = await hear(socket, "state", lambda m: m["state"]["doctors"][0]["current"] is not None)
        desk = seen["state"]
        assert desk["doctors"][0]["current"]["token_number"] == "A-001"
        assert desk["waiting"][0]["token_number"] == "A-002" and desk["waiting"][0]["why"]
        assert desk["last_acts"][0]["token"] == "A-001" and desk["last_acts"][0]["undo_id"]
        assert desk["printer"] == "ok" and desk["link"] == {"state": "none", "unsent": desk["link"]["unsent"]}


async def test_a_printer_out_of_paper_shows_on_the_kiosk_by_the_next_beat(tmp_path: Path) -> None:
    async with web(tmp_path) as site, site.live(**OPERATOR) as socket:
        assert (await watch(socket, "kiosk"))["state"]["printer"] == "ok"
        site.facts["printer"] = "paper_out"
        await hear(socket, "state", lambda m: m["state"]["printer"] == "paper_out")


async def gone(site: Web, left: int) -> None:
    """Wait until only so many live connections are left."""
    async with asyncio.timeout(10):
        while site.app.state.feed.clients > left:
            await asyncio.sleep(0.02)


class _any(str):
    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and bool(other)

    __hash__ = str.__hash__
