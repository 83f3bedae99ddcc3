"""The decoders' process: `python -m edge.voice.decoder_child`. Asked on standard input, answers on standard output.

A process of its own: decoding does not hold up the clinic, and its memory goes back when nobody has spoken for a while. Both
ways a message is its length (4 bytes, big-endian) and its bytes. A question is JSON with `language` and `rate`, a zero byte,
plain samples; or with `language` and `seconds_max`, a zero byte, a sound file. The answer is JSON: `speech_s`, `snr_db`,
`grammar`, `model` (readings; null where there is no decoder), or `unfit`.
"""

from __future__ import annotations

import json
import os
import signal
import struct
import sys
from typing import Any, BinaryIO

from edge.voice import activity, coded, decoders, noise
from edge.voice.sound import UnfitSound, bytes_of, samples_of

LENGTH = struct.Struct(">I")


def main() -> None:
    """Answer until the other end is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the program that started this one decides when it ends
    asked, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not get between the answers
    made: dict[str, decoders.Decoders] = {}
    while True:
        question = _read(asked)
        if question is None:
            return
        answer = json.dumps(hear(question, made)).encode()
        answers.write(LENGTH.pack(len(answer)) + answer)
        answers.flush()


def hear(question: bytes, made: dict[str, decoders.Decoders]) -> dict[str, Any]:
    """One answer. made: the decoders by language, made when they are first needed."""
    head, _, sound = question.partition(b"\0")
    how = json.loads(head)
    try:
        samples = samples_of(sound, how["rate"]) if "rate" in how else coded.unfolded(sound, how["seconds_max"])
    except UnfitSound as error:
        return {"unfit": str(error)}
    found = activity.utterance(samples)
    if found is None:
        return {"speech_s": 0.0, "snr_db": None, "grammar": None, "model": None}
    ratio = noise.snr_db(samples, found.voiced, activity.FRAME)
    answer: dict[str, Any] = {"speech_s": found.speech_s, "snr_db": ratio, "grammar": None, "model": None}
    language = how["language"]
    if language in decoders.LANGUAGES:
        if language not in made:
            try:
                made[language] = decoders.Decoders(language)
            except ImportError:  # no pocketsphinx for this kind of processor: as a language without a decoder
                return answer
        decoded = made[language].decode(bytes_of(samples[found.begin : found.end]))
        answer |= decoded._asdict()
    return answer


def _read(asked: BinaryIO) -> bytes | None:
    head = asked.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    body = asked.read(length)
    return body if len(body) == length else None


if __name__ == "__main__":
    main()
