"""What /openapi.json says beside the paths: bodies, and what each error means."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from pydantic import BaseModel

PROBLEM_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "description": "RFC 9457 problem details. `code` is for programs, `detail` and `hint` are for people.",
    "required": ["type", "title", "status", "detail", "instance", "hint", "message"],
    "properties": {
        "type": {"type": "string", "example": "urn:outpost:problem:nobody_waiting"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "example": "nobody_waiting"},
        "detail": {"type": "string", "description": "One sentence of what is so."},
        "instance": {"type": "string", "description": "The path that was asked for."},
        "hint": {"type": "string", "description": "What a person can do."},
        "message": {"type": "string", "description": "The same as detail."},
    },
}

MEANINGS: Final[dict[int, str]] = {
    400: "A code or token that is malformed, used, or too old.",
    401: "No credential, or one that no longer holds: sign in, or pair the screen.",
    403: "The credential is not enough for this, or a change by cookie without the header `X-Outpost: 1`.",
    404: "Not there, or not yours to know of.",
    405: "This method does not work on this path.",
    409: "The present state does not allow it; `code` says which state, `hint` what to do.",
    410: "It was here and is not kept any more.",
    413: "The body is larger than 64 KiB.",
    415: "The body is not JSON; with a cookie it must be labelled application/json.",
    416: "There are no such bytes.",
    422: "The body does not fit, or the Idempotency-Key was used for another request.",
    423: "Too many wrong passwords: locked for 15 minutes.",
    429: "Too many requests from this address; Retry-After says when.",
    503: "The disk refuses, or too much is waiting. Nothing was kept; the same request may be sent again.",
}


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route: these statuses beside those that every one can answer."""
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    every = {413, 422, 429, *statuses}
    return {status: {"description": MEANINGS[status], "content": content} for status in sorted(every)}


PARTS: Final[dict[str, Any]] = {}
"""Shapes within bodies, by name: they go into the document's components beside the problem."""


@cache
def _schema_of(shape: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of a body; made once, for it takes a third of building the application."""
    schema = shape.model_json_schema(ref_template="#/components/schemas/{model}")
    PARTS.update(schema.pop("$defs", {}))
    return schema


def body(shape: type[BaseModel]) -> dict[str, Any]:
    """The `openapi_extra` of a route that reads its body itself, with the key that makes a repeat harmless."""
    schema = _schema_of(shape)
    key = {
        "name": "Idempotency-Key", "in": "header", "required": False,
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._~-]{1,100}$"},
        "description": "The same key and request get the same answer for 7 days; the same key and another request 422.",
    }  # fmt: skip
    required = bool(schema.get("required"))
    return {
        "requestBody": {"required": required, "content": {"application/json": {"schema": schema}}},
        "parameters": [key],
    }
