"""Webhooks: JSON to an address of the owner's, signed so that the receiver knows whom it is from.

``X-Outpost-Signature: t=<seconds since 1970>,v1=<hex>`` with ``v1`` = HMAC-SHA-256 over ``<t>.<body>`` under the secret that
was shown when the channel was made. ``Idempotency-Key`` is the message's id, the same however often it is sent.
"""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import Any

import orjson

from cloud.notify.hosts import Hosts
from cloud.notify.sending import Message, Target
from cloud.notify.web import post
from shared.clock import iso, wall_s

PROVIDER_ID_CHARS_MAX = 100


class Webhook:
    """A Sender."""

    def __init__(self, hosts: Hosts) -> None:
        self._hosts = hosts

    async def send(self, target: Target, message: Message) -> str | None:
        """Post it; an answer of 2xx has taken it, and an `id` in a JSON answer is kept. Raises NotSent."""
        body = body_of(target, message)
        headers = {
            "content-type": "application/json", "idempotency-key": message.id,
            "x-outpost-signature": signature(target.secret, body, int(wall_s())),
        }  # fmt: skip
        answer = await post(self._hosts, target.url, body, headers)
        return id_in(answer.content)


def body_of(target: Target, message: Message) -> bytes:
    """The JSON that is posted."""
    body: dict[str, Any] = {
        "id": message.id, "title": message.title, "message": message.text, "language": message.language,
        "repeat": message.repeat, "expires_at": iso(message.expires_ms), "acknowledge_url": message.link or None,
        "receipt_url": message.receipt_url or None, **message.facts,
    }  # fmt: skip
    return orjson.dumps({**body, "to": target.to} if target.to else body)


def signature(secret: bytes, body: bytes, at_s: int) -> str:
    """The value of X-Outpost-Signature."""
    mac = hmac.new(secret, f"{at_s}.".encode() + body, sha256).hexdigest()
    return f"t={at_s},v1={mac}"


def id_in(content: bytes) -> str | None:
    """The `id` of a JSON answer, if it has one."""
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError:
        return None
    given = found.get("id") if isinstance(found, dict) else None
    return str(given)[:PROVIDER_ID_CHARS_MAX] if isinstance(given, str | int) else None
