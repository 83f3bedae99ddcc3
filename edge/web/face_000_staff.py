"""Seed 000: what the desk does, and the log. ``/api/staff/…`` but for registering, which stands with the patients."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Final
from urllib.parse import urlencode

import orjson
from fastapi import APIRouter, Query, Request, Response

from edge.domain import commands
from edge.store import accounts
from edge.store import face_000_log as log_rows
from edge.store.states import Row
from edge.web.documents import body, errors
from edge.web.face_000_common import DAY, JSON, Common, day_of
from edge.web.guards import CLINICAL, RECEPTION, STAFF, Level
from edge.web.lookups import own_queue
from edge.web.requests import NoBody, Shape, parsed
from shared.clock import to_ms
from shared.commands import ChangeDoctor, Command
from shared.problems import Problem

TOGGLERS: Final = Level(
    "reception, or a doctor for oneself", RECEPTION.kinds, frozenset(("reception", "doctor", "manager")),
    "Ask the reception or a manager.",
)  # fmt: skip


class Toggle(Shape):
    """What to set; nothing flips `is_active`."""

    is_active: bool | None = None
    is_on_break: bool | None = None


def routes(common: Common) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/api/staff", tags=["000: staff"])
    guards, requests, faces = common.guards, common.requests, common.faces
    refusals = errors(401, 403, 404, 409, 415, 422, 503)

    @router.post("/mark-noshow/{patient_id}", responses=refusals, openapi_extra=body(NoBody))
    async def miss(request: Request, patient_id: str) -> Response:
        """Mark a visit as not come, at once (reception, nurse; a doctor in the own queue)."""
        who = await guards.need(request, CLINICAL)
        raw = await request.body()
        parsed(request, raw, NoBody, who)

        async def work(known: Row | None) -> Row:
            if known is None:
                visit = await common.visit(patient_id)
                await own_queue(faces, who, visit)
                known = await requests.run(
                    request, who, raw,
                    lambda cid: commands.MarkNoShow(
                        command_id=cid, actor=who.actor, device=who.device, visit_id=visit["id"]
                    ),
                )  # fmt: skip
            shown = await common.shown(known["visit"])
            return {**common.patient(shown, known["visit"]), "undo_id": known["undo_id"]}

        return Response(await requests.once(request, who, raw, work), media_type=JSON)

    @router.put("/toggle-doctor/{doctor_id}", responses=refusals, openapi_extra=body(Toggle))
    async def toggle(request: Request, doctor_id: str) -> Response:
        """Without a body flip `is_active`; else set what is sent (reception; a doctor for oneself)."""
        who = await guards.need(request, TOGGLERS)
        doctor = await common.doctor(doctor_id)
        if not who.roles & {"reception", "manager"} and doctor["id"] != who.doctor_id:
            raise Problem(403, "This is another doctor.", hint="Ask that doctor, the reception or a manager.")
        raw = await request.body()
        asked = parsed(request, raw, Toggle, who)
        flips = asked.is_active is None and asked.is_on_break is None

        def command(command_id: str) -> Command:
            return ChangeDoctor(
                command_id=command_id, actor=who.actor, device=who.device, doctor_id=doctor["id"],
                is_active=not doctor["is_active"] if flips else asked.is_active, is_on_break=asked.is_on_break,
            )  # fmt: skip

        async def work(known: Row | None) -> Row:
            if known is None:
                await requests.run(request, who, raw, command)
            return common.doctor_body(await common.shown(), doctor["id"])

        return Response(await requests.once(request, who, raw, work), media_type=JSON)

    @router.post("/rebalance", responses=errors(401, 403, 409, 415, 422, 503), openapi_extra=body(NoBody))
    async def rebalance(request: Request) -> Response:
        """Recount loads and give the waiting whom nobody chose a doctor for to the least loaded who can (reception)."""
        who = await guards.need(request, RECEPTION)
        raw = await request.body()
        parsed(request, raw, NoBody, who)
        await guards.audit.saw(who, "list", "queue")

        def command(command_id: str) -> Command:
            return commands.Rebalance(command_id=command_id, actor=who.actor, device=who.device)

        async def work(known: Row | None) -> Row:
            result = await requests.run(request, who, raw, command) if known is None else known
            request.app.state.doors.feed.again()  # told also when nobody moved
            names = ("recalculated", "reassigned")
            undo_id = result["undo_id"] if result["reassigned"] else None
            queue = (await common.queue(names=True))["queue"]
            return {**{name: result[name] for name in names}, "undo_id": undo_id, "queue": queue}

        return Response(await requests.once(request, who, raw, work), media_type=JSON)

    @router.get("/logs", responses=errors(401, 403, 422, 503))
    async def logs(
        request: Request,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        cursor: Annotated[str | None, Query(max_length=80)] = None,
        kind: Annotated[str | None, Query(max_length=40, description="As `event` says it.")] = None,
        doctor_id: Annotated[str | None, Query(max_length=64)] = None,
        date: Annotated[str | None, Query(pattern=DAY)] = None,
    ) -> Response:
        """What happened, newest first (staff).

        The header `Link` leads to the next page, without it this is the last; a filter that fits little can give a
        short page with more behind it. After two weeks only visits remain, and `event` may be `visit_changed`.
        """
        who = await guards.need(request, STAFF)
        if kind is not None and kind not in log_rows.EVENT_KINDS:
            raise Problem(422, f"kind: one of {', '.join(sorted(log_rows.EVENT_KINDS))}.")
        day = day_of(date)
        span = None
        if day is not None:
            begin = datetime(day.year, day.month, day.day, tzinfo=faces.zone)
            span = (day.isoformat(), to_ms(begin), to_ms(begin + timedelta(days=1)))
        asked = log_rows.Asked(limit, cursor, kind, await common.wanted_doctor(doctor_id), span)

        def look(conn: Any) -> tuple[list[log_rows.Entry], str | None, dict[str, int], dict[str, str]]:
            found, following = log_rows.page(conn, asked)
            doctors = dict(conn.execute("select id, number from doctors").fetchall())
            return found, following, doctors, {person.id: person.name for person in accounts.staff(conn)}

        try:
            found, following, doctors, staff = await faces.read(look)
        except log_rows.BadCursor as error:
            raise Problem(422, "cursor: none of ours.", hint="Start again without a cursor.") from error
        await guards.audit.saw(who, "list", "log")
        answer = [
            {
                "id": one.id, "at": faces.moment(one.at_ms), "event": one.event, "patient_id": one.visit,
                "token_number": one.token, "doctor_id": doctors.get(one.doctor_id or ""), "actor": one.actor,
                "actor_name": staff.get(one.actor.removeprefix("staff:")), "details": one.details,
            }
            for one in found
        ]  # fmt: skip
        headers = {}
        if following is not None:
            query = {**dict(request.query_params), "cursor": following}
            headers["Link"] = f'<{request.url.path}?{urlencode(query)}>; rel="next"'
        return Response(orjson.dumps(answer), media_type=JSON, headers=headers)

    return router
