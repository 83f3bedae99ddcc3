"""The pipeline of a spoken note: sound -> words -> gate -> redact -> extract -> ground -> rules -> write.

`words` runs as soon as a note is told of, on what the clinic's decoders heard and by rules alone; `note` once its sound is
here, and supersedes it. Where no model answers, rules stand; where that passes, the note is analysed again later.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import structlog

from cloud.db.pool import Pool
from cloud.llm import answers, care_rows, hearing, writing
from cloud.llm.assessing import assess
from cloud.llm.calls import Heard, Model, Speech
from cloud.llm.care_rows import Note
from cloud.llm.chain import Chain, Nobody, Work
from cloud.llm.jobs import Job, Jobs
from cloud.llm.prompts import EXTRACT, about_words
from cloud.llm.redact import Known, redact
from cloud.llm.results import Result
from cloud.llm.schema import Extraction
from shared.clock import Clock, utc
from shared.doses.plan import Plan
from shared.triage.red_flags import NOTHING, Finding

SOUND_BYTES_MAX: Final = 10 * 1024 * 1024
SPEECH_PROMPT_CHARS: Final = 400
AGAIN_S: Final = (600, 3_600, 4 * 3_600)
"""After how long a note is analysed again that no model could be asked about; then no more."""
FLAG_URGENCY: Final = 9
"""Of a red flag the clinic's own decoders heard, where our rules find none in the words they wrote."""
FAILED: Final = "A spoken note could not be analysed. Please listen to it."
_DAY_S: Final = 86_400
_FILES: Final = {
    "audio/flac": "note.flac",
    "audio/x-flac": "note.flac",
    "audio/ogg": "note.ogg",
    "application/ogg": "note.ogg",
}

log = structlog.get_logger(__name__)


class Models(NamedTuple):
    """In the order they are asked."""

    text: tuple[Model, ...] = ()
    speech: tuple[Model, ...] = ()
    embedding: tuple[Model, ...] = ()


class _Words(NamedTuple):
    """What was said, as far as anybody knows. reason: why no speech model wrote it down, "" where one did."""

    heard: Heard
    model: str | None
    reason: str
    passing: bool = False


