"""Where somebody's device is: its time zone, as it last said (`clock_set`). Plans of tz_policy "device" follow it."""

from __future__ import annotations

from zoneinfo import available_timezones

from cloud.db.pool import Connection


async def device_zone(conn: Connection, site: str, person_id: str) -> str | None:
    """The zone the person's device said it is in, an IANA name; None where it has said none, or nothing that is a zone."""
    found = await conn.execute(
        "select e.data->>'timezone' from devices d join device_events e on e.site = d.site and e.device_id = d.device_id"
        " where d.site = %s and d.person_id = %s and d.status <> 'removed' and e.kind = 'clock_set'"
        " and e.data->>'timezone' is not null order by e.at_ms desc, e.device_seq desc limit 1",
        (site, person_id),
    )
    row = await found.fetchone()
    return row[0] if row is not None and row[0] in available_timezones() else None
