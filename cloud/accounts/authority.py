"""The certificate authority of one cloud: certificates for devices, workers and servers, and the revocation list.

A folder holds it: ``ca.key`` (0600), ``ca.pem``. A device's name (CN) is ``<site>.<epoch>``; a worker's and a server's
hold no dot before the epoch, so that no device can be taken for them. Validity is real time (transport), never domain
time: a clinic day that is played faster makes no certificate old.
"""

from __future__ import annotations

import fcntl
import ipaddress
import os
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from shared.clock import utc, wall_s
from shared.topics import SITE, Sender

AUTHORITY_DAYS = 3650
DEVICE_DAYS = 90
SERVICE_DAYS = 825
BACKDATED = timedelta(minutes=10)
"""So that a device whose clock is a little behind takes a fresh certificate."""
CRL_DAYS = 365
"""Long, because the broker stops every device when its list has run out; each revocation writes it anew."""

RESERVED = frozenset({"ca", "server"})
"""Names of the authority's own files; no worker may have one."""


class BadRequest(ValueError):
    """The signing request cannot be used; the message says why. Sending it again will not help."""


class Issued(NamedTuple):
    """A device's certificate and what the cloud keeps of it. Moments in seconds since 1970, real time."""

    certificate_pem: str
    serial: str
    public_key_pem: str
    issued_s: int
    expires_s: int


class Authority:
    """Signs. Make it with `open`."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate, folder: Path) -> None:
        self._key = key
        self._certificate = certificate
        self._folder = folder

    @classmethod
    def open(cls, folder: Path) -> Authority:
        """The authority kept in `folder`; made at first use, by one of the programs that begin at once."""
        folder.mkdir(parents=True, exist_ok=True)
        key_file, cert_file = folder / "ca.key", folder / "ca.pem"
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not cert_file.exists():
                key = ec.generate_private_key(ec.SECP256R1())
                _write_private(key_file, _key_pem(key))
                _write(cert_file, _self_signed(key).public_bytes(serialization.Encoding.PEM))
        loaded = serialization.load_pem_private_key(key_file.read_bytes(), None)
        if not isinstance(loaded, ec.EllipticCurvePrivateKey):
            raise ValueError(f"{key_file} does not hold an EC key")
        return cls(loaded, x509.load_pem_x509_certificate(cert_file.read_bytes()), folder)

    @property
    def ca_pem(self) -> str:
        """The authority's own certificate."""
        return self._certificate.public_bytes(serialization.Encoding.PEM).decode()

    def issue_device(self, csr_pem: str, site: str, epoch: str) -> tuple[str, str]:
        """A certificate for one store of a site, and its serial in hex; see `sign`."""
        issued = self.sign(csr_pem, site, epoch)
        return issued.certificate_pem, issued.serial

    def sign(self, csr_pem: str, site: str, epoch: str) -> Issued:
        """A certificate for one store of a site. Names in the request are not read.

        Raises BadRequest for anything but a well-signed request with a P-256 key.
        """
        sender = Sender(site, epoch)
        if not SITE.fullmatch(site) or len(epoch) != 16:
            raise BadRequest(f"{sender.name} is not <site>.<epoch>")
        try:
            request = x509.load_pem_x509_csr(csr_pem.encode())
            signed = request.is_signature_valid
            public = request.public_key()
        except (ValueError, InvalidSignature, TypeError) as error:
            raise BadRequest("not a certificate signing request in PEM") from error
        if not signed or not isinstance(public, ec.EllipticCurvePublicKey) or public.curve.name != "secp256r1":
            raise BadRequest("the request must be signed by its own P-256 key")
        certificate = self._issue(public, sender.name, DEVICE_DAYS, ExtendedKeyUsageOID.CLIENT_AUTH)
        public_pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        return Issued(
            certificate.public_bytes(serialization.Encoding.PEM).decode(),
            f"{certificate.serial_number:x}",
            public_pem.decode(),
            int(wall_s()),
            int(certificate.not_valid_after_utc.timestamp()),
        )

    def server_files(self, hosts: Iterable[str]) -> tuple[Path, Path]:
        """A new certificate and key for a server reached under `hosts` (names or addresses)."""
        return self._files("server", ExtendedKeyUsageOID.SERVER_AUTH, list(hosts))

    def worker_files(self, name: str) -> tuple[Path, Path]:
        """A new certificate and key for one ingest worker; its name is its client id at the broker.

        Raises ValueError for a name that is not of a-z, 0-9 and '-', or is one of RESERVED.
        """
        if name in RESERVED:
            raise ValueError(f"{name!r} is the name of the authority's own files; choose another for the worker")
        if "." in name or not SITE.fullmatch(name):
            raise ValueError(f"{name!r}: a worker's name is of a-z, 0-9 and '-'")
        return self._files(name, ExtendedKeyUsageOID.CLIENT_AUTH, [])

    def crl_pem(self, revoked: Iterable[str]) -> str:
        """The revocation list that names the certificates with these serials (hex)."""
        now = utc(int(wall_s() * 1000))
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._certificate.subject)
            .last_update(now - BACKDATED)
            .next_update(now + timedelta(days=CRL_DAYS))
        )
        for serial in sorted(set(revoked)):
            entry = x509.RevokedCertificateBuilder().serial_number(int(serial, 16)).revocation_date(now).build()
            builder = builder.add_revoked_certificate(entry)
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()

    def _files(self, name: str, usage: x509.ObjectIdentifier, hosts: list[str]) -> tuple[Path, Path]:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._issue(key.public_key(), name, SERVICE_DAYS, usage, hosts)
        cert_file, key_file = self._folder / f"{name}.pem", self._folder / f"{name}.key"
        _write_private(key_file, _key_pem(key))
        _write(cert_file, certificate.public_bytes(serialization.Encoding.PEM))
        return cert_file, key_file

    def _issue(
        self,
        public: ec.EllipticCurvePublicKey,
        name: str,
        days: int,
        usage: x509.ObjectIdentifier,
        hosts: Iterable[str] = (),
    ) -> x509.Certificate:
        now = utc(int(wall_s() * 1000))
        issuer_key = self._certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(self._certificate.subject)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - BACKDATED)
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(_usage(digital_signature=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer_key), critical=False)
        )
        alternatives = [_alternative(host) for host in hosts]
        if alternatives:
            builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        return builder.sign(self._key, hashes.SHA256())


def _self_signed(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    now = utc(int(wall_s() * 1000))
    return (
        x509.CertificateBuilder()
        .subject_name(_name("Outpost authority"))
        .issuer_name(_name("Outpost authority"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + timedelta(days=AUTHORITY_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _usage(*, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write_private(path: Path, content: bytes) -> None:
    """Replace a file in one step; nobody else may read it, at no moment."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _write(path: Path, content: bytes) -> None:
    fresh = path.with_name(path.name + ".new")
    fresh.write_bytes(content)
    fresh.replace(path)
