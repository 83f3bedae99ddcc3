"""A silent clinic is something to tell: who has medicines due there is said not to be heard of, never to have missed them.

Once an outage and patient, and then once a day as long as more doses come due unheard, all of them in one message; the
clinic's people likewise, of all patients together. When the clinic is heard again, those who were told hear that too, and
what really became of the doses comes with its own events.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final, NamedTuple
from uuid import NAMESPACE_URL, uuid5

import psycopg
import structlog

from cloud.db.pool import ALERTS, Connection, Pool, notify
from cloud.notify.unheard import UnheardDose, begin_day, due_doses, end_alerts, raise_alert
from cloud.records.outages import DAY_MS
from shared.clock import Clock

LOOK_S: Final = 15.0
"""How often it looks, in domain time; never faster than LOOK_REAL_S_MIN."""
LOOK_REAL_S_MIN: Final = 0.2
OUTAGE_MS_MAX: Final = 30 * DAY_MS
"""A clinic silent for longer was given up; nobody is told of new doses there any more."""

log = structlog.get_logger(__name__)


class Silence(NamedTuple):
    """A site that is not heard, as head office's clock has it."""

    site: str
    heard_ms: int


class Watchdog:
    """Runs until cancelled. silent_after_ms: domain time without a word that makes a site silent."""

    def __init__(self, pool: Pool, clock: Clock, silent_after_ms: int) -> None:
        self._pool, self._clock, self._silent_after_ms = pool, clock, silent_after_ms
        self.started_ms = clock.now_ms()
        """Nobody could be heard before: a site is not silent because head office was away."""

    async def run(self) -> None:
        """Look again and again."""
        while True:
            await asyncio.sleep(max(LOOK_REAL_S_MIN, self._clock.real_s(LOOK_S)))
            try:
                await self.look()
            except psycopg.Error as error:
                log.warning("watchdog_without_database", error=type(error).__name__)

    async def look(self) -> None:
        """Look once at every site. Raises psycopg.Error."""
        now_ms = self._clock.now_ms()
        async with self._pool.transaction() as conn:
            for silence in await self._over(conn):
                await self._heard_again(conn, silence, now_ms)
            for silence in await self._silent(conn, now_ms):
                await self._not_heard(conn, silence, now_ms)

    async def _silent(self, conn: Connection, now_ms: int) -> list[Silence]:
        if now_ms - self.started_ms < self._silent_after_ms:
            return []
        found = await conn.execute(
            "select site, heard_ms from site_state where heard_ms < %s and heard_ms > %s order by site",
            (now_ms - self._silent_after_ms, now_ms - OUTAGE_MS_MAX),
        )
        return [Silence(*row) for row in await found.fetchall()]

    async def _over(self, conn: Connection) -> list[Silence]:
        found = await conn.execute(
            "select s.site, s.heard_ms from notification_silences s join site_state t on t.site = s.site"
            " where s.heard_again_ms is null and t.heard_ms > s.heard_ms order by s.site for update of s skip locked"
        )
        return [Silence(*row) for row in await found.fetchall()]

    async def _not_heard(self, conn: Connection, silence: Silence, now_ms: int) -> None:
        due = await due_doses(conn, silence.site, silence.heard_ms, now_ms)
        fresh = await _keep(conn, silence, due, now_ms)
        site, since = silence.site, silence.heard_ms
        for person_id in sorted({dose.person_id for dose in fresh}):
            theirs = [dose for dose in fresh if dose.person_id == person_id]
            critical = any(dose.critical for dose in theirs)
            await raise_alert(
                conn, site, alert_id(site, since, person_id), topic="not_heard", person_id=person_id,
                audience="caregiver", critical=critical, now_ms=now_ms, expires_ms=now_ms + DAY_MS,
                dose_ids=[dose.dose_id for dose in theirs],
            )  # fmt: skip
        if fresh:
            await raise_alert(
                conn, site, alert_id(site, since, None), topic="not_heard_clinic", person_id=None, audience="clinic",
                critical=False, now_ms=now_ms, expires_ms=now_ms + DAY_MS, dose_ids=[],
            )  # fmt: skip
        days = 0
        for whose in await _people(conn, silence):
            days += await begin_day(conn, site, since, alert_id(site, since, whose), whose, now_ms)
        if fresh or days:
            await notify(conn, ALERTS, site)
            log.info("site_not_heard", site=site, since_ms=since, doses=len(fresh), told_again=days)

    async def _heard_again(self, conn: Connection, silence: Silence, now_ms: int) -> None:
        site = silence.site
        await conn.execute(
            "update notification_silences set heard_again_ms = %s where site = %s and heard_ms = %s",
            (now_ms, site, silence.heard_ms),
        )
        ids = [alert_id(site, silence.heard_ms, person_id) for person_id in await _people(conn, silence)]
        await end_alerts(conn, site, ids, now_ms)
        await notify(conn, ALERTS, site)


def alert_id(site: str, heard_ms: int, person_id: str | None) -> str:
    """The id of the alert about a silence for one patient, or for the clinic's people: the same whoever makes it."""
    return str(uuid5(NAMESPACE_URL, f"outpost:unheard/{site}/{heard_ms}/{person_id or ''}"))


async def _people(conn: Connection, silence: Silence) -> list[str | None]:
    """Whose doses came due unheard, and None for the clinic's people: of whom there are alerts. Empty: of nobody."""
    found = await conn.execute(
        "select distinct person_id from notification_unheard_doses where site = %s and heard_ms = %s order by person_id",
        (silence.site, silence.heard_ms),
    )
    people = [row[0] for row in await found.fetchall()]
    return [None, *people] if people else []


async def _keep(conn: Connection, silence: Silence, due: Sequence[UnheardDose], now_ms: int) -> list[UnheardDose]:
    """Note the silence and its doses; returns those that were not noted before."""
    if not due:
        return []
    await conn.execute(
        "insert into notification_silences values (%s, %s, %s, null) on conflict do nothing",
        (silence.site, silence.heard_ms, now_ms),
    )
    fresh = []
    for dose in due:
        added = await conn.execute(
            "insert into notification_unheard_doses values (%s, %s, %s, %s, %s, %s) on conflict do nothing",
            (silence.site, silence.heard_ms, dose.dose_id, dose.person_id, dose.medication, dose.due_ms),
        )
        if added.rowcount:
            fresh.append(dose)
    return fresh
