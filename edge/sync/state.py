"""What the link may be told, and what it says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from edge.sync.links import Path

State = Literal["live", "connecting", "off", "not_claimed"]


@dataclass(frozen=True)
class SyncSettings:
    """All waits are transport time, in seconds."""

    cloud_url: str
    claim_code: str = ""
    mqtt: tuple[str, int] | None = None
    """Instead of what head office said."""
    hello_wait_s: float = 10.0
    ack_wait_s: float = 5.0
    beat_s: float = 2.0
    quiet_s: float = 10.0
    """Without a word from the cloud for this long, HELLO is said again."""
    probe_s: float = 2.0
    """On HTTPS: the first look whether MQTT is back, at most so late; doubles up to probe_max_s until it is."""
    probe_max_s: float = 300.0
    backoff_s: float = 0.5
    backoff_max_s: float = 30.0
    fenced_s: float = 60.0
    """A store that is not wanted asks again this often."""
    renew_check_s: float = 3600.0
    claim_look_s: float = 2.0
    keepalive_s: int = 8


@dataclass(frozen=True)
class LinkState:
    """For /health, the desk and tiles. unsent: per lane; since_ms: domain time the state began."""

    state: State
    path: Path | None
    unsent: tuple[int, int, int]
    since_ms: int
    reason: str = ""
    hint: str = ""

    def as_dict(self) -> dict[str, Any]:
        """As pages get it; `unsent` is the total."""
        return {
            "state": self.state,
            "path": self.path,
            "unsent": sum(self.unsent),
            "unsent_lanes": list(self.unsent),
            "since_ms": self.since_ms,
            "reason": self.reason,
            "hint": self.hint,
        }
