"""Doses and the moments at which they are really due: after a journey, after the dose they follow, over an hour that is set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from edge.domain.care_alerts import raise_alert
from edge.domain.dosing import Acts, CareState, Row
from shared.doses import jumps, moving
from shared.doses.expansion import Occurrence
from shared.doses.localtime import nominal
from shared.doses.moving import Ahead, Known
from shared.doses.plan import Plan
from shared.doses.states import Status

MOMENTS = ("due_at", "window_open", "on_time_until", "miss_at")


def tell_gaps(acts: Acts, plan: Plan, wanted: Sequence[Occurrence], known: Mapping[str, Row]) -> None:
    """A time-critical medicine several times a day, by the clock, over the hour a clock jumps: the clinic is told once.

    wanted: the doses as planned now.  known: those that have rows already, about which it was told before.
    """
    kept = [
        jumps.Stands(row["id"], row["item_id"], row["due_at"], row["nominal_local"], row["tz"]) for row in known.values()
        if row["plan_id"] == plan.id and row["status"] != Status.VOIDED
    ]  # fmt: skip
    for jump in jumps.jumps(plan, wanted, kept, known):
        raise_alert(
            acts, None, "time_critical_gap", plan.person_id, jumps.title(jump), f"{jump.from_local.replace('T', ' ')} to "
            f"{jump.to_local.replace('T', ' ')}: a clock is set there.", rung=4, critical=False, dose_ids=[jump.dose_id],
            says=jumps.says(jump),
        )  # fmt: skip


def moved(
    plan: Plan, earlier: Sequence[Occurrence], wanted: Sequence[Occurrence], known: Mapping[str, Row], now_ms: int
) -> list[Occurrence]:
    """`wanted` as they are really due. earlier: what was due before these, as long as anything may follow it."""
    return moving.moved(plan, [*earlier, *wanted], _kept(plan, known), now_ms)[len(earlier) :]


def left_over(plan: Plan, known: Mapping[str, Row]) -> list[Row]:
    """Doses ahead that the plan names no more, for they follow one that was taken, with what is to be taken by it now."""
    return [
        {
            **known[id_], "medication": item.medication, "quantity": step.quantity, "unit": item.unit,
            "critical": item.critical, "compartment": item.compartment, "revision": plan.revision,
        } for id_, (item, step) in moving.left_over(plan, _kept(plan, known)).items()
    ]  # fmt: skip


def _kept(plan: Plan, known: Mapping[str, Row]) -> dict[str, Known]:
    return {
        row["id"]: Known(
            row["item_id"], row["step"], Status(row["status"]), row["due_at"], row["tz"], row["taken_at"], bool(row["asked_n"])
        ) for row in known.values() if row["plan_id"] == plan.id
    }  # fmt: skip


def move_linked(acts: Acts, state: CareState, before: Row, after: Row) -> None:
    """Doses that follow this one, which nobody was told of yet, are due so long after it was really taken.

    before, after: the dose as it was and as it is now.
    """
    plan = state.plans.get(before["plan_id"])
    was_ms, is_ms = (
        moving.counts_from(Status(row["status"]), row["due_at"], row["taken_at"]) for row in (before, after)
    )
    if plan is None or was_ms == is_ms:
        return
    doses = {dose["id"]: dose for dose in state.doses} | acts.doses
    free = {
        id_: dose for id_, dose in doses.items()
        if dose["plan_id"] == plan.id and dose["status"] == Status.PLANNED and not dose["asked_n"]
    }  # fmt: skip
    ahead = [Ahead(dose["id"], dose["item_id"], dose["due_at"]) for dose in free.values()]
    for id_ in moving.following(plan, before["item_id"], was_ms, ahead):
        dose = free[id_]
        moments: Row = {name: dose[name] + is_ms - was_ms for name in MOMENTS}
        shown = nominal(moments["due_at"], ZoneInfo(dose["tz"]))[0]
        acts.fact("dose_moved", {**dose, **moments, "nominal_local": shown})
