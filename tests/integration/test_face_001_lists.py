"""Seed 001's lists: filters, pages, waiting lists; and that years of history do not make them slow."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edge.store import face_001 as rows
from edge.store.face_001 import SlotFilter, TokenFilter
from edge.store.face_001_report import daily
from edge.store.reads import snapshot
from tests.clinic import DAY, clinic
from tests.desk_001 import NOBODY, Desk, Json, desk

ENTRY = {
    "id", "slot_id", "patient_id", "category", "priority", "created_at", "position", "number", "doctor_id",
    "number_printed", "date",
}  # fmt: skip


async def ids(it: Desk, path: str) -> list[str]:
    return [one["id"] for one in await it.ask("GET", path)]


async def test_get_tokens_narrows_by_each_filter_newest_first(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        other, person = await it.doctor(), await it.person()
        slot, theirs, tomorrow = await it.slot(), await it.slot(doctor=other["id"]), await it.slot(minutes=1440)
        first = await it.token(slot, patient_id=person["id"])
        second, third = await it.token(theirs, "FOLLOWUP"), await it.token(tomorrow, patient_id=person["id"])
        urgent = await it.emergency(slot)
        waits = await it.token(slot, status=202)
        await it.ask("DELETE", f"/tokens/{first['id']}/")
        assert await ids(it, "/tokens/") == [one["id"] for one in (waits, urgent, third, second, first)]
        assert await ids(it, f"/tokens/?slot_id={slot['id']}") == [waits["id"], urgent["id"], first["id"]]
        assert (
            await ids(it, f"/tokens/?doctor_id={other['id']}")
            == await ids(it, "/tokens/?doctor_id=2")
            == [second["id"]]
        )
        assert await ids(it, f"/tokens/?patient_id={person['id']}") == [third["id"], first["id"]]
        assert await ids(it, "/tokens/?date=2026-11-21") == [third["id"]]
        assert await ids(it, "/tokens/?status=CANCELLED") == [first["id"]]
        assert await ids(it, "/tokens/?status=CONFIRMED&date=2026-11-20") == [waits["id"], urgent["id"], second["id"]]
        assert await ids(it, "/tokens/?category=EMERGENCY") == [urgent["id"]]
        assert await ids(it, "/tokens/?category=FOLLOWUP&status=CONFIRMED") == [second["id"]]
        assert await ids(it, f"/tokens/?slot_id={NOBODY}") == [] and await ids(it, "/tokens/?date=2020-02-29") == []


async def test_get_tokens_refuses_filters_that_do_not_fit(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        for wrong in ("status=WAITLISTED", "category=VIP", "date=tomorrow", "slot_id=1", "patient_id=x", "doctor_id=x",
                      "limit=0", "limit=1001", "limit=x", "cursor=x", f"cursor={NOBODY}"):  # fmt: skip
            answer = await it.raw("GET", f"/tokens/?{wrong}")
            assert answer.status_code == 422 and answer.json()["hint"], wrong


async def whole(it: Desk, path: str, total: int) -> list[Json]:
    """Every page of a list, by following the links."""
    found: list[Json] = []
    answer = await it.raw("GET", path)
    while True:
        assert answer.headers["X-Total-Count"] == str(total)
        found += answer.json()
        if "next" not in answer.links:
            return found
        assert len(answer.json()) == 2
        answer = await it.raw("GET", answer.links["next"]["url"].removeprefix("/api/v1"))
        assert answer.status_code == 200, answer.text


async def test_pages_of_every_list_together_are_the_list(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        for minutes in (0, 60, 120, 180, 240):
            await it.slot(minutes=minutes)
        slot = await it.slot(capacity=5, minutes=300)
        for number in range(5):
            await it.token(slot, patient_id=(await it.person("Jane Doe", age=number))["id"])
        for _ in range(5):
            await it.token(slot, status=202)
            await it.doctor()
        lists = {
            "/doctors/?limit=2": 6, "/patients/?limit=2&q=jane": 5, "/patients/?limit=2": 10, "/slots/?limit=2": 6,
            f"/slots/?limit=2&date={DAY}": 6, "/tokens/?limit=2": 5, f"/slots/{slot['id']}/tokens/?limit=2": 5,
            "/waiting-list/?limit=2": 5, f"/waiting-list/by_slot/?limit=2&slot_id={slot['id']}": 5,
        }  # fmt: skip
        for path, total in lists.items():
            paged = await whole(it, path, total)
            at_once = await it.ask("GET", path.replace("limit=2", "limit=1000"))
            assert paged == at_once and len(paged) == total and len({one["id"] for one in paged}) == total, path


async def test_a_page_begins_behind_the_one_before_also_when_something_new_came(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        slot = await it.slot(capacity=9)
        tokens = [await it.token(slot) for _ in range(4)]
        first = await it.raw("GET", "/tokens/?limit=2")
        await it.token(slot)
        link = first.links["next"]["url"]
        rest = await it.raw("GET", link.removeprefix("/api/v1"))
        assert [one["id"] for one in rest.json()] == [tokens[1]["id"], tokens[0]["id"]] and "next" not in rest.links
        assert link.startswith("/api/v1/tokens/?") and "limit=2" in link


async def test_no_name_or_phone_stands_in_the_link_to_the_next_page(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        for _ in range(3):
            await it.person("Jane Doe", phone="5551234")
        link = (await it.raw("GET", "/patients/?limit=1")).headers["Link"]
        assert "Jane" not in link and "5551234" not in link


async def test_get_waiting_list_shows_every_entry_slot_by_slot_in_promotion_order(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        other = await it.doctor()
        late, early = await it.slot(capacity=1, minutes=120), await it.slot(capacity=1, minutes=60)
        theirs = await it.slot(capacity=1, minutes=1440, doctor=other["id"])
        for slot in (late, early, theirs):
            await it.token(slot)
        on_late = await it.token(late, status=202)
        online, followup = await it.token(early, status=202), await it.token(early, "FOLLOWUP", 202)
        on_theirs = await it.token(theirs, "WALKIN", 202)
        listed = await it.ask("GET", "/waiting-list/")
        assert [(one["id"], one["position"]) for one in listed] == [
            (followup["id"], 1), (online["id"], 2), (on_late["id"], 1), (on_theirs["id"], 1)
        ]  # fmt: skip
        assert all(one.keys() == ENTRY for one in listed)
        assert (listed[0]["category"], listed[0]["priority"], listed[0]["slot_id"]) == ("FOLLOWUP", 3.0, early["id"])
        assert await ids(it, f"/waiting-list/?doctor_id={other['id']}") == [on_theirs["id"]]
        assert await ids(it, f"/waiting-list/?date={DAY}&doctor_id=1") == [followup["id"], online["id"], on_late["id"]]
        assert (await it.raw("GET", "/waiting-list/?date=x")).status_code == 422


async def test_get_waiting_list_by_slot_needs_a_slot_that_exists(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        slot = await it.slot(capacity=1)
        await it.token(slot)
        waits = await it.token(slot, status=202)
        listed = await it.ask("GET", f"/waiting-list/by_slot/?slot_id={slot['id']}")
        assert [one["id"] for one in listed] == [waits["id"]] and listed[0].keys() == ENTRY
        for missing in ("", "?slot_id="):
            refused = await it.raw("GET", f"/waiting-list/by_slot/{missing}")
            assert refused.status_code == 400 and refused.json()["hint"]
        for unknown in (NOBODY, "x"):
            assert (await it.raw("GET", f"/waiting-list/by_slot/?slot_id={unknown}")).status_code == 404


LONG_AGO = """
with recursive n(i) as (select 0 union all select i + 1 from n where i < 39999)
insert into visits(number, id, version, token, service, day, status, urgency, is_emergency, category, doctor_id, room,
  created_at, arrived_at, called_at, started_at, ended_at, recalls, person_id, slot_id, holds_place)
