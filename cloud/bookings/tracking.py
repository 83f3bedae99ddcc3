"""One visit for whoever holds its tracking link: checked with the clinic's public keys, without asking the clinic.

Every answer says how old it is (`asOf`) and whether that is too old (`stale`). `Clinics.ask` has a clinic say how it is,
and waits for that a little while.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from cloud.db.pool import Connection, Pool
from cloud.mailbox.watch import Watch, poke
from cloud.queues import rows, shapes, standing
from cloud.queues.rows import Site
from cloud.queues.standing import Place
from shared import sentences, tracking
from shared.clock import Clock, iso, local_date, to_ms, transport_s, utc
from shared.limits import RateLimit
from shared.problems import Problem
from shared.statuses import WORDS

ASK_S: Final = 2.0
"""How long a clinic has to answer before what is known is shown."""
LOOK_S: Final = 0.4
"""A clinic's word is looked for this often while it is waited for, should its notice have been lost."""
HOUR: Final = timedelta(hours=1)
OVER: Final = frozenset(("completed", "no_show", "cancelled"))
Body = dict[str, Any]
Row = Mapping[str, Any]

_KEYS: Final = (
    "select k.public from tracking_keys k join epochs e on e.site = k.site and e.epoch = k.epoch"
    " where k.site = %s and e.state <> 'revoked' order by k.first_ms desc"
)
_BELONGS: Final = (
    "select exists (select from visit_log where site = %(site)s and visit_id = %(visit)s and doctor_id = %(doctor)s)"
)
_MESSAGES: Final = (
    "select broadcast_id, message, priority, delay_min, sent_ms from broadcasts"
    " where site = %s and doctor_id = %s and day = %s and ended_ms is null order by sent_ms desc, broadcast_id limit 50"
)
_SAID: Final = (
    "select st.complete_ms, coalesce(r.upto, 0) >= st.complete_upto from site_state st left join reader_cursors r"
    " on r.reader = 'visits' and r.site = st.site and r.epoch = st.epoch and r.lane = 1 where st.site = %s"
)


class Known(NamedTuple):
    """What is known of a visit at one moment. messages: open ones to everybody of its doctor's day, newest first."""

    site: Site
    visit: Row
    doctor: Row | None
    place: Place | None
    messages: Sequence[Row]
    now_ms: int
    is_stale: bool


class Tracking:
    """`find` a visit by its token; `ttl_s`: real seconds after which what is known is stale."""

    def __init__(self, pool: Pool, clock: Clock, ttl_s: float) -> None:
        self._pool = pool
        self._clock = clock
        self._ttl_s = ttl_s

    def site_of(self, token: str) -> str:
        """The site a token names, not yet checked. Raises Problem 400."""
        try:
            return tracking.peek(token)
        except tracking.BadTracking as error:
            raise _bad(error) from error

    async def find(self, token: str) -> Known:
        """The visit a token shows. Raises Problem 400 (the type tells why) or 404."""
        site_id, now_ms = self.site_of(token), self._clock.now_ms()
        async with self._pool.transaction() as conn:
            keys = await conn.execute(_KEYS, (site_id,))
            try:
                told = tracking.read(token, [row[0] for row in await keys.fetchall()], now_ms)
            except tracking.BadTracking as error:
                raise _bad(error) from error
            visit = await rows.visit(conn, told.site, told.visit_id)
            facts = await rows.sites(conn, [told.site], now_ms)
            if visit is None or told.site not in facts:
                raise _not_heard()
            if told.doctor_id is not None and not await _belongs(conn, told.site, told.visit_id, told.doctor_id):
                as_of_ms = facts[told.site].as_of_ms
                if as_of_ms is None or as_of_ms < told.issued_ms:  # given this doctor since the clinic was last heard
                    raise _not_heard()
                raise Problem(400, "This link does not fit the visit.", code="tracking_forged", hint="Ask at the desk.")
            return await self._known(conn, facts[told.site], visit, now_ms)

    async def _known(self, conn: Connection, site: Site, visit: Row, now_ms: int) -> Known:
        waiting = await rows.waiting_of(conn, site.id, visit["day"]) if visit["status"] == "waiting" else [visit]
        place = standing.places(waiting, site.told, now_ms).get(visit["visit_id"])
        doctors = await rows.doctors_of(conn, [site.id])
        doctor = next((one for one in doctors if one["doctor_id"] == visit["doctor_id"]), None)
        messages: Sequence[Row] = ()
        if visit["day"] == site.today(now_ms) and visit["status"] not in OVER:
            messages = await rows.read(conn, _MESSAGES, (site.id, visit["doctor_id"], visit["day"]))
        return Known(site, visit, doctor, place, messages, now_ms, self._is_stale(site, now_ms))

    def _is_stale(self, site: Site, now_ms: int) -> bool:
        if site.as_of_ms is None:
            return True
        return self._clock.real_s((now_ms - site.as_of_ms) / 1000) > self._ttl_s


