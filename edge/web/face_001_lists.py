"""What seed 001's routes share: its spelling with a last slash, pages of a list, and moments and days as callers write them."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from datetime import date, datetime
from typing import Annotated, Any, Final, NamedTuple, TypeVar
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response

from edge.store.face_001 import Page, UnknownCursor
from edge.web.credentials import Identity
from edge.web.faces import UUID, Faces
from edge.web.guards import RECEPTION, Guards, Level
from edge.web.requests import Requests
from shared.clock import to_ms
from shared.problems import Problem

JSON: Final = "application/json"
LIMIT, LIMIT_MAX = 100, 1_000
YEARS: Final = range(2000, 2200)
RECEPTION_OR_DOCTOR: Final = Level(
    "reception or doctor", RECEPTION.kinds, RECEPTION.roles | {"doctor"}, "Ask the reception or the doctor."
)

T = TypeVar("T")


class Kit(NamedTuple):
    """What each group of routes is made with."""

    guards: Guards
    requests: Requests
    faces: Faces

    async def done(
        self, request: Request, who: Identity, raw: bytes, make: Callable[[str], Any],
        dress: Callable[[dict[str, Any]], Awaitable[Any]],
    ) -> bytes:  # fmt: skip
        """Carry out `make(command_id)` and answer what `dress` makes of its result; a repeat gets the same bytes."""

        async def work(known: dict[str, Any] | None) -> Any:
            return await dress(await self.requests.run(request, who, raw, make) if known is None else known)

        return await self.requests.once(request, who, raw, work)


class Paging(NamedTuple):
    """Which page of a list is asked for."""

    limit: int
    cursor: str | None


def _paging(
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX, description="How many at most.")] = LIMIT,
    cursor: Annotated[
        str | None, Query(max_length=64, description="Where the page begins: follow the `Link` of the page before.")
    ] = None,
) -> Paging:
    if cursor is not None and not UUID.fullmatch(cursor):
        raise _unknown_cursor()
    return Paging(limit, cursor.lower() if cursor else None)


Paged = Annotated[Paging, Depends(_paging)]
DOCTOR_QUERY: Final = Query(max_length=64, description="UUID or clinic number of a doctor.")
DAY_QUERY: Final = Query(max_length=10, description="A service-day, YYYY-MM-DD in site time.")
PAGE_HEADERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "One page of the list.",
        "headers": {
            "Link": {"description": 'The next page, `rel="next"`; absent on the last.', "schema": {"type": "string"}},
            "X-Total-Count": {"description": "How many there are in all.", "schema": {"type": "integer"}},
        },
    }
}


_SLASHED: Final = re.compile(r"/api/v1/(doctors|patients|slots|tokens|waiting-list|reports/daily)(/(?!.*call-next).*)?")


def router() -> APIRouter:
    """A router for /api/v1. Its paths have no last slash: requests come in without it, and `spelled` adds it for readers."""
    return APIRouter(prefix="/api/v1")


def spelled(paths: dict[str, Any]) -> dict[str, Any]:
    """The paths of an OpenAPI document with the last slash that seed 001 writes."""
    return {f"{path}/" if _SLASHED.fullmatch(path) else path: item for path, item in paths.items()}


def json(answer: Any, status: int = 200) -> Response:
    """An answer; bytes are JSON already."""
    return Response(answer if isinstance(answer, bytes) else orjson.dumps(answer), status, media_type=JSON)


def page(request: Request, found: Page, bodies: Iterable[Any]) -> Response:
    """One page of a list, with how many there are in all and where the next begins."""
    answer = json(list(bodies))
    answer.headers["X-Total-Count"] = str(found.total)
    if found.after is not None:
        query = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
        path = request.url.path.rstrip("/")
        answer.headers["Link"] = f'<{path}/?{urlencode([*query, ("cursor", found.after)])}>; rel="next"'
    return answer


def part_of(rows: list[Any], paging: Paging) -> Page:
    """A page of a list that is short enough to be read whole; its rows have an `id`."""
    begin = 0
    if paging.cursor is not None:
        places = [at for at, row in enumerate(rows) if row["id"] == paging.cursor]
        if not places:
            raise _unknown_cursor()
        begin = places[0] + 1
    some = rows[begin : begin + paging.limit]
    return Page(some, len(rows), some[-1]["id"] if begin + paging.limit < len(rows) else None)


async def paged(reading: Awaitable[T]) -> T:
    """What a read of a page answers. Raises Problem 422 for a cursor that leads nowhere."""
    try:
        return await reading
    except UnknownCursor:
        raise _unknown_cursor() from None


def query_id(value: str | None, name: str) -> str | None:
    """A UUID from a query; None when it was not given. Raises Problem 422."""
    if value is not None and not UUID.fullmatch(value):
        raise Problem(422, f"{name} is a UUID.", errors=[{"field": name, "message": "not a UUID"}])
    return value.lower() if value is not None else None


def day_of(value: str | None) -> str | None:
    """A service-day from a query; None when it was not given. Raises Problem 422."""
    if value is None:
        return None
    try:
        if len(value) != 10:
            raise ValueError(value)
        return date.fromisoformat(value).isoformat()
    except ValueError:
        hint = "Write the date like 2026-02-01."
        raise Problem(422, "date is YYYY-MM-DD.", hint=hint, errors=[{"field": "date", "message": "no date"}]) from None


def moment_ms(value: datetime, zone: ZoneInfo, name: str) -> int:
    """A moment from a body in ms; without an offset it is site time. Raises Problem 422."""
    if value.year not in YEARS:
        detail = f"{name} is between {YEARS.start} and {YEARS.stop - 1}."
        raise Problem(422, detail, errors=[{"field": name, "message": "too far away"}])
    return to_ms(value if value.tzinfo is not None else value.replace(tzinfo=zone))


def _unknown_cursor() -> Problem:
    hint = "Begin with the first page again."
    return Problem(422, "This cursor leads nowhere.", hint=hint, errors=[{"field": "cursor", "message": "unknown"}])
