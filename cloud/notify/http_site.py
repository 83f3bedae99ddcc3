"""`POST /api/v1/site/notices`: a clinic hands over a message to somebody's phone. Kept before it is answered, once a key."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from cloud.accounts.guards import Guards
from cloud.db.pool import Connection, Pool
from cloud.notify import alerts
from cloud.notify.addresses import BadAddress, read
from cloud.notify.channels import Channels
from cloud.notify.rows import Receiver, Tell, tell_receivers
from cloud.notify.words import LANGUAGES, QUEUE_TOPICS
from shared.clock import Clock
from shared.limits import RateLimit
from shared.problems import Problem
from shared.topics import Sender

Short = Annotated[str, StringConstraints(min_length=1, max_length=120)]
VALUE_CHARS_MAX: Final = 500
VALUES_MAX: Final = 12
Value = int | Annotated[str, StringConstraints(max_length=VALUE_CHARS_MAX)]
GATEWAYS: Final = ("sms", "whatsapp")
"""A phone is reached by the first of these that the clinic has."""
BURST, PER_MINUTE = 500, 600.0
"""Notices of one clinic; beyond it 429, and the clinic keeps them."""
URGENT: Final = frozenset(("next", "emergency"))
"""These do not wait for more of the same moment."""


class SiteNotice(BaseModel):
    """As the clinic's program says it (`edge.app.ports.Notice`). Unknown fields of newer clinics are passed over."""

    model_config = ConfigDict(extra="ignore")

    key: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    topic: Short
    phone: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    language: Annotated[str, StringConstraints(max_length=10)] = "en"
    token: Annotated[str, StringConstraints(max_length=20)] | None = None
    values: Annotated[dict[Short, Value], Field(max_length=VALUES_MAX)] = {}
    visit_id: Annotated[str, StringConstraints(max_length=60)]
    due_ms: int | None = None
    expires_ms: Annotated[int, Field(ge=0, lt=2**53)]
    repeat: bool = False


class Kept(BaseModel):
    """state: "open" it will be sent, "shown" it is too old to be sent."""

    event_id: str | None
    state: Literal["open", "told", "nobody", "shown", "ended"]


def site_router(pool: Pool, guards: Guards, channels: Channels, clock: Clock) -> APIRouter:
    """The clinics' door for notices."""
    api = APIRouter(prefix="/api/v1/site", tags=["sync"])
    limit = RateLimit(BURST, PER_MINUTE)

    @api.post("/notices", status_code=202)
    async def notices(body: SiteNotice, sender: Sender = Depends(guards.device)) -> Kept:
        """Keep a notice and send it. 409 `no_route` where nothing is set to send this clinic's messages with."""
        wait_s = limit.wait_s(sender.site)
        if wait_s:
            raise Problem(429, "Too many notices at once.", retry_after_s=wait_s)
        now_ms = clock.now_ms()
        async with pool.transaction() as conn:
            known = await _known(conn, sender.site, f"notice:{body.key}")
            if known is not None:
                return known
            language = body.language if body.language in LANGUAGES else "en"
            receivers = await _receivers(conn, channels, sender.site, body, language)
            event_id, state = await tell_receivers(
                conn, sender.site, await _tell(conn, sender.site, body, now_ms), receivers, now_ms
            )
            if event_id is None:
                known = await _known(conn, sender.site, f"notice:{body.key}")
                return known or Kept(event_id=None, state=state)
        return Kept(event_id=event_id, state=state)

    return api


async def _known(conn: Connection, site: str, key: str) -> Kept | None:
    found = await conn.execute(
        "select event_id, state from notification_events where site = %s and key = %s", (site, key)
    )
    row = await found.fetchone()
    return None if row is None else Kept(event_id=row[0], state=row[1])


async def _tell(conn: Connection, site: str, body: SiteNotice, now_ms: int) -> Tell:
    facts: dict[str, Any] = {
        **{name: value for name, value in body.values.items() if name in ("delay_min", "room", "message")},
        "clinic": await alerts.site_name(conn, site), "token": body.token,
        "due_ms": body.values.get("due_ms", body.due_ms),
    }  # fmt: skip
    topic = body.topic if body.topic in QUEUE_TOPICS else "message"
    return Tell(
        key=f"notice:{body.key}", topic=topic, severity="critical" if topic in URGENT else "info", audience="person",
        facts={name: value for name, value in facts.items() if value is not None}, raised_ms=now_ms,
        expires_ms=body.expires_ms,
    )  # fmt: skip


async def _receivers(
    conn: Connection, channels: Channels, site: str, body: SiteNotice, language: str
) -> list[Receiver]:
    """The person's own channels of the first place; without any, the phone through the clinic's gateway.

    Raises Problem 409 where there is neither, 422 for what is no phone number.
    """
    found = await conn.execute("select person_id from visits where site = %s and visit_id = %s", (site, body.visit_id))
    row = await found.fetchone()
    if row is not None and row[0] is not None:
        own = await channels.of(conn, [site], "person", [row[0]])
        if own:
            return [one.receiver(language) for one in own if one.place == own[0].place]
    for kind in GATEWAYS:
        gateway = await channels.gateway(conn, site, kind)
        if gateway is not None:
            try:
                phone = read(kind, body.phone)
            except BadAddress as error:
                raise Problem(422, str(error), code="bad_address", hint=error.hint) from error
            if not phone.plain:
                raise Problem(422, "This is no phone number.", code="bad_address")
            sealed = channels.seal_target(site, phone.url)
            return [Receiver(gateway.site, gateway.id, f"visit:{body.visit_id}", language, sealed)]
    raise Problem(
        409, "Nothing is set to send messages of this clinic with.", code="no_route",
        hint="Have head office set a route for SMS or WhatsApp.",
    )  # fmt: skip
