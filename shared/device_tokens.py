"""What a device for medicine proves itself with: a P-256 key made on the device, and short tokens signed by it.

The device sends its public key once, with a claim code. From then on each request carries ``Authorization: Bearer`` with
a JWT, ES256: ``sub`` the device's id, ``iat``, and ``exp`` at most 5 minutes later. Over MQTT each message is such a
token with the message inside (``msg``), so that whoever else can write to the broker cannot speak for the device.

Real time decides (`shared.clock.wall_s`), with a leeway: a device has no battery clock, and takes the time from the
answers it gets (`server_time`). Nothing here looks a key up; the caller does, by `claimed_device`.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Any, Final

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from shared.clock import wall_s
from shared.tokens import CODE_ALPHABET, BadToken, repeated_signs

LIFETIME_S: Final = 5 * 60
"""Longest time between `iat` and `exp`."""
LEEWAY_S: Final = 60
"""By how much the clocks of device and server may differ."""
TOKEN_CHARS_MAX: Final = 4096
MESSAGE_CHARS_MAX: Final = 256 * 1024
"""Longest token with a message inside: 200 events are about 60 KB."""
PEM_CHARS_MAX: Final = 1024
CLAIM_CHARS: Final = 10
CLAIM_LIFETIME_MS: Final = 10 * 60 * 1000
ISSUED_BY_DEVICE: Final = "outpost-device"
"""`iss` of every token of a device: tells it from a token of a person before any key is looked up."""


class WrongTime(BadToken):
    """The token is not of the server's time; signed by the right time it may be good. `ahead_s`: the server's lead."""

    def __init__(self, ahead_s: float) -> None:
        super().__init__("the token is not of the server's time")
        self.ahead_s = ahead_s


def new_key() -> str:
    """A fresh P-256 private key as PEM; made on the device and kept there."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def public_of(private_pem: str) -> str:
    """The public half, as the claim sends it. Raises ValueError."""
    key = serialization.load_pem_private_key(private_pem.encode(), None)
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def checked_public(pem: str) -> str:
    """The key of a claim in one spelling. Raises ValueError for anything but a P-256 public key."""
    if len(pem) > PEM_CHARS_MAX:
        raise ValueError("the key is too long")
    try:
        key = serialization.load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError("this is no public key in PEM form") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ValueError("the key is not of the curve P-256")
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def new_claim_code() -> str:
    """A code that buys one device its credential: 10 signs, none like another."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(CLAIM_CHARS))


def repeated_claim_code(key: bytes, request: str) -> str:
    """The code for one request named by its sender (Idempotency-Key), under the server's key: asked again, the same."""
    return "".join(repeated_signs(key, "claim", request, CLAIM_CHARS))


def claim_hash(code: str) -> str:
    """What is kept of a claim code, hex; case and blanks do not matter. Good for 10 minutes, then only a number."""
    plain = "".join(code.split()).replace("-", "").upper()
    return hashlib.sha256(f"outpost-claim:{plain}".encode()).hexdigest()


def sign(private_pem: str, device_id: str, *, now_s: float | None = None, message: dict[str, Any] | None = None) -> str:
    """A token of the device, good for LIFETIME_S; with `message` inside it where one is given."""
    issued = int(wall_s() if now_s is None else now_s)
    claims: dict[str, Any] = {"iss": ISSUED_BY_DEVICE, "sub": device_id, "iat": issued, "exp": issued + LIFETIME_S}
    if message is not None:
        claims["msg"] = message
    return jwt.encode(claims, private_pem, algorithm="ES256")


def claimed_device(token: str) -> str | None:
    """Whose token this says it is; None when it is no token of a device. Nothing is proved by it."""
    if len(token) > MESSAGE_CHARS_MAX:
        return None
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        return None
    device_id = claims.get("sub")
    return device_id if claims.get("iss") == ISSUED_BY_DEVICE and isinstance(device_id, str) else None


def verify(public_pem: str, device_id: str, token: str, *, now_s: float | None = None) -> dict[str, Any] | None:
    """Whether `device_id` signed this, now; returns the message inside, None where there is none.

    Raises BadToken; WrongTime where only the time is wrong.
    """
    if len(token) > MESSAGE_CHARS_MAX:
        raise BadToken("too long")
    try:
        claims = jwt.decode(
            token, public_pem, algorithms=["ES256"], issuer=ISSUED_BY_DEVICE,
            options={"require": ["sub", "iat", "exp"], "verify_exp": False, "verify_iat": False},
        )  # fmt: skip
    except (jwt.InvalidTokenError, ValueError) as error:
        raise BadToken(str(error)) from error
    if claims["sub"] != device_id:
        raise BadToken("another device's")
    issued, expires = claims["iat"], claims["exp"]
    if not isinstance(issued, int) or not isinstance(expires, int) or not 0 < expires - issued <= LIFETIME_S:
        raise BadToken(f"a token lasts at most {LIFETIME_S} s")
    now = wall_s() if now_s is None else now_s
    if now > expires + LEEWAY_S or now < issued - LEEWAY_S:
        raise WrongTime(now - issued)
    message = claims.get("msg")
    if message is not None and not isinstance(message, dict):
        raise BadToken("the message is no object")
    return message
