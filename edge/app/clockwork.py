"""Wakes the clinic when time has brought something: a new service-day, a clock that was set, old rows to forget.

APScheduler only ticks, every 200 ms of real time; what is due is asked of domain time and of the store. While time is
not trusted no day is opened: the open one goes on.
"""

from __future__ import annotations

import logging
import sqlite3
from datetime import date
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from edge.app.care_clock import CareClock
from edge.app.dispatcher import Accepted, Dispatcher, NotDone
from edge.domain.commands import OpenDay, RaiseAlert, ReportClockStep, TimerDue
from edge.store import care_rows, ledger, outbox, states, timers
from edge.store.database import Store
from shared.clock import local_date, transport_s

if TYPE_CHECKING:
    from apscheduler.schedulers.asyncio import AsyncIOScheduler

TICK_S = 0.2
HOUSE_EVERY_S = 300.0
"""Real seconds between two rounds of forgetting what is past its retention."""


class Clockwork:
    """`start()` on the event loop; `tick()` is one look, and what tests call."""

    def __init__(
        self, store: Store, dispatcher: Dispatcher, zone: ZoneInfo, *, alone: bool = False, patience_s: float = 0.0
    ) -> None:
        """alone: this clinic belongs to no chain; see `outbox.forget`.

        patience_s: domain seconds after a start in which nobody is missed: who came while the program was away could
        not check in.
        """
        self._alone = alone
        self._misses_from_ms = store.clock.now_ms() + int(patience_s * 1000)
        self._store, self._dispatcher, self._zone = store, dispatcher, zone
        self._reader: sqlite3.Connection = store.reader()
        self._day: str | None = states.open_day(self._reader)
        self._next_house_s = transport_s() + HOUSE_EVERY_S
        self._steps = 0
        self._refused: dict[str, int] = {}
        self._forward_ms = 0
        """By how much the clock was set forward since the start, less what it was set back."""
        self._scheduler: AsyncIOScheduler | None = None
        self.care = CareClock(store, dispatcher)

    def start(self) -> None:
        """Begin to tick."""
        from apscheduler.schedulers.asyncio import AsyncIOScheduler

        defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a tick left out while one runs is as it should be
        self._scheduler = AsyncIOScheduler(job_defaults=defaults, timezone="UTC")
        self._scheduler.add_job(self.tick, "interval", seconds=TICK_S)
        self._scheduler.start()

    def stop(self) -> None:
        """No more ticks."""
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=False)

    def close(self) -> None:
        """Let the reading connection go; after `stop`."""
        self._reader.close()
        self.care.close()

    async def tick(self) -> None:
        """Do what is due; what the disk refuses is tried at the next tick."""
        try:
            await self._follow_clock()
            await self._open_day()
            await self._ring_timers()
            await self.care.look()
            await self._keep_house()
        except NotDone:
            return

    async def _follow_clock(self) -> None:
        step_ms = self._store.clock.follow_system()
        if step_ms:
            self._steps += 1
            self._forward_ms = max(0, self._forward_ms + step_ms)
            command_id = f"clock:{self._store.boot}:{self._steps}"
            await self._dispatcher.submit(ReportClockStep(command_id=command_id, actor="clock", step_ms=step_ms))

    async def _open_day(self) -> None:
        clock = self._store.clock
        today = local_date(clock.now_ms(), self._zone).isoformat()
        ahead = (date.fromisoformat(self._day) - date.fromisoformat(today)).days if self._day else -1
        if 0 <= ahead <= 1 or not clock.trusted():  # further ahead, the open day was opened by a clock that was wrong
            return
        command_id = f"day:{today}:{self._store.epoch}"
        await self._dispatcher.submit(
            OpenDay(command_id=command_id, actor="clock", day=today, step_ms=self._forward_ms)
        )
        self._day = today

    async def _ring_timers(self) -> None:
        """Act on visits whose timer has come. Timers rest while the time is not trusted and while no day is open."""
        if not self._store.clock.trusted():
            return
        now_ms = self._store.clock.now_ms()
        misses = now_ms >= self._misses_from_ms
        for number, version, visit_id, timer_ms in timers.due(self._reader, now_ms, misses=misses):
            if self._refused.get(visit_id) == timer_ms:
                continue
            command_id = f"timer:{number}:{version}:{timer_ms}"
            command = TimerDue(command_id=command_id, actor="clock", visit_id=visit_id, timer_ms=timer_ms)
            try:
                outcome = await self._dispatcher.submit(command)
            except NotDone as error:
                if not error.bug:
                    raise
                await self._tell_of(number, error)
                outcome = None
            if not isinstance(outcome, Accepted):
                self._refused[visit_id] = timer_ms  # a person has to look at it; the clock asks once

    async def _tell_of(self, number: int, error: NotDone) -> None:
        """One visit the clock cannot act on must not stand in the way of the others."""
        alert = RaiseAlert(
            command_id=f"timer-alert:{number}:{self._store.boot}", actor="clock", topic=f"timer:{number}",
            title=f"Visit {number} cannot be moved on by the clock: {error}"[:200],
            hint="Look at it at the desk; call support.",
        )  # fmt: skip
        await self._dispatcher.submit(alert)

    async def _keep_house(self) -> None:
        if transport_s() < self._next_house_s:
            return
        self._next_house_s = transport_s() + HOUSE_EVERY_S
        now_ms = self._store.clock.now_ms()
        await self._dispatcher.writer.run(outbox.forget, now_ms, self._alone)
        await self._dispatcher.writer.run(ledger.forget_results, now_ms)
        await self._dispatcher.writer.run(care_rows.forget_device_log, now_ms)
