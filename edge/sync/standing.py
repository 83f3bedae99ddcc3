"""Where those who wait stand, for beats: head office shows the very places and waits that the clinic shows."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from typing import Final

from edge.store import places, reads
from shared.api import STANDING_MAX, Standing
from shared.clock import transport_s

TELL_AGAIN_S: Final = 10.0
"""It is told when it changed, and looked at and told this often anyway: waits grow without an event, and a beat may be lost."""
MINUTES_MAX: Final = 100_000

Read = Callable[[Callable[[sqlite3.Connection], "list[Standing] | None"]], Awaitable["list[Standing] | None"]]


class Places:
    """What one session has told. `read`: runs a function with a reading connection."""

    def __init__(self, read: Read, now_ms: Callable[[], int]) -> None:
        self._read, self._now_ms = read, now_ms
        self._told: list[Standing] | None = None
        self._told_s = float("-inf")
        self._gseq = -1

    async def news(self) -> list[Standing] | None:
        """Where those who wait stand, the first first; None: as told before. Costs a look at one row while nothing happens."""
        again = transport_s() - self._told_s >= TELL_AGAIN_S
        found = await self._read(lambda conn: self._look(conn, again))
        if found is None or (found == self._told and not again):
            return None
        self._told, self._told_s = found, transport_s()
        return found

    def _look(self, conn: sqlite3.Connection, again: bool) -> list[Standing] | None:
        with reads.snapshot(conn):
            (gseq,) = conn.execute("select gseq from heads").fetchone()
            if gseq == self._gseq and not again:
                return None
            self._gseq = gseq
            return standing(conn, self._now_ms())


def standing(conn: sqlite3.Connection, now_ms: int) -> list[Standing]:
    """Places and waits of those who wait, by place; at most STANDING_MAX."""
    house = places.house(conn, now_ms)
    numbers = {visit["id"]: visit["number"] for visit in house.here}
    waiting = [(place.position, numbers[id_], place.wait) for id_, place in house.standing.items() if place.position]
    found: list[Standing] = []
    for position, number, wait in sorted(waiting, key=lambda one: one[:2])[:STANDING_MAX]:
        if wait is None:
            found.append((number, position, None, None, None))
        else:
            low, mid, high = (min(minutes, MINUTES_MAX) for minutes in wait.minutes())
            found.append((number, position, low, mid, high))
    return found
