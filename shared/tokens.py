"""Signed-in people and paired screens: the tokens both web servers hand out, and how a write by cookie is judged.

Three credentials, all of them rows of a *session* (a family) in the server's database, so that ending the session
ends them all:

- **Cookie** (pages): an opaque secret, HttpOnly, SameSite=Strict; the database keeps its SHA-256 only.
- **Access token** (programs): a JWT, HS256 under the server's own key, 15 minutes; ``sub`` the account, ``sid`` the
  session, ``aud`` the server's kind ("edge:<site>" or "cloud"), so that one server's token is nothing to another.
- **Refresh token**: opaque, single use. Using one gives the next; using one *again* means it was copied, and revokes
  the family. Keep every used hash until the family ends: `refresh_tokens(hash, family, used_ms)`.

Sign-in is transport time (`shared.clock.wall_s`): a scenario that runs faster signs nobody out.

CSRF: with a cookie, a request that may change something needs the header ``X-Outpost: 1``, which a foreign page cannot
send without a CORS permit, and an Origin, where there is one, of this very host *and port* (cookies ignore ports). A
WebSocket opened with a cookie needs the Origin check too. Bearer tokens need neither.

Codes that people type (pairing, claim) are short, so they are kept as HMAC under the server's key, not as plain hash.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import jwt
from starlette.responses import Response

from shared.clock import wall_s

ACCESS_LIFETIME_S: Final = 15 * 60
REFRESH_LIFETIME_S: Final = 30 * 24 * 3600
"""Of a family, from sign-in; rotation does not make it longer."""
COOKIE_LIFETIME_S: Final = 12 * 3600
LEEWAY_S: Final = 5
KEY_BYTES: Final = 32
CODE_CHARS: Final = 8
CODE_ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""30 signs, none like another: 39 bits in eight."""
CSRF_HEADER: Final = "x-outpost"
SAFE_METHODS: Final = frozenset(("GET", "HEAD", "OPTIONS"))
BEARER_CHARS_MAX: Final = 4096


class BadToken(Exception):
    """Not a token of ours, or no longer one. Sign in again; the same token will never do."""


def server_key(path: Path) -> bytes:
    """The server's own 32-byte key, made at first use, readable by its owner only.

    Programs that begin at once agree on one: it appears whole or not at all, and the first stays.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)
        fresh.unlink()
    key = path.read_bytes()
    if len(key) < KEY_BYTES:
        raise ValueError(f"{path} is not a key of {KEY_BYTES} bytes; delete it and everybody signs in again")
    return key


def sign_access(
    key: bytes, account: str, session: str, audience: str, *, now_s: float | None = None, **claims: Any
) -> str:
    """A JWT for `account` within `session`, valid ACCESS_LIFETIME_S."""
    issued = int(wall_s() if now_s is None else now_s)
    body = {
        **claims, "sub": account, "sid": session, "aud": audience,
        "iat": issued, "exp": issued + ACCESS_LIFETIME_S, "jti": secrets.token_hex(8),
    }  # fmt: skip
    return jwt.encode(body, key, algorithm="HS256")


def read_access(key: bytes, token: str, audience: str, *, now_s: float | None = None) -> dict[str, Any]:
    """The claims of a valid access token. Raises BadToken."""
    if len(token) > BEARER_CHARS_MAX:
        raise BadToken("too long")
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=["HS256"],
            audience=audience,
            options={"require": ["sub", "sid", "exp", "iat"], "verify_exp": False, "verify_iat": False},
        )
    except jwt.InvalidTokenError as error:
        raise BadToken(str(error)) from error
    now = wall_s() if now_s is None else now_s
    expires = claims["exp"]
    if not isinstance(expires, int) or now > expires + LEEWAY_S:
        raise BadToken("expired")
    return claims


def new_secret() -> tuple[str, str]:
    """An opaque secret (cookie or refresh token) and the hash that is kept of it."""
    plain = secrets.token_urlsafe(32)
    return plain, hash_secret(plain)


def hash_secret(plain: str) -> str:
    """SHA-256, hex. Enough for secrets of 256 random bits; not for codes or passwords."""
    return hashlib.sha256(plain.encode()).hexdigest()


def new_code() -> str:
    """A code for a person to type, as XXXX-XXXX."""
    return _grouped([secrets.choice(CODE_ALPHABET) for _ in range(CODE_CHARS)])


def repeated_code(key: bytes, request: str) -> str:
    """The code for one request named by its sender (Idempotency-Key): asked again, the same, without keeping it."""
    return _grouped(repeated_signs(key, "repeat", request, CODE_CHARS))


def repeated_signs(key: bytes, use: str, request: str, count: int) -> list[str]:
    """Signs of CODE_ALPHABET for one named request; `count` at most 40, `use` as for `repeated_bytes`."""
    number, base = int.from_bytes(repeated_bytes(key, use, request), "big"), len(CODE_ALPHABET)
    return [CODE_ALPHABET[number // base**n % base] for n in range(count)]


def repeated_secret(key: bytes, request: str) -> str:
    """The opaque secret for one named request, as `repeated_code` is its code: 256 bits, kept nowhere."""
    return base64.urlsafe_b64encode(repeated_bytes(key, "secret", request)).rstrip(b"=").decode()


def repeated_bytes(key: bytes, use: str, request: str) -> bytes:
    """32 bytes that only this server can make, the same for the same request. `use`, without a colon, keeps them apart."""
    return hmac.new(key, f"{use}:{request}".encode(), hashlib.sha256).digest()


def _grouped(signs: list[str]) -> str:
    half = CODE_CHARS // 2
    return "".join(signs[:half]) + "-" + "".join(signs[half:])


def hash_code(key: bytes, code: str) -> str:
    """HMAC-SHA-256 of a code as a person may have typed it: case, spaces and dashes do not matter."""
    plain = "".join(sign for sign in code.upper() if sign.isalnum())
    return hmac.new(key, b"code:" + plain.encode(), hashlib.sha256).hexdigest()


def bearer_of(headers: Mapping[str, str]) -> str | None:
    """The token of an ``Authorization: Bearer`` header, or None."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def same_origin(origin: str | None, host: str | None) -> bool:
    """Whether a request comes from a page of this very host and port. Without an Origin it comes from no page."""
    return origin is None or (bool(host) and urlsplit(origin).netloc.lower() == str(host).lower())


def cookie_write_refused(method: str, headers: Mapping[str, str]) -> str | None:
    """Why a request that carries a cookie may not change anything; None when it may, or only reads."""
    if method.upper() in SAFE_METHODS:
        return None
    if headers.get(CSRF_HEADER) != "1":
        return "A change made with a cookie needs the header X-Outpost: 1."
    if not same_origin(headers.get("origin"), headers.get("host")):
        return "This change was asked for by a page of another site."
    return None


def set_cookie(response: Response, name: str, secret: str, lifetime_s: int, *, secure: bool) -> None:
    """Give a page its session. `secure`: the server is reached over HTTPS."""
    response.set_cookie(name, secret, max_age=lifetime_s, path="/", secure=secure, httponly=True, samesite="strict")


def clear_cookie(response: Response, name: str, *, secure: bool) -> None:
    """Take it back."""
    response.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="strict")
