"""A person is erased: their medicine stops with them, and whoever was called about them is called no more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from edge.domain import people
from edge.domain.booking_commands import ErasePerson
from edge.domain.care_alerts import put_alert
from edge.domain.care_plans import stop, void
from edge.domain.decision import Change, Moment, Refusal, Verdict, Write
from edge.domain.dosing import Acts, Row
from shared.events import DEVICE_FIELDS, HOLD_FIELDS

WHY: Final = "erased"
BLANK: Final[Row] = {"title": "Erased", "body": "", "says": {}}
"""What stands in an alert afterwards; head office writes the same."""


class ErasingState(NamedTuple):
    """The person, and what is still to come for them.

    plans: active.  doses: open, held, or planned.  holds: not ended.  alerts: open.  devices: theirs, not removed.
    """

    person: people.PersonState
    plans: Sequence[Row]
    doses: Sequence[Row]
    holds: Sequence[Row]
    alerts: Sequence[Row]
    devices: Sequence[Row]


def erase(state: ErasingState, command: ErasePerson, now: Moment) -> Verdict:
    """Erase what is personal. Refused while somebody waits for this person.

    Their plans are stopped, doses that are not over voided, holds and alerts ended, and their device is nobody's. What was
    taken or missed stays, as numbers.
    """
    verdict = people.erase(state.person, command, now)
    if isinstance(verdict, Refusal):
        return verdict
    acts = Acts(now, command.command_id)
    acts.changes += verdict.changes
    for plan in state.plans:
        stop(acts, plan, [dose for dose in state.doses if dose["plan_id"] == plan["id"]], WHY)
    plans = {plan["id"] for plan in state.plans}
    for dose in state.doses:
        if dose["plan_id"] not in plans:
            void(acts, dose)
    for hold in state.holds:
        ended = {**hold, "version": hold["version"] + 1, "ended_at": now.now_ms, "reason": ""}
        acts.changes.append(
            Change("hold_ended", hold["id"], ended["version"], {name: ended[name] for name in HOLD_FIELDS})
        )
        acts.writes.append(Write("put_hold", ended))
    for alert in state.alerts:
        put_alert(acts, "care_alert_ended", {**alert, **BLANK, "open": False}, now.now_ms)
    for device in state.devices:
        row = {**device, "version": device["version"] + 1, "person_id": None}
        acts.changes.append(
            Change("device_changed", row["id"], row["version"], {name: row[name] for name in DEVICE_FIELDS})
        )
        acts.writes.append(Write("put_device", row))
    of = {"person_id": command.person_id, "now": now.now_ms}
    acts.writes += [
        Write(name, of) for name in ("quiet_person", "blank_alerts", "blank_notes", "blank_reasons", "blank_log")
    ]
    acts.result = verdict.result
    return acts.decision()
