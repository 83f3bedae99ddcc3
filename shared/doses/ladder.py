"""Who is told when, while nobody answers: rung by rung (care.md §2.4). Data and one pure function.

Rung 0 a word beforehand, 1 the announcement, 2 repeats, 3 a caregiver and then another, 4 the clinic by name, then head office.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from shared.doses.localtime import MINUTE_MS
from shared.doses.model import PolicyClass
from shared.doses.states import Status

FIRST_REPEATS_MIN: Final = (5, 15)
REPEAT_EVERY_MIN: Final = 15
PRE_NOTICE_LAST_MIN: Final = 10
"""A word beforehand comes no later than this before the dose is due: later it would be the announcement itself."""
CRITICAL_CAREGIVER_MIN: Final = 15
SECOND_CAREGIVER_AFTER_MIN: Final = 10
LATE_SAID_MIN: Final = 10
"""So long a patient who was told late has, before anybody else is told."""
CLINIC_AGAIN_MIN: Final = 30
CLINIC_TRIES: Final = 3
IN_A_ROW, OF_A_WEEK, WEEK_DAYS = 2, 3, 7
"""Missed doses of one medicine after which the clinic is told although it is not a critical one."""

Kind = Literal["pre_notice", "announce", "repeat", "caregiver", "miss"]
RUNG: Final[dict[str, int]] = {"pre_notice": 0, "announce": 1, "repeat": 2, "caregiver": 3, "miss": 4}


class Action(NamedTuple):
    """at_ms: when, ms since 1970 UTC.  kind: what.  rung: 0 to 4."""

    at_ms: int
    kind: Kind
    rung: int


class Dose(NamedTuple):
    """What the ladder looks at. announced_n: how often it was announced.  caregiver_told: rung 3 was reached.

    last_said_ms: of the last announcement or word beforehand; None: none yet.  snoozed_until_ms: while SNOOZED.
    """

    status: Status
    policy_class: PolicyClass
    due_at_ms: int
    window_open_ms: int
    on_time_until_ms: int
    miss_at_ms: int
    announced_n: int = 0
    last_said_ms: int | None = None
    snoozed_until_ms: int | None = None
    caregiver_told: bool = False
    pre_notice_min: int | None = None
    pre_noticed: bool = False


def next_action(dose: Dose, now_ms: int) -> Action | None:
    """The next thing to be done about a dose, at or after its time; None once it is answered or given up.

    What lies in the past and was not done is due now, once: several repeats that were slept through are one. A word
    beforehand that is too late falls out. Nothing is announced at or after `miss_at_ms`: then it is given up.
    """
    if dose.status not in (Status.PLANNED, Status.ANNOUNCED, Status.SNOOZED):
        return None
    told = next_told(dose)
    said = _next_said(dose, now_ms)
    if said is not None and said.at_ms < dose.miss_at_ms and max(said.at_ms, now_ms) < dose.miss_at_ms:
        return min(told, said, key=lambda one: (one.at_ms, -one.rung))
    return told


def next_told(dose: Dose) -> Action:
    """The next thing about an open dose that is not said aloud: a caregiver is told, or it is given up."""
    if not dose.caregiver_told and dose.announced_n:
        return Action(_caregiver_ms(dose), "caregiver", RUNG["caregiver"])
    return Action(dose.miss_at_ms, "miss", RUNG["miss"])


def _next_said(dose: Dose, now_ms: int) -> Action | None:
    if dose.status is Status.SNOOZED and dose.snoozed_until_ms is not None:
        return Action(dose.snoozed_until_ms, "repeat" if dose.announced_n else "announce", 2 if dose.announced_n else 1)
    if dose.status is Status.PLANNED:
        notice_ms = dose.due_at_ms - max(dose.pre_notice_min or 0, PRE_NOTICE_LAST_MIN) * MINUTE_MS
        in_time = dose.window_open_ms <= notice_ms and now_ms < dose.due_at_ms - (PRE_NOTICE_LAST_MIN - 1) * MINUTE_MS
        if dose.pre_notice_min is not None and not dose.pre_noticed and in_time:
            return Action(notice_ms, "pre_notice", RUNG["pre_notice"])
        return Action(dose.due_at_ms, "announce", RUNG["announce"])
    return next(
        (
            Action(at_ms, "repeat", RUNG["repeat"])
            for at_ms in repeats_ms(dose)
            if dose.last_said_ms is None or at_ms > dose.last_said_ms
        ),
        None,
    )


def repeats_ms(dose: Dose) -> list[int]:
    """When it is announced again: due + 5 and + 15 min, then every 15 min, until it no longer counts as on time."""
    minutes = [*FIRST_REPEATS_MIN]
    while dose.due_at_ms + (minutes[-1] + REPEAT_EVERY_MIN) * MINUTE_MS <= dose.on_time_until_ms:
        minutes.append(minutes[-1] + REPEAT_EVERY_MIN)
    return [at for one in minutes if (at := dose.due_at_ms + one * MINUTE_MS) <= dose.on_time_until_ms]


def _caregiver_ms(dose: Dose) -> int:
    """After the on-time window, or 15 min of a critical one. What was said only later than that (the power was off) leaves the
    patient 10 min to answer."""
    critical = dose.policy_class == "TIME_CRITICAL"
    at_ms = dose.due_at_ms + CRITICAL_CAREGIVER_MIN * MINUTE_MS if critical else dose.on_time_until_ms
    if dose.last_said_ms is not None and dose.last_said_ms > at_ms + MINUTE_MS:
        at_ms = dose.last_said_ms + LATE_SAID_MIN * MINUTE_MS
    return min(at_ms, dose.miss_at_ms)


def snooze_until_ms(dose: Dose, now_ms: int, minutes: int) -> int | None:
    """Until when it may be put off: never beyond the end of its on-time window; None where that has passed."""
    until_ms = min(now_ms + minutes * MINUTE_MS, dose.on_time_until_ms)
    return until_ms if until_ms > now_ms else None


def clinic_is_told(*, critical: bool, missed_in_a_row: int, missed_in_a_week: int) -> bool:
    """Whether a missed dose goes to the clinic: a critical medicine, or two in a row, or three within seven days."""
    return critical or missed_in_a_row >= IN_A_ROW or missed_in_a_week >= OF_A_WEEK


class Escalation(NamedTuple):
    """The next telling of an alert nobody took upon themselves. audience: who.  rung: 3 or 4.  at_ms: when."""

    at_ms: int
    audience: Literal["caregiver", "second_caregiver", "clinic", "office"]
    rung: int


def next_escalation(rung: int, tries: int, last_told_ms: int) -> Escalation | None:
    """Of an alert without an acknowledgement. tries: how often that rung was told.

    Rung 3: after 10 min the second caregiver. Rung 4: every 30 min again, three times in all, then head office, once.
    """
    if rung == 3:
        return (
            Escalation(last_told_ms + SECOND_CAREGIVER_AFTER_MIN * MINUTE_MS, "second_caregiver", 3)
            if tries < 2
            else None
        )
    again_ms = last_told_ms + CLINIC_AGAIN_MIN * MINUTE_MS
    if tries < CLINIC_TRIES:
        return Escalation(again_ms, "clinic", 4)
    return Escalation(again_ms, "office", 4) if tries == CLINIC_TRIES else None
