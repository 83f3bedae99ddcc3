"""The closed shapes a model may fill. Nothing else of its answer is looked at, and none of it is advice.

SCHEMA_VERSION is part of the key of every job: a changed shape is a new analysis.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

SCHEMA_VERSION: Final = "1"
QUOTE_CHARS_MAX: Final = 300
SYMPTOMS_MAX: Final = 20
QUESTIONS_MAX: Final = 10

SymptomName = Literal[
    "pain", "chest_pain", "headache", "abdominal_pain", "back_pain", "shortness_of_breath", "cough", "fever", "dizziness",
    "fainting", "weakness", "numbness", "speech_trouble", "confusion", "seizure", "bleeding", "nausea", "vomiting",
    "diarrhoea", "constipation", "rash", "itching", "swelling", "palpitations", "fatigue", "sleeplessness", "low_mood",
    "anxiety", "loss_of_appetite", "fall", "urinary_trouble", "vision_trouble", "other", "unknown",
]  # fmt: skip
BodyPart = Literal[
    "head", "eye", "ear", "throat", "neck", "chest", "abdomen", "back", "arm", "hand", "hip", "leg", "foot", "skin",
    "whole_body", "unknown",
]  # fmt: skip
Severity = Literal["mild", "moderate", "severe", "unknown"]
Onset = Literal["now", "today", "days", "weeks", "unknown"]
Topic = Literal["when", "how_much", "what_for", "missed", "how_to_take", "stop", "interaction", "other", "unknown"]
Intent = Literal["symptom", "medication_question", "dose_taken", "dose_not_taken", "help", "other", "unknown"]
Quote = Annotated[str, StringConstraints(min_length=1, max_length=QUOTE_CHARS_MAX)]


class Strict(BaseModel):
    """No field more, none less."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Symptom(Strict):
    """A complaint, with the words it was said in."""

    symptom: SymptomName
    body_part: BodyPart
    severity: Severity
    onset: Onset
    quote: Quote


class Question(Strict):
    """A question about a medicine. medication: as it was said, null where none was named."""

    topic: Topic
    medication: Annotated[str, StringConstraints(max_length=80)] | None
    quote: Quote


class Extraction(Strict):
    """All that is taken from a note or from the reason of a visit.

    urgency: 0 to 10; urgency_quote: the words it rests on, null where nothing is urgent.  needs_human: somebody of the
    clinic should read or hear it.
    """

    language: Literal["en", "hi", "es", "ar", "unknown"]
    intent: Intent
    urgency: Annotated[int, Field(ge=0, le=10)]
    urgency_quote: Quote | None
    symptoms: Annotated[list[Symptom], Field(max_length=SYMPTOMS_MAX)]
    questions: Annotated[list[Question], Field(max_length=QUESTIONS_MAX)]
    needs_human: bool


class Wording(Strict):
    """Numbers put into sentences."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=800)]


def json_schema(shape: type[BaseModel]) -> dict[str, Any]:
    """As strict decoding wants it: every field required, none added; limits that it does not know are left to us."""
    tidied: dict[str, Any] = _tidied(shape.model_json_schema())
    return tidied


_NOT_KNOWN: Final = frozenset(("maxItems", "minLength", "maxLength", "title", "description"))


def _tidied(part: Any) -> Any:
    if isinstance(part, list):
        return [_tidied(one) for one in part]
    if not isinstance(part, dict):
        return part
    kept = {
        name: {field: _tidied(one) for field, one in value.items()}
        if name in ("properties", "$defs")
        else _tidied(value)
        for name, value in part.items()
        if name not in _NOT_KNOWN
    }
    if "properties" in kept:
        kept["required"] = list(kept["properties"])
        kept["additionalProperties"] = False
    return kept
