"""Events: facts, in the past tense, each with the entity as it stands after the change.

The identity of an event is (site, epoch, lane, seq). `seq` is contiguous per lane, `gseq` orders the whole site for
people. One kind of entity lives in one lane for ever. Unknown kinds are kept and passed on, never an error.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Literal, NamedTuple

EVENT_BYTES_MAX = 32 * 1024
"""Largest canonical form of one event; enforced when it is appended."""


class Lane(IntEnum):
    """Priority class of the uplink; strictly in this order between frames."""

    ALERT = 0
    CARE = 1
    TELEMETRY = 2


LANES = (Lane.ALERT, Lane.CARE, Lane.TELEMETRY)


class Event(NamedTuple):
    """One fact as it is kept at the edge, sent, and kept in the cloud.

    seq: number in its lane, from 1, without holes.      gseq: number in the site's epoch, from 1.
    at: domain time, ms since 1970 UTC.                  mono_ms: CLOCK_MONOTONIC of that boot, ms.
    trust: who vouched for the time: "k" kernel, "s" system, "p" person, "u" nobody (untrusted).
    v: version of the kind's data, from 1.               actor: who caused it, e.g. "board:b1", "staff:<id>", "clock".
    cause: the command_id it follows from.               entity, id, version: what changed, which one, its version now.
    data: the entity after the change, by field name.
    """

    seq: int
    gseq: int
    at: int
    mono_ms: int
    trust: Literal["k", "s", "p", "u"]
    kind: str
    v: int
    actor: str
    cause: str
    entity: str
    id: str
    version: int
    data: dict[str, Any]


class Gap(NamedTuple):
    """A range of a lane that will never be sent: dropped, thinned or poison. The cursor passes it, people see it."""

    first: int
    last: int
    reason: str


@dataclass(frozen=True, slots=True)
class Kind:
    """What a kind of event means, where it travels, and which fields its data must hold."""

    entity: str
    lane: Lane
    meaning: str
    fields: frozenset[str]


VISIT_FIELDS = frozenset(
    {"number", "token", "service", "day", "status", "urgency", "is_emergency", "category", "doctor_id", "room"}
    | {"created_at", "arrived_at", "called_at", "started_at", "ended_at", "recalls"}
    | {"person_id", "slot_id", "slot_no", "holds_place", "over_capacity", "due_at", "delay_min", "paid_at", "timer_at"}
    | {"reason", "claimed_urgency", "doctor_chosen", "skips", "pin", "language", "promised_low_s", "promised_high_s"}
)
"""A visit, as every event about it carries it. Moments are ms since 1970 UTC or null; edge/domain/visits.py says more.

The second half came with the appointment book: events of before do not have it, and readers fill in null, 0 or false.
"""
DOCTOR_FIELDS = frozenset(
    {"number", "name", "specialization", "service", "room", "is_active", "is_on_break"}
    | {"code", "policy", "policy_options", "created_at"}
)
SERVICE_FIELDS = frozenset({"letter", "name", "is_open", "policy", "policy_options"})
PERSON_FIELDS = frozenset({"name", "phone", "email", "age", "gender", "language", "notify", "created_at", "erased"})
SLOT_FIELDS = frozenset(
    {
        "doctor_id",
        "day",
        "start_at",
        "end_at",
        "max_capacity",
        "status",
        "own_delay_min",
        "delay_min",
        "lent",
        "created_at",
    }
)
BROADCAST_FIELDS = frozenset({"doctor_id", "day", "message", "priority", "delay_min", "sent_at", "ended_at"})
SLIP_FIELDS = frozenset({"token", "outcome", "reason", "repeat"})

DOSE_FIELDS = frozenset(
    {
        "person_id",
        "plan_id",
        "item_id",
        "step",
        "revision",
        "medication",
        "quantity",
        "unit",
        "policy_class",
        "critical",
    }
    | {"nominal_local", "tz", "due_at", "window_open", "on_time_until", "miss_at"}
    | {
        "status",
        "status_since",
        "announced_n",
        "taken_at",
        "source",
        "reason",
        "device_id",
        "compartment",
        "snoozed_until",
    }
)
"""One dose of a medicine, as every event about it carries it; `status` is a word of `shared.doses.states.Status`."""
CARE_ALERT_FIELDS = frozenset(
    {"person_id", "topic", "severity", "title", "body", "hint", "dose_ids", "device_id", "note_id", "rung", "audience"}
    | {"critical", "tries", "raised_at", "expires_at", "acked_by", "acked_at", "open", "says"}
)
"""topic: missed_dose, red_flag, help, double_dose, dose_limit, device_offline, device_fault, low_stock, time_critical_gap.

