"""Sentences about numbers in four languages, and the check that holds a model's to the numbers it was given. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

from cloud.insights.findings import Finding

LANGUAGES: Final = ("en", "hi", "es", "ar")
TEXT_CHARS_MAX: Final = 800
_NUMBER: Final = re.compile(r"\d+(?:[.,٫]\d+)?")
_SPELT_TEXT: Final = (
    "two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty sixty seventy eighty ninety"
    " hundred half twice dos tres cuatro cinco seis siete ocho nueve diez once doce veinte treinta cuarenta cincuenta sesenta"
    " setenta ochenta noventa cien mitad doble दो तीन चार पाँच पांच छह सात आठ नौ दस बीस आधा سو اثنان اثنتان ثلاث ثلاثة أربع أربعة"
    " خمس خمسة ست ستة سبع سبعة ثمان ثمانية تسع تسعة عشر عشرة عشرون نصف"
)
_SPELT: Final = frozenset(_SPELT_TEXT.split())
"""Numbers in words: the check could not hold them, so there must be none."""

WEEK: Final = {
    "en": "{taken} of {due} doses were taken, {on_time} of them on time; {missed} missed, {skipped} skipped. "
    "Of {unknown} doses it is not known, and {not_announced} were not announced.",
    "hi": "{due} में से {taken} ख़ुराकें ली गईं, उनमें {on_time} समय पर; {missed} छूटीं, {skipped} छोड़ी गईं। "
    "{unknown} ख़ुराकों का पता नहीं, और {not_announced} बताई नहीं गईं।",
    "es": "Se tomaron {taken} de {due} dosis, {on_time} a tiempo; {missed} olvidadas, {skipped} omitidas. "
    "De {unknown} dosis no se sabe, y {not_announced} no se anunciaron.",
    "ar": "أُخذت {taken} من {due} جرعة، منها {on_time} في وقتها؛ فاتت {missed} وتُركت {skipped}. "
    "{unknown} جرعة غير معروفة، و{not_announced} لم يُعلن عنها.",
}
FINDINGS: Final = {
    "critical_missed": (
        "{missed} doses of a critical medicine were missed.", "एक अति आवश्यक दवा की {missed} ख़ुराकें छूटीं।",
        "Se olvidaron {missed} dosis de un medicamento crítico.", "فاتت {missed} جرعات من دواء حرج.",
    ),
    "adherence_low": (
        "{taken} of {due} doses were taken ({percent} %).", "{due} में से {taken} ख़ुराकें ली गईं ({percent} %)।",
        "Se tomaron {taken} de {due} dosis ({percent} %).", "أُخذت {taken} من {due} جرعة ({percent} %).",
    ),
    "adherence_fell": (
        "The share of doses taken fell from {before} % to {percent} %.",
        "ली गई ख़ुराकों का हिस्सा {before} % से घटकर {percent} % हो गया।",
        "La parte de dosis tomadas bajó del {before} % al {percent} %.",
        "انخفضت نسبة الجرعات المأخوذة من {before} % إلى {percent} %.",
    ),
    "unknown_doses": (
        "Of {doses} doses nobody knows whether they were taken.", "{doses} ख़ुराकों के बारे में पता नहीं कि ली गईं या नहीं।",
        "De {doses} dosis no se sabe si se tomaron.", "لا يُعرف هل أُخذت {doses} جرعة.",
    ),
    "symptom_repeated": (
        "{symptom} was spoken of in {notes} notes.", "{notes} संदेशों में बताया गया: {symptom}।",
        "Se habló de {symptom} en {notes} notas.", "ذُكر {symptom} في {notes} ملاحظات.",
    ),
}  # fmt: skip


def week_text(numbers: Mapping[str, Any], language: str) -> str:
    """The sentence about a week or day, from the template."""
    return WEEK.get(language, WEEK["en"]).format_map(numbers)


def finding_text(finding: Finding, language: str) -> str:
    """The sentence about a finding, from the template."""
    at = LANGUAGES.index(language) if language in LANGUAGES else 0
    return FINDINGS[finding.kind][at].format(symptom=finding.symptom.replace("_", " "), **finding.numbers)


def wrong(text: str, numbers: Any) -> str:
    """What speaks against a model's sentences; "" for nothing. A number that was not given, or one in words, is enough."""
    if len(text) > TEXT_CHARS_MAX:
        return "too long"
    plain = "".join(
        str(unicodedata.digit(sign)) if unicodedata.digit(sign, None) is not None else sign for sign in text
    )
    given = values(numbers)
    for found in _NUMBER.findall(plain):
        if float(re.sub("[,٫]", ".", found)) not in given:
            return "a number that was not given"
    if _SPELT & {word.strip(".,;:!?()।،؛\"'").casefold() for word in plain.split()}:
        return "a number in words"
    return "an address" if re.search(r"https?:|www\.|<|@", plain) else ""


def values(numbers: Any) -> frozenset[float]:
    """Every number anywhere in a JSON value; of texts, such as dates, those in them."""
    if isinstance(numbers, bool) or numbers is None:
        return frozenset()
    if isinstance(numbers, int | float):
        return frozenset((float(numbers),))
    if isinstance(numbers, str):
        return frozenset(float(found) for found in re.findall(r"\d+", numbers))
    parts = numbers.values() if isinstance(numbers, Mapping) else numbers
    return frozenset().union(*(values(part) for part in parts))
