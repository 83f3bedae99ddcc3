"""The loops of one session: frames up as the window allows, acknowledgements in, commands down.

Nothing is held but the frames in flight: each is cut from the database as it goes, so a million events waiting cost
what eight frames cost. Cursors are written to the database at most twice a second; they only spare work after a
restart, for the cloud's own cursor is the truth.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable
from typing import Any, Literal, Protocol, cast

import structlog

from edge.app.dispatcher import NotDone
from edge.store import outbox
from edge.sync.downlink import Downlink
from edge.sync.links import NO_SESSION, Link, LinkDown
from edge.sync.uplink import Shelve, Uplink, Want
from shared.api import Ack, Beat, ClockReport, HelloAnswer, Numbered, Standing, Taken
from shared.clock import transport_s
from shared.codec import FRAME_EVENTS_MAX, encode_frame, fits
from shared.events import LANES
from shared.topics import Sender

log = structlog.get_logger(__name__)

SAVE_EVERY_S = 0.5
HEADS_EVERY_S = 0.1
"""While there is something to send anyway, new events (an alert among them) are looked for this often."""
COMMANDS_MAX = 64
"""Commands waiting to be carried out; more are let go and come again."""


class Host(Protocol):
    """What the pump needs of the sync around it."""

    async def read(self, job: Callable[[sqlite3.Connection], Any]) -> Any:
        """Run a reading job."""

    async def write(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Run a function of a module at the writer."""

    def unsent(self, counts: list[int]) -> None:
        """Say how much waits."""

    def now_ms(self) -> int:
        """Domain time."""


class CopiedStore(Exception):
    """The cloud has kept more than this store ever wrote: it was copied or restored without a new epoch."""

    hint = "Do not run two copies of one clinic. Ask head office for a new claim code for this one."


