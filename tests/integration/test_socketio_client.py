"""The tests' own Socket.IO client hears, speaks, is refused and goes without a trace, against the server the edge uses."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import socketio

from edge.web.server import GRACE_S, listen, server_of
from tests.socketio_client import Refused, Transport, clients_left, sio_client

each_transport = pytest.mark.parametrize("transport", ["websocket", "polling"])


@contextlib.asynccontextmanager
async def served(sio: socketio.AsyncServer, port: int = 0) -> AsyncIterator[str]:
    """Serve on loopback; leaving stops the server, which may take no longer than its grace and a little."""
    listening = listen("127.0.0.1", port)
    server = server_of(socketio.ASGIApp(sio))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        while not server.started:
            await asyncio.sleep(0.005)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        began = time.monotonic()
        await serving
        assert time.monotonic() - began < GRACE_S + 2


@pytest.fixture
def sio() -> socketio.AsyncServer:
    """Lets in who says the word or brings the cookie, and echoes."""
    server = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins=[])

    async def connect(sid: str, environ: dict[str, Any], auth: dict[str, Any] | None) -> None:
        known = (auth or {}).get("token") == "word" or environ.get("HTTP_COOKIE") == "session=word"
        if not known:
            raise socketio.exceptions.ConnectionRefusedError("say the word", {"code": "unknown"})
        await server.emit("welcome", {"sid": sid}, to=sid)

    async def echo(sid: str, *args: Any) -> dict[str, Any]:
        await server.emit("echo", args, to=sid)
        return {"ok": True, "args": list(args)}

    async def count(sid: str, until: int) -> None:
        for number in range(until):
            await server.emit("number", {"is": number, "padding": "é" * 100_000}, to=sid)

    async def leave(sid: str) -> None:
        await server.disconnect(sid)

    for handler in (connect, echo, count, leave):
        server.on(handler.__name__, handler)
    return server


@each_transport
async def test_events_go_both_ways_and_arrive_in_order(sio: socketio.AsyncServer, transport: Transport) -> None:
    async with served(sio) as url, sio_client(url, {"token": "word"}, transports=[transport]) as client:
        assert (client.connected, client.transport) == (True, transport)
        await client.hear("welcome", lambda payload: bool(payload["sid"]))
        assert await client.call("echo", {"a": 1}) == {"ok": True, "args": [{"a": 1}]}
        await client.emit("echo", 1, "two")
        assert await client.hear("echo", lambda payload: payload != {"a": 1}) == [1, "two"]
        await client.emit("count", 5)
        assert (await client.hear("number", lambda payload: payload["is"] == 3))["padding"] == "é" * 100_000
        assert (await client.hear("number"))["is"] == 4, "what is older than the last one heard counts as read"
        with pytest.raises(AssertionError, match=r"not within 0\.1 s: number"):
            await client.hear("number", timeout_s=0.1)
        assert [event for event, _ in client.heard] == ["welcome", "echo", "echo", *["number"] * 5]
        assert await clients_left() == 1
    assert await clients_left() == 0 and not client.connected


@each_transport
async def test_a_cookie_is_sent_and_without_a_credential_one_is_refused(
    sio: socketio.AsyncServer, transport: Transport
) -> None:
    async with served(sio) as url:
        async with sio_client(url, cookie="session=word", transports=[transport]) as client:
            await client.hear("welcome")
        with pytest.raises(Refused, match="say the word") as refused:
            async with sio_client(url, {"token": "guess"}, transports=[transport]):
                pass
        assert refused.value.data == {"code": "unknown"}
    assert await clients_left() == 0


@each_transport
async def test_a_page_that_is_sent_away_knows_it(sio: socketio.AsyncServer, transport: Transport) -> None:
    async with served(sio) as url, sio_client(url, {"token": "word"}, transports=[transport]) as client:
        await client.emit("leave")
        await client.until(connected=False)
        assert client.reason == "io server disconnect"


@each_transport
async def test_a_server_stops_at_once_under_an_open_page_which_then_comes_back(
    sio: socketio.AsyncServer, transport: Transport
) -> None:
    async with contextlib.AsyncExitStack() as first:
        url = await first.enter_async_context(served(sio))
        async with sio_client(url, {"token": "word"}, transports=[transport], reconnect=True) as client:
            await client.hear("welcome")
            await first.aclose()
            await client.until(connected=False)
            async with served(sio, port=int(url.rpartition(":")[2])):
                await client.until(connected=True)
                await client.hear("welcome")


async def test_where_nobody_listens_it_says_so_and_leaves_nothing() -> None:
    listening = listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    listening.close()
    with pytest.raises(Refused):
        async with sio_client(url):
            pass
    assert await clients_left() == 0
