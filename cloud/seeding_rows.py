"""Rows of made-up people that nothing here makes by itself: a clinic's projections, a model's words, a message sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from psycopg.types.json import Jsonb

from cloud.db.pool import Connection
from cloud.insights import numbers, wording
from cloud.insights.findings import findings
from cloud.notify.sealing import Seal
from shared.clock import to_ms
from shared.doses.localtime import DAY_MS
from shared.ids import new_id

FILLED: Final = (
    "select exists (select 1 from persons) or exists (select 1 from medication_plans) or exists (select 1 from devices)"
)
ASKED: Final = "¿Tomo la pastilla con comida?"
TRANSCRIPT: Final = f"Me duele la cabeza desde ayer. {ASKED}"
MADE_UP: Final = "made-up"


class Planned(NamedTuple):
    """A dose of the plan."""

    id: str
    due_ms: int
    on_time_until_ms: int
    miss_at_ms: int


async def is_filled(conn: Connection) -> bool:
    """Whether there is anything of care already."""
    found = await conn.execute(FILLED)
    row = await found.fetchone()
    return bool(row and row[0])


async def clinic(
    conn: Connection, site: str, zone: str, persons: Mapping[str, tuple[str, str, int]], now_ms: int
) -> str:
    """A site with people and a doctor, as its events would have made them; returns the doctor's id."""
    await _insert(conn, "sites", {"site": site, "name": "Made-up clinic", "created_ms": now_ms})
    await _insert(conn, "site_state", {
        "site": site, "epoch": "0" * 16, "heard_ms": now_ms, "path": "https", "unsent": [0, 0, 0], "status": "ok",
        "boot": "seed", "version": "seed", "clock_now_ms": now_ms, "clock_mono_ms": 0, "clock_trust": "s", "timezone": zone,
    })  # fmt: skip
    for person_id, (name, language, age) in persons.items():
        await _insert(conn, "persons", {
            "site": site, "person_id": person_id, "ordinal": 1, "version": 1, "name": name, "phone": "", "email": "",
            "age": age, "gender": None, "language": language, "notify": False, "created_ms": now_ms, "erased": False,
        })  # fmt: skip
    doctor_id = new_id()
    await _insert(conn, "doctors", {
        "site": site, "doctor_id": doctor_id, "ordinal": 1, "version": 1, "number": 1, "name": "Dr. Nadia Okafor",
        "specialization": "General", "service": None, "room": "1", "is_active": True, "is_on_break": False,
    })  # fmt: skip
    return doctor_id


async def backdate(conn: Connection, site: str, plan_id: str, at_ms: int) -> None:
    """The plan was written then; its doses are to be made anew."""
    await conn.execute(
        "update medication_plans set created_ms = %s, changed_ms = %s, expanded_until_ms = null"
        " where site = %s and plan_id = %s",
        (at_ms, at_ms, site, plan_id),
    )


