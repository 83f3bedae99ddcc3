"""Whose patient somebody is: staff see the patients of their sites, a caregiver those they are listed for, and nobody else.

What is not yours to see answers 404, the same as what is not there.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from cloud.accounts import audit
from cloud.accounts.people import CARE_ROLES, CAREGIVER, ROLES, Account
from cloud.db.pool import Connection
from shared.clock import Clock
from shared.problems import Problem


class Patient(NamedTuple):
    """A person of a site, as its events say."""

    site: str
    id: str
    name: str
    language: str
    timezone: str


def only_theirs(account: Account) -> bool:
    """Whether the account sees single patients, not sites."""
    return CAREGIVER in account.roles and not account.roles & (CARE_ROLES | ROLES)


def sites_of(account: Account) -> list[str] | None:
    """The sites whose patients the account may see; None: all."""
    return None if account.sites is None else sorted(account.sites)


def scope(account: Account, person: str, site: str = "site") -> tuple[str, list[Any]]:
    """A condition over the columns `site` and `person`, and its values: what the account may see."""
    if only_theirs(account):
        return (
            f"exists (select 1 from account_patients ap where ap.account_id = %s and ap.site = {site}"
            f" and ap.person_id = {person})",
            [account.id],
        )
    return f"(%s::text[] is null or {site} = any(%s))", [sites_of(account), sites_of(account)]


async def patient(conn: Connection, account: Account, person_id: str) -> Patient:
    """The patient. Raises Problem 404 for one who is not there, erased, or not theirs to know of."""
    condition, values = scope(account, "p.person_id", "p.site")
    found = await conn.execute(
        "select p.site, p.person_id, p.name, coalesce(p.language, 'en'), coalesce(nullif(s.timezone, ''), 'UTC')"
        f" from persons p left join site_state s on s.site = p.site where p.person_id = %s and not p.erased and {condition}"
        " order by p.site limit 1",
        [person_id, *values],
    )
    row = await found.fetchone()
    if row is None:
        raise no_patient()
    return Patient(*row)


def no_patient() -> Problem:
    """Not there, or not theirs."""
    return Problem(
        404, "There is no such patient.", code="no_such_patient", hint="Choose one from the list of patients."
    )


async def seen(
    conn: Connection, clock: Clock, account: Account, what: str, site: str, person_id: str | None, **detail: Any
) -> None:
    """Who saw whose data: a line of the audit, at most one a minute for the same act and patient."""
    now_ms = clock.now_ms()
    found = await conn.execute(
        "select 1 from audit where site = %s and actor = %s and act = %s and at_ms > %s and detail->>'person' = %s limit 1",
        (site, account.actor, what, now_ms - 60_000, person_id),
    )
    if await found.fetchone() is None:
        await audit.write(conn, clock, account.actor, what, site=site, person=person_id, **detail)
