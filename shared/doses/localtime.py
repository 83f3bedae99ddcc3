"""From the time on a person's clock to the moment it is, also where clocks jump."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS


def moment_ms(day: date, minutes: int, zone: ZoneInfo) -> int:
    """The moment, ms since 1970 UTC, at which a clock in `zone` shows `minutes` after midnight of `day`.

    A time that exists twice is its first (fold 0); one that does not exist is moved on by the gap (02:30 becomes 03:30).
    """
    local = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(minutes=minutes)
    return round(local.replace(fold=0).astimezone(UTC).timestamp() * 1000)


def local_of(at_ms: int, zone: ZoneInfo) -> datetime:
    """What a clock in `zone` shows at that moment."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone)


def minutes_of(text: str) -> int:
    """ "08:05" -> 485."""
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)


def nominal(at_ms: int, zone: ZoneInfo) -> tuple[str, int]:
    """What a clock shows, "2026-10-25T02:30", and which of two times it is (fold)."""
    local = local_of(at_ms, zone)
    return local.strftime("%Y-%m-%dT%H:%M"), local.fold
