"""Web push: a message encrypted for one browser (RFC 8291, aes128gcm of RFC 8188), signed by this server (VAPID, RFC 8292).

The push service sees neither text nor title. The server's key is made once and kept beside its others; its public half is
what a page subscribes with, so a new key ends every subscription.
"""

from __future__ import annotations

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import jwt
import orjson
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from cloud.notify.addresses import Subscription, subscription
from cloud.notify.hosts import Hosts
from cloud.notify.sending import Message, NotSent, Target
from cloud.notify.web import post
from shared.clock import wall_s
from shared.tokens import server_key

RECORD_BYTES: Final = 4096
PLAIN_BYTES_MAX: Final = 3_000
"""Push services take 4,096 bytes; a longer text is cut, the link stays."""
TOKEN_S: Final = 12 * 3600
TTL_S_MAX: Final = 24 * 3600
SCALAR_MAX: Final = 2**256 - 2**224
"""Below the order of P-256 whatever the 32 bytes are."""


class PushKey:
    """The server's VAPID key. `public`: 65 bytes, base64url, for `applicationServerKey`."""

    def __init__(self, private: ec.EllipticCurvePrivateKey) -> None:
        self.private: Final = private
        self.public: Final = _text(_point(private.public_key()))

    @classmethod
    def load_or_make(cls, path: Path) -> PushKey:
        """The key in `path` (32 bytes, readable by its owner only), made at first use. Raises ValueError, OSError."""
        number = int.from_bytes(server_key(path)[:32], "big") % SCALAR_MAX or 1
        return cls(ec.derive_private_key(number, ec.SECP256R1()))

    def authorization(self, endpoint: str, contact: str, now_s: float) -> str:
        """The header that says who sends. contact: a mailto: or https: URL of whoever looks after this server."""
        parts = urlsplit(endpoint)
        claims = {"aud": f"{parts.scheme}://{parts.netloc}", "exp": int(now_s) + TOKEN_S, "sub": contact}
        pem = self.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return f"vapid t={jwt.encode(claims, pem, algorithm='ES256')}, k={self.public}"


class Push:
    """A Sender."""

    def __init__(self, hosts: Hosts, key: PushKey, contact: str) -> None:
        self._hosts, self._key, self._contact = hosts, key, contact

    async def send(self, target: Target, message: Message) -> str | None:
        """Hand it to the push service; its Location is the id. Raises NotSent; `gone` once the browser unsubscribed."""
        found = subscription(target.url)
        try:
            body = encrypt(plain_of(message), found, ec.generate_private_key(ec.SECP256R1()), os.urandom(16))
        except ValueError as error:
            raise NotSent(
                "the browser's keys are none", passing=False, hint="Subscribe again in the browser."
            ) from error
        headers = {
            "content-encoding": "aes128gcm", "content-type": "application/octet-stream", "ttl": str(TTL_S_MAX),
            "urgency": "high", "authorization": self._key.authorization(found.endpoint, self._contact, wall_s()),
        }  # fmt: skip
        answer = await post(self._hosts, found.endpoint, body, headers)
        return answer.headers.get("location", "")[:100] or None


def plain_of(message: Message) -> bytes:
    """What the page's worker gets to show: JSON of at most PLAIN_BYTES_MAX; the text is cut where it must be."""
    body = {"id": message.id, "title": message.title, "link": message.link, "language": message.language}
    text = message.text
    while len(plain := orjson.dumps({**body, "text": text})) > PLAIN_BYTES_MAX and text:
        text = text[: len(text) * 3 // 4].rstrip() + "…" if len(text) > 8 else ""
    return plain


def encrypt(plain: bytes, to: Subscription, sender: ec.EllipticCurvePrivateKey, salt: bytes) -> bytes:
    """One record of RFC 8188 for a browser. sender: a key of this message only; salt: 16 random bytes.

    Raises ValueError when the browser's keys are none or the text does not fit one record.
    """
    receiver = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _bytes(to.p256dh))
    auth = _bytes(to.auth)
    if len(auth) != 16 or len(plain) > RECORD_BYTES - 17:
        raise ValueError("16 bytes of auth, and a text that fits one record")
    ours, theirs = _point(sender.public_key()), _point(receiver)
    shared = sender.exchange(ec.ECDH(), receiver)
    material = HKDF(SHA256(), 32, auth, b"WebPush: info\x00" + theirs + ours).derive(shared)
    key = HKDF(SHA256(), 16, salt, b"Content-Encoding: aes128gcm\x00").derive(material)
    nonce = HKDF(SHA256(), 12, salt, b"Content-Encoding: nonce\x00").derive(material)
    head = salt + RECORD_BYTES.to_bytes(4, "big") + bytes([len(ours)]) + ours
    return head + AESGCM(key).encrypt(nonce, plain + b"\x02", None)


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
