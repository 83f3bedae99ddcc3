"""The clinic's own program with two routes more: ``python -m tests.benchmarks.server``, settings from the environment.

``POST /bench/nothing`` takes the body, the sign-in and the idempotency key of a token's POST and answers as many bytes,
but asks nothing of the store. ``GET /bench/empty`` is as little as this server can do.
"""

from __future__ import annotations

from typing import Any

import orjson
import uvloop
from fastapi import FastAPI, Request, Response

from edge import main
from edge.web.audit import Audit
from edge.web.credentials import Credentials
from edge.web.guards import KIOSK, Guards
from edge.web.requests import parsed
from edge.web.visits import Arrival
from edge.web.wiring import Wiring
from shared import logs
from shared.limits import RateLimit

_ANSWER: dict[str, Any] = {
    "visit": {
        "id": "01234567-89ab-7def-8123-456789abcdef", "number": 1000, "service": "A", "status": "waiting", "urgency": 5,
        "is_emergency": False, "doctor_id": None, "room": None, "token_number": "A-100",
        "created_at": "2026-11-20T09:14:00.000+00:00", "called_at": None, "started_at": None, "ended_at": None, "version": 1,
    },
    "ahead": 100,
}  # fmt: skip


def with_benches(wiring: Wiring) -> FastAPI:
    """The product's application, and the two routes beside its own."""
    app: FastAPI = product(wiring)
    guards = Guards(Credentials(wiring, wiring.open_reader()), RateLimit(100, 300), Audit(wiring.dispatcher))

    async def nothing(request: Request) -> Response:
        who = await guards.need(request, KIOSK)
        raw = await request.body()
        parsed(request, raw, Arrival, who)
        return Response(orjson.dumps(_ANSWER), 201, media_type="application/json")

    async def empty() -> Response:
        return Response(b"")

    app.add_api_route("/bench/nothing", nothing, methods=["POST"])
    app.add_api_route("/bench/empty", empty, methods=["GET"])
    app.router.routes[:0] = [app.router.routes.pop(), app.router.routes.pop()]  # before pages that match everything
    return app


if __name__ == "__main__":
    product = vars(main)["create_app"]
    vars(main)["create_app"] = with_benches
    settings = main.load()
    logs.configure(settings.log_level)
    uvloop.run(main.serve(settings))
