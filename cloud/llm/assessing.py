"""From words to what is known of them: red flags, a model's reading held against the words, and the raise-only rule. Pure.

The same for notes and for reasons of visits. A model's output fills a closed shape and nothing else; what it says is kept
only where its quote stands in the words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from cloud.llm.calls import Segment
from cloud.llm.ground import find, seconds
from cloud.llm.redact import Redacted
from cloud.llm.results import Item
from cloud.llm.schema import Extraction, Question, Symptom
from shared.triage import red_flags
from shared.triage.red_flags import Finding
from shared.triage.safety import Verdict, final

STEP: Final = red_flags.TEXT_MAX * 4 // 5
_ORDERS: Final = re.compile(
    r"ignore (?:all |any |the )?(?:previous|prior|above|earlier)|disregard (?:all|the|previous)|system prompt|"
    r"set (?:the )?urgency|urgency\s*[:=]|you are now|as an ai|act as|</?(?:system|assistant|script)|"
    r"ignora (?:todas )?las instrucciones|olvida las instrucciones|पिछले निर्देश|निर्देशों को अनदेखा|تجاهل (?:كل )?التعليمات",
    re.I,
)


class Placed(NamedTuple):
    """Something a model found, at its place in the original words."""

    found: Symptom | Question
    quote: str
    start_s: float | None
    end_s: float | None


class Assessed(NamedTuple):
    """What is known of some words. finding: the worst red flag.  dropped: things a model said that nobody had said."""

    verdict: Verdict
    finding: Finding
    placed: tuple[Placed, ...]
    items: tuple[Item, ...]
    dropped: int
    needs_human: bool


def worst_flag(text: str) -> Finding:
    """The most urgent red flag anywhere in a text, however long: rules look at so many characters at a time."""
    pieces = [text[at : at + red_flags.TEXT_MAX] for at in range(0, max(1, len(text)), STEP)]
    return max((red_flags.rules(piece) for piece in pieces), key=lambda found: found.urgency)


def gives_orders(text: str) -> bool:
    """Whether words look as if they were meant for a model. Then no model's urgency counts, and a person looks."""
    return _ORDERS.search(text) is not None


def assess(
    text: str, redacted: Redacted | None, extraction: Extraction | None, segments: Sequence[Segment] = (),
    extra: Finding = red_flags.NOTHING,
) -> Assessed:  # fmt: skip
    """`text`: the original words.  redacted: what the model saw.  extraction: what it made of that, None without a model.

    extra: a red flag known from elsewhere (the clinic's own decoders). Nothing a model says lowers anything.
    """
    flag = max(worst_flag(text), extra, key=lambda found: found.urgency)
    items = [Item(kind="red_flag", value=flag.code, quote=flag.words)] if flag.code else []
    if extraction is None or redacted is None:
        return Assessed(final(0, flag.urgency, None), flag, (), tuple(items), 0, False)
    dropped = 0
    placed = []
    said_things: tuple[Symptom | Question, ...] = (*extraction.symptoms, *extraction.questions)
    for one in said_things:
        at = _place(one.quote, redacted)
        if at is None:
            dropped += 1
            continue
        span = seconds(*at, text, segments) or (None, None)
        placed.append(Placed(one, text[at[0] : at[1]], *span))
        kind, value = ("symptom", one.symptom) if isinstance(one, Symptom) else ("question", one.topic)
        items.append(Item(kind=kind, value=value, quote=text[at[0] : at[1]], start_s=span[0], end_s=span[1]))
    said: int | None = extraction.urgency
    if extraction.urgency > 0:
        at = _place(extraction.urgency_quote or "", redacted)
        if at is None:
            dropped, said = dropped + 1, None
        else:
            span = seconds(*at, text, segments) or (None, None)
            items.append(
                Item(
                    kind="urgency",
                    value=str(extraction.urgency),
                    quote=text[at[0] : at[1]],
                    start_s=span[0],
                    end_s=span[1],
                )
            )
    orders = gives_orders(text)
    verdict = final(0, flag.urgency, None if orders else said)
    return Assessed(
        verdict, flag, tuple(placed), tuple(items), dropped, extraction.needs_human or orders or bool(dropped)
    )


def _place(quote: str, redacted: Redacted) -> tuple[int, int] | None:
    at = find(quote, redacted.text)
    return None if at is None else redacted.original(*at)
