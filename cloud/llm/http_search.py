"""`GET /api/v1/voice/search`: a patient's notes about something."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from cloud.accounts import audit
from cloud.accounts.guards import Guards
from cloud.accounts.people import Account
from cloud.db.pool import Pool
from cloud.llm.memory import FOUND_MAX, Memory
from shared.clock import Clock
from shared.problems import Problem


def search_router(pool: Pool, guards: Guards, memory: Memory, clock: Clock) -> APIRouter:
    """One route, to be put before those that read `/api/v1/voice/{id}`."""
    api = APIRouter(prefix="/api/v1/voice", tags=["voice"])

    @api.get("/search")
    async def search(
        patient_id: Annotated[str, Query(min_length=1, max_length=64)],
        q: Annotated[str, Query(min_length=2, max_length=300)],
        site: Annotated[str | None, Query(max_length=40)] = None,
        limit: Annotated[int, Query(ge=1, le=FOUND_MAX)] = 10,
        account: Account = Depends(guards.care),
    ) -> dict[str, Any]:
        """Best first. `method` is "meaning" where a model for vectors is set and answered, else "words" and why."""
        async with pool.transaction() as conn:
            found = await conn.execute(
                "select site from persons where person_id = %s and not erased and (%s::text is null or site = %s)",
                (patient_id, site, site),
            )
            sites = [row[0] for row in await found.fetchall() if account.sees(row[0])]
            if not sites:
                raise Problem(404, "There is no such patient.", hint="Choose one from the list.")
            await audit.write(conn, clock, account.actor, "recordings_searched", site=sites[0], person=patient_id)
        return {
            "patient_id": patient_id,
            "site": sites[0],
            **await memory.search(sites[0], patient_id, q.strip(), limit),
        }

    return api
