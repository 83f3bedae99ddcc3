"""Recordings, and what devices told and was done about doses, as lists people read."""

from __future__ import annotations

from typing import Any, Final

from cloud.accounts import audit
from cloud.accounts.people import Account
from cloud.care import access
from cloud.db.pool import Connection
from shared.clock import Clock, iso
from shared.problems import Problem

Row = dict[str, Any]
_NOTE_FIELDS: Final = (
    "site", "id", "patient_id", "device_id", "recorded_at", "transcript", "language", "intent", "status", "seconds",
    "media_type", "purpose", "occurrence_id", "conversation_id", "heard", "sha256", "items", "version", "urgency",
    "raised_by_model", "needs_human", "review", "to_look_at", "looked_by", "looked_at", "questions", "alerts", "has_audio",
)  # fmt: skip
_QUESTION: Final = (
    "jsonb_build_object('topic', q.topic, 'medication', q.medication, 'quote', q.quote, 'start_s', q.start_s,"
    " 'end_s', q.end_s, 'answer', q.answer, 'language', q.language, 'answered_from', q.answered_from, 'sources', q.sources,"
    " 'understood_by', coalesce(n.model, n.source))"
)
"""What was asked of a medicine. answered_from: plan, vetted (the clinic's own words) or clinic (not answered here); no model
ever words an answer, understood_by is what found the question in the words."""
_NOTE: Final = (
    "select i.site, i.interaction_id, i.person_id, i.device_id, i.recorded_ms, i.transcript, i.language, i.intent, i.status,"
    " i.seconds, i.media_type, i.purpose, i.dose_id, i.conversation_id, i.heard, i.sha256, n.items, n.version,"
    " n.urgency, n.raised_by_model, n.needs_human, n.review, n.to_look_at, n.looked_by, n.looked_ms,"
    f" coalesce((select jsonb_agg({_QUESTION} order by q.start_s, q.question_id) from medication_question_logs q"
    " where q.site = i.site and q.note_id = i.interaction_id and q.version = n.version), '[]'::jsonb),"
    " array(select coalesce(a.part_of, a.alert_id) from alert_logs a where a.site = i.site and a.note_id = i.interaction_id"
    " group by 1 order by min(a.raised_ms), 1),"
    " exists (select 1 from blobs b where b.site = i.site and b.sha256 = i.sha256 and b.complete_ms is not null"
    " and b.gone_ms is null) from interaction_logs i"
    " join note_readings n on n.site = i.site and n.note_id = i.interaction_id"
)
_EVENTS: Final = """
select e.* from (
    select d.site, v.person_id, 'device_event' as of, d.event_id as id, d.kind, d.at_ms, d.uncertainty_s, d.device_id,
        d.dose_id, d.quantity, null as source, coalesce(d.status, o.status) as status, d.reason, d.data
    from device_events d left join devices v on v.site = d.site and v.device_id = d.device_id
    left join dose_occurrences o on o.site = d.site and o.dose_id = d.dose_id
    union all
    select l.site, l.person_id, 'dose_event', l.event_id, l.act, l.at_ms, l.uncertainty_s, l.device_id, l.dose_id,
        l.quantity, l.source, o.status, nullif(l.reason, ''), null
    from dose_event_logs l left join dose_occurrences o on o.site = l.site and o.dose_id = l.dose_id
) e where (%(sites)s::text[] is null or e.site = any(%(sites)s)) and e.at_ms >= %(from)s and e.at_ms < %(to)s
    and (%(device)s::text is null or e.device_id = %(device)s) and (%(person)s::text is null or e.person_id = %(person)s)
    and (%(kind)s::text is null or e.kind = %(kind)s)
    and (%(at)s::bigint is null or (e.at_ms, e.id) < (%(at)s::bigint, %(id)s::text))
order by e.at_ms desc, e.id desc limit %(limit)s
"""


def cursor_of(text: str | None) -> tuple[int | None, str | None]:
    """The place a cursor names: "<at_ms>~<id>". Raises Problem 422."""
    if text is None:
        return None, None
    at, _, id_ = text.partition("~")
    if not (at.isascii() and at.isdigit() and len(at) < 16 and id_):
        raise Problem(422, "cursor leads nowhere.", hint="Follow the Link of the page before.")
    return int(at), id_


