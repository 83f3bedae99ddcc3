"""Tells people that a medicine is due: by their own device, or on a ward by the clinic's loudspeaker. At most once each.

`started` is committed before anything is heard. What a crash leaves in between is unknown, and the next rung says "again".
An announcement whose time is over is dropped and counted, never made late; so is one whose doses are answered or changed.
Where more people are due than one loudspeaker can tell at a time, whom it has told least comes first, critical before others.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Sequence
from typing import Any, Final, Literal

from edge.app.bus import EFFECTS, Bus
from edge.app.dispatcher import Dispatcher, NotDone, until_done
from edge.app.ports import DeviceError, DoseAnnouncement, DoseDevice, Speaker
from edge.domain.care_commands import SettleAnnouncement
from edge.domain.care_plans import SAID_OF_IT
from edge.domain.dose_words import announcement
from edge.domain.dosing import is_open
from edge.store import effects as rows
from edge.store.care_rows import doses
from edge.store.database import Store
from edge.store.effects import Due

KIND: Final = "announce_dose"
LOOK_EVERY_S: Final = 0.5
RETRY_S: Final = 5.0
"""Domain seconds before a device that did not answer is asked again, while the announcement has not expired."""
RUNGS: Final = {"pre_notice": 0, "due": 1, "again": 2}
AT_ONCE: Final = {"device": 8, "ward": 2}
"""Announcements under way at a time: one silent device must not keep the others from being told. The loudspeaker says one and
gets the next ready; more would wait for it in an order that is no longer right when their turn comes."""
END_S: Final = 20.0
"""Domain seconds beyond its time that the loudspeaker may take to end what it has begun: a word cut off helps nobody."""


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
        self._under_way: dict[str, dict[int, asyncio.Task[None]]] = {lane: {} for lane in AT_ONCE}

    async def run(self) -> None:
        """Settle what a crash left half said, then announce."""
        await self.recover()
        wake = self._bus.wake(EFFECTS + KIND)
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
            for task in self._tasks():
                task.cancel()
            await asyncio.gather(*self._tasks(), return_exceptions=True)

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
        now_ms = self._store.clock.now_ms()
        for lane, tasks in self._under_way.items():
            for id_ in [id_ for id_, task in tasks.items() if task.done()]:
                del tasks[id_]
            if len(tasks) < AT_ONCE[lane]:
                due = rows.next_dose_call(self._reader, now_ms, ward=lane == "ward")
                if due is not None:
                    await self._begin(due, tasks, now_ms)
                    return True
        return False

    async def _begin(self, due: Due, tasks: dict[int, asyncio.Task[None]], now_ms: int) -> None:
        if due.expires_ms <= now_ms:
            await self._settle(due, "not_done", "too late")
            return
        items = self._still_so(due.body["items"])
        if not items:
            await self._settle(due, "not_done", "answered or changed meanwhile")
            return
        if not await self._dispatcher.writer.run(rows.start, due.id, now_ms):
            return
        told = due._replace(body={**due.body, "items": items})
        tasks[due.id] = task = asyncio.create_task(self._tell(told), name=f"dose call {due.id}")
        task.add_done_callback(self._ended)

    def _still_so(self, items: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """What is still to be said of an announcement: nothing where the amount of one is another by now."""
        marks = ", ".join("?" * len(items))
        now = {
            row["id"]: row for row in doses(self._reader, f"id in ({marks})", tuple(one["dose_id"] for one in items))
        }
        kept = [one for one in items if one["dose_id"] in now and is_open(now[one["dose_id"]])]
        changed = any(now[one["dose_id"]][name] != one[name] for one in kept for name in SAID_OF_IT)
        return [] if changed else kept

    def _tasks(self) -> list[asyncio.Task[None]]:
        return [task for tasks in self._under_way.values() for task in tasks.values()]

    async def idle(self) -> None:
        """Return when nothing is under way; for tests and for stopping in good order."""
        await asyncio.gather(*self._tasks())

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None and not isinstance(error, NotDone):
            raise error  # a bug: the loop's handler reports it; the row stays started and is settled at the next start
        self._bus.wake(EFFECTS + KIND).set()

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
            async with asyncio.timeout(self._real_s(due.expires_ms + (0 if device_id else int(END_S * 1000)))):
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
