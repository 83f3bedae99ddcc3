"""What devices for medicine tell the clinic, whichever way it comes: HTTP, a serial line, MQTT.

Each event is a command with a number in its device's boot: judged NEW, SEEN or GAP in the transaction of its effect, and
answered after the commit. A device that sends again gets the same answer and changes nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

from edge.app.dispatcher import Accepted, Gap, Outcome, Refused
from edge.domain.care_commands import ClaimDevice, DeviceHeard, DeviceTold
from edge.domain.commands import Command
from edge.store import face_002 as rows
from edge.store.states import Row
from shared.clock import Clock, iso, utc
from shared.device_api import (
    SCHEDULE_DAYS,
    ClaimRequest,
    DeviceEvent,
    EventResult,
    Events,
    EventsAnswer,
    Heartbeat,
    HeartbeatAnswer,
    Schedule,
    ScheduleDose,
    upto_of,
)
from shared.device_times import moment_of
from shared.device_tokens import checked_public, claim_hash
from shared.stream import Place

DAY_MS: Final = 24 * 3600 * 1000
WAITING_MAX: Final = 16
"""Messages that wait for a device that only asks; the oldest goes for one more: what it says is out of date first."""
DEVICES_MAX: Final = 1_000


class Submit(Protocol):
    """The dispatcher."""

    async def submit(self, command: Command, place: Place | None = None, source: str = "") -> Outcome:
        """Raises NotDone when nothing was kept."""


class BadClaim(ValueError):
    """The code is not good (any more), or what came is no key. `code`: for programs."""

    def __init__(self, code: str, detail: str, hint: str) -> None:
        super().__init__(detail)
        self.code, self.hint = code, hint


class DeviceIntake:
    """Belongs to one event loop. zone: of the clinic, for the times people read; language: the clinic's first."""

    def __init__(
        self, dispatcher: Submit, open_reader: Callable[[], sqlite3.Connection], clock: Clock, zone: ZoneInfo, language: str
    ) -> None:  # fmt: skip
        self._dispatcher, self._clock, self._zone, self._language = dispatcher, clock, zone, language
        self._reader = open_reader()
        self._waiting: OrderedDict[str, deque[dict[str, Any]]] = OrderedDict()

    def close(self) -> None:
        """Let the reading connection go."""
        self._reader.close()

    def read(self, look: Callable[[sqlite3.Connection], Any]) -> Any:
        """A short look at the store, on the loop's own connection."""
        return look(self._reader)

    def public_key(self, device_id: str) -> str | None:
        """The key of a device that may speak."""
        return rows.public_key(self._reader, device_id)

    def device(self, device_id: str) -> Row | None:
        """A device of this site; None when it is none, or none any more."""
        return rows.device(self._reader, device_id)

    async def claim(self, asked: ClaimRequest) -> str:
        """A device brings its key; returns the device's id. The same code with the same key, again, gets the same answer.

        Raises BadClaim, NotDone.
        """
        try:
            key = checked_public(asked.public_key_pem)
        except ValueError as error:
            raise BadClaim(
                "bad_key", f"The key is not taken: {error}.", "Make a P-256 key and send its half."
            ) from error
        code = claim_hash(asked.claim_code)
        by = hashlib.sha256(key.encode()).hexdigest()[:32]
        command = ClaimDevice(command_id=f"claim:{code}:{by}", actor="device", claim_hash=code, public_key_pem=key)
        outcome = await self._dispatcher.submit(command)
        if isinstance(outcome, Refused):
            raise BadClaim(outcome.code, outcome.detail, outcome.hint)
        assert isinstance(outcome, Accepted)
        return str(outcome.result["device"]["id"])

    async def events(self, device_id: str, body: Events) -> EventsAnswer:
        """Take events in the order of their numbers; when this returns they are on disk. Raises NotDone: some may be."""
        now_ms = self._clock.now_ms()
        newest = body.events[-1].boot_id
        commands = [self._told(device_id, event, body.sent_mono_ms, newest, now_ms) for event in body.events]
        outcomes = await asyncio.gather(
            *(
                self._dispatcher.submit(command, Place(stream_of(device_id, command.boot_id), command.device_seq))
                for command in commands
            ),
            return_exceptions=True,
        )
        results = []
        for event, outcome in zip(body.events, outcomes, strict=True):
            if isinstance(outcome, BaseException):
                raise outcome
            if not isinstance(outcome, Gap):
                results.append(_result(event, outcome))
        boots = {event.boot_id for event in body.events}
        cursors = {boot: rows.upto(self._reader, stream_of(device_id, boot)) for boot in boots}
        return EventsAnswer(upto=upto_of(cursors, body.events), results=results)

    def _told(
        self, device_id: str, event: DeviceEvent, sent_mono_ms: int | None, newest: str, now_ms: int
    ) -> DeviceTold:
        at = moment_of(event, sent_mono_ms, newest, now_ms)
        return DeviceTold(
            command_id=f"device:{device_id}:{event.boot_id}:{event.device_seq}", actor=f"device:{device_id}",
            device=f"device:{device_id}", device_id=device_id, boot_id=event.boot_id, device_seq=event.device_seq,
            event=event.kind, at_ms=at.at_ms, uncertainty_s=at.uncertainty_s, dose_id=event.occurrence_id,
            quantity=event.quantity, data=event.data,
        )  # fmt: skip

    async def heartbeat(self, device_id: str, beat: Heartbeat) -> HeartbeatAnswer:
        """A device said how it is. Raises NotDone."""
        command = DeviceHeard(
            command_id=f"heard:{device_id}:{beat.boot_id}:{beat.mono_ms}", actor=f"device:{device_id}",
            device_id=device_id, boot_id=beat.boot_id, battery=None if beat.battery is None else round(beat.battery),
            wifi_dbm=beat.wifi_dbm, firmware=beat.firmware or None, faults=tuple(beat.faults),
            stock=dict(beat.stock),
        )  # fmt: skip
        await self._dispatcher.submit(command)
        device = self.device(device_id)
        revision = rows.revision(self._reader, device["person_id"] if device else None)
        waiting = self._waiting.pop(device_id, deque())
        return HeartbeatAnswer(server_time=iso(self._clock.now_ms()), plan_revision=revision, commands=list(waiting))

    def leave(self, device_id: str, message: dict[str, Any]) -> None:
        """Leave a message for a device that only asks: it gets it with its next heartbeat."""
        waiting = self._waiting.setdefault(device_id, deque(maxlen=WAITING_MAX))
        waiting.append(message)
        self._waiting.move_to_end(device_id)
        if len(self._waiting) > DEVICES_MAX:
            self._waiting.popitem(last=False)

    def schedule(self, device_id: str, from_ms: int | None = None, until_ms: int | None = None) -> Schedule:
        """A device's doses, of the next 14 days unless said otherwise; the last 24 hours that are still open among them."""
        now_ms = self._clock.now_ms()
        device = self.device(device_id)
        person_id = device["person_id"] if device else None
        until_ms = until_ms if until_ms is not None else now_ms + SCHEDULE_DAYS * DAY_MS
        where = "person_id = ? and due_at >= ? and due_at < ? and status <> 'VOIDED'"
        begin_ms = from_ms if from_ms is not None else now_ms - DAY_MS
        where += "" if from_ms is not None else f" and miss_at > {now_ms}"
        found = rows.doses(self._reader, where, (person_id, begin_ms, until_ms)) if person_id else []
        language = rows.language_of(self._reader, person_id) or self._language
        texts = rows.instructions(self._reader, person_id, language) if person_id else {}
        return Schedule(
            device_id=device_id, patient_id=person_id, plan_revision=rows.revision(self._reader, person_id),
            generated_at=iso(now_ms), timezone=self._zone.key,
            doses=[_dose(row, texts.get((row["plan_id"], row["item_id"]), "")) for row in found],
        )  # fmt: skip


