"""From a request to a command and back: bodies, idempotency keys, and what each refusal is in HTTP.

**Idempotency.** With the header ``Idempotency-Key`` the command is called
``http:<actor>:<key>:<digest of method, path and body>``. The dispatcher answers a command it knows with the answer of
then. The same key with another digest is found by the writer among the kept results (same actor, same key, another digest;
kept as long as they are, 7 days) in the commit that would have carried it out, and answered 422.

**Secrets.** Codes, passwords and keys are in no kept result. Where a request has a key they are made of its command's name
under the server's own key (`Requests.name_of`): asked again they are the same, and without the server's key nobody can
make them. A request that brings a password or a code has no body in its name, since a digest of it could be guessed at.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import Request

from edge.app.dispatcher import Accepted, Gap, NotDone, Refused
from edge.store.ledger import kept_of_key, kept_result
from edge.web.credentials import Identity
from edge.web.wiring import Submits
from shared.commands import Command
from shared.ids import new_id
from shared.problems import ERRORS_MAX, Problem

KEY: Final = re.compile(r"[A-Za-z0-9._~-]{1,100}")
DIGEST_CHARS: Final = 16
ANSWERS_HELD: Final = 1_000
"""Answers of `once` that are held byte by byte; older ones are made again from the kept result."""

STATUS_OF: Final[dict[str, int]] = {
    "not_found": 404, "not_signed_in": 401, "locked": 423, "bad_code": 400, "bad_urgency": 422, "wrong_shape": 422,
    "no_name": 422, "bad_letter": 422, "bad_policy": 422, "bad_minutes": 422, "bad_place": 422, "too_long": 422, "bad_age": 422,
    "no_person": 404, "key_reused": 422, "ends_before_start": 422, "bad_capacity": 422, "bad_delay": 422, "bad_length": 422,
    "other_person": 422,
}  # fmt: skip
"""Refusals that are not 409 (the present state does not allow it)."""

M = TypeVar("M", bound=BaseModel)


class Shape(BaseModel):
    """A request body: strict, nothing unknown in it."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class NoBody(Shape):
    """A request that says everything in its path. An empty body and ``{}`` are the same."""


def parsed(request: Request, raw: bytes, shape: type[M], who: Identity | None) -> M:
    """The body as `shape`. Raises Problem 415 or 422.

    With a cookie only application/json is taken, which a form of another site cannot send; otherwise text/plain and
    nothing at all are JSON too, as browsers label a bare `fetch`.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    by_cookie = who is not None and who.by_cookie
    if raw and media_type != "application/json" and (by_cookie or media_type not in ("", "text/plain")):
        raise Problem(415, f"A body of type {media_type or 'unknown'} is not read here.")
    return shaped(raw, shape)


def shaped(raw: bytes, shape: type[M]) -> M:
    """JSON as `shape`, however it came; nothing is an empty object. Raises Problem 422."""
    try:
        return shape.model_validate_json(raw or b"{}")
    except ValidationError as error:
        found = [
            {"field": ".".join(str(part) for part in e["loc"]) or "body", "message": e["msg"]}
            for e in error.errors(include_url=False, include_context=False, include_input=False)[:ERRORS_MAX]
        ]
        detail = "; ".join(f"{e['field']}: {e['message']}" for e in found[:3])
        raise Problem(422, detail, errors=found) from error


class Requests:
    """Carries out commands for requests."""

    def __init__(self, dispatcher: Submits, reader: sqlite3.Connection) -> None:
        self._dispatcher = dispatcher
        self._reader = reader
        self._told: OrderedDict[str, bytes] = OrderedDict()

    async def run(self, request: Request, who: Identity, raw: bytes, make: Callable[[str], Command]) -> dict[str, Any]:
        """Carry out the command `make(command_id)`; returns its result. Raises Problem for everything else."""
        named = _named(request, who, raw)
        if named is None:
            return await self.submit(make(f"http:{who.actor}:{new_id()}"))
        key, digest = named
        return await self.submit(make(key + digest), key)

    def name_of(self, request: Request, who: Identity, raw: bytes) -> str | None:
        """What the command of this request is called, None without a key. Raises Problem 422.

        For routes that make a secret: under this name and the server's key the same secret is made again, so that a
        request sent again gets the first answer and the secret is kept nowhere.
        """
        named = _named(request, who, raw)
        if named is None:
            return None
        name = "".join(named)
        self._kept(named[0], name)
        return name

    def is_done(self, name: str) -> bool:
        """Whether the command of this name was carried out before."""
        return isinstance(kept_result(self._reader, name), Accepted)

    async def once(
        self, request: Request, who: Identity, raw: bytes, work: Callable[[dict[str, Any] | None], Awaitable[Any]]
    ) -> bytes:
        """The answer that `work(known)` makes, as JSON; the same key and request get the very bytes of the first time.

        known: None, or the command's result where it was carried out before and this process does not hold the bytes
        (any more): then `work` only dresses it, without asking whether the present state would allow the act again.
        Raises Problem.
        """
        named = _named(request, who, raw)
        if named is None:
            return orjson.dumps(await work(None))
        name = "".join(named)
        if name in self._told:
            return self._told[name]
        kept = self._kept(named[0], name)
        if isinstance(kept, Refused):
            raise _refused(kept)
        made = orjson.dumps(await work(kept.result if kept else None))
        told = self._told.setdefault(name, made)
        while len(self._told) > ANSWERS_HELD:
            self._told.popitem(last=False)
        return told

    async def submit(self, command: Command, key: str = "") -> dict[str, Any]:
        """Hand one command in; returns its result. Raises Problem. key: see `Dispatcher.submit`."""
        try:
            outcome = await self._dispatcher.submit(command, key=key)
        except NotDone as error:
            raise not_done(error) from error
        if isinstance(outcome, Accepted):
            return outcome.result
        assert not isinstance(outcome, Gap), "only numbered senders can leave a gap"
        raise _refused(outcome)

    def _kept(self, key: str, name: str) -> Accepted | Refused | None:
        """What became of the command of that name. Raises Problem 422 where its key was used for another."""
        kept = kept_of_key(self._reader, key, name)
        if isinstance(kept, Refused) and not kept.repeated:
            raise _refused(kept)
        return kept


def _named(request: Request, who: Identity, raw: bytes) -> tuple[str, str] | None:
    """Key and digest that name the command of this request, None without a key. Raises Problem 422."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not KEY.fullmatch(key):
        raise Problem(422, "Idempotency-Key is 1 to 100 letters, digits and signs of . _ ~ -", code="bad_key")
    asked = f"{request.method} {request.url.path}\n".encode() + raw
    return f"http:{who.actor}:{key}:", hashlib.sha256(asked).hexdigest()[:DIGEST_CHARS]


def _refused(outcome: Refused) -> Problem:
    status = STATUS_OF.get(outcome.code, 409)
    return Problem(status, outcome.detail, code=outcome.code, hint=outcome.hint)


def not_done(error: NotDone) -> Problem:
    """Nothing was kept: 503, with when to try again if that helps."""
    return Problem(503, f"Nothing was done: {error}.", hint=error.hint, retry_after_s=1 if error.passing else None)
