"""The connections to PostgreSQL: one pool a process, and the few things everybody does with it.

JSON goes in and out through orjson. A connection never reads the database's clock; moments come from `shared.clock`.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, TypeAlias

import orjson
import psycopg
from psycopg import AsyncConnection, sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow
from psycopg.types.json import set_json_dumps, set_json_loads
from psycopg_pool import AsyncConnectionPool
from psycopg_pool._acompat import ACondition, AEvent

Connection: TypeAlias = AsyncConnection[TupleRow]

EVENTS = "outpost_events"
"""Notified with the site after each commit that kept something of it."""
SITES = "outpost_sites"
"""Notified with the site when it was heard, at most once a second for each site and process."""
QUEUE = "outpost_queue"
"""Notified with the site when its queue may have changed: a reader has made something of it, or it told who stands where."""
ALERTS = "outpost_alerts"
"""Notified with the site when one of its alerts was raised, grew, was taken on or is over."""
NOTES = "outpost_notes"
"""Notified with the site when a recording of it is known of, or its sound has come."""
MAILBOX = "outpost_mailbox"
"""Notified with the site when a command was put into its mailbox, and with POKE and the site to ask how it is now."""
POKE = "?"
"""No site's id begins with it."""

STATEMENT_MS = 30_000
"""A statement that takes longer is a fault, not work; it is ended."""


QUIET_S = 30.0
"""How often a connection that only listens asks for an answer."""
STEADY: Final = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
"""A server that is gone without a word is noticed within 20 seconds. What the address itself says stands over it."""


async def _wait(for_what: AEvent | ACondition, at_most_s: float) -> bool:
    """Of psycopg_pool, with a wait that is always heard when it is cancelled.

    Up to Python 3.11 `asyncio.wait_for`, which it waits with, loses a cancellation that comes at the moment a connection does:
    the task goes on for ever, and the program that was told to stop with it.
    """
    try:
        async with asyncio.timeout(at_most_s):
            await for_what.wait()
    except TimeoutError:
        return False
    return True


if sys.version_info < (3, 12):
    AEvent.wait_timeout = ACondition.wait_timeout = _wait  # type: ignore[method-assign, assignment]


def _dumps(value: Any) -> bytes:
    return orjson.dumps(value)


async def _configure(conn: Connection) -> None:
    set_json_dumps(_dumps, conn)
    set_json_loads(orjson.loads, conn)
    await conn.execute(f"set statement_timeout = {STATEMENT_MS}")
    await conn.execute("set client_min_messages = warning")
    await conn.commit()


class Pool:
    """An open pool; make it with `open_pool`."""

    def __init__(self, inner: AsyncConnectionPool[Connection], uri: str) -> None:
        self._inner = inner
        self.uri = uri

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A connection in a transaction: committed at the end of the block, rolled back when it raises.

        Raises psycopg_pool.PoolTimeout when none is free in time, and psycopg.OperationalError when the server is away;
        both may be tried again.
        """
        async with self._inner.connection() as conn, conn.transaction():
            yield conn

    @asynccontextmanager
    async def listening(self, *channels: str) -> AsyncIterator[Connection]:
        """A connection of its own, in autocommit, that listens to `channels`: read `notices`."""
        conn = await AsyncConnection.connect(self.uri, autocommit=True)
        try:
            for channel in channels:
                await conn.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))
            yield conn
        finally:
            await conn.close()

    async def check(self) -> None:
        """Ask the server for an answer. Raises psycopg.Error when there is none."""
        async with self.transaction() as conn:
            await conn.execute("select 1")

    async def close(self) -> None:
        """Close every connection."""
        await self._inner.close()


async def notices(conn: Connection) -> AsyncIterator[str]:
    """What is told to a connection that listens; raises psycopg.Error when the line is dead, also a silent one."""
    while True:
        async for notice in conn.notifies(timeout=QUIET_S):
            yield notice.payload
        await conn.execute("select 1")


async def notify(conn: Connection, channel: str, payload: str) -> None:
    """Tell listeners once `conn` commits. The same payload twice in one transaction is told once."""
    await conn.execute("select pg_notify(%s, %s)", (channel, payload))


def steady(uri: str) -> str:
    """An address with STEADY added. Raises psycopg.ProgrammingError for what is no address."""
    given = conninfo_to_dict(uri)
    return make_conninfo(uri, **{name: value for name, value in STEADY.items() if name not in given})


async def open_pool(uri: str, size: int = 8, wait_s: float = 10.0) -> Pool:
    """Open a pool of up to `size` connections. Raises psycopg_pool.PoolTimeout when the server does not answer."""
    uri = steady(uri)
    inner: AsyncConnectionPool[Connection] = AsyncConnectionPool(
        uri,
        min_size=1,
        max_size=size,
        timeout=wait_s,
        max_waiting=size * 64,
        configure=_configure,
        open=False,
    )
    try:
        await inner.open(wait=True, timeout=wait_s)
    except psycopg.Error:
        await inner.close()
        raise
    return Pool(inner, uri)
