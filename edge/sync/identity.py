"""Buys the certificate with a claim code, renews it, and reads what head office answers."""

from __future__ import annotations

import ssl
from dataclasses import replace

import httpx
import orjson
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import ValidationError

from edge.sync.keeper import NO_CHECK_TIME, ClaimError, Identity, Keeper, check_url, disk_trouble
from shared.api import Certificate, Claim, Renewal
from shared.clock import wall_s

__all__ = ["ClaimError", "Identity", "Keeper", "check_url", "claim", "http_context", "renew", "signing_request"]

ANSWER_BYTES_MAX = 64 * 1024


class _WrongTime(ClaimError):
    """The token is not of the server's time; `ahead_s`: how far the server's clock is ahead of this machine's."""

    def __init__(self, message: str, hint: str, ahead_s: float) -> None:
        super().__init__(message, passing=True, hint=hint)
        self.ahead_s = ahead_s


def http_context(identity: Identity | None, *, check_time: bool) -> ssl.SSLContext:
    """TLS to the cloud's HTTPS: the public authorities, and our own cloud's once we know it."""
    context = ssl.create_default_context()
    if identity is not None:
        context.load_verify_locations(cadata=identity.certificate.authority_pem)
    if not check_time:
        context.verify_flags |= ssl.VerifyFlags(NO_CHECK_TIME)
    return context


def signing_request(key_pem: str, epoch: str) -> str:
    """A signing request by the key. The name in it is not read; the cloud gives the name."""
    key = serialization.load_pem_private_key(key_pem.encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, epoch)])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM).decode()


async def claim(keeper: Keeper, url: str, code: str, epoch: str, *, wait_s: float = 15.0) -> Identity:
    """Buy a certificate for this store with a claim code, and keep it. Raises ClaimError; ValueError for the address.

    Where it was bought and could not be kept, the same code buys it again for the same store and key.
    """
    cloud_url = check_url(url)
    try:
        key_pem = keeper.key_pem()
        body = Claim(code=code, epoch=epoch, csr_pem=signing_request(key_pem, epoch))
        async with httpx.AsyncClient(verify=http_context(None, check_time=True), timeout=wait_s) as client:
            certificate = await _certificate(client, f"{cloud_url}/api/v1/claim", body, {})
        identity = Identity(key_pem, epoch, certificate, cloud_url)
        keeper.keep(identity)
    except ValidationError as error:
        raise ClaimError(
            "This is no claim code: it has between 4 and 40 characters.",
            passing=False,
            hint="Enter the claim code as head office gave it.",
        ) from error
    except OSError as error:
        raise disk_trouble(error) from error
    return identity


async def renew(keeper: Keeper, identity: Identity, *, wait_s: float = 15.0) -> Identity:
    """Buy a fresh certificate with the one at hand, and keep it. Raises ClaimError.

    Told that the token is not of the server's time, it signs one by the server's clock, once.
    """
    body = Renewal(csr_pem=signing_request(identity.key_pem, identity.epoch))
    url = f"{identity.cloud_url}/api/v1/sync/renew"
    try:
        async with httpx.AsyncClient(verify=http_context(identity, check_time=True), timeout=wait_s) as client:
            try:
                fresh = await _certificate(client, url, body, bearer(identity.token()))
            except _WrongTime as error:
                fresh = await _certificate(client, url, body, bearer(identity.token(error.ahead_s)))
        if fresh.site != identity.certificate.site:
            raise ClaimError(
                "the cloud answered with another site's certificate", passing=False, hint="Tell head office."
            )
        renewed = replace(identity, certificate=fresh)
        keeper.keep(renewed)
    except OSError as error:
        raise disk_trouble(error) from error
    return renewed


def bearer(token: str) -> dict[str, str]:
    """The header a token travels in."""
    return {"authorization": f"Bearer {token}"}


async def _certificate(
    client: httpx.AsyncClient, url: str, body: Claim | Renewal, headers: dict[str, str]
) -> Certificate:
    try:
        answer = await client.post(
            url, content=body.model_dump_json(), headers={"content-type": "application/json", **headers}
        )
    except httpx.HTTPError as error:
        raise ClaimError(
            f"head office cannot be reached ({error or type(error).__name__})",
            passing=True,
            hint="Check the address of head office and this machine's network; it is tried again by itself.",
        ) from error
    if answer.status_code != 200:
        detail, hint = problem_of(answer)
        ahead_s = clock_ahead_s(answer)
        if ahead_s is not None:
            raise _WrongTime(detail, hint, ahead_s)
        passing = answer.status_code == 429 or answer.status_code >= 500
        raise ClaimError(detail, passing=passing, hint=hint)
    try:
        return Certificate.model_validate_json(answer.content[:ANSWER_BYTES_MAX])
    except ValidationError as error:
        raise ClaimError(
            "what answered is not head office", passing=False, hint="Check the address of head office."
        ) from error


def problem_of(answer: httpx.Response) -> tuple[str, str]:
    """The sentence and the hint of an error answer, whatever came."""
    try:
        body = orjson.loads(answer.content[:ANSWER_BYTES_MAX])
        return str(body["detail"]), str(body.get("hint", ""))
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return f"head office answered {answer.status_code}", "Try again later; if it stays, tell head office."


def clock_ahead_s(answer: httpx.Response) -> float | None:
    """How far the server's clock is ahead of this machine's, where an answer refuses a token for its time."""
    try:
        body = orjson.loads(answer.content[:ANSWER_BYTES_MAX])
        server_s = body["server_s"]
        wrong = str(body["type"]).endswith(":wrong_time")
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
    if not wrong or answer.status_code != 401 or type(server_s) is not int or not 0 <= server_s < 2**40:
        return None
    return server_s - wall_s()
