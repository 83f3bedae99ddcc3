"""Seed 003's writes: move, early arrival, no-show, emergency message. `face_003` holds what is only looked at."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request, Response

from edge.domain.booking_commands import EmergencyMessage
from edge.domain.commands import CheckIn, MarkNoShow, MoveVisit
from edge.domain.visits import HERE, OVER, Status, Visit, name_of
from edge.web import face_003_bodies as bodies
from edge.web.documents import body, errors
from edge.web.face_003_asked import DoctorId, Message, Missed, Move, VisitId
from edge.web.face_003_bodies import ok, success
from edge.web.faces import Faces
from edge.web.guards import CLINICAL, KIOSK, STAFF, Guards, Level, own
from edge.web.lookups import doctor_of, own_queue, standing, visit_of
from edge.web.requests import NoBody, Requests, parsed
from edge.web.wiring import Wiring
from shared.clock import iso
from shared.ids import new_id
from shared.problems import Problem

DESK_OR_DOCTOR: Final = Level(
    "reception or the doctor", STAFF.kinds, frozenset(("reception", "doctor", "manager")),
    "Ask the reception, the doctor or a manager.",
)  # fmt: skip


def install(router: APIRouter, wiring: Wiring, guards: Guards, requests: Requests, faces: Faces) -> None:
    """Add the routes that change something."""
    zone = wiring.options.zone

    async def queue_of(visit: Visit) -> tuple[Visit, dict[str, Any]]:
        house, now = await standing(faces, visit)
        return now, bodies.queue_data(house, now, bodies.site_of(wiring))["queue"]

    @router.post(
        "/queue/move/{appointmentId}", responses=errors(401, 403, 404, 409, 415, 422, 503), openapi_extra=body(Move)
    )
    async def move(request: Request, visit_id: VisitId) -> Response:
        """Give a waiting visit a place by hand (reception; a doctor in the own queue). Beyond the end means last."""
        who = await guards.need(request, DESK_OR_DOCTOR)
        raw = await request.body()
        place = min(parsed(request, raw, Move, who).newPosition, 1_000_000)
        visit = await visit_of(faces, visit_id)
        await own_queue(faces, who, visit)

        def command(cid: str) -> MoveVisit:
            return MoveVisit(command_id=cid, actor=who.actor, device=who.device, visit_id=visit["id"], place=place)

        async def work(known: dict[str, Any] | None) -> dict[str, Any]:
            result = known or await requests.run(request, who, raw, command)
            _, queue = await queue_of(result["visit"])
            return success({
                "appointmentId": visit["id"], "oldPosition": result["old_position"],
                "newPosition": result["new_position"], "undoId": result["undo_id"], "queue": queue,
            })  # fmt: skip

        return Response(await requests.once(request, who, raw, work), media_type="application/json")

    @router.post(
        "/queue/early-arrival/{appointmentId}",
        responses=errors(401, 403, 404, 409, 415, 422, 503), openapi_extra=body(NoBody),
    )  # fmt: skip
    async def early_arrival(request: Request, visit_id: VisitId) -> Response:
        """Somebody with a booking is here (kiosk or staff). Up to 30 minutes (a setting) before the time the visit joins the
        queue now; earlier it is noted as arrived and joins by itself at that limit: `admitted` and `admittedAt` say which."""
        who = await guards.need(request, KIOSK)
        raw = await request.body()
        parsed(request, raw, NoBody, who)
        visit = await visit_of(faces, visit_id)

        def command(cid: str) -> CheckIn:
            return CheckIn(command_id=cid, actor=who.actor, device=who.device, visit_id=visit["id"])

        async def work(known: dict[str, Any] | None) -> dict[str, Any]:
            if known is None and visit["status"] in (HERE | OVER):
                raise _not_booked(visit)
            result = known or await requests.run(request, who, raw, command)
            arrived: Visit = result["visit"]
            if result.get("already") and arrived["status"] != Status.BOOKED:
                raise _not_booked(arrived)
            now, queue = await queue_of(arrived)
            joins_ms = arrived["timer_at"] if not result["admitted"] else arrived["arrived_at"]
            link = faces.tracking(arrived)
            return success({
                "appointmentId": arrived["id"], "tokenNumber": now["token"], "status": bodies.status_of(now),
                "minutesEarly": max(0, (arrived["due_at"] - arrived["arrived_at"]) // 60_000) if arrived["due_at"] else 0,
                "admitted": result["admitted"], "admittedAt": faces.moment(joins_ms), "queue": queue,
                "undoId": result.get("undo_id"), "trackingToken": link["tracking_token"],
                "trackingUrl": link["tracking_url"],
            })  # fmt: skip

        return Response(await requests.once(request, who, raw, work), media_type="application/json")

    @router.post(
        "/queue/no-show/{appointmentId}",
        responses=errors(401, 403, 404, 409, 415, 422, 503),
        openapi_extra=body(Missed),
    )
    async def no_show(request: Request, visit_id: VisitId) -> Response:
        """Somebody did not come (reception or nurse; a doctor in the own queue). Within `gracePeriod` minutes of the later
        of the booked time (with its delay) and the last call nothing happens yet: `outcome` is "grace", `graceEndsAt` when
        it will. `promoted`: who got the place."""
        who = await guards.need(request, CLINICAL)
        raw = await request.body()
        wanted = parsed(request, raw, Missed, who).gracePeriod
        visit = await visit_of(faces, visit_id)
        await own_queue(faces, who, visit)
        grace = (await faces.house()).rules.grace_min if wanted is None else wanted

        def command(cid: str) -> MarkNoShow:
            return MarkNoShow(command_id=cid, actor=who.actor, device=who.device, visit_id=visit["id"], grace_min=grace)

        async def work(known: dict[str, Any] | None) -> dict[str, Any]:
            result = known or await requests.run(request, who, raw, command)
            ends = result.get("grace_ends_ms")
            return success({
                "appointmentId": visit["id"], "outcome": result["outcome"], "graceEndsAt": faces.moment(ends),
                "promoted": bodies.promoted_body(result["promoted"]), "undoId": result["undo_id"],
                "status": bodies.status_of(result["visit"]),
            })  # fmt: skip

        return Response(await requests.once(request, who, raw, work), media_type="application/json")

    @router.post(
        "/queue/emergency/{doctorId}",
        responses=errors(401, 403, 404, 409, 415, 422, 503), openapi_extra=body(Message),
    )  # fmt: skip
    async def emergency(request: Request, doctor_id: DoctorId) -> Response:
        """Tell everybody of a doctor's day, on phones and screens and aloud (reception; a doctor the own). The delay is in
        that doctor's estimates until the message is ended: `POST /api/v1/broadcasts/{id}/end`."""
        who = await guards.need(request, DESK_OR_DOCTOR)
        raw = await request.body()
        wanted = parsed(request, raw, Message, who)
        doctor = await doctor_of(faces, doctor_id)
        own(who, doctor["id"])

        def command(cid: str) -> EmergencyMessage:
            return EmergencyMessage(
                command_id=cid, actor=who.actor, device=who.device, broadcast_id=new_id(), doctor_id=doctor["id"],
                message=wanted.message, priority=wanted.priority, delay_min=wanted.estimatedDelay or 0,
            )  # fmt: skip

        result = await requests.run(request, who, raw, command)
        sent = result["broadcast"]
        return ok({
            "broadcastId": sent["id"], "recipients": result["recipients"], "message": sent["message"],
            "priority": sent["priority"], "estimatedDelay": sent["delay_min"], "sentAt": iso(sent["sent_at"], zone),
            "doctorId": sent["doctor_id"],
        })  # fmt: skip


def _not_booked(visit: Visit) -> Problem:
    words = visit["status"].replace("_", " ")
    return Problem(
        409, f"{name_of(visit)} is {words}, not booked.", code="wrong_state",
        hint="It is in the queue already." if visit["status"] in HERE else "Ask at the desk.",
    )  # fmt: skip
