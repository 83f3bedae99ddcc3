"""An interpreter of ESC/POS: bytes as a printer takes them, things on paper as they come out. Pure and bounded.

Written from the command descriptions of the printers' makers, and independent of the encoder the edge uses, so that
each checks the other. What it does not know it counts and steps over; nothing in a byte stream makes it fail.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from firmware_sim import qr, sizes
from firmware_sim.things import Asked, Cut, Feed, Happening, Picture, QrCode, Span, Style, TextLine, Thing

DOTS_WIDE = 576
LINE_DOTS = 30
"""Line spacing after a reset."""
THINGS_MAX = 2_000
"""Things on one slip; what comes after them is counted in `dropped`."""
QR_BYTES_MAX = 7_089

CODE_PAGES = {
    0: "cp437", 2: "cp850", 3: "cp860", 4: "cp863", 5: "cp865", 13: "cp857", 14: "cp737", 16: "cp1252", 17: "cp866",
    18: "cp852", 19: "cp858", 33: "cp775", 34: "cp855", 36: "cp862", 45: "cp1250", 46: "cp1251", 50: "cp1256",
}  # fmt: skip


class RealTime:
    """Finds DLE EOT n in what arrives, before and beside the interpreter: a printer answers it at once, even when stopped."""

    def __init__(self) -> None:
        self._tail = b""

    def scan(self, data: bytes) -> list[int]:
        """The n of each request in `data`, also when it was cut in pieces."""
        whole = self._tail + data
        found = [
            whole[i + 2] for i in range(len(whole) - 2) if whole[i : i + 2] == b"\x10\x04" and 1 <= whole[i + 2] <= 8
        ]
        self._tail = whole[-2:]
        return found


@dataclass(slots=True)
class _Qr:
    module: int = 3
    level: str = "l"
    data: bytes = b""


@dataclass(slots=True)
class Interpreter:
    """Feed it bytes as they come; it yields what happens on the paper. unknown: commands it stepped over, by name."""

    dots_wide: int = DOTS_WIDE
    unknown: Counter[str] = field(default_factory=Counter)
    dropped: int = 0
    _buffer: bytearray = field(default_factory=bytearray)
    _line: list[Span] = field(default_factory=list)
    _used: int = 0
    _style: Style = field(default_factory=Style)
    _align: int = 0
    _page: str = "cp437"
    _spacing: int = LINE_DOTS
    _qr: _Qr = field(default_factory=_Qr)
    _things: int = 0
    _drawn: bool = False

    def feed(self, data: bytes) -> Iterator[Happening]:
        """Work off `data` and what was incomplete before it."""
        self._buffer += data
        at = 0
        try:
            while at < len(self._buffer):
                length = sizes.length(self._buffer, at)
                if length is None or at + length > len(self._buffer):
                    break
                command = bytes(self._buffer[at : at + length])
                at += length
                for happening in self._obey(command):
                    yield from self._counted(happening)
        finally:
            del self._buffer[:at]

    @property
    def incomplete(self) -> int:
        """Bytes of a command that is not whole yet."""
        return len(self._buffer)

    def power_off(self) -> None:
        """Forget everything a printer forgets."""
        self._buffer.clear()
        self._reset()

    def _reset(self) -> None:
        self._line, self._used, self._style, self._align = [], 0, Style(), 0
        self._page, self._spacing, self._qr, self._drawn = "cp437", LINE_DOTS, _Qr(), False

    def _counted(self, happening: Happening) -> Iterator[Happening]:
        if isinstance(happening, Cut):
            self._things = 0
        elif not isinstance(happening, Asked):
            self._things += 1
            if self._things > THINGS_MAX:
                self.dropped += 1
                return
        yield happening

    def _obey(self, command: bytes) -> Iterator[Happening]:
        lead = command[0]
        if lead not in sizes.LEADS:
            yield from self._characters(command)
            return
        name, rest = command[:2], command[2:]
        handler = _HANDLERS.get(name)
        if handler is not None:
            yield from handler(self, rest)
        elif not sizes.known(name):
            self.unknown[name.hex(" ")] += 1

    def _characters(self, data: bytes) -> Iterator[Happening]:
        for byte in data:
            if byte in (0x0A, 0x0C):
                if self._drawn and not self._line:
                    self._drawn = False  # the picture was the line
                else:
                    yield self._end_line()
            elif byte == 0x09:
                yield from self._put(" ")
            elif byte >= 0x20:
                yield from self._put(bytes((byte,)).decode(self._page, "replace"))

    def _put(self, character: str) -> Iterator[Happening]:
        wide = self._style.cell[0]
        if self._used + wide > self.dots_wide and self._line:
            yield self._end_line()
        self._used += wide
        if self._line and self._line[-1].style == self._style:
            self._line[-1] = Span(self._line[-1].text + character, self._style)
        else:
            self._line.append(Span(character, self._style))

    def _end_line(self) -> Thing:
        spans, self._line, self._used = tuple(self._line), [], 0
        if not spans:
            return Feed(self._spacing)
        return TextLine(spans, self._align, max(self._spacing, *(s.style.cell[1] + 2 for s in spans)))

    def _flush(self) -> Iterator[Happening]:
        if self._line:
            yield self._end_line()

    # One function per command: the bytes after its two-byte name, to what happens.

    def _init(self, _: bytes) -> Iterator[Happening]:
        self._reset()
        yield from ()

    def _mode(self, rest: bytes) -> Iterator[Happening]:
        n = rest[0]
        self._style = Style(2 if n & 0x20 else 1, 2 if n & 0x10 else 1, bool(n & 8), n >> 7, self._style.invert, n & 1)
        yield from ()

    def _size(self, rest: bytes) -> Iterator[Happening]:
        self._style = replace(self._style, width=(rest[0] >> 4 & 7) + 1, height=(rest[0] & 7) + 1)
        yield from ()

    def _bold(self, rest: bytes) -> Iterator[Happening]:
        self._style = replace(self._style, bold=bool(rest[0] & 1))
        yield from ()

    def _underline(self, rest: bytes) -> Iterator[Happening]:
        self._style = replace(self._style, underline=rest[0] % 48 if rest[0] % 48 <= 2 else 0)
        yield from ()

    def _invert(self, rest: bytes) -> Iterator[Happening]:
        self._style = replace(self._style, invert=bool(rest[0] & 1))
        yield from ()

    def _font(self, rest: bytes) -> Iterator[Happening]:
        self._style = replace(self._style, font=rest[0] & 1)
        yield from ()

    def _alignment(self, rest: bytes) -> Iterator[Happening]:
        if rest[0] % 48 <= 2:
            self._align = rest[0] % 48
        yield from ()

    def _code_page(self, rest: bytes) -> Iterator[Happening]:
        if rest[0] in CODE_PAGES:
            self._page = CODE_PAGES[rest[0]]
        else:
            self.unknown[f"code page {rest[0]}"] += 1
        yield from ()

    def _set_spacing(self, rest: bytes) -> Iterator[Happening]:
        self._spacing = rest[0] if rest else LINE_DOTS
        yield from ()

    def _feed_lines(self, rest: bytes) -> Iterator[Happening]:
        yield from self._flush()
        yield Feed(rest[0] * self._spacing)

    def _feed_dots(self, rest: bytes) -> Iterator[Happening]:
        yield from self._flush()
        yield Feed(rest[0])

    def _cut(self, rest: bytes) -> Iterator[Happening]:
        yield from self._flush()
        if len(rest) > 1 and rest[1]:
            yield Feed(rest[1])
        yield Cut(partial=rest[0] not in (0, 48, 65))

    def _old_cut(self, _: bytes) -> Iterator[Happening]:
        yield from self._flush()
        yield Cut(partial=True)

    def _raster(self, rest: bytes) -> Iterator[Happening]:
        yield from self._flush()
        width, height = rest[2] + rest[3] * 256, rest[4] + rest[5] * 256
        data = rest[6:]
        if not data or len(data) != width * height:
            self.unknown["picture of impossible size"] += 1
        else:
            yield Picture(width * 8, height, data, self._align)

    def _columns(self, rest: bytes) -> Iterator[Happening]:
        """ESC *: columns of 8 or 24 dots, turned into rows."""
        tall = 3 if rest[0] in (32, 33) else 1
        columns = rest[3:]
        width = len(columns) // tall
        row_bytes = (width + 7) // 8
        rows = bytearray(row_bytes * tall * 8)
        for x in range(width):
            for y in range(tall * 8):
                if columns[x * tall + y // 8] >> (7 - y % 8) & 1:
                    rows[y * row_bytes + x // 8] |= 0x80 >> x % 8
        if rows:
            self._drawn = True
            yield Picture(row_bytes * 8, tall * 8, bytes(rows), self._align)

    def _two_dimensional(self, rest: bytes) -> Iterator[Happening]:
        """GS ( k: QR code only (cn 49): 67 module size, 69 level, 80 store, 81 print."""
        function, values = rest[3:5], rest[5:]
        if rest[:1] != b"k":
            self.unknown[f"GS ( {rest[:1]!r}"] += 1
            return
        match function:
            case b"1C" if values:
                self._qr.module = min(max(values[0], 1), 16)
            case b"1E" if values:
                self._qr.level = "lmqh"[values[0] - 48] if 48 <= values[0] <= 51 else "l"
            case b"1P":
                self._qr.data = values[1 : QR_BYTES_MAX + 1]
            case b"1Q":
                yield from self._flush()
                yield from self._qr_code()
            case b"1A":
                pass
            case _:
                self.unknown[f"GS ( k {function.hex(' ')}"] += 1

    def _qr_code(self) -> Iterator[Happening]:
        """A code too large for the paper does not come out, and nothing says so: that is how printers are."""
        code, side = self._qr, qr.side(self._qr.data, self._qr.level) if self._qr.data else 0
        if side and side * code.module <= self.dots_wide:
            yield QrCode(code.data, code.module, code.level, self._align, side)
        else:
            self.unknown["QR code of impossible size"] += 1

    def _status(self, rest: bytes) -> Iterator[Happening]:
        yield Asked(rest[0])


_HANDLERS: dict[bytes, Callable[[Interpreter, bytes], Iterator[Happening]]] = {
    b"\x1b@": Interpreter._init, b"\x1b!": Interpreter._mode, b"\x1d!": Interpreter._size, b"\x1bE": Interpreter._bold,
    b"\x1bG": Interpreter._bold, b"\x1b-": Interpreter._underline, b"\x1dB": Interpreter._invert,
    b"\x1bM": Interpreter._font, b"\x1ba": Interpreter._alignment, b"\x1bt": Interpreter._code_page,
    b"\x1b2": Interpreter._set_spacing, b"\x1b3": Interpreter._set_spacing, b"\x1bd": Interpreter._feed_lines,
    b"\x1bJ": Interpreter._feed_dots, b"\x1dV": Interpreter._cut, b"\x1bi": Interpreter._old_cut,
    b"\x1bm": Interpreter._old_cut, b"\x1dv": Interpreter._raster, b"\x1b*": Interpreter._columns,
    b"\x1d(": Interpreter._two_dimensional, b"\x1dr": Interpreter._status,
}  # fmt: skip
