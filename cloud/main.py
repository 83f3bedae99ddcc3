"""Builds all parts of the cloud, wires them and runs them; the only module that sees everything.

`assemble` makes the parts of one process around an open pool; `create_app` puts doors before them; `serve` runs both
until SIGTERM or SIGINT. Any number of such processes may share one database.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

import psycopg
import structlog
import uvicorn
from fastapi import FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse

from cloud import documents, operations, status
from cloud.accounts.authority import Authority
from cloud.accounts.claims import Claims
from cloud.accounts.endpoints import auth_router
from cloud.accounts.guards import Guards
from cloud.accounts.sessions import Sessions
from cloud.bookings.appointments import Appointments
from cloud.bookings.endpoints import appointments_router, tracking_router
from cloud.bookings.tracking import Clinics, Tracking
from cloud.care.service import Care
from cloud.dashboard.endpoints import chain_router
from cloud.dashboard.live import Overview
from cloud.dashboard.queue_feed import QueueFeed
from cloud.dashboard.queue_page import queue_page_router
from cloud.dashboard.queue_sockets import Counted, Limits, queue_router
from cloud.dashboard.sites import Sites
from cloud.dashboard.sockets import live_router
from cloud.db.migrate import migrate
from cloud.db.pool import QUEUE, SITES, Pool, open_pool
from cloud.ending import on_stop
from cloud.feeder import Feeder
from cloud.ingest import http as ingest_http
from cloud.ingest.intake import Intake
from cloud.ingest.mqtt import Broker, MqttDoor
from cloud.ingest.service import Ingest
from cloud.ingest.session import Sessions as Hellos
from cloud.insights.service import Insights
from cloud.llm.jobs import Options as JobOptions
from cloud.llm.service import Choice, Pipelines
from cloud.mailbox import http as mailbox_http
from cloud.mailbox.service import Mailbox
from cloud.mailbox.watch import Watch
from cloud.notify.service import Notifications
from cloud.notify.service import Options as NotifyOptions
from cloud.projections.alerts import Alerts
from cloud.projections.book import Book
from cloud.projections.care import Care as CareReader
from cloud.projections.care_alerts import CareAlerts
from cloud.projections.care_devices import CareDevices
from cloud.projections.commands import Commands
from cloud.projections.places import Places
from cloud.projections.visits import Visits
from cloud.settings import BadSettings, Settings, load, unknown_variables, unused_variables
from shared import http, problems, tokens
from shared.clock import Clock
from shared.docs_page import install_docs
from shared.problems import Problem
from shared.traffic import Answers, Traffic
from shared.uploads import FORM_BYTES_MAX, VOICE_PATHS

__all__ = [
    "BadSettings", "Parts", "Settings", "assemble", "create_app", "load", "serve", "unknown_variables", "unused_variables",
]  # fmt: skip

READERS: Final = (Visits(), Places(), Book(), Commands(), Alerts())
STATIC: Final = Path(__file__).parent / "dashboard" / "static"
STOP_S: Final = 1
"""What open connections get to end in when the program stops."""
CONNECTIONS_MAX: Final = 8_192
"""Connections and requests at once; beyond it 503. A clinic on HTTPS holds two, a page one."""
CLOCK_S: Final = 10.0
REVOCATIONS_S: Final = 24 * 3600.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Parts:
    """One process's worth of cloud."""

    settings: Settings
    clock: Clock
    pool: Pool
    authority: Authority
    sessions: Sessions
    guards: Guards
    claims: Claims
    mailbox: Mailbox
    sites: Sites
    overview: Overview
    queues: QueueFeed
    tracking: Tracking
    clinics: Clinics
    appointments: Appointments
    feeder: Feeder
    intake: Intake
    hellos: Hellos
    watch: Watch
    heard: Watch
    changed: Watch
    care: Care
    notifications: Notifications
    pipelines: Pipelines
    insights: Insights
    door: MqttDoor | None

    def close(self) -> None:
        """Let everybody go who waits for something to be told."""
        self.watch.close()
        self.heard.close()

    def broker(self) -> str:
        """ "none", "ok" or "away"."""
        if self.door is None:
            return "none"
        return "ok" if self.door.state == "open" else "away"


