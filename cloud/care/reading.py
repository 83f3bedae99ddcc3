"""Plans as they come in: our own body, or FHIR; whatever does not fit is named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shared.doses.fhir import plan_body_of_requests
from shared.doses.plan import BadPlan, Plan, plan_of
from shared.problems import Problem


def checked(body: Mapping[str, Any], plan_id: str, person_id: str, revision: int) -> Plan:
    """The plan a body says. Raises Problem 422 naming the item and field that does not fit."""
    try:
        return plan_of(body, id=plan_id, person_id=person_id, revision=revision)
    except BadPlan as error:
        raise Problem(
            422, f"{error}.", code="bad_plan", hint="Correct the field named.", errors=[_wrong(error)]
        ) from error
    except OverflowError as error:
        raise Problem(422, "A number in the plan is too large.", code="bad_plan") from error
    except ValueError as error:  # a number that is none (NaN)
        raise Problem(422, "A number in the plan is none.", code="bad_plan") from error


def of_fhir(given: Mapping[str, Any], timezone: str) -> dict[str, Any]:
    """The body of a plan from one MedicationRequest, or a Bundle of them. Raises Problem 422 naming what is not understood."""
    requests: Sequence[Any] = [given]
    if given.get("resourceType") == "Bundle":
        entries = given.get("entry")
        if not isinstance(entries, list) or not all(isinstance(one, Mapping) for one in entries):
            raise Problem(422, "Bundle.entry is a list of resources.", code="bad_fhir")
        resources = [one.get("resource") for one in entries]
        requests = [one for one in resources if isinstance(one, Mapping) and one.get("resourceType") != "Patient"]
    try:
        return plan_body_of_requests(requests, timezone)
    except BadPlan as error:
        raise Problem(422, f"{error}.", code="bad_fhir", errors=[_wrong(error)]) from error
    except (AttributeError, TypeError, LookupError, ValueError, OverflowError) as error:
        raise Problem(
            422, "This is no MedicationRequest as FHIR R4 has it: a part has another shape.", code="bad_fhir",
            hint="Check it with a FHIR validator.",
        ) from error  # fmt: skip


def _wrong(error: BadPlan) -> dict[str, Any]:
    """The field and what is wrong with it; with a code and values where pages have words of their own."""
    coded = {"code": error.code, "values": error.values} if error.code else {}
    return {"field": error.path, "message": error.message, **coded}
