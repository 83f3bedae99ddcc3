"""What becomes of a dose of a device that reaches head office: pure, over the row as it is in `dose_occurrences`.

The device announces; head office keeps what it tells, decides what a silence means, and tells people. The states are those
of `shared.doses.states`, the moments those of `shared.doses.ladder`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple

from shared.doses import ladder
from shared.doses.answers import NERVOUS_MS, SAME_PRESS_MS, SNOOZE_MAX_MIN, extra_before_ms
from shared.doses.expansion import Occurrence
from shared.doses.localtime import DAY_MS, MINUTE_MS
from shared.doses.model import Plan
from shared.doses.states import OPEN, TAKEN, Happening, Status, after, taken_status

OFFLINE_MS: Final = 5 * MINUTE_MS
"""A device that was not heard for so long is off; it says how it is every minute or so."""
SETTLE_MS: Final = 10 * MINUTE_MS
"""A device that is back has told what it kept by then."""
Row = Mapping[str, Any]


class Outcome(NamedTuple):
    """changes: of columns of the row.  act: what goes into the log of doses.  reason: a code for the device.

    alert: topic of an alert that follows, "" for none.  says: the code of what it says.  answered: alerts about the dose are
    over.  note: stands in the log.  extra: an intake beside the dose, which is still to be taken.
    """

    changes: dict[str, Any]
    act: str
    reason: str | None = None
    alert: str = ""
    answered: bool = False
    says: str = ""
    note: str = ""
    extra: bool = False


class _Windows:
    def __init__(self, row: Row) -> None:
        self.due_at_ms, self.window_open_ms, self.on_time_until_ms = (
            row["due_ms"],
            row["window_open_ms"],
            row["on_time_until_ms"],
        )


def announced(row: Row, at_ms: int, now_ms: int) -> Outcome:
    """The device said it. Told late, it makes of "we never said it" a dose that was missed."""
    status = Status(row["status"])
    count = {"announced_n": row["announced_n"] + 1, "last_said_ms": max(at_ms, row["last_said_ms"] or 0)}
    if status in OPEN:
        return Outcome(_moved(row, Status.ANNOUNCED, now_ms, **count), "announced")
    moved = after(status, Happening.HEARD_ANNOUNCED)
    if moved is not None:
        return Outcome(_moved(row, moved, now_ms, **count), "announced", alert="missed_dose", says="missed")
    return Outcome(count, "announced")


def taken(row: Row, at_ms: int, now_ms: int, source: str, device_id: str | None) -> Outcome:
    """Swallowed at `at_ms`: kept as it was, whatever it means for the dose.

    After its time the dose stays missed, unknown or never said, and what was taken stands beside it. Long before its time it
    is another intake: the dose is still to be said and taken. On hold it counts, and somebody is told.
    """
    status = Status(row["status"])
    if status is Status.VOIDED:
        return Outcome({}, "taken", "dose_voided")
    if row["taken_ms"] is not None and abs(at_ms - row["taken_ms"]) <= SAME_PRESS_MS:
        return Outcome({}, "", "same_press")
    if status in TAKEN:
        return Outcome({}, "taken_again", "double_dose", "double_dose", says="twice")
    if at_ms >= row["miss_at_ms"]:
        return _after_miss(row, at_ms, now_ms)
    if at_ms < extra_before_ms(row["due_ms"], row["window_open_ms"]):
        note = "long before its time"
        return Outcome({}, "taken", "early", "dose_limit", says="early", note=note, extra=True)
    moved = after(status, Happening.TAKEN, taken_status(at_ms, _Windows(row)))
    if moved is None:
        return Outcome({}, "", "wrong_state")
    more = {"taken_ms": at_ms, "source": source, "device_id": device_id, "snoozed_until_ms": None}
    changes = _moved(row, moved, now_ms, **more)
    if status is Status.HELD:
        return Outcome(changes, "taken", "on_hold", "dose_limit", answered=True, says="on_hold")
    return Outcome(changes, "taken", answered=True)


def _after_miss(row: Row, at_ms: int, now_ms: int) -> Outcome:
    """Taken when it counted as missed already: a dose the clock has not come to yet is given up first."""
    act = "taken" if row["taken_ms"] is None else "taken_again"
    given_up = Outcome({}, "")
    if row["status"] in OPEN:
        given_up = _given_up(row, _time_over(row), now_ms)
    return Outcome({**given_up.changes, "taken_ms": at_ms}, act, "after_miss", given_up.alert, note="after miss")


def skipped(row: Row, now_ms: int, source: str, reason: str) -> Outcome:
    """Somebody says that it is not taken."""
    status = Status(row["status"])
    moved = None if status in TAKEN else after(status, Happening.SKIPPED)
    if moved is None:
        return Outcome({}, "", "taken" if status in TAKEN else "wrong_state")
    changes = _moved(row, moved, now_ms, source=source, reason=reason[:200], snoozed_until_ms=None)
    return Outcome(changes, "skipped", answered=True, alert="missed_dose" if row["critical"] else "", says="skipped")


def snoozed(row: Row, now_ms: int, minutes: int) -> Outcome:
    """Put off, never beyond the end of its on-time window."""
    until_ms = ladder.snooze_until_ms(_ladder(row), now_ms, max(1, min(minutes, SNOOZE_MAX_MIN)))
    moved = after(Status(row["status"]), Happening.SNOOZED)
    if until_ms is None or moved is None:
        return Outcome({}, "", "too_late")
    return Outcome(_moved(row, moved, now_ms, snoozed_until_ms=until_ms), "snoozed")


def corrected(row: Row, wanted: str, taken_ms: int | None, now_ms: int, reason: str) -> Outcome:
    """Somebody who knows says how it was."""
    status = Status(row["status"])
    if wanted in TAKEN:
        at_ms = taken_ms if taken_ms is not None else row["due_ms"]
        moved = after(status, Happening.TAKEN, taken_status(at_ms, _Windows(row)))
        more = {"taken_ms": at_ms}
    else:
        happening = Happening.SKIPPED if wanted == Status.SKIPPED else Happening.CORRECTED
        moved, more = after(status, happening), {"taken_ms": None}
    if moved is None:
        return Outcome({}, "", "wrong_state")
    return Outcome(_moved(row, moved, now_ms, source="nurse", reason=reason, **more), "corrected", answered=True)


def used(row: Row, now: Row, outcome: Outcome, quantity: float | None) -> float:
    """How much less is left by an outcome; negative: more, for it was not taken after all. now: the row as it is by then.

    A second press that is told as taken twice changes nothing: what it means somebody has to ask.
    """
    if outcome.act == "taken" or (outcome.act == "taken_again" and outcome.changes):
        return quantity or float(row["quantity"])
    if outcome.act == "corrected":
        return ((now["taken_ms"] is not None) - (row["taken_ms"] is not None)) * float(row["quantity"])
    return 0.0


def due(row: Row, now_ms: int, *, heard_ms: int | None) -> Outcome:
    """The clock's turn: a caregiver is told, or the dose is given up. heard_ms: when its device was heard last."""
    status = Status(row["status"])
    is_off = heard_ms is None or now_ms - heard_ms > OFFLINE_MS
    if status is Status.HELD:  # its time has come, and it is not to be taken
        return Outcome({"next_action_ms": None}, "")
    if status is Status.UNKNOWN:  # the device was back and has told what it kept, unless it has gone again
        return Outcome({"next_action_ms": None}, "") if is_off else _given_up(row, _time_over(row), now_ms)
    if now_ms >= row["miss_at_ms"]:
        return _given_up(row, Happening.TIME_OVER_UNHEARD if is_off else _time_over(row), now_ms)
    return Outcome({"caregiver_told": True}, "caregiver", alert="missed_dose", says="unanswered")


