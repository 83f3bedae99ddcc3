"""A medication plan as it is written: a strict subset of FHIR R4 Dosage and Timing, read or refused by the name of the field.

What this module accepts, `expansion` can expand and a device can announce; nothing that is written is left out in silence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from shared.doses.model import DAYS, WHEN, Item, Limits, Mode, Plan, PolicyClass, Step, Timing
from shared.doses.plan_reading import At, BadPlan, day_of, object_at, zone_of
from shared.doses.plan_timing import TIME, timing_of

__all__ = ["DAYS", "WHEN", "BadPlan", "Item", "Limits", "Plan", "PolicyClass", "Step", "Timing", "body_of", "plan_of"]

ITEMS_MAX, STEPS_MAX = 50, 20
MISSED_AT_SHARE: Final = (0.1, 0.75)
"""Later than three quarters of the way the next dose's own window may be open."""
_PLAN = ("start", "end", "timezone", "tz_policy", "pre_notice_min", "items")
_STEP = ("dose", "timing", "mode", "days", "linked_item", "linked_after_min", "first_at", "waking_only")
_OF_THE_STEP = tuple(name for name in _STEP if name != "days")
"""What an item without `steps` says itself of its one step; it goes on to the plan's end."""
_ITEM = (
    "id", "medication", "code", "form", "route", "unit", "steps", "as_needed", "as_needed_reason", "limits", "instructions",
    "late_rule", "policy_class", "critical", "compartment", "stock_units", "refill_at_units", "missed_at_share", *_OF_THE_STEP,
)  # fmt: skip


def plan_of(body: Mapping[str, Any], *, id: str, person_id: str, revision: int) -> Plan:
    """The plan a body says: `start, end, timezone, tz_policy, pre_notice_min, items`. An item without `steps` has one, made of
    its own `dose`, `timing` and `mode`. Items without an id are named by their place. Raises BadPlan for whatever does not fit,
    also for whatever stands there that would be of no effect.
    """
    at = At(body, "")
    at.known(_PLAN)
    zone = at.text("timezone", required=True)
    zone_of(zone)
    starts_on, ends_on = day_of(at, "start"), day_of(at, "end")
    if starts_on is None:
        raise BadPlan("start", "is missing", "missing")
    if ends_on is not None and ends_on < starts_on:
        raise BadPlan("end", "is before the start", "before_start")
    given = at.many("items", ITEMS_MAX)
    if not given:
        raise BadPlan("items", "is empty: a plan has at least one medicine")
    items = tuple(_item(object_at(one, f"items[{place}]"), place) for place, one in enumerate(given))
    ids = [item.id for item in items]
    for place, id_ in enumerate(ids):
        if ids.index(id_) != place:
            raise BadPlan(f"items[{place}].id", "is another item's")
    _check_links(items)
    policy = at.choice("tz_policy", ("home", "device"), "home")
    return Plan(
        id=id, person_id=person_id, revision=revision, starts_on=starts_on, ends_on=ends_on, timezone=zone, items=items,
        tz_policy="device" if policy == "device" else "home", pre_notice_min=at.whole("pre_notice_min", 1, 120),
    )  # fmt: skip


def _item(at: At, place: int) -> Item:
    at.known(_ITEM)
    as_needed = at.flag("as_needed")
    given = at.many("steps", STEPS_MAX)
    if given and any(at.body.get(name) is not None for name in _OF_THE_STEP):
        raise BadPlan(at.where("steps"), "stand beside a dose and timing of the item: give one or the other")
    parts = [object_at(one, f"{at.path}.steps[{n}]") for n, one in enumerate(given)]
    for part in parts:
        part.known(_STEP)
    own = At({name: at.body[name] for name in _OF_THE_STEP if name in at.body}, at.path)
    steps = tuple(_step(part, number, as_needed=as_needed) for number, part in enumerate(parts or [own]))
    for number, step in enumerate(steps[:-1]):
        if step.days is None:
            raise BadPlan(f"{at.path}.steps[{number}].days", "is missing: only the last step may go on without end")
    limits = at.part("limits")
    limits.known(("max_quantity", "max_doses", "max_hours", "min_gap_min"))
    return Item(
        id=at.text("id") or f"item-{place + 1}", medication=at.text("medication", required=True), code=at.text("code"),
        form=at.text("form"), route=at.text("route"), unit=at.text("unit", required=True, most=40), steps=steps,
        as_needed=as_needed, as_needed_reason=at.text("as_needed_reason"),
        limits=Limits(
            max_quantity=limits.number("max_quantity", 0.001, 1e6), max_doses=limits.whole("max_doses", 1, 1000),
            max_hours=limits.whole("max_hours", 1, 24 * 31) or 24, min_gap_min=limits.whole("min_gap_min", 1, 7 * 24 * 60),
        ),
        instructions=at.texts("instructions"), late_rule=at.texts("late_rule"),
        policy_class=cast(PolicyClass, at.choice("policy_class", ("TIME_CRITICAL", "STANDARD"), "STANDARD")),
        critical=at.flag("critical"), compartment=at.whole("compartment", 1, 64),
        stock_units=at.number("stock_units", 0, 1e6), refill_at_units=at.number("refill_at_units", 0, 1e6),
        missed_at_share=at.number("missed_at_share", *MISSED_AT_SHARE),
    )  # fmt: skip


