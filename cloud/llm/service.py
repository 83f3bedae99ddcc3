"""All pipelines of one process: made here, run here, with their doors."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import psycopg
import psycopg_pool
import structlog
from fastapi import APIRouter

from cloud.accounts.guards import Guards
from cloud.db.pool import NOTES, QUEUE, Pool, notices
from cloud.llm import care_rows, forgetting, visits
from cloud.llm.calls import GROQ, SERVER, Model, Provider
from cloud.llm.chain import Chain, Nobody, Work
from cloud.llm.cost import CHAIN, MICROS, Budget, Price
from cloud.llm.http_models import models_router
from cloud.llm.http_search import search_router
from cloud.llm.jobs import JOBS_OPEN_MAX, Jobs, Options
from cloud.llm.memory import Memory
from cloud.llm.metrics import Metrics
from cloud.llm.notes import Models, Notes
from cloud.llm.prompts import WORD, about_numbers
from cloud.llm.providers import Groq, Server
from cloud.llm.schema import Wording
from cloud.llm.visits import VisitTriage
from cloud.mailbox.service import Mailbox
from shared.backoff import Backoff
from shared.clock import Clock

LOOK_S: Final = 5.0
"""How often tables are looked at for work whose notice was lost, in real seconds."""
VISIT_AGE_MS: Final = 24 * 3_600_000

log = structlog.get_logger(__name__)


class Choice(NamedTuple):
    """What the settings say. Keys and addresses: "" for none; a model whose provider has none is left out.

    budget_usd: of a day, for the whole organisation.  prices: by model, over the list that came with the program.
    """

    groq_key: str = ""
    groq_url: str = ""
    server_url: str = ""
    server_key: str = ""
    timeout_s: float = 15.0
    text: tuple[str, ...] = ()
    speech: tuple[str, ...] = ()
    embedding: str = ""
    budget_usd: float = 0.0
    prices: Mapping[str, tuple[float, ...]] = {}

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Choice:
        """From the program's settings, by their names."""
        return cls(
            groq_key=settings["groq_api_key"], groq_url=settings["groq_base_url"], server_url=settings["llm_base_url"],
            server_key=settings["llm_api_key"], timeout_s=settings["llm_timeout_s"], text=tuple(settings["llm_models"]),
            speech=tuple(settings["llm_speech_models"]), embedding=settings["llm_embedding_model"],
            budget_usd=settings["llm_budget_usd"],
            prices={model: tuple(given) for model, given in settings["llm_prices"].items()},
        )  # fmt: skip


class Pipelines:
    """Made once a process."""

    def __init__(
        self, pool: Pool, clock: Clock, mailbox: Mailbox, data: Path, choice: Choice, options: Options
    ) -> None:
        self._pool, self._clock = pool, clock
        self._providers = _providers(choice)
        self.models = Models(
            tuple(map(Model.parse, choice.text)), tuple(map(Model.parse, choice.speech)),
            (Model.parse(choice.embedding),) if choice.embedding else (),
        )  # fmt: skip
        prices = {model: Price(*given) for model, given in choice.prices.items()}
        self.budget = Budget(int(choice.budget_usd * MICROS), prices)
        self.chain = Chain(pool, clock, self._providers, self.budget, self._tell_dead)
        self.jobs = Jobs(pool, clock, options)
        self.notes = Notes(pool, clock, self.jobs, self.chain, self.models, data / "blobs")
        self.visits = VisitTriage(pool, clock, self.jobs, self.chain, self.models, mailbox)
        self.memory = Memory(pool, clock, self.jobs, self.chain, self.models)
        self.metrics = Metrics(pool, self.jobs, self.budget, clock)
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Run until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.jobs.run(), name="llm jobs")
                group.create_task(self._listen(), name="pipelines listen")
                group.create_task(self._make(), name="pipelines make jobs")
        finally:
            for provider in self._providers.values():
                await provider.close()

    def routers(self, guards: Guards) -> list[APIRouter]:
        """The doors."""
        return [
            models_router(
                self._pool, guards, self._clock, self.chain, self.jobs, self.models, frozenset(self._providers)
            ),
            search_router(self._pool, guards, self.memory, self._clock),
        ]

    async def look(self) -> int:
        """Make jobs of what waits; returns how many. Raises psycopg.Error."""
        made = 0
        async with self._pool.transaction() as conn:
            if await self.jobs.open_count(conn) >= JOBS_OPEN_MAX:
                log.warning("jobs_full", most=JOBS_OPEN_MAX)
                return 0
            await forgetting.forget(conn)
            for note in await care_rows.waiting_notes(conn):
                pipeline = "words" if note.sha256 is None else "note"
                made += await self.jobs.add(conn, note.site, pipeline, note.id)
            for visit in await care_rows.waiting_visits(conn, self._clock.now_ms() - VISIT_AGE_MS):
                made += await self.jobs.add(conn, visit.site, "visit", visits.subject(visit.id, visit.reason))
        return made

    async def word(
        self, job: Any, language: str, numbers: dict[str, Any], check: Callable[[str], str]
    ) -> str | None:  # fmt: skip
        """Numbers in sentences, in a language; None where no model did it so that `check` finds nothing wrong.

        job: of the queue, for whose account it is. Raises psycopg.Error.
        """
        work = Work(job.site, "word", job.subject_id, job.key)
        chat = about_numbers(WORD, language, numbers, Wording)
        got = await self.chain.fill(
            work, "word", self.models.text, WORD, chat, Wording, lambda said: check(said.text)
        )  # fmt: skip
        return None if isinstance(got, Nobody) else got[0].text

    async def _make(self) -> None:
        backoff = Backoff(0.2, 5.0)
        while True:
            self._wake.clear()
            try:
                made = await self.look()
                backoff.reset()
            except (psycopg.Error, psycopg_pool.PoolTimeout) as error:
                wait_s = backoff.next_s()
                log.warning("jobs_not_made", error=str(error).strip(), again_in_s=round(wait_s, 2))
                await asyncio.sleep(wait_s)
                continue
            if made:
                continue
            try:
                async with asyncio.timeout(LOOK_S):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _listen(self) -> None:
        backoff = Backoff(0.2, 5.0)
        while True:
            try:
                async with self._pool.listening(NOTES, QUEUE) as conn:
                    backoff.reset()
                    self._wake.set()
                    async for _ in notices(conn):
                        self._wake.set()
            except psycopg.Error as error:
                log.warning("pipelines_not_listening", error=type(error).__name__)
            await asyncio.sleep(backoff.next_s())

    async def _tell_dead(self, model: Model, detail: str) -> None:
        """A model was retired by its provider: somebody has to choose another."""
        log.error("model_gone", model=str(model), detail=detail)
        async with self._pool.transaction() as conn:
            await care_rows.raise_alert(
                conn, CHAIN, str(model), "model_gone", "warning", f"The model {model} is not there any more.",
                now_ms=self._clock.now_ms(), audience="office",
                body="Its provider has retired it. The next of the list is asked instead; change the list in the settings.",
                says={"model": str(model)},
            )  # fmt: skip


def _providers(choice: Choice) -> dict[str, Provider]:
    found: dict[str, Provider] = {}
    if choice.groq_key:
        found[GROQ] = Groq(choice.groq_key, choice.groq_url or None, choice.timeout_s)
    if choice.server_url:
        found[SERVER] = Server(choice.server_url, choice.server_key, choice.timeout_s)
    return found
