"""Finds a quote in the words it is said to come from. What a model "heard" and nobody said is found nowhere. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Final

from cloud.llm.calls import Segment

ALIKE: Final = 0.9
"""How like the words a quote must be, 0 to 1: room for spelling, not for other words."""
_WORD: Final = re.compile(r"\S+")
_EDGE: Final = " \t\r\n.,;:!?\"'“”‘’«»…।؟،"


def find(quote: str, text: str) -> tuple[int, int] | None:
    """Where in `text` the quote stands, exactly or at least 0.9 alike; None where it does not."""
    wanted = " ".join(quote.split()).strip(_EDGE)
    if not wanted:
        return None
    exact = re.search(r"\s+".join(re.escape(part) for part in wanted.split()), text, re.I)
    if exact is not None:
        return exact.span()
    words = list(_WORD.finditer(text))
    count = len(wanted.split())
    best: tuple[float, int, int] | None = None
    match = SequenceMatcher(None, "", wanted.casefold(), autojunk=False)
    for length in (count, count - 1, count + 1):
        for first in range(len(words) - length + 1) if length > 0 else ():
            start, end = words[first].start(), words[first + length - 1].end()
            match.set_seq1(" ".join(text[start:end].split()).strip(_EDGE).casefold())
            if match.real_quick_ratio() < ALIKE or match.quick_ratio() < ALIKE:
                continue
            ratio = match.ratio()
            if ratio >= ALIKE and (best is None or ratio > best[0]):
                best = (ratio, start, end)
    return None if best is None else best[1:]


def seconds(start: int, end: int, text: str, segments: Sequence[Segment]) -> tuple[float, float] | None:
    """From when until when the words at this place of the transcript were spoken, by its segments; None without."""
    at = 0
    found: list[Segment] = []
    for one in segments:
        piece = one.text.strip()
        place = text.find(piece, at) if piece else -1
        if place < 0:
            continue
        if place < end and place + len(piece) > start:
            found.append(one)
        at = place + len(piece)
    return (found[0].start_s, found[-1].end_s) if found else None
