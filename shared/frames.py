"""Serial frames between a device and the edge. No port, no time: bytes in, messages out.

A frame on the wire is ``END body crc16 END``, where body and crc are escaped as in SLIP (RFC 1055), crc16 is
CRC-16/CCITT-FALSE over the body, big-endian, and the first body byte says what it is. All numbers are big-endian.

The board removes bounce, then counts: each press has a number, from 1, in the board's stream (a new one at each
power-up). It sends the oldest unacknowledged press again and again until an ACK covers it, and keeps its lamp blinking
until then. An ACK is cumulative and is written only after the press is on the edge's disk.

A device for medicine has more to say: JSON messages, cut into parts of a frame each (`shared/segments.py`).
"""

from __future__ import annotations

import binascii
import struct
from collections.abc import Iterator
from dataclasses import dataclass

END, ESC, ESC_END, ESC_ESC = 0xC0, 0xDB, 0xDC, 0xDD
FRAME_BYTES_MAX = 256
"""Longest escaped frame; noise without an end must not grow the buffer beyond it."""
NAME_BYTES_MAX = 40
AGO_MS_MAX = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Hello:
    """Board to edge at power-up and every few seconds while idle: who it is, and its stream as 16 hex digits."""

    stream: str
    board: str
    firmware: str


@dataclass(frozen=True, slots=True)
class Press:
    """Board to edge: press `number` of `stream`, on `button` (1..255), made `ago_ms` before this sending."""

    stream: str
    number: int
    button: int
    ago_ms: int


@dataclass(frozen=True, slots=True)
class Ack:
    """Edge to board: everything of `stream` up to `upto` is on disk. `refused`: the last of them gave no token."""

    stream: str
    upto: int
    refused: bool


@dataclass(frozen=True, slots=True)
class Lamp:
    """Edge to board: light `button` (0: all) as the mode says: 0 off, 1 on, 2 blink slowly (call the desk)."""

    button: int
    mode: int


@dataclass(frozen=True, slots=True)
class Part:
    """Either way: part `index` of `count` of a JSON message. `number`: of the message, random at power-up, then one more."""

    number: int
    index: int
    count: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Got:
    """The answer to a part: it is here. Says nothing of what becomes of the message."""

    number: int
    index: int


PART_BYTES = 112
"""Data of one part: even if every byte has to be escaped, the frame is no longer than FRAME_BYTES_MAX."""

Message = Hello | Press | Ack | Lamp | Part | Got

_HELLO, _PRESS, _ACK, _LAMP, _PART, _GOT = 0x01, 0x02, 0x81, 0x82, 0x03, 0x04
_PRESS_BODY = struct.Struct(">B8sIBI")
_ACK_BODY = struct.Struct(">B8sI?")
_LAMP_BODY = struct.Struct(">BBB")
_PART_HEAD = struct.Struct(">BIHH")
_GOT_BODY = struct.Struct(">BIH")


def encode(message: Message) -> bytes:
    """The bytes on the wire, both ENDs included."""
    match message:
        case Press(stream, number, button, ago_ms):
            body = _PRESS_BODY.pack(_PRESS, bytes.fromhex(stream), number, button, min(ago_ms, AGO_MS_MAX))
        case Ack(stream, upto, refused):
            body = _ACK_BODY.pack(_ACK, bytes.fromhex(stream), upto, refused)
        case Lamp(button, mode):
            body = _LAMP_BODY.pack(_LAMP, button, mode)
        case Part(number, index, count, data):
            body = _checked(_PART_HEAD.pack(_PART, number, index, count) + data)
        case Got(number, index):
            body = _checked(_GOT_BODY.pack(_GOT, number, index))
        case Hello(stream, board, firmware):
            names = (board.encode()[:NAME_BYTES_MAX], firmware.encode()[:NAME_BYTES_MAX])
            body = bytes((_HELLO,)) + bytes.fromhex(stream) + b"".join(bytes((len(n),)) + n for n in names)
    whole = body + struct.pack(">H", binascii.crc_hqx(body, 0xFFFF))
    escaped = whole.replace(bytes((ESC,)), bytes((ESC, ESC_ESC))).replace(bytes((END,)), bytes((ESC, ESC_END)))
    return bytes((END,)) + escaped + bytes((END,))


def decode(escaped: bytes) -> Message | None:
    """One frame without its ENDs. None for noise: a wrong crc, a broken escape, an unknown type, a short body."""
    if escaped.endswith(bytes((ESC,))):
        return None
    whole = escaped.replace(bytes((ESC, ESC_END)), bytes((END,))).replace(bytes((ESC, ESC_ESC)), bytes((ESC,)))
    body, crc = whole[:-2], whole[-2:]
    if len(body) < 3 or struct.pack(">H", binascii.crc_hqx(body, 0xFFFF)) != crc:
        return None
    try:
        match body[0]:
            case 0x02:
                _, stream, number, button, ago_ms = _PRESS_BODY.unpack(body)
                return Press(stream.hex(), number, button, ago_ms)
            case 0x81:
                _, stream, upto, refused = _ACK_BODY.unpack(body)
                return Ack(stream.hex(), upto, refused)
            case 0x82:
                return Lamp(body[1], body[2])
            case 0x03:
                if (told := _unchecked(body)) is not None:
                    _, number, index, count = _PART_HEAD.unpack_from(told)
                    return Part(number, index, count, told[_PART_HEAD.size :])
            case 0x04:
                if (told := _unchecked(body)) is not None:
                    _, number, index = _GOT_BODY.unpack(told)
                    return Got(number, index)
            case 0x01:
                board_end = 10 + body[9]
                firmware_end = board_end + 1 + body[board_end]
                board, firmware = body[10:board_end].decode(), body[board_end + 1 : firmware_end].decode()
                return Hello(body[1:9].hex(), board, firmware)
    except (struct.error, IndexError, UnicodeDecodeError):
        return None
    return None


def _checked(body: bytes) -> bytes:
    """A long conversation over a bad line needs more than 16 bits: crc32 beside the frame's own."""
    return body + struct.pack(">I", binascii.crc32(body))


def _unchecked(body: bytes) -> bytes | None:
    told = body[:-4]
    return told if struct.pack(">I", binascii.crc32(told)) == body[-4:] else None


class FrameDecoder:
    """Cuts a byte stream into messages; counts what it had to throw away in `noise`."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.noise = 0

    def feed(self, data: bytes) -> Iterator[Message]:
        """Yield each whole message in `data` and what came before it."""
        self._buffer += data
        while END in self._buffer:
            frame, _, self._buffer = self._buffer.partition(bytes((END,)))
            if not frame:
                continue
            message = decode(bytes(frame))
            if message is None:
                self.noise += 1
            else:
                yield message
        if len(self._buffer) > FRAME_BYTES_MAX:
            self.noise += 1
            self._buffer.clear()
