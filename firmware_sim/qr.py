"""QR codes as a printer makes them from what it was told to store: their size at once, their squares when painted."""

from __future__ import annotations

import segno
from segno import consts, encoder

_LEVELS = {
    "l": consts.ERROR_LEVEL_L, "m": consts.ERROR_LEVEL_M, "q": consts.ERROR_LEVEL_Q, "h": consts.ERROR_LEVEL_H,
}  # fmt: skip


def side(data: bytes, level: str) -> int:
    """Modules from left to right of the smallest code that holds `data`; 0 when none does."""
    try:
        segments = encoder.prepare_data(data, None, None)  # type: ignore[no-untyped-call]
        version = encoder.find_version(segments, _LEVELS[level], False, False)  # type: ignore[no-untyped-call]
    except segno.DataOverflowError:
        return 0
    return 17 + 4 * int(version)


def squares(data: bytes, level: str) -> list[bytes]:
    """The code row by row, 1 for a dark module, without white around it. `side` must not be 0."""
    return [bytes(row) for row in segno.make_qr(data, error=level, boost_error=False).matrix]
