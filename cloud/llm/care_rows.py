"""Every statement of the pipelines over tables of other rooms: notes, people, plans, alerts and visits.

The rooms of the cloud meet in tables (`0005_care.sql`, the projections); nothing else here knows their columns.
"""

from __future__ import annotations

import uuid
from typing import Any, Final, NamedTuple

from psycopg.types.json import Jsonb

from cloud.db.pool import ALERTS, Connection, notify
from cloud.llm.medicines import Hold, Medicine, medicines
from cloud.llm.redact import Known
from cloud.records import joining
from shared.doses.plan import BadPlan, Plan, plan_of

DAY_MS: Final = 24 * 3_600_000
BATCH: Final = 200
TITLE_MAX: Final = 120
_SPACE: Final = uuid.UUID("6f757470-6f73-4074-8a6c-6c6d616c6572")


class Note(NamedTuple):
    """A recording. heard: what the clinic's decoders made of it, {"words", "act", "red_flags"} or None.

    sha256: of the sound when head office has it, None before.
    """

    site: str
    id: str
    person_id: str | None
    recorded_ms: int
    language: str | None
    heard: dict[str, Any] | None
    status: str
    sha256: str | None
    media_type: str


class Visit(NamedTuple):
    """Somebody in a queue, as far as triage needs it."""

    site: str
    id: str
    person_id: str | None
    urgency: int
    reason: str
    is_open: bool


_NOTE: Final = (
    "i.site, i.interaction_id, i.person_id, i.recorded_ms, i.language, i.heard, i.status, b.sha256, i.media_type"
    " from interaction_logs i left join blobs b on b.site = i.site and b.sha256 = i.sha256"
    " and b.complete_ms is not null and b.gone_ms is null"
)


async def note(conn: Connection, site: str, note_id: str) -> Note | None:
    """One note; None where there is none, or its person was erased."""
    found = await conn.execute(f"select {_NOTE} where i.site = %s and i.interaction_id = %s", (site, note_id))
    row = await found.fetchone()
    return None if row is None else Note(*row)


async def waiting_notes(conn: Connection) -> list[Note]:
    """Stored notes with something to do: no job yet for their words, or none for their sound."""
    found = await conn.execute(
        f"select {_NOTE} where i.status = 'stored' and i.role = 'person' and not exists"
        " (select 1 from llm_jobs j where j.site = i.site"
        " and j.subject_id = i.interaction_id and j.pipeline = case when b.sha256 is null then 'words' else 'note' end)"
        " order by i.recorded_ms limit %s",
        (BATCH,),
    )
    return [Note(*row) for row in await found.fetchall()]


async def set_note(
    conn: Connection, site: str, note_id: str, status: str, transcript: str, language: str | None, intent: str
) -> None:
    """What became of a note."""
    await conn.execute(
        "update interaction_logs set status = %s, transcript = %s, language = coalesce(%s, language), intent = %s"
        " where site = %s and interaction_id = %s",
        (status, transcript, language, intent, site, note_id),
    )


async def known(conn: Connection, site: str, person_id: str | None) -> Known:
    """Who may be named in somebody's words, of our own records: themselves, their caregivers, the clinic's doctors."""
    names: list[str] = []
    codes: list[str] = []
    for query in (
        "select name, array[phone, person_id] from persons where site = %s and person_id = %s",
        "select c.name, '{}'::text[] from caregivers c join patient_caregiver p on p.site = c.site"
        " and p.caregiver_id = c.caregiver_id where p.site = %s and p.person_id = %s",
    ):
        for name, more in await (await conn.execute(query, (site, person_id))).fetchall():
            names.append(name)
            codes += [one for one in more if one]
    found = await conn.execute("select name from doctors where site = %s", (site,))
    return Known(tuple(names) + tuple(row[0] for row in await found.fetchall()), tuple(codes))


async def person_of(conn: Connection, site: str, person_id: str | None) -> tuple[str | None, bool]:
    """(language, erased) of a person; (None, False) for one nobody has told of yet."""
    found = await conn.execute(
        "select language, erased from persons where site = %s and person_id = %s", (site, person_id)
    )
    row = await found.fetchone()
    return (row[0], row[1]) if row is not None else (None, False)


async def plans(conn: Connection, site: str, person_id: str | None) -> list[Plan]:
    """The plans somebody follows now. One that cannot be read is left out: no answer comes from it."""
    found = await conn.execute(
        "select body, plan_id, revision from medication_plans where site = %s and person_id = %s and status = 'active'",
        (site, person_id),
    )
    kept = []
    for body, plan_id, revision in await found.fetchall():
        try:
            kept.append(plan_of(body, id=plan_id, person_id=person_id or "", revision=revision))
        except BadPlan:
            continue
    return kept


async def medicines_of(conn: Connection, site: str, person_id: str, now_ms: int) -> tuple[Medicine, ...]:
    """What somebody takes or took, with whether it is given now. A hold counts from the moment it was asked for."""
    holds = await conn.execute(
        "select plan_id, item_id, until_ms from holds where site = %(site)s and person_id = %(person)s and ended_ms is null"
        " union all select m.body->>'plan_id', m.body->>'item_id', (m.body->>'until_ms')::bigint from mailbox m"
        " where m.site = %(site)s and m.kind = 'set_hold' and m.body->>'person_id' = %(person)s"
        " and m.state not in ('failed', 'expired') and not exists (select 1 from holds h where h.site = m.site"
        " and h.hold_id = m.body->>'hold_id')",
        {"site": site, "person": person_id},
    )
    before = await conn.execute(
        "select i.medication from medication_plan_items i join medication_plans p on p.site = i.site"
        " and p.plan_id = i.plan_id where p.site = %s and p.person_id = %s group by 1 order by max(p.changed_ms) desc, 1"
        " limit %s",
        (site, person_id, BATCH),
    )
    return medicines(
        await plans(conn, site, person_id), [Hold(*row) for row in await holds.fetchall()],
        [row[0] for row in await before.fetchall()], now_ms,
    )  # fmt: skip