def _step(at: At, number: int, *, as_needed: bool) -> Step:
    quantity = at.number("dose", 0.001, 10_000)
    if quantity is None:
        raise BadPlan(at.where("dose"), "is missing", "missing")
    mode = cast(Mode, at.choice("mode", ("clock", "elapsed", "from_last_taken", "linked"), "clock"))
    waking_only = at.flag("waking_only")
    timing = timing_of(at.part("timing"), mode, as_needed=as_needed, waking_only=waking_only)
    if waking_only and (mode != "clock" or timing.period_unit != "h"):
        raise BadPlan(at.where("waking_only"), "goes with so many hours by the clock alone")
    first_at = at.text("first_at") or None
    if first_at is not None and not TIME.fullmatch(first_at):
        raise BadPlan(at.where("first_at"), "is a time, HH:MM")
    if first_at is not None and mode not in ("elapsed", "from_last_taken"):
        raise BadPlan(at.where("first_at"), "goes with the modes elapsed and from_last_taken")
    linked_item, after_min = at.text("linked_item") or None, at.whole("linked_after_min", 0, 24 * 60)
    for name, value in (("linked_item", linked_item), ("linked_after_min", after_min)):
        if value is not None and mode != "linked":
            raise BadPlan(at.where(name), "goes with the mode linked")
    return Step(
        sequence=number + 1, quantity=quantity, timing=timing, mode=mode, days=at.whole("days", 1, 3660),
        linked_item=linked_item, linked_after_min=after_min or 0, first_at=first_at, waking_only=waking_only,
    )  # fmt: skip


def _check_links(items: Sequence[Item]) -> None:
    """Raises BadPlan where an item is linked to none that is ever due, or by way of others to itself."""
    by_id = {item.id: item for item in items}
    linked = {item.id: {str(step.linked_item) for step in item.steps if step.mode == "linked"} for item in items}
    for place, item in enumerate(items):
        for number, step in enumerate(item.steps):
            path = f"items[{place}].steps[{number}].linked_item"
            if step.mode == "linked" and (step.linked_item not in by_id or step.linked_item == item.id):
                raise BadPlan(path, "is another item of this plan", "item")
            if step.mode == "linked" and by_id[str(step.linked_item)].as_needed:
                raise BadPlan(path, "is taken as needed, which is never due")
    for place, item in enumerate(items):
        seen: set[str] = set()
        following = set(linked[item.id])
        while following:
            name = following.pop()
            seen.add(name)
            following |= linked[name] - seen
        if item.id in seen:
            raise BadPlan(f"items[{place}].steps", "are linked in a circle")


def body_of(plan: Plan) -> dict[str, Any]:
    """The body again; `plan_of(body_of(plan), ...)` is the same plan."""
    body: dict[str, Any] = {"start": plan.starts_on, "timezone": plan.timezone, "tz_policy": plan.tz_policy}
    if plan.ends_on is not None:
        body["end"] = plan.ends_on
    if plan.pre_notice_min is not None:
        body["pre_notice_min"] = plan.pre_notice_min
    body["items"] = [_item_body(item) for item in plan.items]
    return body


def _item_body(item: Item) -> dict[str, Any]:
    body: dict[str, Any] = {
        "id": item.id,
        "medication": item.medication,
        "unit": item.unit,
        "policy_class": item.policy_class,
    }
    for name in ("code", "form", "route", "as_needed", "as_needed_reason", "critical"):
        if value := getattr(item, name):
            body[name] = value
    for name in ("compartment", "stock_units", "refill_at_units", "missed_at_share"):
        if (value := getattr(item, name)) is not None:
            body[name] = value
    for name in ("instructions", "late_rule"):
        if value := getattr(item, name):
            body[name] = dict(value)
    limits = {
        name: value
        for name in ("max_quantity", "max_doses", "min_gap_min")
        if (value := getattr(item.limits, name)) is not None
    }
    if limits or item.limits.max_hours != 24:
        body["limits"] = {**limits, "max_hours": item.limits.max_hours}
    body["steps"] = [_step_body(step) for step in item.steps]
    return body


def _step_body(step: Step) -> dict[str, Any]:
    timing: dict[str, Any] = {
        "frequency": step.timing.frequency, "period": step.timing.period, "period_unit": step.timing.period_unit,
    }  # fmt: skip
    for name in ("days_of_week", "times_of_day", "when", "days_of_month"):
        if value := getattr(step.timing, name):
            timing[name] = list(value)
    if step.timing.when:
        timing["offset_min"] = step.timing.offset_min
    for name in ("count", "cycle_on_days", "cycle_off_days"):
        if (value := getattr(step.timing, name)) is not None:
            timing[name] = value
    body: dict[str, Any] = {"dose": step.quantity, "mode": step.mode}
    if step.mode != "linked":
        body["timing"] = timing
    for name in ("days", "linked_item", "first_at"):
        if (value := getattr(step, name)) is not None:
            body[name] = value
    for name in ("linked_after_min", "waking_only"):
        if value := getattr(step, name):
            body[name] = value
    return body
