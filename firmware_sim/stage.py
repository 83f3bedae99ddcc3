"""What a scenario needs of the running programs. `deploy.demo.stage.Stage` is one; another could be a real clinic."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Protocol

from shared.clock import Clock


class Devices(Protocol):
    """The simulated devices, by their control socket."""

    @property
    def folder(self) -> Path:
        """Where the printer's tray is: `slips.jsonl`."""

    async def do(self, what: str, /, **values: object) -> dict[str, Any]:
        """Ask one thing; the answer."""


class Inbox(Protocol):
    """Where a caregiver is told."""

    def messages(self) -> list[dict[str, Any]]:
        """What arrived, oldest first: the bodies of the webhook."""


class Clinic(Protocol):
    """Who may sign in, and who works there."""

    site: str
    staff: dict[str, str]
    office: dict[str, str]
    doctors: list[str]
    care: dict[str, Any]
    """`people`: whoever has medicine, each with `id` and `home` (a dispenser) or not."""


class Stage(Protocol):
    """The running programs and the faults one can do to them."""

    clock: Clock | None

    @property
    def devices(self) -> Devices:
        """The board, the printer, the loudspeaker."""

    @property
    def inbox(self) -> Inbox:
        """Of the caregiver of everybody who has medicine."""

    @property
    def clinic(self) -> Clinic:
        """The clinic that plays."""

    @property
    def edge_url(self) -> str:
        """The clinic's HTTP address."""

    @property
    def cloud_url(self) -> str:
        """Head office's HTTP address."""

    @property
    def database_url(self) -> str:
        """The cloud's PostgreSQL."""

    @property
    def edge_database(self) -> Path:
        """The clinic's SQLite file."""

    def cut_link(self, state: Literal["half_open", "cut"] = ...) -> None:
        """Clinic and head office no longer hear each other."""

    def restore_link(self) -> None:
        """They do again."""

    async def kill_edge(self) -> None:
        """kill -9; it stays away until `start_edge`."""

    async def start_edge(self) -> None:
        """Start the clinic's program; returns when it answers."""
