"""Door two: the same frames and words over HTTPS, for where MQTT is blocked. The site is the credential's."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

from fastapi import APIRouter, Depends, Request

from cloud.ingest.intake import AWAY, Intake, busy
from cloud.ingest.service import Arrived
from cloud.ingest.session import Sessions, WrongEpoch
from shared.api import Ack, Beat, Certificate, Claim, Hello, HelloAnswer, Renewal
from shared.codec import FRAME_BYTES_MAX, BadFrame, header_of
from shared.problems import Problem
from shared.topics import Sender

_T = TypeVar("_T")

FRAME_REQUEST_BYTES_MAX = FRAME_BYTES_MAX + 256
ANSWER_S = 20.0
"""How long a frame may wait for its commit before the edge is told to come again."""


class Enrolment(Protocol):
    """What gives certificates."""

    async def claim(self, code: str, epoch: str, csr_pem: str, address: str) -> Certificate:
        """Trade a claim code for a certificate."""

    async def renew(self, sender: Sender, csr_pem: str) -> Certificate:
        """A fresh certificate for a known store."""


def router(intake: Intake, sessions: Sessions, enrolment: Enrolment, device: Callable[..., Any]) -> APIRouter:
    """Routes under /api/v1. `device`: the guard that gives the Sender of a request."""
    routes = APIRouter(prefix="/api/v1", tags=["sync"])

    @routes.post("/claim")
    async def claim(body: Claim, request: Request) -> Certificate:
        """Trade a claim code and a signing request for this clinic's certificate. Public; limited by address."""
        address = request.client.host if request.client else ""
        return await enrolment.claim(body.code, body.epoch, body.csr_pem, address)

    @routes.post("/sync/renew")
    async def renew(body: Renewal, sender: Sender = Depends(device)) -> Certificate:
        """A fresh certificate before the old one ends."""
        return await enrolment.renew(sender, body.csr_pem)

    @routes.post("/sync/hello")
    async def hello(body: Hello, sender: Sender = Depends(device)) -> HelloAnswer:
        """Open a session."""
        try:
            return await _unless_away(sessions.hello(sender, body, "https"))
        except WrongEpoch as error:
            raise Problem(409, str(error), code="wrong_epoch", hint="Claim the clinic for its new store.") from error

    @routes.post("/sync/beat", status_code=204)
    async def beat(body: Beat, sender: Sender = Depends(device)) -> None:
        """State, every few seconds."""
        await _unless_away(sessions.beats([(sender, body, "https")]))

    @routes.post("/sync/frames", openapi_extra={"requestBody": {"content": {"application/octet-stream": {}}}})
    async def frames(request: Request, sender: Sender = Depends(device)) -> Ack:
        """One frame; answered after the commit."""
        data = await _body(request)
        try:
            lane = header_of(data).lane
        except BadFrame as error:
            raise Problem(400, str(error), code="bad_frame", hint="Update the clinic's program.") from error
        if not intake.reserve():
            return busy("0" * 16, lane)
        answered: asyncio.Future[Ack | None] = asyncio.get_running_loop().create_future()
        intake.put(Arrived(sender, data), lambda ack: None if answered.done() else answered.set_result(ack))
        try:
            async with asyncio.timeout(ANSWER_S):
                ack = await answered
        except TimeoutError as error:
            raise _away() from error
        if ack is None:
            raise Problem(409, "This store has to say HELLO first.", code="hello_first", hint="It does so by itself.")
        return ack

    return routes


async def _body(request: Request) -> bytes:
    pieces, size = [], 0
    async for piece in request.stream():
        size += len(piece)
        if size > FRAME_REQUEST_BYTES_MAX:
            raise Problem(413, f"A frame is at most {FRAME_REQUEST_BYTES_MAX} bytes.")
        pieces.append(piece)
    return b"".join(pieces)


async def _unless_away(work: Awaitable[_T]) -> _T:
    try:
        return await work
    except AWAY as error:
        raise _away() from error


def _away() -> Problem:
    return Problem(503, "The database does not answer.", code="database_away", retry_after_s=2)
