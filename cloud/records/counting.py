"""From when the next dose counts, for medicines that count from the last one: the clinic's rule, over head office's rows."""

from __future__ import annotations

from cloud.db.pool import Connection


async def last_taken(conn: Connection, site: str, plan_id: str) -> dict[str, int]:
    """By item, when it was last taken, or was due where it was not: a missed, skipped or held dose ends no course.

    A dose that is held and not due yet (`next_action_ms`) is still to come.
    """
    found = await conn.execute(
        "select item_id, max(greatest(taken_ms, case when status in ('MISSED', 'SKIPPED', 'NOT_ANNOUNCED', 'UNKNOWN')"
        " or (status = 'HELD' and next_action_ms is null) then due_ms end)) as last_ms from dose_occurrences"
        " where site = %s and plan_id = %s group by item_id",
        (site, plan_id),
    )
    return {row[0]: row[1] for row in await found.fetchall() if row[1] is not None}
