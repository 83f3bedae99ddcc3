"""The visit: one person's attendance from booking or arrival to leaving, as a state machine written as a table.

The rules that move it stand in `arrivals`, `bookings`, `calling`, `flow` and `undoing`; what they share is here.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final, NamedTuple

from edge.domain import tokens
from edge.domain.decision import Change, Decision, Effect, Moment, Refusal, Write
from shared.events import VISIT_FIELDS

Visit = dict[str, Any]
"""A visit as a row: FIELDS, `id` and `version`. Moments in ms since 1970 UTC or None.

service: letter of the queue it is in.  day: its service-day.  token: None until arrival.  created_at: booked or arrived.
doctor_chosen: somebody chose the doctor, so rebalancing leaves it.  person_id: who it is, None for a bare button press.
slot_id, slot_no: its slot; its number in that doctor's day, given once.  due_at: what it is booked for.
holds_place: takes an ordinary place of its slot.  over_capacity: is in the slot beyond them.
timer_at: when the clock acts on it; TIMER_ACTS says how.  pin: a place given by hand, see `policies`.
promised_low_s, promised_high_s: the wait it was told at arrival.  claimed_urgency: what the patient said, where it counts less.
"""

QUEUE_MAX: Final = 2_000
"""People one service may hold; beyond that an arrival is refused rather than the clinic slowed down."""
SLIP_EXPIRY_MS: Final = 10 * 60_000
"""A slip older than this is not printed any more: its owner has read the number on the screen."""
CALL_EXPIRY_MS: Final = 60_000
"""A call older than this is never spoken: by then it would send the wrong person."""
SKIPS_MAX: Final = 3
"""The skip that counts as not come."""


class Status(StrEnum):
    """DESIGN section 5."""

    BOOKED = "booked"
    WAITLISTED = "waitlisted"
    WAITING = "waiting"
    CALLED = "called"
    IN_CONSULTATION = "in_consultation"
    PARKED = "parked"
    COMPLETED = "completed"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"


HERE: Final = frozenset((Status.WAITING, Status.CALLED, Status.IN_CONSULTATION, Status.PARKED))
"""People who are in the house."""
TO_COME: Final = frozenset((Status.BOOKED, Status.WAITLISTED))
OVER: Final = frozenset((Status.COMPLETED, Status.NO_SHOW, Status.CANCELLED))


class Act(StrEnum):
    """What can happen to a visit that exists."""

    CALL = "call_next"
    RECALL = "recall"
    START = "start_consultation"
    COMPLETE = "complete_consultation"
    MISS = "mark_no_show"
    GRACE = "grace"
    SKIP = "skip"
    PARK = "park"
    RESUME = "resume"
    TRANSFER = "transfer"
    RETURN = "return"
    CANCEL = "cancel"
    FLAG = "flag_emergency"
    TRIAGE = "set_urgency"
    MOVE = "move"
    REASSIGN = "reassign"
    EARLY = "early_arrival"
    ARRIVE = "check_in"
    PROMOTE = "promote"
    DISPLACE = "displace"
    DELAY = "delay"


B, L, W, C, S, P, D, N, X = Status
NEXT: Final[dict[tuple[Status, Act], tuple[Status, str]]] = {
    (B, Act.EARLY): (B, "visit_early"),
    (B, Act.ARRIVE): (W, "visit_arrived"),
    (B, Act.MISS): (N, "visit_missed"),
    (B, Act.GRACE): (B, "visit_grace"),
    (B, Act.CANCEL): (X, "visit_cancelled"),
    (B, Act.DISPLACE): (L, "visit_displaced"),
    (B, Act.DELAY): (B, "visit_delayed"),
    (B, Act.FLAG): (B, "visit_flagged"),
    (L, Act.PROMOTE): (B, "visit_promoted"),
    (L, Act.ARRIVE): (W, "visit_arrived"),
    (L, Act.FLAG): (L, "visit_flagged"),
    (L, Act.CANCEL): (X, "visit_cancelled"),
    (L, Act.DELAY): (L, "visit_delayed"),
    (W, Act.CALL): (C, "visit_called"),
    (W, Act.START): (S, "consultation_started"),
    (W, Act.MISS): (N, "visit_missed"),
    (W, Act.GRACE): (W, "visit_grace"),
    (W, Act.SKIP): (W, "visit_skipped"),
    (W, Act.PARK): (P, "visit_parked"),
    (W, Act.TRANSFER): (W, "visit_transferred"),
    (W, Act.CANCEL): (X, "visit_cancelled"),
    (W, Act.FLAG): (W, "visit_flagged"),
    (W, Act.TRIAGE): (W, "visit_triaged"),
    (W, Act.MOVE): (W, "visit_moved"),
    (W, Act.REASSIGN): (W, "visit_reassigned"),
    (W, Act.DISPLACE): (W, "visit_displaced"),
    (W, Act.DELAY): (W, "visit_delayed"),
    (C, Act.RECALL): (C, "visit_recalled"),
    (C, Act.START): (S, "consultation_started"),
    (C, Act.MISS): (N, "visit_missed"),
    (C, Act.GRACE): (C, "visit_grace"),
    (C, Act.SKIP): (W, "visit_skipped"),
    (C, Act.PARK): (P, "visit_parked"),
    (C, Act.TRANSFER): (W, "visit_transferred"),
    (C, Act.CANCEL): (X, "visit_cancelled"),
    (C, Act.FLAG): (C, "visit_flagged"),
    (S, Act.COMPLETE): (D, "consultation_completed"),
    (S, Act.PARK): (P, "visit_parked"),
    (S, Act.TRANSFER): (W, "visit_transferred"),
    (S, Act.FLAG): (S, "visit_flagged"),
    (P, Act.RESUME): (W, "visit_resumed"),
    (P, Act.TRANSFER): (W, "visit_transferred"),
    (P, Act.MISS): (N, "visit_missed"),
    (P, Act.CANCEL): (X, "visit_cancelled"),
    (P, Act.FLAG): (P, "visit_flagged"),
    (N, Act.RETURN): (W, "visit_returned"),
}
"""(status, act) -> (status after it, kind of event). What is not here is refused.

