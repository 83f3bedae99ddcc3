"""One sentence, one alert: what the clinic raised and what head office found in the same recording belong together.

The clinic owns its alert, so head office's own row joins it (`alert_logs.part_of`) and the clinic's stays as it is. Whichever
comes first: both the reader of clinics' alerts and the pipeline of notes call `join`, holding `hold`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from cloud.db.pool import Connection
from cloud.records.conversations import GAP_MS

SPOKEN: Final = frozenset(("red_flag", "help"))
"""Topics of what somebody said. Each end may find another in one recording: it is one sentence all the same."""
CLINICS_URGENCY: Final = 9
"""Of words of danger that a clinic's decoders heard, and its person did not call off."""
_SEEN: Final = "{0}.alert_id, {0}.raised_ms, {0}.acked_ms, {0}.ended_ms, coalesce({0}.urgency, 0)"
_PAIRS: Final = f"""
select {_SEEN.format("own")}, {_SEEN.format("edge")}
from alerts_now own join alerts_now edge on edge.site = own.site and edge.source = 'edge' and edge.topic = any(%(topics)s)
    and (edge.note_id = own.note_id or exists (select 1 from interaction_logs i join interaction_logs j on j.site = i.site
        and j.sha256 = i.sha256 and j.person_id = i.person_id and abs(j.recorded_ms - i.recorded_ms) <= {GAP_MS}
        where i.site = own.site and i.interaction_id = own.note_id and j.interaction_id = edge.note_id))
where own.site = %(site)s and own.source = 'llm' and own.topic = any(%(topics)s) and own.is_open
    and (own.alert_id = any(%(ids)s) or edge.alert_id = any(%(ids)s))
order by own.alert_id, edge.topic = own.topic desc, edge.raised_ms desc, edge.alert_id
"""


class Seen(NamedTuple):
    """An alert as far as joining looks at it; moments in ms since 1970 UTC, None: not yet."""

    id: str
    raised_ms: int
    acked_ms: int | None
    ended_ms: int | None
    urgency: int


def belongs(own: Seen, clinics: Seen) -> bool:
    """Whether head office's alert joins the clinic's, both of one recording.

    Not where either was taken on or over before the other was raised, nor where the clinic's was taken on by somebody who
    knew of less: in doubt there are two, and each waits for somebody.
    """
    if own.acked_ms is not None or own.ended_ms is not None:
        return False
    if clinics.ended_ms is not None and clinics.ended_ms < own.raised_ms:
        return False
    if clinics.acked_ms is None:
        return True
    return clinics.acked_ms >= own.raised_ms and own.urgency <= clinics.urgency


async def hold(conn: Connection, site: str) -> None:
    """Be the only one who tells or joins alerts of a site until the transaction ends; waits for whoever is at it."""
    await conn.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (lock_name(site),))


def lock_name(site: str) -> str:
    """The lock `hold` takes; a pass over a site's alerts tries it."""
    return f"notify/alerts/{site}"


async def join(conn: Connection, site: str, alert_ids: Sequence[str]) -> None:
    """Join what belongs together of these alerts. The caller holds `hold` since before it wrote or read any of them.

    What was told of the one that joins counts as told of the other: nobody is told a second time.
    """
    found = await conn.execute(_PAIRS, {"site": site, "topics": sorted(SPOKEN), "ids": list(alert_ids)})
    joined: set[str] = set()
    for row in await found.fetchall():
        own, clinics = Seen(*row[:5]), Seen(*row[5:])
        if own.id in joined or not belongs(own, clinics):
            continue
        done = await conn.execute(
            "update alert_logs set part_of = %s, is_open = false, ended_ms = greatest(raised_ms, %s)"
            " where site = %s and alert_id = %s and acked_ms is null and is_open",
            (clinics.id, clinics.raised_ms, site, own.id),
        )
        if not done.rowcount:
            continue  # somebody took it on meanwhile
        joined.add(own.id)
        await conn.execute(
            "update notification_events e set alert_id = %(to)s, key = case when starts_with(key, %(of)s) and not exists"
            " (select 1 from notification_events x where x.site = e.site and x.key = %(now)s || substr(e.key, %(from)s))"
            " then %(now)s || substr(key, %(from)s) else key end where site = %(site)s and alert_id = %(own)s",
            {
                "site": site, "own": own.id, "to": clinics.id, "of": f"alert:{own.id}:", "now": f"alert:{clinics.id}:",
                "from": len(f"alert:{own.id}:") + 1,
            },
        )  # fmt: skip
