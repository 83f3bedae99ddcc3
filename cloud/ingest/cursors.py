"""The rows that say how far each lane has come: statements within ingest's transaction."""

from __future__ import annotations

from typing import NamedTuple

from cloud.db import epochs
from cloud.db.pool import EVENTS, Connection
from shared.codec import Frame
from shared.topics import Sender


class Place(NamedTuple):
    """One lane of one store."""

    site: str
    epoch: str
    lane: int


class Clash(Exception):
    """Numbers with two contents."""

    def __init__(self, senders: set[Sender]) -> None:
        super().__init__(f"two contents under one number: {sorted(senders)}")
        self.senders = senders


async def known(conn: Connection, frames: list[Frame]) -> dict[Sender, epochs.Epoch]:
    """The epochs these frames are from, as far as the cloud has heard of them."""
    senders = sorted({Sender(frame.site, frame.epoch) for frame in frames})
    found = await conn.execute(
        "select e.site, e.epoch, e.state, e.session, e.boot from epochs e"
        " join unnest(%s::text[], %s::text[]) as t(s, e) on (e.site, e.epoch) = (t.s, t.e)",
        ([sender.site for sender in senders], [sender.epoch for sender in senders]),
    )
    return {Sender(row[0], row[1]): epochs.Epoch(*row) for row in await found.fetchall()}


async def lock(conn: Connection, places: list[Place]) -> tuple[dict[Place, int], dict[Place, int]]:
    """Lock the lanes' cursor rows, made where missing, in one order everywhere; their uptos and numbers of pieces."""
    found = await conn.execute(
        "insert into cursors as c select s, e, l, 0, '{}' from unnest(%s::text[], %s::text[], %s::int2[]) as t(s, e, l)"
        " order by s, e, l on conflict (site, epoch, lane) do update set upto = c.upto"
        " returning site, epoch, lane, upto, (select count(*) from unnest(received))",
        ([p.site for p in places], [p.epoch for p in places], [p.lane for p in places]),
    )
    rows = await found.fetchall()
    return {Place(*row[:3]): row[3] for row in rows}, {Place(*row[:3]): row[4] for row in rows}


async def compare(conn: Connection) -> None:
    """Raises Clash when a row that came differs from the one that is kept under its number."""
    found = await conn.execute(
        "select distinct i.site, i.epoch from incoming i join events e"
        " on (e.site, e.epoch, e.lane, e.seq) = (i.site, i.epoch, i.lane, i.seq) where e.crc <> i.crc"
    )
    senders = {Sender(*row) for row in await found.fetchall()}
    if senders:
        raise Clash(senders)


async def grow(conn: Connection, frames: list[Frame]) -> dict[Place, int]:
    """Add the numbers of frames to what was received, and tell readers; the new uptos."""
    found = await conn.execute(
        "with came as (select site, epoch, lane, range_agg(int8range(first, last, '[]')) as ranges"
        "  from unnest(%s::text[], %s::text[], %s::int2[], %s::int8[], %s::int8[]) as t(site, epoch, lane, first, last)"
        "  group by site, epoch, lane),"
        " grown as (select c.site, c.epoch, c.lane, c.received + came.ranges as received"
        "  from cursors c join came using (site, epoch, lane))"
        " update cursors c set received = g.received,"
        "  upto = coalesce((select upper(r) - 1 from unnest(g.received) as r where lower(r) = 1), 0)"
        " from grown g where (c.site, c.epoch, c.lane) = (g.site, g.epoch, g.lane)"
        " returning c.site, c.epoch, c.lane, c.upto, pg_notify(%s, c.site)",
        (*([frame[i] for frame in frames] for i in (0, 1, 2, 4, 5)), EVENTS),
    )
    return {Place(*row[:3]): row[3] for row in await found.fetchall()}
