"""Tokens of links in messages: a random number, an end and a signature; nothing about anybody.

``base64url(16 random bytes | 4 bytes end, seconds since 1970 | 16 bytes HMAC-SHA-256 over purpose and the rest)``. A
token is good for one purpose. Its end is domain time, as everything that people are told.
"""

from __future__ import annotations

import hmac
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import Final, Literal

from cloud.notify.sealing import derived

Purpose = Literal["acknowledge", "receipt"]
ID_BYTES: Final = 16
END_BYTES: Final = 4
MAC_BYTES: Final = 16
TOKEN_CHARS: Final = 48
SECONDS_MAX: Final = 2 ** (8 * END_BYTES) - 1


class BadLink(Exception):
    """No link of ours, or no longer one. Opening it again does not help. `ended`: it was one."""

    def __init__(self, *, ended: bool) -> None:
        super().__init__("This link has ended." if ended else "This is not a whole link.")
        self.ended = ended


class Links:
    """Signs and reads tokens with a key of the server's."""

    def __init__(self, key: bytes) -> None:
        self._key = derived(key, "links")

    def new_id(self) -> str:
        """A fresh link's id: 32 hex digits."""
        return os.urandom(ID_BYTES).hex()

    def token(self, link_id: str, purpose: Purpose, expires_ms: int) -> str:
        """The token of a link, TOKEN_CHARS long."""
        body = bytes.fromhex(link_id) + min(expires_ms // 1000, SECONDS_MAX).to_bytes(END_BYTES, "big")
        return urlsafe_b64encode(body + self._mac(body, purpose)).decode().rstrip("=")

    def read(self, token: str, purpose: Purpose, now_ms: int) -> str:
        """The id of the link. Raises BadLink for anything but a token for this purpose that has not ended."""
        try:
            raw = urlsafe_b64decode(token) if len(token) == TOKEN_CHARS and token.isascii() else b""
        except ValueError:
            raw = b""
        body, mac = raw[: ID_BYTES + END_BYTES], raw[ID_BYTES + END_BYTES :]
        whole = len(raw) == ID_BYTES + END_BYTES + MAC_BYTES
        if not whole or not hmac.compare_digest(mac, self._mac(body, purpose)):
            raise BadLink(ended=False)
        if now_ms >= int.from_bytes(body[ID_BYTES:], "big") * 1000:
            raise BadLink(ended=True)
        return body[:ID_BYTES].hex()

    def _mac(self, body: bytes, purpose: Purpose) -> bytes:
        return hmac.new(self._key, purpose.encode() + b":" + body, sha256).digest()[:MAC_BYTES]
