"""Visits and doctors as callers name them, and whose queue they are in."""

from __future__ import annotations

from edge.domain.visits import Visit
from edge.store import states as tables
from edge.store.places import House
from edge.store.states import Row
from edge.web.credentials import Identity
from edge.web.faces import Faces, given_id
from edge.web.guards import own
from shared.problems import Problem


async def visit_of(faces: Faces, given: str) -> Visit:
    """A visit by UUID or small number. Raises Problem 404."""
    wanted = given_id(given, small=True)
    visit = await faces.read(lambda conn: tables.visit(conn, wanted))
    if visit is None:
        raise no_visit()
    return visit


async def doctor_of(faces: Faces, given: str) -> Row:
    """A doctor by UUID or small number. Raises Problem 404."""
    wanted = given_id(given, small=True)
    doctor = await faces.read(lambda conn: tables.doctor(conn, wanted))
    if doctor is None:
        raise no_doctor()
    return doctor


async def standing(faces: Faces, visit: Visit) -> tuple[House, Visit]:
    """Everybody in the house and this visit, at one commit: the last."""
    id_ = visit["id"]
    house, _, found = await faces.house_and(lambda conn, house: tables.visit(conn, id_))
    return house, found or visit


async def own_queue(faces: Faces, who: Identity, visit: Visit) -> None:
    """A doctor acts on the own visits, and on those of the service that nobody was given to. Raises Problem 403."""
    if who.only_doctor and visit["doctor_id"] is None:
        mine = await faces.read(lambda conn: tables.doctor(conn, who.doctor_id))
        if mine is not None and mine["service"] == visit["service"]:
            return
    own(who, visit["doctor_id"])


def no_doctor() -> Problem:
    """404 for a doctor."""
    return Problem(404, "There is no such doctor.", hint="Choose a doctor from the list.")


def no_visit() -> Problem:
    """404 for a visit."""
    return Problem(404, "There is no such visit.", hint="Read the list again.")
