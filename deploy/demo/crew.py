"""The programs of a stage together: started, watched, waited for, ended. And the commands that run once and print."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from deploy.demo.program import Program, ProgramFailed

READY_S = 30.0
TOOL_S = 60.0
POLL_S = 0.05
BACK_FIRST_S, BACK_MAX_S = 0.5, 10.0
"""A program that ends by itself comes back after half a second, then after twice as long each time, up to ten."""


def module(name: str, *words: str) -> list[str]:
    """The words that run one of our programs."""
    return [sys.executable, "-m", name, *words]


async def run_tool(words: Sequence[str], folder: Path, environment: Mapping[str, str]) -> str:
    """Run a program to its end and give what it printed. Raises ProgramFailed when it exits with anything but 0."""
    process = await asyncio.create_subprocess_exec(
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=folder,
        env=environment,
        process_group=0,
    )
    try:
        async with asyncio.timeout(TOOL_S):
            out, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        told = (out + errors).decode(errors="replace").strip()
        raise ProgramFailed(f"{' '.join(words[1:])} failed:\n{told}")
    return out.decode()


class Crew:
    """Named programs in one folder; their words go to `logs/<name>.log`.

    said: is told when a program ends that nobody asked to end.
    """

    def __init__(self, folder: Path, said: Callable[[str], None]) -> None:
        self.folder = folder
        self.programs: dict[str, Program] = {}
        self.restarts = 0
        """How often a program came back by itself."""
        self._said = said
        self._watchers: set[asyncio.Task[None]] = set()

    def log(self, name: str) -> Path:
        """Where a program's words are kept."""
        return self.folder / "logs" / f"{name}.log"

    async def run(self, name: str, words: list[str], environment: Mapping[str, str], comes_back: bool = False) -> None:
        """Start a program; with `comes_back` it is started again when it ends by itself, as systemd would do."""
        if (older := self.programs.get(name)) is not None:
            older.wanted = False  # whoever starts a program anew does not want the former to come back beside it
        program = Program(name, words, folder=self.folder, log=self.log(name), environment=environment)
        self.programs[name] = program
        await program.start()
        task = asyncio.create_task(self._watch(program, comes_back))
        self._watchers.add(task)
        task.add_done_callback(self._watchers.discard)

    async def wait_for(self, name: str, ready: Callable[[], Awaitable[bool]]) -> None:
        """Wait until `ready`. Raises ProgramFailed, with its last words, when it ends first or takes too long."""
        program = self.programs[name]
        deadline = asyncio.get_running_loop().time() + READY_S
        while not await ready():
            if not program.running:
                raise ProgramFailed(f"{name} ended while starting:\n{program.last_words()}")
            if asyncio.get_running_loop().time() > deadline:
                raise ProgramFailed(f"{name} was not ready after {READY_S:.0f} s:\n{program.last_words()}")
            await asyncio.sleep(POLL_S)

    async def stop(self, names: Sequence[str], patience_s: float) -> None:
        """Ask these to end, all at once, and end those that have not after `patience_s` seconds."""
        programs = [self.programs[name] for name in names if name in self.programs]
        for program in programs:
            program.wanted = False
        await asyncio.gather(*(program.stop(patience_s) for program in programs))
        if not any(program.running for program in self.programs.values()):
            for task in tuple(self._watchers):
                task.cancel()
            await asyncio.gather(*self._watchers, return_exceptions=True)

    async def _watch(self, program: Program, comes_back: bool) -> None:
        wait_s = BACK_FIRST_S
        while True:
            status = await program.wait()
            if not program.wanted:
                return
            self._said(f"{program.name} ended by itself (status {status}); its last words are in {program.log}")
            if not comes_back:
                return
            await asyncio.sleep(wait_s)
            if not program.wanted:
                return
            wait_s = min(BACK_MAX_S, wait_s * 2)
            self.restarts += 1
            await program.start()
