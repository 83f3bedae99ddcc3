"""Bodies between edge and cloud. The same JSON travels over MQTT and over HTTPS."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Hex16 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
SiteId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$")]
Count = Annotated[int, Field(ge=0, lt=2**63)]
Millis = Annotated[int, Field(ge=0, lt=2**53)]
"""A time a device reports; within it, sums and differences of two still fit every database column and page."""


class Body(BaseModel):
    """Frozen; unknown fields are let through unread, so that an older side understands a newer one."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class LaneRange(Body):
    """What the edge still holds of a lane: the first and the last seq; ``last`` 0 for an empty lane."""

    first: Count
    last: Count


class ClockReport(Body):
    """The edge's clocks as it wrote this: domain time and CLOCK_MONOTONIC, both in ms, and who vouches for them."""

    now_ms: Millis
    mono_ms: Millis
    trust: Literal["k", "s", "p", "u"]


class Cursor(Body):
    """The edge's place in the site's command log: which stream it follows (None: none yet) and the last number taken."""

    stream: Hex16 | None = None
    upto: Count = 0


class Hello(Body):
    """Opens a session. The epoch is in the credential; here it is only compared."""

    session: Hex16
    epoch: Hex16
    boot: Hex16
    lanes: Annotated[list[LaneRange], Field(min_length=3, max_length=3)]
    clock: ClockReport
    mailbox: Cursor = Cursor()
    version: Annotated[str, StringConstraints(max_length=100, pattern=r"^[^\x00]*$")] = ""
    """Of the program; PostgreSQL keeps no NUL."""
    tracking_key: Annotated[str, StringConstraints(max_length=100, pattern=r"^[\w-]*$")] = ""
    """`TrackingKey.public` of the site: what its tracking links are checked with. Empty: none told."""
    timezone: Annotated[str, StringConstraints(max_length=64, pattern=r"^[\w+/-]*$")] = ""
    """The site's time zone by name, e.g. "Asia/Kolkata". Empty: not told."""


class HelloAnswer(Body):
    """The cloud's cursor is the truth: per lane, the end of the first received range."""

    session: Hex16
    cursors: Annotated[list[Count], Field(min_length=3, max_length=3)]
    credit: Annotated[int, Field(ge=0, le=8)]
    """Frames that may be in flight; 0 means busy: wait and say HELLO again."""
    server_ms: int
    mailbox_stream: Hex16
    settings_version: Count = 0
    tails: Annotated[list[int | None], Field(max_length=3)] = []
    """Per lane, the crc of the event at the cursor, where one is there: a store that has another was copied."""
    fenced: bool = False
    """This epoch was replaced, or sent two different events under one number. Its frames go to the late shelf."""


class Poison(Body):
    """The frame could not be taken although it arrived whole: cut it in half, and a single event becomes a gap."""

    first: Count
    last: Count
    reason: str


class Ack(Body):
    """After the PostgreSQL commit: everything of `lane` up to and including `upto` is kept."""

    session: Hex16
    lane: Annotated[int, Field(ge=0, le=2)]
    upto: Count
    credit: Annotated[int, Field(ge=0, le=8)]
    poison: Poison | None = None
    fenced: bool = False


class Numbered(Body):
    """One command on its way down."""

    stream: Hex16
    number: Annotated[int, Field(ge=1)]
    command_id: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    kind: str
    actor: str
    body: dict[str, Any]
    expires_ms: int | None = None
    """Domain time after which it is reported as expired instead of done; None: never."""


class Taken(Body):
    """Up: the commands up to `upto` are on the edge's disk with their outcome."""

    stream: Hex16
    upto: Count


STANDING_MAX = 250
"""Of those who wait, a beat tells of so many: it stays below what either path takes as a word."""
Minutes = Annotated[int, Field(ge=0, le=100_000)]
Standing = tuple[Count, Count, Minutes | None, Minutes | None, Minutes | None]
"""(small number of the visit, place in its queue, shortest, likely, longest wait in minutes); no wait: no doctor is here.

State, not an event: it changes with every minute, only its newest value matters, and it is made again from the rows.
"""


class Beat(Body):
    """Up, every few seconds: state, not an event. What waits to be sent, and how the site is."""

    session: Hex16
    clock: ClockReport
    unsent: Annotated[list[Count], Field(min_length=3, max_length=3)]
    status: Literal["ok", "degraded"] = "ok"
    standing: Annotated[list[Standing], Field(max_length=STANDING_MAX)] | None = None
    """Where those who wait stand, by the site's own reckoning, the first first; None: as told before in this session."""


class Claim(Body):
    """A new clinic asks for its certificate: the claim code a person was given, and a request signed by its own key."""

    code: Annotated[str, StringConstraints(min_length=4, max_length=40)]
    epoch: Hex16
    csr_pem: Annotated[str, StringConstraints(max_length=8192)]


class Renewal(Body):
    """A claimed clinic asks for a fresh certificate for the same key or a new one."""

    csr_pem: Annotated[str, StringConstraints(max_length=8192)]


class Certificate(Body):
    """The answer to a claim or a renewal."""

    site: SiteId
    site_name: str
    certificate_pem: str
    authority_pem: str
    mqtt_host: str | None = None
    mqtt_port: int | None = None
    """None: this cloud has no broker; sync over HTTPS."""
