"""What both web servers say when something is wrong: RFC 9457 problem details, with a sentence a person can act on.

Every error body is ``application/problem+json`` with ``type, title, status, detail, instance, hint, message``;
``message`` repeats ``detail`` for older clients. ``type`` is ``urn:outpost:problem:<code>``, and ``code`` is what a
program compares: ``"locked"``, ``"not_found"``, ``"wrong_state"`` and so on.

Routes and guards raise `Problem`; `install` turns it, and whatever FastAPI itself refuses, into the same shape.
A program error answers 500 in this shape too and is still raised to the server's log.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

MEDIA_TYPE: Final = "application/problem+json"
ERRORS_MAX: Final = 20
"""Fields named in one 422; a body can be wrong in more places than a person reads."""

_BY_STATUS: Final[dict[int, tuple[str, str]]] = {
    400: ("bad_request", "Check what was sent and try again."),
    401: ("not_signed_in", "Sign in and try again."),
    403: ("not_allowed", "Ask somebody with the right role to do it."),
    404: ("not_found", "Check the address; it may have been removed, or is not yours to see."),
    405: ("wrong_method", "See /docs for what this address takes."),
    409: ("wrong_state", "Look at the present state and decide again."),
    411: ("length_required", "Send the length of the body."),
    413: ("too_large", "Send less at once."),
    415: ("wrong_media_type", "Send JSON with content type application/json."),
    422: ("wrong_shape", "Correct the fields named and send it again."),
    423: ("locked", "Wait until the time given, or ask a manager."),
    429: ("too_many", "Wait as long as Retry-After says."),
    500: ("program_error", "Try again; if it stays, tell whoever looks after this system."),
    503: ("not_now", "Try again in a moment."),
}


class Problem(Exception):
    """Raise it anywhere under a route. `more` adds members to the body; `retry_after_s` sets the header."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        code: str = "",
        hint: str = "",
        retry_after_s: float | None = None,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.code = code
        self.hint = hint
        self.headers = dict(headers or {})
        if retry_after_s is not None:
            self.headers["Retry-After"] = str(max(1, -int(-retry_after_s // 1)))
        if status == 401:
            self.headers.setdefault("WWW-Authenticate", "Bearer")
        self.more = more

    def body(self, instance: str = "") -> dict[str, Any]:
        """The problem as the dict that is sent."""
        return problem(self.status, self.detail, code=self.code, hint=self.hint, instance=instance, **self.more)


def problem(
    status: int, detail: str, *, code: str = "", hint: str = "", instance: str = "", **more: Any
) -> dict[str, Any]:
    """Build a problem body. `code` and `hint` default to what the status usually means."""
    usual_code, usual_hint = _BY_STATUS.get(status, ("error", "Try again; if it stays, ask for help."))
    return {
        **more,
        "type": f"urn:outpost:problem:{code or usual_code}",
        "title": _phrase(status),
        "status": status,
        "code": code or usual_code,
        "detail": detail,
        "instance": instance,
        "hint": hint or usual_hint,
        "message": detail,
    }


def response(found: Problem, instance: str = "") -> JSONResponse:
    """A problem as a response, for places outside routes (middleware)."""
    return JSONResponse(found.body(instance), found.status, found.headers, MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Make `app` answer every error as a problem."""

    async def on_problem(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, Problem)
        return response(error, request.url.path)

    async def on_http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        detail = error.detail if error.detail != _phrase(error.status_code) else _plain(error.status_code, request)
        return response(Problem(error.status_code, detail, headers=error.headers), request.url.path)

    async def on_shape(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        errors = [{"field": _field(e["loc"]), "message": str(e["msg"])} for e in error.errors()[:ERRORS_MAX]]
        detail = "; ".join(f"{e['field']}: {e['message']}" for e in errors[:3])
        return response(Problem(422, detail or "The body has another shape.", errors=errors), request.url.path)

    async def on_bug(request: Request, error: Exception) -> JSONResponse:
        return response(Problem(500, "The program failed on this request; nothing was done."), request.url.path)

    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(RequestValidationError, on_shape)
    app.add_exception_handler(Exception, on_bug)


def _plain(status: int, request: Request) -> str:
    if status == 404:
        return f"There is nothing at {request.url.path}."
    if status == 405:
        return f"{request.method} does not work on {request.url.path}."
    return _phrase(status)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def _field(place: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in place[1:] or place)
