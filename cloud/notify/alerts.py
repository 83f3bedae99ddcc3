"""What notifications read of the tables of care (`0005_care.sql`), and the one thing they write there: who took an alert.

The rooms of the cloud meet in tables; every statement over another room's table is here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from cloud.db.pool import Connection
from cloud.notify import ladder
from cloud.notify.ladder import Told
from cloud.notify.unheard import doses_of, planned_names
from cloud.records.outages import DAY_MS, WATCHDOG, is_again, is_outage
from shared.doses import stock

EDGE: Final = "edge"
OWN: Final = frozenset((WATCHDOG, "llm"))
"""Who raises alerts and does not climb with them. A clinic's program does, and so does `cloud/care` for its devices."""
_OPEN: Final = "(is_open and acked_ms is null)"
_ALERT: Final = (
    "alert_id, version, source, person_id, told_topic, severity, title, dose_ids, audience, critical, tries, raised_ms,"
    " expires_ms, acked_ms is not null, is_open, ended_ms, device_id, coalesce(urgency, 0), says"
)
_MEANT: Final = (
    "alert_logs m join alerts_now a on a.site = m.site and a.alert_id = coalesce(m.part_of, m.alert_id)"
    " where m.site = %s and m.alert_id = any(%s)"
)
"""An alert that has joined another means that one: links that were sent go on being good."""


class Alert(NamedTuple):
    """A row of `alerts_now`, as far as telling it needs. topic: of the most urgent that was found."""

    id: str
    version: int
    source: str
    person_id: str | None
    topic: str
    severity: str
    title: str
    dose_ids: list[str]
    audience: str
    critical: bool
    tries: int
    raised_ms: int
    expires_ms: int
    acknowledged: bool
    is_open: bool
    ended_ms: int | None
    device_id: str | None
    urgency: int
    says: dict[str, Any]


class Caregiver(NamedTuple):
    """Somebody listed for a patient. account: with which they sign in, if they do."""

    id: str
    language: str | None
    account: str | None


async def to_look_at(conn: Connection, site: str) -> list[Alert]:
    """Alerts that wait for somebody, and those that were told and are over but not seen to yet."""
    found = await conn.execute(
        f"select {_ALERT} from alerts_now a where site = %s and ({_OPEN} or exists (select 1"
        " from notification_events e where e.site = a.site and e.alert_id = a.alert_id and e.state <> 'ended'"
        " and e.audience <> 'again')) order by raised_ms, alert_id",
        (site,),
    )
    return [Alert(*row) for row in await found.fetchall()]


async def sites_with_alerts(conn: Connection) -> list[str]:
    """Where there may be something to do."""
    found = await conn.execute(
        f"select site from alerts_now where {_OPEN} union"
        " select site from notification_events where alert_id is not null and state in ('open', 'told', 'nobody')"
    )
    return [row[0] for row in await found.fetchall()]


async def open_of(conn: Connection, site: str, alert_ids: Sequence[str]) -> set[str]:
    """Which of these still wait for somebody."""
    if not alert_ids:
        return set()
    found = await conn.execute(
        f"select m.alert_id from {_MEANT} and a.is_open and a.acked_ms is null", (site, list(alert_ids))
    )
    return {row[0] for row in await found.fetchall()}


async def acknowledge(
    conn: Connection, site: str, alert_id: str, recipient: str, by: str, now_ms: int
) -> tuple[str, str] | None:
    """Note who took an alert; returns its id (of what it has joined) and source, None when it was taken or over."""
    # The row is locked before it is asked what it is part of: one that joins another meanwhile is not taken by itself.
    await conn.execute("select 1 from alert_logs where site = %s and alert_id = %s for update", (site, alert_id))
    found = await conn.execute(f"select a.alert_id, a.is_open and a.acked_ms is null from {_MEANT}", (site, [alert_id]))
    meant = await found.fetchone()
    if meant is None or not meant[1]:
        return None
    await conn.execute(
        "insert into notification_acknowledgements (site, alert_id, rung, recipient, by_name, at_ms)"
        " select site, alert_id, coalesce(rung, 0), %s, %s, %s from alert_logs where site = %s and alert_id = %s"
        " on conflict (site, alert_id) do update set rung = excluded.rung, recipient = excluded.recipient,"
        " by_name = excluded.by_name, at_ms = excluded.at_ms",
        (recipient, by, now_ms, site, meant[0]),
    )
    done = await conn.execute(
        "update alert_logs set acked_by = %s, acked_ms = %s where site = %s and alert_id = %s returning alert_id, source",
        (by, now_ms, site, meant[0]),
    )
    row = await done.fetchone()
    return None if row is None else (str(row[0]), str(row[1]))


