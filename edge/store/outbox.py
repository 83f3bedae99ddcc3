"""What waits to be sent to the cloud, and how far the cloud has come. Plain functions on a connection."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

import orjson

from shared.codec import FRAME_EVENTS_MAX
from shared.events import LANES, Event, Gap

EPOCH_SPAN, LANE_SPAN = 1 << 50, 1 << 48
RETENTION_MS = 14 * 24 * 3600 * 1000
"""Acknowledged events stay this long, so that a cloud restored from a backup is healed by its sites."""

_COLUMNS = "seq, gseq, at_ms, mono_ms, trust, kind, v, actor, cause, entity, entity_id, version, data, boot_no"


class Cut(NamedTuple):
    """A run of one lane, one boot and one epoch, without holes: what one frame can hold."""

    epoch: str
    boot: str
    first: int
    last: int
    events: list[Event]
    gaps: list[Gap]


def place_of(epoch_no: int, lane: int, seq: int) -> int:
    """The row number of an event: a lane of an epoch lies together, in order."""
    return epoch_no * EPOCH_SPAN + lane * LANE_SPAN + seq


def _epoch(conn: sqlite3.Connection) -> tuple[int, str]:
    no, epoch = conn.execute("select no, epoch from epochs order by no desc limit 1").fetchone()
    return no, epoch


def heads(conn: sqlite3.Connection) -> list[int]:
    """Per lane: the last seq given in the present epoch, 0 for none."""
    return list(conn.execute("select lane0, lane1, lane2 from heads").fetchone())


def ranges(conn: sqlite3.Connection) -> list[tuple[int, int]]:
    """Per lane: the first and the last seq still held; (0, 0) for an empty lane."""
    no, _ = _epoch(conn)
    held = []
    for lane, last in zip(LANES, heads(conn), strict=True):
        # two point reads: a minimum over both tables would walk through every event there is
        event = conn.execute(
            "select seq from events where place > ? and place < ? order by place limit 1",
            (place_of(no, lane, 0), place_of(no, lane + 1, 0)),
        ).fetchone()
        gap = conn.execute(
            "select first from gaps where epoch_no = ? and lane = ? order by first limit 1", (no, int(lane))
        ).fetchone()
        first = min((row[0] for row in (event, gap) if row is not None), default=0)
        held.append((first, last if first else 0))
    return held


def acked(conn: sqlite3.Connection) -> list[int]:
    """Per lane: the cloud's cursor as it last told."""
    found = dict(conn.execute("select lane, seq from acked"))
    return [found[int(lane)] for lane in LANES]


def unsent(conn: sqlite3.Connection) -> list[int]:
    """Per lane: how many numbers the cloud has not acknowledged."""
    return [max(0, head - upto) for head, upto in zip(heads(conn), acked(conn), strict=True)]


def cut(conn: sqlite3.Connection, lane: int, after: int, limit: int = FRAME_EVENTS_MAX) -> Cut | None:
    """The next run after seq `after`, at most `limit` events. None when nothing is there.

    A hole between what is held (rows past their retention) is sent as a gap, so that the cursor can pass it. With
    `limit` 1 the gaps before an event come alone, and the event next: a refusal then means that one event.
    """
    no, epoch = _epoch(conn)
    base = place_of(no, lane, 0)
    # the head is read before the rows: what is committed in between must not look like a hole
    head = heads(conn)[lane]
    rows = conn.execute(
        f"select {_COLUMNS} from events where place > ? and place < ? order by place limit ?",
        (base + after, base + LANE_SPAN, limit),
    ).fetchall()
    boot_no = rows[0][-1] if rows else None
    rows = rows[: next((i for i, row in enumerate(rows) if row[-1] != boot_no), len(rows))]
    gaps = _gaps(conn, no, lane, after, [row[0] for row in rows], head)
    if not rows and not gaps:
        return None
    if limit == 1 and gaps:
        rows = []
    if boot_no is None:
        boot_no = conn.execute("select max(no) from boots").fetchone()[0]
    (boot,) = conn.execute("select boot from boots where no = ?", (boot_no,)).fetchone()
    events = [Event._make((*row[:12], orjson.loads(row[12]))) for row in rows]
    last = max([event.seq for event in events[-1:]] + [gap.last for gap in gaps])
    return Cut(epoch, boot, after + 1, last, events, gaps)


