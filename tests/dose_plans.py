"""Plans of medicines for tests: one by hand, and all kinds that may be written, for hypothesis."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from shared.doses.expansion import Occurrence, occurrences
from shared.doses.plan import DAYS, WHEN, Plan, plan_of

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
Json = dict[str, Any]


def plan(timing: Json | None = None, zone: str = "Europe/Berlin", start: str = "2026-01-01", **item: Any) -> Plan:
    """A plan of one medicine; `plan_*` are fields of the plan itself."""
    outer = {name.removeprefix("plan_"): item.pop(name) for name in list(item) if name.startswith("plan_")}
    one = {"id": "i", "medication": "Metformin", "unit": "tablet", "dose": 1, "timing": timing or {}, **item}
    if "steps" in item:
        one = {name: value for name, value in one.items() if name not in ("dose", "timing")}
    return read({"start": start, "timezone": zone, "items": [one], **outer})


def read(body: Json, revision: int = 1) -> Plan:
    """The plan a body says."""
    return plan_of(body, id="p", person_id="a", revision=revision)


def at(text: str) -> int:
    """A moment of UTC, ms."""
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def utc(one: Occurrence) -> str:
    """When a dose is due, "11-02T08:00Z"."""
    return datetime.fromtimestamp(one.due_at_ms / 1000, UTC).strftime("%m-%dT%H:%MZ")


def dues(plan: Plan, start: str, end: str, **more: Any) -> list[str]:
    """When its doses are due, in UTC."""
    return [utc(one) for one in occurrences(plan, at(start), at(end), **more)]


def daily(*times: str) -> Json:
    """At these times of every day."""
    return {"times_of_day": list(times)}


ZONES = st.sampled_from(
    ["Europe/Berlin", "America/New_York", "Africa/Cairo", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"]
)
CLOCK_TIMES = st.integers(0, 1439).map(lambda minute: f"{minute // 60:02}:{minute % 60:02}")
TIMES = st.lists(CLOCK_TIMES, min_size=1, max_size=5, unique=True)
SHARES = st.none() | st.sampled_from([0.1, 0.3, 0.75])
MEALS = st.dictionaries(st.sampled_from(WHEN), CLOCK_TIMES, max_size=4)
_SAID: st.SearchStrategy[Json] = st.one_of(
    TIMES.map(lambda times: {"times_of_day": times}),
    st.builds(
        lambda when, offset: {"when": when, "offset_min": offset},
        st.lists(st.sampled_from(WHEN), min_size=1, max_size=3, unique=True), st.integers(-1440, 1440),
    ),
)  # fmt: skip
_DAYS: st.SearchStrategy[Json] = st.one_of(
    st.just({}),
    st.lists(st.sampled_from(DAYS), min_size=1, max_size=7, unique=True).map(lambda days: {"days_of_week": days}),
    st.lists(st.integers(1, 31), min_size=1, max_size=4, unique=True).map(lambda days: {"days_of_month": days}),
    st.builds(lambda on, off: {"cycle_on_days": on, "cycle_off_days": off}, st.integers(1, 21), st.integers(1, 9)),
    st.integers(2, 9).map(lambda period: {"period": period, "period_unit": "d"}),
    st.builds(
        lambda period, days: {"period": period, "period_unit": "wk", **({"days_of_week": days} if days else {})},
        st.integers(1, 3), st.lists(st.sampled_from(DAYS), max_size=3, unique=True),
    ),
    st.integers(1, 3).map(lambda period: {"period": period, "period_unit": "mo"}),
)  # fmt: skip
_COUNT: st.SearchStrategy[Json] = st.one_of(st.just({}), st.integers(1, 40).map(lambda count: {"count": count}))
_CLOCK = st.builds(lambda said, days, count: {"timing": {**said, **days, **count}}, _SAID, _DAYS, _COUNT)
_HOURLY: st.SearchStrategy[Json] = st.builds(
    lambda hours, waking: {"timing": {"period": hours, "period_unit": "h"}, **({"waking_only": True} if waking else {})},
    st.sampled_from([1, 2, 3, 4, 6, 8, 12, 24]), st.booleans(),
)  # fmt: skip
_ELAPSED: st.SearchStrategy[Json] = st.builds(
    lambda period, unit, first_at, count: {
        "timing": {"period": period, "period_unit": unit, **count}, "mode": "elapsed", "first_at": first_at,
    },
    st.integers(1, 50), st.sampled_from(["h", "d"]), CLOCK_TIMES, _COUNT,
)  # fmt: skip
_WHAT = st.one_of(_CLOCK, _CLOCK, _HOURLY, _ELAPSED)
_STEPS = st.lists(st.tuples(_WHAT, st.integers(1, 9), st.integers(1, 4)), min_size=1, max_size=3).map(
    lambda parts: [
        {**what, "dose": dose, **({"days": days} if number < len(parts) - 1 else {})}
        for number, (what, days, dose) in enumerate(parts)
    ]
)
ITEMS: st.SearchStrategy[Json] = st.builds(
    lambda steps, policy, share, critical, words, limits: {
        "medication": "Metformin", "unit": "tablet", "steps": steps, "policy_class": policy, "critical": critical,
        "instructions": words, "limits": limits, "compartment": 2, **({"missed_at_share": share} if share else {}),
    },
    _STEPS, st.sampled_from(["STANDARD", "TIME_CRITICAL"]), SHARES, st.booleans(),
    st.dictionaries(st.sampled_from(["en", "hi", "es", "ar"]), st.sampled_from(["With food.", "Slowly."])),
    st.sampled_from([{}, {"min_gap_min": 60}, {"max_quantity": 4}, {"max_doses": 6, "max_hours": 12}]),
)  # fmt: skip
LINKED: Json = {"medication": "Iron", "unit": "tablet", "dose": 1, "mode": "linked", "linked_item": "i0"}


def _bodies(zone: str, policy: str, items: list[Json], after_min: int | None) -> Json:
    given = [{**item, "id": f"i{place}"} for place, item in enumerate(items)]
    if after_min is not None:
        given.append({**LINKED, "id": "linked", "linked_after_min": after_min})
    return {"start": "2026-01-31", "timezone": zone, "tz_policy": policy, "items": given}


BODIES: st.SearchStrategy[Json] = st.builds(
    _bodies, ZONES, st.sampled_from(["home", "device"]), st.lists(ITEMS, min_size=1, max_size=2),
    st.none() | st.sampled_from([0, 30, 600]),
)  # fmt: skip
PLANS: st.SearchStrategy[Plan] = BODIES.map(read)
STARTS = st.integers(-2, 700).map(lambda day: at("2026-01-31") + day * DAY)