def alert_id(site: str, subject_id: str, topic: str) -> str:
    """The same for the same cause, so that it is raised once."""
    return str(uuid.uuid5(_SPACE, f"{site}\n{subject_id}\n{topic}"))


async def raise_alert(
    conn: Connection, site: str, subject_id: str, topic: str, severity: str, title: str, *, now_ms: int,
    person_id: str | None = None, note_id: str | None = None, audience: str = "clinic", body: str = "",
    says: dict[str, Any] | None = None,
) -> bool:  # fmt: skip
    """An alert of ours, once for each subject and topic. False: it was there. says: code and values of the title."""
    done = await _insert(
        conn, site, alert_id(site, subject_id, topic), topic, severity, title, now_ms, person_id, note_id, audience, body,
        says or {}, None,
    )  # fmt: skip
    await notify(conn, ALERTS, site)
    return done


async def raise_spoken(
    conn: Connection, note: Note, topic: str, severity: str, title: str, urgency: int, says: dict[str, Any], now_ms: int
) -> None:
    """Words of danger in a recording: one alert a recording, together with the clinic's own if it has raised one.

    What is found anew and is no less urgent is added, and more urgency is told again; once somebody has taken the alert on,
    or it is over, more urgency is a new alert, and the same or less changes nothing.
    """
    await joining.hold(conn, note.site)
    found = await conn.execute(
        "select a.alert_id, coalesce(a.urgency, 0), n.is_open and n.acked_ms is null from alert_logs a join alerts_now n"
        " on n.site = a.site and n.alert_id = coalesce(a.part_of, a.alert_id) where a.site = %s and a.source = 'llm'"
        " and a.note_id = %s and a.topic = any(%s) order by a.urgency desc, a.raised_ms desc",
        (note.site, note.id, sorted(joining.SPOKEN)),
    )
    before = await found.fetchall()
    waiting = next((row for row in before if row[2]), None)
    known = int(before[0][1]) if before else -1
    if urgency < known or (urgency == known and waiting is None):
        return
    if waiting is not None:
        id_ = str(waiting[0])
        await conn.execute(
            "update alert_logs set topic = %s, severity = %s, critical = %s, title = %s, urgency = %s, says = %s,"
            " version = version + 1 where site = %s and alert_id = %s"
            " and (topic, title, urgency, says) is distinct from (%s, %s, %s, %s)",
            (topic, severity, severity == "critical", title[:TITLE_MAX], urgency, Jsonb(says), note.site, id_, topic,
             title[:TITLE_MAX], urgency, Jsonb(says)),
        )  # fmt: skip
    else:
        id_ = alert_id(note.site, note.id, f"{topic}:{urgency}" if before else topic)
        await _insert(
            conn, note.site, id_, topic, severity, title, now_ms, note.person_id, note.id, "clinic", "", says, urgency
        )
    await joining.join(conn, note.site, [id_])
    await notify(conn, ALERTS, note.site)


async def _insert(
    conn: Connection, site: str, id_: str, topic: str, severity: str, title: str, now_ms: int, person_id: str | None,
    note_id: str | None, audience: str, body: str, says: dict[str, Any], urgency: int | None,
) -> bool:  # fmt: skip
    done = await conn.execute(
        "insert into alert_logs (site, alert_id, version, source, person_id, topic, severity, title, body, note_id, audience,"
        " critical, tries, raised_ms, expires_ms, is_open, rung, dose_ids, says, urgency)"
        " values (%s, %s, 1, 'llm', %s, %s, %s, %s, %s, %s, %s, %s, 1, %s, %s, true, 4, '{}', %s, %s) on conflict do nothing",
        (
            site, id_, person_id, topic, severity, title[:TITLE_MAX], body[:400], note_id, audience, severity == "critical",
            now_ms, now_ms + DAY_MS, Jsonb(says), urgency,
        ),
    )  # fmt: skip
    return bool(done.rowcount)


_VISIT: Final = (
    "v.site, v.visit_id, v.person_id, v.urgency, v.reason, v.status in ('booked', 'waitlisted', 'waiting', 'parked')"
    " from visits v"
)


async def visit(conn: Connection, site: str, visit_id: str) -> Visit | None:
    """One visit."""
    found = await conn.execute(f"select {_VISIT} where v.site = %s and v.visit_id = %s", (site, visit_id))
    row = await found.fetchone()
    return None if row is None else Visit(*row)


async def waiting_visits(conn: Connection, since_ms: int) -> list[Visit]:
    """Visits that wait, with a reason nobody here has read, made since then."""
    found = await conn.execute(
        f"select {_VISIT} where v.status in ('waiting', 'parked') and v.reason <> '' and v.created_ms >= %s"
        " and not exists (select 1 from llm_jobs j where j.site = v.site and j.pipeline = 'visit'"
        " and j.subject_id = v.visit_id || ':' || left(md5(v.reason), 8)) order by v.created_ms limit %s",
        (since_ms, BATCH),
    )
    return [Visit(*row) for row in await found.fetchall()]
