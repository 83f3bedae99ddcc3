"""What a listener asks of the store: doses that wait for an answer, and cries for help nobody was told of."""

from __future__ import annotations

import json
import sqlite3
from typing import Any, Final, NamedTuple

from edge.domain.utterances import CRITICAL, Intent, Needed, OpenDose
from edge.store import medicines
from shared.doses.states import OPEN

CRY_MS: Final = 15 * 60_000
"""How old a cry for help may be for a program that was just started to call."""


class Cry(NamedTuple):
    """A recording in which somebody may have asked for help. heard: as its note has it."""

    note_id: str
    person_id: str | None
    device_id: str | None
    heard: dict[str, Any]


def open_doses(conn: sqlite3.Connection, person_id: str | None, now_ms: int) -> list[OpenDose]:
    """Doses of a person whose window is open and which nobody has answered, the earliest first."""
    marks = ",".join("?" * len(OPEN))
    rows = conn.execute(
        f"select id, medication, quantity, policy_class, critical from doses where person_id = ? and status in ({marks})"
        " and window_open <= ? and miss_at > ? order by due_at, medication, id",
        (person_id, *sorted(OPEN), now_ms, now_ms),
    )
    return [
        OpenDose(dose_id, medication, f"{quantity:g}", bool(critical) or policy_class == "TIME_CRITICAL")
        for dose_id, medication, quantity, policy_class, critical in rows
    ]


def needed(conn: sqlite3.Connection, person_id: str | None, now_ms: int) -> list[Needed]:
    """Medicines as needed of a person, by name."""
    if person_id is None:
        return []
    return [
        Needed(
            one.plan.id,
            one.item.id,
            one.item.medication,
            one.quantity,
            one.against.not_before_ms if one.against else None,
        )
        for one in medicines.medicines_as_needed(conn, now_ms, person_id)
    ]


def cries_untold(conn: sqlite3.Connection, now_ms: int) -> list[Cry]:
    """Cries of the last CRY_MS that led to no alert, and that no later "no" of the same device called off."""
    critical = tuple(sorted(intent.value for intent in CRITICAL))
    rows = conn.execute(
        "select id, person_id, device_id, heard from notes as cry where recorded_at > ?"
        " and json_extract(heard, '$.act') in (?, ?)"
        " and not exists (select 1 from care_alerts where note_id = cry.id or (topic in ('help', 'red_flag')"
        "  and device_id is cry.device_id and raised_at >= cry.recorded_at))"
        " and not exists (select 1 from notes as later where later.device_id = cry.device_id"
        "  and later.recorded_at > cry.recorded_at and json_extract(later.heard, '$.act') = ?"
        "  and json_extract(later.heard, '$.agreed')) order by recorded_at",
        (now_ms - CRY_MS, *critical, Intent.NO.value),
    )
    return [Cry(note_id, person_id, device_id, json.loads(heard)) for note_id, person_id, device_id, heard in rows]
