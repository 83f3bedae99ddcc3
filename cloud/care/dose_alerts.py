"""Alerts head office makes of doses and devices that reach it: one for a person and a topic, which grows, instead of many."""

from __future__ import annotations

from typing import Any, Final

from psycopg.types.json import Jsonb

from cloud.care.dose_rules import Outcome, rung
from cloud.db.pool import ALERTS, Connection, notify
from shared import device_faults
from shared.doses import stock
from shared.doses.localtime import DAY_MS
from shared.doses.states import OPEN
from shared.ids import new_id

DOSES_MAX: Final = 40
"""Doses one alert names; what is lost beyond them has an alert of its own. A silence is one: it names the newest."""
NAMES_MAX: Final = 12
"""Medicines one alert names."""
WARNS: Final = {
    "twice": "this dose was taken before", "on_hold": "taken although it is on hold",
    "early": "taken long before its time", "too_soon": "taken too soon after the last one",
    "too_much": "more than the limit was taken",
}  # fmt: skip
Row = dict[str, Any]
HINTS: Final = {
    "missed_dose": "Ask the person whether it was taken, and say so on the dose.",
    "double_dose": "Ask what was taken. Call the poison line or a doctor if it was too much.",
    "dose_limit": "Ask what was taken and how the person is.",
    "device_offline": "Look at the device: power, network. Until it is heard nobody knows what was taken.",
    device_faults.TOPIC: device_faults.HINT,
    "low_stock": "Order or refill the medicine.",
    "time_critical_gap": "Two doses lie further apart than usual because a clock was set: decide whether one is to be added.",
}


async def alert(
    conn: Connection, site: str, topic: str, person_id: str, title: str, now_ms: int, *, level: int, critical: bool,
    dose_id: str | None = None, device_id: str | None = None, says: Row | None = None,
) -> None:  # fmt: skip
    """Open an alert, or let the person's open one of that topic grow: more doses, a higher rung. Never a lower one.

    says: the title as a code and values (`shared.events.CARE_ALERT_FIELDS`).
    """
    audience = "clinic" if level >= 4 else "caregiver"
    severity = "critical" if critical or level >= 4 else "warning"
    doses = [dose_id] if dose_id else []
    known = await _belongs_to(conn, site, topic, person_id, device_id, doses, title)
    if known is None:
        await conn.execute(
            "insert into alert_logs (site, alert_id, source, person_id, topic, severity, title, hint, dose_ids, device_id,"
            " audience, critical, rung, raised_ms, expires_ms, says) values (%s, %s, 'cloud', %s, %s, %s, %s, %s, %s, %s, %s,"
            " %s, %s, %s, %s, %s)",
            (site, new_id(), person_id, topic, severity, title[:120], HINTS[topic], doses, device_id, audience, critical,
             level, now_ms, now_ms + DAY_MS, Jsonb(says or {})),
        )  # fmt: skip
    else:
        await conn.execute(
            "update alert_logs set version = version + 1, title = %s, says = %s, rung = greatest(rung, %s),"
            " critical = critical or %s,"
            " dose_ids = case when cardinality(dose_ids) >= %s then dose_ids"
            " else (select array_agg(distinct one) from unnest(dose_ids || %s::text[]) one) end, expires_ms = %s,"
            " audience = case when rung < %s then %s else audience end,"
            " severity = case when rung < %s then %s else severity end,"
            " acked_by = case when rung < %s then null else acked_by end,"
            " acked_ms = case when rung < %s then null else acked_ms end"
            " where site = %s and alert_id = %s and (rung < %s or not dose_ids @> %s::text[] or title <> %s)",
            (title[:120], Jsonb(says or {}), level, critical, DOSES_MAX, doses, now_ms + DAY_MS, level, audience, level,
             severity, level, level, site, known, level, doses, title[:120]),
        )  # fmt: skip
    await notify(conn, ALERTS, site)


async def _belongs_to(
    conn: Connection, site: str, topic: str, person_id: str, device_id: str | None, doses: list[str], title: str
) -> str | None:
    """The open alert that is about this: one that names these doses already, else one nobody has taken on.

    What somebody has taken on takes in nothing new, for nobody would be told of it. Each medicine that runs out has its own,
    and each fault of a device.
    """
    if topic == device_faults.TOPIC:
        return None
    named = "(cardinality(%(doses)s::text[]) > 0 and dose_ids @> %(doses)s::text[])"
    found = await conn.execute(
        "select alert_id from alert_logs where site = %(site)s and source = 'cloud' and topic = %(topic)s"
        " and person_id = %(person)s and is_open and device_id is not distinct from %(device)s"
        " and (topic <> 'low_stock' or starts_with(title, %(medicine)s))"
        f" and ({named} or (acked_ms is null and cardinality(dose_ids) < %(most)s))"
        f" order by {named} desc, raised_ms, alert_id limit 1 for update",
        {
            "site": site, "topic": topic, "person": person_id, "device": device_id, "doses": doses, "most": DOSES_MAX,
            "medicine": f"{stock.medicine_of(title)}:",
        },
    )  # fmt: skip
    row = await found.fetchone()
    return None if row is None else str(row[0])


