"""What seed 003 shows of a visit: camelCase, and nothing that says who the person is (decision 39).

`track_data` is the `data` of `track`, `queue-update` and `queue-status`, made from one `House`, so that all three say the
same at the same commit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import orjson
from fastapi import Response

from edge.domain.suggestions import HOUR_MS, Suggestion
from edge.domain.visits import Status, Visit
from edge.store.face_003 import DayStatistics, Slot, time_of
from edge.store.places import House, Standing
from edge.web.wiring import Wiring
from shared import sentences
from shared.clock import iso, local_date, to_ms, utc
from shared.statuses import WORDS

Body = dict[str, Any]


class Site(NamedTuple):
    """The clinic as an answer names it. `language` is spoken to whoever asked for none and has none on the visit."""

    id: str
    name: str
    zone: ZoneInfo
    language: str = "en"


def success(data: Body) -> Body:
    """As seed 003 wraps its answers."""
    return {"success": True, "data": data}


def ok(data: Body) -> Response:
    """200 with `data`."""
    return Response(orjson.dumps(success(data)), media_type="application/json")


def site_of(wiring: Wiring) -> Site:
    """The site as it is called now."""
    options = wiring.options
    return Site(wiring.site(), options.site_name, options.zone, options.languages[0] if options.languages else "en")


def track_data(house: House, visit: Visit, site: Site, language: str | None = None) -> Body:
    """`data` of a tracked visit: no name, no phone, no reason.

    `slotStart`, `slotEnd`: the hour of the clock (decision 5); `bookedFor`: the time booked, null without a booking.
    language: as asked for; one we do not speak, or None, means the visit's own, then the site's.
    """
    doctor = house.doctors.get(visit["doctor_id"] or "")
    start_ms, end_ms = hour_of(time_of(visit), site.zone)
    appointment = {
        "id": visit["id"], "tokenNumber": visit["token"], "hospitalId": site.id, "hospitalName": site.name,
        "doctorId": visit["doctor_id"], "doctorName": doctor["name"] if doctor else None,
        "room": room_of(house, visit) or None, "date": visit["day"], "slotStart": iso(start_ms, site.zone),
        "slotEnd": iso(end_ms, site.zone), "status": status_of(visit),
        "bookedFor": None if visit["due_at"] is None else iso(visit["due_at"], site.zone),
    }  # fmt: skip
    return {"appointmentId": visit["id"], "appointment": appointment, **queue_data(house, visit, site, language)}


def queue_data(house: House, visit: Visit, site: Site, language: str | None = None) -> Body:
    """The part of `track_data` that changes while somebody waits: what `refresh-queue` answers."""
    place = house.standing.get(visit["id"])
    position, minutes = (place.position, _minutes(place)) if place else (None, None)
    what = sentences.told(
        visit, position=position, range_min=(minutes[0], minutes[2]) if minutes else None,
        doctor=(house.doctors.get(visit["doctor_id"] or "") or {"name": ""})["name"], room=room_of(house, visit),
        delay_min=late_min(house, visit), due=_clock(visit["due_at"], house, site.zone),
        joins=_clock(visit["timer_at"], house, site.zone),
    )  # fmt: skip
    spoken = next((one for one in (language, visit["language"], site.language) if one in sentences.LANGUAGES), "en")
    more = {
        "estimatedWaitRange": {"min": minutes[0], "max": minutes[2]} if minutes else None,
        "patientsAhead": None if position is None else max(0, position - 1), "queueStatusCode": what.code,
    }  # fmt: skip
    queue = {
        "position": position, "estimatedWaitTime": minutes[1] if minutes else None,
        "queueStatus": sentences.sentence(what, spoken), **more,
    }  # fmt: skip
    return {
        "queue": queue, **more, "emergency": emergency_of(house, visit, site.zone),
        "asOf": iso(house.now_ms, site.zone), "stale": False,
    }  # fmt: skip


def emergency_of(house: House, visit: Visit, zone: ZoneInfo) -> Body | None:
    """The message to everybody of this doctor's day that is not ended, for a visit it concerns."""
    if visit["day"] != house.day or Status(visit["status"]) in _OVER:
        return None
    message = house.messages.get(visit["doctor_id"] or "")
    if message is None or message["day"] != visit["day"]:
        return None
    return {
        "broadcastId": message["id"], "message": message["message"], "priority": message["priority"],
        "estimatedDelay": message["delay_min"], "sentAt": iso(message["sent_at"], zone),
    }  # fmt: skip