def _time_over(row: Row) -> Happening:
    """Missed only if somebody was told of it; else it is our own failure."""
    return Happening.TIME_OVER if row["announced_n"] else Happening.TIME_OVER_UNSAID


GIVEN_UP: Final = {
    Status.MISSED: ("missed", "missed_dose", "missed"),
    Status.NOT_ANNOUNCED: ("not_announced", "missed_dose", "unsaid"),
    Status.UNKNOWN: ("unknown", "device_offline", ""),
}
"""Status -> act, topic of the alert, code of what it says: nothing ends without somebody being told."""


def _given_up(row: Row, happening: Happening, now_ms: int) -> Outcome:
    status = Status(row["status"])
    if status is Status.PLANNED and happening is Happening.TIME_OVER:  # said before a hold that is over
        status = Status.ANNOUNCED
    moved = after(status, happening)
    if moved is None:
        return Outcome({"next_action_ms": None}, "")
    act, topic, code = GIVEN_UP[moved]
    return Outcome(_moved(row, moved, now_ms), act, alert=topic, says=code)


def next_action_ms(row: Row) -> int | None:
    """When the clock looks at the row again. Announcing is the device's: here it is a caregiver, or the end."""
    if Status(row["status"]) not in OPEN:
        return None
    if not row["announced_n"]:
        return int(row["miss_at_ms"])
    return ladder.next_told(_ladder(row)).at_ms


