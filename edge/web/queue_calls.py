"""Calls that nobody would see: which they are, and the house as it was when each was made. Pure.

A round shows the house at one commit. Whoever was called since the last one and has gone on by then is called in no house
that anybody gets; so that call is put back, in a round of its own before, and what came after it waits for its turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from edge.domain.policies import Ranked
from edge.domain.visits import Status
from edge.store.places import House, Standing
from edge.store.states import Row


class Call(NamedTuple):
    """A visit as it stood when it was called, and the number of that event."""

    gseq: int
    visit: Row


def put_back(calls: Sequence[Call], house: House) -> tuple[list[list[Call]], list[Call]]:
    """Calls that the house does not show any more, in rounds with each doctor and each visit at most once; and those it does
    show, which are told after them."""
    here = {visit["id"]: visit for visit in house.here}
    rounds: list[list[Call]] = []
    shown: list[Call] = []
    for call in calls:
        if _shows(here.get(call.visit["id"]), call.visit):
            shown.append(call)
            continue
        same = [at for at, one in enumerate(rounds) if any(_concern_one(call.visit, other.visit) for other in one)]
        at = same[-1] + 1 if same else 0
        if at == len(rounds):
            rounds.append([])
        rounds[at].append(call)
    return rounds, shown


def with_calls(house: House, called: Sequence[Call], later: Sequence[Call]) -> tuple[House, dict[str, int]]:
    """The house as if these had not gone on since they were called, and those called `later` still waited; and of those, by
    visit id, the number of their call."""
    now = {call.visit["id"]: call.visit for call in called}
    held: dict[str, Row] = {}
    numbers: dict[str, int] = {}
    for gseq, visit in later:
        if visit["id"] not in now:
            held.setdefault(visit["id"], {**visit, "status": Status.WAITING.value, "called_at": None, "room": None})
            numbers.setdefault(visit["id"], gseq)
    here = {**{visit["id"]: visit for visit in house.here}, **now, **held}
    standing = {**house.standing, **dict.fromkeys(now, Standing(0)), **dict.fromkeys(held, Standing(1))}
    ranked = {}
    for key, queue in house.ranked.items():
        first = [
            Ranked(visit, 0.0, "", "", {}) for visit in held.values() if key in (visit["service"], visit["doctor_id"])
        ]
        ranked[key] = [*first, *(one for one in queue if one.visit["id"] not in now and one.visit["id"] not in held)]
    in_order = sorted(here.values(), key=lambda visit: int(visit["number"]))
    return house._replace(here=in_order, ranked=ranked, standing=standing), numbers


def _shows(row: Row | None, call: Row) -> bool:
    return row is not None and row["status"] == Status.CALLED and row["called_at"] == call["called_at"]


def _concern_one(one: Row, other: Row) -> bool:
    return bool(one["doctor_id"] == other["doctor_id"] or one["id"] == other["id"])
