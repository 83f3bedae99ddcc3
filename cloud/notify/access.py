"""Who may see and change what of notifications: one's own channels; those of a site's people for its staff."""

from __future__ import annotations

from typing import Final

from fastapi import Request

from cloud.accounts.guards import Guards
from cloud.accounts.people import Account
from shared.problems import Problem

CARE: Final = frozenset(("nurse", "doctor", "manager"))
OFFICE: Final = frozenset(("office", "office_admin"))
SETS_ROUTES: Final = frozenset(("manager", "office_admin"))


class Access:
    """Dependencies of routes; each raises Problem 401 or 403."""

    def __init__(self, guards: Guards) -> None:
        self._guards = guards

    async def anybody(self, request: Request) -> Account:
        """Whoever is signed in, for what is their own."""
        account = await self._guards.whoever(request)
        if account is None:
            raise Problem(401, "You are not signed in.")
        return account

    async def staff(self, request: Request) -> Account:
        """A nurse, doctor, manager or somebody of head office; the site is looked at by the route."""
        account = await self.anybody(request)
        if not account.roles & (CARE | OFFICE):
            raise Problem(403, "This is for staff of the clinic and for head office.")
        return account

    async def routes(self, request: Request) -> Account:
        """Somebody who may set how messages leave."""
        account = await self.anybody(request)
        if not account.roles & SETS_ROUTES:
            raise Problem(403, "This needs the role manager or office_admin.")
        return account
