"""What somebody is told when they arrive, as they read it."""

from __future__ import annotations

from edge.domain import estimates


def minutes(low_s: int, high_s: int) -> dict[str, int]:
    """A promise as people read it: whole minutes, in steps of five from ten on."""
    low_min, _, high_min = estimates.Range(low_s, (low_s + high_s) / 2, high_s).minutes()
    return {"min": low_min, "max": high_min}
