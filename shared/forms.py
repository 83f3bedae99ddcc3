"""A sign-in sent as a form, as OAuth's password grant and plain HTML send it, made the JSON that is read anyway."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qs

import orjson

FORM: Final = "application/x-www-form-urlencoded"
FIELDS_MAX: Final = 20
_SIGN_IN: Final = ("username", "password")
"""What else such forms hold (grant_type, scope, client_id) means nothing here; a cookie is never given to a form."""

SIGN_IN_FORM: Final[dict[str, Any]] = {
    "type": "object", "required": list(_SIGN_IN), "properties": {name: {"type": "string"} for name in _SIGN_IN},
}  # fmt: skip
"""Its schema, for /openapi.json."""


def is_form(headers: Mapping[str, str]) -> bool:
    """Whether a request's body is labelled as a form."""
    return headers.get("content-type", "").partition(";")[0].strip().lower() == FORM


def sign_in_json(raw: bytes) -> bytes:
    """User name and password of a form, as JSON. What is not there or cannot be read is left out; never raises."""
    try:
        found = parse_qs(raw.decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX)
    except ValueError:
        found = {}
    return orjson.dumps({name: found[name][0] for name in _SIGN_IN if name in found})
