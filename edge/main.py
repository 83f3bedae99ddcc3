"""Builds all parts of a clinic, wires them and runs them. The only module that sees everything.

Start: open the store, start the writer, then the doors (HTTP, boards), then what may take longer. Stop (SIGTERM): doors
first, then the workers, then the writer, which notes that the stop was clean. A part that fails takes the program down,
and systemd starts it again: a clinic that half works looks like one that works.

The web server and its libraries take most of a start. They are imported by the functions that need them, after the
writer's process has been started, so that both come up side by side; and the small commands do without.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import secrets
import signal
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import structlog

from edge.app.bus import Bus
from edge.app.dispatcher import Dispatcher, NotDone
from edge.domain import words
from edge.domain.commands import AddService, ReportStart
from edge.domain.visits import Rules
from edge.medicine import medicine
from edge.settings import Settings, describe, load, unknown_variables, unused_variables
from edge.store import probe, reads, states
from edge.store.database import FolderInUse, Store
from edge.web import door
from shared import tokens, tracking
from shared.clock import Clock, transport_s
from shared.tracking import TrackingKey

if TYPE_CHECKING:
    from fastapi import FastAPI

    from edge.app.clockwork import Clockwork
    from edge.app.effects import EffectsRunner
    from edge.app.herald import Herald
    from edge.app.lines import Lines
    from edge.devices.button_board import ButtonBoard
    from edge.devices.printer import EscPosPrinter
    from edge.devices.transport import Transport
    from edge.medicine import Medicine
    from edge.sync.identity import Identity, Keeper
    from edge.sync.session import Sync
    from edge.voice.speech import Speech
    from edge.web.server import Server
    from edge.web.wiring import Facts, Wiring

__all__ = [
    "IDENTITY", "FolderInUse", "NotDone", "PartEnded", "Settings", "core", "describe", "load", "serve", "site_key",
    "unknown_variables", "unused_variables",
]  # fmt: skip

VERSION: Final = version("outpost")
UNCLAIMED: Final = "clinic"
"""The site's id in tracking links before head office has named it."""
TRACKING_KEY: Final = "tracking.key"
"""In the data folder: signs tracking links."""
IDENTITY: Final = "identity"
"""In the data folder: key and certificate."""
CLAIM_LOOK_S: Final = 1.0
"""A clinic that is not claimed looks at most this often whether it has been."""
log = structlog.get_logger("edge")


def site_key(data: Path, given: str = "") -> bytes:
    """The site's own key: made from a given secret, else made at first use."""
    return hashlib.sha256(given.encode()).digest() if given else tokens.server_key(data / "server.key")


@contextlib.asynccontextmanager
async def core(settings: Settings, *, process: bool) -> AsyncIterator[tuple[Store, Bus, Dispatcher]]:
    """The store with its writer, and nothing else. Raises FolderInUse, sqlite3.Error.

    process: the writer works in a process of its own, which pays in a program that runs.
    """
    store = Store(settings.data, Clock.from_environment(settings.clock_trust))
    bus = Bus()
    dispatcher = Dispatcher(store, bus, process=process)
    dispatcher.start()
    try:
        yield store, bus, dispatcher
    finally:
        await dispatcher.stop()
        store.close()


