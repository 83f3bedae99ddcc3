"""An ASGI layer that counts answers by route and status, and how long they took to begin; for /metrics."""

from __future__ import annotations

from collections import Counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.clock import transport_s
from shared.timings import Timings


class Answers:
    """What was counted since the start. Belongs to the event loop."""

    def __init__(self) -> None:
        self.by_status: Counter[tuple[str, str]] = Counter()
        """By (route, status). Requests that fit no route are "none", so that strangers make no names here."""
        self.times = Timings()
        """From a request until its answer begins, by route."""


class Traffic:
    """The layer."""

    def __init__(self, app: ASGIApp, answers: Answers) -> None:
        self._app, self._answers = app, answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began_s = transport_s()

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = str(getattr(scope.get("route"), "path", "none"))
                self._answers.by_status[route, str(message["status"])] += 1
                self._answers.times.took(route, transport_s() - began_s)
            await send(message)

        await self._app(scope, receive, sending)
