"""`/api/v1/models`: which models are asked, how they do, what they cost; and every call."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from cloud.accounts.guards import Guards
from cloud.accounts.people import Account
from cloud.db.pool import Pool
from cloud.llm import care_rows, limits, requests
from cloud.llm.calls import Model
from cloud.llm.chain import Chain
from cloud.llm.jobs import Jobs
from cloud.llm.notes import Models
from shared.clock import Clock, iso, transport_s, wall_s
from shared.problems import Problem

DAY_MS: Final = 24 * 3_600_000
RUNS_MAX: Final = 50
"""How often one note may be analysed."""


class Revive(BaseModel):
    """Ask a model again that was marked as gone."""

    model_config = ConfigDict(extra="forbid")

    model: Annotated[str, Field(max_length=200)]


class Again(BaseModel):
    """Analyse a note again: the result is a new version beside those before."""

    model_config = ConfigDict(extra="forbid")

    site: Annotated[str, Field(max_length=40)]
    note_id: Annotated[str, Field(max_length=64)]


def models_router(
    pool: Pool, guards: Guards, clock: Clock, chain: Chain, jobs: Jobs, models: Models, providers: frozenset[str]
) -> APIRouter:
    """Routes under /api/v1/models, for head office."""
    api = APIRouter(prefix="/api/v1/models", tags=["models"])

    @api.get("")
    async def list_models(account: Account = Depends(guards.office)) -> dict[str, Any]:
        """Models in the order they are asked, with the last 24 hours; budget and cost of today (UTC); jobs by state."""
        now_ms = clock.now_ms()
        async with pool.transaction() as conn:
            dead = await limits.dead(conn)
            done = await requests.by_model(conn, now_ms - DAY_MS)
            spent, refused = await chain.budget.spent(conn, now_ms)
            counted = await jobs.counts(conn)
            listed = [
                {
                    **_stated(model, purpose, dead, chain, providers),
                    "blocked_for_ms": await limits.blocked_ms(conn, model, int(wall_s() * 1000)),
                    **done.get(str(model), _NO_CALLS),
                }
                for purpose, some in zip(("text", "speech", "embedding"), models, strict=True)
                for model in some
            ]
        return {
            "models": listed,
            "budget": {
                "day_usd": chain.budget.day_micros / 1e6, "spent_usd": spent / 1e6, "refused": refused,
                "used_up": spent >= chain.budget.day_micros,
            },
            "jobs": [{"pipeline": at[0], "state": at[1], "count": count} for at, count in sorted(counted.items())],
        }  # fmt: skip

    @api.get("/requests")
    async def list_requests(
        response: Response,
        site: Annotated[str | None, Query(max_length=40)] = None,
        model: Annotated[str | None, Query(max_length=200)] = None,
        outcome: Annotated[str | None, Query(max_length=40)] = None,
        before: Annotated[str | None, Query(max_length=60)] = None,
        limit: Annotated[int, Query(ge=1, le=requests.LIST_MAX)] = 100,
        account: Account = Depends(guards.office),
    ) -> list[dict[str, Any]]:
        """Calls, newest first; never what was said. `before`: the id of the last one of the page before (`X-Next`)."""
        if site is not None:
            account.require(site)
        sites = [site] if site is not None else None if account.sites is None else sorted(account.sites)
        async with pool.transaction() as conn:
            found = await requests.listed(conn, sites, model, outcome, before, limit)
        if len(found) == limit:
            response.headers["X-Next"] = found[-1]["id"]
        return found

    @api.post("/revive")
    async def revive(body: Revive, account: Account = Depends(guards.office_admin)) -> dict[str, Any]:
        """Take a model that was marked as gone back into the list."""
        try:
            model = Model.parse(body.model)
        except ValueError as error:
            raise Problem(422, f"{error}.", field="model") from error
        async with pool.transaction() as conn:
            return {"model": str(model), "revived": await limits.revive(conn, model)}

    @api.post("/analyse", status_code=202)
    async def analyse(body: Again, account: Account = Depends(guards.office_admin)) -> dict[str, Any]:
        """Analyse a note again. What was found before stays; the newest version is shown."""
        account.require(body.site)
        async with pool.transaction() as conn:
            if await care_rows.note(conn, body.site, body.note_id) is None:
                raise Problem(404, "There is no such note.", hint="Choose one from the patient's page.")
            found = await conn.execute(
                "select coalesce(max(run), 0) + 1 from llm_jobs where site = %s and pipeline = 'note' and subject_id = %s",
                (body.site, body.note_id),
            )
            row = await found.fetchone()
            run = int(row[0]) if row is not None else 1
            if run > RUNS_MAX:
                raise Problem(409, f"This note was analysed {RUNS_MAX} times.", hint="Listen to it instead.")
            await jobs.add(conn, body.site, "note", body.note_id, run=run)
        return {"note_id": body.note_id, "run": run, "asked_at": iso(clock.now_ms())}

    return api


_NO_CALLS: Final[dict[str, Any]] = {
    "calls": 0, "cost_usd": 0.0, "tokens_in": 0, "tokens_out": 0, "p50_ms": None, "p95_ms": None, "failures": {},
}  # fmt: skip


def _stated(
    model: Model, purpose: str, dead: dict[Model, int], chain: Chain, providers: frozenset[str]
) -> dict[str, Any]:
    breaker = chain.breakers.get(model)
    since_ms = dead.get(model)
    state = "dead" if since_ms is not None else "ready" if model.provider in providers else "no_key"
    return {
        "model": str(model), "purpose": purpose, "state": state, "dead_since": iso(since_ms) if since_ms else None,
        "breaker": breaker.state(transport_s()) if breaker is not None else "closed",
    }  # fmt: skip
