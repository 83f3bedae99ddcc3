"""What calls cost, and the budget of a day: the whole organisation's, counted in the database, in millionths of a US dollar.

Once the day's budget is used up no model is called until the next day (UTC): what comes in is answered by rules and looked
at again by a model the day after. Calls that are already out may pass the budget by what they cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from cloud.db.pool import Connection
from cloud.llm.calls import Usage
from shared.clock import utc

CHAIN: Final = "*"
"""The site of rows that are the whole organisation's."""
MICROS: Final = 1_000_000


class Price(NamedTuple):
    """US dollars. per_million_in, per_million_out: tokens.  per_hour: of sound."""

    per_million_in: float = 0.0
    per_million_out: float = 0.0
    per_hour: float = 0.0


PRICES: Final[dict[str, Price]] = {
    "groq:openai/gpt-oss-120b": Price(0.15, 0.60), "groq:openai/gpt-oss-20b": Price(0.075, 0.30),
    "groq:whisper-large-v3-turbo": Price(per_hour=0.04), "groq:whisper-large-v3": Price(per_hour=0.111),
}  # fmt: skip
"""As the provider listed them in 2026; `llm_prices` of the settings stands over them. A server of one's own costs nothing."""


def micros(price: Price, usage: Usage) -> int:
    """What a call cost, rounded up."""
    cost = usage.tokens_in * price.per_million_in + usage.tokens_out * price.per_million_out
    cost += usage.audio_s / 3600 * price.per_hour * MICROS
    return int(-(-cost // 1))


class Budget:
    """day_micros: 0 calls no model that costs money at all."""

    def __init__(self, day_micros: int, prices: Mapping[str, Price]) -> None:
        self.day_micros = day_micros
        self._prices = {**PRICES, **prices}

    def price(self, model: str) -> Price:
        """Of a model ("groq:NAME"); nothing where nobody knows one."""
        return self._prices.get(model, Price())

    async def allows(self, conn: Connection, model: str, now_ms: int) -> bool:
        """Whether a call may be made today; one that may not is counted. A model that costs nothing always may."""
        if self.price(model) == Price():
            return True
        spent, _ = await self.spent(conn, now_ms)
        if spent < self.day_micros:
            return True
        await conn.execute(
            "insert into llm_budgets (site, day, refused) values (%s, %s, 1)"
            " on conflict (site, day) do update set refused = llm_budgets.refused + 1",
            (CHAIN, utc(now_ms).date()),
        )
        return False

    async def spend(self, conn: Connection, cost_micros: int, now_ms: int) -> None:
        """Count what a call cost."""
        if cost_micros:
            await conn.execute(
                "insert into llm_budgets (site, day, spent_micros) values (%s, %s, %s)"
                " on conflict (site, day) do update set spent_micros = llm_budgets.spent_micros + excluded.spent_micros",
                (CHAIN, utc(now_ms).date(), cost_micros),
            )

    async def spent(self, conn: Connection, now_ms: int) -> tuple[int, int]:
        """Of today: (millionths of a dollar, calls not made because of the budget)."""
        found = await conn.execute(
            "select spent_micros, refused from llm_budgets where site = %s and day = %s", (CHAIN, utc(now_ms).date())
        )
        row = await found.fetchone()
        return (row[0], row[1]) if row is not None else (0, 0)
