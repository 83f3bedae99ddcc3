"""Signing in and out, and the accounts themselves: ``/api/v1/auth/*`` and ``/api/v1/staff``."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from edge.domain.account_commands import AddStaff, ChangeStaff, CloseSession, SetPassword
from edge.domain.accounts import USERNAME_MAX
from edge.store import accounts
from edge.web.credentials import SESSION_COOKIE, Credentials, Identity, SignedIn
from edge.web.documents import body, errors
from edge.web.guards import MANAGER, STAFF, Guards
from edge.web.requests import NoBody, Requests, Shape, parsed, shaped
from edge.web.states import States
from edge.web.wiring import Wiring
from shared import forms, passwords, tokens
from shared.commands import TEXT_MAX, Command
from shared.ids import new_id
from shared.limits import RateLimit
from shared.problems import Problem


class Login(Shape):
    """`cookie`: for pages; the session goes into a cookie that scripts cannot read."""

    username: str = Field(min_length=1, max_length=USERNAME_MAX)
    password: str = Field(min_length=1, max_length=passwords.PASSWORD_CHARS_MAX)
    cookie: bool = False


class Refresh(Shape):
    """The refresh token of the last answer; each is good for one use."""

    refresh_token: str = Field(min_length=1, max_length=200)


class NewPassword(Shape):
    """One's own password is changed with the one that holds now."""

    old: str = Field(min_length=1, max_length=passwords.PASSWORD_CHARS_MAX)
    new: str = Field(min_length=1, max_length=passwords.PASSWORD_CHARS_MAX)


class NewStaff(Shape):
    """A new account. `doctor_id`: which doctor this is; needed by the role doctor."""

    username: str = Field(min_length=1, max_length=USERNAME_MAX)
    name: str = Field(min_length=1, max_length=TEXT_MAX)
    roles: list[str] = Field(min_length=1, max_length=4)
    doctor_id: str | None = Field(default=None, max_length=64)


class StaffChange(Shape):
    """What is to change."""

    roles: list[str] | None = Field(default=None, min_length=1, max_length=4)
    doctor_id: str | None = Field(default=None, max_length=64)
    is_active: bool | None = None


