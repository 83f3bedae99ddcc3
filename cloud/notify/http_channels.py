"""`/api/v1/notifications/channels` and `/routes`: how people are reached, and through which gateways."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, Field, StringConstraints, field_validator, model_validator

from cloud.accounts import audit
from cloud.accounts.people import Account
from cloud.db.pool import Connection, Pool
from cloud.notify import addresses, alerts
from cloud.notify.access import CARE, OFFICE, Access
from cloud.notify.addresses import BadAddress
from cloud.notify.channels import CODE_MS, Channel, Channels, CodeRefused, OwnerKind
from cloud.notify.rows import EVERYBODY, Receiver, Tell, add_deliveries, add_event
from shared.clock import Clock, iso
from shared.ids import new_id
from shared.limits import RateLimit
from shared.problems import Problem

Kind = Literal["sms", "whatsapp", "email", "telegram", "webhook", "push"]
Language = Literal["en", "hi", "es", "ar"]
HourMinute = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Site = Annotated[str, StringConstraints(pattern=r"^[a-z0-9*][a-z0-9-]{0,39}$")]
_NEW_PER_MINUTE: Final = 6.0
_NEW_BURST: Final = 12


class Owner(BaseModel):
    """For whom staff enter a channel; without one it is one's own."""

    site: Site
    kind: Literal["caregiver", "person"]
    id: Annotated[str, StringConstraints(min_length=1, max_length=60)]


class Preferences(BaseModel):
    """When and how somebody wants to be told. Quiet hours never hold back what is critical."""

    language: Language | None = None
    timezone: Annotated[str, StringConstraints(max_length=60)] | None = None
    quiet_from: HourMinute | None = None
    quiet_until: HourMinute | None = None
    place: Annotated[int, Field(ge=1, le=12)] | None = None
    """1 is told first; 2 when 1 fails for good, and so on."""

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str | None) -> str | None:
        if value:
            try:
                ZoneInfo(value)
            except (ZoneInfoNotFoundError, ValueError) as error:
                raise ValueError("write a time zone like Europe/Madrid") from error
        return value

    @model_validator(mode="after")
    def _both(self) -> Preferences:
        if (self.quiet_from is None) != (self.quiet_until is None):
            raise ValueError("quiet hours have a beginning and an end")
        return self


class NewChannel(Preferences):
    """address: phone number, e-mail address, chat, https:// address, or one URL of apprise; for push the subscription."""

    kind: Kind
    address: Annotated[str, StringConstraints(min_length=1, max_length=addresses.ADDRESS_CHARS_MAX)]
    owner: Owner | None = None


class Code(BaseModel):
    """The six digits that were sent."""

    code: Annotated[str, StringConstraints(pattern=r"^\s*\d{6}\s*$")]


class NewRoute(BaseModel):
    """How plain addresses of a kind are reached: one URL with `{to}`, or a webhook. site "*": all clinics without their own."""

    site: Site
    kind: Literal["sms", "whatsapp", "email", "telegram"]
    url: Annotated[str, StringConstraints(min_length=1, max_length=addresses.ADDRESS_CHARS_MAX)]


def shown(channel: Channel, **more: Any) -> dict[str, Any]:
    """A channel for whoever may see it: never its address."""
    return {
        "id": channel.id, "site": channel.site, "owner": {"kind": channel.owner_kind, "id": channel.owner_id},
        "kind": channel.kind, "address": channel.shown, "place": channel.place, "language": channel.language,
        "timezone": channel.timezone, "quiet_from": channel.quiet_from, "quiet_until": channel.quiet_until,
        "verified_at": iso(channel.verified_ms) if channel.verified_ms is not None else None,
        "off_reason": channel.off_reason or None, **more,
    }  # fmt: skip


