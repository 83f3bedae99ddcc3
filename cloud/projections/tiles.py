"""The tile of a site: counted from the projected rows of its open service-day, whenever they change."""

from __future__ import annotations

from typing import Final

from cloud.db.pool import Connection

_RECOUNT: Final = """
with today as (
    select day from days where site = %(site)s order by ordinal desc, gseq desc limit 1
), queue as (
    select
        count(*) filter (where status = 'waiting') as waiting,
        min(arrived_ms) filter (where status = 'waiting') as longest_since_ms,
        count(*) filter (where status = 'called') as called,
        count(*) filter (where status = 'in_consultation') as in_consultation,
        count(*) filter (where token <> '') as issued_today,
        count(*) filter (where status = 'booked' and arrived_ms is null) as booked_today,
        count(*) filter (where arrived_ms is not null) as arrived_today,
        count(*) filter (where arrived_ms < due_ms) as early_today,
        round(avg(waited_ms) filter (where status <> 'no_show') / 1000) as wait_mean_s,
        count(*) filter (where waited_ms is not null and promised_high_s is not null) as promised_today,
        count(*) filter (where waited_ms between promised_low_s * 1000 and promised_high_s * 1000) as kept_today,
        count(*) filter (where status = 'completed') as completed_today,
        count(*) filter (where status = 'no_show') as no_show_today
    from visits where site = %(site)s and day = (select day from today)
), call as (
    select jsonb_build_object('token', token, 'room', room, 'at_ms', called_ms) as last_call
    from visits where site = %(site)s and day = (select day from today) and called_ms is not null
    order by called_ms desc, ordinal desc, number desc limit 1
)
insert into tiles as t
select
    %(site)s, (select day from today), waiting, longest_since_ms, called, in_consultation, issued_today,
    completed_today, no_show_today, (select last_call from call),
    (select count(*) from doctors where site = %(site)s and is_active and not is_on_break),
    (select count(*) from site_alerts where site = %(site)s and is_open),
    booked_today, arrived_today, early_today, wait_mean_s, promised_today, kept_today
from queue
on conflict (site) do update set
    day = excluded.day, waiting = excluded.waiting, longest_since_ms = excluded.longest_since_ms,
    called = excluded.called, in_consultation = excluded.in_consultation, issued_today = excluded.issued_today,
    completed_today = excluded.completed_today, no_show_today = excluded.no_show_today,
    last_call = excluded.last_call, doctors_active = excluded.doctors_active, alerts_open = excluded.alerts_open,
    booked_today = excluded.booked_today, arrived_today = excluded.arrived_today, early_today = excluded.early_today,
    wait_mean_s = excluded.wait_mean_s, promised_today = excluded.promised_today, kept_today = excluded.kept_today
"""


async def recount(conn: Connection, site: str) -> None:
    """Count the site's tile anew from its rows.

    Several readers end here at once for one site: the lock makes each count after the other's commit, so the last
    count sees everything (read committed: each statement looks anew).
    """
    await conn.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"tile/{site}",))
    await conn.execute(_RECOUNT, {"site": site})