Two go further than the table: a promoted visit whose person is here already waits at once, and only an emergency arrives
from the waiting list.
"""

HINTS: Final[dict[Status, str]] = {
    B: "It is booked; check it in when the person comes.",
    L: "It is on the waiting list of a full slot.",
    W: "It waits; call it first.",
    C: "It was called; start it, call it again or mark it as not come.",
    S: "It is with the doctor; complete it first.",
    P: "It is on hold; let it wait again first.",
    D: "It is finished; undo brings it back.",
    N: "It was marked as not come; it may return, or undo brings it back.",
    X: "It was cancelled; undo brings it back.",
}


class Rules(NamedTuple):
    """Settings that rules look at. Times in minutes; `timezone` is the site's, by name."""

    double_booking: str = "day"
    """"day": one visit a person and service-day; "doctor_day": one with each doctor."""
    grace_min: int = 15
    early_min: int = 30
    consultation_min: int = 15
    timezone: str = "UTC"
    auto_no_show: bool = True


class Wait(NamedTuple):
    """What an arrival is told: the wait as a range in seconds; None while no doctor is here."""

    low_s: int | None = None
    high_s: int | None = None


def new_visit(visit_id: str, number: int, day: str, service: str, now: Moment, **values: Any) -> Visit:
    """A visit with nothing known but where it belongs; `values` are the fields that are."""
    return {
        "id": visit_id, "version": 1, "number": number, "token": None, "service": service, "day": day,
        "status": Status.WAITING.value, "urgency": 5, "is_emergency": False, "category": "WALKIN", "doctor_id": None,
        "room": None, "created_at": now.now_ms, "arrived_at": None, "called_at": None, "started_at": None,
        "ended_at": None, "recalls": 0, "person_id": None, "slot_id": None, "slot_no": None, "holds_place": False,
        "over_capacity": False, "due_at": None, "delay_min": 0, "paid_at": None, "timer_at": None, "reason": "",
        "claimed_urgency": None, "doctor_chosen": False, "skips": 0, "pin": None, "language": None,
        "promised_low_s": None, "promised_high_s": None, **values,
    }  # fmt: skip


