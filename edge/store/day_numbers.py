"""A service-day in numbers for /metrics (interfaces §8). Reads that day's rows only (index visits_day)."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable
from typing import Final, NamedTuple

from edge.domain.visits import Status
from edge.store import outbox
from shared.events import LANES

NOT_THERE: Final = frozenset((Status.CANCELLED, Status.WAITLISTED))
"""Who has no part in the day."""
_VISITS: Final = (
    "select status, due_at, arrived_at, coalesce(due_at, arrived_at, created_at), case when status in "
    "('called', 'in_consultation', 'completed') then (select min(i.from_ms) from visit_intervals i where i.visit = v.number "
    "and i.status in ('called', 'in_consultation') and i.undone = 0 and i.from_ms >= v.arrived_at) - v.arrived_at end "
    "from visits v where v.day = ?"
)


class DayNumbers(NamedTuple):
    """hours: by hour of the site's clock.  wait_ms: of those seen or being called, arrival to first call, all together.

    early: booked and here before their time.  booked_here: booked and here.
    """

    statuses: Counter[str]
    hours: Counter[int]
    waits: int
    wait_ms: int
    early: int
    booked_here: int

    @property
    def no_show_rate(self) -> float:
        """Of visits that are over."""
        over = self.statuses[Status.COMPLETED] + self.statuses[Status.NO_SHOW]
        return self.statuses[Status.NO_SHOW] / over if over else 0.0


def day_numbers(conn: sqlite3.Connection, day: str, hour_of: Callable[[int], int]) -> DayNumbers:
    """Count a service-day; `hour_of` makes 0 to 23 of a moment in ms."""
    statuses, hours = Counter[str](), Counter[int]()
    waits = wait_ms = early = booked_here = 0
    for status, due_ms, arrived_ms, moment_ms, waited_ms in conn.execute(_VISITS, (day,)):
        statuses[status] += 1
        if status in NOT_THERE:
            continue
        hours[hour_of(moment_ms)] += 1
        if waited_ms is not None:
            waits, wait_ms = waits + 1, wait_ms + waited_ms
        if due_ms is not None and arrived_ms is not None:
            booked_here += 1
            early += arrived_ms < due_ms
    return DayNumbers(statuses, hours, waits, wait_ms, early, booked_here)


def effects(conn: sqlite3.Connection) -> dict[tuple[str, str], int]:
    """How many effects of each kind are in each state; settled ones are kept for a week."""
    rows = conn.execute("select kind, state, count(*) from effects group by kind, state")
    return {(kind, state): count for kind, state, count in rows}


def lag_ms(conn: sqlite3.Connection, now_ms: int) -> list[int]:
    """Per lane: the age of the oldest event that head office has not acknowledged, 0 where there is none."""
    (epoch_no,) = conn.execute("select max(no) from epochs").fetchone()
    lags = []
    for lane, upto in zip(LANES, outbox.acked(conn), strict=True):
        begin = outbox.place_of(epoch_no, lane, 0)
        row = conn.execute(
            "select at_ms from events where place > ? and place < ? order by place limit 1",
            (begin + upto, begin + outbox.LANE_SPAN),
        ).fetchone()
        lags.append(max(0, now_ms - row[0]) if row else 0)
    return lags


def path(conn: sqlite3.Connection) -> str:
    """The file of this database."""
    return str(next(row[2] for row in conn.execute("pragma database_list") if row[1] == "main"))
