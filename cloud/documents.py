"""What /openapi.json says of errors: what each status means, and that every one of them is problem details."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from fastapi import FastAPI

MEANINGS: Final[dict[str, str]] = {
    "400": "What was sent cannot be read, or is a link or code that is forged or too old; `code` says which.",
    "401": "No credential, or one that no longer holds: sign in, or sign another device token.",
    "403": "The credential is not enough for this, or a change by cookie without the header `X-Outpost: 1`.",
    "404": "Not there, or not yours to know of.",
    "405": "This method does not work on this path.",
    "409": "The present state does not allow it; `code` says which state, `hint` what to do.",
    "410": "It was here and is not kept any more.",
    "412": "Somebody changed it meanwhile: read it again, and send `If-Match` with the revision you saw.",
    "413": "The body is too large.",
    "415": "Not a media type that is taken here.",
    "416": "There are no such bytes.",
    "422": "The request does not fit, or the Idempotency-Key was used for another one; `errors` names the fields.",
    "423": "Too many wrong passwords: locked for 15 minutes.",
    "429": "Too many requests; Retry-After says when.",
    "503": "The database does not answer, or too much is waiting. Nothing was done; Retry-After says when to try again.",
}
_TEXT: Final = {"type": "string"}
PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "description": "RFC 9457 problem details. `code` is for programs, `detail` and `hint` are for people.",
    "required": ["type", "title", "status", "detail", "instance", "hint", "message"],
    "properties": dict.fromkeys(("type", "title", "code", "detail", "instance", "hint", "message"), _TEXT)
    | {"status": {"type": "integer"}},
}
_METHODS: Final = frozenset(("get", "head", "put", "post", "delete", "patch"))


def install(app: FastAPI) -> None:
    """Make every operation tell what its errors mean. To be called after all routes are there."""
    generate: Callable[[], dict[str, Any]] = app.openapi
    app.openapi = lambda: _with_errors(generate())  # type: ignore[method-assign]


def _with_errors(document: dict[str, Any]) -> dict[str, Any]:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = PROBLEM
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for path in document["paths"].values():
        for method in _METHODS & set(path):
            responses = path[method].setdefault("responses", {})
            responses.update({status: {"description": text, "content": content} for status, text in MEANINGS.items()})
    return document
