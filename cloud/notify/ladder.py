"""Who is told next while nobody takes an alert upon themselves: `care.md` §2.4, rungs 3 and 4, as a table. Pure.

Whoever decides about a dose climbs first (the clinic's program, or `cloud/care` for devices that reach head office): the
alert says which audience is to be told, and how often it tried. Notifications climb on timers of their own for alerts that
nobody else climbs with, for critical ones, and where nobody of an audience can be reached. A step is told once for each
alert, whoever asked for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

Audience = Literal["caregiver", "clinic", "office"]
MINUTE_MS: Final = 60_000
URGENCY_MAX: Final = 10


class Step(NamedTuple):
    """after_min: minutes after the step before that this one's time comes, while nobody has acknowledged.

    place: which of the caregivers (1: the first of the list, 2: all others), or how often the clinic is told.
    """

    number: int
    audience: Audience
    place: int
    after_min: int


STEPS: Final = (
    Step(1, "caregiver", 1, 0), Step(2, "caregiver", 2, 10),
    Step(3, "clinic", 1, 10), Step(4, "clinic", 2, 30), Step(5, "clinic", 3, 30),
    Step(6, "office", 1, 30),
)  # fmt: skip
LAST: Final[dict[str, int]] = {"caregiver": 2, "second_caregiver": 2, "clinic": 5, "office": 6}
"""The last step that an audience named by the alert allows."""
FIRST: Final[dict[str, int]] = {"caregiver": 1, "second_caregiver": 2, "clinic": 3, "office": 6}
LAST_AGAIN: Final[dict[str, int]] = {"caregiver": 2, "second_caregiver": 2, "clinic": 3, "office": 6}
"""The last step of a day that only says once more what was told the day before: no audience is called three times daily."""


class Alert(NamedTuple):
    """What the ladder looks at. own: nobody else climbs with it.  tries: of the clinic, from 0.

    caregivers: the patient's caregiver is told whoever else is: of doses, for a clinic without internet climbs as if it had
    told them; of words of danger, because who is near can look.
    again: it says once more what was told the day before.
    """

    audience: str
    tries: int
    critical: bool
    own: bool
    caregivers: bool = False
    again: bool = False


class Told(NamedTuple):
    """A step that was told. reached: somebody could be told.  doses: how many the alert named then.  urgency: its then."""

    step: int
    at_ms: int
    reached: bool
    doses: int = 0
    urgency: int = URGENCY_MAX


def asked(alert: Alert) -> int:
    """The step the alert itself asks for. An audience nobody knows is the clinic: rather too many than nobody."""
    first, last = FIRST.get(alert.audience, 3), LAST.get(alert.audience, 5)
    return min(first + max(0, alert.tries - 1), last)


def allowed(alert: Alert, told: Sequence[Told]) -> int:
    """The last step there may be: all of them where it matters or where nobody was reached yet; on a later day of the same
    the clinic at most, once."""
    nobody = not any(one.reached for one in told)
    if alert.again and not nobody:
        return max(LAST_AGAIN.get(alert.audience, 3), FIRST["clinic"] if alert.critical else 0)
    everybody = alert.critical or nobody
    return LAST["office"] if everybody else max(LAST.get(alert.audience, 5), 5 if alert.own else 0)


def due(alert: Alert, told: Sequence[Told], now_ms: int) -> Step | None:
    """The step whose time has come; None: wait. At most one at a time, so call it again after telling it."""
    if not told:
        return STEPS[0] if alert.caregivers else STEPS[asked(alert) - 1]
    latest = max(told, key=lambda one: one.step)
    if asked(alert) > latest.step:
        return STEPS[asked(alert) - 1]
    if latest.step >= min(allowed(alert, told), len(STEPS)):
        return None
    step = STEPS[latest.step]
    wait_ms = step.after_min * MINUTE_MS if latest.reached else 0
    return step if now_ms >= latest.at_ms + wait_ms else None


def grown(alert: Alert, told: Sequence[Told], doses: int, urgency: int = 0) -> list[Step]:
    """The steps to tell again because the alert names more doses, or is more urgent, than they were told of: the last that
    reached somebody, and the first caregiver where it is about doses or words of danger."""
    if not told:
        return []
    reached = {one.step for one in told if one.reached}
    again = {max(reached or {one.step for one in told})} | ({1} & reached if alert.caregivers else set())
    return [
        STEPS[step - 1] for step in sorted(again)
        if doses > max(one.doses for one in told if one.step == step) or is_worse(told, step, urgency)
    ]  # fmt: skip


def is_worse(told: Sequence[Told], step: int, urgency: int) -> bool:
    """Whether an alert is more urgent than a step was ever told of."""
    return urgency > max((one.urgency for one in told if one.step == step), default=URGENCY_MAX)
