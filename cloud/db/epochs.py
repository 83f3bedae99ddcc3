"""Epochs: the lives of a site's store, in the order the cloud learnt of them. Statements only; no rule about frames."""

from __future__ import annotations

from typing import Literal, NamedTuple

from cloud.db.pool import Connection

State = Literal["current", "replaced", "fenced", "revoked"]


class Epoch(NamedTuple):
    """One life of a store. Only the frames of a current one are kept among the events."""

    site: str
    epoch: str
    state: State
    session: str | None
    boot: str | None


async def find(conn: Connection, site: str, epoch: str) -> Epoch | None:
    """The epoch as it stands, or None when the cloud never heard of it."""
    row = await (
        await conn.execute(
            "select site, epoch, state, session, boot from epochs where site = %s and epoch = %s", (site, epoch)
        )
    ).fetchone()
    return Epoch(*row) if row else None


async def register(
    conn: Connection,
    site: str,
    epoch: str,
    now_ms: int,
    serial: str | None = None,
    public_key_pem: str | None = None,
) -> Epoch:
    """Make `epoch` known: a new one becomes the site's current and replaces the one before, whose
    alarms end; a known one keeps its state.

    A site the cloud does not know (it was restored from an older backup) is made, under its id. With `serial` and
    `public_key_pem` the credential issued last is kept. Safe to call from several workers at once.
    """
    await conn.execute("insert into sites values (%s, %s, %s) on conflict do nothing", (site, site, now_ms))
    await conn.execute("select 1 from sites where site = %s for no key update", (site,))
    known = await find(conn, site, epoch)
    if known is None:
        await conn.execute("update epochs set state = 'replaced' where site = %s and state = 'current'", (site,))
        await conn.execute(
            "insert into epochs(site, epoch, ordinal, state, first_ms)"
            " select %s, %s, coalesce(max(ordinal), 0) + 1, 'current', %s from epochs where site = %s",
            (site, epoch, now_ms, site),
        )
        await conn.execute(
            "update alarms set ended_ms = %s where site = %s and epoch <> %s and ended_ms is null",
            (now_ms, site, epoch),
        )
        known = Epoch(site, epoch, "current", None, None)
    if serial is not None:
        await conn.execute(
            "update epochs set serial = %s, public_key_pem = %s where site = %s and epoch = %s",
            (serial, public_key_pem, site, epoch),
        )
    return known


async def set_state(conn: Connection, site: str, epoch: str, state: State) -> None:
    """Fence or revoke an epoch. Frames that come afterwards go to the late shelf."""
    await conn.execute("update epochs set state = %s where site = %s and epoch = %s", (state, site, epoch))


async def raise_alarm(conn: Connection, site: str, kind: str, epoch: str, detail: str, now_ms: int) -> None:
    """Open an alarm about a site's link, or say more about the open one."""
    await conn.execute(
        "insert into alarms values (%s, %s, %s, %s, %s, null) on conflict (site, kind, epoch)"
        " do update set detail = excluded.detail, ended_ms = null",
        (site, kind, epoch, detail, now_ms),
    )