select 1000 + i, 'v' || i, 1, printf('A-%03d', i % 100), 'A', date('2025-01-01', '+' || (i / 100) || ' days'),
  case i % 20 when 0 then 'no_show' else 'completed' end, 5, 0, 'WALKIN', 'd' || (i % 9), '', i, i, i, i, i, 0,
  'p' || (i % 5000), 's' || (i / 10), 0 from n
"""
PEOPLE = """
with recursive n(i) as (select 0 union all select i + 1 from n where i < 4999)
insert into persons select 'p' || i, 1, 'N' || i, 'n' || i, '+1' || i, '', null, null, null, 0, 0, 0 from n
"""
SLOTS = """
with recursive n(i) as (select 0 union all select i + 1 from n where i < 3999)
insert into slots(id, version, doctor_id, day, start_at, end_at, max_capacity, status, own_delay_min, delay_min, lent,
  created_at) select 's' || i, 1, 'd' || (i % 9), date('2025-01-01', '+' || (i / 10) || ' days'), i, i + 1, 9, 'ACTIVE',
  0, 0, 0, 0 from n
"""


async def with_years(it: Any) -> None:
    def fill(conn: sqlite3.Connection) -> None:
        for script in (PEOPLE, SLOTS, LONG_AGO):
            conn.execute(script)

    await it.dispatcher.writer.run(fill)


async def plans(it: Any, look: Callable[[sqlite3.Connection], object]) -> list[str]:
    """How SQLite carries out each statement that `look` runs, one line for each table it touches."""
    conn = it.store.reader()
    try:
        ran: list[str] = []
        conn.set_trace_callback(ran.append)
        look(conn)
        conn.set_trace_callback(None)
        asked = [query for query in ran if query.lstrip().startswith(("select", "with"))]
        assert asked
        return [row[3] for query in asked for row in conn.execute(f"explain query plan {query}")]
    finally:
        conn.close()


async def test_lists_and_the_report_read_through_indexes_with_years_of_history(tmp_path: Path) -> None:
    day = "2025-06-01"
    looks: dict[str, tuple[Callable[[sqlite3.Connection], object], str]] = {
        "tokens of a slot": (lambda c: rows.tokens(c, TokenFilter(slot_id="s7"), None, 100), "visits_slot"),
        "tokens of a person": (lambda c: rows.tokens(c, TokenFilter(person_id="p7"), "v7", 100), "visits_person"),
        "tokens of a day": (
            lambda c: rows.tokens(c, TokenFilter(day=day, status="NO_SHOW", category="WALKIN"), None, 100), "visits_day",
        ),
        "tokens of a doctor's day": (lambda c: rows.tokens(c, TokenFilter(day=day, doctor_id="d3"), "v7", 9), "visits_day"),
        "slot_tokens": (lambda c: rows.slot_tokens(c, "s7", "COMPLETED"), "visits_slot"),
        "around": (lambda c: rows.around(c, rows.tokens(c, TokenFilter(day=day), None, 100).rows), "visits_slot"),
        "slots of a day": (lambda c: rows.slots(c, SlotFilter(day=day), "s1500", 100), "slots_of_day"),
        "slots of a doctor": (lambda c: rows.slots(c, SlotFilter(doctor_id="d3"), "s1500", 100), "slots_day"),
        "all slots": (lambda c: rows.slots(c, SlotFilter(), None, 100), "slots_of_day"),
        "waiting": (lambda c: rows.waiting(c, None, None), "visits_booked"),
        "waiting of a doctor": (lambda c: rows.waiting(c, "d3", day), "visits_booked"),
        "waiting_for": (lambda c: rows.waiting_for(c, "s7"), "visits_slot"),
        "persons by phone": (lambda c: rows.persons(c, "n", ["+17", "17"], None, 100), "persons_phone"),
        "persons by phone, next": (lambda c: rows.persons(c, "", ["+17"], "p10", 100), "persons_phone"),
        "persons by a part": (lambda c: rows.persons(c, "n49", [], "p10", 100), "persons_name"),
        "the report": (lambda c: daily(c, day, None), "visits_day"),
    }  # fmt: skip
    async with clinic(tmp_path) as it:
        await with_years(it)
        for name, (look, index) in looks.items():
            lines = await plans(it, look)
            assert any(index in line for line in lines), (name, lines)
            walked = [
                line for line in lines
                if line.startswith("SCAN") and "doctors" not in line and "rules" not in line and "USING" not in line
            ]  # fmt: skip
            assert walked == [] or walked == ["SCAN doctor_times"], (name, lines)
            assert not any(line.startswith("SCAN v") and "visits_booked" not in line for line in lines), (name, lines)


async def test_a_search_without_slot_person_or_day_goes_back_some_months_and_never_sorts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "NEWEST_SEARCHED", 1_800)
    async with clinic(tmp_path) as it:
        await with_years(it)
        for wanted in (TokenFilter(status="NO_SHOW"), TokenFilter(doctor_id="d0"), TokenFilter(category="EMERGENCY")):
            lines = await plans(it, lambda c, wanted=wanted: rows.tokens(c, wanted, "v39999", 100))
            assert not any("TEMP B-TREE" in line or line.startswith("SCAN visits") for line in lines), lines
        conn = it.store.reader()
        with snapshot(conn):
            page = rows.tokens(conn, TokenFilter(status="NO_SHOW", doctor_id="d0"), None, 3)
            assert page.total == 10 and page.after == page.rows[-1]["id"]
            assert [row["number"] for row in page.rows] == sorted((row["number"] for row in page.rows), reverse=True)
            assert rows.tokens(conn, TokenFilter(), None, 3).total == 40_000
        conn.close()