async def end_low_stock(conn: Connection, site: str, person_id: str, medication: str, now_ms: int) -> None:
    """There is enough of a medicine again."""
    ended = await conn.execute(
        "update alert_logs set is_open = false, ended_ms = %s, version = version + 1 where site = %s and source = 'cloud'"
        " and topic = 'low_stock' and person_id = %s and is_open and starts_with(title, %s)",
        (now_ms, site, person_id, f"{stock.medicine_of(stock.title(medication, 0))}:"),
    )
    if ended.rowcount:
        await notify(conn, ALERTS, site)


async def end_looked_after(conn: Connection, now_ms: int) -> None:
    """Alerts of head office's own that somebody took on a day ago are over: what is still wrong raises the next. So are those
    of a device that is the person's no more: it will not be heard again, and what is wrong with it concerns nobody."""
    found = await conn.execute(
        "update alert_logs a set is_open = false, ended_ms = %s, version = version + 1 where is_open and ((acked_ms <= %s"
        " and source in ('cloud', 'llm') and topic <> 'device_offline') or (source = 'cloud'"
        " and topic in ('device_offline', 'device_fault') and device_id is not null and not exists (select 1 from devices d"
        " where d.site = a.site and d.device_id = a.device_id and d.person_id = a.person_id and d.status <> 'removed')))"
        " returning site",
        (now_ms, now_ms - DAY_MS),
    )
    for (site,) in set(await found.fetchall()):
        await notify(conn, ALERTS, site)


async def follow(conn: Connection, site: str, row: Row, outcome: Outcome, now_ms: int) -> None:
    """The alert an outcome asks for. row: as it is now."""
    if not outcome.alert:
        return
    person_id, critical, dose_id = row["person_id"], bool(row["critical"]), row["dose_id"]
    if outcome.alert == "device_offline":
        device_id = await _device_of(conn, site, person_id)
        await not_heard(conn, site, person_id, device_id, now_ms, critical=critical, dose_id=dose_id)
        return
    name = await _name(conn, site, person_id)
    if outcome.alert == "missed_dose":
        level, (words, says) = await _rung(conn, site, row, outcome), await _together(conn, site, row, outcome)
        await alert(conn, site, outcome.alert, person_id, f"{name} {words}", now_ms, level=level, critical=critical,
                    dose_id=dose_id, says=says)  # fmt: skip
        return
    title = f"{name}, {row['medication']}: {WARNS[outcome.says]}."
    await alert(conn, site, outcome.alert, person_id, title, now_ms, level=4, critical=True, dose_id=dose_id,
                says={"code": outcome.says, "medicines": [row["medication"]]})  # fmt: skip


async def _rung(conn: Connection, site: str, row: Row, outcome: Outcome) -> int:
    """4 for what goes to the clinic: a critical medicine that is skipped or nobody was told of, or missed too often."""
    if outcome.says != "missed":
        return 4 if outcome.says in ("skipped", "unsaid") and row["critical"] else 3
    before = await conn.execute(
        "select status, due_ms from dose_occurrences where site = %s and plan_id = %s and item_id = %s and due_ms < %s"
        " and due_ms > %s and status in ('EARLY', 'ON_TIME', 'LATE', 'SKIPPED', 'MISSED') order by due_ms",
        (site, row["plan_id"], row["item_id"], row["due_ms"], row["due_ms"] - 31 * DAY_MS),
    )
    return rung(row, [{"status": one[0], "due_ms": one[1]} for one in await before.fetchall()])