def stream_of(device_id: str, boot_id: str) -> str:
    """The stream of a device's boot, for the cursor that its numbers are judged by."""
    return f"device:{device_id}:{boot_id}"


def _result(event: DeviceEvent, outcome: Outcome) -> EventResult:
    if isinstance(outcome, Refused):
        again = outcome.repeated
        return EventResult(
            boot_id=event.boot_id, device_seq=event.device_seq, outcome="duplicate" if again else "refused",
            reason=outcome.code,
        )  # fmt: skip
    assert isinstance(outcome, Accepted)
    return EventResult(
        boot_id=event.boot_id, device_seq=event.device_seq, outcome="duplicate" if outcome.repeated else "accepted",
        status=outcome.result.get("status"), reason=outcome.result.get("reason"),
    )  # fmt: skip


def _dose(row: Row, instructions: str) -> ScheduleDose:
    local = utc(row["due_at"]).astimezone(ZoneInfo(row["tz"]))
    return ScheduleDose(
        occurrence_id=row["id"], due_at_utc=iso(row["due_at"]), due_at_local=local.isoformat(timespec="milliseconds"),
        window_open=iso(row["window_open"]), on_time_until=iso(row["on_time_until"]), miss_at=iso(row["miss_at"]),
        medication=row["medication"], quantity=row["quantity"], unit=row["unit"], compartment=row["compartment"],
        instructions=instructions, status=row["status"],
    )  # fmt: skip
