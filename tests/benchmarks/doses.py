"""How many doses a second a plan is expanded to: beside the conversions of local time alone, which are its limit."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from shared.clock import transport_s
from shared.doses.expansion import HORIZON_DAYS, occurrences
from shared.doses.localtime import DAY_MS, moment_ms, nominal
from shared.doses.plan import plan_of
from tests.benchmarks.measure import Result, interleaved, ratios

ITEMS, TIMES = 8, ("08:00", "14:00", "20:00")
START_MS = 1_774_656_000_000
"""28 March 2026: the clock jumps on the second day."""


def _plan() -> dict[str, object]:
    items = [
        {
            "id": f"m{n}",
            "medication": f"Medicine {n}",
            "unit": "tablet",
            "dose": 1,
            "timing": {"times_of_day": list(TIMES)},
        }
        for n in range(ITEMS)
    ]
    return {"start": "2026-01-01", "timezone": "Europe/Berlin", "items": items}


async def run(folder: Path, seconds: float) -> Result:
    """`seconds` for each side of a round."""
    result = Result(
        f"doses: {ITEMS} medicines, {len(TIMES)} times a day, {HORIZON_DAYS} days ahead over a jump of the clock"
    )
    plan = plan_of(_plan(), id="p", person_id="a", revision=1)
    zone = ZoneInfo(plan.timezone)

    async def expanded() -> float:
        made, began = 0, transport_s()
        while transport_s() - began < seconds:
            made += len(occurrences(plan, START_MS, START_MS + HORIZON_DAYS * DAY_MS))
        return made / (transport_s() - began)

    async def converted() -> float:
        made, began, first = 0, transport_s(), date(2026, 3, 28)
        while transport_s() - began < seconds:
            for day in range(HORIZON_DAYS):
                for minutes in (480, 840, 1200):
                    nominal(moment_ms(first + timedelta(days=day), minutes, zone), zone)
                    made += 1
        return made / (transport_s() - began)

    found = await interleaved({"expanded": expanded, "converted": converted})
    result.add("doses expanded", "/s", found["expanded"])
    result.add("local times put into UTC and back alone", "/s", found["converted"])
    result.add("ratio", "", ratios(found["expanded"], found["converted"]))
    result.add(
        "one plan, 14 days", "ms", [1000 * ITEMS * len(TIMES) * HORIZON_DAYS / rate for rate in found["expanded"]]
    )
    return result