def meant(rows: Sequence[Row], at_ms: int, source: str = "button") -> Sequence[Row] | str:
    """The doses an answer without a name is to: those announced last and together, else the open ones if they are due at one
    time. A code where that cannot be told. A press soon after an answer is of that one: it takes none that was not said."""
    said = [row for row in rows if row["last_said_ms"] is not None and row["status"] in OPEN]
    if said:
        last = max(said, key=lambda row: (row["last_said_ms"], row["due_ms"]))["due_ms"]
        return [row for row in said if row["due_ms"] == last]
    just = [row for row in rows if row["taken_ms"] is not None and 0 <= at_ms - row["taken_ms"] <= SAME_PRESS_MS]
    if just:
        return just
    settled = [row for row in rows if row["status"] == Status.SKIPPED or row["status"] in TAKEN]
    since = [row["status_since_ms"] if row["taken_ms"] is None else row["taken_ms"] for row in settled]
    if source == "button" and any(0 <= at_ms - one <= NERVOUS_MS for one in since):
        return "nothing_open"
    unsaid = [row for row in rows if row["status"] in OPEN and row["window_open_ms"] <= at_ms < row["miss_at_ms"]]
    if not unsaid:
        return "nothing_open"
    return "which_dose" if len({row["due_ms"] for row in unsaid}) > 1 else unsaid


def rung(row: Row, before: Sequence[Row]) -> int:
    """4 where a missed dose goes to the clinic: a critical medicine, two in a row, or three in seven days. before: earlier
    doses of the medicine, in order, that were answered or missed."""
    in_a_row = 1
    for one in reversed(before):
        if one["status"] != Status.MISSED:
            break
        in_a_row += 1
    week = 1 + sum(one["status"] == Status.MISSED and one["due_ms"] > row["due_ms"] - 7 * DAY_MS for one in before)
    told = ladder.clinic_is_told(critical=bool(row["critical"]), missed_in_a_row=in_a_row, missed_in_a_week=week)
    return 4 if told else 3


def begun(
    plan: Plan, wanted: Sequence[Occurrence], anew: Sequence[Occurrence], known: Collection[str], changed_ms: int
) -> list[Occurrence]:
    """The doses a plan has since it was written: of a medicine that counts from the last one and would have been due before
    that, the next it can begin with (`anew`: the same doses, with begins_ms). known: ids of doses that are rows."""
    steps = {(item.id, step.sequence): step for item in plan.items for step in item.steps}
    late = {
        one.item_id for one in wanted
        if steps[one.item_id, one.step].mode == "from_last_taken" and one.due_at_ms < changed_ms and one.id not in known
    }  # fmt: skip

    def is_late(one: Occurrence) -> bool:
        step = steps[one.item_id, one.step]
        return (one.item_id if step.mode == "from_last_taken" else step.linked_item) in late

    found = [*(one for one in wanted if not is_late(one)), *(one for one in anew if is_late(one))]
    return sorted(found, key=lambda one: one.due_at_ms)


def _moved(row: Row, status: Status, now_ms: int, **more: Any) -> dict[str, Any]:
    changes: dict[str, Any] = {"status": status.value, "status_since_ms": now_ms, **more}
    return {**changes, "next_action_ms": next_action_ms({**row, **changes})}


def _ladder(row: Row) -> ladder.Dose:
    """As the ladder sees it."""
    return ladder.Dose(
        Status.ANNOUNCED, row["policy_class"], row["due_ms"], row["window_open_ms"], row["on_time_until_ms"],
        row["miss_at_ms"], row["announced_n"], row["last_said_ms"], None, row["caregiver_told"],
    )  # fmt: skip
