"""When something happened at a device: by its clock where that can be believed, else by its counter, else nobody knows."""

from __future__ import annotations

import pytest

from shared.device_api import DeviceEvent
from shared.device_times import AHEAD_MS, UNKNOWN_S, moment_of

NOW_MS, BOOT, OLD = 1_795_161_600_000, "b" * 16, "a" * 16


def event(at: int | None, boot: str = BOOT, mono_ms: int = 1_000) -> DeviceEvent:
    return DeviceEvent(boot_id=boot, device_seq=1, kind="button", at=at, mono_ms=mono_ms)


@pytest.mark.parametrize(
    ("told", "sent_mono_ms", "wanted"),
    [
        (event(NOW_MS - 5_000), None, (NOW_MS - 5_000, 1)),
        (event(NOW_MS + AHEAD_MS), None, (NOW_MS, 1)),
        (event(NOW_MS + AHEAD_MS + 1), 61_000, (NOW_MS - 60_000, 2)),
        (event(NOW_MS + AHEAD_MS + 1), None, (NOW_MS, UNKNOWN_S)),
        (event(None), 31_000, (NOW_MS - 30_000, 2)),
        (event(None), None, (NOW_MS, UNKNOWN_S)),
        (event(None, boot=OLD), 31_000, (NOW_MS, UNKNOWN_S)),
        (event(None, mono_ms=50_000), 31_000, (NOW_MS, UNKNOWN_S)),
    ],
)
def test_a_moment_and_how_sure_it_is(told: DeviceEvent, sent_mono_ms: int | None, wanted: tuple[int, int]) -> None:
    assert moment_of(told, sent_mono_ms, BOOT, NOW_MS) == wanted
