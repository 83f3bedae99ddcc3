"""How urgent somebody is, 0 to 10, by the tables, and why. Pure; it never says what somebody has.

The scale and what leads to which number is care.md §4.4: 10 resuscitate now, 9 immediate, 8 within ten minutes, 7 within
thirty, 6 within the hour, 5 not yet assessed, 4 same day, 3 routine, 2 minor, 1 administrative.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, NamedTuple

from shared.triage.conditions import holds
from shared.triage.data import table, version
from shared.triage.observations import VITALS, Observations, completed
from shared.triage.scores import Score, news2, tews

NOT_ASSESSED: Final = 5
_ASKED: Final = ("heart_rate", "respiratory_rate", "temperature", "oxygen", "avpu")
_NO_SYMPTOMS: Final = frozenset(("administrative", "refill"))
_SELF_LIMITING: Final = "self_limiting"
_MILD: Final = frozenset(("fever", "moderate_pain", "chronic_flare"))
FEVER_C: Final = 38.0
_OLDER, _YOUNGER = 60, 1
"""Years that stand for an unknown age, where a table asks more of the old or of the young beside something else."""


class Assessed(NamedTuple):
    """urgency: 0 to 10.  rules: ids of what fired, most urgent first, e.g. "iitt.red.stridor", "tews.5-6".

    missing: what was not measured and might have changed the answer.  tables: their versions.
    """

    urgency: int
    rules: tuple[str, ...]
    missing: tuple[str, ...]
    tables: str
    tews: Score
    news2: Score | None


def assess(seen: Observations) -> Assessed:
    """The most urgent of all tables. Age unknown: both charts, the worse counts, and never below 5."""
    seen = completed(seen)
    early, trend = tews(seen), news2(seen)
    fired = [*_iitt(seen), *_discriminators(seen), *_by_score(early)]
    fired.sort(key=lambda one: -one[0])
    missing = tuple(name for name in _ASKED if getattr(seen, name) is None)
    missing += ("age",) if seen.years is None else ()
    urgency = fired[0][0] if fired else 0
    if urgency < NOT_ASSESSED:
        urgency = max(urgency, NOT_ASSESSED if missing else _green(seen))
    return Assessed(urgency, tuple(rule for _, rule in fired), missing, version(), early, trend)


def _iitt(seen: Observations) -> list[tuple[int, str]]:
    data = table("iitt").data
    years = seen.years
    if years is None:
        older = replace(seen, age_years=_OLDER)
        return sorted({*_chart(older, "adult"), *_chart(seen, "child")}, key=lambda one: -one[0])
    return _chart(seen, "adult" if years >= data["adult_from_years"] else "child")


def _chart(seen: Observations, chart: str) -> list[tuple[int, str]]:
    data = table("iitt").data[chart]
    found = [(10 if row["group"] == "abc" else 9, f"iitt.red.{row['id']}") for row in data["red"] if holds(row, seen)]
    found += [(8, f"iitt.vital.{row['id']}") for row in data["vitals"] if holds(row, seen)]
    yellow = [f"iitt.yellow.{row['id']}" for row in data["yellow"] if holds(row, seen)]
    frail = seen.pregnant or seen.immunosuppressed or (seen.years is not None and (seen.years < 2 or seen.years > 70))
    level = 7 if len(yellow) >= 2 or (yellow and frail) else 6
    return found + [(level, rule) for rule in yellow]


_LEVELS: Final = {"red": 9, "orange": 8, "yellow": 6}


def _discriminators(seen: Observations) -> list[tuple[int, str]]:
    if seen.years is None:
        return sorted({one for years in (_OLDER, _YOUNGER) for one in _discriminators(replace(seen, age_years=years))})
    rows = table("tews").data["discriminators"]
    return [
        (_LEVELS[colour], f"sats.{colour}.{_named(row)}")
        for colour in _LEVELS
        for row in rows[colour]
        if holds(row, seen)
    ]


def _named(row: object) -> str:
    """A condition as a word for logs: the sign, or what is looked at."""
    if isinstance(row, str):
        return row
    assert isinstance(row, dict)
    if "vital" in row:
        return str(row["vital"])
    last = (row.get("all") or row.get("any"))[-1]  # type: ignore[index]
    return _named(last)


_BY_TOTAL: Final = ((9, 10, "tews.9"), (7, 9, "tews.7-8"), (5, 8, "tews.5-6"), (3, 6, "tews.3-4"))


def _by_score(score: Score) -> list[tuple[int, str]]:
    return next(([(urgency, rule)] for least, urgency, rule in _BY_TOTAL if score.total >= least), [])


def _green(seen: Observations) -> int:
    if seen.signs and seen.signs <= _NO_SYMPTOMS:
        return 1
    hot = seen.temperature is not None and seen.temperature > FEVER_C
    if hot or seen.signs & _MILD:
        return 4
    return 2 if seen.signs == {_SELF_LIMITING} else 3


assert set(_ASKED) <= set(VITALS)