class Notes:
    """Both pipelines of notes."""

    def __init__(self, pool: Pool, clock: Clock, jobs: Jobs, chain: Chain, models: Models, blobs: Path) -> None:
        self._pool, self._clock, self._jobs, self._chain, self._models = pool, clock, jobs, chain, models
        self._blobs = blobs
        jobs.serve("words", "1", self.words, self.gave_up)
        jobs.serve("note", EXTRACT.version, self.note, self.gave_up)

    async def words(self, job: Job) -> None:
        """By rules alone, on what the clinic heard; the note goes on waiting for its sound."""
        looked = await self._look(job)
        if looked is None:
            return
        note, _, _ = looked
        heard = _heard_there(note)
        found = assess(heard.text, None, None, extra=_flag_there(note))
        result = Result(
            person_id=note.person_id, verdict=found.verdict, source="rules", prompt_version="", reason="no_sound_yet",
            language=note.language, transcript=heard.text, items=found.items,
        )  # fmt: skip
        async with self._pool.transaction() as conn:
            await writing.write(conn, self._jobs, job, note, result, found, note.status, self._clock.now_ms())

    async def note(self, job: Job) -> None:
        """The whole way. Raises psycopg.Error, and OSError where the sound cannot be read."""
        looked = await self._look(job)
        if looked is None:
            return
        note, known, plans = looked
        work = Work(job.site, "note", note.id, job.key)
        words = await self._transcript(work, note, plans)
        text = words.heard.text
        said: Extraction | None = None
        redacted = redact(text, known)
        reason, passing, model = words.reason, words.passing, None
        if text:
            chat = about_words(EXTRACT, redacted.text, Extraction)
            got = await self._chain.fill(work, "extract", self._models.text, EXTRACT, chat, Extraction)
            if isinstance(got, Nobody):
                reason, passing = reason or got.reason, passing or got.passing
            else:
                said, model = got
        found = assess(text, redacted, said, words.heard.segments, _flag_there(note))
        language = said.language if said is not None and said.language != "unknown" else _language(words.heard, note)
        result = Result(
            person_id=note.person_id, verdict=found.verdict, source="rules" if said is None else "model",
            model=model, prompt_version=EXTRACT.version, reason=reason, language=language, transcript=text,
            transcript_model=words.model, intent=said.intent if said is not None else "unknown",
            needs_human=found.needs_human or bool(words.reason), items=found.items, ungrounded=found.dropped,
        )  # fmt: skip
        now_ms = self._clock.now_ms()
        async with self._pool.transaction() as conn:
            status = "rules_only" if said is None else "analysed"
            written = await writing.write(conn, self._jobs, job, note, result, found, status, now_ms)
            if not written:
                return
            if text and self._models.embedding:
                await self._jobs.add(conn, note.site, "embed", note.id, run=job.run)
            if passing and job.run <= len(AGAIN_S):
                wait_s = _until_tomorrow_s(now_ms) if reason == "budget" else AGAIN_S[job.run - 1]
                await self._jobs.add(conn, note.site, "note", note.id, run=job.run + 1, after_s=wait_s)
        log.info("note_analysed", site=note.site, note=note.id, source=result.source, reason=reason, model=model)

    async def gave_up(self, job: Job) -> None:
        """The note failed: a person has to listen to it, and is told so."""
        now_ms = self._clock.now_ms()
        async with self._pool.transaction() as conn:
            if not await self._jobs.end(conn, job, "dead"):
                return
            note = await care_rows.note(conn, job.site, job.subject_id)
            if note is not None and job.pipeline == "note":
                await care_rows.set_note(conn, job.site, note.id, "failed", "", None, "unknown")
                await care_rows.raise_alert(
                    conn, job.site, note.id, "note_failed", "warning", FAILED, now_ms=now_ms, person_id=note.person_id,
                    note_id=note.id,
                )  # fmt: skip

    async def _look(self, job: Job) -> tuple[Note, Known, list[Plan]] | None:
        """What is known before the work; None where there is nothing to do any more, and then the job is over."""
        async with self._pool.transaction() as conn:
            note = await care_rows.note(conn, job.site, job.subject_id)
            _, erased = await care_rows.person_of(conn, job.site, note.person_id if note else None)
            if note is None or erased:
                await self._jobs.end(conn, job, "done")
                return None
            known = await care_rows.known(conn, note.site, note.person_id)
            return note, known, await care_rows.plans(conn, note.site, note.person_id)

    async def _transcript(self, work: Work, note: Note, plans: Sequence[Plan]) -> _Words:
        """What a speech model wrote down, if it is believed; else what the clinic's own decoders heard."""
        if note.sha256 is None:
            return _Words(_heard_there(note), None, "no_sound")
        sound = await asyncio.to_thread((self._blobs / note.sha256).read_bytes)
        loudness = await asyncio.to_thread(hearing.rms, sound) if len(sound) <= SOUND_BYTES_MAX else None
        if hearing.silent(loudness):
            return _Words(_heard_there(note), None, "silence")
        speech = Speech(
            sound, _FILES.get(note.media_type, "note.wav"), note.media_type or "audio/wav", note.language,
            ", ".join(answers.names(plans))[:SPEECH_PROMPT_CHARS],
        )  # fmt: skip
        got = await self._chain.transcribe(work, self._models.speech, speech)
        if isinstance(got, Nobody):
            return _Words(_heard_there(note), None, got.reason, got.passing)
        heard, model = got
        doubt = hearing.doubt(heard, loudness)
        if doubt is not None:
            log.info("transcript_not_believed", site=note.site, note=note.id, doubt=doubt)
            return _Words(_heard_there(note), model, doubt)
        return _Words(heard, model, "")


def _heard_there(note: Note) -> Heard:
    words = (note.heard or {}).get("words")
    return Heard(words if isinstance(words, str) else "", note.language, 0.0)


def _flag_there(note: Note) -> Finding:
    """A red flag the clinic's decoders heard, whatever we make of the words."""
    flags = (note.heard or {}).get("red_flags")
    first = next((one for one in flags if isinstance(one, str)), "") if isinstance(flags, list) else ""
    words = (note.heard or {}).get("words")
    return Finding(FLAG_URGENCY, first, words if isinstance(words, str) else first) if first else NOTHING


def _language(heard: Heard, note: Note) -> str | None:
    names = {"english": "en", "hindi": "hi", "spanish": "es", "arabic": "ar"}
    said = (heard.language or "").lower()
    return names.get(said, said if said in answers.LANGUAGES else note.language)


def _until_tomorrow_s(now_ms: int) -> int:
    """Until a minute past midnight UTC, when there is a new budget."""
    today = utc(now_ms)
    return _DAY_S - (today.hour * 3_600 + today.minute * 60 + today.second) + 60
