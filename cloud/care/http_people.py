"""HTTP of patients' people and days, holds, corrections, the catalogue and alerts: see `people` and `alerts`."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response

from cloud.accounts.guards import Guards
from cloud.accounts.people import Account
from cloud.accounts.repeats import Key, Repeats
from cloud.care.alerts import Alerts
from cloud.care.bodies import Correction, Escalate, MealTimes, NewCaregiver, NewHold, NewMedication
from cloud.care.people import People
from cloud.care.told import Telling, Told

Row = dict[str, Any]
Id = Annotated[str, Path(max_length=64)]
Site = Annotated[str | None, Query(max_length=40)]
Limit = Annotated[int, Query(ge=1, le=500)]


def people_router(people: People, telling: Telling, repeats: Repeats, guards: Guards) -> APIRouter:
    """`/api/v1/patients…`, `/holds`, `/doses/{id}/correct` and `/tell`, `/medications`."""
    router = APIRouter(prefix="/api/v1", tags=["care"])
    care, caregiver = Depends(guards.care), Depends(guards.caregiver)

    @router.get("/patients")
    async def patients(
        account: Account = caregiver,
        site: Site = None,
        q: Annotated[str, Query(max_length=120)] = "",
        limit: Limit = 100,
    ) -> list[Row]:
        """Patients you may see, by name; `q`: a part of the name or phone."""
        return await people.patients(account, site, q.strip(), limit)

    @router.get("/patients/{patient_id}/caregivers")
    async def caregivers(patient_id: Id, account: Account = care) -> list[Row]:
        """Who is told of a patient, in their order."""
        return await people.caregivers(account, patient_id)

    @router.post("/patients/{patient_id}/caregivers", status_code=201)
    async def add_caregiver(patient_id: Id, body: NewCaregiver, account: Account = care, key: Key = None) -> Row:
        """List a caregiver; `account` lets them see this patient and acknowledge."""
        asked = ["caregivers", patient_id, body.model_dump(mode="json")]
        return await repeats.once(account, key, asked, lambda: people.add_caregiver(account, patient_id, body))

    @router.delete("/patients/{patient_id}/caregivers/{caregiver_id}", status_code=204)
    async def remove_caregiver(patient_id: Id, caregiver_id: Id, account: Account = care) -> Response:
        """Take a caregiver from the list."""
        await people.remove_caregiver(account, patient_id, caregiver_id)
        return Response(status_code=204)

    @router.get("/patients/{patient_id}/doctors")
    async def doctors(patient_id: Id, account: Account = care) -> list[Row]:
        """The doctors of a patient."""
        return await people.doctors(account, patient_id)

    @router.put("/patients/{patient_id}/doctors/{doctor_id}", status_code=204)
    async def set_doctor(patient_id: Id, doctor_id: Id, account: Account = care) -> Response:
        """Give the patient this doctor."""
        await people.set_doctor(account, patient_id, doctor_id, is_one=True)
        return Response(status_code=204)

    @router.delete("/patients/{patient_id}/doctors/{doctor_id}", status_code=204)
    async def take_doctor(patient_id: Id, doctor_id: Id, account: Account = care) -> Response:
        """The patient's doctor no longer."""
        await people.set_doctor(account, patient_id, doctor_id, is_one=False)
        return Response(status_code=204)

    @router.get("/patients/{patient_id}/meal-times")
    async def meal_times(patient_id: Id, account: Account = caregiver) -> Row:
        """When somebody wakes, eats and sleeps."""
        return await people.meal_times(account, patient_id)

    @router.put("/patients/{patient_id}/meal-times", status_code=202)
    async def set_meal_times(patient_id: Id, body: MealTimes, account: Account = care) -> Row:
        """Ask the clinic to follow these times; doses by meals move with them."""
        return await people.set_meal_times(account, patient_id, {str(code): time for code, time in body.times.items()})

    @router.get("/patients/{patient_id}/holds")
    async def holds(patient_id: Id, account: Account = caregiver) -> list[Row]:
        """What is held back."""
        return await people.holds(account, patient_id)

    @router.post("/holds", status_code=202)
    async def hold(body: NewHold, account: Account = care, key: Key = None) -> Row:
        """Ask the clinic to hold doses back for a time."""
        asked = ["holds", body.model_dump(mode="json")]
        return await repeats.once(account, key, asked, lambda: people.hold(account, body))

    @router.delete("/holds/{hold_id}", status_code=202)
    async def end_hold(hold_id: Id, account: Account = care) -> Row:
        """Ask the clinic to end a hold."""
        return await people.end_hold(account, hold_id)

    @router.post("/doses/{dose_id}/correct", status_code=202)
    async def correct(dose_id: Id, body: Correction, account: Account = care, key: Key = None) -> Row:
        """Say what became of a dose, with a reason."""
        asked = ["correct", dose_id, body.model_dump(mode="json")]
        return await repeats.once(account, key, asked, lambda: people.correct(account, dose_id, body))

    @router.post("/doses/{dose_id}/tell", status_code=202)
    async def tell(dose_id: Id, body: Told, account: Account = caregiver, key: Key = None) -> Row:
        """A caregiver says that a dose of their own people was taken, and when, or skipped; the clinic keeps it as theirs."""
        asked = ["tell", dose_id, body.model_dump(mode="json")]
        return await repeats.once(account, key, asked, lambda: telling.tell(account, dose_id, body))

    @router.get("/medications")
    async def medications(site: Annotated[str, Query(max_length=40)], account: Account = care) -> list[Row]:
        """The catalogue of a site."""
        return await people.medications(account, site)

    @router.post("/medications", status_code=201)
    async def add_medication(body: NewMedication, account: Account = care, key: Key = None) -> Row:
        """Add a medicine to a site's catalogue."""
        asked = ["medications", body.model_dump(mode="json")]
        return await repeats.once(account, key, asked, lambda: people.add_medication(account, body))

    return router


def alerts_router(alerts: Alerts, guards: Guards) -> APIRouter:
    """`/api/v1/alerts…`."""
    router = APIRouter(prefix="/api/v1/alerts", tags=["alerts"])
    anybody, care = Depends(guards.watcher), Depends(guards.care_or_office)

    @router.get("")
    async def listed(
        account: Account = anybody, site: Site = None, patient_id: Annotated[str | None, Query(max_length=64)] = None,
        open_only: Annotated[bool, Query(alias="open")] = True, limit: Limit = 200,
    ) -> list[Row]:  # fmt: skip
        """Alerts you may see, the worst first; `open=false` for those that are over too."""
        return await alerts.many(account, site, patient_id, open_only, limit)

    @router.post("/{alert_id}/acknowledge")
    async def acknowledge(alert_id: Id, account: Account = anybody) -> Row:
        """Take an alert upon yourself: nobody else is told again. Twice is once."""
        return await alerts.acknowledge(account, alert_id)

    @router.post("/{alert_id}/escalate")
    async def escalate(alert_id: Id, body: Escalate, account: Account = care) -> Row:
        """Have the clinic, or head office, told now."""
        return await alerts.escalate(account, alert_id, body.audience, body.reason)

    return router
