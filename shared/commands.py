"""Commands: what is asked of a site. The same ones arrive from the desk and, numbered, from the cloud.

A command carries the reason it is the same command: its `command_id`. Sent twice, it is done once.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar

from shared.care_commands import CARE
from shared.command import Command

__all__ = ["AddDoctor", "AddService", "BadCommand", "ChangeDoctor", "Command", "RenameService", "RequestBooking",
           "body_of", "command_of"]  # fmt: skip

COMMAND_BYTES_MAX = 16 * 1024
TEXT_MAX = 120


class BadCommand(ValueError):
    """The body does not fit the kind; trying again will not help. The message says which field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddDoctor(Command):
    """Add a doctor. `doctor_id` is a UUID the sender makes, so that it knows it before the site answers."""

    kind: ClassVar[str] = "add_doctor"
    doctor_id: str
    name: str
    specialization: str = ""
    service: str | None = None
    """Letter of the service whose patients the doctor calls; the site's first service when None."""
    room: str = ""
    code: str | None = None
    """As people write it, e.g. "DOC001"; made from the small number when None. Unique in the clinic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeDoctor(Command):
    """Change what is not None."""

    kind: ClassVar[str] = "change_doctor"
    doctor_id: str
    name: str | None = None
    specialization: str | None = None
    room: str | None = None
    service: str | None = None
    code: str | None = None
    is_active: bool | None = None
    is_on_break: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddService(Command):
    """Add what a patient can queue for. `letter` A-Z starts its tokens."""

    kind: ClassVar[str] = "add_service"
    letter: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameService(Command):
    """Give a service another name; the letter on its tokens stays."""

    kind: ClassVar[str] = "rename_service"
    letter: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestBooking(Command):
    """Head office asks for a place on somebody's behalf. The site decides, as for a booking at its own desk.

    visit_id, new_person_id, new_slot_id: UUIDs the sender makes, for what the booking makes of them.
    Who: `person_id` of somebody the site knows, else `name` and the rest, found again by name and phone or registered.
    Where: `slot_id`; or `doctor_id`, `day` and `time` ("09:30", the site's own time); or `doctor_id` and `day` alone,
    which is the first free place of that day.
    category: "ONLINE", "PRIORITY_PAID" or "FOLLOWUP"; who is there already is booked at the desk.
    waitlist: whether a full slot puts on the waiting list, else it is refused.  paid_ms: when it was paid; None: now.
    """

    kind: ClassVar[str] = "request_booking"
    visit_id: str
    new_person_id: str
    new_slot_id: str
    person_id: str | None = None
    name: str | None = None
    phone: str | None = None
    age: int | None = None
    gender: str | None = None
    language: str | None = None
    doctor_id: str | None = None
    slot_id: str | None = None
    day: str | None = None
    time: str | None = None
    category: str = "ONLINE"
    paid_ms: int | None = None
    waitlist: bool = True


PERSONAL: dict[str, tuple[str, ...]] = {"request_booking": ("name", "phone", "age", "gender", "language")}
"""By kind, the fields that say who somebody is: not kept by the cloud once the site has settled the command."""
FROM_CLOUD: dict[str, type[Command]] = {
    c.kind: c for c in (AddDoctor, ChangeDoctor, AddService, RenameService, RequestBooking, *CARE)
}
"""Commands a site takes from the cloud, by kind."""
INT_MAX = 2**53


_ENVELOPE = ("command_id", "actor", "device")


def body_of(command: Command) -> dict[str, Any]:
    """The fields of a command beside its id and actor: what travels as `body`."""
    fields = {f.name: getattr(command, f.name) for f in dataclasses.fields(command)}
    return {name: value for name, value in fields.items() if name not in _ENVELOPE and value is not None}


def command_of(kind: str, command_id: str, actor: str, body: dict[str, Any]) -> Command:
    """Rebuild a cloud command. Raises BadCommand, naming the field, for anything that does not fit."""
    if kind not in FROM_CLOUD:
        raise BadCommand(f"this site does not know the command {kind!r}; update the site")
    wanted = {f.name: f for f in dataclasses.fields(FROM_CLOUD[kind])}
    for name, value in body.items():
        if name not in wanted or name in _ENVELOPE:
            raise BadCommand(f"{kind} has no field {name!r}")
        if not _fits(value, str(wanted[name].type)):
            raise BadCommand(f"{kind}.{name} has the wrong type")
        if isinstance(value, str) and len(value) > TEXT_MAX:
            raise BadCommand(f"{kind}.{name} is longer than {TEXT_MAX} characters")
    try:
        return FROM_CLOUD[kind](command_id=command_id, actor=actor, **body)
    except TypeError as error:
        raise BadCommand(f"{kind}: a field is missing ({error})") from error


def _fits(value: object, declared: str) -> bool:
    """Whether a value from the wire is of a field's type: str, int, bool or object, or None where the default is None."""
    if value is None:
        return True
    if "dict" in declared:
        return isinstance(value, dict)
    if "bool" in declared:
        return isinstance(value, bool)
    if "int" in declared:
        return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= INT_MAX
    return isinstance(value, str)