severity: info, warning or critical.  audience: caregiver, clinic or office: who is to be told now; grows with `rung` (3, 4).

says: what `title` says as a code and values, for readers of other languages; {} where the topic says all. code: of missed_dose
"unanswered", "missed", "unsaid", "missed_unsaid" or "skipped"; of double_dose "twice"; of dose_limit "on_hold", "early",
"too_soon", "too_much" or "limit"; of low_stock "left"; of time_critical_gap "gap"; of device_fault "low_battery", "lid_open",
"speaker", "motor" or "fault".  medicines: names;  unsaid: names of those nobody was told of;  unanswered: names of those that
still wait, beside missed ones;  left: units;  really_h, shown_h: hours between two doses;  fault: the device's own word;  by:
"heartbeat" or "event", how it told.
"""
DEVICE_FIELDS = frozenset({"device_kind", "name", "person_id", "status", "created_at", "claimed_at", "compartments"})
NOTE_FIELDS = frozenset(
    {
        "person_id",
        "device_id",
        "recorded_at",
        "sha256",
        "bytes",
        "seconds",
        "media_type",
        "language",
        "purpose",
        "heard",
    }
    | {"dose_id", "boot_id", "device_seq", "uploaded"}
)
"""A recording. heard: null or what the edge's decoders made of it: {"words", "act", "agreed", "snr_db", "red_flags"}."""
HOLD_FIELDS = frozenset({"person_id", "plan_id", "item_id", "from_at", "until_at", "reason", "ended_at"})


def _dose(meaning: str) -> Kind:
    return Kind("dose", Lane.CARE, meaning, DOSE_FIELDS)


def _care_alert(meaning: str) -> Kind:
    return Kind("care_alert", Lane.ALERT, meaning, CARE_ALERT_FIELDS)


def _visit(meaning: str) -> Kind:
    return Kind("visit", Lane.CARE, meaning, VISIT_FIELDS)


