"""``/api/v1/care/…``: what the care page shows and does: doses now, answers by staff, holds, alerts, stock."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from edge.domain.care_commands import (
    AcknowledgeCareAlert,
    AnswerDose,
    CorrectDose,
    EndHold,
    SetHold,
)
from edge.store import face_002 as rows
from edge.store import medicines
from edge.store.states import Row
from edge.web.documents import body, errors
from edge.web.face_002_common import LIMIT, Care, From, Limit, Person, Until, json, moment_of, person_id_of
from edge.web.requests import NoBody, parsed
from shared.device_api import MS_MAX, Body, Id, Ms
from shared.ids import new_id
from shared.problems import Problem

HOUR_MS: Final = 3600 * 1000
BEHIND_MS, AHEAD_MS = 12 * HOUR_MS, 12 * HOUR_MS
"""Doses around now that the page shows when it does not say."""
STRETCH_MS_MAX: Final = 62 * 24 * HOUR_MS
REASON_MAX: Final = 200
LIMIT_DOSES: Final = 1_000


class Answer(Body):
    """What staff saw or were told of a dose. `at`: when, now unless said."""

    act: Literal["taken", "skipped", "snoozed"]
    at: Ms | None = None
    quantity: Annotated[float, Field(gt=0, le=1_000)] | None = None
    minutes: Annotated[int, Field(ge=1, le=240)] = 10
    reason: Annotated[str, Field(max_length=REASON_MAX)] = ""


class Correction(Body):
    """What became of a dose, by somebody who knows. `taken_at` for EARLY, ON_TIME and LATE: the status follows from it."""

    status: Literal["EARLY", "ON_TIME", "LATE", "SKIPPED", "MISSED"]
    taken_at: Ms | None = None
    reason: Annotated[str, Field(min_length=1, max_length=REASON_MAX)]


class Hold(Body):
    """Give nothing from `from` to `to`: of one item, of one plan, or of everything of the person."""

    patient_id: Id
    from_: Annotated[Ms, Field(alias="from")]
    to: Ms
    plan_id: Id | None = None
    item_id: Id | None = None
    reason: Annotated[str, Field(max_length=REASON_MAX)] = ""


def install(router: APIRouter, care: Care) -> None:
    """The routes under /care."""

    @router.get("/care/doses", tags=["care"], responses=errors(401, 403, 503))
    async def doses(
        request: Request, patient_id: Person = None, from_: From = None, to: Until = None, limit: Limit = LIMIT_DOSES
    ) -> Response:
        """Doses of all people, or of one, with status and next action, by due time; 12 hours around now, and what still waits
        from before (care)."""
        who = await care.need(request)
        person_id, now_ms = person_id_of(patient_id), care.faces.now_ms()
        from_ms, until_ms = moment_of(from_, "from"), moment_of(to, "to")
        waits_ms = MS_MAX if from_ms is not None else now_ms  # a dose of every week may be answered for a day and more
        from_ms = now_ms - BEHIND_MS if from_ms is None else from_ms
        until_ms = max(from_ms, now_ms) + AHEAD_MS if until_ms is None else until_ms
        if not 0 <= until_ms - from_ms <= STRETCH_MS_MAX:
            raise Problem(422, "from and to are at most 62 days apart, in this order.")
        await care.guards.audit.saw(who, "list", f"doses of {person_id or 'everybody'}")
        where = "(due_at >= ? or (next_action_at is not null and miss_at > ?)) and due_at < ?"
        where += " and person_id = ?" if person_id else ""
        values = (from_ms, waits_ms, until_ms, *((person_id,) if person_id else ()))
        found = await care.faces.read(lambda conn: rows.doses(conn, where, values, limit))
        names = await care.names(row["person_id"] for row in found)
        return json(
            {"now": care.iso(now_ms), "now_ms": now_ms, "doses": [dose_body(care, row, names) for row in found]}
        )

    @router.get("/care/doses/{dose_id}", tags=["care"], responses=errors(401, 403, 404, 503))
    async def dose(request: Request, dose_id: str) -> Response:
        """One dose (care)."""
        who = await care.need(request)
        row = await _dose(care, dose_id)
        await care.guards.audit.saw(who, "list", f"doses of {row['person_id']}")
        return json(dose_body(care, row, await care.names([row["person_id"]])))

    @router.post("/care/doses/{dose_id}/answer", tags=["care"], responses=errors(401, 403, 404, 409, 415, 503),
                 openapi_extra=body(Answer))  # fmt: skip
    async def answer(request: Request, dose_id: str) -> Response:
        """Staff saw it taken, or were told that it is skipped or put off (care). Answers the dose as it stands."""
        who = await care.need(request)
        raw = await request.body()
        given = parsed(request, raw, Answer, who)
        row = await _dose(care, dose_id)
        at_ms = care.faces.now_ms() if given.at is None else given.at

        def command(cid: str) -> AnswerDose:
            return AnswerDose(
                command_id=cid, actor=who.actor, device=who.device, act=given.act, source="nurse", at_ms=at_ms,
                dose_id=row["id"], quantity=given.quantity, reason=given.reason, snooze_min=given.minutes,
            )  # fmt: skip

        return await care.done(request, who, raw, command, _dosed(care, row["id"]))

    @router.post("/care/doses/{dose_id}/correct", tags=["care"], responses=errors(401, 403, 404, 409, 415, 503),
                 openapi_extra=body(Correction))  # fmt: skip
    async def correct(request: Request, dose_id: str) -> Response:
        """Say what became of a dose, with a reason; what was said before stays in the record (care)."""
        who = await care.need(request)
        raw = await request.body()
        given = parsed(request, raw, Correction, who)
        row = await _dose(care, dose_id)

        def command(cid: str) -> CorrectDose:
            return CorrectDose(
                command_id=cid, actor=who.actor, device=who.device, dose_id=row["id"], status=given.status,
                taken_ms=given.taken_at, reason=given.reason,
            )  # fmt: skip

        return await care.done(request, who, raw, command, _dosed(care, row["id"]))

    @router.get("/care/holds", tags=["care"], responses=errors(401, 403, 503))
    async def holds(request: Request, patient_id: Person = None) -> Response:
        """Holds nobody ended; `medication`: null where all of the person's is held (care)."""
        await care.need(request)
        person_id = person_id_of(patient_id)
        found = await care.faces.read(lambda conn: medicines.holds(conn, person_id))
        names = await care.names(row["person_id"] for row in found)
        return json([_hold_body(care, row, names) for row in found])

    @router.post("/care/holds", status_code=201, tags=["care"], responses=errors(401, 403, 404, 409, 415, 503),
                 openapi_extra=body(Hold))  # fmt: skip
    async def hold(request: Request) -> Response:
        """Hold doses back for a time (care)."""
        who = await care.need(request)
        raw = await request.body()
        given = parsed(request, raw, Hold, who)

        def command(cid: str) -> SetHold:
            return SetHold(
                command_id=cid, actor=who.actor, device=who.device, hold_id=new_id(), person_id=given.patient_id,
                from_ms=given.from_, until_ms=given.to, plan_id=given.plan_id, item_id=given.item_id, reason=given.reason,
            )  # fmt: skip

        async def dress(result: Row) -> Row:
            return result

        return await care.done(request, who, raw, command, dress, 201)

    @router.delete("/care/holds/{hold_id}", status_code=204, tags=["care"], responses=errors(401, 403, 404, 409, 503))
    async def end_hold(request: Request, hold_id: str) -> Response:
        """End a hold: what it held and is not over is planned again (care)."""
        who = await care.need(request)

        def command(cid: str) -> EndHold:
            return EndHold(command_id=cid, actor=who.actor, device=who.device, hold_id=hold_id[:64])

        await care.requests.run(request, who, b"", command)
        return Response(status_code=204)

    @router.get("/care/alerts", tags=["care"], responses=errors(401, 403, 503))
    async def alerts(
        request: Request, patient_id: Person = None, open_only: Annotated[bool, Query(alias="open")] = True,
        limit: Limit = LIMIT,
    ) -> Response:  # fmt: skip
        """Alerts about patients, open ones first (care); `open=false` for those that are over too."""
        who = await care.need(request)
        person_id = person_id_of(patient_id)
        await care.guards.audit.saw(who, "list", f"care alerts of {person_id or 'everybody'}")
        found = await care.faces.read(
            lambda conn: rows.alerts(conn, open_only=open_only, person_id=person_id, limit=limit)
        )
        names = await care.names(row["person_id"] for row in found)
        return json([_alert_body(care, row, names) for row in found])

    @router.post("/care/alerts/{alert_id}/acknowledge", tags=["care"],
                 responses=errors(401, 403, 404, 409, 415, 503), openapi_extra=body(NoBody))  # fmt: skip
    async def acknowledge(request: Request, alert_id: str) -> Response:
        """Take an alert upon oneself, by name: nobody else is told any more (care)."""
        who = await care.need(request)
        raw = await request.body()
        parsed(request, raw, NoBody, who)
        id_ = alert_id.lower()[:64]

        def command(cid: str) -> AcknowledgeCareAlert:
            return AcknowledgeCareAlert(
                command_id=cid, actor=who.actor, device=who.device, alert_id=id_, by=who.name or who.id
            )

        async def dress(_: Row) -> Row:
            found = await care.faces.read(lambda conn: rows.alert(conn, id_))
            assert found is not None, "it was acknowledged"
            return _alert_body(care, found, await care.names([found["person_id"]]))

        return await care.done(request, who, raw, command, dress)

    @router.get("/care/stock", tags=["care"], responses=errors(401, 403, 503))
    async def stock(request: Request, patient_id: Person = None) -> Response:
        """How much of each medicine is left, what runs out first before the others (care)."""
        await care.need(request)
        person_id = person_id_of(patient_id)
        found = await care.faces.read(lambda conn: rows.stock(conn, person_id))
        names = await care.names(row["person_id"] for row in found)
        return json([{
            "patient_id": row["person_id"], "patient_name": names.get(row["person_id"]), "plan_id": row["plan_id"],
            "item_id": row["item_id"], "medication": row["medication"], "device_id": row["device_id"],
            "compartment": row["compartment"], "units": row["units"], "days_left": row["days_left"],
        } for row in found])  # fmt: skip


