"""What comes out of a ticket printer: lines of text, pictures, codes, white paper, cuts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Style:
    """How characters look. width and height: 1 to 8. font: 0 is A (12 x 24 dots), 1 is B (9 x 17)."""

    width: int = 1
    height: int = 1
    bold: bool = False
    underline: int = 0
    invert: bool = False
    font: int = 0

    @property
    def cell(self) -> tuple[int, int]:
        """Width and height of one character in dots."""
        w, h = ((12, 24), (9, 17))[self.font]
        return w * self.width, h * self.height


class Span(NamedTuple):
    """Characters of one style."""

    text: str
    style: Style


@dataclass(frozen=True, slots=True)
class TextLine:
    """One printed line; align: 0 left, 1 centre, 2 right; height in dots with the spacing below it."""

    spans: tuple[Span, ...]
    align: int
    height: int

    @property
    def text(self) -> str:
        """The characters alone."""
        return "".join(s.text for s in self.spans)


@dataclass(frozen=True, slots=True)
class Picture:
    """Dots, row by row, most significant bit left, 1 is black. width: dots, a multiple of 8."""

    width: int
    height: int
    data: bytes
    align: int


@dataclass(frozen=True, slots=True)
class QrCode:
    """A code the printer draws itself. module: dots of one little square. side: squares from left to right."""

    data: bytes
    module: int
    level: str
    align: int
    side: int


@dataclass(frozen=True, slots=True)
class Feed:
    """White paper."""

    dots: int


@dataclass(frozen=True, slots=True)
class Cut:
    """The knife; everything since the last one is a slip."""

    partial: bool


class Asked(NamedTuple):
    """GS r n: the printer answers when it gets here."""

    n: int


Thing = TextLine | Picture | QrCode | Feed
Happening = Thing | Cut | Asked
