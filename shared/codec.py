"""The one file that knows how events look as bytes.

An uplink frame is a header and a zlib body. The header says whose the events are (site, epoch, lane, boot), which
numbers it covers (`first` to `last`, without holes: each number is an event or inside a gap) and the crc of the body.
The body is JSON by columns: one list per field of the envelope, numbers as differences, and the data of the events
grouped by shape. Two hundred visits differ in little, and zlib finds that little faster in columns than in rows.

The crc of an *event* is over its canonical form (sorted keys), so both sides compute the same without sending it.
"""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate
from typing import Any, NamedTuple

import orjson

from shared.events import EVENT_BYTES_MAX, Event, Gap
from shared.topics import SITE

FRAME_EVENTS_MAX = 200
FRAME_BYTES_MAX = 64 * 1024
"""Of the compressed body."""
BODY_BYTES_MAX = 1024 * 1024
"""Of the body once inflated: no frame may unfold to more. Parsing takes about fourteen times as much for a moment. Events
of more than 5 KB each, two hundred of them, would not fit: such a frame is refused and comes again in halves."""
VALUES_MAX = 100_000
"""In a body, and in the rows its tables unfold to. One event within its limit has fewer; a frame refused for having
more comes again in halves."""
KEYS_MAX = EVENT_BYTES_MAX // 4
"""In the data of one event: a key and its value are four bytes of it at least."""

_MAGIC = b"OPF1"
_HEADER = struct.Struct(">4sB8s8sQQHIB")  # magic, lane, epoch, boot, first, last, events, crc of body, length of site
_BEFORE = ["seq", "gseq", "at", "mono_ms", "trust", "kind", "v", "actor", "cause", "entity", "id", "version"]
_DIFFERENCES = frozenset(("seq", "gseq", "at", "mono_ms"))
_NUMBERS = frozenset(("seq", "gseq", "at", "mono_ms", "v", "version"))


class BadFrame(ValueError):
    """The bytes are not a frame, or not the frame the header promises. Sending the same bytes again will not help."""


class EventTooLarge(ValueError):
    """The canonical form is above EVENT_BYTES_MAX; nothing was appended."""


class Frame(NamedTuple):
    """What a frame holds. `events` in order of seq; with `gaps` they cover `first` to `last` exactly."""

    site: str
    epoch: str
    lane: int
    boot: str
    first: int
    last: int
    events: list[Event]
    gaps: list[Gap]


class Header(NamedTuple):
    """What the header of a frame promises, before anybody has looked at the body."""

    lane: int
    epoch: str
    boot: str
    first: int
    last: int


def canonical(event: Event) -> bytes:
    """The form the crc is over. Raises EventTooLarge."""
    body = orjson.dumps(tuple(event), option=orjson.OPT_SORT_KEYS)
    if len(body) > EVENT_BYTES_MAX:
        raise EventTooLarge(f"{event.kind} is {len(body)} bytes; at most {EVENT_BYTES_MAX} travel")
    return body


def crc_of(event: Event) -> int:
    """CRC-32 of the canonical form. Raises EventTooLarge."""
    return zlib.crc32(canonical(event))


def encode_frame(
    site: str, epoch: str, lane: int, boot: str, events: Sequence[Event], gaps: Sequence[Gap] = ()
) -> bytes:
    """Cut one frame. The events and gaps must be of one lane and boot, in order, without holes, and at least one.

    Does not check the compressed size: see `fits`.
    """
    first = min([event.seq for event in events[:1]] + [gap.first for gap in gaps])
    last = max([event.seq for event in events[-1:]] + [gap.last for gap in gaps])
    columns: dict[str, Any] = {}
    for index, name in enumerate(_BEFORE):
        column: list[Any] = [event[index] for event in events]
        columns[name] = _differences(column) if name in _DIFFERENCES else _repeats(column)
    shapes: dict[tuple[str, ...], int] = {}
    order: list[int] = []
    tables: list[list[list[Any]]] = []
    for event in events:
        keys = tuple(event.data)
        shape = shapes.setdefault(keys, len(shapes))
        if shape == len(tables):
            tables.append([])
        tables[shape].append(list(event.data.values()))
        order.append(shape)
    body = {
        "c": columns,
        "n": len(events),
        "o": _repeats(order),
        "s": [list(keys) for keys in shapes],
        "t": [[_repeats(list(column)) for column in zip(*rows, strict=True)] for rows in tables],
        "g": [list(gap) for gap in gaps],
    }
    packed = zlib.compress(orjson.dumps(body), 6)
    site_name = site.encode()
    header = _HEADER.pack(
        _MAGIC,
        lane,
        bytes.fromhex(epoch),
        bytes.fromhex(boot),
        first,
        last,
        len(events),
        zlib.crc32(packed),
        len(site_name),
    )
    return header + site_name + packed


def fits(frame: bytes) -> bool:
    """Whether a frame's body is within FRAME_BYTES_MAX; one that is not is cut in half and tried again."""
    return len(frame) <= FRAME_BYTES_MAX + _HEADER.size + 40


