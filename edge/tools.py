"""What the small commands do with a clinic's data folder, whether or not its program runs."""

from __future__ import annotations

import contextlib

from edge.app.dispatcher import Outcome
from edge.main import IDENTITY, Settings, core
from edge.store import accounts, probe
from shared.commands import Command


class NotClaimed(Exception):
    """What head office said, and what a person can do."""

    def __init__(self, detail: str, hint: str) -> None:
        super().__init__(detail)
        self.hint = hint


async def one_command(settings: Settings, command: Command) -> Outcome:
    """Carry out one command on a clinic whose program does not run. Raises FolderInUse when it does."""
    async with core(settings, process=False) as (_, _, dispatcher):
        return await dispatcher.submit(command)


def staff_id(settings: Settings, wanted: str) -> str | None:
    """The id of an account by its user name, also while the program runs."""
    if probe.epoch(settings.data) is None:
        return None
    with contextlib.closing(probe.look(settings.data)) as conn:
        found = accounts.find(conn, wanted)
    return found.id if found else None


async def claim_site(settings: Settings, code: str, url: str) -> str:
    """Buy the clinic's certificate, also while it runs; returns the site's name.

    Raises ValueError for the address, and NotClaimed with a hint for everything else.
    """
    from edge.sync.identity import ClaimError, Keeper, claim

    if probe.epoch(settings.data) is None:
        async with core(settings, process=False):
            pass
    epoch = probe.epoch(settings.data)
    assert epoch is not None
    try:
        claimed = await claim(Keeper(settings.data / IDENTITY), url, code, epoch)
    except ClaimError as error:
        raise NotClaimed(str(error), error.hint) from error
    return f"{claimed.certificate.site_name} ({claimed.certificate.site})"
