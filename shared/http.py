"""What both web servers wear: one ASGI layer of limits and headers, and the pages that the build left in a folder.

`Hardened` goes around the whole application (``app.add_middleware(Hardened, ...)``): it serves every path with and
without a trailing slash, limits request bodies, and adds the security headers. `install_pages` serves the built pages:
``<folder>/<page>.html`` at ``/pages/<page>`` (asked for anew each time) and ``<folder>/assets/*`` (names hold a hash:
kept for a year).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from fastapi import APIRouter, FastAPI
from fastapi.responses import FileResponse, Response
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.problems import Problem, response

BODY_BYTES_MAX: Final = 256 * 1024
CSP: Final = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(self)",
}
_PAGE: Final = re.compile(r"[a-z][a-z-]{0,30}")
_ASSET: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,120}")


class Hardened:
    """ASGI layer: trailing slashes, body limit, security headers."""

    def __init__(
        self, app: ASGIApp, body_bytes_max: int = BODY_BYTES_MAX, larger: tuple[tuple[re.Pattern[str], int], ...] = ()
    ) -> None:
        """larger: paths (whole, without a last slash) that take more, each with how many bytes."""
        self.app = app
        self.body_bytes_max = body_bytes_max
        self._larger = larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        path = scope["path"]
        if len(path) > 1 and path.endswith("/"):
            bare = path.rstrip("/") or "/"
            scope = {**scope, "path": bare, "raw_path": bare.encode()}
        if scope["type"] == "websocket":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if path.startswith("/api/"):
                    headers.setdefault("cache-control", "no-store")
            await send(message)

        bytes_max = next((more for form, more in self._larger if form.fullmatch(scope["path"])), self.body_bytes_max)
        length = dict(scope["headers"]).get(b"content-length", b"0")
        if not length.isdigit() or int(length) > bytes_max:
            refused = response(_too_large(bytes_max), path)
            await refused(scope, receive, send_with_headers)
            return
        taken = 0

        async def receive_within_limit() -> Message:
            nonlocal taken
            message = await receive()
            if message["type"] == "http.request":
                taken += len(message.get("body", b""))
                if taken > bytes_max:
                    raise HTTPException(413, _too_large(bytes_max).detail)
            return message

        await self.app(scope, receive_within_limit, send_with_headers)


def _too_large(bytes_max: int) -> Problem:
    return Problem(413, f"The body is larger than {bytes_max} bytes.")


def add_routes(onto: APIRouter, *parts: APIRouter) -> None:
    """Put the routes of `parts` onto a router as they are, in this order; for an application that is ``app.router``.

    `include_router` builds every route a second time, with the first request, to add to it; we have nothing to add, and
    for some 150 routes that is half as long again as building the application.
    """
    for part in parts:
        onto.routes.extend(part.routes)


def install_pages(app: FastAPI, folder: Path) -> None:
    """Serve what the page build left in `folder`; until it has run, every page answers 503 and says so."""

    @app.get("/pages/{page}", include_in_schema=False)
    async def page_of(page: str, request: Request) -> FileResponse:
        file = folder / f"{page}.html"
        if not _PAGE.fullmatch(page) or not file.is_file():
            if not (folder / "assets").is_dir():
                raise Problem(503, "The pages have not been built.", hint="Run `make pages` once and start again.")
            raise Problem(404, f"There is no page {request.url.path}.")
        return FileResponse(file, media_type="text/html; charset=utf-8", headers={"cache-control": "no-cache"})

    @app.get("/favicon.ico", include_in_schema=False)
    async def favicon() -> Response:
        """Asked for by browsers on pages that name no icon of their own."""
        return Response(status_code=204, headers={"cache-control": "public, max-age=86400"})

    @app.get("/assets/{name}", include_in_schema=False)
    async def asset_of(name: str) -> FileResponse:
        file = folder / "assets" / name
        if not _ASSET.fullmatch(name) or not file.is_file():
            raise Problem(404, f"There is no asset {name}.")
        return FileResponse(file, headers={"cache-control": "public, max-age=31536000, immutable"})
