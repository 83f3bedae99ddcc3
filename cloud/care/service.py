"""The parts of care of one process, put together."""

from __future__ import annotations

from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from fastapi import APIRouter

from cloud.accounts.guards import Guards
from cloud.accounts.repeats import Repeats
from cloud.care.alerts import Alerts
from cloud.care.devices import Devices
from cloud.care.dose_clock import DoseClock
from cloud.care.http_devices import devices_router
from cloud.care.http_people import alerts_router, people_router
from cloud.care.http_places import places_router
from cloud.care.http_plans import plans_router
from cloud.care.http_sounds import sounds_router
from cloud.care.http_summary import summary_router
from cloud.care.intake import Intake
from cloud.care.people import People
from cloud.care.plans import Plans
from cloud.care.sounds import Sounds
from cloud.care.summaries import Summaries
from cloud.care.told import Telling
from cloud.db.pool import Pool
from cloud.mailbox.service import Mailbox
from shared.clock import Clock


class Care:
    """Plans, doses, devices, recordings, summaries and alerts. folder: where sounds lie (`<data>/blobs`).

    key: the server's.  keep_days: how long they stay.  worker: this process's name, for what it writes into the folder.
    """

    def __init__(
        self,
        pool: Pool,
        mailbox: Mailbox,
        clock: Clock,
        key: bytes,
        folder: Path,
        keep_days: int = 180,
        worker: str = "",
    ) -> None:
        self._pool, self._clock = pool, clock
        self.plans = Plans(pool, mailbox, clock)
        self.repeats = Repeats(pool, clock)
        self.devices = Devices(pool, mailbox, self.plans, clock, key)
        self.intake = Intake(pool, clock)
        self.dose_clock = DoseClock(pool, clock)
        self.sounds = Sounds(pool, clock, folder, keep_days, worker)
        self.people = People(pool, mailbox, clock)
        self.telling = Telling(pool, mailbox, clock)
        self.alerts = Alerts(pool, mailbox, clock)
        self.summaries = Summaries(pool, clock)

    def routers(self, guards: Guards) -> list[APIRouter]:
        """All doors."""
        return [
            plans_router(self.plans, self._pool, guards, self._clock),
            devices_router(self.devices, self.intake, self.repeats, guards),
            sounds_router(self.sounds, self.devices, self._pool, guards, self._clock),
            people_router(self.people, self.telling, self.repeats, guards),
            alerts_router(self.alerts, guards),
            places_router(self._pool, guards, self._clock),
            summary_router(self._pool, guards, self._clock),
        ]

    def tasks(self) -> dict[str, Coroutine[Any, Any, None]]:
        """Everything that runs until it is cancelled, by name."""
        return {"summaries": self.summaries.run(), "dose clock": self.dose_clock.run(), "sounds": self.sounds.run()}
