"""A ticket printer: takes bytes, answers questions about itself, and puts things on paper at its own speed.

It has a roll that ends, a cover, a power switch, and bad days: it can die after so many lines of a slip, run out of
paper in the middle of one, or answer with garbage. Real-time questions (DLE EOT) are answered the moment they arrive,
also inside a picture and while it stands still, as real printers do.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from firmware_sim.escpos import Interpreter, RealTime
from firmware_sim.paper import Slip
from firmware_sim.things import Asked, Cut, Feed, Picture, QrCode, TextLine, Thing
from shared.clock import Clock

BUFFER_BYTES_MAX = 64 * 1024
"""Bytes taken and not printed; beyond it the printer stops reading its line."""
CHUNK_BYTES = 64
DOTS_MM = 8
SPEED_MM_S = 150.0

Paper = Literal["ok", "near_end", "out"]


@dataclass(slots=True)
class Moods:
    """What is wrong with it. `after`: things still to come out before the paper ends, or the power; None: never."""

    paper: Paper = "ok"
    cover_open: bool = False
    garbage: bool = False
    mute: bool = False
    knows_in_order: bool = True
    paper_ends_after: int | None = None
    dies_after: int | None = None


@dataclass(slots=True)
class Counts:
    """Since start. scraps: cut paper with nothing on it."""

    slips: int = 0
    repeats: int = 0
    incomplete: int = 0
    scraps: int = 0
    bytes: int = 0
    by_token: dict[str, list[bool]] = field(default_factory=dict)
    """For each token its slips in order: True for one marked as a repeat."""


class Printer:
    """send: towards the edge.  on_slip: what came out.  hear: switch reading of the line on and off.

    speed_mm_s: in domain time; 0 prints at once.  on_power: called when it dies by itself.
    """

    def __init__(
        self, clock: Clock, send: Callable[[bytes], None], on_slip: Callable[[Slip], None],
        hear: Callable[[bool], None] = lambda on: None, on_power: Callable[[bool], None] = lambda on: None,
        speed_mm_s: float = SPEED_MM_S,
    ) -> None:  # fmt: skip
        self.moods = Moods()
        self.counts = Counts()
        self.interpreter = Interpreter()
        self.speed_mm_s = speed_mm_s
        self.on = True
        self._clock = clock
        self._send = send
        self._on_slip = on_slip
        self._hear = hear
        self._on_power = on_power
        self._real_time = RealTime()
        self._buffer = bytearray()
        self._things: list[Thing] = []
        self._stirred = asyncio.Event()
        self._life = 0
        self._owed_s = 0.0

    def feed(self, data: bytes) -> None:
        """Bytes from the edge."""
        if not self.on:
            return
        self.counts.bytes += len(data)
        for n in self._real_time.scan(data):
            self._answer(self.status(n))
        self._buffer += data
        if len(self._buffer) > BUFFER_BYTES_MAX:
            self._hear(False)
        self._stirred.set()

    def stir(self) -> None:
        """Look again: somebody changed a mood."""
        self._stirred.set()

    def power(self, on: bool) -> None:
        """The switch. Without power it forgets its buffer; the paper that is half printed stays half printed."""
        if on == self.on:
            return
        self.on = on
        self._life += 1
        self._buffer.clear()
        self.interpreter.power_off()
        self._real_time = RealTime()
        if not on:
            self._tear(complete=False)
        self._stirred.set()
        self._on_power(on)

    def status(self, n: int) -> int:
        """The answer to DLE EOT n."""
        out, near = self.moods.paper == "out", self.moods.paper != "ok"
        stopped = out or self.moods.cover_open
        bits = {
            1: 0x08 if stopped else 0,
            2: (0x04 if self.moods.cover_open else 0) | (0x20 if out else 0),
            4: (0x0C if near else 0) | (0x60 if out else 0),
        }  # fmt: skip
        return 0x12 | bits.get(n, 0)

    def describe(self) -> dict[str, object]:
        """For people and checks."""
        state = "off" if not self.on else "cover_open" if self.moods.cover_open else f"paper_{self.moods.paper}"
        return {
            "state": state, "slips": self.counts.slips, "repeats": self.counts.repeats, "bytes": self.counts.bytes,
            "incomplete": self.counts.incomplete, "scraps": self.counts.scraps, "tokens": len(self.counts.by_token),
            "unmarked_repeats": sum(max(0, marks.count(False) - 1) for marks in self.counts.by_token.values()),
            "waiting_bytes": len(self._buffer), "unknown": dict(self.interpreter.unknown),
        }  # fmt: skip

    async def run(self) -> None:
        """Print until cancelled."""
        while True:
            await self._stirred.wait()
            self._stirred.clear()
            while self._buffer and self._can_print():
                await self._print(self._life)

    async def _print(self, life: int) -> None:
        chunk = bytes(self._buffer[:CHUNK_BYTES])
        del self._buffer[: len(chunk)]
        if len(self._buffer) <= BUFFER_BYTES_MAX // 2:
            self._hear(True)
        for happening in self.interpreter.feed(chunk):
            while not self._can_print() and self._life == life:
                self._stirred.clear()
                await self._stirred.wait()
            if self._life != life:
                return
            match happening:
                case Asked():
                    if self.moods.knows_in_order:
                        self._answer(
                            0x0C if self.moods.paper == "out" else 0x03 if self.moods.paper == "near_end" else 0
                        )
                case Cut():
                    self._tear(complete=True)
                case _:
                    await self._out(happening)

    async def _out(self, thing: Thing) -> None:
        """One more thing on the paper."""
        self._things.append(thing)
        if self.speed_mm_s:
            self._owed_s += self._clock.real_s(_height(thing) / DOTS_MM / self.speed_mm_s)
            if self._owed_s > 0.004:
                owed, self._owed_s = self._owed_s, 0.0
                await asyncio.sleep(owed)
        moods = self.moods
        if moods.dies_after is not None:
            moods.dies_after -= 1
            if moods.dies_after <= 0:
                moods.dies_after = None
                self.power(False)
        if moods.paper_ends_after is not None:
            moods.paper_ends_after -= 1
            if moods.paper_ends_after <= 0:
                moods.paper_ends_after, moods.paper = None, "out"

    def _tear(self, *, complete: bool) -> None:
        things, self._things = self._things, []
        if all(isinstance(t, Feed) for t in things):
            self.counts.scraps += bool(things)
            return
        slip = Slip(tuple(things), complete)
        self.counts.slips += 1
        self.counts.incomplete += not complete
        self.counts.repeats += slip.repeat
        if slip.token and complete:
            self.counts.by_token.setdefault(slip.token, []).append(slip.repeat)
        self._on_slip(slip)

    def _can_print(self) -> bool:
        return self.on and self.moods.paper != "out" and not self.moods.cover_open

    def _answer(self, byte: int) -> None:
        if self.moods.mute:
            return
        if self.moods.garbage:
            self._send(random.Random(byte).randbytes(5))
            return
        self._send(bytes((byte,)))


def _height(thing: Thing) -> int:
    match thing:
        case Feed(dots):
            return dots
        case TextLine(_, _, height):
            return height
        case Picture(_, height, _, _):
            return height
        case QrCode(_, module, _, _, side):
            return module * side
