"""What somebody meant who spoke to a device: words in, an act out. Pure.

The words are those of a decoder that knows a small vocabulary, so a sentence is either one of the table or nothing: there is
no guessing by likeness here. Red flags are looked for in whatever was said.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from edge.domain.phrases import PHRASES_MAX, sentences
from edge.domain.utterance_words import DENIALS, FILLERS, MINUTES, NUMBERS, PATTERNS, SNOOZE_MIN, Intent
from shared.triage.red_flags import rules

__all__ = [
    "ABOUT_ALL",
    "ABOUT_ONE",
    "AS_NEEDED",
    "CRITICAL",
    "Act",
    "Intent",
    "Meaning",
    "Needed",
    "OpenDose",
    "interpret",
    "known",
    "meaning",
]

AS_NEEDED: Final = frozenset({Intent.NEED, Intent.NEED_TAKEN})
"""Acts about a medicine that is taken as needed: it may be taken, it was. No dose is meant by them."""
CRITICAL: Final = frozenset({Intent.HELP, Intent.RED_FLAG})
"""Either decoder alone is enough for these to be acted upon."""
ABOUT_ONE: Final = frozenset({Intent.TAKEN, Intent.SKIP})
"""Acts that mean one dose; with more than one open, somebody has to say which."""
ABOUT_ALL: Final = frozenset({Intent.TAKEN_ALL, Intent.SNOOZE, Intent.NOT_TAKEN})
"""Acts that mean whatever is open: nothing is guessed by that."""
WORDS_MAX: Final = 400
"""Characters that are looked at."""


class Meaning(NamedTuple):
    """What a sentence means by itself. minutes: of a snooze. number: the place of a choice, from 1. code: of a red flag."""

    intent: Intent
    minutes: int | None = None
    number: int | None = None
    code: str = ""


class OpenDose(NamedTuple):
    """A dose that waits for an answer. quantity: as it is spoken ("1", "2.5").

    read_back: of a medicine where a mistake is dangerous; voice alone never counts for it without a read-back.
    """

    id: str
    medication: str
    quantity: str
    read_back: bool = False


class Needed(NamedTuple):
    """A medicine as needed. id: of plan and item.  quantity: of one dose.  not_before_ms: None where it may be taken now."""

    plan_id: str
    item_id: str
    medication: str
    quantity: float
    not_before_ms: int | None = None

    @property
    def spoken(self) -> OpenDose:
        """As it is spoken of; voice alone never counts for it without a read-back."""
        return OpenDose(f"{self.plan_id}/{self.item_id}", self.medication, f"{self.quantity:g}", read_back=True)


class Act(NamedTuple):
    """What is to be done.

    dose_ids: the doses it is about; one, except for acts about all that is open. Empty: none is open, or it is about none.
    candidates: not empty when the act is about one dose and more than one is open: ask which, never guess.
    """

    intent: Intent
    dose_ids: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    minutes: int | None = None
    code: str = ""


UNKNOWN: Final = Meaning(Intent.UNKNOWN)


def meaning(words: str, language: str) -> Meaning:
    """What `words` mean. In a language without a table only red flags are found, the rest is UNKNOWN."""
    text = " ".join(words[:WORDS_MAX].casefold().split())
    finding = rules(text)
    if finding.code:
        return Meaning(Intent.RED_FLAG, code=finding.code)
    parts = text.split()
    fillers = FILLERS.get(language, frozenset())
    table = known(language)
    while parts:
        found = table.get(" ".join(parts))
        if found is not None:
            return found
        if parts[0] not in fillers:
            return UNKNOWN
        parts = parts[1:]
    return UNKNOWN


def interpret(words: str, open_doses: Sequence[OpenDose], language: str, *, asked_which: bool = False) -> Act:
    """What is to be done about `words` while `open_doses` wait, in the order in which they would be listed.

    asked_which: the person was just asked which of them, and a number is a place in the list.
    """
    what = meaning(words, language)
    every = tuple(dose.id for dose in open_doses)
    match what.intent:
        case intent if intent in ABOUT_ALL:
            return Act(intent, every, minutes=what.minutes)
        case Intent.CHOICE:
            if asked_which and what.number is not None and what.number <= len(every):
                return Act(Intent.CHOICE, (every[what.number - 1],))
            return Act(Intent.UNKNOWN)
        case intent if intent in ABOUT_ONE:
            alone = len(every) == 1
            return Act(intent, every if alone else (), () if alone else every)
        case intent:
            return Act(intent, minutes=what.minutes, code=what.code)


@lru_cache(maxsize=4)
def known(language: str) -> dict[str, Meaning]:
    """Every sentence of a language's table with its meaning; empty for a language without one. Not to be changed."""
    patterns = PATTERNS.get(language, {})
    minutes, numbers = MINUTES.get(language, {}), NUMBERS.get(language, {})
    slots = {"minutes": tuple(minutes), "number": tuple(numbers)}
    table: dict[str, Meaning] = {}
    for intent, lines in patterns.items():
        for line in lines:
            for sentence in sentences(line, slots):
                table[sentence] = _meaning(intent, sentence, minutes, numbers)
    if len(table) > PHRASES_MAX:
        raise ValueError(f"{language}: more than {PHRASES_MAX} sentences")
    for sentence in DENIALS.get(language, ()):
        table.setdefault(sentence, UNKNOWN)
    return table


def _meaning(intent: Intent, sentence: str, minutes: dict[str, int], numbers: dict[str, int]) -> Meaning:
    if intent is Intent.SNOOZE:
        named = max((words for words in minutes if sentence.endswith(words)), key=len, default="")
        return Meaning(intent, minutes=minutes.get(named, SNOOZE_MIN))
    if intent is Intent.CHOICE:
        return Meaning(intent, number=numbers[sentence])
    if intent is Intent.RED_FLAG:
        return Meaning(intent, code=rules(sentence).code)
    return Meaning(intent)
