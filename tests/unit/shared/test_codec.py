"""Frames between edge and cloud: what goes in comes out, and nothing wrong gets through."""

from __future__ import annotations

import struct
import tracemalloc
import zlib
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.codec import BadFrame, EventTooLarge, crc_of, decode_frame, encode_frame, fits
from shared.events import Event, Gap

HEADER_BYTES = 44
SITE, EPOCH, BOOT = "riverside", "0123456789abcdef", "fedcba9876543210"


def event(seq: int, **data: Any) -> Event:
    return Event(seq, seq + 5, 1_795_168_743_025 + seq, 4_000 + seq, "s", "token_issued", 1, "board:b1", f"c{seq}", "visit",
                 f"id{seq}", 1, data or {"token": f"A-{seq:03d}", "status": "waiting", "room": None})  # fmt: skip


numbers = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


@given(datas=st.lists(st.dictionaries(st.text(max_size=6), values, max_size=5), min_size=1, max_size=12))
def test_whatever_the_events_hold_comes_out_as_it_went_in(datas: list[dict[str, Any]]) -> None:
    events = [event(seq)._replace(data=data) for seq, data in enumerate(datas, 1)]
    frame = decode_frame(encode_frame(SITE, EPOCH, 1, BOOT, events))
    assert (frame.site, frame.epoch, frame.lane, frame.boot) == (SITE, EPOCH, 1, BOOT)
    assert frame.events == events
    assert [crc_of(e) for e in frame.events] == [crc_of(e) for e in events]


def test_gaps_travel_among_events_and_the_range_is_whole() -> None:
    events = [event(4), event(5), event(9)]
    frame = decode_frame(encode_frame(SITE, EPOCH, 2, BOOT, events, [Gap(6, 8, "thinned")]))
    assert (frame.first, frame.last, frame.gaps) == (4, 9, [Gap(6, 8, "thinned")])
    alone = decode_frame(encode_frame(SITE, EPOCH, 2, BOOT, [], [Gap(1, 1000, "past retention")]))
    assert (alone.first, alone.last, alone.events) == (1, 1000, [])


def test_frame_with_a_hole_is_refused() -> None:
    with pytest.raises(BadFrame, match="numbers"):
        decode_frame(encode_frame(SITE, EPOCH, 1, BOOT, [event(1), event(3)]))


@given(position=st.integers(0, 400), flip=st.integers(1, 255))
def test_one_changed_byte_is_noticed_or_changes_only_the_header(position: int, flip: int) -> None:
    whole = encode_frame(SITE, EPOCH, 1, BOOT, [event(seq) for seq in range(1, 6)])
    broken = bytearray(whole)
    broken[position % len(whole)] ^= flip
    try:
        frame = decode_frame(bytes(broken))
    except BadFrame:
        return
    # site, epoch, lane and boot come from the credential or are compared with it; events are never altered
    assert frame.events == decode_frame(whole).events


@given(noise=st.binary(max_size=300))
def test_noise_is_refused_and_never_crashes(noise: bytes) -> None:
    with pytest.raises(BadFrame):
        decode_frame(noise)


def test_frame_that_unfolds_without_end_is_refused() -> None:
    whole = encode_frame(SITE, EPOCH, 1, BOOT, [event(1)])
    bomb = zlib.compress(b"[" * 40_000_000, 9)
    header = bytearray(whole[: HEADER_BYTES + len(SITE)])
    struct.pack_into(">I", header, HEADER_BYTES - 5, zlib.crc32(bomb))
    with pytest.raises(BadFrame):
        decode_frame(bytes(header) + bomb)


def test_column_that_repeats_without_end_is_refused() -> None:
    whole = encode_frame(SITE, EPOCH, 1, BOOT, [event(1), event(2)])
    start = HEADER_BYTES + len(SITE)
    body = orjson.loads(zlib.decompress(whole[start:]))
    body["c"]["kind"] = {"=": "x", "x": 10**12}
    packed = zlib.compress(orjson.dumps(body))
    header = bytearray(whole[:start])
    struct.pack_into(">I", header, HEADER_BYTES - 5, zlib.crc32(packed))
    with pytest.raises(BadFrame):
        decode_frame(bytes(header) + packed)


