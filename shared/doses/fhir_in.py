"""A plan from FHIR R4 MedicationRequests. Fields that a person's safety may hang on and that are not followed are refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

from shared.doses.fhir_timing import Bounds, bounds_of, limits_as_needed, timing_of
from shared.doses.fhir_words import (
    EXTENSION,
    INTENTS,
    LISTS,
    OF_ITEM,
    OF_LIMITS,
    OF_PLAN,
    OF_STEP,
    OF_TIMING,
    STATUSES,
    TRANSLATION,
)
from shared.doses.plan_reading import INSTRUCTION_MAX, LANGUAGES, At, BadPlan, object_at, only, required, zone_of

REQUESTS_MAX: Final = 50
_DOSAGES_MAX, _LIST_MAX = 20, 50
_REQUEST = (
    "resourceType", "id", "extension", "status", "intent", "doNotPerform", "medicationCodeableConcept", "subject", "authoredOn",
    "language", "dosageInstruction",
)  # fmt: skip
_ADMINISTRATIVE = (
    "meta", "text", "identifier", "statusReason", "category", "priority", "encounter", "supportingInformation", "requester",
    "performer", "performerType", "recorder", "reasonCode", "reasonReference", "instantiatesCanonical", "instantiatesUri",
    "basedOn", "groupIdentifier", "courseOfTherapyType", "insurance", "note", "dispenseRequest", "substitution",
    "priorPrescription", "eventHistory", "reportedBoolean", "reportedReference",
)  # fmt: skip
"""Says nothing of what is taken and when, or is for staff to read: not part of a plan."""
_DOSAGE = (
    "id", "extension", "sequence", "text", "patientInstruction", "_patientInstruction", "additionalInstruction", "method",
    "site", "timing", "asNeededBoolean", "asNeededCodeableConcept", "route", "doseAndRate", "maxDosePerPeriod",
)  # fmt: skip
_OF_REQUEST = (
    *OF_ITEM, "id", "late_rule", *(f"plan.{name}" for name in OF_PLAN), *(f"limits.{name}" for name in OF_LIMITS),
)  # fmt: skip
Json = dict[str, Any]


class _Request(NamedTuple):
    """item: as in the body of a plan, without days.  starts: what its first dosage says, else None."""

    item: Json
    plan: Json
    bounds: list[tuple[str, Bounds]]
    authored: date | None
    subject: str
    path: str

    @property
    def starts(self) -> date | None:
        return self.bounds[0][1].start


def plan_body_of_requests(requests: Sequence[Mapping[str, Any]], timezone: str) -> Json:
    """The body of a plan from active requests of one patient. timezone: of the person, which FHIR does not say.

    It starts on the day that the requests say, else on the first they were written; all on one day, or it is refused. Raises
    BadPlan with the path within the requests, e.g. "request[0].dosageInstruction[0].timing.repeat.periodUnit".
    """
    if not isinstance(requests, Sequence) or not 1 <= len(requests) <= REQUESTS_MAX:
        raise BadPlan("request", f"is a list of 1 to {REQUESTS_MAX}")
    zone = zone_of(timezone)
    found = [_request(object_at(one, f"request[{place}]"), zone.key) for place, one in enumerate(requests)]
    if len({one.subject for one in found}) > 1:
        raise BadPlan("request", "names more than one patient")
    starts = {one.starts: one.path for one in found if one.starts is not None}
    if len(starts) > 1:
        raise BadPlan(starts[max(starts)], "starts on another day than the others: send it as a plan of its own")
    days = list(starts) or sorted(one.authored for one in found if one.authored is not None)
    if not days:
        raise BadPlan(
            "request[0].dosageInstruction[0].timing.repeat.boundsPeriod.start", "is missing, and so is authoredOn"
        )
    for one in found:
        _put_days(one, days[0])
    plan: Json = {}
    for one in found:
        plan |= _same(plan, one.plan, one.path)
    return {"start": days[0].isoformat(), "timezone": timezone, **plan, "items": [one.item for one in found]}


def _put_days(request: _Request, start: date) -> None:
    """How long each step lasts, where the one before it ends."""
    for step, (path, bounds) in zip(request.item["steps"], request.bounds, strict=True):
        if bounds.start is not None and bounds.start != start:
            raise BadPlan(f"{path}.boundsPeriod.start", f"is not {start.isoformat()}, the day after the step before it")
        days = bounds.days(start, path)
        if days is not None:
            step["days"] = days
            start += timedelta(days=days)


def _same(known: Json, more: Json, path: str) -> Json:
    """Raises BadPlan where the second says otherwise of a medicine, or a plan, than the first."""
    for name, value in more.items():
        if name in known and known[name] != value:
            raise BadPlan(path, f"says something else than the one before it: {name}")
    return more


def _request(at: At, zone: str) -> _Request:
    only(at, _REQUEST, _ADMINISTRATIVE)
    at.choice("resourceType", ("MedicationRequest",), "")
    if at.choice("status", STATUSES, "") != "active":
        raise BadPlan(at.where("status"), f"is {at.body['status']}: only active requests become a plan")
    at.choice("intent", INTENTS, "")
    if at.flag("doNotPerform"):
        raise BadPlan(at.where("doNotPerform"), "is true: what is not to be taken is no plan")
    concept = required(at, "medicationCodeableConcept")
    coding = next(
        (object_at(one, f"{concept.path}.coding[0]") for one in concept.many("coding", _LIST_MAX)), At({}, "")
    )
    item: Json = {"medication": concept.text("text") or coding.text("display")}
    if not item["medication"]:
        raise BadPlan(concept.where("text"), "is missing")
    if coding.text("code"):
        item["code"] = f"{coding.text('system')}|{coding.text('code')}".strip("|")
    if at.text("id"):
        item["id"] = at.text("id")
    plan = _extensions(at, item, _OF_REQUEST)
    language = at.text("language")[:2].lower()
    given = at.many("dosageInstruction", _DOSAGES_MAX)
    if not given:
        raise BadPlan(at.where("dosageInstruction"), "is missing")
    dosages = [object_at(one, f"{at.path}.dosageInstruction[{place}]") for place, one in enumerate(given)]
    item["steps"], bounds = [], []
    own: Json = {}
    for dosage in _in_order(dosages):
        step, of_item = _dosage(dosage, language if language in LANGUAGES else "en", is_alone=len(dosages) == 1)
        bounds.append((f"{dosage.path}.timing.repeat", bounds_of(dosage.part("timing").part("repeat"), step, zone)))
        own |= _same(own, of_item, dosage.path)
        item["steps"].append(step)
    limits = {**own.pop("limits", {}), **item.get("limits", {})}
    item |= {**own, **({"limits": limits} if limits else {})}
    authored = bounds_of(At({"boundsPeriod": {"start": at.body.get("authoredOn")}}, at.path), {}, zone).start
    return _Request(item, plan, bounds, authored, at.part("subject").text("reference"), at.path)


def _in_order(dosages: list[At]) -> list[At]:
    """By sequence, if there are several. Doses beside one another are not steps."""
    if len(dosages) == 1:
        return dosages
    numbers = [dosage.whole("sequence", 0, 1000) for dosage in dosages]
    for dosage, number in zip(dosages, numbers, strict=True):
        if number is None or numbers.count(number) > 1:
            raise BadPlan(
                dosage.where("sequence"), "is not its own: doses beside one another are requests of their own"
            )
    return [dosage for _, dosage in sorted(zip(numbers, dosages, strict=True), key=lambda one: one[0] or 0)]


def _extensions(at: At, into: Json, names: Sequence[str]) -> Json:
    """Our own, put where the plan has them; others' are theirs. Returns those of the plan."""
    plan: Json = {}
    for place, one in enumerate(at.many("extension", _LIST_MAX)):
        extension = object_at(one, f"{at.path}.extension[{place}]")
        base, _, name = extension.text("url", required=True).partition("#")
        if base != EXTENSION:
            continue
        if name not in names:
            raise BadPlan(extension.where("url"), "is no extension of a plan here")
        texts = [object_at(one, f"{extension.path}.extension") for one in extension.many("extension", _LIST_MAX)]
        value: Any = {one.text("url"): one.text("valueString", most=INSTRUCTION_MAX) for one in texts}
        if not texts:
            value = next((given for key, given in extension.body.items() if key.startswith("value")), None)
        if name.startswith("plan."):
            plan[name.removeprefix("plan.")] = value
        elif name.startswith("limits."):
            into.setdefault("limits", {})[name.removeprefix("limits.")] = value
        elif name in LISTS:
            into.setdefault("timing", {}).setdefault(name, []).append(value)
        elif name in OF_TIMING:
            into.setdefault("timing", {})[name] = value
        else:
            into[name] = value
    return plan


