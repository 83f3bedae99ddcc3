"""Channels: how each person is reached. Kept sealed, verified by a code before anything else is sent there."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import quote
from zoneinfo import ZoneInfo

from psycopg import sql

from cloud.db.pool import Connection
from cloud.notify.addresses import KINDS, TO, WEB, Address
from cloud.notify.quiet import QuietHours, quiet_hours
from cloud.notify.rows import EVERYBODY, Receiver
from cloud.notify.sealing import Seal, derived
from cloud.notify.sending import NotSent, Target
from shared.ids import new_id
from shared.tokens import hash_code

OWNER_CHANNELS_MAX: Final = 12
CODE_MS: Final = 10 * 60_000
CODE_TRIES_MAX: Final = 5
CODE_AGAIN_MS: Final = 60_000
"""Between two codes to one channel."""
PREFERENCES: Final = ("language", "timezone", "quiet_from", "quiet_until", "place")
OwnerKind = Literal["caregiver", "person", "account", "site"]
_COLUMNS: Final = (
    "c.site, c.channel_id, c.owner_kind, c.owner_id, c.kind, c.sealed, c.shown, c.place, c.language,"
    " coalesce(nullif(c.timezone, ''), nullif(s.timezone, ''), 'UTC'), c.quiet_from, c.quiet_until, c.verified_ms,"
    " c.off_ms, c.off_reason, c.code_sent_ms"
)
_FROM: Final = "notification_channels c left join site_state s on s.site = c.site"


@dataclass(frozen=True, slots=True)
class Channel:
    """A row, but for what only `Channels` needs to know."""

    site: str
    id: str
    owner_kind: str
    owner_id: str
    kind: str
    sealed: bytes
    shown: str
    place: int
    language: str | None
    timezone: str
    quiet_from: str | None
    quiet_until: str | None
    verified_ms: int | None
    off_ms: int | None
    off_reason: str
    code_sent_ms: int | None

    @property
    def recipient(self) -> str:
        """Its owner, as deliveries name them."""
        return f"{self.owner_kind}:{self.owner_id}"

    @property
    def zone(self) -> ZoneInfo:
        """The zone its owner lives in."""
        return ZoneInfo(self.timezone)

    @property
    def quiet(self) -> QuietHours | None:
        """When not to disturb."""
        return quiet_hours(self.quiet_from, self.quiet_until, self.timezone)

    def receiver(self, language: str) -> Receiver:
        """For a delivery; `language` where the channel names none."""
        return Receiver(self.site, self.id, self.recipient, self.language or language)


class CodeRefused(Exception):
    """The code is not the one that was sent, or is not good any more. `again`: have another sent."""

    def __init__(self, message: str, *, again: bool) -> None:
        super().__init__(message)
        self.again = again


class Channels:
    """Statements over notification_channels on a connection the caller commits."""

    def __init__(self, seal: Seal, key: bytes) -> None:
        self._seal, self._key = seal, key

    async def add(
        self, conn: Connection, site: str, owner_kind: OwnerKind, owner_id: str, address: Address, now_ms: int,
        **more: Any,
    ) -> str:  # fmt: skip
        """Keep a channel, not verified; a clinic's gateway needs no code. Returns its id. `more`: other columns.

        Raises LookupError when the owner has OWNER_CHANNELS_MAX already.
        """
        await conn.execute(
            "select pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"notify/{site}/{owner_kind}/{owner_id}",)
        )
        found = await conn.execute(
            "select count(*) from notification_channels where site = %s and owner_kind = %s and owner_id = %s"
            " and off_ms is null",
            (site, owner_kind, owner_id),
        )
        row = await found.fetchone()
        if row is not None and row[0] >= OWNER_CHANNELS_MAX:
            raise LookupError(f"there are {OWNER_CHANNELS_MAX} channels already")
        channel_id = new_id()
        await conn.execute(
            "insert into notification_channels (site, channel_id, owner_kind, owner_id, kind, sealed, shown, place, language,"
            " timezone, quiet_from, quiet_until, created_ms, verified_ms)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                site, channel_id, owner_kind, owner_id, address.kind,
                self._seal.close(address.url, f"{site}/{channel_id}"), address.shown, more.get("place") or 1,
                more.get("language"), more.get("timezone"), more.get("quiet_from"), more.get("quiet_until"), now_ms,
                now_ms if owner_kind == "site" else None,
            ),
        )  # fmt: skip
        return channel_id

    async def find(self, conn: Connection, site: str, channel_id: str, told_of: str = "") -> Channel | None:
        """One channel, switched off or not. told_of: the site whose clock is used where the channel names no zone."""
        joined = _FROM.replace("s.site = c.site", "s.site = %s")
        found = await conn.execute(
            f"select {_COLUMNS} from {joined} where c.site = %s and c.channel_id = %s",
            (told_of or site, site, channel_id),
        )
        row = await found.fetchone()
        return None if row is None else Channel(*row)

    async def anywhere(self, conn: Connection, channel_id: str) -> Channel | None:
        """One channel by its id alone: the caller judges whose it is."""
        found = await conn.execute(f"select {_COLUMNS} from {_FROM} where c.channel_id = %s", (channel_id,))
        row = await found.fetchone()
        return None if row is None else Channel(*row)

    async def of(
        self, conn: Connection, sites: list[str], owner_kind: str, owner_ids: list[str], *, usable: bool = True
    ) -> list[Channel]:
        """The channels of some owners by place; usable: verified and not switched off, else all but those off."""
        verified = " and c.verified_ms is not null" if usable else ""
        found = await conn.execute(
            f"select {_COLUMNS} from {_FROM} where c.site = any(%s) and c.owner_kind = %s and c.owner_id = any(%s)"
            f" and c.off_ms is null{verified} order by c.owner_id, c.place, c.created_ms, c.channel_id",
            (sites, owner_kind, owner_ids),
        )
        return [Channel(*row) for row in await found.fetchall()]

    async def gateway(self, conn: Connection, site: str, kind: str) -> Channel | None:
        """How a clinic reaches plain addresses of a kind: its own gateway, else that of all clinics."""
        found = await conn.execute(
            f"select {_COLUMNS} from {_FROM} where c.site in (%s, %s) and c.owner_kind = 'site' and c.kind = %s"
            " and c.off_ms is null order by c.site = %s, c.created_ms desc limit 1",
            (site, EVERYBODY, kind, EVERYBODY),
        )
        row = await found.fetchone()
        return None if row is None else Channel(*row)

    async def target(self, conn: Connection, site: str, channel: Channel, sealed: bytes | None) -> Target:
        """Where a delivery of `site` goes. sealed: the plain target, where the channel is a gateway itself.

        Raises NotSent without a gateway, sealing.NotOurs.
        """
        url = self._seal.open(channel.sealed, f"{channel.site}/{channel.id}")
        if sealed is not None:
            return self._through(channel, url, self._seal.open(sealed, f"{site}/target"))
        if "://" in url or channel.kind == "push":
            return Target(kind=_sender(channel.kind, url), url=url, secret=self.secret(channel.id))
        gateway = await self.gateway(conn, site, channel.kind)
        if gateway is None:
            raise NotSent(
                f"there is no gateway for {channel.kind}", passing=False,
                hint="Set one for the clinic, or for all, under notification routes.",
            )  # fmt: skip
        return self._through(gateway, self._seal.open(gateway.sealed, f"{gateway.site}/{gateway.id}"), url)

    def seal_target(self, site: str, plain: str) -> bytes:
        """A plain target for a delivery of `site`."""
        return self._seal.close(plain, f"{site}/target")

    def secret(self, channel_id: str) -> bytes:
        """What the messages of a webhook are signed with; shown to its owner once."""
        return derived(self._key, f"webhook {channel_id}").hex().encode()

    def _through(self, gateway: Channel, url: str, plain: str) -> Target:
        web = url.partition(":")[0] in WEB
        filled = url.replace(TO, quote(plain, safe=""))
        return Target(
            kind=_sender(gateway.kind, url), url=filled, to=plain if web else "", secret=self.secret(gateway.id)
        )

    async def new_code(self, conn: Connection, channel: Channel, now_ms: int) -> str:
        """A fresh code for a channel, six digits, good for CODE_MS; the former is good no more."""
        code = f"{secrets.randbelow(1_000_000):06}"
        await conn.execute(
            "update notification_channels set code_hash = %s, code_until_ms = %s, code_tries = 0 where site = %s"
            " and channel_id = %s",
            (hash_code(self._key, f"{channel.id} {code}"), now_ms + CODE_MS, channel.site, channel.id),
        )
        return code

    async def may_send_code(self, conn: Connection, channel: Channel, now_ms: int) -> bool:
        """Note that a code is asked for; False within CODE_AGAIN_MS of the last."""
        found = await conn.execute(
            "update notification_channels set code_sent_ms = %s where site = %s and channel_id = %s"
            " and coalesce(code_sent_ms, 0) <= %s",
            (now_ms, channel.site, channel.id, now_ms - CODE_AGAIN_MS),
        )
        return found.rowcount > 0

    async def verify(self, conn: Connection, channel: Channel, code: str, now_ms: int) -> None:
        """The owner shows that messages arrive. Raises CodeRefused; the wrong try is counted, so commit it."""
        found = await conn.execute(
            "update notification_channels set code_tries = code_tries + 1 where site = %s and channel_id = %s"
            " returning code_hash, code_until_ms, code_tries",
            (channel.site, channel.id),
        )
        row = await found.fetchone()
        if row is None or row[0] is None or now_ms >= row[1] or row[2] > CODE_TRIES_MAX:
            raise CodeRefused("This code is not good any more.", again=True)
        if not hmac.compare_digest(row[0], hash_code(self._key, f"{channel.id} {code.strip()}")):
            raise CodeRefused("This is not the code that was sent.", again=False)
        await conn.execute(
            "update notification_channels set verified_ms = %s, code_hash = null, off_ms = null, off_reason = ''"
            " where site = %s and channel_id = %s",
            (now_ms, channel.site, channel.id),
        )

    async def prefer(self, conn: Connection, channel: Channel, given: dict[str, Any]) -> None:
        """Set those of PREFERENCES that are given."""
        names = [name for name in PREFERENCES if name in given]
        if "place" in given and given["place"] is None:
            names.remove("place")
        if names:
            sets = sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name in names)
            await conn.execute(
                sql.SQL("update notification_channels set {} where site = %s and channel_id = %s").format(sets),
                [*(given[name] for name in names), channel.site, channel.id],
            )

    async def switch_off(self, conn: Connection, channel: Channel, now_ms: int, reason: str) -> None:
        """Nothing is sent there any more; its address is forgotten."""
        await conn.execute(
            "update notification_channels set off_ms = %s, off_reason = %s, sealed = '' where site = %s and channel_id = %s"
            " and off_ms is null",
            (now_ms, reason, channel.site, channel.id),
        )


def _sender(kind: str, url: str) -> str:
    """Which sender speaks it: "webhook", "push" or "services"."""
    assert kind in KINDS
    if kind == "push":
        return "push"
    return "webhook" if url.partition(":")[0] in WEB else "services"
