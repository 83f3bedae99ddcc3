"""``/admin/``: the manager's page (seed 001). Who is no manager is sent to sign in; its data is guarded by its own paths."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, RedirectResponse

from edge.web.guards import MANAGER, Guards
from edge.web.wiring import Wiring
from shared.problems import Problem

SIGN_IN: Final = "/pages/sign-in?next=/admin/"


def routes(wiring: Wiring, guards: Guards) -> APIRouter:
    """The route."""
    router = APIRouter()

    @router.get("/admin", include_in_schema=False)
    async def admin(request: Request) -> Response:
        """The page to create doctors, patients and slots, and to watch tokens (manager)."""
        try:
            await guards.need(request, MANAGER)
        except Problem as refused:
            if refused.status not in (401, 403):
                raise
            return RedirectResponse(SIGN_IN if refused.status == 401 else f"{SIGN_IN}&role=manager", 303)
        page = wiring.options.static / "admin.html"
        if not page.is_file():
            raise Problem(503, "The pages have not been built.", hint="Run `make pages` once and start again.")
        return FileResponse(page, media_type="text/html; charset=utf-8", headers={"cache-control": "no-cache"})

    return router
