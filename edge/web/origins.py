"""Whether a page may open a live connection: the Origin a browser sends, against ours and those that are allowed (D31)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final, Literal

from starlette.requests import HTTPConnection

from shared import tokens

Origin = Literal["own", "allowed", "foreign"]
"""own: of this host, or no page at all.  allowed: by the settings; its cookies are not honoured."""
_CREDENTIALS: Final = (b"cookie", b"authorization")


def origin_of(headers: Mapping[str, str], allowed: Collection[str]) -> Origin:
    """What kind of page asks."""
    origin = headers.get("origin")
    if tokens.same_origin(origin, headers.get("host")):
        return "own"
    listed = {one.rstrip("/").lower() for one in allowed}
    return "allowed" if "*" in listed or str(origin).rstrip("/").lower() in listed else "foreign"


def as_asked(scope: Mapping[str, Any], token: str | None, origin: Origin) -> HTTPConnection:
    """The connection with the credential that counts: a token given beside the headers, and no cookie of another page."""
    headers: list[tuple[bytes, bytes]] = list(scope["headers"])
    if token is not None:
        headers = [(name, value) for name, value in headers if name not in _CREDENTIALS]
        headers.append((b"authorization", b"Bearer " + token.encode("latin-1", "replace")))
    elif origin == "allowed":
        headers = [(name, value) for name, value in headers if name != b"cookie"]
    return HTTPConnection({**scope, "headers": headers})