async def _together(conn: Connection, site: str, row: Row, outcome: Outcome) -> tuple[str, Row]:
    """What an alert about doses says of all it is about, this one and those it names already: in words, and as a code."""
    known = await _belongs_to(conn, site, "missed_dose", row["person_id"], None, [row["dose_id"]], row["medication"])
    found = await conn.execute(
        "select status, medication from dose_occurrences where site = %s and (dose_id = %s or dose_id in ("
        " select unnest(dose_ids) from alert_logs where site = %s and alert_id = %s)) order by due_ms, medication",
        (site, row["dose_id"], site, known),
    )
    named: dict[str, list[str]] = {}
    for status, medication in await found.fetchall():
        of = named.setdefault("OPEN" if status in OPEN else status, [])
        if medication not in of and len(of) < NAMES_MAX:
            of.append(medication)
    open_, skipped = named.get("OPEN", []), named.get("SKIPPED", [])
    missed, unsaid = named.get("MISSED", []), named.get("NOT_ANNOUNCED", [])
    if outcome.says in ("unanswered", "skipped"):
        those, word = (open_, "has not answered") if outcome.says == "unanswered" else (skipped, "skips")
        return f"{word}: {', '.join(those)}", {"code": outcome.says, "medicines": those}
    told = (("missed", missed), ("was not told of", unsaid))
    code = "missed_unsaid" if missed and unsaid else outcome.says
    words = "; ".join(f"{word}: {', '.join(those)}" for word, those in told if those)
    return words, {"code": code, "medicines": missed, "unsaid": unsaid}


async def not_heard(
    conn: Connection, site: str, person_id: str, device_id: str | None, now_ms: int, *, critical: bool,
    dose_id: str | None = None,
) -> None:  # fmt: skip
    """One alert for a device and its silence: what was taken meanwhile nobody knows, so none is called missed. It takes in the
    doses that are lost, the newest of them, and is told of them once a day (`cloud/records/outages.py`)."""
    doses = [dose_id] if dose_id else []
    known = await conn.execute(
        "update alert_logs set critical = critical or %(critical)s, severity = case when critical or %(critical)s"
        " then 'critical' else severity end, dose_ids = case when dose_ids @> %(doses)s::text[] then dose_ids"
        " else (dose_ids || %(doses)s::text[])[greatest(1, cardinality(dose_ids) + 2 - %(most)s):] end where site = %(site)s"
        " and source = 'cloud' and topic = 'device_offline' and person_id = %(person)s"
        " and device_id is not distinct from %(device)s and is_open",
        {"critical": critical, "doses": doses, "most": DOSES_MAX, "site": site, "person": person_id, "device": device_id},
    )  # fmt: skip
    if known.rowcount:
        await notify(conn, ALERTS, site)
        return
    found = await conn.execute("select name from devices where site = %s and device_id = %s", (site, device_id))
    device = await found.fetchone()
    name = await _name(conn, site, person_id, "a patient")
    title = of_device(f"The device of {name} is not heard", device[0] if device else "")
    await alert(
        conn, site, "device_offline", person_id, title, now_ms, level=3, critical=critical, dose_id=dose_id,
        device_id=device_id,
    )  # fmt: skip


def of_device(title: str, name: str) -> str:
    """The title of an alert with the device it is about, for a person may have several."""
    return f"{title} ({name})" if name else title


async def _device_of(conn: Connection, site: str, person_id: str) -> str | None:
    """The device that was to announce a person's doses: the one heard last, also one that was never heard."""
    found = await conn.execute(
        "select d.device_id from devices d where d.site = %s and d.person_id = %s and d.owner = 'cloud'"
        " and d.status <> 'removed' order by d.status = 'active' desc, (select max(h.heard_ms) from device_heartbeats h"
        " where h.site = d.site and h.device_id = d.device_id) desc nulls last, d.created_ms, d.device_id limit 1",
        (site, person_id),
    )
    row = await found.fetchone()
    return None if row is None else str(row[0])


async def end_for(conn: Connection, site: str, row: Row, how: str, now_ms: int) -> None:
    """Alerts about doses all of which are answered are over, and say how."""
    ended = await conn.execute(
        "update alert_logs a set is_open = false, ended_ms = %s, body = %s, version = version + 1 where site = %s"
        " and source = 'cloud' and topic = 'missed_dose' and is_open and dose_ids @> array[%s] and not exists ("
        " select 1 from dose_occurrences d where d.site = a.site and d.dose_id = any(a.dose_ids)"
        " and d.status not in ('EARLY', 'ON_TIME', 'LATE', 'SKIPPED', 'HELD', 'VOIDED'))",
        (now_ms, how, site, row["dose_id"]),
    )
    if ended.rowcount:
        await notify(conn, ALERTS, site)


async def _name(conn: Connection, site: str, person_id: str, nobody: str = "A patient") -> str:
    found = await conn.execute("select name from persons where site = %s and person_id = %s", (site, person_id))
    row = await found.fetchone()
    return str(row[0]) if row and row[0] else nobody
