"""Whether a sound is worth writing down, and whether what was written down was ever said. Pure.

Speech models write something also where nobody speaks: thanks for watching, one word again and again. Such a transcript is
dropped whole; the sound stays, for a nurse to listen to.
"""

from __future__ import annotations

import array
import io
import re
import sys
import wave
from typing import Final, Literal

from cloud.llm.calls import Heard

RMS_MIN: Final = 0.003
"""Of full scale: below it nobody speaks."""
RMS_LOW: Final = 0.02
"""Below it a filler is not believed."""
NO_SPEECH: Final = 0.8
REPEATS_MAX: Final = 6
"""The same one to three words so often in a row are a loop."""
FILLERS: Final = frozenset(" ".join(re.findall(r"\w+", said.casefold())) for said in (
    "thank you for watching", "thanks for watching", "thank you", "please subscribe", "subscribe to my channel", "you",
    "bye", "gracias por ver el video", "suscríbete", "subtítulos realizados por la comunidad de amara org", "धन्यवाद",
    "شكرا على المشاهدة", "اشترك في القناة", "ترجمة نانسي قنقر",
))  # fmt: skip
Doubt = Literal["silence", "no_speech", "loop", "filler"]


def rms(sound: bytes) -> float | None:
    """Loudness of a WAV of 16-bit samples, 0 to 1; None for any other sound, whose loudness is not known here."""
    try:
        with wave.open(io.BytesIO(sound)) as found:
            if found.getsampwidth() != 2:
                return None
            samples = array.array("h", found.readframes(found.getnframes()))
    except (wave.Error, EOFError, ValueError):
        return None
    if sys.byteorder == "big":
        samples.byteswap()
    return (sum(one * one for one in samples) / len(samples)) ** 0.5 / 32_768 if samples else 0.0


def silent(loudness: float | None) -> bool:
    """Whether a sound need not be sent at all."""
    return loudness is not None and loudness < RMS_MIN


def doubt(heard: Heard, loudness: float | None) -> Doubt | None:
    """Why a transcript is not believed; None where it is."""
    words = re.findall(r"\w+", heard.text.casefold())
    if not words:
        return "silence"
    if heard.segments and all(one.no_speech_prob > NO_SPEECH for one in heard.segments):
        return "no_speech"
    if _loops(words):
        return "loop"
    unsure = heard.segments and max(one.no_speech_prob for one in heard.segments) > NO_SPEECH / 2
    quiet = loudness is not None and loudness < RMS_LOW
    return "filler" if " ".join(words) in FILLERS and (quiet or unsure) else None


def _loops(words: list[str]) -> bool:
    for size in (1, 2, 3):
        run = 1
        for at in range(size, len(words) - size + 1, size):
            run = run + 1 if words[at : at + size] == words[at - size : at] else 1
            if run >= REPEATS_MAX:
                return True
    return False
