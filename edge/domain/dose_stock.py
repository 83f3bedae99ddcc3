"""How much is left of a medicine: counted down with each intake, or as its device weighs it; told of when it runs out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from edge.domain.care_alerts import HasAlerts, put_alert, raise_alert
from edge.domain.decision import Change, Write
from edge.domain.dosing import Acts, CareState, Row
from shared.doses import stock
from shared.doses.plan import Item, Plan

if TYPE_CHECKING:
    from edge.domain.care_plans import PlanState

OF_A_STOCK = ("person_id", "plan_id", "item_id", "medication", "device_id", "compartment")


def count_down(acts: Acts, state: CareState, plan_id: str, item_id: str, quantity: float) -> None:
    """Less is left of a medicine; from the plan's mark on somebody is told, once. A device that weighs it says so itself."""
    known = state.stocks.get(f"{plan_id}/{item_id}")
    if known is not None and not _is_weighed(state, known):
        _keep(acts, state, known, known["units"], max(0.0, known["units"] - quantity))


def refilled(acts: Acts, state: CareState, compartment: str, units: float) -> None:
    """Somebody filled a compartment: so much is in it now."""
    for known in state.stocks.values():
        if str(known["compartment"]) == compartment:
            _keep(acts, state, known, known["units"], units)


def weighed(acts: Acts, state: CareState, device_id: str, units_in: Mapping[str, float]) -> None:
    """A device says how much is in its compartments: that is what there is of the medicines planned for them.

    A medicine whose plan named no stock has one from then on.
    """
    for plan in state.plans.values():
        for item in plan.items:
            units = units_in.get(str(item.compartment)) if item.compartment is not None else None
            if units is None:
                continue
            known = state.stocks.get(f"{plan.id}/{item.id}")
            before = known["units"] if known is not None else None
            if stock.differs(before, units):
                _keep(acts, state, {**(known or _new(plan, item)), "device_id": device_id}, before, units)


def _is_weighed(state: CareState, known: Row) -> bool:
    how = state.device_state
    return how is not None and how["online"] and str(known["compartment"]) in how["stock"]


def _new(plan: Plan, item: Item) -> Row:
    return {
        "id": f"{plan.id}/{item.id}", "version": plan.revision * 1_000_000, "person_id": plan.person_id, "plan_id": plan.id,
        "item_id": item.id, "medication": item.medication, "compartment": item.compartment,
    }  # fmt: skip


def of_plan(acts: Acts, state: PlanState, plan: Plan, before: Plan | None) -> None:
    """What a plan that is new or was changed says there is of each medicine, counted down from then on. before: its last
    revision."""
    earlier = {item.id: item for item in before.items} if before else {}
    for item in plan.items:
        known, was = state.stocks.get(f"{plan.id}/{item.id}"), earlier.get(item.id)
        left = known["units"] if known is not None else None
        units = stock.of_revision(item, was, left)
        if units is not None:
            row = {**_new(plan, item), "device_id": state.device["id"] if state.device else None}
            _put(acts, state, item, row, units, was_low=left is not None and stock.is_low(was, left))


def _keep(acts: Acts, state: CareState, row: Row, before: float | None, units: float) -> None:
    """So many units are there now; told of where the mark is passed, and over where there is enough again."""
    plan = state.plans.get(row["plan_id"])
    item = next((one for one in plan.items if one.id == row["item_id"]), None) if plan else None
    _put(acts, state, item, row, units, was_low=before is not None and stock.is_low(item, before))


def _put(acts: Acts, state: HasAlerts, item: Item | None, row: Row, units: float, *, was_low: bool) -> None:
    """The fact of how much there is. A version above those of the last revision: revision times a million, then counting."""
    version = row["version"] + 1
    values = {name: row[name] for name in OF_A_STOCK} | {"units": units, "days_left": stock.days_left(item, units)}
    acts.changes.append(Change("stock_changed", row["id"], version, values))
    acts.writes.append(Write("put_stock", {"id": row["id"], "version": version, **values}))
    medication, told = row["medication"], stock.news(item, units, was_low=was_low)
    if told == "low":
        raise_alert(
            acts, state, "low_stock", row["person_id"], stock.title(medication, units), "", rung=3, critical=False,
            device_id=row["device_id"], says={"code": "left", "medicines": [medication], "left": units},
        )  # fmt: skip
    elif told == "enough":
        for alert in state.alerts:
            if alert["topic"] == "low_stock" and alert["open"] and stock.is_about(alert["title"], medication):
                put_alert(acts, "care_alert_ended", {**alert, "open": False}, acts.now.now_ms)
