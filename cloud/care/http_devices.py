"""HTTP of devices: what managers do, and the device contract of seed 002 (`shared/device_api.py`), the same as at a clinic."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response

from cloud.accounts.guards import Guards, client_address
from cloud.accounts.people import CARE_ROLES, Account
from cloud.accounts.repeats import Key, Repeats
from cloud.care.bodies import CareDevice
from cloud.care.devices import Asking, Devices
from cloud.care.intake import Intake
from shared import device_tokens, tokens
from shared.device_api import (
    ClaimAnswer,
    ClaimRequest,
    DeviceChange,
    Events,
    EventsAnswer,
    Heartbeat,
    HeartbeatAnswer,
    Ms,
    Schedule,
    is_unchanged,
)
from shared.doses.localtime import DAY_MS
from shared.problems import Problem

DeviceId = Annotated[str, Path(max_length=64)]
Row = dict[str, Any]


def devices_router(devices: Devices, intake: Intake, repeats: Repeats, guards: Guards) -> APIRouter:
    """`/api/v1/devices/…` and `POST /api/v1/events`."""
    router = APIRouter(prefix="/api/v1", tags=["devices"])
    care, manager, own = Depends(guards.care), Depends(guards.manager), Depends(devices.asking)

    @router.get("/devices")
    async def list_devices(
        account: Account = care,
        patient_id: Annotated[str | None, Query(max_length=64)] = None,
        site: Annotated[str | None, Query(max_length=40)] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> list[Row]:
        """Devices of your sites, and how they are."""
        return await devices.many(account, patient_id, site, limit)

    @router.post("/devices", status_code=201)
    async def add_device(body: CareDevice, account: Account = manager, key: Key = None) -> Row:
        """A new device and its claim code, shown this once and good for ten minutes. `reach`: "direct" where the device
        reaches head office itself; its patient's plans are then carried out here."""
        code = devices.claim_code(account, key)
        asked = ["devices", body.model_dump(mode="json")]
        return await repeats.once(account, key, asked, lambda: devices.add(account, body, code), {"claim_code": code})

    @router.post("/devices/claim")
    async def claim(body: ClaimRequest, request: Request) -> ClaimAnswer:
        """A device brings its public key and its code. 400 for a code that is unknown, used or too old."""
        return ClaimAnswer(device_id=await devices.claim(body, client_address(request)))

    @router.get("/devices/{device_id}")
    async def one_device(device_id: DeviceId, account: Account = care) -> Row:
        """One device, and how it is."""
        return await devices.one(account, device_id)

    @router.put("/devices/{device_id}")
    async def change_device(device_id: DeviceId, body: DeviceChange, account: Account = manager) -> Row:
        """Its name, and whose it is. What is left out stays; a clinic's device changes once the clinic has the command."""
        return await devices.change(account, device_id, body)

    @router.delete("/devices/{device_id}", status_code=204)
    async def remove_device(device_id: DeviceId, account: Account = manager) -> Response:
        """Revoke its key. What it told stays."""
        await devices.remove(account, device_id)
        return Response(status_code=204)

    @router.get("/devices/{device_id}/schedule", responses={304: {"description": "As in `If-None-Match`."}})
    async def schedule(
        device_id: DeviceId,
        request: Request,
        response: Response,
        from_: Annotated[Ms | None, Query(alias="from", description="ISO 8601 or ms; left out: now.")] = None,
        to: Annotated[Ms | None, Query(description="Left out: 14 days from now.")] = None,
        if_none_match: Annotated[str | None, Header(alias="If-None-Match", max_length=400)] = None,
    ) -> Schedule:
        """The doses of the device's patient (the device, or care)."""
        if to is not None and (to < (from_ or 0) or to - (from_ or to) > 93 * DAY_MS):
            raise Problem(422, "Ask for a stretch of at most 93 days, its end after its begin.")
        token = tokens.bearer_of(request.headers)
        by_device = token is not None and device_tokens.claimed_device(token) is not None
        if by_device:
            asking: Asking = await devices.asking(request)
            site = asking.site
        else:
            account = await guards.signed_in(request)
            if not account.roles & CARE_ROLES:
                raise Problem(403, "This is for the device, and for nurses, doctors and managers.")
            site = (await devices.one(account, device_id))["site"]
        made = await intake.schedule(site, device_id, from_, to, by_device=by_device)
        etag = made.etag()
        if is_unchanged(etag, if_none_match):
            return Response(status_code=304, headers={"ETag": etag})  # type: ignore[return-value]
        response.headers["ETag"] = etag
        return made

    @router.post("/devices/{device_id}/events")
    async def device_events(device_id: DeviceId, body: Events, device: Asking = own) -> EventsAnswer:
        """What happened at the device, after the commit. Send again what follows `upto`."""
        return await intake.events(device, body)

    @router.post("/events")
    async def own_events(body: Events, device: Asking = own) -> EventsAnswer:
        """As `/devices/{id}/events`; the device is the credential's."""
        return await intake.events(device, body)

    @router.post("/devices/{device_id}/heartbeat")
    async def heartbeat(device_id: DeviceId, body: Heartbeat, device: Asking = own) -> HeartbeatAnswer:
        """How the device is; the answer has the time, and the revision of its schedule."""
        return await intake.heartbeat(device, body)

    return router
