"""Visits and service-days of every site, as their newest events say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from cloud.db.pool import Connection
from cloud.feed import Kept
from cloud.projections import tiles, waits
from cloud.projections.rows import Fields, Table
from shared.events import Lane

_VISIT_COLUMNS: Final = (
    "number", "token", "service", "day", "status", "urgency", "is_emergency", "category", "doctor_id", "room",
    "created_ms", "arrived_ms", "called_ms", "started_ms", "ended_ms", "recalls", "person_id", "slot_id", "slot_no",
    "holds_place", "over_capacity", "due_ms", "delay_min", "paid_ms", "timer_ms", "reason", "claimed_urgency",
    "doctor_chosen", "skips", "pin", "language", "promised_low_s", "promised_high_s",
)  # fmt: skip


def _visit(kept: Kept) -> tuple[Any, ...]:
    f = Fields(kept)
    return (
        f.number("number"), f.maybe_text("token"), f.text("service"), f.text("day"), f.text("status"), f.number("urgency"),
        f.flag("is_emergency"), f.text("category"), f.maybe_text("doctor_id"), f.maybe_text("room"),
        f.number("created_at"), f.maybe_number("arrived_at"), f.maybe_number("called_at"),
        f.maybe_number("started_at"), f.maybe_number("ended_at"), f.number("recalls"), f.maybe_text("person_id"),
        f.maybe_text("slot_id"), f.maybe_number("slot_no"), f.flag_or("holds_place", False),
        f.flag_or("over_capacity", False), f.maybe_number("due_at"), f.number_or("delay_min", 0),
        f.maybe_number("paid_at"), f.maybe_number("timer_at"), f.text_or("reason", ""),
        f.maybe_number("claimed_urgency"), f.flag_or("doctor_chosen", False), f.number_or("skips", 0),
        f.maybe_object("pin"), f.maybe_text("language"), f.maybe_number("promised_low_s"),
        f.maybe_number("promised_high_s"),
    )  # fmt: skip


def _day(kept: Kept) -> tuple[Any, ...]:
    Fields(kept).text("day")
    return (kept.event.gseq, kept.at_ms)


_VISITS: Final = Table("visits", "visit_id", _VISIT_COLUMNS, _visit)
_DAYS: Final = Table("days", "day", ("gseq", "opened_ms"), _day)


class Visits:
    """Reader of the queue."""

    name = "visits"
    lanes = frozenset((int(Lane.CARE),))
    entities = frozenset(("visit", "day"))

    async def apply(self, conn: Connection, site: str, events: Sequence[Kept]) -> None:
        """Upsert visits and days, and work out how long these visits waited."""
        await _DAYS.upsert(conn, site, [kept for kept in events if kept.event.entity == "day"])
        visits = [kept for kept in events if kept.event.entity == "visit"]
        await _VISITS.upsert(conn, site, visits)
        await waits.follow(conn, site, visits)

    async def settle(self, conn: Connection, site: str) -> None:
        """Count the tile anew."""
        await tiles.recount(conn, site)
