"""Signing in and out at head office: cookie sessions for pages, access and refresh tokens for programs.

How tokens work is told in `shared/tokens.py`, the lock-out in `shared/passwords.py`. An attempt is counted as wrong
before the password is looked at and taken back when it was right, so that a hundred attempts at once are not a hundred
chances. All moments here are real time.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Final

from cloud.accounts import audit, people
from cloud.accounts.people import Account
from cloud.db.pool import Connection, Pool
from shared import passwords, tokens
from shared.clock import Clock, wall_s
from shared.ids import new_id
from shared.limits import RateLimit
from shared.problems import Problem

AUDIENCE: Final = "cloud"
SESSIONS_MAX: Final = 50
"""Of one account at once; the oldest ends when another begins."""
KEPT_MS: Final = 7 * 24 * 3600 * 1000
"""How long the row of an ended session stays, so that a copied refresh token is still known as one."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What a sign-in or a refresh gives. `cookie` only for pages, `refresh_token` only for programs."""

    account: Account
    access_token: str
    refresh_token: str | None
    cookie: str | None


class Sessions:
    """The sign-in desk of one cloud. `key` signs its access tokens."""

    def __init__(self, pool: Pool, key: bytes, clock: Clock) -> None:
        self._pool = pool
        self._key = key
        self._clock = clock
        self._checks = asyncio.Semaphore(passwords.CHECKS_AT_ONCE)
        self._by_address = RateLimit(burst=20, per_minute=30)

    async def sign_in(self, name: str, password: str, address: str, *, cookie: bool) -> SignedIn:
        """Check a password and begin a session. Raises Problem 401, 423 (locked) or 429."""
        self._slow_down(address)
        typed = name.strip().lower()[: people.NAME_CHARS_MAX]
        async with self._pool.transaction() as conn:
            until_ms = await _count_attempt(conn, typed)
            found = None if until_ms else await people.find(conn, name)
            if until_ms:
                await audit.write(conn, self._clock, "nobody", "sign_in_locked", address=address, name=typed)
        if until_ms:
            wait_s = max(1, (until_ms - _real_ms()) / 1000)
            raise Problem(
                423,
                "Too many wrong passwords; this account is locked for a while.",
                code="locked",
                hint=f"Try again in {-int(-wait_s // 60)} minutes.",
                retry_after_s=wait_s,
            )
        async with self._checks:
            checked = await asyncio.to_thread(passwords.check, password, found[1] if found else None)
        async with self._pool.transaction() as conn:
            if found is None or not checked.right:
                await audit.write(conn, self._clock, "nobody", "sign_in_failed", address=address, name=typed)
                signed_in = None
            else:
                account = found[0]
                await conn.execute("delete from sign_in_failures where name = %s", (typed,))
                if checked.renewed:
                    await conn.execute("update accounts set password = %s where id = %s", (checked.renewed, account.id))
                signed_in = await self._begin(conn, account, cookie=cookie)
                await audit.write(conn, self._clock, account.actor, "signed_in", address=address, cookie=cookie)
        if signed_in is None:
            raise Problem(
                401, "The name or the password is wrong.", code="wrong_password", hint="Check both and retry."
            )
        return signed_in

    async def refresh(self, refresh_token: str, address: str) -> SignedIn:
        """Trade a refresh token for the next. One that comes twice ends its session: it was copied. Raises Problem."""
        self._slow_down(address)
        async with self._pool.transaction() as conn:
            result = await self._traded(conn, refresh_token, address)
        if isinstance(result, Problem):
            raise result
        return result

    async def by_cookie(self, secret: str) -> Account | None:
        """Whose cookie it is, while the session lasts."""
        return await self._account("s.cookie_hash = %s", tokens.hash_secret(secret))

    async def by_access(self, token: str) -> Account | None:
        """Whose access token it is, while it and its session last."""
        try:
            claims = tokens.read_access(self._key, token, AUDIENCE)
        except tokens.BadToken:
            return None
        return await self._account("s.id = %s", str(claims["sid"]))

    async def still(self, account: Account) -> Account | None:
        """The account as it is now, while the session it came with lasts."""
        return await self._account("s.id = %s", account.session)

    async def end(self, account: Account, address: str) -> None:
        """Sign out: cookie, access and refresh tokens of the session end together."""
        async with self._pool.transaction() as conn:
            await _end(conn, account.session, "signed_out")
            await audit.write(conn, self._clock, account.actor, "signed_out", address=address)

    def _slow_down(self, address: str) -> None:
        wait_s = self._by_address.wait_s(address)
        if wait_s:
            raise Problem(429, "Too many attempts from this address.", retry_after_s=wait_s)

    async def _account(self, condition: str, value: str) -> Account | None:
        async with self._pool.transaction() as conn:
            found = await conn.execute(
                "select a.id, a.name, a.roles, a.sites, s.id from office_sessions s join accounts a on a.id = s.account"
                f" where {condition} and s.ended_ms is null and s.expires_ms > %s and a.is_active".encode(),
                (value, _real_ms()),
            )
            row = await found.fetchone()
        return None if row is None else people.of_row(row[:4], row[4])

    async def _begin(self, conn: Connection, account: Account, *, cookie: bool) -> SignedIn:
        session, now_ms = new_id(), _real_ms()
        secret, secret_hash = tokens.new_secret()
        lifetime_s = tokens.COOKIE_LIFETIME_S if cookie else tokens.REFRESH_LIFETIME_S
        await conn.execute(
            "delete from office_sessions where account = %s and (expires_ms < %s or ended_ms < %s)",
            (account.id, now_ms, now_ms - KEPT_MS),
        )
        await conn.execute(
            "update office_sessions set ended_ms = %s, end_reason = 'too_many' where id in (select id from"
            " office_sessions where account = %s and ended_ms is null order by created_ms desc offset %s)",
            (now_ms, account.id, SESSIONS_MAX - 1),
        )
        await conn.execute(
            "insert into office_sessions (id, account, cookie_hash, created_ms, expires_ms)"
            " values (%s, %s, %s, %s, %s)",
            (session, account.id, secret_hash if cookie else None, now_ms, now_ms + lifetime_s * 1000),
        )
        if not cookie:
            await conn.execute("insert into office_refresh_tokens values (%s, %s, null)", (secret_hash, session))
        return SignedIn(
            people.Account(account.id, account.name, account.roles, account.sites, session),
            tokens.sign_access(self._key, account.id, session, AUDIENCE),
            None if cookie else secret,
            secret if cookie else None,
        )

    async def _traded(self, conn: Connection, refresh_token: str, address: str) -> SignedIn | Problem:
        over = Problem(401, "This refresh token is no longer good.", code="session_over", hint="Sign in again.")
        used = tokens.hash_secret(refresh_token)
        found = await conn.execute(
            "select a.id, a.name, a.roles, a.sites, s.id, r.used_ms, s.expires_ms from office_refresh_tokens r"
            " join office_sessions s on s.id = r.session join accounts a on a.id = s.account"
            " where r.hash = %s and s.ended_ms is null and a.is_active for update of s, r",
            (used,),
        )
        row = await found.fetchone()
        if row is None:
            return over
        account = people.of_row(row[:4], row[4])
        if row[5] is not None:
            await _end(conn, account.session, "refresh_reused")
            await audit.write(conn, self._clock, account.actor, "refresh_reused", address=address)
            return over
        now_ms = _real_ms()
        if row[6] <= now_ms:
            return over
        secret, secret_hash = tokens.new_secret()
        await conn.execute("update office_refresh_tokens set used_ms = %s where hash = %s", (now_ms, used))
        await conn.execute("insert into office_refresh_tokens values (%s, %s, null)", (secret_hash, account.session))
        access = tokens.sign_access(self._key, account.id, account.session, AUDIENCE)
        return SignedIn(account, access, secret, None)


