"""Readers: whoever makes something of the events that ingest has kept.

A reader names its lanes and entities and applies batches. Its cursor is per (reader, site, epoch, lane); rows and
cursor move in one transaction, and never beyond the contiguous prefix (`cursors.upto`). Any number of workers may run
the same readers: an advisory lock per (reader, site) lets one work, and the others come back shortly.

An event a reader cannot apply goes to the shelf `reader_failures` with the reason, and the reader goes on. A failure of
the database is nobody's event's fault: nothing moves, and it is tried again.

Whenever a cursor has moved, `outpost_sites` and `outpost_queue` are notified, so that whoever shows the site looks again.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Final, NamedTuple, Protocol

import psycopg

from cloud.db.pool import QUEUE, SITES, Connection, Pool, notify
from shared.clock import Clock
from shared.events import Event

BATCH_EVENTS_MAX: Final = 500
REASON_CHARS_MAX: Final = 500
UNFIT: Final = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    psycopg.DataError,
    psycopg.IntegrityError,
)
"""What a reader raises for an event that does not fit. Everything else is no event's fault."""


class Kept(NamedTuple):
    """An event as ingest kept it. `ordinal` orders the site's epochs; `at_ms` is the best moment known."""

    epoch: str
    ordinal: int
    lane: int
    at_ms: int
    event: Event


class Reader(Protocol):
    """A projection, or anything else fed by events."""

    name: str
    lanes: frozenset[int]
    entities: frozenset[str]
    """Events about other entities are passed over; so are kinds nobody knows yet, unless they are about these."""

    async def apply(self, conn: Connection, site: str, events: Sequence[Kept]) -> None:
        """Make rows of up to BATCH_EVENTS_MAX events: the same rows in whatever order lanes and epochs arrive.

        Raises one of UNFIT for events it cannot apply; it is then called again with fewer, until the one is found.
        """

    async def settle(self, conn: Connection, site: str) -> None:
        """Called once after the batch, in the same transaction: count what depends on the rows."""


class Step(Enum):
    """What `run_reader` found."""

    IDLE = "idle"
    MORE = "more"
    BUSY = "busy"


class _Place(NamedTuple):
    epoch: str
    ordinal: int
    lane: int
    done: int
    upto: int


async def run_reader(pool: Pool, reader: Reader, site: str, clock: Clock) -> Step:
    """Do one batch. MORE: call again. BUSY: another worker is at it; come back, it may not see what has just come.

    Raises psycopg.Error when the database failed; nothing has moved then.
    """
    async with pool.transaction() as conn:
        if not await _lock(conn, reader, site):
            return Step.BUSY
        places = await _places(conn, reader, site)
        if not places:
            return Step.IDLE
        place = places[0]
        batch = await _batch(conn, reader, site, place)
        if batch:
            await _apply(conn, reader, site, batch, clock)
            await reader.settle(conn, site)
        upto = batch[-1].event.seq if len(batch) == BATCH_EVENTS_MAX else place.upto
        await conn.execute(
            "insert into reader_cursors as c values (%s, %s, %s, %s, %s)"
            " on conflict (reader, site, epoch, lane) do update set upto = excluded.upto",
            (reader.name, site, place.epoch, place.lane, upto),
        )
        if batch:
            await notify(conn, SITES, site)
            await notify(conn, QUEUE, site)
    return Step.MORE if len(places) > 1 or upto < place.upto else Step.IDLE


async def sites_behind(conn: Connection, reader: Reader) -> list[str]:
    """The sites of which `reader` has not read everything it may."""
    found = await conn.execute(
        "select distinct c.site from cursors c left join reader_cursors r"
        " on r.reader = %s and r.site = c.site and r.epoch = c.epoch and r.lane = c.lane"
        " where c.lane = any(%s) and c.upto > coalesce(r.upto, 0)",
        (reader.name, list(reader.lanes)),
    )
    return [row[0] for row in await found.fetchall()]


async def _lock(conn: Connection, reader: Reader, site: str) -> bool:
    found = await conn.execute(
        "select pg_try_advisory_xact_lock(hashtextextended(%s, 0))", (f"reader/{reader.name}/{site}",)
    )
    row = await found.fetchone()
    return bool(row and row[0])


async def _places(conn: Connection, reader: Reader, site: str) -> list[_Place]:
    found = await conn.execute(
        "select c.epoch, e.ordinal, c.lane, coalesce(r.upto, 0), c.upto from cursors c"
        " join epochs e on e.site = c.site and e.epoch = c.epoch"
        " left join reader_cursors r on r.reader = %s and r.site = c.site and r.epoch = c.epoch and r.lane = c.lane"
        " where c.site = %s and c.lane = any(%s) and c.upto > coalesce(r.upto, 0) order by c.lane, e.ordinal",
        (reader.name, site, list(reader.lanes)),
    )
    return [_Place(*row) for row in await found.fetchall()]


async def _batch(conn: Connection, reader: Reader, site: str, place: _Place) -> list[Kept]:
    found = await conn.execute(
        "select dated_ms, seq, gseq, at_ms, mono_ms, trust, kind, v, actor, cause, entity, entity_id, version, data"
        " from events_dated where site = %s and epoch = %s and lane = %s and seq > %s and seq <= %s"
        " and entity = any(%s) order by seq limit %s",
        (site, place.epoch, place.lane, place.done, place.upto, list(reader.entities), BATCH_EVENTS_MAX),
    )
    return [Kept(place.epoch, place.ordinal, place.lane, row[0], Event(*row[1:])) for row in await found.fetchall()]


async def _apply(conn: Connection, reader: Reader, site: str, events: Sequence[Kept], clock: Clock) -> None:
    """Apply all; where that fails, halve until the one event that does not fit is alone, and shelve it."""
    try:
        async with conn.transaction():
            await reader.apply(conn, site, events)
    except UNFIT as error:
        if len(events) > 1:
            middle = len(events) // 2
            await _apply(conn, reader, site, events[:middle], clock)
            await _apply(conn, reader, site, events[middle:], clock)
            return
        kept = events[0]
        await conn.execute(
            "insert into reader_failures values (%s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing",
            (
                reader.name,
                site,
                kept.epoch,
                kept.lane,
                kept.event.seq,
                kept.event.kind,
                f"{type(error).__name__}: {error}"[:REASON_CHARS_MAX].replace("\x00", ""),
                clock.now_ms(),
            ),
        )
