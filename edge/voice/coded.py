"""FLAC, Ogg (Vorbis, Opus) and WAV of other widths than 16 bit to plain samples, by libsndfile and numpy.

For the decoders' process alone: what reads files of strangers may crash there, and its memory is that process's. A small file
may unfold to hours, whatever its header says: no more is unfolded than is asked for.
"""

from __future__ import annotations

import io
import os
from array import array
from typing import Final

from edge.voice.sound import RATE, RATE_MAX, RATE_MIN, UnfitSound, resampled

FORMATS: Final = ("FLAC", "OGG", "WAV", "WAVEX")
CHANNELS_MAX: Final = 2
CUT_OFF_S_MAX: Final = 0.1
"""So much less than its header says may be in a file; half a sentence is not to be taken for a whole one."""


def unfolded(data: bytes, seconds_max: float) -> array[int]:
    """The first `seconds_max` of a sound file as samples at RATE. Raises UnfitSound."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # soundfile brings numpy, which would start a thread a core
    try:
        import soundfile
    except (ImportError, OSError) as error:  # no wheel for this kind of processor
        raise UnfitSound("FLAC and Ogg cannot be read on this machine; a WAV of 16 bit can") from error
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            rate, channels = file.samplerate, file.channels
            if file.format not in FORMATS:
                raise UnfitSound(f"{file.format} is not heard; FLAC, Ogg and WAV are")
            if not RATE_MIN <= rate <= RATE_MAX:
                raise UnfitSound(f"{rate} samples a second; between {RATE_MIN} and {RATE_MAX} can be heard")
            if channels > CHANNELS_MAX:
                raise UnfitSound(f"{channels} channels; one or two can be heard")
            wanted = min(int(seconds_max * rate), max(0, file.frames))
            room = bytearray(2 * channels * wanted)
            found = file.buffer_read_into(room, dtype="int16")
            if not found or wanted - found > rate * CUT_OFF_S_MAX:
                raise UnfitSound("the file is damaged: it ends before it should")
    except soundfile.SoundFileError as error:
        raise UnfitSound(f"the file is damaged: {error}") from error
    return _heard_at(memoryview(room)[: 2 * channels * found], channels, rate)


def _heard_at(pcm: memoryview, channels: int, rate: int) -> array[int]:
    """Samples of this machine as mono at RATE."""
    import numpy as np

    sound = np.frombuffer(pcm, dtype=np.int16)
    if channels == CHANNELS_MAX:
        left, right = sound[::2], sound[1::2]
        sound = (left & right) + ((left ^ right) >> 1)  # their middle, rounded down, in 16 bit
    samples = array("h")
    samples.frombytes(sound.tobytes())
    return samples if rate == RATE else resampled(samples, rate)
