"""Appointments that head office asks clinics for: a command to the site, and what became of it.

The site decides. What is refused here is only what is certain whatever the clinic has done meanwhile: no such doctor,
slot or person within the account's sites, a slot that was cancelled or is over.
"""

from __future__ import annotations

import hashlib
from datetime import date as calendar_date
from datetime import datetime
from typing import Annotated, Any, Final, Literal, NamedTuple

import orjson
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from cloud.accounts import audit
from cloud.accounts.people import Account, no_such_site
from cloud.accounts.repeats import named, reused
from cloud.db.pool import Connection, Pool
from cloud.mailbox.service import Mailbox, MailboxFull
from cloud.queues import rows, shapes, standing
from cloud.queues.rows import Site
from shared.clock import Clock, local_date, to_ms
from shared.commands import BadCommand, RequestBooking, body_of
from shared.ids import new_id
from shared.problems import Problem

KIND: Final = RequestBooking.kind
_UUID = r"^[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$"
Uuid = Annotated[str, StringConstraints(pattern=_UUID, to_lower=True)]

_SEEN: Final = " and (%(sites)s::text[] is null or site = any(%(sites)s))"
_DOCTORS: Final = "select site, doctor_id from doctors where doctor_id = %(id)s" + _SEEN
_SLOTS: Final = (
    "select site, doctor_id, day, end_ms + delay_min * 60000 as end_ms, status from slots where slot_id = %(id)s"
    + _SEEN
)
_PERSON: Final = "select name, phone, age, gender from persons where site = %s and person_id = %s and not erased"
_REQUESTS: Final = (
    "select b.site, b.visit_id, b.command_id, b.digest, m.state, m.detail from booking_requests b"
    " left join mailbox m on m.site = b.site and m.command_id = b.command_id"
)


class Shape(BaseModel):
    """A request body: nothing unknown in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class NewPatient(Shape):
    """Somebody as they tell it; found again at the clinic by name and phone, else registered there."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=120, strip_whitespace=True)]
    phone: Annotated[str, StringConstraints(max_length=40, strip_whitespace=True)] = ""
    age: Annotated[int, Field(ge=0, le=150)] | None = None
    gender: Literal["male", "female", "other"] | None = None
    language: Literal["en", "hi", "es", "ar"] | None = None


class NewAppointment(Shape):
    """Who, with whom, and when: `slot_id`; or `doctor_id` with `date` and `time`; or with `date`: its first free place."""

    site: Annotated[str, StringConstraints(max_length=40)] | None = None
    """Needed only should a doctor's id be known at more than one clinic."""
    doctor_id: Uuid | None = None
    patient_id: Uuid | None = None
    patient: NewPatient | None = None
    slot_id: Uuid | None = None
    date: calendar_date | None = None
    time: Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] | None = None
    """HH:MM in the clinic's time."""
    category: Literal["ONLINE", "PRIORITY_PAID", "FOLLOWUP"] = "ONLINE"
    paid_at: datetime | None = None
    """Without an offset: the clinic's time."""
    waitlist: bool = True

    @model_validator(mode="after")
    def _is_whole(self) -> NewAppointment:
        if (self.patient_id is None) == (self.patient is None):
            raise ValueError("name the patient_id or the patient, one of them")
        if self.slot_id is None and (self.doctor_id is None or self.date is None):
            raise ValueError("name the slot_id, or doctor_id and date")
        if self.time is not None and self.slot_id is not None:
            raise ValueError("a slot_id has its time; leave out time")
        return self


class _Where(NamedTuple):
    site: str
    doctor_id: str
    day: str
    time: str | None


