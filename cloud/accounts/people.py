"""Head-office accounts: who they are, and which sites they may see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import psycopg

from cloud.accounts import audit
from cloud.db.pool import Connection
from shared.clock import Clock
from shared.ids import new_id
from shared.problems import Problem
from shared.topics import SITE

OFFICE: Final = "office"
OFFICE_ADMIN: Final = "office_admin"
ROLES: Final = frozenset((OFFICE, OFFICE_ADMIN))
"""Roles at head office."""
CAREGIVER: Final = "caregiver"
CARE_ROLES: Final = frozenset(("nurse", "doctor", "manager"))
"""Roles in the care of patients, for the sites of the account. A caregiver sees their own patients alone."""
EVERY_ROLE: Final = ROLES | CARE_ROLES | {CAREGIVER}
NAME_CHARS_MAX: Final = 80


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who is signed in. `sites`: those they may see; None for all."""

    id: str
    name: str
    roles: frozenset[str]
    sites: frozenset[str] | None
    session: str = ""

    @property
    def actor(self) -> str:
        """How commands and the audit name them."""
        return f"cloud:{self.id}"

    def sees(self, site: str) -> bool:
        """Whether the site is theirs to know of."""
        return self.sites is None or site in self.sites

    def require(self, site: str) -> None:
        """Raises Problem 404 for a site that is not theirs: the same answer as for one that does not exist."""
        if not self.sees(site):
            raise no_such_site(site)

    def shown(self) -> dict[str, Any]:
        """What pages get to know of them."""
        return {
            "id": self.id,
            "name": self.name,
            "roles": sorted(self.roles),
            "sites": None if self.sites is None else sorted(self.sites),
        }


class AccountRefused(ValueError):
    """The account cannot be made; the message is for a person."""


def no_such_site(site: str) -> Problem:
    """The answer for a site that is not there or not theirs."""
    return Problem(
        404, f"There is no site {site[:60]!r}.", code="no_such_site", hint="Choose a site from the overview."
    )


async def add(
    conn: Connection,
    clock: Clock,
    name: str,
    password_hash: str,
    roles: Iterable[str],
    sites: Iterable[str] | None = None,
    actor: str = "program",
) -> str:
    """Make an account; returns its id. Raises AccountRefused for a name that is taken, an unknown role or site."""
    wanted, scope = set(roles), None if sites is None else sorted(set(sites))
    if not name.strip() or len(name) > NAME_CHARS_MAX:
        raise AccountRefused(f"A name has 1 to {NAME_CHARS_MAX} characters.")
    if not wanted or wanted - EVERY_ROLE:
        raise AccountRefused(f"Roles are {', '.join(sorted(EVERY_ROLE))}.")
    if CAREGIVER in wanted and len(wanted) > 1:
        raise AccountRefused("A caregiver's account has no other role.")
    for site in scope or ():
        if not SITE.fullmatch(site):
            raise AccountRefused(f"{site!r} is not a site's id.")
    account = new_id()
    try:
        await conn.execute(
            "insert into accounts (id, name, password, roles, sites, created_ms) values (%s, %s, %s, %s, %s, %s)",
            (account, name.strip(), password_hash, sorted(wanted), scope, clock.now_ms()),
        )
    except psycopg.errors.UniqueViolation as error:
        raise AccountRefused(f"There is an account named {name!r} already.") from error
    await audit.write(
        conn, clock, actor, "account_added", account=account, name=name, roles=sorted(wanted), sites=scope
    )
    return account


async def change(
    conn: Connection,
    clock: Clock,
    name: str,
    now_real_ms: int,
    *,
    password_hash: str | None = None,
    is_active: bool | None = None,
    actor: str = "program",
) -> None:
    """A new password, or the end of an account, or its return; its sessions end. Raises AccountRefused: no such name."""
    found = await conn.execute(
        "update accounts set password = coalesce(%s, password), is_active = coalesce(%s, is_active)"
        " where lower(name) = lower(%s) returning id",
        (password_hash, is_active, name.strip()),
    )
    row = await found.fetchone()
    if row is None:
        raise AccountRefused(f"There is no account named {name!r}.")
    await conn.execute(
        "update office_sessions set ended_ms = %s, end_reason = 'account_changed' where account = %s and ended_ms is null",
        (now_real_ms, row[0]),
    )
    await conn.execute("delete from sign_in_failures where name = %s", (name.strip().lower(),))
    await audit.write(
        conn, clock, actor, "account_changed", account=row[0], password=password_hash is not None, is_active=is_active
    )


async def find(conn: Connection, name: str) -> tuple[Account, str] | None:
    """The active account of a name (case does not matter) and its password hash."""
    found = await conn.execute(
        "select id, name, roles, sites, password from accounts where lower(name) = lower(%s) and is_active",
        (name.strip(),),
    )
    row = await found.fetchone()
    return None if row is None else (of_row(row[:4]), str(row[4]))


def of_row(row: tuple[Any, ...], session: str = "") -> Account:
    """An account of the columns id, name, roles, sites."""
    return Account(row[0], row[1], frozenset(row[2]), None if row[3] is None else frozenset(row[3]), session)
