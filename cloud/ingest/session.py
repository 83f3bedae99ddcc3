"""HELLO and beats: who speaks, where each lane stands, and how the site is.

A HELLO of a store the cloud never saw makes it the site's current epoch. The answer holds the cursors, which are the
truth: a cloud restored from a backup answers with lower ones and is healed.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog
from psycopg.types.json import Jsonb

from cloud.db import epochs
from cloud.db.pool import QUEUE, SITES, Connection, Pool, notify
from cloud.ingest import late
from cloud.ingest.service import CREDIT
from cloud.mailbox.service import Mailbox
from shared import tracking
from shared.api import Beat, ClockReport, Hello, HelloAnswer, Standing
from shared.clock import Clock, transport_s
from shared.events import LANES, Lane
from shared.topics import Sender

log = structlog.get_logger(__name__)

Path = Literal["mqtt", "https"]
NOTIFY_EVERY_S = 1.0
NOTIFIED_MAX = 10_000
"""Sites remembered for that; the longest not heard is forgotten first."""


_HEARD = """
insert into site_state as s (site, epoch, heard_ms, path, unsent, status, boot, version, clock_now_ms, clock_mono_ms,
    clock_trust, complete_ms, complete_upto, timezone, standing, standing_ms)
select %(site)s, %(epoch)s, %(heard)s, %(path)s, %(unsent)s, %(status)s, %(boot)s, coalesce(%(version)s, ''), %(now)s,
    %(mono)s, %(trust)s, case when %(complete)s then %(heard)s end, coalesce((select upto from cursors
    where site = %(site)s and epoch = %(epoch)s and lane = %(lane)s), 0), coalesce(%(zone)s, ''), %(standing)s::jsonb,
    case when %(standing)s::jsonb is not null then %(heard)s end
on conflict (site) do update set epoch = excluded.epoch, heard_ms = excluded.heard_ms, path = excluded.path,
    unsent = excluded.unsent, status = excluded.status, boot = excluded.boot, version = coalesce(%(version)s, s.version),
    clock_now_ms = excluded.clock_now_ms, clock_mono_ms = excluded.clock_mono_ms, clock_trust = excluded.clock_trust,
    timezone = coalesce(%(zone)s, s.timezone),
    complete_upto = case when %(complete)s or s.epoch <> excluded.epoch then excluded.complete_upto else s.complete_upto end,
    complete_ms = case when %(complete)s or s.epoch <> excluded.epoch then excluded.complete_ms else s.complete_ms end,
    standing = case when s.epoch <> excluded.epoch then excluded.standing else coalesce(excluded.standing, s.standing) end,
    standing_ms = case when s.epoch <> excluded.epoch then excluded.standing_ms
        else coalesce(excluded.standing_ms, s.standing_ms) end
"""
"""What was complete or told before stays, but not that of another store."""


class Said(NamedTuple):
    """What a HELLO or a beat says of its site. None: nothing about that."""

    unsent: list[int]
    status: str
    boot: str
    clock: ClockReport
    version: str | None = None
    timezone: str | None = None
    standing: list[Standing] | None = None


class WrongEpoch(ValueError):
    """The epoch in the body is not the credential's. The edge has to claim for its new store."""


