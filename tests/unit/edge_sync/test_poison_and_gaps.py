"""Poison among gaps, with the real outbox and the real frames: the lane always goes on, and only poison is shelved."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from edge.store import outbox
from edge.sync.pump import cut_frame
from edge.sync.uplink import Uplink
from shared.clock import Clock
from shared.codec import decode_frame
from shared.topics import Sender
from tests.clinic import Clinic, clinic

HEAD = 430
LANE = 2
FRAMES_MAX = 80


def fill(it: Clinic, conn: sqlite3.Connection, head: int = HEAD) -> None:
    """Events 1 to `head` in the lane of telemetry."""
    place = outbox.place_of(it.store.epoch_no, LANE, 0)
    conn.execute(
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < ?) insert into events"
        " select ? + i, ?, 2, i, 1000 + i, ?, 1000 * i, i, 's', 'clock_stepped', 1, 'clock', 'c' || i, 'site', 'site',"
        " i, '{\"step_ms\": ' || i || '}', 0 from n",
        (head, place, it.store.epoch_no, it.store.boot_no),
    )
    conn.execute("update heads set lane2 = ?", (head,))


def drain(conn: sqlite3.Connection, poison: set[int], window: int) -> tuple[set[int], set[int]]:
    """Send everything to a cloud that refuses poison; returns which numbers it kept, and which were shelved."""
    sender = Sender("north", "0" * 16)
    uplink, kept, shelved = Uplink([0, 0, 0], [0, 0, HEAD], window), set[int](), set[int]()
    now_s = 0.0
    for _ in range(FRAMES_MAX):
        now_s += 1.0
        flights = []
        while (want := uplink.next(now_s)) is not None:
            cut = cut_frame(conn, sender, want)
            assert cut is not None
            uplink.sent(want.lane, cut[0], cut[1], now_s)
            flights.append(cut[2])
        for data in flights:
            now_s += 0.1
            frame = decode_frame(data)
            if any(event.seq in poison for event in frame.events):
                shelve = uplink.poisoned(LANE, frame.first, frame.last, "no", now_s)
                if shelve is not None:
                    shelved.add(shelve.seq)
                    outbox.shelve(conn, LANE, shelve.seq, "no", 1)
            else:
                kept.update(range(frame.first, frame.last + 1))
            upto = next((n for n in range(HEAD) if n + 1 not in kept), HEAD)
            uplink.answered(LANE, upto, 8, now_s)
        if uplink.drained:
            return kept, shelved
    raise AssertionError(f"stalled after {uplink.acked[LANE]}")


@pytest.mark.parametrize("window", [1, 8])
@pytest.mark.parametrize(
    ("holes", "poison"),
    [
        ([], {6, 7}),
        ([(6, 6)], {7}),
        ([(7, 11)], {12}),
        ([(7, 11), (13, 400)], {6, 12, 401, 402}),
        ([(1, 5)], {6, HEAD}),
        ([(420, HEAD)], {419}),
    ],
)
async def test_poison_beside_a_gap_or_other_poison_is_shelved_alone_and_the_lane_drains(
    tmp_path: Path, holes: list[tuple[int, int]], poison: set[int], window: int
) -> None:
    async with clinic(tmp_path, Clock.life()) as it:
        conn = it.store.writing.connect()
        try:
            fill(it, conn)
            for first, last in holes:
                conn.execute("delete from events where lane = 2 and seq between ? and ?", (first, last))
                if first % 2:
                    conn.execute("insert into gaps values (?, 2, ?, ?, 'thinned', 1)", (it.store.epoch_no, first, last))
            kept, shelved = drain(conn, poison, window)
            assert kept == set(range(1, HEAD + 1))
            assert shelved == poison
            assert {row[0] for row in conn.execute("select seq from dead_letters")} == poison
        finally:
            conn.close()


async def test_what_is_held_is_found_at_once_however_much_there_is(tmp_path: Path) -> None:
    async with clinic(tmp_path, Clock.life()) as it:
        conn = it.store.writing.connect()
        try:
            fill(it, conn, 20_000)
            conn.execute("delete from events where lane = 2 and seq <= 20")
            steps: list[None] = []
            conn.set_progress_handler(lambda: steps.append(None), 100)
            assert outbox.ranges(conn)[2] == (21, 20_000)
            assert len(steps) < 10, "it walked through the events"
            conn.set_progress_handler(None, 0)
            conn.execute("insert into gaps values (?, 2, 15, 20, 'thinned', 1)", (it.store.epoch_no,))
            assert outbox.ranges(conn)[2] == (15, 20_000)
            conn.execute("delete from events where lane = 2")
            assert outbox.ranges(conn)[2] == (15, 20_000)
            conn.execute("delete from gaps")
            assert outbox.ranges(conn)[2] == (0, 0)
        finally:
            conn.close()
