"""The clinic's web server: puts the routes together. See README.md for the map."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse, JSONResponse
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edge.app.dispatcher import NotDone
from edge.app.ports import DeviceError
from edge.web import (
    acts,
    admin,
    auth,
    broadcasts,
    check_in,
    code,
    documents,
    face_000,
    face_001,
    face_002,
    face_003,
    face_004,
    health,
    live,
    live_stats,
    programs,
    queue_policies,
    screens,
    triage,
    visits,
)
from edge.web.audit import Audit
from edge.web.credentials import Credentials, is_loopback
from edge.web.documents import errors
from edge.web.faces import Faces
from edge.web.guards import DISPLAY, KIOSK, STAFF, Guards, Level, address_of
from edge.web.metrics import Metrics
from edge.web.queue_doors import QueueDoors
from edge.web.requests import Requests, not_done
from edge.web.states import States, Topic
from edge.web.wiring import Wiring
from shared import problems
from shared.clock import iso, transport_s
from shared.docs_page import install_docs
from shared.http import Hardened, add_routes, install_pages
from shared.limits import RateLimit
from shared.problems import Problem
from shared.timings import Timings
from shared.uploads import FORM_BYTES_MAX, VOICE_PATHS

BODY_BYTES_MAX: Final = 64 * 1024
"""Where recordings come in, streamed to the disk."""
SIGN_IN_BURST: Final = 20
PUBLIC_BURST: Final = 100
OPEN_HEADER: Final = "x-outpost-open"
"""On every answer while anybody on this machine may do anything without a sign-in."""
DESCRIPTION: Final = (
    "The API of one clinic. Pages use a cookie and send `X-Outpost: 1` with every change; programs send "
    "`Authorization: Bearer` with a token from /api/v1/auth/login. Every POST takes `Idempotency-Key`. Every path works "
    "with and without a trailing slash. Errors are problem details (RFC 9457) with a hint for a person."
)


def create_app(wiring: Wiring) -> FastAPI:
    """Build the application. Its lifespan runs the live feed; serve it on the loop that owns the dispatcher."""
    options = wiring.options
    reader = wiring.open_reader()
    public = RateLimit(PUBLIC_BURST, options.public_per_minute)
    sign_ins = RateLimit(SIGN_IN_BURST, options.sign_in_per_minute)
    credentials = Credentials(wiring, reader)
    audit = Audit(wiring.dispatcher)
    guards = Guards(credentials, public, audit)
    requests = Requests(wiring.dispatcher, reader)
    states = States(wiring)
    faces = Faces(wiring, states)
    states.house_and = faces.house_and
    counted = live_stats.Registry()
    feed = live.LiveFeed(wiring, states, audit)
    checks = health.Health(wiring, feed, Metrics(wiring, faces, feed, counted, states.timings))
    doors = QueueDoors(wiring, faces, credentials, counted, audit)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        running = [asyncio.create_task(feed.run(), name="live"), asyncio.create_task(doors.run(), name="queue feed")]
        for one in running:
            one.add_done_callback(lambda task: task.cancelled() or app.state.feed_ended.set())
        try:
            yield
        finally:
            for one in running:
                one.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            states.close()
            reader.close()

    app = FastAPI(
        title="Outpost clinic", version=options.version, description=DESCRIPTION, lifespan=lifespan,
        docs_url=None, redoc_url=None, redirect_slashes=False, openapi_url=None,
    )  # fmt: skip
    app.state.feed_ended = asyncio.Event()
    """Set when the feed has ended although nobody asked it to: the screens stand still, so the program must end."""
    problems.install(app)
    app.add_exception_handler(NotDone, _on_not_done)
    visit_routes = visits.routes(wiring, guards, requests, faces)
    app.router.routes.insert(0, visits.hot_route(visit_routes))
    add_routes(
        app.router,
        visit_routes,
        face_000.routes(wiring, guards, requests, states, faces),
        face_001.routes(wiring, guards, requests, states, faces),
        auth.routes(wiring, credentials, guards, requests, states, sign_ins),
        triage.routes(wiring, guards, requests, faces),
        acts.routes(wiring, guards, requests, faces),
        check_in.routes(wiring, guards, requests, faces),
        code.routes(guards, faces),
        queue_policies.routes(wiring, guards, requests, faces),
        broadcasts.routes(wiring, guards, requests, faces),
        face_002.routes(wiring, guards, requests, faces),
        face_003.routes(wiring, guards, requests, faces, counted),
        face_004.routes(wiring, guards, requests, faces),
        screens.routes(wiring, guards, requests, states, sign_ins),
        programs.routes(wiring, guards, requests, states),
        health.routes(wiring, checks, guards, requests),
        admin.routes(wiring, guards),
    )
    _install_states(app, guards, states, wiring)
    live.install(app, feed, credentials)
    doors.install(app)
    _install_documents(app, wiring)
    install_pages(app, options.static)
    app.add_middleware(
        Public, bucket=public, count=checks.requests, is_open=options.open_on_loopback, times=checks.times
    )
    if options.cors_origins:
        # Pages of other origins send a Bearer token. Cookies are not honoured across origins, whoever is listed.
        app.add_middleware(
            CORSMiddleware, allow_origins=options.cors_origins, allow_methods=("GET", "POST", "PUT", "PATCH", "DELETE"),
            allow_headers=("authorization", "content-type", "idempotency-key", "if-match"),
            expose_headers=("link", "x-total-count", "retry-after", OPEN_HEADER), max_age=600,
        )  # fmt: skip
    app.add_middleware(Hardened, body_bytes_max=BODY_BYTES_MAX, larger=((VOICE_PATHS, FORM_BYTES_MAX),))
    app.state.feed, app.state.health, app.state.faces = feed, checks, faces
    app.state.live_stats, app.state.doors, app.state.audit = counted, doors, audit
    app.state.intake = wiring.intake
    return app


class Wav(Response):
    """A sound."""

    media_type = "audio/wav"


class Public:
    """ASGI layer: what needs no credential is limited by address; and every answer is counted by route and status."""

    def __init__(
        self, app: ASGIApp, bucket: RateLimit, count: Counter[tuple[str, int]], is_open: bool,
        times: Timings | None = None,
    ) -> None:  # fmt: skip
        self._app, self._bucket, self._count, self._is_open = app, bucket, count, is_open
        self._times = times or Timings()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        began_s = transport_s()

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                plain = scope["path"] if "endpoint" in scope else "none"  # the hot route is no FastAPI route
                route = str(getattr(scope.get("route"), "path", plain))
                self._count[route, message["status"]] += 1
                self._times.took(route, transport_s() - began_s)
                if self._is_open:
                    message["headers"] = [*message["headers"], (OPEN_HEADER.encode(), b"loopback")]
            await send(message)

        if not scope["path"].startswith(("/api/", "/socket.io")):  # those have limits of their own
            request = Request(scope)
            wait_s = 0.0 if is_loopback(request) else self._bucket.wait_s(address_of(request))
            if wait_s:
                refused = Problem(429, "Too many requests from this address.", retry_after_s=wait_s)
                await problems.response(refused, scope["path"])(scope, receive, counted)
                return
        await self._app(scope, receive, counted)


async def _on_not_done(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, NotDone)
    return problems.response(not_done(error), request.url.path)


def _install_states(app: FastAPI, guards: Guards, states: States, wiring: Wiring) -> None:
    def add(topic: Topic, level: Level, meaning: str) -> None:
        async def state_of(request: Request) -> Response:
            who = await guards.need(request, level)
            if topic == "desk":
                await guards.audit.saw(who, "feed", "desk")
            return Response(orjson.dumps(await states.of(topic)), media_type="application/json")

        app.add_api_route(
            f"/api/v1/{topic}", state_of, methods=["GET"], name=f"{topic} state", tags=["states"],
            description=f"{meaning} The same state as the live topic.", responses=errors(401, 403, 503),
        )  # fmt: skip

    add("display", DISPLAY, "What the waiting room sees: tokens and rooms, no names of patients.")
    add("kiosk", KIOSK, "What a kiosk offers.")
    add("desk", STAFF, "What staff see.")

    @app.get("/api/v1/announcements/{name}", tags=["states"], response_class=Wav, responses=errors(401, 403, 404, 503))
    async def announcement(request: Request, name: str) -> Response:
        """A call as a WAV, in the languages of the site, or a message to patients (display or staff). `name` is the `clip`
        of what was shown."""
        await guards.need(request, DISPLAY)
        make = states.clip_of(name.removesuffix(".wav"))
        if make is None:
            raise Problem(404, "There is no such announcement.", hint="Only calls shown lately can be heard.")
        try:
            clip = await make()
        except DeviceError as error:
            raise Problem(503, f"The call cannot be spoken: {error}.", hint=error.hint) from error
        return Wav(clip)


def _install_documents(app: FastAPI, wiring: Wiring) -> None:
    options = wiring.options
    generate: Callable[[], dict[str, Any]] = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = generate()
            parts = {"Problem": documents.PROBLEM_SCHEMA, **documents.PARTS}
            document.setdefault("components", {}).setdefault("schemas", {}).update(parts)
            document["paths"] = face_001.spelled(document["paths"])
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]

    @app.get("/openapi.json", include_in_schema=False)
    async def document() -> JSONResponse:
        return JSONResponse(app.openapi())

    install_docs(app, options.static)

    @app.get("/", tags=["health"])
    async def start(request: Request) -> Response:
        """What this is; for a browser the start page."""
        page = options.static / "start.html"
        if "text/html" in request.headers.get("accept", "") and page.is_file():
            return FileResponse(page, media_type="text/html; charset=utf-8", headers={"cache-control": "no-cache"})
        return JSONResponse({
            "name": "Outpost clinic", "version": options.version, "site": options.site_name,
            "time": iso(wiring.clock.now_ms(), options.zone), "docs": "/docs", "health": "/health",
        })  # fmt: skip
