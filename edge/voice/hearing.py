"""Sound to words, offline: a child process with two decoders, one recording after another, and few that wait."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import suppress
from typing import Any, Final

from edge.app.ports import Busy, DeviceError
from edge.voice.decoder_child import LENGTH
from edge.voice.heard import SILENCE, Heard, judge, without_decoder
from edge.voice.sound import UnfitSound

WAITING_MAX: Final = 8
"""Recordings that wait or are being heard; one more is refused with Busy, and is kept by the caller all the same."""
SOUND_BYTES_MAX: Final = 120 * 48_000 * 2
"""Two minutes of the fastest rate: the longest note."""
FILE_S_MAX: Final = 120.0
"""As much of a file is unfolded at most: the longest note."""
HEAR_S_MAX: Final = 40.0
"""Longest time for one recording, a start of the decoders included. 15 s of speech take a slow Pi about 8."""
IDLE_S: Final = 300.0
"""Real seconds without a recording after which the decoders' process ends and its memory is free."""
STOP_S: Final = 2.0
BUSY_HINT: Final = "Too many people speak at once: press the button, or say it again in a minute."


class Hearing:
    """Belongs to one event loop. The decoders start with the first recording."""

    def __init__(
        self, *, program: tuple[str, ...] = (sys.executable, "-m", "edge.voice.decoder_child"),
        waiting_max: int = WAITING_MAX, hear_s_max: float = HEAR_S_MAX, idle_s: float = IDLE_S,
    ) -> None:  # fmt: skip
        self._program = program
        self._waiting_max = waiting_max
        self._hear_s_max = hear_s_max
        self._idle_s = idle_s
        self._turn = asyncio.Lock()
        self._child: asyncio.subprocess.Process | None = None
        self._rest: asyncio.TimerHandle | None = None
        self._ending: asyncio.Task[None] | None = None
        self.waiting = 0
        """Recordings that wait or are being heard."""
        self.heard = 0
        self.refused = 0

    @property
    def child_pid(self) -> int | None:
        """The decoders' process, while there is one."""
        return self._child.pid if self._child is not None else None

    async def hear(self, pcm: bytes, rate: int, language: str) -> Heard:
        """What somebody said. pcm: 16 bit signed little-endian mono; rate: samples a second, 8000 to 48000.

        The first 15 s of speech are decoded. Raises UnfitSound (another sound), Busy (too many wait), DeviceError (the
        decoders cannot run, or failed on this recording). In every case the caller has kept the sound, or keeps it now.
        """
        return await self._heard({"language": language, "rate": rate}, pcm, language)

    async def hear_file(self, data: bytes, language: str) -> Heard:
        """What somebody said in a FLAC, Ogg or WAV file: as `hear`. Of what it unfolds to, two minutes are listened to.

        UnfitSound as well for a file that is damaged, and where there is nothing on this machine that reads it.
        """
        return await self._heard({"language": language, "seconds_max": FILE_S_MAX}, data, language)

    async def _heard(self, how: dict[str, Any], sound: bytes, language: str) -> Heard:
        if len(sound) > SOUND_BYTES_MAX:
            raise UnfitSound(f"{len(sound)} bytes; at most {SOUND_BYTES_MAX} are heard")
        if self.waiting >= self._waiting_max:
            self.refused += 1
            raise Busy(f"{self.waiting} recordings wait to be heard", hint=BUSY_HINT)
        self.waiting += 1
        try:
            async with self._turn:
                answer = await self._asked(json.dumps(how).encode() + b"\0" + sound)
        finally:
            self.waiting -= 1
        if "unfit" in answer:
            raise UnfitSound(answer["unfit"])
        self.heard += 1
        if not answer["speech_s"]:
            return SILENCE
        if answer["grammar"] is None:
            return without_decoder(answer["snr_db"], answer["speech_s"])
        return judge(answer["grammar"], answer["model"], answer["snr_db"], answer["speech_s"], language)

    async def stop(self) -> None:
        """End the decoders; a recording that is being heard gets DeviceError. May be used again afterwards."""
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None
        child, self._child = self._child, None
        if child is not None:
            await _end(child)

    async def _asked(self, question: bytes) -> dict[str, Any]:
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None
        if self._ending is not None:
            await self._ending
            self._ending = None
        done = False
        try:
            async with asyncio.timeout(self._hear_s_max):
                child = self._child or await self._started()
                self._child = child
                assert child.stdin is not None and child.stdout is not None
                child.stdin.write(LENGTH.pack(len(question)) + question)
                await child.stdin.drain()
                (length,) = LENGTH.unpack(await child.stdout.readexactly(LENGTH.size))
                answer: dict[str, Any] = json.loads(await child.stdout.readexactly(length))
            done = True
            return answer
        except TimeoutError as error:
            raise DeviceError(f"hearing took longer than {self._hear_s_max:g} s", hint=BUSY_HINT) from error
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise DeviceError("the decoders ended while hearing", hint="Press the button, or say it again.") from error
        finally:
            if done:
                self._rest = asyncio.get_running_loop().call_later(self._idle_s, self._idle)
            else:  # a late answer must not be taken for that of the next question
                await self.stop()

    async def _started(self) -> asyncio.subprocess.Process:
        try:
            return await asyncio.create_subprocess_exec(
                *self._program, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
            )
        except OSError as error:
            raise DeviceError(
                f"the decoders cannot start: {error}", hint="Free memory; until then press the button."
            ) from error

    def _idle(self) -> None:
        if self.waiting == 0:
            self._rest = None
            self._ending = asyncio.create_task(self.stop())


async def _end(child: asyncio.subprocess.Process) -> None:
    if child.stdin is not None:
        child.stdin.close()
    try:
        async with asyncio.timeout(STOP_S):
            await child.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            child.kill()
        await child.wait()
