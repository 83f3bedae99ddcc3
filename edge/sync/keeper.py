"""Who this clinic is to head office: a P-256 key made here, and the certificate a claim code bought for it.

Everything is one file, ``identity.json`` (0600), replaced in one step, so that key and certificate always fit. The key
never leaves the machine. The certificate names a site and an epoch; a store with another epoch is not claimed.
"""

from __future__ import annotations

import ipaddress
import os
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jwt
import orjson
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from shared.api import Certificate
from shared.clock import wall_s
from shared.stream import new_stream
from shared.topics import Sender

TOKEN_S = 240
"""Life of a token for HTTPS; the cloud takes at most 300."""
RENEW_AT = 2 / 3
"""Of the certificate's life."""
NO_CHECK_TIME = 0x200000
"""OpenSSL's X509_V_FLAG_NO_CHECK_TIME: for a machine that does not know the time yet."""


class ClaimError(Exception):
    """No certificate was bought. passing: the same code may work later; hint: what a person can do."""

    def __init__(self, message: str, *, passing: bool, hint: str) -> None:
        super().__init__(message)
        self.passing = passing
        self.hint = hint


@dataclass(frozen=True)
class Identity:
    """The key and what was bought for it."""

    key_pem: str
    epoch: str
    certificate: Certificate
    cloud_url: str

    @property
    def sender(self) -> Sender:
        """Site and epoch, as the certificate names them."""
        return Sender(self.certificate.site, self.epoch)

    def token(self, clock_ahead_s: float = 0.0) -> str:
        """A fresh ES256 token for HTTPS. `clock_ahead_s`: how far the server's clock is ahead of this machine's."""
        issued = int(wall_s() + clock_ahead_s)
        body = {"sub": self.sender.name, "iat": issued, "exp": issued + TOKEN_S, "jti": new_stream()}
        return jwt.encode(body, self.key_pem, algorithm="ES256")

    def renew_due(self) -> bool:
        """Whether two thirds of the certificate's life are over."""
        found = x509.load_pem_x509_certificate(self.certificate.certificate_pem.encode())
        begin, end = found.not_valid_before_utc.timestamp(), found.not_valid_after_utc.timestamp()
        return wall_s() > begin + (end - begin) * RENEW_AT


class Keeper:
    """Keeps the identity in `folder` (0700)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / "identity.json"

    def load(self, epoch: str) -> Identity | None:
        """The identity, if this very store has been claimed. Raises ClaimError when it cannot be read or is damaged."""
        kept = self._kept()
        if kept is None:
            return None
        try:
            if "certificate" not in kept or kept["epoch"] != epoch:
                return None
            certificate = Certificate.model_validate(kept["certificate"])
            x509.load_pem_x509_certificate(certificate.certificate_pem.encode())
            x509.load_pem_x509_certificate(certificate.authority_pem.encode())
            return Identity(kept["key_pem"], epoch, certificate, check_url(kept["cloud_url"]))
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise _damaged(error) from error

    def key_pem(self) -> str:
        """This machine's key, made at first use. Raises ClaimError as `load`; OSError when it cannot be written."""
        kept = self._kept()
        if kept is not None:
            return str(kept["key_pem"])
        key = ec.generate_private_key(ec.SECP256R1())
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
        self._write({"key_pem": pem})
        return pem

    def keep(self, identity: Identity) -> None:
        """Replace what is kept, in one step, on disk when this returns. Raises OSError."""
        self._write(
            {
                "key_pem": identity.key_pem,
                "epoch": identity.epoch,
                "certificate": identity.certificate.model_dump(),
                "cloud_url": identity.cloud_url,
            }
        )

    def tls(self, identity: Identity, *, check_time: bool) -> ssl.SSLContext:
        """TLS to the broker: our certificate, and nobody's authority but our own cloud's.

        Raises OSError (ssl.SSLError is one) or ValueError: the disk is full, or key and certificates do not fit.
        """
        pem = self._folder / "tls.pem"
        content = (identity.key_pem + identity.certificate.certificate_pem).encode()
        if not pem.exists() or pem.read_bytes() != content:  # a link that comes and goes must not wear the disk
            _replace(pem, content)
        context = ssl.create_default_context(cadata=identity.certificate.authority_pem)
        context.load_cert_chain(pem)
        if not check_time:
            context.verify_flags |= ssl.VerifyFlags(NO_CHECK_TIME)
        return context

    def _kept(self) -> dict[str, Any] | None:
        """What the file holds, with a key that can be used; None: no file. Raises ClaimError."""
        try:
            content = self._file.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise disk_trouble(error) from error
        try:
            kept: dict[str, Any] = orjson.loads(content)
            key = serialization.load_pem_private_key(kept["key_pem"].encode(), None)
            if not isinstance(key, ec.EllipticCurvePrivateKey):
                raise ValueError("another kind of key")
        except (KeyError, TypeError, AttributeError, ValueError, UnsupportedAlgorithm) as error:
            raise _damaged(error) from error
        return kept

    def _write(self, value: dict[str, object]) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _replace(self._file, orjson.dumps(value, option=orjson.OPT_INDENT_2))


def check_url(url: str) -> str:
    """The cloud's address without a trailing slash. Raises ValueError for plain HTTP to anything but this machine."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{url!r} is no address; write it like https://chain.example")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise ValueError(f"{url!r}: plain http is for this very machine only; write https://")
    return url.rstrip("/")


def _damaged(error: Exception) -> ClaimError:
    return ClaimError(
        f"identity.json is damaged ({type(error).__name__}).",
        passing=False,
        hint="Move identity.json away and claim again.",
    )


def disk_trouble(error: OSError) -> ClaimError:
    """What a person is told when the identity cannot be read or written."""
    return ClaimError(
        f"the identity cannot be read or kept ({error})",
        passing=True,
        hint="Look whether the disk is full or the folder belongs to somebody else; it is tried again by itself.",
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _replace(path: Path, content: bytes) -> None:
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
