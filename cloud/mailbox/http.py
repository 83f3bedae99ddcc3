"""Commands down over HTTPS: a long poll, and the word that they were taken."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from cloud.db import epochs
from cloud.db.pool import Pool
from cloud.mailbox.service import Mailbox
from cloud.mailbox.watch import Watch
from shared.api import Cursor, Numbered, Taken
from shared.clock import transport_s
from shared.topics import Sender

WAIT_S_MAX = 25.0
"""Below what proxies and phones on the way cut off."""
LOOK_S = 1.0
"""How often a poll looks whether its caller is still there."""


def router(pool: Pool, mailbox: Mailbox, watch: Watch, device: Callable[..., Any]) -> APIRouter:
    """Routes under /api/v1/sync. `device`: the guard that gives the Sender of a request."""
    routes = APIRouter(prefix="/api/v1/sync", tags=["sync"])

    @routes.get("/commands")
    async def commands(
        request: Request,
        stream: Annotated[str, Query(pattern="^([0-9a-f]{16})?$")] = "",
        after: Annotated[int, Query(ge=0, lt=2**63)] = 0,
        wait_s: Annotated[float, Query(ge=0, le=WAIT_S_MAX)] = 0.0,
        sender: Sender = Depends(device),
    ) -> list[Numbered]:
        """What waits for the site after a number of its stream; held open up to `wait_s` while there is nothing."""
        at = Cursor(stream=stream or None, upto=after)
        with watch.waiting(sender.site) as told:
            found = await _waiting(pool, mailbox, sender, at)
            if found or not wait_s or watch.closed:
                return found
            if not await _told(told, request, wait_s):
                return []
        return await _waiting(pool, mailbox, sender, at)

    @routes.post("/taken", status_code=204)
    async def taken(body: Taken, sender: Sender = Depends(device)) -> None:
        """The site has kept every command up to a number."""
        async with pool.transaction() as conn:
            if await _is_current(conn, sender):
                await mailbox.taken(conn, sender.site, body)

    return routes


async def _told(told: asyncio.Event, request: Request, wait_s: float) -> bool:
    """Wait for news; False when there was none in time, or nobody is there any more to hear it."""
    until_s = transport_s() + wait_s
    while transport_s() < until_s and not await request.is_disconnected():
        try:
            async with asyncio.timeout(min(LOOK_S, max(0.0, until_s - transport_s()))):
                await told.wait()
            return True
        except TimeoutError:
            continue
    return False


async def _waiting(pool: Pool, mailbox: Mailbox, sender: Sender, at: Cursor) -> list[Numbered]:
    async with pool.transaction() as conn:
        if not await _is_current(conn, sender):
            return []
        return await mailbox.deliver(conn, sender.site, at)


async def _is_current(conn: Any, sender: Sender) -> bool:
    epoch = await epochs.find(conn, *sender)
    return epoch is not None and epoch.state == "current"
