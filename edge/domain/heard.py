"""What came of a recording: words, what they mean, how sure that is, and what has to be asked first. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from edge.domain.utterances import CRITICAL, Intent


class Ask(StrEnum):
    """What the person is to be asked before anything is done."""

    CONFIRM = "confirm"
    """One decoder alone heard a command: say it back, yes or no."""
    HELP = "help"
    """"Do you need help? I will call in 20 seconds unless you say no.\""""
    AGAIN = "again"
    """Somebody spoke, and neither decoder, or each another, made a command of it."""
    PRESS_BUTTON = "press_button"
    """Too loud around, or a language without an offline decoder."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What the edge's decoders made of a recording.

    words: those `act` was read from; empty where nothing was understood.  agreed: both decoders mean `act`.
    snr_db: None where nobody spoke or it was not measured.  speech_s: how long somebody spoke, pauses left out.
    red_flags: codes of `shared.triage`.  asks: None where `act` may be done, or where nobody spoke.
    """

    words: str
    act: Intent
    agreed: bool
    snr_db: float | None
    speech_s: float
    red_flags: tuple[str, ...] = ()
    asks: Ask | None = None
    minutes: int | None = None
    number: int | None = None

    @property
    def silent(self) -> bool:
        """Whether nobody spoke."""
        return self.speech_s == 0

    @property
    def critical(self) -> bool:
        """Whether somebody may need help now."""
        return self.act in CRITICAL

    def record(self) -> dict[str, Any] | None:
        """`heard` of a note's event; None for silence."""
        if self.silent:
            return None
        return {
            "words": self.words, "act": self.act.value, "agreed": self.agreed, "snr_db": self.snr_db,
            "red_flags": list(self.red_flags),
        }  # fmt: skip


SILENCE: Final = Heard("", Intent.UNKNOWN, False, None, 0.0)
