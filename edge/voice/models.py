"""What the two decoders know: an automaton of the commands, a bigram model of commands and other speech, their dictionary.

All three are made from `edge.domain.utterance_words` and `competitors` when a decoder starts; nothing is trained, nothing is
downloaded. Pure.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Final, NamedTuple

from edge.domain.phrases import sentences
from edge.domain.utterance_words import DENIALS, MINUTES, NUMBERS, PATTERNS, Intent
from edge.voice.competitors import COMMON, SENTENCES, SOUND_ALIKE

OTHER_SHARE: Final = 0.15
"""Of the single-word probability, the part of words that are in no command."""
BACK_OFF: Final = 0.1
"""After a word of a command: how likely speech leaves the command."""
BACK_OFF_START: Final = 0.25
"""At the beginning: how likely speech begins with no command at all."""
DENIAL_WEIGHT: Final = 0.5
"""A denied form beside the weight 1 of a command said in one way only."""
TALK_WEIGHT: Final = 1.0
"""A pattern of other talk that begins like a command."""
WEIGHTS: Final = {Intent.YES: 3.0, Intent.NO: 3.0, Intent.HELP: 2.0, Intent.RED_FLAG: 2.0}
"""Of patterns that matter more than 1: answers to what a device just asked, and what must not be missed."""

Dictionary = Mapping[str, tuple[str, ...]]
"""Word -> its pronunciations, as phones with spaces between."""


class Automaton(NamedTuple):
    """The smallest automaton that accepts exactly the commands; a flat list of them took 5.5 times as long to decode.

    arcs: (from, to, word); None moves on without a word. States are numbers from 0.
    """

    start: int
    final: int
    arcs: tuple[tuple[int, int, str | None], ...]


_Node = dict[str, "_Node"]


def automaton(commands: Iterable[str]) -> Automaton:
    """Share the beginnings of the sentences, then their ends."""
    root: _Node = {}
    for command in commands:
        node = root
        for word in command.split():
            node = node.setdefault(word, {})
        node[""] = {}
    states: dict[tuple[tuple[str, int], ...], int] = {}
    arcs: list[tuple[int, int, str | None]] = []

    def state_of(node: _Node) -> int:
        ways = tuple(sorted((word, state_of(after)) for word, after in node.items()))
        if ways not in states:
            states[ways] = len(states)
            arcs.extend((states[ways], after, word or None) for word, after in ways)
        return states[ways]

    final = state_of({})
    return Automaton(state_of(root), final, tuple(arcs))


def commands(language: str) -> list[str]:
    """Every sentence of the language's table, once, in its order."""
    return list(dict.fromkeys(sentence for sentence, _ in _weighted(language)))


def dictionary_lines(full: Dictionary, words: Iterable[str]) -> str:
    """A pronouncing dictionary of `words` as the decoder reads it; further pronunciations are "word(2)" and so on."""
    lines = []
    for word in sorted(set(words)):
        for number, phones in enumerate(full[word], 1):
            lines.append(f"{word}{'' if number == 1 else f'({number})'} {phones}\n")
    return "".join(lines)


def vocabulary(language: str, full: Dictionary) -> set[str]:
    """The words of commands and denials, and of the competitors those that `full` can pronounce."""
    spoken = {word for sentence in [*commands(language), *DENIALS[language]] for word in sentence.split()}
    other = {word for line, _ in _talk(language) for word in line.split()} | set(competitors(language))
    return spoken | {word for word in other if word in full}


def competitors(language: str) -> list[str]:
    """Words that are there to be heard instead of a command."""
    return list(dict.fromkeys(f"{SOUND_ALIKE[language]} {COMMON[language]}".split()))


def bigrams(language: str, full: Dictionary) -> str:
    """The language model in ARPA form (log10).

    Bigrams of commands and denials with absolute back-off mass; competitors are single words, reached by backing off.
    """
    singles: defaultdict[str, float] = defaultdict(float)
    pairs: defaultdict[str, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
    denials = [(sentence, DENIAL_WEIGHT) for sentence in DENIALS[language]]
    talk = [(line, weight) for line, weight in _talk(language) if all(word in full for word in line.split())]
    for sentence, weight in [*_weighted(language), *denials, *talk]:
        words = ["<s>", *sentence.split(), "</s>"]
        for word, after in pairwise(words):
            pairs[word][after] += weight
            singles[after] += weight
    chance = _chances(singles, [word for word in competitors(language) if word in full])
    lines = ["\\data\\", f"ngram 1={len(chance) + 1}", f"ngram 2={sum(map(len, pairs.values()))}", "", "\\1-grams:"]
    lines.append(f"-99 <s> {_back_off('<s>', pairs, chance):.4f}")
    for word in sorted(chance):
        lines.append(f"{math.log10(chance[word]):.4f} {word} {_back_off(word, pairs, chance):.4f}")
    lines += ["", "\\2-grams:"]
    for word in sorted(pairs):
        kept, total = 1 - _leaves(word), sum(pairs[word].values())
        lines += [
            f"{math.log10(kept * pairs[word][after] / total):.4f} {word} {after}" for after in sorted(pairs[word])
        ]
    return "\n".join([*lines, "", "\\end\\", ""])


def _weighted(language: str) -> list[tuple[str, float]]:
    """Each command, with less weight where its pattern has many forms, so that no intent drowns the others."""
    slots = {"minutes": tuple(MINUTES[language]), "number": tuple(NUMBERS[language])}
    weighted = []
    for intent, lines in PATTERNS[language].items():
        for line in lines:
            forms = list(sentences(line, slots))
            weighted += [(form, WEIGHTS.get(intent, 1.0) / math.sqrt(len(forms))) for form in forms]
    return weighted


def _talk(language: str) -> list[tuple[str, float]]:
    talk = []
    for line in SENTENCES[language]:
        forms = list(sentences(line, {}))
        talk += [(form, TALK_WEIGHT / math.sqrt(len(forms))) for form in forms]
    return talk


def _chances(singles: Mapping[str, float], others: list[str]) -> dict[str, float]:
    total = sum(singles.values())
    chance = {word: (1 - OTHER_SHARE) * count / total for word, count in singles.items()}
    for word in others:
        chance[word] = chance.get(word, 0.0) + OTHER_SHARE / len(others)
    whole = sum(chance.values())
    return {word: one / whole for word, one in chance.items()}


def _leaves(word: str) -> float:
    return BACK_OFF_START if word == "<s>" else BACK_OFF


def _back_off(word: str, pairs: Mapping[str, Mapping[str, float]], chance: Mapping[str, float]) -> float:
    if word not in pairs:
        return 0.0
    return math.log10(_leaves(word) / (1 - sum(chance[after] for after in pairs[word])))
