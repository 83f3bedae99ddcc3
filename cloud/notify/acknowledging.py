"""Somebody takes an alert upon themselves: the ladder ends, the clinic is told by a command, the audit has a line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from cloud.accounts import audit
from cloud.db.pool import Connection
from cloud.mailbox.service import Mailbox, MailboxFull
from cloud.notify import alerts
from cloud.notify.rows import end_event
from shared.clock import Clock


class Acknowledging:
    """Statements on a connection the caller commits."""

    def __init__(self, mailbox: Mailbox, clock: Clock) -> None:
        self._mailbox, self._clock = mailbox, clock

    async def state(self, conn: Connection, site: str, alert_ids: Sequence[str]) -> Literal["open", "over"]:
        """Whether any of the alerts still waits for somebody."""
        return "open" if await alerts.open_of(conn, site, alert_ids) else "over"

    async def by_link(
        self, conn: Connection, site: str, alert_ids: Sequence[str], recipient: str, now_ms: int
    ) -> list[str]:
        """Acknowledge those that are open, in the name of whoever the link was sent to; returns which."""
        by = await alerts.name_of(conn, site, recipient)
        done = []
        for alert_id in sorted(await alerts.open_of(conn, site, alert_ids)):
            if await self.one(conn, site, alert_id, recipient, by, now_ms):
                done.append(alert_id)
        await audit.write(conn, self._clock, f"link:{recipient}", "alert_acknowledged", site=site, alerts=done)
        return done

    async def one(self, conn: Connection, site: str, alert_id: str, recipient: str, by: str, now_ms: int) -> bool:
        """Acknowledge one alert. `by`: a name for people. False when it was acknowledged or over.

        A clinic that has not taken its commands for very long is told by nobody; head office knows all the same.
        """
        taken = await alerts.acknowledge(conn, site, alert_id, recipient, by, now_ms)
        if taken is None:
            return False
        alert_id, source = taken
        if source == alerts.EDGE:
            body = {"alert_id": alert_id, "by": by}
            try:  # each time anew: an alert that was taken on may climb, and is then taken on once more
                await self._mailbox.enqueue(conn, site, "acknowledge_care_alert", "link", body)
            except MailboxFull:
                await audit.write(conn, self._clock, "program", "alert_not_passed_on", site=site, alert=alert_id)
        for event_id in await alerts.events_of(conn, site, alert_id):
            await end_event(conn, site, event_id, "somebody takes care of it")
        return True
