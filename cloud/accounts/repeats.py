"""A request that names itself (Idempotency-Key, decision 29) is carried out once; asked again, it gets the same answer.

The name is kept before the act and the answer after it. A program that dies in between leaves a name without an answer: then
nobody knows whether the act was done, and whoever asks again is told to look. A secret of the answer is not kept: it is made
of the name under the server's key (`shared.tokens`), so that it can be made again.

What is made under a name of its own needs none of this, and promises more: a plan, a command to a site and an appointment are
called by the key (`named`) in the transaction that makes them, and found by it. Asked again, also while the first is under way
or after it was cut off, they are done, once; the answer is how they stand now, and the key is theirs for good.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, Final

import orjson
from fastapi import Header
from psycopg.types.json import Jsonb

from cloud.accounts.people import Account
from cloud.db.pool import Pool
from shared.clock import Clock
from shared.problems import Problem

Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=200)]
"""The header, as an endpoint takes it."""
KEPT_MS: Final = 7 * 24 * 3_600_000
FORGOTTEN_MAX: Final = 1_000
"""Old names that go at one time."""
Row = dict[str, Any]


def named(account: Account, within: str, key: str) -> str:
    """What a command is called that an account asks for under a key. within: which site, or what kind of request."""
    return "office:" + hashlib.sha256(f"{account.id}\n{within}\n{key}".encode()).hexdigest()[:40]


def reused(what: str) -> Problem:
    """The refusal of a key that stands for another request. what: for what it was used."""
    return Problem(422, f"This Idempotency-Key was used for {what}.", code="key_reused")


class Repeats:
    """Belongs to a pool; used by several workers at once."""

    def __init__(self, pool: Pool, clock: Clock) -> None:
        self._pool, self._clock = pool, clock

    async def once(
        self, account: Account, key: str | None, asked: Any, act: Callable[[], Awaitable[Row]],
        secrets: Mapping[str, str] | None = None,
    ) -> Row:  # fmt: skip
        """What `act` answers, or answered when it was asked under this key before. Without a key: `act`.

        asked: what the request says and where, for JSON.  secrets: parts of the answer that are not kept, as they are made.
        Raises Problem 422 for a key that was used for something else, 409 while the first is under way or was cut off, and
        what `act` raises; a request that was refused may be asked again.
        """
        if key is None:
            return await act()
        digest = hashlib.sha256(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)).hexdigest()
        known = await self._begin(account.id, key, digest)
        if known is not None:
            return {**known, **(secrets or {})}
        try:
            answer = await act()
        except Problem:
            await self._forget(account.id, key)
            raise
        kept = {name: value for name, value in answer.items() if name not in (secrets or {})}
        async with self._pool.transaction() as conn:
            await conn.execute(
                "update repeats set answer = %s where account_id = %s and key = %s", (Jsonb(kept), account.id, key)
            )
        return answer

    async def _begin(self, account_id: str, key: str, digest: str) -> Row | None:
        now_ms = self._clock.now_ms()
        async with self._pool.transaction() as conn:
            await conn.execute(
                "delete from repeats where ctid in (select ctid from repeats where at_ms < %s limit %s)",
                (now_ms - KEPT_MS, FORGOTTEN_MAX),
            )
            made = await conn.execute(
                "insert into repeats (account_id, key, digest, at_ms) values (%s, %s, %s, %s) on conflict do nothing",
                (account_id, key, digest, now_ms),
            )
            if made.rowcount:
                return None
            found = await conn.execute(
                "select digest, answer from repeats where account_id = %s and key = %s", (account_id, key)
            )
            row = await found.fetchone()
        if row is None or (row[0] == digest and row[1] is None):
            raise Problem(
                409, "This was asked before, and is not known to be done.", code="under_way",
                hint="Look whether it was done; if not, ask again with a new Idempotency-Key.",
            )  # fmt: skip
        if row[0] != digest:
            raise reused("something else")
        answer: Row = row[1]
        return answer

    async def _forget(self, account_id: str, key: str) -> None:
        async with self._pool.transaction() as conn:
            await conn.execute("delete from repeats where account_id = %s and key = %s", (account_id, key))
