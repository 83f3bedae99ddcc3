"""Asks models, in their order, until one answers in shape: one more try with what was wrong, then the next; then nobody.

Every call is a row of llm_requests, committed with what it cost and what its headers said. No connection to the database is
held while a model thinks. What is asked and answered is never logged.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple, TypeVar

import structlog
from pydantic import ValidationError

from cloud.db.pool import Pool
from cloud.llm import limits, requests
from cloud.llm.breaker import Breaker
from cloud.llm.calls import (
    ASK_AGAIN,
    COUNTS,
    Chat,
    Embedded,
    Failure,
    Heard,
    Left,
    Model,
    Provider,
    Speech,
    Stage,
    Usage,
)
from cloud.llm.cost import Budget, micros
from cloud.llm.prompts import Prompt
from cloud.llm.schema import Strict
from shared.clock import Clock, transport_s, wall_s

Shape = TypeVar("Shape", bound=Strict)
Found = TypeVar("Found")
PASSING_REASONS: Final = frozenset(("rate_limited", "timeout", "connection", "server_error", "breaker", "budget"))
"""Why nobody answered, where trying later may help."""
WHERE_MAX: Final = 200

log = structlog.get_logger(__name__)


class Work(NamedTuple):
    """What a call is for."""

    site: str
    pipeline: str
    subject_id: str
    job_key: str | None = None


class Answered(NamedTuple):
    """value: a shape, a transcript or a vector.  model: who answered."""

    value: object
    model: str


class Nobody(NamedTuple):
    """No model answered. reason: "no_model", "budget" or the last failure."""

    reason: str

    @property
    def passing(self) -> bool:
        """Whether asking later may help."""
        return self.reason in PASSING_REASONS


class Reply(NamedTuple):
    """What one call gave, with what there is to note of it."""

    value: object
    usage: Usage
    left: Left
    finish_reason: str | None = None


Told = Callable[[Model, str], Awaitable[None]]
"""Tells administrators that a provider no longer has a model."""


class Chain:
    """Made once a process: breakers are its own, limits and budget are shared through the database."""

    def __init__(
        self, pool: Pool, clock: Clock, providers: Mapping[str, Provider], budget: Budget, on_dead: Told
    ) -> None:
        self._pool, self._clock, self._providers, self._on_dead = pool, clock, providers, on_dead
        self.budget = budget
        self.breakers: dict[Model, Breaker] = {}  # bounded: the models of the settings

    async def fill(
        self, work: Work, stage: Stage, models: Sequence[Model], prompt: Prompt, chat: Chat, shape: type[Shape],
        check: Callable[[Shape], str] | None = None,
    ) -> tuple[Shape, str] | Nobody:  # fmt: skip
        """An answer in `shape`, and whose. check: what is wrong with it beside its shape, "" for nothing.

        Raises psycopg.Error.
        """

        async def ask(model: Model, again: str) -> Reply:
            done = await self._providers[model.provider].complete(model.name, replace(chat, again=again))
            try:
                value = shape.model_validate_json(done.text)
            except ValidationError as error:
                raise _failure("invalid", _where(error), done.usage, done.left, done.finish_reason) from error
            wrong = check(value) if check is not None else ""
            if wrong:
                raise _failure("ungrounded", wrong, done.usage, done.left, done.finish_reason)
            return Reply(value, done.usage, done.left, done.finish_reason)

        got = await self._down(work, stage, models, prompt.version, prompt.hash, ask)
        if isinstance(got, Nobody):
            return got
        assert isinstance(got.value, shape)
        return got.value, got.model

    async def transcribe(self, work: Work, models: Sequence[Model], speech: Speech) -> tuple[Heard, str] | Nobody:
        """A transcript, and whose. Raises psycopg.Error."""

        async def ask(model: Model, again: str) -> Reply:
            heard = await self._providers[model.provider].transcribe(model.name, speech)
            return Reply(heard, heard.usage, heard.left)

        got = await self._down(work, "transcribe", models, "1", "", ask)
        if isinstance(got, Nobody):
            return got
        assert isinstance(got.value, Heard)
        return got.value, got.model

    async def embed(self, work: Work, models: Sequence[Model], text: str) -> tuple[Embedded, str] | Nobody:
        """A vector, and whose. Raises psycopg.Error."""

        async def ask(model: Model, again: str) -> Reply:
            made = await self._providers[model.provider].embed(model.name, text)
            return Reply(made, made.usage, made.left)

        got = await self._down(work, "embed", models, "1", "", ask)
        if isinstance(got, Nobody):
            return got
        assert isinstance(got.value, Embedded)
        return got.value, got.model

    async def _down(
        self, work: Work, stage: Stage, models: Sequence[Model], version: str, prompt_hash: str,
        ask: Callable[[Model, str], Awaitable[Reply]],
    ) -> Answered | Nobody:  # fmt: skip
        reason = "no_model"
        for model in models:
            if model.provider not in self._providers:
                continue
            again = ""
            for retry in (0, 1):
                refused = await self._refused(model)
                if refused:
                    reason = refused
                    break
                got = await self._once(work, stage, model, version, prompt_hash, ask, again, retry)
                if not isinstance(got, Failure):
                    return Answered(got.value, str(model))
                reason, again = got.kind, got.detail or got.kind
                if got.kind not in ASK_AGAIN:
                    break
        return Nobody(reason)

    async def _refused(self, model: Model) -> str:
        """Why a model is not asked now; "" where it is. What this allows must be ended at its breaker."""
        async with self._pool.transaction() as conn:
            if model in await limits.dead(conn):
                return "model_gone"
            if await limits.blocked_ms(conn, model, _real_ms()):
                return "rate_limited"
            if not await self.budget.allows(conn, str(model), self._clock.now_ms()):
                return "budget"
        return "" if self._breaker(model).allow(transport_s()) else "breaker"

    async def _once(
        self, work: Work, stage: Stage, model: Model, version: str, prompt_hash: str,
        ask: Callable[[Model, str], Awaitable[Reply]], again: str, retry: int,
    ) -> Reply | Failure:  # fmt: skip
        began_s = transport_s()
        reply: Reply | None = None
        failure: Failure | None = None
        broken = True  # also where we are cancelled: a half-open breaker must not stay with a call that never ended
        try:
            reply = await ask(model, again)
            broken = False
        except Failure as error:
            failure, broken = error, error.kind in COUNTS
        finally:
            self._breaker(model).ended(transport_s(), broken=broken)
        got = reply or failure
        assert got is not None
        ms = round((transport_s() - began_s) * 1000)
        now_ms = self._clock.now_ms()
        cost = self._cost(model, got)
        gone = False
        async with self._pool.transaction() as conn:
            await requests.note(
                conn, work, stage, model, version, prompt_hash, retry, got.usage, ms, cost, now_ms, failure,
                got.finish_reason,
            )  # fmt: skip
            await limits.note(conn, model, got.left, failure, _real_ms())
            await self.budget.spend(conn, cost, now_ms)
            if failure is not None and failure.kind == "model_gone":
                gone = await limits.bury(conn, model, failure.detail or "not found", now_ms)
        if failure is not None:
            log.warning("model_no_use", model=str(model), stage=stage, kind=failure.kind, retry=retry, ms=ms)
        if gone:
            await self._on_dead(model, failure.detail if failure is not None else "")
        return reply if reply is not None else got

    def _cost(self, model: Model, got: Reply | Failure) -> int:
        return micros(self.budget.price(str(model)), got.usage)

    def _breaker(self, model: Model) -> Breaker:
        return self.breakers.setdefault(model, Breaker())


def _failure(kind: str, detail: str, usage: Usage, left: Left, finish_reason: str | None) -> Failure:
    return Failure(kind, status=200, detail=detail, usage=usage, left=left, finish_reason=finish_reason)  # type: ignore[arg-type]


def _where(error: ValidationError) -> str:
    """Where in the schema, and what was expected there: never what the model wrote, which may repeat a patient's words."""
    places = [f"{'.'.join(map(str, one['loc']))}: {one['type']}" for one in error.errors(include_input=False)[:5]]
    return re.sub(r"[^\w.,:; -]", "", "; ".join(places))[:WHERE_MAX] or "no JSON"


def _real_ms() -> int:
    return int(wall_s() * 1000)
