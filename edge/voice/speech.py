"""Words to sound: espeak-ng as a program of its own, and a bounded store of clips on disk, so that it is instant again."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from edge.app.ports import DeviceError

VOICES = {"en": "en-gb", "hi": "hi", "es": "es", "ar": "ar"}
"""espeak-ng's voice by language; a language not listed is spoken in English."""
WORDS_CHARS_MAX = 400
CLIP_BYTES_MAX = 4 * 1024 * 1024
STORE_BYTES_MAX = 64 * 1024 * 1024
SPEAK_S = 10.0
"""Longest time the program may take for one clip."""
SPEED_WPM = 140
MISSING_HINT = "Install the speech program: apt-get install espeak-ng. Until then calls are shown and not spoken."


class Speech:
    """Makes clips. folder: the clip store, made when needed.  program: espeak-ng or one with the same options."""

    def __init__(self, folder: Path, *, program: str = "espeak-ng", store_bytes_max: int = STORE_BYTES_MAX) -> None:
        self._folder = folder
        self._program = program
        self._store_bytes_max = store_bytes_max
        self._one_at_a_time = asyncio.Lock()
        self.made = 0
        self.found = 0

    def available(self) -> bool:
        """Whether the program is installed."""
        return shutil.which(self._program) is not None

    async def clip(self, words: str, language: str) -> bytes:
        """`words` as a WAV file (16 bit, mono). Raises DeviceError; not passing when the program is not installed."""
        said = " ".join(words[:WORDS_CHARS_MAX].split())
        if not said:
            raise DeviceError("there is nothing to say", passing=False, hint="Give the announcement some words.")
        voice = VOICES.get(language, VOICES["en"])
        path = self._folder / f"{hashlib.sha256(f'1|{voice}|{SPEED_WPM}|{said}'.encode()).hexdigest()}.wav"
        async with self._one_at_a_time:
            kept = await asyncio.to_thread(_read, path)
            if kept is not None:
                self.found += 1
                return kept
            wav = await self._speak(said, voice)
            self.made += 1
            await asyncio.to_thread(self._keep, path, wav)
            return wav

    async def _speak(self, said: str, voice: str) -> bytes:
        try:
            return await self._spoken(said, voice)
        except OSError as error:
            raise DeviceError(f"{self._program} cannot run: {error}", hint="Free disk space and memory.") from error

    async def _spoken(self, said: str, voice: str) -> bytes:
        with tempfile.TemporaryDirectory(prefix="outpost-clip-") as folder:
            out = Path(folder) / "clip.wav"
            try:
                process = await asyncio.create_subprocess_exec(
                    self._program, "-v", voice, "-s", str(SPEED_WPM), "-b", "1", "--stdin", "-w", str(out),
                    stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
                )  # fmt: skip
            except (FileNotFoundError, PermissionError) as error:  # the second: a folder of PATH may not be looked into
                raise DeviceError(f"{self._program} is not installed", passing=False, hint=MISSING_HINT) from error
            try:
                async with asyncio.timeout(SPEAK_S):
                    _, complaint = await process.communicate(said.encode())
            except TimeoutError as error:
                raise DeviceError(f"{self._program} took longer than {SPEAK_S:g} s") from error
            finally:
                if process.returncode is None:
                    with suppress(ProcessLookupError):
                        process.kill()
                    await process.wait()
            wav = await asyncio.to_thread(_read, out)
        if process.returncode != 0 or not wav or len(wav) > CLIP_BYTES_MAX:
            why = complaint.decode("utf-8", "replace").strip()[:200] or "no sound came out"
            raise DeviceError(f"{self._program}: {why}", hint=MISSING_HINT)
        return wav

    def _keep(self, path: Path, wav: bytes) -> None:
        """Write a clip whole or not at all, and let the ones unused longest go. A full disk only costs time later."""
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            new = path.with_suffix(".new")
            new.write_bytes(wav)
            new.replace(path)
            clips = sorted((p.stat().st_mtime_ns, p.stat().st_size, p) for p in self._folder.glob("*.wav"))
            total = sum(size for _, size, _ in clips)
            for _, size, old in clips:
                if total <= self._store_bytes_max or old == path:
                    break
                old.unlink(missing_ok=True)
                total -= size


def _read(path: Path) -> bytes | None:
    """A clip from the store, marked as used just now; None when it is not there."""
    try:
        data = path.read_bytes()
        os.utime(path)
    except OSError:
        return None
    return data or None
