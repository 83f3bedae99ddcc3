"""Patterns of `utterance_words` written out: every sentence they allow. Pure, and bounded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

PHRASES_MAX: Final = 4000
"""Sentences all patterns of one language may come to; a table beyond it is a mistake in the table."""
_TOKEN: Final = re.compile(r"[()\[\]|]|<\w+>|[^\s()\[\]|<>]+")


def sentences(pattern: str, slots: dict[str, tuple[str, ...]]) -> Iterator[str]:
    """Every sentence of a pattern. slots: what may stand for `<name>`. Raises ValueError for a pattern that is none."""
    tokens = _TOKEN.findall(pattern)
    found, at = _choice(tokens, 0, slots)
    if at != len(tokens):
        raise ValueError(f"{pattern!r}: a bracket too many")
    for words in found:
        yield " ".join(words.split())


def _choice(tokens: list[str], at: int, slots: dict[str, tuple[str, ...]]) -> tuple[list[str], int]:
    """Alternatives until a closing bracket or the end."""
    ways: list[str] = []
    while True:
        row, at = _row(tokens, at, slots)
        ways += row
        if at == len(tokens) or tokens[at] != "|":
            return ways, at
        at += 1


def _row(tokens: list[str], at: int, slots: dict[str, tuple[str, ...]]) -> tuple[list[str], int]:
    """What stands one after another until "|", a closing bracket or the end."""
    ways = [""]
    while at < len(tokens) and tokens[at] not in "|)]":
        token = tokens[at]
        if token in "([":
            inner, at = _choice(tokens, at + 1, slots)
            if at == len(tokens) or tokens[at] != {"(": ")", "[": "]"}[token]:
                raise ValueError(f"{' '.join(tokens)!r}: a bracket is not closed")
            if token == "[":
                inner = ["", *inner]
        elif token.startswith("<"):
            inner = list(slots[token[1:-1]])
        else:
            inner = [token]
        ways = [f"{one} {other}" for one in ways for other in inner]
        if len(ways) > PHRASES_MAX:
            raise ValueError(f"{' '.join(tokens)!r}: more than {PHRASES_MAX} sentences")
        at += 1
    return ways, at
