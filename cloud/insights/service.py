"""Worded summaries, insights and reports: numbers by SQL, words by a model where they hold, else from templates.

Driven by the rows of `daily_patient_summaries` and `weekly_patient_summaries` (cloud/care): each version of a day or week
that is over is worded once, and each version of a week gets its report and insights. Late uploads make a new version, and
with it new rows; those before stay.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, datetime, time, timedelta
from typing import Any, Final, NamedTuple, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import psycopg
import psycopg_pool
import structlog
from psycopg.types.json import Jsonb

from cloud.db.pool import Connection, Pool
from cloud.insights import numbers, wording
from cloud.insights.findings import Finding, findings
from shared.backoff import Backoff
from shared.clock import Clock, local_date, to_ms
from shared.ids import new_id

LOOK_S: Final = 30.0
"""Real seconds between two looks for days and weeks that are over."""
BATCH: Final = 100
BACK_DAYS: Final = 21
"""Older days are not worded any more, and weeks get no new report."""
SUMMARY, WEEK = "summary", "week"
VERSION: Final = "1"
"""Of templates, rules and wording together."""

log = structlog.get_logger(__name__)


class Job(Protocol):
    """A job of the queue, as far as it is looked at here."""

    @property
    def site(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def subject_id(self) -> str: ...


class Queue(Protocol):
    """The job queue (`cloud.llm.jobs.Jobs`)."""

    def serve(self, name: str, version: str, work: Any, gave_up: Any) -> None: ...
    async def add(self, conn: Connection, site: str, pipeline: str, subject_id: str) -> bool: ...
    async def end(self, conn: Connection, job: Any, state: str) -> bool: ...


Words = Callable[[Job, str, dict[str, Any], Callable[[str], str]], Awaitable[str | None]]
"""(job, language, numbers, check) -> sentences that passed the check, or None: then the template stands."""


class Text(NamedTuple):
    """text, and "model" or "template"."""

    text: str
    source: str


class Insights:
    """Made once a process; its work is done by the workers of the queue."""

    def __init__(self, pool: Pool, clock: Clock, queue: Queue, words: Words) -> None:
        self._pool, self._clock, self._queue, self._words = pool, clock, queue, words
        queue.serve(SUMMARY, VERSION, self.summary, self.gave_up)
        queue.serve(WEEK, VERSION, self.week, self.gave_up)

    async def run(self) -> None:
        """Look for what is to be worded, until cancelled."""
        backoff = Backoff(0.5, 10.0)
        while True:
            try:
                await self.look()
                backoff.reset()
            except (psycopg.Error, psycopg_pool.PoolTimeout) as error:
                log.warning("insights_wait", error=str(error).strip())
                await asyncio.sleep(backoff.next_s())
                continue
            await asyncio.sleep(LOOK_S)

    async def look(self) -> int:
        """Ask for jobs for days and weeks that are over; returns how many. Raises psycopg.Error."""
        made = 0
        today = local_date(self._clock.now_ms(), ZoneInfo("UTC"))
        async with self._pool.transaction() as conn:
            for pipeline, table, column, over in (
                (SUMMARY, "daily_patient_summaries", "day", today - timedelta(days=1)),
                (WEEK, "weekly_patient_summaries", "week", today - timedelta(days=7)),
            ):
                found = await conn.execute(
                    f"select s.site, s.person_id || '|' || s.{column} || '|' || s.version from {table} s"
                    f" where s.{column} < %s and s.{column} >= %s and not exists (select 1 from llm_jobs j where"
                    f" j.site = s.site and j.pipeline = %s and j.subject_id = s.person_id || '|' || s.{column} || '|' ||"
                    " s.version) limit %s",
                    (over, today - timedelta(days=BACK_DAYS), pipeline, BATCH),
                )
                for site, subject in await found.fetchall():
                    made += await self._queue.add(conn, site, pipeline, subject)
        return made

    async def summary(self, job: Job) -> None:
        """Word one day anew. A day that changed meanwhile keeps its template and gets a job of its own."""
        person_id, day, version = _subject(job)
        async with self._pool.transaction() as conn:
            language = await _language(conn, job.site, person_id)
            found = await conn.execute(
                "select numbers from daily_patient_summaries where site = %s and person_id = %s and day = %s and version = %s",
                (job.site, person_id, day, version),
            )
            row = await found.fetchone()
        text = (
            None if row is None else await self._words(job, language, row[0], lambda said: wording.wrong(said, row[0]))
        )
        async with self._pool.transaction() as conn:
            if await self._queue.end(conn, job, "done" if text else "fallback") and text:
                await conn.execute(
                    "update daily_patient_summaries set texts = texts || %s, source = 'model' where site = %s"
                    " and person_id = %s and day = %s and version = %s",
                    (Jsonb({language: text}), job.site, person_id, day, version),
                )

    async def week(self, job: Job) -> None:
        """The report of one week, with its insights, and the week's summary worded."""
        person_id, monday, version = _subject(job)
        async with self._pool.transaction() as conn:
            language = await _language(conn, job.site, person_id)
            zone = await _zone(conn, job.site)
            this, before = [
                await _week(conn, job.site, person_id, monday - timedelta(days=back), zone) for back in (0, 7)
            ]
        told = await self._text(job, language, this, wording.week_text(this, language))
        stand_out = []
        for finding in findings(this, before):
            given: dict[str, Any] = {"kind": finding.kind, "symptom": finding.symptom, **finding.numbers}
            stand_out.append((finding, await self._text(job, language, given, wording.finding_text(finding, language))))
        async with self._pool.transaction() as conn:
            if not await self._queue.end(conn, job, "done" if told.source == "model" else "fallback"):
                return
            await self._report(conn, job.site, person_id, monday, version, this, language, told)
            for finding, text in stand_out:
                await self._insight(conn, job.site, person_id, monday, version, finding, language, text)
            if told.source == "model":
                await conn.execute(
                    "update weekly_patient_summaries set texts = texts || %s, source = 'model' where site = %s"
                    " and person_id = %s and week = %s and version = %s",
                    (Jsonb({language: told.text}), job.site, person_id, monday, version),
                )

    async def gave_up(self, job: Job) -> None:
        """The template that is there stands."""
        async with self._pool.transaction() as conn:
            await self._queue.end(conn, job, "dead")

    async def _text(self, job: Job, language: str, given: dict[str, Any], template: str) -> Text:
        said = await self._words(job, language, given, lambda text: wording.wrong(text, given))
        return Text(template, "template") if said is None else Text(said, "model")

    async def _report(
        self, conn: Connection, site: str, person_id: str, monday: date, version: int, counted: dict[str, Any],
        language: str, told: Text,
    ) -> None:  # fmt: skip
        await conn.execute(
            "insert into health_reports (site, report_id, person_id, from_day, until_day, version, numbers, text, language,"
            " source, created_ms) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing",
            (
                site, new_id(), person_id, monday, monday + timedelta(days=6), version, Jsonb(counted), told.text, language,
                told.source, self._clock.now_ms(),
            ),
        )  # fmt: skip

    async def _insight(
        self, conn: Connection, site: str, person_id: str, monday: date, version: int, finding: Finding, language: str,
        told: Text,
    ) -> None:  # fmt: skip
        kind = f"{finding.kind}:{finding.symptom}" if finding.symptom else finding.kind
        await conn.execute(
            "insert into health_insights (site, insight_id, person_id, period, starts_on, kind, version, severity, numbers,"
            " text, language, source, created_ms) values (%s, %s, %s, 'week', %s, %s, %s, %s, %s, %s, %s, %s, %s)"
            " on conflict do nothing",
            (
                site, new_id(), person_id, monday, kind, version, finding.severity, Jsonb(finding.numbers), told.text,
                language, told.source, self._clock.now_ms(),
            ),
        )  # fmt: skip


def _subject(job: Job) -> tuple[str, date, int]:
    person_id, day, version = job.subject_id.split("|")
    return person_id, date.fromisoformat(day), int(version)


async def _week(conn: Connection, site: str, person_id: str, monday: date, zone: ZoneInfo) -> dict[str, Any]:
    from_ms, until_ms = (_midnight_ms(monday + timedelta(days=days), zone) for days in (0, 7))
    counted = await numbers.between(conn, site, person_id, monday, monday + timedelta(days=6), from_ms, until_ms)
    return {**counted, **await numbers.summed_up(conn, site, person_id, monday)}


def _midnight_ms(day: date, zone: ZoneInfo) -> int:
    return to_ms(datetime.combine(day, time(), zone))


async def _language(conn: Connection, site: str, person_id: str) -> str:
    found = await conn.execute("select language from persons where site = %s and person_id = %s", (site, person_id))
    row = await found.fetchone()
    return row[0] if row is not None and row[0] in wording.LANGUAGES else "en"


async def _zone(conn: Connection, site: str) -> ZoneInfo:
    found = await conn.execute("select timezone from site_state where site = %s", (site,))
    row = await found.fetchone()
    try:
        return ZoneInfo(row[0]) if row is not None and row[0] else ZoneInfo("UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
