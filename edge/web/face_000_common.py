"""What the routes of seed 000 share: finding visits and doctors by any of their ids, and dressing what was done."""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date as Date
from typing import Annotated, Any, Final, NamedTuple

from pydantic import AfterValidator, Field

from edge.store import face_000 as rows
from edge.store.places import House
from edge.store.states import Row
from edge.web.credentials import Identity
from edge.web.face_000_bodies import (
    EVERYBODY,
    Filter,
    doctor_object,
    people_of,
    queue_object,
    stats_of,
    visit_object,
)
from edge.web.faces import Faces, given_id
from edge.web.guards import Guards
from edge.web.lookups import doctor_of
from edge.web.requests import Requests, Shape
from edge.web.wiring import Wiring
from shared.problems import Problem

JSON: Final = "application/json"
DAY: Final = r"^\d{4}-\d\d-\d\d$"
REASON_MAX: Final = 500


def _clean(text: str) -> str:
    """One line, single spaces. Control signs have no place on a slip or a screen."""
    line = " ".join(text.split())
    if any(unicodedata.category(sign) in ("Cc", "Cs") for sign in line):
        raise ValueError("holds signs that cannot be shown")
    return line


Line = Annotated[str, AfterValidator(_clean)]
Small = Annotated[int, Field(ge=1, le=999_999_999_999)]
Ref = Small | Annotated[str, Field(min_length=1, max_length=64)]
"""A small clinic number, also as text, or a UUID."""


class Patient(Shape):
    """Somebody in the queue: the visit's number or UUID, or a person's UUID, which means the open visit of today."""

    patient_id: Ref


class Shown(NamedTuple):
    """The house with what an answer says beside it."""

    house: House
    people: Mapping[str, Row]
    minutes: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Common:
    """The parts, and what every route of 000 does with them."""

    wiring: Wiring
    guards: Guards
    requests: Requests
    faces: Faces

    async def visit(self, given: int | str) -> Row:
        """The visit meant. Raises Problem 404."""
        id_ = given_id(str(given), small=True)
        found = await self.faces.read(lambda conn: rows.visit(conn, id_))
        if found is None:
            raise Problem(404, "There is no such patient in the queue.", hint="Read the list again.")
        return found

    async def doctor(self, given: int | str) -> Row:
        """The doctor meant. Raises Problem 404."""
        return await doctor_of(self.faces, str(given))

    async def wanted_doctor(self, given: str | None) -> str | None:
        """The UUID of the doctor a list is filtered by. Raises Problem 422: a list of nobody would look like a quiet day."""
        if given is None:
            return None
        try:
            return str((await self.doctor(given))["id"])
        except Problem as error:
            raise Problem(422, "doctor_id: there is no such doctor.", hint="Choose a doctor from the list.") from error

    async def shown(self, *visits: Row) -> Shown:
        """The house as it is now, with the people of these visits."""
        house, _, (people, minutes) = await self.faces.house_and(
            lambda conn, house: (rows.people_of(conn, visits), rows.consultation_minutes(conn))
        )
        return Shown(house, people, minutes)

    async def queue(self, *, names: bool, wanted: Filter = EVERYBODY) -> dict[str, Any]:
        """`{queue, stats}`, all of one commit. Raises Problem 422 for a service that is not there."""

        def look(conn: sqlite3.Connection, house: House) -> dict[str, Any]:
            if wanted.service is not None and wanted.service not in house.services:
                raise Problem(422, "service: there is no such service here.", hint="Choose a service from the list.")
            people = people_of(conn, house) if names else {}
            return queue_object(house, people, stats_of(conn, house, self.faces.zone), names=names, wanted=wanted)

        return (await self.faces.house_and(look))[2]

    def patient(self, shown: Shown, visit: Row) -> dict[str, Any]:
        """A visit as staff, or the person it belongs to, see it."""
        return visit_object(shown.house, shown.people, visit, self.faces.zone)

    def doctor_body(self, shown: Shown, doctor_id: str) -> dict[str, Any]:
        """A doctor who exists."""
        return doctor_object(shown.house, shown.house.doctors[doctor_id], shown.minutes)

    async def acted(self, result: Row, doctor_id: str) -> dict[str, Any]:
        """What an act of a doctor on a visit answers."""
        visit = result["visit"]
        shown = await self.shown(visit)
        return {
            "doctor": self.doctor_body(shown, doctor_id), "patient": self.patient(shown, visit),
            "undo_id": result["undo_id"],
        }  # fmt: skip

    def shows_names(self, who: Identity) -> bool:
        """Whether lists for this caller hold names: not on a screen, unless the site allows it."""
        return who.kind not in ("display", "kiosk") or self.wiring.options.names_on_screens


def of_queue(visit: Row, doctor: Row) -> None:
    """The visit is the doctor's, or nobody's in the doctor's service. Raises Problem 409."""
    name = visit["token"] or f"Visit {visit['number']}"
    if visit["doctor_id"] not in (None, doctor["id"]):
        hint = "Transfer it first, or use the path of its own doctor."
        raise Problem(409, f"{name} is another doctor's.", code="other_doctor", hint=hint)
    if visit["service"] != doctor["service"]:
        hint = "Transfer it to this doctor first."
        raise Problem(409, f"{name} waits for another service.", code="other_service", hint=hint)


def day_of(text: str | None) -> Date | None:
    """A date of the calendar. Raises Problem 422."""
    if text is None:
        return None
    try:
        if re.fullmatch(DAY, text):
            return Date.fromisoformat(text)
    except ValueError:
        pass
    raise Problem(422, "date: write it as 2026-01-31.")