KINDS: dict[str, Kind] = {
    "token_issued": _visit("Somebody arrived and drew a token."),
    "visit_called": _visit("A waiting visit was called to a doctor's room."),
    "visit_recalled": _visit("A called visit was called once more."),
    "consultation_started": _visit("The doctor began with a visit."),
    "consultation_completed": _visit("The doctor finished with a visit."),
    "visit_missed": _visit("A called visit did not come."),
    "undone": _visit("An earlier command was taken back; the visit stands as before it."),
    "visit_expired": _visit("A visit was still open when its day closed."),
    "visit_carried": _visit(
        "A visit goes on in the next service-day: the clock was set forward while its person waited."
    ),
    "visit_booked": _visit("A place was booked for somebody."),
    "visit_waitlisted": _visit("The slot is full: somebody waits for a place in it."),
    "visit_promoted": _visit("A place came free and went to the first of the waiting list."),
    "visit_displaced": _visit("The slot was cancelled: its visit waits for another place."),
    "visit_delayed": _visit("The slot of a visit is delayed, or no longer."),
    "visit_early": _visit("A booked person came early and joins the queue by itself later."),
    "visit_arrived": _visit("A booked person checked in and drew a token."),
    "visit_skipped": _visit("A visit was put behind the next two."),
    "visit_parked": _visit("A visit was put on hold, with a time at which it returns by itself."),
    "visit_resumed": _visit("A visit on hold waits again."),
    "visit_transferred": _visit("A visit was sent on to another service or doctor, with the same token."),
    "visit_returned": _visit("Somebody who was marked as not come is here."),
    "visit_cancelled": _visit("A visit was cancelled."),
    "visit_flagged": _visit("A visit became an emergency."),
    "visit_triaged": _visit("The urgency of a visit was set."),
    "visit_moved": _visit("A visit was given another place in its queue by hand."),
    "visit_reassigned": _visit("A visit was given to another doctor."),
    "visit_grace": _visit("A visit is marked as not come unless it appears in time."),
    "person_added": Kind("person", Lane.CARE, "A person was registered.", PERSON_FIELDS),
    "person_changed": Kind("person", Lane.CARE, "A person's data changed.", PERSON_FIELDS),
    "person_erased": Kind("person", Lane.CARE, "A person's data was erased.", PERSON_FIELDS),
    "slot_added": Kind("slot", Lane.CARE, "Bookable time was opened.", SLOT_FIELDS),
    "slot_changed": Kind("slot", Lane.CARE, "A slot's time, capacity, delay or status changed.", SLOT_FIELDS),
    "broadcast_sent": Kind("broadcast", Lane.CARE, "A message to everybody of a doctor's day.", BROADCAST_FIELDS),
    "broadcast_ended": Kind("broadcast", Lane.CARE, "What the message said is over.", BROADCAST_FIELDS),
    "notice_ended": Kind(
        "notice",
        Lane.TELEMETRY,
        "A notice to somebody's phone was handed over, or was not.",
        frozenset({"topic", "visit_id", "outcome", "reason"}),
    ),
    "day_opened": Kind(
        "day", Lane.CARE, "A service-day began; tokens count from 1.", frozenset({"day", "first_numbers"})
    ),
    "service_added": Kind("service", Lane.CARE, "A service was added.", SERVICE_FIELDS),
    "service_changed": Kind("service", Lane.CARE, "A service was renamed, opened or closed.", SERVICE_FIELDS),
    "doctor_added": Kind("doctor", Lane.CARE, "A doctor was added.", DOCTOR_FIELDS),
    "doctor_changed": Kind("doctor", Lane.CARE, "A doctor's data, room or presence changed.", DOCTOR_FIELDS),
    "slip_printed": Kind("slip", Lane.CARE, "A slip came out of the printer.", SLIP_FIELDS),
    "slip_not_printed": Kind("slip", Lane.CARE, "No slip came out; the number is on screen.", SLIP_FIELDS),
    "command_settled": Kind(
        "command",
        Lane.CARE,
        "A command from the cloud was applied, failed or expired.",
        frozenset({"kind", "outcome", "detail"}),
    ),
    "alert_raised": Kind(
        "alert", Lane.ALERT, "Something needs a person now.", frozenset({"topic", "title", "hint", "open"})
    ),
    "alert_ended": Kind(
        "alert", Lane.ALERT, "What needed a person is over.", frozenset({"topic", "title", "hint", "open"})
    ),
    "announcement_ended": Kind(
        "announcement",
        Lane.TELEMETRY,
        "A call was spoken, dropped because it was stale, or left unknown by a crash.",
        frozenset({"token", "outcome", "reason"}),
    ),
    "site_started": Kind("site", Lane.TELEMETRY, "The edge program started.", frozenset({"version", "boot", "reason"})),
    "clock_stepped": Kind("site", Lane.TELEMETRY, "The system clock was set.", frozenset({"step_ms"})),
    "staff_acted": Kind(
        "audit",
        Lane.TELEMETRY,
        "A person signed in, failed to, or changed an account or a screen.",
        frozenset({"act", "who", "detail"}),
    ),
    "plan_applied": Kind(
        "plan",
        Lane.CARE,
        "A plan, or its next revision, is followed from now on.",
        frozenset({"person_id", "revision", "status", "plan", "reason"}),
    ),
    "plan_stopped": Kind(
        "plan", Lane.CARE, "A plan ended.", frozenset({"person_id", "revision", "status", "plan", "reason"})
    ),
    "dose_announced": _dose("Somebody was told that a dose is due; `announced_n` counts."),
    "dose_snoozed": _dose("A dose is to be announced again later."),
    "dose_taken": _dose("A dose was taken: EARLY, ON_TIME or LATE."),
    "dose_skipped": _dose("A dose is not taken, and somebody said so."),
    "dose_missed": _dose("A dose was announced, and nobody answered in time."),
    "dose_not_announced": _dose("Nobody was told of a dose: our failure, not the patient's."),
    "dose_unknown": _dose("The device was silent over the whole window: nobody knows yet."),
    "dose_held": _dose("The clinic holds a dose back."),
    "dose_released": _dose("A hold ended; the dose is planned again."),
    "dose_voided": _dose("The plan changed: this dose is none any more."),
    "dose_corrected": _dose("Somebody who knows said what became of a dose."),
    "dose_moved": _dose("A dose got another time, or by a new revision another amount or name; it stands as it stood."),
    "dose_event_logged": Kind(
        "dose_event",
        Lane.CARE,
        "What was done or told about a dose, by whom or what; never changed.",
        frozenset({"dose_id", "person_id", "item_id", "act", "source", "at", "uncertainty_s", "quantity", "reason"})
        | frozenset({"device_id", "boot_id", "device_seq", "note_id", "received_at", "supersedes"}),
    ),
    "hold_set": Kind("hold", Lane.CARE, "Doses are held back for a time.", HOLD_FIELDS),
    "hold_ended": Kind("hold", Lane.CARE, "A hold was taken back.", HOLD_FIELDS),
    "meal_times_set": Kind("meal_times", Lane.CARE, "When a person wakes, eats and sleeps.", frozenset({"times"})),
    "stock_changed": Kind(
        "stock",
        Lane.CARE,
        "How many units of a medicine are left.",
        frozenset({"person_id", "plan_id", "item_id", "medication", "device_id", "compartment", "units", "days_left"}),
    ),
    "device_added": Kind("device", Lane.CARE, "A device belongs to this site.", DEVICE_FIELDS),
    "device_changed": Kind(
        "device", Lane.CARE, "A device was named, given to somebody, or has its key.", DEVICE_FIELDS
    ),
    "device_removed": Kind("device", Lane.CARE, "A device is none of ours any more.", DEVICE_FIELDS),
    "device_heard": Kind(
        "device_state",
        Lane.TELEMETRY,
        "How a device is; thinned.",
        frozenset({"online", "heard_at", "battery", "wifi_dbm", "firmware", "faults"}),
    ),
    "device_event_logged": Kind(
        "device_event",
        Lane.TELEMETRY,
        "What a device told.",
        frozenset(
            {"device_id", "boot_id", "device_seq", "event", "at", "uncertainty_s", "dose_id", "quantity", "data"}
        ),
    ),
    "note_recorded": Kind("note", Lane.CARE, "Somebody spoke to a device; the sound is kept.", NOTE_FIELDS),
    "note_uploaded": Kind("note", Lane.CARE, "The sound of a note is at head office.", NOTE_FIELDS),
    "care_alert_raised": _care_alert("A patient needs somebody."),
    "care_alert_escalated": _care_alert("Nobody took an alert upon themselves; more people are to be told."),
    "care_alert_acknowledged": _care_alert("Somebody took an alert upon themselves."),
    "care_alert_ended": _care_alert("What an alert was about is over."),
}
