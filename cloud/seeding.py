"""`python -m cloud seed-care`: made-up people in the care of a made-up clinic, as the seed command of seed 002 makes them.

Doses become ON_TIME, LATE, MISSED, SKIPPED and NOT_ANNOUNCED by the same code as in life: a plan that began ten days ago, a
device of head office, what it told, the dose clock. What only models, people and services make is in `seeding_rows`.
"""

from __future__ import annotations

import hashlib
import io
import math
import struct
import wave
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from cloud import seeding_rows as rows
from cloud.accounts import people
from cloud.accounts.people import Account
from cloud.care import dose_planning
from cloud.care.bodies import CareDevice, NewCaregiver, NewMedication
from cloud.care.devices import Asking
from cloud.care.service import Care
from cloud.db.pool import Pool
from shared import device_tokens
from shared.clock import Clock, local_date, to_ms
from shared.device_api import ClaimRequest, DeviceEvent, Events, Heartbeat, VoiceFields
from shared.doses.localtime import DAY_MS, MINUTE_MS, local_of
from shared.ids import new_id
from shared.problems import Problem

SITE: Final = "made-up"
ZONE: Final = ZoneInfo("Europe/Madrid")
DAYS: Final = 14
BOOT: Final = "5eed5eed5eed5eed"
ROLES: Final = ("nurse", "doctor", "manager", "caregiver")
PEOPLE: Final = (("Amelia Rivas", "es", 78), ("Tariq Benali", "ar", 69), ("Meera Joshi", "hi", 54))
MEDICINES: Final = (
    {"name": "Metformin 500 mg", "unit": "tablet", "form": "tablet", "route": "oral"},
    {"name": "Levodopa 100 mg", "unit": "tablet", "form": "tablet", "route": "oral"},
    {"name": "Paracetamol 500 mg", "unit": "tablet", "form": "tablet", "route": "oral"},
)
MORNING: Final = ("on_time", "late", "missed", "on_time", "skipped", "unsaid", "on_time")
NOON: Final = ("on_time", "on_time", "on_time", "missed", "on_time", "late", "on_time")
"""What becomes of each dose, Monday first: every outcome, and something that stands out, in whatever hour this runs."""


class Seeded(NamedTuple):
    """What was made. accounts: names of people who may sign in, all with the password that was given."""

    site: str
    accounts: list[str]
    doses: dict[str, int]
    """How many doses came out how."""


async def seed(pool: Pool, clock: Clock, care: Care, seal_key: bytes, password_hash: str) -> Seeded:
    """Fill the tables of care. Raises Problem 409 where the database holds patients, plans or devices already."""
    now_ms = clock.now_ms()
    async with pool.transaction() as conn:
        if await rows.is_filled(conn):
            raise Problem(
                409, "This database holds patients, plans or devices: made-up people do not belong among real ones.",
                hint="Use an empty database.",
            )  # fmt: skip
        persons = {new_id(): one for one in PEOPLE}
        doctor_id = await rows.clinic(conn, SITE, ZONE.key, persons, now_ms)
        names = {role: f"{SITE}-{role}" for role in ROLES}
        for role, name in names.items():
            await people.add(conn, clock, name, password_hash, [role], [SITE])
    manager = Account("seed", "seed", frozenset(("manager",)), frozenset((SITE,)))
    patient = next(iter(persons))
    await _around(care, manager, list(persons), doctor_id, names["caregiver"])
    device, plan_id = await _home(pool, care, manager, patient, now_ms)
    await _days(pool, care, device, plan_id, now_ms)
    note_id = await _spoken(care, device, now_ms)
    async with pool.transaction() as conn:
        await rows.understood(conn, SITE, patient, note_id, now_ms)
        await rows.told(conn, SITE, patient, seal_key, now_ms)
        monday = _monday(now_ms)
        await rows.mark_days(conn, SITE, list(persons), [monday + timedelta(days=n) for n in range(14)])
    while await care.summaries.look():
        pass
    async with pool.transaction() as conn:
        await rows.insights(conn, SITE, patient, monday, ZONE, now_ms)
        doses = await rows.doses_by_status(conn, SITE)
    return Seeded(SITE, list(names.values()), doses)


def _monday(now_ms: int) -> Any:
    """Of last week."""
    today = local_date(now_ms, ZONE)
    return today - timedelta(days=today.weekday() + 7)


async def _around(care: Care, manager: Account, persons: list[str], doctor_id: str, account: str) -> None:
    """The catalogue, caregivers and doctors."""
    for medicine in MEDICINES:
        await care.people.add_medication(manager, NewMedication(site=SITE, **medicine))
    caregivers = ((persons[0], "Lucía Rivas", account, "daughter"), (persons[1], "Samir Benali", None, "son"))
    for person_id, name, signs_in, relation in caregivers:
        body = NewCaregiver(name=name, relation=relation, place=1, account=signs_in)
        await care.people.add_caregiver(manager, person_id, body)
    for person_id in persons:
        await care.people.set_doctor(manager, person_id, doctor_id, is_one=True)


