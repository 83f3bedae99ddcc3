"""HTTP of the chain: no SQL and no rules, see `chain`, `sites` and `cloud.accounts.claims`.

Every path with a site in it answers 404 for one that is not within the account's scope, the same as for none.
"""

from __future__ import annotations

from datetime import date as calendar_date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Depends, Path, Query, Response
from pydantic import BaseModel, Field, StringConstraints

from cloud.accounts.claims import Claims
from cloud.accounts.guards import Guards
from cloud.accounts.people import Account, no_such_site
from cloud.accounts.repeats import Key
from cloud.dashboard import chain, statistics
from cloud.dashboard.chain import Chain
from cloud.dashboard.sites import Order, Sites
from cloud.db.pool import Pool
from cloud.queues import rows
from shared.api import Hex16, SiteId
from shared.clock import Clock, iso
from shared.problems import Problem

EXPIRY_S_MAX: Final = 90 * 24 * 3600.0

Site = Annotated[str, Path(max_length=40, description="The site's id.")]
Limit = Annotated[int, Query(ge=1, le=1000)]
Day = Annotated[calendar_date | None, Query(description="A service-day, YYYY-MM-DD.")]


class NewSite(BaseModel):
    """A site: its id, for ever, and its name."""

    id: SiteId
    name: Annotated[str, StringConstraints(min_length=1, max_length=120, strip_whitespace=True)]


class ClaimCode(BaseModel):
    """Shown once. `expires_at` in domain time, UTC."""

    code: str
    expires_at: str


class NewCommand(BaseModel):
    """A command of shared/commands.py and, in domain seconds, when it is too late to do it (null: never)."""

    kind: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    body: dict[str, Any]
    expires_in_s: Annotated[float, Field(gt=0, le=EXPIRY_S_MAX)] | None = None


class Published(BaseModel):
    """The command is in the site's mailbox; what becomes of it is at GET .../commands."""

    command_id: str
    state: str = "published"


def chain_router(
    pool: Pool, sites: Sites, claims: Claims, guards: Guards, clock: Clock, silent_after_s: float
) -> APIRouter:
    """`/api/v1/chain` and `/api/v1/sites/…`."""
    router = APIRouter(prefix="/api/v1", tags=["chain"])
    office, admin = Depends(guards.office), Depends(guards.office_admin)

    @router.get("/chain")
    async def overview(account: Account = office) -> Chain:
        """All sites within the account's scope, as tiles, and what they add up to."""
        async with pool.transaction() as conn:
            return chain.chain_of(await chain.tiles(conn, clock, silent_after_s, account.sites), clock)

    @router.post(
        "/sites", status_code=201, responses={200: {"description": "This site is there already; nothing changed."}}
    )
    async def add_site(body: NewSite, response: Response, account: Account = admin) -> dict[str, Any]:
        """Add a site. The same id and name again changes nothing and answers 200."""
        if account.sites is not None and body.id not in account.sites:
            raise Problem(403, "Your account is for certain sites only.", hint="Ask somebody who sees the whole chain.")
        if not await sites.add(body.id, body.name, account.actor):
            response.status_code = 200
        return {"id": body.id, "name": body.name}

    @router.get("/sites/{site}")
    async def site_details(site: Site, account: Account = office) -> dict[str, Any]:
        """One site: its tile, its stores (epochs), its link and the alerts that are open."""
        account.require(site)
        details = await sites.details(site)
        async with pool.transaction() as conn:
            shown = await chain.tiles(conn, clock, silent_after_s, [site])
        return {**details, "tile": shown[0].model_dump(), "now_ms": clock.now_ms(), "factor": clock.factor}

    @router.post("/sites/{site}/claim-codes", status_code=201)
    async def claim_code(site: Site, account: Account = admin, idempotency_key: Key = None) -> ClaimCode:
        """A code to type at a new clinic: works once, within ten minutes. It is not shown again."""
        account.require(site)
        code, expires_ms = await claims.make_code(site, account.actor, idempotency_key)
        return ClaimCode(code=code, expires_at=iso(expires_ms))

    @router.post("/sites/{site}/commands", status_code=202)
    async def give_command(
        site: Site, body: NewCommand = Body(), account: Account = admin, idempotency_key: Key = None
    ) -> Published:
        """Ask a site to do something. It is numbered, kept and sent until the site says it has it."""
        account.require(site)
        order = Order(body.kind, body.body, body.expires_in_s, idempotency_key)
        return Published(command_id=await sites.order(site, order, account))

    @router.get("/sites/{site}/commands")
    async def commands(site: Site, account: Account = office, limit: Limit = 100) -> list[dict[str, Any]]:
        """The commands given last and how far they are: published, received, applied, failed or expired."""
        account.require(site)
        return await sites.commands(site, limit)

    @router.get("/sites/{site}/doctors")
    async def doctors(site: Site, account: Account = office) -> list[dict[str, Any]]:
        """The doctors of a site."""
        account.require(site)
        return await sites.doctors(site)

    @router.get("/sites/{site}/services")
    async def services(site: Site, account: Account = office) -> list[dict[str, Any]]:
        """The services of a site."""
        account.require(site)
        return await sites.services(site)

    @router.get("/sites/{site}/statistics")
    async def day_statistics(site: Site, account: Account = office, date: Day = None) -> dict[str, Any]:
        """A day in numbers: visits by state and hour, waits, no-shows, early arrivals, and how honest promises were.

        Without `date`: the service-day that is open. Counted from the visits as they are known now.
        """
        account.require(site)
        async with pool.transaction() as conn:
            known = (await rows.sites(conn, [site], clock.now_ms())).get(site)
            if known is None:
                raise no_such_site(site)
            day = date.isoformat() if date is not None else known.today(clock.now_ms())
            return {**await statistics.of_day(conn, known, day), "clinic": known.shown(clock)}

    @router.get("/sites/{site}/dead-letters")
    async def dead_letters(site: Site, account: Account = office, limit: Limit = 100) -> list[dict[str, Any]]:
        """Events that are kept but could not be used, and ranges that will never come."""
        account.require(site)
        return await sites.dead_letters(site, limit)

    @router.post("/sites/{site}/epochs/{epoch}/revoke", status_code=204)
    async def revoke(site: Site, epoch: Hex16, account: Account = admin) -> Response:
        """Put out a store that was lost or stolen: its certificates are refused from now on."""
        account.require(site)
        await claims.revoke(site, epoch, account)
        return Response(status_code=204)

    return router
