"""A sound in a multipart form, streamed to the disk as it comes; the fields beside it, which are small.

Memory stays at one chunk of the network, whatever the size; at most `UPLOADS_MAX` are taken at a time.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any, Final

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from shared.blobs import Blobs, Incoming, NoRoom, TooLarge
from shared.device_api import AUDIO_BYTES_MAX, NOTE_S_MAX, VoiceBySha, VoiceFields
from shared.problems import Problem

FIELDS_MAX: Final = 16
FIELD_BYTES_MAX: Final = 4 * 1024
UPLOADS_MAX: Final = 4
"""Sounds that may be coming in at a time; one more is told to come again."""


FORM_BYTES_MAX: Final = AUDIO_BYTES_MAX + 64 * 1024
"""The body of a request: the sound, the fields and the form around them."""
SOUND: Final = "audio"
VOICE_PATHS: Final = re.compile(r"/api/v1/(voice|devices/[^/]{1,64}/voice)")
"""Where devices send them, at the edge and at head office."""
_FIELDS: Final = VoiceFields.model_json_schema(ref_template="#/components/schemas/{model}")["properties"]
VOICE_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object", "required": [SOUND],
                    "properties": {**_FIELDS, SOUND: {"type": "string", "format": "binary",
                                   "description": f"WAV, FLAC or Ogg; at most 10 MB and {NOTE_S_MAX} s, a command 15 s."}},
                }
            },
            "application/json": {"schema": VoiceBySha.model_json_schema()},
        },
    }
}  # fmt: skip
"""What the documents of both say of such a request."""


class Form:
    """What came: the sound, written and not yet finished, and the fields."""

    def __init__(self, blobs: Blobs, sound_field: str, bytes_max: int) -> None:
        self.fields: dict[str, str] = {}
        self.sound: Incoming | None = None
        self._blobs, self._sound_field, self._bytes_max = blobs, sound_field, bytes_max
        self._header = b""
        self._disposition = b""
        self._name = ""
        self._value = bytearray()
        self._parts = 0

    def drop(self) -> None:
        """Throw the sound away, if it was not finished."""
        if self.sound is not None:
            self.sound.drop()

    # What the parser calls; a part is a header, data, and an end.

    def on_part_begin(self) -> None:
        self._parts += 1
        if self._parts > FIELDS_MAX:
            raise Problem(422, f"A form has at most {FIELDS_MAX} fields.")
        self._header = self._disposition = b""
        self._name = ""
        self._value.clear()

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition += data[start:end]

    def on_header_end(self) -> None:
        self._header = b""

    def on_headers_finished(self) -> None:
        _, options = parse_options_header(self._disposition)
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        if not self._name:
            raise Problem(422, "A field of the form has no name.")
        if self._name == self._sound_field:
            if self.sound is not None:
                raise Problem(422, f"{self._sound_field}: send one sound at a time.")
            self.sound = self._blobs.begin(self._bytes_max)

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._name == self._sound_field:
            assert self.sound is not None
            self.sound.write(data[start:end])
        else:
            self._value += data[start:end]
            if len(self._value) > FIELD_BYTES_MAX:
                raise Problem(413, f"{self._name[:40]} is longer than {FIELD_BYTES_MAX} bytes.")

    def on_part_end(self) -> None:
        if self._name != self._sound_field:
            self.fields[self._name] = self._value.decode("utf-8", "replace")


class Uploads:
    """Takes sounds for `blobs`, at most UPLOADS_MAX at a time."""

    def __init__(self, blobs: Blobs, bytes_max: int) -> None:
        self.blobs, self.bytes_max = blobs, bytes_max
        self._under_way = 0

    async def take(self, request: Request, sound_field: str) -> Form:
        """Read the form of a request; the caller finishes or drops it. Raises Problem 413, 415, 422, 429, 503."""
        kind, options = parse_options_header(request.headers.get("content-type", ""))
        boundary = options.get(b"boundary")
        if kind != b"multipart/form-data" or not boundary:
            raise Problem(
                415, "Send the sound as multipart/form-data.", hint="The field with the sound is called audio."
            )
        if self._under_way >= UPLOADS_MAX:
            raise Problem(429, "Too many sounds are coming in at once.", retry_after_s=2)
        form = Form(self.blobs, sound_field, self.bytes_max)
        names = [name for name in dir(form) if name.startswith("on_")]
        self._under_way += 1
        try:
            parser = MultipartParser(boundary, {name: getattr(form, name) for name in names})  # type: ignore[arg-type]
            async for chunk in request.stream():
                if chunk:
                    await asyncio.to_thread(parser.write, chunk)
            parser.finalize()
        except BaseException as error:
            form.drop()
            if isinstance(error, MultipartParseError):
                raise Problem(422, "The form cannot be read.", hint="Send it whole, with its boundary.") from error
            if isinstance(error, TooLarge):
                detail = f"A sound has at most {self.bytes_max} bytes."
                raise Problem(413, detail, hint="Record less at once.") from error
            if isinstance(error, NoRoom):
                raise no_room() from error
            raise
        finally:
            self._under_way -= 1
        return form


def no_room() -> Problem:
    """The disk is too full for sounds; doses and the queue go on."""
    return Problem(
        503, "The disk is too full for recordings.", code="disk_full", retry_after_s=60,
        hint="Free some space there; until then press the button.",
    )  # fmt: skip
