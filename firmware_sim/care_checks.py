"""What must hold of medicine when a scenario is over: every dose due was announced or honestly not, none missed in silence.

Looked at are the doses that fell due in the scenario and whose time is over: at the clinic (its store, read only), at head
office (alerts, messages and when they left), and in the caregiver's inbox. `numbers` and `faults` judge and touch nothing.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

TAKEN: Final = ("EARLY", "ON_TIME", "LATE")
OPEN: Final = ("PLANNED", "ANNOUNCED", "SNOOZED")
MINUTE_MS: Final = 60_000
LATE_MS: Final = 10 * MINUTE_MS
"""A missed dose of which the caregiver is told so long after it was given up counts as told late."""
SILENT_MS: Final = 15 * MINUTE_MS
"""Head office calls a clinic silent after this (its setting `notify_silent_after_s`)."""
ON_ITS_WAY_MS: Final = 2 * MINUTE_MS
"""What was under way when the link was cut may still be told."""
MISSED: Final = "missed_dose"
NOT_HEARD: Final = "not_heard"
SENT: Final = frozenset(("sent", "delivered"))
UNSENT: Final = frozenset(("waiting", "claimed"))
"""States of a message: it left head office, or will."""


class Dose(NamedTuple):
    """A dose at the clinic. Moments are domain ms."""

    id: str
    person_id: str
    due_ms: int
    miss_at_ms: int
    status: str
    announced_n: int


class Told(NamedTuple):
    """A message about a patient that left head office. due_ms: of the doses it names."""

    topic: str
    person_id: str
    message_id: str
    sent_ms: int
    due_ms: tuple[int, ...]


@dataclass
class CareFound:
    """Everything the verdict on medicine looks at.

    first_said: per dose, how often it was announced as if for the first time, by the clinic or by the device alone.
    arrived: ids of messages in the caregiver's inbox.  statuses: of the doses, as head office has them.
    """

    doses: list[Dose] = field(default_factory=list)
    first_said: Counter[str] = field(default_factory=Counter)
    told: list[Told] = field(default_factory=list)
    arrived: set[str] = field(default_factory=set)
    statuses: dict[str, str] = field(default_factory=dict)
    cuts: list[tuple[int, int]] = field(default_factory=list)


def numbers(found: CareFound) -> dict[str, Any]:
    """For report.json."""
    statuses = Counter(dose.status for dose in found.doses)
    missed = [dose for dose in found.doses if dose.status == "MISSED"]
    when = {dose.id: at for dose in missed if (at := _told_ms(found, dose)) is not None}
    silent = [dose for dose in missed if dose.id not in when or not dose.announced_n]
    return {
        "doses_due": len(found.doses), "announced": sum(dose.announced_n > 0 for dose in found.doses),
        "taken": sum(statuses[name] for name in TAKEN), "skipped": statuses["SKIPPED"], "missed": len(missed),
        "not_announced": statuses["NOT_ANNOUNCED"], "unknown": statuses["UNKNOWN"],
        "told": len(when), "told_late": sum(when[dose.id] > dose.miss_at_ms + LATE_MS for dose in missed if dose.id in when),
        "silent_missed": len(silent), "said_twice": sum(n - 1 for n in found.first_said.values() if n > 1),
        "not_heard": len({one.message_id for one in found.told if one.topic == NOT_HEARD and one.message_id in found.arrived}),
        "missed_in_outage": len(_during(found, MISSED)),
        "doses_open": sum(statuses[name] for name in OPEN),
        "doses_different": sum(found.statuses.get(dose.id) != dose.status for dose in found.doses),
    }  # fmt: skip


def faults(found: CareFound) -> list[str]:
    """What is wrong, in words; empty: nothing."""
    n = numbers(found)
    unsaid = [dose for dose in found.doses if not dose.announced_n and dose.status == "MISSED"]
    blind = [cut for cut in found.cuts if _owes_not_heard(found, cut) and not _not_heard_in(found, cut)]
    sentences = (
        (n["doses_open"], "{} doses whose time is over are still open"),
        (len(unsaid), "{} doses count as missed though nobody announced them"),
        (n["said_twice"], "{} doses were announced a second time without saying so"),
        (n["silent_missed"], "{} missed doses were told to nobody"),
        (n["missed_in_outage"], "{} messages called a dose missed while the clinic was not heard"),
        (len(blind), "{} outages with doses due were told to nobody"),
        (n["doses_different"], "{} doses stand otherwise at head office"),
        (not n["doses_due"], "no dose fell due: nothing was shown"),
    )
    return [words.format(number) for number, words in sentences if number]


def words_of(n: dict[str, Any]) -> list[str]:
    """The lines for people."""
    return [
        f"  {n['doses_due']} doses due: {n['announced']} announced, {n['not_announced']} not announced, {n['unknown']} unknown",
        f"  {n['taken']} taken, {n['missed']} missed; the caregiver was told of {n['told']} ({n['told_late']} late), "
        f'of {n["silent_missed"]} nobody; {n["not_heard"]} messages said "not heard"',
    ]


def _told_ms(found: CareFound, dose: Dose) -> int | None:
    """When a message that names the dose reached the inbox first; None: never."""
    sent = [
        one.sent_ms for one in found.told
        if one.topic == MISSED and one.person_id == dose.person_id and dose.due_ms in one.due_ms
        and one.message_id in found.arrived
    ]  # fmt: skip
    return min(sent, default=None)


def _during(found: CareFound, topic: str) -> list[Told]:
    return [
        one for one in found.told
        if one.topic == topic and any(start + ON_ITS_WAY_MS < one.sent_ms < end for start, end in found.cuts)
    ]  # fmt: skip


def _owes_not_heard(found: CareFound, cut: tuple[int, int]) -> bool:
    start, end = cut
    return any(start < dose.due_ms < end - 2 * SILENT_MS for dose in found.doses)


def _not_heard_in(found: CareFound, cut: tuple[int, int]) -> bool:
    start, end = cut
    return any(
        one.topic == NOT_HEARD and start < one.sent_ms < end and one.message_id in found.arrived for one in found.told
    )


# --- looking


def look(
    edge_database: Path, database_url: str, site: str, *, people: Iterable[str], diary: Path, inbox: Sequence[dict[str, Any]],
    cuts: Sequence[tuple[int, int]], from_ms: int, until_ms: int,
) -> CareFound:  # fmt: skip
    """Read both sides. Doses count that fell due from `from_ms` on and were over at `until_ms`, of these people.

    diary: of the dispenser; need not be there.  Raises sqlite3.Error, psycopg.Error.
    """
    found = CareFound(cuts=list(cuts), arrived={str(one["id"]) for one in inbox})
    wanted = set(people)
    with closing(sqlite3.connect(edge_database.absolute().as_uri() + "?mode=ro", uri=True)) as conn:
        rows = conn.execute(
            "select id, person_id, due_at, miss_at, status, announced_n from doses where due_at >= ? and miss_at <= ?"
            " and status <> 'VOIDED' order by due_at, id",
            (from_ms, until_ms),
        )
        found.doses = [dose for row in rows if (dose := Dose(*row)).person_id in wanted]
        said = conn.execute("select body from effects where kind = 'announce_dose' and state in ('done', 'unknown')")
        for (body,) in said:
            told = json.loads(body)
            if told["words"] == "due" and told["device_id"] is None:
                found.first_said.update(item["dose_id"] for item in told["items"])
    for line in diary.read_text(encoding="utf-8").splitlines() if diary.exists() else ():
        spoken = json.loads(line)
        if spoken["rung"] == 1:
            found.first_said.update(spoken["occurrence_ids"])
    ids = {dose.id for dose in found.doses}
    found.first_said = Counter({id_: many for id_, many in found.first_said.items() if id_ in ids})
    _look_at_office(found, database_url, site, ids)
    return found


def _look_at_office(found: CareFound, database_url: str, site: str, ids: set[str]) -> None:
    import psycopg

    with psycopg.connect(database_url) as conn:
        rows = conn.execute(
            "select e.topic, e.person_id, d.message_id, d.sent_ms, e.facts from notification_events e"
            " join notification_deliveries d on d.site = e.site and d.event_id = e.event_id"
            " where e.site = %s and e.topic = any(%s) and d.sent_ms is not null order by d.sent_ms",
            (site, [MISSED, NOT_HEARD]),
        ).fetchall()
        for topic, person_id, message_id, sent_ms, facts in rows:
            found.told.append(Told(topic, person_id or "", str(message_id), sent_ms, _due(facts)))
        kept = conn.execute("select dose_id, status from dose_occurrences where site = %s", (site,)).fetchall()
        found.statuses = {dose_id: status for dose_id, status in kept if dose_id in ids}


class Under(NamedTuple):
    """How far word of missed doses has come. Alerts: id -> doses it names.

    missed: (dose, person, due ms).  clinic: its alerts.  office: those of them head office has.  waits: of those, the ones
    that are open and nobody took on.  events: per event (alert, person, due ms of the doses it names, states of its messages).
    """

    missed: list[tuple[str, str, int]]
    clinic: dict[str, set[str]]
    office: dict[str, set[str]]
    waits: set[str]
    events: list[tuple[str, str, tuple[int, ...], frozenset[str]]]


def on_the_way(found: Under) -> list[str]:
    """The missed doses of which word is on its way to somebody: it will be told, if one waits. What will never be told is not.

    On its way is an alert head office has not read, or has read and not made a message of, and a message that has not gone
    out: it waits for more of the same moment, is tried again after a failure, or was held back by the hourly limit.
    """
    ways = []
    for dose, person, due_ms in found.missed:
        raised = {alert for alert, doses in found.clinic.items() if dose in doses}
        about = [one for one in found.events if one[1] == person and due_ms in one[2]]
        states = frozenset[str]().union(*(one[3] for one in about))
        told = bool(states & SENT)
        unread = any(dose not in found.office.get(alert, ()) for alert in raised)
        unsaid = bool(raised & found.waits) and not about
        if not told and (unread or unsaid or states & UNSENT):
            ways.append(dose)
    return ways


def unrest(edge_database: Path, database_url: str, site: str, now_ms: int) -> str:
    """What of medicine is still on its way; empty: nothing. now_ms: when the day closed, domain time."""
    import psycopg

    with closing(sqlite3.connect(edge_database.absolute().as_uri() + "?mode=ro", uri=True)) as conn:
        late = conn.execute(
            "select count(*) from doses where status in ('PLANNED', 'ANNOUNCED', 'SNOOZED') and miss_at < ?", (now_ms,)
        ).fetchone()
        missed = conn.execute(
            "select id, person_id, due_at from doses where status = 'MISSED' and miss_at <= ?", (now_ms,)
        ).fetchall()
        raised = conn.execute("select id, dose_ids from care_alerts where topic = ?", (MISSED,)).fetchall()
    if late[0]:
        return "doses whose time is over"
    with psycopg.connect(database_url) as conn_:
        waits = conn_.execute(
            "select (select count(*) from notification_deliveries where site = %(site)s and state in ('waiting', 'claimed')"
            " and due_ms <= %(now)s)",
            {"site": site, "now": now_ms},
        ).fetchone()
        known = conn_.execute(
            "select alert_id, dose_ids, is_open and acked_ms is null from alert_logs where site = %s and topic = %s",
            (site, MISSED),
        ).fetchall()
        events = conn_.execute(
            "select e.alert_id, e.person_id, e.facts, array_agg(d.state) filter (where d.state is not null)"
            " from notification_events e left join notification_deliveries d on d.site = e.site and d.event_id = e.event_id"
            " where e.site = %s and e.topic = %s group by e.site, e.event_id",
            (site, MISSED),
        ).fetchall()
    under = Under(
        missed, {id_: set(json.loads(doses)) for id_, doses in raised}, {row[0]: set(row[1]) for row in known},
        {row[0] for row in known if row[2]},
        [(alert or "", person or "", _due(facts), frozenset(states or ())) for alert, person, facts, states in events],
    )  # fmt: skip
    ways = on_the_way(under)
    if ways:
        return f"word of {len(ways)} missed doses, which is on its way to the caregiver"
    return "messages to the caregiver" if waits and waits[0] else ""


def _due(facts: dict[str, Any]) -> tuple[int, ...]:
    return tuple(int(at) for _, at in facts.get("medicines") or () if at is not None)
