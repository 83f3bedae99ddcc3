"""What is told of a silent clinic: which doses came due there, and the alerts head office makes of that, day by day
(`cloud/records/outages.py`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from cloud.db.pool import Connection
from cloud.records.counting import last_taken
from cloud.records.outages import DAY_MS, WATCHDOG, begin_days
from cloud.records.zones import device_zone
from shared.doses.expansion import Occurrence, occurrences
from shared.doses.plan import BadPlan, Plan, plan_of

AROUND_ALERT_MS: Final = 36 * 3_600_000
"""A dose is missed 24 h after it was due at the latest, and an alert that stays open grows by later ones."""
CHAIN_MAX: Final = 200
"""Doses, each counting from the one before, that are looked for within a silence."""
WAITS: Final = ("PLANNED", "ANNOUNCED", "SNOOZED")
"""Status of a dose of which nobody knows yet what became of it."""


class UnheardDose(NamedTuple):
    """A dose that was to be taken while its site was not heard. due_ms: ms since 1970 UTC."""

    dose_id: str
    person_id: str
    medication: str
    due_ms: int
    critical: bool


async def raise_alert(
    conn: Connection, site: str, alert_id: str, *, topic: str, person_id: str | None, audience: str, critical: bool,
    now_ms: int, expires_ms: int, dose_ids: Sequence[str],
) -> None:  # fmt: skip
    """Keep an alert that head office makes itself; one that is there only gets the doses it lacks."""
    await conn.execute(
        "insert into alert_logs as a (site, alert_id, ordinal, version, source, person_id, topic, severity, title, body, hint,"
        " dose_ids, audience, critical, rung, tries, raised_ms, expires_ms, is_open)"
        " values (%s, %s, 1, 1, %s, %s, %s, %s, %s, '', %s, %s, %s, %s, 3, 0, %s, %s, true)"
        " on conflict (site, alert_id) do update set critical = a.critical or excluded.critical,"
        " dose_ids = array(select distinct unnest(a.dose_ids || excluded.dose_ids))",
        (
            site, alert_id, WATCHDOG, person_id, topic, "critical" if critical else "warning", "Not heard",
            "Ask the clinic or the patient; nobody knows yet what became of the doses.", list(dose_ids), audience, critical,
            now_ms, expires_ms,
        ),
    )  # fmt: skip


async def begin_day(
    conn: Connection, site: str, heard_ms: int, alert_id: str, person_id: str | None, now_ms: int
) -> bool:
    """The next day of an alert about a silence begins, if its last one is over and more doses came due since that began.
    person_id: None for all patients."""
    begun = await begin_days(
        conn, now_ms,
        "a.site = %(site)s and a.alert_id = %(alert)s and a.source = %(source)s and exists (select 1"
        " from notification_unheard_doses d where d.site = a.site and d.heard_ms = %(heard)s"
        " and (%(person)s::text is null or d.person_id = %(person)s) and d.due_ms > a.expires_ms - %(day)s)",
        {"site": site, "alert": alert_id, "source": WATCHDOG, "heard": heard_ms, "person": person_id},
    )  # fmt: skip
    return bool(begun)


async def end_alerts(conn: Connection, site: str, alert_ids: Sequence[str], now_ms: int) -> None:
    """Alerts of head office's own are over."""
    await conn.execute(
        "update alert_logs set is_open = false, ended_ms = %s where site = %s and alert_id = any(%s) and source = %s"
        " and is_open",
        (now_ms, site, list(alert_ids), WATCHDOG),
    )


async def due_doses(conn: Connection, site: str, from_ms: int, until_ms: int) -> list[UnheardDose]:
    """Doses due from `from_ms` until `until_ms` of which the site has told nothing final, by what it follows.

    A dose that was announced before and not answered yet counts as well.
    """
    planned = await _planned(conn, site, from_ms, until_ms)
    found = await conn.execute(
        "select dose_id, person_id, medication, due_ms, critical, status from dose_occurrences where site = %s"
        " and owner = 'site' and ((due_ms > %s and due_ms <= %s) or (miss_at_ms > %s and due_ms <= %s and status = any(%s)))",
        (site, from_ms, until_ms, from_ms, from_ms, list(WAITS)),
    )
    known = {row[0]: (UnheardDose(*row[:5]), row[5]) for row in await found.fetchall()}
    told = [dose for dose, status in known.values() if status in WAITS]
    return [*told, *(dose for dose in planned if dose.dose_id not in known)]


