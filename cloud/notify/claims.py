"""Deliveries from due to done: taken by one worker at a time, and whatever becomes of each.

A claim is a promise until `claimed_until_ms`. A worker that ends in between leaves the claim; once it has run out the next
one takes the delivery and marks it as a repeat, because the message may be out.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from cloud.db.pool import Connection
from cloud.notify.rows import MERGE_MS, REASON_CHARS_MAX
from shared.ids import new_id

CLAIM_MS: Final = 120_000
"""Longer than any sender takes (domain time in life)."""
LOOKED_AT: Final = 32
"""Persons and channels with something due that one look tries."""
MERGED_MAX: Final = 10
"""Deliveries in one message."""
TRIES_MAX: Final = 8
FIRST_MS, LAST_MS = 2_000, 15 * 60_000
"""Bounds of the pause after a failure: it doubles from the first to the last, and is a random part of it (full jitter)."""
HOUR_MS: Final = 3_600_000
HOURLY: Final = {False: 20, True: 60}
"""Critical or not -> deliveries one person gets within an hour; what is beyond waits, and then goes out in one message."""


class Held(NamedTuple):
    """A claimed delivery with its event."""

    site: str
    delivery_id: str
    event_id: str
    channel_site: str
    channel_id: str
    recipient: str
    target: bytes | None
    language: str
    tries: int
    repeat: bool
    expires_ms: int
    topic: str
    critical: bool
    facts: dict[str, Any]
    alert_id: str | None
    event_state: str
    message_id: str | None
    raised_ms: int


_COLUMNS: Final = (
    "d.site, d.delivery_id, d.event_id, d.channel_site, d.channel_id, d.recipient, d.target, d.language, d.tries, d.repeat,"
    " d.expires_ms, e.topic, e.critical, e.facts, e.alert_id, e.state, d.message_id, e.raised_ms"
)
_DUE: Final = "((state = 'waiting' and due_ms <= %(now)s) or (state = 'claimed' and claimed_until_ms <= %(now)s))"
_CLAIM: Final = (
    "update notification_deliveries d set state = 'claimed', claimed_by = %(worker)s, claimed_until_ms = %(until)s,"
    " tries = d.tries + 1, repeat = d.repeat or d.state = 'claimed', message_id = coalesce(d.message_id, %(message)s)"
    " from notification_events e where e.site = d.site and e.event_id = d.event_id"
)


async def claim(conn: Connection, worker: str, now_ms: int, claim_ms: int = CLAIM_MS) -> list[Held]:
    """The next due delivery, and what else waits for the same person on the same channel: one message. Commit, then send.

    Deliveries that another worker is at are passed over. What was claimed and never settled comes back as a repeat,
    under the id it had and with the same others, so that a receiver who keeps ids knows it.
    """
    given = {
        "now": now_ms,
        "soon": now_ms + MERGE_MS,
        "until": now_ms + claim_ms,
        "worker": worker,
        "message": new_id(),
    }
    found = await conn.execute(
        "select site, channel_site, channel_id, recipient, min(due_ms) from notification_deliveries"
        f" where {_DUE} group by 1, 2, 3, 4 order by 5 limit {LOOKED_AT}",
        given,
    )
    for site, channel_site, channel_id, recipient, _ in await found.fetchall():
        whose = {"site": site, "channel_site": channel_site, "channel": channel_id, "recipient": recipient}
        if await _only_one(conn, whose):
            held = await _claim_of(conn, given | whose)
            if held:
                return held
    return []


async def _only_one(conn: Connection, whose: dict[str, str]) -> bool:
    """Be the only worker at this person's channel until the transaction ends, so that what waits goes out together."""
    key = "notify/claim/" + "/".join(whose.values())
    found = await conn.execute("select pg_try_advisory_xact_lock(hashtextextended(%s, 0))", (key,))
    row = await found.fetchone()
    return bool(row and row[0])


async def _claim_of(conn: Connection, given: dict[str, Any]) -> list[Held]:
    found = await conn.execute(
        "select delivery_id, message_id from notification_deliveries where site = %(site)s"
        " and channel_site = %(channel_site)s and channel_id = %(channel)s and recipient = %(recipient)s"
        f" and ({_DUE} or (state = 'waiting' and tries = 0 and due_ms <= %(soon)s))"
        " order by due_ms, delivery_id for update skip locked",
        given,
    )
    rows = await found.fetchall()
    if not rows:
        return []
    ids = [row[0] for row in rows if row[1] == rows[0][1]][:MERGED_MAX]
    claimed = await conn.execute(
        f"{_CLAIM} and d.site = %(site)s and d.delivery_id = any(%(ids)s) returning {_COLUMNS}",
        given | {"ids": ids},
    )
    return sorted((Held(*row) for row in await claimed.fetchall()), key=lambda one: (one.raised_ms, one.delivery_id))


