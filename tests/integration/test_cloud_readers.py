"""Readers and projections: what the events become, whoever reads them and in whatever order they come."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from typing import Any

import psycopg
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.conninfo import make_conninfo
from psycopg.types.json import Jsonb

from cloud import feed
from cloud.dashboard import statistics
from cloud.db import epochs
from cloud.db.migrate import load, migrate
from cloud.db.pool import Connection, Pool, open_pool
from cloud.feed import Kept, Reader, Step, run_reader
from cloud.feeder import Feeder
from cloud.projections.alerts import Alerts
from cloud.projections.book import Book
from cloud.projections.commands import Commands
from cloud.projections.places import Places
from cloud.projections.visits import Visits
from cloud.queues import rows
from shared.clock import Clock
from shared.events import KINDS
from tests.office import (
    DAY,
    booked,
    broadcast,
    doctor,
    doctor_of_before,
    person,
    slot,
    until,
    visit,
    visit_of_before,
)

READERS: tuple[Reader, ...] = (Visits(), Places(), Book(), Commands(), Alerts())
TABLES = (
    "visits", "visit_log", "days", "services", "doctors", "persons", "erasures", "slots", "broadcasts", "site_alerts",
    "command_outcomes", "tiles", "events",
)  # fmt: skip
OLD, NOW = "00000000000000a1", "00000000000000a2"
CLOCK = Clock.life()
_sites = itertools.count(1)

Line = tuple[str, int, int, str, str, int, dict[str, Any]]
"""epoch, lane, seq, kind, entity id, version, data"""


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


async def _keep(conn: Connection, site: str, lines: Sequence[Line], entity: str | None = None) -> None:
    for epoch, lane, seq, kind, id_, version, data in lines:
        await conn.execute(
            "insert into events values (%s, %s, %s, %s, %s, 'b', %s, 0, 's', %s, 1, 't', 'c', %s, %s, %s, %s, 0)",
            (site, epoch, lane, seq, seq, 1000 * seq, kind, entity or KINDS[kind].entity, id_, version, Jsonb(data)),
        )


async def _upto(conn: Connection, site: str, epoch: str, lane: int, upto: int) -> None:
    await conn.execute(
        "insert into cursors values (%s, %s, %s, %s, '{}') on conflict (site, epoch, lane)"
        " do update set upto = excluded.upto",
        (site, epoch, lane, upto),
    )


async def _read_all(pool: Pool, site: str, readers: Sequence[Reader] = READERS) -> None:
    for reader in readers:
        while await run_reader(pool, reader, site, CLOCK) is not Step.IDLE:
            pass


async def _tables(pool: Pool, site: str) -> dict[str, list[Any]]:
    shown = {}
    async with pool.transaction() as conn:
        for table in TABLES:
            found = await conn.execute(f"select to_jsonb(t) - 'site' from {table} t where site = %s".encode(), (site,))
            shown[table] = sorted((row[0] for row in await found.fetchall()), key=str)
        counted = await statistics.of_day(conn, (await rows.sites(conn, [site], 0))[site], "2026-11-20")
        shown["statistics"] = [{**counted, "site": ""}]
    return shown


def _line(epoch: str, seq: int, kind: str, id_: str, version: int, data: dict[str, Any]) -> Line:
    return epoch, int(KINDS[kind].lane), seq, kind, id_, version, data


def _alert(is_open: bool) -> dict[str, Any]:
    return {"topic": "printer", "title": "No paper", "hint": "Put in a roll.", "open": is_open}


def _service(name: str) -> dict[str, Any]:
    return {"letter": "A", "name": name, "is_open": True, "policy": "weighted"}


STORY: list[Line] = [
    _line(OLD, 1, "day_opened", "2026-11-19", 1, {**DAY, "day": "2026-11-19"}),
    _line(OLD, 2, "service_added", "A", 1, _service("General")),
    _line(OLD, 3, "token_issued", "v0", 1, visit_of_before(9, day="2026-11-19")),
    _line(OLD, 4, "doctor_added", "d1", 1, doctor_of_before(1)),
    _line(OLD, 5, "visit_expired", "v0", 2, visit_of_before(9, "cancelled", day="2026-11-19")),
    _line(OLD, 6, "person_added", "p1", 1, person("Zoë")),
    _line(OLD, 7, "person_added", "p2", 1, person("Ravi")),
    _line(OLD, 8, "person_erased", "p2", 2, person("", phone="", age=None, gender=None, language=None, erased=True)),
    _line(NOW, 1, "day_opened", "2026-11-20", 1, DAY),
    _line(NOW, 2, "token_issued", "v1", 1, visit(1)),
    _line(NOW, 3, "token_issued", "v2", 1, visit(2, promised_low_s=1, promised_high_s=9)),
    _line(NOW, 4, "visit_called", "v1", 2, visit(1, "called", doctor_id="d1", room="1", called_at=5000)),
    _line(NOW, 5, "undone", "v1", 3, visit(1)),
    _line(
        NOW, 6, "visit_called", "v2", 2,
        visit(2, "called", doctor_id="d1", room="1", called_at=6000, promised_low_s=1, promised_high_s=9),
    ),
    _line(NOW, 7, "doctor_changed", "d1", 1, doctor(1, is_on_break=True)),
    _line(NOW, 8, "service_changed", "A", 1, {**_service("Outpatients"), "policy_options": {"ratio": 3}}),
    _line(NOW, 9, "command_settled", "c1", 1, {"kind": "rename_service", "outcome": "applied", "detail": ""}),
    _line(NOW, 10, "slot_added", "s1", 1, slot("d1")),
    _line(NOW, 11, "visit_booked", "v3", 1, booked(3, person_id="p1", slot_id="s1", due_at=90_000, holds_place=True)),
    _line(NOW, 12, "slot_changed", "s1", 2, slot("d1", delay_min=10, max_capacity=5)),
    _line(NOW, 13, "visit_delayed", "v3", 2, booked(3, person_id="p1", slot_id="s1", due_at=90_000, delay_min=10)),
    _line(NOW, 14, "person_changed", "p1", 2, person("Zoë Núñez", language="es")),
    _line(NOW, 15, "person_changed", "p2", 1, person("Ravi of the backup")),
    _line(NOW, 16, "visit_arrived", "v3", 3, visit(3, person_id="p1", due_at=90_000, arrived_at=16_000)),
    _line(NOW, 17, "broadcast_sent", "b1", 1, broadcast("d1")),
    _line(NOW, 18, "broadcast_ended", "b1", 2, broadcast("d1", ended_at=9000)),
    _line(OLD, 1, "alert_raised", "a1", 1, _alert(True)),
    _line(NOW, 1, "alert_raised", "a2", 1, _alert(True)),
    _line(NOW, 2, "alert_ended", "a2", 2, _alert(False)),
    _line(NOW, 3, "alert_ended", "a1", 1, _alert(False)),
]  # fmt: skip


async def test_counts_are_those_of_the_visits_of_the_open_day(pool: Pool) -> None:
    site = await _site(pool)
    async with pool.transaction() as conn:
        await _keep(conn, site, STORY)
        for (epoch, lane), lines in itertools.groupby(sorted(STORY), key=lambda line: line[:2]):
            await _upto(conn, site, epoch, lane, len(list(lines)))
    await _read_all(pool, site)
    tables = await _tables(pool, site)
    assert tables["tiles"] == [
        {
            "day": "2026-11-20", "waiting": 2, "longest_since_ms": 1001, "called": 1, "in_consultation": 0,
            "issued_today": 3, "completed_today": 0, "no_show_today": 0, "doctors_active": 0, "alerts_open": 0,
            "last_call": {"token": "A-002", "room": "1", "at_ms": 6000}, "booked_today": 0, "arrived_today": 3,
            "early_today": 1, "wait_mean_s": 3, "promised_today": 1, "kept_today": 1,
        }
    ]  # fmt: skip
    assert [(row["name"], row["policy_options"]) for row in tables["services"]] == [("Outpatients", {"ratio": 3})]
    assert {row["token"]: row["status"] for row in tables["visits"]} == {
        "A-009": "cancelled", "A-001": "waiting", "A-002": "called", "A-003": "waiting"
    }  # fmt: skip
    assert {row["person_id"]: (row["name"], row["erased"]) for row in tables["persons"]} == {
        "p1": ("Zoë Núñez", False), "p2": ("", True)
    }  # fmt: skip
    assert [(row["delay_min"], row["max_capacity"]) for row in tables["slots"]] == [(10, 5)]
    assert [row["ended_ms"] for row in tables["broadcasts"]] == [9000]


async def test_what_events_of_before_do_not_say_is_null_zero_or_false(pool: Pool) -> None:
    site = await _site(pool)
    async with pool.transaction() as conn:
        await _keep(conn, site, [_line(NOW, 1, "token_issued", "v1", 1, visit_of_before(1))])
        await _keep(conn, site, [_line(NOW, 2, "doctor_added", "d1", 1, doctor_of_before(1))])
        await _upto(conn, site, NOW, 1, 2)
    await _read_all(pool, site)
    tables = await _tables(pool, site)
    (shown,) = tables["visits"]
    assert {name: shown[name] for name in ("person_id", "slot_no", "due_ms", "pin", "promised_low_s", "waited_ms")} == {
        "person_id": None, "slot_no": None, "due_ms": None, "pin": None, "promised_low_s": None, "waited_ms": None
    }  # fmt: skip
    assert (shown["holds_place"], shown["doctor_chosen"], shown["skips"], shown["delay_min"]) == (False, False, 0, 0)
    (known,) = tables["doctors"]
    assert (known["code"], known["policy"], known["policy_options"], known["created_ms"]) == (None, None, {}, 0)


async def test_a_cloud_that_is_updated_after_its_clinics_reads_again_what_it_did_not_understand(pg_server: str) -> None:
    uri = make_conninfo(pg_server, dbname="outpost_of_before")
    with psycopg.connect(pg_server, autocommit=True) as server:
        server.execute("create database outpost_of_before template template0 locale 'C' encoding 'UTF8'")
    try:
        migrate(uri, CLOCK, [one for one in load() if one.number <= 3])
        pool = await open_pool(uri, 4)
        site = await _site(pool)
        async with pool.transaction() as conn:
            shown = visit(1, promised_low_s=60, promised_high_s=300)
            await _keep(conn, site, [_line(NOW, 1, "token_issued", "v1", 1, shown)])
            await _keep(conn, site, [_line(NOW, 2, "visit_booked", "v2", 1, booked(2, due_at=9000))])
            await _upto(conn, site, NOW, 1, 2)
            await conn.execute("insert into reader_cursors values ('visits', %s, %s, 1, 2)", (site, NOW))
            await conn.execute(
                "insert into visits values (%s, 'v1', 2, 1, 1, 'A-001', 'A', '2026-11-20', 'waiting', 5, false, 'WALKIN',"
                " null, null, 1, 1, null, null, null, 0)", (site,),
            )  # fmt: skip
            await conn.execute(
                "insert into reader_failures values ('visits', %s, %s, 1, 2, 'visit_booked', 'token is not a text', 1)",
                (site, NOW),
            )
        assert migrate(uri, CLOCK)[0] == "0004_clinic.sql"
        await _read_all(pool, site)
        rows_now = {row["visit_id"]: row for row in (await _tables(pool, site))["visits"]}
        assert (rows_now["v1"]["promised_high_s"], rows_now["v2"]["due_ms"], rows_now["v2"]["token"]) == (
            300,
            9000,
            None,
        )
        async with pool.transaction() as conn:
            assert await (await conn.execute("select count(*) from reader_failures")).fetchone() == (0,)
        await pool.close()
    finally:
        with psycopg.connect(pg_server, autocommit=True) as server:
            server.execute("drop database outpost_of_before with (force)")


async def test_of_an_erased_person_nothing_is_left_though_an_older_store_still_has_it(pool: Pool) -> None:
    site = await _site(pool)
    blank = person("", phone="", age=None, gender=None, language=None, erased=True)
    async with pool.transaction() as conn:
        await _keep(conn, site, [_line(NOW, 1, "person_added", "p1", 1, person("Zoë Secret", phone="+34 1234567"))])
        await _keep(conn, site, [_line(NOW, 2, "person_added", "p2", 1, person("Somebody Else"))])
        await conn.execute(
            "insert into late_events select e.*, 'replaced', 1 from events e where site = %s and entity_id = 'p1'",
            (site,),
        )
        await conn.execute(
            "insert into dead_letters values (%s, %s, 1, 9, 'x', %s, 1)",
            (site, NOW, b'["person","p1","Zoe Secret\\u0000"]'),
        )
        await _upto(conn, site, NOW, 1, 2)
    await _read_all(pool, site)
    assert "Zoë Secret" in str(await _tables(pool, site))
    async with pool.transaction() as conn:
        before = await (
            await conn.execute("select seq, crc from events where site = %s order by seq", (site,))
        ).fetchall()
        await _keep(conn, site, [_line(NOW, 3, "person_erased", "p1", 2, blank)])
        await _upto(conn, site, NOW, 1, 3)
    await _read_all(pool, site)
    async with pool.transaction() as conn:
        await _keep(conn, site, [_line(OLD, 1, "person_added", "p1", 1, person("Zoë Secret", phone="+34 1234567"))])
        await _upto(conn, site, OLD, 1, 1)
    await _read_all(pool, site)
    tables = await _tables(pool, site)
    assert {row["person_id"]: row["name"] for row in tables["persons"]} == {"p1": "", "p2": "Somebody Else"}
    async with pool.transaction() as conn:
        found = await conn.execute("select body from dead_letters where site = %s", (site,))
        assert await found.fetchall() == [(b"",)]
        for table in ("events", "late_events", "persons"):
            found = await conn.execute(
                f"select count(*) from {table} t where site = %s and t::text ~* 'secret|1234567'".encode(), (site,)
            )
            assert await found.fetchone() == (0,), table
        after = await (await conn.execute(
            "select seq, crc from events where site = %s and epoch = %s and seq < 3 order by seq", (site, NOW)
        )).fetchall()  # fmt: skip
    assert after == before, "numbers and checksums stay, so that what comes twice is still known"


_steps = st.permutations([line[:2] for line in STORY])
_batches = st.sampled_from([1, 2, 3, 7, 500])


@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    order=_steps,
    pauses=st.lists(st.booleans(), min_size=len(STORY), max_size=len(STORY)),
    readers=st.permutations(READERS),
    batch=_batches,
)
def test_lanes_epochs_readers_and_batches_in_every_order_give_the_same_tables(
    pg_uri: str, order: list[tuple[str, int]], pauses: list[bool], readers: list[Reader], batch: int
) -> None:
    """Each lane of each epoch keeps its own order; between them everything may overtake everything."""

    async def tell() -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
        pool = await open_pool(pg_uri, 4)
        try:
            straight, mixed = await _site(pool), await _site(pool)
            async with pool.transaction() as conn:
                for site in (straight, mixed):
                    await _keep(conn, site, STORY)
                for lane in sorted(set(order)):
                    await _upto(conn, straight, *lane, order.count(lane))
            await _read_all(pool, straight)
            came: dict[tuple[str, int], int] = {}
            for lane, pause in zip(order, pauses, strict=True):
                came[lane] = came.get(lane, 0) + 1
                async with pool.transaction() as conn:
                    await _upto(conn, mixed, *lane, came[lane])
                if not pause:
                    await _read_all(pool, mixed, readers)
            await _read_all(pool, mixed, readers)
            return await _tables(pool, straight), await _tables(pool, mixed)
        finally:
            await pool.close()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(feed, "BATCH_EVENTS_MAX", batch)
        straight, mixed = asyncio.run(tell())
    assert mixed == straight


async def test_a_reader_never_reads_beyond_the_contiguous_prefix(pool: Pool) -> None:
    site = await _site(pool)
    lines = [_line(NOW, seq, "token_issued", f"v{seq}", 1, visit(seq)) for seq in (1, 2, 4, 5)]
    async with pool.transaction() as conn:
        await _keep(conn, site, lines)
        await _upto(conn, site, NOW, 1, 2)
    await _read_all(pool, site)
    assert [row["number"] for row in (await _tables(pool, site))["visits"]] == [1, 2]
    async with pool.transaction() as conn:
        await _keep(conn, site, [_line(NOW, 3, "token_issued", "v3", 1, visit(3))])
        await _upto(conn, site, NOW, 1, 5)
    await _read_all(pool, site)
    assert [row["number"] for row in (await _tables(pool, site))["visits"]] == [1, 2, 3, 4, 5]


async def test_an_event_that_cannot_be_applied_goes_to_the_shelf_and_the_rest_goes_on(pool: Pool) -> None:
    site = await _site(pool)
    wrong: list[tuple[int, dict[str, Any]]] = [
        (3, {**visit(3), "urgency": "high"}), (5, {}), (8, {**visit(8), "urgency": 2**40}), (9, {"number": None})
    ]  # fmt: skip
    lines = [_line(NOW, 1, "day_opened", "2026-11-20", 1, DAY)]
    lines += [_line(NOW, seq, "token_issued", f"v{seq}", 1, dict(wrong).get(seq, visit(seq))) for seq in range(2, 12)]
    async with pool.transaction() as conn:
        await _keep(conn, site, lines)
        await _upto(conn, site, NOW, 1, 11)
    await _read_all(pool, site)
    async with pool.transaction() as conn:
        found = await conn.execute(
            "select seq, reader, reason from reader_failures where site = %s order by seq", (site,)
        )
        shelf = await found.fetchall()
        found = await conn.execute("select upto from reader_cursors where site = %s and reader = 'visits'", (site,))
        assert await found.fetchall() == [(11,)]
    assert [(row[0], row[1]) for row in shelf] == [(3, "visits"), (5, "visits"), (8, "visits"), (9, "visits")]
    assert "urgency is not a whole number" in shelf[0][2]
    assert (await _tables(pool, site))["tiles"][0]["waiting"] == 6


async def test_kinds_and_entities_nobody_knows_are_passed_over(pool: Pool) -> None:
    site = await _site(pool)
    async with pool.transaction() as conn:
        await _keep(conn, site, [(NOW, 1, 1, "tea_made", "t1", 1, {"cups": 2})], entity="tea")
        await _keep(conn, site, [(NOW, 1, 2, "visit_sang", "v2", 1, visit(2))], entity="visit")
        await _upto(conn, site, NOW, 1, 2)
    await _read_all(pool, site)
    assert [row["number"] for row in (await _tables(pool, site))["visits"]] == [2]
    async with pool.transaction() as conn:
        found = await conn.execute("select count(*) from reader_failures where site = %s", (site,))
        assert await found.fetchone() == (0,)


class Broken(Visits):
    """A reader under which the database fails a few times."""

    def __init__(self, times: int) -> None:
        self.times = times

    async def apply(self, conn: Connection, site: str, events: Sequence[Kept]) -> None:
        await super().apply(conn, site, events)
        if self.times:
            self.times -= 1
            raise psycopg.OperationalError("the server closed the connection")


async def test_a_failure_of_the_database_is_tried_again_and_shelves_nothing(pool: Pool) -> None:
    site = await _site(pool)
    async with pool.transaction() as conn:
        await _keep(conn, site, [_line(NOW, 1, "token_issued", "v1", 1, visit(1))])
        await _upto(conn, site, NOW, 1, 1)
    broken = Broken(1)
    with pytest.raises(psycopg.OperationalError):
        await run_reader(pool, broken, site, CLOCK)
    assert (await _tables(pool, site))["visits"] == []
    broken.times = 2
    feeder = Feeder(pool, [broken], CLOCK)
    work = asyncio.create_task(feeder.run())

    async def read() -> bool:
        return len((await _tables(pool, site))["visits"]) == 1

    await until(read)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    assert feeder.failures == 2
    async with pool.transaction() as conn:
        found = await conn.execute("select count(*) from reader_failures")
        assert await found.fetchone() == (0,)


class Counting(Visits):
    """A reader that remembers what it was given, over all workers."""

    def __init__(self, seen: list[tuple[str, int]]) -> None:
        self.seen = seen

    async def apply(self, conn: Connection, site: str, events: Sequence[Kept]) -> None:
        await super().apply(conn, site, events)
        self.seen += [(site, kept.event.seq) for kept in events]


async def test_two_workers_share_the_sites_and_give_each_event_once(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "BATCH_EVENTS_MAX", 7)
    sites = [await _site(pool) for _ in range(4)]
    seen: list[tuple[str, int]] = []
    workers = [asyncio.create_task(Feeder(pool, [Counting(seen)], CLOCK, poll_s=0.1).run()) for _ in range(2)]
    for last in range(20, 101, 20):
        async with pool.transaction() as conn:
            for site in sites:
                lines = [_line(NOW, n, "token_issued", f"v{n}", 1, visit(n)) for n in range(last - 19, last + 1)]
                await _keep(conn, site, lines)
                await _upto(conn, site, NOW, 1, last)
                await conn.execute("select pg_notify('outpost_events', %s)", (site,))

    async def finished() -> bool:
        return [len((await _tables(pool, site))["visits"]) for site in sites] == [100] * 4

    await until(finished)
    for worker in workers:
        worker.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
    assert sorted(seen) == sorted((site, n) for site in sites for n in range(1, 101))


async def test_a_command_in_the_mailbox_ends_as_the_site_says(pool: Pool) -> None:
    site = await _site(pool)
    async with pool.transaction() as conn:
        for number, command in enumerate(("c1", "c2", "c3"), 1):
            await conn.execute(
                "insert into mailbox (site, stream, number, command_id, kind, actor, body, state, published_ms)"
                " values (%s, 's', %s, %s, 'rename_service', 'x', '{}', 'received', 1)",
                (site, number, command),
            )
        outcome = {"kind": "rename_service", "outcome": "failed", "detail": "no such service"}
        await _keep(conn, site, [_line(NOW, 1, "command_settled", "c1", 1, {**outcome, "outcome": "applied"})])
        await _keep(conn, site, [_line(NOW, 2, "command_settled", "c2", 1, outcome)])
        await _upto(conn, site, NOW, 1, 2)
    await _read_all(pool, site)
    async with pool.transaction() as conn:
        found = await conn.execute("select state, detail, settled_ms from mailbox where site = %s order by 1", (site,))
        assert await found.fetchall() == [
            ("applied", "no such service", 1000), ("failed", "no such service", 2000), ("received", "", None)
        ]  # fmt: skip
