"""``python -m firmware_sim devices`` as a program of its own, moved through its control socket."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from edge.app.effects import EffectsRunner, Site
from edge.devices.button_board import ButtonBoard
from edge.devices.printer import EscPosPrinter
from edge.devices.speaker import open_speaker
from edge.devices.transport import open_line
from edge.voice.speech import Speech
from firmware_sim.control import BadRequest, Control
from firmware_sim.microphone import silence
from shared.clock import HANDOVER, Clock
from tests.clinic import clinic
from tests.device_ends import running, until


@asynccontextmanager
async def devices(
    folder: Path, clock: Clock, *options: str
) -> AsyncIterator[tuple[Control, asyncio.subprocess.Process]]:
    """The program, started and ready; its control socket."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "firmware_sim", "devices", "--run", str(folder), "--speed", "0", *options,
        env={**os.environ, HANDOVER: clock.handover()}, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    control = Control(folder)
    try:
        assert process.stderr is not None
        async with asyncio.timeout(20):
            assert b"ready" in await process.stderr.readline()
        yield control, process
    finally:
        control.close()
        if process.returncode is None:
            process.terminate()
        async with asyncio.timeout(10):
            await process.communicate()


def a_clock(factor: float = 1.0) -> Clock:
    return Clock.starting_at(datetime(2026, 11, 20, 8, tzinfo=UTC), factor)


def slips(folder: Path) -> list[dict[str, Any]]:
    diary = folder / "slips.jsonl"
    return [json.loads(line) for line in diary.read_text().splitlines()] if diary.exists() else []


async def test_a_press_on_the_board_is_a_slip_with_a_picture_and_a_call_is_heard(tmp_path: Path) -> None:
    run = tmp_path / "run"
    clock = a_clock(20.0)
    async with devices(run, clock) as (control, _), clinic(tmp_path / "data", clock) as core:
        board_line, printer_line = open_line(str(run / "board"), "board"), open_line(str(run / "printer"), "printer")
        board = ButtonBoard("b1", board_line, core.dispatcher, {1: "A"})
        printer = EscPosPrinter(printer_line)
        speech = Speech(tmp_path / "clips")
        speaker = open_speaker(f"tcp://127.0.0.1:{(run / 'speaker.port').read_text().strip()}", speech.clip)
        site = Site("Riverside Family Clinic", ZoneInfo("UTC"), "en", ["en"])
        runner = EffectsRunner(core.store, core.dispatcher, core.bus, site, printer, speaker)
        async with running(board_line.run(), printer_line.run(), board.run(), runner.run()):
            assert (await control.do("press", button=1))["counted"]
            await until(lambda: [(s["token"], s["repeat"]) for s in slips(run)] == [("A-001", False)])
            picture = run / slips(run)[0]["png"]
            await until(lambda: picture.exists() and picture.read_bytes()[:4] == b"\x89PNG")
            assert picture.name == "0001-A-001.png"
            await core.call()
            await until((run / "said.jsonl").exists)
            status = await control.do("status")
        assert status["boards"]["board"]["acknowledged"] == 1
        assert status["printer"]["slips"] == 1
        assert status["speaker"]["overlaps"] == 0


async def test_domain_time_is_the_one_handed_over(tmp_path: Path) -> None:
    clock = a_clock(60.0)
    async with devices(tmp_path, clock) as (control, _):
        before = clock.now_ms()
        now = (await control.do("status"))["now_ms"]
        assert before <= now <= clock.now_ms()


