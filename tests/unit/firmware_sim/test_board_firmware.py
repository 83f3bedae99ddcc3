"""The firmware of a button board, with a clock that is only a number."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_sim.board import (
    DEBOUNCE_MS,
    GAPS_BEFORE_NEW_STREAM,
    HELLO_MS,
    PENDING_MAX,
    RESEND_MS,
    Board,
    Firmware,
    Lamp,
)
from shared.frames import Ack, FrameDecoder, Hello, Message, Press, encode

STREAM = "00112233445566aa"


class Bench:
    """A firmware on a bench: moves its clock, presses its buttons, reads what it sends."""

    def __init__(self) -> None:
        self.board = Firmware("b1", STREAM)
        self.at_ms = 1_000
        self._decoder = FrameDecoder()

    def wait(self, ms: int) -> list[Message]:
        said: list[Message] = []
        for _ in range(ms):
            self.at_ms += 1
            said += self._decoder.feed(self.board.tick(self.at_ms))
        return said

    def press(self, button: int = 1, hold_ms: int = 60) -> list[Message]:
        self.board.contact(button, True, self.at_ms)
        said = self.wait(hold_ms)
        self.board.contact(button, False, self.at_ms)
        return said + self.wait(2 * DEBOUNCE_MS)

    def ack(self, upto: int, *, refused: bool = False, stream: str = STREAM) -> None:
        self.board.feed(encode(Ack(stream, upto, refused)), self.at_ms)


@pytest.mark.parametrize("seed", range(20))
def test_a_bouncing_contact_is_one_press(seed: int) -> None:
    bench, rng = Bench(), random.Random(seed)
    for closed in (True, False):
        for _ in range(rng.randint(1, 12)):
            bench.board.contact(1, closed, bench.at_ms)
            bench.wait(rng.randint(1, DEBOUNCE_MS // 3))
            bench.board.contact(1, not closed, bench.at_ms)
            bench.wait(rng.randint(1, DEBOUNCE_MS // 3))
        bench.board.contact(1, closed, bench.at_ms)
        bench.wait(2 * DEBOUNCE_MS)
    assert bench.board.number == 1


def test_a_touch_shorter_than_the_debounce_time_is_no_press() -> None:
    bench = Bench()
    bench.press(hold_ms=DEBOUNCE_MS - 5)
    assert bench.board.number == 0


def test_a_button_held_for_a_minute_is_one_press() -> None:
    bench = Bench()
    bench.press(hold_ms=60_000)
    assert bench.board.number == 1


def test_the_oldest_press_is_sent_again_until_it_is_acknowledged() -> None:
    bench = Bench()
    bench.press()
    said = [m for m in bench.wait(4 * RESEND_MS) if isinstance(m, Press)]
    assert {m.number for m in said} == {1}
    assert len(said) >= 3
    assert [m.ago_ms for m in said] == sorted(m.ago_ms for m in said)
    bench.ack(1)
    assert [m for m in bench.wait(4 * RESEND_MS) if isinstance(m, Press)] == []


def test_presses_leave_one_by_one_in_the_order_they_were_made() -> None:
    bench = Bench()
    for button in (3, 1, 2):
        bench.press(button)
    seen = []
    for number in (1, 2, 3):
        said = [m for m in bench.wait(RESEND_MS + 5) if isinstance(m, Press)]
        assert {m.number for m in said} == {number}
        seen.append(said[0].button)
        bench.ack(number)
    assert seen == [3, 1, 2]


def test_one_acknowledgement_covers_everything_before_it() -> None:
    bench = Bench()
    for _ in range(3):
        bench.press()
    bench.ack(3)
    assert not bench.board.pending
    assert bench.board.acknowledged == 3


def test_an_acknowledgement_of_another_stream_is_not_for_this_board() -> None:
    bench = Bench()
    bench.press()
    bench.ack(1, stream="ffffffffffffffff")
    assert len(bench.board.pending) == 1


def test_a_board_that_is_full_counts_no_press_and_its_lamp_says_so() -> None:
    bench = Bench()
    for _ in range(PENDING_MAX + 2):
        bench.press()
    assert bench.board.number == PENDING_MAX
    assert bench.board.full == 2
    assert bench.board.lamp(1, bench.at_ms) is Lamp.FULL


def test_the_lamp_waits_until_the_press_is_on_disk_and_shows_a_refusal() -> None:
    bench = Bench()
    bench.press()
    assert bench.board.lamp(1, bench.at_ms) is Lamp.WAITING
    bench.ack(1)
    assert bench.board.lamp(1, bench.at_ms) is Lamp.READY
    bench.press()
    bench.ack(2, refused=True)
    assert bench.board.lamp(1, bench.at_ms) is Lamp.REFUSED
    assert bench.board.refused == 1


def test_an_idle_board_says_hello_at_power_up_and_again() -> None:
    said = [m for m in Bench().wait(2 * HELLO_MS + 10) if isinstance(m, Hello)]
    assert len(said) == 3
    assert said[0] == Hello(STREAM, "b1", "sim-1")


def test_a_restored_edge_that_asks_for_old_presses_gets_the_kept_ones_in_a_new_stream() -> None:
    bench = Bench()
    bench.press()
    bench.ack(1)
    bench.press(2)
    bench.press(3)
    for _ in range(GAPS_BEFORE_NEW_STREAM):
        bench.ack(0)
    said = [m for m in bench.wait(5) if isinstance(m, Press)]
    assert [(m.number, m.button) for m in said] == [(1, 2)]
    assert said[0].stream != STREAM


def test_power_up_begins_a_new_stream_and_says_what_was_lost() -> None:
    board = Board("b1", lambda data: None)
    board.firmware.contact(1, True, 0)
    board.firmware.tick(DEBOUNCE_MS)
    before = board.firmware.stream
    board.power(False)
    board.power(True)
    assert board.firmware.stream != before
    assert board.status()["lost_in_power_cuts"] == 1
    assert board.status()["pressed"] == 1


@settings(max_examples=100, deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=20))
def test_noise_from_the_edge_never_stops_a_board(noise: list[bytes]) -> None:
    bench = Bench()
    bench.press()
    for data in noise:
        bench.board.feed(data, bench.at_ms)
        bench.wait(3)
    bench.board.feed(bytes((0xC0,)), bench.at_ms)
    bench.ack(1)
    assert not bench.board.pending