def late_min(house: House, visit: Visit) -> int:
    """How late the doctor is for this visit: its slot's delay, or what open messages announce where that is more."""
    announced_s = house.delays_s.get(visit["doctor_id"] or "", 0.0) if visit["day"] == house.day else 0.0
    return max(int(visit["delay_min"]), int(announced_s // 60))


def room_of(house: House, visit: Visit) -> str:
    """Where the visit was called to, or its doctor's room; empty where there is none."""
    doctor = house.doctors.get(visit["doctor_id"] or "")
    return str(visit["room"] or (doctor["room"] if doctor else "") or "")


def hour_of(moment_ms: int, zone: ZoneInfo) -> tuple[int, int]:
    """Begin and end, in ms, of the hour of the site's clock that a moment falls in: seed 003's slot."""
    begins = utc(moment_ms).astimezone(zone).replace(minute=0, second=0, microsecond=0)
    return to_ms(begins), to_ms(begins) + HOUR_MS


def time_slot(start_ms: int, zone: ZoneInfo) -> str:
    """A slot as seed 003 writes it: ``09:00-10:00``."""
    begins = utc(start_ms).astimezone(zone)
    return f"{begins:%H:%M}-{datetime.combine(begins.date(), begins.time()) + timedelta(hours=1):%H:%M}"


def date_of(moment_ms: int, zone: ZoneInfo) -> str:
    """The date of a moment in site time."""
    return local_date(moment_ms, zone).isoformat()


def clock_hour(moment_ms: int, zone: ZoneInfo) -> int:
    """The hour, 0 to 23, of a moment in site time."""
    return utc(moment_ms).astimezone(zone).hour


def status_of(visit: Visit) -> str:
    """A status in seed 003's word."""
    return WORDS[visit["status"]].appointment


def place_of(house: House, visit: Visit) -> Body:
    """`position` and `estimatedWaitTime`, null for who is not in the queue."""
    place = house.standing.get(visit["id"])
    minutes = _minutes(place) if place else None
    return {"position": place.position if place else None, "estimatedWaitTime": minutes[1] if minutes else None}


def slot_body(house: House, slot: Slot, names: Mapping[str, str], zone: ZoneInfo) -> Body:
    """An hour of a doctor's day, whoever is inside or called first, then as they would be called, then the rest. For staff."""
    places = {visit["id"]: place for place, visit in enumerate(slot.in_order, 1)}
    inside = [visit for visit in slot.others if visit["status"] in (Status.CALLED, Status.IN_CONSULTATION)]
    inside.sort(key=lambda visit: visit["status"] == Status.CALLED)
    rest = [visit for visit in slot.others if visit not in inside]
    appointments = [
        {
            "appointmentId": visit["id"], "tokenNumber": visit["token"], "patientName": names.get(visit["person_id"] or ""),
            "status": status_of(visit), **place_of(house, visit),
            "slotPosition": 0 if visit in inside else places.get(visit["id"]), "number": visit["number"],
            "slot": visit["slot_no"], "isEmergency": visit["is_emergency"],
        }
        for visit in [*inside, *slot.in_order, *rest]
    ]  # fmt: skip
    return {
        "timeSlot": time_slot(slot.start_ms, zone), "startTime": iso(slot.start_ms, zone),
        "endTime": iso(slot.start_ms + HOUR_MS, zone), "capacity": slot.capacity, "appointments": appointments,
    }  # fmt: skip


def overlaps_of(visits: Sequence[Visit], mean_ms: int, zone: ZoneInfo) -> list[Body]:
    """Groups of visits whose times meet, each taking `mean_ms` from its own (with its delay)."""
    groups: list[tuple[list[Visit], int, int]] = []
    begun = sorted((time_of(visit) + visit["delay_min"] * 60_000, visit["number"], visit) for visit in visits)
    for start_ms, _, visit in begun:
        if groups and start_ms < groups[-1][2]:
            group, first_ms, _ = groups[-1]
            groups[-1] = ([*group, visit], first_ms, start_ms + mean_ms)
        else:
            groups.append(([visit], start_ms, start_ms + mean_ms))
    return [
        {"appointmentIds": [v["id"] for v in group], "startTime": iso(first_ms, zone), "endTime": iso(last_ms, zone)}
        for group, first_ms, last_ms in groups if len(group) > 1
    ]  # fmt: skip


def suggestion_body(one: Suggestion, zone: ZoneInfo) -> Body:
    """An hour to book."""
    hour = one.hour
    return {
        "timeSlot": time_slot(hour.start_ms, zone), "currentAppointments": hour.booked,
        "estimatedWaitTime": round(one.wait_s / 60), "priorityScore": one.score, "startTime": iso(hour.at_ms, zone),
        "slotId": hour.slot_id, "remaining": hour.remaining, "capacity": hour.capacity, "delay": hour.delay_min,
    }  # fmt: skip


def statistics_body(found: DayStatistics, zone: ZoneInfo) -> Body:
    """A doctor's day in numbers."""
    return {
        "totalAppointments": found.total, "averageWaitTime": found.average_wait,
        "peakHours": [{"hour": clock_hour(start_ms, zone), "count": count} for start_ms, count in found.hours],
        "noShowRate": round(found.no_show_rate, 3), "noShows": found.no_shows,
        "earlyArrivals": {
            "count": found.early, "rate": round(found.early_rate, 3), "averageMinutes": found.early_minutes,
        },
        "completed": found.completed, "waiting": found.waiting, "averageConsultationTime": found.average_consultation,
    }  # fmt: skip


def promoted_body(visit: Visit | None) -> Body | None:
    """Who got the place that came free."""
    if visit is None:
        return None
    return {"appointmentId": visit["id"], "number": visit["number"], "status": status_of(visit)}


_OVER: Final = frozenset((Status.COMPLETED, Status.NO_SHOW, Status.CANCELLED))


def _minutes(place: Standing) -> tuple[int, int, int] | None:
    """(low, mid, high) of the wait; nothing left of it for who was called."""
    if place.position == 0:
        return 0, 0, 0
    return place.wait.minutes() if place.wait else None


def _clock(moment_ms: int | None, house: House, zone: ZoneInfo) -> str:
    """As a person reads it: the time, and before it the date when that is another day."""
    if moment_ms is None:
        return ""
    moment = utc(moment_ms).astimezone(zone)
    is_today = moment.date() == local_date(house.now_ms, zone)
    return f"{moment:%H:%M}" if is_today else f"{moment:%Y-%m-%d, %H:%M}"
