"""`GET /api/v1/notifications`: what there was to tell, to whom it went, and what became of it; never where to."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Query, Response

from cloud.accounts.people import Account
from cloud.db.pool import Connection, Pool
from cloud.notify.access import Access
from shared.clock import iso

LIMIT_MAX: Final = 500
_EVENT: Final = (
    "site, event_id, topic, severity, critical, alert_id, audience, step, person_id, raised_ms, expires_ms, created_ms,"
    " state, reason"
)
_DELIVERY: Final = (
    "d.site, d.event_id, d.delivery_id, c.kind, c.shown, d.target is not null or d.recipient like 'visit:%%', d.recipient,"
    " d.state, d.tries, d.repeat, d.due_ms, d.sent_ms, d.delivered_ms, d.provider_id, d.message_id, d.reason,"
    " coalesce((select g.name from caregivers g where g.site = d.site and d.recipient = 'caregiver:' || g.caregiver_id),"
    " (select a.name from accounts a where d.recipient = 'account:' || a.id))"
)
States = Literal["open", "told", "nobody", "shown", "ended"]


def lists_router(pool: Pool, access: Access) -> APIRouter:
    """Routes under /api/v1/notifications."""
    api = APIRouter(prefix="/api/v1/notifications", tags=["notifications"])

    @api.get("")
    async def list_events(
        response: Response,
        site: Annotated[str | None, Query(max_length=40)] = None,
        person_id: Annotated[str | None, Query(max_length=60)] = None,
        alert_id: Annotated[str | None, Query(max_length=60)] = None,
        topic: Annotated[str | None, Query(max_length=60)] = None,
        state: Annotated[States | None, Query()] = None,
        limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = 100,
        before: Annotated[str | None, Query(max_length=60)] = None,
        account: Account = Depends(access.staff),
    ) -> list[dict[str, Any]]:
        """Newest first, with deliveries. `before`: the id of the last one of the page before (header `X-Next`)."""
        if site is not None:
            account.require(site)
        given = {
            "site": site, "sites": None if account.sites is None else sorted(account.sites), "person": person_id,
            "alert": alert_id, "topic": topic, "state": state, "limit": limit, "before": before,
        }  # fmt: skip
        async with pool.transaction() as conn:
            found = await conn.execute(
                f"select {_EVENT} from notification_events where topic <> 'code'"
                " and (%(site)s::text is null or site = %(site)s)"
                " and (%(sites)s::text[] is null or site = any(%(sites)s))"
                " and (%(person)s::text is null or person_id = %(person)s)"
                " and (%(alert)s::text is null or alert_id = %(alert)s)"
                " and (%(topic)s::text is null or topic = %(topic)s)"
                " and (%(state)s::text is null or state = %(state)s)"
                " and (%(before)s::text is null or event_id < %(before)s) order by event_id desc limit %(limit)s",
                given,
            )
            rows = await found.fetchall()
            deliveries = await _deliveries(conn, [row[1] for row in rows])
        if len(rows) == limit:
            response.headers["X-Next"] = rows[-1][1]
        return [_event(row, deliveries.get((row[0], row[1]), [])) for row in rows]

    return api


async def counts(conn: Connection) -> dict[tuple[str, str], int]:
    """(site, state) -> deliveries, for metrics."""
    found = await conn.execute("select site, state, count(*) from notification_deliveries group by 1, 2")
    return {(row[0], row[1]): row[2] for row in await found.fetchall()}


async def _deliveries(conn: Connection, event_ids: list[str]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    found = await conn.execute(
        f"select {_DELIVERY} from notification_deliveries d left join notification_channels c on c.site = d.channel_site"
        " and c.channel_id = d.channel_id where d.event_id = any(%s) order by d.delivery_id",
        (event_ids,),
    )
    kept: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in await found.fetchall():
        kept.setdefault((row[0], row[1]), []).append(
            {
                "id": row[2],
                "kind": row[3],
                "address": None if row[5] else row[4],
                "recipient": row[6],
                "name": row[16],
                "state": row[7],
                "tries": row[8],
                "repeat": row[9],
                "due_at": iso(row[10]),
                "sent_at": _at(row[11]),
                "delivered_at": _at(row[12]),
                "provider_id": row[13],
                "message_id": row[14],
                "reason": row[15],
            }
        )
    return kept


def _event(row: tuple[Any, ...], deliveries: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "site": row[0], "id": row[1], "topic": row[2], "severity": row[3], "critical": row[4], "alert_id": row[5],
        "audience": row[6], "step": row[7], "person_id": row[8], "raised_at": iso(row[9]), "expires_at": iso(row[10]),
        "created_at": iso(row[11]), "state": row[12], "reason": row[13], "deliveries": deliveries,
    }  # fmt: skip


def _at(ms: int | None) -> str | None:
    return iso(ms) if ms is not None else None
