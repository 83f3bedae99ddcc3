"""Numbers about one patient's medicines and complaints over some days, counted by SQL from the rows that hold them.

The definition is that of `shared.doses.adherence` (care.md §2.5): what was never announced or is unknown stands beside the
share, not in it. Every number that a text may hold is in here, as it is to be written: whole, shares in per cent.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from cloud.db.pool import Connection

SYMPTOMS_MAX: Final = 10
_DOSES: Final = """
select count(*) filter (where status in ('EARLY', 'ON_TIME', 'LATE')) as taken,
    count(*) filter (where status = 'ON_TIME') as on_time,
    count(*) filter (where status = 'LATE') as late,
    count(*) filter (where status = 'MISSED') as missed,
    count(*) filter (where status = 'SKIPPED') as skipped,
    count(*) filter (where status = 'UNKNOWN') as unknown,
    count(*) filter (where status = 'NOT_ANNOUNCED') as not_announced,
    count(*) filter (where status = 'MISSED' and critical) as critical_missed
from dose_occurrences where site = %s and person_id = %s and left(nominal_local, 10) between %s and %s
"""
_DOSE_NAMES: Final = (
    "taken", "on_time", "late", "missed", "skipped", "unknown", "not_announced", "critical_missed",
)  # fmt: skip
_SUMMED: Final = ("due", "taken_percent", "on_time_percent", *_DOSE_NAMES)
_SYMPTOMS: Final = """
select symptom, count(distinct note_id) from symptom_logs s
where site = %s and person_id = %s and noted_ms >= %s and noted_ms < %s and version = (
    select max(version) from symptom_logs n where n.site = s.site and n.note_id = s.note_id)
group by symptom order by 2 desc, 1 limit %s
"""


async def between(
    conn: Connection, site: str, person_id: str, first: date, last: date, from_ms: int, until_ms: int
) -> dict[str, Any]:
    """first, last: days of the patient's own zone, both included.  from_ms, until_ms: the same as moments.

    `{"due", "taken", ..., "taken_percent", "on_time_percent", "symptoms": {name: notes}}`; a share is None with nothing due.
    """
    found = await conn.execute(_DOSES, (site, person_id, first.isoformat(), last.isoformat()))
    row = await found.fetchone()
    assert row is not None
    counted: dict[str, Any] = dict(zip(_DOSE_NAMES, row, strict=True))
    counted["due"] = counted["taken"] + counted["missed"] + counted["skipped"]
    counted["taken_percent"] = percent(counted["taken"], counted["due"])
    counted["on_time_percent"] = percent(counted["on_time"], counted["due"])
    symptoms = await conn.execute(_SYMPTOMS, (site, person_id, from_ms, until_ms, SYMPTOMS_MAX))
    counted["symptoms"] = dict(await symptoms.fetchall())
    return counted


async def summed_up(conn: Connection, site: str, person_id: str, monday: date) -> dict[str, Any]:
    """What the week's own summary counted, of the numbers of `between`; empty where there is none.

    It counts what rows do not hold: doses that were due while the clinic was not heard, of which nobody knows.
    """
    found = await conn.execute(
        "select numbers from weekly_patient_summaries where site = %s and person_id = %s and week = %s",
        (site, person_id, monday),
    )
    row = await found.fetchone()
    return {} if row is None else {name: row[0][name] for name in _SUMMED if name in row[0]}


def percent(part: int, whole: int) -> int | None:
    """A share in per cent, rounded half up; None of nothing."""
    return (200 * part + whole) // (2 * whole) if whole else None
