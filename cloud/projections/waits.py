"""How long visits waited: worked out anew from everything ever said about them, whenever something more is."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Final, NamedTuple

from cloud.db.pool import Connection
from cloud.feed import Kept

_KEEP: Final = (
    "insert into visit_log select %s, * from unnest(%s::text[], %s::int[], %s::int8[], %s::text[], %s::text[],"
    " %s::text[], %s::int8[]) on conflict do nothing"
)
_LOGS: Final = (
    "select visit_id, ordinal, version, kind, status, at_ms from visit_log where site = %s and visit_id = any(%s)"
    " order by visit_id, ordinal, version"
)
_SET: Final = (
    "update visits v set waited_ms = w.waited_ms from unnest(%s::text[], %s::int8[]) as w(visit_id, waited_ms)"
    " where v.site = %s and v.visit_id = w.visit_id and v.waited_ms is distinct from w.waited_ms"
)


class Line(NamedTuple):
    """What one event said."""

    ordinal: int
    version: int
    kind: str
    status: str
    at_ms: int


async def follow(conn: Connection, site: str, events: Sequence[Kept]) -> None:
    """Keep what these events about visits say, and set `visits.waited_ms` of each."""
    if not events:
        return
    rows = [
        (
            k.event.id,
            k.ordinal,
            k.event.version,
            k.event.kind,
            k.event.data["status"],
            k.event.data.get("doctor_id"),
            k.at_ms,
        )
        for k in events
    ]
    await conn.execute(_KEEP, (site, *map(list, zip(*rows, strict=True))))
    found = await conn.execute(_LOGS, (site, sorted({row[0] for row in rows})))
    waited = {
        visit_id: waited_ms([Line(*row[1:]) for row in log])
        for visit_id, log in groupby(await found.fetchall(), key=lambda row: str(row[0]))
    }
    await conn.execute(_SET, (list(waited), list(waited.values()), site))


def waited_ms(log: Sequence[Line]) -> int | None:
    """From joining the queue to the first call; None without a call, or when a hold was asked for before it.

    log: in order of (ordinal, version). What was undone does not count; who is back after a no-show joins anew.
    """
    undone = {(line.ordinal, line.version - 1) for line in log if line.kind == "undone"}
    since: int | None = None
    for line in log:
        if (line.ordinal, line.version) in undone:
            continue
        if line.status == "parked":
            return None
        if line.status == "no_show":
            since = None
        elif line.status == "waiting" and since is None:
            since = line.at_ms
        elif line.status in ("called", "in_consultation") and since is not None:
            return max(0, line.at_ms - since)
    return None
