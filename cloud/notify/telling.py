"""From alerts to events: who is told next, what is over, and what has to be put right.

One pass over a site looks at every alert that is open or was told, in one transaction under the site's lock. Passing twice
changes nothing: each step of an alert has a key.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from cloud.db.pool import Connection
from cloud.notify import alerts, ladder
from cloud.notify.alerts import Alert
from cloud.notify.channels import Channels
from cloud.notify.ladder import Step, Told
from cloud.notify.people import receivers_of
from cloud.notify.rows import Receiver, Tell, end_event, reopen, tell_receivers
from cloud.records.joining import lock_name
from cloud.records.outages import is_again, is_outage

STEPS_MAX: Final = len(ladder.STEPS)
CORRECTION_MS: Final = 12 * 3_600_000
"""How long it is worth saying that a dose was taken after all."""
ALSO_CAREGIVERS: Final = frozenset(("missed_dose", "device_offline", "red_flag", "help"))
"""Topics of which the patient's caregiver is told whoever else is: doses, and words of danger. Who is near can look."""
UNKNOWN: Final = frozenset(("device_offline", "not_heard", "not_heard_clinic"))
"""Topics that say that nothing is known; their end is told as "heard again"."""


async def lock(conn: Connection, site: str) -> bool:
    """Be the only one who passes over the site until the transaction ends; False: somebody is."""
    found = await conn.execute("select pg_try_advisory_xact_lock(hashtextextended(%s, 0))", (lock_name(site),))
    row = await found.fetchone()
    return bool(row and row[0])


async def look(conn: Connection, channels: Channels, site: str, now_ms: int) -> int:
    """Pass over a site's alerts; returns how many events were made. The caller holds `lock` and commits."""
    made = 0
    for alert in await alerts.to_look_at(conn, site):
        told = await alerts.told(conn, site, alert)
        if alert.is_open and not alert.acknowledged:
            made += await _climb(conn, channels, site, alert, told, now_ms)
        else:
            made += await _end(conn, site, alert, now_ms)
    return made


async def _climb(
    conn: Connection, channels: Channels, site: str, alert: Alert, told: Sequence[Told], now_ms: int
) -> int:
    """Every step whose time has come; several at once where nobody of an audience can be reached.

    An alert that has grown, by more doses or more urgency, is told once more to those of its last step, and to the first
    caregiver; one about an outage when its next day begins.
    """
    made, steps, day = 0, list(told), _key(alert)
    seen = ladder.Alert(
        alert.audience, alert.tries, alert.critical, alert.source in alerts.OWN, alert.topic in ALSO_CAREGIVERS,
        is_again(alert.source, alert.topic, alert.version),
    )  # fmt: skip
    again: list[Step] | None = None
    while len(steps) - len(told) <= STEPS_MAX:
        step, key = ladder.due(seen, steps, now_ms), day
        if step is None and not is_outage(alert.source, alert.topic):  # an outage is told once a day
            again = ladder.grown(seen, steps, len(alert.dose_ids), alert.urgency) if again is None else again
            step, key = (again.pop(0) if again else None), f"{key}:{_size(alert)}"
        if step is None:
            break
        receivers = await receivers_of(conn, channels, site, alert.person_id, step.audience, step.place)
        worse = ladder.is_worse(told, step.number, alert.urgency)
        tell = await _tell(conn, site, alert, step, f"{key}:{step.number}", worse=worse)
        event_id, state = await tell_receivers(conn, site, tell, receivers, now_ms)
        steps.append(Told(step.number, now_ms, state != "nobody", len(alert.dose_ids), alert.urgency))
        made += event_id is not None
        if state == "shown":
            break
    if not any(one.reached for one in steps):
        made += await _reachable_now(conn, channels, site, alert, [one.step for one in steps], now_ms)
    return made


def _key(alert: Alert) -> str:
    """What the keys of an alert's steps begin with: each is told once, and on a later day of an outage once more."""
    return f"alert:{alert.id}" + (f":day{alert.version}" if is_again(alert.source, alert.topic, alert.version) else "")


def _size(alert: Alert) -> str:
    """How much there is of an alert, for the key of what is told of it again."""
    return f"u{alert.urgency}" if alert.urgency else str(len(alert.dose_ids))


async def _tell(conn: Connection, site: str, alert: Alert, step: Step, key: str, *, worse: bool) -> Tell:
    facts = await alerts.facts(conn, site, alert)
    return Tell(
        key=key, topic=alert.topic, severity=alert.severity, audience=step.audience,
        facts={**facts, "while_open": True, "doses": len(alert.dose_ids), "urgency": alert.urgency, "worse": worse},
        raised_ms=alert.raised_ms, expires_ms=alert.expires_ms, critical=alert.critical, alert_id=alert.id,
        alert_version=alert.version, step=step.number, person_id=alert.person_id,
    )  # fmt: skip


async def _reachable_now(
    conn: Connection, channels: Channels, site: str, alert: Alert, steps: Sequence[int], now_ms: int
) -> int:
    """Nobody at all could be told of an alert: the first of its steps that reaches somebody by now is told."""
    for step in (ladder.STEPS[number - 1] for number in sorted(steps)):
        receivers = await receivers_of(conn, channels, site, alert.person_id, step.audience, step.place)
        if receivers:
            return await reopen(conn, site, f"{_key(alert)}:{step.number}", receivers, now_ms)
    return 0


async def _end(conn: Connection, site: str, alert: Alert, now_ms: int) -> int:
    """What has not gone out of a closed alert does not; whoever was told of it is told how it came out, where that matters."""
    heard = await _heard(conn, site, alert.id)
    for event_id in await alerts.events_of(conn, site, alert.id):
        await end_event(conn, site, event_id, "it was resolved" if not alert.is_open else "somebody takes care of it")
    if alert.is_open or not heard:
        return 0
    facts = await alerts.facts(conn, site, alert)
    outcome = await _outcome(conn, site, alert, facts)
    if outcome is None:
        return 0
    topic, more = outcome
    tell = Tell(
        key=f"alert:{alert.id}:end", topic=topic, severity="info", audience="again", facts={**facts, **more},
        raised_ms=alert.ended_ms or now_ms, expires_ms=(alert.ended_ms or now_ms) + CORRECTION_MS, alert_id=alert.id,
        alert_version=alert.version, person_id=alert.person_id,
    )  # fmt: skip
    made, _ = await tell_receivers(conn, site, tell, heard, now_ms)
    return int(made is not None)


async def _heard(conn: Connection, site: str, alert_id: str) -> list[Receiver]:
    """Those an alert went out to, or may have."""
    found = await conn.execute(
        "select distinct d.channel_site, d.channel_id, d.recipient, d.language from notification_deliveries d"
        " join notification_events e on e.site = d.site and e.event_id = d.event_id"
        " where d.site = %s and e.alert_id = %s and e.audience <> 'again'"
        " and (d.state in ('sent', 'delivered', 'claimed') or d.repeat)",
        (site, alert_id),
    )
    return [Receiver(*row) for row in await found.fetchall()]


async def _outcome(
    conn: Connection, site: str, alert: Alert, facts: dict[str, Any]
) -> tuple[str, dict[str, Any]] | None:
    """How it came out, in words; None where there is nothing that must be put right."""
    if alert.topic in UNKNOWN:
        return ("device_heard_again" if alert.topic == "device_offline" else "heard_again"), {"since_ms": None}
    taken_ms = await alerts.taken_ms(conn, site, alert) if alert.topic == "missed_dose" else None
    return None if taken_ms is None else ("taken_after_all", {"taken_ms": taken_ms})
