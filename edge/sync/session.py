"""Keeps the clinic connected: which path, one session after another, and what state the link is in.

MQTT first; HTTPS when MQTT gives no HELLO answer in time; back to MQTT by probing. When both fail, a full-jitter pause.
Within a session three loops run beside each other: up (frames and acknowledgements), down (commands), and beats.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Any, Literal, TypeVar

import structlog

from edge.app.bus import Bus
from edge.app.dispatcher import Dispatcher, NotDone
from edge.domain.commands import EndAlert, RaiseAlert
from edge.store import outbox
from edge.store.database import Store
from edge.sync import identity as identities
from edge.sync.claiming import Claiming
from edge.sync.downlink import Downlink
from edge.sync.identity import Identity, Keeper
from edge.sync.links import Link, LinkDown, NotWelcome, Path
from edge.sync.paths import Paths
from edge.sync.pump import CopiedStore, Pump
from edge.sync.standing import Places
from edge.sync.state import LinkState, State, SyncSettings
from shared.api import ClockReport, Cursor, Hello, HelloAnswer, LaneRange
from shared.backoff import Backoff
from shared.clock import Clock, mono_ms, transport_s
from shared.ids import new_id
from shared.stream import new_stream

__all__ = ["LinkState", "Sync", "SyncSettings"]

log = structlog.get_logger(__name__)

T = TypeVar("T")
ALERT_TOPIC = "sync_identity"
POKED_S = 0.2
"""Between two beats at least, however often the cloud asks."""


class _Switch(Exception):
    """MQTT is back: go on over the link that was greeted."""


class Sync:
    """`run` until cancelled. `link` says how it is; `folder` keeps the identity.

    tracking_key, timezone: told to the cloud with HELLO (shared.api.Hello).
    """

    def __init__(
        self,
        store: Store,
        dispatcher: Dispatcher,
        bus: Bus,
        clock: Clock,
        folder: FilePath,
        settings: SyncSettings,
        version: str = "",
        status: Callable[[], Literal["ok", "degraded"]] = lambda: "ok",
        changed: Callable[[], None] = lambda: None,
        tracking_key: str = "",
        timezone: str = "",
    ) -> None:
        if settings.cloud_url:
            identities.check_url(settings.cloud_url)
        self._store, self._dispatcher, self._bus, self._clock = store, dispatcher, bus, clock
        self._settings, self._version, self._status, self._changed = settings, version[:100], status, changed
        self._tracking_key, self._timezone = tracking_key, timezone
        self._keeper = Keeper(folder)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sync-reads")
        self._reader: sqlite3.Connection | None = None
        self._downlink = Downlink(dispatcher, clock, self.read)
        self._backoff = Backoff(settings.backoff_s, settings.backoff_max_s)
        self._paths = Paths(settings, self._keeper, clock, bus.wake("uplink"), self.hello)
        self._claiming = Claiming(
            self._keeper, settings, store.epoch, lambda reason, hint: self._show("not_claimed", None, reason, hint)
        )
        self._greeted: tuple[Link, HelloAnswer] | None = None
        """A link on which HELLO was answered and no session runs yet."""
        first: State = "connecting" if settings.cloud_url else "off"
        self.link = LinkState(first, None, (0, 0, 0), clock.now_ms())

    async def run(self) -> None:
        """Stay connected. Ends by being cancelled; everything is closed then."""
        try:
            await first_of(self._count_unsent(), self._stay(), self._claiming.stay_certified())
        finally:
            if self._greeted is not None:
                await self._greeted[0].close()
            await asyncio.get_running_loop().run_in_executor(self._thread, self._close_reader)
            self._thread.shutdown(wait=False)

    async def read(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Run `job` with the reading connection, on its thread."""

        def run() -> T:
            if self._reader is None:
                self._reader = self._store.reader()
            return job(self._reader)

        return await asyncio.get_running_loop().run_in_executor(self._thread, run)

    # ---- connecting

    async def _stay(self) -> None:
        if not self._settings.cloud_url:
            await asyncio.Event().wait()
        identity = await self._claiming.claimed()
        while True:
            known, identity = identity, self._claiming.again(identity)
            link: Link | None = None
            try:
                if self._greeted is not None and identity.sender != known.sender:  # greeted under the name before
                    (link, _), self._greeted = self._greeted, None
                    continue
                if self._greeted is None:
                    self._greeted = await self._paths.connect(identity)
                (link, answer), self._greeted = self._greeted, None
                await self._session(link, answer, identity)
            except _Switch:
                log.info("path_changed", path="mqtt")
            except (CopiedStore, NotWelcome) as error:
                await self._alert(str(error), error.hint)
                self._show("off", None, str(error), error.hint)
                await asyncio.sleep(self._settings.fenced_s)
            except LinkDown as error:
                self._show("connecting", None, str(error), error.hint)
                log.info("link_down", reason=str(error))
                await asyncio.sleep(self._backoff.next_s())
            finally:
                if link is not None:
                    await link.close()

    # ---- one session

    async def _session(self, link: Link, answer: HelloAnswer, identity: Identity) -> None:
        """Serve one session. Returns when a store that is not wanted has nothing left to say; raises LinkDown, _Switch."""
        self._backoff.reset()
        if answer.credit == 0 and not answer.fenced:
            raise LinkDown("head office is busy")
        if answer.fenced:
            title = "This clinic's store was replaced, copied or shut out."
            hint = "Ask head office for a new claim code; meanwhile the clinic works, and its events are kept aside."
            await self._alert(title, hint)
            self._show("off", link.path, title, hint)
            if answer.credit == 0:
                await asyncio.sleep(self._settings.fenced_s)
                return
        else:
            await self._end_alert()
            self._show("live", link.path)
        pump = Pump(self, link, answer, identity.sender, self._bus.wake("uplink"), self._settings.ack_wait_s)
        parts: list[Coroutine[Any, Any, None]] = [pump.up(), self._beats(link, pump)]
        if not answer.fenced:
            await pump.adopt(answer.mailbox_stream)
            parts.append(pump.down(self._downlink))
            link.follow(await self.read(_cursor))
            if link.path == "https" and self._paths.mqtt_address(identity) is not None:
                parts.append(self._probe(identity))
        try:
            await first_of(*parts)
        finally:
            await pump.save()
        if answer.fenced:
            await asyncio.sleep(self._settings.fenced_s)

    async def _beats(self, link: Link, pump: Pump) -> None:
        """State every beat_s; HELLO again when the cloud has been quiet, and the end when that is not answered."""
        settings = self._settings
        asked_s = transport_s()
        places = Places(self.read, self._clock.now_ms)
        while True:
            link.inbox.poked.clear()
            link.say(pump.beat(self._status(), self._clock_report(), await places.news()))
            await asyncio.sleep(min(POKED_S, settings.beat_s))
            await _set_within(link.inbox.poked, settings.beat_s - POKED_S)
            quiet_s = transport_s() - max(link.inbox.heard_s, 0.0)
            if quiet_s > settings.quiet_s + settings.hello_wait_s:
                raise LinkDown("head office has gone quiet")
            if quiet_s > settings.quiet_s and transport_s() - asked_s > settings.quiet_s / 2:
                asked_s = transport_s()
                pump.asking()
                link.say(replace_session(await self.hello(), pump.session))

    async def _probe(self, identity: Identity) -> None:
        """Raises _Switch when MQTT is back."""
        self._greeted = await self._paths.mqtt_again(identity)
        raise _Switch

    # ---- small things

    async def hello(self) -> Hello:
        """A fresh HELLO."""

        def facts(conn: sqlite3.Connection) -> tuple[list[tuple[int, int]], Cursor]:
            return outbox.ranges(conn), _cursor(conn)

        ranges, cursor = await self.read(facts)
        return Hello(
            session=new_stream(),
            epoch=self._store.epoch,
            boot=self._store.boot,
            lanes=[LaneRange(first=first, last=last) for first, last in ranges],
            clock=self._clock_report(),
            mailbox=cursor,
            version=self._version,
            tracking_key=self._tracking_key,
            timezone=self._timezone,
        )

    async def write(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Run `function(conn, *arguments)` at the writer. Raises NotDone."""
        return await self._dispatcher.writer.run(function, *arguments)

    def now_ms(self) -> int:
        """Domain time."""
        return self._clock.now_ms()

    def unsent(self, counts: list[int]) -> None:
        """The pump tells how much is waiting."""
        lanes = (counts[0], counts[1], counts[2])
        if lanes != self.link.unsent:
            self.link = replace(self.link, unsent=lanes)
            self._changed()

    async def _count_unsent(self) -> None:
        while True:
            if self.link.state != "live":
                self.unsent(await self.read(outbox.unsent))
            await asyncio.sleep(self._settings.beat_s)

    def _show(self, state: State, path: Path | None, reason: str = "", hint: str = "") -> None:
        old = self.link
        since_ms = old.since_ms if old.state == state else self._clock.now_ms()
        self.link = LinkState(state, path, old.unsent, since_ms, reason, hint)
        if (old.state, old.path) != (state, path):
            log.info("link", state=state, path=path, reason=reason)
        self._changed()

    async def _alert(self, title: str, hint: str) -> None:
        command = RaiseAlert(command_id=f"alert:{new_id()}", actor="sync", topic=ALERT_TOPIC, title=title, hint=hint)
        await self._tell(command)

    async def _end_alert(self) -> None:
        if await self.read(_alert_open):
            await self._tell(EndAlert(command_id=f"alert:{new_id()}", actor="sync", topic=ALERT_TOPIC))

    async def _tell(self, command: RaiseAlert | EndAlert) -> None:
        try:
            await self._dispatcher.submit(command)
        except NotDone as error:
            log.warning("alert_not_kept", topic=command.topic, error=str(error))  # told again with the next session

    def _clock_report(self) -> ClockReport:
        trust: Any = self._clock.trust[0] if self._clock.trusted() else "u"
        return ClockReport(now_ms=self._clock.now_ms(), mono_ms=mono_ms(), trust=trust)

    def _close_reader(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None


def replace_session(hello: Hello, session: str) -> Hello:
    """The same HELLO within an open session."""
    return hello.model_copy(update={"session": session})


async def _set_within(event: asyncio.Event, seconds: float) -> None:
    """Wait for an event, at most so long."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(max(0.0, seconds)):
            await event.wait()


async def first_of(*parts: Awaitable[None]) -> None:
    """Run all until the first ends; the others are cancelled, and what it raised is raised."""
    tasks = [asyncio.ensure_future(part) for part in parts]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _cursor(conn: sqlite3.Connection) -> Cursor:
    stream, upto = outbox.mailbox_cursor(conn)
    return Cursor(stream=stream, upto=upto)


def _alert_open(conn: sqlite3.Connection) -> bool:
    found = conn.execute("select 1 from alerts where topic = ? and open = 1 limit 1", (ALERT_TOPIC,))
    return found.fetchone() is not None
