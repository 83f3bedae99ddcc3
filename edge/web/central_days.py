"""A date as seed 004 shows it, kept while somebody watches it: told event by event, it says what changed.

Rows come from events, which carry the visit after the change, and once from the store; a row older than the one known is
nothing new, so it does not matter if both say the same. Places in the queue come from the house. What a change costs grows
with the change: texts of visits and doctors that stay as they are are kept.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import orjson

from edge.store.places import House
from edge.store.states import Row
from edge.web.face_004_bodies import Entry, Head, Names, Patient, appointment, entry_of, head_of, position_in
from edge.web.queue_calls import Call

KEPT_CHANGES_MAX: Final = 20_000
"""Changes of a date that are kept for those who resume."""
NO_PLACES: Final = (0, 0)
NOBODY: Final[Mapping[str, int]] = {}
NAMES: Final[tuple[Names, ...]] = ("all", "name", "none")


class View(NamedTuple):
    """Whose text it is. doctor_id: of one doctor only."""

    names: Names
    doctor_id: str | None = None


class Change(NamedTuple):
    """One thing that is different. doctor_id None: among those without a doctor.

    counts: of the doctor after it.  entry: stands there now.  removed: the visit that no longer does.
    doctor: who it is, when that is new.  gone: the doctor is not listed any more.
    """

    doctor_id: str | None
    counts: dict[str, Any] | None = None
    entry: Entry | None = None
    removed: str | None = None
    doctor: dict[str, Any] | None = None
    gone: bool = False


class Delta(NamedTuple):
    """What became different between two numbers."""

    prev: int
    seq: int
    at: str
    totals: dict[str, int]
    heads: dict[str, Head]
    changes: list[Change]


class Day:
    """One date. `seq` counts its states; `gseq` is the event up to which everything was told."""

    def __init__(self, date: str, zone: ZoneInfo, now: Callable[[], str]) -> None:
        self.date = date
        self.stream = secrets.token_hex(8)
        self.seq = 0
        self.gseq = 0
        self._zone, self._now = zone, now
        self._at = now()
        self._known: dict[str, Entry] = {}
        self._shown: dict[str, Entry] = {}
        self._of_doctor: dict[str | None, dict[str, Entry]] = {}
        self._heads: dict[str, Head] = {}
        self._people: dict[str, Patient | None] = {}
        self._places: dict[str, tuple[int, int]] = {}
        self._news: dict[str, None] = {}
        self._texts: dict[tuple[str, Names], tuple[Entry, bytes]] = {}
        self._blocks: dict[tuple[str | None, Names], bytes] = {}
        self._wholes: dict[tuple[str, View], str] = {}
        self._past: deque[Delta] = deque()
        self._past_changes = 0

    # What is learned.

    def learn(self, visit: Row) -> None:
        """A visit as it stands after an event, or as the store has it; of whatever date."""
        known = self._known.get(visit["id"])
        if known is not None and known.version >= visit["version"]:
            return
        if known is None and visit["day"] != self.date:
            return
        self._known[visit["id"]] = entry = entry_of(visit)
        self._news[entry.id] = None

    def learn_people(self, people: Mapping[str, Patient | None]) -> None:
        """Persons by id, as they are now; None: erased."""
        changed = {id_ for id_, who in people.items() if self._people.get(id_, ...) != who}
        self._people.update(people)
        if changed:
            self._news |= {entry.id: None for entry in self._known.values() if entry.person_id in changed}

    def learn_places(self, places: dict[str, tuple[int, int]]) -> None:
        """(capacity, remaining) by doctor id."""
        self._places = places

    def knows_person(self, person_id: str) -> bool:
        """Whether anybody has told of that person."""
        return person_id in self._people

    # What is told.

    def tell(self, house: House, called: Iterable[Call] = (), held: Mapping[str, int] = NOBODY) -> Delta | None:
        """Come up to date with what was learned; what that changed, None for nothing.

        called: visits shown once more as they were when they were called, although they have gone on since.
        held: visits that stay as they were shown, with the number of a call that is told later.
        Calls of before this date was first read are nothing new here.
        """
        new = [call.visit for call in called if call.gseq > self.gseq]
        back = {visit["id"]: entry_of(visit) for visit in new if visit["day"] == self.date}
        held = {id_: gseq for id_, gseq in held.items() if gseq > self.gseq}
        standing = house.standing if house.day == self.date else {}
        ids = {**self._news, **dict.fromkeys(back)}
        for id_, stands in standing.items():
            shown = self._shown.get(id_)
            if shown is not None and shown.position != stands.position and id_ not in held:
                ids[id_] = None
        changes: list[Change] = []
        touched: set[str | None] = set()
        for id_ in ids:
            entry = None if id_ in held else back.get(id_) or self._known.get(id_)
            if entry is not None:
                stands_at = standing[id_].position if id_ in standing else None
                self._show(id_, entry, stands_at, changes, touched)
        self._news = {id_: None for id_ in ids if id_ in back or id_ in held}  # how they really stand is told next
        doctors = self._weigh(house, touched, {change.doctor_id for change in changes})
        if not changes and not doctors:
            return None
        there, gone = [c for c in doctors if not c.gone], [c for c in doctors if c.gone]
        return self._keep([*there, *changes, *gone], touched)

    def _show(
        self, id_: str, entry: Entry, stands: int | None, changes: list[Change], touched: set[str | None]
    ) -> None:
        was = self._shown.get(id_)
        now: Entry | None = None
        if entry.day == self.date and entry.is_listed:
            before = was.position if was else None
            patient = self._people.get(entry.person_id) if entry.person_id else None
            now = entry._replace(patient=patient, position=position_in(entry, stands, before))
        elif entry.day != self.date:
            self._known.pop(id_, None)
        if now == was:
            return
        if was is not None and (now is None or now.doctor_id != was.doctor_id):
            del self._of_doctor[was.doctor_id][id_]
            touched.add(was.doctor_id)
            changes.append(Change(was.doctor_id, removed=id_))
        if now is None:
            self._shown.pop(id_, None)
            for names in NAMES:
                self._texts.pop((id_, names), None)
            return
        self._shown[id_] = now
        self._of_doctor.setdefault(now.doctor_id, {})[id_] = now
        touched.add(now.doctor_id)
        changes.append(Change(now.doctor_id, entry=now))

    def _weigh(self, house: House, touched: set[str | None], told: set[str | None]) -> list[Change]:
        """Count the doctors anew where something changed; doctors who are new, different or gone, but for those `told`."""
        more: list[Change] = []
        for doctor in house.doctors.values():
            id_ = doctor["id"]
            was = self._heads.get(id_)
            if was is None or id_ in touched:
                mine = self._of_doctor.get(id_, {}).values()
                total, checked_in = len(mine), sum(entry.arrived_at is not None for entry in mine)
            else:
                total, checked_in = was.total, was.checked_in
            head = head_of(doctor, self._places.get(id_, NO_PLACES), total, checked_in)
            if head == was:
                continue
            self._heads[id_] = head
            touched.add(id_)
            is_new = was is None or not was.is_listed or was.doctor() != head.doctor()
            if was is not None and was.is_listed and not head.is_listed:
                more.append(Change(id_, gone=True))
            elif head.is_listed and (is_new or id_ not in told):
                more.append(Change(id_, doctor=head.doctor() if is_new else None))
        return more

    def _keep(self, changes: list[Change], touched: set[str | None]) -> Delta:
        self.seq += 1
        self._at = self._now()
        self._wholes.clear()
        for doctor_id in touched:
            for names in NAMES:
                self._blocks.pop((doctor_id, names), None)
        heads = {id_: self._heads[id_] for id_ in touched if id_ is not None}
        delta = Delta(self.seq - 1, self.seq, self._at, self._totals(), heads, changes)
        self._past.append(delta)
        self._past_changes += len(changes)
        while self._past_changes > KEPT_CHANGES_MAX:
            self._past_changes -= len(self._past.popleft().changes)
        return delta

    def since(self, stream: str, seq: int) -> list[Delta] | None:
        """What was told after `seq`; None when that is not known any more."""
        if stream != self.stream or seq > self.seq:
            return None
        missed = [delta for delta in self._past if delta.seq > seq]
        return missed if len(missed) == self.seq - seq else None

    # Texts, each made once for everybody.

    def whole(self, kind: str, view: View) -> str:
        """The date as a `snapshot` or `update`."""
        if (kind, view) not in self._wholes:
            made = self._doctor_body(view) if view.doctor_id is not None else self._date_body(view.names)
            head = f'{{"type":"{kind}","stream":"{self.stream}","seq":{self.seq},"data":'
            self._wholes[kind, view] = head + made.decode() + "}"
        return self._wholes[kind, view]

    def changed(self, delta: Delta, view: View) -> str:
        """A `delta`."""
        seen = [c for c in delta.changes if view.doctor_id in (None, c.doctor_id)]
        data = {
            "date": self.date, "totals": delta.totals, "changes": [self._change(c, delta, view.names) for c in seen],
            "timestamp": delta.at,
        }  # fmt: skip
        if view.doctor_id is not None and (head := delta.heads.get(view.doctor_id)):
            data["totals"] = head.counts()
        message = {"type": "delta", "stream": self.stream, "seq": delta.seq, "prev": delta.prev, "data": data}
        return orjson.dumps(message).decode()

    def nothing_new(self) -> str:
        """A `delta` for somebody who resumes and missed nothing."""
        return self.changed(Delta(self.seq, self.seq, self._at, self._totals(), {}, []), View("none"))

    def _change(self, change: Change, delta: Delta, names: Names) -> dict[str, Any]:
        said: dict[str, Any] = {"doctor_id": change.doctor_id}
        if change.gone:
            return {**said, "doctor_removed": True}
        if change.doctor_id is not None and change.doctor_id in delta.heads:
            said["counts"] = delta.heads[change.doctor_id].counts()
        if change.doctor is not None:
            said["doctor"] = change.doctor
        if change.removed is not None:
            said["removed"] = change.removed
        if change.entry is not None:
            said["appointment"] = orjson.Fragment(self._text(change.entry, names))
        return said

    def _totals(self) -> dict[str, int]:
        listed = [head for head in self._heads.values() if head.is_listed]
        return {"total_appointments": sum(head.total for head in listed), "total_doctors": len(listed)}

    def _date_body(self, names: Names) -> bytes:
        listed = sorted((head for head in self._heads.values() if head.is_listed), key=lambda head: head.number)
        return orjson.dumps({
            "date": self.date, **self._totals(),
            "doctors": [orjson.Fragment(self._block(head, names)) for head in listed],
            "unassigned": self._entries(None, names), "stream": self.stream, "seq": self.seq, "timestamp": self._at,
        })  # fmt: skip

    def _doctor_body(self, view: View) -> bytes:
        assert view.doctor_id is not None
        block = self._block(self._heads[view.doctor_id], view.names)
        more = orjson.dumps({"stream": self.stream, "seq": self.seq, "timestamp": self._at})
        return b'{"date":"' + self.date.encode() + b'",' + block[1:-1] + b"," + more[1:]

    def _block(self, head: Head, names: Names) -> bytes:
        key = (head.id, names)
        if key not in self._blocks:
            body = {"doctor": head.doctor(), **head.counts(), "appointments": self._entries(head.id, names)}
            self._blocks[key] = orjson.dumps(body)
        return self._blocks[key]

    def _entries(self, doctor_id: str | None, names: Names) -> list[orjson.Fragment]:
        mine = sorted(self._of_doctor.get(doctor_id, {}).values(), key=lambda entry: entry.place)
        return [orjson.Fragment(self._text(entry, names)) for entry in mine]

    def _text(self, entry: Entry, names: Names) -> bytes:
        key = (entry.id, names)
        kept = self._texts.get(key)
        if kept is None or kept[0] != entry:
            text = orjson.dumps(appointment(entry, self._zone, names))
            self._texts[key] = kept = (entry, text)
        return kept[1]
