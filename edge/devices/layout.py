"""What stands on a slip, line by line and in which size. Pure: a Slip in, lines out; no printer and no font."""

from __future__ import annotations

import textwrap
import unicodedata
from dataclasses import dataclass
from typing import NamedTuple

from edge.domain.tickets import Estimate, Slip

REPEAT_MARK = "REPEAT / second copy"
"""Printed in Latin letters on every repeated slip, whatever its language, so that staff of any site know it."""

TEXT_CHARS_MAX = 240
"""Longer names are cut before they are laid out; a slip has an end."""
QR_CHARS_MAX = 450
"""A longer code is left out: half a link leads nowhere. The longest tracking token leaves 59 characters for a host."""
SHORT_MIN = 5
"""An estimate below it is only called short."""


class Words(NamedTuple):
    """The words around a token in one language."""

    your_number: str
    next: str
    one_before: str
    many_before: str
    wait: str
    scan: str
    repeat: str
    between: str
    about: str
    up_to: str
    short: str


WORDS = {
    "en": Words(
        "Your number", "You are next", "1 before you", "{n} before you", "Please wait until your number is called.",
        "Scan to follow your place", "",
        "About {min} to {max} minutes", "About {max} minutes", "Up to {max} minutes", "Less than {short} minutes",
    ),
    "hi": Words(
        "आपका नंबर", "अगली बारी आपकी है", "आपसे पहले 1 व्यक्ति", "आपसे पहले {n} लोग", "कृपया अपना नंबर पुकारे जाने तक प्रतीक्षा करें।",
        "बारी देखने के लिए स्कैन करें", "दूसरी प्रति",
        "लगभग {min} से {max} मिनट", "लगभग {max} मिनट", "{max} मिनट तक", "{short} मिनट से कम",
    ),
    "es": Words(
        "Su número", "Usted es el siguiente", "1 antes que usted", "{n} antes que usted",
        "Espere a que llamen su número, por favor.", "Escanee para seguir su turno", "segunda copia",
        "Espera: de {min} a {max} minutos", "Espera: unos {max} minutos", "Espera: hasta {max} minutos",
        "Espera: menos de {short} minutos",
    ),
    "ar": Words(
        "رقمك", "أنت التالي", "قبلك شخص واحد", "عدد المنتظرين قبلك: {n}", "يرجى الانتظار حتى يُنادى رقمك.",
        "امسح الرمز لمتابعة دورك", "نسخة ثانية",
        "الدقائق المتوقعة: من {min} إلى {max}", "الدقائق المتوقعة: {max}", "الدقائق المتوقعة: حتى {max}",
        "الانتظار: أقل من {short} دقائق",
    ),
}  # fmt: skip
"""By language; a language not listed gets English. Forms that need no plural rule: no number below SHORT_MIN is said."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text. `width` and `height` multiply the printer's plain character, 1 to 8. Centred."""

    text: str
    width: int = 1
    height: int = 1
    bold: bool = False
    invert: bool = False


@dataclass(frozen=True, slots=True)
class Code:
    """A QR code with `text` in it. It needs white paper around it: a Space above and below."""

    text: str


@dataclass(frozen=True, slots=True)
class Space:
    """White paper, `lines` plain lines high."""

    lines: int = 1


Part = Line | Code | Space


def lay_out(slip: Slip, columns: int) -> list[Part]:
    """The parts of a slip from top to bottom. columns: plain characters in a line, 24 to 64."""
    words = WORDS.get(slip.language, WORDS["en"])
    rule = Line("─" * columns)
    parts: list[Part] = [*_headline(slip.site_name, columns, bold=True), rule]
    if slip.repeat:
        parts += [Line(f" {REPEAT_MARK} ", bold=True, invert=True)]
        parts += [Line(words.repeat, bold=True)] if words.repeat else []
    token = clean(slip.token) or "?"
    size = max(1, min(columns // 8, 8, columns // len(token)))
    parts += [Space(), Line(words.your_number), Line(token, width=size, height=size, bold=True), Space()]
    parts += _headline(slip.service_name, columns)
    parts += [Line(clean(slip.issued_at)[:columns]), Space(), *_headline(_ahead(words, slip.ahead), columns)]
    if slip.estimate:
        parts += _wrapped(_waiting(words, slip.estimate), columns)
    if slip.qr and scannable(slip.qr):
        parts += [Space(), Code(slip.qr), Space(), *_wrapped(words.scan, columns)]
    return [*parts, rule, *_wrapped(words.wait, columns)]


def clean(text: str) -> str:
    """`text` on one line, without control characters (a name must not be able to command the printer), bounded."""
    spaced = " ".join(text[:TEXT_CHARS_MAX].split())
    return "".join(c for c in unicodedata.normalize("NFC", spaced) if unicodedata.category(c) not in ("Cc", "Cs"))


def scannable(text: str) -> bool:
    """Whether `text` can stand in a QR code: not too long, and only signs that every printer and phone reads the same."""
    return len(text) <= QR_CHARS_MAX and text.isascii() and text.isprintable()


def _waiting(words: Words, estimate: Estimate) -> str:
    if estimate.max < SHORT_MIN:
        return words.short.format(short=SHORT_MIN)
    if estimate.min < SHORT_MIN:
        return words.up_to.format(max=estimate.max)
    return (words.about if estimate.min == estimate.max else words.between).format(min=estimate.min, max=estimate.max)


def _ahead(words: Words, ahead: int) -> str:
    if ahead <= 0:
        return words.next
    return words.one_before if ahead == 1 else words.many_before.format(n=ahead)


def _headline(text: str, columns: int, *, bold: bool = False) -> list[Part]:
    """In double size; text that would need a second line is narrower instead."""
    if len(clean(text)) <= columns // 2:
        return _wrapped(text, columns // 2, width=2, height=2, bold=bold)
    return _wrapped(text, columns, height=2, bold=True)


def _wrapped(text: str, columns: int, *, width: int = 1, height: int = 1, bold: bool = False) -> list[Part]:
    lines = textwrap.wrap(clean(text), columns, max_lines=3, placeholder=" …") if text else []
    return [Line(line.replace("…", "..."), width, height, bold) for line in lines]