async def test_the_control_socket_moves_every_device(tmp_path: Path) -> None:
    async with devices(tmp_path, a_clock(), "--board", "hall", "--board", "ward", "--proxy", "cloud=127.0.0.1:9") as (
        control, _,
    ):  # fmt: skip
        pressed = await control.do("press", button=3, board="ward", bounce=False)
        assert (pressed["counted"], pressed["number"]) == (True, 1)
        stream = (await control.do("power", board="ward", state="cycle"))["stream"]
        assert stream != pressed["stream"]
        for state, shown in (("out", "paper_out"), ("near_end", "paper_near_end"), ("ok", "paper_ok")):
            await control.do("paper", state=state)
            assert (await control.do("status"))["printer"]["state"] == shown
        await control.do("cover", state="open")
        assert (await control.do("status"))["printer"]["state"] == "cover_open"
        await control.do("printer", state="off")
        assert not (tmp_path / "printer").exists()
        await control.do("printer", state="on")
        assert (tmp_path / "printer").exists()
        await control.do("link", hall="lossy", printer="slow", seed=5)
        await control.do("cable", ward="out")
        await control.do("net", state="cut", latency_ms=10)
        await control.do("speaker", state="broken")
        status = await control.do("status")
        assert status["links"] == {"hall": "lossy", "ward": "perfect", "printer": "slow"}
        assert status["net"]["cloud"]["state"] == "cut"
        assert status["boards"]["ward"]["lost_in_power_cuts"] == 1
        assert not (tmp_path / "ward").exists()


@pytest.mark.parametrize(
    "request_",
    [{"do": "dance"}, {"do": ["press"]}, {"do": "press", "button": 0}, {"do": "press", "button": "one"},
     {"do": "press", "board": "none"}, {"do": "paper"}, {"do": "link"}, {"do": "link", "board": "silk"},
     {"do": "net", "state": "cut", "name": "moon"}, {"do": "printer", "state": "dies", "after": -1}],
)  # fmt: skip
async def test_a_request_that_makes_no_sense_is_answered_with_what_would(
    tmp_path: Path, request_: dict[str, Any]
) -> None:
    from firmware_sim.devices import Devices

    with pytest.raises(BadRequest):
        await Devices(tmp_path, a_clock()).do(request_)


async def test_lines_that_are_no_requests_do_not_stop_the_program(tmp_path: Path) -> None:
    async with devices(tmp_path, a_clock()) as (control, process):
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / "control.sock"))
        for line in (b"nonsense\n", b"[]\n", b"{}\n"):
            writer.write(line)
            assert json.loads(await reader.readline())["ok"] is False
        writer.write(b"x" * 100_000)
        assert await reader.read() == b""
        writer.transport.abort()
        assert (await control.do("status"))["printer"]["slips"] == 0
        assert process.returncode is None


async def test_sigterm_ends_the_program_soon_and_takes_its_paths_away(tmp_path: Path) -> None:
    async with devices(tmp_path, a_clock()) as (_, process):
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(3):
            assert await process.wait() == 0
        assert sorted(os.listdir(tmp_path)) == ["clips", "slips"]


async def test_a_dispenser_is_moved_through_the_control_socket_and_its_memory_outlives_the_program(
    tmp_path: Path,
) -> None:
    async with devices(tmp_path, a_clock(), "--dispenser", "d1") as (control, _):
        assert (tmp_path / "d1").exists()
        assert (await control.do("press", dispenser="d1"))["counted"]
        assert (await control.do("refill", compartment=2, units=5))["counted"]
        assert (await control.do("lid", state="open"))["counted"]
        assert (await control.do("take", compartment=2, units=1))["counted"]
        await control.do("battery", percent=10)
        await control.do("silence", on=True)
        cycled = await control.do("power", dispenser="d1", state="cycle")
        await control.do("power", dispenser="d1", state="off")
        assert await control.do("press", dispenser="d1") == {"counted": False, "dark": True}
        (tmp_path / "x.wav").write_bytes(silence(0.5))
        await control.do("power", dispenser="d1", state="on")
        assert (await control.do("say", file=str(tmp_path / "x.wav"), noise_db=-50))["counted"]
        status = (await control.do("status"))["dispensers"]["d1"]
        assert (status["waiting"], status["stock"], status["power_ups"]) == (6, {"2": 4.0}, 3)
        assert status["boot_id"] != cycled["boot_id"]
        for wrong in ({"verb": "lid", "state": "ajar"}, {"verb": "take", "compartment": 0}, {"verb": "battery", "percent": 101},
                      {"verb": "say", "file": "nothing.wav"}, {"verb": "press", "dispenser": "d9"}):  # fmt: skip
            values = dict(wrong)
            with pytest.raises(BadRequest):
                await control.do(str(values.pop("verb")), **values)
    async with devices(tmp_path, a_clock(), "--dispenser", "d1") as (control, _):
        assert (await control.do("status"))["dispensers"]["d1"]["waiting"] == 6
