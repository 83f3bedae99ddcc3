"""A clinic's day in numbers, counted from its projected visits each time it is asked for; never kept, never by adding one."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

from cloud.db.pool import Connection
from cloud.queues import rows
from shared.clock import utc
from shared.statuses import WORDS

Row = Mapping[str, Any]
NOT_THERE: Final = frozenset(("cancelled", "waitlisted"))
"""Who has no part in the day."""


async def of_day(conn: Connection, site: rows.Site, day: str) -> dict[str, Any]:
    """The statistics of a site's day, see `count`."""
    visits = await rows.visits_of(conn, [site.id], day)
    return {"site": site.id, "date": day, "timezone": site.zone.key, **count(visits, site.zone)}


def count(visits: Iterable[Row], zone: ZoneInfo) -> dict[str, Any]:
    """Waits in minutes, one decimal; rates from 0 to 1; None where there is nothing to say.

    wait: from joining the queue to the first call, of those who came when called; without those who were put on hold.
    no_show_rate: of those whose visit is over.  early: of those with a booking who have arrived.  hours: by the clock of
    the site, of booking, else of arrival.  promises: waits told at arrival, and how many of them held.
    """
    every = list(visits)
    status = Counter(visit["status"] for visit in every)
    there = [visit for visit in every if visit["status"] not in NOT_THERE]
    waits = sorted(v["waited_ms"] for v in there if v["waited_ms"] is not None and v["status"] != "no_show")
    booked = [v for v in there if v["due_ms"] is not None and v["arrived_ms"] is not None]
    early = [v["due_ms"] - v["arrived_ms"] for v in booked if v["arrived_ms"] < v["due_ms"]]
    took = [
        v["ended_ms"] - v["started_ms"] for v in there
        if v["status"] == "completed" and v["started_ms"] is not None and v["ended_ms"] is not None
    ]  # fmt: skip
    over = status["completed"] + status["no_show"]
    hours = Counter(_hour(visit, zone) for visit in there)
    return {
        "total": len(there),
        "by_status": {name: status[name] for name in WORDS},
        "arrived": sum(visit["arrived_ms"] is not None for visit in there),
        "emergencies": sum(visit["is_emergency"] for visit in there),
        "wait": {
            "count": len(waits), "average": _minutes(_mean(waits)), "p90": _minutes(_at_share(waits, 0.9)),
            "longest": _minutes(waits[-1] if waits else None),
        },
        "consultation_average": _minutes(_mean(took)),
        "no_shows": status["no_show"],
        "no_show_rate": _share(status["no_show"], over),
        "early": {
            "count": len(early), "rate": _share(len(early), len(booked)), "average": _minutes(_mean(early)),
        },
        "promises": _promises(there),
        "hours": [{"hour": hour, "count": hours[hour]} for hour in sorted(hours)],
    }  # fmt: skip


def _promises(visits: Sequence[Row]) -> dict[str, Any]:
    """kept: the wait was within the range.  mean_error: of the middle of the range.  unpromised: no doctor was here."""
    called = [visit for visit in visits if visit["waited_ms"] is not None]
    told = [visit for visit in called if visit["promised_high_s"] is not None and visit["promised_low_s"] is not None]
    kept = [v for v in told if v["promised_low_s"] * 1000 <= v["waited_ms"] <= v["promised_high_s"] * 1000]
    errors = [abs((v["promised_low_s"] + v["promised_high_s"]) * 500 - v["waited_ms"]) for v in told]
    return {
        "count": len(told), "kept": len(kept), "kept_share": _share(len(kept), len(told)),
        "mean_error": _minutes(_mean(errors)), "unpromised": len(called) - len(told),
    }  # fmt: skip


def _hour(visit: Row, zone: ZoneInfo) -> int:
    moments = (visit["due_ms"], visit["arrived_ms"], visit["created_ms"])
    return utc(next(moment for moment in moments if moment is not None)).astimezone(zone).hour


def _at_share(in_order: Sequence[int], share: float) -> int | None:
    """The smallest of these that so many do not exceed (nearest rank)."""
    return in_order[math.ceil(len(in_order) * share) - 1] if in_order else None


def _mean(values: Sequence[int]) -> float | None:
    return sum(values) / len(values) if values else None


def _minutes(ms: float | None) -> float | None:
    return None if ms is None else round(ms / 60_000, 1)


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 3) if whole else None
