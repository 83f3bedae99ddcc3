"""Between two doses of a medicine: what a clock that jumps makes of it, and what a journey may not make of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from edge.domain.care_alerts import raise_alert
from edge.domain.dosing import Acts, Row
from shared.doses.expansion import Occurrence
from shared.doses.localtime import DAY_MS, HOUR_MS, MINUTE_MS, nominal
from shared.doses.plan import Plan
from shared.doses.states import Status

OVER: Final = (Status.VOIDED, Status.HELD, Status.SKIPPED)


def tell_gaps(acts: Acts, plan: Plan, wanted: Sequence[Occurrence], known: Mapping[str, Row]) -> None:
    """A time-critical medicine several times a day, by the clock, over the hour a clock jumps: the clinic is told once.

    wanted: the doses as planned now.  known: those that have rows already, about which it was told before.
    """
    for item in plan.items:
        clock_steps = {step.sequence for step in item.steps if step.mode == "clock"}
        if item.policy_class != "TIME_CRITICAL" or not clock_steps:
            continue
        mine = {
            row["id"]: (row["due_at"], row["nominal_local"], row["tz"]) for row in known.values()
            if row["plan_id"] == plan.id and row["item_id"] == item.id and row["status"] != Status.VOIDED
        }  # fmt: skip
        mine |= {
            one.id: (one.due_at_ms, one.nominal_local, one.tz) for one in wanted
            if one.item_id == item.id and one.step in clock_steps
        }  # fmt: skip
        for (_, a), (id_, b) in pairwise(sorted(mine.items(), key=lambda one: one[1])):
            shown_ms = _shown_ms(b[1]) - _shown_ms(a[1])
            really_ms = b[0] - a[0]
            if a[2] == b[2] and shown_ms < DAY_MS and shown_ms != really_ms and id_ not in known:
                title = f"{item.medication}: {really_ms / HOUR_MS:g} h instead of {shown_ms / HOUR_MS:g} h between two doses"
                raise_alert(
                    acts, None, "time_critical_gap", plan.person_id, title, f"{a[1].replace('T', ' ')} to "
                    f"{b[1].replace('T', ' ')}: a clock is set there.", rung=4, critical=False, dose_ids=[id_],
                    says={"code": "gap", "medicines": [item.medication], "really_h": round(really_ms / HOUR_MS, 2),
                          "shown_h": round(shown_ms / HOUR_MS, 2)},
                )  # fmt: skip


def _shown_ms(nominal_local: str) -> int:
    return round(datetime.fromisoformat(nominal_local).replace(tzinfo=UTC).timestamp() * 1000)


def pushed(plan: Plan, wanted: Sequence[Occurrence], known: Mapping[str, Row]) -> list[Occurrence]:
    """The doses of a journey: the first of each medicine no sooner than its gap after the last one, taken or told."""
    gaps = {item.id: (item.limits.min_gap_min or 0) * MINUTE_MS for item in plan.items}
    last: dict[str, int] = {}
    for row in known.values():
        began = row["taken_at"] or (row["due_at"] if row["asked_n"] and row["status"] not in OVER else None)
        if row["plan_id"] == plan.id and began is not None:
            last[row["item_id"]] = max(began, last.get(row["item_id"], 0))
    found = []
    for one in wanted:
        by_ms = (
            max(0, last.pop(one.item_id, one.due_at_ms) + gaps[one.item_id] - one.due_at_ms)
            if one.item_id in last
            else 0
        )
        if by_ms:
            one = one._replace(
                due_at_ms=one.due_at_ms + by_ms, window_open_ms=one.window_open_ms + by_ms,
                on_time_until_ms=one.on_time_until_ms + by_ms, miss_at_ms=one.miss_at_ms + by_ms,
                nominal_local=nominal(one.due_at_ms + by_ms, ZoneInfo(one.tz))[0],
            )  # fmt: skip
        found.append(one)
    return found
