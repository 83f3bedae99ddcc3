"""`ws /api/v1/live`: one watcher's connection to the overview."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, Final

import orjson
from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect, WebSocketDisconnected

from cloud.accounts.guards import Guards
from cloud.accounts.people import ROLES, Account
from cloud.dashboard.live import Overview
from shared.clock import Clock
from shared.problems import Problem

BEAT_S: Final = 2.0
ASK_AGAIN_S: Final = 15.0
"""How often an open connection's session is looked at again: signing out ends it at most this much later."""
WATCHERS_MAX: Final = 2_000
MESSAGE_BYTES_MAX: Final = 4_096
NO_CREDENTIAL: Final = 1008
TRY_LATER: Final = 1013


class _Ended(Exception):
    """This watcher must go; it is told why, once nobody else writes to its connection."""

    def __init__(self, code: int, reason: str, message: str) -> None:
        super().__init__(reason)
        self.code, self.reason, self.message = code, reason, message


def live_router(overview: Overview, guards: Guards, clock: Clock) -> APIRouter:
    """The live door of head office; topic ``chain``."""
    router = APIRouter()
    watchers: set[WebSocket] = set()

    @router.websocket("/api/v1/live")
    async def live(socket: WebSocket) -> None:
        await socket.accept()
        account = await _account(socket, guards)
        if account is None:
            await _end(socket, _signed_out())
            return
        if len(watchers) >= WATCHERS_MAX:
            await _end(socket, _Ended(TRY_LATER, "too_many", "Too many pages are watching; try again in a minute."))
            return
        watchers.add(socket)
        watching = asyncio.Event()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_listen(socket, watching))
                group.create_task(_states(socket, account, overview, watching))
                group.create_task(_beats(socket, clock))
                group.create_task(_still_signed_in(socket, guards, account))
        except* _Ended as ended:
            await _end(socket, ended.exceptions[0])
        except* (WebSocketDisconnect, WebSocketDisconnected):  # of those who send, the second hears the other
            pass
        finally:
            watchers.discard(socket)

    return router


async def _listen(socket: WebSocket, watching: asyncio.Event) -> None:
    while True:
        asked = _message(await socket.receive_text())
        if asked is None:
            raise _Ended(NO_CREDENTIAL, "bad_message", 'Send {"action":"watch","topic":"chain"}.')
        if asked.get("action") == "watch" and asked.get("topic") == "chain":
            watching.set()
        elif asked.get("action") != "ping":
            await _say(socket, {"type": "error", "code": "unknown", "message": "The topic here is chain."})


async def _states(socket: WebSocket, account: Account, overview: Overview, watching: asyncio.Event) -> None:
    await watching.wait()
    await overview.ready.wait()
    while True:
        changed = overview.changed  # taken before the state is read, so that no change is lost
        await socket.send_text(overview.state(account.sites).decode())
        await changed.wait()


async def _beats(socket: WebSocket, clock: Clock) -> None:
    while True:
        await _say(socket, {"type": "beat", "now_ms": clock.now_ms(), "factor": clock.factor})
        await asyncio.sleep(BEAT_S)


async def _still_signed_in(socket: WebSocket, guards: Guards, account: Account) -> None:
    while True:
        await asyncio.sleep(ASK_AGAIN_S)
        now = await _account(socket, guards)
        if now is None or now.sites != account.sites:
            raise _signed_out()


async def _account(socket: WebSocket, guards: Guards) -> Account | None:
    try:
        account = await guards.whoever(socket)
    except Problem:
        return None
    return account if account is not None and account.roles & ROLES else None


async def _say(socket: WebSocket, message: dict[str, Any]) -> None:
    await socket.send_text(orjson.dumps(message).decode())


async def _end(socket: WebSocket, why: BaseException) -> None:
    assert isinstance(why, _Ended)
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):  # it may have left in the meantime
        await _say(socket, {"type": "error", "code": why.reason, "message": why.message})
        await socket.close(why.code, why.reason)


def _signed_out() -> _Ended:
    return _Ended(NO_CREDENTIAL, "not_signed_in", "Sign in and open the page again.")


def _message(text: str) -> dict[str, Any] | None:
    if len(text) > MESSAGE_BYTES_MAX:
        return None
    try:
        asked = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return asked if isinstance(asked, dict) else None