async def serve(settings: Settings) -> None:
    """Run the clinic until SIGTERM or SIGINT. Raises FolderInUse, OSError (the port), sqlite3.Error."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    async with core(settings, process=True) as (store, bus, dispatcher):
        reason = "start" if store.clean_stop else "crash"
        from edge.web.server import listen, server_of  # while the writer's process starts

        await dispatcher.submit(
            ReportStart(command_id=f"start:{store.boot}", actor="edge", version=VERSION, boot=store.boot, reason=reason)
        )
        await dispatcher.writer.run(states.keep_rules, _rules(settings))
        await _first_services(settings, store, dispatcher)
        parts = _parts(settings, store, bus, dispatcher)
        listening = listen(settings.host, settings.port)
        host, port = listening.getsockname()[:2]
        app = create_app(_wiring(settings, store, bus, dispatcher, parts))
        server = server_of(app)
        ends = {"writer": dispatcher.writer.died, "live feed": app.state.feed_ended}
        door.leave(settings.data, host, port, parts.operator_key)
        log.info("clinic_opens", address=f"http://{host}:{port}", version=VERSION, epoch=store.epoch, reason=reason)
        try:
            await _run(parts, server, listening, ends, stopping)
        finally:
            door.take_away(settings.data)
            listening.close()
    log.info("clinic_closed")


@dataclass(frozen=True)
class Parts:
    """What runs beside the store and the web server."""

    effects: EffectsRunner
    medicine: Medicine
    watch: Lines
    clockwork: Clockwork
    herald: Herald
    sync: Sync
    has_broker: Callable[[], bool]
    lines: dict[str, Transport]
    boards: list[ButtonBoard]
    printer: EscPosPrinter | None
    speech: Speech
    operator_key: str
    tracking_key: TrackingKey
    public_url: str
    claimed: Callable[[], Identity | None]

    def site(self) -> str:
        """The site's id, as head office named it."""
        claimed = self.claimed()
        return claimed.certificate.site if claimed else UNCLAIMED

    def track_base(self) -> str:
        """Where phones follow a visit: head office, which is reached from everywhere, else this clinic."""
        claimed = self.claimed()
        return (claimed.cloud_url if claimed else "") or self.public_url

    def tasks(self) -> dict[str, Coroutine[Any, Any, None]]:
        """Everything that runs until it is cancelled, by name."""
        tasks = {f"line {name}": line.run() for name, line in self.lines.items()}
        tasks |= {f"board {board.board}": board.run() for board in self.boards}
        if self.printer is not None:
            tasks["warm printer"] = self.printer.warm()
        return {**tasks, "effects": self.effects.run(), "line watch": self.watch.run(), "sync": self.sync.run(),
                "herald": self.herald.run(), **self.medicine.tasks()}  # fmt: skip

    def facts(self) -> Facts:
        """How the parts are now."""
        from edge.web.wiring import Facts, Up

        devices = dict(self.effects.devices)
        if devices["printer"] == "ok" and not self.lines["printer"].is_open:
            devices["printer"] = "offline"
        printer: Any = devices["printer"] if devices["printer"] in ("ok", "paper_out", "none") else "offline"
        parts = {name: "up" if state == "ok" else state for name, state in devices.items()}
        parts |= {name: "up" if line.is_open else "down" for name, line in self.lines.items() if name != "printer"}
        state, path = self.sync.link.state, self.sync.link.path
        link: Up = "up" if state == "live" else "none" if state == "off" and path is None else "down"
        broker: Up = "none" if link == "none" or not self.has_broker() else "up" if path == "mqtt" else "down"
        return Facts(printer=printer, link=link, broker=broker, parts=parts)


