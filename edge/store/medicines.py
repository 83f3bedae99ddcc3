"""Reads of what people take by their plans: all medicines, and those as needed with what stands against them now."""

from __future__ import annotations

import sqlite3
from typing import Any, Final, NamedTuple

from edge.domain import as_needed
from edge.domain.care_plans import plan_in
from edge.domain.dosing import Row
from edge.store import care, care_rows, face_002
from shared.doses.model import Item, Plan

PLANS_MAX: Final = 1_000


class AsNeeded(NamedTuple):
    """A medicine as needed. quantity: of one dose now.  taken_ms: the last one.  against: None where it may be taken."""

    plan: Plan
    item: Item
    quantity: float
    taken_ms: int | None
    against: as_needed.NotNow | None


def medicines(conn: sqlite3.Connection, person_id: str | None) -> list[tuple[Plan, Item]]:
    """All medicines of the plans that are followed, of one person or all, by name."""
    found = [(plan, item) for plan in _plans(conn, person_id) for item in plan.items]
    return sorted(found, key=lambda one: (one[1].medication, one[0].id, one[1].id))


def medicines_as_needed(conn: sqlite3.Connection, now_ms: int, person_id: str | None = None) -> list[AsNeeded]:
    """Medicines as needed of one person or all, by name: those whose time it is by their plan."""
    found: list[AsNeeded] = []
    kept: dict[str, tuple[dict[str, Any], list[Row]]] = {}
    for plan, item in medicines(conn, person_id):
        step = as_needed.step_now(plan, item, now_ms) if item.as_needed else None
        if step is None:
            continue
        if plan.person_id not in kept:
            of = "person_id = ? and ended_at is null"
            holds = care_rows.rows(conn, "holds", care_rows.HOLD_COLUMNS, of, (plan.person_id,))
            kept[plan.person_id] = care.history_of(conn, plan.person_id, now_ms), holds
        history, holds = kept[plan.person_id]
        past = history.get(item.id, [])
        taken = max((one.at_ms for one in past if one.at_ms <= now_ms), default=None)
        against = as_needed.not_now(plan, item, past, holds, now_ms, step.quantity)
        found.append(AsNeeded(plan, item, step.quantity, taken, against))
    return found


def holds(conn: sqlite3.Connection, person_id: str | None) -> list[Row]:
    """Holds nobody ended, of one person or all, each with the names of the medicines it is of; None: of all of them."""
    found = face_002.holds(conn, person_id)
    known = medicines(conn, person_id) if any(one["plan_id"] for one in found) else []
    for one in found:
        named = [
            item.medication for plan, item in known if plan.id == one["plan_id"] and one["item_id"] in (None, item.id)
        ]
        one["medication"] = ", ".join(named) or None
    return found


def _plans(conn: sqlite3.Connection, person_id: str | None) -> list[Plan]:
    where, values = (" and person_id = ?", (person_id,)) if person_id is not None else ("", ())
    asked = f"status = 'active'{where} limit {PLANS_MAX}"
    return [plan_in(row) for row in care_rows.rows(conn, "care_plans", care_rows.PLAN_COLUMNS, asked, values)]
