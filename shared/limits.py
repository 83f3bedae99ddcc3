"""How often one caller may do something: a token bucket per key, in this process, over a bounded number of keys."""

from __future__ import annotations

from collections import OrderedDict

from shared.clock import transport_s


class RateLimit:
    """`burst` at once, then `per_minute` steadily, for each key (an address, a name).

    Holds at most `keys_max` keys; the one unused longest is forgotten, which favours only it. Transport time.
    """

    def __init__(self, burst: int, per_minute: float, keys_max: int = 10_000) -> None:
        self.burst = burst
        self.per_s = per_minute / 60
        self.keys_max = keys_max
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_s(self, key: str, now_s: float | None = None) -> float:
        """Take one: 0 when it may go ahead, else the seconds until it may (and nothing was taken)."""
        now = transport_s() if now_s is None else now_s
        left, since = self._left.pop(key, (float(self.burst), now))
        left = min(float(self.burst), left + (now - since) * self.per_s)
        wait = 0.0 if left >= 1 else (1 - left) / self.per_s
        self._left[key] = (left if wait else left - 1, now)
        if len(self._left) > self.keys_max:
            self._left.popitem(last=False)
        return wait
