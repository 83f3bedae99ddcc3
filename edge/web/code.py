"""The code that a phone scans to follow a visit, where there is no slip to print it on."""

from __future__ import annotations

import io
from typing import Final

import segno
from fastapi import APIRouter, Request, Response

from edge.web.documents import errors
from edge.web.faces import Faces
from edge.web.guards import KIOSK, Guards
from edge.web.lookups import visit_of

QUIET: Final = 4
"""Empty squares around it, as readers expect."""


class Svg(Response):
    """A picture."""

    media_type = "image/svg+xml"


def routes(guards: Guards, faces: Faces) -> APIRouter:
    """GET /api/v1/visits/{visit_id}/code.svg."""
    router = APIRouter(prefix="/api/v1/visits", tags=["visits"])

    @router.get("/{visit_id}/code.svg", response_class=Svg, responses=errors(401, 403, 404, 503))
    async def code(request: Request, visit_id: str) -> Response:
        """The link to follow a visit as a QR code, a picture (kiosk or staff). It holds what `tracking_url` says."""
        await guards.need(request, KIOSK)
        return Svg(drawn(faces.tracking(await visit_of(faces, visit_id))["tracking_url"]))

    return router


def drawn(link: str) -> bytes:
    """A QR code as SVG without styles or scripts, as large as whoever shows it wants."""
    out = io.BytesIO()
    segno.make_qr(link, error="l").save(
        out, kind="svg", border=QUIET, light="#fff", xmldecl=False, omitsize=True, svgclass=None, lineclass=None
    )
    return out.getvalue()