@asynccontextmanager
async def assemble(settings: Settings, clock: Clock, *, serving: bool = False) -> AsyncIterator[Parts]:
    """Migrate, open the pool and make the parts; nothing runs yet. Raises psycopg.Error or MigrationError.

    serving: with the door of the broker, for which this worker is given a new key and certificate.
    """
    applied = await asyncio.to_thread(migrate, settings.database_url, clock)
    if applied:
        log.info("migrated", files=applied)
    authority = Authority.open(settings.data / "authority")
    key = tokens.server_key(settings.data / "server.key")
    pool = await open_pool(settings.database_url, settings.pool_size)
    try:
        sessions = Sessions(pool, key, clock)
        guards = Guards(pool, sessions)
        mailbox = Mailbox(clock)
        public = _host_port(settings.mqtt_public or settings.mqtt)
        intake, hellos, watch = Intake(Ingest(pool, clock)), Hellos(pool, mailbox, clock), Watch(pool)
        heard, changed = Watch(pool, SITES), Watch(pool, QUEUE)
        overview = Overview(pool, clock, settings.silent_after_s)
        broker = _broker(settings, authority) if serving else None
        workers = JobOptions(workers=settings.llm_workers)
        pipelines = Pipelines(pool, clock, mailbox, settings.data, Choice.of(settings.model_dump()), workers)

        async def on_revoked(crl_pem: str) -> None:
            await asyncio.to_thread(operations.tell_broker, settings.broker_files, crl_pem)

        care = Care(pool, mailbox, clock, key, settings.data / "blobs", settings.sounds_keep_days, settings.worker)
        yield Parts(
            settings=settings,
            clock=clock,
            pool=pool,
            authority=authority,
            sessions=sessions,
            guards=guards,
            claims=Claims(pool, authority, key, clock, public, on_revoked),
            mailbox=mailbox,
            sites=Sites(pool, mailbox, clock),
            overview=overview,
            queues=QueueFeed(pool, clock, overview, changed),
            tracking=Tracking(pool, clock, settings.position_ttl_s),
            clinics=Clinics(pool, heard),
            appointments=Appointments(pool, mailbox, clock),
            feeder=Feeder(pool, (*READERS, CareAlerts(), CareReader(), CareDevices()), clock),
            intake=intake,
            hellos=hellos,
            watch=watch,
            heard=heard,
            changed=changed,
            pipelines=pipelines,
            insights=Insights(pool, clock, pipelines.jobs, pipelines.word),
            care=care,
            notifications=Notifications(
                pool,
                clock,
                key,
                settings.data,
                mailbox,
                NotifyOptions(
                    private_too=settings.notify_private_addresses,
                    contact=settings.notify_contact,
                    public_url=lambda: _public_url(settings),
                    worker=settings.worker,
                    silent_after_ms=int(settings.notify_silent_after_s * 1000),
                ),
                care.telling,
            ),
            door=MqttDoor(broker, pool, intake, hellos, mailbox, watch) if broker else None,
        )
    finally:
        await pool.close()


