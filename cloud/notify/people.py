"""Who is meant by an audience, and on which channels: caregivers in their order, a clinic's staff, head office."""

from __future__ import annotations

from itertools import groupby
from typing import Final

from cloud.db.pool import Connection
from cloud.notify import alerts
from cloud.notify.channels import Channel, Channels
from cloud.notify.rows import EVERYBODY, Receiver

ROLES: Final = {"clinic": ("nurse", "doctor", "manager"), "office": ("office", "office_admin")}


async def receivers_of(
    conn: Connection, channels: Channels, site: str, person_id: str | None, audience: str, place: int
) -> list[Receiver]:
    """The channels of an audience. place: for caregivers 1 is the first of the list, 2 all after it; else how often told.

    Each is told on the channels of their first place; told again (place 2 and more), a clinic is told on all of them.
    """
    language = await alerts.language_of(conn, site, person_id)
    if audience == "caregiver":
        given = await alerts.caregivers(conn, site, person_id) if person_id is not None else []
        wanted = given[:1] if place == 1 else given[1:]
        found: list[Receiver] = []
        for one in wanted:
            own = await channels.of(conn, [site], "caregiver", [one.id])
            if one.account is not None:
                own += await channels.of(conn, [EVERYBODY], "account", [one.account])
            found += [channel.receiver(one.language or language) for channel in _first(own)]
        return found
    accounts = await alerts.accounts(conn, site, ROLES[audience])
    theirs = await channels.of(conn, [site, EVERYBODY], "account", accounts)
    chosen = (
        theirs if place > 1 else [one for _, own in groupby(theirs, lambda c: c.owner_id) for one in _first(list(own))]
    )
    return [channel.receiver(language) for channel in chosen]


def _first(own: list[Channel]) -> list[Channel]:
    """Those of the first place somebody has."""
    lowest = min((channel.place for channel in own), default=0)
    return [channel for channel in own if channel.place == lowest]
