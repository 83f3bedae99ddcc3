"""Pairing kiosks and displays: ``/api/v1/screens``."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from edge.domain.account_commands import MakePairingCode, PairScreen, RemoveScreen
from edge.domain.accounts import CODE_LIFETIME_MS
from edge.store import accounts
from edge.web.credentials import SCREEN_COOKIE, SCREEN_LIFETIME_S, wall_ms
from edge.web.documents import body, errors
from edge.web.guards import MANAGER, STAFF, Guards
from edge.web.requests import Requests, Shape, parsed
from edge.web.states import States
from edge.web.wiring import Wiring
from shared import tokens
from shared.clock import iso
from shared.commands import Command
from shared.ids import new_id
from shared.limits import RateLimit
from shared.problems import Problem


class Wanted(Shape):
    """What the screen will be."""

    kind: Literal["display", "kiosk"]


class Code(Shape):
    """The code as a person typed it: case, spaces and dashes do not matter."""

    code: str = Field(min_length=1, max_length=40)


def routes(wiring: Wiring, guards: Guards, requests: Requests, states: States, sign_ins: RateLimit) -> APIRouter:
    """The routes under /api/v1/screens."""
    router = APIRouter(prefix="/api/v1/screens", tags=["screens"])
    options, key = wiring.options, wiring.key

    @router.post("/codes", status_code=201, responses=errors(401, 403, 409, 415, 422, 503), openapi_extra=body(Wanted))
    async def make_code(request: Request) -> Response:
        """A code that pairs one screen, once, within 12 hours (staff)."""
        who = await guards.need(request, STAFF)
        raw = await request.body()
        wanted, at_ms = parsed(request, raw, Wanted, who), wall_ms()
        named = requests.name_of(request, who, raw)
        code = tokens.new_code() if named is None else tokens.repeated_code(key, named)

        def command(command_id: str) -> Command:
            return MakePairingCode(
                command_id=command_id, actor=who.actor, code_hash=tokens.hash_code(key, code), screen=wanted.kind,
                at_ms=at_ms, ends_ms=at_ms + CODE_LIFETIME_MS,
            )  # fmt: skip

        made = await requests.run(request, who, raw, command)
        return JSONResponse({"code": code, "expires_at": iso(made["ends_ms"], options.zone)}, 201)

    @router.post("/pair", responses=errors(400, 403, 409, 415, 422, 503), openapi_extra=body(Code))
    async def pair(request: Request) -> Response:
        """Trade a code for the screen's own credential, a cookie that lasts a year.

        A code is good once, whatever `Idempotency-Key` comes with it: where the answer was lost, ask the desk for another.
        """
        guards.draw(sign_ins, request)
        why = tokens.cookie_write_refused("POST", request.headers)
        if why is not None:
            raise Problem(403, why, code="csrf", hint="Use the clinic's own page.")
        wanted = parsed(request, await request.body(), Code, None)
        secret, secret_hash = tokens.new_secret()
        at_ms = wall_ms()
        command = PairScreen(
            command_id=new_id(), actor="public", code_hash=tokens.hash_code(key, wanted.code), screen_id=new_id(),
            secret_hash=secret_hash, at_ms=at_ms, ends_ms=at_ms + SCREEN_LIFETIME_S * 1000,
        )  # fmt: skip
        response = JSONResponse(await requests.submit(command))
        tokens.set_cookie(response, SCREEN_COOKIE, secret, SCREEN_LIFETIME_S, secure=options.secure_cookies)
        return response

    @router.get("", responses=errors(401, 403))
    async def paired(request: Request) -> Response:
        """The screens that are paired (staff)."""
        await guards.need(request, STAFF)
        rows = await states.read(accounts.screens)
        return JSONResponse([
            {"id": row.id, "kind": row.kind, "paired_at": iso(row.paired_ms, options.zone),
             "expires_at": iso(row.ends_ms, options.zone)} for row in rows
        ])  # fmt: skip

    @router.delete("/{screen_id}", status_code=204, responses=errors(401, 403, 404, 503))
    async def remove(request: Request, screen_id: str) -> Response:
        """Take a screen's credential away (manager); it is out with its next request."""
        who = await guards.need(request, MANAGER)

        def command(command_id: str) -> Command:
            return RemoveScreen(command_id=command_id, actor=who.actor, screen_id=screen_id[:64])

        await requests.run(request, who, b"", command)
        return Response(status_code=204)

    return router