def create_app(parts: Parts) -> FastAPI:
    """All HTTP and WebSocket doors, before parts that run."""
    app = FastAPI(
        title="Outpost cloud",
        version=version("outpost"),
        description="The chain: what head office sees and asks of its clinics, and the door the clinics sync through.",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    problems.install(app)
    _install_database_problems(app)
    settings, guards = parts.settings, parts.guards
    if settings.cors_origins:  # their pages send a Bearer token; cookies are never honoured across origins
        app.add_middleware(
            CORSMiddleware, allow_origins=settings.cors_origins, allow_methods=("GET", "POST", "PUT", "PATCH", "DELETE"),
            allow_headers=("authorization", "content-type", "idempotency-key", "if-match"),
            expose_headers=("etag", "link", "x-total-count", "retry-after"), max_age=600,
        )  # fmt: skip
    app.add_middleware(http.Hardened, larger=((VOICE_PATHS, FORM_BYTES_MAX),))
    limits = Limits(settings.live_per_address, settings.subscriptions_per_account, settings.live_messages_per_s)
    counted, answers = Counted(), Answers()
    app.add_middleware(Traffic, answers=answers)
    http.add_routes(
        app.router,
        auth_router(parts.sessions, guards, secure=settings.https),
        *parts.pipelines.routers(guards),  # before care's: /voice/search is no recording called "search"
        ingest_http.router(parts.intake, parts.hellos, parts.claims, guards.device),
        mailbox_http.router(parts.pool, parts.mailbox, parts.watch, guards.device),
        chain_router(parts.pool, parts.sites, parts.claims, guards, parts.clock, settings.silent_after_s),
        live_router(parts.overview, guards, parts.clock),
        queue_router(parts.queues, guards, limits, counted),
        queue_page_router(guards, STATIC),
        tracking_router(parts.tracking, parts.clinics),
        appointments_router(parts.appointments, guards),
        *parts.care.routers(guards),
        *parts.notifications.routers(guards),
        status.router(
            parts.pool, parts.feeder, parts.overview, counted, parts.clock, parts.broker, answers, settings.metrics_key,
            (parts.notifications.metrics, parts.pipelines.metrics.read),
        ),
    )  # fmt: skip
    install_docs(app, STATIC, also=())
    http.install_pages(app, STATIC)
    documents.install(app)
    return app


async def run_parts(parts: Parts) -> None:
    """Run what works without being asked, until cancelled."""
    async with asyncio.TaskGroup() as group:
        group.create_task(parts.feeder.run(), name="readers")
        group.create_task(parts.overview.run(), name="overview")
        group.create_task(parts.intake.run(), name="intake")
        group.create_task(parts.watch.run(), name="mailbox watch")
        group.create_task(parts.heard.run(), name="watch of who was heard")
        group.create_task(parts.changed.run(), name="watch of queues")
        group.create_task(parts.queues.run(), name="queues")
        group.create_task(parts.notifications.run(), name="notifications")
        for name, work in parts.care.tasks().items():
            group.create_task(work, name=name)
        group.create_task(parts.pipelines.run(), name="pipelines")
        group.create_task(parts.insights.run(), name="insights")
        group.create_task(_follow_system(parts.clock), name="clock")
        if parts.settings.broker_files is not None:
            group.create_task(_renew_revocations(parts.claims), name="revocation list")
        if parts.door is not None:
            group.create_task(parts.door.run(), name="door of the broker")


async def _follow_system(clock: Clock) -> None:
    """Domain time in life is the system's: take over what its administrator or the network sets."""
    while True:
        await asyncio.sleep(CLOCK_S)
        step_ms = clock.follow_system()
        if step_ms:
            log.warning("clock_stepped", step_ms=step_ms)


async def _renew_revocations(claims: Claims) -> None:
    """A revocation list runs out, and then the broker lets nobody in: put a fresh one in place every day."""
    while True:
        try:
            await claims.tell_revoked()
        except psycopg.Error as error:
            log.warning("revocations_not_renewed", error=str(error).strip(), again_in_s=REVOCATIONS_S)
        await asyncio.sleep(REVOCATIONS_S)


async def serve(settings: Settings, clock: Clock | None = None) -> None:
    """Run one process until SIGTERM or SIGINT; returns within three seconds of it."""
    async with assemble(settings, clock or Clock.from_environment(), serving=True) as parts:
        config = uvicorn.Config(
            create_app(parts),
            host=settings.host,
            port=settings.port,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(settings.trusted_proxy),
            forwarded_allow_ips=settings.trusted_proxy or None,
            timeout_graceful_shutdown=STOP_S,
            ws_max_size=64 * 1024,
            limit_concurrency=CONNECTIONS_MAX,
        )
        server = Server(config, parts.close)
        on_stop(server.stop)
        async with asyncio.TaskGroup() as group:
            work = group.create_task(run_parts(parts), name="parts")
            await server.serve()
            work.cancel()


class Server(uvicorn.Server):
    """uvicorn that leaves signals to us: its own would end the process before our parts have ended.

    closing: called when the end is asked for, so that long polls do not hold it up.
    """

    def __init__(self, config: uvicorn.Config, closing: Callable[[], None]) -> None:
        super().__init__(config)
        self._closing = closing

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def stop(self) -> None:
        """End soon; asked twice, end now."""
        self.force_exit = self.should_exit
        self.should_exit = True
        self._closing()

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        """Say where it listens, also with port 0."""
        await super().startup(sockets)  # type: ignore[arg-type]
        for server in self.servers:
            for bound in server.sockets:
                log.info("listening", address=bound.getsockname()[:2])


def new_loop() -> asyncio.AbstractEventLoop:
    """An event loop: uvloop's where it is installed (not on every Pi)."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def _install_database_problems(app: FastAPI) -> None:
    async def unfit(request: Request, error: Exception) -> JSONResponse:
        log.info("text_refused", path=request.url.path, error=type(error).__name__)
        refused = Problem(422, "The database cannot keep this text.", hint="Take out signs that are no text.")
        return problems.response(refused, request.url.path)

    async def away(request: Request, error: Exception) -> JSONResponse:
        log.warning("database_away", path=request.url.path, error=str(error))
        return problems.response(
            Problem(503, "The database does not answer; nothing was done.", retry_after_s=2), request.url.path
        )

    app.add_exception_handler(psycopg.DataError, unfit)
    app.add_exception_handler(psycopg.OperationalError, away)


def _broker(settings: Settings, authority: Authority) -> Broker | None:
    found = _host_port(settings.mqtt)
    if found is None:
        return None
    certificate, key = authority.worker_files(settings.worker)
    ca = settings.data / "authority" / "ca.pem"
    return Broker(found[0], found[1], ca, certificate, key, settings.worker)


def _public_url(settings: Settings) -> str:
    """How people's phones reach this server."""
    return settings.public_url.rstrip("/") or f"http://{settings.host}:{settings.port}"


def _host_port(address: str) -> tuple[str, int] | None:
    host, _, port = address.rpartition(":")
    return (host, int(port)) if host else None
