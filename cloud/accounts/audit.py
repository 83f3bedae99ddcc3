"""The append-only record of who signed in and who changed what. The database refuses to change or delete a line."""

from __future__ import annotations

from typing import Any

from psycopg.types.json import Jsonb

from cloud.db.pool import Connection
from shared.clock import Clock


async def write(
    conn: Connection, clock: Clock, actor: str, act: str, *, site: str | None = None, address: str = "", **detail: Any
) -> None:
    """Add a line in the transaction of what it tells of, so that neither stands without the other."""
    await conn.execute(
        "insert into audit (at_ms, actor, act, site, address, detail) values (%s, %s, %s, %s, %s, %s)",
        (clock.now_ms(), actor, act, site, address[:100], Jsonb(detail)),
    )
