"""Quiet hours: from when to when somebody is not to be woken, in their own time zone. Pure."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from shared.clock import to_ms, utc


class QuietHours(NamedTuple):
    """From `start` until `end` of the clock at `zone`, every day; over midnight where `end` is earlier."""

    start: time
    end: time
    zone: ZoneInfo

    def ends_ms(self, now_ms: int) -> int | None:
        """When the quiet that is now ends (ms since 1970 UTC); None when it is not quiet now.

        A clock that is set forward over the end ends the quiet at the first moment after it.
        """
        local = utc(now_ms).astimezone(self.zone)
        at = local.time().replace(tzinfo=None)
        if self.start == self.end:
            return None
        if self.start < self.end:
            quiet, day = self.start <= at < self.end, local.date()
        else:
            quiet = at >= self.start or at < self.end
            day = local.date() + timedelta(days=1 if at >= self.start else 0)
        return to_ms(datetime.combine(day, self.end, self.zone)) if quiet else None


def quiet_hours(start: str | None, end: str | None, timezone: str) -> QuietHours | None:
    """Of texts as they are kept ("22:00", "07:00"); None where there are none. Raises ValueError."""
    if start is None or end is None:
        return None
    return QuietHours(time.fromisoformat(start), time.fromisoformat(end), ZoneInfo(timezone))
