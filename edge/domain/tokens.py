"""The printed token: the service's letter, a dash, and at least three digits."""

from __future__ import annotations


def token_of(letter: str, number: int) -> str:
    """``A-001`` ... ``A-999``, then ``A-1000``. `number` counts from 1 each service-day."""
    return f"{letter}-{number:03d}"
