"""How a clinic comes in and is put out: claim codes, certificates for its stores, renewal and revocation.

A claim code is shown once to somebody at head office, typed at the clinic within ten minutes of domain time, and works
once. It makes the clinic's new store the *current* epoch of its site and the former one *replaced*. If the answer is
lost on the way, the same store asking with the same key and code gets it again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from cloud.accounts import audit
from cloud.accounts.authority import Authority, BadRequest, Issued
from cloud.accounts.people import Account, no_such_site
from cloud.db import epochs
from cloud.db.pool import SITES, Connection, Pool, notify
from shared import tokens
from shared.api import Certificate
from shared.clock import Clock, wall_s
from shared.limits import RateLimit
from shared.problems import Problem
from shared.topics import Sender

CODE_LIFETIME_MS: Final = 10 * 60 * 1000
OPEN_CODES_MAX: Final = 5
"""Unused codes one site may have at once; a new one takes the place of the oldest."""
EPOCHS_MAX: Final = 1_000
"""Lives of one site's store."""

Revoked = Callable[[str], Awaitable[None]]
"""Given the new revocation list in PEM: put it where the broker reads it."""


class Claims:
    """The door for clinics. `broker`: host and port told to them, or None."""

    def __init__(
        self,
        pool: Pool,
        authority: Authority,
        key: bytes,
        clock: Clock,
        broker: tuple[str, int] | None,
        on_revoked: Revoked,
    ) -> None:
        self._pool = pool
        self._authority = authority
        self._key = key
        self._clock = clock
        self._broker = broker
        self._on_revoked = on_revoked
        self._telling = asyncio.Lock()
        self._by_address = RateLimit(burst=10, per_minute=10)
        self._by_sender = RateLimit(burst=5, per_minute=1)

    async def make_code(self, site: str, actor: str, request: str | None = None) -> tuple[str, int]:
        """A code for `site` and until when it is good, ms in domain time. Raises Problem 404.

        The same `request` (an Idempotency-Key) of the same actor gives the same code while it is good.
        """
        named = None if request is None else f"{actor}\n{site}\n{request}"
        code = tokens.new_code() if named is None else tokens.repeated_code(self._key, named)
        code_hash, now_ms = tokens.hash_code(self._key, code), self._clock.now_ms()
        async with self._pool.transaction() as conn:
            await _site_name(conn, site)
            await conn.execute("delete from claim_codes where site = %s and expires_ms <= %s", (site, now_ms))
            found = await conn.execute("select expires_ms from claim_codes where code_hash = %s", (code_hash,))
            made = await found.fetchone()
            if made is not None:
                return code, int(made[0])
            await conn.execute(
                "delete from claim_codes where code_hash in (select code_hash from claim_codes where site = %s"
                " and used_ms is null order by created_ms desc, code_hash offset %s)",
                (site, OPEN_CODES_MAX - 1),
            )
            await conn.execute(
                "insert into claim_codes (code_hash, site, created_by, created_ms, expires_ms)"
                " values (%s, %s, %s, %s, %s)",
                (code_hash, site, actor, now_ms, now_ms + CODE_LIFETIME_MS),
            )
            await audit.write(conn, self._clock, actor, "claim_code_made", site=site)
        return code, now_ms + CODE_LIFETIME_MS

    async def claim(self, code: str, epoch: str, csr_pem: str, address: str) -> Certificate:
        """Trade a code for a certificate. Raises Problem 403 (the code), 409 (the store), 422 (the request), 429."""
        wait_s = self._by_address.wait_s(address)
        if wait_s:
            raise Problem(429, "Too many claims from this address.", retry_after_s=wait_s)
        now_ms, code_hash = self._clock.now_ms(), tokens.hash_code(self._key, code)
        async with self._pool.transaction() as conn:
            found = await conn.execute(
                "select site, expires_ms, used_ms, used_epoch from claim_codes where code_hash = %s for update",
                (code_hash,),
            )
            row = await found.fetchone()
            if row is None:
                raise _bad_code("This claim code is not known.")
            site, expires_ms, used_ms, used_epoch = row
            if now_ms >= expires_ms:
                raise _bad_code("This claim code has expired.")
            issued = self._sign(csr_pem, Sender(site, epoch))
            if used_ms is not None and not (used_epoch == epoch and await _certified(conn, site, epoch, issued)):
                raise _bad_code("This claim code was used already.")
            name = await _site_name(conn, site)
            await self._enter(conn, site, epoch, issued, now_ms)
            await conn.execute(
                "update claim_codes set used_ms = %s, used_epoch = %s where code_hash = %s", (now_ms, epoch, code_hash)
            )
            await audit.write(
                conn, self._clock, f"site:{site}.{epoch}", "claimed", site=site, address=address, serial=issued.serial
            )
            await notify(conn, SITES, site)
        return self._answer(site, name, issued)

    async def renew(self, sender: Sender, csr_pem: str) -> Certificate:
        """A fresh certificate for a store that is known. Raises Problem 403 (it was revoked), 422 or 429."""
        wait_s = self._by_sender.wait_s(sender.name)
        if wait_s:
            raise Problem(429, "This store has just been given a certificate.", retry_after_s=wait_s)
        async with self._pool.transaction() as conn:
            name = await _site_name(conn, sender.site)  # locks the site: a revocation came before, or comes after
            known = await epochs.find(conn, *sender)
            if known is not None and known.state == "revoked":
                raise Problem(403, "This store was revoked.", code="revoked", hint="Head office put it out; ask there.")
            issued = self._sign(csr_pem, sender)
            await _keep(conn, sender.site, sender.epoch, issued)
            await audit.write(
                conn, self._clock, f"site:{sender.name}", "renewed", site=sender.site, serial=issued.serial
            )
        return self._answer(sender.site, name, issued)

    async def revoke(self, site: str, epoch: str, account: Account) -> None:
        """Put a store out: its frames are refused from now on, its certificates go on the list. Raises Problem 404."""
        async with self._pool.transaction() as conn:
            await _site_name(conn, site)
            if await epochs.find(conn, site, epoch) is None:
                raise Problem(404, f"{site} has no store {epoch[:40]!r}.", hint="Choose one of the list.")
            await epochs.set_state(conn, site, epoch, "revoked")
            await audit.write(conn, self._clock, account.actor, "revoked", site=site, epoch=epoch)
            await notify(conn, SITES, site)
        await self.tell_revoked()

    async def tell_revoked(self) -> None:
        """Have a fresh revocation list put in place. One at a time, so that no older list follows a newer one."""
        async with self._telling:
            await self._on_revoked(await self.revocation_list())

    async def revocation_list(self) -> str:
        """The certificates of all revoked stores that have not expired, as a CRL in PEM."""
        async with self._pool.transaction() as conn:
            found = await conn.execute(
                "select c.serial from certificates c join epochs e on e.site = c.site and e.epoch = c.epoch"
                " where e.state = 'revoked' and c.expires_s > %s",
                (int(wall_s()),),
            )
            serials = [row[0] for row in await found.fetchall()]
        return self._authority.crl_pem(serials)

    async def _enter(self, conn: Connection, site: str, epoch: str, issued: Issued, now_ms: int) -> None:
        """Make `epoch` the current one. The site's row is locked: two claims come one after the other."""
        found = await conn.execute("select epoch, state from epochs where site = %s", (site,))
        there = {row[0]: str(row[1]) for row in await found.fetchall()}
        if there.get(epoch, "current") != "current":
            raise Problem(
                409,
                f"This store was {there[epoch]}; it cannot come back.",
                code=f"store_{there[epoch]}",
                hint="Begin a new store at the clinic and claim it with a new code.",
            )
        if len(there) >= EPOCHS_MAX:
            raise Problem(409, f"This site has had {EPOCHS_MAX} stores.", hint="Make a new site.")
        await epochs.register(conn, site, epoch, now_ms)
        await _keep(conn, site, epoch, issued)

    def _sign(self, csr_pem: str, sender: Sender) -> Issued:
        try:
            return self._authority.sign(csr_pem, sender.site, sender.epoch)
        except BadRequest as error:
            raise Problem(
                422, str(error), code="bad_csr", hint="The edge program makes this itself; update it."
            ) from error

    def _answer(self, site: str, name: str, issued: Issued) -> Certificate:
        host, port = self._broker or (None, None)
        return Certificate(
            site=site,
            site_name=name,
            certificate_pem=issued.certificate_pem,
            authority_pem=self._authority.ca_pem,
            mqtt_host=host,
            mqtt_port=port,
        )


async def _site_name(conn: Connection, site: str) -> str:
    found = await conn.execute("select name from sites where site = %s for update", (site,))
    row: Any = await found.fetchone()
    if row is None:
        raise no_such_site(site)
    return str(row[0])


async def _keep(conn: Connection, site: str, epoch: str, issued: Issued) -> None:
    await conn.execute(
        "insert into certificates values (%s, %s, %s, %s, %s, %s)",
        (site, epoch, issued.serial, issued.public_key_pem, issued.issued_s, issued.expires_s),
    )
    await conn.execute(
        "update epochs set serial = %s, public_key_pem = %s where site = %s and epoch = %s",
        (issued.serial, issued.public_key_pem, site, epoch),
    )


async def _certified(conn: Connection, site: str, epoch: str, issued: Issued) -> bool:
    found = await conn.execute(
        "select 1 from certificates where site = %s and epoch = %s and public_key_pem = %s limit 1",
        (site, epoch, issued.public_key_pem),
    )
    return await found.fetchone() is not None


def _bad_code(detail: str) -> Problem:
    return Problem(
        403, detail, code="bad_code", hint="Ask head office for a new claim code; it is good for ten minutes."
    )
