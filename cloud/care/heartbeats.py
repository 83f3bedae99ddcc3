"""How devices that reach head office are: a row at most every 15 minutes unless something changed; their stock and faults."""

from __future__ import annotations

from typing import Final

from psycopg.types.json import Jsonb

from cloud.care import dose_clock, faults, stocks
from cloud.care.devices import Asking
from cloud.db.pool import Connection
from shared.device_api import Heartbeat
from shared.doses.localtime import MINUTE_MS

REPORT_EVERY_MS: Final = 15 * MINUTE_MS


async def keep(conn: Connection, device: Asking, beat: Heartbeat, now_ms: int) -> None:
    """A device said how it is. One that is back ends the alert that it was away; stock by compartment is its own word; each
    fault is told once."""
    named = [str(one) for one in beat.faults]
    await conn.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"device/{device.id}",))
    found = await conn.execute(
        "select version, online, faults, firmware, boot_id, heard_ms, reported_ms from device_heartbeats"
        " where site = %s and device_id = %s order by ordinal desc, version desc limit 1",
        (device.site, device.id),
    )
    last = await found.fetchone()
    same = last is not None and (last[1], last[2], last[3], last[4]) == (
        True,
        named,
        beat.firmware,
        beat.boot_id,
    )
    if last is not None and same and now_ms - last[6] < REPORT_EVERY_MS:
        await conn.execute(
            "update device_heartbeats set heard_ms = %s, battery = %s, wifi_dbm = %s where site = %s"
            " and device_id = %s and ordinal = 1 and version = %s",
            (now_ms, beat.battery, beat.wifi_dbm, device.site, device.id, last[0]),
        )
    else:
        await conn.execute(
            "insert into device_heartbeats (site, device_id, ordinal, version, online, heard_ms, reported_ms, battery,"
            " wifi_dbm, firmware, faults, boot_id) values (%s, %s, 1, %s, true, %s, %s, %s, %s, %s, %s, %s)",
            (device.site, device.id, (last[0] if last else 0) + 1, now_ms, now_ms, beat.battery, beat.wifi_dbm,
             beat.firmware, Jsonb(named), beat.boot_id),
        )  # fmt: skip
    if last is None or not last[1]:
        await dose_clock.heard(conn, device.site, device.id, now_ms)
    if beat.stock and device.person_id is not None:
        await stocks.weighed(conn, device.site, device.person_id, device.id, beat.stock, now_ms)
    await faults.heard(conn, device, beat, last[2] if last else [], now_ms)
