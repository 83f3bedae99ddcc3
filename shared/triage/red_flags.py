"""How urgent a visit is by what its reason says: rules that work offline, in English, Hindi, Spanish and Arabic.

The list is that of care.md §4.4 and §4.5 (WHO/ICRC/MSF triage tool, SATS, spoken red flags of class A and B); what a text
cannot tell, such as pulse or pallor, is not judged. It is no diagnosis, and needs a clinician's signature: these rules only
ever raise, and staff decide. A sign that is plainly denied does not count ("no chest pain"); in doubt it does. Whose sign it
is and when it was is not read: "my father had a stroke" counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from shared.sentences import LANGUAGES
from shared.triage.reading import Unit, count, read
from shared.triage.red_flag_rules import NAMES, RULES
from shared.triage.sign_words import BODY, SIGNS

URGENCY_DEFAULT: Final = 5
PATIENT_MAX: Final = 7
TEXT_MAX: Final = 1000
"""Characters of a reason that are looked at."""
_REACH = 4  # words that count, between the first word of a rule and the others
_DENIES = 6  # words a denial may reach over
_WORDS_MAX = 80  # characters of a finding's words before their middle is left out


class Finding(NamedTuple):
    """What the rules found. Nothing: urgency 0, empty code and words."""

    urgency: int  # 7 to 10
    code: str
    words: str  # as written, from the first word that counted to the last


NOTHING: Final = Finding(0, "", "")


def effective(given: int, reason: str, *, claimed: bool) -> tuple[int, int | None]:
    """The urgency that counts, and what the patient claimed where that was cut.

    given: 0 to 10.  claimed: the patient said so, at a kiosk or on a page, and it counts up to 7 until staff confirm; what
    staff say counts as it is. The rules may raise either, and never lower.
    """
    cut = claimed and given > PATIENT_MAX
    return max(PATIENT_MAX if cut else given, rules(reason).urgency), given if cut else None


def rules(reason: str) -> Finding:
    """The most urgent sign in `reason`. Looks at its first 1000 characters; no text is refused."""
    text = reason[:TEXT_MAX]
    units = read(text)
    spots: dict[str, list[int]] = {}
    for at, unit in enumerate(units):
        for sense in unit.senses:
            spots.setdefault(sense, []).append(at)
    if _FIRST_SENSES.isdisjoint(spots):
        return NOTHING
    count(units, spots)
    denied, lacking = _denials(units, spots)
    for rule in sorted({at for sense in spots for at in _BY_FIRST.get(sense, ())}):
        found = _holds(_RULES[rule], units, spots, denied, lacking)
        if found:
            return Finding(
                _RULES[rule].urgency, _RULES[rule].code, _quoted(text, [units[at] for at in sorted(set(found))])
            )
    return NOTHING


def why(finding: Finding, language: str) -> str:
    """Why a visit was raised, for staff; English where the language is unknown, empty where nothing was found."""
    if not finding.code:
        return ""
    at = LANGUAGES.index(language) if language in LANGUAGES else 0
    return _WHY[at].format(urgency=finding.urgency, name=NAMES[finding.code][at], words=finding.words)


_WHY = (  # the words last: they may run in the other direction
    "Urgency {urgency}: {name}. Staff decide. Words: “{words}”",
    "तात्कालिकता {urgency}: {name}। निर्णय कर्मचारी करेंगे। शब्द: “{words}”",
    "Urgencia {urgency}: {name}. Decide el personal. Palabras: «{words}»",
    "الأولوية {urgency}: {name}. القرار للطاقم. الكلمات: «{words}»",
)


# --- reading -----------------------------------------------------------------------------------------------------------


_PASSED = frozenset({"ANY", "OR", "NO", *BODY})
_PASSED_AFTER_VERB = _PASSED | {"HAVE"}
_PASSED_BACKWARDS = frozenset({"BETWEEN", "LINK", "ANY", *BODY})
_SIGN = frozenset(SIGNS)
_VERBS = frozenset({"MOVE", "SPEAK", "WAKE", "FEED", "DRINK", "RESPOND", "SEE"})


def _denials(units: Sequence[Unit], spots: dict[str, list[int]]) -> tuple[set[int], dict[int, int]]:
    """Which signs are denied, and of which there is a lack, by which word. "No" does both: "no pain", "no urine"."""
    denied: set[int] = set()
    lacking: dict[int, int] = {}
    for kind, passed in (("NO", _PASSED), ("NOT", _PASSED_AFTER_VERB), ("CANNOT", _PASSED_AFTER_VERB)):
        for at in spots.get(kind, ()):
            clause = _clause_after(units, at)
            reached, spared = _reached(clause, passed)
            lacking.update((at + 1 + here, at) for here in reached)
            if kind != "CANNOT" and not any("SAVE" in senses for senses in clause):
                denied.update(at + 1 + here for here in reached + spared)
    for at in spots.get("AFTERWARDS", ()):
        after = units[at + 1] if at + 1 < len(units) and units[at + 1].clause == units[at].clause else None
        if after is not None and not after.senses.isdisjoint(_VERBS):
            lacking[at + 1] = at
        behind = _behind(units, at)
        if behind is not None:
            lacking[behind] = at
            if after is None or "SETTLED" in after.senses:
                denied.add(behind)
    return denied, lacking


def _clause_after(units: Sequence[Unit], at: int) -> list[frozenset[str]]:
    end = at + 1
    while end < len(units) and end <= at + _DENIES and units[end].clause == units[at].clause:
        end += 1
    return [unit.senses for unit in units[at + 1 : end]]


def _reached(clause: Sequence[frozenset[str]], passed: frozenset[str]) -> tuple[list[int], list[int]]:
    """The signs that the "no" before `clause` reaches, over parts of the body and along "or"; and those it only denies.

    These are in compounds: in "no breathing problem" the problem is denied, and it is not breath that is lacking.
    """
    reached: list[int] = []
    spared: list[int] = []
    here = 0
    while here < len(clause):
        joined = here + 1 < len(clause) and "OR" in clause[here + 1]
        if not _SIGN.isdisjoint(clause[here]):
            if here + 1 < len(clause) and "TAIL" in clause[here + 1]:
                here += 1
                spared.append(here)
                joined = here + 1 < len(clause) and "OR" in clause[here + 1]
            elif joined and here + 3 < len(clause) and "TAIL" in clause[here + 3]:
                spared.append(here)
            else:
                reached.append(here)
            if not joined:
                break
        elif passed.isdisjoint(clause[here]) and not joined:
            break
        here += 1
    return reached, spared


def _behind(units: Sequence[Unit], at: int) -> int | None:
    """The sign before a "नहीं"."""
    for here in range(at - 1, max(-1, at - 1 - _DENIES), -1):
        if units[here].clause != units[at].clause:
            return None
        if not _SIGN.isdisjoint(units[here].senses):
            return here
        if _PASSED_BACKWARDS.isdisjoint(units[here].senses):
            return None
    return None


# --- the rules ---------------------------------------------------------------------------------------------------------


class _Part(NamedTuple):
    senses: tuple[str, ...]
    lack: bool
    anywhere: bool


class _Rule(NamedTuple):
    code: str
    urgency: int
    parts: tuple[_Part, ...]
    without: tuple[str, ...]


def _rule(code: str, urgency: int, line: str) -> _Rule:
    parts: list[_Part] = []
    without: tuple[str, ...] = ()
    for word in line.split():
        senses = tuple(word.lstrip("!~-").split("|"))
        if word.startswith("-"):
            without = senses
        else:
            parts.append(_Part(senses, "!" in word, "~" in word))
    return _Rule(code, urgency, tuple(parts), without)


_RULES: Final = sorted((_rule(*row) for row in RULES), key=lambda rule: -rule.urgency)
_BY_FIRST: dict[str, list[int]] = {}
for _at, _row in enumerate(_RULES):
    for _first in _row.parts[0].senses:
        _BY_FIRST.setdefault(_first, []).append(_at)
_FIRST_SENSES = frozenset(_BY_FIRST)


def _holds(
    rule: _Rule, units: Sequence[Unit], spots: dict[str, list[int]], denied: set[int], lacking: dict[int, int]
) -> list[int]:
    """Where the parts of `rule` stand; empty where it does not hold."""
    candidates: list[list[int]] = []
    for part in rule.parts:
        usable = [
            at
            for sense in part.senses
            for at in spots.get(sense, ())
            if (at in lacking if part.lack else at not in denied)
        ]
        if not usable:
            return []
        candidates.append(usable)
    without = [units[at] for sense in rule.without for at in spots.get(sense, ())]
    for first in sorted(candidates[0]):
        place = units[first].place
        if any(units[first].clause == other.clause and abs(other.place - place) <= _REACH for other in without):
            continue
        found = [first]
        for part, usable in zip(rule.parts[1:], candidates[1:], strict=True):
            nearest = min(usable, key=lambda at: (abs(units[at].place - place), at))
            if not part.anywhere and abs(units[nearest].place - place) > _REACH:
                break
            found.append(nearest)
        else:
            return found + [lacking[at] for part, at in zip(rule.parts, found, strict=True) if part.lack]
    return []


def _quoted(text: str, units: Sequence[Unit]) -> str:
    whole = text[units[0].start : units[-1].end]
    if len(whole) > _WORDS_MAX:
        whole = " … ".join(dict.fromkeys(text[unit.start : unit.end] for unit in units))
    return " ".join(whole.split())
