"""TEWS and NEWS2: sums of points over what was measured."""

from __future__ import annotations

from typing import Any, NamedTuple

from shared.triage.conditions import points
from shared.triage.data import table
from shared.triage.observations import Observations


class Score(NamedTuple):
    """total: of what was measured.  points: by what.  missing: what the table asks for and nobody measured."""

    total: int
    points: dict[str, int]
    missing: tuple[str, ...]


def tews(seen: Observations) -> Score:
    """Triage Early Warning Score. An unknown age: the age group with the highest total. Source: the table's."""
    years = seen.years
    tables = table("tews").data
    if years is None:
        return max(
            (_tews(seen, tables[group]) for group in ("adult", "child", "small_child")), key=lambda one: one.total
        )
    for group in ("small_child", "child"):
        if years < tables[group]["upto_years"]:
            return _tews(seen, tables[group])
    return _tews(seen, tables["adult"])


def _tews(seen: Observations, bands: dict[str, Any]) -> Score:
    asked = [name for name in bands if name != "upto_years"]
    return _sum(
        seen, {name: bands[name] for name in asked}, {"trauma": {None: None, True: "yes", False: "no"}[seen.trauma]}
    )


def news2(seen: Observations) -> Score | None:
    """National Early Warning Score 2; None for whom it is not made: under 16, of unknown age, or pregnant."""
    data = table("news2").data
    if seen.years is None or seen.years < data["from_years"] or seen.pregnant:
        return None
    names = ("respiratory_rate", "oxygen", "on_oxygen", "temperature", "systolic", "heart_rate", "avpu")
    return _sum(seen, {name: data[name] for name in names}, {"on_oxygen": "yes" if seen.on_oxygen else "no"})


def _sum(seen: Observations, bands: dict[str, Any], words: dict[str, str | None]) -> Score:
    found: dict[str, int] = {}
    missing = []
    for name, band in bands.items():
        value = words[name] if name in words else getattr(seen, name)
        if value is None or (isinstance(band, dict) and value not in band):
            missing.append(name)
        else:
            found[name] = points(band, value)
    return Score(sum(found.values()), found, tuple(missing))
