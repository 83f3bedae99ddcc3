"""What a dispenser keeps when its power goes: its key, its schedule, its clips, and events nobody has acknowledged."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

EVENTS_MAX: Final = 500
"""Events kept for the edge: two weeks of a patient with four doses a day, with lid and scale."""
RESERVED: Final = 100
"""Of those, kept free for what says something about a dose; what a hand did beside that is let go first."""
ABOUT_A_DOSE: Final = frozenset(("announced", "answered", "taken", "skipped", "snoozed", "voice"))
CLIPS_MAX: Final = 20


@dataclass
class Memory:
    """The flash of one device. `save` after every change that must survive the power.

    doses: the schedule as it was sent.  said: how often each dose was announced, answered: doses that were.
    stock: units by compartment.  lost: events not kept because there was no room.  zone: where it is, by IANA name.
    zone_told: what it told the edge of that.
    """

    path: Path
    key_pem: str = ""
    device_id: str | None = None
    claim_code: str | None = None
    etag: str = ""
    revision: int = 0
    doses: list[dict[str, Any]] = field(default_factory=list)
    said: dict[str, list[int]] = field(default_factory=dict)
    answered: dict[str, str] = field(default_factory=dict)
    announcements: list[str] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    stock: dict[str, float] = field(default_factory=dict)
    clips: dict[str, str] = field(default_factory=dict)
    lost: int = 0
    zone: str = "UTC"
    zone_told: str = ""

    @classmethod
    def load(cls, path: Path) -> Memory:
        """What was kept, or a new device's."""
        if not path.exists():
            return cls(path)
        return cls(path=path, **json.loads(path.read_text()))

    def save(self) -> None:
        """Whole or not at all."""
        fresh = self.path.with_suffix(".new")
        fresh.write_text(json.dumps({name: value for name, value in asdict(self).items() if name != "path"}))
        fresh.replace(self.path)

    def keep(self, event: dict[str, Any]) -> bool:
        """Keep an event for the edge; False: no room, it is counted as lost."""
        room = EVENTS_MAX if event["kind"] in ABOUT_A_DOSE else EVENTS_MAX - RESERVED
        if len(self.events) >= room:
            self.lost += 1
            return False
        self.events.append(event)
        return True

    def acknowledged(self, upto: dict[str, int]) -> int:
        """Let go of what the edge has on disk; how many that were."""
        before = len(self.events)
        self.events = [event for event in self.events if event["device_seq"] > upto.get(event["boot_id"], 0)]
        return before - len(self.events)

    def oldest(self, many: int) -> list[dict[str, Any]]:
        """The oldest events, all of one boot."""
        if not self.events:
            return []
        boot = self.events[0]["boot_id"]
        return [event for event in self.events if event["boot_id"] == boot][:many]

    def know(self, announcement_id: str) -> bool:
        """Remember an announcement; False when it came before. The last 200 are remembered."""
        if announcement_id in self.announcements:
            return False
        self.announcements = [*self.announcements[-199:], announcement_id]
        return True

    def keep_clip(self, sha256: str, data: str) -> None:
        """Keep a sound; the oldest goes for one more."""
        self.clips.pop(sha256, None)
        self.clips[sha256] = data
        while len(self.clips) > CLIPS_MAX:
            self.clips.pop(next(iter(self.clips)))

    def new_schedule(self, doses: Iterable[dict[str, Any]], etag: str, revision: int) -> None:
        """Take a schedule; what is remembered of doses that are not in it any more goes."""
        self.doses, self.etag, self.revision = list(doses), etag, revision
        known = {dose["occurrence_id"] for dose in self.doses}
        self.said = {dose: times for dose, times in self.said.items() if dose in known}
        self.answered = {dose: how for dose, how in self.answered.items() if dose in known}
