"""The site's clock for `appointment`: in which hour a moment falls, and how a person reads it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

from edge.domain.policies_base import MINUTE_MS

_QUARTER_MS = 15 * MINUTE_MS
_DAY_MS = 24 * 60 * MINUTE_MS
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class SiteHours:
    """Moments in ms since 1970 UTC, read in one zone. Made for one order and thrown away: it remembers offsets."""

    def __init__(self, zone: tzinfo, slot_ms: int) -> None:
        self.slot_ms = slot_ms
        self._zone = zone
        self._offset_of: dict[int, int] = {}

    def begin_of(self, moment_ms: int) -> int:
        """When the slot begins in which the moment falls; slots are counted from the site's midnight."""
        return moment_ms - self._local_ms(moment_ms) % self.slot_ms

    def clock(self, moment_ms: int, seen_from_ms: int | None = None) -> str:
        """ "09:05"; with the date before it when it is another day than `seen_from_ms`: "2026-11-17 09:05"."""
        local_ms = self._local_ms(moment_ms)
        hour, minute = divmod(local_ms % _DAY_MS // MINUTE_MS, 60)
        clock = f"{hour:02}:{minute:02}"
        if seen_from_ms is None or local_ms // _DAY_MS == self._local_ms(seen_from_ms) // _DAY_MS:
            return clock
        return f"{(_EPOCH + timedelta(milliseconds=local_ms)).date()} {clock}"

    def _local_ms(self, moment_ms: int) -> int:
        """Offsets change on the quarter of an hour, so one is looked up for each."""
        quarter = moment_ms // _QUARTER_MS
        offset_ms = self._offset_of.get(quarter)
        if offset_ms is None:
            moment = (_EPOCH + timedelta(milliseconds=quarter * _QUARTER_MS)).astimezone(self._zone)
            offset_ms = (moment.utcoffset() or timedelta()) // timedelta(milliseconds=1)
            self._offset_of[quarter] = offset_ms
        return moment_ms + offset_ms