async def events(conn: Connection, account: Account, given: Row, limit: int) -> tuple[list[Row], str | None]:
    """given: device, person, kind, from, to (ms), at, id. Returns the newest first, and the cursor of the next page."""
    found = await conn.execute(_EVENTS, {**given, "sites": access.sites_of(account), "limit": limit + 1})
    rows = await found.fetchall()
    shown = [
        {
            "site": one[0], "patient_id": one[1], "of": one[2], "id": one[3], "kind": one[4], "at": iso(one[5]),
            "uncertainty_s": one[6], "device_id": one[7], "occurrence_id": one[8], "quantity": one[9], "source": one[10],
            "status": one[11], "reason": one[12], "data": one[13],
        }
        for one in rows[:limit]
    ]  # fmt: skip
    return shown, f"{rows[limit - 1][5]}~{rows[limit - 1][3]}" if len(rows) > limit else None


async def notes(
    conn: Connection, account: Account, person_id: str | None, from_ms: int, until_ms: int, limit: int, to_look_at: bool
) -> list[Row]:
    """Recordings of the account's sites, the newest first. to_look_at: only those that ask for a person."""
    sites = access.sites_of(account)
    found = await conn.execute(
        f"{_NOTE} where i.role = 'person' and (%s::text[] is null or i.site = any(%s)) and (%s::text is null"
        " or i.person_id = %s) and i.recorded_ms >= %s and i.recorded_ms < %s and (n.to_look_at or not %s)"
        " order by i.recorded_ms desc, i.interaction_id limit %s",
        (sites, sites, person_id, person_id, from_ms, until_ms, to_look_at, limit),
    )
    return [_note(row) for row in await found.fetchall()]


async def note(conn: Connection, clock: Clock, account: Account, note_id: str, act: str) -> Row:
    """One recording, and a line of the audit. Raises Problem 404."""
    sites = access.sites_of(account)
    found = await conn.execute(
        f"{_NOTE} where i.interaction_id = %s and i.role = 'person' and (%s::text[] is null or i.site = any(%s))",
        (note_id, sites, sites),
    )
    row = await found.fetchone()
    if row is None:
        raise Problem(404, "There is no such recording.", code="no_such_recording", hint="Read the list again.")
    await access.seen(conn, clock, account, act, row[0], row[2], note=note_id)
    return _note(row)


async def looked_at(conn: Connection, clock: Clock, account: Account, note_id: str, version: int | None) -> Row:
    """Somebody has looked at a recording that asked for a person: it asks no more, until an analysis asks anew. Its urgency
    stays. Who looked first stands. version: of the analysis they saw, None: the newest. Raises Problem 404."""
    row = await note(conn, clock, account, note_id, "recording_seen")
    if not row["to_look_at"]:
        return row
    await conn.execute(
        "insert into note_looks (site, note_id, version, by_name, at_ms) select site, note_id, least(version, %s), %s,"
        " %s from note_readings where site = %s and note_id = %s on conflict (site, note_id) do update set"
        " version = excluded.version, by_name = excluded.by_name, at_ms = excluded.at_ms"
        " where note_looks.version < excluded.version",
        (version, account.name, clock.now_ms(), row["site"], note_id),
    )
    await conn.execute(
        "update llm_results set seen = true where site = %s and pipeline = 'note' and subject_id = %s and not seen"
        " and version <= coalesce(%s, version)",
        (row["site"], note_id, version),
    )
    await audit.write(
        conn, clock, account.actor, "recording_looked_at", site=row["site"], person=row["patient_id"], note=note_id
    )
    return await note(conn, clock, account, note_id, "recording_seen")


def _note(row: Any) -> Row:
    shown: Row = dict(zip(_NOTE_FIELDS, row, strict=True))
    looked_ms = shown["looked_at"]
    return {
        **shown, "recorded_at": iso(shown["recorded_at"]), "looked_at": None if looked_ms is None else iso(looked_ms),
    }  # fmt: skip
