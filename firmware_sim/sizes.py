"""How long each ESC/POS command is, so that an interpreter can step over what it does not know. Pure tables and sums."""

from __future__ import annotations

from collections.abc import Callable

ESC, FS, GS, DLE = 0x1B, 0x1C, 0x1D, 0x10
LEADS = (ESC, FS, GS, DLE)
PICTURE_BYTES_MAX = 128 * 1024
"""A picture command that announces more is noise."""

FIXED: dict[bytes, int] = {
    b"\x1b@": 0, b"\x1b!": 1, b"\x1d!": 1, b"\x1bE": 1, b"\x1bG": 1, b"\x1b-": 1, b"\x1dB": 1, b"\x1bM": 1, b"\x1ba": 1,
    b"\x1bt": 1, b"\x1b2": 0, b"\x1b3": 1, b"\x1bd": 1, b"\x1bJ": 1, b"\x1bi": 0, b"\x1bm": 0, b"\x1dr": 1,
    b"\x1b ": 1, b"\x1b$": 2, b"\x1b\\": 2, b"\x1bR": 1, b"\x1bV": 1, b"\x1bp": 3, b"\x1b{": 1, b"\x1b=": 1, b"\x1bc": 2,
    b"\x1da": 1, b"\x1dh": 1, b"\x1dw": 1, b"\x1dH": 1, b"\x1df": 1, b"\x1dL": 2, b"\x1dW": 2, b"\x1db": 1, b"\x1dI": 1,
    b"\x1c.": 0, b"\x1c&": 0, b"\x1cC": 1, b"\x10\x04": 1, b"\x10\x05": 1, b"\x10\x14": 3,
}  # fmt: skip
"""Commands of a fixed length: bytes after the name. Those without a handler change nothing a reader of a slip sees."""

VARIABLE: dict[bytes, tuple[int, Callable[[bytes], int]]] = {
    b"\x1dv": (8, lambda h: (h[4] + h[5] * 256) * (h[6] + h[7] * 256)),
    b"\x1b*": (5, lambda h: (h[3] + h[4] * 256) * (3 if h[2] in (32, 33) else 1)),
    b"\x1d(": (5, lambda h: h[3] + h[4] * 256),
    b"\x1dV": (3, lambda h: 1 if h[2] in (65, 66, 97, 98, 103, 104) else 0),
}
"""Commands that say how long they are: length of the header, and the bytes after it."""
ENDED = (b"\x1bD", b"\x1dk")
"""Commands that end with a mark: tabulators and bar codes."""
_TABS_MAX, _BARCODE_MAX = 33, 256


def length(buffer: bytearray, at: int) -> int | None:
    """How long the command at `at` is; None while that cannot be told yet."""
    if buffer[at] not in LEADS:
        return _text_length(buffer, at)
    if at + 1 >= len(buffer):
        return None
    name = bytes(buffer[at : at + 2])
    if name in VARIABLE:
        header, size = VARIABLE[name]
        if at + header > len(buffer):
            return None
        announced = size(bytes(buffer[at : at + header]))
        return header if announced > PICTURE_BYTES_MAX else header + announced
    if name in ENDED:
        return _ended_length(buffer, at, name)
    return 2 + FIXED.get(name, 0)


def known(name: bytes) -> bool:
    """Whether a command is one of these, if only to be stepped over."""
    return name in FIXED or name in VARIABLE or name in ENDED


def _text_length(buffer: bytearray, at: int) -> int:
    end = at + 1
    while end < len(buffer) and buffer[end] not in LEADS:
        end += 1
    return end - at


def _ended_length(buffer: bytearray, at: int, name: bytes) -> int | None:
    """ESC D ends with NUL; GS k m: NUL for m up to 6, else a length byte."""
    if name == b"\x1dk":
        if at + 3 >= len(buffer):
            return None
        if buffer[at + 2] > 6:
            return 4 + buffer[at + 3]
    limit = _TABS_MAX if name == b"\x1bD" else _BARCODE_MAX
    end = buffer.find(0, at + 2, at + 2 + limit)
    if end >= 0:
        return end - at + 1
    return 2 if len(buffer) - at - 2 >= limit else None
