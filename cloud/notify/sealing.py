"""What is kept encrypted: the addresses of people, and the accounts at gateways that stand in them.

AES-256-GCM under a key that is derived from the server's own (which lies in the data folder, not in the database), bound
to the row it belongs to: a value copied into another row does not open. A copy of the database alone tells no address.
"""

from __future__ import annotations

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE_BYTES: Final = 12


class NotOurs(ValueError):
    """It was sealed under another key or for another row: the key file is not the one the database was filled with."""

    hint = "Put back server.key from the backup, or have people enter their addresses again."


def derived(key: bytes, purpose: str, size: int = 32) -> bytes:
    """A key for one purpose, of the server's own (RFC 5869, HKDF-SHA-256)."""
    return HKDF(SHA256(), size, None, b"outpost notify " + purpose.encode()).derive(key)


class Seal:
    """Seals and opens texts."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(derived(key, "addresses"))

    def close(self, text: str, row: str) -> bytes:
        """Encrypt `text` for the row named so."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, text.encode(), row.encode())

    def open(self, sealed: bytes, row: str) -> str:
        """Decrypt what `close` made for the same row. Raises NotOurs."""
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], row.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise NotOurs(f"what is kept for {row} cannot be opened with this server's key") from error
