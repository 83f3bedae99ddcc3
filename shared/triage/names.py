"""What the signs and rules of the tables are called, in English, Hindi, Spanish and Arabic; and why somebody is urgent."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import Final

from shared.sentences import LANGUAGES


def _read() -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    text = (files("shared.triage") / "tables" / "names.tsv").read_text("utf-8")
    rows = [line.split("\t") for line in text.splitlines()[1:]]
    return {row[1]: tuple(row[2:]) for row in rows if row[0] == "sign"}, {row[1]: tuple(row[2:]) for row in rows}


SIGNS, _NAMES = _read()
"""Every sign somebody can tick, and every name there is: code -> name in each of LANGUAGES."""
_WHY: Final = (
    "Urgency {urgency}: {names}.",
    "तात्कालिकता {urgency}: {names}।",
    "Urgencia {urgency}: {names}.",
    "الأولوية {urgency}: {names}.",
)
_NOTHING: Final = (
    "Urgency {urgency}: nothing urgent was found.", "तात्कालिकता {urgency}: कुछ तात्कालिक नहीं मिला।",
    "Urgencia {urgency}: no se encontró nada urgente.", "الأولوية {urgency}: لم يُعثر على شيء عاجل.",
)  # fmt: skip
_NOT_YET: Final = (
    " Not measured: {names}.", " नहीं मापा गया: {names}।", " Sin medir: {names}.", " لم يُقس: {names}.",
)  # fmt: skip
_AGE: Final = ("age", "उम्र", "edad", "العمر")
WHY_RULES_MAX: Final = 3


def name(code: str, language: str) -> str:
    """What a sign, vital or rule is called; English for a language that is none of LANGUAGES. Raises KeyError."""
    return _NAMES[code][_at(language)]


def why(urgency: int, rules: Sequence[str], missing: Sequence[str], language: str) -> str:
    """Why somebody is so urgent, in a sentence: the first three rules that fired, and what nobody measured."""
    at = _at(language)
    told = list(dict.fromkeys(_NAMES[_code(rule)][at] for rule in rules))[:WHY_RULES_MAX]
    text = (_WHY if told else _NOTHING)[at].format(urgency=urgency, names=", ".join(told))
    if missing:
        text += _NOT_YET[at].format(names=", ".join(_AGE[at] if one == "age" else _NAMES[one][at] for one in missing))
    return text


def _code(rule: str) -> str:
    """ "iitt.red.stridor" -> "stridor"; "tews.5-6" -> "tews"."""
    return "tews" if rule.startswith("tews.") else rule.rsplit(".", 1)[-1]


def _at(language: str) -> int:
    return LANGUAGES.index(language) if language in LANGUAGES else 0