def _gaps(conn: sqlite3.Connection, no: int, lane: int, after: int, seqs: list[int], head: int) -> list[Gap]:
    """Every number after `after` up to the last event (or, without events, up to `head`) that is not an event."""
    missing, expected = [], after + 1
    for seq in seqs or [head + 1]:
        if seq > expected:
            missing.append((expected, seq - 1))
        expected = seq + 1
    gaps: list[Gap] = []
    for first, last in missing:
        kept = conn.execute(
            "select first, last, reason from gaps where epoch_no = ? and lane = ? and last >= ? and first <= ? "
            "order by first", (no, lane, first, last),
        ).fetchall()  # fmt: skip
        at = first
        for start, end, reason in kept:
            if start > at:
                gaps.append(Gap(at, start - 1, "past retention"))
            gaps.append(Gap(max(start, at), min(end, last), reason))
            at = end + 1
        if at <= last:
            gaps.append(Gap(at, last, "past retention"))
    return gaps


def set_acked(conn: sqlite3.Connection, lane: int, upto: int) -> None:
    """Take over the cloud's cursor. It may go back: a cloud restored from a backup asks again."""
    conn.execute("update acked set seq = ? where lane = ?", (upto, lane))


def shelve(conn: sqlite3.Connection, lane: int, seq: int, reason: str, now_ms: int) -> None:
    """Put one event that the cloud cannot take on the dead-letter shelf, and a gap in its place. Twice is once."""
    no, _ = _epoch(conn)
    place = place_of(no, lane, seq)
    row = conn.execute(f"select {_COLUMNS} from events where place = ?", (place,)).fetchone()
    if row is None:
        return
    body = orjson.dumps(row[:13]).decode()
    conn.execute(
        "insert into dead_letters(epoch_no, lane, seq, kind, body, reason, at_ms) values (?, ?, ?, ?, ?, ?, ?)",
        (no, lane, seq, row[5], body, reason, now_ms),
    )
    conn.execute("insert into gaps values (?, ?, ?, ?, ?, ?)", (no, lane, seq, seq, f"poison: {reason}", now_ms))
    conn.execute("delete from events where place = ?", (place,))


def forget(conn: sqlite3.Connection, now_ms: int, alone: bool = False, limit: int = 5_000) -> int:
    """Delete at most `limit` acknowledged events past their retention; returns how many went.

    alone: this clinic belongs to no chain, so nobody will ever acknowledge; what is past its retention goes all the same.
    """
    no, _ = _epoch(conn)
    gone = 0
    for lane, upto in zip(LANES, heads(conn) if alone else acked(conn), strict=True):
        base = place_of(no, lane, 0)
        gone += conn.execute(
            "delete from events where place in (select place from events where place > ? and place <= ? "
            "order by place limit ?) and at_ms < ?", (base, base + upto, limit, now_ms - RETENTION_MS),
        ).rowcount  # fmt: skip
    return gone


def adopt_mailbox(conn: sqlite3.Connection, stream: str, now_ms: int) -> None:
    """Follow `stream` from now on, from its beginning unless it is the one followed already."""
    conn.execute("delete from cursors where source = 'mailbox' and stream <> ?", (stream,))
    conn.execute("insert or ignore into cursors values (?, 'mailbox', 0, ?)", (stream, now_ms))


def mailbox_cursor(conn: sqlite3.Connection) -> tuple[str | None, int]:
    """The cloud's command stream this site follows, and the last number taken; (None, 0) before the first."""
    row = conn.execute("select stream, upto from cursors where source = 'mailbox'").fetchone()
    return (row[0], row[1]) if row else (None, 0)
