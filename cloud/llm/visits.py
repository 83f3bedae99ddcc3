"""Triage of those who wait: the reason of a visit, read by rules first and by a model that may only raise.

The clinic's own rules have read it before, offline. What a model adds is a command to the clinic, RaiseUrgency, which it
applies only where it is a raise; the same reason read twice is one command.
"""

from __future__ import annotations

import hashlib
import uuid
from typing import Final

import structlog

from cloud.db.pool import Pool
from cloud.llm import care_rows, results
from cloud.llm.assessing import Assessed, assess
from cloud.llm.chain import Chain, Nobody, Work
from cloud.llm.jobs import Job, Jobs
from cloud.llm.notes import Models
from cloud.llm.prompts import EXTRACT, about_words
from cloud.llm.redact import redact
from cloud.llm.results import Result
from cloud.llm.schema import Extraction, Symptom
from cloud.mailbox.service import Mailbox
from shared.care_commands import BY_MODEL
from shared.clock import Clock

ACTOR: Final = "cloud:triage"
"""Who raised where head office's rules did; where a model did it is BY_MODEL."""
NAMED_MAX: Final = 4
"""Findings that are named in a command."""
EXPIRES_MS: Final = 12 * 3_600_000
_SPACE: Final = uuid.UUID("6f757470-6f73-4074-8a6c-747269616765")

log = structlog.get_logger(__name__)


class VisitTriage:
    """The pipeline `visit`."""

    def __init__(self, pool: Pool, clock: Clock, jobs: Jobs, chain: Chain, models: Models, mailbox: Mailbox) -> None:
        self._pool, self._clock, self._jobs, self._chain, self._models = pool, clock, jobs, chain, models
        self._mailbox = mailbox
        jobs.serve("visit", EXTRACT.version, self.visit, self.gave_up)

    async def visit(self, job: Job) -> None:
        """Read one reason. Raises psycopg.Error."""
        visit_id = job.subject_id.rpartition(":")[0]
        async with self._pool.transaction() as conn:
            visit = await care_rows.visit(conn, job.site, visit_id)
            if visit is None or not visit.is_open or not visit.reason:
                await self._jobs.end(conn, job, "done")
                return
            known = await care_rows.known(conn, job.site, visit.person_id)
        redacted = redact(visit.reason, known)
        chat = about_words(EXTRACT, redacted.text, Extraction)
        work = Work(job.site, "visit", visit_id, job.key)
        got = await self._chain.fill(work, "extract", self._models.text, EXTRACT, chat, Extraction)
        said, model = (None, None) if isinstance(got, Nobody) else got
        found = assess(visit.reason, redacted, said)
        # Without a model a visit stays as its clinic left it, but for a red flag its rules may not know yet.
        urgency = found.verdict.urgency if said is not None else found.finding.urgency
        result = Result(
            person_id=visit.person_id, verdict=found.verdict, source="rules" if said is None else "model", model=model,
            prompt_version=EXTRACT.version, reason=got.reason if isinstance(got, Nobody) else "", items=found.items,
            intent=said.intent if said is not None else "unknown", needs_human=found.needs_human, ungrounded=found.dropped,
        )  # fmt: skip
        now_ms = self._clock.now_ms()
        async with self._pool.transaction() as conn:
            if not await self._jobs.end(conn, job, "fallback" if said is None else "done"):
                return
            await results.keep(conn, job, visit_id, result, now_ms)
            if urgency > visit.urgency:
                by_model = found.verdict.raised_by_model > 0
                await self._mailbox.enqueue(
                    conn, job.site, "raise_urgency", BY_MODEL if by_model else ACTOR,
                    {"visit_id": visit_id, "urgency": urgency, "reason": _why(found, by_model)},
                    now_ms + EXPIRES_MS, str(uuid.uuid5(_SPACE, f"{job.site}\n{job.subject_id}\n{urgency}")),
                )  # fmt: skip
                log.info("visit_raised", site=job.site, visit=visit_id, urgency=urgency, model=model)

    async def gave_up(self, job: Job) -> None:
        """Nothing is lost: the clinic's own rules have read it."""
        async with self._pool.transaction() as conn:
            await self._jobs.end(conn, job, "dead")


def subject(visit_id: str, reason: str) -> str:
    """What a job is about: this visit with this reason."""
    return f"{visit_id}:{hashlib.md5(reason.encode(), usedforsecurity=False).hexdigest()[:8]}"


def _why(found: Assessed, by_model: bool) -> str:
    """What the raise rests on, as codes: the clinic's pages have words for them, and they give nobody's own words away."""
    said = [one.found.symptom for one in found.placed if isinstance(one.found, Symptom)] if by_model else []
    codes = [code for code in (found.finding.code, *said) if code not in ("", "other", "unknown")]
    return ", ".join(list(dict.fromkeys(codes))[:NAMED_MAX])
