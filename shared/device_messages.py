"""JSON messages between a device for medicine and the edge, over a serial line (`segments.py`) and over MQTT.

Every message has `t`, what it is. Over MQTT they travel on ``outpost-devices/<device>/up`` and ``.../down`` at QoS 1; up
as a token signed by the device with the message inside (`device_tokens.sign`), down as plain JSON.

| up | | answered by |
| --- | --- | --- |
| `hello` | power-up, and every few seconds while there is no answer; over serial with a token | `welcome`, `who` |
| `claim` | a claim code and the public key | `claimed`, `who` |
| `events` | the oldest events not yet acknowledged, again until they are | `kept`, after the commit |
| `beat` | how it is | `beat` |
| `said` | what became of an announcement | – |
| `sound` | a piece of a recording, from `offset` on | `sound_at`: where the edge stands, on its disk |
| `voice` | the recording is whole: what it is | `heard`, after sound and note are on disk; `refused` |

| down besides | |
| --- | --- |
| `schedule` | the doses of 14 days, whenever they changed |
| `announce` | say that a dose is due, light the lamp, wait for an answer; at most once |
| `clip` | the sound of an announcement: WAV, 8 kHz, 8 bit; kept by the device under its sha256 |
| `stop` | answered elsewhere, or over: lamp off, no more announcements of this dose |
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal

from pydantic import Field, StringConstraints, TypeAdapter, ValidationError

from shared.device_api import (
    Body,
    BootId,
    DeviceEvent,
    Events,
    EventsAnswer,
    Heartbeat,
    HeartbeatAnswer,
    Id,
    Language,
    Schedule,
    Sha256,
    VoiceAnswer,
    VoiceBySha,
)

EVENTS_IN_MESSAGE: Final = 20
"""Events a device sends in one message; over HTTP it may send 200."""
SOUND_BYTES: Final = 24 * 1024
"""Bytes of a recording in one message."""
CLIP_BYTES_MAX: Final = 88 * 1024
"""Longest clip that is sent to a device, 11 s; a longer announcement is sent as words only, and the device chimes."""
BASE64: Final = r"^[A-Za-z0-9+/=]*$"
TOPICS: Final = "outpost-devices"
_UP: Final = re.compile(rf"{TOPICS}/([A-Za-z0-9][A-Za-z0-9_-]{{0,63}})/up")


class Hello(Body):
    """A device is there. `token` over serial only: over MQTT the message itself is signed."""

    t: Literal["hello"] = "hello"
    device_id: Id | None = None
    token: Annotated[str, StringConstraints(max_length=4096)] | None = None
    boot_id: BootId
    firmware: Annotated[str, StringConstraints(max_length=60)] = ""
    etag: Annotated[str, StringConstraints(max_length=80)] = ""
    """Of the schedule it has."""


class ClaimUp(Body):
    """A device brings its key."""

    t: Literal["claim"] = "claim"
    claim_code: Annotated[str, StringConstraints(min_length=4, max_length=40)]
    public_key_pem: Annotated[str, StringConstraints(min_length=1, max_length=1024)]


class EventsUp(Body):
    """Events, oldest first."""

    t: Literal["events"] = "events"
    events: Annotated[list[DeviceEvent], Field(min_length=1, max_length=EVENTS_IN_MESSAGE)]
    sent_mono_ms: Annotated[int, Field(ge=0, lt=2**53)]

    def body(self) -> Events:
        """As over HTTP."""
        return Events(events=self.events, sent_mono_ms=self.sent_mono_ms)


class BeatUp(Body):
    """How the device is."""

    t: Literal["beat"] = "beat"
    beat: Heartbeat
    etag: Annotated[str, StringConstraints(max_length=80)] = ""


class SaidUp(Body):
    """What became of an announcement: it was said to its end, or not, and why."""

    t: Literal["said"] = "said"
    announcement_id: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    ok: bool
    reason: Annotated[str, StringConstraints(max_length=120)] = ""


class SoundUp(Body):
    """A piece of a recording. `total`: its whole length in bytes."""

    t: Literal["sound"] = "sound"
    sha256: Sha256
    offset: Annotated[int, Field(ge=0)]
    total: Annotated[int, Field(gt=0)]
    data: Annotated[str, StringConstraints(max_length=4 * SOUND_BYTES // 3 + 8, pattern=BASE64)]


class VoiceUp(Body):
    """A recording whose pieces are all there."""

    t: Literal["voice"] = "voice"
    voice: VoiceBySha


Up = Hello | ClaimUp | EventsUp | BeatUp | SaidUp | SoundUp | VoiceUp
_UPS: Final[TypeAdapter[Up]] = TypeAdapter(Annotated[Up, Field(discriminator="t")])


class BadMessage(ValueError):
    """Not a message of a device. It is counted and left; what mattered comes again."""


def read_up(message: dict[str, Any]) -> Up:
    """A message of a device. Raises BadMessage."""
    try:
        return _UPS.validate_python(message)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise BadMessage(f"{'.'.join(str(part) for part in found['loc'])}: {found['msg']}") from error


class Welcome(Body):
    """The edge knows this device. `upto`: of its boot."""

    t: Literal["welcome"] = "welcome"
    device_id: str
    server_time: str
    upto: int


class Who(Body):
    """The edge does not know who speaks, or a claim was refused. `server_time`: to sign by the right time."""

    t: Literal["who"] = "who"
    reason: str
    server_time: str


class Claimed(Body):
    """The key is kept."""

    t: Literal["claimed"] = "claimed"
    device_id: str


class Kept(Body):
    """Events are on disk."""

    t: Literal["kept"] = "kept"
    answer: EventsAnswer


class Beat(Body):
    """The answer to a beat."""

    t: Literal["beat"] = "beat"
    answer: HeartbeatAnswer


class ScheduleDown(Body):
    """What the device is to announce from now on, alone where need be."""

    t: Literal["schedule"] = "schedule"
    etag: str
    schedule: Schedule


class Announce(Body):
    """Say now that doses are due. `id` is unique for ever: one that came before is not said again.

    text: for the panel, and for a voice of the device's own.  clip: sha256 of the sound, which was sent before, or null.
    rung: 1 for the first time, then louder.  expires_ms: too late after that.
    """

    t: Literal["announce"] = "announce"
    id: str
    occurrence_ids: list[str]
    text: str
    language: Language
    clip: str | None = None
    lamp: Literal["off", "on", "blink"] = "blink"
    compartments: list[int] = Field(default_factory=list)
    rung: int = 1
    expires_ms: int


class Clip(Body):
    """A sound for announcements."""

    t: Literal["clip"] = "clip"
    sha256: str
    data: str


class Stop(Body):
    """No more of these doses."""

    t: Literal["stop"] = "stop"
    occurrence_ids: list[str]
    status: str


class SoundAt(Body):
    """So much of a recording is on disk; `whole`: all, and its hash is right."""

    t: Literal["sound_at"] = "sound_at"
    sha256: str
    offset: int
    whole: bool = False


class HeardDown(Body):
    """A recording and its note are kept."""

    t: Literal["heard"] = "heard"
    answer: VoiceAnswer


class RefusedDown(Body):
    """A recording was not taken, and will not be: the device lets it go."""

    t: Literal["refused"] = "refused"
    what: str
    code: str
    reason: str


Down = (
    Welcome | Who | Claimed | Kept | Beat | ScheduleDown | Announce | Clip | Stop | SoundAt | HeardDown | RefusedDown
)  # fmt: skip


def written(message: Down) -> dict[str, Any]:
    """A message of the edge as the object that is sent."""
    return message.model_dump(mode="json")


def topic_up(device_id: str) -> str:
    """Where a device speaks."""
    return f"{TOPICS}/{device_id}/up"


def topic_down(device_id: str) -> str:
    """Where a device listens."""
    return f"{TOPICS}/{device_id}/down"


ALL_UP: Final = f"{TOPICS}/+/up"


def device_of(topic: str) -> str | None:
    """Whose topic this is; None for one that is no device's."""
    found = _UP.fullmatch(topic)
    return found.group(1) if found else None
