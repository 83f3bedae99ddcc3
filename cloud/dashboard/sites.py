"""What head office asks of one site: statements and rules behind `endpoints`. Writes no table of others."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from cloud.accounts import audit
from cloud.accounts.people import Account, no_such_site
from cloud.accounts.repeats import named, reused
from cloud.db.pool import SITES, Connection, Pool, notify
from cloud.mailbox.service import Mailbox, MailboxFull
from shared.clock import Clock
from shared.commands import BadCommand
from shared.problems import Problem

ROWS_MAX: Final = 1_000


class Order(NamedTuple):
    """A command somebody at head office gives a site. `expires_in_s`: domain time; None: never."""

    kind: str
    body: dict[str, Any]
    expires_in_s: float | None
    key: str | None
    """The sender's Idempotency-Key."""


class Sites:
    """Everything about single sites. Every method raises Problem 404 for a site that is not there."""

    def __init__(self, pool: Pool, mailbox: Mailbox, clock: Clock) -> None:
        self._pool = pool
        self._mailbox = mailbox
        self._clock = clock

    async def add(self, site: str, name: str, actor: str) -> bool:
        """Make a site. False when it is there already under this very name; Problem 409 under another."""
        async with self._pool.transaction() as conn:
            found = await conn.execute(
                "insert into sites values (%s, %s, %s) on conflict do nothing returning site",
                (site, name, self._clock.now_ms()),
            )
            if await found.fetchone() is not None:
                await audit.write(conn, self._clock, actor, "site_added", site=site, name=name)
                await notify(conn, SITES, site)
                return True
            if await _name(conn, site) != name:
                raise Problem(
                    409, f"There is a site {site!r} with another name.", code="taken", hint="Choose another id."
                )
        return False

    async def details(self, site: str) -> dict[str, Any]:
        """Name, stores in order, link and the alerts that are open."""
        async with self._pool.transaction() as conn:
            name = await _name(conn, site)
            stores = await _rows(
                conn,
                "select epoch, ordinal, state, serial, boot, first_ms from epochs where site = %s order by ordinal desc",
                site,
            )
            cursors = await _rows(
                conn, "select epoch, lane, upto from cursors where site = %s order by epoch, lane", site
            )
            link = await _rows(
                conn,
                "select epoch, heard_ms, path, unsent, status, version, clock_now_ms, clock_trust from site_state"
                " where site = %s",
                site,
            )
            alerts = await _rows(
                conn,
                "select alert_id as id, topic, title, hint, at_ms from site_alerts where site = %s and is_open"
                " union all select kind || ':' || epoch, 'link', kind, detail, raised_ms from alarms"
                " where site = %s and ended_ms is null order by at_ms desc",
                site,
                site,
            )
        for store in stores:
            store["received"] = {c["lane"]: c["upto"] for c in cursors if c["epoch"] == store["epoch"]}
        return {"site": site, "name": name, "epochs": stores, "link": link[0] if link else None, "alerts": alerts}

    async def order(self, site: str, order: Order, account: Account) -> str:
        """Put a command into the site's mailbox; returns its id.

        The same Idempotency-Key with the same order gives the same id and no second command; with another order 422.
        Raises Problem 422 for an order no site could carry out, 503 when too many wait.
        """
        expires_ms = None if order.expires_in_s is None else self._clock.now_ms() + round(order.expires_in_s * 1000)
        command_id = None if order.key is None else named(account, site, order.key)
        async with self._pool.transaction() as conn:
            await _name(conn, site)
            try:
                put = await self._mailbox.enqueue(
                    conn, site, order.kind, account.actor, order.body, expires_ms, command_id
                )
            except MailboxFull as error:
                raise Problem(503, f"{error}.", code="mailbox_full", hint=error.hint) from error
            except (BadCommand, ValueError) as error:
                raise Problem(422, str(error), code="bad_command") from error
            found = await conn.execute(
                "select kind, body from mailbox where site = %s and command_id = %s", (site, put.command_id)
            )
            if await found.fetchone() != (order.kind, order.body):
                raise reused("another command")
            await audit.write(
                conn, self._clock, account.actor, "command_given", site=site, command=put.command_id, kind=order.kind
            )
        return put.command_id

    async def commands(self, site: str, limit: int) -> list[dict[str, Any]]:
        """The commands given last, the newest first."""
        return await self._list(
            site,
            "select command_id, kind, body, actor, state, detail, expires_ms, published_ms, received_ms, settled_ms,"
            " coalesce(settled_ms, received_ms, published_ms) as at from mailbox where site = %s"
            " order by published_ms desc, number desc limit %s",
            limit,
        )

    async def doctors(self, site: str) -> list[dict[str, Any]]:
        """The site's doctors, as its events say."""
        return await self._list(
            site,
            "select doctor_id as id, number, name, specialization, service, room, is_active, is_on_break, code, policy,"
            " policy_options, version from doctors where site = %s order by number, doctor_id limit %s",
            ROWS_MAX,
        )

    async def services(self, site: str) -> list[dict[str, Any]]:
        """The site's services, as its events say."""
        return await self._list(
            site,
            "select service_id as id, letter, name, is_open, policy, policy_options, version from services where site = %s"
            " order by letter, service_id limit %s",
            ROWS_MAX,
        )

    async def dead_letters(self, site: str, limit: int) -> list[dict[str, Any]]:
        """Events on a shelf: refused by the database, or not applied by a reader; and ranges that never came."""
        async with self._pool.transaction() as conn:
            await _name(conn, site)
            return await _rows(
                conn,
                "select 'refused' as shelf, null as reader, epoch, lane, seq, seq as last, null as kind, reason,"
                " received_ms as at from dead_letters where site = %(site)s union all"
                " select 'not_applied', reader, epoch, lane, seq, seq, kind, reason, failed_ms from reader_failures"
                " where site = %(site)s union all"
                " select 'gap', null, epoch, lane, first, last, null, reason, received_ms from gaps"
                " where site = %(site)s order by at desc, epoch, lane, seq limit %(limit)s",
                {"site": site, "limit": limit},
            )

    async def _list(self, site: str, statement: str, limit: int) -> list[dict[str, Any]]:
        async with self._pool.transaction() as conn:
            await _name(conn, site)
            return await _rows(conn, statement, site, limit)


async def _name(conn: Connection, site: str) -> str:
    found = await conn.execute("select name from sites where site = %s", (site,))
    row = await found.fetchone()
    if row is None:
        raise no_such_site(site)
    return str(row[0])


async def _rows(conn: Connection, statement: str, *values: Any) -> list[dict[str, Any]]:
    named = values[0] if len(values) == 1 and isinstance(values[0], dict) else values
    found = await conn.execute(statement.encode(), named)
    names = [column.name for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in await found.fetchall()]
