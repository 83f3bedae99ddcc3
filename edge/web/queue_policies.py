"""How queues are ordered, under /api/v1/queues: the policies there are, what another would change, and choosing one.

A queue is a service, named by its letter, or a doctor, by UUID or small number. A doctor's queue is ordered as the service's
until it gets a policy of its own.
"""

from __future__ import annotations

import re
import sqlite3
from typing import Annotated, Any, Final, NamedTuple

import orjson
from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from edge.domain import policies
from edge.domain.commands import SetPolicy
from edge.store import queues
from edge.store.places import House
from edge.store.states import Row
from edge.web.documents import body, errors
from edge.web.faces import Faces, given_id
from edge.web.guards import MANAGER, RECEPTION, STAFF, Guards
from edge.web.lookups import no_doctor
from edge.web.requests import Requests, Shape, parsed
from edge.web.wiring import Wiring
from shared.problems import Problem

LETTER: Final = re.compile(r"[A-Z]")
Policy = Annotated[str, Query(max_length=40, description="The policy to try, by name.")]
Ratio = Annotated[int | None, Query(description="Of `fair`: normal visits for each one of priority.")]
AgeMin = Annotated[int | None, Query(description="Of `fair`: minutes after which anybody counts as priority.")]


class Chosen(Shape):
    """A policy by name with its options; null gives a doctor's queue back to the order of the service."""

    policy: str | None = Field(max_length=40)
    options: dict[str, int] = Field(default_factory=dict, max_length=10)


class Named(NamedTuple):
    """A queue that somebody named, with the policy that orders it now. doctor: None for a service's."""

    name: str
    letter: str
    doctor: Row | None
    policy: str
    options: dict[str, int]
    waiting: list[Row]


def routes(wiring: Wiring, guards: Guards, requests: Requests, faces: Faces) -> APIRouter:
    """The paths under /api/v1/queues."""
    router = APIRouter(prefix="/api/v1/queues", tags=["queues"])

    @router.get("/policies", responses=errors(401, 403))
    async def known(request: Request) -> Response:
        """The ways a queue can be ordered, each in a sentence, with its options (staff)."""
        await guards.need(request, STAFF)
        return _json([
            {
                "name": name, "description": policies.describe(name),
                "options": [
                    {"name": option, "low": o.low, "high": o.high, "default": o.default, "description": o.words}
                    for option, o in policies.POLICY_OPTIONS[name].items()
                ],
            }
            for name in policies.POLICY_NAMES
        ])  # fmt: skip

    @router.get("/{queue}/policy", responses=errors(401, 403, 404, 503))
    async def present(request: Request, queue: str) -> Response:
        """How a queue is ordered now (staff). `inherited`: a doctor's that goes as the service's."""
        await guards.need(request, STAFF)
        return _json(_policy_body(_named(await faces.house(), queue)))

    @router.get("/{queue}/preview", responses=errors(401, 403, 404, 422, 503))
    async def preview(
        request: Request, queue: str, policy: Policy = "", ratio: Ratio = None, age_min: AgeMin = None
    ) -> Response:
        """The order that another policy would give to those waiting now, each with the place of before (reception).
        Nothing is changed."""
        await guards.need(request, RECEPTION)
        options = {name: value for name, value in (("ratio", ratio), ("age_min", age_min)) if value is not None}
        if problem := policies.options_problem(policy, options):
            raise Problem(422, problem, code="bad_policy", errors=[{"field": "policy", "message": problem}])

        def look(conn: sqlite3.Connection, house: House) -> tuple[Named, list[Row]]:
            named = _named(house, queue)
            key, name, its_options = queues.policy_of(named.doctor, house.services.get(named.letter))
            before = queues.situation(conn, (key, name, its_options), house.loads, house.rules, house.now_ms)
            after = policies.with_options(before._replace(streak=0), policy, options)
            return named, policies.preview(named.waiting, name, policy, before, after)

        _, _, (named, order) = await faces.house_and(look)
        ids = {visit["number"]: visit["id"] for visit in named.waiting}
        listed = [
            {"id": ids[one["number"]], "number": one["number"], "token_number": one["token"],
             **{name: one[name] for name in ("place_before", "place_after", "why", "why_code", "why_values")}}
            for one in order
        ]  # fmt: skip
        return _json({
            "queue": named.name, "policy": policy, "options": options, "before": _policy_body(named), "visits": listed,
        })  # fmt: skip

    @router.put(
        "/{queue}/policy", responses=errors(401, 403, 404, 409, 415, 422, 503), openapi_extra=body(Chosen)
    )  # fmt: skip
    async def choose(request: Request, queue: str) -> Response:
        """Choose how a queue is ordered from now on (manager). Nothing is stored with the visits, so it can be chosen back."""
        who = await guards.need(request, MANAGER)
        raw = await request.body()
        wanted = parsed(request, raw, Chosen, who)
        named = _named(await faces.house(), queue)
        if wanted.policy is None and (named.doctor is None or wanted.options):
            message = "A service's queue needs a policy, and only a policy has options."
            raise Problem(422, message, code="bad_policy", errors=[{"field": "policy", "message": message}])

        def command(cid: str) -> SetPolicy:
            return SetPolicy(
                command_id=cid, actor=who.actor, device=who.device, policy=wanted.policy, options=wanted.options,
                service=None if named.doctor else named.letter,
                doctor_id=named.doctor["id"] if named.doctor else None,
            )  # fmt: skip

        await requests.run(request, who, raw, command)
        return _json(_policy_body(_named(await faces.house(), queue)))

    return router


def _named(house: House, queue: str) -> Named:
    """The queue of that name. Raises Problem 404."""
    doctor = None
    if LETTER.fullmatch(queue):
        service = house.services.get(queue)
        if service is None:
            raise Problem(404, "There is no such service.", hint="Choose a service from the list.")
        name, key = queue, queue
    else:
        wanted = given_id(queue, small=True)
        doctor = next((d for d in house.doctors.values() if wanted in (d["id"], str(d["number"]))), None)
        if doctor is None:
            raise no_doctor()
        name = key = doctor["id"]
        service = house.services.get(doctor["service"])
    _, policy, options = queues.policy_of(doctor, service)
    return Named(
        name,
        service["letter"] if service else "",
        doctor,
        policy,
        options,
        [r.visit for r in house.ranked.get(key, ())],
    )


def _policy_body(named: Named) -> dict[str, Any]:
    return {
        "queue": named.name, "policy": named.policy, "options": named.options,
        "inherited": named.doctor is not None and named.doctor["policy"] is None,
        "description": policies.describe(named.policy), "waiting": len(named.waiting),
    }  # fmt: skip


def _json(answer: Any) -> Response:
    return Response(orjson.dumps(answer), media_type="application/json")
