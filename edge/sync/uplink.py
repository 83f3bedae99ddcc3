"""What to send next, and what an answer means: the window over all lanes, as a value without a wire or a clock.

Whoever drives it says what happened and when (transport seconds); it says which numbers to cut next. Rules:

- strict priority: as long as a lower lane has something, nothing of a higher one is sent;
- at most `window` frames in flight over all lanes together, less when the cloud gives less credit;
- an acknowledgement is cumulative and only ever moves forward within a session;
- one that moves nothing, while its lane waits, is a hole: the lane begins again after its cursor, once per round trip;
- no acknowledgement in time: everything in flight counts as lost, and one frame goes out as a probe;
- credit 0: the same, after a pause; the alert lane pauses a second at most;
- poison: the range is cut in halves until one event is left, which is to be shelved; then its lane goes on.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from shared.backoff import Backoff
from shared.codec import FRAME_EVENTS_MAX
from shared.events import LANES

ALERT_PAUSE_S = 1.0
PROBES_MAX = 3
"""Probes without an answer before the session is given up."""
RTT_FIRST_S = 0.2
RTT_LEAST_S = 0.02


class Want(NamedTuple):
    """Cut the next frame of `lane` after number `after`, of at most `limit` events."""

    lane: int
    after: int
    limit: int


class Shelve(NamedTuple):
    """This one event cannot be taken: shelve it, and send the gap in its place."""

    lane: int
    seq: int
    reason: str


class _Flight(NamedTuple):
    first: int
    last: int
    at_s: float


@dataclass
class _Lane:
    acked: int
    sent: int
    head: int
    flights: deque[_Flight] = field(default_factory=deque)
    rewound_s: float = float("-inf")
    careful_upto: int = 0
    """Numbers up to here are cut in small frames: there is poison among them."""
    careful_limit: int = FRAME_EVENTS_MAX
    paused_until_s: float = float("-inf")


class Uplink:
    """One session's window. `cursors`: the cloud's, from its HELLO; `heads`: per lane the last number there is."""

    def __init__(
        self,
        cursors: list[int],
        heads: list[int],
        window: int,
        ack_wait_s: float = 5.0,
        busy_base_s: float = 0.5,
        busy_cap_s: float = 30.0,
    ) -> None:
        self._lanes = [_Lane(upto, upto, head) for upto, head in zip(cursors, heads, strict=True)]
        self._window = window
        self._credit = window
        self._ack_wait_s = ack_wait_s
        self._busy = Backoff(busy_base_s, busy_cap_s)
        self._rtt_s = RTT_FIRST_S
        self._probing = False
        self._probes = 0
        self.rewinds = 0

    @property
    def acked(self) -> list[int]:
        """Per lane: the last number the cloud has kept."""
        return [lane.acked for lane in self._lanes]

    @property
    def in_flight(self) -> int:
        """Frames on their way."""
        return sum(len(lane.flights) for lane in self._lanes)

    @property
    def dead(self) -> bool:
        """Nothing has been answered for so long that the session is over."""
        return self._probes > PROBES_MAX

    @property
    def drained(self) -> bool:
        """Everything there is has been kept by the cloud."""
        return all(lane.acked >= lane.head for lane in self._lanes)

    def grown(self, heads: list[int]) -> None:
        """There may be more events now."""
        for lane, head in zip(self._lanes, heads, strict=True):
            lane.head = max(lane.head, head)

    def next(self, now_s: float) -> Want | None:
        """What to cut now; None while the window is full, a pause lasts, or nothing is left."""
        room = 1 if self._probing else min(self._window, self._credit)
        if self.in_flight >= room:
            return None
        for number in LANES:
            lane = self._lanes[number]
            if lane.sent < lane.head and now_s >= lane.paused_until_s:
                limit = FRAME_EVENTS_MAX
                if lane.sent < lane.careful_upto:
                    limit = min(lane.careful_limit, lane.careful_upto - lane.sent)
                return Want(int(number), lane.sent, limit)
        return None

    def exhausted(self, lane: int) -> None:
        """There was nothing to cut although there should have been."""
        self._lanes[lane].head = self._lanes[lane].sent

    def sent(self, lane: int, first: int, last: int, now_s: float) -> None:
        """A frame went out."""
        state = self._lanes[lane]
        state.flights.append(_Flight(first, last, now_s))
        state.sent = last

    def answered(self, lane: int, upto: int, credit: int, now_s: float) -> None:
        """An acknowledgement came."""
        state = self._lanes[lane]
        self._probes = 0
        if credit == 0:
            self._pause(now_s)
            return
        self._credit = credit
        if upto > state.acked:
            self._progress(state, upto, now_s)
        elif state.flights and self._may_rewind(state, now_s):
            self._rewind(state, now_s)

    def poisoned(self, lane: int, first: int, last: int, reason: str, now_s: float) -> Shelve | None:
        """The cloud cannot take `first` to `last`. A Shelve is to be done before anything else is cut of this lane."""
        state = self._lanes[lane]
        self._probes, self._probing = 0, False
        if last <= state.acked or first > state.sent:
            return None
        self._rewind(state, now_s)
        if first == last:
            state.careful_limit = FRAME_EVENTS_MAX if state.careful_upto <= last else state.careful_limit
            return Shelve(lane, first, reason)
        state.careful_upto = last
        # the limit counts events, the range numbers (gaps among them): the limit must fall with each refusal
        state.careful_limit = max(1, min(state.careful_limit, last - first + 1) // 2)
        return None

    def tick(self, now_s: float) -> None:
        """Time has passed: give up what was not answered."""
        oldest = min((lane.flights[0].at_s for lane in self._lanes if lane.flights), default=None)
        if oldest is not None and now_s - oldest >= self._ack_wait_s * 2 ** min(self._probes, 3):
            for lane in self._lanes:
                self._rewind(lane, now_s)
            self._probing = True
            self._probes += 1

    def deadline_s(self, now_s: float) -> float | None:
        """When to `tick` or ask `next` again though nothing happens; None: never."""
        moments = [
            flight.at_s + self._ack_wait_s * 2 ** min(self._probes, 3)
            for lane in self._lanes
            for flight in list(lane.flights)[:1]
        ]
        if self.in_flight < (1 if self._probing else min(self._window, self._credit)):
            moments += [
                lane.paused_until_s for lane in self._lanes if lane.sent < lane.head and lane.paused_until_s > now_s
            ]
        return min(moments, default=None)

    def _progress(self, state: _Lane, upto: int, now_s: float) -> None:
        self._probing = False
        self._busy.reset()
        state.acked = upto
        state.sent = max(state.sent, upto)
        while state.flights and state.flights[0].last <= upto:
            took_s = now_s - state.flights.popleft().at_s
            self._rtt_s += (took_s - self._rtt_s) / 8
        if upto >= state.careful_upto:
            state.careful_limit = FRAME_EVENTS_MAX

    def _may_rewind(self, state: _Lane, now_s: float) -> bool:
        rtt_s = max(RTT_LEAST_S, self._rtt_s)
        return now_s - state.rewound_s >= rtt_s and now_s - state.flights[0].at_s >= rtt_s

    def _rewind(self, state: _Lane, now_s: float) -> None:
        if state.flights:
            self.rewinds += 1
        state.flights.clear()
        state.sent = state.acked
        state.rewound_s = now_s

    def _pause(self, now_s: float) -> None:
        wait_s = self._busy.next_s()
        for number, lane in enumerate(self._lanes):
            self._rewind(lane, now_s)
            lane.paused_until_s = now_s + (min(wait_s, ALERT_PAUSE_S) if number == 0 else wait_s)
        self._probing = True
