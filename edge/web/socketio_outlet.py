"""What the feed tells over Socket.IO: seed 000's events to staff and screens, seed 003's to those who follow a visit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from edge.store.face_000 import people_of
from edge.store.places import House
from edge.store.states import Row
from edge.web import face_000_bodies, socketio_words
from edge.web.face_003_bodies import Site, late_min, site_of, track_data
from edge.web.live_stats import Counters
from edge.web.queue_feed import Look, Outlet, QueueFeed, Round, Seen
from edge.web.socketio_rooms import Audience, Peer, Queue, Rooms, queue_of
from edge.web.wiring import Wiring
from shared.clock import transport_s
from shared.events import Event


class _Read(NamedTuple):
    """What a round needs beside the house."""

    people: dict[str, Row]
    stats: Row | None


class SocketOutlet(Outlet):
    """Tells the rooms."""

    def __init__(self, wiring: Wiring, feed: QueueFeed, rooms: Rooms, counted: Counters) -> None:
        self._wiring, self._feed, self._rooms, self._counted = wiring, feed, rooms, counted
        self._zone = wiring.options.zone
        self._rows: dict[str, Row] = {}
        self._emergencies: list[Row] = []
        self._due_emergencies: list[Row] = []
        self._reasons: dict[tuple[Queue, str], None] = {}
        self._news = self._due = False

    def is_heard(self) -> bool:
        """While anybody is in a room."""
        return self._has_audience or bool(self._rooms.followers)

    @property
    def _has_audience(self) -> bool:
        return any(self._rooms.audiences.values())

    def wants_refresh(self) -> bool:
        """While somebody follows a visit."""
        return bool(self._rooms.followers)

    def note(self, visit: Row) -> None:
        """How a visit that is followed stands, unless that is known to be old."""
        known = self._rows.get(visit["id"])
        if known is None or known["version"] <= visit["version"]:
            self._rows[visit["id"]] = visit

    # At once, event by event.

    def on_visit(self, event: Event, visit: Row, before: Seen | None) -> None:
        """`patient_status_changed` for every change of status; queues that changed; emergencies for the next round."""
        self._news = True
        if not self.is_heard():
            return
        if before is None or before.status != visit["status"]:
            doctor = self._feed.doctors.get(visit["doctor_id"] or "")
            said = socketio_words.status_changed(event, visit, doctor, self._zone)
            self._to_audiences("patient_status_changed", said)
        is_new = visit["is_emergency"] and not (before is not None and before.is_emergency)
        if is_new and self._has_audience and event.kind != "visit_read":
            self._emergencies.append(visit)
        reason = socketio_words.reason_of(event, visit)
        if reason is not None:
            self._changed(visit["doctor_id"], visit["service"], visit["day"], reason)
            if before is not None and (before.doctor_id, before.service, before.day) != (
                visit["doctor_id"], visit["service"], visit["day"],
            ):  # fmt: skip
                self._changed(before.doctor_id, before.service, before.day, reason)

    def on_doctor(self, event: Event, doctor: Row, before: Row | None) -> None:
        """`doctor_status_changed` when the doctor comes, goes or takes a break."""
        self._news = True
        names = ("is_active", "is_on_break")
        if before is not None and any(before[name] != doctor[name] for name in names):
            self._to_audiences("doctor_status_changed", socketio_words.doctor_changed(doctor))
            if self._feed.day is not None:
                self._changed(doctor["id"], doctor["service"], self._feed.day, "doctor_status")

    def on_event(self, event: Event) -> None:
        """`emergency-notification` to everybody of the doctor's day; its delay changes that queue."""
        self._news = True
        if event.entity != "broadcast":
            return
        doctor = self._feed.doctors.get(event.data["doctor_id"])
        service = doctor["service"] if doctor else ""
        if event.kind == "broadcast_sent":
            queues = (Queue(event.data["doctor_id"], event.data["day"]), Queue(service, event.data["day"]))
            said = socketio_words.notification(event, self._zone)
            self._rooms.say(self._rooms.in_queues(queues), "emergency-notification", said)
        reason = "delayed" if event.data["delay_min"] else "emergency"
        self._changed(event.data["doctor_id"], service, event.data["day"], reason)

    def asked_again(self) -> None:
        """`queue_updated`."""
        self._news = True

    def commit_heard(self) -> None:
        """`queue-broadcast`, once for each queue and reason of the commit."""
        for queue, reason in self._reasons:
            followed = self._rooms.in_queues((queue,))
            doctor_id = queue.whose if queue.whose in self._feed.doctors else None
            said = {"reason": reason, "doctorId": doctor_id, "date": queue.date}
            self._rooms.say(followed, "queue-broadcast", said)
        self._reasons.clear()

    def _changed(self, doctor_id: str | None, service: str, date: str, reason: str) -> None:
        """Who waits for any doctor of a service stands in the queue of each of them."""
        self._reasons[Queue(service, date), reason] = None
        if doctor_id is not None:
            self._reasons[Queue(doctor_id, date), reason] = None
            return
        for doctor in self._feed.doctors.values():
            if doctor["service"] == service:
                self._reasons[Queue(doctor["id"], date), reason] = None

    # In rounds.

    def look(self) -> Look:
        """Persons and numbers, while staff or screens listen."""
        self._due, self._news = self._due or self._news, False
        self._due_emergencies += self._emergencies
        self._emergencies = []
        if not self._due or not self._has_audience:
            return lambda conn, house: _Read({}, None)
        wanted = list(self._due_emergencies)
        return lambda conn, house: _Read(
            people_of(conn, [*house.here, *wanted]), face_000_bodies.stats_of(conn, house, self._zone)
        )

    def strangers(self, changed: Sequence[Row]) -> set[str]:
        """Persons of visits that may be put back; those in the house are read with it."""
        return (
            {visit["person_id"] for visit in changed if visit["person_id"] is not None} if self._has_audience else set()
        )

    def publish(self, told: Round) -> None:
        """`emergency_added`, `queue_updated`, and `queue-update` to who follows a visit that stands differently now."""
        read: _Read = told.found
        people = {**{id_: person for id_, person in told.people.items() if person is not None}, **read.people}
        for visit in told.changed:
            if visit["id"] in self._rooms.followers:
                self.note(visit)
        heard = self._tell_emergencies(people) + self._tell_queue(told, people, read.stats)
        heard += self._tell_followers(told)
        if not told.called:
            self._due = False
        if heard:
            self._counted.delayed(transport_s() - told.heard_s)

    def _tell_emergencies(self, people: dict[str, Row]) -> int:
        heard, emergencies, self._due_emergencies = 0, self._due_emergencies, []
        for visit in emergencies:
            name = face_000_bodies.name_of(people, visit)
            for audience, peers in self._rooms.audiences.items():
                shown = name if self._sees_names(audience) else None
                heard += self._rooms.say(peers, "emergency_added", socketio_words.emergency_added(visit, shown))
        return heard

    def _tell_queue(self, told: Round, people: dict[str, Row], stats: Row | None) -> int:
        heard = 0
        for audience, peers in self._rooms.audiences.items():
            if peers and self._due and stats is not None:
                names = self._sees_names(audience)
                said = face_000_bodies.queue_object(told.house, people, stats, names=names)
                heard += self._rooms.say(peers, "queue_updated", said, until_newer=not told.has_call)
        return heard

    def _tell_followers(self, told: Round) -> int:
        followers, house = self._rooms.followers, told.house
        self._rows = {visit_id: visit for visit_id, visit in self._rows.items() if visit_id in followers}
        if not followers:
            return 0
        heard, site = 0, site_of(self._wiring)
        here = {visit["id"]: visit for visit in house.here if visit["id"] in followers}
        back = {call.visit["id"]: call.gseq for call in told.called}
        for visit_id, peers in list(followers.items()):
            visit = here.get(visit_id) or self._rows.get(visit_id)
            if visit is None or visit_id in told.held:
                continue
            calls_gseq = back.get(visit_id)
            new = [p for p in peers if calls_gseq is None or p.follows[visit_id].since_gseq < calls_gseq]
            heard += self._tell_of(house, visit, new, site)
        return heard

    def _tell_of(self, house: House, visit: Row, peers: Iterable[Peer], site: Site) -> int:
        shown, queue = shown_of(house, visit), queue_of(visit)
        made: dict[str | None, dict[str, Any]] = {}
        hearers: dict[str | None, list[Peer]] = {}
        for peer in peers:
            followed = peer.follows[visit["id"]]
            if followed.shown == shown:
                continue
            if followed.queue != queue:
                self._rooms.move(peer, followed, queue)
                self._rooms.say([peer], "queue-joined", {"roomId": queue.room_id(site.id)})
            language = followed.language
            if language not in made:
                made[language] = track_data(house, visit, site, language)
            if followed.is_news(shown, made[language]):
                hearers.setdefault(language, []).append(peer)
        return sum(
            self._rooms.say(peers, "queue-update", {"data": made[language]}) for language, peers in hearers.items()
        )

    def _to_audiences(self, event: str, payload: Any) -> None:
        for peers in self._rooms.audiences.values():
            self._rooms.say(peers, event, payload)

    def _sees_names(self, audience: Audience) -> bool:
        return audience == "staff" or self._wiring.options.names_on_screens


def shown_of(house: House, visit: Row) -> Any:
    """What an update about a visit is made from; the same again says the same, so it need not be made."""
    place = house.standing.get(visit["id"])
    doctor = house.doctors.get(visit["doctor_id"] or "")
    message = house.messages.get(visit["doctor_id"] or "")
    return (
        visit["version"], place.position if place else None, place.wait.minutes() if place and place.wait else None,
        doctor["version"] if doctor else None, message["id"] if message else None, late_min(house, visit), house.day,
        visit["called_at"],
    )  # fmt: skip
