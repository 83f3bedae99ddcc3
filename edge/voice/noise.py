"""How much louder speech is than what is around it. Pure."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from typing import Final

SNR_DB_MIN: Final = 15.0
"""Below this commands are heard wrongly too often (care.md §3): the person is asked to press the button."""
SNR_DB_MAX: Final = 60.0
_FAR: Final = 4  # frames around speech that belong to neither: the end of a word, an echo
_QUIET_SHARE: Final = 0.1  # where nobody pauses, the quietest part stands for the noise
_LOUD: Final = 1000.0  # of speech, what is within 30 dB of the loudest


def snr_db(samples: array[int], voiced: Sequence[bool], frame: int) -> float:
    """Speech over noise in dB, at most SNR_DB_MAX. voiced: for each `frame` samples whether somebody speaks; one at least.

    Both levels are mean powers: of the voiced frames within 30 dB of the loudest, less the noise in them; and of the frames
    away from speech.
    """
    powers = [_power(samples[at * frame : (at + 1) * frame]) for at in range(len(voiced))]
    spoken = [power for power, speaks in zip(powers, voiced, strict=True) if speaks]
    away = [power for at, power in enumerate(powers) if not any(voiced[max(0, at - _FAR) : at + _FAR + 1])]
    if len(away) < 5:
        away = sorted(powers)[: max(1, int(len(powers) * _QUIET_SHARE))]
    noise = sum(away) / len(away)
    loud = [power for power in spoken if power > max(spoken) / _LOUD]
    speech = max(sum(loud) / len(loud) - noise, 1e-9) if loud else 1e-9
    return min(SNR_DB_MAX, 10 * math.log10(speech / max(noise, 1e-9)))


def _power(samples: array[int]) -> float:
    return sum(sample * sample for sample in samples) / len(samples)
