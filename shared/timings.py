"""How long things take, by name, in a few buckets: cheap enough to keep for every request and every read."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from functools import partial
from types import CodeType
from typing import Any, Final

EDGES_S: Final = (0.001, 0.005, 0.025, 0.1, 0.5, 2.5)
NAMES_MAX: Final = 400
"""Names come from routes and from our own code; should something else ever make them, the rest counts as "other"."""
_NO_NAME: Final = frozenset(("<locals>", "<lambda>", "look", "run"))


class Timings:
    """Counts. Written by one thread, read by any."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[list[int], list[float]]] = {}

    def took(self, name: str, seconds: float) -> None:
        """It was done once more, in so long."""
        kept = self._kept.get(name)
        if kept is None:
            name = name if len(self._kept) < NAMES_MAX else "other"
            kept = self._kept.setdefault(name, ([0] * (len(EDGES_S) + 1), [0.0]))
        kept[0][bisect_left(EDGES_S, seconds)] += 1
        kept[1][0] += seconds

    def each(self) -> Iterator[tuple[str, list[tuple[str, float]], float]]:
        """By name: how many took at most so long, as Prometheus wants buckets, and the sum in seconds."""
        for name, (counts, total) in list(self._kept.items()):
            so_far, buckets = 0, []
            for edge, count in zip((*EDGES_S, float("inf")), counts, strict=True):
                so_far += count
                buckets.append(("+Inf" if edge == float("inf") else str(edge), float(so_far)))
            yield name, buckets, total[0]


_names: dict[CodeType, str] = {}


def query_of(look: Callable[..., Any]) -> str:
    """What a read is called: the module and the function it is written in, "face_003.slot_based". Bounded by the code."""
    while isinstance(look, partial):
        look = look.func
    code = getattr(look, "__code__", None)
    if code is None:
        return type(look).__name__
    name = _names.get(code)
    if name is None:
        parts = [part for part in look.__qualname__.split(".") if part not in _NO_NAME]
        module = look.__module__.rpartition(".")[2]
        name = _names[code] = f"{module}.{parts[-1]}" if parts else module
    return name
