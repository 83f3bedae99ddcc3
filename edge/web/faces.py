"""What the four faces of a visit share: the words of each, tracking links, ids as callers write them, and the house.

Seeds 000, 001, 003 and 004 name one thing in four ways; `WORDS` is the table (decision 6 of the interfaces). The modules
`face_*` hold one seed's paths each and nothing of another's.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import Callable
from typing import Final, TypeVar

from edge.domain.visits import Visit
from edge.store import places, reads, states
from edge.store.places import House, Standing
from edge.web.states import States
from edge.web.wiring import Wiring
from shared import tracking
from shared.clock import iso, local_date, transport_s
from shared.problems import Problem
from shared.timings import query_of

T = TypeVar("T")
HOUSE_S: Final = 1.0
"""Waits grow with the clock, so a house is made again after this long even when nothing happened."""
UUID: Final = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
SMALL: Final = re.compile(r"[0-9]{1,12}")


class Faces:
    """Belongs to the event loop; reads go to the reading thread."""

    def __init__(self, wiring: Wiring, reading: States) -> None:
        self._wiring, self._states = wiring, reading
        self.zone = wiring.options.zone
        self._house: tuple[House, int, float] | None = None
        self._making: asyncio.Lock = asyncio.Lock()
        self.houses_kept = self.houses_made = 0
        """How often what was kept of the last commit was enough, and how often not."""

    async def read(self, look: Callable[[sqlite3.Connection], T], query: str | None = None) -> T:
        """Run `look` on the reading thread, all of it in one snapshot. Raises Problem 503."""

        def run(conn: sqlite3.Connection) -> T:
            with reads.snapshot(conn):
                return look(conn)

        return await self._states.read(run, query or query_of(look))

    async def house(self) -> House:
        """Everybody in the house, never older than the last commit; shared by all who ask at the same time."""
        return (await self.house_and(lambda conn, house: None))[0]

    async def house_and(self, look: Callable[[sqlite3.Connection, House], T]) -> tuple[House, int, T]:
        """The house, the number of the last event in it, and what `look` reads beside it: all of one commit."""
        async with self._making:
            now_ms, kept = self._wiring.clock.now_ms(), self._house
            if kept is not None and (
                transport_s() - kept[2] > HOUSE_S or abs(now_ms - kept[0].now_ms) > HOUSE_S * 1000
            ):
                kept = None  # domain time may run faster, or be set

            def run(conn: sqlite3.Connection) -> tuple[House, int, T]:
                gseq = _last(conn)
                house = kept[0] if kept is not None and kept[1] == gseq else places.house(conn, now_ms)
                return house, gseq, look(conn, house)

            house, gseq, found = await self.read(run, query_of(look))
            if kept is None or kept[0] is not house:
                self._house = (house, gseq, transport_s())
                self.houses_made += 1
            else:
                self.houses_kept += 1
            return house, gseq, found

    async def last(self) -> int:
        """The number of the last event there is."""
        return await self._states.read(_last)

    async def standing(self, visit_id: str) -> Standing | None:
        """Where a visit stands; None for one that is not in the queue."""
        return (await self.house()).standing.get(visit_id)

    def now_ms(self) -> int:
        """Domain time."""
        return self._wiring.clock.now_ms()

    def today(self) -> str:
        """Today's date in the site's zone."""
        return local_date(self.now_ms(), self.zone).isoformat()

    def moment(self, ms: int | None) -> str | None:
        """ISO 8601 in site time."""
        return None if ms is None else iso(ms, self.zone)

    def tracking(self, visit: Visit) -> dict[str, str]:
        """`tracking_token` and `tracking_url` of a visit: what every creation and check-in answers."""
        token = self.tracking_token(visit)
        return {"tracking_token": token, "tracking_url": self._wiring.tracking_url(token)}

    def tracking_token(self, visit: Visit) -> str:
        """Signed by the site's key; ends 24 h after the service-day. The same visit and doctor give the same token, so that a
        repeated request gets the same answer."""
        expires_ms = tracking.expires_ms_of(visit["day"], self.zone)
        return self._wiring.tracking_key.sign(
            visit["id"], self._wiring.site(), visit["doctor_id"], visit["created_at"], expires_ms
        )

    async def tracked(self, token: str) -> Visit:
        """The visit a tracking token shows. Raises Problem 400 (the type tells which) or 404."""
        try:
            told = tracking.read(token, [self._wiring.tracking_key.public], self.now_ms())
        except tracking.BadTracking as error:
            hint = "Ask the desk for a new link." if error.kind == "expired" else "Scan the code on your slip again."
            raise Problem(400, str(error), code=f"tracking_{error.kind}", hint=hint) from error
        if told.site not in self._wiring.site_names():
            raise Problem(400, "This link belongs to another clinic.", code="tracking_forged", hint="Ask the desk.")
        visit, had = await self.read(lambda conn: (states.visit(conn, told.visit_id), _doctors_of(conn, told.visit_id)))
        if visit is None:
            raise Problem(404, "There is no such visit any more.", hint="Ask the desk.")
        if told.doctor_id is not None and told.doctor_id not in had | {visit["doctor_id"]}:
            raise Problem(400, "This link does not fit the visit.", code="tracking_forged", hint="Ask the desk.")
        return visit


def given_id(text: str, *, small: bool) -> str:
    """An id from a path or body: a UUID, or where `small` a clinic number. Raises Problem 404 for anything else."""
    if UUID.fullmatch(text):
        return text.lower()
    if small and SMALL.fullmatch(text):
        return text
    raise Problem(404, "There is no such thing.", hint="Look at the id.")


def _last(conn: sqlite3.Connection) -> int:
    """Number of the last event, and with it of the last commit that changed anything."""
    return int(conn.execute("select gseq from heads").fetchone()[0])


def _doctors_of(conn: sqlite3.Connection, visit_id: str) -> set[str]:
    """Doctors a visit has been with."""
    query = "select distinct doctor_id from visit_intervals where visit = (select number from visits where id = ?)"
    return {doctor_id for (doctor_id,) in conn.execute(query, (visit_id,)) if doctor_id is not None}
