"""Whether a condition of the tables holds for somebody. The language of the files under `tables/`, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shared.triage.observations import Observations

Condition = str | dict[str, Any]


def holds(condition: Condition, seen: Observations) -> bool:
    """A sign's code; or an object: `any`, `all`, `count` with `of`; `vital` with `below`, `above`, `from`, `upto` or `is`;
    `age_over`, `age_from`, `age_below` (years), `age_days_below`; `pregnant`. What was not measured holds nothing.

    Raises ValueError for anything else: a table with a typing error must not pass as a table that finds nothing.
    """
    if isinstance(condition, str):
        return condition in seen.signs
    names = set(condition) - {"id", "group"}
    if names == {"any"}:
        return any(holds(part, seen) for part in condition["any"])
    if names == {"all"}:
        return all(holds(part, seen) for part in condition["all"])
    if names == {"count", "of"}:
        return bool(sum(holds(part, seen) for part in condition["of"]) >= condition["count"])
    if "vital" in names and len(names) == 2:
        return _vital(getattr(seen, condition["vital"]), condition)
    if names == {"pregnant"}:
        return seen.pregnant is condition["pregnant"]
    if len(names) == 1 and next(iter(names)).startswith("age_"):
        return _age(seen, condition)
    raise ValueError(f"no such condition: {condition}")


def _vital(value: Any, condition: dict[str, Any]) -> bool:
    if value is None:
        return False
    if "is" in condition:
        return value in condition["is"]
    if "below" in condition:
        return bool(value < condition["below"])
    if "above" in condition:
        return bool(value > condition["above"])
    if "from" in condition:
        return bool(value >= condition["from"])
    return bool(value <= condition["upto"])


def _age(seen: Observations, condition: dict[str, Any]) -> bool:
    years, days = seen.years, seen.days
    if years is None or days is None:
        return False
    if "age_days_below" in condition:
        return bool(days < condition["age_days_below"])
    whole = int(years + 1e-9)
    if "age_over" in condition:
        return bool(whole > condition["age_over"])
    return bool(whole >= condition["age_from"] if "age_from" in condition else whole < condition["age_below"])


def points(bands: Sequence[dict[str, float]] | dict[str, int], value: Any) -> int:
    """Points of a value: of a word, or the first band whose `below` (exclusive) or `upto` (inclusive) holds, else the last.

    Raises KeyError for a word the table does not have.
    """
    if isinstance(bands, dict):
        return bands[value]
    for band in bands:
        if ("below" in band and value < band["below"]) or ("upto" in band and value <= band["upto"]):
            return int(band["points"])
    return int(bands[-1]["points"])
