"""Tells people that a medicine is due: by their own device, or on a ward by the clinic's loudspeaker. At most once each.

`started` is committed before anything is heard. What a crash leaves in between is unknown, and the next rung says "again".
An announcement whose time is over is dropped and counted, never made late.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from typing import Final, Literal

from edge.app.bus import Bus
from edge.app.dispatcher import Dispatcher, NotDone, until_done
from edge.app.ports import DeviceError, DoseAnnouncement, DoseDevice, Speaker
from edge.domain.care_commands import SettleAnnouncement
from edge.domain.dose_words import announcement
from edge.store import effects as rows
from edge.store.database import Store
from edge.store.effects import Due

KIND: Final = "announce_dose"
LOOK_EVERY_S: Final = 0.5
RETRY_S: Final = 5.0
"""Domain seconds before a device that did not answer is asked again, while the announcement has not expired."""
RUNGS: Final = {"pre_notice": 0, "due": 1, "again": 2}
AT_ONCE: Final = 8
"""Announcements under way at a time: one silent device must not keep the others from being told."""


class DoseCalls:
    """`run()` until cancelled; `step()` does what is due, and is what tests call."""

    def __init__(
        self,
        store: Store,
        dispatcher: Dispatcher,
        bus: Bus,
        speaker: Speaker | None,
        devices: DoseDevice | None,
        language: str,
    ) -> None:
        """language: of the site, for people whose own is not known."""
        self._store, self._dispatcher, self._bus, self._language = store, dispatcher, bus, language
        self._speaker, self._devices = speaker, devices
        self._reader: sqlite3.Connection = store.reader()
        self._under_way: dict[int, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Settle what a crash left half said, then announce."""
        await self.recover()
        wake = self._bus.wake(f"effects:{KIND}")
        try:
            while True:
                wake.clear()
                with contextlib.suppress(NotDone):  # the disk refuses; the row is as it was, and is looked at again
                    while await self.step():
                        pass
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_EVERY_S):
                        await wake.wait()
        finally:
            for task in self._under_way.values():
                task.cancel()
            await asyncio.gather(*self._under_way.values(), return_exceptions=True)

    def close(self) -> None:
        """Let the reading connection go."""
        self._reader.close()

    async def recover(self) -> None:
        """After a start: what was being said is unknown."""
        for due in rows.started(self._reader):
            if due.kind == KIND:
                await self._settle(due, "unknown", "the program stopped in the middle of it")

    async def step(self) -> bool:
        """Begin the next announcement; False when none is due or too many are under way."""
        self._under_way = {id_: task for id_, task in self._under_way.items() if not task.done()}
        now_ms = self._store.clock.now_ms()
        due = rows.next_due(self._reader, KIND, now_ms)
        if due is None or len(self._under_way) >= AT_ONCE:
            return False
        if due.expires_ms <= now_ms:
            await self._settle(due, "not_done", "too late")
            return True
        if not await self._dispatcher.writer.run(rows.start, due.id, now_ms):
            return True
        task = asyncio.create_task(self._tell(due), name=f"dose call {due.id}")
        task.add_done_callback(self._ended)
        self._under_way[due.id] = task
        return True

    async def idle(self) -> None:
        """Return when nothing is under way; for tests and for stopping in good order."""
        await asyncio.gather(*self._under_way.values())

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None and not isinstance(error, NotDone):
            raise error  # a bug: the loop's handler reports it; the row stays started and is settled at the next start
        self._bus.wake(f"effects:{KIND}").set()

    async def _tell(self, due: Due) -> None:
        body = due.body
        language = body["language"] or self._language
        device_id = body["device_id"]
        text = announcement(body["words"], body["items"], language, "" if device_id else body["name"])
        said = DoseAnnouncement(
            id=due.key, text=text, language=language, expires_ms=due.expires_ms, rung=RUNGS[body["words"]],
            dose_ids=() if body["words"] == "pre_notice" else tuple(item["dose_id"] for item in body["items"]),
            compartments=tuple(item["compartment"] for item in body["items"] if item["compartment"] is not None),
        )  # fmt: skip
        try:
            async with asyncio.timeout(self._real_s(due.expires_ms)):
                if device_id is not None and self._devices is not None:
                    await self._devices.announce(device_id, said)
                elif device_id is None and self._speaker is not None:
                    await self._speaker.say(text, language)
                else:
                    raise DeviceError("no device and no loudspeaker to say it", passing=False)
        except TimeoutError:
            await self._settle(due, "not_done", "nobody could be told in time")
        except DeviceError as error:
            await self._failed(due, error)
        else:
            await self._settle(due, "done", "")

    def _real_s(self, until_ms: int) -> float:
        """Real seconds until a moment of domain time."""
        clock = self._store.clock
        return max(0.1, (until_ms - clock.now_ms()) / 1000 / (clock.factor or 1.0))

    async def _failed(self, due: Due, error: DeviceError) -> None:
        if error.begun:
            await self._settle(due, "unknown", str(error))
            return
        again_ms = self._store.clock.now_ms() + int(RETRY_S * 1000)
        if not error.passing or again_ms >= due.expires_ms:
            await self._settle(due, "not_done", str(error))
            return
        await until_done(lambda: self._dispatcher.writer.run(rows.reopen, due, again_ms, str(error), False))

    async def _settle(self, due: Due, outcome: Literal["done", "not_done", "unknown"], reason: str) -> None:
        command = SettleAnnouncement(
            command_id=f"settle:{due.key}", actor="effects", effect_id=due.id, outcome=outcome, reason=reason[:200]
        )
        await until_done(lambda: self._dispatcher.submit(command))
