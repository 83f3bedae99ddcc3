"""Bodies between devices for medicine and whoever serves them: one contract at the edge and at head office (seed 002).

The same bodies travel over HTTP, as JSON messages over a serial line, and inside signed messages over MQTT. Moments are
read as ISO 8601 with an offset or as ms since 1970 UTC, and written as ISO 8601. Numbers of a device's events count from
1 within a boot, without holes; the receiver judges each by (device, boot) and answers with where it stands.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal

import orjson
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from shared.clock import to_ms

EVENTS_MAX: Final = 200
"""Events in one request."""
AUDIO_BYTES_MAX: Final = 10 * 1024 * 1024
NOTE_S_MAX: Final = 120
COMMAND_S_MAX: Final = 15
AUDIO_TYPES: Final[dict[str, str]] = {
    "audio/wav": "wav", "audio/x-wav": "wav", "audio/wave": "wav", "audio/vnd.wave": "wav",
    "audio/flac": "flac", "audio/x-flac": "flac", "audio/ogg": "ogg", "application/ogg": "ogg",
}  # fmt: skip
"""Media types of sounds that are taken, and what each is."""
SCHEDULE_DAYS: Final = 14
DATA_BYTES_MAX: Final = 2 * 1024
"""Largest `data` of one event, as JSON."""
DEVICE_KINDS: Final = ("dispenser", "panel", "speaker")
COMPARTMENTS_MAX: Final = 64

EventKind = Literal[
    "announced", "answered", "button", "lid_open", "lid_close", "weight", "taken", "skipped", "snoozed", "voice",
    "low_battery", "fault", "refilled", "boot", "clock_set",
]  # fmt: skip
"""announced: the device told somebody that a dose is due.  answered: somebody answered, and how is in `data`.

button, lid_open, lid_close, weight: what a hand did; with an `occurrence_id` where the device knows which dose was meant.
taken, skipped, snoozed: what the device made of it.  refilled, low_battery, fault, boot, clock_set: about itself.
clock_set: it learned the time, or where it is: `data.timezone`, an IANA name, which plans of tz_policy "device" follow.
"""


def _moment(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if value.isdecimal():  # as a field of a form
        return int(value)
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("a moment needs its offset from UTC, e.g. 2026-11-20T08:00:00+01:00")
    return to_ms(moment)


MS_MAX: Final = 4_102_444_800_000
"""The year 2100."""
Ms = Annotated[int, BeforeValidator(_moment), Field(ge=0, le=MS_MAX)]
"""A moment, ms since 1970 UTC; ISO 8601 with an offset is taken too."""
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
BootId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
"""One life of the device's store, 64 random bits: made at each power-up."""
OccurrenceId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Language = Literal["en", "hi", "es", "ar"]
Word = Annotated[str, StringConstraints(min_length=1, max_length=60)]


def _small(data: dict[str, Any] | None) -> dict[str, Any] | None:
    try:
        size = 0 if data is None else len(orjson.dumps(data))
    except TypeError as error:  # a number beyond 64 bits, or nested beyond reason
        raise ValueError(f"data cannot be kept: {error}") from error
    if size > DATA_BYTES_MAX:
        raise ValueError(f"data is larger than {DATA_BYTES_MAX} bytes")
    return data


class Body(BaseModel):
    """A body: frozen, and nothing unknown in it."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class DeviceEvent(Body):
    """Something that happened at a device."""

    boot_id: BootId
    device_seq: Annotated[int, Field(ge=1, lt=2**53)]
    """Its number in this boot, from 1, without holes."""
    kind: EventKind
    at: Ms | None = None
    """When, by the device's clock; null while the device does not know the time. `mono_ms` says it then."""
    mono_ms: Annotated[int, Field(ge=0, lt=2**53)]
    """The device's own counter since it was switched on, ms."""
    occurrence_id: OccurrenceId | None = None
    quantity: Annotated[float, Field(gt=0, le=1_000)] | None = None
    """Units of the medicine taken; left out: as planned."""
    data: Annotated[dict[str, Any] | None, AfterValidator(_small)] = None
    """What the kind says more: `{"compartment": 2}`, `{"grams": -0.5}`, `{"minutes": 10}`, `{"reason": "..."}`."""


class Events(Body):
    """One event, or up to 200 in `events`, in the order of their numbers. `sent_mono_ms`: the counter at this sending,
    so that events without a time get one."""

    events: Annotated[list[DeviceEvent], Field(min_length=1, max_length=EVENTS_MAX)]
    sent_mono_ms: Annotated[int, Field(ge=0, lt=2**53)] | None = None

    @model_validator(mode="before")
    @classmethod
    def one_is_a_list_of_one(cls, value: Any) -> Any:
        """A bare event counts as a list of one."""
        return {"events": [value]} if isinstance(value, dict) and "events" not in value else value


class EventResult(Body):
    """What became of one event. Events behind a gap have no result: send again what follows `upto`."""

    boot_id: BootId
    device_seq: int
    outcome: Literal["accepted", "duplicate", "refused"]
    status: str | None = None
    """Of the dose it was about, as it stands now: ON_TIME, LATE, EARLY, SKIPPED ..."""
    reason: str | None = None
    """Why it was refused, or what was unusual: a code."""


