"""What came out of an analysis, kept by version: the next one stands beside those before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from psycopg.types.json import Jsonb

from cloud.db.pool import Connection
from cloud.llm.jobs import Job
from cloud.llm.schema import SCHEMA_VERSION
from shared.triage.safety import Verdict

ITEMS_MAX: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something said. kind: symptom, question or urgency.  quote: as said, in the original words."""

    kind: str
    value: str
    quote: str
    start_s: float | None = None
    end_s: float | None = None

    def shown(self) -> dict[str, Any]:
        """As interfaces.md §4 names it."""
        return {
            "kind": self.kind, "value": self.value, "quote": self.quote, "start_s": self.start_s, "end_s": self.end_s,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """An analysis. source: "model" or "rules"; reason: why only rules.  ungrounded: items dropped, for nobody said them."""

    person_id: str | None
    verdict: Verdict
    source: str
    model: str | None = None
    prompt_version: str
    reason: str = ""
    language: str | None = None
    transcript: str = ""
    transcript_model: str | None = None
    intent: str = "unknown"
    needs_human: bool = False
    items: Sequence[Item] = ()
    ungrounded: int = 0


async def keep(conn: Connection, job: Job, subject_id: str, result: Result, now_ms: int) -> int:
    """Keep a result as the next version of its subject; returns the version. The caller has ended the job in `conn`."""
    await conn.execute(
        "select pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"{job.site}\n{job.pipeline}\n{subject_id}",)
    )
    pipeline = "note" if job.pipeline == "words" else job.pipeline
    found = await conn.execute(
        "insert into llm_results (site, pipeline, subject_id, version, job_key, person_id, source, model, prompt_version,"
        " schema_version, reason, language, transcript, transcript_model, intent, urgency, raised_by_model, review,"
        " needs_human, items, ungrounded, created_ms) select %s, %s, %s, coalesce(max(version), 0) + 1, %s, %s, %s, %s, %s,"
        " %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s from llm_results where site = %s and pipeline = %s"
        " and subject_id = %s returning version",
        (
            job.site, pipeline, subject_id, job.key, result.person_id, result.source, result.model, result.prompt_version,
            SCHEMA_VERSION, result.reason, result.language, result.transcript, result.transcript_model, result.intent,
            result.verdict.urgency, result.verdict.raised_by_model, result.verdict.review, result.needs_human,
            Jsonb([one.shown() for one in result.items[:ITEMS_MAX]]), result.ungrounded, now_ms,
            job.site, pipeline, subject_id,
        ),
    )  # fmt: skip
    row = await found.fetchone()
    assert row is not None
    return int(row[0])


async def has_model_result(conn: Connection, site: str, pipeline: str, subject_id: str) -> bool:
    """Whether a model has analysed this before: what rules say later takes nothing of that away."""
    found = await conn.execute(
        "select 1 from llm_results where site = %s and pipeline = %s and subject_id = %s and source = 'model' limit 1",
        (site, pipeline, subject_id),
    )
    return await found.fetchone() is not None
