"""Loudspeakers: a clip in, sound out, strictly one after another. Where clips come from is not this module's business."""

from __future__ import annotations

import asyncio
import io
import shlex
import struct
import wave
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol

from edge.app.ports import DeviceError, Offline

Clip = Callable[[str, str], Awaitable[bytes]]
"""Words and language to a WAV file; raises DeviceError. `edge.voice.speech.Speech.clip` is one."""

CONNECT_S = 3.0
BEYOND_S = 5.0
"""How much longer than the clip a loudspeaker may take before it counts as failed."""
CLIP_S_MAX = 120.0


class Player(Protocol):
    """Turns a clip into sound."""

    async def play(self, wav: bytes, within_s: float) -> None:
        """Return when the clip has ended. Raises DeviceError."""


class OneAtATime:
    """`edge.app.ports.Speaker`: makes the clip while another may still play, then plays when it is its turn."""

    def __init__(self, clip: Clip, player: Player) -> None:
        self._clip = clip
        self._player = player
        self._turn = asyncio.Lock()
        self.said = 0

    async def say(self, words: str, language: str) -> None:
        """Return when the clip has ended. Raises DeviceError; `begun` says whether somebody may have heard some of it."""
        wav = await self._clip(words, language)
        lasts_s = length_s(wav)
        async with self._turn:
            await self._player.play(wav, lasts_s + BEYOND_S)
        self.said += 1


class NetworkPlayer:
    """A loudspeaker on the network: length (4 bytes, big-endian), WAV; it answers ``done`` when the clip has ended."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port

    async def play(self, wav: bytes, within_s: float) -> None:
        """One connection for each clip, so that a loudspeaker that was restarted is found again."""
        try:
            async with asyncio.timeout(CONNECT_S):
                reader, writer = await asyncio.open_connection(self._host, self._port)
        except (OSError, TimeoutError) as error:
            raise Offline(f"the loudspeaker at {self._host}:{self._port} is not there: {error}") from error
        try:
            async with asyncio.timeout(within_s):
                writer.write(struct.pack(">I", len(wav)) + wav)
                await writer.drain()
                answer = await reader.readline()
        except TimeoutError as error:
            raise Offline("the loudspeaker did not say that the clip has ended", begun=True) from error
        except (OSError, ValueError) as error:
            raise Offline(f"the loudspeaker hung up: {error}", begun=True) from error
        finally:
            writer.transport.abort()
        if answer != b"done\n":
            raise Offline(f"the loudspeaker answered {answer[:40]!r}", begun=True)


class CommandPlayer:
    """A program that plays a WAV file from its standard input and ends with it, such as ``aplay -q -``."""

    def __init__(self, command: str) -> None:
        self._words = shlex.split(command)
        if not self._words:
            raise ValueError("the loudspeaker's command is empty")

    async def play(self, wav: bytes, within_s: float) -> None:
        """Run the program once."""
        try:
            process = await asyncio.create_subprocess_exec(
                *self._words, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
            )  # fmt: skip
        except OSError as error:
            hint = f"Install {self._words[0]!r} or correct the setting `speaker`."
            raise DeviceError(f"cannot start {self._words[0]!r}: {error}", passing=False, hint=hint) from error
        try:
            async with asyncio.timeout(within_s):
                _, complaint = await process.communicate(wav)
        except TimeoutError as error:
            raise DeviceError(f"{self._words[0]!r} did not end", begun=True) from error
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if process.returncode != 0:
            why = complaint.decode("utf-8", "replace").strip()[:200]
            raise DeviceError(f"{self._words[0]!r} ended with {process.returncode}: {why}", begun=True)


def open_speaker(target: str, clip: Clip) -> OneAtATime:
    """The speaker a setting names: ``tcp://host:port`` or ``command:program arguments``. Raises ValueError."""
    if target.startswith("command:"):
        return OneAtATime(clip, CommandPlayer(target.removeprefix("command:")))
    host, _, port = target.removeprefix("tcp://").rpartition(":")
    if not target.startswith("tcp://") or not host or not port.isdigit():
        raise ValueError(f"{target!r} is neither tcp://host:port nor command:...")
    return OneAtATime(clip, NetworkPlayer(host, int(port)))


def length_s(wav: bytes) -> float:
    """How long a clip lasts. Raises DeviceError for what is no WAV file, or one that lasts too long."""
    try:
        with wave.open(io.BytesIO(wav)) as clip:
            lasts_s = float(clip.getnframes() / clip.getframerate())
    except (wave.Error, EOFError, ZeroDivisionError, struct.error) as error:
        raise DeviceError(f"the clip is no WAV file: {error}", passing=False) from error
    if lasts_s > CLIP_S_MAX:
        raise DeviceError(f"the clip lasts {lasts_s:.0f} s", passing=False, hint="Shorten the announcement.")
    return lasts_s