def _dosage(at: At, language: str, *, is_alone: bool) -> tuple[Json, Json]:
    """A step, and what it says of the medicine as a whole."""
    only(at, _DOSAGE)
    quantity, unit = _quantity(at)
    step: Json = {"dose": quantity}
    item: Json = {"unit": unit}
    _extensions(at, step, (*OF_STEP, *OF_TIMING))
    reason = at.part("asNeededCodeableConcept")
    if at.flag("asNeededBoolean") or reason.body:
        item |= {"as_needed": True, **({"as_needed_reason": _words(reason)} if reason.body else {})}
    instructions = _instructions(at, language, is_alone=is_alone)
    if instructions:
        item["instructions"] = instructions
    if at.part("route").body:
        item["route"] = _words(at.part("route"))
    if at.body.get("maxDosePerPeriod") is not None:
        item["limits"] = _limits(at.part("maxDosePerPeriod"), unit)
    timing = at.part("timing")
    only(timing, ("repeat", "code", "id"))
    if item.get("as_needed"):
        limits = limits_as_needed(timing.part("repeat"))
        item |= {"limits": {**item.get("limits", {}), **limits}} if limits else {}
    else:
        step |= timing_of(timing.part("repeat"), step)
    return step, item


def _quantity(at: At) -> tuple[float, str]:
    rates = at.many("doseAndRate", 1)
    path = f"{at.path}.doseAndRate[0]"
    if not rates:
        raise BadPlan(f"{path}.doseQuantity", "is missing; ranges and rates are not followed")
    rate = object_at(rates[0], path)
    only(rate, ("doseQuantity", "type", "id"))
    quantity = required(rate, "doseQuantity")
    only(quantity, ("value", "unit", "code", "system"))
    value = quantity.number("value", 0.001, 10_000)
    if value is None:
        raise BadPlan(quantity.where("value"), "is missing")
    return value, quantity.text("unit", most=40) or quantity.text("code", most=40) or "unit"


