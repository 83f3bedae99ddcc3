"""What waits to be sent to one Socket.IO client."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.web.socketio_line import Outbox


def taken(outbox: Outbox) -> list[object]:
    """Everything that waits, taken as engineio takes it."""
    found: list[object] = []
    while True:
        try:
            found.append(outbox.get_nowait())
        except asyncio.QueueEmpty:
            return found
        outbox.task_done()


def test_a_state_nobody_took_gives_way_to_a_newer_one() -> None:
    outbox = Outbox()
    for state in ("old", "newer", "newest"):
        outbox.put_state(state)
    assert outbox.qsize() == 1 and taken(outbox) == ["newest"]


def test_what_happened_stays_and_a_state_stands_behind_what_it_already_knows() -> None:
    outbox = Outbox()
    outbox.put_state("nobody called")
    outbox.put_nowait("A-001 is called")
    outbox.put_state("A-001 stands as called")
    assert taken(outbox) == ["A-001 is called", "A-001 stands as called"]


def test_a_state_that_shows_a_call_is_never_replaced() -> None:
    outbox = Outbox()
    outbox.put_state("before")
    outbox.put_nowait("state with a call")
    outbox.put_state("after")
    outbox.put_state("long after")
    assert taken(outbox) == ["state with a call", "long after"]


def test_a_state_that_is_on_its_way_is_followed_by_the_newer_one() -> None:
    outbox = Outbox()
    outbox.put_state("first")
    assert taken(outbox) == ["first"]
    outbox.put_state("second")
    assert taken(outbox) == ["second"]


async def test_who_waits_for_something_to_send_gets_the_newest_state() -> None:
    outbox = Outbox()
    waiting = asyncio.create_task(outbox.get())
    await asyncio.sleep(0)
    outbox.put_state("old")
    outbox.put_state("new")
    assert await waiting == "new" and outbox.empty()


async def test_a_close_waits_until_the_newest_state_is_taken_and_no_longer() -> None:
    outbox = Outbox()
    outbox.put_state("old")
    closing = asyncio.create_task(outbox.join())
    await asyncio.sleep(0)
    outbox.put_state("new")
    await asyncio.sleep(0)
    assert not closing.done()
    assert taken(outbox) == ["new"]
    await closing
    with pytest.raises(ValueError, match="too many"):
        outbox.task_done()


@given(st.lists(st.sampled_from(("event", "state", "take"))))
def test_events_come_once_in_order_and_never_two_states_wait(acts: list[str]) -> None:
    outbox, expected = Outbox(), list[tuple[str, int]]()
    for number, act in enumerate(acts):
        if act == "take":
            assert taken(outbox) == expected
            expected.clear()
            continue
        if act == "state":
            expected = [each for each in expected if each[0] != "state"]
            outbox.put_state((act, number))
        else:
            outbox.put_nowait((act, number))
        expected.append((act, number))
        assert outbox.qsize() == len(expected)
    assert taken(outbox) == expected
