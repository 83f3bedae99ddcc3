"""Seed 000 over HTTP: the log of what happened. It stays whole and quick however long the history is."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from edge.domain.booking_commands import NewPerson, RegisterVisit
from edge.domain.commands import AddDoctor, FlagEmergency, MarkNoShow, OpenDay, ParkVisit, StartWith, Undo
from edge.store import face_000_log as log
from edge.store import places, reads
from edge.web.face_000_bodies import stats_of
from shared.clock import utc
from shared.ids import new_id
from tests.edge_web import Web, web
from tests.integration.test_face_000_patients import JOHN, MANAGER, refusal, register

LINE = {"id", "at", "event", "patient_id", "token_number", "doctor_id", "actor", "details"}
LOGS = "/api/staff/logs"


async def lines(site: Web, **query: Any) -> list[dict[str, Any]]:
    """The log as a manager reads it."""
    answer = await site.http.get(LOGS, params=query, headers=MANAGER)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


async def all_pages(site: Web, limit: int, **query: Any) -> list[dict[str, Any]]:
    """Every page from the first to the last, by the links in the header."""
    found: list[dict[str, Any]] = []
    answer = await site.http.get(LOGS, params={"limit": limit, **query}, headers=MANAGER)
    for _ in range(500):
        assert answer.status_code == 200 and len(answer.json()) <= limit, answer.text
        found += answer.json()
        if "next" not in answer.links:
            return found
        answer = await site.http.get(answer.links["next"]["url"], headers=MANAGER)
    raise AssertionError("the pages never end")


async def forget_events(site: Web) -> None:
    """Let the events go as they do after two weeks; the visits and their intervals stay."""
    await site.it.dispatcher.writer.run(lambda conn: conn.execute("delete from events").rowcount)


async def a_morning(site: Web) -> None:
    """Somebody is registered, seen and goes; somebody is flagged and skips away; a doctor goes on a break."""
    await register(site, name="Ann", doctor_id=1)
    site.it.pass_time(60)
    bob = await register(site, name="Bob")
    site.it.pass_time(60)
    await site.http.post("/api/doctors/1/start-consultation", json={"patient_id": 1}, headers=MANAGER)
    site.it.pass_time(300)
    await site.http.post("/api/doctors/1/complete-consultation", headers=MANAGER)
    await site.it.accepted(FlagEmergency, visit_id=bob["uuid"], reason="chest pain")
    site.it.pass_time(60)
    await site.http.put("/api/staff/toggle-doctor/1", json={"is_on_break": True}, headers=MANAGER)


@pytest.mark.parametrize("path", [LOGS, f"{LOGS}/"])
async def test_get_staff_logs_says_what_happened_newest_first(tmp_path: Path, path: str) -> None:
    async with web(tmp_path) as site:
        await a_morning(site)
        found = (await site.http.get(path, headers=MANAGER)).json()
        assert all(line.keys() >= LINE for line in found)
        assert [line["at"] for line in found] == sorted((line["at"] for line in found), reverse=True)
        assert [line["event"] for line in found[:8]] == [
            "doctor_changed", "visit_flagged", "consultation_completed", "consultation_started", "visit_called",
            "token_issued", "person_added", "token_issued",
        ]  # fmt: skip
        toggled, flagged, completed = found[:3]
        assert toggled["doctor_id"] == 1 and toggled["patient_id"] is None and toggled["details"]["is_on_break"] is True
        assert flagged["patient_id"] == 2 and flagged["token_number"] == "A-002"
        assert flagged["details"]["reason"] == "chest pain" and flagged["actor"] == "staff:test"
        assert completed["actor"] == "operator:local" and completed["details"]["status"] == "completed"
        assert completed["details"]["device"] == "api" and completed["at"].endswith("+05:30")


async def test_the_log_names_who_did_it_and_no_patient(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await site.add_staff("ana", "reception")
        desk = await site.page("ana")
        await desk.post("/api/patients/register", json=JOHN)
        answer = await desk.get(LOGS)
        assert answer.json()[0]["actor_name"] == "Ana" and answer.json()[0]["details"]["device"] == "page"
        assert not any(word in answer.text for word in ("John", "9999999999", "Fever"))
        await forget_events(site)
        assert (await desk.get(LOGS)).json()[0]["actor_name"] == "Ana"


@pytest.mark.parametrize("limit", [1, 2, 7, 1000])
async def test_the_pages_of_the_log_put_together_are_the_whole_log(tmp_path: Path, limit: int) -> None:
    async with web(tmp_path) as site:
        await a_morning(site)
        whole = await lines(site, limit=1000)
        assert len(whole) > 10 and len({line["id"] for line in whole}) == len(whole)
        assert await all_pages(site, limit) == whole


async def test_what_is_new_while_somebody_pages_moves_no_line(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await a_morning(site)
        whole = await lines(site)
        first = await site.http.get(LOGS, params={"limit": 3}, headers=MANAGER)
        await register(site, name="New")
        rest = await site.http.get(first.links["next"]["url"], headers=MANAGER)
        assert first.json() + rest.json() == whole[:6]


async def test_the_log_by_kind_and_by_doctor(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await site.it.accepted(AddDoctor, doctor_id=new_id(), name="Dr. Ode")
        await a_morning(site)
        await register(site, name="Cid", doctor_id=2)
        assert [line["patient_id"] for line in await lines(site, kind="token_issued")] == [3, 2, 1]
        of_ode = await lines(site, doctor_id=2)
        assert of_ode and {line["doctor_id"] for line in of_ode} == {2}
        assert {line["event"] for line in of_ode} >= {"token_issued", "doctor_added"}
        assert await lines(site, doctor_id=site.it.doctor_id) == await lines(site, doctor_id="1")
        assert await all_pages(site, 1, doctor_id=2, kind="token_issued") == await lines(
            site, doctor_id=2, kind="token_issued"
        )


async def test_the_log_of_a_date_is_what_happened_on_that_date_in_site_time(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await a_morning(site)
        first_day = await lines(site)
        site.it.pass_time(86_400)
        await site.it.accepted(OpenDay, day="2026-11-21")
        await register(site, name="Later")
        second = await lines(site, date="2026-11-21")
        assert {line["at"][:10] for line in second} == {"2026-11-21"}
        assert "visit_expired" in {line["event"] for line in second}
        assert await lines(site, date="2026-11-20") == first_day
        assert await all_pages(site, 2, date="2026-11-20") == first_day
        assert await lines(site, date="2026-11-19") == await lines(site, date="2031-01-01") == []
        at_ms = site.it.store.clock.now_ms()
        midnight_ms = (at_ms + 19_800_000) // 86_400_000 * 86_400_000 + 86_400_000 - 19_800_000
        site.it.store.clock.start_ms += midnight_ms - at_ms - 1
        await register(site, name="Just before midnight")
        site.it.store.clock.start_ms += 1
        await register(site, name="At midnight")
        assert utc(midnight_ms).hour == 18, "midnight in Kolkata is half past six in the evening at Greenwich"
        assert [line["event"] for line in await lines(site, date="2026-11-22")] == ["token_issued", "person_added"]


async def test_after_two_weeks_the_visits_own_log_goes_on_with_the_same_ids(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await a_morning(site)
        before = {line["id"]: line for line in await lines(site) if line["patient_id"] is not None}
        await forget_events(site)
        site.it.pass_time(20 * 86_400)
        await site.it.accepted(OpenDay, day="2026-12-10")
        await register(site, name="Today")
        old = [line for line in await lines(site) if line["at"] < "2026-12"]
        assert {line["id"] for line in old} == before.keys()
        for line in old:
            was = before[line["id"]]
            for name in ("at", "patient_id", "token_number", "doctor_id", "actor", "actor_name"):
                assert line[name] == was[name]
            assert line["event"] in (was["event"], "visit_changed")
        assert [line["event"] for line in old] == [
            "visit_changed", "consultation_completed", "consultation_started", "visit_called", "token_issued", "token_issued",
        ]  # fmt: skip
        whole = await lines(site)
        assert whole[0]["event"] == "token_issued" and whole[0]["at"] > "2026-12"
        assert await all_pages(site, 2) == whole
        assert await lines(site, date="2026-11-20") == old
        assert await all_pages(site, 1, date="2026-11-20", doctor_id=1) == [x for x in old if x["doctor_id"] == 1]
        assert [line["event"] for line in await lines(site, kind="consultation_started")] == ["consultation_started"]


async def test_old_lines_say_what_was_undone(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        made = await register(site)
        missed = await site.it.accepted(MarkNoShow, visit_id=made["uuid"])
        await site.it.accepted(Undo, undo_id=missed["undo_id"])
        await site.it.accepted(ParkVisit, visit_id=made["uuid"], minutes=5)
        fresh = [line for line in await lines(site) if line["patient_id"] == 1]
        await forget_events(site)
        old = await lines(site)
        for found in (fresh, old):
            assert [line["event"] for line in found] == ["visit_parked", "undone", "visit_missed", "token_issued"]
            assert [line["details"]["undone"] for line in found] == [False, False, True, False]


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=1001", "limit=x", "cursor=x", "cursor=e", "cursor=v2026-11-20:1", "cursor=" + "e" * 90, "kind=x",
     "cursor=e99999999999999999999", "doctor_id=9", "doctor_id=x", "date=2026-02-30", "date=today"],
)  # fmt: skip
async def test_a_log_asked_for_in_a_way_that_does_not_fit_is_422(tmp_path: Path, query: str) -> None:
    async with web(tmp_path) as site:
        refusal(await site.http.get(f"{LOGS}?{query}", headers=MANAGER), 422)


async def test_the_log_is_for_staff(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        refusal(await site.http.get(LOGS), 401)
        for kind in ("kiosk", "display"):
            refusal(await (await site.screen(kind)).get(LOGS), 403)
        for role in ("reception", "nurse", "doctor", "manager"):
            await site.add_staff(role, role, doctor_id=site.it.doctor_id if role == "doctor" else None)
            assert (await site.http.get(LOGS, headers=await site.bearer(role))).status_code == 200


async def test_a_filter_that_fits_little_gives_short_pages_and_a_way_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with web(tmp_path) as site:
        for n in range(8):
            await register(site, name=f"P{n}")
        monkeypatch.setattr(log, "SCANNED_MAX", 3)
        answer = await site.http.get(LOGS, params={"kind": "doctor_added"}, headers=MANAGER)
        assert answer.json() == [] and "next" in answer.links
        assert [line["event"] for line in await all_pages(site, 100, kind="doctor_added")] == ["doctor_added"]
        await forget_events(site)
        assert len(await all_pages(site, 100, kind="token_issued")) == 8


async def test_no_page_of_the_log_and_no_day_in_numbers_walks_through_the_history(tmp_path: Path) -> None:
    """Whatever is asked, SQLite finds it by an index: nothing reads a table that grows with the years from end to end."""
    async with web(tmp_path) as site:
        for n in range(3):
            await site.it.accepted(RegisterVisit, visit_id=new_id(), new_person_id=new_id(), person=NewPerson(f"P{n}"))
        visit_id = site.it.rows("select id from visits")[0][0]
        await site.it.accepted(StartWith, visit_id=visit_id, doctor_id=site.it.doctor_id)
        conn = site.it.store.reader()
        seen: list[str] = []
        conn.set_trace_callback(seen.append)
        day = ("2026-11-20", 0, 2_000_000_000_000)
        for asked in (
            log.Asked(5),
            log.Asked(5, doctor_id="x", day=day),
            log.Asked(9, "v2026-11-20:1795161600000:2:1"),
        ):
            with reads.snapshot(conn):
                log.page(conn, asked)
        with reads.snapshot(conn):
            stats_of(conn, places.house(conn, site.it.store.clock.now_ms()), site.app.state.faces.zone)
            stats_of(conn, "2026-11-19", site.app.state.faces.zone)
        conn.set_trace_callback(None)
        try:
            walks = {sql: walked for sql in seen if sql.startswith("select") and (walked := _walked(conn, sql))}
        finally:
            conn.close()
        assert len(seen) > 20 and walks == {}


def _walked(conn: sqlite3.Connection, sql: str) -> list[str]:
    growing = ("visits", "visit_intervals", "events", "persons", "results", "effects", "consultations")
    plan = [row[3] for row in conn.execute(f"explain query plan {sql}")]
    return [
        step for step in plan
        if step.startswith("SCAN") and any(f" {alias}" in f"{step} " for alias in (*growing, "v ", "i ", "b "))
        and "visits_open" not in step and "INDEX visits_ended" not in step
    ]  # fmt: skip
