"""What kind of sound a file holds and how long it lasts, read from its own bytes: WAV, FLAC and Ogg (Vorbis, Opus).

The type a sender claims is not believed. Only headers are read, so a file of 10 MB costs no more than a short one.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

HEAD_BYTES: Final = 64 * 1024
PCM, EXTENSIBLE = 1, 0xFFFE
RATES: Final = range(4_000, 192_001)


class UnknownSound(ValueError):
    """No WAV, FLAC or Ogg file, or one whose headers make no sense. The same file will never be taken."""


@dataclass(frozen=True, slots=True)
class SoundFacts:
    """media_type: "audio/wav", "audio/flac", "audio/ogg".  rate: samples a second.  bits: of a sample; 0 where it is coded.

    pcm: where plain samples lie in the file, (offset, bytes); None where they are coded.
    """

    media_type: str
    seconds: float
    rate: int
    channels: int
    bits: int
    pcm: tuple[int, int] | None = None


def facts_of(path: Path) -> SoundFacts:
    """Read the headers of a file. Raises UnknownSound, OSError."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        size = path.stat().st_size
        try:
            if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
                return _wav(head, size)
            if head[:4] == b"fLaC":
                return _flac(head)
            if head[:4] == b"OggS":
                return _ogg(head, file, size)
        except (struct.error, IndexError) as error:
            raise UnknownSound("the file ends inside its header") from error
    raise UnknownSound("this is no WAV, FLAC or Ogg file")


def pcm_of(path: Path, facts: SoundFacts) -> bytes | None:
    """The samples as 16 bit mono, little-endian; None where they are coded, or of a width nobody here turns round."""
    if facts.pcm is None or facts.bits not in (8, 16):
        return None
    with path.open("rb") as file:
        file.seek(facts.pcm[0])
        data = file.read(facts.pcm[1])
    if facts.bits == 8:  # unsigned
        data = b"".join(struct.pack("<h", (sample - 128) << 8) for sample in data)
    frame = 2 * facts.channels
    data = data[: len(data) // frame * frame]
    if facts.channels == 1:
        return data
    samples = struct.unpack(f"<{len(data) // 2}h", data)
    groups = (samples[i : i + facts.channels] for i in range(0, len(samples), facts.channels))
    return b"".join(struct.pack("<h", sum(group) // facts.channels) for group in groups)


def _wav(head: bytes, size: int) -> SoundFacts:
    at, form = 12, None
    while at + 8 <= len(head):
        name, length = head[at : at + 4], struct.unpack_from("<I", head, at + 4)[0]
        if name == b"fmt ":
            kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", head, at + 8)
            if kind == EXTENSIBLE:
                (kind,) = struct.unpack_from("<H", head, at + 8 + 24)
            if kind != PCM or rate not in RATES or not 1 <= channels <= 8 or bits not in (8, 16, 24, 32):
                raise UnknownSound("a WAV file of another kind than plain samples")
            form = (rate, channels, bits)
        elif name == b"data":
            if form is None:
                raise UnknownSound("a WAV file without a format before its samples")
            rate, channels, bits = form
            length = min(length, size - at - 8)  # a recorder that was cut off never wrote the length
            seconds = length / (rate * channels * bits // 8)
            return SoundFacts("audio/wav", seconds, rate, channels, bits, (at + 8, length))
        at += 8 + length + length % 2
    raise UnknownSound("a WAV file without samples")


def _flac(head: bytes) -> SoundFacts:
    if head[4] & 0x7F != 0:
        raise UnknownSound("a FLAC file that does not begin with its stream's data")
    packed = int.from_bytes(head[18:26], "big")
    rate, channels, bits = packed >> 44, (packed >> 41 & 7) + 1, (packed >> 36 & 31) + 1
    samples = packed & (1 << 36) - 1
    if len(head) < 42 or rate not in RATES or not samples:
        raise UnknownSound("a FLAC file whose header makes no sense")
    return SoundFacts("audio/flac", samples / rate, rate, channels, bits)


def _ogg(head: bytes, file: IO[bytes], size: int) -> SoundFacts:
    begin = 27 + head[26]
    packet = head[begin : begin + 64]
    skip = 0
    if packet.startswith(b"\x01vorbis"):
        channels, rate = packet[11], struct.unpack_from("<I", packet, 12)[0]
    elif packet.startswith(b"OpusHead"):
        channels, rate = packet[9], 48_000
        (skip,) = struct.unpack_from("<H", packet, 10)
    else:
        raise UnknownSound("an Ogg file that holds neither Vorbis nor Opus")
    file.seek(max(0, size - HEAD_BYTES))
    tail = file.read()
    last = tail.rfind(b"OggS")
    if last < 0 or len(tail) < last + 14 or rate not in RATES or not 1 <= channels <= 8:
        raise UnknownSound("an Ogg file without a last page")
    (samples,) = struct.unpack_from("<q", tail, last + 6)
    if samples < 0:
        raise UnknownSound("an Ogg file without an end")
    return SoundFacts("audio/ogg", max(0, samples - skip) / rate, rate, channels, 0)
