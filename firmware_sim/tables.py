"""Takes values out of a scenario's TOML tables, and says in words what does not fit."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?")
_SPAN = re.compile(r"(\d+(?:\.\d+)?)(s|m|h)")
_UNITS = {"s": 1, "m": 60, "h": 3600}


class ScenarioError(ValueError):
    """The file is not a scenario; the message names the place."""


class Reader:
    """One table; `where` names it in errors. What is taken is gone, and `done` refuses what was not."""

    def __init__(self, table: dict[str, Any], where: str) -> None:
        self._table, self.where = dict(table), where

    def take(self, name: str, kind: type | tuple[type, ...], default: Any = None) -> Any:
        value = self._table.pop(name, default)
        if value is None:
            raise ScenarioError(f"{self.where}: {name} is missing")
        if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
            raise ScenarioError(f"{self.where}: {name} = {value!r} does not fit")
        return value

    def done(self) -> None:
        if self._table:
            raise ScenarioError(f"{self.where}: not known: {', '.join(self._table)}")

    def text(self, name: str) -> str:
        return str(self.take(name, str))

    def day(self, name: str) -> date:
        value: date = self.take(name, date)
        return value

    def number(self, name: str, most: float) -> float:
        value = float(self.take(name, (int, float)))
        if not 0 < value <= most:
            raise ScenarioError(f"{self.where}: {name} is between 0 and {most:g}")
        return value

    def whole(self, name: str, most: int) -> int:
        value = int(self.take(name, int, 0))
        if not 0 <= value <= most:
            raise ScenarioError(f"{self.where}: {name} is between 0 and {most}")
        return value

    def share(self, name: str) -> float:
        value = float(self.take(name, (int, float), 0))
        if not 0 <= value <= 1:
            raise ScenarioError(f"{self.where}: {name} is a share between 0 and 1")
        return value

    def time(self, name: str, default_s: float | None = None) -> float:
        """A time of day such as "09:00", in seconds after midnight."""
        if default_s is not None and name not in self._table:
            return default_s
        found = _TIME.fullmatch(self.text(name))
        if found is None:
            raise ScenarioError(f'{self.where}: {name} is a time such as "09:30"')
        return int(found[1]) * 3600.0 + int(found[2]) * 60 + int(found[3] or 0)

    def span(self, name: str, default_s: float | None = None) -> float:
        if default_s is not None and name not in self._table:
            return default_s
        return self._seconds(name, self.text(name))

    def spans(self, name: str, default: tuple[float, float]) -> tuple[float, float]:
        """A list of two spans, the least and the most."""
        given = self.take(name, list, [f"{default[0]}s", f"{default[1]}s"])
        if len(given) != 2:
            raise ScenarioError(f'{self.where}: {name} is two spans such as ["2m", "6m"]')
        least, most = (self._seconds(name, str(text)) for text in given)
        return least, max(least, most)

    def _seconds(self, name: str, text: str) -> float:
        found = _SPAN.fullmatch(text)
        if found is None:
            raise ScenarioError(f'{self.where}: {name} is a span such as "90s", "15m" or "3h"')
        return float(found[1]) * _UNITS[found[2]]

    def table(self, name: str) -> Reader:
        return Reader(self.take(name, dict, {}), f"{self.where} [{name}]")

    def tables(self, name: str) -> list[Reader]:
        return [Reader(t, f"{self.where} [[{name}]] {i}") for i, t in enumerate(self.take(name, list, []), 1)]