class Clinics:
    """Asks clinics how they are. `heard`: hears of sites that were heard."""

    def __init__(self, pool: Pool, heard: Watch) -> None:
        self._pool = pool
        self._heard = heard
        self._asked: dict[str, asyncio.Task[None]] = {}
        self._pokes = RateLimit(burst=2, per_minute=60)

    async def ask(self, site: str) -> None:
        """Return once a site has said how it is, after now; or after ASK_S. All who ask at one time share the asking."""
        asking = self._asked.get(site)
        if asking is None:
            asking = self._asked[site] = asyncio.create_task(self._ask(site), name=f"asking {site}")
            asking.add_done_callback(lambda _: self._asked.pop(site, None))
        await asyncio.shield(asking)

    async def _ask(self, site: str) -> None:
        until_s = transport_s() + ASK_S
        with self._heard.waiting(site) as told:
            before, _ = await self._said(site, asking=not self._pokes.wait_s(site))
            while transport_s() < until_s and not self._heard.closed:
                with contextlib.suppress(TimeoutError):  # its notice may have been held back: look anyway
                    async with asyncio.timeout(min(LOOK_S, max(0.0, until_s - transport_s()))):
                        await told.wait()
                told.clear()
                complete_ms, is_read = await self._said(site)
                if complete_ms != before and is_read:
                    return

    async def _said(self, site: str, *, asking: bool = False) -> tuple[int | None, bool]:
        """When the site last said that it has nothing to send, and whether all of that was read."""
        async with self._pool.transaction() as conn:
            if asking:
                await poke(conn, site)
            found = await conn.execute(_SAID, (site,))
            row = await found.fetchone()
        return (row[0], bool(row[1])) if row else (None, False)


def track_data(known: Known, language: str | None = None) -> Body:
    """`data` of a tracked visit (seed 003): no name, no phone, no reason.

    `slotStart`, `slotEnd`: the hour of the clock (decision 5); `bookedFor`: the time booked, null without a booking.
    language: as asked for; one we do not speak, or None, means the visit's own.
    """
    site, visit, doctor = known.site, known.visit, known.doctor
    start_ms, end_ms = _hour_of(_time_of(visit), site.zone)
    appointment = {
        "id": visit["visit_id"], "tokenNumber": visit["token"], "hospitalId": site.id, "hospitalName": site.name,
        "doctorId": visit["doctor_id"], "doctorName": doctor["name"] if doctor else None, "room": _room(known) or None,
        "date": visit["day"], "slotStart": iso(start_ms, site.zone), "slotEnd": iso(end_ms, site.zone),
        "status": shapes.words(visit["status"]).appointment,
        "bookedFor": None if visit["due_ms"] is None else iso(visit["due_ms"], site.zone),
    }  # fmt: skip
    return {"appointmentId": visit["visit_id"], "appointment": appointment, **queue_data(known, language)}