async def told(conn: Connection, site: str, alert: Alert) -> list[Told]:
    """The steps of an alert that were told; of one about an outage, those of its present day.

    A step whose messages all failed for good, on every channel there is, has reached nobody.
    """
    found = await conn.execute(
        "select step, created_ms, state <> 'nobody' and coalesce((select bool_or(d.state <> 'failed')"
        " from notification_deliveries d where d.site = e.site and d.event_id = e.event_id), true),"
        " coalesce((facts->>'doses')::int, 0),"
        f" coalesce((facts->>'urgency')::int, {ladder.URGENCY_MAX}) from notification_events e where site = %s"
        " and alert_id = %s and step is not null and (%s or alert_version = %s)",
        (site, alert.id, not is_outage(alert.source, alert.topic), alert.version),
    )
    return [Told(*row) for row in await found.fetchall()]


async def events_of(conn: Connection, site: str, alert_id: str) -> list[str]:
    """Events of an alert that are not ended, but for what puts it right."""
    found = await conn.execute(
        "select event_id from notification_events where site = %s and alert_id = %s and state <> 'ended'"
        " and audience <> 'again'",
        (site, alert_id),
    )
    return [row[0] for row in await found.fetchall()]


async def facts(conn: Connection, site: str, alert: Alert) -> dict[str, Any]:
    """What the words about an alert need."""
    found = await conn.execute(
        "select dose_id, medication, due_ms from dose_occurrences where site = %s and dose_id = any(%s)",
        (site, alert.dose_ids),
    )
    known = {row[0]: [row[1], row[2]] for row in await found.fetchall()}
    medicines = [*known.values()]
    unknown = [id_ for id_ in alert.dose_ids if id_ not in known]
    if unknown and alert.person_id is not None:
        medicines += await planned_names(conn, site, alert.person_id, unknown, alert.raised_ms)
    medicines.sort(key=lambda one: (one[1], one[0]))
    medicines = medicines or [[name, None] for of in ("medicines", "unsaid") for name in alert.says.get(of, ())]
    if alert.topic == "low_stock" and not medicines:  # a clinic of before says it in the title alone
        medicines = [[stock.medicine_of(alert.title) or alert.title, None]]
    since_ms = await _device_heard_ms(conn, site, alert) if alert.topic == "device_offline" else None
    given: dict[str, Any] = {}
    again = is_again(alert.source, alert.topic, alert.version)
    if again and since_ms is not None:
        medicines, count = await _unheard_of(conn, site, alert, since_ms)
        given = {"count": count}
    elif alert.source == WATCHDOG:
        unheard = await doses_of(conn, site, alert.raised_ms, alert.person_id, alert.expires_ms if again else None)
        since_ms, medicines = unheard.since_ms, unheard.medicines
        given = {"count": unheard.doses, "people": unheard.people} if again else {}
    given |= {
        "person_id": alert.person_id, "name": await person_name(conn, site, alert.person_id),
        "clinic": await site_name(conn, site), "title": alert.title, "code": alert.says.get("code", ""),
        "medicines": medicines, "since_ms": since_ms,
    }  # fmt: skip
    return given


async def taken_ms(conn: Connection, site: str, alert: Alert) -> int | None:
    """When the last dose of an alert was taken, if all of them were; None otherwise."""
    if not alert.dose_ids:
        return None
    found = await conn.execute(
        "select count(*), count(taken_ms) filter (where status in ('EARLY', 'ON_TIME', 'LATE')), max(taken_ms)"
        " from dose_occurrences where site = %s and dose_id = any(%s)",
        (site, alert.dose_ids),
    )
    row = await found.fetchone()
    return row[2] if row is not None and row[0] and row[0] == row[1] else None


