"""What is said aloud about a dose, in four languages: name, how much, what to mind. A repeat says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from shared.sentences import LANGUAGES

_LINES: Final = {
    "due": {
        "en": "It is time for your medicine{name}. {doses} Please press the button when you have taken it.",
        "hi": "दवा का समय हो गया है{name}। {doses} लेने के बाद बटन दबाएँ।",
        "es": "Es hora de su medicina{name}. {doses} Pulse el botón cuando la haya tomado.",
        "ar": "حان وقت الدواء{name}. {doses} اضغط الزر بعد تناوله.",
    },
    "again": {
        "en": "Again: it is time for your medicine{name}. {doses} Please press the button when you have taken it.",
        "hi": "फिर से: दवा का समय हो गया है{name}। {doses} लेने के बाद बटन दबाएँ।",
        "es": "Se repite: es hora de su medicina{name}. {doses} Pulse el botón cuando la haya tomado.",
        "ar": "تذكير: حان وقت الدواء{name}. {doses} اضغط الزر بعد تناوله.",
    },
    "pre_notice": {
        "en": "Your medicine is due soon{name}. {doses}",
        "hi": "दवा का समय जल्द होगा{name}। {doses}",
        "es": "Pronto será hora de su medicina{name}. {doses}",
        "ar": "سيحين وقت الدواء قريبًا{name}. {doses}",
    },
}
_DOSE: Final = {
    "en": "{quantity} {unit} of {medication}.", "hi": "{medication}, {quantity} {unit}।",
    "es": "{quantity} {unit} de {medication}.", "ar": "{medication}، {quantity} {unit}.",
}  # fmt: skip
_TAKEN: Final = {
    "en": "Careful: you have taken it at {at}. Ask the clinic before you take more.",
    "hi": "ध्यान दें: आपने यह {at} बजे ली है। और लेने से पहले क्लिनिक से पूछें।",
    "es": "Atención: ya la tomó a las {at}. Pregunte a la clínica antes de tomar más.",
    "ar": "انتبه: لقد تناولته في الساعة {at}. اسأل العيادة قبل تناول المزيد.",
}
_UNITS: Final = {
    "tablet": ("tablet", "गोली", "comprimido", "قرص"), "capsule": ("capsule", "कैप्सूल", "cápsula", "كبسولة"),
    "ml": ("millilitres", "मिलीलीटर", "mililitros", "مليلتر"), "drop": ("drops", "बूंदें", "gotas", "قطرات"),
    "puff": ("puffs", "पफ", "inhalaciones", "بخات"), "unit": ("units", "यूनिट", "unidades", "وحدات"),
}  # fmt: skip
_MANY: Final = {"tablet": "tablets", "capsule": "capsules"}
ITEMS_SAID_MAX: Final = 6


def announcement(words: str, items: Sequence[Mapping[str, Any]], language: str, name: str = "") -> str:
    """words: "due", "again" or "pre_notice".  items: medication, quantity, unit, instructions by language, and where the dose
    is late the clinic's rule for that, `late_rule`, by language.

    name: said on a ward, where several people hear it; "" at home.
    """
    language = language if language in LANGUAGES else "en"
    doses = " ".join(_dose(item, language) for item in items[:ITEMS_SAID_MAX])
    return _LINES[words][language].format(name=f", {name}" if name else "", doses=doses)


def _dose(item: Mapping[str, Any], language: str) -> str:
    unit = str(item["unit"])
    at = LANGUAGES.index(language)
    said = _UNITS[unit][at] if unit in _UNITS else unit
    if language == "en" and item["quantity"] != 1:
        said = _MANY.get(unit, said)
    line = _DOSE[language].format(quantity=f"{item['quantity']:g}", unit=said, medication=item["medication"])
    told, late = (_own(item.get(name), language) for name in ("instructions", "late_rule"))
    taken = item.get("taken_before")
    return " ".join(part for part in (line, told, late, _TAKEN[language].format(at=taken) if taken else "") if part)


def _own(texts: Mapping[str, str] | None, language: str) -> str:
    """What the clinic wrote for this medicine, in the language or in English; "" for nothing."""
    return (texts or {}).get(language) or (texts or {}).get("en", "")