async def _count_attempt(conn: Connection, name: str) -> int | None:
    """Until when the name is locked; None when it is not, and then the attempt is counted as wrong for now."""
    now_ms = _real_ms()
    await conn.execute(
        "delete from sign_in_failures where last_ms < %s", (now_ms - passwords.WINDOW_MS - passwords.LOCK_MS,)
    )
    await conn.execute(
        "insert into sign_in_failures values (%s, '{}', %s) on conflict (name) do nothing", (name, now_ms)
    )
    found = await conn.execute("select failures_ms from sign_in_failures where name = %s for update", (name,))
    row: Any = await found.fetchone()
    failures = list(row[0]) if row else []
    until_ms = passwords.locked_until_ms(failures, now_ms)
    if until_ms is None:
        await conn.execute(
            "update sign_in_failures set failures_ms = %s, last_ms = %s where name = %s",
            ([*failures, now_ms][-passwords.FAILURES_MAX :], now_ms, name),
        )
    return until_ms


async def _end(conn: Connection, session: str, reason: str) -> None:
    await conn.execute(
        "update office_sessions set ended_ms = %s, end_reason = %s where id = %s and ended_ms is null",
        (_real_ms(), reason, session),
    )


def _real_ms() -> int:
    return int(wall_s() * 1000)
