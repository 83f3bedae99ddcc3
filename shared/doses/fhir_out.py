"""A plan as FHIR R4 MedicationRequests: what others can read of it in FHIR's own fields, the rest as extensions."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

from shared.doses.fhir_words import (
    EXTENSION,
    LISTS,
    OF_ITEM,
    OF_LIMITS,
    OF_PLAN,
    OF_STEP,
    OF_TIMING,
    TRANSLATION,
    UCUM,
    is_before,
    is_mixed,
)
from shared.doses.model import DAYS, Item, Limits, Plan, Step

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
Json = dict[str, Any]


def requests_of_plan(plan: Plan) -> list[Json]:
    """A MedicationRequest for each item. `subject` is the person's id under our own system. Steps that the plan's end leaves
    no day are not in it."""
    return [_request(plan, item) for item in plan.items]


def _request(plan: Plan, item: Item) -> Json:
    concept: Json = {"text": item.medication}
    if item.code:
        system, _, code = item.code.rpartition("|")
        concept["coding"] = [{**({"system": system} if system else {}), "code": code, "display": item.medication}]
    extensions = [
        *(_extension(f"plan.{name}", getattr(plan, name)) for name in OF_PLAN),
        *(_extension(name, getattr(item, name)) for name in OF_ITEM),
        *(_extension(f"limits.{name}", getattr(item.limits, name)) for name in OF_LIMITS),
    ]
    if item.late_rule:
        texts = [{"url": language, "valueString": text} for language, text in item.late_rule.items()]
        extensions.append({"url": f"{EXTENSION}#late_rule", "extension": texts})
    is_id = bool(_ID.fullmatch(item.id))
    if not is_id:
        extensions.append(_extension("id", item.id))
    return {
        "resourceType": "MedicationRequest", **({"id": item.id} if is_id else {}), "status": "active", "intent": "order",
        "identifier": [{"system": EXTENSION, "value": f"{plan.id}/{item.id}/{plan.revision}"}],
        "subject": {"reference": f"Patient/{plan.person_id}"}, "medicationCodeableConcept": concept,
        "dosageInstruction": _dosages(plan, item), "extension": [one for one in extensions if one is not None],
    }  # fmt: skip


def _extension(name: str, value: Any) -> Json | None:
    """None for what stands there by default."""
    if value is None or value is False or value == "" or (name == "limits.max_hours" and value == Limits().max_hours):
        return None
    kind = {bool: "valueBoolean", int: "valueInteger", float: "valueDecimal", str: "valueString"}[type(value)]
    return {"url": f"{EXTENSION}#{name}", kind: value}


def _dosages(plan: Plan, item: Item) -> list[Json]:
    """Each with the days it really has."""
    first = date.fromisoformat(plan.starts_on)
    end = date.fromisoformat(plan.ends_on) if plan.ends_on else None
    found = []
    for step in item.steps:
        last = first + timedelta(days=step.days - 1) if step.days is not None else end
        last = min(last, end) if last and end else last
        if last is None or first <= last:
            found.append(_dosage(item, step, first, last))
        first += timedelta(days=step.days or 0)
    return found


def _dosage(item: Item, step: Step, first: date, last: date | None) -> Json:
    bounds = {"boundsPeriod": {"start": first.isoformat(), **({"end": last.isoformat()} if last else {})}}
    dosage: Json = {
        "sequence": step.sequence, "timing": {"repeat": {**bounds, **_repeat(item, step, first)}},
        "doseAndRate": [{"doseQuantity": {"value": step.quantity, "unit": item.unit}}],
    }  # fmt: skip
    if item.as_needed:
        reason = item.as_needed_reason
        dosage |= {"asNeededCodeableConcept": {"text": reason}} if reason else {"asNeededBoolean": True}
    if "en" in item.instructions:
        dosage["patientInstruction"] = item.instructions["en"]
    others = [
        {
            "url": TRANSLATION,
            "extension": [{"url": "lang", "valueCode": language}, {"url": "content", "valueString": text}],
        }
        for language, text in item.instructions.items()
        if language != "en"
    ]
    if others:
        dosage["_patientInstruction"] = {"extension": others}
    if item.route:
        dosage["route"] = {"text": item.route}
    if item.limits.max_quantity is not None:
        dosage["maxDosePerPeriod"] = {
            "numerator": {"value": item.limits.max_quantity, "unit": item.unit},
            "denominator": {"value": item.limits.max_hours, "unit": "h", "system": UCUM, "code": "h"},
        }
    extensions = _step_extensions(step)
    return {**dosage, **({"extension": extensions} if extensions else {})}


def _repeat(item: Item, step: Step, first: date) -> Json:
    timing = step.timing
    if step.mode == "linked" or item.as_needed:
        return {}
    repeat: Json = {"frequency": timing.frequency, "period": timing.period, "periodUnit": timing.period_unit}
    days = timing.days_of_week
    if timing.period_unit == "wk" and step.mode == "clock":
        days = days or (DAYS[first.weekday()],)
        repeat["frequency"] = timing.frequency * len(days)
    if days:
        repeat["dayOfWeek"] = list(days)
    if timing.times_of_day:
        repeat["timeOfDay"] = [f"{one}:00" for one in timing.times_of_day]
    if timing.when:
        repeat["when"] = list(timing.when)
        if timing.offset_min and _is_usual(step):
            repeat["offset"] = abs(timing.offset_min)
    if timing.count is not None:
        repeat["count"] = timing.count
    return repeat


def _is_usual(step: Step) -> bool:
    """Whether FHIR's own offset says it: before meals it counts backwards, otherwise on."""
    timing = step.timing
    return not is_mixed(timing.when) and (timing.offset_min < 0) == is_before(timing.when)


def _step_extensions(step: Step) -> list[Json]:
    timing = step.timing
    found = []
    for name in OF_STEP:
        value = getattr(step, name)
        usual = "elapsed" if timing.period_unit == "h" else "clock"
        if not (name == "mode" and value == usual) and not (name == "linked_after_min" and value == 0):
            found.append(_extension(name, value))
    for name in OF_TIMING:
        value = getattr(timing, name)
        if name == "offset_min" and (not value or _is_usual(step)):
            continue
        found += [_extension(name, one) for one in (value if name in LISTS else [value])]
    return [one for one in found if one is not None]