class EventsAnswer(Body):
    """All of it is on disk. `upto`: the last number taken of each boot in the request."""

    upto: dict[str, int]
    results: list[EventResult]


class Heartbeat(Body):
    """How a device is; sent every minute or so."""

    boot_id: BootId
    at: Ms | None = None
    mono_ms: Annotated[int, Field(ge=0, lt=2**53)]
    battery: Annotated[float, Field(ge=0, le=100)] | None = None
    """Percent."""
    wifi_dbm: Annotated[int, Field(ge=-127, le=20)] | None = None
    firmware: Annotated[str, StringConstraints(max_length=60)] = ""
    stock: Annotated[dict[str, Annotated[float, Field(ge=0, le=100_000)]], Field(max_length=COMPARTMENTS_MAX)] = {}
    """Units left by compartment, as the device weighs or counts them."""
    faults: Annotated[list[Word], Field(max_length=20)] = []
    """Codes of what is wrong: "lid_stuck", "speaker", "scale", "low_battery" ..."""


class HeartbeatAnswer(Body):
    """What the server tells a device that says how it is."""

    server_time: str
    """ISO 8601, UTC: a device without a battery clock takes the time from here."""
    plan_revision: int
    """Of the schedule; another one than the device has means: fetch it."""
    commands: list[dict[str, Any]] = []
    """Messages that wait for the device, oldest first (`shared/device_messages.py`). Each is handed over once."""


class ScheduleDose(Body):
    """One dose as the device must know it to announce it alone."""

    occurrence_id: str
    due_at_utc: str
    due_at_local: str
    window_open: str
    on_time_until: str
    miss_at: str
    medication: str
    quantity: float
    unit: str
    compartment: int | None = None
    instructions: str = ""
    status: str


class Schedule(Body):
    """A device's doses of the next 14 days. `generated_at` is no part of the ETag."""

    device_id: str
    patient_id: str | None
    plan_revision: int
    generated_at: str
    timezone: str
    doses: list[ScheduleDose]

    def etag(self) -> str:
        """Changes exactly when something a device would do changes."""
        what = self.model_dump(exclude={"generated_at"})
        return f'"{hashlib.sha256(orjson.dumps(what, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]}"'


def is_unchanged(etag: str, if_none_match: str | None) -> bool:
    """Whether `If-None-Match` names this state (RFC 9110: weak comparison, a list, or "*")."""
    if if_none_match is None:
        return False
    named = [part.strip().removeprefix("W/") for part in if_none_match.split(",")]
    return "*" in named or etag in named


class VoiceFields(Body):
    """What is said about a sound, beside it in the form, or with its `sha256` in a JSON body."""

    recorded_at: Ms | None = None
    boot_id: BootId | None = None
    device_seq: Annotated[int, Field(ge=1, lt=2**53)] | None = None
    language: Language = "en"
    occurrence_id: OccurrenceId | None = None
    purpose: Literal["command", "note"] = "command"
    """A command is at most 15 s and is heard at once; a note is at most 120 s."""


class VoiceBySha(VoiceFields):
    """A sound that is here already."""

    sha256: Sha256


class VoiceAnswer(Body):
    """The sound is on disk and its note is kept."""

    interaction_id: str
    sha256: str
    status: Literal["stored"] = "stored"
    heard: dict[str, Any] | None = None
    """What the edge's decoders made of it: `{"words", "act", "agreed", "snr_db", "red_flags", "asks"}`; null for silence, and
    at head office, where the transcript comes later."""


class NewDevice(Body):
    """A device to be given to somebody. `patient_id` null: nobody yet."""

    kind: Literal["dispenser", "panel", "speaker"] = "dispenser"
    name: Word
    patient_id: Id | None = None


class DeviceChange(Body):
    """What is left out stays; `patient_id` null takes it from whoever has it."""

    kind: Literal["dispenser", "panel", "speaker"] | None = None
    name: Word | None = None
    patient_id: Id | None = None


class ClaimRequest(Body):
    """A device brings its key."""

    claim_code: Annotated[str, StringConstraints(min_length=4, max_length=40)]
    public_key_pem: Annotated[str, StringConstraints(min_length=1, max_length=1024)]


class ClaimAnswer(Body):
    """From now on the device signs its requests."""

    device_id: str


class Device(Body):
    """A device as staff see it. `claim_code` stands only in the answer to whoever added it."""

    id: str
    kind: str
    name: str
    patient_id: str | None
    site: str
    status: Literal["unclaimed", "active", "removed"]
    online: bool
    last_heartbeat_at: str | None
    battery: float | None
    wifi_dbm: int | None
    firmware: str | None
    faults: list[str] = []
    claim_code: str | None = None
    claim_until: str | None = None


def upto_of(cursors: Mapping[str, int], events: Sequence[DeviceEvent]) -> dict[str, int]:
    """`upto` of an answer: of each boot in the request, where the receiver stands."""
    return {boot: cursors.get(boot, 0) for boot in dict.fromkeys(event.boot_id for event in events)}
