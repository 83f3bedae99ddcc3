"""Programs are started, ended with everything they started, and never outlive the demo."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from deploy.demo.crew import Crew
from deploy.demo.ports import Ports, PortTaken, holder
from deploy.demo.program import Program, ProgramFailed

PATIENT_S = 10.0
IGNORES = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); signal.pause()"
HAS_CHILD = (
    "import subprocess, sys, signal; "
    "print(subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()']).pid, flush=True); signal.pause()"
)


def _program(folder: Path, code: str, name: str = "one") -> Program:
    (folder / "logs").mkdir(exist_ok=True)
    return Program(
        name, [sys.executable, "-c", code], folder=folder, log=folder / "logs" / f"{name}.log", environment=os.environ
    )


def _gone(pid: int) -> bool:
    """Whether a process has ended; one that waits to be buried has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in ("Z", "X")
    except FileNotFoundError:
        return True


async def _until(true: object, what: str) -> None:
    assert callable(true)
    async with asyncio.timeout(PATIENT_S):
        while not true():
            await asyncio.sleep(0.01)
    assert true(), what


async def test_a_program_that_will_not_end_is_ended(tmp_path: Path) -> None:
    program = _program(tmp_path, IGNORES)
    await program.start()
    await _until(lambda: "up" in program.last_words(), "it starts")
    async with asyncio.timeout(PATIENT_S):
        await program.stop(patience_s=0.2)
    assert not program.running
    assert await program.wait() == -signal.SIGKILL


async def test_what_a_program_started_ends_with_it(tmp_path: Path) -> None:
    program = _program(tmp_path, HAS_CHILD)
    await program.start()
    await _until(lambda: program.last_words().strip().isdigit(), "it tells its child")
    child = int(program.last_words())
    await program.kill()
    await _until(lambda: _gone(child), "the child is gone")


async def test_programs_end_when_the_demo_is_killed_with_kill_9(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    code = (
        "import asyncio, os, sys; from pathlib import Path; from deploy.demo.crew import Crew\n"
        "async def main():\n"
        "    crew = Crew(Path.cwd(), print)\n"
        "    await crew.run('child', [sys.executable, '-c', 'import signal; signal.pause()'], os.environ)\n"
        "    print(crew.programs['child'].pid, flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())"
    )
    demo = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, cwd=tmp_path, stdout=asyncio.subprocess.PIPE
    )
    assert demo.stdout is not None
    child = int(await demo.stdout.readline())
    # The guard has become the program once the kernel's promise is made; only then is there something to prove.
    await _until(lambda: b"signal.pause" in Path(f"/proc/{child}/cmdline").read_bytes(), "it runs")
    await _until(lambda: b"child.py" not in Path(f"/proc/{child}/cmdline").read_bytes(), "it runs")
    demo.kill()
    await demo.wait()
    await _until(lambda: _gone(child), "the child is gone")


async def test_a_clinic_that_ends_by_itself_comes_back_and_it_is_said(tmp_path: Path) -> None:
    said: list[str] = []
    crew = Crew(tmp_path, said.append)
    (tmp_path / "logs").mkdir()
    code = f"import signal, pathlib; p = pathlib.Path({str(tmp_path / 'runs')!r})\n"
    code += "n = len(p.read_text()) if p.exists() else 0\n"
    code += "p.write_text('x' * (n + 1)); n or exit(3); signal.pause()"
    await crew.run("edge", [sys.executable, "-c", code], os.environ, comes_back=True)
    await _until(lambda: crew.restarts == 1 and crew.programs["edge"].running, "it is back")
    assert "edge ended by itself (status 3)" in said[0]
    await crew.stop(("edge",), 1.0)
    assert not crew.programs["edge"].running


async def test_a_program_we_kill_does_not_come_back_by_itself(tmp_path: Path) -> None:
    said: list[str] = []
    crew = Crew(tmp_path, said.append)
    (tmp_path / "logs").mkdir()
    await crew.run("edge", [sys.executable, "-c", "import signal; signal.pause()"], os.environ, comes_back=True)
    await crew.programs["edge"].kill()
    await crew.stop(("edge",), 1.0)
    assert (said, crew.restarts) == ([], 0)


async def test_a_program_that_ends_while_starting_is_told_with_its_last_words(tmp_path: Path) -> None:
    crew = Crew(tmp_path, lambda words: None)
    (tmp_path / "logs").mkdir()
    await crew.run("cloud", [sys.executable, "-c", "print('no such database'); exit(1)"], os.environ)

    async def never() -> bool:
        return False

    with pytest.raises(ProgramFailed, match="no such database"):
        await crew.wait_for("cloud", never)
    await crew.stop(("cloud",), 1.0)


def test_a_taken_port_is_told_with_who_holds_it_and_what_to_do() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert holder(port) == f"{Path('/proc/self/comm').read_text().strip()} (pid {os.getpid()})"
        with pytest.raises(PortTaken, match=rf"Port {port} is taken by .*pid {os.getpid()}.*--link-cloud-port"):
            Ports(*Ports.free().__dict__.values()).__class__(**{**vars(Ports.free()), "link_cloud": port}).check()
    Ports.free().check()
