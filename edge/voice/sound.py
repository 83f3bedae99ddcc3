"""Sound as numbers: 16 bit signed little-endian mono, and the one rate the decoders hear."""

from __future__ import annotations

import math
import os
import sys
from array import array
from functools import lru_cache
from typing import Final

RATE: Final = 16_000
"""Samples a second inside this package."""
RATE_MIN: Final = 8_000
RATE_MAX: Final = 48_000
_TAPS: Final = 16  # samples of the input on either side of an output sample, at the lower of the two rates
_PHASES_MAX: Final = 640


class UnfitSound(ValueError):
    """Not 16 bit mono between 8 and 48 kHz. Trying again with the same sound does not help; it may be kept all the same."""


def samples_of(pcm: bytes, rate: int) -> array[int]:
    """`pcm` as samples at RATE. Raises UnfitSound. 8 kHz is heard less well: half of speech is missing in it."""
    if not RATE_MIN <= rate <= RATE_MAX:
        raise UnfitSound(f"{rate} samples a second; between {RATE_MIN} and {RATE_MAX} can be heard")
    if len(pcm) % 2:
        raise UnfitSound("half a sample at the end; 16 bit mono can be heard")
    samples = array("h", pcm)
    if sys.byteorder == "big":
        samples.byteswap()
    return samples if rate == RATE else resampled(samples, rate)


def bytes_of(samples: array[int]) -> bytes:
    """Samples as bytes, as they came."""
    if sys.byteorder == "big":
        samples = array("h", samples)
        samples.byteswap()
    return samples.tobytes()


def resampled(samples: array[int], rate: int) -> array[int]:
    """Samples at RATE: windowed sinc, its filters made once for each rate. Raises UnfitSound for a rate that has none.

    By numpy, which whoever brings soundfile brings; in plain Python, at a fiftieth of the speed, where neither is to be had.
    """
    filters = filters_of(rate)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # or numpy starts a thread a core
    try:
        import numpy as np
    except ImportError:  # no wheel for this kind of processor
        return _plainly(samples, rate, filters)
    step, phases = _steps(rate)
    reach = len(filters[0]) // 2
    padded = np.pad(np.frombuffer(samples, dtype=np.int16), reach)
    made = np.zeros(len(samples) * phases // step, dtype=np.float32)
    for first in range(min(phases, len(made))):
        at, phase = divmod(first * step, phases)
        part = made[first::phases]  # these lie `step` input samples apart, at the same place between two
        for tap, weight in enumerate(filters[phase]):
            part += np.float32(weight) * padded[at + 1 + tap :: step][: len(part)]
    out = array("h")
    out.frombytes(np.clip(np.rint(made), -32768, 32767).astype(np.int16).tobytes())
    return out


def _plainly(samples: array[int], rate: int, filters: list[tuple[float, ...]]) -> array[int]:
    step, phases = _steps(rate)
    reach = len(filters[0]) // 2
    padded = array("h", bytes(2 * reach)) + samples + array("h", bytes(2 * reach))
    out = array("h")
    for number in range(len(samples) * phases // step):
        at, phase = divmod(number * step, phases)
        value = sum(map(_product, filters[phase], padded[at + 1 : at + 1 + 2 * reach]))
        out.append(max(-32768, min(32767, round(value))))
    return out


def _steps(rate: int) -> tuple[int, int]:
    """(step, phases): output sample n lies at `divmod(n * step, phases)` of the input."""
    common = math.gcd(rate, RATE)
    return rate // common, RATE // common


def _product(a: float, b: int) -> float:
    return a * b


@lru_cache(maxsize=8)
def filters_of(rate: int) -> list[tuple[float, ...]]:
    """For each place between two input samples, the weights of the samples around it (Hann window, gain 1).

    Output sample n lies at `divmod(n * step, phases)`: behind that input sample, at that place; step and phases are the rate
    and RATE without their common divisor. Raises UnfitSound for a rate that has no small ones.
    """
    _, phases = _steps(rate)
    if phases > _PHASES_MAX:
        raise UnfitSound(f"{rate} samples a second; use 16000, or 8000, 11025, 22050, 24000, 32000, 44100 or 48000")
    narrow = min(1.0, RATE / rate)
    reach = math.ceil(_TAPS / narrow)
    filters = []
    for phase in range(phases):
        weights = []
        for tap in range(1 - reach, reach + 1):
            x = tap - phase / phases
            sinc = 1.0 if x == 0 else math.sin(math.pi * narrow * x) / (math.pi * narrow * x)
            weights.append(sinc * (0.5 + 0.5 * math.cos(math.pi * x / (reach + 1))))
        whole = sum(weights)
        filters.append(tuple(weight / whole for weight in weights))
    return filters
