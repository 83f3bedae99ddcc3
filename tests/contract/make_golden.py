"""Writes a golden file for every event kind, cloud command, sync body and serial message that has none yet.

``python -m tests.contract.make_golden``. It never changes a file: what once travelled must decode for ever. When a kind
gets another field, run it again: the new form gets a file of its own, ``<name>.2.json``, beside the old one.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from shared import api, frames
from shared.codec import crc_of, encode_frame
from shared.commands import FROM_CLOUD, Command, body_of
from shared.events import KINDS, Event

FOLDER = Path(__file__).with_name("golden")
SITE, EPOCH, BOOT, STREAM = "riverside", "00112233445566ff", "8899aabbccddee00", "0123456789abcdef"
AT_MS = 1_795_166_040_000
VISIT_ID, DOCTOR_ID = "01935b5a-0000-7000-8000-000000000001", "01935b5a-0000-7000-8000-000000000002"
PLAN_ID, DEVICE_ID = "01935b5a-0000-7000-8000-000000000005", "01935b5a-0000-7000-8000-000000000006"
PERSON_ID = "01935b5a-0000-7000-8000-000000000003"
PLAN: dict[str, Any] = {
    "start": "2026-11-20", "timezone": "Europe/Madrid",
    "items": [
        {
            "id": "m", "medication": "Metformin", "unit": "tablet", "dose": 1.5, "timing": {"times_of_day": ["08:00"]},
            "instructions": {"en": "With food.", "es": "Con comida."},
        }
    ],
}  # fmt: skip

FIELDS: dict[str, Any] = {
    "number": 12, "token": "A-012", "service": "A", "day": "2026-11-20", "status": "called", "urgency": 5,
    "is_emergency": False, "category": "WALKIN", "doctor_id": DOCTOR_ID, "room": "Room 1", "created_at": AT_MS - 600_000,
    "arrived_at": AT_MS - 600_000, "called_at": AT_MS, "started_at": None, "ended_at": None, "recalls": 1,
    "first_numbers": {"A": 1}, "letter": "A", "name": "Dr. Amara Okafor · Zoë", "is_open": True, "policy": "weighted",
    "specialization": "", "is_active": True, "is_on_break": False, "outcome": "printed", "reason": "", "repeat": False,
    "kind": "add_doctor", "detail": "", "topic": "printer", "title": "The printer is out of paper", "hint": "Put in a roll.",
    "open": True, "version": "0.1.0", "boot": BOOT, "step_ms": -3_600_000, "act": "signed_in", "who": "reception",
    "person_id": "01935b5a-0000-7000-8000-000000000003", "slot_id": "01935b5a-0000-7000-8000-000000000004", "slot_no": 4,
    "holds_place": True, "over_capacity": False, "due_at": AT_MS + 600_000, "delay_min": 30, "paid_at": AT_MS - 700_000,
    "timer_at": AT_MS + 1_500_000, "claimed_urgency": 9, "doctor_chosen": True, "skips": 1,
    "pin": {"at": AT_MS, "behind": [11, 10]}, "language": "es", "promised_low_s": 600, "promised_high_s": 1500,
    "code": "DOC001", "policy_options": {"ratio": 2}, "phone": "+34 600 000 000", "email": "zoe@example.org", "age": 45,
    "gender": "female", "notify": True, "erased": False, "start_at": AT_MS, "end_at": AT_MS + 3_600_000,
    "max_capacity": 4, "own_delay_min": 0, "lent": 1, "message": "The doctor is late.", "priority": "high",
    "sent_at": AT_MS, "visit_id": VISIT_ID,
    "plan_id": PLAN_ID, "item_id": "m", "step": 1, "revision": 2, "medication": "Metformin", "quantity": 1.5,
    "unit": "tablet", "policy_class": "STANDARD", "critical": False, "nominal_local": "2026-11-20T08:00",
    "tz": "Europe/Madrid", "window_open": AT_MS - 3_600_000, "on_time_until": AT_MS + 3_600_000,
    "miss_at": AT_MS + 21_600_000, "status_since": AT_MS, "announced_n": 1, "taken_at": AT_MS + 60_000,
    "source": "button", "device_id": DEVICE_ID, "compartment": 2, "snoozed_until": None, "plan": PLAN,
    "severity": "warning", "says": {"code": "missed", "medicines": ["Metformin"], "unsaid": []},
    "body": "Metformin 1 tablet, 08:00", "dose_ids": ["d" * 32], "dose_id": "d" * 32,
    "note_id": "01935b5a-0000-7000-8000-000000000007", "rung": 3, "audience": "caregiver", "tries": 1, "raised_at": AT_MS,
    "expires_at": AT_MS + 86_400_000, "acked_by": "Nurse Zoë", "acked_at": AT_MS + 60_000, "device_kind": "dispenser",
    "claimed_at": AT_MS, "compartments": {"2": 14}, "recorded_at": AT_MS, "sha256": "ab" * 32, "bytes": 64_044,
    "seconds": 2.0, "media_type": "audio/wav", "purpose": "command", "uploaded": False, "boot_id": BOOT, "device_seq": 7,
    "heard": {"words": "i took my medicine", "act": "taken", "agreed": True, "snr_db": 24.5, "red_flags": []},
    "from_at": AT_MS, "until_at": AT_MS + 86_400_000, "times": {"ACM": "07:30"}, "online": True, "heard_at": AT_MS,
    "battery": 87, "wifi_dbm": -61, "firmware": "1.4.0", "faults": ["scale"], "event": "button", "at": AT_MS,
    "uncertainty_s": 1, "data": {"compartment": 2}, "received_at": AT_MS + 1000, "supersedes": None, "units": 12.5,
    "days_left": 6.2,
}  # fmt: skip
"""A plausible value for every field that any kind has; a new field needs one here."""

COMMANDS: dict[str, dict[str, Any]] = {
    "add_doctor": {
        "doctor_id": DOCTOR_ID, "name": "Dr. Amara Okafor", "specialization": "Paediatrics", "service": "A", "room": "Room 1",
    },
    "change_doctor": {"doctor_id": DOCTOR_ID, "name": "Dr. A. Okafor", "room": "Room 2", "is_on_break": False},
    "add_service": {"letter": "B", "name": "Lab"},
    "rename_service": {"letter": "A", "name": "General medicine"},
    "request_booking": {
        "visit_id": VISIT_ID, "new_person_id": "01935b5a-0000-7000-8000-000000000003",
        "new_slot_id": "01935b5a-0000-7000-8000-000000000004", "name": "Zoë Núñez", "phone": "+34 600 000 000", "age": 45,
        "gender": "female", "language": "es", "doctor_id": DOCTOR_ID, "day": "2026-11-20", "time": "09:30",
        "category": "ONLINE", "paid_ms": AT_MS, "waitlist": True,
    },
    "apply_plan": {"plan_id": PLAN_ID, "person_id": PERSON_ID, "revision": 2, "plan": PLAN},
    "stop_plan": {"plan_id": PLAN_ID, "reason": "course finished"},
    "set_meal_times": {"person_id": PERSON_ID, "times": {"ACM": "07:30"}},
    "set_hold": {
        "hold_id": "01935b5a-0000-7000-8000-000000000008", "person_id": PERSON_ID, "from_ms": AT_MS,
        "until_ms": AT_MS + 86_400_000, "reason": "operation",
    },
    "end_hold": {"hold_id": "01935b5a-0000-7000-8000-000000000008"},
    "add_device": {
        "device_id": DEVICE_ID, "device_kind": "dispenser", "name": "Kitchen", "person_id": PERSON_ID, "claim_hash": "cd" * 32,
        "claim_until_ms": AT_MS + 600_000,
    },
    "change_device": {"device_id": DEVICE_ID, "name": "Bedroom"},
    "remove_device": {"device_id": DEVICE_ID},
    "acknowledge_care_alert": {"alert_id": "01935b5a-0000-7000-8000-000000000009", "by": "Nurse Zoë"},
    "correct_dose": {"dose_id": "d" * 32, "status": "ON_TIME", "taken_ms": AT_MS, "reason": "seen"},
    "tell_dose": {"dose_id": "d" * 32, "person_id": PERSON_ID, "act": "taken", "at_ms": AT_MS, "by": "Zoë: with breakfast"},
    "raise_urgency": {"visit_id": VISIT_ID, "urgency": 8, "reason": "chest pain"},
}  # fmt: skip

CLOCK = {"now_ms": AT_MS, "mono_ms": 86_400_000, "trust": "s"}
BODIES: dict[str, dict[str, Any]] = {
    "Hello": {
        "session": STREAM, "epoch": EPOCH, "boot": BOOT, "clock": CLOCK, "version": "0.1.0",
        "lanes": [{"first": 1, "last": 2}, {"first": 1, "last": 240}, {"first": 0, "last": 0}],
        "mailbox": {"stream": STREAM, "upto": 4}, "tracking_key": "k2PAkmBnLcvwVbQIDZg5OxfW1ZQ9ChpC1rTm_oIAs-U",
        "timezone": "Asia/Kolkata",
    },
    "HelloAnswer": {
        "session": STREAM, "cursors": [2, 200, 0], "credit": 8, "server_ms": AT_MS, "mailbox_stream": STREAM,
        "settings_version": 0, "fenced": False,
    },
    "Ack": {
        "session": STREAM, "lane": 1, "upto": 240, "credit": 8, "fenced": False,
        "poison": {"first": 241, "last": 260, "reason": "a character PostgreSQL cannot keep"},
    },
    "Taken": {"stream": STREAM, "upto": 5},
    "Beat": {
        "session": STREAM, "clock": CLOCK, "unsent": [0, 3, 12], "status": "degraded",
        "standing": [[12, 1, 0, 4, 10], [14, 1, None, None, None]],
    },
    "Claim": {"code": "K7QF-3MZX", "epoch": EPOCH, "csr_pem": "-----BEGIN CERTIFICATE REQUEST-----\n…"},
    "Renewal": {"csr_pem": "-----BEGIN CERTIFICATE REQUEST-----\n…"},
    "Certificate": {
        "site": SITE, "site_name": "Riverside Clinic", "certificate_pem": "…", "authority_pem": "…",
        "mqtt_host": "127.0.0.1", "mqtt_port": 8883,
    },
}  # fmt: skip

MESSAGES: tuple[frames.Message, ...] = (
    frames.Hello(STREAM, "b1", "sim 1"),
    frames.Press(STREAM, 0xC0DB, 1, 250),
    frames.Ack(STREAM, 0xC0DB, True),
    frames.Lamp(1, 2),
)


def event_file(number: int, kind: str) -> dict[str, Any]:
    """An event of this kind, its crc, and the bytes of a frame that holds it."""
    what = KINDS[kind]
    data = {name: FIELDS[name] for name in sorted(what.fields)}
    event = Event(
        number, number + 100, AT_MS, 86_400_000, "s", kind, 1, "board:b1", f"board:b1:{STREAM}:{number}", what.entity, VISIT_ID,
        3, data,
    )  # fmt: skip
    frame = encode_frame(SITE, EPOCH, what.lane, BOOT, [event])
    return {
        "event": event._asdict(),
        "crc": crc_of(event),
        "lane": int(what.lane),
        "frame": base64.b64encode(frame).decode(),
    }


def command_file(number: int, kind: str) -> dict[str, Any]:
    """A command of this kind as it travels down."""
    command: Command = FROM_CLOUD[kind](command_id=f"golden-{kind}", actor="cloud:office", **COMMANDS[kind])
    return {
        "stream": STREAM,
        "number": number,
        "command_id": command.command_id,
        "kind": kind,
        "actor": command.actor,
        "body": body_of(command),
        "expires_ms": AT_MS,
    }


def wanted() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every golden file of today's contract: its name and what stands in it."""
    for number, kind in enumerate(KINDS, 1):
        yield f"event_{kind}", event_file(number, kind)
    for number, kind in enumerate(FROM_CLOUD, 1):
        yield f"command_{kind}", command_file(number, kind)
    for name, body in BODIES.items():
        model: type[BaseModel] = getattr(api, name)
        yield f"body_{name}", model.model_validate(body).model_dump(mode="json")
    for message in MESSAGES:
        name = type(message).__name__
        fields = {field: getattr(message, field) for field in message.__slots__}
        yield f"serial_{name}", {"fields": fields, "bytes": frames.encode(message).hex()}


def shape(name: str, content: dict[str, Any]) -> frozenset[str]:
    """Which fields a golden file shows; two files of one name differ in this."""
    part = {"event": lambda: content["event"]["data"], "command": lambda: content["body"]}
    return frozenset(part.get(name.partition("_")[0], lambda: content.get("fields", content))())


def main() -> None:
    """Write what is missing."""
    FOLDER.mkdir(exist_ok=True)
    for name, content in wanted():
        there = sorted(FOLDER.glob(f"{name}.json")) + sorted(FOLDER.glob(f"{name}.[0-9]*.json"))
        if any(shape(name, json.loads(path.read_text())) == shape(name, content) for path in there):
            continue
        path = FOLDER / (f"{name}.{len(there) + 1}.json" if there else f"{name}.json")
        path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
        print(f"wrote {path.name}")


if __name__ == "__main__":
    main()
