"""The printer driver and the simulated printer, each at its end of a real pseudo-terminal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from edge.app.ports import Busy, CoverOpen, DeviceError, Offline, PaperOut
from edge.devices import escpos
from edge.devices.printer import EscPosPrinter, Waits
from edge.devices.transport import UNSENT_BYTES_MAX, Told, Transport, open_line
from edge.domain.tickets import Slip
from firmware_sim.cable import Cable
from firmware_sim.listener import Listener
from firmware_sim.printer import Printer
from tests.device_ends import SLIP, PaperTray, cable, running, until

SHORT = Waits(open_s=0.3, answer_s=0.3, take_s=2.0, confirm_s=2.0, poll_s=0.05, still_printing_s=8.0)


class Desk:
    """A printer driver, the simulated printer it drives, and the cable between them."""

    def __init__(self, wire: Cable, line: Transport, told: list[Told], speed_mm_s: float) -> None:
        self.wire, self.line, self.told = wire, line, told
        self.tray = PaperTray(wire, speed_mm_s)
        self.driver = EscPosPrinter(line, waits=SHORT)

    @property
    def device(self) -> Printer:
        return self.tray.printer

    async def print_until_done(self, slip: Slip, within_s: float = 20.0) -> list[DeviceError]:
        """Print as the effects runner does: again after an error, marked once bytes may have left."""
        problems: list[DeviceError] = []
        async with asyncio.timeout(within_s):
            while True:
                try:
                    await self.driver.print(slip)
                except DeviceError as problem:
                    problems.append(problem)
                    assert problem.passing
                    slip = replace(slip, repeat=slip.repeat or problem.begun)
                    await asyncio.sleep(0.05)
                else:
                    return problems


@asynccontextmanager
async def desk(folder: Path, speed_mm_s: float = 0.0) -> AsyncIterator[Desk]:
    async with cable(folder, "printer") as (wire, line, told):
        it = Desk(wire, line, told, speed_mm_s)
        async with running(it.device.run()):
            yield it


async def test_a_slip_is_on_paper_when_print_returns(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        await it.driver.print(SLIP)
        assert it.tray.tokens() == [("A-012", False)]
        assert it.driver.problem is None


async def test_print_returns_only_after_a_slow_printer_has_cut_the_paper(tmp_path: Path) -> None:
    async with desk(tmp_path, speed_mm_s=250) as it:
        await it.driver.print(SLIP)
        assert it.tray.tokens() == [("A-012", False)]


@pytest.mark.parametrize("kind", ["one_byte", "slow"])
async def test_a_slip_survives_a_link_that_only_dribbles(tmp_path: Path, kind: str) -> None:
    async with desk(tmp_path) as it:
        it.wire.set(kind, 0)  # type: ignore[arg-type]
        await EscPosPrinter(it.line).print(SLIP)
        assert it.tray.tokens() == [("A-012", False)]


async def test_slips_in_hindi_and_arabic_arrive_whole(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        for language in ("hi", "ar"):
            await it.driver.print(replace(SLIP, language=language))
        assert it.tray.tokens() == [("A-012", False)] * 2
        assert all(slip.pictures > 5 for slip in it.tray.slips)


async def test_slips_asked_for_at_once_come_out_one_after_another(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        await asyncio.gather(*(it.driver.print(replace(SLIP, token=f"A-{n:03d}")) for n in range(5)))
        assert it.tray.tokens() == [(f"A-{n:03d}", False) for n in range(5)]


async def test_without_paper_nothing_leaves_and_a_new_roll_prints_the_slip_unmarked(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        it.device.moods.paper = "out"
        with pytest.raises(PaperOut, match="no paper") as caught:
            await it.driver.print(SLIP)
        assert (caught.value.begun, caught.value.passing, caught.value.code) == (False, True, "paper_out")
        assert "roll" in caught.value.hint
        assert isinstance(await it.driver.check(), PaperOut)
        it.device.moods.paper = "ok"
        it.device.stir()
        await it.driver.print(SLIP)
        assert it.tray.tokens() == [("A-012", False)]
        assert await it.driver.check() is None


async def test_an_open_cover_is_told_apart_from_missing_paper(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        it.device.moods.cover_open = True
        with pytest.raises(CoverOpen) as caught:
            await it.driver.print(SLIP)
        assert not caught.value.begun


async def test_paper_that_ends_inside_a_slip_gives_a_marked_repeat(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        it.device.moods.paper_ends_after = 4
        with pytest.raises(PaperOut) as caught:
            await it.driver.print(SLIP)
        assert caught.value.begun
        it.device.moods.paper = "ok"
        it.device.stir()
        await it.driver.print(replace(SLIP, repeat=True))
        assert it.tray.tokens() == [("A-012", False), ("A-012", True)]


async def test_a_cable_pulled_inside_a_slip_gives_a_marked_repeat(tmp_path: Path) -> None:
    async with desk(tmp_path, speed_mm_s=100) as it:
        printing = asyncio.ensure_future(it.print_until_done(SLIP))
        await until(lambda: it.device.counts.bytes > 100)
        it.wire.cable("out")
        await until(lambda: it.told == ["back", "gone"])
        it.wire.cable("in")
        problems = await printing
        assert problems[0].begun
        await until(lambda: [repeat for _, repeat in it.tray.tokens()][-1:] == [True])  # cut when all is on paper
        assert sum(not repeat for token, repeat in it.tray.tokens() if token) <= 1
        assert it.told == ["back", "gone", "back"]


async def test_a_printer_that_dies_inside_a_slip_gives_half_a_slip_and_a_marked_repeat(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        it.device._on_power = lambda on: it.wire.cable("in" if on else "out")
        it.device.moods.dies_after = 4
        printing = asyncio.ensure_future(it.print_until_done(SLIP))
        await until(lambda: not it.device.on)
        it.device.power(True)
        problems = await printing
        assert problems[0].begun
        assert [slip.complete for slip in it.tray.slips] == [False, True]
        assert it.tray.tokens() == [("A-012", True)]


async def test_a_program_killed_inside_a_picture_leaves_the_next_one_a_printer_in_step(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        half = escpos.encode(replace(SLIP, language="hi"))
        it.line.write(half[: half.index(b"\x1dv0") + 20])
        await until(lambda: it.device.interpreter.incomplete > 0)
        await EscPosPrinter(it.line, waits=SHORT).print(replace(SLIP, repeat=True))
        assert it.tray.tokens() == [("A-012", True)]
        assert it.tray.slips[0].lines[-1] == "Please wait until your number is called."


async def test_a_printer_that_says_nothing_is_offline_before_a_byte_of_the_slip_leaves(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        it.device.moods.mute = True
        with pytest.raises(Offline) as caught:
            await it.driver.print(SLIP)
        assert not caught.value.begun
        assert it.device.counts.bytes == len(escpos.ASK_STATUS)
        it.device.moods.mute = False
        await it.print_until_done(SLIP)
        assert it.tray.tokens() == [("A-012", False)]


async def test_garbage_from_the_printer_is_never_taken_for_a_confirmation(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        it.device.moods.garbage = True
        with pytest.raises(DeviceError) as caught:
            await it.driver.print(SLIP)
        assert not caught.value.begun
        assert it.tray.slips == []


async def test_a_printer_that_does_not_know_the_question_at_the_end_is_believed_when_it_is_well(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        it.device.moods.knows_in_order = False
        await it.driver.print(SLIP)
        assert it.tray.tokens() == [("A-012", False)]
        begun = asyncio.get_running_loop().time()
        await it.driver.print(replace(SLIP, token="A-013"))
        assert asyncio.get_running_loop().time() - begun < SHORT.confirm_s
        assert it.tray.tokens() == [("A-012", False), ("A-013", False)]


async def test_a_printer_without_a_line_back_is_given_its_bytes(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        it.device.moods.mute = True
        await EscPosPrinter(it.line, answers=False, waits=SHORT).print(SLIP)
        await until(lambda: it.tray.tokens() == [("A-012", False)])


async def test_a_printer_that_is_not_there_is_offline_and_found_when_it_comes(tmp_path: Path) -> None:
    told: list[Told] = []
    line = open_line(str(tmp_path / "printer"), "printer", lambda word, why: told.append(word))
    driver = EscPosPrinter(line, waits=SHORT)
    async with running(line.run()):
        with pytest.raises(Offline) as caught:
            await driver.print(SLIP)
        assert not caught.value.begun
        wire = Cable(tmp_path / "printer")
        tray = PaperTray(wire)
        wire.terminal.plug()
        try:
            async with running(wire.run(), tray.printer.run()):
                await until(lambda: line.is_open)
                await driver.print(SLIP)
                assert tray.tokens() == [("A-012", False)]
        finally:
            wire.terminal.pull()
    assert told[:2] == ["gone", "back"]


async def test_a_network_printer_takes_slips_over_tcp(tmp_path: Path) -> None:
    wire = Cable(tmp_path / "unused")
    tray = PaperTray(wire)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tray.printer._send = writer.write
        while data := await reader.read(1000):
            tray.printer.feed(data)

    server = Listener(serve, 1)
    line = open_line(f"tcp://127.0.0.1:{await server.on_loopback()}", "printer")
    async with running(line.run(), tray.printer.run()):
        await EscPosPrinter(line, waits=SHORT).print(SLIP)
        assert tray.tokens() == [("A-012", False)]
    await server.stop()


async def test_the_write_buffer_is_bounded_and_refuses_whole(tmp_path: Path) -> None:
    async with cable(tmp_path) as (wire, line, _):
        wire.terminal.hear(False)
        line.write(bytes(UNSENT_BYTES_MAX))
        with pytest.raises(Busy):
            line.write(bytes(UNSENT_BYTES_MAX))
        assert line.unsent <= UNSENT_BYTES_MAX
        with pytest.raises(Busy):
            await line.drained(0.1)
        line.reset("test")
        assert line.unsent == 0
        with pytest.raises(Offline):
            line.write(b"x")


async def test_a_second_program_cannot_open_the_same_port(tmp_path: Path) -> None:
    async with cable(tmp_path) as (_, _, _):
        told: list[str] = []
        second = open_line(str(tmp_path / "line"), "line", lambda word, why: told.append(why))
        async with running(second.run()):
            await until(lambda: bool(told))
            assert not second.is_open
            assert "lock" in told[0]