class Sessions:
    """Answers HELLO, keeps what beats say."""

    def __init__(self, pool: Pool, mailbox: Mailbox, clock: Clock) -> None:
        self._pool = pool
        self._mailbox = mailbox
        self._clock = clock
        self._notified: OrderedDict[str, float] = OrderedDict()

    async def hello(self, sender: Sender, hello: Hello, path: Path) -> HelloAnswer:
        """Open a session. Raises WrongEpoch, or psycopg.Error and PoolTimeout when the database is away."""
        if hello.epoch != sender.epoch:
            raise WrongEpoch(f"{sender.name} says its epoch is {hello.epoch}")
        now_ms = self._clock.now_ms()
        async with self._pool.transaction() as conn:
            epoch = await epochs.register(conn, *sender, now_ms)
            await conn.execute(
                "update epochs set session = %s, boot = %s where site = %s and epoch = %s",
                (hello.session, hello.boot, *sender),
            )
            await conn.execute(
                "insert into boots values (%s, %s, %s) on conflict (site, boot) do update set offset_ms = excluded.offset_ms",
                (sender.site, hello.boot, now_ms - hello.clock.mono_ms),
            )
            current = epoch.state == "current"
            tails: list[int | None] = []
            cursors = await _cursors(conn, sender, hello.boot, epoch.state)
            if current:
                tails = await _tails(conn, sender, cursors)
                stream = await self._mailbox.follow(conn, sender.site, hello.mailbox)
                unsent = [max(0, lane.last - upto) for lane, upto in zip(hello.lanes, cursors, strict=True)]
                state = Said(unsent, "ok", hello.boot, hello.clock, hello.version, _zone(hello.timezone))
                await self._heard(conn, sender, path, now_ms, state)
                await _keep_key(conn, sender, hello.tracking_key, now_ms)
                if any(lane.last and upto > lane.last for lane, upto in zip(hello.lanes, cursors, strict=True)):
                    detail = "The store has fewer events than it sent: it was restored or copied without a new epoch."
                    await epochs.raise_alarm(conn, sender.site, "clash", sender.epoch, detail, now_ms)
            else:
                stream = hello.mailbox.stream or "0" * 16
        log.info("hello", sender=sender.name, path=path, state=epoch.state, cursors=cursors)
        return HelloAnswer(
            session=hello.session,
            cursors=cursors,
            credit=0 if epoch.state == "revoked" else CREDIT,
            server_ms=now_ms,
            mailbox_stream=stream,
            tails=tails,
            fenced=not current,
        )

    async def beats(self, beats: Sequence[tuple[Sender, Beat, Path]]) -> list[Sender]:
        """Keep what beats say, the last of each sender, in one transaction; returns the senders that are current.

        Beats of replaced and revoked stores are no news of the site.
        """
        last = {sender: (beat, path) for sender, beat, path in beats}
        now_ms = self._clock.now_ms()
        current: list[Sender] = []
        async with self._pool.transaction() as conn:
            for sender in sorted(last):
                beat, path = last[sender]
                epoch = await epochs.find(conn, *sender)
                if epoch is None or epoch.state not in ("current", "fenced"):
                    continue
                if epoch.state == "current":
                    current.append(sender)
                status = beat.status if epoch.state == "current" else "fenced"
                state = Said(beat.unsent, status, epoch.boot or "", beat.clock, standing=beat.standing)
                await self._heard(conn, sender, path, now_ms, state)
        return current

    async def _heard(self, conn: Connection, sender: Sender, path: Path, now_ms: int, said: Said) -> None:
        await conn.execute(
            _HEARD,
            {
                "site": sender.site, "epoch": sender.epoch, "heard": now_ms, "path": path, "unsent": said.unsent,
                "status": said.status, "boot": said.boot, "version": said.version, "now": said.clock.now_ms,
                "mono": said.clock.mono_ms, "trust": said.clock.trust, "zone": said.timezone,
                "complete": said.unsent[Lane.CARE] == 0, "lane": int(Lane.CARE),
                "standing": None if said.standing is None else Jsonb(said.standing),
            },
        )  # fmt: skip
        if said.standing is not None:
            await notify(conn, QUEUE, sender.site)
        if self._may_notify(sender.site):
            await notify(conn, SITES, sender.site)

    def _may_notify(self, site: str) -> bool:
        now_s = transport_s()
        if now_s - self._notified.get(site, -NOTIFY_EVERY_S) < NOTIFY_EVERY_S:
            return False
        self._notified[site] = now_s
        self._notified.move_to_end(site)
        if len(self._notified) > NOTIFIED_MAX:
            self._notified.popitem(last=False)
        return True


async def _keep_key(conn: Connection, sender: Sender, public: str, now_ms: int) -> None:
    """Tracking links made with this key can be checked from now on; what is no key checks nothing and is not kept."""
    if tracking.is_public(public):
        await conn.execute(
            "insert into tracking_keys values (%s, %s, %s, %s) on conflict do nothing", (*sender, public, now_ms)
        )


def _zone(name: str) -> str | None:
    try:
        return ZoneInfo(name).key if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


async def _cursors(conn: Connection, sender: Sender, boot: str, state: epochs.State) -> list[int]:
    if state != "current":
        return [await late.upto(conn, *sender, boot, int(lane), state) for lane in LANES]
    found = await conn.execute("select lane, upto from cursors where site = %s and epoch = %s", sender)
    uptos: dict[int, int] = dict(await found.fetchall())
    return [uptos.get(int(lane), 0) for lane in LANES]


async def _tails(conn: Connection, sender: Sender, cursors: Sequence[int]) -> list[int | None]:
    found = await conn.execute(
        "select e.lane, e.crc from events e join unnest(%s::int2[], %s::int8[]) as t(l, s) on (e.lane, e.seq) = (t.l, t.s)"
        " where e.site = %s and e.epoch = %s",
        ([int(lane) for lane in LANES], list(cursors), *sender),
    )
    crcs: dict[int, int] = dict(await found.fetchall())
    return [crcs.get(int(lane)) for lane in LANES]
