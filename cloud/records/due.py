"""Days whose numbers may have changed, marked in the transaction that changed them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from cloud.db.pool import Connection

SUMMARIES: Final = "outpost_summaries"
"""Notified with the site when days are to be counted anew."""


async def mark(conn: Connection, site: str, days: Iterable[tuple[str, str]]) -> None:
    """days: (person_id, "2026-11-20") of the doses that changed, each in the person's own time."""
    marked = sorted(set(days))
    if not marked:
        return
    async with conn.cursor() as cursor:
        await cursor.executemany(
            "insert into summaries_due values (%s, %s, %s) on conflict do nothing", [(site, *one) for one in marked]
        )
    await conn.execute("select pg_notify(%s, %s)", (SUMMARIES, site))
