"""How much is left of a medicine: counted down with each intake, and told of when it is time to refill."""

from __future__ import annotations

from edge.domain.care_alerts import raise_alert
from edge.domain.care_plans import put_stock
from edge.domain.dosing import Acts, CareState
from shared.doses.plan import Item


def count_down(acts: Acts, state: CareState, plan_id: str, item_id: str, quantity: float) -> None:
    """Less is left of a medicine; from the plan's mark on somebody is told, once."""
    stock = state.stocks.get(f"{plan_id}/{item_id}")
    if stock is None:
        return
    plan = state.plans.get(plan_id)
    item = next((one for one in plan.items if one.id == item_id), None) if plan else None
    left = max(0.0, stock["units"] - quantity)
    values = {
        name: stock[name] for name in ("person_id", "plan_id", "item_id", "medication", "device_id", "compartment")
    }
    values |= {"units": left, "days_left": _days_left(item, left)}
    put_stock(acts, stock["id"], stock["version"] + 1, values)
    refill_at = item.refill_at_units if item else None
    if refill_at is not None and left <= refill_at < stock["units"]:
        title = f"{stock['medication']}: {left:g} left"
        raise_alert(
            acts,
            state,
            "low_stock",
            stock["person_id"],
            title,
            "",
            rung=3,
            critical=False,
            device_id=stock["device_id"],
        )


def _days_left(item: Item | None, units: float) -> float | None:
    """How long it lasts at the plan's pace; None where that is not by the day."""
    if item is None or item.as_needed or item.steps[-1].timing.period_unit != "d":
        return None
    step = item.steps[-1]
    a_day = step.quantity * step.timing.frequency / step.timing.period
    return round(units / a_day, 1) if a_day else None
