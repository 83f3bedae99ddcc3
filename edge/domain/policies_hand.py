"""Places given by hand: a pin takes a visit out of its policy and puts it behind somebody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edge.domain.policies_base import Ranked, Visit, ranked

Pin = dict[str, Any]
"""{"at": ms, "behind": [visit numbers, nearest first]}: the place, said by who stood before it when it was given."""

BEHIND_MAX = 50


def with_placed(in_order: Sequence[Ranked], placed: Sequence[Ranked]) -> list[Ranked]:
    """Put the visits placed by hand into the order of the others.

    In the order of their pins, each goes directly behind the last in the line of those that stood before it; when none
    does, to the head. So it never passes one of them, whatever a move, a call or a turn does to their own order. Who was
    placed again after the pin, or arrived again, does not stand there any more: it draws nobody along to its new
    place. Emergencies stay before all others: a place beyond that border means the nearest within it.
    """
    line = list(in_order)
    numbers = [r.visit["number"] for r in line]
    arrived_at = {r.visit["number"]: r.visit["arrived_at"] for r in line}
    emergencies = sum(bool(r.visit["is_emergency"]) for r in line)
    for r in sorted(placed, key=lambda r: (r.visit["pin"]["at"], r.visit["number"])):
        visit, pin = r.visit, r.visit["pin"]
        behind = {n for n in pin["behind"] if n in arrived_at and arrived_at[n] <= pin["at"]}
        place = max((at + 1 for at, n in enumerate(numbers) if n in behind), default=0)
        if visit["is_emergency"]:
            place = min(place, emergencies)
            emergencies += 1
        else:
            place = max(place, emergencies)
            r = ranked(visit, r.score, "by_hand")
        line.insert(place, r)
        numbers.insert(place, visit["number"])
        arrived_at[visit["number"]] = visit["arrived_at"]
    return line


def pin_into(others: Sequence[Ranked], visit: Visit, place: int, now_ms: int) -> Pin:
    """The pin that makes `visit` the `place`-th among `others`, counted from 1; out of bounds means the nearest possible.

    It counts as later than every other pin and every arrival before it, also when the clock was set back.
    """
    emergencies = sum(bool(r.visit["is_emergency"]) for r in others)
    lowest, highest = (0, emergencies) if visit["is_emergency"] else (emergencies, len(others))
    before = others[: min(max(place - 1, lowest), highest)]
    pinned_at = [r.visit["pin"]["at"] for r in others if r.visit["pin"] is not None]
    at_ms = max([now_ms, *(at + 1 for at in pinned_at), *(r.visit["arrived_at"] for r in before)])
    return {"at": at_ms, "behind": [r.visit["number"] for r in before[-BEHIND_MAX:]][::-1]}
