"""What a simulated dispenser is and keeps: its state, what it numbers, and what it has answered. See `dispenser.py`."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from firmware_sim.dispenser_memory import Memory
from shared.stream import new_stream

EDGE_AWAY_MS: Final = 40_000
"""Real ms without a word of the edge after which the device counts it as away."""


class Sound(NamedTuple):
    """A recording on its way: bytes, and what is said of it."""

    sha256: str
    data: bytes
    voice: dict[str, Any]


@dataclass(slots=True)
class Saying:
    """An announcement that is being said. ends_ms: domain time. id: the edge's, None for the device's own."""

    id: str | None
    doses: list[str]
    text: str
    rung: int
    clip: str | None
    begins_ms: int
    ends_ms: int


@dataclass(slots=True)
class Body:
    """The state of one device. `told` gets a line of its diary for every announcement it says.

    at_ms is the device's own counter (real); now_ms is domain time, which it knows only after somebody told it, unless it has
    a battery clock. lasts_ms: how long a clip sounds, domain ms.
    """

    name: str
    memory: Memory
    lasts_ms: Callable[[bytes], int] = lambda clip: 2_000
    told: Callable[[dict[str, Any]], None] = lambda line: None
    wall_s: Callable[[], float] | None = None
    boot_id: str = field(default_factory=new_stream)
    seq: int = 0
    battery: float = 100.0
    lid_open: bool = False
    knows_time: bool = True
    broken_speaker: bool = False
    silent: bool = False
    """It works, and nobody hears it: its radio or its cable is dead."""
    acknowledged: int = 0
    refused: int = 0
    duplicates: int = 0
    sounds: deque[Sound] = field(default_factory=deque)
    heard: list[dict[str, Any]] = field(default_factory=list)
    """Answers to what was said to it, the last 20."""
    open_doses: dict[str, int] = field(default_factory=dict)
    """Doses that were announced and not answered: occurrence to when it was said."""
    _to_say: deque[Saying] = field(default_factory=deque)
    _saying: Saying | None = None
    _taken_out: dict[str, float] = field(default_factory=dict)
    _welcome: bool = False
    _heard_edge_ms: int = -EDGE_AWAY_MS
    _next_hello_ms: int = 0
    _next_events_ms: int = 0
    _next_beat_ms: int = 0
    _next_sound_ms: int = 0
    _sound_at: int | None = None
    _ahead_s: float = 0.0
    _gaps: int = 0
    _out: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """After a power cut it goes on with what it announced and nobody answered."""
        said, answered = self.memory.said, self.memory.answered
        self.open_doses = {dose: times[-1] for dose, times in said.items() if times and dose not in answered}

    def _own_s(self) -> float:
        assert self.wall_s is not None
        return self.wall_s()

    def _dose_in(self, compartment: str) -> str | None:
        """The dose that waits for an answer and lies in this compartment."""
        of = {dose["occurrence_id"]: str(dose.get("compartment")) for dose in self.memory.doses}
        waiting = [d for d in self.open_doses if d not in self.memory.answered and of.get(d) == compartment]
        return waiting[0] if waiting else None

    def _answer(self, doses: list[str], kind: str, now_ms: int, at_ms: int, quantity: float | None = None,
                **data: Any) -> dict[str, Any]:  # fmt: skip
        answer: dict[str, Any] = {"counted": False}
        for dose in doses:
            answer = self._event(kind, now_ms, at_ms, occurrence_id=dose, quantity=quantity, data=data)
            if kind != "snoozed":
                self.memory.answered[dose] = kind
            self.open_doses.pop(dose, None)
        self.memory.save()
        return {**answer, "doses": doses}

    def _event(self, kind: str, now_ms: int, at_ms: int, **more: Any) -> dict[str, Any]:
        event = {"boot_id": self.boot_id, "device_seq": self.seq + 1, "kind": kind,
                 "at": now_ms if self.knows_time else None, "mono_ms": at_ms,
                 **{name: value for name, value in more.items() if value is not None}}  # fmt: skip
        kept = self.memory.keep(event)
        if kept:
            self.seq += 1
            self._next_events_ms = min(self._next_events_ms, at_ms)
        self.memory.save()
        return {"counted": kept, "number": self.seq if kept else None, "boot_id": self.boot_id}

    def _renumber(self) -> None:
        """The edge has asked this often for what it acknowledged long ago: it was restored, so begin a new stream."""
        self._gaps, self.boot_id = 0, new_stream()
        self.memory.events = [
            {**event, "boot_id": self.boot_id, "device_seq": n} for n, event in enumerate(self.memory.events, 1)
        ]
        self.seq = len(self.memory.events)
