"""Time: the only module that reads a clock.

*Domain time* drives everything a person would call the time of day: timers, expiry, the service-day, "not heard for".
It is ``start + factor x (CLOCK_MONOTONIC - origin)``, so several programs that share the three numbers agree to the
microsecond, and a program that is killed and started again goes on where it would have been. In life the factor is 1.

*Transport time* drives what the wire needs: keepalives, back-off, acknowledgement timeouts, TLS. It is always real.
"""

from __future__ import annotations

import ctypes
import os
import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

HANDOVER = "OUTPOST_CLOCK"
"""Environment variable that hands domain time to another program: ``start_ms,origin_ns,factor``."""

STEP_MS = 2_000
"""A system clock further than this from domain time has been set, not just disciplined."""

Trust = Literal["kernel", "system", "person"]
TIME_ERROR = 5  # adjtimex: the kernel says its clock is not synchronised


@dataclass(slots=True)
class Clock:
    """Domain time and how far it may be believed.

    start_ms: domain time at the origin, milliseconds since 1970 UTC.
    origin_ns: CLOCK_MONOTONIC at the origin, nanoseconds.
    factor: domain seconds per real second; 1 in life.
    trust: who vouches for the time: the kernel's synchronisation state, the system clock as it is, or a person.
    """

    start_ms: int
    origin_ns: int
    factor: float = 1.0
    trust: Trust = "system"
    confirmed: bool = field(default=False)
    """A person has said that the time shown is right (only asked for with ``trust="person"``)."""

    @classmethod
    def life(cls, trust: Trust = "system") -> Clock:
        """Domain time that is the system's own, from now on."""
        return cls(time.time_ns() // 1_000_000, time.monotonic_ns(), 1.0, trust)

    @classmethod
    def starting_at(cls, start: datetime, factor: float = 1.0) -> Clock:
        """Domain time that begins at `start` now and runs `factor` times as fast as the real one."""
        return cls(int(start.timestamp() * 1000), time.monotonic_ns(), factor)

    @classmethod
    def from_environment(cls, trust: Trust = "system") -> Clock:
        """The clock another program handed over in OUTPOST_CLOCK, else the system's own."""
        handed = os.environ.get(HANDOVER)
        if not handed:
            return cls.life(trust)
        start_ms, origin_ns, factor = handed.split(",")
        return cls(int(start_ms), int(origin_ns), float(factor), trust)

    def handover(self) -> str:
        """The value of OUTPOST_CLOCK that gives another program this very time."""
        return f"{self.start_ms},{self.origin_ns},{self.factor!r}"

    def now_ms(self) -> int:
        """Domain time, milliseconds since 1970 UTC."""
        return self.start_ms + int((time.monotonic_ns() - self.origin_ns) * self.factor) // 1_000_000

    def now(self) -> datetime:
        """Domain time, aware, UTC."""
        return utc(self.now_ms())

    def real_s(self, domain_s: float) -> float:
        """How long `domain_s` seconds of domain time last on a wrist watch, in seconds."""
        return domain_s / self.factor

    def trusted(self) -> bool:
        """Whether timers, doses and the opening of a day may rely on the time."""
        if self.trust == "kernel":
            return _kernel_synchronised()
        return True if self.trust == "system" else self.confirmed

    def follow_system(self) -> int:
        """Take over a system clock that has been set; returns the step in milliseconds, 0 for none.

        Only in life: a scenario's time (factor other than 1, or handed over) is nobody's to set.
        """
        if self.factor != 1.0 or HANDOVER in os.environ:
            return 0
        step = time.time_ns() // 1_000_000 - self.now_ms()
        if abs(step) < STEP_MS:
            return 0
        self.start_ms += step
        return step


def mono_ms() -> int:
    """CLOCK_MONOTONIC in milliseconds: transport time, and the order of events within one boot."""
    return time.monotonic_ns() // 1_000_000


def transport_s() -> float:
    """CLOCK_MONOTONIC in seconds, for timeouts and back-off."""
    return time.monotonic()


def wall_s() -> float:
    """The system's own time in seconds since 1970, for tokens, certificates and sign-in: transport time, never domain."""
    return time.time()


def pause_s(seconds: float) -> None:
    """Block this thread for a real while. For tools and drivers with a thread of their own."""
    time.sleep(seconds)


def utc(ms: int) -> datetime:
    """Milliseconds since 1970 as an aware UTC datetime."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def to_ms(moment: datetime) -> int:
    """An aware datetime as milliseconds since 1970 UTC."""
    return round(moment.timestamp() * 1000)


def iso(ms: int, zone: ZoneInfo | None = None) -> str:
    """Milliseconds since 1970 as ISO 8601 with offset, to the millisecond, in `zone` (default UTC)."""
    return utc(ms).astimezone(zone or UTC).isoformat(timespec="milliseconds")


def local_date(ms: int, zone: ZoneInfo) -> date:
    """The calendar day of a moment in a site's zone."""
    return utc(ms).astimezone(zone).date()


class _Timex(ctypes.Structure):
    _fields_ = (("modes", ctypes.c_uint), ("rest", ctypes.c_byte * 512))


def _kernel_synchronised() -> bool:
    libc = ctypes.CDLL(None, use_errno=True)
    state: int = libc.adjtimex(ctypes.byref(_Timex()))
    return state >= 0 and state != TIME_ERROR
