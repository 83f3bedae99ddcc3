"""Pipelines against a stand-in provider of fixed latency: notes a second, and from a note to its alert."""

from __future__ import annotations

import asyncio
import statistics
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from cloud.db.migrate import migrate
from cloud.llm.jobs import Options
from deploy.demo.threaded import running_postgres
from shared.clock import Clock, transport_s
from tests.benchmarks.measure import Result
from tests.pipelines import Bench, bench, choice
from tests.provider import completion, extraction, stand_in, symptom, transcript

LATENCY_S = 0.2
"""Of each call; a note takes two of them, one after the other."""
NOTES = 120
ALERTS = 40
WORKERS = (4, 16)


async def run(folder: Path, seconds: float) -> Result:
    """Notes a second by number of jobs at a time; the limit is workers / (2 × latency)."""
    result = Result("pipelines")
    with running_postgres(folder / "pg-llm") as server, stand_in() as stand:
        stand.delay_s = LATENCY_S
        stand.usual["speech"] = transcript("I have crushing chest pain since noon.")
        stand.usual["chat"] = completion(
            extraction(symptoms=[symptom("crushing chest pain", symptom="chest_pain", severity="severe")])
        )
        for workers in WORKERS:
            uri = await asyncio.to_thread(_fresh, server.uri("postgres"), f"bench_{workers}")
            options = Options(workers=workers)
            async with bench(uri, folder / f"llm-{workers}", choice(stand, budget_usd=1_000.0), options) as at:
                for _ in range(NOTES):
                    await at.note()
                began_s = transport_s()
                work = asyncio.create_task(at.pipelines.run())
                rate = await _rate(at, began_s)
                limit = workers / (2 * LATENCY_S)
                result.add(f"notes a second, {workers} at a time (limit {limit:.0f})", "/s", [rate])
                if workers == WORKERS[0]:
                    took = await _alerts(at)
                    result.add("note stored to alert, p50", "ms", [statistics.median(took) * 1000])
                    result.add("note stored to alert, p95", "ms", [sorted(took)[int(len(took) * 0.95)] * 1000])
                work.cancel()
                await asyncio.gather(work, return_exceptions=True)
    result.remarks.append(
        f"each call of the stand-in takes {LATENCY_S * 1000:.0f} ms; a note takes two, one after the other"
    )
    return result


def _fresh(uri: str, name: str) -> str:
    with psycopg.connect(uri, autocommit=True) as conn:
        conn.execute(f"create database {name} template template0 locale 'C' encoding 'UTF8'")
    made = make_conninfo(uri, dbname=name)
    migrate(made, Clock.life())
    return made


async def _rate(at: Bench, began_s: float) -> float:
    while (await at.rows("select count(*) from llm_results"))[0][0] < NOTES:
        await asyncio.sleep(0.02)
    return NOTES / (transport_s() - began_s)


async def _alerts(at: Bench) -> list[float]:
    took = []
    for _ in range(ALERTS):
        note = await at.note()
        began_s = transport_s()
        while not await at.rows("select 1 from alert_logs where note_id = %s", note):
            await asyncio.sleep(0.005)
        took.append(transport_s() - began_s)
    return took
