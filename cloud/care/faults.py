"""What is wrong with devices that reach head office: one alert for each fault, while it lasts (`shared.device_faults`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from cloud.care import dose_alerts
from cloud.care.devices import Asking
from cloud.db.pool import ALERTS, Connection, notify
from shared import device_faults
from shared.device_api import DeviceEvent, Heartbeat
from shared.device_faults import LID_EVENTS, TOPIC, Told
from shared.doses.localtime import DAY_MS

LID_BACK_MS: Final = 31 * DAY_MS
"""How far back the last word about a lid is looked for."""


class _Open(NamedTuple):
    alert_id: str
    person_id: str | None
    told: Told


async def heard(conn: Connection, device: Asking, beat: Heartbeat, before: Sequence[str], now_ms: int) -> None:
    """A device said how it is: tell of what is wrong since now, end what is over. before: the faults it named the last time."""
    lid = await _lid(conn, device, beat.boot_id, now_ms)
    how = device_faults.Heard([str(one) for one in beat.faults], before, beat.battery, lid, now_ms)
    open_ = await _open(conn, device)
    over = [one for one in open_ if one.person_id != device.person_id or device_faults.is_over(one.told, how)]
    if over:
        await conn.execute(
            "update alert_logs set is_open = false, ended_ms = %s, version = version + 1 where site = %s"
            " and alert_id = any(%s)",
            (now_ms, device.site, [one.alert_id for one in over]),
        )
        await notify(conn, ALERTS, device.site)
    lasting = [one.told.word for one in open_ if one not in over]
    await _tell(conn, device, device_faults.reported(how), lasting, "heartbeat", now_ms)


async def told(conn: Connection, device: Asking, event: DeviceEvent, now_ms: int) -> None:
    """A device told of a fault, or of its battery, as something that happened."""
    words = [device_faults.of_event(event.kind, event.data or {})]
    lasting = [one.told.word for one in await _open(conn, device) if one.person_id == device.person_id]
    await _tell(conn, device, words, lasting, "event", now_ms)


async def _tell(
    conn: Connection, device: Asking, words: Iterable[str], lasting: Sequence[str], by: str, now_ms: int
) -> None:
    fresh = device_faults.fresh(words, lasting)
    if device.person_id is None or not fresh:
        return
    found = await conn.execute(
        "select d.name, coalesce(p.name, '') from devices d left join persons p on p.site = d.site"
        " and p.person_id = d.person_id where d.site = %s and d.device_id = %s",
        (device.site, device.id),
    )
    name, person = (await found.fetchone()) or ("", "")
    for word in fresh:
        await dose_alerts.alert(
            conn, device.site, TOPIC, device.person_id, dose_alerts.of_device(device_faults.title(person, word), name), now_ms,
            level=device_faults.RUNG, critical=False, device_id=device.id, says=device_faults.says(word, by),
        )  # fmt: skip


async def _open(conn: Connection, device: Asking) -> list[_Open]:
    found = await conn.execute(
        "select alert_id, person_id, coalesce(says->>'fault', ''), coalesce(says->>'by', ''), raised_ms from alert_logs"
        " where site = %s and source = 'cloud' and topic = %s and device_id = %s and is_open order by raised_ms, alert_id",
        (device.site, TOPIC, device.id),
    )
    return [_Open(row[0], row[1], Told(*row[2:])) for row in await found.fetchall()]


async def _lid(conn: Connection, device: Asking, boot_id: str, now_ms: int) -> tuple[str, int] | None:
    """The last thing a device told of its lid in this boot."""
    found = await conn.execute(
        "select kind, at_ms from device_events where site = %s and device_id = %s and at_ms > %s and boot_id = %s"
        " and kind = any(%s) order by device_seq desc limit 1",
        (device.site, device.id, now_ms - LID_BACK_MS, boot_id, list(LID_EVENTS)),
    )
    row = await found.fetchone()
    return None if row is None else (str(row[0]), int(row[1]))
