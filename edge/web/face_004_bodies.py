"""Seed 004's bodies: one visit of a day, one doctor of a day. The feed's days hold them, the REST paths answer them.

`appointment_id` and the doctor's `id` are UUIDs; `number` is the small clinic number beside each (decision 2).
"""

from __future__ import annotations

from typing import Any, Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

from edge.store.states import Row
from shared.clock import iso
from shared.statuses import WORDS

Names = Literal["all", "name", "none"]
"""What of a person is shown: everything; the name alone, where a site allows that on its screens; nothing (decision 35)."""
_IN_THE_ROOM: Final = ("called", "in_consultation")


class Patient(NamedTuple):
    """A person as this face shows one."""

    id: str
    name: str
    phone: str | None
    age: int | None
    gender: str | None


class Entry(NamedTuple):
    """A visit as this face shows it, moments in ms. Two that are equal look the same."""

    id: str
    version: int
    number: int
    token: str | None
    status: str
    day: str
    doctor_id: str | None
    slot_no: int | None
    arrived_at: int | None
    called_at: int | None
    ended_at: int | None
    person_id: str | None
    patient: Patient | None = None
    position: int | None = None

    @property
    def is_listed(self) -> bool:
        """Whether this face shows it at all (decision 6)."""
        return WORDS[self.status].central is not None

    @property
    def place(self) -> tuple[bool, int, int]:
        """Where it stands among its doctor's: by slot, then by number."""
        return self.slot_no is None, self.slot_no or 0, self.number


class Head(NamedTuple):
    """A doctor of a day without the appointments."""

    id: str
    number: int
    name: str
    code: str
    specialty: str
    is_active: bool
    is_on_break: bool
    capacity: int
    remaining: int
    total: int
    checked_in: int

    @property
    def is_listed(self) -> bool:
        """Every active doctor, and who else has visits that day (decision 36)."""
        return self.is_active or self.total > 0

    def counts(self) -> dict[str, Any]:
        """What changes while the day goes on."""
        return {
            "total_appointments": self.total, "checked_in_count": self.checked_in, "is_active": self.is_active,
            "is_on_break": self.is_on_break, "capacity": self.capacity, "remaining": self.remaining,
        }  # fmt: skip

    def doctor(self) -> dict[str, Any]:
        """Who it is."""
        return {
            "id": self.id, "name": self.name, "code": self.code, "specialty": self.specialty,
            "specialization": self.specialty, "number": self.number,
        }  # fmt: skip


def patient_of(person: Row | None) -> Patient | None:
    """A person's row as a patient; None for nobody and for somebody whose data was erased."""
    if person is None or person["erased"]:
        return None
    return Patient(person["id"], person["name"], person["phone"] or None, person["age"], person["gender"])


def entry_of(visit: Row, patient: Patient | None = None, position: int | None = None) -> Entry:
    """A visit's row as an entry."""
    return Entry(
        visit["id"], visit["version"], visit["number"], visit["token"], visit["status"], visit["day"], visit["doctor_id"],
        visit["slot_no"], visit["arrived_at"], visit["called_at"], visit["ended_at"], visit["person_id"], patient, position,
    )  # fmt: skip


def head_of(doctor: Row, places: tuple[int, int], total: int, checked_in: int) -> Head:
    """A doctor's row as a head. places: capacity and what remains of it."""
    return Head(
        doctor["id"], doctor["number"], doctor["name"], doctor["code"] or f"DOC{doctor['number']:03d}",
        doctor["specialization"], doctor["is_active"], doctor["is_on_break"], *places, total, checked_in,
    )  # fmt: skip


def appointment(entry: Entry, zone: ZoneInfo, names: Names) -> dict[str, Any]:
    """One visit."""
    return {
        "appointment_id": entry.id, "slot": entry.slot_no, "status": WORDS[entry.status].central,
        "patient": _patient(entry, names), "queue": _queue(entry, zone), "number_printed": entry.token,
        "number": entry.number,
    }  # fmt: skip


def called_by(entry: Entry) -> str:
    """What stands where a name would: the printed token, before there is one the visit's number."""
    return entry.token or f"#{entry.number}"


def _patient(entry: Entry, names: Names) -> dict[str, Any]:
    who = entry.patient
    if names == "all" and who is not None:
        return who._asdict()
    name = who.name if who is not None and names == "name" else called_by(entry)
    id_ = entry.person_id if names == "all" else None
    return {"id": id_, "name": name, "phone": None, "age": None, "gender": None}


def _queue(entry: Entry, zone: ZoneInfo) -> dict[str, Any] | None:
    """The queue entry; None for somebody who never checked in, and for an early one until the queue takes them."""
    word = WORDS[entry.status].central_queue
    if word is None or entry.arrived_at is None:
        return None
    return {
        "position": entry.position, "checked_in_at": iso(entry.arrived_at, zone),
        "called_at": None if entry.called_at is None else iso(entry.called_at, zone),
        "completed_at": iso(entry.ended_at, zone) if entry.status == "completed" and entry.ended_at is not None else None,
        "status": word,
    }  # fmt: skip


def position_in(entry: Entry, stands: int | None, before: int | None) -> int | None:
    """The position to show. stands: in the house, which may have been read a commit later than the entry."""
    if entry.status in _IN_THE_ROOM:
        return 0
    if entry.status != "waiting":
        return None
    return stands if stands else before