def queue_data(known: Known, language: str | None = None) -> Body:
    """The part of `track_data` that changes while somebody waits: what `refresh-queue` answers."""
    site, visit, place = known.site, known.visit, known.place
    wait = place.wait if place else None
    known_status = visit["status"] if visit["status"] in WORDS else "parked"  # of a newer clinic: the desk can say more
    announced_min = next((message["delay_min"] for message in known.messages if message["delay_min"]), 0)
    what = sentences.told(
        {"status": known_status, "arrived_at": visit["arrived_ms"]},
        position=place.position if place else None,
        range_min=(wait[0], wait[2]) if wait else None,
        doctor=known.doctor["name"] if known.doctor else "",
        room=_room(known),
        delay_min=max(visit["delay_min"], announced_min),
        due=_clock(visit["due_ms"], known),
        joins=_clock(visit["timer_ms"], known),
        estimated=wait is not None or (place is not None and place.no_doctor),
    )
    spoken = next((one for one in (language, visit["language"]) if one in sentences.LANGUAGES), "en")
    more = {
        "estimatedWaitRange": {"min": wait[0], "max": wait[2]} if wait else None,
        "patientsAhead": max(0, place.position - 1) if place else None, "queueStatusCode": what.code,
    }  # fmt: skip
    queue = {
        "position": place.position if place else None, "estimatedWaitTime": wait[1] if wait else None,
        "queueStatus": sentences.sentence(what, spoken), **more,
    }  # fmt: skip
    return {
        "queue": queue, **more, "emergency": _emergency(known), "asOf": shapes.moment(site.as_of_ms, site.zone),
        "stale": known.is_stale,
    }  # fmt: skip


def _emergency(known: Known) -> Body | None:
    if not known.messages:
        return None
    message = known.messages[0]
    return {
        "broadcastId": message["broadcast_id"], "message": message["message"], "priority": message["priority"],
        "estimatedDelay": message["delay_min"], "sentAt": iso(message["sent_ms"], known.site.zone),
    }  # fmt: skip


def _room(known: Known) -> str:
    return str(known.visit["room"] or (known.doctor["room"] if known.doctor else "") or "")


def _time_of(visit: Row) -> int:
    """The moment that says in which slot a visit falls (decision 5): of the booking, else of arrival."""
    moments = (visit["due_ms"], visit["arrived_ms"], visit["created_ms"])
    return int(next(moment for moment in moments if moment is not None))


def _hour_of(moment_ms: int, zone: ZoneInfo) -> tuple[int, int]:
    begins = utc(moment_ms).astimezone(zone).replace(minute=0, second=0, microsecond=0)
    return to_ms(begins), to_ms(begins) + HOUR // timedelta(milliseconds=1)


def _clock(moment_ms: int | None, known: Known) -> str:
    """As a person reads it: the time, and before it the date when that is another day."""
    if moment_ms is None:
        return ""
    moment: datetime = utc(moment_ms).astimezone(known.site.zone)
    is_today = moment.date() == local_date(known.now_ms, known.site.zone)
    return f"{moment:%H:%M}" if is_today else f"{moment:%Y-%m-%d, %H:%M}"


async def _belongs(conn: Connection, site: str, visit_id: str, doctor_id: str) -> bool:
    """Whether the visit has ever been with this doctor: a link keeps the one it was made with."""
    found = await conn.execute(_BELONGS, {"site": site, "visit": visit_id, "doctor": doctor_id})
    row = await found.fetchone()
    return bool(row and row[0])


def _not_heard() -> Problem:
    return Problem(
        404,
        "Head office has not heard of this visit yet, or not any more.",
        code="no_such_visit",
        hint="Watch the screen in the clinic; this page tries again by itself.",
    )


def _bad(error: tracking.BadTracking) -> Problem:
    hint = "Ask at the desk for a new link." if error.kind == "expired" else "Scan the code on your slip again."
    return Problem(400, str(error), code=f"tracking_{error.kind}", hint=hint)
