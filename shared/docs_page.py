"""`/docs` without the internet: Swagger UI on /openapi.json, with every file from this server.

`install_docs(app, static)` serves the page at ``/docs`` and its files below it; give FastAPI ``docs_url=None``. Swagger UI
itself lies in ``<static>/docs``, where the page build has put it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI
from fastapi.responses import FileResponse, HTMLResponse

from shared.problems import Problem

_FOLDER: Final = Path(__file__).parent / "docs"
_OURS: Final = ("docs.css", "docs.js")
_BUILT: Final = ("swagger-ui.css", "swagger-ui-bundle.js")
_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css{built}"><link rel="stylesheet" href="/docs/docs.css">
<script defer src="/docs/swagger-ui-bundle.js{built}"></script><script defer src="/docs/docs.js"></script></head>
<body><noscript>This page shows <a href="/openapi.json">/openapi.json</a> and needs JavaScript.</noscript>
<main id="docs"></main></body></html>
"""
_ASK_ANEW: Final = {"cache-control": "no-cache"}
_KEEP: Final = {"cache-control": "public, max-age=31536000, immutable"}


def install_docs(app: FastAPI, static: Path | None = None, also: tuple[str, ...] = ("/api/docs",)) -> None:
    """Serve the page at ``/docs`` and `also`, and its files. `static`: where the page build left this program's pages;
    without it, or before the first build, the page says that Swagger UI is missing. What ``app.openapi()`` answers then
    also says how to send an access token, which is what "Authorize" on the page needs.
    """
    generate: Callable[[], dict[str, Any]] = app.openapi
    app.openapi = lambda: _with_bearer(generate())  # type: ignore[method-assign]
    built = None if static is None else static / "docs"

    async def page() -> HTMLResponse:
        return HTMLResponse(_PAGE.format(built=_edition(built)), headers=_ASK_ANEW)

    for path in ("/docs", *also):
        app.add_api_route(path, page, methods=["GET"], include_in_schema=False)

    @app.get("/docs/{name}", include_in_schema=False)
    async def file_of(name: str, v: str = "") -> FileResponse:
        if name not in (*_OURS, *_BUILT):
            raise Problem(404, f"There is no file {name} here.")
        folder = built if name in _BUILT else _FOLDER
        if folder is None or not (folder / name).is_file():
            raise Problem(503, "The pages have not been built.", hint="Run `make pages` once and start again.")
        return FileResponse(folder / name, headers=_KEEP if v else _ASK_ANEW)


def _with_bearer(document: dict[str, Any]) -> dict[str, Any]:
    """A call may carry a token. Not that it must: a cookie does too, and what is public needs neither."""
    document.setdefault("components", {}).setdefault("securitySchemes", {})["bearer"] = {
        "type": "http",
        "scheme": "bearer",
        "description": "The `access_token` of /api/v1/auth/login.",
    }
    document.setdefault("security", [{"bearer": []}, {}])
    return document


def _edition(built: Path | None) -> str:
    """What makes a browser that kept Swagger UI for a year ask again after a build has changed it."""
    if built is None or not (built / _BUILT[1]).is_file():
        return ""
    found = (built / _BUILT[1]).stat()
    return f"?v={found.st_mtime_ns:x}-{found.st_size:x}"
