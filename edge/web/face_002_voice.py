"""Seed 002: recordings. Taken from devices, streamed to the disk; listed and played for staff."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse
from pydantic import ValidationError

from edge.app.voice_notes import NoteRefused
from edge.store import face_002 as rows
from edge.store.states import Row
from edge.web.documents import errors
from edge.web.face_002_common import LIMIT, Care, From, Limit, Person, Until, json, moment_of, person_id_of
from edge.web.faces import UUID
from edge.web.requests import parsed
from shared.device_api import AUDIO_BYTES_MAX, VoiceAnswer, VoiceBySha, VoiceFields
from shared.problems import ERRORS_MAX, Problem
from shared.uploads import SOUND, VOICE_BODY, Uploads

STATUS_OF: Final = {"too_large": 413, "wrong_media_type": 415, "not_here": 409, "not_found": 404}
SOUND_ANSWER: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The sound.", "content": {"audio/*": {"schema": {"type": "string", "format": "binary"}}}},
    206: {"description": "The part that `Range` asks for.", "content": {"audio/*": {}}},
    410: {**errors(410)[410], "description": "The sound was let go after its time here; head office may have it."},
    416: {**errors(416)[416], "description": "The sound has no such part."},
}


def install(router: APIRouter, care: Care) -> None:
    """The routes under /voice and /devices/{id}/voice."""
    notes = care.wiring.notes
    uploads = Uploads(notes.blobs, AUDIO_BYTES_MAX) if notes is not None else None

    async def taken(request: Request, device_id: str) -> Response:
        if request.headers.get("content-type", "").startswith("application/json"):
            by_sha = parsed(request, await request.body(), VoiceBySha, None)
            return await _kept(care, device_id, by_sha.sha256, by_sha)
        if uploads is None:
            raise Problem(503, "This program keeps no recordings.", hint="Start the clinic's program.")
        form = await uploads.take(request, SOUND)
        try:
            if form.sound is None or not form.sound.bytes:
                raise Problem(422, f"{SOUND}: the form holds no sound.")
            about = _fields(form.fields)
            sha256 = await asyncio.to_thread(form.sound.finish)
        finally:
            form.drop()
        return await _kept(care, device_id, sha256, about)

    @router.post("/devices/{device_id}/voice", status_code=202, tags=["voice"], response_model=VoiceAnswer,
                 responses=errors(401, 403, 404, 409, 415, 503), openapi_extra=VOICE_BODY)  # fmt: skip
    async def voice(request: Request, device_id: str) -> Response:
        """What somebody said to the device (the device). 202 when sound and note are on the disk; `heard` null: silence, or
        nobody here understands this sound. What was said is done: an answer to a dose, a call for help."""
        return await taken(request, await care.device(request, device_id))

    @router.post("/voice", status_code=202, tags=["voice"], response_model=VoiceAnswer,
                 responses=errors(401, 403, 409, 415, 503), openapi_extra=VOICE_BODY)  # fmt: skip
    async def own_voice(request: Request) -> Response:
        """As `POST /devices/{id}/voice`, for the device whose credential it is."""
        return await taken(request, await care.device(request, None))

    @router.get("/voice", tags=["voice"], responses=errors(401, 403, 503))
    async def listed(
        request: Request, patient_id: Person = None, from_: From = None, to: Until = None, limit: Limit = LIMIT
    ) -> Response:
        """Recordings with what was heard, the newest first (care)."""
        who = await care.need(request)
        person_id, from_ms, until_ms = person_id_of(patient_id), moment_of(from_, "from"), moment_of(to, "to")
        await care.guards.audit.saw(who, "list", f"recordings of {person_id or 'everybody'}")

        def look(conn: Any) -> tuple[list[Row], dict[str, list[str]]]:
            found = rows.notes(conn, person_id=person_id, from_ms=from_ms, until_ms=until_ms, limit=limit)
            return found, rows.alerts_of_notes(conn, [row["id"] for row in found])

        found, alerts = await care.faces.read(look)
        return json([note_body(care, row, alerts) for row in found])

    @router.get("/voice/{note_id}", tags=["voice"], responses=errors(401, 403, 404, 503))
    async def one(request: Request, note_id: str) -> Response:
        """One recording (care)."""
        who = await care.need(request)
        row = await _note(care, note_id)
        await care.guards.audit.saw(who, "list", f"recording {row['id']} of {row['person_id']}")
        alerts = await care.faces.read(lambda conn: rows.alerts_of_notes(conn, [row["id"]]))
        return json(note_body(care, row, alerts))

    @router.get("/voice/{note_id}/audio", tags=["voice"], response_class=FileResponse,
                responses={**errors(401, 403, 404, 503), **SOUND_ANSWER})  # fmt: skip
    async def audio(request: Request, note_id: str) -> Response:
        """The sound of a recording, or the part that `Range` asks for (care)."""
        who = await care.need(request)
        row = await _note(care, note_id)
        await care.guards.audit.saw(who, "list", f"sound {row['id']} of {row['person_id']}")
        path = care.notes.blobs.path(row["sha256"])
        if path is None:
            hint = "Ask head office for it." if row["uploaded"] else "Nobody has it any more."
            raise Problem(410, "This sound was let go after its time here.", code="gone", hint=hint)
        headers = {"etag": f'"{row["sha256"][:32]}"', "cache-control": "private, no-store"}
        return FileResponse(path, media_type=row["media_type"], headers=headers)


async def _kept(care: Care, device_id: str, sha256: str, about: VoiceFields) -> Response:
    try:
        answer = await care.notes.keep(device_id, sha256, about)
    except NoteRefused as error:
        raise Problem(STATUS_OF.get(error.code, 409), str(error), code=error.code, hint=error.hint) from error
    return json(answer.model_dump(mode="json"), 202)


def _fields(given: dict[str, str]) -> VoiceFields:
    """The fields of the form; an empty one counts as left out. Raises Problem 422."""
    try:
        return VoiceFields.model_validate({name: value for name, value in given.items() if value})
    except ValidationError as error:
        found = [
            {"field": ".".join(str(part) for part in e["loc"]) or "form", "message": e["msg"]}
            for e in error.errors(include_url=False, include_context=False, include_input=False)[:ERRORS_MAX]
        ]
        raise Problem(422, "; ".join(f"{e['field']}: {e['message']}" for e in found[:3]), errors=found) from error


async def _note(care: Care, note_id: str) -> Row:
    found = await care.faces.read(lambda conn: rows.note(conn, note_id.lower())) if UUID.fullmatch(note_id) else None
    if found is None:
        raise Problem(404, "There is no such recording.", hint="Read the list again.")
    return found


def note_body(care: Care, row: Row, alerts: dict[str, list[str]]) -> dict[str, Any]:
    """A recording as staff see it. The clinic only stores and hears; head office's transcript supersedes."""
    heard = row["heard"]
    return {
        "id": row["id"], "patient_id": row["person_id"], "device_id": row["device_id"],
        "recorded_at": care.iso(row["recorded_at"]), "seconds": row["seconds"], "media_type": row["media_type"],
        "bytes": row["bytes"], "sha256": row["sha256"], "purpose": row["purpose"], "language": row["language"],
        "transcript": heard["words"] if heard else None, "intent": heard["act"] if heard else None, "items": [],
        "heard": heard, "occurrence_id": row["dose_id"], "status": "stored", "uploaded": row["uploaded"],
        "has_audio": care.notes.blobs.path(row["sha256"]) is not None, "alerts": alerts.get(row["id"], []),
    }  # fmt: skip
