"""Keys for programs, and who saw and did what: ``/api/v1/service-accounts`` and ``/api/v1/audit`` (manager)."""

from __future__ import annotations

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from edge.domain.account_commands import AddServiceAccount, RemoveServiceAccount
from edge.store import accounts
from edge.web.credentials import KEY_PREFIX
from edge.web.documents import body, errors
from edge.web.guards import MANAGER, Guards
from edge.web.requests import Requests, Shape, parsed
from edge.web.states import States
from edge.web.wiring import Wiring
from shared import tokens
from shared.clock import iso
from shared.commands import TEXT_MAX, Command
from shared.ids import new_id


class NewProgram(Shape):
    """A program. `roles`: some of reception, nurse, manager; without any it may look, not act."""

    name: str = Field(min_length=1, max_length=TEXT_MAX)
    roles: list[str] = Field(default=[], max_length=3)


def routes(wiring: Wiring, guards: Guards, requests: Requests, states: States) -> APIRouter:
    """The routes under /api/v1/service-accounts and /api/v1/audit."""
    router = APIRouter(prefix="/api/v1", tags=["sign-in"])
    zone = wiring.options.zone

    @router.post("/service-accounts", status_code=201, responses=errors(401, 403, 409, 415, 422, 503),
                 openapi_extra=body(NewProgram))  # fmt: skip
    async def add(request: Request) -> Response:
        """Give a program a key (manager). The answer holds it, also when it is asked for again with the same
        `Idempotency-Key`; it is kept nowhere."""
        who = await guards.need(request, MANAGER)
        raw = await request.body()
        wanted = parsed(request, raw, NewProgram, who)
        named = requests.name_of(request, who, raw)
        key = KEY_PREFIX + (tokens.new_secret()[0] if named is None else tokens.repeated_secret(wiring.key, named))

        def command(command_id: str) -> Command:
            return AddServiceAccount(
                command_id=command_id, actor=who.actor, account_id=new_id(), name=wanted.name,
                roles=tuple(wanted.roles), key_hash=tokens.hash_secret(key),
            )  # fmt: skip

        made = await requests.run(request, who, raw, command)
        return JSONResponse({**made, "roles": wanted.roles, "key": key}, 201)

    @router.get("/service-accounts", responses=errors(401, 403))
    async def programs(request: Request) -> Response:
        """Programs that hold a key (manager)."""
        await guards.need(request, MANAGER)
        rows = await states.read(accounts.programs)
        return JSONResponse([
            {"id": row.id, "name": row.name, "roles": row.roles, "created_at": iso(row.created_ms, zone)} for row in rows
        ])  # fmt: skip

    @router.delete("/service-accounts/{account_id}", status_code=204, responses=errors(401, 403, 404, 503))
    async def remove(request: Request, account_id: str) -> Response:
        """Take a program's key away (manager); it is out with its next request."""
        who = await guards.need(request, MANAGER)

        def command(command_id: str) -> Command:
            return RemoveServiceAccount(command_id=command_id, actor=who.actor, account_id=account_id[:64])

        await requests.run(request, who, b"", command)
        return Response(status_code=204)

    @router.get("/audit", responses=errors(401, 403))
    async def audit(
        request: Request, limit: int = Query(default=100, ge=1, le=1000), cursor: int = Query(default=2**62, ge=0)
    ) -> Response:
        """Who saw and changed what, newest first (manager). `cursor`: the `id` of the last one shown."""
        await guards.need(request, MANAGER)
        rows = await states.read(lambda conn: accounts.audit(conn, min(cursor, 2**62), limit))
        return JSONResponse([
            {"id": row["id"], "at": iso(row["at_ms"], zone), "actor": row["actor"], "act": row["act"],
             "who": row["who"], "detail": row["detail"]} for row in rows
        ])  # fmt: skip

    return router
