"""Medicine that is taken as needed: asked first, and kept as it was when it is swallowed already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from edge.domain.care_alerts import raise_alert
from edge.domain.care_commands import TakeAsNeeded
from edge.domain.decision import Moment, Refusal, Verdict
from edge.domain.dose_stock import count_down
from edge.domain.dosing import Acts, CareState, Row
from shared.doses import guards
from shared.doses.localtime import DAY_MS
from shared.doses.model import Item, Limits, Plan, Step


class NotNow(NamedTuple):
    """It may not be taken now. code: "min_gap" too soon after the last one, "limit" the most for its hours is taken, "on_hold"
    the clinic holds it back. not_before_ms: from when it may."""

    code: Literal["min_gap", "limit", "on_hold"]
    not_before_ms: int


def step_now(plan: Plan, item: Item, at_ms: int) -> Step | None:
    """Which step of a medicine as needed holds on the person's day; None before it begins and after it has ended."""
    today = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(ZoneInfo(plan.timezone)).date()
    gone = (today - date.fromisoformat(plan.starts_on)).days
    if gone < 0 or (plan.ends_on is not None and today > date.fromisoformat(plan.ends_on)):
        return None
    for step in item.steps:
        if step.days is None or gone < step.days:
            return step
        gone -= step.days
    return None


def not_now(
    plan: Plan, item: Item, history: Sequence[guards.Intake], holds: Sequence[Row], at_ms: int, quantity: float
) -> NotNow | None:
    """What stands against taking it now; None: nothing. holds: of the person, those nobody has ended."""
    blocked = guards.check(item, history, at_ms, quantity)
    found: list[NotNow] = []
    if isinstance(blocked, guards.Blocked) and blocked.code != "double_dose" and blocked.not_before_ms is not None:
        by_gap = guards.check(
            replace(item, limits=Limits(min_gap_min=item.limits.min_gap_min)), history, at_ms, quantity
        )
        gap_alone = isinstance(by_gap, guards.Blocked) and by_gap.not_before_ms == blocked.not_before_ms
        found.append(NotNow("min_gap" if gap_alone else "limit", blocked.not_before_ms))
    for hold in holds:
        named = hold["plan_id"] in (None, plan.id) and hold["item_id"] in (None, item.id)
        if named and hold["ended_at"] is None and hold["from_at"] <= at_ms < hold["until_at"]:
            found.append(NotNow("on_hold", hold["until_at"]))
    return max(found, key=lambda one: one.not_before_ms, default=None)


def take_as_needed(state: CareState, command: TakeAsNeeded, now: Moment) -> Verdict:
    """Asked first: "not before 20:00" where it may not be. Swallowed already: kept, and somebody is told."""
    plan = state.plans.get(command.plan_id)
    item = next((one for one in plan.items if one.id == command.item_id), None) if plan else None
    if plan is None or item is None:
        return Refusal("not_found", "There is no such medicine in the plan.", "Read the plan again.")
    against = not_now(plan, item, state.history.get(item.id, ()), state.holds, command.at_ms, command.quantity)
    if against is not None and not command.swallowed:
        return Refusal(
            against.code,
            not_before(item.medication, against, command.at_ms, plan.timezone),
            "If it was taken already, say so.",
        )
    acts = Acts(now, command.command_id)
    acts.log(
        None, "taken", command.source, command.at_ms, person_id=plan.person_id, item_id=item.id, plan_id=plan.id,
        quantity=command.quantity, reason=command.reason, device_id=command.device_id, note_id=command.note_id,
    )  # fmt: skip
    if against is not None:
        person = (state.person or {}).get("name") or "A patient"
        raise_alert(
            acts,
            state,
            "dose_limit",
            plan.person_id,
            f"{person} took {item.medication} {_AGAINST[against.code]}",
            "",
            rung=4,
            critical=True,
            says={"code": _SAYS[against.code], "medicines": [item.medication]},
        )
    count_down(acts, state, plan.id, item.id, command.quantity)
    acts.result = {"item_id": item.id, "blocked": against.code if against else None,
                   "alerts": list(acts.alerts)}  # fmt: skip
    return acts.decision()


_AGAINST = {"min_gap": "against its limit", "limit": "against its limit", "on_hold": "although it is on hold"}
_SAYS = {"min_gap": "limit", "limit": "limit", "on_hold": "on_hold"}


def not_before(medication: str, against: NotNow, at_ms: int, zone: str) -> str:
    """ "Paracetamol: not before 20:00."; with the day where the time alone could be taken for an earlier one."""
    local = datetime.fromtimestamp(against.not_before_ms / 1000, UTC).astimezone(ZoneInfo(zone))
    return f"{medication}: not before {local:{'%H:%M' if against.not_before_ms - at_ms < DAY_MS / 2 else '%Y-%m-%d %H:%M'}}."
