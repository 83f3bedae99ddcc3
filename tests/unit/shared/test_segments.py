"""A message of a device arrives whole, once and in order, whatever the line does to its bytes."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_sim.links import Kind, pieces
from shared.frames import FRAME_BYTES_MAX, PART_BYTES, Got, Part, decode, encode
from shared.segments import GIVE_UP_MS, MESSAGE_BYTES_MAX, PARTS_MAX, WAITING_MAX, JsonLine, Receiver, Sender

STEP_MS = 5


def carried(messages: list[dict[str, Any]], kind: Kind, seed: int, both: bool = False) -> tuple[list[Any], list[Any]]:
    """Messages from one end to the other (and back, with `both`) over a line of some kind; simulated time."""
    here, there = JsonLine(), JsonLine()
    rng = random.Random(seed)
    for message in messages:
        assert here.send(message)
        assert not both or there.send(message)
    come: list[Any] = []
    back: list[Any] = []
    for at_ms in range(0, 600_000, STEP_MS):
        for piece in pieces(kind, here.tick(at_ms), rng):
            come += there.feed(piece, at_ms)
        for piece in pieces(kind, there.tick(at_ms), rng):
            back += here.feed(piece, at_ms)
        if not here.sender.waiting and not there.sender.waiting:
            break
    return come, back


@pytest.mark.parametrize("kind", ["perfect", "one_byte", "slow", "lossy"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_messages_arrive_whole_once_and_in_order(kind: Kind, seed: int) -> None:
    messages: list[dict[str, Any]] = [{"n": n, "text": "दवा " * (n * 7)} for n in range(1, 20)]
    assert carried(messages, kind, seed, both=True) == (messages, messages)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.dictionaries(st.text(max_size=8), st.text(max_size=300), max_size=3), max_size=6), st.integers())
def test_any_objects_arrive_over_a_lossy_line(messages: list[dict[str, Any]], seed: int) -> None:
    assert carried(messages, "lossy", seed)[0] == messages


@given(st.binary(min_size=1, max_size=PART_BYTES), st.integers(0, 2**32 - 1), st.integers(0, 2**16 - 1))
def test_a_part_is_read_back_as_it_was_and_fits_a_frame(data: bytes, number: int, index: int) -> None:
    part = Part(number, index, PARTS_MAX, data)
    assert len(encode(part)) <= FRAME_BYTES_MAX + 2
    assert decode(encode(part)[1:-1]) == part
    assert decode(encode(Got(number, index))[1:-1]) == Got(number, index)


def test_a_part_of_nothing_but_special_bytes_still_fits_a_frame() -> None:
    assert len(encode(Part(0xC0C0C0C0, 0xDBDB, 0xC0C0, b"\xc0" * PART_BYTES))) <= FRAME_BYTES_MAX + 2


def test_the_largest_message_arrives_and_a_larger_one_is_refused() -> None:
    sender, receiver = Sender(), Receiver()
    message = bytes(i % 251 for i in range(MESSAGE_BYTES_MAX))
    assert sender.offer(message)
    with pytest.raises(ValueError, match="bytes"):
        sender.offer(message + b"x")
    whole = None
    for at_ms in range(0, 100_000, STEP_MS):
        for raw in filter(None, sender.tick(at_ms).split(b"\xc0")):
            part = decode(raw)
            assert isinstance(part, Part)
            answer, whole = receiver.take(part)
            assert answer is not None
            sender.got(answer, at_ms)
        if whole is not None:
            break
    assert whole == message


def test_with_too_many_waiting_one_more_is_refused_and_nobody_there_gives_the_first_up() -> None:
    sender = Sender()
    assert all(sender.offer(b"x") for _ in range(WAITING_MAX))
    assert not sender.offer(b"one more")
    assert sender.tick(0)
    assert sender.tick(GIVE_UP_MS)
    assert (sender.given_up, sender.waiting) == (1, WAITING_MAX - 1)
    assert sender.offer(b"now there is room")


def test_a_part_that_comes_again_after_its_message_is_answered_and_gives_no_second_message() -> None:
    receiver = Receiver()
    part = Part(7, 0, 1, b"{}")
    assert receiver.take(part) == (Got(7, 0), b"{}")
    assert receiver.take(part) == (Got(7, 0), None)


def test_a_message_cut_by_a_power_cut_does_not_mix_with_the_next() -> None:
    receiver = Receiver()
    assert receiver.take(Part(7, 0, 2, b"old")) == (Got(7, 0), None)
    assert receiver.take(Part(8, 1, 2, b"B")) == (Got(8, 1), None)
    assert receiver.take(Part(8, 0, 2, b"A")) == (Got(8, 0), b"AB")


@pytest.mark.parametrize("part", [Part(1, 0, 0, b"x"), Part(1, 2, 2, b"x"), Part(1, 0, PARTS_MAX + 1, b"x")])
def test_a_part_that_cannot_be_is_not_answered(part: Part) -> None:
    assert Receiver().take(part) == (None, None)


def test_what_is_no_object_is_noise() -> None:
    line = JsonLine()
    assert line.feed(encode(Part(1, 0, 1, b"[1]")), 0) == []
    assert line.feed(encode(Part(2, 0, 1, b"{")), 0) == []
    assert line.noise == 2
