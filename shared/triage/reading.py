"""From what somebody says to what it means, word by word: spelling, phrases, numbers with their units."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from shared.triage.sign_words import BODY, COUNT, NEGATION, NUMBERS, SIGNS

_WORD_MAX = 40  # characters of a word that are looked at

STOP = 3  # what a full stop counts for in this: "Chest. Pain." is one complaint

WEIGHTLESS = frozenset({"LINK", "ANY", "BETWEEN", "HAVE", "SETTLED", "SINCE", "OUT_OF", "OLD"})


@dataclass(slots=True)
class Unit:
    """A word, or words that mean something only together."""

    word: str
    senses: frozenset[str]
    start: int
    end: int
    clause: int  # a comma ends one
    place: int  # in words that count
    number: int | None


_DROPPED = "\u00ad\u0300-\u036f\u0610-\u061a\u0640\u064b-\u065f\u0670\u093c\u200c-\u200f\u2060-\u2069'’‘`´ʼ"
_MARKS = _DROPPED + "\u0900-\u0903\u093a-\u094f\u0951-\u0957\u0962\u0963"
_TOKEN = re.compile(
    rf"(?P<word>[^\W\d_]+(?:[{_MARKS}]+[^\W\d_]*)*)"
    r"|(?P<number>\d+)(?:[.,]\d+)?"
    r"|(?P<stop>[!?।॥؟。\n\r]+|\.+(?!\w))"
    r"|(?P<pause>[,;:،؛、()\[\]/+…–—|]+|-(?!\w))"
)
_SAME: dict[int, str | None] = {
    code: base
    for code in range(0xC0, 0x250)
    if (base := unicodedata.normalize("NFD", chr(code))[0]).isascii() and base.isalpha()
}
_SAME |= dict.fromkeys(map(ord, re.findall(f"[{_DROPPED}]", "".join(map(chr, range(0x2070))))), None)
_SAME |= {ord(one): other for one, other in zip("أإآٱؤئىةیکھہ", "ااااوييهيكهه", strict=True)}
_SAME |= {ord(one): other for one, other in zip("ँीू", "ंिु", strict=True)}


def _plain(word: str) -> str:
    """One spelling for all that reads the same."""
    if word.isascii():
        return word.lower().translate(_SAME)
    return unicodedata.normalize("NFKC", word).casefold().translate(_SAME)


_Phrase = tuple[tuple[str, ...], str]  # the words that must follow, a stem ends with *; what they mean together
_EXACT: dict[str, list[_Phrase]] = {}
_STEMS: dict[str, list[_Phrase]] = {}
for _name, _languages in [*NEGATION.items(), *BODY.items(), *SIGNS.items(), *NUMBERS.items()]:
    for _entry in " ".join(_languages).split():
        _head, *_rest = (_plain(_part) for _part in _entry.split("_"))
        _shelf = _STEMS if _head.endswith("*") else _EXACT
        _shelf.setdefault(_head.rstrip("*"), []).append((tuple(_rest), _name))
_PHRASE_LONGEST = max(len(rest) for shelf in (_EXACT, _STEMS) for entries in shelf.values() for rest, _ in entries)
_STEM_LONGEST = max(map(len, _STEMS))
_COUNT = {_plain(word): number for word, number in COUNT.items()}


class _Known(NamedTuple):
    forms: tuple[str, ...]
    alone: frozenset[str]  # what the word means by itself
    phrases: tuple[_Phrase, ...]  # which it may begin, longest first


_UNKNOWN = _Known(("",), frozenset(), ())


@lru_cache(maxsize=2048)
def _known(written: str) -> _Known:
    """What is known of a word; in Arabic also of what is left of it without "and", "with", "the" before it."""
    forms = [_plain(written)]
    if "\u0600" <= forms[0][:1] <= "\u06ff":
        for before in ("و", "ف", "ب", "ل", "ك", "ال", "ل"):
            if forms[-1].startswith(before) and len(forms[-1]) >= len(before) + 2:
                forms.append(forms[-1][len(before) :])
    entries: set[_Phrase] = set()
    for form in forms:
        found = _EXACT.get(form, ())
        if form != forms[0] and form != forms[0].lstrip("وف"):  # لما is no ما
            found = [entry for entry in found if entry[1] not in NEGATION]
        entries.update(found)
        for length in range(1, min(len(form), _STEM_LONGEST) + 1):
            entries.update(_STEMS.get(form[:length], ()))
    phrases = sorted((entry for entry in entries if entry[0]), key=lambda entry: (-len(entry[0]), entry))
    return _Known(tuple(forms), frozenset(name for rest, name in entries if not rest), tuple(phrases))


_Token = tuple[_Known, int, int, int, int, int | None]  # clause, full stops before it, start, end, number


def read(text: str) -> list[Unit]:
    tokens: list[_Token] = []
    clause = stops = 0
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup
        if kind == "word":
            known = _known(match.group()[:_WORD_MAX])
            tokens.append((known, clause, stops, match.start(), match.end(), None))
        elif kind == "number":
            number = int(match["number"]) if len(match["number"]) <= 4 else None
            tokens.append((_UNKNOWN, clause, stops, match.start(), match.end(), number))
        else:
            clause += 1
            stops += kind == "stop"
    units: list[Unit] = []
    at = place = stopped = 0
    while at < len(tokens):
        known, clause, stops, start, end, number = tokens[at]
        senses = known.alone
        if known.phrases:
            together, taken = _together(tokens, at)
            if together:
                at += taken
                senses, end = together, tokens[at][4]
        if stops > stopped:
            place += STOP
            stopped = stops
        if not senses or not senses <= WEIGHTLESS:
            place += 1
        units.append(Unit(known.forms[0], senses, start, end, clause, place, number))
        at += 1
    return units


def _together(tokens: Sequence[_Token], at: int) -> tuple[frozenset[str], int]:
    """What the word at `at` means with those after it, and how many these are: the most that mean something."""
    found: set[str] = set()
    length = 0
    clause = tokens[at][1]
    following = [token[0].forms for token in tokens[at + 1 : at + 1 + _PHRASE_LONGEST] if token[1] == clause]
    for rest, name in tokens[at][0].phrases:
        if len(rest) < length:
            break
        if len(rest) <= len(following) and all(map(_is, following, rest)):
            length = len(rest)
            found.add(name)
    return frozenset(found), length


def _is(forms: tuple[str, ...], part: str) -> bool:
    if part.endswith("*"):
        return any(form.startswith(part[:-1]) for form in forms)
    return part in forms


def count(units: Sequence[Unit], spots: dict[str, list[int]]) -> None:
    """What a number means by what stands beside it: an age, sugar, oxygen, pain out of ten."""

    def add(at: int, sense: str) -> None:
        units[at].senses |= {sense}
        spots.setdefault(sense, []).append(at)

    nothing: frozenset[str] = frozenset()
    a_child = "BABY" in spots or "CHILD" in spots
    for at, unit in enumerate(units):
        number = unit.number if unit.number is not None else _COUNT.get(unit.word)
        if number is None:
            continue
        before = units[at - 1].senses if at else nothing
        after = units[at + 1].senses if at + 1 < len(units) else nothing
        then = units[at + 2].senses if at + 2 < len(units) else nothing
        if after & _TIMES:
            if "SINCE" in before:
                continue
            of_age = "OLD" in then or "AGE" in before
            if "YEAR" in after:
                if number in _AGED:
                    add(at, "AGED")
            elif "DAY" in after:
                if number < 90 and (of_age or "BABY" in then):
                    add(at, "YOUNG")
            elif number < (3 if "MONTH" in after else 13) and (of_age or (a_child and "SINCE" not in then)):
                add(at, "YOUNG")
        elif unit.number is None:
            continue
        elif "AGE" in before:
            if number in _AGED:
                add(at, "AGED")
        elif "OTHER_UNIT" not in after or "PER" in then:
            for sense, low, high in _MEASURES:
                if low <= number <= high:
                    add(at, sense)
            if 8 <= number <= 10 and _out_of_ten(units, at):
                add(at, "OF_TEN")


_AGED = range(66, 120)
_TIMES = frozenset({"MONTH", "WEEK", "DAY", "YEAR"})
_MEASURES = (("UNDER_54", 20, 53), ("OVER_399", 400, 999), ("UNDER_85", 50, 84), ("UNDER_92", 85, 91))


def _out_of_ten(units: Sequence[Unit], at: int) -> bool:
    """Whether "9/10" or "9 out of 10" stands at `at`, and no date."""
    before = units[at - 1].number if at else None
    first, second = ([unit.number for unit in units[at + 1 : at + 3]] + [None, None])[:2]
    if first == 10:
        touching = units[at + 1].start == units[at].end + 1 and units[at + 1].clause != units[at].clause
        return touching and before is None and second is None
    return second == 10 and "OUT_OF" in units[at + 1].senses


# --- what is denied ----------------------------------------------------------------------------------------------------