def routes(
    wiring: Wiring, credentials: Credentials, guards: Guards, requests: Requests, states: States, sign_ins: RateLimit
) -> APIRouter:
    """The routes under /api/v1/auth and /api/v1/staff."""
    router = APIRouter(prefix="/api/v1", tags=["sign-in"])
    secure = wiring.options.secure_cookies

    def answer(signed_in: SignedIn, *, cookie: bool) -> Response:
        content: dict[str, Any] = {
            "access_token": signed_in.access_token, "token_type": "bearer", "expires_in": tokens.ACCESS_LIFETIME_S,
            "refresh_token": None if cookie else signed_in.secret, "user": signed_in.user,
        }  # fmt: skip
        if cookie:
            content["access_token"] = None  # a page must not hold what a script could carry away
        response = JSONResponse(content)
        if cookie:
            tokens.set_cookie(response, SESSION_COOKIE, signed_in.secret, tokens.COOKIE_LIFETIME_S, secure=secure)
        return response

    async def made_password(request: Request, who: Identity, raw: bytes) -> tuple[str, str]:
        """A password nobody chose, and what is kept of it; the same for a request sent again."""
        named = requests.name_of(request, who, raw)
        password = passwords.new_password() if named is None else passwords.repeated_password(wiring.key, named)
        return password, await _hash(password)

    @router.post("/auth/login", responses=errors(401, 403, 415, 422, 423, 503), openapi_extra=_login_body())
    async def login(request: Request) -> Response:
        """Sign in with name and password, as JSON or as a form. Five wrong ones in 15 minutes lock the name for 15 minutes."""
        guards.draw(sign_ins, request)
        raw, is_form = await request.body(), forms.is_form(request.headers)
        wanted = shaped(forms.sign_in_json(raw), Login) if is_form else parsed(request, raw, Login, None)
        if wanted.cookie:
            why = tokens.cookie_write_refused("POST", request.headers)
            if why is not None:
                raise Problem(403, why, code="csrf", hint="Use the clinic's own page.")
        signed_in = await credentials.sign_in(wanted.username, wanted.password, cookie=wanted.cookie)
        return answer(signed_in, cookie=wanted.cookie)

    @router.post("/auth/refresh", responses=errors(401, 415, 422, 503), openapi_extra=body(Refresh))
    async def refresh(request: Request) -> Response:
        """Trade a refresh token for fresh tokens. A token used twice ends its session."""
        guards.draw(sign_ins, request)
        wanted = parsed(request, await request.body(), Refresh, None)
        return answer(await credentials.refresh(wanted.refresh_token), cookie=False)

    @router.post("/auth/logout", status_code=204, responses=errors(401, 403, 503))
    async def logout(request: Request) -> Response:
        """End the session; all its tokens stop working at once."""
        who = await guards.need(request, STAFF)
        if who.session_id is not None:
            await requests.submit(CloseSession(command_id=new_id(), actor=who.actor, session_id=who.session_id))
        response = Response(status_code=204)
        tokens.clear_cookie(response, SESSION_COOKIE, secure=secure)
        return response

    @router.get("/auth/me", responses=errors(401, 403))
    async def me(request: Request) -> Response:
        """Who is signed in."""
        who = await guards.need(request, STAFF)
        user = {"id": who.id, "name": who.name, "username": who.username, "roles": sorted(who.roles)}
        return JSONResponse({**user, "sites": [], "doctor_id": who.doctor_id})

    @router.post("/auth/password", status_code=204, responses=errors(401, 403, 415, 422, 423, 503),
                 openapi_extra=body(NewPassword))  # fmt: skip
    async def change_password(request: Request) -> Response:
        """Change one's own password; every other session of the account ends."""
        who = await guards.need(request, STAFF)
        guards.draw(sign_ins, request)
        wanted = parsed(request, await request.body(), NewPassword, who)
        named = requests.name_of(request, who, b"")  # not of the body: a digest of passwords is kept nowhere
        if named is not None and requests.is_done(named):
            await credentials.confirm(who.username, wanted.new)
            return Response(status_code=204)
        await credentials.confirm(who.username, wanted.old)
        password_hash = await _hash(wanted.new)

        def command(command_id: str) -> Command:
            return SetPassword(
                command_id=command_id, actor=who.actor, staff_id=who.id, password_hash=password_hash,
                keep_session=who.session_id,
            )  # fmt: skip

        await requests.run(request, who, b"", command)
        return Response(status_code=204)

    @router.get("/staff", responses=errors(401, 403))
    async def staff(request: Request) -> Response:
        """All accounts (manager)."""
        await guards.need(request, MANAGER)
        people = await states.read(accounts.staff)
        return JSONResponse([
            {"id": p.id, "username": p.username, "name": p.name, "roles": p.roles, "doctor_id": p.doctor_id,
             "is_active": p.is_active} for p in people
        ])  # fmt: skip

    @router.post("/staff", status_code=201, responses=errors(401, 403, 404, 409, 415, 422, 503),
                 openapi_extra=body(NewStaff))  # fmt: skip
    async def add_staff(request: Request) -> Response:
        """Add an account (manager). The answer holds its password, also when it is asked for again with the same
        `Idempotency-Key`; it is kept nowhere."""
        who = await guards.need(request, MANAGER)
        raw = await request.body()
        wanted = parsed(request, raw, NewStaff, who)
        password, password_hash = await made_password(request, who, raw)

        def command(command_id: str) -> Command:
            return AddStaff(
                command_id=command_id, actor=who.actor, staff_id=new_id(), username=wanted.username, name=wanted.name,
                roles=tuple(wanted.roles), doctor_id=wanted.doctor_id, password_hash=password_hash,
            )  # fmt: skip

        return JSONResponse({**await requests.run(request, who, raw, command), "password": password}, 201)

    @router.post("/staff/{staff_id}/password", responses=errors(401, 403, 404, 503))
    async def reset_password(request: Request, staff_id: str) -> Response:
        """Give an account a new password (manager); ends its sessions and its lock-out. The same `Idempotency-Key` gives
        the same one, and ends nothing a second time."""
        who = await guards.need(request, MANAGER)
        raw = await request.body()
        parsed(request, raw, NoBody, who)
        password, password_hash = await made_password(request, who, raw)
        found = await states.read(lambda conn: accounts.find(conn, staff_id))

        def command(command_id: str) -> Command:
            its_id = found.id if found else staff_id[:64]
            return SetPassword(command_id=command_id, actor=who.actor, staff_id=its_id, password_hash=password_hash)

        return JSONResponse({**await requests.run(request, who, raw, command), "password": password})

    @router.patch("/staff/{staff_id}", responses=errors(401, 403, 404, 409, 415, 422, 503),
                  openapi_extra=body(StaffChange))  # fmt: skip
    async def change_staff(request: Request, staff_id: str) -> Response:
        """Change roles, or close an account (manager); sessions that would have too much end."""
        who = await guards.need(request, MANAGER)
        raw = await request.body()
        wanted = parsed(request, raw, StaffChange, who)

        def command(command_id: str) -> Command:
            return ChangeStaff(
                command_id=command_id, actor=who.actor, staff_id=staff_id[:64], doctor_id=wanted.doctor_id,
                roles=None if wanted.roles is None else tuple(wanted.roles), is_active=wanted.is_active,
            )  # fmt: skip

        return JSONResponse(await requests.run(request, who, raw, command))

    return router


def _login_body() -> dict[str, Any]:
    extra = body(Login)
    content = {**extra["requestBody"]["content"], forms.FORM: {"schema": forms.SIGN_IN_FORM}}
    return {**extra, "requestBody": {**extra["requestBody"], "content": content}}


async def _hash(password: str) -> str:
    try:
        return await asyncio.to_thread(passwords.hash_password, password)
    except ValueError as error:
        raise Problem(422, str(error), code="bad_password", hint="Choose another password.") from error
