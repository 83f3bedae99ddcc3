"""What an answer may mean by when it comes: the same at the clinic and at head office."""

from __future__ import annotations

from typing import Final

from shared.doses.localtime import MINUTE_MS

SAME_PRESS_MS: Final = 2 * MINUTE_MS
"""A second "taken" of a dose within this of the first is a nervous hand, not a second dose."""
NERVOUS_MS: Final = 15 * MINUTE_MS
"""So long after an answer a press that names no dose is of that answer: it takes no dose that nobody was told of."""
SNOOZE_MAX_MIN: Final = 120


def extra_before_ms(due_ms: int, window_open_ms: int) -> int:
    """Before this moment it is no early dose but another one: as long before the window as that is wide before due."""
    return 2 * window_open_ms - due_ms
