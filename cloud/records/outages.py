"""What is not heard for days is told of once a day: a clinic that is silent, or a device that reaches head office directly.

An alert about such an outage has days, which its `version` counts: on the first it is told and climbs; each later one says it
once more, of all doses that came due in between, and waits for somebody again. Within a day more doses are no news.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cloud.db.pool import Connection
from shared.doses import localtime

WATCHDOG: Final = "watchdog"
"""Source of the alerts about clinics."""
DEVICE: Final = "device_offline"
"""Topic of those about devices; of head office's own, for a clinic tells of its devices itself."""
DAY_MS: Final = localtime.DAY_MS
"""How long a day of an alert is: so long is it worth sending, and so long after it began nobody is told of further doses."""


def is_outage(source: str, topic: str) -> bool:
    """Whether an alert is told by days."""
    return source == WATCHDOG or (source == "cloud" and topic == DEVICE)


def is_again(source: str, topic: str, version: int) -> bool:
    """Whether an alert says once more what was told the day before."""
    return is_outage(source, topic) and version > 1


async def begin_days(conn: Connection, now_ms: int, which: str, values: Mapping[str, Any]) -> set[str]:
    """The next day of alerts begins whose last one is over; returns the sites of those.

    which: an SQL condition over `alert_logs a` with `values`, %(now)s and %(day)s: these alerts, and that more came due since
    `a.expires_ms - %(day)s`, when the last day began. Whoever took one on did so for that day: it waits for somebody again.
    """
    begun = await conn.execute(
        "update alert_logs a set version = version + 1, expires_ms = %(now)s + %(day)s, acked_by = null, acked_ms = null"
        f" where a.is_open and a.expires_ms <= %(now)s and {which} returning site, alert_id",
        {**values, "now": now_ms, "day": DAY_MS},
    )
    rows = await begun.fetchall()
    for site, alert_id in rows:
        await conn.execute(
            "delete from notification_acknowledgements where site = %s and alert_id = %s", (site, alert_id)
        )
    return {str(row[0]) for row in rows}
