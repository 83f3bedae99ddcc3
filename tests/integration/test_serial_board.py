"""A simulated board on a real pseudo-terminal, our driver at the other end, and the real store behind it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from edge.app.dispatcher import Accepted, Gap, NotDone, Outcome
from edge.devices.button_board import IN_HAND_MAX, ButtonBoard, Submit
from edge.devices.transport import Told, Transport
from edge.domain.commands import Command
from firmware_sim.board import Board
from firmware_sim.cable import Cable
from shared.frames import Ack, FrameDecoder, Press, encode
from shared.stream import Place
from tests.clinic import Clinic, clinic
from tests.device_ends import cable, running, until

BUTTONS = {1: "A"}


class Recorder:
    """Takes commands and answers what it is told to."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, Place | None]] = []
        self.answers: list[Outcome | NotDone] = []
        self.hold = asyncio.Event()
        self.hold.set()

    async def submit(self, command: Command, place: Place | None = None) -> Outcome:
        await self.hold.wait()
        self.taken.append((command.command_id, place))
        answer = self.answers.pop(0) if self.answers else Accepted(command.command_id, {})
        if isinstance(answer, NotDone):
            raise answer
        return answer


class Wired:
    """Everything between a finger and the dispatcher."""

    def __init__(self, wire: Cable, line: Transport, told: list[Told], dispatcher: Submit) -> None:
        self.wire, self.line, self.told = wire, line, told
        self.board = Board("b1", wire.to_edge.send)
        wire.on_bytes = self.board.feed
        self.driver = ButtonBoard("b1", line, dispatcher, BUTTONS)
        self.rng = random.Random(1)

    async def press(self, times: int = 1, button: int = 1) -> None:
        for _ in range(times):
            assert (await self.board.press(button, self.rng))["counted"]

    async def settled(self) -> None:
        await until(lambda: not self.board.firmware.pending, 30)


@asynccontextmanager
async def wired(folder: Path, dispatcher: Submit) -> AsyncIterator[Wired]:
    async with cable(folder, "board") as (wire, line, told):
        it = Wired(wire, line, told, dispatcher)
        async with running(it.board.run(), it.driver.run()):
            yield it


def tokens(core: Clinic) -> list[str]:
    return [token for (token,) in core.rows("select token from visits order by number")]


async def test_a_press_becomes_a_token_on_disk_and_then_the_lamp_goes_steady(tmp_path: Path) -> None:
    async with clinic(tmp_path / "data") as core, wired(tmp_path, core.dispatcher) as it:
        await it.press(2)
        await it.settled()
        assert tokens(core) == ["A-001", "A-002"]
        assert it.board.firmware.acknowledged == 2
        assert core.rows("select actor from results where kind = 'issue_token'") == [("board:b1",), ("board:b1",)]


async def test_a_button_nobody_configured_is_refused_and_does_not_block_the_board(tmp_path: Path) -> None:
    async with clinic(tmp_path / "data") as core, wired(tmp_path, core.dispatcher) as it:
        await it.press(button=9)
        await it.press()
        await it.settled()
        assert tokens(core) == ["A-001"]
        assert it.board.firmware.refused == 1
        assert (it.driver.counts.accepted, it.driver.counts.refused) == (1, 1)


@pytest.mark.parametrize("kind", ["one_byte", "lossy", "slow"])
async def test_each_press_is_one_token_over_every_kind_of_link(tmp_path: Path, kind: str) -> None:
    async with clinic(tmp_path / "data") as core, wired(tmp_path, core.dispatcher) as it:
        it.wire.set(kind, seed=3)  # type: ignore[arg-type]
        await it.press(8)
        await it.settled()
        assert len(tokens(core)) == 8
        assert it.board.firmware.acknowledged == 8


async def test_presses_whose_acknowledgement_was_lost_give_one_token_each(tmp_path: Path) -> None:
    async with clinic(tmp_path / "data") as core, wired(tmp_path, core.dispatcher) as it:
        it.wire.to_device.set("cut")
        await it.press(3)
        await until(lambda: it.board.firmware.sent >= 3)
        assert it.board.firmware.acknowledged == 0
        it.wire.to_device.set("perfect")
        await it.settled()
        assert len(tokens(core)) == 3


