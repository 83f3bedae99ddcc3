"""Days and weeks in a sentence, in four languages, from numbers alone: what stands there until, or unless, a model words it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from shared.sentences import LANGUAGES

_NOTHING: Final = {
    "en": "No medicine was due.", "hi": "कोई दवा देय नहीं थी।", "es": "No tocaba ninguna medicina.",
    "ar": "لم يكن أي دواء مستحقًا.",
}  # fmt: skip
_TAKEN: Final = {
    "en": "{taken} of {due} doses were taken, {on_time} of them on time.",
    "hi": "{due} में से {taken} ख़ुराकें ली गईं, उनमें {on_time} समय पर।",
    "es": "Se tomaron {taken} de {due} dosis, {on_time} de ellas a tiempo.",
    "ar": "أُخذت {taken} من {due} جرعات، منها {on_time} في وقتها.",
}
_MORE: Final = {
    "missed": {"en": "{n} missed.", "hi": "{n} छूटीं।", "es": "{n} olvidadas.", "ar": "{n} فائتة."},
    "skipped": {"en": "{n} skipped.", "hi": "{n} छोड़ी गईं।", "es": "{n} omitidas.", "ar": "{n} متخطاة."},
    "not_announced": {
        "en": "{n} were never announced.", "hi": "{n} बताई ही नहीं गईं।", "es": "{n} nunca se anunciaron.",
        "ar": "{n} لم تُعلن قط.",
    },
    "unknown": {
        "en": "Of {n} nobody knows.", "hi": "{n} के बारे में पता नहीं।", "es": "De {n} no se sabe nada.",
        "ar": "{n} لا يُعرف عنها شيء.",
    },
}  # fmt: skip


def texts(numbers: Mapping[str, Any]) -> dict[str, str]:
    """By language. numbers: of `cloud.care.summaries`."""
    return {language: _text(numbers, language) for language in LANGUAGES}


def _text(numbers: Mapping[str, Any], language: str) -> str:
    parts = [_TAKEN[language].format(**numbers) if numbers["due"] else _NOTHING[language]]
    parts += [words[language].format(n=numbers[name]) for name, words in _MORE.items() if numbers[name]]
    return " ".join(parts)
