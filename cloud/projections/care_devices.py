"""How devices are and what they told, as the sites' events say: telemetry, behind everything else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from psycopg.types.json import Jsonb

from cloud.db.pool import Connection
from cloud.feed import Kept
from cloud.projections.rows import Fields, Table
from shared.events import Lane


def _event(kept: Kept) -> tuple[Any, ...]:
    f = Fields(kept)
    return (
        f.text("device_id"), f.text("boot_id"), f.number("device_seq"), f.text("event"), f.number("at"),
        f.number_or("uncertainty_s", 0), f.maybe_text("dose_id"), f.maybe_amount("quantity"), f.maybe_object("data"),
    )  # fmt: skip


_EVENTS: Final = Table(
    "device_events", "event_id",
    ("device_id", "boot_id", "device_seq", "kind", "at_ms", "uncertainty_s", "dose_id", "quantity", "data"), _event,
)  # fmt: skip


class CareDevices:
    """Reader of device states, which are kept one by one, and of what devices told."""

    name = "care_devices"
    lanes = frozenset((int(Lane.TELEMETRY),))
    entities = frozenset(("device_state", "device_event"))

    async def apply(self, conn: Connection, site: str, events: Sequence[Kept]) -> None:
        """Add what is not there."""
        await _EVENTS.upsert(conn, site, [kept for kept in events if kept.event.entity == "device_event"])
        rows = []
        for kept in events:
            if kept.event.entity == "device_state":
                f = Fields(kept)
                rows.append((
                    site, kept.event.id, kept.ordinal, kept.event.version, f.flag("online"), f.number("heard_at"),
                    f.maybe_amount("battery"), f.maybe_number("wifi_dbm"), f.maybe_text("firmware"), Jsonb(f.texts("faults")),
                ))  # fmt: skip
        if rows:
            async with conn.cursor() as cursor:
                await cursor.executemany(
                    "insert into device_heartbeats (site, device_id, ordinal, version, online, heard_ms, battery, wifi_dbm,"
                    " firmware, faults) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing",
                    rows,
                )

    async def settle(self, conn: Connection, site: str) -> None:
        """Nothing is counted."""
