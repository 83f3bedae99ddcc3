"""Number it, keep it, send it again until acknowledged: the one rule of all three hops.

A *stream* is one life of a sender's store: a random 64-bit id, written as 16 hex digits, made whenever that store is
created or restored. The sender numbers 1, 2, 3 ... within it. The receiver keeps one cursor per stream, moves it in the
same transaction as the effect of the message, and acknowledges after the commit with the cursor, cumulatively.
"""

from __future__ import annotations

import secrets
from enum import Enum
from typing import NamedTuple


class Place(NamedTuple):
    """Where a message stands: its sender's stream and its number in it, from 1."""

    stream: str
    number: int


class Verdict(Enum):
    """What a receiver makes of a number."""

    NEW = "new"
    SEEN = "seen"
    GAP = "gap"


def judge(upto: int, number: int) -> Verdict:
    """Compare a number with the cursor `upto` (the last number taken, 0 for none).

    NEW: take it. SEEN: acknowledge again, do nothing. GAP: something before it is missing; repeat `upto`.
    """
    if number <= upto:
        return Verdict.SEEN
    return Verdict.NEW if number == upto + 1 else Verdict.GAP


def new_stream() -> str:
    """A stream id nobody else has: 64 random bits as 16 hex digits."""
    return secrets.token_hex(8)