def _parts(settings: Settings, store: Store, bus: Bus, dispatcher: Dispatcher) -> Parts:
    from edge.app.clockwork import Clockwork
    from edge.app.effects import EffectsRunner, Site
    from edge.app.herald import Herald
    from edge.app.lines import Lines
    from edge.devices.button_board import ButtonBoard
    from edge.devices.printer import EscPosPrinter
    from edge.devices.speaker import open_speaker
    from edge.devices.transport import open_line
    from edge.sync.identity import Keeper
    from edge.sync.notices import CloudMessenger
    from edge.sync.session import Sync, SyncSettings
    from edge.voice.speech import Speech

    lines: dict[str, Transport] = {}
    boards = []
    watch = Lines(store, dispatcher, {"printer": lambda: effects.retry_now("print_slip")})
    for board in settings.boards:
        name = f"board {board.id}"
        lines[name] = open_line(board.port, name, partial(watch.told, name))
        buttons = {int(number): letter for number, letter in board.buttons.items()}
        boards.append(ButtonBoard(board.id, lines[name], dispatcher, buttons))
    printer = None
    if settings.printer is not None:
        lines["printer"] = open_line(settings.printer.port, "printer", partial(watch.told, "printer"))
        printer = EscPosPrinter(lines["printer"], columns=settings.printer.columns, answers=settings.printer.answers)
    speech = Speech(settings.data / "clips")
    speaker = open_speaker(settings.speaker, speech.clip) if settings.speaker else None
    zone = ZoneInfo(settings.timezone)
    tracking_key = TrackingKey.load_or_make(settings.data / TRACKING_KEY)

    def link(visit_id: str, doctor_id: str | None, day: str) -> str:
        """The code on a slip."""
        ends_ms = tracking.expires_ms_of(day, zone)
        token = tracking_key.sign(visit_id, parts.site(), doctor_id, store.clock.now_ms(), ends_ms)
        return f"{parts.track_base()}/pages/track#{token}"

    keeper = Keeper(settings.data / IDENTITY)
    claimed, looked_s = _identity(keeper, store.epoch), transport_s()
    mqtt = _host_port(settings.mqtt)

    def identity() -> Identity | None:
        nonlocal claimed, looked_s
        if claimed is None and transport_s() - looked_s >= CLAIM_LOOK_S:  # asked for with every token
            claimed, looked_s = _identity(keeper, store.epoch), transport_s()
        return claimed

    alone = not (settings.cloud_url or claimed)
    effects = EffectsRunner(
        store,
        dispatcher,
        bus,
        Site(settings.site_name, zone, settings.languages[0], _spoken(settings), link),
        printer,
        speaker,
        None if alone else CloudMessenger(identity, store.clock.trusted),
    )

    def has_broker() -> bool:
        known = identity()
        return mqtt is not None or (known is not None and known.certificate.mqtt_host is not None)

    sync = Sync(
        store, dispatcher, bus, store.clock, settings.data / IDENTITY,
        SyncSettings(
            cloud_url=settings.cloud_url or (claimed.cloud_url if claimed else ""), claim_code=settings.claim_code,
            mqtt=mqtt, hello_wait_s=settings.hello_wait_s, backoff_max_s=settings.backoff_max_s,
        ),
        version=VERSION,
        status=lambda: "degraded" if any(state not in ("ok", "none") for state in effects.devices.values()) else "ok",
        tracking_key=tracking_key.public, timezone=settings.timezone,
    )  # fmt: skip
    clockwork = Clockwork(store, dispatcher, zone, alone=alone, patience_s=settings.grace_min * 60)
    care = medicine(
        store, dispatcher, bus, data=settings.data, zone=zone, language=settings.languages[0], speaker=speaker,
        clip=speech.clip if speech.available() else None, watch=watch, broker=_host_port(settings.device_broker),
        dispensers=[(one.id, one.port) for one in settings.dispensers], identity=identity,
        recordings_days=settings.recordings_days,
    )  # fmt: skip
    lines |= care.lines
    parts = Parts(
        medicine=care,
        herald=Herald(store, dispatcher, bus), effects=effects, watch=watch, clockwork=clockwork, sync=sync,
        has_broker=has_broker,
        lines=lines, boards=boards, printer=printer, speech=speech, operator_key=secrets.token_urlsafe(32),
        tracking_key=tracking_key, public_url=_public_url(settings),
        claimed=identity,
    )  # fmt: skip
    return parts


def create_app(wiring: Wiring) -> FastAPI:
    """The web application before these parts."""
    from edge.web.app import create_app

    return create_app(wiring)


def _identity(keeper: Keeper, epoch: str) -> Identity | None:
    """The clinic's identity towards head office; a damaged file is the sync's to complain of, never a reason not to open."""
    from edge.sync.identity import ClaimError

    try:
        return keeper.load(epoch)
    except ClaimError:
        return None


def _spoken(settings: Settings) -> list[str]:
    return [*(settings.voice_languages or settings.languages[:1])]


