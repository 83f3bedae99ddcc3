"""When a channel fails for good, the same person is told on the next one of theirs; without one, the ladder goes on."""

from __future__ import annotations

from cloud.db.pool import ALERTS, Connection, notify
from cloud.notify.channels import Channels
from cloud.notify.claims import Held
from cloud.notify.rows import EVERYBODY, Tell, add_deliveries


async def next_place(conn: Connection, channels: Channels, held: list[Held], now_ms: int) -> bool:
    """Add deliveries on the person's next channel that has not had this event; False when there is none: then somebody else
    is to be told, which `telling` sees to."""
    head = held[0]
    kind, _, owner = head.recipient.partition(":")
    theirs = await channels.of(conn, [head.site, EVERYBODY], kind, [owner])
    added = 0
    for one in held:
        found = await conn.execute(
            "select channel_id from notification_deliveries where site = %s and event_id = %s and recipient = %s",
            (one.site, one.event_id, one.recipient),
        )
        had = {row[0] for row in await found.fetchall()}
        following = next((channel for channel in theirs if channel.id not in had), None)
        if following is None or one.topic == "code":
            continue
        tell = Tell(
            key="", topic=one.topic, severity="warning", audience="", facts={}, raised_ms=one.raised_ms,
            expires_ms=one.expires_ms, critical=one.critical,
        )  # fmt: skip
        added += await add_deliveries(conn, one.site, one.event_id, tell, [following.receiver(one.language)], now_ms)
    if not added:
        await notify(conn, ALERTS, head.site)
    return added > 0
