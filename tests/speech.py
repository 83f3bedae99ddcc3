"""Speech for the tests: the voices of flite, changed in pitch and tempo by sox, with seeded noise. Kept in a folder of the
system's temporary folder, so that a sentence is spoken once and not in every run.

16 kHz, mono, 16 bit signed little-endian throughout. espeak-ng is no voice for this: its sound is too far from people's.
"""

from __future__ import annotations

import hashlib
import math
import os
import random
import subprocess
import tempfile
from array import array
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

RATE: Final = 16_000
VOICES: Final = ("slt", "rms", "awb", "kal16")
"""A woman and three men; awb is Scottish."""
LEAD_S: Final = 0.5
"""Silence (or noise) before and after what is said."""
FOLDER: Final = Path(tempfile.gettempdir()) / f"outpost-speech-{os.getuid()}"
_NOISE_S: Final = 20


class Manner(NamedTuple):
    """How it is said: pitch in cents (100 is a semitone), tempo (1.0 as the voice is)."""

    pitch_cents: int
    tempo: float


MANNERS: Final = (Manner(0, 1.0), Manner(150, 1.0), Manner(-150, 1.0), Manner(0, 0.85), Manner(0, 1.2))


def said(words: str, voice: str = "slt", manner: Manner = MANNERS[0]) -> bytes:
    """`words` as clean speech with LEAD_S of silence at both ends. Needs flite and sox."""
    key = hashlib.sha256(f"3|{voice}|{manner}|{words}".encode()).hexdigest()[:32]
    path = FOLDER / f"{key}.raw"
    if not path.exists():
        FOLDER.mkdir(mode=0o700, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
            spoken, changed = Path(folder) / "spoken.wav", Path(folder) / "changed.raw"
            subprocess.run(["flite", "-voice", voice, "-t", words, "-o", spoken], check=True, capture_output=True)
            how = ["pitch", str(manner.pitch_cents)] if manner.pitch_cents else []
            how += ["tempo", "-s", str(manner.tempo)] if manner.tempo != 1.0 else []
            to = ["-t", "raw", "-r", str(RATE), "-b", "16", "-e", "signed", "-c", "1", changed]
            subprocess.run(["sox", "-D", spoken, *to, *how], check=True, capture_output=True)
            changed.replace(path)
    lead = bytes(2 * int(LEAD_S * RATE))
    return lead + path.read_bytes() + lead


def noisy(pcm: bytes, snr_db: float | None, seed: str) -> bytes:
    """`pcm` with white noise so that the speech in it is `snr_db` louder; None leaves it clean.

    The level of the speech is that of its 10 ms pieces within 30 dB of the loudest. The same seed gives the same bytes.
    """
    if snr_db is None:
        return pcm
    samples = array("h", pcm)
    start = random.Random(seed).randrange(_NOISE_S * RATE)
    factor = speech_rms(samples) / 10 ** (snr_db / 20)
    noise, many = _white(), len(samples)
    loop = (noise[start:] + noise * (many // len(noise) + 1))[:many]
    return array(
        "h", [max(-32768, min(32767, round(s + factor * n))) for s, n in zip(samples, loop, strict=True)]
    ).tobytes()


def noise_alone(seconds: float, level: float, seed: str) -> bytes:
    """White noise whose root mean square is `level` (of 32768)."""
    start = random.Random(seed).randrange(_NOISE_S * RATE)
    noise, many = _white(), int(seconds * RATE)
    loop = (noise[start:] + noise * (many // len(noise) + 1))[:many]
    return array("h", [max(-32768, min(32767, round(level * n))) for n in loop]).tobytes()


def speech_rms(samples: array[int]) -> float:
    """The level of what is said in `samples`, pauses left out."""
    piece = RATE // 100
    powers = [sum(s * s for s in samples[at : at + piece]) / piece for at in range(0, len(samples) - piece + 1, piece)]
    loud = [power for power in powers if power > max(powers) / 1000]
    return math.sqrt(sum(loud) / len(loud))


@lru_cache(maxsize=1)
def _white() -> array[float]:
    rng = random.Random(20261129)
    return array("d", [rng.gauss(0.0, 1.0) for _ in range(_NOISE_S * RATE)])
