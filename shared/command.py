"""The base of every command: what makes it the same command when it comes twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """command_id: 1 to 200 characters, unique for ever.  actor: who asks, e.g. "staff:<id>", "cloud:<account>".

    device: where it was asked, e.g. "page", "api", "kiosk:<id>"; goes into the visit's log, never over the wire.
    """

    kind: ClassVar[str]
    command_id: str
    actor: str
    device: str = ""