async def test_a_cable_pulled_and_put_back_loses_no_press_and_says_gone_and_back_once(tmp_path: Path) -> None:
    async with clinic(tmp_path / "data") as core, wired(tmp_path, core.dispatcher) as it:
        await it.press()
        await it.settled()
        it.wire.cable("out")
        await until(lambda: not it.line.is_open)
        await it.press(2)
        await until(lambda: it.told == ["back", "gone"])
        it.wire.cable("in")
        await it.settled()
        assert len(tokens(core)) == 3
        assert it.told == ["back", "gone", "back"]


async def test_a_board_that_lost_power_begins_a_new_stream_and_goes_on(tmp_path: Path) -> None:
    async with clinic(tmp_path / "data") as core, wired(tmp_path, core.dispatcher) as it:
        await it.press()
        await it.settled()
        first = it.driver.stream
        it.board.power(False)
        it.board.power(True)
        await it.press()
        await it.settled()
        await until(lambda: it.driver.stream != first)
        assert len(tokens(core)) == 2


async def test_an_edge_that_is_killed_between_commit_and_acknowledgement_gives_one_token(tmp_path: Path) -> None:
    async with cable(tmp_path, "board") as (wire, line, told):
        it = Wired(wire, line, told, Recorder())
        async with running(it.board.run()):
            async with clinic(tmp_path / "data") as core:
                it.driver = ButtonBoard("b1", line, core.dispatcher, BUTTONS)
                wire.to_device.set("cut")
                async with running(it.driver.run()):
                    await it.press()
                    await until(lambda: len(tokens(core)) == 1)
            wire.to_device.set("perfect")
            async with clinic(tmp_path / "data") as core:
                it.driver = ButtonBoard("b1", line, core.dispatcher, BUTTONS)
                async with running(it.driver.run()):
                    await it.settled()
                    assert tokens(core) == ["A-001"]


async def test_what_was_not_done_is_not_acknowledged_and_comes_again(tmp_path: Path) -> None:
    recorder = Recorder()
    recorder.answers = [NotDone("disk", passing=True, hint="wait")] * 2
    async with wired(tmp_path, recorder) as it:
        await it.press()
        await it.settled()
        assert len(recorder.taken) == 3
        assert len(set(recorder.taken)) == 1
        assert (it.driver.counts.not_done, it.driver.counts.accepted) == (2, 1)


async def test_a_restored_edge_repeats_where_it_stands_until_the_board_begins_anew(tmp_path: Path) -> None:
    recorder = Recorder()
    async with wired(tmp_path, recorder) as it:
        await it.press()
        await it.settled()
        recorder.answers = [Gap(0)] * 3
        await it.press()
        await it.settled()
        assert it.driver.counts.gaps == 3
        assert recorder.taken[-1][1] == Place(it.board.firmware.stream, 1)


async def test_presses_are_answered_in_order_and_a_bounded_number_is_in_hand(tmp_path: Path) -> None:
    recorder = Recorder()
    recorder.hold.clear()
    async with cable(tmp_path, "board") as (wire, line, _):
        driver = ButtonBoard("b1", line, recorder, BUTTONS)
        said = FrameDecoder()
        acks: list[object] = []
        wire.on_bytes = lambda data: acks.extend(said.feed(data))
        async with running(driver.run()):
            stream = "0123456789abcdef"
            for number in range(1, IN_HAND_MAX + 5):
                wire.to_edge.send(encode(Press(stream, number, 1, 0)) * 2)
            await until(lambda: driver.counts.left >= 4)
            assert driver.counts.again >= IN_HAND_MAX - 1
            recorder.hold.set()
            await until(lambda: len(acks) == IN_HAND_MAX)
        assert acks == [Ack(stream, number, False) for number in range(1, IN_HAND_MAX + 1)]
