"""Numbers of the pipelines for /metrics (interfaces.md §8): jobs by state; calls by model and outcome, tokens, cost, time."""

from __future__ import annotations

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric

from cloud.db.pool import Pool
from cloud.llm.cost import Budget
from cloud.llm.jobs import Jobs
from shared.clock import Clock


class Metrics:
    """Read from the database at each scrape: the numbers are those of all processes together."""

    def __init__(self, pool: Pool, jobs: Jobs, budget: Budget, clock: Clock) -> None:
        self._pool, self._jobs, self._budget, self._clock = pool, jobs, budget, clock

    async def read(self) -> list[Metric]:
        """The numbers now. Raises psycopg.Error."""
        async with self._pool.transaction() as conn:
            jobs = await self._jobs.counts(conn)
            found = await conn.execute(
                "select provider || ':' || model, stage, outcome, count(*), sum(tokens_in), sum(tokens_out),"
                " sum(cost_micros), sum(ms) from llm_requests group by 1, 2, 3"
            )
            calls = await found.fetchall()
            spent, refused = await self._budget.spent(conn, self._clock.now_ms())
        return _families(jobs, calls, spent / 1e6, self._budget.day_micros / 1e6, refused)


def _families(
    jobs: dict[tuple[str, str], int], calls: list[tuple[object, ...]], spent_usd: float, budget_usd: float, refused: int
) -> list[Metric]:
    by_state = GaugeMetricFamily("outpost_llm_jobs", "Jobs of pipelines by state.", labels=["pipeline", "state"])
    for at, count in jobs.items():
        by_state.add_metric(list(at), count)
    made: list[Metric] = [by_state]
    labels = ["model", "stage", "outcome"]
    for name, meaning, column, scale in (
        ("calls", "Calls of models.", 3, 1.0), ("tokens_in", "Tokens sent.", 4, 1.0),
        ("tokens_out", "Tokens received.", 5, 1.0), ("cost_usd", "What calls cost, US dollars.", 6, 1e-6),
        ("seconds", "How long calls took, all together.", 7, 1e-3),
    ):  # fmt: skip
        family = CounterMetricFamily(f"outpost_llm_{name}", meaning, labels=labels)
        for row in calls:
            family.add_metric([str(row[0]), str(row[1]), str(row[2])], float(str(row[column])) * scale)
        made.append(family)
    for name, meaning, value in (
        ("spent_today_usd", "Spent today (UTC).", spent_usd), ("budget_usd", "What may be spent a day.", budget_usd),
        ("budget_refused_today", "Calls not made today, for the budget was used up.", float(refused)),
    ):  # fmt: skip
        made.append(GaugeMetricFamily(f"outpost_llm_{name}", meaning, value=value))
    return made
