"""Persons, bookable time and messages of every site, as their newest events say; and the end of what was personal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from psycopg.types.json import Jsonb

from cloud.db.pool import Connection
from cloud.feed import Kept
from cloud.projections.rows import Fields, Table
from shared.events import Lane

BLANK: Final = {
    "name": "", "phone": "", "email": "", "age": None, "gender": None, "language": None, "notify": False, "erased": True,
}  # fmt: skip
"""What stands for the data of an erased person, here as at the site."""


def _person(kept: Kept) -> tuple[Any, ...]:
    f = Fields(kept)
    return (
        f.text("name"), f.text("phone"), f.text("email"), f.maybe_number("age"), f.maybe_text("gender"),
        f.maybe_text("language"), f.flag("notify"), f.number("created_at"), f.flag("erased"),
    )  # fmt: skip


def _slot(kept: Kept) -> tuple[Any, ...]:
    f = Fields(kept)
    return (
        f.text("doctor_id"), f.text("day"), f.number("start_at"), f.number("end_at"), f.number("max_capacity"),
        f.text("status"), f.number("own_delay_min"), f.number("delay_min"), f.number("lent"), f.number("created_at"),
    )  # fmt: skip


def _broadcast(kept: Kept) -> tuple[Any, ...]:
    f = Fields(kept)
    return (
        f.text("doctor_id"), f.text("day"), f.text("message"), f.text("priority"), f.number("delay_min"),
        f.number("sent_at"), f.maybe_number("ended_at"),
    )  # fmt: skip


_PERSONS: Final = Table(
    "persons", "person_id",
    ("name", "phone", "email", "age", "gender", "language", "notify", "created_ms", "erased"), _person,
)  # fmt: skip
_SLOTS: Final = Table(
    "slots", "slot_id",
    ("doctor_id", "day", "start_ms", "end_ms", "max_capacity", "status", "own_delay_min", "delay_min", "lent",
     "created_ms"), _slot,
)  # fmt: skip
_BROADCASTS: Final = Table(
    "broadcasts",
    "broadcast_id",
    ("doctor_id", "day", "message", "priority", "delay_min", "sent_ms", "ended_ms"),
    _broadcast,
)


class Book:
    """Reader of who comes, when there is time for them, and what they are told."""

    name = "book"
    lanes = frozenset((int(Lane.CARE),))
    entities = frozenset(("person", "slot", "broadcast"))

    async def apply(self, conn: Connection, site: str, events: Sequence[Kept]) -> None:
        """Upsert all three; blank whoever was erased, now or before."""
        persons = [kept for kept in events if kept.event.entity == "person"]
        await _PERSONS.upsert(conn, site, persons)
        await _SLOTS.upsert(conn, site, [kept for kept in events if kept.event.entity == "slot"])
        await _BROADCASTS.upsert(conn, site, [kept for kept in events if kept.event.entity == "broadcast"])
        await _erase(conn, site, persons)

    async def settle(self, conn: Connection, site: str) -> None:
        """Nothing is counted."""


async def _erase(conn: Connection, site: str, persons: Sequence[Kept]) -> None:
    """Forget erased persons: their row, and the data of everything kept about them.

    An event's crc is a column of its own, so duplicates are still known as such, and a copied store still found; only what
    was said is gone. Also events that come later are blanked (of a store that was restored from before the erasing).
    """
    for kept in persons:
        if kept.event.data["erased"]:
            await conn.execute("insert into erasures values (%s, %s) on conflict do nothing", (site, kept.event.id))
    found = await conn.execute(
        "select person_id from erasures where site = %s and person_id = any(%s)",
        (site, sorted({kept.event.id for kept in persons})),
    )
    erased = [row[0] for row in await found.fetchall()]
    if not erased:
        return
    await conn.execute(
        "update persons set name = '', phone = '', email = '', age = null, gender = null, language = null, notify = false,"
        " erased = true where site = %s and person_id = any(%s)",
        (site, erased),
    )
    for table in (b"events", b"late_events"):
        await conn.execute(
            b"update " + table + b" set data = data || %s where site = %s and entity = 'person' and entity_id = any(%s)"
            b" and not data @> %s",
            (Jsonb(BLANK), site, erased, Jsonb(BLANK)),
        )
    for person in erased:
        await conn.execute(
            "update dead_letters set body = '' where site = %s and position(%s in body) > 0", (site, person.encode())
        )
