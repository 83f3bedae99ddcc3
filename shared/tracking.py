"""Tracking tokens: a link to follow one visit, signed by the clinic, checked by whoever knows the clinic's public key.

A JWT, EdDSA (Ed25519), with the claims ``appointmentId, hospitalId, doctorId, iat, exp`` and nothing else: no name, no
phone, no reason. It is the QR code on a slip, so it is short: no "typ", at most 370 characters.

The signature covers every character but the last bits of the third part, and those are compared: of one token there is
one spelling. All times are domain time and come from the caller; nothing here reads a clock.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta, tzinfo
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from shared.clock import to_ms
from shared.tokens import server_key
from shared.topics import SITE

TOKEN_CHARS_MAX: Final = 600
"""Longer is not ours."""
AFTER_DAY: Final = timedelta(hours=24)
"""How long a token is good after its service-day has ended."""
CLAIMS: Final = frozenset(("appointmentId", "hospitalId", "doctorId", "iat", "exp"))
ID: Final = re.compile(r"[0-9A-Za-z-]{1,36}")
"""Of a visit or a doctor: a UUID, or something as harmless."""
SECONDS_MAX: Final = 9_999_999_999
KEY_BYTES: Final = 32

Kind = Literal["malformed", "forged", "expired"]
SENTENCES: Final[dict[Kind, str]] = {
    "malformed": "This is not a whole tracking link. Scan the code on the slip again.",
    "forged": "This tracking link was not made by this clinic. Scan the code on the slip again, or ask at the desk.",
    "expired": "This tracking link has ended. It works until the day after the visit.",
}
_ALGORITHM: Final = "EdDSA"
_SHAPE: Final = re.compile(r"([\w-]+)\.([\w-]+)\.([\w-]+)", re.ASCII)
_JWS: Final = jwt.PyJWS(algorithms=[_ALGORITHM])
_HEAD: Final = urlsafe_b64encode(orjson.dumps({"alg": _ALGORITHM})).rstrip(b"=").decode()


class BadTracking(Exception):
    """No token of ours, or no longer one; `str()` is for the person who holds it, `kind` for programs."""

    def __init__(self, kind: Kind) -> None:
        super().__init__(SENTENCES[kind])
        self.kind: Kind = kind


class Tracked(NamedTuple):
    """Whose place may be shown. doctor_id: the visit's doctor when the token was made, None for a visit without one."""

    visit_id: str
    site: str
    doctor_id: str | None
    issued_ms: int
    expires_ms: int


class TrackingKey:
    """A site's own key. The private half never leaves its file; `public` may be told to anybody."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public: Final = _text(private.public_key().public_bytes_raw())
        """The public half: 32 bytes, base64url without padding."""

    @classmethod
    def load_or_make(cls, path: Path) -> TrackingKey:
        """The key in `path` (32 bytes, readable by its owner only), made at first use.

        Raises ValueError when the file is no key, OSError when it cannot be read or made.
        """
        try:
            return cls(Ed25519PrivateKey.from_private_bytes(server_key(path)))
        except ValueError as error:
            raise ValueError(
                f"{path} is not a key of {KEY_BYTES} bytes; put it back from the backup, or delete it: "
                "a new one is made, and codes on slips that are out already end"
            ) from error

    def sign(self, visit_id: str, site: str, doctor_id: str | None, issued_ms: int, expires_ms: int) -> str:
        """The token for one visit; its times are whole seconds. Raises ValueError for ids or times `read` would refuse."""
        claims = {
            "appointmentId": visit_id, "hospitalId": site, "doctorId": doctor_id,
            "iat": issued_ms // 1000, "exp": expires_ms // 1000,
        }  # fmt: skip
        if _tracked(claims) is None:
            raise ValueError(f"no tracking token can say {claims}")
        # Every token carries one: PyJWT, which reads them, would take half as long again as the signature itself.
        said = f"{_HEAD}.{_text(orjson.dumps(claims))}"
        return f"{said}.{_text(self._private.sign(said.encode()))}"


def read(token: str, publics: Iterable[str], now_ms: int) -> Tracked:
    """What a token says, if one of `publics` (a site's keys, of this and earlier epochs) made it and it has not ended.

    Raises BadTracking, and nothing else whatever `token` is. A public key that is none verifies nothing.
    """
    head, said = _parts(token)
    if head.get("alg") != _ALGORITHM:
        raise BadTracking("forged")
    if head != {"alg": _ALGORITHM}:
        raise BadTracking("malformed")
    if not any(_made_by(public, token) for public in publics):
        raise BadTracking("forged")
    tracked = _tracked(said)
    if tracked is None:
        raise BadTracking("malformed")
    if now_ms >= tracked.expires_ms:
        raise BadTracking("expired")
    return tracked


def peek(token: str) -> str:
    """The site a token names, unchecked: enough to choose the keys for `read`, and for nothing else.

    Raises BadTracking ("malformed").
    """
    _, said = _parts(token)
    tracked = _tracked(said)
    if tracked is None:
        raise BadTracking("malformed")
    return tracked.site


def is_public(text: str) -> bool:
    """Whether `text` can be a `TrackingKey.public`."""
    return _public(text) is not None


def expires_ms_of(day: str, zone: tzinfo) -> int:
    """When the tokens of service-day `day` (ISO date) end: 24 h after its last midnight in the site's `zone`."""
    midnight = datetime.combine(date.fromisoformat(day) + timedelta(days=1), time(), zone)
    return to_ms(midnight) + AFTER_DAY // timedelta(milliseconds=1)


def _parts(token: str) -> tuple[dict[str, Any], Any]:
    """Header and claims as they stand there, of a token that has three parts and one spelling. Raises BadTracking."""
    shape = _SHAPE.fullmatch(token) if len(token) <= TOKEN_CHARS_MAX else None
    if shape is None:
        raise BadTracking("malformed")
    head, said, signature = (_bytes(part) for part in shape.groups())
    if head is None or said is None or signature is None:
        raise BadTracking("malformed")
    try:
        header, claims = orjson.loads(head), orjson.loads(said)
    except orjson.JSONDecodeError as error:
        raise BadTracking("malformed") from error
    if not isinstance(header, dict):
        raise BadTracking("malformed")
    return header, claims


def _tracked(claims: Any) -> Tracked | None:
    """The claims as what they mean; None unless they are these five, each of its type and size."""
    if not isinstance(claims, dict) or claims.keys() != CLAIMS:
        return None
    visit, site, doctor, issued, expires = (
        claims[name] for name in ("appointmentId", "hospitalId", "doctorId", "iat", "exp")
    )
    if not (_is(ID, visit) and _is(SITE, site) and (doctor is None or _is(ID, doctor))):
        return None
    if type(issued) is not int or type(expires) is not int or not 0 <= issued <= expires <= SECONDS_MAX:
        return None
    return Tracked(visit, site, doctor, issued * 1000, expires * 1000)


def _is(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _made_by(public: str, token: str) -> bool:
    key = _public(public)
    if key is None:
        return False
    try:
        _JWS.decode_complete(token, key, [_ALGORITHM])
    except jwt.InvalidTokenError:
        return False
    return True


def _public(text: str) -> Ed25519PublicKey | None:
    raw = _bytes(text)
    return Ed25519PublicKey.from_public_bytes(raw) if raw is not None and len(raw) == KEY_BYTES else None


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes | None:
    """base64url without padding, in its one spelling (no stray sign, no loose last bits), else None."""
    try:
        data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
    return data if _text(data) == text else None