def _wiring(settings: Settings, store: Store, bus: Bus, dispatcher: Dispatcher, parts: Parts) -> Wiring:
    from edge.web.sound import joined
    from edge.web.wiring import Options, Wiring

    async def clip(token: str, room: str) -> bytes:
        spoken = [await parts.speech.clip(words.call(token, room, name), name) for name in _spoken(settings)]
        return joined(spoken)

    async def say(message: str) -> bytes:
        return await parts.speech.clip(message, _spoken(settings)[0])

    options = Options(
        version=VERSION, site_name=settings.site_name, languages=tuple(settings.languages),
        zone=ZoneInfo(settings.timezone), ticker=settings.ticker, secure_cookies=settings.secure_cookies,
        session_idle_ms=settings.session_idle_s * 1000, live_per_address=settings.live_per_address,
        live_max=settings.live_max, live_messages_per_s=settings.live_messages_per_s,
        subscriptions_per_account=settings.subscriptions_per_account, sign_in_per_minute=settings.sign_in_per_minute,
        public_per_minute=settings.public_per_minute, metrics_key=settings.metrics_key,
        names_on_screens=settings.names_on_screens,
        open_on_loopback=settings.open_on_loopback, cors_origins=tuple(settings.cors_origins),
    )  # fmt: skip
    return Wiring(
        dispatcher=dispatcher, bus=bus, clock=store.clock, open_reader=store.reader,
        probe=lambda: dispatcher.writer.run(probe.write), options=options, key=site_key(settings.data, settings.secret_key),
        operator_key=parts.operator_key, epoch=store.epoch, facts=parts.facts, tracking_key=parts.tracking_key,
        commits=dispatcher.writer.counted,
        site=parts.site, track_base=parts.track_base, intake=parts.medicine.intake, notes=parts.medicine.notes,
        clip=clip if parts.speech.available() else None, say=say if parts.speech.available() else None,
    )  # fmt: skip


async def _run(
    parts: Parts,
    server: Server,
    listening: socket.socket,
    ended_by_itself: dict[str, asyncio.Event],
    stopping: asyncio.Event,
) -> None:
    """Run everything until it is asked to stop, or until one part ends, which none of them should."""
    await parts.clockwork.tick()  # the day is decided before the first press can come in
    serving = asyncio.create_task(server.serve(sockets=[listening]), name="http")
    running = [asyncio.create_task(part, name=name) for name, part in parts.tasks().items()]
    forever = [task for task in running if not task.get_name().startswith("warm ")]
    ends = [
        asyncio.create_task(event.wait(), name=name) for name, event in {"stop": stopping, **ended_by_itself}.items()
    ]
    parts.clockwork.start()
    try:
        done, _ = await asyncio.wait((serving, *forever, *ends), return_when=asyncio.FIRST_COMPLETED)
        if not stopping.is_set():
            ended = next(iter(done))
            log.error("part_ended", part=ended.get_name())
            error = None if ended.cancelled() else ended.exception()
            raise PartEnded(ended.get_name()) from error
    finally:
        parts.clockwork.stop()
        server.should_exit = True
        await asyncio.gather(serving, return_exceptions=True)
        for task in (*running, *ends):
            task.cancel()
        await asyncio.gather(*running, *ends, return_exceptions=True)


class PartEnded(Exception):
    """A part that should run for ever has ended; the program ends too, and is started again."""


async def _first_services(settings: Settings, store: Store, dispatcher: Dispatcher) -> None:
    """Give a new clinic its services."""
    conn = store.reader()
    try:
        if reads.services(conn):
            return
    finally:
        conn.close()
    for service in settings.services:
        command_id = f"first:{store.epoch}:{service.letter}"
        await dispatcher.submit(
            AddService(command_id=command_id, actor="edge", letter=service.letter, name=service.name)
        )


def _rules(settings: Settings) -> Rules:
    """The settings that rules look at."""
    return Rules(
        double_booking=settings.double_booking, grace_min=settings.grace_min, early_min=settings.max_early_arrival_min,
        consultation_min=settings.default_consultation_min, timezone=settings.timezone,
        auto_no_show=settings.auto_no_show,
    )  # fmt: skip


def _public_url(settings: Settings) -> str:
    """The clinic's own address as phones in its network reach it."""
    return settings.public_url.rstrip("/") or f"http://{settings.host}:{settings.port}"


def _host_port(text: str) -> tuple[str, int] | None:
    host, _, port = text.rpartition(":")
    return (host.strip("[]"), int(port)) if host else None
