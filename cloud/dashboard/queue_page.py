"""`GET /test_websocket.html` (seed 004) at head office: the page that subscribes to a date and shows every doctor."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, RedirectResponse, Response

from cloud.accounts.guards import Guards
from shared.problems import Problem

PATH = "/test_websocket.html"


def queue_page_router(guards: Guards, static: Path) -> APIRouter:
    """The page for who is signed in; a browser that is not is sent to sign in. `static`: what the page build left."""
    router = APIRouter()

    @router.get(PATH, include_in_schema=False)
    async def page(request: Request) -> Response:
        try:
            await guards.office(request)
        except Problem as problem:
            if problem.status == 401 and "text/html" in request.headers.get("accept", ""):
                return RedirectResponse(f"/pages/sign-in?next={PATH}", 303)
            raise
        file = static / PATH.removeprefix("/")
        if not file.is_file():
            raise Problem(503, "The pages have not been built.", hint="Run `make pages` once and start again.")
        return FileResponse(file, media_type="text/html; charset=utf-8", headers={"cache-control": "no-cache"})

    return router
