"""What `edge.main` hands to the web server: parts that exist already, and values from the settings."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol
from zoneinfo import ZoneInfo

from edge.app.bus import Bus
from edge.app.device_intake import DeviceIntake
from edge.app.dispatcher import Outcome
from edge.app.voice_notes import VoiceNotes
from shared.clock import Clock
from shared.commands import Command
from shared.tracking import TrackingKey

Up = Literal["up", "down", "none"]


class Submits(Protocol):
    """The one way in: `edge.app.dispatcher.Dispatcher`."""

    async def submit(self, command: Command, *, key: str = "") -> Outcome:
        """Return after the commit. Raises NotDone when nothing was kept. key: see `Dispatcher.submit`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """How the parts beside the store are at this moment. Level, not history; cheap to ask for."""

    printer: Literal["ok", "paper_out", "offline", "none"] = "none"
    link: Up = "none"
    """The way to head office: "none" for a clinic on its own."""
    broker: Up = "none"
    """MQTT; "down" while frames go over HTTPS."""
    parts: dict[str, str] = field(default_factory=dict)
    """Other parts by name, each "up" or what is wrong with it in one word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Values from the settings; what each means is written there."""

    version: str
    site_name: str
    languages: tuple[str, ...]
    zone: ZoneInfo
    ticker: str = ""
    names_on_screens: bool = False
    """Whether lists for paired screens hold names."""
    secure_cookies: bool = False
    session_idle_ms: int = 4 * 3600 * 1000
    live_per_address: int = 20
    live_max: int = 1_000
    live_messages_per_s: int = 10
    """Messages a connection of Socket.IO or of seed 004's WebSocket may send."""
    subscriptions_per_account: int = 10
    """Of seed 004's WebSocket (decision 37)."""
    sign_in_per_minute: float = 10
    public_per_minute: float = 300
    metrics_key: str = ""
    open_on_loopback: bool = False
    cors_origins: tuple[str, ...] = ()
    static: Path = Path(__file__).parent / "static"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """Everything the web server works with. Used on the event loop's thread only, but for `open_reader`."""

    dispatcher: Submits
    bus: Bus
    clock: Clock
    open_reader: Callable[[], sqlite3.Connection]
    """A read-only connection of its own for each thread that asks."""
    probe: Callable[[], Awaitable[None]]
    """Writes and commits something small; raises when the database cannot be written."""
    options: Options
    key: bytes
    """The site's own key: signs access tokens, hashes codes."""
    operator_key: str
    """Bearer key of whoever owns the data folder, taken from loopback only; new at each start."""
    epoch: str
    tracking_key: TrackingKey
    """Signs tracking links."""
    site: Callable[[], str] = lambda: "clinic"
    """The site's id: as head office named it, or "clinic" until it is claimed."""
    track_base: Callable[[], str] = lambda: "http://127.0.0.1:8000"
    """Where a phone reaches the page that follows a visit: head office, or the clinic itself."""
    facts: Callable[[], Facts] = Facts
    commits: Callable[[], tuple[int, int]] = lambda: (0, 0)
    """Transactions since the start: on the disk, and failed."""
    clip: Callable[[str, str], Awaitable[bytes]] | None = None
    """The WAV that calls a token to a room, in all languages of the site; raises DeviceError. None: there is no voice."""
    say: Callable[[str], Awaitable[bytes]] | None = None
    """The WAV of a message that staff wrote, read as if it were in the site's first language; raises DeviceError."""

    intake: DeviceIntake | None = None
    """Takes in what devices for medicine tell. None: the device paths answer 503."""
    notes: VoiceNotes | None = None
    """Keeps recordings, and has them heard. None: the voice paths answer 503."""

    def tracking_url(self, token: str) -> str:
        """The link of a tracking token. The token stands behind #, so that no server's log holds it."""
        return f"{self.track_base()}/pages/track#{token}"

    def site_names(self) -> set[str]:
        """Names under which this site has signed: before and after it was claimed."""
        return {self.site(), "clinic"}

    def state_envelope(self) -> dict[str, Any]:
        """What every live message carries, so that a page can show ages: now_ms + factor x local elapsed."""
        return {"now_ms": self.clock.now_ms(), "factor": self.clock.factor}
