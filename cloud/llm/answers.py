"""Answers to questions about medicines: from the patient's own plan and the texts of it that the clinic wrote, else "ask your
clinic". Pure. No model words an answer; a model only says which question it was, and of which medicine.

What is asked about stopping, combining or missing without a rule of the plan is always for the clinic, and so is whatever is
asked of a medicine that is not given now: on hold, of a plan that is over, was stopped or has not begun.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from cloud.llm.medicines import Medicine, meant
from shared.doses.plan import Item, Plan

From = Literal["plan", "vetted", "clinic"]
LANGUAGES: Final = ("en", "hi", "es", "ar")

_ASK: Final = {
    "en": "Please ask your clinic about this. Do not change anything until you have spoken to them.",
    "hi": "कृपया इसके बारे में अपने क्लिनिक से पूछें। उनसे बात करने तक कुछ न बदलें।",
    "es": "Pregunte a su clínica sobre esto. No cambie nada hasta haber hablado con ella.",
    "ar": "يرجى سؤال عيادتك عن هذا. لا تغيّر شيئًا قبل التحدث إليها.",
}
_WHEN: Final = {
    "en": "By your plan: {medicine} at {times}.", "hi": "आपकी योजना के अनुसार: {medicine}, समय {times}।",
    "es": "Según su plan: {medicine} a las {times}.", "ar": "حسب خطتك: {medicine} في {times}.",
}  # fmt: skip
_HOW_MUCH: Final = {
    "en": "By your plan: {medicine}, {quantity} {unit} each time.",
    "hi": "आपकी योजना के अनुसार: {medicine}, हर बार {quantity} {unit}।",
    "es": "Según su plan: {medicine}, {quantity} {unit} cada vez.",
    "ar": "حسب خطتك: {medicine}، {quantity} {unit} في كل مرة.",
}


class Answer(NamedTuple):
    """sources: ids of the plan's items the answer is from; a text of the clinic is "<item id>.instructions"."""

    text: str
    answered_from: From
    sources: tuple[str, ...] = ()
    medication: str | None = None


def answer(topic: str, medication: str | None, medicines: Sequence[Medicine], language: str) -> Answer:
    """What may be answered; the language is one of LANGUAGES, else English."""
    language = language if language in LANGUAGES else "en"
    asked = meant(medication, medicines)
    if asked is None:
        return Answer(_ASK[language], "clinic")
    name, item, given = asked
    if item is None or not given:
        return Answer(_ASK[language], "clinic", (), name)
    if topic == "how_to_take" and item.instructions.get(language):
        return Answer(item.instructions[language], "vetted", (f"{item.id}.instructions",), name)
    if topic == "missed" and item.late_rule.get(language):
        return Answer(item.late_rule[language], "vetted", (f"{item.id}.late_rule",), name)
    if item.as_needed or len(item.steps) != 1:
        return Answer(_ASK[language], "clinic", (), name)  # a taper: which step it is today is on the device, not here
    step = item.steps[0]
    if topic == "when" and step.mode == "clock" and step.timing.times_of_day and not _rare(item):
        times = ", ".join(step.timing.times_of_day)
        return Answer(_WHEN[language].format(medicine=name, times=times), "plan", (item.id,), name)
    if topic == "how_much":
        quantity = f"{step.quantity:g}"
        return Answer(
            _HOW_MUCH[language].format(medicine=name, quantity=quantity, unit=item.unit), "plan", (item.id,), name
        )
    return Answer(_ASK[language], "clinic", (), name)


def names(plans: Sequence[Plan]) -> tuple[str, ...]:
    """The medicines of somebody, as words a speech model may expect."""
    return tuple(dict.fromkeys(item.medication for plan in plans for item in plan.items))


def _rare(item: Item) -> bool:
    """Not every day: then times of day alone would be a wrong answer."""
    timing = item.steps[0].timing
    daily = timing.period_unit == "d" and timing.period == 1
    return not daily or bool(timing.days_of_week or timing.days_of_month or timing.cycle_on_days)
