"""When something happened at a device, which may not know the time."""

from __future__ import annotations

from typing import Final, NamedTuple

from shared.device_api import DeviceEvent

UNKNOWN_S: Final = 24 * 3600
"""Uncertainty of a moment that nobody can tell: the event is of a boot that is over, and its device had no time."""
AHEAD_MS: Final = 60_000
"""A device's clock further ahead of ours than this is wrong."""


class Moment(NamedTuple):
    """When something happened, and how sure that is."""

    at_ms: int
    uncertainty_s: int


def moment_of(event: DeviceEvent, sent_mono_ms: int | None, newest_boot: str, now_ms: int) -> Moment:
    """When an event happened: by the device's clock where it has a credible one, else by how long ago its counter says.

    sent_mono_ms: the counter when it was sent, which says something of events of the boot that sends, `newest_boot`.
    """
    ago_ms = sent_mono_ms - event.mono_ms if sent_mono_ms is not None and event.boot_id == newest_boot else None
    counted = Moment(now_ms - ago_ms, 2) if ago_ms is not None and ago_ms >= 0 else None
    if event.at is None:
        return counted or Moment(now_ms, UNKNOWN_S)
    if event.at > now_ms + AHEAD_MS:
        return counted or Moment(now_ms, UNKNOWN_S)
    return Moment(min(event.at, now_ms), 1)
