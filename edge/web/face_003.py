"""Seed 003 over HTTP: following a visit by its link, and a doctor's day by the hour. Answers `{"success": true, "data": …}`.

What is shown is made in `face_003_bodies`, what is asked is read by `face_003_asked`, rows come from `edge.store.face_003`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any, Final, TypeVar

from fastapi import APIRouter, Request, Response

from edge.domain import suggestions
from edge.domain.visits import Status, name_of
from edge.store import face_003 as rows
from edge.store import states as tables
from edge.store.places import House
from edge.store.states import Row
from edge.web import face_003_acts
from edge.web import face_003_asked as asked
from edge.web import face_003_bodies as bodies
from edge.web.documents import body, errors
from edge.web.face_003_asked import Between, DayAsked, DoctorId, Language, PreferredHour, VisitId
from edge.web.face_003_bodies import ok
from edge.web.faces import Faces, given_id
from edge.web.guards import KIOSK, MANAGER, STAFF, Guards
from edge.web.live_stats import DOORS, LiveStats, Registry
from edge.web.lookups import no_doctor, no_visit, standing
from edge.web.requests import Requests, parsed
from edge.web.wiring import Wiring
from shared.clock import iso
from shared.problems import Problem

T = TypeVar("T")
PREFIX: Final = "/api/appointments"


def routes(wiring: Wiring, guards: Guards, requests: Requests, faces: Faces, live: Registry) -> APIRouter:
    """The paths under /api/appointments."""
    router = APIRouter(prefix=PREFIX, tags=["seed 003"])
    zone = wiring.options.zone

    def hour_of(moment_ms: int) -> int:
        return bodies.hour_of(moment_ms, zone)[0]

    async def of_doctor(given: str, look: Callable[[sqlite3.Connection, House, Row], T]) -> T:
        """Look at a doctor and everybody in the house at one commit. Raises Problem 404."""
        wanted = given_id(given, small=True)

        def run(conn: sqlite3.Connection, house: House) -> T:
            doctor = next((d for d in house.doctors.values() if wanted in (d["id"], str(d["number"]))), None)
            if doctor is None:
                raise no_doctor()
            return look(conn, house, doctor)

        return (await faces.house_and(run))[2]

    @router.get("/track/{token}", responses=errors(400, 404, 503))
    async def track(request: Request, token: asked.Token, lang: Language = None) -> Response:
        """One visit with its place in the queue, for whoever holds its tracking token. No name, phone or reason.

        Never older than the last commit, so `stale` is false here; at head office it tells that the clinic is not heard.
        """
        guards.anybody(request)
        house, visit = await standing(faces, await faces.tracked(token))
        return ok(bodies.track_data(house, visit, bodies.site_of(wiring), lang))

    @router.get("/refresh-queue/{token}", responses=errors(400, 404, 503))
    async def refresh(request: Request, token: asked.Token, lang: Language = None) -> Response:
        """The part of `track` that changes. The same read; nothing here is cached."""
        guards.anybody(request)
        house, visit = await standing(faces, await faces.tracked(token))
        return ok(bodies.queue_data(house, visit, bodies.site_of(wiring), lang))

    @router.get("/queue/slot-based/{doctorId}", responses=errors(401, 403, 404, 503))
    async def slot_based(request: Request, doctor_id: DoctorId, date: DayAsked = None) -> Response:
        """A doctor's day by the hours of the clock (staff). `slotPosition`: place among those of the hour, as the doctor's
        queue would call them if all came when they are booked; `capacity`: as slots say, else 60 by the usual minutes."""
        who = await guards.need(request, STAFF)
        day = asked.day_of(date, faces.today())

        def look(conn: sqlite3.Connection, house: House, doctor: Row) -> Row:
            slots = rows.hours_of(conn, house, doctor, day, hour_of)
            names = rows.names_of(conn, (v for slot in slots for v in [*slot.in_order, *slot.others]))
            listed = [bodies.slot_body(house, slot, names, zone) for slot in slots]
            return {"doctorId": doctor["id"], "date": day, "slots": listed}

        found = await of_doctor(doctor_id, look)
        await guards.audit.saw(who, "list", f"{day} of doctor {found['doctorId']}")
        return ok(found)

    @router.post(
        "/queue/slot-overlaps/{doctorId}", responses=errors(401, 403, 404, 415, 503), openapi_extra=body(Between)
    )
    async def overlaps(request: Request, doctor_id: DoctorId, date: DayAsked = None) -> Response:
        """Who stands in whose way in a part of a doctor's day (staff). Changes nothing, so a repeat looks again.

        Each takes the doctor's usual consultation from the time booked (with its delay); `overlaps`: groups whose times
        meet, which the queue then puts one after another.
        """
        who = await guards.need(request, STAFF)
        wanted = parsed(request, await request.body(), Between, who)
        on = asked.day_of(date, faces.today())
        start_ms = asked.moment_of(wanted.slotStartTime, "slotStartTime", on, zone)
        end_ms = asked.moment_of(wanted.slotEndTime, "slotEndTime", on, zone)
        if not start_ms < end_ms <= start_ms + asked.DAY_MS:
            message = "It ends before it starts." if end_ms <= start_ms else "At most one day can be looked at."
            raise Problem(422, message, errors=[{"field": "slotEndTime", "message": message}])
        day = bodies.date_of(start_ms, zone)

        def look(conn: sqlite3.Connection, house: House, doctor: Row) -> Row:
            there = [
                v for v in rows.day_of(conn, doctor["id"], day)
                if v["status"] not in (*rows.NOT_THERE, Status.NO_SHOW) and start_ms <= rows.time_of(v) < end_ms
            ]  # fmt: skip
            mean_ms = int(rows.mean_s(conn, house, doctor["id"]) * 1000)
            met = bodies.overlaps_of([v for v in there if v["status"] in rows.EXPECTED], mean_ms, zone)
            slot = rows.slot_of(conn, house, doctor, start_ms, there)
            return {
                "hasOverlaps": bool(met), "totalAppointments": len(there),
                "capacity": rows.capacity_between(conn, house, doctor["id"], day, start_ms, end_ms), "overlaps": met,
                "queue": bodies.slot_body(house, slot, rows.names_of(conn, there), zone)["appointments"],
                "doctorId": doctor["id"], "startTime": iso(start_ms, zone), "endTime": iso(end_ms, zone),
            }  # fmt: skip

        found = await of_doctor(doctor_id, look)
        await guards.audit.saw(who, "list", f"{day} of doctor {found['doctorId']}")
        return ok(found)

    @router.get("/queue/slot-position/{appointmentId}", responses=errors(401, 403, 404, 409, 503))
    async def slot_position(request: Request, visit_id: VisitId) -> Response:
        """The place of a booked or waiting visit among those of its hour (staff)."""
        await guards.need(request, STAFF)
        wanted = given_id(visit_id, small=True)

        def look(conn: sqlite3.Connection, house: House) -> Row:
            visit = tables.visit(conn, wanted)
            if visit is None:
                raise no_visit()
            if visit["status"] not in rows.TO_SEE:
                words = visit["status"].replace("_", " ")
                raise Problem(409, f"{name_of(visit)} is {words} now.", code="wrong_state", hint="Read the list again.")
            start_ms = hour_of(rows.time_of(visit))
            in_order = [one["id"] for one in rows.hour_of_visit(conn, house, visit, start_ms, hour_of)]
            return {
                "appointmentId": visit["id"], "timeSlot": bodies.time_slot(start_ms, zone),
                "slotPosition": in_order.index(visit["id"]) + 1, "totalInSlot": len(in_order),
                **bodies.place_of(house, visit),
            }  # fmt: skip

        return ok((await faces.house_and(look))[2])

    @router.get("/queue/suggest-slots/{doctorId}", responses=errors(401, 403, 404, 503))
    async def suggest(
        request: Request, doctor_id: DoctorId, date: DayAsked = None, preferred_hour: PreferredHour = None
    ) -> Response:
        """Hours of a doctor's day with a place free, best first (kiosk or staff).

        `priorityScore`, of 100: 35 for free places, 30 for a short wait, 25 for being near `preferredHour`, 10 for a doctor
        who is not late; without `preferredHour` the rest makes up the 100. Where a doctor has no slots that day, hours
        from 9 to 17 and the one preferred; `slotId` is null then, and a booking by time makes the slot.
        """
        await guards.need(request, KIOSK)
        day = asked.day_of(date, faces.today())
        usual = set(rows.FREE_HOURS) | ({preferred_hour} if preferred_hour is not None else set())
        free = asked.hours_on(day, usual, zone) if day >= faces.today() else []

        def look(conn: sqlite3.Connection, house: House, doctor: Row) -> Row:
            plan = rows.plan(conn, house, doctor, day, hour_of, free)
            off = None
            if preferred_hour is not None:
                off = {
                    hour.start_ms: abs(bodies.clock_hour(hour.start_ms, zone) - preferred_hour) for hour in plan.hours
                }
            found = suggestions.suggest(plan.hours, plan.work, plan.mean_s, plan.backlog_s, house.now_ms, off)
            listed = [bodies.suggestion_body(one, zone) for one in found if doctor["is_active"]]
            return {"doctorId": doctor["id"], "date": day, "preferredHour": preferred_hour, "suggestions": listed}

        return ok(await of_doctor(doctor_id, look))

    @router.get("/queue/statistics/{doctorId}", responses=errors(401, 403, 404, 503))
    async def statistics(request: Request, doctor_id: DoctorId, date: DayAsked = None) -> Response:
        """A doctor's day in numbers (staff). Minutes, null where there is nothing to average; rates from 0 to 1.

        `averageWaitTime`: from arrival to the call, of those who came when called. `noShowRate`: of visits that are over.
        `earlyArrivals.rate`: of those with a booking who have arrived. `peakHours`: the busiest first. Undone acts and
        cancelled bookings do not count.
        """
        await guards.need(request, STAFF)
        day, wanted = asked.day_of(date, faces.today()), given_id(doctor_id, small=True)

        def look(conn: sqlite3.Connection) -> Row:
            doctor = tables.doctor(conn, wanted)
            if doctor is None:
                raise no_doctor()
            found = rows.statistics(conn, doctor["id"], day, hour_of)
            return {"doctorId": doctor["id"], "date": day, **bodies.statistics_body(found, zone)}

        return ok(await faces.read(look))

    @router.get("/websocket/stats", responses=errors(401, 403))
    async def stats(request: Request) -> Response:
        """What goes over the live connections: Socket.IO and seed 004's WebSocket, together and each (manager)."""
        await guards.need(request, MANAGER)
        each = {door: _live(live.of(door)) for door in DOORS}
        return ok({**_live(live.together()), "socketIO": each["socketio"], "webSocket": each["websocket"]})

    face_003_acts.install(router, wiring, guards, requests, faces)
    return router


def _live(stats: LiveStats) -> dict[str, Any]:
    return {
        "connectedClients": stats.connected_clients, "activeRooms": stats.active_rooms,
        "rooms": [{"roomId": room, "clients": clients} for room, clients in stats.rooms.items()],
        "messagesPerSecond": round(stats.messages_per_second, 3), "messagesIn": stats.messages_in,
        "messagesOut": stats.messages_out, "averageConnectionSeconds": round(stats.average_connection_seconds, 1),
        "errors": stats.errors, "errorRate": round(stats.error_rate, 4),
        "latencyMs": {"p50": round(stats.latency_ms[0], 1), "p95": round(stats.latency_ms[1], 1)},
        "uptimeSeconds": round(stats.uptime_seconds, 1),
    }  # fmt: skip
