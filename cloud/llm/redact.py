"""Takes out who somebody is before words leave: names, phones and ids of our own records, exact and misheard; and whatever
looks like a phone, an address for mail or the web, an id or a date. Pure.

What was taken out is a placeholder of the same kind each time, and places in the redacted text lead back to the original.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import Final, NamedTuple

ALIKE: Final = 0.84
"""How like a name a word must be to count as that name misheard, 0 to 1."""
NAME_CHARS_MIN: Final = 3
FUZZY_CHARS_MIN: Final = 4
_WORD: Final = re.compile(r"[^\W\d_](?:[^\W_]|[\u0900-\u0963\u064b-\u065f'’-])*")
_PATTERNS: Final = (
    ("EMAIL", re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")),
    ("URL", re.compile(r"(?:https?://|www\.)\S+", re.I)),
    ("ID", re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.I)),
    ("DATE", re.compile(r"\b\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\b")),
    ("PHONE", re.compile(r"\+?\d(?:[ ().-]{0,2}\d){6,14}")),
    ("ID", re.compile(r"\b(?=[A-Z0-9-]*\d)(?=[A-Z0-9-]*[A-Z])[A-Z0-9][A-Z0-9-]{5,}\b")),
)
_BANDS: Final = (1, 5, 12, 18, 40, 65, 80)


class Known(NamedTuple):
    """Of our own records about whoever may be named. names: whole names; their parts count too.  codes: phones and ids."""

    names: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()


class Redacted(NamedTuple):
    """text: what may leave.  spans: (start in text, end in text, start in original, end in original) of each placeholder."""

    text: str
    spans: tuple[tuple[int, int, int, int], ...]

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The place in the original text of a place in `text`; one that cuts a placeholder takes it whole."""
        return self._back(start, at_end=False), self._back(end, at_end=True)

    def _back(self, place: int, *, at_end: bool) -> int:
        moved = 0
        for start, end, from_, until in self.spans:
            if place >= end:
                moved = until - end
            elif place > start or (place == start and not at_end):
                return until if at_end else from_
            else:
                break
        return place + moved


def redact(text: str, known: Known) -> Redacted:
    """`text` without who it is about."""
    found: list[tuple[int, int, str]] = []
    for code in known.codes:
        found += [(at.start(), at.end(), "ID") for at in _code(code).finditer(text)] if len(code) >= 4 else []
    for kind, pattern in _PATTERNS:
        found += [(at.start(), at.end(), kind) for at in pattern.finditer(text)]
    parts = _parts(known.names)
    for word in _WORD.finditer(text):
        if _is_name(_plain(word[0]), parts):
            found.append((word.start(), word.end(), "PERSON"))
    return _replaced(text, found)


def age_band(years: int | None) -> str:
    """An age as wide as is useful: "18-39"; "unknown"."""
    if years is None or years < 0:
        return "unknown"
    upper = next((band for band in _BANDS if years < band), None)
    lower = max((band for band in (0, *_BANDS) if band <= years), default=0)
    return f"{lower}+" if upper is None else f"{lower}-{upper - 1}"


def _parts(names: Iterable[str]) -> frozenset[str]:
    return frozenset(
        _plain(part[0]) for name in names for part in _WORD.finditer(name) if len(part[0]) >= NAME_CHARS_MIN
    )


def _is_name(word: str, parts: frozenset[str]) -> bool:
    bare = word.removesuffix("'s").removesuffix("’s")
    if word in parts or bare in parts:
        return True
    return len(bare) >= FUZZY_CHARS_MIN and any(_alike(bare, part) for part in parts)


def _alike(word: str, name: str) -> bool:
    if len(name) < FUZZY_CHARS_MIN or abs(len(name) - len(word)) > 2:
        return False
    match = SequenceMatcher(None, word, name, autojunk=False)
    return match.quick_ratio() >= ALIKE and match.ratio() >= ALIKE


def _code(code: str) -> re.Pattern[str]:
    """The code however its signs are spaced: a phone is said in groups."""
    signs = [re.escape(sign) for sign in code if sign.isalnum()]
    return re.compile(r"[ ().-]{0,2}".join(signs) or r"(?!)", re.I)


def _apart(found: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """In order, and those that overlap as one: nothing of the second stays behind the first."""
    apart: list[tuple[int, int, str]] = []
    for start, end, kind in sorted(found, key=lambda one: (one[0], -one[1])):
        if apart and start < apart[-1][1]:
            first, last, kept = apart[-1]
            apart[-1] = (first, max(last, end), kept)
        else:
            apart.append((start, end, kind))
    return apart


def _plain(word: str) -> str:
    """Without case and Latin accents: speech models write "Ramon" for Ramón."""
    return "".join(sign for sign in unicodedata.normalize("NFD", word.casefold()) if not "\u0300" <= sign <= "\u036f")


def _replaced(text: str, found: list[tuple[int, int, str]]) -> Redacted:
    numbers: dict[tuple[str, str], int] = {}
    counts: dict[str, int] = {}
    pieces: list[str] = []
    spans: list[tuple[int, int, int, int]] = []
    at = length = 0
    for start, end, kind in _apart(found):
        same = (kind, text[start:end].casefold())
        if same not in numbers:
            counts[kind] = numbers[same] = counts.get(kind, 0) + 1
        placeholder = f"[{kind}_{numbers[same]}]"
        pieces += [text[at:start], placeholder]
        length += start - at
        spans.append((length, length + len(placeholder), start, end))
        length += len(placeholder)
        at = end
    return Redacted("".join([*pieces, text[at:]]), tuple(spans))
