"""A button board: the firmware as a pure state machine, and a shell that gives it a serial line and a clock.

The firmware sees raw contacts, which bounce. It counts a press when a contact has been closed long enough, numbers it
in its stream, and sends the oldest unacknowledged press again and again until an ACK covers it. Power-up begins a new
stream; what was not acknowledged is gone then, and its lamp, which never became steady, has said so.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from shared import frames
from shared.clock import mono_ms
from shared.frames import Ack, FrameDecoder, Hello, Press
from shared.stream import new_stream

DEBOUNCE_MS = 25
"""A contact counts as closed, or open again, when it has been so this long."""
PENDING_MAX = 32
"""Presses kept for the edge; a press beyond is not counted, and the lamp says "full"."""
RESEND_MS = 250
HELLO_MS = 5_000
REFUSED_SHOWN_MS = 4_000
GAPS_BEFORE_NEW_STREAM = 3
"""The edge has asked this often for a press that was acknowledged long ago: it was restored, so begin a new stream."""
FIRMWARE = "sim-1"


class Lamp(Enum):
    """What the lamp beside a button shows."""

    READY = "ready"
    WAITING = "waiting"
    REFUSED = "refused"
    FULL = "full"
    DARK = "dark"


class Pending(NamedTuple):
    """A counted press the edge has not acknowledged."""

    number: int
    button: int
    pressed_ms: int


@dataclass(slots=True)
class _Contact:
    closed: bool = False
    since_ms: int = 0
    counted: bool = False


@dataclass(slots=True)
class Firmware:
    """Contacts and bytes in, bytes out; `at_ms` is the board's own millisecond counter.

    pressed, full, acknowledged, refused: how many presses were counted, not counted for want of room, acknowledged,
    and acknowledged as refused, since power-up.
    """

    name: str
    stream: str
    pending: deque[Pending] = field(default_factory=deque)
    number: int = 0
    full: int = 0
    acknowledged: int = 0
    refused: int = 0
    sent: int = 0
    lamps_set: dict[int, int] = field(default_factory=dict)
    _contacts: dict[int, _Contact] = field(default_factory=dict)
    _decoder: FrameDecoder = field(default_factory=FrameDecoder)
    _send_at_ms: int = 0
    _hello_at_ms: int = 0
    _refused_until: dict[int, int] = field(default_factory=dict)
    _full_until_ms: int = 0
    _gaps: int = 0

    def contact(self, button: int, closed: bool, at_ms: int) -> None:
        """A contact closed or opened, bounce and all."""
        contact = self._contacts.setdefault(button, _Contact())
        if contact.closed != closed:
            contact.closed, contact.since_ms = closed, at_ms

    def feed(self, data: bytes, at_ms: int) -> None:
        """Bytes from the edge."""
        for message in self._decoder.feed(data):
            match message:
                case Ack(stream, upto, refused) if stream == self.stream:
                    self._acked(upto, refused, at_ms)
                case frames.Lamp(button, mode):
                    self.lamps_set[button] = mode

    def tick(self, at_ms: int) -> bytes:
        """Do what is due; what to send, perhaps nothing. Call it every few milliseconds."""
        for button, contact in self._contacts.items():
            self._debounce(button, contact, at_ms)
        out = b""
        if self.pending and at_ms >= self._send_at_ms:
            oldest = self.pending[0]
            out = frames.encode(Press(self.stream, oldest.number, oldest.button, at_ms - oldest.pressed_ms))
            self._send_at_ms, self._hello_at_ms = at_ms + RESEND_MS, at_ms + HELLO_MS
            self.sent += 1
        elif at_ms >= self._hello_at_ms:
            out = frames.encode(Hello(self.stream, self.name, FIRMWARE))
            self._hello_at_ms = at_ms + HELLO_MS
        return out

    def lamp(self, button: int, at_ms: int) -> Lamp:
        """What the lamp of a button shows now."""
        if at_ms < self._full_until_ms:
            return Lamp.FULL
        if any(p.button == button for p in self.pending):
            return Lamp.WAITING
        if at_ms < self._refused_until.get(button, 0):
            return Lamp.REFUSED
        mode = self.lamps_set.get(button, self.lamps_set.get(0, 1))
        return (Lamp.DARK, Lamp.READY, Lamp.REFUSED)[mode if mode in (0, 1, 2) else 1]

    def _debounce(self, button: int, contact: _Contact, at_ms: int) -> None:
        if at_ms - contact.since_ms < DEBOUNCE_MS or contact.closed == contact.counted:
            return
        contact.counted = contact.closed
        if not contact.closed:
            return
        if len(self.pending) >= PENDING_MAX:
            self.full += 1
            self._full_until_ms = at_ms + REFUSED_SHOWN_MS
            return
        self.number += 1
        self.pending.append(Pending(self.number, button, contact.since_ms))
        if len(self.pending) == 1:
            self._send_at_ms = at_ms

    def _acked(self, upto: int, refused: bool, at_ms: int) -> None:
        if self.pending and upto < self.pending[0].number - 1:
            self._gaps += 1
            if self._gaps >= GAPS_BEFORE_NEW_STREAM:
                self._renumber(at_ms)
            return
        self._gaps = 0
        while self.pending and self.pending[0].number <= upto:
            done = self.pending.popleft()
            self.acknowledged += 1
            self._send_at_ms = at_ms
            if refused and done.number == upto:
                self.refused += 1
                self._refused_until[done.button] = at_ms + REFUSED_SHOWN_MS

    def _renumber(self, at_ms: int) -> None:
        self.stream, self._gaps, self._send_at_ms = new_stream(), 0, at_ms
        self.pending = deque(Pending(i, p.button, p.pressed_ms) for i, p in enumerate(self.pending, 1))
        self.number = len(self.pending)


class Board:
    """The shell: owns a firmware, ticks it, and carries its bytes. `send` writes to the line towards the edge."""

    TICK_S = 0.004

    def __init__(self, name: str, send: Callable[[bytes], None]) -> None:
        self.name = name
        self._send = send
        self._on = True
        self.firmware = Firmware(name, new_stream())
        self.lost_in_power_cuts = 0
        self.streams = [self.firmware.stream]
        self._before = {"pressed": 0, "full": 0, "acknowledged": 0, "refused": 0}

    def feed(self, data: bytes) -> None:
        """Bytes from the edge; a board without power does not hear them."""
        if self._on:
            self.firmware.feed(data, mono_ms())

    async def run(self) -> None:
        """Tick until cancelled."""
        while True:
            if self._on:
                out = self.firmware.tick(mono_ms())
                if out:
                    self._send(out)
            await asyncio.sleep(self.TICK_S)

    async def press(
        self, button: int, rng: random.Random, *, bounce: bool = True, hold_ms: int = 60
    ) -> dict[str, object]:
        """Press a button as a finger does, for `hold_ms`, and say what the board made of it."""
        number, full = self.firmware.number, self.firmware.full
        for closed in (True, False):
            for _ in range(rng.randint(2, 6) if bounce else 0):
                self.firmware.contact(button, closed, mono_ms())
                await asyncio.sleep(rng.uniform(0.0002, 0.002))
                self.firmware.contact(button, not closed, mono_ms())
                await asyncio.sleep(rng.uniform(0.0002, 0.001))
            self.firmware.contact(button, closed, mono_ms())
            await asyncio.sleep((hold_ms if closed else 2 * DEBOUNCE_MS) / 1000)
        counted = self.firmware.number > number
        return {"counted": counted, "full": self.firmware.full > full, "stream": self.firmware.stream,
                "number": self.firmware.number if counted else None}  # fmt: skip

    def power(self, on: bool) -> None:
        """Cut the power or give it back. Power-up is a new stream; unacknowledged presses are gone."""
        if on and not self._on:
            self._remember()
            self.firmware = Firmware(self.name, new_stream())
            self.streams.append(self.firmware.stream)
        self._on = on

    def status(self) -> dict[str, object]:
        """Counts over all power-ups, and what is waiting now."""
        firmware = self.firmware
        now = {"pressed": firmware.number, "full": firmware.full, "acknowledged": firmware.acknowledged,
               "refused": firmware.refused}  # fmt: skip
        return {
            **{name: self._before[name] + count for name, count in now.items()},
            "pending": len(firmware.pending), "lost_in_power_cuts": self.lost_in_power_cuts, "stream": firmware.stream,
            "streams": len(self.streams), "on": self._on,
            "lamps": {str(b): firmware.lamp(b, mono_ms()).value for b in range(1, 5)} if self._on else {},
        }  # fmt: skip

    def _remember(self) -> None:
        firmware = self.firmware
        self.lost_in_power_cuts += len(firmware.pending)
        for name, count in (("pressed", firmware.number), ("full", firmware.full),
                            ("acknowledged", firmware.acknowledged), ("refused", firmware.refused)):  # fmt: skip
            self._before[name] += count
