"""Keeping what the edges send. Understands nothing of it: numbers, bytes and checksums only.

`Ingest.take` keeps up to eight frames in one commit and answers each lane with the end of its first received range.
In that transaction: the cursor rows of the lanes are locked in order; the events go by binary COPY into a temporary
table and from there into `events` where they are new; where one was there already its crc is compared; the received
ranges grow. A number with two contents means that two stores use one identity: the epoch is fenced, and its frames,
like those of a replaced or revoked epoch, go to the late shelf. An event PostgreSQL refuses is answered as poison.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from weakref import WeakSet

import orjson
import psycopg
import structlog

from cloud.db import epochs
from cloud.db.pool import EVENTS, Connection, Pool, notify
from cloud.ingest import cursors, late
from cloud.ingest.copying import Unstorable, copy_in, rows_of
from cloud.ingest.cursors import Clash, Place
from shared.api import Ack, Poison
from shared.clock import Clock
from shared.codec import BadFrame, Frame, decode_frame, header_of
from shared.topics import Sender

log = structlog.get_logger(__name__)

FRAMES_PER_COMMIT = 8
CREDIT = 8
RANGES_MAX = 64
"""Pieces a lane's received numbers may be in; beyond it only the frame that closes the first hole is taken."""
REASON_CHARS_MAX = 200

Refused = psycopg.DataError | psycopg.errors.ProgramLimitExceeded | psycopg.IntegrityError | Unstorable
_REFUSED = (psycopg.DataError, psycopg.errors.ProgramLimitExceeded, psycopg.IntegrityError, Unstorable)
"""The same frame will be refused each time. Everything else (away, busy, full, deadlock) may pass."""


class Arrived(NamedTuple):
    """A frame as it came, and from whom: `sender` is from the credential or the topic."""

    sender: Sender
    data: bytes


class Unknown(Exception):
    """This store never said HELLO here. It has to before it sends."""


