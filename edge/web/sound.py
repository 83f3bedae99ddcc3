"""Sound as pages get it."""

from __future__ import annotations

import io
import wave
from collections.abc import Sequence


def joined(clips: Sequence[bytes]) -> bytes:
    """Several WAV files of one format as one, with a pause of 0.4 s between."""
    out = io.BytesIO()
    with wave.open(out, "wb") as whole:
        for number, clip in enumerate(clips):
            with wave.open(io.BytesIO(clip)) as part:
                if number == 0:
                    whole.setparams(part.getparams())
                else:
                    pause = int(part.getframerate() * 0.4) * part.getsampwidth() * part.getnchannels()
                    whole.writeframes(bytes(pause))
                whole.writeframes(part.readframes(part.getnframes()))
    return out.getvalue()
