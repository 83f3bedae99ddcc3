"""What callers of seed 003 say about time, read: dates, hours, moments; and the shapes of its bodies."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

from fastapi import Path, Query
from pydantic import Field

from edge.web.requests import Shape
from shared.clock import to_ms
from shared.problems import Problem

YEARS: Final = range(2000, 2200)
"""Beyond them a date is a slip of the finger."""
DAY_MS: Final = 24 * 3_600_000
_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")

DoctorId = Annotated[str, Path(alias="doctorId", description="UUID or small number of a doctor.", max_length=64)]
VisitId = Annotated[str, Path(alias="appointmentId", description="UUID or small number of a visit.", max_length=64)]
Token = Annotated[str, Path(description="The tracking token of a slip or a booking.")]
DayAsked = Annotated[str | None, Query(description="A service-day, YYYY-MM-DD; today without one.")]
Language = Annotated[str | None, Query(description="en, hi, es or ar; without one, or another, the visit's own.")]
PreferredHour = Annotated[int | None, Query(alias="preferredHour", ge=0, le=23, description="Hour wished for.")]


class Between(Shape):
    """A part of a doctor's day: ISO 8601 moments (without offset in site time), or HH:MM on `?date`."""

    slotStartTime: str = Field(min_length=1, max_length=40)
    slotEndTime: str = Field(min_length=1, max_length=40)


class Move(Shape):
    """The place wished for, from 1; beyond the end means last."""

    newPosition: int = Field(ge=1)


class Missed(Shape):
    """Minutes after the later of booked time and last call; the clinic's setting (15) without them."""

    gracePeriod: int | None = Field(default=None, ge=0, le=240)


class Message(Shape):
    """What everybody of the doctor's day is told, and by how many minutes the doctor is late."""

    message: str = Field(min_length=1, max_length=500)
    priority: Literal["low", "normal", "high", "critical"] = "high"
    estimatedDelay: int | None = Field(default=None, ge=0, le=720)


def day_of(asked: str | None, today: str) -> str:
    """The service-day asked for. Raises Problem 422."""
    if asked is None:
        return today
    try:
        wanted = date.fromisoformat(asked)
    except ValueError:
        wanted = date.min
    if wanted.year not in YEARS or asked != wanted.isoformat():
        raise _unfit("date", "A date is written YYYY-MM-DD.")
    return asked


def moment_of(asked: str, field: str, day: str, zone: ZoneInfo) -> int:
    """A moment in ms: HH:MM of `day`, or ISO 8601, without offset in site time. Raises Problem 422."""
    if clock := _CLOCK.fullmatch(asked):
        at = time(int(clock[1]), int(clock[2]))
        return to_ms(datetime.combine(date.fromisoformat(day), at, zone))
    try:
        moment: datetime | None = datetime.fromisoformat(asked)
    except ValueError:
        moment = None
    if moment is None or moment.year not in YEARS:
        raise _unfit(field, "A time is written 2026-06-04T09:00, or 09:00 for the day asked for.")
    return to_ms(moment if moment.tzinfo else moment.replace(tzinfo=zone))


def hours_on(day: str, hours: range | set[int], zone: ZoneInfo) -> list[int]:
    """Begin, in ms, of these hours of the site's clock on a day."""
    on = date.fromisoformat(day)
    return [to_ms(datetime.combine(on, time(hour), zone)) for hour in sorted(hours)]


def _unfit(field: str, message: str) -> Problem:
    return Problem(422, f"{field}: {message}", errors=[{"field": field, "message": message}])