def change(kind: str, visit: Visit, reason: str = "") -> Change:
    """The fact that the visit stands like this now."""
    return Change(kind, visit["id"], visit["version"], {name: visit[name] for name in FIELDS}, reason)


def after(visit: Visit, act: Act, reason: str = "", /, **changes: Any) -> tuple[Visit, Change]:
    """The visit after an act the table allows. A status in `changes` overrides the table's (skip that misses, promote).

    reason: of the act, for the log; a `reason` among the changes is the visit's own.
    """
    status, kind = NEXT[Status(visit["status"]), act]
    moved = {**visit, "status": status.value, **changes, "version": visit["version"] + 1}
    return moved, change(kind, moved, reason)


def refused_act(visit: Visit | None, act: Act) -> Refusal | None:
    """Why the table does not allow it; None when it does."""
    if visit is None:
        return Refusal("not_found", "There is no such visit.", "Read the list again.")
    status = Status(visit["status"])
    if (status, act) in NEXT:
        return None
    words = visit["status"].replace("_", " ")
    return Refusal("wrong_state", f"{name_of(visit)} is {words} now.", HINTS.get(status, "Read the list again."))


def name_of(visit: Visit) -> str:
    """What people call it: the token, or the visit's number before there is one."""
    return visit["token"] or f"Visit {visit['number']}"


def done(before: Visit, moved: Visit, changed: Change, cause: str, *effects: Effect, **more: Any) -> Decision:
    """The decision of an act on one visit, which can be undone: result `{visit, undo_id}`."""
    return Decision(
        [changed, *more.pop("changes", ())], [*effects, *more.pop("effects", ())],
        {"visit": moved, "undo_id": cause, **more.pop("result", {})}, before=[dict(before)], **more,
    )  # fmt: skip


def called_aloud(visit: Visit, cause: str, now: Moment, *, begun: bool = False) -> Effect:
    """The call of a visit to its room. begun: its doctor began with it in the same act, so it is called all the same."""
    body = {"visit_id": visit["id"], "token": visit["token"], "room": visit["room"] or "", "words": "call"}
    if begun:
        body["begun"] = True
    return Effect("announce", f"call:{cause}", body, now.now_ms + CALL_EXPIRY_MS)


def slip(visit: Visit, service_name: str, ahead: int, now: Moment) -> Effect:
    """The slip of a visit that drew its token just now."""
    body = {
        "visit_id": visit["id"], "token": visit["token"], "service_name": service_name, "issued_ms": now.now_ms,
        "ahead": ahead, "repeat": False, "doctor_id": visit["doctor_id"], "day": visit["day"],
        "language": visit["language"], "promised_s": [visit["promised_low_s"], visit["promised_high_s"]],
    }  # fmt: skip
    return Effect("print_slip", f"slip:{visit['id']}", body, now.now_ms + SLIP_EXPIRY_MS)


def take_number(name: str, value: int) -> Write:
    """Keep that a counter has given `value`: what a rule looked at and has used."""
    return Write("take_number", {"name": name, "value": value})


def take_numbers(visit: int, counter: str, value: int) -> Write:
    """Keep the two numbers that every arrival takes: the visit's own, and `value` of the counter its token is from."""
    return Write("take_numbers", {"visit": visit, "counter": counter, "value": value})


def token_of(service: str, number: int) -> str:
    """The printed number."""
    return tokens.token_of(service, number)


def no_day() -> Refusal:
    """No service-day is open."""
    return Refusal("day_closed", "No service-day is open.", "Wait a moment, or set the clock at the desk.")


FIELDS: Final = (
    "number", "token", "service", "day", "status", "urgency", "is_emergency", "category", "doctor_id", "room",
    "created_at", "arrived_at", "called_at", "started_at", "ended_at", "recalls", "person_id", "slot_id", "slot_no",
    "holds_place", "over_capacity", "due_at", "delay_min", "paid_at", "timer_at", "reason", "claimed_urgency",
    "doctor_chosen", "skips", "pin", "language", "promised_low_s", "promised_high_s",
)  # fmt: skip
"""The fields of an event about a visit, and with `id` and `version` the columns of its row."""
assert set(FIELDS) == VISIT_FIELDS
