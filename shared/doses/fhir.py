"""FHIR R4 MedicationRequest in and out. Codes and rules are checked here: common libraries take any word for a code.

In: one request a medicine; several `dosageInstruction` with a `sequence` of their own are steps. What this cannot say is
refused by name, never dropped. Out: what comes in again as the same doses; our own fields travel as extensions.
"""

from __future__ import annotations

from shared.doses.fhir_in import REQUESTS_MAX, plan_body_of_requests
from shared.doses.fhir_out import requests_of_plan
from shared.doses.fhir_words import EXTENSION, INTENTS, STATUSES, USUAL_TIMES

__all__ = [
    "EXTENSION", "INTENTS", "REQUESTS_MAX", "STATUSES", "USUAL_TIMES", "plan_body_of_requests", "requests_of_plan",
]  # fmt: skip