async def _dose(care: Care, dose_id: str) -> Row:
    found = await care.faces.read(lambda conn: rows.dose(conn, dose_id.lower()[:64]))
    if found is None:
        raise Problem(404, "There is no such dose.", hint="Read the list again.")
    return found


def _dosed(care: Care, dose_id: str) -> Any:
    async def dress(_: Row) -> Row:
        row = await _dose(care, dose_id)
        return dose_body(care, row, await care.names([row["person_id"]]))

    return dress


def dose_body(care: Care, row: Row, names: dict[str, str]) -> dict[str, Any]:
    """A dose as the care page shows it. `open`: its window is, and nobody answered."""
    now_ms = care.faces.now_ms()
    waits = row["status"] in ("PLANNED", "ANNOUNCED", "SNOOZED")
    return {
        "id": row["id"], "patient_id": row["person_id"], "patient_name": names.get(row["person_id"]),
        "plan_id": row["plan_id"], "item_id": row["item_id"], "medication": row["medication"],
        "quantity": row["quantity"], "unit": row["unit"], "policy_class": row["policy_class"],
        "critical": row["critical"], "status": row["status"], "status_since": care.iso(row["status_since"]),
        "open": waits and row["window_open"] <= now_ms < row["miss_at"], "due_at": care.iso(row["due_at"]),
        "window_open": care.iso(row["window_open"]), "on_time_until": care.iso(row["on_time_until"]),
        "miss_at": care.iso(row["miss_at"]), "next_action_at": care.iso(row["next_action_at"]),
        "snoozed_until": care.iso(row["snoozed_until"]), "announced": row["announced_n"],
        "taken_at": care.iso(row["taken_at"]), "source": row["source"], "reason": row["reason"],
        "device_id": row["device_id"], "compartment": row["compartment"],
    }  # fmt: skip


def _hold_body(care: Care, row: Row, names: dict[str, str]) -> dict[str, Any]:
    return {
        "id": row["id"], "patient_id": row["person_id"], "patient_name": names.get(row["person_id"]),
        "plan_id": row["plan_id"], "item_id": row["item_id"], "medication": row["medication"], "from": care.iso(row["from_at"]),
        "to": care.iso(row["until_at"]), "reason": row["reason"],
    }  # fmt: skip


def _alert_body(care: Care, row: Row, names: dict[str, str]) -> dict[str, Any]:
    return {
        "id": row["id"], "patient_id": row["person_id"], "patient_name": names.get(row["person_id"]),
        "topic": row["topic"], "severity": row["severity"], "title": row["title"], "body": row["body"],
        "hint": row["hint"], "occurrence_ids": row["dose_ids"], "device_id": row["device_id"], "note_id": row["note_id"],
        "rung": row["rung"], "audience": row["audience"], "critical": row["critical"], "tries": row["tries"],
        "raised_at": care.iso(row["raised_at"]), "next_action_at": care.iso(row["next_action_at"]),
        "acked_by": row["acked_by"], "acked_at": care.iso(row["acked_at"]), "open": row["open"],
        "says": row["says"],
    }  # fmt: skip
