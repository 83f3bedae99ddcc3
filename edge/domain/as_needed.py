"""Medicine that is taken as needed: asked first, and kept as it was when it is swallowed already."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from edge.domain.care_alerts import raise_alert
from edge.domain.care_commands import TakeAsNeeded
from edge.domain.decision import Moment, Refusal, Verdict
from edge.domain.dose_stock import count_down
from edge.domain.dosing import Acts, CareState
from shared.doses import guards


def take_as_needed(state: CareState, command: TakeAsNeeded, now: Moment) -> Verdict:
    """Asked first: "not before 20:00" where it may not be. Swallowed already: kept, and somebody is told."""
    plan = state.plans.get(command.plan_id)
    item = next((one for one in plan.items if one.id == command.item_id), None) if plan else None
    if plan is None or item is None:
        return Refusal("not_found", "There is no such medicine in the plan.", "Read the plan again.")
    verdict = guards.check(item, state.history.get(item.id, ()), command.at_ms, command.quantity)
    if isinstance(verdict, guards.Blocked) and not command.swallowed:
        return Refusal(
            verdict.code, not_before(item.medication, verdict, plan.timezone), "If it was taken already, say so."
        )
    acts = Acts(now, command.command_id)
    acts.log(
        None, "taken", command.source, command.at_ms, person_id=plan.person_id, item_id=item.id, plan_id=plan.id,
        quantity=command.quantity, reason=command.reason, device_id=command.device_id, note_id=command.note_id,
    )  # fmt: skip
    if isinstance(verdict, guards.Blocked):
        person = (state.person or {}).get("name") or "A patient"
        raise_alert(
            acts,
            state,
            "dose_limit",
            plan.person_id,
            f"{person} took {item.medication} against its limit",
            "",
            rung=4,
            critical=True,
        )
    count_down(acts, state, plan.id, item.id, command.quantity)
    acts.result = {"item_id": item.id, "blocked": verdict.code if isinstance(verdict, guards.Blocked) else None,
                   "alerts": list(acts.alerts)}  # fmt: skip
    return acts.decision()


def not_before(medication: str, blocked: guards.Blocked, zone: str) -> str:
    """ "Paracetamol: not before 20:00." """
    if blocked.not_before_ms is None:
        return f"{medication}: this dose was taken."
    local = datetime.fromtimestamp(blocked.not_before_ms / 1000, UTC).astimezone(ZoneInfo(zone))
    return f"{medication}: not before {local:%H:%M}."
