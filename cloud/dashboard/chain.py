"""The chain overview: one tile a site, read from tables that others keep, and what a list of tiles adds up to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal

from pydantic import BaseModel

from cloud.db.pool import Connection
from shared.clock import Clock

State = Literal["live", "silent", "never"]


class Call(BaseModel):
    """The call made last."""

    token: str
    room: str | None
    at_ms: int


class Tile(BaseModel):
    """A site at a glance. Moments in ms since 1970, domain time. `state` follows `heard_ms` by itself."""

    site: str
    name: str
    state: State
    heard_ms: int | None
    waiting: int
    longest_since_ms: int | None
    called: int
    in_consultation: int
    issued_today: int
    completed_today: int
    no_show_today: int
    last_call: Call | None
    doctors_active: int
    unsent: list[int]
    path: Literal["mqtt", "https"] | None
    alerts_open: int
    day: str | None
    dead_letters: int
    """Events on a shelf: those PostgreSQL would not take, and those a reader could not apply; up to 1000 of each."""
    late: int
    """Events of stores that were replaced or fenced; up to 1000."""
    booked_today: int = 0
    """Booked for the open day and not here yet."""
    arrived_today: int = 0
    early_today: int = 0
    """Booked, and here before their time."""
    wait_mean_s: int | None = None
    """From joining the queue to the call."""
    promised_today: int = 0
    """Promised waits of those who have been called."""
    kept_today: int = 0
    """Of those, the ones whose wait was within the range promised."""
    as_of_ms: int | None = None
    """When the site last said that nothing about its queue is unsent."""


class Totals(BaseModel):
    """All the tiles together."""

    sites: int
    live: int
    silent: int
    never: int
    waiting: int
    called: int
    in_consultation: int
    issued_today: int
    completed_today: int
    no_show_today: int
    doctors_active: int
    alerts_open: int
    dead_letters: int
    late: int
    booked_today: int
    promised_today: int
    kept_today: int
    unsent: int
    longest_since_ms: int | None


class Chain(BaseModel):
    """The overview. Ages are shown as now_ms + factor x time since, minus the moment."""

    sites: list[Tile]
    totals: Totals
    now_ms: int
    factor: float


_TILES: Final = """
with alarm as (
    select site, count(*) as n from alarms
    where ended_ms is null and (%(sites)s::text[] is null or site = any(%(sites)s)) group by site
)
select s.site, s.name, st.heard_ms, coalesce(t.waiting, 0), t.longest_since_ms, coalesce(t.called, 0),
    coalesce(t.in_consultation, 0), coalesce(t.issued_today, 0), coalesce(t.completed_today, 0),
    coalesce(t.no_show_today, 0), t.last_call, coalesce(t.doctors_active, 0), coalesce(st.unsent, '{0,0,0}'), st.path,
    coalesce(t.alerts_open, 0) + coalesce(alarm.n, 0), t.day, dead.n + failed.n, late.n,
    coalesce(t.booked_today, 0), coalesce(t.arrived_today, 0), coalesce(t.early_today, 0), t.wait_mean_s,
    coalesce(t.promised_today, 0), coalesce(t.kept_today, 0), st.complete_ms
from sites s left join site_state st on st.site = s.site left join tiles t on t.site = s.site
left join alarm on alarm.site = s.site
cross join lateral (select count(*) as n from
    (select from dead_letters d where d.site between s.site and s.site order by d.site limit 1000) f) dead
cross join lateral (select count(*) as n from
    (select from reader_failures r where r.site between s.site and s.site order by r.site limit 1000) f) failed
cross join lateral (select count(*) as n from
    (select from late_events l where l.site between s.site and s.site order by l.site limit 1000) f) late
where %(sites)s::text[] is null or s.site = any(%(sites)s)
order by s.name, s.site
"""
"""Shelves are counted up to 1000 rows each: a tile is read ten times a second, and a person needs no more. Written as
a range in the order of the index, because for an equality the planner may read the whole table up to the limit."""


async def tiles(
    conn: Connection, clock: Clock, silent_after_s: float, sites: Iterable[str] | None = None
) -> list[Tile]:
    """The tiles of `sites` (None: all), by name. Sites that do not exist are left out."""
    wanted = None if sites is None else list(sites)
    found = await conn.execute(_TILES, {"sites": wanted})
    now_ms = clock.now_ms()
    return [_tile(row, clock, now_ms, silent_after_s) for row in await found.fetchall()]


def state_of(heard_ms: int | None, now_ms: int, clock: Clock, silent_after_s: float) -> State:
    """live, silent or never. `silent_after_s` is real time: beats come by the wrist watch, whatever the factor."""
    if heard_ms is None:
        return "never"
    return "silent" if clock.real_s((now_ms - heard_ms) / 1000) > silent_after_s else "live"


def aged(tile: Tile, clock: Clock, now_ms: int, silent_after_s: float) -> Tile:
    """The tile as it is now, though nothing new was read: silence comes by itself."""
    state = state_of(tile.heard_ms, now_ms, clock, silent_after_s)
    return tile if state == tile.state else tile.model_copy(update={"state": state})


def chain_of(shown: Sequence[Tile], clock: Clock) -> Chain:
    """The overview of some tiles."""

    def count(state: State) -> int:
        return sum(tile.state == state for tile in shown)

    def add(name: str) -> int:
        return sum(getattr(tile, name) for tile in shown)

    since = [tile.longest_since_ms for tile in shown if tile.longest_since_ms is not None]
    totals = Totals(
        sites=len(shown),
        live=count("live"),
        silent=count("silent"),
        never=count("never"),
        waiting=add("waiting"),
        called=add("called"),
        in_consultation=add("in_consultation"),
        issued_today=add("issued_today"),
        completed_today=add("completed_today"),
        no_show_today=add("no_show_today"),
        doctors_active=add("doctors_active"),
        alerts_open=add("alerts_open"),
        dead_letters=add("dead_letters"),
        late=add("late"),
        booked_today=add("booked_today"),
        promised_today=add("promised_today"),
        kept_today=add("kept_today"),
        unsent=sum(sum(tile.unsent) for tile in shown),
        longest_since_ms=min(since, default=None),
    )
    return Chain(sites=list(shown), totals=totals, now_ms=clock.now_ms(), factor=clock.factor)


def _tile(row: tuple[Any, ...], clock: Clock, now_ms: int, silent_after_s: float) -> Tile:
    return Tile.model_construct(
        site=row[0], name=row[1], state=state_of(row[2], now_ms, clock, silent_after_s), heard_ms=row[2],
        waiting=row[3], longest_since_ms=row[4], called=row[5], in_consultation=row[6], issued_today=row[7],
        completed_today=row[8], no_show_today=row[9], last_call=Call(**row[10]) if row[10] else None,
        doctors_active=row[11], unsent=row[12], path=row[13], alerts_open=row[14], day=row[15], dead_letters=row[16],
        late=row[17], booked_today=row[18], arrived_today=row[19], early_today=row[20], wait_mean_s=row[21],
        promised_today=row[22], kept_today=row[23], as_of_ms=row[24],
    )  # fmt: skip
