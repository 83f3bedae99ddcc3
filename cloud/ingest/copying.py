"""Events as PostgreSQL's binary COPY rows, in the order of the columns of `events`.

Written by hand because the driver's row-by-row writing costs more than everything else in ingest together. The format:
the number of columns, then each value as its length and its bytes; numbers big-endian; jsonb is a version byte and JSON.
"""

from __future__ import annotations

import struct
from typing import Literal, LiteralString

import orjson

from cloud.db.pool import Connection
from shared.codec import Frame, crc_of
from shared.events import Event

Table = Literal["incoming", "incoming_late"]

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"

_COUNT = struct.pack(">h", 18)
_TWO_LONGS = struct.Struct(">iqiq")
_LONG = struct.Struct(">iq")
_INT = struct.Struct(">ii")
_SHORT = struct.Struct(">ih")
_LENGTH = struct.Struct(">i")
_JSONB = struct.Struct(">ib")


class Unstorable(ValueError):
    """A value no column can hold. The same event will never fit."""


def rows_of(frame: Frame) -> bytes:
    """The events of a frame as COPY rows. Raises Unstorable."""
    before = _COUNT + _text(frame.site) + _text(frame.epoch) + _SHORT.pack(2, frame.lane)
    boot = _text(frame.boot)
    return b"".join([_row(event, before, boot) for event in frame.events])


async def copy_in(conn: Connection, table: Table, rows: bytes, *, there: bool = False) -> None:
    """Put rows into a temporary table shaped like `events`, which is empty again after the transaction.

    there: the table is known to exist in this connection; saves asking.
    """
    create: LiteralString = f"create temp table if not exists {table} (like events) on commit delete rows"
    copy_from: LiteralString = f"copy {table} from stdin (format binary)"
    if not there:
        await conn.execute(create)
    async with conn.cursor() as cursor, cursor.copy(copy_from) as copy:
        await copy.write(_HEADER + rows + _TRAILER)


def _row(event: Event, before: bytes, boot: bytes) -> bytes:
    try:
        data = orjson.dumps(event.data)
        return b"".join(
            (
                before,
                _TWO_LONGS.pack(8, event.seq, 8, event.gseq),
                boot,
                _TWO_LONGS.pack(8, event.at, 8, event.mono_ms),
                _text(event.trust),
                _text(event.kind),
                _INT.pack(4, event.v),
                _text(event.actor),
                _text(event.cause),
                _text(event.entity),
                _text(event.id),
                _LONG.pack(8, event.version),
                _JSONB.pack(len(data) + 1, 1),
                data,
                _LONG.pack(8, crc_of(event)),
            )
        )
    except (struct.error, ValueError, TypeError) as error:
        raise Unstorable(f"event {event.seq}: {error}") from error


def _text(value: str) -> bytes:
    encoded = value.encode()
    return _LENGTH.pack(len(encoded)) + encoded
