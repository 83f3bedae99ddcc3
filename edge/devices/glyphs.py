"""Text as a picture, for lines the printer has no letters for: any script the installed fonts cover.

Pillow does not fall back from one font to another, so a line is cut into runs: first by direction (Unicode's bidi
rules), then by the first font that has the character. Each run is shaped by raqm and drawn on one base line.
Everything here is loaded on first use: Pillow and fontTools cost a quarter of a second.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from PIL import Image

FONT_FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
FONT_NAMES = (
    "NotoSans-Bold.ttf", "NotoSansDevanagari-Bold.ttf", "NotoSansArabic-Bold.ttf", "NotoNaskhArabic-Bold.ttf",
    "NotoSansTamil-Bold.ttf", "NotoSansEthiopic-Bold.ttf", "NotoSansCJK-Bold.ttc", "DejaVuSans-Bold.ttf",
)  # fmt: skip
"""In the order they are asked. Bold, since thin strokes break up on thermal paper."""

MARGIN_DOTS = 4
"""White left and right of the letters, for strokes that lean out of their width."""

UNKNOWN = "?"
"""Drawn for a character no installed font has."""


class Run(NamedTuple):
    """Characters drawn in one go, in logical order. font: index into the fonts; -1: none has it."""

    text: str
    font: int
    rtl: bool


def picture(text: str, width: int, height: int) -> Image.Image:
    """`text` as a black-on-white 1-bit picture, `height` dots high and at most `width` wide; shrunk when too long."""
    from PIL import Image, ImageDraw

    runs = runs_of(text)
    size = max(8, height * 3 // 5)
    long = _length(runs, size)
    if long > width:
        size = max(8, int(size * width / long))
        long = _length(runs, size)
    image = Image.new("L", (min(width, (int(long) + 2 * MARGIN_DOTS + 7) // 8 * 8), height), 255)
    draw = ImageDraw.Draw(image)
    x, base = max(0.0, (image.width - long) / 2), (height + size * 0.62) / 2
    for run in runs:
        font = _font(run.font, size)
        draw.text((x, base), run.text, font=font, fill=0, anchor="ls", direction="rtl" if run.rtl else "ltr")
        x += font.getlength(run.text, direction="rtl" if run.rtl else "ltr")
    return image.point(lambda v: 255 if v > 140 else 0).convert("1", dither=Image.Dither.NONE)


def runs_of(text: str) -> list[Run]:
    """`text` in the runs it is drawn in, from left to right on paper."""
    known = "".join(UNKNOWN if unicodedata.category(c) in ("Cn", "Co", "Cs") else c for c in text)
    levelled = _levels(known)  # which knows no directions for characters nobody has given a meaning
    runs: list[tuple[int, Run]] = []
    for character, level in levelled:
        previous = runs[-1] if runs else None
        font = _choose(character, previous[1].font if previous else 0)
        if font < 0:
            character, font = UNKNOWN, 0
        if previous and previous[0] == level and previous[1].font == font:
            runs[-1] = (level, previous[1]._replace(text=previous[1].text + character))
        else:
            runs.append((level, Run(character, font, bool(level % 2))))
    return _visual(runs)


def missing(text: str) -> str:
    """The characters of `text` that no installed font has, each once."""
    return "".join(sorted({c for c in text if not c.isspace() and _choose(c, 0) < 0}))


def warm() -> None:
    """Load what the first picture would have to wait for."""
    picture("A ी ع", 96, 24)


def _visual(runs: Iterable[tuple[int, Run]]) -> list[Run]:
    """Rule L2 of the bidi algorithm: from the highest level down to 1, turn round each stretch at or above it."""
    ordered = list(runs)
    for level in range(max((lv for lv, _ in ordered), default=0), 0, -1):
        out: list[tuple[int, Run]] = []
        stretch: list[tuple[int, Run]] = []
        for item in ordered:
            if item[0] >= level:
                stretch.insert(0, item)
            else:
                out, stretch = [*out, *stretch, item], []
        ordered = [*out, *stretch]
    return [run for _, run in ordered]


def _levels(text: str) -> list[tuple[str, int]]:
    from bidi import algorithm

    storage: dict[str, Any] = algorithm.get_empty_storage()
    storage["base_level"] = algorithm.get_base_level(text)
    storage["base_dir"] = "R" if storage["base_level"] else "L"
    algorithm.get_embedding_levels(text, storage)
    algorithm.explicit_embed_and_overrides(storage)
    algorithm.resolve_weak_types(storage)
    algorithm.resolve_neutral_types(storage, False)
    algorithm.resolve_implicit_levels(storage, False)
    return [(c["ch"], c["level"]) for c in storage["chars"]]


def _length(runs: list[Run], size: int) -> float:
    return float(sum(_font(r.font, size).getlength(r.text, direction="rtl" if r.rtl else "ltr") for r in runs))


def _choose(character: str, current: int) -> int:
    """The font for a character: the one in use while it has it, else the first that has; -1 for none."""
    fonts = _coverage()
    if not fonts or (current >= 0 and ord(character) in fonts[current][1]):
        return current
    return next((i for i, (_, covered) in enumerate(fonts) if ord(character) in covered), -1)


@functools.cache
def _coverage() -> tuple[tuple[str, frozenset[int]], ...]:
    from fontTools.ttLib import TTFont

    found = {p.name: p for folder in FONT_FOLDERS if folder.is_dir() for p in folder.rglob("*.tt[fc]")}
    loaded = []
    for name in FONT_NAMES:
        if name in found:
            with TTFont(found[name], fontNumber=0, lazy=True) as font:
                loaded.append((str(found[name]), frozenset(font.getBestCmap())))
    return tuple(loaded)


@functools.lru_cache(maxsize=64)
def _font(index: int, size: int) -> Any:
    from PIL import ImageFont

    fonts = _coverage()
    if not fonts:
        return ImageFont.load_default(size)
    return ImageFont.truetype(fonts[index][0], size, layout_engine=ImageFont.Layout.RAQM)
