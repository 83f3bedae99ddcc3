"""When somebody speaks: webrtcvad, 20 ms at a time, and where an utterance begins and ends.

`EndPointer` is a machine in a table, fed piece by piece while somebody speaks, and whole by `utterance` with a recording.
webrtcvad is imported when an `EndPointer` is made.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable
from enum import StrEnum
from typing import Final, NamedTuple

from edge.voice.sound import RATE, bytes_of

FRAME_MS: Final = 20
FRAME: Final = RATE * FRAME_MS // 1000
"""Samples of a frame."""
UTTERANCE_S_MAX: Final = 15.0
"""What comes later is kept by the caller and not decoded here."""
WAIT_S_MAX: Final = 8.0
"""Silence at the beginning after which nobody speaks."""
PAUSE_S: Final = 0.8
"""Silence after speech that ends it. A breath between "no" and "chest pain" is shorter."""
PAD_S: Final = 0.24
"""Kept before the first and after the last voiced frame: decoders need a little silence."""
_LEVEL: Final = 2  # webrtcvad's 0 to 3: 2 calls 0.2 % of white noise speech (care.md §3)
_WINDOW, _VOICED, _UNVOICED = 8, 6, 1  # of so many frames, so many voiced begin speech, so few make a pause


class State(StrEnum):
    """Of an end-pointer."""

    WAITING = "waiting"
    SPEAKING = "speaking"
    PAUSING = "pausing"
    ENDED = "ended"
    SILENT = "silent"


class Seen(StrEnum):
    """What a frame shows, together with those before it."""

    SPEECH = "speech"
    NOTHING = "nothing"
    LONG_NOTHING = "long_nothing"
    FULL = "full"


NEXT: Final[dict[tuple[State, Seen], State]] = {
    (State.WAITING, Seen.SPEECH): State.SPEAKING,
    (State.WAITING, Seen.LONG_NOTHING): State.SILENT,
    (State.WAITING, Seen.FULL): State.SILENT,
    (State.SPEAKING, Seen.NOTHING): State.PAUSING,
    (State.SPEAKING, Seen.LONG_NOTHING): State.ENDED,
    (State.SPEAKING, Seen.FULL): State.ENDED,
    (State.PAUSING, Seen.SPEECH): State.SPEAKING,
    (State.PAUSING, Seen.LONG_NOTHING): State.ENDED,
    (State.PAUSING, Seen.FULL): State.ENDED,
}
"""What is not listed changes nothing; ENDED and SILENT are the ends."""


class EndPointer:
    """Finds the end of what somebody says while it comes in. One for each utterance."""

    def __init__(self, voiced: Callable[[bytes], bool] | None = None) -> None:
        """voiced: says of a frame whether it is speech; webrtcvad when None. Raises ImportError where that is missing."""
        self._voiced = voiced or _webrtcvad()
        self._rest = array("h")
        self._last: deque[bool] = deque(maxlen=_WINDOW)
        self.state = State.WAITING
        self.frames = 0
        self.first = 0
        """Frame in which speech began; 0 while WAITING."""
        self.last = 0
        """Frame of the last speech."""

    def feed(self, samples: array[int]) -> State:
        """Take more sound, at 16 kHz. What is left over of a frame waits for the next call; after an end nothing counts."""
        self._rest.extend(samples)
        at = 0
        while at + FRAME <= len(self._rest) and self.state not in (State.ENDED, State.SILENT):
            self._frame(bytes_of(self._rest[at : at + FRAME]))
            at += FRAME
        del self._rest[:at]
        return self.state

    def _frame(self, frame: bytes) -> None:
        voiced = self._voiced(frame)
        self._last.append(voiced)
        seen = self._seen()
        state = NEXT.get((self.state, seen), self.state)
        if self.state is State.WAITING and state is State.SPEAKING:
            self.first = max(0, self.frames + 1 - len(self._last))
        if state is State.SPEAKING and voiced:
            self.last = self.frames
        self.state = state
        self.frames += 1

    def _seen(self) -> Seen:
        many = sum(self._last)
        speaks = many >= _VOICED if self.state in (State.WAITING, State.PAUSING) else many > _UNVOICED
        if self.state is State.WAITING:
            if speaks:
                return Seen.SPEECH
            return Seen.LONG_NOTHING if self.frames * FRAME_MS >= WAIT_S_MAX * 1000 else Seen.NOTHING
        if (self.frames + 1 - self.first) * FRAME_MS >= UTTERANCE_S_MAX * 1000:
            return Seen.FULL
        if speaks:
            return Seen.SPEECH
        return Seen.LONG_NOTHING if (self.frames - self.last) * FRAME_MS >= PAUSE_S * 1000 else Seen.NOTHING


class Utterance(NamedTuple):
    """What was said in a recording. begin, end: samples, with a little silence on either side.

    voiced: frame by frame of the recording up to `end`, whether somebody spoke.  speech_s: how long, pauses left out.
    """

    begin: int
    end: int
    voiced: tuple[bool, ...]
    speech_s: float


def utterance(samples: array[int], voiced: Callable[[bytes], bool] | None = None) -> Utterance | None:
    """From the first speech of a recording to the last, at most UTTERANCE_S_MAX; None where nobody speaks.

    Pauses do not end it here: a recording ended when its button was let go, and "no ... chest pain" is one sentence.
    """
    is_voiced = voiced or _webrtcvad()
    flags = [is_voiced(bytes_of(samples[at : at + FRAME])) for at in range(0, len(samples) - FRAME + 1, FRAME)]
    spoken = [at for at in range(len(flags)) if sum(flags[max(0, at - _WINDOW + 1) : at + 1]) >= _VOICED]
    if not spoken:
        return None
    pad = int(PAD_S * RATE)
    first = max(0, spoken[0] + 1 - _WINDOW)
    begin = max(0, first * FRAME - pad)
    end = min(len(samples), (spoken[-1] + 1) * FRAME + pad, begin + int(UTTERANCE_S_MAX * RATE))
    kept = tuple(flags[: end // FRAME])
    return Utterance(begin, end, kept, sum(kept) * FRAME_MS / 1000)


def _webrtcvad() -> Callable[[bytes], bool]:
    import webrtcvad

    vad = webrtcvad.Vad(_LEVEL)

    def voiced(frame: bytes) -> bool:
        return bool(vad.is_speech(frame, RATE))

    return voiced
