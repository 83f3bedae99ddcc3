"""ESC/POS: slips to bytes, status bytes to meaning. No port, no time. python-escpos does the encoding.

Lines the printer has letters for (code page 858) leave as text; only the others leave as pictures, in bands low enough
that a printer which lost its place in one is soon back in step. python-escpos is loaded on first use.
"""

from __future__ import annotations

import functools
import logging
import shutil
from bisect import bisect_left
from typing import Any

from edge.app.ports import CoverOpen, DeviceError, Offline, PaperOut
from edge.devices import glyphs
from edge.devices.layout import Code, Line, Space, lay_out
from edge.domain.tickets import Slip

CODE_PAGE = "CP858"
CELL_DOTS = (12, 24)
"""Plain character of font A at 203 dpi: width and height."""
BAND_DOTS = 24
"""Height of one picture command."""
PROFILE = "TM-T20II"
"""80 mm, 203 dpi, GS ( k, partial cut: what the usual ticket printers copy."""
QR_BYTES = (
    (17, 32, 53, 78, 106, 134, 154, 192, 230, 271, 321, 367, 425, 458),
    (14, 26, 42, 62, 84, 106, 122, 152, 180, 213, 251, 287, 331, 362, 412, 450),
)
"""What a QR code of version 1, 2, … holds, at level L and at level M; up to what a slip asks for."""
QR_QUIET = 4
"""White modules a phone needs on every side. The printer leaves none by itself."""
QR_MODULE_MAX = 6
QR_DOTS_MAX = 440
"""A code is never wider, nor higher, than 5.5 cm."""
EDGE_DOTS = 32
"""White paper left and right of what a printer can reach; the least that printers of 58 and 80 mm leave."""

ASK = (1, 2, 4)
ASK_STATUS = b"".join(bytes((0x10, 0x04, n)) for n in ASK)
"""DLE EOT 1, 2, 4: printer, cause of being offline, paper. Answered at once, one byte each, even while printing."""
ASK_IN_ORDER = b"\x1dr\x01"
"""GS r 1: answered by one byte when everything before it has been worked off. Not every printer knows it."""
# What a real printer obeys even inside a picture, and the same with one dot more, which is only a picture.
_REAL_TIME = ((b"\x10\x04", b"\x10\x0c"), (b"\x10\x05", b"\x10\x0d"), (b"\x10\x14", b"\x10\x1c"))


def encode(slip: Slip, columns: int = 48) -> bytes:
    """All bytes of one slip, from reset to cut. columns: plain characters in a line (48 for 80 mm, 32 for 58 mm)."""
    out = _printer()
    out.hw("INIT")
    out.charcode(CODE_PAGE)
    out.set(align="center")
    for part in lay_out(slip, columns):
        match part:
            case Space(lines):
                out.ln(lines)
            case Code(text):
                module, level = qr_size(len(text), columns * CELL_DOTS[0])
                out.qr(text, ec=level, native=True, size=module)
            case Line():
                _line(out, part, columns)
    out.cut(mode="PART")
    return bytes(out.output)


def qr_size(length: int, dots: int) -> tuple[int, int]:
    """Dots of a module, and the level (0: L, 1: M), for a code of `length` bytes on paper `dots` wide, at least 288.

    The larger module wins, since a bad camera loses small modules long before worn ink matters; level M, which stands
    more damage, where it costs nothing. The printer chooses the version: the smallest that holds the text.
    """
    choices = []
    for level, held in enumerate(QR_BYTES):
        side = 17 + 4 * (1 + bisect_left(held, length))
        fits = min(dots, QR_DOTS_MAX) // side
        choices.append((min(QR_MODULE_MAX, fits, (dots + 2 * EDGE_DOTS) // (side + 2 * QR_QUIET)), level))
    return max(choices)


def printable_as_text(text: str) -> bool:
    """Whether the printer has letters for all of `text`."""
    try:
        text.encode("cp858")
    except UnicodeEncodeError:
        return False
    return True


def is_status(byte: int) -> bool:
    """Whether a byte can be an answer to DLE EOT: bits 1 and 4 set, 0 and 7 clear. All else is noise, or GS r's."""
    return byte & 0x93 == 0x12


def is_in_order(byte: int) -> bool:
    """Whether a byte can be an answer to GS r 1: bits 0, 1 near end, 2, 3 end of paper, 4 and 7 clear."""
    return byte & 0x90 == 0


def trouble(answers: bytes) -> DeviceError | None:
    """What three answers to ASK_STATUS mean: None when the printer can print, else the error for it."""
    printer, cause, paper = answers
    if cause & 0x04:
        return CoverOpen("the printer's cover is open")
    if cause & 0x20 or paper & 0x60:
        return PaperOut("the printer has no paper")
    if cause & 0x40:
        return Offline(
            "the printer reports an error", hint="Switch the ticket printer off and on; look for a paper jam."
        )
    if printer & 0x08:
        return Offline("the printer says it is off line", hint="Press the feed or on-line key of the ticket printer.")
    return None


def resync(columns: int) -> bytes:
    """White dots for the rest of a picture the printer may still wait for; a printer that waits for none ignores them."""
    return bytes(columns * CELL_DOTS[0] // 8 * BAND_DOTS)


def recover(columns: int) -> bytes:
    """What goes before the next slip after one that ended badly: back in step, and a cut, so that half a slip does not
    hang on a whole one.
    """
    out = _printer()
    out._raw(resync(columns))
    out.hw("INIT")
    out.cut(mode="PART")
    return bytes(out.output)


def warm() -> None:
    """Load what the first slip would have to wait for: the encoder, Pillow, the fonts."""
    encode(
        Slip(token="A-1", service_name="", site_name="", issued_at="", ahead=0, qr=None, repeat=False, language="en")
    )
    glyphs.warm()


def _line(out: Any, line: Line, columns: int) -> None:
    if printable_as_text(line.text):
        out.set(custom_size=True, width=line.width, height=line.height, bold=line.bold, invert=line.invert)
        out.text(line.text + "\n")
        return
    dots = CELL_DOTS[1] * line.height + BAND_DOTS // 2
    image = glyphs.picture(line.text, columns * CELL_DOTS[0], dots)
    for top in range(0, image.height, BAND_DOTS):
        band = _printer()
        band.image(image.crop((0, top, image.width, min(top + BAND_DOTS, image.height))), impl="bitImageRaster")
        header, data = bytes(band.output[:8]), bytes(band.output[8:])
        for command, harmless in _REAL_TIME:
            data = data.replace(command, harmless)
        out._raw(header + data)


def _printer() -> Any:
    return _encoder()(profile=PROFILE)


@functools.cache
def _encoder() -> Any:
    """python-escpos' Dummy, loaded without its traces: it adds a root log handler and leaves a folder in /tmp."""
    handlers = list(logging.root.handlers)
    from escpos import capabilities
    from escpos.printer import Dummy

    for handler in [h for h in logging.root.handlers if h not in handlers]:
        logging.root.removeHandler(handler)
    shutil.rmtree(capabilities.pickle_dir, ignore_errors=True)
    return Dummy