def test_event_above_its_limit_is_refused_before_it_is_kept() -> None:
    with pytest.raises(EventTooLarge):
        crc_of(event(1, text="x" * 33_000))


def test_two_hundred_visits_fit_and_cost_few_bytes_each() -> None:
    frame = encode_frame(SITE, EPOCH, 1, BOOT, [event(seq) for seq in range(1, 201)])
    assert fits(frame) and len(frame) / 200 < 35


def frame_of(body: bytes, count: int) -> bytes:
    """A frame whose header promises `count` events, with this body."""
    whole = encode_frame(SITE, EPOCH, 1, BOOT, [event(seq) for seq in range(1, count + 1)])
    packed = zlib.compress(body, 9)
    header = bytearray(whole[: HEADER_BYTES + len(SITE)])
    struct.pack_into(">I", header, HEADER_BYTES - 5, zlib.crc32(packed))
    return bytes(header) + packed


def body_of_frame(count: int) -> dict[str, Any]:
    whole = encode_frame(SITE, EPOCH, 1, BOOT, [event(seq) for seq in range(1, count + 1)])
    body: dict[str, Any] = orjson.loads(zlib.decompress(whole[HEADER_BYTES + len(SITE) :]))
    return body


def wide(keys: int) -> bytes:
    body = body_of_frame(200)
    body["s"], body["t"] = [[f"k{n}" for n in range(keys)]], [[{"=": 0, "x": 200}] * keys]
    return orjson.dumps(body)


def many_tables() -> bytes:
    body = body_of_frame(200)
    body["s"], body["t"] = [["k"]] * 9_000, [[{"=": 0, "x": 200}]] * 9_000
    return orjson.dumps(body)


def growing_text() -> bytes:
    body = body_of_frame(200)
    body["c"]["seq"] = ["x" * 5_000] * 200
    return orjson.dumps(body)


@pytest.mark.parametrize(
    "body",
    [
        wide(4_000),
        wide(9_000),
        many_tables(),
        growing_text(),
        b"[" + b"[]," * 300_000 + b"0]",
        b"[" + b'{"a":0},' * 110_000 + b"0]",
    ],
    ids=["wide", "too wide", "many tables", "growing text", "empty lists", "small objects"],
)
def test_a_small_hostile_frame_never_costs_more_than_thirty_megabytes(body: bytes) -> None:
    frame = frame_of(body, 200)
    assert fits(frame)
    tracemalloc.start()
    try:
        with pytest.raises(BadFrame):
            decode_frame(frame)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 30_000_000, peak


@pytest.mark.parametrize(
    "change",
    [
        {"t": [[{"=": "A", "x": 2}, ["a", "b"], "ab"]]},
        {"t": [[["a", "b"], ["a", "b"]]]},
        {"t": [[["a"], ["a"], ["a"]]]},
        {"t": [[{"=": "A", "x": -1}] * 3]},
        {"t": [[{"=": "A", "x": 3}] * 3]},
        {"o": [0, 1]},
        {"o": [0, -1]},
        {"o": [0]},
    ],
)
def test_a_table_unlike_its_keys_or_its_events_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(BadFrame):
        decode_frame(frame_of(orjson.dumps(body_of_frame(2) | change), 2))


def test_the_largest_event_that_may_be_kept_can_travel_alone() -> None:
    datas: list[dict[str, Any]] = [
        {"text": "," * 32_000},
        {f"{n}": 0 for n in range(3_400)},
        {"list": [[]] * 10_000},
    ]
    for data in datas:
        large = event(1)._replace(data=data)
        crc_of(large)
        assert decode_frame(encode_frame(SITE, EPOCH, 1, BOOT, [large])).events == [large]
