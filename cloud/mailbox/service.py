"""The log of commands for each site: numbered, kept, delivered until the site says it took them.

A mailbox's *stream* is one life of its numbering. The site's cursor decides: when it names a stream we do not have, or
a number beyond ours (we were restored from a backup), a new stream is made and everything not settled is numbered from
1 again; the site knows a command it has done by its `command_id`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson
from psycopg.types.json import Jsonb

from cloud.db.pool import MAILBOX, Connection, notify
from shared.api import Cursor, Numbered, Taken
from shared.clock import Clock
from shared.commands import COMMAND_BYTES_MAX, command_of
from shared.ids import new_id
from shared.stream import new_stream

DELIVERED_MAX = 16
"""Commands on the way to one site at a time."""
WAITING_MAX = 10_000
"""Unsettled commands one site's mailbox holds."""


class MailboxFull(Exception):
    """The site has not taken what waits for it. Try again when it has been heard."""

    passing = True
    hint = "The clinic has not taken its earlier commands. Look whether it is connected, then try again."


class Enqueued(NamedTuple):
    """Where a command went."""

    command_id: str
    number: int


class Mailbox:
    """Statements on a connection the caller commits."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def enqueue(
        self,
        conn: Connection,
        site: str,
        kind: str,
        actor: str,
        body: dict[str, Any],
        expires_ms: int | None = None,
        command_id: str | None = None,
    ) -> Enqueued:
        """Put a command into a site's mailbox. The same `command_id` again changes nothing and gives its number.

        expires_ms: domain time after which the site reports it as expired; None: never.
        Raises shared.commands.BadCommand when no site could carry it out, ValueError above COMMAND_BYTES_MAX, MailboxFull.
        """
        given = command_id or new_id()
        command_of(kind, given, actor, body)
        if len(orjson.dumps(body)) > COMMAND_BYTES_MAX:
            raise ValueError(f"{kind} is larger than {COMMAND_BYTES_MAX} bytes")
        stream = await self._lock(conn, site)
        known = await (
            await conn.execute("select number from mailbox where site = %s and command_id = %s", (site, given))
        ).fetchone()
        if known is not None:
            return Enqueued(given, known[0])
        row = await (
            await conn.execute(
                "update mailboxes set head = head + 1 where site = %s and (select count(*) from mailbox"
                " where site = %s and state in ('published', 'received')) < %s returning head",
                (site, site, WAITING_MAX),
            )
        ).fetchone()
        if row is None:
            raise MailboxFull(f"{WAITING_MAX} commands wait for {site}")
        await conn.execute(
            "insert into mailbox(site, stream, number, command_id, kind, actor, body, expires_ms, state, published_ms)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, 'published', %s)",
            (site, stream, row[0], given, kind, actor, Jsonb(body), expires_ms, self._clock.now_ms()),
        )
        await notify(conn, MAILBOX, site)
        return Enqueued(given, row[0])

    async def deliver(self, conn: Connection, site: str, at: Cursor | None = None) -> list[Numbered]:
        """What the site has not taken, in order, at most DELIVERED_MAX. `at`: where the site itself says it stands."""
        found = await conn.execute(
            "select m.stream, m.number, m.command_id, m.kind, m.actor, m.body, m.expires_ms from mailboxes b"
            " join mailbox m on m.site = b.site and m.stream = b.stream"
            " and m.number > case when b.stream = %s then %s else b.upto end"
            " where b.site = %s order by m.number limit %s",
            (at.stream if at else None, at.upto if at else 0, site, DELIVERED_MAX),
        )
        return [
            Numbered(stream=r[0], number=r[1], command_id=r[2], kind=r[3], actor=r[4], body=r[5], expires_ms=r[6])
            for r in await found.fetchall()
        ]

    async def taken(self, conn: Connection, site: str, taken: Taken) -> bool:
        """The site has kept everything up to a number. A stream that is not ours any more is ignored: False."""
        moved = await conn.execute(
            "update mailboxes set upto = greatest(upto, %s) where site = %s and stream = %s and head >= %s",
            (taken.upto, site, taken.stream, taken.upto),
        )
        if not moved.rowcount:
            return False
        await self._received(conn, site, taken.stream, taken.upto)
        return True

    async def follow(self, conn: Connection, site: str, cursor: Cursor) -> str:
        """Bring the mailbox to where the site's cursor stands; returns the stream to deliver from then on."""
        await self._lock(conn, site)
        row = await (await conn.execute("select stream, head, upto from mailboxes where site = %s", (site,))).fetchone()
        assert row is not None
        stream, head, upto = row
        fresh_edge = cursor.stream is None and upto == 0
        if fresh_edge or (cursor.stream == stream and cursor.upto <= head):
            at = 0 if fresh_edge else cursor.upto
            await conn.execute("update mailboxes set upto = %s where site = %s", (at, site))
            await self._received(conn, site, str(stream), at)
            return str(stream)
        return await self._renumber(conn, site)

    async def _received(self, conn: Connection, site: str, stream: str, upto: int) -> None:
        await conn.execute(
            "update mailbox set state = 'received', received_ms = coalesce(received_ms, %s)"
            " where site = %s and stream = %s and number <= %s and state = 'published'",
            (self._clock.now_ms(), site, stream, upto),
        )

    async def _renumber(self, conn: Connection, site: str) -> str:
        stream = new_stream()
        moved = await conn.execute(
            "with waiting as (select stream, number, row_number() over (order by published_ms, number) as n"
            "  from mailbox where site = %(site)s and state in ('published', 'received'))"
            " update mailbox m set stream = %(stream)s, number = w.n, state = 'published' from waiting w"
            " where m.site = %(site)s and m.stream = w.stream and m.number = w.number",
            {"site": site, "stream": stream},
        )
        await conn.execute(
            "update mailboxes set stream = %s, head = %s, upto = 0 where site = %s", (stream, moved.rowcount, site)
        )
        return stream

    async def _lock(self, conn: Connection, site: str) -> str:
        await conn.execute(
            "insert into mailboxes(site, stream) values (%s, %s) on conflict do nothing", (site, new_stream())
        )
        row = await (
            await conn.execute("select stream from mailboxes where site = %s for no key update", (site,))
        ).fetchone()
        assert row is not None
        return str(row[0])
