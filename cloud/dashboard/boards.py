"""One clinic's day as seed 004 shows it, as texts made once; and what differs between two of its states."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import orjson

from cloud.db.pool import Connection
from cloud.queues import rows, shapes, standing
from cloud.queues.rows import Site
from shared.clock import iso

_SKIPPED: Final = """
select l.visit_id, l.at_ms from visit_log l
where l.site = %s and l.visit_id = any(%s) and l.status = 'called'
    and not exists (select from visit_log u where u.site = l.site and u.visit_id = l.visit_id
        and u.ordinal = l.ordinal and u.version = l.version + 1 and u.kind = 'undone')
    and (l.ordinal, l.version) > (select b.ordinal, b.version from unnest(%s::text[], %s::int[], %s::int8[])
        as b(visit_id, ordinal, version) where b.visit_id = l.visit_id)
order by l.visit_id, l.ordinal desc, l.version desc
"""


class Entry(NamedTuple):
    """A visit. text: as it is sent.  said: (ordinal, version) of the event it stands after."""

    doctor_id: str | None
    text: bytes
    arrived: bool
    order: tuple[bool, int, int]
    said: tuple[int, int]


class Head(NamedTuple):
    """A doctor without the appointments. counts: what changes while the day goes on."""

    number: int
    doctor: dict[str, Any]
    counts: dict[str, Any]


class Change(NamedTuple):
    """One thing that is different. doctor_id None: among those without a doctor.

    counts: of the doctor after it.  text: the visit that stands there now.  removed: the one that no longer does.
    doctor: who it is, when that is new.  gone: the doctor is not listed any more.
    """

    site: str
    doctor_id: str | None
    counts: dict[str, Any] | None = None
    text: bytes | None = None
    removed: str | None = None
    doctor: dict[str, Any] | None = None
    gone: bool = False

    def said(self) -> dict[str, Any]:
        """As a `delta` has it."""
        said: dict[str, Any] = {"site": self.site, "doctor_id": self.doctor_id}
        if self.gone:
            return {**said, "doctor_removed": True}
        if self.counts is not None:
            said["counts"] = self.counts
        if self.doctor is not None:
            said["doctor"] = self.doctor
        if self.removed is not None:
            said["removed"] = self.removed
        if self.text is not None:
            said["appointment"] = orjson.Fragment(self.text)
        return said


class Board:
    """A clinic's day at one moment. Never changed; `with_calls` makes another."""

    def __init__(self, site: Site, heads: Mapping[str, Head], entries: Mapping[str, Entry]) -> None:
        self.site = site
        self.heads = heads
        self.entries = entries
        self._blocks: dict[str, bytes] = {}

    def blocks(self) -> list[bytes]:
        """The doctors as they are sent, by number, each without the closing brace: what is said of the site follows."""
        if not self._blocks:
            mine: dict[str | None, list[Entry]] = defaultdict(list)
            for entry in sorted(self.entries.values(), key=lambda entry: entry.order):
                mine[entry.doctor_id].append(entry)
            for id_, head in sorted(self.heads.items(), key=lambda item: (item[1].number, item[0])):
                of_doctor = [orjson.Fragment(entry.text) for entry in mine[id_]]
                body = {"doctor": head.doctor, **head.counts, "appointments": of_doctor}
                self._blocks[id_] = orjson.dumps(body)[:-1]
        return list(self._blocks.values())

    def unassigned(self) -> list[Entry]:
        """Visits without a doctor."""
        alone = (entry for entry in self.entries.values() if entry.doctor_id is None)
        return sorted(alone, key=lambda entry: entry.order)


def changes(before: Board, after: Board) -> list[Change]:
    """What is different: new doctors first, doctors who are gone last."""
    site = after.site.id
    new, moved, gone = [], [], []
    told: set[str | None] = set()
    for id_ in {**before.entries, **after.entries}:
        was, now = before.entries.get(id_), after.entries.get(id_)
        if was is not None and (now is None or now.doctor_id != was.doctor_id):
            moved.append(Change(site, was.doctor_id, _counts(after, was.doctor_id), removed=id_))
        if now is not None and (was is None or (was.text, was.doctor_id) != (now.text, now.doctor_id)):
            moved.append(Change(site, now.doctor_id, _counts(after, now.doctor_id), text=now.text))
    told = {change.doctor_id for change in moved}
    for id_, head in after.heads.items():
        head_before = before.heads.get(id_)
        if head_before is None or head_before.doctor != head.doctor:
            new.append(Change(site, id_, head.counts, doctor=head.doctor))
        elif head_before.counts != head.counts and id_ not in told:
            new.append(Change(site, id_, head.counts))
    gone = [Change(site, id_, gone=True) for id_ in before.heads if id_ not in after.heads]
    return [*new, *moved, *gone]