async def sent(conn: Connection, held: list[Held], worker: str, provider_id: str | None, now_ms: int) -> None:
    """A service has taken the message."""
    await conn.execute(
        "update notification_deliveries set state = case when state = 'delivered' then state else 'sent' end, sent_ms = %s,"
        " provider_id = coalesce(%s, provider_id), claimed_by = null, claimed_until_ms = null, target = null, reason = ''"
        " where site = %s and delivery_id = any(%s) and (claimed_by = %s or state = 'delivered')",
        (now_ms, provider_id, held[0].site, _ids(held), worker),
    )
    await conn.execute(
        "update notification_events set state = 'told' where site = %s and event_id = any(%s) and state = 'open'",
        (held[0].site, [one.event_id for one in held]),
    )


async def later(conn: Connection, held: list[Held], worker: str, due_ms: int, reason: str, *, repeat: bool) -> None:
    """Not now: again at `due_ms`. repeat: it may be out already."""
    await conn.execute(
        "update notification_deliveries set state = 'waiting', due_ms = %s, reason = %s, repeat = repeat or %s,"
        " claimed_by = null, claimed_until_ms = null where site = %s and delivery_id = any(%s) and claimed_by = %s",
        (due_ms, reason[:REASON_CHARS_MAX], repeat, held[0].site, _ids(held), worker),
    )


async def put_off(conn: Connection, held: list[Held], worker: str, due_ms: int, reason: str) -> None:
    """Its time is not yet come; this was no try."""
    await later(conn, held, worker, due_ms, reason, repeat=False)
    await conn.execute(
        "update notification_deliveries set tries = greatest(0, tries - 1), message_id = null"
        " where site = %s and delivery_id = any(%s) and not repeat",
        (held[0].site, _ids(held)),
    )


async def over(conn: Connection, held: list[Held], worker: str, state: str, reason: str) -> None:
    """It does not go out any more: 'failed', 'expired' or 'cancelled'."""
    await conn.execute(
        "update notification_deliveries set state = %s, reason = %s, target = null, claimed_by = null,"
        " claimed_until_ms = null where site = %s and delivery_id = any(%s) and claimed_by = %s",
        (state, reason[:REASON_CHARS_MAX], held[0].site, _ids(held), worker),
    )


async def delivered(conn: Connection, site: str, message_id: str, now_ms: int) -> bool:
    """The receiver's side says that it arrived. False: no such message, or known already."""
    found = await conn.execute(
        "update notification_deliveries set state = 'delivered', delivered_ms = %s, reason = ''"
        " where site = %s and message_id = %s and state in ('claimed', 'sent')",
        (now_ms, site, message_id),
    )
    return found.rowcount > 0


async def recent(conn: Connection, site: str, recipient: str, now_ms: int) -> list[int]:
    """When this person was sent messages within the last hour, oldest first; one for each message."""
    found = await conn.execute(
        "select min(sent_ms) from notification_deliveries where site = %s and recipient = %s and sent_ms > %s"
        " group by message_id order by 1",
        (site, recipient, now_ms - HOUR_MS),
    )
    return [row[0] for row in await found.fetchall()]


def free_ms(sent_at: list[int], *, critical: bool, now_ms: int) -> int | None:
    """When the limit lets the next message through; None: now. sent_at: of the last hour, oldest first."""
    most = HOURLY[critical]
    return None if len(sent_at) < most else max(now_ms + 1, sent_at[len(sent_at) - most] + HOUR_MS)


def pause_ms(tries: int, part: float, retry_after_s: float = 0.0) -> int:
    """How long to wait after `tries` tries. part: random, 0 to 1. At least what the service asked for."""
    bound = min(LAST_MS, FIRST_MS * 2 ** min(max(0, tries - 1), 32))
    return max(int(bound * part), int(retry_after_s * 1000))


def _ids(held: list[Held]) -> list[str]:
    return [one.delivery_id for one in held]
