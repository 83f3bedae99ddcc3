"""The triage tables over HTTP: what they ask for, what they say of somebody, and a visit brought up to it.

The tables only ever raise. Who finds them wrong sets the urgency by hand, with a reason, under their own name.
"""

from __future__ import annotations

from typing import Any, Final, Literal

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import Field

from edge.domain.commands import SetUrgency
from edge.web.credentials import Identity
from edge.web.documents import body, errors
from edge.web.faces import Faces
from edge.web.guards import CLINICAL, STAFF, Guards
from edge.web.lookups import own_queue, visit_of
from edge.web.requests import Requests, Shape, parsed
from edge.web.states import visit_body
from edge.web.wiring import Wiring
from shared.commands import Command
from shared.problems import Problem
from shared.sentences import LANGUAGES
from shared.triage import data, names, red_flags
from shared.triage.assess import Assessed, assess
from shared.triage.observations import SIGNS_MAX, BadObservation, Observations, checked

Row = dict[str, Any]
WORDS_MAX: Final = 1000
_KNOWN: Final = frozenset(names.SIGNS)


class Seen(Shape):
    """What was measured and seen; leave out what was not. Units as in `shared.triage.observations`; `words`: what they say."""

    age_years: int | None = None
    age_days: int | None = None
    pregnant: bool = False
    immunosuppressed: bool = False
    heart_rate: float | None = None
    respiratory_rate: float | None = None
    temperature: float | None = None
    oxygen: float | None = None
    on_oxygen: bool = False
    systolic: float | None = None
    diastolic: float | None = None
    glucose: float | None = None
    avpu: Literal["A", "C", "V", "P", "U"] | None = None
    mobility: Literal["walking", "help", "stretcher"] | None = None
    trauma: bool | None = None
    signs: list[str] = Field(default_factory=list, max_length=SIGNS_MAX)
    words: str = Field(default="", max_length=WORDS_MAX)
    language: Literal["en", "hi", "es", "ar"] = "en"


def routes(wiring: Wiring, guards: Guards, requests: Requests, faces: Faces) -> APIRouter:
    """GET /api/v1/triage/tables, POST /api/v1/triage, POST /api/v1/visits/{id}/triage."""
    router = APIRouter(prefix="/api/v1", tags=["triage"])
    zone = wiring.options.zone

    @router.get("/triage/tables", responses=errors(401, 403))
    async def tables(request: Request, language: str = "en") -> Response:
        """The tables in use, with version and who signed each (null: nobody yet), and the signs one can tick, in a language."""
        await guards.need(request, STAFF)
        if language not in LANGUAGES:
            raise Problem(422, f"Languages are {', '.join(LANGUAGES)}.")
        shown = [
            {
                "name": t.data["name"],
                "version": t.version,
                "source": t.source,
                "signer": t.signer,
                "signed_on": t.signed_on,
            }
            for t in map(data.table, data.NAMES)
        ]
        signs = [{"code": code, "name": names.name(code, language)} for code in names.SIGNS]
        return _json({"tables": shown, "signs": signs})

    @router.post("/triage", responses=errors(401, 403, 415), openapi_extra=body(Seen))
    async def judge(request: Request) -> Response:
        """What the tables and the red flags in `words` say; nothing is kept."""
        who = await guards.need(request, CLINICAL)
        seen = parsed(request, await request.body(), Seen, who)
        return _json(_judged(seen, seen.words)[0])

    @router.post("/visits/{visit_id}/triage", responses=errors(401, 403, 404, 409, 415, 503), openapi_extra=body(Seen))
    async def triage(request: Request, visit_id: str) -> Response:
        """As POST /triage, with the visit's own reason; the visit's urgency is raised to it, never lowered (`raised`)."""
        who = await guards.need(request, CLINICAL)
        raw = await request.body()
        seen = parsed(request, raw, Seen, who)
        visit = await visit_of(faces, visit_id)
        await own_queue(faces, who, visit)
        await guards.audit.saw_visit(who, visit)
        told, found = _judged(seen, f"{visit['reason']}\n{seen.words}")
        if told["urgency"] <= visit["urgency"]:
            return _json({**told, "raised": False, "visit": visit_body(visit, zone), "undo_id": None})

        def command(cid: str) -> Command:
            return _raise(cid, who, visit["id"], told["urgency"], f"{told['why']} ({found.tables})")

        result = await requests.run(request, who, raw, command)
        return _json(
            {**told, "raised": True, "visit": visit_body(result["visit"], zone), "undo_id": result.get("undo_id")}
        )

    return router


def _raise(command_id: str, who: Identity, visit_id: str, urgency: int, reason: str) -> SetUrgency:
    return SetUrgency(
        command_id=command_id,
        actor=who.actor,
        device=who.device,
        visit_id=visit_id,
        urgency=urgency,
        reason=reason[:500],
    )


def _judged(seen: Seen, words: str) -> tuple[Row, Assessed]:
    """What is answered, and what the tables said. Raises Problem 422 naming the field."""
    values = seen.model_dump(exclude={"words", "language", "signs"})
    try:
        found = assess(checked(Observations(**values, signs=frozenset(seen.signs)), _KNOWN))
    except BadObservation as error:
        raise Problem(422, str(error), errors=[{"field": error.field, "message": str(error)}]) from error
    flag = red_flags.rules(words)
    red = {"code": flag.code, "urgency": flag.urgency, "why": red_flags.why(flag, seen.language)} if flag.code else None
    answer: Row = {
        "urgency": max(found.urgency, flag.urgency), "rules": list(found.rules), "missing": list(found.missing),
        "why": names.why(found.urgency, found.rules, found.missing, seen.language), "red_flag": red,
        "tews": found.tews._asdict(), "news2": found.news2._asdict() if found.news2 else None, "tables": found.tables,
    }  # fmt: skip
    return answer, found


def _json(answer: Row) -> Response:
    return Response(orjson.dumps(answer), media_type="application/json")
