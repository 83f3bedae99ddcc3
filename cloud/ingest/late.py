"""The late shelf: what comes from a store that was replaced, fenced or revoked. Kept, shown, never mixed with the rest.

Its own cursors tell such a store how far the shelf has come. A replaced one goes on where it stood. Of a fenced epoch
there are two stores under one name, so each is counted alone, by the boot that said HELLO, and begins at 1; what is
equal to a kept event is passed over.
"""

from __future__ import annotations

from typing import Final

from cloud.db.epochs import State
from cloud.db.pool import Connection
from cloud.ingest.copying import copy_in
from shared.codec import Frame

_COLUMNS: Final = (
    "i.site, i.epoch, i.lane, i.seq, i.gseq, i.boot, i.at_ms, i.mono_ms, i.trust, i.kind, i.v, i.actor, i.cause,"
    " i.entity, i.entity_id, i.version, case when i.entity = 'person' and exists (select from erasures x"
    " where x.site = i.site and x.person_id = i.entity_id) then '{}' else i.data end, i.crc"
)
"""What an old store still says of a person who was erased is not kept again; number and crc are."""


async def keep(conn: Connection, frame: Frame, rows: bytes, state: State, boot: str, now_ms: int) -> int:
    """Shelve a frame; returns the end of what is contiguous for its sender, whose last HELLO came from `boot`."""
    if rows:
        await copy_in(conn, "incoming_late", rows)
        await conn.execute(
            f"insert into late_events select {_COLUMNS}, %s, %s from incoming_late i where not exists (select 1 from events e"
            " where (e.site, e.epoch, e.lane, e.seq, e.crc) = (i.site, i.epoch, i.lane, i.seq, i.crc))"
            " on conflict do nothing",
            (state, now_ms),
        )
        await conn.execute("truncate incoming_late")
    await conn.execute(
        "insert into late_cursors as l values (%s, %s, %s, %s, int8multirange(int8range(%s, %s, '[]')))"
        " on conflict (site, epoch, boot, lane) do update set received = l.received + excluded.received",
        (frame.site, frame.epoch, boot, frame.lane, frame.first, frame.last),
    )
    return await upto(conn, frame.site, frame.epoch, boot, frame.lane, state)


async def upto(conn: Connection, site: str, epoch: str, boot: str, lane: int, state: State) -> int:
    """How far a store that is not current has come in a lane."""
    found = await conn.execute(
        "with pieces as (select unnest(received) as r from late_cursors where site = %(site)s and epoch = %(epoch)s"
        "   and lane = %(lane)s and (boot = %(boot)s or not %(alone)s)"
        "  union all select unnest(received) from cursors where site = %(site)s and epoch = %(epoch)s"
        "   and lane = %(lane)s and not %(alone)s)"
        " select upper(x) - 1 from unnest((select range_agg(r) from pieces)) as x where lower(x) = 1",
        {"site": site, "epoch": epoch, "boot": boot, "lane": lane, "alone": state == "fenced"},
    )
    row = await found.fetchone()
    return row[0] if row else 0
