"""Seed 002: devices, their claim, schedule, events and heartbeat."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request, Response

from edge.app.device_intake import BadClaim
from edge.domain.care_commands import AddDevice, ChangeDevice, RemoveDevice
from edge.store import face_002 as rows
from edge.store.states import Row
from edge.web.credentials import Identity
from edge.web.documents import body, errors
from edge.web.face_002_common import Care, From, Person, Until, json, moment_of, person_id_of
from edge.web.guards import CARE, CARE_OR_DEVICE, MANAGER
from edge.web.requests import parsed
from shared.device_api import (
    ClaimAnswer,
    ClaimRequest,
    DeviceChange,
    Events,
    Heartbeat,
    NewDevice,
    Schedule,
    is_unchanged,
)
from shared.device_tokens import CLAIM_LIFETIME_MS, claim_hash, new_claim_code, repeated_claim_code
from shared.ids import new_id
from shared.problems import Problem

DAYS_MAX_MS: Final = 62 * 24 * 3600 * 1000
"""Longest stretch of a schedule that is asked for at once."""
UNCHANGED: Final[dict[int | str, dict[str, Any]]] = {304: {"description": "As `If-None-Match` says."}}


def install(router: APIRouter, care: Care) -> None:
    """The routes under /devices."""

    @router.get("/devices", tags=["devices"], responses=errors(401, 403, 404, 503))
    async def devices(request: Request, patient_id: Person = None, site: str | None = None) -> Response:
        """The clinic's devices with how they are (care)."""
        await care.need(request)
        person_id = person_id_of(patient_id)
        if site is not None and site not in care.wiring.site_names():
            return json([])
        found = await care.faces.read(lambda conn: rows.devices(conn, person_id))
        return json([care.device_body(row) for row in found])

    @router.post("/devices", status_code=201, tags=["devices"], responses=errors(401, 403, 404, 409, 415, 503),
                 openapi_extra=body(NewDevice))  # fmt: skip
    async def add(request: Request) -> Response:
        """Add a device (manager). Type `claim_code` into the device within 10 minutes; the same `Idempotency-Key` gives it
        again, and it is kept nowhere."""
        who = await care.guards.need(request, MANAGER)
        raw = await request.body()
        wanted = parsed(request, raw, NewDevice, who)
        named = care.requests.name_of(request, who, raw)
        code = new_claim_code() if named is None else repeated_claim_code(care.wiring.key, named)
        until_ms = care.faces.now_ms() + CLAIM_LIFETIME_MS

        def command(command_id: str) -> AddDevice:
            return AddDevice(
                command_id=command_id, actor=who.actor, device=who.device, device_id=new_id(),
                device_kind=wanted.kind, name=wanted.name, person_id=wanted.patient_id, claim_hash=claim_hash(code),
                claim_until_ms=until_ms,
            )  # fmt: skip

        made = await care.requests.run(request, who, raw, command)
        return json({**care.device_body(care.known(made["device"]["id"])), "claim_code": code}, 201)

    @router.post("/devices/claim", tags=["devices"], responses=errors(400, 415, 503),
                 response_model=ClaimAnswer, openapi_extra=body(ClaimRequest))  # fmt: skip
    async def claim(request: Request) -> Response:
        """A device brings its public key with its claim code; the code is the credential. The same again answers the same."""
        care.guards.anybody(request)
        asked = parsed(request, await request.body(), ClaimRequest, None)
        try:
            device_id = await care.intake.claim(asked)
        except BadClaim as error:
            status = 422 if error.code == "bad_key" else 400
            raise Problem(status, str(error), code=error.code, hint=error.hint) from error
        return json({"device_id": device_id})

    @router.get("/devices/{device_id}", tags=["devices"], responses=errors(401, 403, 404, 503))
    async def device(request: Request, device_id: str) -> Response:
        """One device (care, or the device itself)."""
        await _own_or_care(care, request, device_id)
        return json(care.device_body(care.known(device_id)))

    @router.put("/devices/{device_id}", tags=["devices"], responses=errors(401, 403, 404, 409, 415, 503),
                openapi_extra=body(DeviceChange))  # fmt: skip
    async def change(request: Request, device_id: str) -> Response:
        """Name a device, give it to somebody, or take it from whoever has it with `patient_id` null (manager)."""
        who = await care.guards.need(request, MANAGER)
        raw = await request.body()
        wanted = parsed(request, raw, DeviceChange, who)
        known = care.known(device_id)
        if wanted.kind is not None and wanted.kind != known["device_kind"]:
            raise Problem(409, "The kind of a device does not change.", hint="Remove it and add the other.")
        owner = (wanted.patient_id or "") if "patient_id" in wanted.model_fields_set else None

        def command(cid: str) -> ChangeDevice:
            return ChangeDevice(
                command_id=cid, actor=who.actor, device=who.device, device_id=known["id"], name=wanted.name,
                person_id=owner,
            )  # fmt: skip

        async def dress(_: Row) -> Row:
            return care.device_body(care.known(device_id))

        return await care.done(request, who, raw, command, dress)

    @router.delete("/devices/{device_id}", status_code=204, tags=["devices"], responses=errors(401, 403, 404, 503))
    async def remove(request: Request, device_id: str) -> Response:
        """Remove a device (manager): its key is good for nothing with its next request."""
        who = await care.guards.need(request, MANAGER)
        named = care.requests.name_of(request, who, b"")
        if named is None or not care.requests.is_done(named):
            device_id = care.known(device_id)["id"]

        def command(command_id: str) -> RemoveDevice:
            return RemoveDevice(command_id=command_id, actor=who.actor, device=who.device, device_id=device_id)

        await care.requests.run(request, who, b"", command)
        return Response(status_code=204)

    @router.get("/devices/{device_id}/schedule", tags=["devices"], response_model=Schedule,
                responses={**errors(401, 403, 404, 503), **UNCHANGED})  # fmt: skip
    async def schedule(request: Request, device_id: str, from_: From = None, to: Until = None) -> Response:
        """The doses of the device's person, of the next 14 days unless said otherwise (the device, or care). Has an ETag."""
        await _own_or_care(care, request, device_id)
        known = care.known(device_id)
        from_ms, until_ms = moment_of(from_, "from"), moment_of(to, "to")
        begin_ms = from_ms if from_ms is not None else care.faces.now_ms()
        if until_ms is not None and not begin_ms <= until_ms <= begin_ms + DAYS_MAX_MS:
            raise Problem(422, "from and to are at most 62 days apart.", hint="Ask for less at once.")
        if from_ms is not None and until_ms is None:
            until_ms = from_ms + DAYS_MAX_MS // 2
        found = care.intake.schedule(known["id"], from_ms, until_ms)
        etag = found.etag()
        if is_unchanged(etag, request.headers.get("if-none-match")):
            return Response(status_code=304, headers={"etag": etag})
        answer = json(found.model_dump(mode="json"))
        answer.headers["etag"] = etag
        return answer

    @router.post("/devices/{device_id}/events", tags=["devices"], responses=errors(401, 403, 404, 415, 503),
                 openapi_extra=body(Events))  # fmt: skip
    async def events(request: Request, device_id: str) -> Response:
        """What happened at the device, oldest first (the device). Answered when it is on disk: `upto` says up to where."""
        return await take_events(care, request, await care.device(request, device_id))

    @router.post("/devices/{device_id}/heartbeat", tags=["devices"], responses=errors(401, 403, 404, 415, 503),
                 openapi_extra=body(Heartbeat))  # fmt: skip
    async def heartbeat(request: Request, device_id: str) -> Response:
        """How the device is (the device); answered with the time, the revision of its schedule, and what waits for it."""
        mine = await care.device(request, device_id)
        beat = parsed(request, await request.body(), Heartbeat, None)
        return json((await care.intake.heartbeat(mine, beat)).model_dump(mode="json"))


async def take_events(care: Care, request: Request, device_id: str) -> Response:
    """Take the events in the body for a device."""
    told = parsed(request, await request.body(), Events, None)
    answer = await care.intake.events(device_id, told)
    return json(answer.model_dump(mode="json"))


async def _own_or_care(care: Care, request: Request, device_id: str) -> Identity:
    """Somebody who cares, or the device itself. Raises Problem."""
    who = await care.guards.need(request, CARE_OR_DEVICE)
    if who.kind == "device":
        if who.id != device_id.lower():
            raise Problem(403, "This is another device's.", hint="A device speaks for itself only.")
    else:
        care.guards.enough(who, CARE)
        await care.guards.audit.saw(who, "list", f"device {device_id[:36]}")
    return who
