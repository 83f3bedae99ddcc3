"""HTTP of recordings: sounds brought in pieces, recordings of devices, and what people read and hear of them."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, ValidationError

from cloud.accounts.guards import Guards
from cloud.accounts.people import Account
from cloud.care import listing
from cloud.care.bodies import LookedAt
from cloud.care.devices import Asking, Devices
from cloud.care.sounds import Sounds
from cloud.db.pool import Pool
from shared import device_tokens, tokens
from shared.clock import Clock
from shared.device_api import AUDIO_BYTES_MAX, MS_MAX, Ms, VoiceAnswer, VoiceBySha, VoiceFields
from shared.doses.localtime import DAY_MS
from shared.problems import ERRORS_MAX, Problem
from shared.uploads import SOUND, VOICE_BODY, Uploads

BACK_MS: Final = 14 * DAY_MS
Sha = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the whole sound, hex.")]
Bytes = Annotated[int, Header(ge=0, le=AUDIO_BYTES_MAX)]
Id = Annotated[str, Path(max_length=64)]
Maybe = Annotated[str | None, Query(max_length=64)]
From = Annotated[Ms | None, Query(alias="from", description="ISO 8601 or ms; left out: 14 days ago.")]
Until = Annotated[Ms | None, Query(description="Not included; left out: now.")]
Limit = Annotated[int, Query(ge=1, le=1000)]
Row = dict[str, Any]
Model = TypeVar("Model", bound=BaseModel)
PIECE: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_OFFSET: Final = {"Upload-Offset": {"description": "Bytes that are here.", "schema": {"type": "integer"}}}
STANDS: Final[dict[int | str, Row]] = {
    201: {"description": "The sound is here, whole, and is what its SHA-256 says.", "headers": _OFFSET},
    204: {"description": "The piece is kept.", "headers": _OFFSET},
}
PLAYED: Final[dict[int | str, Row]] = {
    200: {"description": "The sound.", "content": {"audio/*": {"schema": {"type": "string", "format": "binary"}}}},
    206: {"description": "The part that `Range` asks for.", "content": {"audio/*": {}}},
    416: {"description": "The sound has no such part.", "content": {"text/plain": {}}},
}


def sounds_router(sounds: Sounds, devices: Devices, pool: Pool, guards: Guards, clock: Clock) -> APIRouter:
    """`/api/v1/blobs/…`, `/api/v1/voice…`, `/api/v1/devices/{id}/voice` and `GET /api/v1/events`."""
    router = APIRouter(prefix="/api/v1", tags=["recordings"])
    care, own = Depends(guards.care), Depends(devices.asking)
    uploads = Uploads(sounds.blobs, AUDIO_BYTES_MAX)

    async def sender(request: Request) -> str:
        """The site of whoever brings a sound: a clinic, or a device."""
        token = tokens.bearer_of(request.headers)
        if token is not None and device_tokens.claimed_device(token) is not None:
            return (await devices.asking(request)).site
        return (await guards.device(request)).site

    @router.head("/blobs/{sha256}")
    async def stands(sha256: Sha, site: str = Depends(sender)) -> Response:
        """How much of a sound is here: `Upload-Offset`; 404 for nothing (a clinic, or a device)."""
        have = await sounds.standing(site, sha256)
        if not have:
            raise Problem(
                404, "Nothing of this sound is here.", headers={"Upload-Offset": "0"}, hint="Send it from byte 0."
            )
        return Response(headers={"Upload-Offset": str(have)})

    @router.put("/blobs/{sha256}", status_code=204, responses=STANDS, openapi_extra=PIECE)
    async def take(
        sha256: Sha, request: Request, upload_offset: Bytes, upload_length: Bytes, site: str = Depends(sender)
    ) -> Response:
        """A piece of a sound, at most 256 KiB, from byte `Upload-Offset` of `Upload-Length` (a clinic, or a device). 409 says
        where to go on; 422 that it came out wrong and begins anew."""
        stand = await sounds.take(site, sha256, upload_offset, upload_length, await request.body())
        return Response(status_code=201 if stand.whole else 204, headers={"Upload-Offset": str(stand.offset)})

    async def recorded(request: Request, device: Asking) -> VoiceAnswer:
        if request.headers.get("content-type", "").startswith("application/json"):
            by_sha = _parsed(VoiceBySha, await request.body())
            return await sounds.note(device, by_sha.sha256, by_sha, brought=False)
        form = await uploads.take(request, SOUND)
        try:
            if form.sound is None or not form.sound.bytes:
                raise Problem(422, f"{SOUND}: the form holds no sound.")
            about = _parsed(VoiceFields, {name: value for name, value in form.fields.items() if value})
            sha256 = await asyncio.to_thread(form.sound.finish)
        finally:
            form.drop()
        return await sounds.note(device, sha256, about, brought=True)

    @router.post("/devices/{device_id}/voice", status_code=202, openapi_extra=VOICE_BODY)
    async def voice(device_id: Id, request: Request, device: Asking = own) -> VoiceAnswer:
        """What somebody said to the device, once the sound is on disk. `heard` is null here: the transcript comes later."""
        return await recorded(request, device)

    @router.post("/voice", status_code=202, openapi_extra=VOICE_BODY)
    async def own_voice(request: Request, device: Asking = own) -> VoiceAnswer:
        """As `/devices/{id}/voice`; the device is the credential's."""
        return await recorded(request, device)

    @router.get("/voice")
    async def listed(
        account: Account = care, patient_id: Maybe = None, from_: From = None, to: Until = None, limit: Limit = 100,
        to_look_at: bool = False,
    ) -> list[Row]:  # fmt: skip
        """Recordings with what was understood of them, the newest first; with `to_look_at` only those that ask for a person."""
        begin, end = _span(from_, to, clock)
        async with pool.transaction() as conn:
            return await listing.notes(conn, account, patient_id, begin, end, limit, to_look_at)

    @router.get("/voice/{note_id}")
    async def one(note_id: Id, account: Account = care) -> Row:
        """One recording: transcript, intent, quotes with their seconds, questions with their answers, alerts."""
        async with pool.transaction() as conn:
            return await listing.note(conn, clock, account, note_id, "recording_seen")

    @router.post("/voice/{note_id}/looked-at")
    async def looked_at(note_id: Id, body: LookedAt | None = None, account: Account = care) -> Row:
        """You have looked at a recording that asked for a person (`to_look_at`). Its urgency stays. Twice is once."""
        async with pool.transaction() as conn:
            return await listing.looked_at(conn, clock, account, note_id, body.version if body else None)

    @router.get("/voice/{note_id}/audio", response_class=FileResponse, responses=PLAYED)
    async def audio(note_id: Id, account: Account = care) -> FileResponse:
        """The sound, or the part that `Range` asks for. 410 once it is past its time."""
        async with pool.transaction() as conn:
            note = await listing.note(conn, clock, account, note_id, "recording_heard")
        path = await sounds.path(note["site"], note["sha256"])
        headers = {"etag": f'"{note["sha256"][:32]}"', "cache-control": "private, no-store"}
        return FileResponse(path, media_type=note["media_type"], headers=headers)

    @router.get("/events")
    async def events(
        request: Request,
        response: Response,
        account: Account = care,
        device_id: Maybe = None,
        patient_id: Maybe = None,
        kind: Annotated[str | None, Query(max_length=40)] = None,
        from_: From = None,
        to: Until = None,
        cursor: Annotated[str | None, Query(max_length=300)] = None,
        limit: Limit = 100,
    ) -> list[Row]:
        """What devices told and what was done about doses, with source and status, the newest first; `Link` has more."""
        begin, end = _span(from_, to, clock)
        at, id_ = listing.cursor_of(cursor)
        given = {"device": device_id, "person": patient_id, "kind": kind, "from": begin, "to": end, "at": at, "id": id_}
        async with pool.transaction() as conn:
            rows, after = await listing.events(conn, account, given, limit)
        if after is not None:
            query = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
            response.headers["Link"] = f'<{request.url.path}?{urlencode([*query, ("cursor", after)])}>; rel="next"'
        return rows

    return router


def _span(from_ms: int | None, until_ms: int | None, clock: Clock) -> tuple[int, int]:
    end = until_ms if until_ms is not None else MS_MAX
    return from_ms if from_ms is not None else min(end, clock.now_ms()) - BACK_MS, end


def _parsed(model: type[Model], given: Any) -> Model:
    """A body of its own reading. Raises Problem 422, naming the fields."""
    try:
        return model.model_validate_json(given) if isinstance(given, bytes) else model.model_validate(given)
    except ValidationError as error:
        found = [
            {"field": ".".join(str(part) for part in e["loc"]) or "body", "message": e["msg"]}
            for e in error.errors(include_url=False, include_context=False, include_input=False)[:ERRORS_MAX]
        ]
        raise Problem(422, "; ".join(f"{e['field']}: {e['message']}" for e in found[:3]), errors=found) from error
