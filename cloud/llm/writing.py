"""Writes an analysed note, in one transaction: its version, symptoms, questions answered, status, alert, the job's end."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Final

from psycopg.types.json import Jsonb

from cloud.db.pool import Connection
from cloud.llm import care_rows, results
from cloud.llm.answers import answer
from cloud.llm.assessing import Assessed, Placed
from cloud.llm.care_rows import Note
from cloud.llm.jobs import Job, Jobs
from cloud.llm.medicines import Medicine
from cloud.llm.results import Result
from cloud.llm.schema import Question, Symptom
from shared.triage import red_flags

ALERT_FROM: Final = 8
"""An urgency from which somebody is told at once."""
CRITICAL_FROM: Final = 9
WORDS_MAX: Final = 200
"""Characters of what was said that an alert shows."""
_SPACE: Final = uuid.UUID("6f757470-6f73-4074-8a6c-6e6f7465726f")
_TITLE: Final = {
    "en": "Urgency {urgency} in a spoken note. Please listen to it.",
    "hi": "बोले गए संदेश में तात्कालिकता {urgency}। कृपया इसे सुनें।",
    "es": "Urgencia {urgency} en una nota hablada. Escúchela, por favor.",
    "ar": "أولوية {urgency} في ملاحظة صوتية. يرجى الاستماع إليها.",
}


async def write(
    conn: Connection, jobs: Jobs, job: Job, note: Note, result: Result, found: Assessed, status: str, now_ms: int,
) -> bool:  # fmt: skip
    """False: another run has written it, and nothing was written now.

    status: of the note, for `interaction_logs`. What only rules say leaves the status a model's analysis gave.
    """
    if not await jobs.end(conn, job, "done" if result.source == "model" else "fallback"):
        return False
    kept_before = await results.has_model_result(conn, note.site, "note", note.id)
    version = await results.keep(conn, job, note.id, result, now_ms)
    language = result.language or note.language or "en"
    asks = note.person_id is not None and any(isinstance(one.found, Question) for one in found.placed)
    taken = await care_rows.medicines_of(conn, note.site, note.person_id or "", now_ms) if asks else ()
    for number, one in enumerate(found.placed):
        await _placed(conn, note, version, number, one, taken, language)
    if found.finding.code and not any(isinstance(one.found, Symptom) for one in found.placed) and note.person_id:
        await _flag(conn, note, version, found)
    if not (kept_before and result.source == "rules"):
        await care_rows.set_note(conn, note.site, note.id, status, result.transcript, result.language, result.intent)
    await _alert(conn, note, result, found, language, now_ms)
    return True


async def _alert(conn: Connection, note: Note, result: Result, found: Assessed, language: str, now_ms: int) -> None:
    urgency = result.verdict.urgency
    if urgency < ALERT_FROM and result.intent != "help":
        return
    topic = "red_flag" if urgency >= ALERT_FROM else "help"
    severity = "critical" if urgency >= CRITICAL_FROM else "warning"
    by_rules = topic == "red_flag" and found.finding.urgency == urgency
    title = red_flags.why(found.finding, language) if by_rules else ""
    says = {"code": found.finding.code if by_rules else "", "words": _words(found, by_rules)}
    await care_rows.raise_spoken(
        conn,
        note,
        topic,
        severity,
        title or _TITLE.get(language, _TITLE["en"]).format(urgency=urgency),
        urgency,
        says,
        now_ms,
    )


def _words(found: Assessed, by_rules: bool) -> str:
    """What was said that made it urgent, as far as anybody can point to it."""
    of_model = next((item.quote for item in found.items if item.kind == "urgency"), "")
    return (found.finding.words if by_rules else of_model)[:WORDS_MAX]


async def _placed(
    conn: Connection, note: Note, version: int, number: int, one: Placed, taken: Sequence[Medicine], language: str
) -> None:
    if note.person_id is None:
        return
    row_id = _row_id(note, version, str(number))
    if isinstance(one.found, Symptom):
        await conn.execute(
            "insert into symptom_logs (site, symptom_id, note_id, version, person_id, symptom, body_part, severity, onset,"
            " quote, start_s, end_s, source, noted_ms) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'model', %s)",
            (
                note.site, row_id, note.id, version, note.person_id, one.found.symptom, one.found.body_part,
                one.found.severity, one.found.onset, one.quote, one.start_s, one.end_s, note.recorded_ms,
            ),
        )  # fmt: skip
        return
    assert isinstance(one.found, Question)
    said = answer(one.found.topic, one.found.medication, taken, language)
    await conn.execute(
        "insert into medication_question_logs (site, question_id, note_id, version, person_id, topic, medication, quote,"
        " start_s, end_s, answer, answered_from, sources, language, asked_ms)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            note.site, row_id, note.id, version, note.person_id, one.found.topic, said.medication or one.found.medication,
            one.quote, one.start_s, one.end_s, said.text, said.answered_from, Jsonb(list(said.sources)), language,
            note.recorded_ms,
        ),
    )  # fmt: skip


async def _flag(conn: Connection, note: Note, version: int, found: Assessed) -> None:
    """What rules found is a symptom too, where no model has described it."""
    await conn.execute(
        "insert into symptom_logs (site, symptom_id, note_id, version, person_id, symptom, body_part, severity, onset, quote,"
        " source, noted_ms) values (%s, %s, %s, %s, %s, %s, 'unknown', 'unknown', 'unknown', %s, 'rules', %s)",
        (
            note.site, _row_id(note, version, "flag"), note.id, version, note.person_id, found.finding.code,
            found.finding.words, note.recorded_ms,
        ),
    )  # fmt: skip


def _row_id(note: Note, version: int, part: str) -> str:
    return str(uuid.uuid5(_SPACE, f"{note.site}\n{note.id}\n{version}\n{part}"))
