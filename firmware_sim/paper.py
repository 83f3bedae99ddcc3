"""A printed slip: what stands on it as text, and a picture of it as it lies on the table."""

from __future__ import annotations

import functools
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFilter, ImageFont

from firmware_sim import qr
from firmware_sim.escpos import DOTS_WIDE
from firmware_sim.things import Feed, Picture, QrCode, Span, TextLine, Thing

TOKEN = re.compile(r"[A-Z]-\d{3,}")
REPEAT = "REPEAT"
"""What a marked second copy says, in every language."""
HEIGHT_DOTS_MAX = 6_000
"""A picture of a longer slip ends here."""

_PAPER, _INK, _TABLE = (252, 250, 244), (38, 36, 40), (222, 224, 228)
_MARGIN, _BORDER, _TEETH = 32, 28, 8
_FONTS = (
    "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf",
    "/usr/share/fonts/truetype/dejavu/DejaVuSansMono-Bold.ttf",
)


@dataclass(frozen=True, slots=True)
class Slip:
    """What lay between two cuts. complete: False when power or paper ended before the knife came."""

    things: tuple[Thing, ...]
    complete: bool

    @property
    def lines(self) -> list[str]:
        """The text on it, top to bottom, without empty lines."""
        return [t.text.strip() for t in self.things if isinstance(t, TextLine) and t.text.strip()]

    @property
    def token(self) -> str | None:
        """The number printed largest, the last of several; None when there is none that looks like a token."""
        best: tuple[int, str] | None = None
        for thing in self.things:
            if isinstance(thing, TextLine) and (found := TOKEN.search(thing.text)):
                size = max(s.style.height for s in thing.spans)
                best = (size, found[0]) if best is None or size >= best[0] else best
        return best[1] if best else None

    @property
    def repeat(self) -> bool:
        """Whether it says that it is a second copy."""
        return any(REPEAT in line for line in self.lines)

    @property
    def codes(self) -> list[str]:
        """What a phone reads in its QR codes."""
        return [t.data.decode("utf-8", "replace") for t in self.things if isinstance(t, QrCode)]

    @property
    def pictures(self) -> int:
        """How many pictures are on it."""
        return sum(isinstance(t, Picture) for t in self.things)


def render(slip: Slip, dots_wide: int = DOTS_WIDE) -> bytes:
    """A PNG of the slip: thermal ink on paper, torn edges, lying on a table."""
    strips = [_draw(thing, dots_wide) for thing in slip.things]
    height = min(sum(s.height if isinstance(s, Image.Image) else s for s in strips), HEIGHT_DOTS_MAX)
    ink = Image.new("L", (dots_wide, max(height, 60)), 0)
    y = 0
    for strip in strips:
        if isinstance(strip, Image.Image):
            ink.paste(strip, (0, y))
        y += strip.height if isinstance(strip, Image.Image) else strip
        if y > height:
            break
    return _on_table(ink, whole=slip.complete)


def _draw(thing: Thing, wide: int) -> Image.Image | int:
    """One thing as a strip of ink (255 is black), or so many dots of white."""
    match thing:
        case Feed(dots):
            return dots
        case TextLine(spans, align, height):
            strip = Image.new("L", (wide, height), 0)
            x = _left(sum(s.style.cell[0] * len(s.text) for s in spans), align, wide)
            for span in spans:
                x = _write(strip, span, x, height)
            return strip
        case Picture(width, height, data, align):
            strip = Image.new("L", (wide, height), 0)
            strip.paste(Image.frombytes("1", (width, height), data).convert("L"), (_left(width, align, wide), 0))
            return strip
        case QrCode(data, module, level, align, side):
            small = Image.frombytes("L", (side, side), b"".join(qr.squares(data, level))).point(lambda v: 255 * v)
            strip = Image.new("L", (wide, side * module), 0)
            large = small.resize((side * module, side * module), Image.Resampling.NEAREST)
            strip.paste(large, (_left(large.width, align, wide), 0))
            return strip


def _write(strip: Image.Image, span: Span, x: int, height: int) -> int:
    style = span.style
    w, h = style.cell
    cell_w, cell_h = w // style.width, h // style.height
    scale = 4 if max(style.width, style.height) > 1 else 2
    plain = Image.new("L", (cell_w * scale * len(span.text), cell_h * scale), 255 if style.invert else 0)
    draw = ImageDraw.Draw(plain)
    font = _font(style.bold, int(cell_w * scale / 0.602))
    for i, character in enumerate(span.text):
        at = (i * cell_w * scale + cell_w * scale / 2, cell_h * scale * 0.78)
        draw.text(at, character, font=font, fill=0 if style.invert else 255, anchor="ms")
    if style.underline:
        draw.rectangle((0, cell_h * scale - 2 * style.underline, plain.width, cell_h * scale), fill=255)
    big = plain.resize((w * len(span.text), h), Image.Resampling.LANCZOS)
    strip.paste(big, (x, max(0, height - 2 - h)))
    return x + w * len(span.text)


def _on_table(ink: Image.Image, *, whole: bool) -> bytes:
    width, height = ink.width + 2 * _MARGIN, ink.height + 2 * _MARGIN
    size = (width + 2 * _BORDER, height + 2 * _BORDER)
    shape = Image.new("L", size, 0)
    top, bottom = _BORDER, _BORDER + height
    edge = [(x, top + (_TEETH if i % 2 else 0)) for i, x in enumerate(range(_BORDER, _BORDER + width + 1, _TEETH))]
    deep = _TEETH if whole else 4 * _TEETH
    under = [(x, bottom - (deep if i % 2 else 0)) for i, x in enumerate(range(_BORDER + width, _BORDER - 1, -_TEETH))]
    ImageDraw.Draw(shape).polygon([*edge, *under], fill=255)
    table = Image.new("RGB", size, _TABLE)
    shadow = shape.filter(ImageFilter.GaussianBlur(9)).point(lambda v: v * 2 // 5)
    table.paste(Image.new("RGB", size, (90, 92, 100)), (4, 7), shadow)
    table.paste(Image.new("RGB", size, _PAPER), (0, 0), shape)
    on_paper = Image.new("L", size, 0)
    on_paper.paste(ink, (_BORDER + _MARGIN, _BORDER + _MARGIN))
    table.paste(Image.new("RGB", size, _INK), (0, 0), on_paper)
    out = io.BytesIO()
    table.save(out, "PNG")
    return out.getvalue()


def _left(width: int, align: int, wide: int) -> int:
    return max(0, (0, (wide - width) // 2, wide - width)[align])


@functools.lru_cache(maxsize=32)
def _font(bold: bool, size: int) -> Any:
    path = _FONTS[1 if bold else 0]
    return ImageFont.truetype(path, size) if Path(path).exists() else ImageFont.load_default(size)


def from_things(things: Sequence[Thing], *, complete: bool) -> Slip:
    """A slip of what came out since the last cut."""
    return Slip(tuple(things), complete)