class Appointments:
    """`request` and `find`. Everything is within the account's sites."""

    def __init__(self, pool: Pool, mailbox: Mailbox, clock: Clock) -> None:
        self._pool = pool
        self._mailbox = mailbox
        self._clock = clock

    async def request(self, wanted: NewAppointment, account: Account, key: str | None) -> dict[str, Any]:
        """Ask a clinic for an appointment; the answer as `POST /api/v1/appointments` gives it.

        The same Idempotency-Key with the same request gives the same answer and asks once; with another 422.
        Raises Problem 404, 409 (slot_cancelled, past, many_sites), 422 or 503.
        """
        digest = hashlib.sha256(orjson.dumps(wanted.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)).hexdigest()
        command_id = f"office:{new_id()}" if key is None else named(account, "appointments", key)
        async with self._pool.transaction() as conn:
            known = await rows.read(conn, _REQUESTS + " where b.command_id = %s", (command_id,))
            if known and known[0]["digest"] != digest:
                raise reused("another appointment")
            where = await self._where(conn, wanted, account)
            site = (await rows.sites(conn, [where.site], self._clock.now_ms())).get(where.site)
            if site is None:
                raise no_such_site(where.site)
            person = await self._person(conn, wanted, where.site)
            if known:
                return self._answer(known[0]["visit_id"], command_id, wanted, where, site, person)
            self._check_day(where.day, site)
            visit_id = await self._enqueue(conn, wanted, where, site, account, command_id, digest)
        return self._answer(visit_id, command_id, wanted, where, site, person)

    async def find(self, appointment_id: str, account: Account) -> dict[str, Any]:
        """What became of an appointment that was asked for. Raises Problem 404."""
        async with self._pool.transaction() as conn:
            found = await rows.read(conn, _REQUESTS + " where b.visit_id = %s", (appointment_id.lower(),))
            asked = next((one for one in found if account.sees(one["site"])), None)
            if asked is None:
                raise Problem(404, "Head office has asked for no such appointment.", hint="Look at the id.")
            now_ms = self._clock.now_ms()
            site = (await rows.sites(conn, [asked["site"]], now_ms))[asked["site"]]
            visit = await rows.visit(conn, asked["site"], asked["visit_id"])
            waiting = await rows.waiting_of(conn, site.id, visit["day"]) if visit else []
        more = {
            "token_id": asked["visit_id"], "command_id": asked["command_id"], "site": site.shown(self._clock),
            "detail": asked["detail"] or "",
        }  # fmt: skip
        if visit is None:
            status = "declined" if asked["state"] in ("failed", "expired") else "requested"
            return {
                "appointment_id": asked["visit_id"],
                "number_printed": None,
                "queue": None,
                "status": status,
                **more,
            }
        place = standing.places([*waiting, visit] if visit["status"] != "waiting" else waiting, site.told, now_ms)
        shown = shapes.appointment(visit, place.get(visit["visit_id"]), site.zone)
        words = shapes.words(visit["status"])
        when = {
            "doctor_id": visit["doctor_id"],
            "date": visit["day"],
            "due_at": shapes.moment(visit["due_ms"], site.zone),
        }
        return {**shown, "status": words.central or words.appointment, **when, **more}

    async def _where(self, conn: Connection, wanted: NewAppointment, account: Account) -> _Where:
        """The site, doctor and day that are meant. Raises Problem 404 or 409."""
        sites = None if account.sites is None else sorted(account.sites)
        if wanted.site is not None:
            account.require(wanted.site)
            sites = [wanted.site]
        if wanted.slot_id is not None:
            found = await rows.read(conn, _SLOTS, {"id": wanted.slot_id, "sites": sites})
        else:
            found = await rows.read(conn, _DOCTORS, {"id": wanted.doctor_id, "sites": sites})
        if not found or (wanted.doctor_id is not None and found[0]["doctor_id"] != wanted.doctor_id):
            what = "slot with this doctor" if wanted.slot_id is not None else "doctor"
            raise Problem(404, f"There is no such {what} at your clinics.", hint="Read the list again.")
        if len(found) > 1:
            names = ", ".join(sorted(row["site"] for row in found))
            raise Problem(409, f"More than one clinic has this: {names}.", code="many_sites", hint="Name the site too.")
        one = found[0]
        if wanted.slot_id is None:
            assert wanted.date is not None
            return _Where(one["site"], one["doctor_id"], wanted.date.isoformat(), wanted.time)
        if one["status"] == "CANCELLED":
            raise Problem(409, "This slot was cancelled.", code="slot_cancelled", hint="Choose another time.")
        if one["end_ms"] <= self._clock.now_ms():
            raise Problem(409, "This time is over.", code="past", hint="Choose a later time.")
        return _Where(one["site"], one["doctor_id"], one["day"], None)

    def _check_day(self, day: str, site: Site) -> None:
        if day < local_date(self._clock.now_ms(), site.zone).isoformat():
            raise Problem(409, f"{day} is over.", code="past", hint="Choose a later day.")

    async def _person(self, conn: Connection, wanted: NewAppointment, site: str) -> dict[str, Any]:
        """The patient as the answer shows them. Raises Problem 404."""
        if wanted.patient is not None:
            told = wanted.patient
            return {"id": None, "name": told.name, "phone": told.phone or None, "age": told.age, "gender": told.gender}
        found = await rows.read(conn, _PERSON, (site, wanted.patient_id))
        if not found:
            raise Problem(404, "That clinic knows no such person.", hint="Search there, or send the patient's name.")
        return {"id": wanted.patient_id, **found[0], "phone": found[0]["phone"] or None}

    async def _enqueue(
        self,
        conn: Connection,
        wanted: NewAppointment,
        where: _Where,
        site: Site,
        account: Account,
        command_id: str,
        digest: str,
    ) -> str:
        patient = wanted.patient
        command = RequestBooking(
            command_id=command_id, actor=account.actor, visit_id=new_id(), new_person_id=new_id(), new_slot_id=new_id(),
            person_id=wanted.patient_id, name=patient.name if patient else None,
            phone=patient.phone if patient else None, age=patient.age if patient else None,
            gender=patient.gender if patient else None, language=patient.language if patient else None,
            slot_id=wanted.slot_id, doctor_id=None if wanted.slot_id else where.doctor_id,
            day=None if wanted.slot_id else where.day, time=where.time, category=wanted.category,
            paid_ms=_ms(wanted.paid_at, site), waitlist=wanted.waitlist,
        )  # fmt: skip
        made = await conn.execute(
            "insert into booking_requests values (%s, %s, %s, %s, %s, %s) on conflict do nothing",
            (site.id, command.visit_id, command_id, account.actor, digest, self._clock.now_ms()),
        )
        if not made.rowcount:  # the same request at the same time: the other one has asked
            (there,) = await rows.read(conn, _REQUESTS + " where b.command_id = %s", (command_id,))
            if there["digest"] != digest:
                raise reused("another appointment")
            return str(there["visit_id"])
        try:
            await self._mailbox.enqueue(conn, site.id, KIND, account.actor, body_of(command), None, command_id)
        except MailboxFull as error:
            raise Problem(503, f"{error}.", code="mailbox_full", hint=error.hint, retry_after_s=60) from error
        except BadCommand as error:
            raise Problem(422, str(error), code="bad_command") from error
        await audit.write(
            conn, self._clock, account.actor, "appointment_requested", site=site.id, appointment=command.visit_id
        )
        return command.visit_id

    def _answer(
        self, visit_id: str, command_id: str, wanted: NewAppointment, where: _Where, site: Site, person: dict[str, Any]
    ) -> dict[str, Any]:
        return {
            "appointment_id": visit_id, "token_id": visit_id, "number": None, "number_printed": None, "slot": None,
            "status": "requested", "patient": person, "queue": None, "doctor_id": where.doctor_id,
            "slot_id": wanted.slot_id, "date": where.day, "time": where.time, "category": wanted.category,
            "tracking_token": None, "tracking_url": None, "voucher": None, "command_id": command_id,
            "site": site.shown(self._clock),
        }  # fmt: skip


def _ms(moment: datetime | None, site: Site) -> int | None:
    if moment is None:
        return None
    return to_ms(moment if moment.tzinfo is not None else moment.replace(tzinfo=site.zone))