def _words(concept: At) -> str:
    """Of a CodeableConcept: its text, else the name of its first code."""
    coding = next(
        (object_at(one, f"{concept.path}.coding[0]") for one in concept.many("coding", _LIST_MAX)), At({}, "")
    )
    found = concept.text("text") or coding.text("display") or coding.text("code")
    if not found:
        raise BadPlan(concept.where("text"), "is missing")
    return found


def _instructions(at: At, language: str, *, is_alone: bool) -> dict[str, str]:
    """What is said to the person. A free text of the dosage only where there is nothing else and no second step: it tells what
    the step's own fields tell."""
    main = at.text("patientInstruction", most=INSTRUCTION_MAX) or (
        at.text("text", most=INSTRUCTION_MAX) if is_alone else ""
    )
    concepts = [
        object_at(one, f"{at.path}.additionalInstruction[{place}]")
        for place, one in enumerate(at.many("additionalInstruction", _LIST_MAX))
    ]
    concepts += [at.part(name) for name in ("method", "site") if at.part(name).body]
    found = {language: text} if (text := " ".join([main, *map(_words, concepts)]).strip()) else {}
    for place, one in enumerate(at.part("_patientInstruction").many("extension", _LIST_MAX)):
        extension = object_at(one, f"{at.path}._patientInstruction.extension[{place}]")
        if extension.text("url") != TRANSLATION:
            continue
        parts = [object_at(part, extension.path) for part in extension.many("extension", _LIST_MAX)]
        named = {part.text("url"): part for part in parts}
        if "lang" in named and "content" in named:
            code = named["lang"].text("valueCode")[:2].lower()
            found.setdefault(code, named["content"].text("valueString", most=INSTRUCTION_MAX))
    return {code: text for code, text in found.items() if code in LANGUAGES and text}


def _limits(at: At, unit: str) -> Json:
    top, bottom = required(at, "numerator"), required(at, "denominator")
    hours = {"h": 1, "d": 24, "wk": 168}.get(bottom.text("code") or bottom.text("unit"))
    quantity, spans = top.number("value", 0.001, 1e6), bottom.whole("value", 1, 1000)
    if hours is None or quantity is None or spans is None:
        raise BadPlan(at.path, "is an amount in so many h, d or wk")
    if (top.text("unit") or top.text("code") or unit) != unit:
        raise BadPlan(top.where("unit"), f"is not {unit}, as the dose is")
    return {"max_quantity": quantity, "max_hours": hours * spans}