def channels_router(pool: Pool, channels: Channels, access: Access, clock: Clock, push_key: str) -> APIRouter:
    """Routes under /api/v1/notifications."""
    api = APIRouter(prefix="/api/v1/notifications", tags=["notifications"])
    limit = RateLimit(burst=_NEW_BURST, per_minute=_NEW_PER_MINUTE)

    async def theirs(conn: Connection, account: Account, channel_id: str) -> Channel:
        """A channel that is the account's own, or of a person of a site it cares for. Raises Problem 404."""
        channel = await channels.anywhere(conn, channel_id)
        own = channel is not None and channel.owner_kind == "account" and channel.owner_id == account.id
        cares = (
            channel is not None
            and channel.owner_kind in ("caregiver", "person")
            and bool(account.roles & (CARE | OFFICE))
            and account.sees(channel.site)
        )
        if channel is None or channel.off_ms is not None or not (own or cares):
            raise Problem(404, "There is no such channel.")
        return channel

    async def send_code(conn: Connection, channel: Channel, now_ms: int) -> None:
        if not await channels.may_send_code(conn, channel, now_ms):
            raise Problem(429, "A code was sent less than a minute ago.", retry_after_s=60)
        tell = Tell(
            key=f"code:{channel.id}:{new_id()}", topic="code", severity="critical", audience="person", critical=True,
            facts={}, raised_ms=now_ms, expires_ms=now_ms + CODE_MS,
        )  # fmt: skip
        site = channel.site
        event_id = await add_event(conn, site, tell, "open", now_ms)
        receiver = Receiver(site, channel.id, channel.recipient, channel.language or "en")
        if event_id is not None:
            await add_deliveries(conn, site, event_id, tell, [receiver], now_ms)

    @api.get("/channels")
    async def list_channels(
        site: Annotated[Site | None, Query()] = None,
        owner_kind: Annotated[Literal["caregiver", "person"] | None, Query()] = None,
        owner_id: Annotated[str | None, Query(max_length=60)] = None,
        account: Account = Depends(access.anybody),
    ) -> list[dict[str, Any]]:
        """One's own channels; with site, owner_kind and owner_id those of a person, for staff.

        Of a caregiver who signs in, also those they entered themselves (`owner.kind` is "account"): only they change these.
        """
        async with pool.transaction() as conn:
            if owner_kind is None or owner_id is None or site is None:
                found = await channels.of(conn, [EVERYBODY], "account", [account.id], usable=False)
            else:
                _may_care(account, site)
                found = await channels.of(conn, [site], owner_kind, [owner_id], usable=False)
                if owner_kind == "caregiver" and (signs_in := await alerts.account_of(conn, site, owner_id)):
                    found += await channels.of(conn, [EVERYBODY], "account", [signs_in], usable=False)
        return [shown(channel) for channel in found]

    @api.post("/channels", status_code=201)
    async def add_channel(body: NewChannel, account: Account = Depends(access.anybody)) -> dict[str, Any]:
        """Enter a channel; a code is sent to it. A webhook's `secret` is in this answer and in no other."""
        wait_s = limit.wait_s(account.id)
        if wait_s:
            raise Problem(429, "Too many channels at once.", retry_after_s=wait_s)
        staff = bool(account.roles & (CARE | OFFICE))
        address = _read(lambda: addresses.read(body.kind, body.address, staff=staff))
        now_ms = clock.now_ms()
        site = body.owner.site if body.owner else EVERYBODY
        kind: OwnerKind = body.owner.kind if body.owner else "account"
        owner_id = body.owner.id if body.owner else account.id
        async with pool.transaction() as conn:
            if body.owner is not None:
                _may_care(account, site)
                if not await alerts.owner_exists(conn, site, body.owner.kind, body.owner.id):
                    raise Problem(404, f"There is no such {body.owner.kind} at this site.")
            try:
                channel_id = await channels.add(
                    conn, site, kind, owner_id, address, now_ms, **body.model_dump(include=_PREFERENCES)
                )
            except LookupError as error:
                raise Problem(409, f"{error}.".capitalize(), hint="Remove one that is not used.") from error
            channel = await channels.find(conn, site, channel_id)
            assert channel is not None
            await send_code(conn, channel, now_ms)
            await audit.write(
                conn, clock, account.actor, "channel_added", site=site, kind=body.kind, owner=f"{kind}:{owner_id}"
            )
        secret = channels.secret(channel_id).decode() if body.kind == "webhook" else None
        return shown(channel, secret=secret)

    @api.patch("/channels/{channel_id}")
    async def change_channel(
        channel_id: str, body: Preferences, account: Account = Depends(access.anybody)
    ) -> dict[str, Any]:
        """Change the preferences that are given; null takes quiet hours, language or time zone away."""
        given = body.model_dump(exclude_unset=True)
        async with pool.transaction() as conn:
            channel = await theirs(conn, account, channel_id)
            await channels.prefer(conn, channel, given)
            changed = await channels.find(conn, channel.site, channel.id)
        assert changed is not None
        return shown(changed)

    @api.delete("/channels/{channel_id}", status_code=204)
    async def remove_channel(channel_id: str, account: Account = Depends(access.anybody)) -> Response:
        """Nothing is sent there any more; its address is forgotten at once."""
        async with pool.transaction() as conn:
            channel = await theirs(conn, account, channel_id)
            await channels.switch_off(conn, channel, clock.now_ms(), "removed")
            await audit.write(conn, clock, account.actor, "channel_removed", site=channel.site, channel=channel.id)
        return Response(status_code=204)

    @api.post("/channels/{channel_id}/code", status_code=202)
    async def code_again(channel_id: str, account: Account = Depends(access.anybody)) -> dict[str, Any]:
        """Send another code."""
        async with pool.transaction() as conn:
            channel = await theirs(conn, account, channel_id)
            await send_code(conn, channel, clock.now_ms())
        return {"sent_to": channel.shown}

    @api.post("/channels/{channel_id}/verify")
    async def verify(channel_id: str, body: Code, account: Account = Depends(access.anybody)) -> dict[str, Any]:
        """Show that messages arrive. 409 for a code that is wrong or not good any more."""
        refused: CodeRefused | None = None
        async with pool.transaction() as conn:
            channel = await theirs(conn, account, channel_id)
            try:
                await channels.verify(conn, channel, body.code, clock.now_ms())
            except CodeRefused as error:
                refused = error  # the wrong try stays counted
            found = await channels.find(conn, channel.site, channel.id)
        if refused is not None:
            hint = "Have another code sent." if refused.again else "Look at the message again."
            raise Problem(409, str(refused), code="wrong_code", hint=hint)
        assert found is not None
        return shown(found)

    @api.get("/push-key")
    async def key() -> dict[str, str]:
        """What a page subscribes to web push with (`applicationServerKey`); public by its nature."""
        return {"public_key": push_key}

    @api.get("/routes")
    async def list_routes(
        site: Annotated[Site, Query()], account: Account = Depends(access.routes)
    ) -> list[dict[str, Any]]:
        """The gateways of a site ("*": of all)."""
        _may_route(account, site)
        async with pool.transaction() as conn:
            found = await channels.of(conn, [site], "site", [site])
        return [shown(channel) for channel in found]

    @api.post("/routes", status_code=201)
    async def set_route(body: NewRoute, account: Account = Depends(access.routes)) -> dict[str, Any]:
        """Set the gateway of a kind; the former one is forgotten."""
        _may_route(account, body.site)
        address = _read(lambda: addresses.read_gateway(body.kind, body.url))
        now_ms = clock.now_ms()
        async with pool.transaction() as conn:
            for former in await channels.of(conn, [body.site], "site", [body.site]):
                if former.kind == body.kind:
                    await channels.switch_off(conn, former, now_ms, "replaced")
            channel_id = await channels.add(conn, body.site, "site", body.site, address, now_ms)
            channel = await channels.find(conn, body.site, channel_id)
            await audit.write(conn, clock, account.actor, "route_set", site=body.site, kind=body.kind)
        assert channel is not None
        web = address.url.partition(":")[0] in addresses.WEB
        return shown(channel, secret=channels.secret(channel_id).decode() if web else None)

    @api.delete("/routes/{channel_id}", status_code=204)
    async def remove_route(channel_id: str, account: Account = Depends(access.routes)) -> Response:
        """Take a gateway away."""
        async with pool.transaction() as conn:
            channel = await channels.anywhere(conn, channel_id)
            if channel is None or channel.owner_kind != "site" or channel.off_ms is not None:
                raise Problem(404, "There is no such route.")
            _may_route(account, channel.site)
            await channels.switch_off(conn, channel, clock.now_ms(), "removed")
            await audit.write(conn, clock, account.actor, "route_removed", site=channel.site, kind=channel.kind)
        return Response(status_code=204)

    return api


_PREFERENCES: Final = set(Preferences.model_fields)


def _read(look: Any) -> addresses.Address:
    try:
        found: addresses.Address = look()
    except BadAddress as error:
        raise Problem(422, str(error), code="bad_address", hint=error.hint) from error
    return found


def _may_care(account: Account, site: str) -> None:
    if not account.roles & (CARE | OFFICE):
        raise Problem(403, "This is for staff of the clinic and for head office.")
    account.require(site)


def _may_route(account: Account, site: str) -> None:
    """The route of all clinics is for those who see all."""
    if site == EVERYBODY and account.sites is not None:
        raise Problem(403, "Only somebody who sees all clinics sets the route of all.")
    if site != EVERYBODY:
        account.require(site)
