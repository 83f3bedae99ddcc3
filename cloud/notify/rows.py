"""Rows of what there is to tell and of its deliveries, and the little that decides over them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

from psycopg.types.json import Jsonb

from cloud.db.pool import Connection, notify
from shared.ids import new_id

OUT: Final = "outpost_notify"
"""Notified with the site when deliveries were added or became due."""
EVERYBODY: Final = "*"
"""In place of a site: people of head office."""
MERGE_MS: Final = 2_000
"""How long what is not critical waits for more of the same moment, in domain time."""
REASON_CHARS_MAX: Final = 200

KEPT_MS: Final = 400 * 24 * 3_600_000
"""How long it is kept what was told to whom: a year and a little."""
TIDIED_AT_ONCE: Final = 5_000

State = Literal["open", "told", "nobody", "shown", "ended"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tell:
    """One thing to tell, before it is kept. See notification_events for what the fields mean."""

    key: str
    topic: str
    severity: str
    audience: str
    facts: dict[str, Any]
    raised_ms: int
    expires_ms: int
    critical: bool = False
    alert_id: str | None = None
    alert_version: int | None = None
    step: int | None = None
    person_id: str | None = None


class Receiver(NamedTuple):
    """A channel somebody is told by. channel_site: the site of the channel's row.  target: sealed, for a gateway."""

    channel_site: str
    channel_id: str
    recipient: str
    language: str
    target: bytes | None = None


async def add_event(conn: Connection, site: str, tell: Tell, state: State, now_ms: int, reason: str = "") -> str | None:
    """Keep an event; returns its id, or None when its key is there already."""
    event_id = new_id()
    found = await conn.execute(
        "insert into notification_events (site, event_id, key, topic, severity, critical, alert_id, alert_version,"
        " audience, step, person_id, facts, raised_ms, expires_ms, created_ms, state, reason)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing",
        (
            site, event_id, tell.key, tell.topic, tell.severity, tell.critical, tell.alert_id, tell.alert_version,
            tell.audience, tell.step, tell.person_id, Jsonb(tell.facts), tell.raised_ms, tell.expires_ms, now_ms, state,
            reason,
        ),
    )  # fmt: skip
    return event_id if found.rowcount else None


async def add_deliveries(
    conn: Connection, site: str, event_id: str, tell: Tell, receivers: list[Receiver], now_ms: int
) -> int:
    """One delivery for each receiver who has none of this event yet; returns how many were added."""
    due_ms = now_ms if tell.critical or tell.severity == "critical" else now_ms + MERGE_MS
    added = 0
    for one in receivers:
        found = await conn.execute(
            "insert into notification_deliveries (site, delivery_id, event_id, channel_site, channel_id, recipient, target,"
            " language, state, due_ms, expires_ms, created_ms)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, 'waiting', %s, %s, %s) on conflict do nothing",
            (
                site, new_id(), event_id, one.channel_site, one.channel_id, one.recipient, one.target, one.language,
                due_ms, tell.expires_ms, now_ms,
            ),
        )  # fmt: skip
        added += found.rowcount
    if added:
        await notify(conn, OUT, site)
    return added


async def tell_receivers(
    conn: Connection, site: str, tell: Tell, receivers: list[Receiver], now_ms: int
) -> tuple[str | None, State]:
    """Keep an event and its deliveries: "open", or "nobody" without receivers, or "shown" when it is too old to send.

    The id is None when it was there already.
    """
    if tell.expires_ms <= now_ms:
        return await add_event(conn, site, tell, "shown", now_ms, "older than its expiry: shown, not sent"), "shown"
    if not receivers:
        return await add_event(conn, site, tell, "nobody", now_ms, "nobody can be reached"), "nobody"
    event_id = await add_event(conn, site, tell, "open", now_ms)
    if event_id is not None:
        await add_deliveries(conn, site, event_id, tell, receivers, now_ms)
    return event_id, "open"


async def reopen(conn: Connection, site: str, key: str, receivers: list[Receiver], now_ms: int) -> int:
    """Somebody can be told by now of what nobody could: 1, or 0 where it is told, over or too old."""
    found = await conn.execute(
        "update notification_events set state = 'open', reason = '' where site = %s and key = %s and state = 'nobody'"
        " and expires_ms > %s returning event_id, topic, severity, audience, facts, raised_ms, expires_ms, critical",
        (site, key, now_ms),
    )
    row = await found.fetchone()
    if row is None:
        return 0
    names = ("topic", "severity", "audience", "facts", "raised_ms", "expires_ms", "critical")
    await add_deliveries(conn, site, row[0], Tell(key=key, **dict(zip(names, row[1:], strict=True))), receivers, now_ms)
    return 1


async def end_event(conn: Connection, site: str, event_id: str, reason: str) -> None:
    """What has not gone out of an event does not go out any more."""
    await conn.execute(
        "update notification_deliveries set state = 'cancelled', reason = %s, target = null"
        " where site = %s and event_id = %s and state = 'waiting'",
        (reason[:REASON_CHARS_MAX], site, event_id),
    )
    await conn.execute(
        "update notification_events set state = 'ended', reason = %s where site = %s and event_id = %s and state <> 'ended'",
        (reason[:REASON_CHARS_MAX], site, event_id),
    )


async def tidy(conn: Connection, now_ms: int) -> int:
    """Forget what is older than KEPT_MS, and links that have ended; at most TIDIED_AT_ONCE events. Returns how many."""
    found = await conn.execute(
        "delete from notification_events where (site, event_id) in (select site, event_id from notification_events"
        " where created_ms < %s order by created_ms limit %s) returning site, event_id",
        (now_ms - KEPT_MS, TIDIED_AT_ONCE),
    )
    gone = await found.fetchall()
    for site, event_id in gone:
        await conn.execute("delete from notification_deliveries where site = %s and event_id = %s", (site, event_id))
    await conn.execute("delete from notification_links where expires_ms < %s", (now_ms,))
    return len(gone)
