"""Checked reads of a plan as it is written: each complaint names the field, for whoever wrote it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

TEXT_MAX: Final = 200
INSTRUCTION_MAX: Final = 300
FIRST_YEAR, LAST_YEAR = 2000, 2199
LANGUAGES: Final = ("en", "hi", "es", "ar")


class BadPlan(ValueError):
    """The plan cannot be followed. path: the field, e.g. "items[0].timing.times_of_day[1]"; the message is for a person.

    code, values: the message for readers of other languages, of what is wrong most often: "missing", "no_times", "text" (most),
    "number" and "whole" (low, high), "date", "before_start", "twice", "zone", "item"; "" for all else.
    """

    def __init__(self, path: str, message: str, code: str = "", **values: float) -> None:
        super().__init__(f"{path}: {message}" if path else message)
        self.path, self.message = path, message
        self.code, self.values = code, values


class At(NamedTuple):
    """A place in the body, with checked reads. Each raises BadPlan naming the field."""

    body: Mapping[str, Any]
    path: str

    def where(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def known(self, names: Sequence[str]) -> None:
        unknown = sorted(str(name) for name in set(self.body) - set(names))
        if unknown:
            raise BadPlan(self.where(unknown[0]), "there is no such field")

    def text(self, name: str, *, required: bool = False, most: int = TEXT_MAX) -> str:
        value = self.body.get(name)
        if value is None or value == "":
            if required:
                raise BadPlan(self.where(name), "is missing", "missing")
            return ""
        if not isinstance(value, str) or len(value) > most or not value.isprintable():
            raise BadPlan(self.where(name), f"is a text of at most {most} characters on one line", "text", most=most)
        return value.strip()

    def number(self, name: str, low: float, high: float, *, whole: bool = False) -> float | None:
        value: Any = self.body.get(name)
        if value is None:
            return None
        wrong = isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high
        if wrong or (whole and value != int(value)):
            kind, code = ("a whole number", "whole") if whole else ("a number", "number")
            raise BadPlan(self.where(name), f"is {kind} from {low:g} to {high:g}", code, low=low, high=high)
        number: float = value
        return number

    def whole(self, name: str, low: int, high: int) -> int | None:
        value = self.number(name, low, high, whole=True)
        return None if value is None else int(value)

    def choice(self, name: str, among: Sequence[str], otherwise: str) -> str:
        value = self.body.get(name, otherwise)
        if value not in among:
            raise BadPlan(self.where(name), f"is one of {', '.join(among)}")
        return str(value)

    def flag(self, name: str) -> bool:
        value = self.body.get(name, False)
        if not isinstance(value, bool):
            raise BadPlan(self.where(name), "is true or false")
        return value

    def many(self, name: str, most: int) -> list[Any]:
        value = self.body.get(name)
        if value is None:
            return []
        if not isinstance(value, list | tuple) or len(value) > most:
            raise BadPlan(self.where(name), f"is a list of at most {most}")
        return list(value)

    def part(self, name: str) -> At:
        value = self.body.get(name) or {}
        if not isinstance(value, Mapping):
            raise BadPlan(self.where(name), "is an object")
        return At(value, self.where(name))

    def texts(self, name: str) -> dict[str, str]:
        """By language; a plain text is English."""
        value = self.body.get(name)
        if isinstance(value, str):
            value = {"en": value}
        if not value:
            return {}
        if not isinstance(value, Mapping):
            raise BadPlan(self.where(name), "is a text, or texts by language")
        inner = At(value, self.where(name))
        inner.known(LANGUAGES)
        return {language: text for language in LANGUAGES if (text := inner.text(language, most=INSTRUCTION_MAX))}


def required(at: At, name: str) -> At:
    """An object that has to be there."""
    if at.body.get(name) is None:
        raise BadPlan(at.where(name), "is missing", "missing")
    return at.part(name)


def only(at: At, *followed: Sequence[str]) -> None:
    """Raises BadPlan for a field of another system that is not followed: it may be what matters."""
    unknown = sorted(str(name) for name in set(at.body).difference(*followed))
    if unknown:
        raise BadPlan(at.where(unknown[0]), "is not followed here")


def zone_of(name: Any, path: str = "timezone") -> ZoneInfo:
    """The time zone of that name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError) as error:
        raise BadPlan(path, "is the name of a time zone, e.g. Europe/Berlin", "zone") from error


def object_at(value: Any, path: str) -> At:
    if not isinstance(value, Mapping):
        raise BadPlan(path, "is an object")
    return At(value, path)


def day_of(at: At, name: str) -> str | None:
    """An ISO date, or None where there is none."""
    text = at.text(name)
    if not text:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError as error:
        raise BadPlan(at.where(name), "is a date, YYYY-MM-DD", "date") from error
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise BadPlan(at.where(name), f"lies between {FIRST_YEAR} and {LAST_YEAR}")
    return found.isoformat()


def each(at: At, name: str, most: int, fits: Callable[[Any], bool], words: str) -> list[Any]:
    values = at.many(name, most)
    for place, one in enumerate(values):
        if not fits(one):
            raise BadPlan(f"{at.where(name)}[{place}]", f"is {words}")
        if values.index(one) != place:
            raise BadPlan(f"{at.where(name)}[{place}]", "stands there twice", "twice")
    return values
