"""Alerts of every site: what needs, or needed, a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from cloud.db.pool import Connection
from cloud.feed import Kept
from cloud.projections import tiles
from cloud.projections.rows import Fields, Table
from shared.events import Lane


def _alert(kept: Kept) -> tuple[Any, ...]:
    f = Fields(kept)
    return f.text("topic"), f.text("title"), f.text("hint"), f.flag("open"), kept.at_ms


_ALERTS: Final = Table("site_alerts", "alert_id", ("topic", "title", "hint", "is_open", "at_ms"), _alert)


class Alerts:
    """Reader of the alert lane."""

    name = "alerts"
    lanes = frozenset((int(Lane.ALERT),))
    entities = frozenset(("alert",))

    async def apply(self, conn: Connection, site: str, events: Sequence[Kept]) -> None:
        """Upsert alerts."""
        await _ALERTS.upsert(conn, site, events)

    async def settle(self, conn: Connection, site: str) -> None:
        """Count the tile anew."""
        await tiles.recount(conn, site)
