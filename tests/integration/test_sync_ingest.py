"""Ingest on a real PostgreSQL: what is kept, what is answered."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import psycopg
import pytest

from cloud.dashboard import chain
from cloud.db.pool import MAILBOX, Pool, notices, notify, open_pool
from cloud.ingest.intake import Intake
from cloud.ingest.service import Arrived, Ingest
from cloud.ingest.session import Sessions
from cloud.mailbox.service import Mailbox
from shared.api import Ack, ClockReport, Cursor, Hello, LaneRange
from shared.clock import Clock
from shared.codec import encode_frame
from shared.events import Event, Gap
from shared.topics import Sender

SENDER = Sender("north", "00000000000000e1")
BOOT = "00000000000000b1"


def event(seq: int, **change: Any) -> Event:
    plain = Event(
        seq,
        seq,
        1_700_000_000_000 + seq,
        seq,
        "s",
        "token_issued",
        1,
        "clock",
        f"c{seq}",
        "visit",
        f"v{seq}",
        1,
        {"n": seq},
    )
    return plain._replace(**change)


def frame(first: int, last: int, lane: int = 1, sender: Sender = SENDER, boot: str = BOOT, **change: Any) -> Arrived:
    events = [event(seq, **change) for seq in range(first, last + 1)]
    return Arrived(sender, encode_frame(*sender, lane, boot, events))


def hello_of(
    epoch: str = SENDER.epoch, boot: str = BOOT, session: str = "a" * 16, last: int = 0, mailbox: Cursor | None = None
) -> Hello:
    return Hello(
        session=session,
        epoch=epoch,
        boot=boot,
        lanes=[LaneRange(first=min(1, last), last=last)] * 3,
        clock=ClockReport(now_ms=1, mono_ms=1, trust="s"),
        mailbox=mailbox or Cursor(),
    )


class Bench:
    def __init__(self, pool: Pool) -> None:
        self.pool, self.clock = pool, Clock.life()
        self.ingest = Ingest(pool, self.clock)
        self.mailbox = Mailbox(self.clock)
        self.sessions = Sessions(pool, self.mailbox, self.clock)

    async def rows(self, query: str) -> list[tuple[Any, ...]]:
        async with self.pool.transaction() as conn:
            return await (await conn.execute(query.encode())).fetchall()


@pytest.fixture
async def bench(pg_uri: str) -> Any:
    pool = await open_pool(pg_uri, size=4)
    made = Bench(pool)
    await made.sessions.hello(SENDER, hello_of(), "mqtt")
    yield made
    await pool.close()


async def test_frames_are_kept_and_acknowledged_up_to_the_first_hole(bench: Bench) -> None:
    first, third = await bench.ingest.take([frame(1, 10), frame(21, 30)])
    assert first is not None and third is not None
    assert (first.upto, third.upto, first.credit, first.session) == (10, 10, 8, "a" * 16)
    (second,) = await bench.ingest.take([frame(11, 20)])
    assert second is not None and second.upto == 30
    assert await bench.rows("select count(*), min(seq), max(seq) from events") == [(30, 1, 30)]
    assert await bench.rows("select upto, received::text from cursors") == [(30, "{[1,31)}")]


async def test_a_frame_that_comes_twice_adds_no_row_and_is_acknowledged_again(bench: Bench) -> None:
    await bench.ingest.take([frame(1, 10)])
    again = await bench.ingest.take([frame(1, 10), frame(5, 12), frame(5, 12)])
    assert [ack.upto for ack in again if ack] == [12, 12, 12]
    assert bench.ingest.inserted == 12
    assert await bench.rows("select count(*) from events") == [(12,)]


async def test_every_field_of_an_event_arrives_as_it_was_sent(bench: Bench) -> None:
    sent = Event(
        1, 77, -5, 2**40, "u", "día", 3, "staff:é", "c", "visit", "v", 9, {"a": [1, {"b": None}], "ü": "\u2028"}
    )
    await bench.ingest.take([Arrived(SENDER, encode_frame(*SENDER, 2, BOOT, [sent]))])
    ((row,),) = await bench.rows(
        "select array_to_json(array[to_json(seq), to_json(gseq), to_json(at_ms), to_json(mono_ms), to_json(trust),"
        " to_json(kind), to_json(v), to_json(actor), to_json(cause), to_json(entity), to_json(entity_id),"
        " to_json(version), data::json]) from events"
    )
    assert row == [*sent[:12], sent.data]


async def test_a_gap_is_passed_by_the_cursor_and_kept_for_people(bench: Bench) -> None:
    data = encode_frame(*SENDER, 2, BOOT, [event(1), event(5)], [Gap(2, 4, "thinned\x00")])
    (ack,) = await bench.ingest.take([Arrived(SENDER, data)])
    assert ack is not None and ack.upto == 5
    assert await bench.rows("select lane, first, last, reason from gaps") == [(2, 2, 4, "thinned\\u0000")]


async def test_a_store_that_never_said_hello_gets_no_answer_and_nothing_is_kept(bench: Bench) -> None:
    assert await bench.ingest.take([frame(1, 2, sender=Sender("north", "00000000000000e9"))]) == [None]
    assert await bench.rows("select count(*) from events") == [(0,)]


async def test_a_frame_that_claims_another_site_is_not_taken(bench: Bench) -> None:
    other = frame(1, 2, sender=Sender("south", SENDER.epoch))
    assert await bench.ingest.take([Arrived(SENDER, other.data)]) == [None]
    assert await bench.rows("select count(*) from events") == [(0,)]


@pytest.mark.parametrize(
    "change",
    [
        {"data": {"name": "a\x00b"}},
        {"actor": "nul\x00"},
        {"v": 2**40},
        {"at": 2**63},
        {"data": {"x": [[0]] * 3, "\x00": 1}},
    ],
    ids=["nul in data", "nul in a column", "too large a version", "too large a moment", "nul in a key"],
)
async def test_an_event_postgresql_refuses_is_answered_as_poison_and_shelved_when_it_is_alone(
    bench: Bench, change: dict[str, Any]
) -> None:
    events = [event(1), event(2, **change), event(3)]
    whole, good = await bench.ingest.take(
        [Arrived(SENDER, encode_frame(*SENDER, 1, BOOT, events)), frame(1, 4, lane=2)]
    )
    assert whole is not None and whole.poison is not None and good is not None
    assert (whole.poison.first, whole.poison.last, whole.upto) == (1, 3, 0)
    assert good.poison is None and good.upto == 4, "the frames beside it are kept"
    (alone,) = await bench.ingest.take([Arrived(SENDER, encode_frame(*SENDER, 1, BOOT, [events[1]]))])
    assert alone is not None and alone.poison is not None and alone.poison.first == alone.poison.last == 2
    assert len(await bench.rows("select 1 from dead_letters where lane = 1 and seq = 2")) == 1
    gap = encode_frame(*SENDER, 1, BOOT, [event(1), event(3)], [Gap(2, 2, f"poison: {alone.poison.reason}")])
    (after,) = await bench.ingest.take([Arrived(SENDER, gap)])
    assert after is not None and after.upto == 3


async def test_a_body_that_is_no_frame_is_answered_as_poison_with_the_numbers_of_its_header(bench: Bench) -> None:
    data = bytearray(frame(5, 9).data)
    data[-1] ^= 1
    (ack,) = await bench.ingest.take([Arrived(SENDER, bytes(data))])
    assert ack is not None and ack.poison is not None and (ack.poison.first, ack.poison.last) == (5, 9)
    assert await bench.ingest.take([Arrived(SENDER, b"noise")]) == [None]


async def test_another_event_under_a_kept_number_fences_the_store_and_goes_to_the_late_shelf(bench: Bench) -> None:
    await bench.ingest.take([frame(1, 10)])
    (ack,) = await bench.ingest.take([frame(8, 12, actor="clone")])
    assert ack is not None and ack.fenced
    assert await bench.rows("select count(*) from events") == [(10,)]
    assert await bench.rows("select seq, actor, why from late_events order by seq") == [
        (seq, "clone", "fenced") for seq in range(8, 13)
    ]
    assert await bench.rows("select kind, epoch from alarms") == [("fenced", SENDER.epoch)]
    assert await bench.rows("select state from epochs") == [("fenced",)]


async def test_both_stores_of_a_fenced_epoch_send_all_they_have_and_only_what_is_new_is_shelved(bench: Bench) -> None:
    await bench.ingest.take([frame(1, 10)])
    await bench.ingest.take([frame(8, 12, actor="clone")])
    for boot, actor in (("00000000000000c1", "clone"), ("00000000000000c2", "clock")):
        answer = await bench.sessions.hello(SENDER, hello_of(boot=boot, session="b" * 16, last=12), "mqtt")
        assert answer.fenced and answer.cursors == [0, 0, 0] and answer.credit == 8
        same, own = await bench.ingest.take([frame(1, 7, boot=boot), frame(8, 15, actor=actor, boot=boot)])
        assert same is not None and own is not None and own.fenced and own.upto == 15
    assert await bench.rows("select count(*), count(distinct (seq, crc)) from late_events") == [(8 + 5, 13)]
    assert await bench.rows("select count(*) from events") == [(10,)]


async def test_a_new_epoch_replaces_the_one_before_whose_frames_go_to_the_late_shelf(bench: Bench) -> None:
    await bench.ingest.take([frame(1, 10)])
    new = Sender("north", "00000000000000e2")
    answer = await bench.sessions.hello(new, hello_of(new.epoch), "mqtt")
    assert not answer.fenced and answer.cursors == [0, 0, 0]
    assert await bench.rows("select epoch, ordinal, state from epochs order by ordinal") == [
        (SENDER.epoch, 1, "replaced"),
        (new.epoch, 2, "current"),
    ]
    back = await bench.sessions.hello(SENDER, hello_of(last=15), "mqtt")
    assert back.fenced and back.cursors == [0, 10, 0]
    (ack,) = await bench.ingest.take([frame(11, 15)])
    assert ack is not None and ack.fenced and ack.upto == 15
    assert await bench.rows("select count(*), min(seq), max(why) from late_events") == [(5, 11, "replaced")]
    assert await bench.rows("select count(*) from events") == [(10,)]


async def test_numbers_in_too_many_pieces_are_not_taken_until_the_first_hole_is_closed(bench: Bench) -> None:
    for start in range(0, 80, 8):
        await bench.ingest.take([frame(2 * n + 2, 2 * n + 2) for n in range(start, start + 8)])
    ((pieces,),) = await bench.rows("select count(*) from (select unnest(received) from cursors) p")
    assert pieces <= 72
    (ack,) = await bench.ingest.take([frame(1, 1)])
    assert ack is not None and ack.upto == 2


async def test_many_workers_may_take_the_same_frames_at_once(bench: Bench) -> None:
    others = [Ingest(bench.pool, bench.clock) for _ in range(4)]
    batches = [[frame(first, first + 49, lane=lane) for lane in (0, 1, 2)] for first in range(1, 400, 50)]

    async def work(ingest: Ingest, order: int) -> None:
        for batch in batches if order % 2 else reversed(batches):
            await ingest.take(batch)

    await asyncio.gather(*(work(other, n) for n, other in enumerate(others)))
    assert sum(other.inserted for other in others) == 1200
    assert await bench.rows("select lane, upto from cursors order by lane") == [(0, 400), (1, 400), (2, 400)]


async def test_a_cloud_that_forgot_answers_hello_with_what_it_has(bench: Bench) -> None:
    await bench.ingest.take([frame(1, 30)])
    async with bench.pool.transaction() as conn:
        await conn.execute("delete from events where seq > 12")
        await conn.execute("update cursors set upto = 12, received = '{[1,13)}'")
    answer = await bench.sessions.hello(SENDER, hello_of(last=30), "mqtt")
    assert answer.cursors == [0, 12, 0]


async def test_a_store_with_fewer_events_than_it_sent_raises_an_alarm(bench: Bench) -> None:
    await bench.ingest.take([frame(1, 30)])
    await bench.sessions.hello(SENDER, hello_of(last=20, boot="00000000000000b2"), "mqtt")
    assert await bench.rows("select kind from alarms") == [("clash",)]


async def test_the_moment_of_an_event_with_an_untrusted_clock_is_corrected_by_its_boot(bench: Bench) -> None:
    await bench.ingest.take([frame(1, 1, trust="u", at=5, mono_ms=11), frame(2, 2, trust="s", at=77, mono_ms=12)])
    ((offset,),) = await bench.rows("select offset_ms from boots")
    assert await bench.rows("select dated_ms from events_dated order by seq") == [(offset + 11,), (77,)]


async def test_a_good_frame_is_kept_on_a_connection_whose_first_frames_brought_no_events(pg_uri: str) -> None:
    pool = await open_pool(pg_uri, size=1)
    try:
        one = Bench(pool)
        unknown = Sender("north", "00000000000000e9")
        assert await one.ingest.take([frame(1, 2, sender=unknown)]) == [None]
        old = Sender("north", "00000000000000e0")
        for sender in (old, SENDER):
            await one.sessions.hello(sender, hello_of(sender.epoch), "mqtt")
        (late,) = await one.ingest.take([frame(1, 3, sender=old)])
        assert late is not None and late.fenced and late.upto == 3
        (gap,) = await one.ingest.take([Arrived(SENDER, encode_frame(*SENDER, 1, BOOT, [], [Gap(1, 4, "thinned")]))])
        assert gap is not None and gap.upto == 4
        for first in (5, 11):
            (ack,) = await one.ingest.take([frame(first, first + 5)])
            assert ack is not None and ack.upto == first + 5
        assert await one.rows("select count(*) from events") == [(12,)]
    finally:
        await pool.close()


async def test_poison_of_a_replaced_store_is_answered_with_where_its_shelf_stands(bench: Bench) -> None:
    new = Sender("north", "00000000000000e2")
    await bench.ingest.take([frame(1, 10)])
    await bench.sessions.hello(new, hello_of(new.epoch), "mqtt")
    await bench.ingest.take([frame(11, 15)])
    (ack,) = await bench.ingest.take([frame(16, 16, actor="nul\x00")])
    assert ack is not None and ack.poison is not None and ack.fenced and ack.upto == 15


async def test_the_alarms_of_a_store_end_when_a_new_one_takes_its_place(bench: Bench) -> None:
    await bench.ingest.take([frame(1, 10)])
    await bench.ingest.take([frame(8, 12, actor="clone")])
    await bench.sessions.hello(SENDER, hello_of(), "mqtt")
    assert await bench.rows("select count(*) from alarms where ended_ms is null") == [(1,)]
    await bench.sessions.hello(Sender("north", "00000000000000e2"), hello_of("00000000000000e2"), "mqtt")
    assert await bench.rows("select count(*) from alarms where ended_ms is null") == [(0,)]


async def test_tiles_count_at_most_a_thousand_rows_of_each_shelf(bench: Bench) -> None:
    async with bench.pool.transaction() as conn:
        await conn.execute(
            "insert into dead_letters select 'north', 'e', 1, n, '', '', 0 from generate_series(1, 1200) as n"
        )
        await conn.execute(
            "insert into reader_failures select 'r', 'north', 'e', 1, n, '', '', 0 from generate_series(1, 7) as n"
        )
        (tile,) = await chain.tiles(conn, bench.clock, 10.0)
    assert (tile.dead_letters, tile.late) == (1007, 0)


async def test_a_fault_in_keeping_frames_gives_no_answer_and_the_next_frames_are_kept(bench: Bench) -> None:
    answers: asyncio.Queue[Ack | None] = asyncio.Queue()
    faults: list[psycopg.Error] = [psycopg.errors.UndefinedTable("a fault")]

    class Faulty(Ingest):
        async def take(self, arrived: Sequence[Arrived]) -> list[Ack | None]:
            if faults:
                raise faults.pop()
            return await super().take(arrived)

    intake = Intake(Faulty(bench.pool, bench.clock), waiting_max=1, workers=1)
    work = asyncio.create_task(intake.run())
    try:
        async with asyncio.timeout(10):
            for first in (1, 1):
                assert intake.reserve()
                intake.put(frame(first, 5), answers.put_nowait)
                answer = await answers.get()
        assert answer is not None and answer.upto == 5
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


@pytest.mark.parametrize("given", ["", " connect_timeout=9"])
async def test_connections_to_a_database_that_is_gone_without_a_word_are_given_up_soon(pg_uri: str, given: str) -> None:
    pool = await open_pool(pg_uri + given, size=1)
    try:
        async with pool.transaction() as conn:
            told = conn.info.get_parameters()
        assert (told["tcp_user_timeout"], told["keepalives_idle"]) == ("15000", "10")
        assert told["connect_timeout"] == ("9" if given else "5")
    finally:
        await pool.close()


async def test_notices_are_heard_also_after_the_line_was_asked_whether_it_lives(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloud.db.pool.QUIET_S", 0.05)
    async with bench.pool.listening(MAILBOX) as conn, asyncio.timeout(10):
        heard = notices(conn)
        waiting = asyncio.ensure_future(anext(heard))
        await asyncio.sleep(0.3)
        async with bench.pool.transaction() as other:
            await notify(other, MAILBOX, "north")
            await other.execute("select pg_notify(%s, 'south')", (MAILBOX,))
        assert [await waiting, await anext(heard)] == ["north", "south"]
        await bench.pool.check()
        async with bench.pool.transaction() as other:
            await other.execute("select pg_terminate_backend(%s)", (conn.info.backend_pid,))
        with pytest.raises(psycopg.OperationalError):
            await anext(heard)