class Pump:
    """One session over one link."""

    def __init__(
        self, host: Host, link: Link, answer: HelloAnswer, sender: Sender, wake: asyncio.Event, ack_wait_s: float
    ) -> None:
        self._host, self._link, self._sender, self._wake = host, link, sender, wake
        self._answer, self._ack_wait_s = answer, ack_wait_s
        self.session = answer.session
        self._window = Uplink(answer.cursors, [0, 0, 0], link.window, ack_wait_s)
        self._heads = [0, 0, 0]
        self._heads_s = float("-inf")
        self._asked = answer.cursors
        self._stream = ""
        self._saved: list[int] | None = None
        self._save_s = float("-inf")
        self._ahead: tuple[Want, tuple[int, int, bytes] | None] | None = None
        """Where one frame is in flight at a time, the next is cut meanwhile."""
        self._commands: deque[Numbered] = deque()
        self._commanded = asyncio.Event()

    async def adopt(self, stream: str) -> None:
        """Follow the cloud's command stream. Raises LinkDown when that could not be kept."""
        try:
            await self._host.write(outbox.adopt_mailbox, stream, self._host.now_ms())
        except NotDone as error:
            raise LinkDown(f"the command stream could not be kept: {error}", error.hint) from error
        self._stream = stream

    async def up(self) -> None:
        """Send and listen. Raises LinkDown; returns when a store that is not wanted has sent everything."""
        starts, copied = await self._host.read(lambda conn: where_to_start(conn, self._answer))
        self._window = Uplink(starts, [0, 0, 0], self._link.window, self._ack_wait_s)
        await self._look()
        while True:
            self._wake.clear()
            for item in self._link.inbox.take():
                await self._heard(item)
            now_s = transport_s()
            self._window.tick(now_s)
            if self._window.dead:
                raise LinkDown("no acknowledgement came")
            if self._window.drained or now_s - self._heads_s >= HEADS_EVERY_S:
                await self._look()
            want = self._window.next(transport_s())
            if want is not None:
                await self._send(want)
                continue
            if now_s - self._save_s >= SAVE_EVERY_S:
                await self.save()
            if self._window.drained and copied:
                raise CopiedStore("Head office has more events of this clinic than the clinic itself.")
            if self._window.drained and self._answer.fenced:
                return
            await self._sleep()

    async def down(self, downlink: Downlink) -> None:
        """Carry out commands, one after another, and say which are on disk."""
        while True:
            while not self._commands:
                self._commanded.clear()
                await self._commanded.wait()
            numbered = self._commands.popleft()
            if numbered.stream != self._stream:
                continue
            cursor = await downlink.carry_out(numbered)
            self._link.follow(cursor)
            if cursor.stream is not None:
                self._link.say(Taken(stream=cursor.stream, upto=cursor.upto))

    def beat(
        self, status: Literal["ok", "degraded"], clock: ClockReport, standing: list[Standing] | None = None
    ) -> Beat:
        """How the site is now. `standing`: where those who wait stand, None for no news of that."""
        return Beat(session=self.session, clock=clock, unsent=self._unsent(), status=status, standing=standing)

    def asking(self) -> None:
        """HELLO is said again within the session: its answer may not be behind what is acknowledged now."""
        self._asked = self._window.acked

    async def save(self) -> None:
        """Write the cursors down, where they moved."""
        acked = self._window.acked
        if acked == self._saved:
            return
        self._save_s = transport_s()
        moves = [self._host.write(outbox.set_acked, int(lane), upto) for lane, upto in zip(LANES, acked, strict=True)]
        try:
            await asyncio.gather(*moves)
            self._saved = acked
        except NotDone as error:
            log.warning(
                "cursors_not_saved", error=str(error)
            )  # the cloud's are the truth; the next save has newer ones

    async def _sleep(self) -> None:
        now_s = transport_s()
        moments = [self._window.deadline_s(now_s)]
        if self._window.acked != self._saved:
            moments.append(self._save_s + SAVE_EVERY_S)
        until = [moment for moment in moments if moment is not None]
        try:
            async with asyncio.timeout(max(0.001, min(until) - now_s) if until else None):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _look(self) -> None:
        self._heads = await self._host.read(outbox.heads)
        self._heads_s = transport_s()
        self._window.grown(self._heads)
        self._host.unsent(self._unsent())

    def _unsent(self) -> list[int]:
        return [max(0, head - upto) for head, upto in zip(self._heads, self._window.acked, strict=True)]

    async def _send(self, want: Want) -> None:
        ahead, self._ahead = self._ahead, None
        cut = ahead[1] if ahead is not None and ahead[0] == want else await self._cut(want)
        if cut is None:  # what the head promised is not there: look again
            self._window.exhausted(want.lane)
            return
        first, last, data = cut
        self._link.send(data, want.lane)
        self._window.sent(want.lane, first, last, transport_s())
        if self._link.window == 1 and last < self._heads[want.lane]:
            following = Want(want.lane, last, FRAME_EVENTS_MAX)
            self._ahead = following, await self._cut(following)

    async def _cut(self, want: Want) -> tuple[int, int, bytes] | None:
        return cast(
            "tuple[int, int, bytes] | None", await self._host.read(lambda conn: cut_frame(conn, self._sender, want))
        )

    async def _heard(self, item: HelloAnswer | Ack | Numbered) -> None:
        if isinstance(item, Numbered):
            if len(self._commands) < COMMANDS_MAX:
                self._commands.append(item)
                self._commanded.set()
        elif isinstance(item, Ack):
            if item.session == self.session or (item.session == NO_SESSION and item.credit == 0):
                await self._acknowledged(item)
        elif item.session == self.session and (
            item.fenced != self._answer.fenced
            or item.mailbox_stream != self._answer.mailbox_stream
            or any(told < upto for told, upto in zip(item.cursors, self._asked, strict=True))
        ):
            raise LinkDown("the cloud is not where it was; HELLO anew")

    async def _acknowledged(self, ack: Ack) -> None:
        now_s = transport_s()
        if ack.fenced and not self._answer.fenced:
            raise LinkDown("the cloud has fenced this store")
        if ack.poison is not None:
            found = ack.poison
            shelve = self._window.poisoned(ack.lane, found.first, found.last, found.reason, now_s)
            if shelve is not None:
                await self._shelve(shelve)
        self._window.answered(ack.lane, ack.upto, ack.credit, now_s)
        self._host.unsent(self._unsent())

    async def _shelve(self, shelve: Shelve) -> None:
        self._ahead = None
        log.warning("dead_letter", lane=shelve.lane, seq=shelve.seq, reason=shelve.reason)
        try:
            await self._host.write(outbox.shelve, shelve.lane, shelve.seq, shelve.reason, self._host.now_ms())
        except NotDone as error:
            raise LinkDown(f"a dead letter could not be kept: {error}", error.hint) from error


def where_to_start(conn: sqlite3.Connection, answer: HelloAnswer) -> tuple[list[int], bool]:
    """After which number each lane begins, and whether the cloud has more than this store ever wrote.

    After the cloud's cursor. But where the cloud has more, or another event at its cursor, there are two stores under
    one name: then this one's own last event goes up once more, and the cloud, seeing two contents under one number,
    fences them both.
    """
    (epoch_no,) = conn.execute("select max(no) from epochs").fetchone()
    starts, copied = [], False
    for lane, upto, head, tail in zip(
        LANES, answer.cursors, outbox.heads(conn), answer.tails or [None] * len(LANES), strict=True
    ):
        place = outbox.place_of(epoch_no, int(lane), min(upto, head))
        own = conn.execute("select crc from events where place = ?", (place,)).fetchone()
        beyond = upto > head and not answer.fenced
        other = own is not None and tail is not None and upto <= head and own[0] != tail
        copied = copied or beyond
        starts.append(max(0, min(upto, head) - 1) if beyond or other else upto)
    return starts, copied


def cut_frame(conn: sqlite3.Connection, sender: Sender, want: Want) -> tuple[int, int, bytes] | None:
    """Cut and encode one frame, with fewer events where they would be too many bytes. None: nothing there."""
    limit = want.limit
    while True:
        cut = outbox.cut(conn, want.lane, want.after, limit)
        if cut is None:
            return None
        data = encode_frame(sender.site, cut.epoch, want.lane, cut.boot, cut.events, cut.gaps)
        if fits(data) or limit == 1:
            return cut.first, cut.last, data
        limit = max(1, min(limit, len(cut.events)) // 2)