async def planned(conn: Connection, site: str, plan_id: str, before_ms: int) -> list[Planned]:
    """Doses of the plan that were due before then, in order."""
    found = await conn.execute(
        "select dose_id, due_ms, on_time_until_ms, miss_at_ms from dose_occurrences where site = %s and plan_id = %s"
        " and due_ms < %s and miss_at_ms < %s order by due_ms, dose_id",
        (site, plan_id, before_ms, before_ms + DAY_MS // 2),
    )
    return [Planned(*row) for row in await found.fetchall()]


async def understood(conn: Connection, site: str, person_id: str, note_id: str, now_ms: int) -> None:
    """What a model made of the recording: a symptom, a question, and an alert for the clinic."""
    await conn.execute(
        "update interaction_logs set status = 'analysed', transcript = %s, intent = 'symptom' where site = %s"
        " and interaction_id = %s",
        (TRANSCRIPT, site, note_id),
    )
    said = {"site": site, "note_id": note_id, "version": 1, "person_id": person_id}
    quotes = [
        {
            "kind": "symptom",
            "value": "headache",
            "quote": "Me duele la cabeza desde ayer",
            "start_s": None,
            "end_s": None,
        },
        {"kind": "question", "value": "how_to_take", "quote": ASKED, "start_s": None, "end_s": None},
    ]
    await _insert(conn, "llm_results", {
        "site": site, "pipeline": "note", "subject_id": note_id, "version": 1, "job_key": MADE_UP, "person_id": person_id,
        "source": "model", "model": MADE_UP, "prompt_version": MADE_UP, "schema_version": MADE_UP, "language": "es",
        "transcript": TRANSCRIPT, "intent": "symptom", "urgency": 4, "raised_by_model": 4, "review": True,
        "items": Jsonb(quotes), "created_ms": now_ms,
    })  # fmt: skip
    await _insert(conn, "llm_requests", {
        "site": site, "request_id": new_id(), "pipeline": "note", "stage": "extract", "subject_id": note_id,
        "provider": MADE_UP, "model": MADE_UP, "prompt_version": MADE_UP, "prompt_hash": "0" * 64, "retry": 0, "outcome": "ok",
        "tokens_in": 640, "tokens_out": 90, "ms": 700, "cost_micros": 150, "at_ms": now_ms,
    })  # fmt: skip
    await _insert(conn, "symptom_logs", {
        **said, "symptom_id": new_id(), "symptom": "headache", "body_part": "head", "severity": "mild", "onset": "days",
        "quote": "Me duele la cabeza desde ayer", "source": "model", "noted_ms": now_ms - DAY_MS,
    })  # fmt: skip
    await _insert(conn, "medication_question_logs", {
        **said, "question_id": new_id(), "topic": "how_to_take", "medication": "Metformin 500 mg",
        "quote": ASKED, "answer": "Con el desayuno.", "answered_from": "vetted",
        "language": "es", "asked_ms": now_ms - DAY_MS,
    })  # fmt: skip
    await _insert(conn, "embeddings", {
        "site": site, "note_id": note_id, "model": MADE_UP, "person_id": person_id, "version": 1, "dimensions": 2,
        "vector": [0.6, 0.8], "created_ms": now_ms,
    })  # fmt: skip
    await _insert(conn, "alert_logs", {
        "site": site, "alert_id": new_id(), "source": "llm", "person_id": person_id, "topic": "symptom", "severity": "info",
        "title": "Amelia Rivas: headache since yesterday", "note_id": note_id, "audience": "clinic", "rung": 4,
        "raised_ms": now_ms - DAY_MS, "expires_ms": now_ms, "acked_by": f"{site}-nurse", "acked_ms": now_ms - DAY_MS // 2,
        "is_open": False, "ended_ms": now_ms - DAY_MS // 2,
    })  # fmt: skip


async def told(conn: Connection, site: str, person_id: str, key: bytes, now_ms: int) -> None:
    """A message of yesterday to the caregiver. The channel is off and leads to this machine: nothing ever leaves by it."""
    found = await conn.execute(
        "select caregiver_id from patient_caregiver where site = %s and person_id = %s", (site, person_id)
    )
    row = await found.fetchone()
    assert row is not None, "the caregivers were added before"
    caregiver, channel, event, then = row[0], new_id(), new_id(), now_ms - DAY_MS
    await _insert(conn, "notification_channels", {
        "site": site, "channel_id": channel, "owner_kind": "caregiver", "owner_id": caregiver, "kind": "webhook",
        "sealed": Seal(key).close("http://127.0.0.1:9/", f"{site}/{channel}"), "shown": "127.0.0.1 (made up)",
        "created_ms": then, "verified_ms": then, "off_ms": now_ms, "off_reason": "made up",
    })  # fmt: skip
    await _insert(conn, "notification_events", {
        "site": site, "event_id": event, "key": f"seed:{event}", "topic": "missed_dose", "severity": "warning",
        "audience": "caregiver", "person_id": person_id, "raised_ms": then, "expires_ms": now_ms, "created_ms": then,
        "facts": Jsonb({"person_id": person_id, "name": "Amelia Rivas", "clinic": "Made-up clinic", "title": "",
                        "medicines": [["Levodopa 100 mg", then]], "since_ms": None}),
        "state": "ended", "reason": "made up",
    })  # fmt: skip
    await _insert(conn, "notification_deliveries", {
        "site": site, "delivery_id": new_id(), "event_id": event, "channel_site": site, "channel_id": channel,
        "recipient": f"caregiver:{caregiver}", "language": "es", "message_id": new_id(), "state": "delivered", "due_ms": then,
        "expires_ms": now_ms, "tries": 1, "sent_ms": then, "delivered_ms": then, "created_ms": then,
    })  # fmt: skip


async def mark_days(conn: Connection, site: str, persons: Sequence[str], days: Sequence[date]) -> None:
    """Days that are to be summed up."""
    for person_id in persons[:1]:
        for day in days:
            await conn.execute(
                "insert into summaries_due values (%s, %s, %s) on conflict do nothing", (site, person_id, day)
            )


async def insights(conn: Connection, site: str, person_id: str, monday: date, zone: ZoneInfo, now_ms: int) -> None:
    """What stands out in last week, and its report, in the words of the templates."""
    this, before = [
        await numbers.between(
            conn, site, person_id, first, first + timedelta(days=6), _ms(first, zone), _ms(first, zone, 7)
        )
        for first in (monday, monday - timedelta(days=7))
    ]
    common = {"site": site, "person_id": person_id, "version": 1, "language": "es", "source": "template",
              "created_ms": now_ms}  # fmt: skip
    await _insert(conn, "health_reports", {
        **common, "report_id": new_id(), "from_day": monday, "until_day": monday + timedelta(days=6), "numbers": Jsonb(this),
        "text": wording.week_text(this, "es"),
    })  # fmt: skip
    for finding in findings(this, before):
        kind = f"{finding.kind}:{finding.symptom}" if finding.symptom else finding.kind
        await _insert(conn, "health_insights", {
            **common, "insight_id": new_id(), "period": "week", "starts_on": monday, "kind": kind,
            "severity": finding.severity, "numbers": Jsonb(finding.numbers), "text": wording.finding_text(finding, "es"),
        })  # fmt: skip


async def doses_by_status(conn: Connection, site: str) -> dict[str, int]:
    """How many doses came out how."""
    found = await conn.execute(
        "select status, count(*) from dose_occurrences where site = %s group by 1 order by 1", (site,)
    )
    return dict(await found.fetchall())


def _ms(day: date, zone: ZoneInfo, later: int = 0) -> int:
    return to_ms(datetime.combine(day + timedelta(days=later), datetime.min.time(), zone))


async def _insert(conn: Connection, table: str, row: Mapping[str, Any]) -> None:
    await conn.execute(
        f"insert into {table} ({', '.join(row)}) values ({', '.join(['%s'] * len(row))})", list(row.values())
    )