async def _planned(
    conn: Connection, site: str, from_ms: int, until_ms: int, person_id: str | None = None
) -> list[UnheardDose]:  # fmt: skip
    """Doses of the plans the site follows, of one person or of all, as the site itself expands them."""
    found = await conn.execute(
        "select p.plan_id, p.person_id, p.revision, p.body, m.times from medication_plans p"
        " left join meal_times m on m.site = p.site and m.person_id = p.person_id"
        " where p.site = %(site)s and p.owner = 'site' and p.status = 'active'"
        " and (%(person)s::text is null or p.person_id = %(person)s)",
        {"site": site, "person": person_id},
    )
    planned = []
    for plan_id, person_id, revision, body, times in await found.fetchall():
        try:
            plan = plan_of(body, id=plan_id, person_id=person_id, revision=revision)
        except BadPlan:
            continue  # the site refuses it too
        critical = {item.id for item in plan.items if item.critical}
        zone = await device_zone(conn, site, person_id) if plan.tz_policy == "device" else None
        taken = await last_taken(conn, site, plan_id)
        planned += [
            UnheardDose(one.id, plan.person_id, one.medication, one.due_at_ms, one.item_id in critical)
            for one in _coming(plan, from_ms + 1, until_ms + 1, times or {}, taken, zone)
        ]
    return planned


def _coming(
    plan: Plan, from_ms: int, until_ms: int, times: dict[str, str], taken: dict[str, int], zone: str | None
) -> list[Occurrence]:
    """What comes due; of a medicine that counts from the last one each in turn, as if nobody had taken the one before."""
    found: dict[str, Occurrence] = {}
    for _ in range(CHAIN_MAX):
        planned = occurrences(plan, from_ms, until_ms, times, taken, zone, from_ms)
        fresh = {one.id: one for one in planned if one.id not in found}
        if not fresh:
            break
        found |= fresh
        taken = {**taken, **{one.item_id: one.due_at_ms for one in planned}}
    return list(found.values())


async def planned_names(
    conn: Connection, site: str, person_id: str, dose_ids: Sequence[str], raised_ms: int
) -> list[list[Any]]:  # fmt: skip
    """[medicine, due ms] of doses of an alert that the site has told nothing of yet: alerts arrive before the rest."""
    wanted = set(dose_ids)
    planned = await _planned(conn, site, raised_ms - AROUND_ALERT_MS, raised_ms + AROUND_ALERT_MS, person_id)
    return [[dose.medication, dose.due_ms] for dose in planned if dose.dose_id in wanted]


class Unheard(NamedTuple):
    """What is not known of a silent site. since_ms: when it was heard last.  medicines: [medicine, due ms] to be named.

    doses, people: how many there are in all, since then.
    """

    since_ms: int | None
    medicines: list[list[Any]]
    doses: int
    people: int


async def doses_of(
    conn: Connection, site: str, raised_ms: int, person_id: str | None, day_ends_ms: int | None = None
) -> Unheard:
    """What an alert made of a silence is about, of its patient or (None) of all; named are only a patient's.

    day_ends_ms: of a later day of the alert: named are the doses that came due since the day before it began.
    """
    found = await conn.execute(
        "select max(heard_ms) from notification_silences where site = %s and heard_ms <= %s", (site, raised_ms)
    )
    row = await found.fetchone()
    since_ms = row[0] if row is not None else None
    doses = await conn.execute(
        "select medication, due_ms, person_id from notification_unheard_doses where site = %s and heard_ms = %s"
        " and (%s::text is null or person_id = %s) order by due_ms, medication",
        (site, since_ms, person_id, person_id),
    )
    all_ = await doses.fetchall()
    from_ms = None if day_ends_ms is None else day_ends_ms - 2 * DAY_MS
    named = [[one[0], one[1]] for one in all_ if person_id is not None and (from_ms is None or one[1] > from_ms)]
    return Unheard(since_ms, named, len(all_), len({one[2] for one in all_}))
