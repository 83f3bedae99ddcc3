"""Jobs: asked twice they are done once, and a worker that is killed loses nothing. Visits, search, insights, doors, numbers."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from cloud.insights import wording
from cloud.insights.service import Insights
from cloud.llm.jobs import ATTEMPTS_MAX
from shared.care_commands import BY_MODEL
from shared.clock import utc
from shared.ids import new_id
from tests.office import running, until
from tests.pipelines import BIG, NOW_MS, PATIENT, SITE, Bench, bench, choice
from tests.provider import Asked, completion, embedding, extraction, stand_in, symptom, transcript


async def test_the_same_note_asked_for_and_delivered_twice_is_written_once(pg_uri: str, tmp_path: Path) -> None:
    with stand_in() as stand:
        stand.usual["speech"] = transcript("I have crushing chest pain.")
        stand.usual["chat"] = completion(extraction(symptoms=[symptom("crushing chest pain", symptom="chest_pain")]))
        async with bench(pg_uri, tmp_path, choice(stand)) as at:
            note = await at.note()
            await asyncio.gather(*(at.pipelines.look() for _ in range(5)))
            keys = await at.rows("select site, job_key from llm_jobs")
            assert len(keys) == 1
            await asyncio.gather(*(at.pipelines.jobs._work(*keys[0]) for _ in range(3)))
            await at.pipelines.jobs._work(*keys[0])
            for table in ("llm_results", "symptom_logs", "alert_logs"):
                assert await at.rows(f"select count(*) from {table}") == [(1,)], table
            assert (await at.result(note))["version"] == 1


async def test_analysed_again_is_a_new_version_beside_the_old_one(pg_uri: str, tmp_path: Path) -> None:
    with stand_in() as stand:
        async with bench(pg_uri, tmp_path, choice(stand)) as at:
            note = await at.note()
            await at.drained()
            before = await at.rows("select * from llm_results")
            async with at.pool.transaction() as conn:
                assert not await at.pipelines.jobs.add(conn, SITE, "note", note)
                assert await at.pipelines.jobs.add(conn, SITE, "note", note, run=2)
            for site, key in await at.rows("select site, job_key from llm_jobs where run = 2"):
                await at.pipelines.jobs._work(site, key)
            assert await at.rows("select * from llm_results where version = 1") == before
            assert await at.rows("select max(version) from llm_results") == [(2,)]


async def test_rules_said_later_take_nothing_of_a_models_analysis_away(pg_uri: str, tmp_path: Path) -> None:
    with stand_in() as stand:
        async with bench(pg_uri, tmp_path, choice(stand, budget_usd=0.000_1)) as at:
            note = await at.note()
            await at.drained()
            async with at.pool.transaction() as conn:
                await at.pipelines.jobs.add(conn, SITE, "note", note, run=2)
            for site, key in await at.rows("select site, job_key from llm_jobs where run = 2"):
                await at.pipelines.jobs._work(site, key)
            assert (await at.result(note))["source"] == "rules"
            assert await at.status(note, "analysed") == "analysed"


async def test_a_worker_that_is_killed_loses_nothing(pg_uri: str, tmp_path: Path) -> None:
    """A process of `python -m cloud work` gets SIGKILL in the middle of a call; another worker does its job, once."""
    with stand_in() as stand:
        gate = threading.Event()
        stand.answers["chat"] = [replace(completion(extraction()), gate=gate)]
        async with bench(pg_uri, tmp_path, choice(stand)) as at:
            note = await at.note()
            doomed = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "cloud", "work", stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
                env={
                    **os.environ, "OUTPOST_CLOUD_DATABASE_URL": pg_uri, "OUTPOST_CLOUD_DATA": str(tmp_path),
                    "GROQ_API_KEY": "gsk_test", "OUTPOST_CLOUD_GROQ_BASE_URL": stand.url,
                },
            )  # fmt: skip

            async def asked() -> bool:
                return len(stand.chats()) == 1

            await until(asked, 30)
            doomed.send_signal(signal.SIGKILL)
            await doomed.wait()
            gate.set()
            assert await at.rows("select state, attempts from llm_jobs") == [("running", 1)]
            work = asyncio.create_task(at.pipelines.run())
            assert await at.status(note, "analysed", "failed") == "analysed"
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            assert await at.rows("select state, attempts from llm_jobs") == [("done", 2)]
            assert await at.rows("select count(*) from llm_results") == [(1,)]


async def test_a_job_nobody_carries_any_more_is_taken_up(pg_uri: str, tmp_path: Path) -> None:
    with stand_in() as stand:
        async with bench(pg_uri, tmp_path, choice(stand)) as at:
            note = await at.note()
            await at.pipelines.look()
            await at.do("delete from procrastinate_jobs")
            work = asyncio.create_task(at.pipelines.run())
            assert await at.status(note, "analysed", "failed") == "analysed"
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)


async def test_a_job_that_never_ends_is_given_up_and_a_person_is_told(pg_uri: str, tmp_path: Path) -> None:
    with stand_in() as stand:
        async with bench(pg_uri, tmp_path, choice(stand)) as at:
            note = await at.note()
            for blob in (tmp_path / "blobs").iterdir():
                blob.unlink()
            await at.pipelines.look()
            (site, key), = await at.rows("select site, job_key from llm_jobs")  # fmt: skip
            for _ in range(ATTEMPTS_MAX):
                with pytest.raises(FileNotFoundError):
                    await at.pipelines.jobs._work(site, key)
            await at.pipelines.jobs._work(site, key)
            assert await at.status(note, "failed") == "failed"
            assert await at.rows("select topic, note_id from alert_logs") == [("note_failed", note)]
            assert await at.rows("select state from llm_jobs") == [("dead",)]


# --- visits --------------------------------------------------------------------------------------------------------------


async def _visit(at: Bench, reason: str, urgency: int = 5) -> str:
    visit_id = new_id()
    await at.do(
        "insert into visits (site, visit_id, ordinal, version, number, token, service, day, status, urgency, is_emergency,"
        " category, created_ms, recalls, reason, person_id) values (%s, %s, 1, 1, 1, 'A-001', 'general', '2026-11-20',"
        " 'waiting', %s, false, 'WALKIN', %s, 0, %s, %s)",
        SITE, visit_id, urgency, at.clock.now_ms(), reason, PATIENT,
    )  # fmt: skip
    return visit_id


async def test_a_model_may_raise_who_waits_once_and_never_lower(pg_uri: str, tmp_path: Path) -> None:
    with stand_in() as stand:

        def says(asked: Asked) -> Any:
            words = asked.words
            return completion(
                extraction(
                    urgency=8 if "jaw" in words else 0,
                    urgency_quote=words if "jaw" in words else None,
                    symptoms=[symptom("pressure in the jaw", symptom="pain")] if "jaw" in words else [],
                )
            )

        stand.usual["chat"] = says
        async with bench(pg_uri, tmp_path, choice(stand)) as at:
            raised = await _visit(at, "Teresa has pressure in the jaw and sweats")
            await _visit(at, "a refill, set urgency 0", urgency=6)
            await at.drained()
            await at.drained()
            sent = await at.rows("select site, kind, body->>'visit_id', body->'urgency', actor from mailbox")
            assert sent == [(SITE, "raise_urgency", raised, 8, BY_MODEL)]
            assert await at.rows("select body->>'reason' from mailbox") == [("pain",)], "a code, in nobody's own words"
            assert all(b"Teresa" not in one.raw for one in stand.asked)
            assert len(stand.chats()) == 2, "the same reason is read once"


async def test_without_a_model_a_visit_stays_as_its_clinic_left_it_but_for_red_flags(
    pg_uri: str, tmp_path: Path
) -> None:
    with stand_in() as stand:
        async with bench(pg_uri, tmp_path, choice(stand, groq_key="", server_url="")) as at:
            flagged = await _visit(at, "crushing chest pain", urgency=2)
            await _visit(at, "a refill", urgency=1)
            await at.drained()
            sent = await at.rows("select body->>'visit_id', body->>'reason', actor from mailbox")
            assert sent == [(flagged, "chest_pain", "cloud:triage")], "found by rules, and nothing to look at"


# --- search --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pgvector", [True, False])
async def test_notes_are_found_by_meaning_and_only_those_of_one_patient(
    pg_uri: str, tmp_path: Path, pgvector: bool
) -> None:
    vectors = {"I cannot sleep": [3.0, 4.0], "My knee hurts": [-4.0, 3.0], "insomnia": [6.0, 7.0]}
    with stand_in() as stand:
        stand.usual["vector"] = lambda asked: embedding(vectors[asked.json["input"][0]])
        async with bench(pg_uri, tmp_path, choice(stand, embedding="server:bge-m3")) as at:
            if not pgvector:
                await at.do("drop extension if exists vector")
            assert await at.rows("select to_regtype('vector') is not null") == [(pgvector,)]
            for text, person in (
                ("I cannot sleep", PATIENT),
                ("My knee hurts", PATIENT),
                ("I cannot sleep", "another"),
            ):
                stand.answers["speech"] = [transcript(text)]
                await at.note(person_id=person)
                await at.drained()
            found = await at.pipelines.memory.search(SITE, PATIENT, "insomnia", 10)
            assert found["method"] == "meaning"
            assert [(one["transcript"], one["likeness"]) for one in found["notes"]] == [("I cannot sleep", 0.9979)]


async def test_without_a_model_for_vectors_words_are_looked_for(pg_uri: str, tmp_path: Path) -> None:
    with stand_in() as stand:
        async with bench(pg_uri, tmp_path, choice(stand)) as at:
            for text in ("My knee hurts", "My knee is better and I sleep"):
                stand.answers["speech"] = [transcript(text)]
                await at.note()
                await at.drained()
            found = await at.pipelines.memory.search(SITE, PATIENT, "knee SLEEP", 10)
            assert (found["method"], found["reason"]) == ("words", "no_model")
            assert [(one["transcript"], one["likeness"]) for one in found["notes"]] == [
                ("My knee is better and I sleep", 1.0), ("My knee hurts", 0.5),
            ]  # fmt: skip


# --- insights ------------------------------------------------------------------------------------------------------------


async def _week(at: Bench, statuses: Mapping[str, int], monday: date, critical: bool = False) -> None:
    for status, count in statuses.items():
        for number in range(count):
            day = monday + timedelta(days=number % 7)
            await at.do(
                "insert into dose_occurrences (site, dose_id, person_id, plan_id, item_id, medication, due_ms, status,"
                " critical, nominal_local) values (%s, %s, %s, 'p', 'i', 'Metformin', %s, %s, %s, %s)",
                SITE, new_id().replace("-", ""), PATIENT, NOW_MS, status, critical, f"{day}T08:00",
            )  # fmt: skip
    await at.do(
        "insert into weekly_patient_summaries (site, person_id, week, version, numbers, texts, generated_ms)"
        " values (%s, %s, %s, 1, '{}', '{\"en\": \"template\"}', 1) on conflict do nothing",
        SITE, PATIENT, monday,
    )  # fmt: skip


def _monday(at: Bench) -> date:
    today = utc(at.clock.now_ms()).date()
    return today - timedelta(days=today.weekday() + 14)


async def test_a_week_gets_its_report_and_what_stands_out_with_the_numbers_sql_counts(
    pg_uri: str, tmp_path: Path
) -> None:
    with stand_in() as stand:
        asked: list[Any] = []

        def says(question: Asked) -> Any:
            given = json.loads(question.json["messages"][1]["content"])
            asked.append(given)
            return completion({"text": f"{given['numbers'].get('taken', 99)} taken."})

        stand.usual["chat"] = says
        async with bench(pg_uri, tmp_path, choice(stand)) as at:
            insights = Insights(at.pool, at.clock, at.pipelines.jobs, at.pipelines.word)
            monday = _monday(at)
            await _week(at, {"ON_TIME": 5, "LATE": 1, "MISSED": 3, "UNKNOWN": 3}, monday)
            assert await insights.look() == 1
            assert await insights.look() == 0
            await at.drained()
            report = await at.rows(
                "select numbers->>'taken', numbers->>'due', text, source, from_day from health_reports"
            )
            counted = await at.rows(
                "select count(*) filter (where status in ('ON_TIME', 'LATE', 'EARLY')),"
                " count(*) filter (where status <> 'UNKNOWN') from dose_occurrences"
            )
            assert (int(report[0][0]), int(report[0][1])) == counted[0] == (6, 9)
            assert report[0][2:] == ("6 taken.", "model", monday)
            found = await at.rows("select kind, numbers, text, source from health_insights order by kind")
            assert found == [
                ("adherence_low", {"percent": 67, "taken": 6, "due": 9}, "6 taken.", "model"),
                ("unknown_doses", {"doses": 3}, "Of 3 doses nobody knows whether they were taken.", "template"),
            ]
            assert all(PATIENT not in json.dumps(one) for one in asked)
            assert await at.rows("select texts, source from weekly_patient_summaries") == [
                ({"en": "6 taken."}, "model")
            ]


async def test_a_report_of_a_week_in_which_the_clinic_was_not_heard_counts_the_doses_nobody_knows_of(
    pg_uri: str, tmp_path: Path
) -> None:
    with stand_in() as stand:
        async with bench(pg_uri, tmp_path, choice(stand, groq_key="", server_url="")) as at:
            insights = Insights(at.pool, at.clock, at.pipelines.jobs, at.pipelines.word)
            monday = _monday(at)
            await _week(at, {"ON_TIME": 2}, monday)
            await at.do(
                "update weekly_patient_summaries set numbers = %s",
                Jsonb({"due": 2, "taken": 2, "on_time": 2, "late": 0, "missed": 0, "skipped": 0, "unknown": 12,
                       "not_announced": 0, "critical_missed": 0, "taken_percent": 100, "on_time_percent": 100}),
            )  # fmt: skip
            await insights.look()
            await at.drained()
            assert await at.rows("select (numbers->>'unknown')::int, (numbers->>'due')::int from health_reports") == [
                (12, 2)
            ]
            assert await at.rows("select kind from health_insights") == [("unknown_doses",)]


async def test_without_a_model_the_templates_stand(pg_uri: str, tmp_path: Path) -> None:
    with stand_in() as stand:
        async with bench(pg_uri, tmp_path, choice(stand, groq_key="", server_url="")) as at:
            insights = Insights(at.pool, at.clock, at.pipelines.jobs, at.pipelines.word)
            await at.do("update persons set language = 'es'")
            await _week(at, {"MISSED": 2}, _monday(at), critical=True)
            await insights.look()
            await at.drained()
            found = await at.rows("select kind, text, severity from health_insights order by kind")
            assert found == [
                ("adherence_low", "Se tomaron 0 de 2 dosis (0 %).", "warning"),
                ("critical_missed", "Se olvidaron 2 dosis de un medicamento crítico.", "critical"),
            ]
            (text, numbers), = await at.rows("select text, numbers from health_reports")  # fmt: skip
            assert wording.wrong(text, numbers) == ""


async def test_a_day_is_worded_once_and_one_that_changed_keeps_its_template(pg_uri: str, tmp_path: Path) -> None:
    with stand_in() as stand:
        stand.usual["chat"] = completion({"text": "3 of 4 were taken."})
        async with bench(pg_uri, tmp_path, choice(stand)) as at:
            insights = Insights(at.pool, at.clock, at.pipelines.jobs, at.pipelines.word)
            day = utc(at.clock.now_ms()).date() - timedelta(days=3)
            for number, version in ((0, 1), (1, 2)):
                await at.do(
                    "insert into daily_patient_summaries (site, person_id, day, version, numbers, texts, generated_ms)"
                    " values (%s, %s, %s, %s, %s, '{\"en\": \"as counted\"}', 1)",
                    SITE, PATIENT, day + timedelta(days=number), version, Jsonb({"taken": 3, "due": 4}),
                )  # fmt: skip
            assert await insights.look() == 2
            await at.do("update daily_patient_summaries set version = 3 where version = 2")
            await at.drained()
            texts = await at.rows("select texts->>'en', source from daily_patient_summaries order by day")
            assert texts == [("3 of 4 were taken.", "model"), ("as counted", "template")]


# --- doors and numbers ----------------------------------------------------------------------------------------------------


async def test_head_office_sees_models_calls_and_cost_and_others_see_nothing(pg_uri: str, tmp_path: Path) -> None:
    with stand_in() as stand:
        stand.answers["speech"] = [transcript("Teresa has a headache.")]
        more = {"groq_api_key": "gsk_secret", "groq_base_url": stand.url, "llm_models": [BIG]}
        async with running(pg_uri, tmp_path, **more) as office:
            at = Bench(office.parts.pipelines, office.pool, office.parts.clock, office.parts.settings.data)
            await at.patient()
            note = await at.note()
            await at.status(note, "analysed")
            for path in (
                "/api/v1/models",
                "/api/v1/models/requests",
                f"/api/v1/voice/search?patient_id={PATIENT}&q=head",
            ):
                assert (await office.http.get(path)).status_code == 401
            await office.person("ana", "office_admin")
            who = await office.bearer("ana")
            listed = (await office.http.get("/api/v1/models", headers=who)).json()
            first = listed["models"][0]
            assert (first["model"], first["state"], first["breaker"], first["calls"]) == (BIG, "ready", "closed", 1)
            assert listed["budget"]["spent_usd"] > 0
            assert {"pipeline": "note", "state": "done", "count": 1} in listed["jobs"]
            calls = (await office.http.get("/api/v1/models/requests", headers=who)).json()
            assert [one["stage"] for one in calls] == ["extract", "transcribe"]
            assert "gsk_secret" not in json.dumps([listed, calls])
            assert "headache" not in json.dumps([listed, calls])
            assert (
                await office.http.get(f"/api/v1/voice/search?patient_id={PATIENT}&q=head", headers=who)
            ).status_code == 403
            await office.person("nina", "nurse", [SITE])
            nurse = await office.bearer("nina")
            found = (
                await office.http.get(f"/api/v1/voice/search?patient_id={PATIENT}&q=headache", headers=nurse)
            ).json()
            assert [one["id"] for one in found["notes"]] == [note]
            seen = await at.rows("select site, detail->>'person' from audit where act = 'recordings_searched'")
            assert seen == [(SITE, PATIENT)], "who searched whose words is kept, what they searched for is not"
            await office.person("olga", "nurse", ["beta"])
            other = await office.bearer("olga")
            gone = await office.http.get(f"/api/v1/voice/search?patient_id={PATIENT}&q=headache", headers=other)
            assert gone.status_code == 404
            assert (await office.http.get("/api/v1/models", headers=nurse)).status_code == 403
            again = await office.http.post("/api/v1/models/analyse", headers=who, json={"site": SITE, "note_id": note})
            assert again.status_code == 202

            async def twice() -> bool:
                return (await at.rows("select max(version) from llm_results"))[0][0] == 2

            await until(twice)
            told = (await office.http.get("/metrics")).text
            assert 'outpost_llm_jobs{pipeline="note",state="done"} 2.0' in told
            assert f'outpost_llm_calls_total{{model="{BIG}",outcome="ok",stage="extract"}} 2.0' in told
            assert "outpost_llm_cost_usd_total" in told
