"""Services and doctors of every site, as their newest events say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from psycopg.types.json import Jsonb

from cloud.db.pool import Connection
from cloud.feed import Kept
from cloud.projections import tiles
from cloud.projections.rows import Fields, Table
from shared.events import Lane


def _service(kept: Kept) -> tuple[Any, ...]:
    f = Fields(kept)
    options = f.maybe_object("policy_options") or Jsonb({})
    return f.text("letter"), f.text("name"), f.flag("is_open"), f.text("policy"), options


def _doctor(kept: Kept) -> tuple[Any, ...]:
    f = Fields(kept)
    return (
        f.number("number"), f.text("name"), f.text("specialization"), f.maybe_text("service"), f.text("room"),
        f.flag("is_active"), f.flag("is_on_break"), f.maybe_text("code"), f.maybe_text("policy"),
        f.maybe_object("policy_options") or Jsonb({}), f.number_or("created_at", 0),
    )  # fmt: skip


_SERVICES: Final = Table("services", "service_id", ("letter", "name", "is_open", "policy", "policy_options"), _service)
_DOCTORS: Final = Table(
    "doctors",
    "doctor_id",
    ("number", "name", "specialization", "service", "room", "is_active", "is_on_break", "code", "policy",
     "policy_options", "created_ms"),
    _doctor,
)  # fmt: skip


class Places:
    """Reader of what a site offers and who works there."""

    name = "places"
    lanes = frozenset((int(Lane.CARE),))
    entities = frozenset(("service", "doctor"))

    async def apply(self, conn: Connection, site: str, events: Sequence[Kept]) -> None:
        """Upsert services and doctors."""
        await _SERVICES.upsert(conn, site, [kept for kept in events if kept.event.entity == "service"])
        await _DOCTORS.upsert(conn, site, [kept for kept in events if kept.event.entity == "doctor"])

    async def settle(self, conn: Connection, site: str) -> None:
        """Count the tile anew."""
        await tiles.recount(conn, site)
