"""Stops asking a model whose line is broken: after FAILS failures within WINDOW_S it is left alone for OPEN_S.

Then one call is let through: when it is good all are, else it is left alone again. In the memory of one process; limits
that providers state are shared through the database (`limits.py`).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final, Literal

FAILS: Final = 5
WINDOW_S: Final = 60.0
OPEN_S: Final = 60.0
State = Literal["closed", "open", "half_open"]


@dataclass
class Breaker:
    """Of one model. Times are seconds of `shared.clock.transport_s`, given by the caller."""

    _failed: deque[float] = field(default_factory=lambda: deque(maxlen=FAILS))
    _opened_s: float | None = None
    _trying: bool = False

    def state(self, now_s: float) -> State:
        """How it stands."""
        if self._opened_s is None:
            return "closed"
        return "half_open" if now_s - self._opened_s >= OPEN_S else "open"

    def allow(self, now_s: float) -> bool:
        """Whether a call may go now. One that may while half open is the only one until it ends."""
        state = self.state(now_s)
        if state == "half_open" and not self._trying:
            self._trying = True
            return True
        return state == "closed"

    def ended(self, now_s: float, *, broken: bool) -> None:
        """A call that was allowed has ended. broken: in a way that counts."""
        trying, self._trying = self._trying, False
        if not broken:
            if trying:
                self._opened_s = None
                self._failed.clear()
            return
        self._failed.append(now_s)
        full = len(self._failed) == FAILS and now_s - self._failed[0] <= WINDOW_S
        if trying or full:
            self._opened_s = now_s
