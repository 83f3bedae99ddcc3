"""Devices for medicine over a line of their own: who is there, what they tell, and announcements to them.

`MedicineDevices` is the port `DoseDevice` and knows every device that is connected, whatever it is connected by. A
`DeviceLink` is one connection: its messages are answered in the order they came, and only after the commit. Over a serial
line (`dispenser_serial.py`) a device proves itself with a token in its hello; see `dispenser_mqtt.py` for the other way.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, Final

import structlog

from edge.app.bus import RELOAD, Bus
from edge.app.device_intake import BadClaim, DeviceIntake, stream_of
from edge.app.dispatcher import NotDone
from edge.app.ports import Busy, DeviceError, DoseAnnouncement, Offline
from edge.app.voice_notes import NoteRefused, VoiceNotes
from edge.devices.clips import small_clip
from edge.store import face_002 as rows
from shared import device_messages as messages
from shared.blobs import NoRoom, Standing, TooLarge, WrongHash
from shared.clock import Clock, iso, transport_s, wall_s
from shared.device_api import ClaimRequest, Schedule
from shared.device_messages import (
    Announce,
    BeatUp,
    ClaimUp,
    Down,
    EventsUp,
    Hello,
    SaidUp,
    SoundUp,
    Up,
    VoiceUp,
    written,
)
from shared.device_tokens import verify
from shared.segments import MESSAGE_BYTES_MAX
from shared.tokens import BadToken

IN_HAND_MAX: Final = 16
"""Messages of a device taken and not answered yet; one more is left, and what mattered comes again."""
SAID_S: Final = 60.0
"""Real seconds a device has to say what became of an announcement; the longest clip takes 11 s to send and 11 to sound."""
SENT_AGAIN_S: Final = 60.0
"""Real seconds before the same schedule is sent again: over the slowest line it takes a minute."""
SETTLE_S: Final = 0.2
"""Real seconds in which changes of a schedule become one message."""
CLIPS_KEPT: Final = 20
"""Clips a device keeps; beyond these the oldest is sent again when it is needed."""
HEARD_MS: Final = 3 * 60_000
"""Domain ms within which a device without a line counts as there: it asks by heartbeat."""

SCHEDULE_BYTES_MAX: Final = MESSAGE_BYTES_MAX - 1024
"""Of a schedule within a message; the rest is the message around it."""

log = structlog.get_logger("edge.dispenser")


@dataclass(slots=True)
class Counts:
    """What came over one link since the program started. left: messages there was no room for."""

    messages: int = 0
    bad: int = 0
    left: int = 0
    not_done: int = 0


class DeviceLink:
    """One connection of one device. `send` hands a message over, False when it cannot; `run` answers until cancelled."""

    def __init__(self, devices: MedicineDevices, name: str, send: Callable[[dict[str, Any]], bool]) -> None:
        self.name = name
        self.counts = Counts()
        self.device_id: str | None = None
        """Set once the device has proved who it is."""
        self.etag = ""
        """Of the schedule the device says it has."""
        self.sent = ("", 0.0)
        """Of the schedule sent last, and when (transport time)."""
        self.clips: OrderedDict[str, None] = OrderedDict()
        self._devices = devices
        self._send = send
        self._in_hand: asyncio.Queue[Up] = asyncio.Queue(IN_HAND_MAX)
        self._voice: asyncio.Task[None] | None = None

    def tell(self, message: Down) -> bool:
        """Send a message; False when the line does not take it."""
        return self._send(written(message))

    def offer(self, message: dict[str, Any]) -> None:
        """A message of the device."""
        try:
            up = messages.read_up(message)
        except messages.BadMessage as error:
            self.counts.bad += 1
            log.warning("device_message_not_read", line=self.name, why=str(error))
            return
        self.counts.messages += 1
        if isinstance(up, VoiceUp) and self._voice is not None:
            return  # it is being heard; the device asks again while it waits
        try:
            self._in_hand.put_nowait(up)
        except asyncio.QueueFull:
            self.counts.left += 1

    async def run(self) -> None:
        """Answer in order; hearing a recording, which takes seconds, goes on beside it."""
        try:
            while True:
                up = await self._in_hand.get()
                try:
                    await self._answer(up)
                except NotDone as error:  # nothing was kept, so nothing is acknowledged: it comes again
                    self.counts.not_done += 1
                    log.warning("device_message_not_done", line=self.name, t=up.t, why=str(error), hint=error.hint)
        finally:
            self.gone()
            if self._voice is not None:
                self._voice.cancel()

    def gone(self) -> None:
        """The connection is over: who speaks next has to say who it is."""
        self._devices.left(self)
        self.device_id, self.etag, self.sent = None, "", ("", 0.0)
        self.clips.clear()

    async def _answer(self, up: Up) -> None:
        if isinstance(up, Hello):
            await self._devices.greeted(self, up)
        elif isinstance(up, ClaimUp):
            await self._devices.claimed(self, up)
        elif self.device_id is None:
            self.tell(who("say hello first"))
        elif isinstance(up, VoiceUp):
            self._voice = asyncio.create_task(self._heard(self.device_id, up), name=f"hear {self.name}")
            self._voice.add_done_callback(self._hearing_ended)
        else:
            await self._devices.told(self, self.device_id, up)

    async def _heard(self, device_id: str, up: VoiceUp) -> None:
        try:
            await self._devices.heard(self, device_id, up)
        except NotDone as error:
            self.counts.not_done += 1
            log.warning("recording_not_kept", line=self.name, why=str(error), hint=error.hint)

    def _hearing_ended(self, task: asyncio.Task[None]) -> None:
        self._voice = None
        if not task.cancelled():
            task.result()


@dataclass(slots=True)
class _Waiting:
    device_id: str
    said: asyncio.Future[SaidUp] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class MedicineDevices:
    """Every device that is connected. A `DoseDevice`.

    clip: words and language to a WAV, None where nothing here can speak: then devices show the words and chime.
    """

    def __init__(
        self, intake: DeviceIntake, notes: VoiceNotes, bus: Bus, clock: Clock,
        clip: Callable[[str, str], Awaitable[bytes]] | None, said_s: float = SAID_S,
    ) -> None:  # fmt: skip
        self.intake, self.notes = intake, notes
        self._bus, self._clock, self._clip, self._said_s = bus, clock, clip, said_s
        self._links: dict[str, DeviceLink] = {}
        self._announcing: dict[str, _Waiting] = {}

    def is_connected(self, device_id: str) -> bool:
        """Whether the device has a line now, and has said who it is."""
        return device_id in self._links

    async def announce(self, device_id: str, announcement: DoseAnnouncement) -> None:
        """Say it at the device: text and sound, lamp, compartments. Returns when it was said to its end.

        Raises Offline (not connected; nothing was said), DeviceError with `begun` where it may have been said.
        A device that only asks gets it with its next heartbeat; whether it said it, its own event tells.
        """
        link = self._links.get(device_id)
        if link is None:
            self._leave(device_id, _message(announcement, None))
            raise DeviceError("left for the device's next heartbeat", begun=True, passing=False)
        sound = await self._sound(announcement)
        message = _message(announcement, self._bring(link, sound) if sound is not None else None)
        waiting = self._announcing[announcement.id] = _Waiting(device_id)
        try:
            if not link.tell(message):
                raise Busy(f"{link.name} takes no more messages")
            async with asyncio.timeout(self._said_s):
                said = await waiting.said
        except TimeoutError as error:
            raise DeviceError(f"{link.name} has not said whether it announced", begun=True) from error
        finally:
            self._announcing.pop(announcement.id, None)
        if not said.ok:
            raise DeviceError(f"the device did not announce: {said.reason or 'no reason given'}", passing=False)

    async def stop(self, device_id: str, dose_ids: list[str], status: str) -> None:
        """The doses were answered elsewhere, or are over: lamp off. A device that is away learns it by its schedule."""
        link = self._links.get(device_id)
        if link is not None:
            link.tell(messages.Stop(occurrence_ids=dose_ids, status=status))

    async def run(self) -> None:
        """Bring new schedules to the devices as soon as something about them changed."""
        changes = self._bus.subscribe()
        try:
            async for batch in changes:
                if batch is RELOAD or any(event.entity in _TOUCHES for event in batch):
                    for event in batch if isinstance(batch, list) else ():
                        await self._stopped(event.entity, event.id, event.data)
                    await asyncio.sleep(SETTLE_S)
                    for device_id, link in list(self._links.items()):
                        self._bring_schedule(link, device_id)
        finally:
            changes.close()

    async def _stopped(self, entity: str, dose_id: str, data: dict[str, Any]) -> None:
        if entity == "dose" and data.get("status") not in ("PLANNED", "ANNOUNCED", "SNOOZED"):
            for device_id in self.intake.read(lambda conn: rows.device_of_person(conn, data["person_id"])):
                await self.stop(device_id, [dose_id], str(data["status"]))

    # What links bring.

    async def greeted(self, link: DeviceLink, hello: Hello) -> None:
        """A device says who it is, with a token, or over a link that has proved it already."""
        device_id = hello.device_id or ""
        if link.device_id is None or link.device_id != device_id:
            key = self.intake.public_key(device_id)
            try:
                if key is None or hello.token is None:
                    raise BadToken("not a device of this clinic")
                verify(key, device_id, hello.token)
            except BadToken as error:
                link.gone()
                link.tell(who(str(error)))
                return
        self.arrived(link, device_id)
        upto = self.intake.read(lambda conn: rows.upto(conn, stream_of(device_id, hello.boot_id)))
        link.tell(messages.Welcome(device_id=device_id, server_time=iso(self._clock.now_ms()), upto=upto))
        link.etag = hello.etag
        self._bring_schedule(link, device_id)

    def arrived(self, link: DeviceLink, device_id: str) -> None:
        """The device behind a link has proved who it is. An older link of it is not used any more."""
        link.device_id = device_id
        if self._links.get(device_id) is not link:
            log.info("device_connected", device=device_id, line=link.name)
        self._links[device_id] = link

    def left(self, link: DeviceLink) -> None:
        """A link is over: what was being said over it may have been heard."""
        if link.device_id is not None and self._links.get(link.device_id) is link:
            del self._links[link.device_id]
            log.info("device_gone", device=link.device_id, line=link.name)
            for waiting in self._announcing.values():
                if waiting.device_id == link.device_id and not waiting.said.done():
                    waiting.said.set_exception(Offline(f"{link.name} went away while it announced", begun=True))

    async def claimed(self, link: DeviceLink, up: ClaimUp) -> None:
        """A device brings its key."""
        asked = ClaimRequest(claim_code=up.claim_code, public_key_pem=up.public_key_pem)
        try:
            device_id = await self.intake.claim(asked)
        except BadClaim as error:
            link.tell(who(str(error)))
            return
        link.tell(messages.Claimed(device_id=device_id))

    async def told(self, link: DeviceLink, device_id: str, up: Up) -> None:
        """Anything but hello, claim and voice, of a device that has proved who it is. Raises NotDone."""
        if isinstance(up, EventsUp):
            link.tell(messages.Kept(answer=await self.intake.events(device_id, up.body())))
        elif isinstance(up, BeatUp):
            link.tell(messages.Beat(answer=await self.intake.heartbeat(device_id, up.beat)))
            link.etag = up.etag
            self._bring_schedule(link, device_id)
        elif isinstance(up, SaidUp):
            waiting = self._announcing.get(up.announcement_id)
            if waiting is not None and waiting.device_id == device_id and not waiting.said.done():
                waiting.said.set_result(up)
        elif isinstance(up, SoundUp):
            await self._piece(link, device_id, up)

    async def heard(self, link: DeviceLink, device_id: str, up: VoiceUp) -> None:
        """A recording is whole. Raises NotDone."""
        try:
            answer = await self.notes.keep(device_id, up.voice.sha256, up.voice)
        except NoteRefused as error:
            link.tell(messages.RefusedDown(what=up.voice.sha256, code=error.code, reason=str(error)))
            return
        link.tell(messages.HeardDown(answer=answer))

    async def _piece(self, link: DeviceLink, device_id: str, up: SoundUp) -> None:
        blobs = self.notes.blobs
        data = base64.b64decode(up.data)
        try:
            if not data:
                at = await asyncio.to_thread(blobs.standing, device_id, up.sha256)
                whole = at == up.total and blobs.path(up.sha256) is not None
            else:
                at, whole = await asyncio.to_thread(
                    blobs.append, device_id, up.sha256, up.offset, up.total, data, self.notes.bytes_max
                )
        except Standing as error:
            at, whole = error.offset, False
        except WrongHash:
            at, whole = 0, False
        except TooLarge as error:
            link.tell(messages.RefusedDown(what=up.sha256, code="too_large", reason=str(error)))
            return
        except NoRoom as error:
            log.warning("recording_not_taken", line=link.name, why=str(error))
            return
        link.tell(messages.SoundAt(sha256=up.sha256, offset=at, whole=whole))

    # Small things.

    def _leave(self, device_id: str, message: Announce) -> None:
        device = self.intake.device(device_id)
        heard_ms = device["heard_at"] if device is not None and device["online"] else None
        if heard_ms is None or self._clock.now_ms() - heard_ms > HEARD_MS:
            raise Offline("the device is not connected", hint="Look at the device, its power and its network.")
        self.intake.leave(device_id, written(message))

    async def _sound(self, call: DoseAnnouncement) -> bytes | None:
        """The clip for the device's loudspeaker; None where there is no voice, or the words take longer than a clip may."""
        if self._clip is None:
            return None
        try:
            wav = await self._clip(call.text, call.language)
        except DeviceError as error:
            log.warning("no_clip", why=str(error), hint=error.hint)
            return None
        small = await asyncio.to_thread(small_clip, wav)
        return small if len(small) <= messages.CLIP_BYTES_MAX else None

    def _bring(self, link: DeviceLink, sound: bytes) -> str:
        """Bring a sound to the device if it does not have it; its SHA-256."""
        sha256 = hashlib.sha256(sound).hexdigest()
        if sha256 in link.clips:
            link.clips.move_to_end(sha256)
        elif link.tell(messages.Clip(sha256=sha256, data=base64.b64encode(sound).decode())):
            link.clips[sha256] = None
            if len(link.clips) > CLIPS_KEPT:
                link.clips.popitem(last=False)
        return sha256

    def _bring_schedule(self, link: DeviceLink, device_id: str) -> None:
        schedule = as_fits(self.intake.schedule(device_id))
        etag = schedule.etag()
        now_s = transport_s()
        if etag == link.etag or (etag == link.sent[0] and now_s - link.sent[1] < SENT_AGAIN_S):
            return
        if link.tell(messages.ScheduleDown(etag=etag, schedule=schedule)):
            link.sent = (etag, now_s)


def as_fits(schedule: Schedule) -> Schedule:
    """The soonest doses, as many as one message carries: a line's limit must not keep a device from its next dose.

    A device that is heard gets later ones as these pass.
    """
    room = SCHEDULE_BYTES_MAX - len(schedule.model_copy(update={"doses": []}).model_dump_json())
    sizes = accumulate(len(dose.model_dump_json()) + 1 for dose in schedule.doses)
    many = sum(size <= room for size in sizes)
    return schedule if many == len(schedule.doses) else schedule.model_copy(update={"doses": schedule.doses[:many]})


def _message(call: DoseAnnouncement, clip: str | None) -> Announce:
    return Announce(
        id=call.id, occurrence_ids=list(call.dose_ids), text=call.text, language=call.language,  # type: ignore[arg-type]
        clip=clip, lamp="blink" if call.dose_ids else "off", compartments=list(call.compartments), rung=call.rung,
        expires_ms=call.expires_ms,
    )  # fmt: skip


_TOUCHES: Final = frozenset(("plan", "dose", "hold", "device", "meal_times"))


def who(reason: str) -> messages.Who:
    """We do not know who speaks. The time is real time, by which tokens are signed."""
    return messages.Who(reason=reason, server_time=iso(int(wall_s() * 1000)))