async def read(conn: Connection, sites: Collection[str], day: str, now_ms: int) -> dict[str, Board]:
    """The boards of a day; sites that do not exist are left out."""
    known = await rows.sites(conn, sites, now_ms)
    visits: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for visit in await rows.visits_of(conn, known, day):
        visits[visit["site"]].append(visit)
    doctors: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for doctor in await rows.doctors_of(conn, known):
        doctors[doctor["site"]].append(doctor)
    places = await rows.places_of(conn, known, day, now_ms)
    return {
        id_: _board(site, visits[id_], doctors[id_], {d: room for (s, d), room in places.items() if s == id_}, now_ms)
        for id_, site in known.items()
    }


async def with_calls(conn: Connection, before: Board, after: Board) -> Board | None:
    """The board with those shown as called who were called after `before` and have gone on since; None: there are none.

    No call is left out, however quickly it was answered or however many events came at once.
    """
    gone_on = {id_: entry for id_, entry in after.entries.items() if _gone_on(before.entries.get(id_), entry)}
    if not gone_on:
        return None
    said = [before.entries[id_].said if id_ in before.entries else (0, 0) for id_ in gone_on]
    found = await conn.execute(
        _SKIPPED, (after.site.id, list(gone_on), list(gone_on), [one[0] for one in said], [one[1] for one in said])
    )
    called: dict[str, int] = {}
    for visit_id, at_ms in await found.fetchall():
        called.setdefault(visit_id, at_ms)
    if not called:
        return None
    entries = dict(after.entries)
    for id_, at_ms in called.items():
        body = orjson.loads(entries[id_].text)
        moment = iso(at_ms, after.site.zone)
        queue = {**(body["queue"] or {"checked_in_at": None}), "position": 0, "called_at": moment, "completed_at": None}
        body |= {"status": "confirmed", "queue": {**queue, "status": "called"}}
        entries[id_] = entries[id_]._replace(text=orjson.dumps(body))
    return Board(after.site, after.heads, entries)


def _gone_on(was: Entry | None, now: Entry) -> bool:
    """Whether something was said between the two that was not shown."""
    if was is None:
        return now.said[1] > 1
    return now.said[0] != was.said[0] or now.said[1] > was.said[1] + 1


def _board(
    site: Site,
    visits: Iterable[dict[str, Any]],
    doctors: Sequence[dict[str, Any]],
    places: Mapping[str, tuple[int, int]],
    now_ms: int,
) -> Board:
    listed = [visit for visit in visits if shapes.is_listed(visit)]
    stand = standing.places(listed, site.told, now_ms)
    known = {doctor["doctor_id"] for doctor in doctors}
    entries = {}
    mine: dict[str | None, list[Entry]] = defaultdict(list)
    for visit in listed:
        text = orjson.dumps(shapes.appointment(visit, stand.get(visit["visit_id"]), site.zone))
        doctor_id = visit["doctor_id"] if visit["doctor_id"] in known else None
        order = (visit["slot_no"] is None, visit["slot_no"] or 0, visit["number"])
        arrived = visit["arrived_ms"] is not None
        entry = Entry(doctor_id, text, arrived, order, (visit["ordinal"], visit["version"]))
        entries[visit["visit_id"]] = entry
        mine[doctor_id].append(entry)
    heads = {}
    for doctor in doctors:
        own = mine[doctor["doctor_id"]]
        if not doctor["is_active"] and not own:
            continue
        capacity, remaining = places.get(doctor["doctor_id"], (0, 0))
        counts = {
            "total_appointments": len(own), "checked_in_count": sum(entry.arrived for entry in own),
            "is_active": doctor["is_active"], "is_on_break": doctor["is_on_break"], "capacity": capacity,
            "remaining": remaining,
        }  # fmt: skip
        heads[doctor["doctor_id"]] = Head(doctor["number"], shapes.doctor(doctor), counts)
    return Board(site, heads, entries)


def _counts(board: Board, doctor_id: str | None) -> dict[str, Any] | None:
    head = board.heads.get(doctor_id) if doctor_id is not None else None
    return head.counts if head else None