def header_of(data: bytes) -> Header:
    """Read the header alone, to be able to answer about a frame whose body cannot be read. Raises BadFrame."""
    if len(data) < _HEADER.size or not fits(data):
        raise BadFrame("not the size of a frame")
    magic, lane, epoch, boot, first, last, count, _, _ = _HEADER.unpack_from(data)
    if magic != _MAGIC or lane > 2 or count > FRAME_EVENTS_MAX or not 1 <= first <= last < 2**63:
        raise BadFrame("not a frame's header")
    return Header(lane, epoch.hex(), boot.hex(), first, last)


def decode_frame(data: bytes) -> Frame:
    """Read a frame from anybody. Raises BadFrame for whatever is wrong with it; never allocates beyond the limits."""
    if len(data) < _HEADER.size or not fits(data):
        raise BadFrame("not the size of a frame")
    magic, lane, epoch, boot, first, last, count, crc, name_bytes = _HEADER.unpack_from(data)
    site_end = _HEADER.size + name_bytes
    packed = data[site_end:]
    if magic != _MAGIC or lane > 2 or count > FRAME_EVENTS_MAX or not 1 <= first <= last < 2**63:
        raise BadFrame("not a frame's header")
    if zlib.crc32(packed) != crc:
        raise BadFrame("the body's crc does not match")
    try:
        site = data[_HEADER.size : site_end].decode("ascii")
        inflate = zlib.decompressobj()
        text = inflate.decompress(packed, BODY_BYTES_MAX)
        if sum(text.count(mark) for mark in (b",", b"[", b"{")) > VALUES_MAX:
            raise ValueError("too many values")  # seen before parsing: two bytes of JSON can be two hundred of memory
        body = orjson.loads(text)
        events = _events_of(body, count)
        gaps = [Gap(int(f), int(t), str(reason)) for f, t, reason in body["g"]]
    except (zlib.error, ValueError, KeyError, TypeError, IndexError, StopIteration, RuntimeError) as error:
        raise BadFrame(f"the body cannot be read: {error}") from error
    if not SITE.fullmatch(site) or not _covers(events, gaps, first, last):
        raise BadFrame("the numbers are not those the header promises")
    return Frame(site, epoch.hex(), lane, boot.hex(), first, last, events, gaps)


def _events_of(body: dict[str, Any], count: int) -> list[Event]:
    if int(body["n"]) != count:
        raise ValueError("another number of events")
    columns = []
    for name in _BEFORE:
        column = body["c"][name]
        column = column if name in _DIFFERENCES else _unrepeat(column, count)
        wanted = int if name in _NUMBERS else str
        if type(column) is not list or len(column) != count or not all(type(value) is wanted for value in column):
            raise ValueError(f"column {name}")
        columns.append(list(accumulate(column)) if name in _DIFFERENCES else column)
    order = _unrepeat(body["o"], count)
    datas = _datas_of(body["s"], body["t"], order)
    return [Event._make((*row, data)) for row, data in zip(zip(*columns, strict=True), datas, strict=True)]


def _datas_of(shapes: list[Any], tables: list[Any], order: list[Any]) -> list[dict[str, Any]]:
    """Put the rows of the tables together. Everything is counted before anything is unfolded."""
    if any(type(shape) is not int or not 0 <= shape < len(shapes) for shape in order):
        raise ValueError("a shape that is not there")
    uses = Counter(order)
    values = 0
    for shape, (keys, table) in enumerate(zip(shapes, tables, strict=True)):
        if len(keys) > KEYS_MAX or len(table) != len(keys) or not all(type(key) is str for key in keys):
            raise ValueError("a table unlike its keys")
        if any(_length(column) != uses[shape] for column in table):
            raise ValueError("ragged table")
        values += len(keys) * uses[shape]
    if values > VALUES_MAX:
        raise ValueError("too many values")
    rows = [
        zip(*(_unrepeat(column, uses[shape]) for column in table), strict=True) for shape, table in enumerate(tables)
    ]
    return [dict(zip(shapes[shape], next(rows[shape]), strict=True)) if shapes[shape] else {} for shape in order]


def _covers(events: list[Event], gaps: list[Gap], first: int, last: int) -> bool:
    """Whether events and gaps together are `first` to `last`, each number once."""
    pieces = sorted([(event.seq, event.seq) for event in events] + [(gap.first, gap.last) for gap in gaps])
    expected = first
    for start, end in pieces:
        if start != expected or end < start:
            return False
        expected = end + 1
    return expected == last + 1


def _differences(column: list[int]) -> list[int]:
    return [value - before for value, before in zip(column, [0, *column], strict=False)]


def _repeats(column: list[Any]) -> list[Any] | dict[str, Any]:
    """A column whose values are all equal is written once."""
    if len(column) > 1 and all(value == column[0] and type(value) is type(column[0]) for value in column):
        return {"=": column[0], "x": len(column)}
    return column


def _length(column: list[Any] | dict[str, Any]) -> int:
    size = column["x"] if type(column) is dict else len(column) if type(column) is list else None
    if type(size) is not int or size < 0:
        raise ValueError("not a column")
    return size


def _unrepeat(column: list[Any] | dict[str, Any], most: int) -> list[Any]:
    size = _length(column)
    if size > most:
        raise ValueError("more values than events")
    return [column["="]] * size if isinstance(column, dict) else column
