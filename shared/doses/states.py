"""What may become of one dose: a table. "We never said it" is not "they missed it", and a silent device is neither."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Protocol


class Status(StrEnum):
    """Of one dose. Whether its window is open is not stored: it follows from PLANNED and the time."""

    PLANNED = "PLANNED"
    ANNOUNCED = "ANNOUNCED"
    SNOOZED = "SNOOZED"
    EARLY = "EARLY"
    ON_TIME = "ON_TIME"
    LATE = "LATE"
    SKIPPED = "SKIPPED"
    MISSED = "MISSED"
    HELD = "HELD"
    UNKNOWN = "UNKNOWN"
    NOT_ANNOUNCED = "NOT_ANNOUNCED"
    VOIDED = "VOIDED"


class Happening(StrEnum):
    """What happens to a dose. TAKEN leads to EARLY, ON_TIME or LATE by `taken_status`."""

    ANNOUNCED = "announced"
    SNOOZED = "snoozed"
    TAKEN = "taken"
    SKIPPED = "skipped"
    TIME_OVER = "time_over"
    """The moment after which it counts as missed has come, and it was announced."""
    TIME_OVER_UNSAID = "time_over_unsaid"
    """That moment has come, and nobody was told."""
    TIME_OVER_UNHEARD = "time_over_unheard"
    """That moment has come, and the device was silent over the whole window."""
    HELD = "held"
    RELEASED = "released"
    VOIDED = "voided"
    CORRECTED = "corrected"
    """Somebody who knows says MISSED; TAKEN and SKIPPED are corrections too, by their own names."""
    HEARD_ANNOUNCED = "heard_announced"
    """A late upload: it had been announced after all."""


TAKEN: Final = frozenset((Status.EARLY, Status.ON_TIME, Status.LATE))
OPEN: Final = frozenset((Status.PLANNED, Status.ANNOUNCED, Status.SNOOZED))
"""Still to be answered."""
_H, _S = Happening, Status
_TAKEN = Status.ON_TIME  # stands for all three in the table: `taken_status` says which

NEXT: Final[dict[tuple[Status, Happening], Status]] = {
    (_S.PLANNED, _H.ANNOUNCED): _S.ANNOUNCED,
    (_S.ANNOUNCED, _H.ANNOUNCED): _S.ANNOUNCED,
    (_S.SNOOZED, _H.ANNOUNCED): _S.ANNOUNCED,
    (_S.PLANNED, _H.SNOOZED): _S.SNOOZED,
    (_S.ANNOUNCED, _H.SNOOZED): _S.SNOOZED,
    (_S.SNOOZED, _H.SNOOZED): _S.SNOOZED,
    (_S.PLANNED, _H.TIME_OVER_UNSAID): _S.NOT_ANNOUNCED,
    (_S.SNOOZED, _H.TIME_OVER_UNSAID): _S.NOT_ANNOUNCED,
    (_S.PLANNED, _H.TIME_OVER_UNHEARD): _S.UNKNOWN,
    (_S.ANNOUNCED, _H.TIME_OVER_UNHEARD): _S.UNKNOWN,
    (_S.SNOOZED, _H.TIME_OVER_UNHEARD): _S.UNKNOWN,
    (_S.ANNOUNCED, _H.TIME_OVER): _S.MISSED,
    (_S.SNOOZED, _H.TIME_OVER): _S.MISSED,
    (_S.UNKNOWN, _H.TIME_OVER): _S.MISSED,  # a late upload: announced, and nobody answered
    (_S.UNKNOWN, _H.TIME_OVER_UNSAID): _S.NOT_ANNOUNCED,
    (_S.NOT_ANNOUNCED, _H.HEARD_ANNOUNCED): _S.MISSED,
    (_S.UNKNOWN, _H.HEARD_ANNOUNCED): _S.MISSED,
    **{(status, _H.HELD): _S.HELD for status in OPEN},
    (_S.HELD, _H.RELEASED): _S.PLANNED,
    **{(status, _H.VOIDED): _S.VOIDED for status in (*OPEN, _S.HELD)},
    # an answer, also one that comes late, or after we had given up
    **{(status, _H.TAKEN): _TAKEN for status in (*OPEN, _S.SKIPPED, _S.MISSED, _S.UNKNOWN, _S.NOT_ANNOUNCED, _S.HELD)},
    **{(status, _H.TAKEN): _TAKEN for status in TAKEN},  # a correction of when
    **{(status, _H.SKIPPED): _S.SKIPPED for status in (*OPEN, _S.MISSED, _S.UNKNOWN, _S.NOT_ANNOUNCED, *TAKEN)},
    **{(status, _H.CORRECTED): _S.MISSED for status in (_S.UNKNOWN, _S.NOT_ANNOUNCED, _S.SKIPPED, *TAKEN)},
}
"""(status, happening) -> status. What is not there does not happen: VOIDED stays so, for the plan it was of is gone."""
CORRECTIONS: Final = frozenset(
    (status, happening)
    for (status, happening) in NEXT
    if status in TAKEN or (status is Status.SKIPPED) or happening is Happening.CORRECTED
)
"""Steps that take back what somebody said: for staff alone, with a reason."""


class HasWindows(Protocol):
    """A dose with its moments."""

    @property
    def due_at_ms(self) -> int: ...
    @property
    def window_open_ms(self) -> int: ...
    @property
    def on_time_until_ms(self) -> int: ...


def taken_status(taken_ms: int, dose: HasWindows) -> Status:
    """EARLY before its window opens, ON_TIME within it (its last moment included), LATE afterwards, however late."""
    if taken_ms < dose.window_open_ms:
        return Status.EARLY
    return Status.ON_TIME if taken_ms <= dose.on_time_until_ms else Status.LATE


def after(status: Status, happening: Happening, taken: Status = Status.ON_TIME) -> Status | None:
    """The next status; None where the table does not allow it. taken: what `taken_status` said, for TAKEN."""
    found = NEXT.get((status, happening))
    return taken if found is not None and happening is Happening.TAKEN else found
