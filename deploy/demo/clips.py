"""What people say into the demo's dispenser, as sound files made by a speech program of this machine."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from deploy import machine
from deploy.demo.crew import run_tool

TAKEN, YES, CHEST = "I took my medicine", "yes", "I have chest pain and I cannot breathe"
SPEAKERS: Final = (
    ("flite", ("-voice", "slt", "-o", "{file}", "-t", "{words}")),
    ("espeak-ng", ("-s", "140", "-w", "{file}", "{words}")),
)
"""Programs that can say it, the clearest first, with their arguments."""


class NoVoice(Exception):
    """Nothing on this machine can speak; the message says what to install."""


def speaker() -> str | None:
    """The program that will speak; None: there is none."""
    return next((name for name, _ in SPEAKERS if machine.program(name)), None)


async def spoken(words: str, folder: Path) -> Path:
    """A WAV file with the words, made once. Raises NoVoice, ProgramFailed."""
    name = speaker()
    if name is None:
        raise NoVoice("nobody here can speak: install flite or espeak-ng; the button works without")
    file = folder / f"{name}-{words.lower().replace(' ', '-')}.wav"
    if not await asyncio.to_thread(_is_made, file):
        program, fresh = machine.program(name), file.with_suffix(".new")
        assert program is not None
        arguments = [one.format(file=fresh, words=words) for one in dict(SPEAKERS)[name]]
        await run_tool([program, *arguments], folder, {})
        await asyncio.to_thread(fresh.replace, file)
    return file


def _is_made(file: Path) -> bool:
    file.parent.mkdir(exist_ok=True)
    return file.exists()
