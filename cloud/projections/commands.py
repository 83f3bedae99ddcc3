"""How the cloud's commands ended at the sites; the state shown in the mailbox follows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from cloud.db.pool import Connection
from cloud.feed import Kept
from cloud.projections.rows import Fields, Table
from shared.commands import PERSONAL
from shared.events import Lane

OUTCOMES: Final = frozenset(("applied", "failed", "expired"))


def _outcome(kept: Kept) -> tuple[Any, ...]:
    f = Fields(kept)
    outcome = f.text("outcome")
    if outcome not in OUTCOMES:
        raise ValueError(f"{kept.event.id}: a command cannot end as {outcome!r}")
    return outcome, f.text("detail"), kept.at_ms


_OUTCOMES: Final = Table("command_outcomes", "command_id", ("outcome", "detail", "at_ms"), _outcome)


class Commands:
    """Reader of `command_settled`."""

    name = "commands"
    lanes = frozenset((int(Lane.CARE),))
    entities = frozenset(("command",))

    async def apply(self, conn: Connection, site: str, events: Sequence[Kept]) -> None:
        """Keep the outcomes and bring the mailbox to them; of a settled command nothing personal is kept there."""
        await _OUTCOMES.upsert(conn, site, events)
        await conn.execute(
            "update mailbox m set state = o.outcome, detail = o.detail, settled_ms = o.at_ms from command_outcomes o"
            " where m.site = %s and o.site = m.site and o.command_id = m.command_id and m.command_id = any(%s)"
            " and (m.state, m.detail) is distinct from (o.outcome, o.detail)",
            (site, [kept.event.id for kept in events]),
        )
        for kind, personal in PERSONAL.items():
            await conn.execute(
                "update mailbox set body = body - %s::text[] where site = %s and kind = %s and command_id = any(%s)"
                " and state in ('applied', 'failed', 'expired')",
                (list(personal), site, kind, [kept.event.id for kept in events]),
            )

    async def settle(self, conn: Connection, site: str) -> None:
        """Nothing is counted."""