class Ingest:
    """Takes frames. Any number of workers may take any frame."""

    def __init__(self, pool: Pool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock
        self._prepared: WeakSet[Connection] = WeakSet()
        """Connections that have the temporary table, because a transaction with it was committed there."""
        self.inserted = 0
        """Rows that were new, since the start."""

    async def take(self, arrived: Sequence[Arrived]) -> list[Ack | None]:
        """Keep frames (at most FRAMES_PER_COMMIT) and answer each, in order; None: no answer, the sender must say HELLO.

        Returns after the commit. Raises psycopg.OperationalError or psycopg_pool.PoolTimeout when the database is away:
        nothing was kept, the same frames may be taken again.
        """
        answers: list[Ack | None] = [None] * len(arrived)
        frames: list[tuple[int, Frame]] = []
        for index, (sender, data) in enumerate(arrived):
            try:
                frame = decode_frame(data)
            except BadFrame as error:
                answers[index] = await self._unreadable(sender, data, error)
                continue
            if (frame.site, frame.epoch) != sender:
                log.warning("frame_of_another_site", sender=sender.name, claims=f"{frame.site}.{frame.epoch}")
                continue
            frames.append((index, frame))
        if not frames:
            return answers
        try:
            taken = await self._keep([frame for _, frame in frames])
        except _REFUSED as error:
            if len(frames) == 1:
                answers[frames[0][0]] = await self._refused(frames[0][1], error)
                return answers
            for index, _ in frames:
                answers[index] = (await self.take([arrived[index]]))[0]
            return answers
        for (index, _), ack in zip(frames, taken, strict=True):
            answers[index] = ack
        return answers

    async def _keep(self, frames: list[Frame], clashing: frozenset[Sender] = frozenset()) -> list[Ack | None]:
        """One transaction. Where numbers clash it is begun anew with those senders' frames going to the late shelf."""
        rows = {id(frame): rows_of(frame) for frame in frames}
        try:
            async with self._pool.transaction() as conn:
                known = await cursors.known(conn, frames)
                result, new, copied = await self._write(conn, frames, rows, known, clashing)
                for site, epoch in clashing:
                    if known[Sender(site, epoch)].state == "current":
                        await epochs.set_state(conn, site, epoch, "fenced")
                    detail = "Two stores send different events under one number."
                    await epochs.raise_alarm(conn, site, "fenced", epoch, detail, self._clock.now_ms())
                    log.warning("epoch_fenced", site=site, epoch=epoch)
        except Clash as clash:
            return await self._keep(frames, clashing | clash.senders)
        if copied:
            self._prepared.add(conn)
        self.inserted += new
        return result

    async def _write(
        self,
        conn: Connection,
        frames: list[Frame],
        rows: dict[int, bytes],
        known: dict[Sender, epochs.Epoch],
        clashing: frozenset[Sender],
    ) -> tuple[list[Ack | None], int, bool]:
        """The answers, how many rows were new, and whether any were copied (so that the temporary table is there)."""

        def is_current(frame: Frame) -> bool:
            sender = Sender(frame.site, frame.epoch)
            return sender in known and known[sender].state == "current" and sender not in clashing

        current = [frame for frame in frames if is_current(frame)]
        lagging = [f for f in frames if not is_current(f) and Sender(f.site, f.epoch) in known]
        uptos: dict[Place, int] = {}
        new, copied = 0, False
        if current:
            uptos, new, copied = await self._write_current(conn, current, rows)
        late_uptos: dict[int, int] = {}
        for frame in lagging:
            sender = Sender(frame.site, frame.epoch)
            state: epochs.State = "fenced" if sender in clashing else known[sender].state
            boot = known[sender].boot or frame.boot
            late_uptos[id(frame)] = await late.keep(conn, frame, rows[id(frame)], state, boot, self._clock.now_ms())
            await notify(conn, EVENTS, frame.site)
        answers: list[Ack | None] = []
        for frame in frames:
            sender = Sender(frame.site, frame.epoch)
            if sender not in known:
                answers.append(None)
                continue
            fenced = id(frame) in late_uptos
            upto = late_uptos[id(frame)] if fenced else uptos[Place(frame.site, frame.epoch, frame.lane)]
            session = known[sender].session or "0" * 16
            answers.append(Ack(session=session, lane=frame.lane, upto=upto, credit=CREDIT, fenced=fenced))
        return answers, new, copied

    async def _write_current(
        self, conn: Connection, frames: list[Frame], rows: dict[int, bytes]
    ) -> tuple[dict[Place, int], int, bool]:
        places = sorted({Place(frame.site, frame.epoch, frame.lane) for frame in frames})
        uptos, pieces = await cursors.lock(conn, places)
        taken = [
            frame
            for frame in frames
            if pieces[Place(*frame[:3])] < RANGES_MAX or frame.first <= uptos[Place(*frame[:3])] + 1
        ]
        if not taken:
            return uptos, 0, False
        body = b"".join([rows[id(frame)] for frame in taken])
        new = 0
        if body:
            await copy_in(conn, "incoming", body, there=conn in self._prepared)
            cursor = await conn.execute("insert into events select * from incoming on conflict do nothing")
            new = cursor.rowcount
            if new < sum(len(frame.events) for frame in taken):
                await cursors.compare(conn)
        for frame in taken:
            for gap in frame.gaps:
                await conn.execute(
                    "insert into gaps values (%s, %s, %s, %s, %s, %s, %s) on conflict do nothing",
                    (*frame[:3], gap.first, gap.last, _clean(gap.reason), self._clock.now_ms()),
                )
        return uptos | await cursors.grow(conn, taken), new, bool(body)

    async def _unreadable(self, sender: Sender, data: bytes, error: BadFrame) -> Ack | None:
        """A frame whose body is no frame: the edge is told which numbers to cut anew, if so much can be read."""
        log.warning("bad_frame", sender=sender.name, reason=str(error), size=len(data))
        try:
            header = header_of(data)
        except BadFrame:
            return None
        return await self._poison(sender, header.lane, header.first, header.last, str(error))

    async def _refused(self, frame: Frame, error: Refused) -> Ack | None:
        """A frame that PostgreSQL will never take. When it holds one event, that goes to the shelf here."""
        sender, reason = Sender(frame.site, frame.epoch), _clean(str(error).splitlines()[0])
        log.warning("poison", sender=sender.name, lane=frame.lane, first=frame.first, last=frame.last, reason=reason)
        if len(frame.events) == 1:
            event = frame.events[0]
            async with self._pool.transaction() as conn:
                await conn.execute(
                    "insert into dead_letters values (%s, %s, %s, %s, %s, %s, %s) on conflict do nothing",
                    (*frame[:3], event.seq, reason, orjson.dumps(tuple(event)), self._clock.now_ms()),
                )
        return await self._poison(sender, frame.lane, frame.first, frame.last, reason)

    async def _poison(self, sender: Sender, lane: int, first: int, last: int, reason: str) -> Ack | None:
        async with self._pool.transaction() as conn:
            known = await epochs.find(conn, *sender)
            if known is None:
                return None
            fenced = known.state != "current"
            if fenced:
                upto = await late.upto(conn, *sender, known.boot or "", lane, known.state)
            else:
                found = await conn.execute(
                    "select upto from cursors where site = %s and epoch = %s and lane = %s", (*sender, lane)
                )
                row = await found.fetchone()
                upto = row[0] if row else 0
        poison = Poison(first=first, last=last, reason=_clean(reason))
        session = known.session or "0" * 16
        return Ack(session=session, lane=lane, upto=upto, credit=CREDIT, poison=poison, fenced=fenced)


def _clean(text: str) -> str:
    return text.replace("\x00", "\\u0000")[:REASON_CHARS_MAX]
