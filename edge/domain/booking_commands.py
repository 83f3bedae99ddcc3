"""What is asked about people, slots, bookings and the messages to those who wait.

Moments are ms since 1970 UTC; `day` is an ISO date in the site's zone, worked out by whoever asks, because rules know no
zone. Ids of new things are UUIDs made by the asker, so that an answer lost on the way can be asked for again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple

from shared.commands import Command

Category = Literal["EMERGENCY", "PRIORITY_PAID", "FOLLOWUP", "ONLINE", "WALKIN"]
CATEGORIES: tuple[Category, ...] = ("EMERGENCY", "PRIORITY_PAID", "FOLLOWUP", "ONLINE", "WALKIN")
Priority = Literal["low", "normal", "high", "critical"]


class NewPerson(NamedTuple):
    """Somebody as they tell it. Texts are trimmed and within their limits already; empty means unknown."""

    name: str
    phone: str = ""
    email: str = ""
    age: int | None = None
    gender: str | None = None
    language: str | None = None
    notify: bool = False
    """Agreed to messages on the phone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddPerson(Command):
    """Register a person; no visit, no token."""

    kind: ClassVar[str] = "add_person"
    person_id: str
    person: NewPerson


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePerson(Command):
    """Change what `changes` names: fields of NewPerson."""

    kind: ClassVar[str] = "change_person"
    person_id: str
    changes: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasePerson(Command):
    """Erase a person's data; their visits keep no name. Refused while a visit is open."""

    kind: ClassVar[str] = "erase_person"
    person_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterVisit(Command):
    """Somebody is here and gives their name: person (found or made), visit and token in one commit.

    person_id: of somebody known; else `person`, who is found again by name and phone or made under `new_person_id`.
    urgency: 0 to 10 as given; `claimed_by_patient`: it counts up to 7 until staff confirm.
    is_emergency: before all others; urgency 10.  override: staff's reason to allow a second visit of the day.
    """

    kind: ClassVar[str] = "register_visit"
    visit_id: str
    new_person_id: str
    person_id: str | None = None
    person: NewPerson | None = None
    service: str | None = None
    doctor_id: str | None = None
    reason: str = ""
    urgency: int = 5
    claimed_by_patient: bool = False
    is_emergency: bool = False
    category: Category = "WALKIN"
    language: str | None = None
    override: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddSlot(Command):
    """Open bookable time of a doctor: [start_ms, end_ms) on `day`, for `max_capacity` ordinary visits."""

    kind: ClassVar[str] = "add_slot"
    slot_id: str
    doctor_id: str
    day: str
    start_ms: int
    end_ms: int
    max_capacity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSlot(Command):
    """Change what is not None. CANCELLED sends its visits to the waiting list; ACTIVE opens it again."""

    kind: ClassVar[str] = "change_slot"
    slot_id: str
    day: str | None = None
    start_ms: int | None = None
    end_ms: int | None = None
    max_capacity: int | None = None
    status: Literal["ACTIVE", "CANCELLED"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DelaySlot(Command):
    """Set (not add) a slot's delay, 0 to 720 minutes; later slots of the doctor's day follow."""

    kind: ClassVar[str] = "delay_slot"
    slot_id: str
    delay_min: int


class HourSlot(NamedTuple):
    """The slot to make when a booking names a time of a doctor who has no slot there."""

    slot_id: str
    day: str
    start_ms: int
    end_ms: int
    max_capacity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BookVisit(Command):
    """Book a place, or a place on the waiting list; an EMERGENCY always gets in.

    Where: `slot_id`; or `doctor_id` and `due_ms` (the slot around it, else `hour_slot` is made); or `doctor_id` and `day`
    alone (the first slot of that day with a free place that is not over yet).
    person_id or person, as in RegisterVisit.  paid_ms: when it was paid; None counts as now.
    waitlist: whether a full slot puts on the waiting list (else it is refused).
    WALKIN and EMERGENCY are here already: they draw a token, if the slot's day is the open one.
    """

    kind: ClassVar[str] = "book_visit"
    visit_id: str
    new_person_id: str
    person_id: str | None = None
    person: NewPerson | None = None
    slot_id: str | None = None
    doctor_id: str | None = None
    day: str | None = None
    due_ms: int | None = None
    hour_slot: HourSlot | None = None
    category: Category = "ONLINE"
    paid_ms: int | None = None
    waitlist: bool = True
    reason: str = ""
    language: str | None = None
    override: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyMessage(Command):
    """Tell everybody of a doctor's day; `delay_min` is added to that doctor's estimates until it is ended."""

    kind: ClassVar[str] = "emergency_message"
    broadcast_id: str
    doctor_id: str
    message: str
    priority: Priority = "high"
    delay_min: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EndMessage(Command):
    """What the message said is over."""

    kind: ClassVar[str] = "end_message"
    broadcast_id: str
