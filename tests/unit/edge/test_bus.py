"""The bus: who is woken after a commit, and who hears of it."""

from __future__ import annotations

import asyncio

from edge.app.bus import RELOAD, Bus
from shared.events import Event

SEEN = Event(1, 1, 0, 0, "s", "token_issued", 1, "kiosk:1", "c1", "visit", "v1", 1, {})


def test_a_commit_wakes_who_prints_only_when_a_slip_was_asked_for() -> None:
    bus = Bus()
    printing, calling, uplink = (bus.wake(name) for name in ("effects:print_slip", "effects:announce", "uplink"))
    bus.publish([SEEN], frozenset({"print_slip"}))
    assert (printing.is_set(), calling.is_set(), uplink.is_set()) == (True, False, True)


async def test_who_listens_hears_every_batch_and_is_told_to_read_anew_when_it_fell_far_behind() -> None:
    bus = Bus()
    heard = bus.subscribe()
    bus.publish([SEEN])
    bus.publish([], frozenset({"print_slip"}))  # nothing happened that anybody could hear of
    bus.publish([SEEN, SEEN])
    async with asyncio.timeout(5):
        assert [await anext(heard), await anext(heard)] == [[SEEN], [SEEN, SEEN]]
        for _ in range(1_001):
            bus.publish([SEEN])
        assert await anext(heard) is RELOAD
