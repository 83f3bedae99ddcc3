"""One conversation for each spoken exchange: recordings of a person and what was announced to them, close together.

Worked out from the rows alone, so that it does not matter in which order they came.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Final, NamedTuple

from cloud.db.pool import Connection

GAP_MS: Final = 2 * 60_000
"""Turns further apart are two exchanges."""
AROUND_MS: Final = 24 * 3_600_000
"""How far around a new turn is looked."""
_SPACE: Final = uuid.UUID("6f757470-6f73-4074-8a63-6f6e76657273")


class Turn(NamedTuple):
    """at_ms: when it was said.  role: "person" (a recording) or "device" (an announcement)."""

    at_ms: int
    id: str
    role: str
    device_id: str | None
    dose_id: str | None = None


def exchanges(turns: Sequence[Turn]) -> list[list[Turn]]:
    """Turns in order of time, cut where more than GAP_MS lies between two; those in which nobody spoke are none."""
    found: list[list[Turn]] = []
    for turn in sorted(turns):
        if not found or turn.at_ms - found[-1][-1].at_ms > GAP_MS:
            found.append([])
        found[-1].append(turn)
    return [one for one in found if any(turn.role == "person" for turn in one)]


def conversation_id(site: str, turns: Sequence[Turn]) -> str:
    """Named by its first recording."""
    first = next(turn.id for turn in turns if turn.role == "person")
    return str(uuid.uuid5(_SPACE, f"{site}\n{first}"))


async def regroup(conn: Connection, site: str, person_id: str, at_ms: int) -> None:
    """Bring the conversations of a person within a day around `at_ms` to what the rows say."""
    span = (site, person_id, at_ms - AROUND_MS, at_ms + AROUND_MS)
    found = await conn.execute(
        "select recorded_ms, interaction_id, role, device_id, dose_id from interaction_logs where site = %s"
        " and person_id = %s and recorded_ms between %s and %s and role = 'person' union all"
        " select at_ms, event_id, 'device', device_id, dose_id from dose_event_logs where site = %s and person_id = %s"
        " and at_ms between %s and %s and act = 'announced'",
        (*span, *span),
    )
    turns = [Turn(*row) for row in await found.fetchall()]
    await conn.execute(
        "delete from conversations where site = %s and person_id = %s and started_ms between %s and %s", span
    )
    await conn.execute(
        "delete from interaction_logs where site = %s and person_id = %s and recorded_ms between %s and %s"
        " and role = 'device'",
        span,
    )
    for one in exchanges(turns):
        name = conversation_id(site, one)
        device = next((turn.device_id for turn in one if turn.device_id), None)
        await conn.execute(
            "insert into conversations values (%s, %s, %s, %s, %s, %s, %s) on conflict (site, conversation_id)"
            " do update set started_ms = excluded.started_ms, ended_ms = excluded.ended_ms, turns = excluded.turns",
            (site, name, person_id, device, one[0].at_ms, one[-1].at_ms, len(one)),
        )
        spoken = [turn.id for turn in one if turn.role == "person"]
        await conn.execute(
            "update interaction_logs set conversation_id = %s where site = %s and interaction_id = any(%s)",
            (name, site, spoken),
        )
        async with conn.cursor() as cursor:
            await cursor.executemany(
                "insert into interaction_logs (site, interaction_id, conversation_id, role, person_id, device_id, recorded_ms,"
                " dose_id, purpose, status) values (%s, %s, %s, 'device', %s, %s, %s, %s, 'announcement', 'said')"
                " on conflict do nothing",
                [(site, f"said:{t.id}", name, person_id, t.device_id, t.at_ms, t.dose_id) for t in one if t.role == "device"],
            )  # fmt: skip
