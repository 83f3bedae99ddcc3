"""The window of the uplink against a cloud that loses, repeats and reorders: pure, with a clock of its own."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.sync.uplink import PROBES_MAX, Shelve, Uplink, Want


class FakeCloud:
    """Keeps ranges of numbers per lane, refuses poison, answers with the end of the first range."""

    def __init__(self, poison: set[tuple[int, int]]) -> None:
        self.kept: list[set[int]] = [set(), set(), set()]
        self.poison = poison
        self.frames = 0

    def upto(self, lane: int) -> int:
        n = 0
        while n + 1 in self.kept[lane]:
            n += 1
        return n

    def take(self, lane: int, first: int, last: int, shelved: set[tuple[int, int]]) -> tuple[int, int] | None:
        """Keep a frame; the poisoned range when it holds poison that was not shelved."""
        self.frames += 1
        if any((lane, n) in self.poison and (lane, n) not in shelved for n in range(first, last + 1)):
            return first, last
        self.kept[lane].update(range(first, last + 1))
        return None


@settings(max_examples=200, deadline=None)
@given(
    heads=st.tuples(st.integers(0, 1500), st.integers(0, 3000), st.integers(0, 3000)),
    seed=st.integers(0, 2**32),
    loss=st.sampled_from([0.0, 0.05, 0.3]),
    window=st.sampled_from([1, 8]),
    busy=st.sampled_from([0.0, 0.1]),
    poisons=st.integers(0, 3),
)
def test_everything_ends_up_contiguous_and_never_beyond_the_window(
    heads: tuple[int, int, int], seed: int, loss: float, window: int, busy: float, poisons: int
) -> None:
    rng = random.Random(seed)
    lanes = [lane for lane in range(3) if heads[lane]]
    poison = {(lane, rng.randint(1, heads[lane])) for lane in rng.choices(lanes, k=poisons)} if lanes else set()
    cloud, uplink, shelved = FakeCloud(poison), Uplink([0, 0, 0], list(heads), window), set()
    now_s, wire = 0.0, []  # (when it comes, what: None for a frame)
    for _ in range(40_000):
        if uplink.drained:
            break
        uplink.tick(now_s)
        want = uplink.next(now_s)
        if want is not None:
            last = min(want.after + want.limit, heads[want.lane])
            uplink.sent(want.lane, want.after + 1, last, now_s)
            assert uplink.in_flight <= window
            if rng.random() >= loss:
                wire.append((now_s + rng.uniform(0.01, 0.4), ("frame", want.lane, want.after + 1, last)))
            continue
        wire.sort()
        if wire:
            now_s, what = max(now_s, wire[0][0]), wire.pop(0)[1]
            if what[0] == "frame":
                _, lane, first, last = what
                bad = cloud.take(lane, first, last, shelved) if rng.random() >= busy else (0, 0)
                for _ in range(1 + (rng.random() < loss)):
                    if rng.random() >= loss:
                        wire.append((now_s + rng.uniform(0.01, 0.4), ("ack", lane, cloud.upto(lane), bad)))
            else:
                _, lane, upto, bad = what
                if bad == (0, 0):
                    uplink.answered(lane, 0, 0, now_s)
                    continue
                if bad is not None:
                    shelve = uplink.poisoned(lane, *bad, "no", now_s)
                    if shelve is not None:
                        shelved.add((shelve.lane, shelve.seq))
                uplink.answered(lane, upto, 8, now_s)
        else:
            later = uplink.deadline_s(now_s)
            assert later is not None, "nothing would ever happen again"
            now_s = max(now_s + 0.001, later)
    assert uplink.drained
    assert [cloud.upto(lane) for lane in range(3)] == list(heads)
    assert shelved == poison


def test_a_lower_lane_always_goes_first() -> None:
    uplink = Uplink([0, 0, 0], [0, 500, 500], 8)
    assert uplink.next(0.0) == Want(1, 0, 200)
    uplink.sent(1, 1, 200, 0.0)
    uplink.grown([1, 500, 500])
    assert uplink.next(0.0) == Want(0, 0, 200)
    uplink.sent(0, 1, 1, 0.0)
    assert uplink.next(0.0) == Want(1, 200, 200)


def test_eight_frames_are_in_flight_over_all_lanes_and_no_more() -> None:
    uplink = Uplink([0, 0, 0], [300, 10_000, 10_000], 8)
    for _ in range(8):
        want = uplink.next(0.0)
        assert want is not None
        uplink.sent(want.lane, want.after + 1, min(want.after + 200, [300, 10_000, 10_000][want.lane]), 0.0)
    assert uplink.next(0.0) is None
    uplink.answered(0, 300, 3, 0.1)
    assert uplink.next(0.1) is None, "credit 3 is less than what is in flight"


def test_without_an_answer_one_frame_goes_out_as_a_probe_and_the_link_is_given_up_in_the_end() -> None:
    uplink, now_s, probes = Uplink([0, 0, 0], [0, 10_000, 0], 8, ack_wait_s=1.0), 0.0, 0
    while not uplink.dead:
        sent = 0
        while (want := uplink.next(now_s)) is not None:
            uplink.sent(want.lane, want.after + 1, want.after + want.limit, now_s)
            sent += 1
        assert sent == (8 if probes == 0 else 1)
        probes += 1
        later = uplink.deadline_s(now_s)
        assert later is not None
        now_s = later
        uplink.tick(now_s)
    assert probes == PROBES_MAX + 1


def test_an_answered_probe_opens_the_window_again() -> None:
    uplink = Uplink([0, 0, 0], [0, 10_000, 0], 8, ack_wait_s=1.0)
    uplink.sent(1, 1, 200, 0.0)
    uplink.tick(1.0)
    assert uplink.next(1.0) == Want(1, 0, 200)
    uplink.sent(1, 1, 200, 1.0)
    assert uplink.next(1.0) is None
    uplink.answered(1, 200, 8, 1.1)
    assert uplink.next(1.1) == Want(1, 200, 200)


def test_a_hole_rewinds_once_per_round_trip_however_often_it_is_told() -> None:
    uplink = Uplink([0, 0, 0], [0, 10_000, 0], 8)
    for first in range(1, 1601, 200):
        uplink.sent(1, first, first + 199, 0.0)
    for _ in range(7):
        uplink.answered(1, 0, 8, 0.5)
    assert uplink.rewinds == 1 and uplink.next(0.5) == Want(1, 0, 200)
    uplink.sent(1, 1, 200, 0.5)
    uplink.answered(1, 0, 8, 0.51)
    assert uplink.rewinds == 1


def test_credit_zero_pauses_the_bulk_for_long_and_alerts_for_a_second_at_most() -> None:
    uplink = Uplink([0, 0, 0], [10, 0, 10], 8, busy_base_s=1000.0, busy_cap_s=1000.0)
    uplink.sent(0, 1, 10, 0.0)
    uplink.answered(0, 0, 0, 0.0)
    assert uplink.next(0.0) is None
    assert uplink.next(1.0) == Want(0, 0, 200)
    uplink.sent(0, 1, 10, 1.0)
    uplink.answered(0, 10, 8, 1.1)
    assert uplink.next(1.2) is None
    assert uplink.next(1000.0) == Want(2, 0, 200)


def test_poison_is_halved_down_to_the_one_event_and_the_lane_goes_on() -> None:
    uplink, cut, seconds = Uplink([0, 0, 0], [0, 0, 1000], 8), [], 0.0
    shelve = None
    for _ in range(100):
        seconds += 1.0
        want = uplink.next(seconds)
        if want is None:
            break
        last = min(want.after + want.limit, 1000)
        cut.append((want.after + 1, last))
        uplink.sent(2, want.after + 1, last, seconds)
        if want.after < 137 <= last and shelve is None:
            shelve = uplink.poisoned(2, want.after + 1, last, "nul", seconds)
        else:
            uplink.answered(2, last, 8, seconds)
    assert shelve == Shelve(2, 137, "nul")
    assert uplink.drained
    assert (138, 337) in cut or (137, 137) in cut
    assert len(cut) < 30


def test_an_old_poison_is_ignored() -> None:
    uplink = Uplink([500, 0, 0], [500, 0, 0], 8)
    assert uplink.poisoned(0, 400, 400, "old", 0.0) is None


def test_an_acknowledgement_that_comes_late_moves_nothing_back() -> None:
    uplink = Uplink([0, 0, 0], [0, 1000, 0], 8)
    for first in (1, 201, 401):
        uplink.sent(1, first, first + 199, 0.0)
    uplink.answered(1, 400, 8, 0.1)
    uplink.answered(1, 200, 8, 0.11)
    assert uplink.acked == [0, 400, 0]
    assert uplink.in_flight == 1
