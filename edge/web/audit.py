"""Who looked at what is personal: noted before it is shown, so that a look nobody can account for is not granted.

Routes have it at ``guards.audit``, the live doors are handed it, ``app.state.audit`` is the same one. What somebody does
is in the visit's own log; here is what they only looked at. Nothing personal is noted: ids, dates, and whose look it was.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, Literal

from edge.app.dispatcher import NotDone
from edge.domain.account_commands import NoteSeen
from edge.domain.visits import Visit
from edge.web.credentials import Identity
from edge.web.requests import not_done
from edge.web.wiring import Submits
from shared.clock import transport_s
from shared.ids import new_id

SEEN_AGAIN_S: Final = 600.0
"""The same person looking at the same thing is noted once in this time."""
SEEN_MAX: Final = 5_000

What = Literal["person", "visit", "list", "feed"]


class Audit:
    """Notes who looked. A look that cannot be noted, because the disk refuses, is not granted."""

    def __init__(self, dispatcher: Submits) -> None:
        self._dispatcher = dispatcher
        self._seen: OrderedDict[tuple[str, str, str], float] = OrderedDict()

    async def saw_visit(self, who: Identity, visit: Visit) -> None:
        """`who` is about to be shown a visit; whose it is is noted too, so that looks at a person can be found."""
        person_id = visit["person_id"]
        await self.saw(who, "visit", f"{visit['id']} of {person_id}" if person_id else visit["id"])

    async def saw(self, who: Identity, what: What, which: str) -> None:
        """`who` is about to be shown `which` (an id, or words of ours). Raises Problem 503."""
        key, now_s = (who.actor, what, which), transport_s()
        if now_s - self._seen.get(key, -SEEN_AGAIN_S) < SEEN_AGAIN_S:
            return
        note = NoteSeen(command_id=new_id(), actor=who.actor, what=what, which=which[:200])
        try:
            await self._dispatcher.submit(note)
        except NotDone as error:
            raise not_done(error) from error
        self._seen[key] = now_s
        self._seen.move_to_end(key)
        while len(self._seen) > SEEN_MAX:
            self._seen.popitem(last=False)
