"""The seed command: every table of seed 002 is there and filled, by the code of life, with made-up people, once."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from cloud import cli
from shared import passwords
from shared.clock import HANDOVER, Clock

TABLES = (
    "users", "patients", "caregivers", "doctors", "patient_caregiver", "patient_doctor", "devices", "device_heartbeats",
    "device_events", "medications", "medication_plans", "medication_plan_items", "dose_occurrences", "dose_event_logs",
    "conversations", "interaction_logs", "llm_requests", "symptom_logs", "medication_question_logs", "alert_logs",
    "notification_channels", "notification_events", "notification_deliveries", "daily_patient_summaries",
    "weekly_patient_summaries", "health_insights", "health_reports", "embeddings",
)  # fmt: skip
"""As 002:30 to 002:35 names them."""


@pytest.fixture
def environment(pg_uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("OUTPOST_CLOUD_DATABASE_URL", pg_uri)
    monkeypatch.setenv("OUTPOST_CLOUD_DATA", str(tmp_path / "cloud"))
    return pg_uri


@pytest.mark.parametrize("day", range(23, 30))
def test_something_stands_out_on_whatever_day_and_hour_it_runs(
    environment: str, monkeypatch: pytest.MonkeyPatch, day: int
) -> None:
    clock = Clock.starting_at(datetime(2026, 11, day, (5 * day) % 24, 20, tzinfo=UTC))
    monkeypatch.setenv(HANDOVER, clock.handover())
    assert CliRunner().invoke(cli.app, ["seed-care"]).exit_code == 0
    with psycopg.connect(environment) as conn:
        found = {kind for (kind,) in conn.execute("select kind from health_insights")}
        assert found >= {"critical_missed", "adherence_low"}
        statuses = {row[0] for row in conn.execute("select status from dose_occurrences")}
        assert {"ON_TIME", "LATE", "MISSED", "SKIPPED", "NOT_ANNOUNCED", "PLANNED"} <= statuses


def test_every_table_of_the_seed_is_there_and_filled_once(environment: str) -> None:
    assert len(set(TABLES)) == 28
    made = CliRunner().invoke(cli.app, ["seed-care"])
    assert made.exit_code == 0, made.output
    with psycopg.connect(environment) as conn:
        empty = [one for one in TABLES if not conn.execute(f"select 1 from {one} limit 1".encode()).fetchone()]
        assert empty == []
        statuses = {row[0] for row in conn.execute("select status from dose_occurrences")}
        assert {"ON_TIME", "LATE", "MISSED", "SKIPPED", "NOT_ANNOUNCED", "PLANNED"} <= statuses
        acts = {row[0] for row in conn.execute("select act from dose_event_logs")}
        assert {"announced", "taken", "missed", "skipped", "not_announced"} <= acts
        out = conn.execute("select count(*) from notification_channels where off_ms is null").fetchone()
        assert out == (0,), "nothing ever leaves for made-up people"
        week = conn.execute("select numbers, texts from weekly_patient_summaries order by week limit 1").fetchone()
        assert week is not None and week[0]["due"] > 0 and set(week[1]) == {"en", "hi", "es", "ar"}
        before = conn.execute("select count(*) from dose_occurrences").fetchone()
    again = CliRunner().invoke(cli.app, ["seed-care"])
    assert again.exit_code == 1 and "empty database" in again.output
    with psycopg.connect(environment) as conn:
        assert conn.execute("select count(*) from dose_occurrences").fetchone() == before


def test_the_password_that_is_printed_opens_the_accounts(environment: str) -> None:
    made = CliRunner().invoke(cli.app, ["seed-care"])
    found = re.search(r"Sign in as (.+) with the password (\S+)", made.output)
    assert found is not None
    with psycopg.connect(environment) as conn:
        hashes: dict[str, str] = dict(conn.execute("select name, password from accounts").fetchall())
    assert set(found[1].split(", ")) == set(hashes)
    assert all(passwords.check(found[2], one).right for one in hashes.values())
