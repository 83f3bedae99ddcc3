"""What providers' headers say is left, and models they no longer have. In the database: limits are the organisation's, so
that all processes keep to them together. Times are real, ms since 1970, for a provider's window is real."""

from __future__ import annotations

from typing import Final

from cloud.db.pool import Connection
from cloud.llm.calls import Failure, Left, Model
from cloud.llm.cost import CHAIN

RATE_WAIT_S: Final = 5.0
"""How long a model is left alone that said "too many" without saying until when."""
TOKENS_A_CALL: Final = 2_000
"""A call is not begun with fewer tokens left than this."""


async def blocked_ms(conn: Connection, model: Model, real_ms: int) -> int:
    """For how long this model is not to be asked, ms; 0: now."""
    found = await conn.execute(
        "select blocked_until_ms, requests_left, requests_reset_ms, tokens_left, tokens_reset_ms from llm_limits"
        " where site = %s and provider = %s and model = %s",
        (CHAIN, *model),
    )
    row = await found.fetchone()
    if row is None:
        return 0
    until: list[int] = [row[0]]
    until += [row[2]] if row[1] is not None and row[1] < 1 and row[2] is not None else []
    until += [row[4]] if row[3] is not None and row[3] < TOKENS_A_CALL and row[4] is not None else []
    return max(0, max(until) - real_ms)


async def note(conn: Connection, model: Model, left: Left, failure: Failure | None, real_ms: int) -> None:
    """Keep what an answer said about limits."""
    wait_s = 0.0
    if failure is not None and failure.kind == "rate_limited":
        wait_s = failure.retry_after_s if failure.retry_after_s is not None else RATE_WAIT_S
    if left == Left() and not wait_s:
        return
    await conn.execute(
        "insert into llm_limits as l (site, provider, model, requests_left, requests_reset_ms, tokens_left, tokens_reset_ms,"
        " blocked_until_ms) values (%s, %s, %s, %s, %s, %s, %s, %s) on conflict (site, provider, model) do update set"
        " requests_left = excluded.requests_left, requests_reset_ms = excluded.requests_reset_ms,"
        " tokens_left = excluded.tokens_left, tokens_reset_ms = excluded.tokens_reset_ms,"
        " blocked_until_ms = greatest(l.blocked_until_ms, excluded.blocked_until_ms)",
        (
            CHAIN, *model, left.requests, _until(left.requests_reset_s, real_ms), left.tokens,
            _until(left.tokens_reset_s, real_ms), real_ms + int(wait_s * 1000),
        ),
    )  # fmt: skip


async def dead(conn: Connection) -> dict[Model, int]:
    """Models their provider no longer has, and since when."""
    found = await conn.execute("select provider, model, dead_since_ms from llm_models where dead_since_ms is not null")
    return {Model(row[0], row[1]): row[2] for row in await found.fetchall()}


async def bury(conn: Connection, model: Model, reason: str, now_ms: int) -> bool:
    """The provider no longer has this model: ask it no more. False where that was known."""
    done = await conn.execute(
        "insert into llm_models as m (site, provider, model, dead_since_ms, dead_reason) values (%s, %s, %s, %s, %s)"
        " on conflict (site, provider, model) do update set dead_since_ms = excluded.dead_since_ms,"
        " dead_reason = excluded.dead_reason where m.dead_since_ms is null",
        (CHAIN, *model, now_ms, reason[:200]),
    )
    return bool(done.rowcount)


async def revive(conn: Connection, model: Model) -> bool:
    """Ask a model again. False where it was not dead."""
    done = await conn.execute(
        "update llm_models set dead_since_ms = null, dead_reason = '' where site = %s and provider = %s and model = %s"
        " and dead_since_ms is not null",
        (CHAIN, *model),
    )
    return bool(done.rowcount)


def _until(seconds: float | None, real_ms: int) -> int | None:
    return None if seconds is None else real_ms + int(seconds * 1000)
