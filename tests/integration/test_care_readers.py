"""What a clinic tells of care becomes the same rows in whatever order its lanes and stores arrive; and an erased person is."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
import pytest_asyncio
from psycopg.types.json import Jsonb

from cloud.db import epochs
from cloud.db.pool import Pool, open_pool
from cloud.feed import Reader, Step, run_reader
from cloud.projections.book import Book
from cloud.projections.care import Care
from cloud.projections.care_alerts import CareAlerts
from cloud.projections.care_devices import CareDevices
from shared.clock import Clock
from shared.doses.expansion import Occurrence, occurrences
from shared.doses.plan import body_of, plan_of
from shared.events import KINDS
from tests.care_office import (
    ANA,
    DAY_MS,
    MINUTE_MS,
    NINE_MS,
    alert_data,
    dose_data,
    dose_event,
    note_data,
    plan_body,
)
from tests.office import person

READERS: tuple[Reader, ...] = (CareAlerts(), Care(), CareDevices(), Book())
TABLES = (
    "plan_states", "medication_plans", "medication_plan_items", "dose_occurrences", "dose_event_logs", "holds", "meal_times",
    "stocks", "devices", "device_heartbeats", "device_events", "conversations", "interaction_logs", "alert_logs",
    "summaries_due", "persons",
)  # fmt: skip
OLD, NOW = "00000000000000a1", "00000000000000a2"
CLOCK = Clock.life()
_sites = itertools.count(1)
PLAN = plan_of(
    {name: value for name, value in plan_body().items() if name != "patient_id"}, id="plan-1", person_id=ANA, revision=1
)
TEN: Occurrence = occurrences(PLAN, NINE_MS, NINE_MS + DAY_MS)[0]
TAKEN_MS = TEN.due_at_ms + 4 * MINUTE_MS
DEVICE: dict[str, Any] = {
    "device_kind": "dispenser", "name": "Kitchen", "person_id": ANA, "status": "active", "created_at": 1, "claimed_at": 2,
    "compartments": {},
}  # fmt: skip
Line = tuple[str, int, str, str, int, dict[str, Any]]
"""epoch, seq in its lane, kind, entity id, version, data"""


def _state(**more: Any) -> dict[str, Any]:
    return {"online": True, "heard_at": NINE_MS, "battery": 80, "wifi_dbm": -50, "firmware": "1", "faults": [], **more}


def _told(seq: int) -> dict[str, Any]:
    return {
        "device_id": "dev-1", "boot_id": "b" * 16, "device_seq": seq, "event": "button", "at": NINE_MS, "uncertainty_s": 1,
        "dose_id": TEN.id, "quantity": None, "data": None,
    }  # fmt: skip


def _plan(status: str = "active", revision: int = 1) -> dict[str, Any]:
    return {"person_id": ANA, "revision": revision, "status": status, "plan": body_of(PLAN), "reason": ""}


STORY: list[Line] = [
    (OLD, 1, "plan_applied", "plan-1", 1, _plan()),
    (OLD, 2, "dose_announced", TEN.id, 1, dose_data(TEN, ANA, "ANNOUNCED", TEN.due_at_ms)),
    (OLD, 3, "dose_event_logged", "log-1", 1, dose_event(TEN.id, ANA, "announced", TEN.due_at_ms, device_id="dev-1")),
    (OLD, 4, "person_added", ANA, 1, person("Ana Ruiz")),
    (NOW, 1, "dose_missed", TEN.id, 1, dose_data(TEN, ANA, "MISSED", TEN.miss_at_ms)),
    (NOW, 2, "dose_taken", TEN.id, 2, dose_data(TEN, ANA, "ON_TIME", TAKEN_MS, taken_at=TAKEN_MS)),
    (NOW, 3, "dose_event_logged", "log-2", 1, dose_event(TEN.id, ANA, "taken", TAKEN_MS)),
    (NOW, 4, "note_recorded", "note-1", 1, note_data(ANA, TEN.due_at_ms + MINUTE_MS)),
    (NOW, 5, "note_uploaded", "note-1", 2, note_data(ANA, TEN.due_at_ms + MINUTE_MS, uploaded=True)),
    (NOW, 6, "note_recorded", "note-2", 1, note_data(ANA, TEN.due_at_ms + 30 * MINUTE_MS)),
    (NOW, 7, "hold_set", "hold-1", 1, {"person_id": ANA, "plan_id": None, "item_id": None, "from_at": 1, "until_at": 9,
                                       "reason": "fasting", "ended_at": None}),
    (NOW, 8, "hold_ended", "hold-1", 2, {"person_id": ANA, "plan_id": None, "item_id": None, "from_at": 1, "until_at": 9,
                                         "reason": "fasting", "ended_at": 5}),
    (NOW, 9, "meal_times_set", ANA, 1, {"times": {"ACM": "07:30"}}),
    (NOW, 10, "stock_changed", "s-1", 1, {"person_id": ANA, "plan_id": "plan-1", "item_id": "item-1", "medication": "Metformin",
                                          "device_id": "dev-1", "compartment": 1, "units": 29, "days_left": 14.5}),
    (NOW, 11, "device_added", "dev-1", 1, DEVICE),
    (NOW, 12, "device_changed", "dev-1", 2, {**DEVICE, "name": "Bedroom"}),
    (OLD, 1, "device_heard", "dev-1", 1, _state()),
    (NOW, 1, "device_heard", "dev-1", 1, _state(battery=20, faults=["low_battery"])),
    (NOW, 2, "device_event_logged", f"dev-1:{'b' * 16}:1", 1, _told(1)),
    (OLD, 1, "care_alert_raised", "al-1", 1, alert_data(ANA, NINE_MS, dose_ids=[TEN.id])),
    (NOW, 1, "care_alert_escalated", "al-1", 2, alert_data(ANA, NINE_MS, rung=4, audience="clinic")),
    (NOW, 2, "care_alert_ended", "al-1", 3, alert_data(ANA, NINE_MS, rung=4, open=False)),
]  # fmt: skip
ERASED: Line = (NOW, 13, "person_erased", ANA, 2, person("", phone="", erased=True))


@pytest_asyncio.fixture
async def pool(pg_uri: str) -> AsyncIterator[Pool]:
    opened = await open_pool(pg_uri, 12)
    yield opened
    await opened.close()


async def _site(pool: Pool) -> str:
    site = f"site-{next(_sites)}"
    async with pool.transaction() as conn:
        await conn.execute("insert into sites values (%s, %s, 0)", (site, "A clinic"))
        for epoch in (OLD, NOW):
            await epochs.register(conn, site, epoch, 0)
    return site


async def _arrive(pool: Pool, site: str, lines: Sequence[Line]) -> None:
    """Lines of one epoch and lane are kept, and readers read them."""
    async with pool.transaction() as conn:
        for epoch, seq, kind, id_, version, data in lines:
            lane = int(KINDS[kind].lane)
            await conn.execute(
                "insert into events values (%s, %s, %s, %s, %s, 'b', %s, 0, 's', %s, 1, 't', 'c', %s, %s, %s, %s, 0)",
                (site, epoch, lane, seq, seq, NINE_MS + seq, kind, KINDS[kind].entity, id_, version, Jsonb(data)),
            )
            await conn.execute(
                "insert into cursors values (%s, %s, %s, %s, '{}') on conflict (site, epoch, lane) do update"
                " set upto = greatest(cursors.upto, excluded.upto)",
                (site, epoch, lane, seq),
            )
    for reader in READERS:
        while await run_reader(pool, reader, site, CLOCK) is not Step.IDLE:
            pass


async def _tables(pool: Pool, site: str) -> dict[str, list[Any]]:
    shown = {}
    async with pool.transaction() as conn:
        for table in TABLES:
            found = await conn.execute(
                f"select to_jsonb(t) - array['site', 'conversation_id'] from {table} t where site = %s".encode(),
                (site,),
            )
            shown[table] = sorted((row[0] for row in await found.fetchall()), key=str)
    return shown


def _runs(lines: Sequence[Line]) -> list[list[Line]]:
    """By lane and epoch."""
    keyed = sorted(lines, key=lambda line: (int(KINDS[line[2]].lane), line[0], line[1]))
    return [list(run) for _, run in itertools.groupby(keyed, key=lambda line: (int(KINDS[line[2]].lane), line[0]))]


async def test_lanes_and_stores_in_every_order_give_the_same_tables(pool: Pool) -> None:
    runs = _runs(STORY)
    assert len(runs) == 6
    first: dict[str, list[Any]] | None = None
    orders = list(itertools.permutations(runs))
    for order in orders[:: len(orders) // 60]:
        site = await _site(pool)
        for run in order:
            await _arrive(pool, site, run)
        tables = await _tables(pool, site)
        first = first or tables
        assert tables == first, [(run[0][0], run[0][2]) for run in order]
    assert first is not None
    assert [name for name, rows in first.items() if not rows] == []
    async with pool.transaction() as conn:
        assert await (await conn.execute("select * from reader_failures")).fetchall() == []


async def test_the_newest_word_of_a_dose_stands_and_one_exchange_is_one_conversation(pool: Pool) -> None:
    site = await _site(pool)
    for run in _runs(STORY):
        await _arrive(pool, site, run)
    tables = await _tables(pool, site)
    assert [(row["status"], row["taken_ms"]) for row in tables["dose_occurrences"]] == [("ON_TIME", TAKEN_MS)]
    assert [(row["name"], row["owner"]) for row in tables["devices"]] == [("Bedroom", "site")]
    assert [(row["is_open"], row["rung"]) for row in tables["alert_logs"]] == [(False, 4)]
    assert sorted(row["turns"] for row in tables["conversations"]) == [1, 2], "the announcement and its answer are one"
    turns = [(row["role"], row["status"]) for row in tables["interaction_logs"]]
    assert sorted(turns) == [("device", "said"), ("person", "stored"), ("person", "stored")]
    assert tables["summaries_due"] == [{"person_id": ANA, "day": "2026-11-20"}]
    assert [row["revision"] for row in tables["medication_plans"]] == [1], "a plan head office lost is taken over"


async def test_a_plan_stopped_at_the_clinic_is_stopped_here(pool: Pool) -> None:
    site = await _site(pool)
    await _arrive(pool, site, [(NOW, 1, "plan_applied", "plan-1", 1, _plan())])
    await _arrive(pool, site, [(NOW, 2, "plan_stopped", "plan-1", 2, _plan("stopped"))])
    assert [row["status"] for row in (await _tables(pool, site))["medication_plans"]] == ["stopped"]


@pytest.mark.parametrize("late", ["before", "after"])
async def test_of_an_erased_person_nothing_that_was_said_is_left_whenever_it_comes(pool: Pool, late: str) -> None:
    site = await _site(pool)
    said = (NOW, 14, "note_recorded", "note-3", 1, note_data(ANA, NINE_MS, heard={"words": "my chest hurts"}))
    story = [line for line in STORY if KINDS[line[2]].lane == 1]
    if late == "after":
        await _arrive(pool, site, [*story, ERASED])
        await _arrive(pool, site, [said])
    else:
        await _arrive(pool, site, [*story, (NOW, 13, *said[2:])])
        await _arrive(pool, site, [(NOW, 14, *ERASED[2:])])
    for run in _runs([line for line in STORY if KINDS[line[2]].lane == 0]):
        await _arrive(pool, site, run)
    tables = await _tables(pool, site)
    assert all(row["heard"] is None and row["transcript"] == "" for row in tables["interaction_logs"])
    assert {row["title"] for row in tables["alert_logs"]} == {"Erased"}
    assert [row["status"] for row in tables["dose_occurrences"]] == ["ON_TIME"], "what happened stays, as numbers"
    async with pool.transaction() as conn:
        left = await conn.execute(
            "select count(*) from events where site = %s and (data::text like '%%chest%%' or data->>'title' like '%%Ana%%')",
            (site,),
        )
        assert await left.fetchone() == (0,)


async def test_an_event_that_does_not_fit_is_shelved_and_the_others_go_on(pool: Pool) -> None:
    site = await _site(pool)
    wrong = {**dose_data(TEN, ANA, "ANNOUNCED", NINE_MS), "status": "EATEN"}
    await _arrive(pool, site, [
        (NOW, 1, "dose_announced", "d-1", 1, wrong), (NOW, 2, "plan_applied", "plan-1", 1, _plan()),
    ])  # fmt: skip
    async with pool.transaction() as conn:
        found = await conn.execute("select reader, seq, kind from reader_failures where site = %s", (site,))
        assert await found.fetchall() == [("care", 1, "dose_announced")]
    assert len((await _tables(pool, site))["plan_states"]) == 1


async def test_what_head_office_owns_a_clinics_event_does_not_change(pool: Pool) -> None:
    site = await _site(pool)
    await _arrive(pool, site, [line for line in STORY if line[2] == "device_added"])
    async with pool.transaction() as conn:
        await conn.execute("update devices set owner = 'cloud' where site = %s", (site,))
    await _arrive(pool, site, [(NOW, 12, "device_changed", "dev-1", 9, {**DEVICE, "name": "Mine"})])
    assert [row["name"] for row in (await _tables(pool, site))["devices"]] == ["Kitchen"]
