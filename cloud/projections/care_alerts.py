"""Alerts of care, which come before everything else, as the sites' newest events say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from psycopg.types.json import Jsonb

from cloud.db.pool import ALERTS, Connection, notify
from cloud.feed import Kept
from cloud.projections.care_erasing import forget
from cloud.projections.rows import Fields, Table
from cloud.records import joining
from shared.events import Lane


def _alert(kept: Kept) -> tuple[Any, ...]:
    f = Fields(kept)
    is_open = f.flag("open")
    return (
        "edge", f.maybe_text("person_id"), f.text("topic"), f.text("severity"), f.text("title"), f.text_or("body", ""),
        f.text_or("hint", ""), f.texts("dose_ids"), f.maybe_text("device_id"), f.maybe_text("note_id"), f.text("audience"),
        f.flag("critical"), f.number("rung"), f.number("tries"), f.number("raised_at"), f.number("expires_at"),
        f.maybe_text("acked_by"), f.maybe_number("acked_at"), is_open, None if is_open else kept.at_ms,
        joining.CLINICS_URGENCY if f.text("topic") in joining.SPOKEN else None, f.maybe_object("says") or Jsonb({}),
    )  # fmt: skip


_ALERTS: Final = Table(
    "alert_logs", "alert_id",
    ("source", "person_id", "topic", "severity", "title", "body", "hint", "dose_ids", "device_id", "note_id", "audience",
     "critical", "rung", "tries", "raised_ms", "expires_ms", "acked_by", "acked_ms", "is_open", "ended_ms",
     "urgency", "says"),
    _alert, "t.source = 'edge'",
)  # fmt: skip


class CareAlerts:
    """Reader of care alerts."""

    name = "care_alerts"
    lanes = frozenset((int(Lane.ALERT),))
    entities = frozenset(("care_alert",))

    async def apply(self, conn: Connection, site: str, events: Sequence[Kept]) -> None:
        """Upsert, join with what head office found in the same recordings, and tell whoever tells people."""
        spoken = sorted({k.event.id for k in events if k.event.data.get("topic") in joining.SPOKEN})
        if spoken:
            await joining.hold(conn, site)
        await _ALERTS.upsert(conn, site, events)
        if spoken:
            await joining.join(conn, site, spoken)
        await forget(conn, site, events)
        await notify(conn, ALERTS, site)

    async def settle(self, conn: Connection, site: str) -> None:
        """Nothing is counted."""
