"""Bodies of requests about plans, doses, people and alerts."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from shared.api import SiteId
from shared.device_api import Body, Id, Ms, NewDevice

Text = Annotated[str, StringConstraints(max_length=200)]
Reason = Annotated[str, StringConstraints(max_length=120)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=120, strip_whitespace=True)]
Zone = Annotated[str, StringConstraints(max_length=64, pattern=r"^[A-Za-z][\w+/-]*$")]
DayText = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]
Time = Annotated[str, StringConstraints(pattern=r"^(?:[01]\d|2[0-3]):[0-5]\d$")]
Language = Literal["en", "hi", "es", "ar"]
Meal = Literal["WAKE", "ACM", "PCM", "ACD", "PCD", "ACV", "PCV", "HS", "MORN", "NOON", "AFT", "EVE", "NIGHT"]


class PlanBody(Body):
    """A plan: items as FHIR Dosage and Timing have them (`shared/doses/plan.py`); a field that does not fit is named."""

    patient_id: Id
    start: DayText
    end: DayText | None = None
    timezone: Zone
    tz_policy: Literal["home", "device"] = "home"
    pre_notice_min: Annotated[int, Field(ge=1, le=120)] | None = None
    items: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=50)]

    def plan(self) -> dict[str, Any]:
        """What `shared.doses.plan` reads."""
        return self.model_dump(exclude={"patient_id"}, exclude_none=True)


class FhirImport(Body):
    """Active MedicationRequests of one patient, in a Bundle or alone. timezone: of the patient; left out: the clinic's."""

    patient_id: Id
    resource: dict[str, Any]
    timezone: Zone | None = None


class Stop(Body):
    """Why a plan ends."""

    reason: Reason = ""


class MealTimes(Body):
    """When somebody wakes, eats and sleeps, "HH:MM" by FHIR code; codes left out keep what is usual."""

    times: Annotated[dict[Meal, Time], Field(max_length=13)]


class NewHold(Body):
    """Give nothing from `from_at` to `until_at`: of one item, of one plan, or of everything of the patient."""

    patient_id: Id
    from_at: Ms
    until_at: Ms
    plan_id: Id | None = None
    item_id: Id | None = None
    reason: Reason = ""


class Correction(Body):
    """What became of a dose, by somebody who knows."""

    status: Literal["EARLY", "ON_TIME", "LATE", "SKIPPED", "MISSED"]
    taken_at: Ms | None = None
    reason: Annotated[str, StringConstraints(min_length=1, max_length=120)]


class NewMedication(Body):
    """A medicine of a site's catalogue. code: "system|code"."""

    site: SiteId
    name: Name
    unit: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    code: Text = ""
    form: Text = ""
    route: Text = ""


class NewCaregiver(Body):
    """Somebody who is told of a patient. place: 1 is told first. account: the name they sign in with, if they do."""

    name: Name
    language: Language | None = None
    relation: Text = ""
    place: Annotated[int, Field(ge=1, le=20)] = 1
    account: Annotated[str, StringConstraints(max_length=80)] | None = None


class CareDevice(NewDevice):
    """reach: whom the device talks to: its clinic's program, or head office directly. site: needed without a patient."""

    reach: Literal["clinic", "direct"] = "clinic"
    site: SiteId | None = None


class LookedAt(Body):
    """version: of the analysis that was seen, as the recording shows it; left out: the newest."""

    version: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None


class Escalate(Body):
    """Whom to tell now: the clinic, or head office."""

    audience: Literal["clinic", "office"] = "clinic"
    reason: Reason = ""


def _blank(value: Any) -> Any:
    return None if value == "" else value


Maybe = Annotated[str | None, BeforeValidator(_blank), StringConstraints(max_length=64)]
