"""Seed 001: patients, which are persons."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from edge.domain.booking_commands import AddPerson, ChangePerson, ErasePerson, NewPerson
from edge.domain.people import AGE_MAX, EMAIL_MAX, NAME_MAX, PHONE_MAX, folded
from edge.store import face_001 as rows
from edge.store import people
from edge.store.states import Row
from edge.web.documents import body, errors
from edge.web.face_001_bodies import person_body
from edge.web.face_001_lists import PAGE_HEADERS, Kit, Paged, json, page, paged, router
from edge.web.faces import given_id
from edge.web.guards import CLINICAL, MANAGER, STAFF
from edge.web.requests import NoBody, Shape, parsed
from shared.commands import Command
from shared.ids import new_id
from shared.problems import Problem


class Patient(Shape):
    """A person; only the name is required. `notify`: agreed to messages on the phone."""

    name: str = Field(min_length=1, max_length=NAME_MAX)
    phone: str | None = Field(default=None, max_length=PHONE_MAX)
    email: str | None = Field(default=None, max_length=EMAIL_MAX, pattern=r"^([^@\s]+@[^@\s]+)?$")
    age: int | None = Field(default=None, ge=0, le=AGE_MAX)
    gender: Literal["male", "female", "other"] | None = None
    language: str | None = Field(default=None, pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{1,8}){0,3}$")
    notify: bool | None = None


def patients(kit: Kit) -> APIRouter:
    """/api/v1/patients: persons, not visits (decision 1)."""
    routes = router()
    guards, requests, faces = kit.guards, kit.requests, kit.faces

    async def known(given: str) -> Row:
        person_id = given_id(given, small=False)
        found = await faces.read(lambda conn: people.person(conn, person_id))
        if found is None or found["erased"]:
            raise Problem(404, "There is no such person.", hint="Search again; the data may have been erased.")
        return found

    @routes.get("/patients", tags=["patients"], responses={**errors(401, 403, 503), **PAGE_HEADERS})
    async def all_patients(
        request: Request, paging: Paged,
        q: Annotated[str, Query(max_length=NAME_MAX, description="A part of the name or of the phone.")] = "",
        phone: Annotated[str | None, Query(max_length=PHONE_MAX, description="The whole phone number.")] = None,
    ) -> Response:  # fmt: skip
        """Persons by name (staff). Whoever was erased is not listed."""
        who = await guards.need(request, STAFF)
        search, phones = folded(q), _phones(phone)
        found = await paged(faces.read(lambda conn: rows.persons(conn, search, phones, paging.cursor, paging.limit)))
        await guards.audit.saw(who, "list", "patients")
        return page(request, found, [person_body(person, faces.zone) for person in found.rows])

    @routes.post(
        "/patients", status_code=201, tags=["patients"], responses=errors(401, 403, 409, 415, 503),
        openapi_extra=body(Patient),
    )  # fmt: skip
    async def add_patient(request: Request) -> Response:
        """Register a person; no visit, no token (reception, nurse or doctor)."""
        who = await guards.need(request, CLINICAL)
        raw = await request.body()
        wanted = _given(parsed(request, raw, Patient, who))

        def command(command_id: str) -> Command:
            return AddPerson(
                command_id=command_id,
                actor=who.actor,
                device=who.device,
                person_id=new_id(),
                person=NewPerson(**wanted),
            )

        async def dress(result: dict[str, Any]) -> Any:
            return person_body(result["person"], faces.zone)

        return json(await kit.done(request, who, raw, command, dress), 201)

    @routes.get("/patients/{patient_id}", tags=["patients"], responses=errors(401, 403, 404, 503))
    async def one_patient(request: Request, patient_id: str) -> Response:
        """One person (staff)."""
        who = await guards.need(request, STAFF)
        found = await known(patient_id)
        await guards.audit.saw(who, "person", found["id"])
        return json(person_body(found, faces.zone))

    @routes.put(
        "/patients/{patient_id}", tags=["patients"], responses=errors(401, 403, 404, 409, 415, 503),
        openapi_extra=body(Patient),
    )  # fmt: skip
    async def change_patient(request: Request, patient_id: str) -> Response:
        """Change a person (reception, nurse or doctor). What is absent keeps its value, null takes it away."""
        who = await guards.need(request, CLINICAL)
        raw = await request.body()
        changes, its_id = _given(parsed(request, raw, Patient, who)), (await known(patient_id))["id"]

        def command(command_id: str) -> Command:
            return ChangePerson(
                command_id=command_id, actor=who.actor, device=who.device, person_id=its_id, changes=changes
            )

        result = await requests.run(request, who, raw, command)
        return json(person_body(result["person"], faces.zone))

    @routes.delete(
        "/patients/{patient_id}", status_code=204, tags=["patients"], responses=errors(401, 403, 404, 409, 415, 503)
    )
    async def erase_patient(request: Request, patient_id: str) -> Response:
        """Erase what is personal (manager); visits keep no name. 409 while a visit is open, 404 from then on."""
        who = await guards.need(request, MANAGER)
        raw = await request.body()
        parsed(request, raw, NoBody, who)
        its_id = given_id(patient_id, small=False)

        def command(command_id: str) -> Command:
            return ErasePerson(command_id=command_id, actor=who.actor, device=who.device, person_id=its_id)

        await requests.run(request, who, raw, command)
        return Response(status_code=204)

    return routes


def _given(wanted: Patient) -> dict[str, Any]:
    """The fields that were sent, texts trimmed; null means unknown."""
    given = wanted.model_dump(exclude_unset=True)
    for name in ("name", "phone", "email"):
        if name in given:
            given[name] = (given[name] or "").strip()
    if "notify" in given:
        given["notify"] = bool(given["notify"])
    return given


def _phones(phone: str | None) -> list[str]:
    """What was meant by ?phone=: a + that nobody escaped arrives as a space."""
    if phone is None:
        return []
    bare = phone.strip()
    return [bare, f"+{bare}"] if phone.startswith(" ") else [bare]
