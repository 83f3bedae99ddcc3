"""Work for models as jobs: rows of llm_jobs say what is to be done and what became of it, procrastinate carries it to a worker.

Both are written in one transaction with what asks for them. A job runs at least once and its result is written once: it is
written together with the job's end, under the job's key. A worker that is killed leaves a job that is taken up again: by
procrastinate's heartbeats, and by a look at open rows nobody carries any more.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, NamedTuple

import procrastinate
import psycopg
import structlog
from procrastinate import exceptions as queue_errors

from cloud.db.pool import Connection, Pool
from cloud.llm.schema import SCHEMA_VERSION
from shared.backoff import Backoff
from shared.clock import Clock

QUEUE: Final = "llm"
TASK: Final = "outpost.llm.work"
ATTEMPTS_MAX: Final = 5
"""Begun so often without an end, a job is given up: its note is marked failed, and somebody is told."""
STALLED_S: Final = 30.0
"""A worker not heard for so long is lost."""
LOOK_S: Final = 10.0
STOP_S: Final = 1.0
JOBS_OPEN_MAX: Final = 100_000
"""Open jobs; beyond it nothing more is taken from the tables that ask, where it waits."""

log = structlog.get_logger(__name__)


class Job(NamedTuple):
    """One thing to be worked out. subject_id: of the note, visit or summary; a suffix after ":" says which state of it."""

    site: str
    key: str
    pipeline: str
    subject_id: str
    run: int
    attempts: int


Handler = Callable[[Job], Awaitable[None]]


class Pipeline(NamedTuple):
    """How jobs of one kind are done. version: of its prompt.

    work: does it and writes the result; may raise anything, and is then tried again.  gave_up: it never came to an end.
    """

    version: str
    work: Handler
    gave_up: Handler


class Options(NamedTuple):
    """workers: jobs at a time in this process, 0: none.  The others are shorter in tests, seconds."""

    workers: int = 4
    stalled_s: float = STALLED_S
    look_s: float = LOOK_S
    heartbeat_s: float = 10.0


def job_key(subject_id: str, pipeline: str, prompt_version: str, run: int = 1) -> str:
    """The same work has the same key, whoever asks for it."""
    parts = (subject_id, pipeline, prompt_version, SCHEMA_VERSION, *((str(run),) if run > 1 else ()))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


class Jobs:
    """The queue in one process."""

    def __init__(self, pool: Pool, clock: Clock, options: Options) -> None:
        self._pool, self._clock, self._options = pool, clock, options
        self.pipelines: dict[str, Pipeline] = {}
        connector = procrastinate.PsycopgConnector(conninfo=pool.uri, min_size=1, max_size=3)
        self._app = procrastinate.App(connector=connector)
        self._task = self._app.task(
            name=TASK, queue=QUEUE, retry=procrastinate.RetryStrategy(max_attempts=ATTEMPTS_MAX + 1, exponential_wait=2)
        )(self._work)

    def serve(self, name: str, version: str, work: Handler, gave_up: Handler) -> None:
        """Jobs of this name are done so. version: of whatever makes the same work come out otherwise; part of the key."""
        self.pipelines[name] = Pipeline(version, work, gave_up)

    async def add(
        self, conn: Connection, site: str, pipeline: str, subject_id: str, *, run: int = 1, after_s: int = 0
    ) -> bool:
        """Ask for work, within the caller's transaction. False: it was asked for already, whatever became of it."""
        key = job_key(subject_id, pipeline, self.pipelines[pipeline].version, run)
        made = await conn.execute(
            "insert into llm_jobs (site, job_key, pipeline, subject_id, run, state, created_ms)"
            " values (%s, %s, %s, %s, %s, 'queued', %s) on conflict do nothing",
            (site, key, pipeline, subject_id, run, self._clock.now_ms()),
        )
        if not made.rowcount:
            return False
        await self._defer(conn, site, key, subject_id, after_s)
        return True

    async def end(self, conn: Connection, job: Job, state: str) -> bool:
        """The job is over, within the transaction that writes its result. False: another run wrote it; write nothing."""
        done = await conn.execute(
            "update llm_jobs set state = %s, ended_ms = %s where site = %s and job_key = %s and state in ('queued', 'running')",
            (state, self._clock.now_ms(), job.site, job.key),
        )
        return bool(done.rowcount)

    async def open_count(self, conn: Connection) -> int:
        """Jobs that are not over."""
        row = await (
            await conn.execute("select count(*) from llm_jobs where state in ('queued', 'running')")
        ).fetchone()
        return int(row[0]) if row is not None else 0

    async def counts(self, conn: Connection) -> dict[tuple[str, str], int]:
        """(pipeline, state) -> jobs, for metrics."""
        found = await conn.execute("select pipeline, state, count(*) from llm_jobs group by 1, 2")
        return {(row[0], row[1]): row[2] for row in await found.fetchall()}

    async def run(self) -> None:
        """Work until cancelled; what is under way then is done again by whoever comes next."""
        if not self._options.workers:
            return
        backoff = Backoff(0.2, 5.0)
        while True:
            try:
                async with self._app.open_async(), asyncio.TaskGroup() as group:
                    group.create_task(self._look_after(backoff), name="jobs nobody carries")
                    group.create_task(
                        self._app.run_worker_async(
                            queues=[QUEUE], concurrency=self._options.workers, install_signal_handlers=False,
                            delete_jobs="always", shutdown_graceful_timeout=STOP_S, fetch_job_polling_interval=1.0,
                            update_heartbeat_interval=self._options.heartbeat_s,
                            stalled_worker_timeout=self._options.stalled_s,
                        ), name="llm worker",
                    )  # fmt: skip
            except* (psycopg.Error, queue_errors.ConnectorException, OSError) as errors:
                names = sorted({type(one).__name__ for one in errors.exceptions})
                log.warning("jobs_without_database", errors=names)
            await asyncio.sleep(backoff.next_s())

    async def _look_after(self, backoff: Backoff) -> None:
        while True:
            await self.take_up()
            backoff.reset()
            await asyncio.sleep(self._options.look_s)

    async def take_up(self) -> int:
        """Carry again what a lost worker left, and open jobs that nobody carries; returns how many."""
        stalled = list(
            await self._app.job_manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=self._options.stalled_s)
        )
        for one in stalled:
            await self._app.job_manager.retry_job(one)
        async with self._pool.transaction() as conn:
            found = await conn.execute(
                "select site, job_key, subject_id from llm_jobs j where state in ('queued', 'running') and not exists"
                " (select 1 from procrastinate_jobs p where p.queueing_lock = j.job_key and p.status in ('todo', 'doing'))"
                " order by created_ms limit 500"
            )
            lost = await found.fetchall()
        for site, key, subject_id in lost:
            async with self._pool.transaction() as conn:
                await self._defer(conn, site, key, subject_id, 0)
        if stalled or lost:
            log.warning("jobs_taken_up_again", count=len(stalled) + len(lost))
        return len(stalled) + len(lost)

    async def _defer(self, conn: Connection, site: str, key: str, subject_id: str, after_s: int) -> None:
        when: Mapping[str, Any] = {"schedule_in": {"seconds": after_s}} if after_s else {}
        try:
            async with conn.transaction():
                await self._task.configure(
                    lock=f"{site}:{subject_id}", queueing_lock=key, connection=conn, **when
                ).defer_async(site=site, key=key)
        except queue_errors.AlreadyEnqueued:
            log.debug("job_waits_already", key=key)

    async def _work(self, site: str, key: str) -> None:
        """One delivery of a job to this worker."""
        async with self._pool.transaction() as conn:
            found = await conn.execute(
                "update llm_jobs set state = 'running', attempts = attempts + 1, started_ms = %s where site = %s"
                " and job_key = %s and state in ('queued', 'running') returning pipeline, subject_id, run, attempts",
                (self._clock.now_ms(), site, key),
            )
            row = await found.fetchone()
        if row is None:
            return
        job = Job(site, key, *row)
        pipeline = self.pipelines[job.pipeline]
        if job.attempts > ATTEMPTS_MAX:
            log.error("job_given_up", pipeline=job.pipeline, subject=job.subject_id, attempts=job.attempts)
            await pipeline.gave_up(job)
            return
        await pipeline.work(job)
