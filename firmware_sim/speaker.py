"""A network loudspeaker: takes clips over TCP, "plays" each for as long as it lasts, and answers when it has ended.

Protocol: four bytes of length (big-endian), a WAV file of that length, and when it has ended the line ``done``.
What was said cannot be known from sound, so the diary holds length, hash and time of each clip, and whether two overlapped.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import struct
import wave
from pathlib import Path

from firmware_sim.listener import Listener
from shared.clock import Clock

CLIP_BYTES_MAX = 8 * 1024 * 1024
KEPT_MAX = 50
"""Sound files kept in the run folder; the diary keeps every line."""
CONNECTIONS_MAX = 16


def length_ms(wav: bytes) -> int:
    """How long a clip lasts. Raises ValueError for what is no WAV file."""
    try:
        with wave.open(io.BytesIO(wav)) as clip:
            return int(clip.getnframes() * 1000 // clip.getframerate())
    except (wave.Error, EOFError, ZeroDivisionError, struct.error) as error:
        raise ValueError(f"not a WAV file: {error}") from error


class Speaker:
    """Listens on a loopback port. folder: gets ``said.jsonl`` and the last clips."""

    def __init__(self, clock: Clock, folder: Path) -> None:
        self._clock = clock
        self._folder = folder
        self._listener = Listener(self._serve, CONNECTIONS_MAX)
        self._playing = 0
        self.broken = False
        """It takes a clip and never answers."""
        self.said = lines_in(folder / "said.jsonl")
        self.overlaps = 0
        self.refused = 0
        self.port = 0

    async def start(self, port: int = 0) -> int:
        """Listen; returns the port."""
        (self._folder / "clips").mkdir(parents=True, exist_ok=True)
        self.port = await self._listener.on_loopback(port)
        return self.port

    async def stop(self) -> None:
        """Close the port and hang up."""
        await self._listener.stop()

    def describe(self) -> dict[str, object]:
        """For people and checks."""
        return {"said": self.said, "overlaps": self.overlaps, "playing": self._playing, "refused": self.refused,
                "broken": self.broken, "port": self.port}  # fmt: skip

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                size = int.from_bytes(await reader.readexactly(4), "big")
                if not 0 < size <= CLIP_BYTES_MAX:
                    self.refused += 1
                    return
                await self._play(await reader.readexactly(size))
                if self.broken:
                    await reader.read()
                    return
                writer.write(b"done\n")
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the edge hung up: nothing is left to say to it
        except ValueError:
            self.refused += 1

    async def _play(self, wav: bytes) -> None:
        lasts_ms = length_ms(wav)
        overlaps = self._playing > 0
        self._playing += 1
        start_ms = self._clock.now_ms()
        try:
            await asyncio.sleep(self._clock.real_s(lasts_ms / 1000))
        finally:
            self._playing -= 1
        self.said += 1
        self.overlaps += overlaps
        line = {"n": self.said, "start_ms": start_ms, "end_ms": self._clock.now_ms(), "length_ms": lasts_ms,
                "bytes": len(wav), "sha256": hashlib.sha256(wav).hexdigest(), "overlaps": overlaps}  # fmt: skip
        with (self._folder / "said.jsonl").open("a") as diary:
            diary.write(json.dumps(line) + "\n")
        (self._folder / "clips" / f"{self.said:04d}.wav").write_bytes(wav)
        (self._folder / "clips" / f"{self.said - KEPT_MAX:04d}.wav").unlink(missing_ok=True)


def lines_in(diary: Path) -> int:
    """How many lines a diary of an earlier run has, so that numbers go on."""
    return diary.read_bytes().count(b"\n") if diary.exists() else 0
