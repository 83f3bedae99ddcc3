"""Ports: what the application asks of the world, and how the world says no. The drivers are in `edge.devices`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

from edge.domain.tickets import Slip


class DeviceError(Exception):
    """A device did not do what was asked.

    code: one word for programs and pages, e.g. "paper_out".
    passing: it may work on a later attempt without a change to the program or its settings; False: it will not.
    hint: one sentence for a person: what to do.
    begun: bytes may have left, so a later attempt is a marked repeat. False: certainly nothing came out.
    """

    code: ClassVar[str] = "device_error"
    passing: bool = True
    hint: str = "Look at the device, its cable and its power."
    begun: bool = False

    def __init__(
        self, message: str, *, passing: bool | None = None, hint: str | None = None, begun: bool | None = None
    ) -> None:
        super().__init__(message)
        self.passing = type(self).passing if passing is None else passing
        self.hint = type(self).hint if hint is None else hint
        self.begun = type(self).begun if begun is None else begun


class PaperOut(DeviceError):
    """The roll is at its end. Passing: waiting slips print by themselves once there is paper."""

    code = "paper_out"
    hint = "Put a new roll in the ticket printer; waiting slips print by themselves."


class CoverOpen(DeviceError):
    """Somebody has opened the printer, perhaps to change the roll."""

    code = "cover_open"
    hint = "Close the cover of the ticket printer; waiting slips print by themselves."


class Offline(DeviceError):
    """Nothing answers: no cable, no power, or the path has vanished."""

    code = "offline"
    hint = "Check the cable and the power of the device."


class Busy(DeviceError):
    """The device answers but does not take bytes as fast as they come; its bounded buffer is full."""

    code = "busy"
    hint = "Wait a minute; if it stays so, switch the device off and on."


class NoRoute(DeviceError):
    """Whoever sends messages for this clinic has no way to do so, or will not take this one. Nothing is broken."""

    code = "no_route"
    passing = False
    hint = "Ask head office to set how messages of this clinic are sent."


class Printer(Protocol):
    """Puts slips on paper, one at a time."""

    async def print(self, slip: Slip) -> None:
        """Return when the printer has taken the last byte of `slip`. Raises DeviceError otherwise."""

    async def check(self) -> DeviceError | None:
        """Ask it what is wrong; None when it could print now. What it cannot tell is as it was with the last slip."""


class Speaker(Protocol):
    """Says things aloud, strictly one after another."""

    async def say(self, words: str, language: str) -> None:
        """Return when the clip has ended. `language`: "en", "hi", "es", "ar". Raises DeviceError otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A message to one person's phone.

    key: unique for ever; a door that is asked twice with one key sends once.  topic: of `edge.domain.notices.EXPIRY_MIN`.
    values: what the words of the topic need.  due_ms: what the visit is booked for.  repeat: it may have been sent before.
    """

    key: str
    topic: str
    phone: str
    language: str
    token: str | None
    values: dict[str, str | int]
    visit_id: str
    expires_ms: int
    repeat: bool
    due_ms: int | None = None


class Messenger(Protocol):
    """The one outgoing door to people's phones."""

    async def send(self, notice: Notice) -> None:
        """Return when the notice was handed over for good. Raises DeviceError otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseAnnouncement:
    """That doses are due, all of one person, said as one.

    id: names the announcement; a press that names no dose answers all doses of the last one.
    dose_ids: empty for a word beforehand, which nobody answers.  text: what is to be said, in `language`.
    compartments: where the medicine lies.  rung: 0 a word beforehand, 1 the first time, 2 again.
    """

    id: str
    dose_ids: tuple[str, ...]
    text: str
    language: str
    compartments: tuple[int, ...]
    rung: int
    expires_ms: int


class DoseDevice(Protocol):
    """The patients' own devices."""

    async def announce(self, device_id: str, announcement: DoseAnnouncement) -> None:
        """Return when the device has told somebody. Raises DeviceError; `begun` says whether somebody may have heard it."""
