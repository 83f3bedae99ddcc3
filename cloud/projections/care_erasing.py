"""A person is erased: what was said, and whatever names them in the tables of care, goes; what happened stays as numbers.

What head office itself does for them ends, as the clinic ends its part: plans of devices that reach it directly, and alerts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from psycopg.types.json import Jsonb

from cloud.db.pool import Connection
from cloud.feed import Kept

_BLANK: Final = (
    "update interaction_logs set transcript = '', heard = null where site = %s and person_id = any(%s)",
    "update alert_logs set title = 'Erased', body = '', says = '{}' where site = %s and person_id = any(%s)"
    " and title <> 'Erased'",
    "update dose_event_logs set reason = '' where site = %s and person_id = any(%s) and reason <> ''",
    "update holds set reason = '' where site = %s and person_id = any(%s) and reason <> ''",
    "delete from daily_patient_summaries where site = %s and person_id = any(%s)",
    "delete from weekly_patient_summaries where site = %s and person_id = any(%s)",
    "delete from summaries_due where site = %s and person_id = any(%s)",
)
_END: Final = (
    "update medication_plans set status = 'stopped', reason = 'erased', changed_ms = %s, expanded_until_ms = null"
    " where site = %s and person_id = any(%s) and owner = 'cloud' and status = 'active'",
    "update alert_logs set is_open = false, ended_ms = %s where site = %s and person_id = any(%s) and source <> 'edge'"
    " and is_open",
)
_EVENTS: Final = {
    "note": {"heard": None},
    "care_alert": {"title": "Erased", "body": "", "says": {}},
}
"""Entity -> what stands in the data of its events afterwards."""


async def forget(conn: Connection, site: str, events: Sequence[Kept]) -> None:
    """Erase what this batch says is erased, and what it tells of people who were erased before (an older store)."""
    gone = {k.event.id: k.at_ms for k in events if k.event.entity == "person" and k.event.data["erased"]}
    for person_id in sorted(gone):
        await conn.execute("insert into erasures values (%s, %s) on conflict do nothing", (site, person_id))
    touched = {str(k.event.data.get("person_id")) for k in events if k.event.data.get("person_id")} | set(gone)
    found = await conn.execute(
        "select person_id from erasures where site = %s and person_id = any(%s)", (site, sorted(touched))
    )
    erased = sorted(row[0] for row in await found.fetchall())
    if not erased:
        return
    for statement in _BLANK:
        await conn.execute(statement, (site, erased))
    now_ms = max(kept.at_ms for kept in events)
    for statement in _END:
        await conn.execute(statement, (now_ms, site, erased))
    await conn.execute(
        "update devices set person_id = null where site = %s and person_id = any(%s) and owner = 'cloud'",
        (site, erased),
    )
    await conn.execute(
        "update blobs b set gone_ms = %s from interaction_logs i where b.site = %s and i.site = b.site and i.sha256 = b.sha256"
        " and i.person_id = any(%s) and b.gone_ms is null",
        (now_ms, site, erased),
    )
    for entity, blank in _EVENTS.items():
        await conn.execute(
            "update events set data = data || %s where site = %s and entity = %s and data->>'person_id' = any(%s)"
            " and not data @> %s",
            (Jsonb(blank), site, entity, erased, Jsonb(blank)),
        )
