"""The table of calls: noted, listed, counted."""

from __future__ import annotations

from typing import Any, Final

from cloud.db.pool import Connection
from cloud.llm.calls import Failure, Model, Stage, Usage
from shared.clock import iso
from shared.ids import new_id

LIST_MAX: Final = 500
_SHOWN: Final = (
    "site", "request_id", "pipeline", "stage", "subject_id", "provider", "model", "prompt_version", "prompt_hash", "retry",
    "outcome", "http_status", "finish_reason", "validation_error", "tokens_in", "tokens_out", "audio_s", "ms", "queue_ms",
    "cost_micros", "at_ms",
)  # fmt: skip


async def note(
    conn: Connection, work: Any, stage: Stage, model: Model, version: str, prompt_hash: str, retry: int, usage: Usage,
    ms: int, cost_micros: int, now_ms: int, failure: Failure | None, finish_reason: str | None,
) -> None:  # fmt: skip
    """Keep one call. `work`: cloud.llm.chain.Work."""
    await conn.execute(
        "insert into llm_requests (site, request_id, job_key, pipeline, stage, subject_id, provider, model, prompt_version,"
        " prompt_hash, retry, outcome, http_status, finish_reason, validation_error, tokens_in, tokens_out, audio_s, ms,"
        " queue_ms, cost_micros, at_ms) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s,"
        " %s, %s, %s)",
        (
            work.site, new_id(), work.job_key, work.pipeline, stage, work.subject_id, model.provider, model.name, version,
            prompt_hash, retry, failure.kind if failure else "ok", failure.status if failure else 200, finish_reason,
            failure.detail if failure else "", usage.tokens_in, usage.tokens_out, usage.audio_s, ms, usage.queue_ms,
            cost_micros, now_ms,
        ),
    )  # fmt: skip


async def listed(
    conn: Connection, sites: list[str] | None, model: str | None, outcome: str | None, before: str | None, limit: int
) -> list[dict[str, Any]]:
    """Newest first. sites: those that may be seen, None for all.  before: id of the last one of the page before."""
    found = await conn.execute(
        f"select {', '.join(_SHOWN)} from llm_requests where (%(sites)s::text[] is null or site = any(%(sites)s))"
        " and (%(model)s::text is null or provider || ':' || model = %(model)s)"
        " and (%(outcome)s::text is null or outcome = %(outcome)s)"
        " and (%(before)s::text is null or request_id < %(before)s) order by request_id desc limit %(limit)s",
        {"sites": sites, "model": model, "outcome": outcome, "before": before, "limit": limit},
    )
    return [_shown(dict(zip(_SHOWN, row, strict=True))) for row in await found.fetchall()]


async def by_model(conn: Connection, since_ms: int) -> dict[str, dict[str, Any]]:
    """Of calls since then, by model: calls, cost, median and 95th percentile of their time, failures by kind."""
    found = await conn.execute(
        "select provider || ':' || model, count(*), sum(cost_micros), sum(tokens_in), sum(tokens_out),"
        " percentile_disc(0.5) within group (order by ms), percentile_disc(0.95) within group (order by ms)"
        " from llm_requests where at_ms >= %s group by 1",
        (since_ms,),
    )
    kept: dict[str, dict[str, Any]] = {
        row[0]: {
            "calls": row[1], "cost_usd": int(row[2]) / 1e6, "tokens_in": int(row[3]), "tokens_out": int(row[4]),
            "p50_ms": row[5], "p95_ms": row[6], "failures": {},
        }
        for row in await found.fetchall()
    }  # fmt: skip
    failed = await conn.execute(
        "select provider || ':' || model, outcome, count(*) from llm_requests where at_ms >= %s and outcome <> 'ok'"
        " group by 1, 2",
        (since_ms,),
    )
    for model, outcome, count in await failed.fetchall():
        kept[model]["failures"][outcome] = count
    return kept


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    row["at"] = iso(row.pop("at_ms"))
    row["id"] = row.pop("request_id")
    row["model"] = f"{row.pop('provider')}:{row['model']}"
    row["cost_usd"] = row.pop("cost_micros") / 1e6
    return row
