"""How much of what was due was taken. Defined once (care.md §2.5); the definition stands on every report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

from shared.doses.states import OPEN, TAKEN, Status

LOW: Final = 0.80
"""Below it a number is marked: a convention, no law of nature."""
HOLIDAY_DAYS: Final = 3
DEFINITION: Final = {
    "en": "Taken: doses taken of doses due, without those held, voided, never announced or unknown, which stand beside it. "
    "On time: of the same doses, those within their window. Days covered: days on which every dose was taken.",
    "hi": "ली गई: देय ख़ुराकों में से ली गई; रोकी गई, रद्द, न बताई गई और अज्ञात ख़ुराकें अलग दिखाई गई हैं। "
    "समय पर: उन्हीं में से अपने समय में ली गई। पूरे दिन: जिन दिनों हर ख़ुराक ली गई।",
    "es": "Tomadas: dosis tomadas de las debidas, sin las suspendidas, anuladas, no anunciadas ni desconocidas, que figuran "
    "aparte. A tiempo: de las mismas, las tomadas en su plazo. Días cubiertos: días con todas las dosis tomadas.",
    "ar": "المأخوذة: الجرعات المأخوذة من المستحقة، دون الموقوفة والملغاة وغير المعلنة والمجهولة المذكورة بجانبها. "
    "في الوقت: منها ما أُخذ ضمن نافذته. الأيام المغطاة: أيام أُخذت فيها كل الجرعات.",
}


class Numbers(NamedTuple):
    """counts: doses by status, those not yet due left out.  due: the denominator.  taking, timing, pdc: 0 to 1, None where
    nothing was due.  unknown, not_announced: stand beside the numbers.  holidays: runs of three days and more with none."""

    counts: dict[str, int]
    due: int
    taking: float | None
    timing: float | None
    pdc: float | None
    unknown: int
    not_announced: int
    holidays: int

    @property
    def is_low(self) -> bool:
        """Whether less than 80 % was taken."""
        return self.taking is not None and self.taking < LOW


def numbers(doses: Iterable[tuple[date, Status]]) -> Numbers:
    """doses: the day each was due on (the person's day) and what became of it. Those still open do not count yet."""
    over = [(day, status) for day, status in doses if status not in OPEN]
    counts = {status.value: sum(one is status for _, one in over) for status in Status if status not in OPEN}
    counted = [(day, status) for day, status in over if status in TAKEN or status in (Status.SKIPPED, Status.MISSED)]
    due, taken = len(counted), sum(status in TAKEN for _, status in counted)
    days: dict[date, list[bool]] = {}
    for day, status in counted:
        days.setdefault(day, []).append(status in TAKEN)
    return Numbers(
        counts, due, taken / due if due else None, counts[Status.ON_TIME] / due if due else None,
        sum(all(one) for one in days.values()) / len(days) if days else None, counts[Status.UNKNOWN],
        counts[Status.NOT_ANNOUNCED], _holidays(days),
    )  # fmt: skip


def _holidays(days: dict[date, list[bool]]) -> int:
    """Runs of at least three days in a row on which something was due and nothing was taken."""
    found = run = 0
    before: date | None = None
    for day in sorted(days):
        follows = before is not None and day - before == timedelta(days=1)
        run = (run + 1 if follows else 1) if not any(days[day]) else 0
        found += run == HOLIDAY_DAYS
        before = day
    return found


def mpr(supplies_days: Sequence[float], days: int) -> float | None:
    """Medication possession ratio: days' supply handed out over days; may exceed 1. None for no days."""
    return sum(supplies_days) / days if days > 0 else None
