"""HTTP of signing in. No SQL, no rules: see `sessions`. The claim door is with the sync doors, in `cloud/ingest`."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, StringConstraints, ValidationError

from cloud.accounts.guards import COOKIE, Guards, client_address
from cloud.accounts.people import Account
from cloud.accounts.sessions import Sessions, SignedIn
from shared import forms, tokens
from shared.problems import Problem

Short = Annotated[str, StringConstraints(min_length=1, max_length=200)]
_COOKIE_FORBIDS: Final = "Signing in with a cookie from another site's page is not possible."


class SignIn(BaseModel):
    """A name and a password; `cookie` asks for a page's session instead of a program's tokens."""

    username: Short
    password: Short
    cookie: bool = False


SIGN_IN_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": SignIn.model_json_schema()}, forms.FORM: {"schema": forms.SIGN_IN_FORM},
        },
    },
}  # fmt: skip


class Refresh(BaseModel):
    """The refresh token given last."""

    refresh_token: Short


class User(BaseModel):
    """Who is signed in. `sites` null: all."""

    id: str
    name: str
    roles: list[str]
    sites: list[str] | None


class Tokens(BaseModel):
    """`refresh_token` is null for a cookie sign-in: a page's script never holds a lasting secret."""

    access_token: str
    token_type: str = "bearer"
    expires_in: int
    refresh_token: str | None
    user: User


def auth_router(sessions: Sessions, guards: Guards, *, secure: bool) -> APIRouter:
    """`/api/v1/auth/*`. `secure`: the server is reached over HTTPS, so cookies are for HTTPS only."""
    router = APIRouter(prefix="/api/v1/auth", tags=["sign-in"])

    @router.post("/login", openapi_extra=SIGN_IN_BODY)
    async def login(request: Request, response: Response) -> Tokens:
        """Sign in, with JSON or a form. 401 wrong, 423 locked after five wrong within 15 minutes, 429 too many attempts."""
        body = _sign_in_of(await request.body(), is_form=forms.is_form(request.headers))
        if body.cookie and not tokens.same_origin(request.headers.get("origin"), request.headers.get("host")):
            raise Problem(403, _COOKIE_FORBIDS, code="csrf")
        signed_in = await sessions.sign_in(body.username, body.password, client_address(request), cookie=body.cookie)
        if signed_in.cookie:
            tokens.set_cookie(response, COOKIE, signed_in.cookie, tokens.COOKIE_LIFETIME_S, secure=secure)
        return _tokens(signed_in)

    @router.post("/refresh")
    async def refresh(body: Refresh, request: Request) -> Tokens:
        """Trade a refresh token for the next pair; each works once."""
        return _tokens(await sessions.refresh(body.refresh_token, client_address(request)))

    @router.post("/logout", status_code=204)
    async def logout(request: Request, account: Account = Depends(guards.signed_in)) -> Response:
        """End the session: its cookie and all its tokens."""
        await sessions.end(account, client_address(request))
        response = Response(status_code=204)
        tokens.clear_cookie(response, COOKIE, secure=secure)
        return response

    @router.get("/me")
    async def me(account: Account = Depends(guards.signed_in)) -> dict[str, Any]:
        """Who is signed in."""
        return account.shown()

    return router


def _tokens(signed_in: SignedIn) -> Tokens:
    return Tokens(
        access_token=signed_in.access_token,
        expires_in=tokens.ACCESS_LIFETIME_S,
        refresh_token=signed_in.refresh_token,
        user=User.model_validate(signed_in.account.shown()),
    )


def _sign_in_of(raw: bytes, *, is_form: bool) -> SignIn:
    """What was sent. Raises RequestValidationError, as FastAPI does for bodies it reads itself."""
    try:
        return SignIn.model_validate_json(forms.sign_in_json(raw) if is_form else raw)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        raise RequestValidationError([{**each, "loc": ("body", *each["loc"])} for each in found]) from error