async def caregivers(conn: Connection, site: str, person_id: str) -> list[Caregiver]:
    """The caregivers of a patient, in the order they are to be told."""
    found = await conn.execute(
        "select c.caregiver_id, c.language, c.account_id from patient_caregiver p join caregivers c on c.site = p.site"
        " and c.caregiver_id = p.caregiver_id where p.site = %s and p.person_id = %s order by p.place, c.caregiver_id",
        (site, person_id),
    )
    return [Caregiver(*row) for row in await found.fetchall()]


async def account_of(conn: Connection, site: str, caregiver_id: str) -> str | None:
    """The account a caregiver signs in with; None for one who does not, or is not there."""
    found = await conn.execute(
        "select account_id from caregivers where site = %s and caregiver_id = %s", (site, caregiver_id)
    )
    row = await found.fetchone()
    return None if row is None else row[0]


async def accounts(conn: Connection, site: str, roles: Sequence[str]) -> list[str]:
    """Active accounts with one of the roles that see the site."""
    found = await conn.execute(
        "select id from accounts where is_active and roles && %s and (sites is null or %s = any(sites)) order by id",
        (list(roles), site),
    )
    return [row[0] for row in await found.fetchall()]


async def owner_exists(conn: Connection, site: str, kind: str, owner_id: str) -> bool:
    """Whether there is such a caregiver or person at a site."""
    table = {
        "caregiver": "select 1 from caregivers where site = %s and caregiver_id = %s",
        "person": "select 1 from persons where site = %s and person_id = %s and not erased",
    }[kind]
    return await (await conn.execute(table, (site, owner_id))).fetchone() is not None


async def name_of(conn: Connection, site: str, recipient: str) -> str:
    """A name for people of somebody who was told ("caregiver:<id>")."""
    kind, _, owner_id = recipient.partition(":")
    select = {
        "caregiver": "select name from caregivers where caregiver_id = %s and site = %s",
        "account": "select name from accounts where id = %s and %s <> ''",
    }.get(kind)
    row = await (await conn.execute(select, (owner_id, site))).fetchone() if select else None
    return str(row[0]) if row is not None else kind


async def person_name(conn: Connection, site: str, person_id: str | None) -> str:
    """The name of a patient; "" when nobody knows it."""
    if person_id is None:
        return ""
    found = await conn.execute("select name from persons where site = %s and person_id = %s", (site, person_id))
    row = await found.fetchone()
    return str(row[0]) if row is not None else ""


async def language_of(conn: Connection, site: str, person_id: str | None) -> str:
    """The language of a patient, where nobody who is told has said their own."""
    found = await conn.execute("select language from persons where site = %s and person_id = %s", (site, person_id))
    row = await found.fetchone()
    return str(row[0]) if row is not None and row[0] else "en"


async def site_name(conn: Connection, site: str) -> str:
    """The name of a clinic."""
    found = await conn.execute("select name from sites where site = %s", (site,))
    row = await found.fetchone()
    return str(row[0]) if row is not None else site


async def _device_heard_ms(conn: Connection, site: str, alert: Alert) -> int | None:
    """When the device of an alert was last heard before it; None: nobody knows."""
    found = await conn.execute(
        "select max(heard_ms) from device_heartbeats where site = %s and device_id = %s and heard_ms <= %s",
        (site, alert.device_id, alert.raised_ms),
    )
    row = await found.fetchone()
    return row[0] if row is not None else None


async def _unheard_of(conn: Connection, site: str, alert: Alert, since_ms: int) -> tuple[list[list[Any]], int]:
    """Of a device that is not heard: [medicine, due ms] of what came due in the day before this one of its alert, and how many
    doses of its patient came due since it was heard of which nobody knows anything."""
    found = await conn.execute(
        "select medication, due_ms from dose_occurrences where site = %s and person_id = %s and owner = 'cloud'"
        " and due_ms > %s and due_ms <= %s and status in ('UNKNOWN', 'PLANNED', 'ANNOUNCED', 'SNOOZED')"
        " order by due_ms, medication",
        (site, alert.person_id, since_ms, alert.expires_ms - DAY_MS),
    )
    rows = await found.fetchall()
    return [[name, due_ms] for name, due_ms in rows if due_ms > alert.expires_ms - 2 * DAY_MS], len(rows)
