"""Waiting before the next try: full jitter, so that many who failed together do not come back together."""

from __future__ import annotations

import random


class Backoff:
    """Each `next_s` is a random time up to a bound that doubles from `base_s` to `cap_s`; `reset` after a success."""

    def __init__(self, base_s: float, cap_s: float, seed: int | None = None) -> None:
        self._base_s, self._cap_s = base_s, cap_s
        self._random = random.Random(seed)
        self._tries = 0

    def next_s(self) -> float:
        """How long to wait now."""
        bound = min(self._cap_s, self._base_s * 2 ** min(self._tries, 32))
        self._tries += 1
        return self._random.uniform(0, bound)

    def reset(self) -> None:
        """Begin again at `base_s`."""
        self._tries = 0