async def _home(pool: Pool, care: Care, manager: Account, patient: str, now_ms: int) -> tuple[Asking, str]:
    """A dispenser that reaches head office, with the plan it follows since DAYS days."""
    body = CareDevice(kind="dispenser", name="Kitchen", patient_id=patient, reach="direct")
    made = await care.devices.add(manager, body, care.devices.claim_code(manager, None))
    key = device_tokens.public_of(device_tokens.new_key())
    await care.devices.claim(ClaimRequest(claim_code=made["claim_code"], public_key_pem=key), "seed")
    start = local_date(now_ms, ZONE) - timedelta(days=DAYS)
    items = [
        {"medication": MEDICINES[0]["name"], "unit": "tablet", "dose": 1, "timing": {"times_of_day": ["08:00"]},
         "compartment": 1, "instructions": {"en": "With breakfast.", "es": "Con el desayuno."}, "stock_units": 40,
         "refill_at_units": 7},
        {"medication": MEDICINES[1]["name"], "unit": "tablet", "dose": 1, "timing": {"times_of_day": ["14:00"]},
         "compartment": 2, "policy_class": "TIME_CRITICAL", "critical": True},
        {"medication": MEDICINES[2]["name"], "unit": "tablet", "dose": 1, "as_needed": True, "as_needed_reason": "pain",
         "timing": {}, "limits": {"max_doses": 4, "min_gap_min": 240}},
    ]  # fmt: skip
    plan = {"start": start.isoformat(), "timezone": ZONE.key, "items": items}
    plan_id = str((await care.plans.write(manager, patient, plan, None))["id"])
    async with pool.transaction() as conn:
        await rows.backdate(conn, SITE, plan_id, now_ms - DAYS * DAY_MS)
        await dose_planning.expand_now(conn, SITE, plan_id, now_ms)
    return Asking(SITE, made["id"], patient), plan_id


async def _days(pool: Pool, care: Care, device: Asking, plan_id: str, now_ms: int) -> None:
    """What the dispenser told of the days until yesterday, and what the clock made of the rest."""
    midnight = datetime.combine(local_date(now_ms, ZONE), datetime.min.time(), ZONE)
    async with pool.transaction() as conn:
        doses = await rows.planned(conn, SITE, plan_id, to_ms(midnight))
    told: list[dict[str, Any]] = [{"kind": "boot", "at": doses[0].due_ms - 60 * MINUTE_MS if doses else now_ms}]
    for dose in doses:
        due = local_of(dose.due_ms, ZONE)
        told += _told(dose, (MORNING if due.hour < 12 else NOON)[due.weekday()])
    events = [
        DeviceEvent(boot_id=BOOT, device_seq=number, mono_ms=1000 * number, **one)
        for number, one in enumerate(told, start=1)
    ]
    await care.intake.heartbeat(
        device, Heartbeat(boot_id=BOOT, mono_ms=1, battery=82, firmware="1.0.0", stock={"1": 31})
    )
    await care.intake.events(device, Events(events=events))
    while await care.dose_clock.tick(wait=True):
        pass


def _told(dose: rows.Planned, answer: str) -> list[dict[str, Any]]:
    if answer == "unsaid":
        return []
    said = {"kind": "announced", "at": dose.due_ms, "occurrence_id": dose.id}
    late_ms = (dose.on_time_until_ms + dose.miss_at_ms) // 2
    then = {
        "on_time": {"kind": "taken", "at": dose.due_ms + 4 * MINUTE_MS, "data": {"source": "lid"}},
        "late": {"kind": "taken", "at": late_ms},
        "skipped": {"kind": "skipped", "at": dose.due_ms + MINUTE_MS, "data": {"reason": "feeling sick"}},
    }.get(answer)
    return [said] if then is None else [said, {**then, "occurrence_id": dose.id}]


async def _spoken(care: Care, device: Asking, now_ms: int) -> str:
    """A recording: half a second of a tone, for nobody spoke."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16_000)
        out.writeframes(b"".join(struct.pack("<h", int(8000 * math.sin(n / 6))) for n in range(8000)))
    sound = file.getvalue()
    sha256 = hashlib.sha256(sound).hexdigest()
    await care.sounds.take(device.site, sha256, 0, len(sound), sound)
    about = VoiceFields(recorded_at=now_ms - DAY_MS, boot_id=BOOT, device_seq=1, language="es", purpose="note")
    return (await care.sounds.note(device, sha256, about, brought=False)).interaction_id
