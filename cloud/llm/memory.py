"""Search over one patient's notes: by meaning where a model for vectors is set, else by words.

Vectors are compared by pgvector where the server has it, else from the arrays; both give the cosine. Only notes of that one
patient are ever looked at.
"""

from __future__ import annotations

import re
from typing import Any, Final

from cloud.db.pool import Connection, Pool
from cloud.llm.chain import Chain, Nobody, Work
from cloud.llm.jobs import Job, Jobs
from cloud.llm.notes import Models
from shared.clock import Clock, iso

FOUND_MAX: Final = 50
LIKE_MIN: Final = 0.2
"""Cosine below which a note is no answer."""
TEXT_CHARS_MAX: Final = 8_000
VECTOR_VERSION: Final = "1"
_NEWEST: Final = (
    "select distinct on (subject_id) subject_id, version, transcript, language, urgency, intent, created_ms from llm_results"
    " where site = %(site)s and pipeline = 'note' and person_id = %(person)s and transcript <> ''"
    " order by subject_id, (source = 'model') desc, version desc"
)


class Memory:
    """The pipeline `embed`, and the search."""

    def __init__(self, pool: Pool, clock: Clock, jobs: Jobs, chain: Chain, models: Models) -> None:
        self._pool, self._clock, self._jobs, self._chain, self._models = pool, clock, jobs, chain, models
        jobs.serve("embed", VECTOR_VERSION, self.embed, self.gave_up)

    async def embed(self, job: Job) -> None:
        """Make the vector of a note's newest transcript. Raises psycopg.Error."""
        async with self._pool.transaction() as conn:
            found = await conn.execute(
                "select person_id, version, transcript from llm_results where site = %s and pipeline = 'note'"
                " and subject_id = %s and transcript <> '' and person_id is not null order by version desc limit 1",
                (job.site, job.subject_id),
            )
            row = await found.fetchone()
        if row is None:
            got: Any = None
        else:
            work = Work(job.site, "embed", job.subject_id, job.key)
            got = await self._chain.embed(work, self._models.embedding, row[2][:TEXT_CHARS_MAX])
        async with self._pool.transaction() as conn:
            nothing = got is None or isinstance(got, Nobody)
            if not await self._jobs.end(conn, job, "fallback" if nothing else "done") or row is None or nothing:
                return
            made, model = got
            await conn.execute(
                "insert into embeddings (site, note_id, model, person_id, version, dimensions, vector, created_ms)"
                " values (%s, %s, %s, %s, %s, %s, %s, %s) on conflict (site, note_id, model) do update set"
                " version = excluded.version, dimensions = excluded.dimensions, vector = excluded.vector,"
                " created_ms = excluded.created_ms where embeddings.version < excluded.version",
                (
                    job.site, job.subject_id, model, row[0], row[1], len(made.vector), unit(made.vector),
                    self._clock.now_ms(),
                ),
            )  # fmt: skip

    async def gave_up(self, job: Job) -> None:
        """The note is still found by its words."""
        async with self._pool.transaction() as conn:
            await self._jobs.end(conn, job, "dead")

    async def search(self, site: str, person_id: str, query: str, limit: int) -> dict[str, Any]:
        """Notes of one patient, best first. `method` says how they were compared: "meaning" or "words"."""
        work = Work(site, "search", person_id)
        got = (
            await self._chain.embed(work, self._models.embedding, query)
            if self._models.embedding
            else Nobody("no_model")
        )
        async with self._pool.transaction() as conn:
            if isinstance(got, Nobody):
                return {
                    "method": "words",
                    "reason": got.reason,
                    "notes": await _by_words(conn, site, person_id, query, limit),
                }
            made, model = got
            notes = await _by_meaning(conn, site, person_id, unit(made.vector), model, limit)
            return {"method": "meaning", "reason": "", "notes": notes}


def unit(vector: list[float]) -> list[float]:
    """Of length 1."""
    length = sum(one * one for one in vector) ** 0.5
    return [one / length for one in vector]


async def _by_meaning(
    conn: Connection, site: str, person_id: str, vector: list[float], model: str, limit: int
) -> list[dict[str, Any]]:
    there = await (await conn.execute("select to_regtype('vector') is not null")).fetchone()
    likeness = (
        "1 - (e.vector::vector <=> %(vector)s::real[]::vector)"
        if there is not None and there[0]
        else "(select sum(a * b) from unnest(e.vector, %(vector)s::real[]) as t(a, b))"
    )
    found = await conn.execute(
        f"with newest as ({_NEWEST}) select * from (select n.*, ({likeness})::float8 as likeness from newest n"
        " join embeddings e on e.site = %(site)s and e.note_id = n.subject_id and e.model = %(model)s"
        " and e.dimensions = %(dimensions)s) found"
        " where likeness >= %(least)s order by likeness desc, created_ms desc limit %(limit)s",
        {
            "site": site, "person": person_id, "vector": vector, "model": model, "dimensions": len(vector),
            "least": LIKE_MIN, "limit": limit,
        },
    )  # fmt: skip
    return [_shown(row, float(row[7])) for row in await found.fetchall()]


async def _by_words(conn: Connection, site: str, person_id: str, query: str, limit: int) -> list[dict[str, Any]]:
    """Notes with the most of the words asked for."""
    words = list(dict.fromkeys(re.findall(r"\S+", query.casefold())))[:20]
    found = await conn.execute(
        f"with newest as ({_NEWEST}) select * from (select n.*, (select count(*) from unnest(%(words)s::text[]) w"
        " where position(w in lower(n.transcript)) > 0)::float8 / greatest(1, cardinality(%(words)s::text[])) as likeness"
        " from newest n) found where likeness > 0 order by likeness desc, created_ms desc limit %(limit)s",
        {"site": site, "person": person_id, "words": words, "limit": limit},
    )
    return [_shown(row, float(row[7])) for row in await found.fetchall()]


def _shown(row: tuple[Any, ...], likeness: float) -> dict[str, Any]:
    return {
        "id": row[0], "version": row[1], "transcript": row[2], "language": row[3], "urgency": row[4], "intent": row[5],
        "analysed_at": iso(row[6]), "likeness": round(likeness, 4),
    }  # fmt: skip
