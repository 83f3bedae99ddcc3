"""The overview's live door, without a network."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from fastapi import FastAPI

from cloud.accounts.guards import Guards
from cloud.accounts.people import ROLES, Account
from cloud.dashboard.live import Overview
from cloud.dashboard.sockets import live_router
from shared.clock import Clock


class _Asha:
    async def whoever(self, _: object) -> Account:
        return Account("a1", "Asha", ROLES, None)


class _Chain:
    ready = asyncio.Event()
    changed = asyncio.Event()


async def test_a_watcher_who_leaves_while_two_tell_it_something_is_no_fault() -> None:
    app = FastAPI()
    app.include_router(live_router(cast(Overview, _Chain()), cast(Guards, _Asha()), Clock.life()))
    heard = iter([{"type": "websocket.connect"}, {"type": "websocket.receive", "text": '{"action":"sing"}'}])
    told: list[str] = []

    async def receive() -> Any:
        return next(heard)

    async def send(message: Any) -> None:
        told.append(message["type"])
        if message["type"] == "websocket.send":
            raise OSError("the watcher has left")

    scope = {"type": "websocket", "path": "/api/v1/live", "headers": [], "query_string": b"", "subprotocols": []}
    async with asyncio.timeout(5):
        await app(scope, receive, send)
    assert told == ["websocket.accept", "websocket.send"]
