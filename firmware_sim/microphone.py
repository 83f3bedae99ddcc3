"""A microphone: what somebody says in a room, as a device records it: WAV, 16 kHz, 16 bit, mono. Pure, and seeded."""

from __future__ import annotations

import io
import math
import random
import wave
from array import array
from dataclasses import dataclass
from typing import Final

RATE: Final = 16_000
SECONDS_MAX: Final = 120
FULL: Final = 32_767


class UnfitFile(ValueError):
    """Not a WAV file of 16 bit samples that lasts at most SECONDS_MAX."""


@dataclass(frozen=True, slots=True)
class Room:
    """gain_db: of the microphone; far away or turned down is below 0.  noise_db: level of the room, below full scale."""

    gain_db: float = 0.0
    noise_db: float | None = None


def recorded(wav: bytes, room: Room = Room(), seed: int = 0) -> bytes:
    """What the microphone makes of a sound played in the room. Raises UnfitFile."""
    samples = _samples(wav)
    gain = 10 ** (room.gain_db / 20)
    rng = random.Random(seed)
    noise = 0.0 if room.noise_db is None else FULL * 10 ** (room.noise_db / 20) * math.sqrt(3)
    heard = array("h", (
        max(-FULL - 1, min(FULL, round(sample * gain + (rng.uniform(-noise, noise) if noise else 0.0)))) for sample in samples
    ))  # fmt: skip
    return as_wav(heard)


def silence(seconds: float, room: Room = Room(), seed: int = 0) -> bytes:
    """A room in which nobody speaks."""
    return recorded(as_wav(array("h", bytes(2 * int(seconds * RATE)))), room, seed)


def as_wav(samples: array[int]) -> bytes:
    """Samples at RATE as a WAV file."""
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
    return made.getvalue()


def _samples(wav: bytes) -> array[int]:
    """The first channel at RATE: the nearest sample is enough for a small microphone."""
    try:
        with wave.open(io.BytesIO(wav)) as file:
            channels, rate, many = file.getnchannels(), file.getframerate(), file.getnframes()
            if file.getsampwidth() != 2 or many > SECONDS_MAX * rate:
                raise UnfitFile(f"16 bit and at most {SECONDS_MAX} s")
            frames = array("h", file.readframes(many))[::channels]
    except (wave.Error, EOFError) as error:
        raise UnfitFile(f"not a WAV file: {error}") from error
    if rate == RATE:
        return frames
    return array("h", (frames[place * rate // RATE] for place in range(len(frames) * RATE // rate)))
